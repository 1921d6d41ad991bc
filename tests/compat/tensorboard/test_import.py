"""``vcs-track import tensorboard``: event files become runs."""

from __future__ import annotations

import json
import math
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cli.program import vcs
from compat.tensorboard.logs import BEGIN, add, png, points, scalars, write

import vcs_track
from vcs_track.compat.tensorboard.importer import import_events
from vcs_track.errors import InvalidValueError, StorageError
from vcs_track.formats.crc32c import masked_crc32c
from vcs_track.formats.event_file import (
    Histogram,
    Images,
    Scalar,
    SessionEnd,
    SessionStart,
    Texts,
    pack_session,
)
from vcs_track.formats.event_record import pack_record
from vcs_track.formats.tensor_proto import doubles_to, strings_to
from vcs_track.formats.wire import double_to, length_to, varint_to

if TYPE_CHECKING:
    from vcs_track import Repository, RunView

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path)


def tensor(tag: str, plugin: str, content: bytes, step: int = 0) -> bytes:
    """Return an event with a tensor, of which the plugin is told unless it is empty."""
    said = length_to(9, length_to(1, length_to(1, plugin.encode()))) if plugin else b""
    value = length_to(1, length_to(1, tag.encode()), length_to(8, content), said)
    return pack_record(double_to(1, BEGIN) + varint_to(2, step) + length_to(5, value))


def by_name(repo: Repository) -> dict[str, RunView]:
    return {run.name: run for run in repo.runs()}


