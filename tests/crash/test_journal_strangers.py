"""What does not belong in ``live/``: it is told of and left alone, and harms nothing else."""

from __future__ import annotations

import os
import struct
import threading
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs
from crash.journals import Journal, place, sample

import vcs_track
from vcs_track.formats.oid import check64
from vcs_track.formats.slots import HEADER_SIZE
from vcs_track.plumbing.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """Return a whole journal."""
    return sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def repo(tmp_path: Path, journal: Journal) -> Repository:
    """Return a repository with the journal of a dead process, of run ``whole``."""
    repo = vcs_track.init(tmp_path)
    place(repo, "whole", journal.name, journal.of("whole"))
    return repo


def opened(repo: Repository, journal: Journal) -> Repository:
    """Open the repository twice, and return it when run ``whole`` is recovered in it."""
    vcs_track.open(repo.root)
    again = vcs_track.open(repo.root)
    assert sorted(journal.series(journal.data)) == again.run("whole").series_tags
    assert "crashed" == again.run("whole").status
    assert again.fsck().ok
    return again


def newer(data: bytes) -> bytes:
    """Return a journal as another version may write it: version 2, undamaged."""
    half = bytearray(data[: HEADER_SIZE // 2 - 8])
    half[8] = 2
    return bytes(half) + struct.pack("<Q", check64(bytes(half))) + data[HEADER_SIZE // 2 :]


def flipped(data: bytes, at: int) -> bytes:
    """Return a journal with one damaged bit."""
    return data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :]


class TestUnreadable:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(newer, id="newer version"),
            pytest.param(lambda data: flipped(data, 3), id="magic"),
            pytest.param(lambda data: flipped(data, 30), id="run id"),
            pytest.param(lambda data: flipped(data, 161), id="salt"),
            pytest.param(lambda data: flipped(data, 2041), id="check word"),
            pytest.param(lambda data: bytes(HEADER_SIZE) + data[HEADER_SIZE:], id="no header"),
            pytest.param(lambda data: os.urandom(len(data)), id="noise"),
        ],
    )
    def test_is_kept_and_told(
        self, repo: Repository, journal: Journal, change: Callable[[bytes], bytes]
    ) -> None:
        """A journal that has slots is never deleted unread, whatever its header looks like.

        Seen to fail when everything without a good header was swept away.
        """
        data = change(journal.of("odd"))
        path = place(repo, "odd", journal.name, data)
        again = opened(repo, journal)

        assert path.exists()
        assert data == path.read_bytes()
        assert [name for name in again.store.skipped if "odd" in name]

    def test_the_programs_tell_of_a_newer_version(
        self, repo: Repository, journal: Journal
    ) -> None:
        """``status`` and ``recover`` name the run, and say that it needs a newer program."""
        place(repo, "later", journal.name, newer(journal.of("later")))

        for command in ("status", "recover"):
            done = vcs("-C", repo.root, command)
            assert "later" in done.stdout + done.stderr
            assert "version 2" in done.stdout + done.stderr

    def test_beside_one_that_is_read(self, repo: Repository, journal: Journal) -> None:
        """The points of the writers that are understood are sealed, the others' kept.

        Seen to fail when everything without a good header was swept away.
        """
        path = place(repo, "whole", "00000000000000aa.j", newer(journal.of("whole")))
        opened(repo, journal)

        assert path.exists()

    def test_of_a_process_that_lives(self, repo: Repository, journal: Journal) -> None:
        """Nothing is taken from a process that holds its lock, of whatever version it is."""
        path = place(repo, "later", journal.name, newer(journal.of("later")))
        lock = Lock.take(path.with_suffix(".lock"))
        assert lock is not None
        opened(repo, journal)

        assert path.exists()
        lock.release()

    @pytest.mark.parametrize("length", [0, 1, 100, HEADER_SIZE - 1])
    def test_one_that_was_being_made(
        self, repo: Repository, journal: Journal, length: int
    ) -> None:
        """A journal without a whole header holds nothing, and goes."""
        path = place(repo, "odd", journal.name, journal.of("odd")[:length])
        opened(repo, journal)

        assert not path.parent.exists()


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path)