class TestImport:
    def test_each_folder_is_a_run(self, repo: Repository) -> None:
        """Runs are called as TensorBoard calls them; the folder itself has its own name."""
        for name in (".", "a", "a/train", "b c/val", "empty"):
            Path("logs", name).mkdir(parents=True, exist_ok=True)
        for name in (".", "a", "a/train", "b c/val"):
            write(Path("logs", name), *scalars("loss", range(3)))
        Path("logs/a/notes.txt").write_text("x")
        done = import_events(repo, Path("logs"))

        assert ["a", "a/train", "b c/val", "logs"] == sorted(by_name(repo))
        assert sorted(run.id for run in repo.runs()) == sorted(done.new)
        assert [] == done.notes

    def test_points(self, repo: Repository) -> None:
        """Points keep step, time and value, in the order in which they were written."""
        write(
            Path("logs"), points(Scalar("x", 0.5), step=7, wall=BEGIN + 0.25),
            points(Scalar("x", math.nan), Scalar("y", -math.inf), step=-3, wall=BEGIN + 2),
            points(Scalar("x", 0.1), step=7, wall=BEGIN + 3),
        )  # fmt: skip
        import_events(repo, Path("logs"))
        (run,) = repo.runs()
        x = run.series("x")

        assert ([7, -3, 7], [BEGIN + 0.25, BEGIN + 2, BEGIN + 3]) == (x.step, x.walltime)
        assert [0.5, "nan", struct.unpack("<f", struct.pack("<f", 0.1))[0]] == [
            "nan" if math.isnan(value) else value for value in x.value
        ]
        assert [-math.inf] == run.series("y").value
        assert ("finished", BEGIN, 3.0) == (run.status, run.created.timestamp(), run.duration)

    def test_numbers_are_those_that_numpy_logs(self, repo: Repository) -> None:
        """Numbers of 32 bits are stored as such: a run that logs the same has the same objects.

        Seen to fail with all numbers taken for doubles.
        """
        numbers = [0.1, 1 / 7, math.nan, math.inf, 3.0]
        write(Path("logs"), *[points(Scalar("x", n), step=step) for step, n in enumerate(numbers)])
        import_events(repo, Path("logs"))
        with repo.start_run("native") as run:
            for step, number in enumerate(numbers):
                run.add_scalar("x", np.float32(number), step)

        assert [repo.run("logs").series("x").chunks[0]["value"]] == [
            chunk["value"] for chunk in repo.run("native").series("x").chunks
        ]

    def test_tensors(self, repo: Repository) -> None:
        """What TensorFlow 2 writes is the same, also where the plugin was told once only."""
        write(
            Path("logs"),
            tensor("s", "scalars", doubles_to([0.1])), tensor("s", "", doubles_to([0.2]), 1),
            tensor("h", "histograms", doubles_to([0.0, 1.0, 2.0, 1.0, 4.0, 3.0], (2, 3))),
            tensor("i", "images", strings_to([b"3", b"2", png(), png(4)])),
            tensor("t", "text", strings_to([b"a", b"b"], (2, 1))),
        )  # fmt: skip
        import_events(repo, Path("logs"))
        (run,) = repo.runs()

        assert [0.1, 0.2] == run.series("s").value
        assert [{"counts": [2, 3], "edges": [0.0, 1.0, 4.0]}] == [
            item.histogram for item in run.get_histograms()
        ]
        assert [(png(), "image/png", 3), (png(4), "image/png", 4)] == [
            (item.data, item.mime, item.meta["width"]) for item in run.get_images(tag="i")
        ]
        assert ["a", "b"] == [item.text for item in run.get_text(tag="t")]

    def test_media(self, repo: Repository) -> None:
        """Histograms, images and texts come with tag, step and time; junk harms nothing."""
        write(
            Path("logs"),
            points(
                Histogram("h", (1.0, 2.0, 3.0), (1.0, 0.0, 2.0), 0.5, 2.5, 3.0, 6.0),
                Images("i", (png(),), 3, 2), Images("i", (b"junk",)), Texts("t", ("*hi*",)),
                step=4, wall=BEGIN + 9,
            ),
        )  # fmt: skip
        import_events(repo, Path("logs"))
        (run,) = repo.runs()

        assert {"counts": [1, 0, 2], "edges": [0.5, 1.0, 2.0, 2.5]} == run.get_histograms()[
            0
        ].histogram
        assert [png(), b"junk"] == [item.data for item in run.get_images()]
        assert "*hi*" == run.get_text()[0].text
        assert {(4, BEGIN + 9)} == {(item.step, item.walltime) for item in run.media()}

    def test_hparams(self, repo: Repository) -> None:
        """Hyperparameters and the end of a session are those of the run."""
        given = {"lr": 0.1, "net": "a", "on": True, "a/b": 3.0}
        write(Path("logs"), points(SessionStart(given, "g", BEGIN), SessionEnd("failed")))
        import_events(repo, Path("logs"))
        (run,) = repo.runs()

        assert (given, "failed") == (run.hparams, run.status)

    def test_several_files_in_order(self, repo: Repository) -> None:
        """The files of a run are read in the order of their names."""
        for begin, steps in ((BEGIN + 100, range(3, 5)), (BEGIN, range(3))):
            write(Path("logs"), *scalars("x", steps), begin=begin)
        import_events(repo, Path("logs"))

        assert [0, 1, 2, 3, 4] == repo.run("@").series("x").step

    def test_a_session_that_began_again(self, repo: Repository) -> None:
        """Points of its step and later ones that were there before it are outdated, and said.

        Seen to fail with the points of the step itself kept.
        """
        write(Path("logs"), *scalars("x", range(6)), *scalars("y", [1, 9]))
        write(
            Path("logs"), pack_session(BEGIN, 3), *scalars("x", [3, 4]), pack_session(BEGIN, 5),
            *scalars("x", [5]), begin=BEGIN + 50,
        )  # fmt: skip
        done = import_events(repo, Path("logs"))
        run = repo.run("@")

        assert ([0, 1, 2, 3, 4, 5], [1]) == (run.series("x").step, run.series("y").step)
        assert [
            "run '.': 4 events were left out: their session began again before them"
        ] == done.notes

    def test_names(self, repo: Repository) -> None:
        """Tags of any text stay apart; one that is too long is left out, and said."""
        tags = ["/a", "a//b", "a/ ", "x\ny", "\u202e", "ä", "%41", "y" * 300]
        write(Path("logs"), *[points(Scalar(tag, i)) for i, tag in enumerate(tags)])
        done = import_events(repo, Path("logs"))

        assert [7, 7] == [len(repo.run("@").series_tags), len({*repo.run("@").series_tags})]
        assert [
            "run '.': 1 values with a tag of more than 250 characters could not be kept"
        ] == done.notes

    def test_what_has_no_place_is_said(self, repo: Repository) -> None:
        """Values of other plugins, times that are none and endless histograms are counted."""
        write(
            Path("logs"), tensor("p", "pr_curves", doubles_to([1.0])),
            points(Scalar("x", 1.0), wall=-5.0), points(Scalar("x", 1.0), wall=math.nan),
            points(Histogram("h", (math.inf,), (1.0,), -math.inf, math.inf, 1.0)),
        )  # fmt: skip
        done = import_events(repo, Path("logs"))

        assert [BEGIN, BEGIN] == repo.run("@").series("x").walltime
        assert [
            "run '.': 1 values of the kind 'pr_curves' could not be kept",
            "run '.': 2 times that are none could not be kept",
            "run '.': 1 histograms without a finite range could not be kept",
        ] == done.notes

    def test_nothing_is_written_there(self, repo: Repository) -> None:
        """The files stay byte for byte, and nothing appears beside them."""
        path = write(Path("logs"), *scalars("x", range(3)))
        before = path.read_bytes(), path.stat().st_mtime_ns
        path.chmod(0o444)
        Path("logs").chmod(0o555)
        try:
            import_events(repo, Path("logs"))
        finally:
            Path("logs").chmod(0o755)

        assert before == (path.read_bytes(), path.stat().st_mtime_ns)
        assert [path] == [*Path("logs").iterdir()]


class TestAgain:
    def test_changes_nothing(self, repo: Repository, tmp_path: Path) -> None:
        """A second import, of logs that were moved too, changes nothing.

        Seen to fail when the id was made of the path.
        """
        write(Path("logs/a"), *scalars("x", range(3)))
        first = import_events(repo, Path("logs"))
        before = [run.heads for run in repo.runs()]
        second = import_events(repo, Path("logs"))
        Path("moved/there").mkdir(parents=True)
        Path("logs").rename("moved/there/logs")
        third, fourth = (import_events(repo, Path(p)) for p in ("moved", "moved/there/logs/a"))

        assert first.new == second.known == third.known == fourth.known
        assert before == [run.heads for run in repo.runs()]

    def test_takes_what_came_since(self, repo: Repository) -> None:
        """A file that grows, within a record too, and a further file give their new points once."""
        whole = scalars("x", range(6))
        path = write(Path("logs"), *whole[:3], whole[3][:20])
        first = import_events(repo, Path("logs"))
        again = import_events(repo, Path("logs"))
        repo.edit("@", name="mine", notes="n")
        add(path, whole[3][20:], whole[4], whole[5][:7])
        second = import_events(repo, Path("logs"))
        write(Path("logs"), *scalars("x", [7]), tensor("t", "text", strings_to([b"a"])),
              begin=BEGIN + 9)  # fmt: skip
        third = import_events(repo, Path("logs"))
        (run,) = repo.runs()

        assert first.new == again.known == second.updated == third.updated
        assert ["run '.': file 'events.out.tfevents.1700000000.host' ends in the middle of a record,"
                f" at byte {path.stat().st_size - 7 - len(whole[4]) - len(whole[3]):,}"] == first.notes  # fmt: skip
        assert ([0, 1, 2, 3, 4, 7], "mine", "n") == (run.series("x").step, run.name, run.note)
        assert "a" == run.get_text()[0].text

    def test_a_plugin_told_at_the_first_import(self, repo: Repository) -> None:
        """A tensor without its plugin belongs to what its tag was at the last import."""
        path = write(Path("logs"), tensor("a//t", "text", strings_to([b"a"])))
        import_events(repo, Path("logs"))
        add(path, tensor("a//t", "", strings_to([b"b"]), 1))
        import_events(repo, Path("logs"))

        assert ["a", "b"] == [item.text for item in repo.run("@").get_text()]

    def test_a_session_that_began_again_since(self, repo: Repository) -> None:
        """Points that were taken in and are outdated now leave the run, and stay in its history.

        Seen to fail with the new points put behind the outdated ones.
        """
        write(Path("logs"), *scalars("x", range(6)), points(SessionStart({"lr": 0.1})))
        import_events(repo, Path("logs"))
        repo.edit("@", notes="kept")
        before = repo.run("@").heads
        write(Path("logs"), pack_session(BEGIN, 4), *scalars("x", [4, 5, 6]), begin=BEGIN + 50)
        done = import_events(repo, Path("logs"))
        (run,) = repo.runs()

        assert [run.id] == done.updated
        assert [0, 1, 2, 3, 4, 5, 6] == run.series("x").step
        assert ({"lr": 0.1}, "kept") == (run.hparams, run.note)
        assert set(before) <= {parent for state in run.history for parent in state.parents}
        assert [run.id] == import_events(repo, Path("logs")).known
        assert [] == repo.fsck().problems

    def test_a_file_that_was_written_again(self, repo: Repository) -> None:
        """A file that begins as before and goes on otherwise is read again whole."""
        write(Path("logs"), *scalars("x", range(6)))
        import_events(repo, Path("logs"))
        write(Path("logs"), *scalars("x", range(2)))
        import_events(repo, Path("logs"))
        shorter = repo.run("@").series("x").step
        write(Path("logs"), *scalars("y", range(2)))
        import_events(repo, Path("logs"))

        assert ([0, 1], ["y"]) == (shorter, repo.run("@").series_tags)

    def test_a_file_that_is_gone(self, repo: Repository) -> None:
        """Points of a file that was deleted stay, and are not taken twice when it is back."""
        write(Path("logs"), *scalars("x", range(2)))
        path = write(Path("logs"), *scalars("x", [2, 3]), begin=BEGIN + 9)
        import_events(repo, Path("logs"))
        data = path.read_bytes()
        path.unlink()
        gone = import_events(repo, Path("logs"))
        write(Path("logs"), *scalars("x", [5]), begin=BEGIN + 20)
        import_events(repo, Path("logs"))
        path.write_bytes(data)
        import_events(repo, Path("logs"))

        assert 1 == len(gone.known)
        assert [0, 1, 2, 3, 5] == repo.run("@").series("x").step

    def test_copies_are_runs_of_their_own(self, repo: Repository) -> None:
        """Two folders that are alike in all but the way to them are two runs, each time."""
        for way in ("a/train", "b/train"):
            write(Path("logs", way), *scalars("x", range(2)))
        first = import_events(repo, Path("logs"))
        second = import_events(repo, Path("logs"))

        assert 2 == len({*first.new})
        assert sorted(first.new) == sorted(second.known)

    def test_removed_runs_stay_removed(self, repo: Repository) -> None:
        """A run that was removed here does not come back with an import."""
        write(Path("logs"), *scalars("x", range(2)))
        (run,) = import_events(repo, Path("logs")).new
        repo.remove(run)
        done = import_events(repo, Path("logs"))

        assert ([run], [], 0) == (done.removed, done.new, len(repo.runs()))

    def test_dry_run(self, repo: Repository) -> None:
        """Nothing is changed, and the same runs are told."""
        write(Path("logs/a"), *scalars("x", range(2)))
        told = import_events(repo, Path("logs"), dry_run=True)
        count = len(repo.runs())
        done = import_events(repo, Path("logs"))

        assert (0, told.new) == (count, done.new)

    def test_an_interruption_leaves_nothing(self, repo: Repository) -> None:
        """Stopped in the middle, no run of the folder is there, and no scratch is left."""
        for name in "ab":
            write(Path("logs", name), *scalars("x", range(2000)))

        def stop(done: int, total: int) -> None:
            if done > total * 0.8:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_events(repo, Path("logs"), progress=stop)

        assert (0, []) == (len(repo.runs()), [*(repo.path / "local" / "tmp").iterdir()])