class TestNoJournal:
    @pytest.mark.parametrize("make", [make_folder, make_loop])
    def test_with_the_name_of_one(
        self, repo: Repository, journal: Journal, make: Callable[[Path], None]
    ) -> None:
        """Anything may have the name of a journal, and every run can be used all the same.

        Seen to fail when an error of the disk locked out all runs.
        """
        folder = place(repo, "odd", journal.name, journal.of("odd")).parent
        make(folder / "x.j")
        again = opened(repo, journal)

        assert journal.series(journal.data).keys() == {*again.run("odd").series_tags}

    def test_a_pipe_with_the_name_of_one(self, repo: Repository, journal: Journal) -> None:
        """Nobody waits for what may come out of a pipe.

        Seen to fail when it was opened like a file.
        """
        pipe = place(repo, "odd", journal.name, journal.of("odd")).parent / "x.j"
        os.mkfifo(pipe)
        # Who waits is freed, so that the failure does not take for ever.
        rescue = threading.Timer(3.0, os.open, [pipe, os.O_RDWR | os.O_NONBLOCK])
        rescue.start()
        try:
            again = opened(repo, journal)
        finally:
            rescue.cancel()

        assert journal.series(journal.data).keys() == {*again.run("odd").series_tags}

    def test_other_files(self, repo: Repository, journal: Journal) -> None:
        """Files and folders of other programs stay, and are in nobody's way."""
        live = repo.store.layout.live
        files = [".DS_Store", "whole/notes.txt", "whole/x.j.bak", "sub/sub/x.j", "no/notes"]
        for name in files:
            (live / name).parent.mkdir(parents=True, exist_ok=True)
            (live / name).write_bytes(b"x")
        opened(repo, journal)

        assert [] == [name for name in files if not (live / name).exists()]

    def test_a_folder_that_is_no_run(self, repo: Repository, journal: Journal) -> None:
        """A folder whose name cannot be that of a run is none, and makes no head.

        Seen to fail when every folder was taken for a run.
        """
        path = place(repo, "a copy of r", journal.name, journal.of("r"))
        opened(repo, journal)

        assert path.exists()


class TestOtherRun:
    @pytest.mark.parametrize("ended", [False, True])
    def test_a_journal_of_another_run(
        self, repo: Repository, journal: Journal, ended: bool
    ) -> None:
        """A journal in the folder of another run stays out of that run's history.

        Seen to fail when the run in the header was not looked at.
        """
        if ended:
            opened(repo, journal)
        path = place(
            repo, "whole", "00000000000000aa.j", journal.of("other", writer="00000000000000aa")
        )
        again = opened(repo, journal)

        assert journal.series(journal.data)["loss"] == [
            (point.step, point.value) for point in again.run("whole").series("loss")
        ]
        assert path.exists()
        assert [name for name in again.store.skipped if "whole" in name]

    def test_a_journal_with_another_name(self, repo: Repository, journal: Journal) -> None:
        """A copy of a journal beside it adds nothing, and does not keep the run going.

        Seen to fail when the writer in the header was not looked at.
        """
        place(repo, "whole", "copy.j", journal.of("whole"))
        again = opened(repo, journal)

        assert journal.series(journal.data)["loss"] == [
            (point.step, point.value) for point in again.run("whole").series("loss")
        ]

    def test_a_start_that_died(self, repo: Repository) -> None:
        """A run whose first start was killed half-way is started again with all that it is.

        Seen to fail when the mark of the first writer outlived it.
        """
        folder = repo.store.layout.live_run("r")
        folder.mkdir()
        (folder / "primary").touch()
        with repo.start_run("name", id="r") as run:
            run.add_scalar("loss", 0.5, 0)
        view = vcs_track.open(repo.root).run("r")

        assert ("name", "finished") == (view.name, view.status)
        assert view.command

    def test_a_start_beside_one_that_cannot_be_read(
        self, repo: Repository, journal: Journal
    ) -> None:
        """A run that is started again knows what it is, though its old journal is no use."""
        path = place(repo, "r", journal.name, flipped(journal.of("r"), 161))
        path.with_name("primary").touch()
        with repo.start_run("name", id="r") as run:
            run.add_scalar("loss", 0.5, 0)
        view = opened(repo, journal).run("r")

        assert ("name", "finished", [0.5]) == (view.name, view.status, view.series("loss").value)
        assert view.command
        assert path.exists()