class TestHostile:
    def test_damage_is_said_and_the_rest_is_there(self, repo: Repository) -> None:
        """A damaged record costs itself, a damaged length what follows, nonsense nothing."""
        good = scalars("x", range(4))
        bent = bytearray(good[1])
        bent[20] ^= 1
        write(Path("logs/a"), good[0], bytes(bent), pack_record(b"\x0c\x2a"), good[2])
        cut = bytearray(good[2])
        cut[0] ^= 1
        write(Path("logs/b"), good[0], good[1], bytes(cut), good[3])
        done = import_events(repo, Path("logs"))
        runs = by_name(repo)

        assert ([0, 2], [0, 1]) == (runs["a"].series("x").step, runs["b"].series("x").step)
        assert ["1 damaged records", "is damaged at byte", "1 records are no events"] == [
            next(w for w in ("1 damaged records", "is damaged at byte", "1 records are no events")
                 if w in note)
            for note in done.notes
        ]  # fmt: skip

    @pytest.mark.parametrize("content", [b"", b"junk" * 1000, bytes(5000), b"\xff" * 11])
    def test_what_is_no_event_file(self, repo: Repository, content: bytes) -> None:
        """A file of another kind with such a name gives no run."""
        Path("logs").mkdir()
        Path("logs/events.out.tfevents.1").write_bytes(content)
        with pytest.raises(InvalidValueError, match="no event file"):
            import_events(repo, Path("logs"))

    def test_a_pipe_and_links(self, repo: Repository, tmp_path: Path) -> None:
        """A pipe of such a name is not waited for, and links to folders are not followed."""
        write(Path("logs/a"), *scalars("x", range(2)))
        write(Path("other"), *scalars("x", range(2)))
        os.mkfifo("logs/events.out.tfevents.2")
        Path("logs/round").symlink_to("..", target_is_directory=True)
        Path("logs/other").symlink_to("../other", target_is_directory=True)
        import_events(repo, Path("logs"))

        assert ["a"] == [*by_name(repo)]

    def test_names_of_folders_are_no_paths(self, repo: Repository) -> None:
        """A folder may have any name: the run's name is printable, and nothing is written by it."""
        odd = ["\u202eabc", "-rf", "x\ny", "a" * 200 + "/" + "b" * 200]
        for name in odd:
            write(Path("logs", name), *scalars("x", range(2)))
        strange = Path(os.fsdecode(b"logs/\xff\xfe"))
        write(strange, *scalars("x", range(2)), host="a").rename(
            strange / os.fsdecode(b"tfevents\xff")
        )
        done = import_events(repo, Path("logs"))

        assert 5 == len(done.new)
        assert {"b" * 200, "\\udcff\\udcfe"} < by_name(repo).keys()
        assert sorted(done.new) == sorted(import_events(repo, Path("logs")).known)
        assert [] == repo.fsck().problems

    def test_a_record_that_claims_the_world(self, repo: Repository) -> None:
        """A length beyond the file is a cut tail, however large."""
        length = struct.pack("<Q", 1 << 62)
        write(Path("logs"), *scalars("x", range(2)), length,
              struct.pack("<I", masked_crc32c(length)), bytes(100))  # fmt: skip
        done = import_events(repo, Path("logs"))

        assert [0, 1] == repo.run("@").series("x").step
        assert "in the middle of a record" in done.notes[0]

    @pytest.mark.parametrize("missing", ["nowhere", "file"])
    def test_no_folder(self, repo: Repository, missing: str) -> None:
        """What is no folder is refused by name."""
        Path("file").write_text("x")
        with pytest.raises(InvalidValueError, match="not a folder"):
            import_events(repo, Path(missing))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read(self, repo: Repository) -> None:
        """The error names the folder, and nothing is taken in."""
        write(Path("logs/a"), *scalars("x", range(2)))
        write(Path("logs/b"), *scalars("x", range(2))).chmod(0)
        with pytest.raises(StorageError, match="logs"):
            import_events(repo, Path("logs"))

        assert 0 == len(repo.runs())


class TestCommand:
    def test_says_what_it_did(self, repo: Repository) -> None:
        """Each run is a line on stdout; with --json an object."""
        path = write(Path("logs/a"), *scalars("x", range(2)))
        told = vcs("import", "tensorboard", "--dry-run", "logs").stdout.split()
        first = vcs("import", "tensorboard", "logs")
        add(path, *scalars("x", [2]), b"\1")
        second = vcs("--json", "import", "tensorboard", "logs")
        row: dict[str, Any] = json.loads(second.stdout)

        assert told == ["new", repo.run("@").id, "a"]
        assert f"new     {repo.run('@').id} a (finished)\n" == first.stdout
        assert "took in 1 run of " in first.stderr
        assert ("updated", {"x": 1.0}) == (row["change"], row["summary"])
        assert "warning: run 'a': file" in second.stderr

    def test_the_word_alone(self, repo: Repository) -> None:
        """The word without a folder is a wrong use; a zip of that name is taken by its path."""
        done = vcs("import", "tensorboard", code=2)
        repo.start_run("r").finish()
        repo.export("r", "tensorboard")
        taken = vcs("import", "./tensorboard")

        assert "./tensorboard" in done.stderr
        assert "known" in taken.stdout

    def test_a_folder_without_logs(self, repo: Repository) -> None:
        """A folder without event files is refused, and the way on is told."""
        Path("logs").mkdir()
        done = vcs("import", "tensorboard", "logs", code=2)

        assert "there is no event file in" in done.stderr
        assert "tfevents" in done.stderr
