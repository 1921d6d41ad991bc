"""Tests of ``vcs_track.porcelain.gc``: what goes, when, and what never does."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crash.tap import Call, tapped

import vcs_track
from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError, StorageError
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.pack_file import PackFile, _copies, _maps
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain import needs
from vcs_track.porcelain.gc import Report, gc

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository, Run

DAY = 86_400 * 1_000_000
YEARS = 3650
NOW = time.time_ns() // 1000
BLOB = bytes(range(256)) * 40


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one finished, edited run, ``r``."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    (tmp_path / "file").write_bytes(BLOB)
    with repo.start_run("r", id="r", hparams={"lr": 0.1}) as run:
        for step in range(30):
            run.add_scalar("loss", step / 7, step)
        run.add_text("hello", tag="t")
        run.add_file(tmp_path / "file")
    repo.edit("r", notes="later")
    return repo


def clean(repo: Repository, days: float, **options: Any) -> Report:
    """Clean up as a new process would that many days from now."""
    store = vcs_track.open(repo.root, recover=False).store
    return gc(store, now_us=int(NOW + days * DAY), **options)


def packs(repo: Repository) -> Path:
    """Return the folder of packs."""
    return repo.store.layout.store.packs


def trash(repo: Repository) -> list[str]:
    """Return the names of the packs in the trash."""
    return sorted(path.name for path in repo.store.layout.trash.glob("*/*"))


def pack_of(repo: Repository, *contents: bytes, days: float = 0) -> Path:
    """Add a pack that no run needs, made that many days from now."""
    writer = PackWriter(repo.store.layout.tmp, repo.store.format)
    for data in contents:
        writer.add(data)
    path = writer.install(packs(repo), "b")
    age(path, days)
    return path


def age(path: Path, days: float) -> None:
    """Make *path* look as if it had been changed that many days from now."""
    os.utime(path, ns=(int(NOW + days * DAY) * 1000,) * 2)


def spoil(path: Path, at: int) -> None:
    """Flip a bit of a pack and keep its time."""
    times = path.stat().st_mtime_ns
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(times, times))


def mention(run: Run, oid: ObjectId) -> None:
    """Log a file whose bytes are in a pack already, as a writer does that reuses them."""
    content = run._content("file", None, None, None, mime="x/y", name="f")
    run._live().journal.frame({"k": "blob", **content, "o": oid, "size": 1})


def tree(repo: Repository) -> dict[Path, int]:
    """Return every file below ``.runs`` with its time."""
    return {path: path.stat().st_mtime_ns for path in repo.path.rglob("*")}


def states(report: Report) -> dict[str, str]:
    """Return the state of each pack of a report."""
    return {pack.name: pack.state for pack in report.packs}


def whole(repo: Repository) -> bool:
    """Return whether every run is undamaged and no blob is absent, for a new process."""
    report = vcs_track.open(repo.root).fsck()
    return report.ok and not report.absent


class TestUnreachable:
    def test_three_clean_ups_delete_it(self, repo: Repository) -> None:
        """A pack that nothing needs is noted, moved a grace later, deleted another later.

        Seen to fail when the trash was emptied without a wait, and when the first clean-up moved.
        """
        path = pack_of(repo, b"nobody needs this")
        found = []
        for days in (1, 15, 30, 31, 45):
            report = clean(repo, days)
            found.append((states(report).get(path.name), path.exists(), trash(repo)))

        assert [
            (None, True, []), ("waiting", True, []), ("moved", False, [path.name]),
            ("trash", False, [path.name]), ("deleted", False, []),
        ] == found  # fmt: skip
        assert not list(repo.store.layout.trash.iterdir())
        assert whole(repo)

    def test_nothing_of_a_run_ever_goes(self, repo: Repository) -> None:
        """Every state of a run is kept, the ones that were edited away included.

        Seen to fail when only the newest manifest of a run was followed.
        """
        before = {path.name for path in packs(repo).iterdir()}
        for years in range(1, 20):
            report = clean(repo, 365 * years)

            assert (3, ()) == (report.kept, report.packs)
        assert before == {path.name for path in packs(repo).iterdir()}
        assert whole(repo)
        assert [None, "later"] == [repo.run(name).manifest.notes for name in ("r@{1}", "r")]

    def test_one_clean_up_is_not_enough(self, repo: Repository) -> None:
        """However old a pack is, the first clean-up that finds it only takes a note.

        Seen to fail when the age alone counted.
        """
        path = pack_of(repo, b"old", days=-1000)
        report = clean(repo, 0)

        assert ({path.name: "waiting"}, True) == (states(report), path.exists())

    def test_clean_ups_close_together_do_not_count_twice(self, repo: Repository) -> None:
        """Many clean-ups within one grace are one."""
        path = pack_of(repo, b"old", days=-1000)
        found = [states(clean(repo, days))[path.name] for days in (0, 1, 5, 13.9, 14)]

        assert ["waiting"] * 4 + ["moved"] == found

    def test_a_pack_that_was_needed_in_between_starts_anew(self, repo: Repository) -> None:
        """Dead, needed, dead again: the time counts from the last time.

        Seen to fail when a note was kept although the pack was needed.
        """
        path = pack_of(repo, BLOB + b"x", days=-1000)
        clean(repo, 0)
        live = repo.start_run("live", id="live")
        live._live().journal.frame({"k": "?", "o": repo.store.format.hash(BLOB + b"x")})
        needed = clean(repo, 10)
        live.finish()

        assert ({}, "waiting") == (states(needed), states(clean(repo, 20))[path.name])

    def test_a_young_pack_is_left_alone(self, repo: Repository) -> None:
        """A pack younger than the grace may belong to a run that is being sealed."""
        path = pack_of(repo, b"young")
        reports = [clean(repo, days) for days in (0, 13.9)]

        assert path.exists()
        assert [(), ()] == [report.packs for report in reports]

    def test_the_shelf_is_never_touched(self, repo: Repository) -> None:
        """What lies on the shelf stays there, and its copy in the store too.

        Else it would be adopted again at the next opening. Seen to fail without the look at the shelf.
        """
        path = pack_of(repo, b"shelved", days=-1000)
        shelf = repo.store.layout.shelf.packs
        shelf.mkdir()
        shutil.copy2(path, shelf)
        for days in (0, 15, 30, 45):
            clean(repo, days)

        assert path.exists()
        assert [path.name] == [path.name for path in shelf.iterdir()]

    def test_a_short_grace_is_shorter(self, repo: Repository) -> None:
        """Each wait is the grace that was asked for."""
        path = pack_of(repo, b"old", days=-1)
        found = [
            states(clean(repo, hours / 24, grace=3600))[path.name] for hours in (0, 1, 1.5, 2)
        ]

        assert ["waiting", "moved", "trash", "deleted"] == found


class TestRedundant:
    def test_one_of_two_copies_goes(self, repo: Repository) -> None:
        """Of two packs that hold the same exactly one goes, and the run stays readable.

        Seen to fail when both copies counted on each other.
        """
        (path,) = packs(repo).glob("b-*")
        extra = pack_of(repo, BLOB, b"more")
        found = [states(clean(repo, days)) for days in (15, 30, 45)]
        left = [path for path in (path, extra) if path.exists()]

        assert 1 == len(left)
        assert ["waiting", "moved", "deleted"] == [next(iter(one.values())) for one in found]
        assert whole(repo)

    def test_packs_that_overlap_in_a_ring(self, repo: Repository) -> None:
        """Where each of three packs is held by the other two, two stay."""
        blobs = [bytes([n]) * 5000 for n in range(3)]
        with repo.start_run("ring", id="ring") as run:
            for data in blobs:
                mention(run, repo.store.format.hash(data))
            for n in range(3):
                pack_of(repo, blobs[n], blobs[n - 1])
        for days in (15, 30, 45, 60, 75, 90):
            clean(repo, days)

        assert 2 == len(list(packs(repo).glob("b-*"))) - 1
        assert whole(repo)

    def test_the_choice_stays_the_same(self, repo: Repository) -> None:
        """A third copy that turns up does not send the others back to the start."""
        (path,) = packs(repo).glob("b-*")
        extra = pack_of(repo, BLOB, b"more")
        (chosen,) = states(clean(repo, 15))
        for n in range(5):
            pack_of(repo, BLOB, bytes([n]))
        found = states(clean(repo, 30))

        assert chosen in (path.name, extra.name)
        assert "moved" == found[chosen]

    @pytest.mark.parametrize("damaged", [0, 1])
    def test_a_damaged_copy_is_no_copy(self, repo: Repository, damaged: int) -> None:
        """The last undamaged copy stays, and the damaged one is left to ``fsck``.

        Seen to fail when copies were counted and not read.
        """
        both = [*packs(repo).glob("b-*"), pack_of(repo, BLOB, b"more")]
        oid = repo.store.format.hash(BLOB)
        spoil(both[damaged], PackFile(both[damaged], repo.store.format).entry(oid).data_offset)
        for days in (15, 30, 45, 60):
            clean(repo, days)

        assert [True, True] == [path.exists() for path in both]
        assert BLOB == vcs_track.open(repo.root).store.home.objects.read(oid)


class TestDamage:
    def test_a_damaged_pack_is_no_garbage(self, repo: Repository) -> None:
        """What is damaged is left to ``fsck``, wherever the damage is.

        Seen to fail without the check of the name.
        """
        path = pack_of(repo, b"some bytes", days=-1000)
        content = path.read_bytes()
        for at in range(0, len(content), 7):
            spoil(path, at)
            found = [states(clean(repo, days)) for days in (0, 15, 30)]

            assert path.exists(), at
            assert {"damaged"} >= {one.get(path.name, "damaged") for one in found}, at
            path.write_bytes(content)
            age(path, -1000)

    def test_damage_in_the_trash_stays_there(self, repo: Repository) -> None:
        """A pack that was damaged in the trash is not deleted."""
        path = pack_of(repo, b"some bytes", days=-1000)
        clean(repo, 0)
        clean(repo, 15)
        (here,) = repo.store.layout.trash.glob("*/*")
        spoil(here, 75)
        report = clean(repo, 30)

        assert {path.name: "damaged"} == states(report)
        assert here.exists()

    @pytest.mark.parametrize("loss", ["pack", "scalars", "head"])
    def test_a_run_that_cannot_be_followed_stops_it(self, repo: Repository, loss: str) -> None:
        """What such a run needs is not known, so nothing is moved or deleted, and it is said."""
        path = pack_of(repo, b"garbage", days=-1000)
        clean(repo, 0)
        if loss == "head":
            repo.store.home.head_folder.add("lost", ObjectId("f" * 64))
        else:
            manifest = repo.run("r").manifest
            assert manifest.scalars is not None
            pack = repo.store.home.objects.owner(manifest.scalars)
            if loss == "pack":
                pack.path.unlink()
            else:
                spoil(pack.path, pack.entry(manifest.scalars).data_offset + 3)
        with pytest.raises(CorruptError, match=r"cannot clean up: run '(r|lost)'") as caught:
            clean(repo, 15)

        assert "fsck" in caught.value.hint
        assert path.exists()

    def test_an_absent_blob_is_no_damage(self, repo: Repository) -> None:
        """A run whose image is elsewhere can be followed."""
        for path in packs(repo).glob("b-*"):
            path.unlink()
        path = pack_of(repo, b"garbage", days=-1000)
        clean(repo, 0)

        assert "moved" == states(clean(repo, 15))[path.name]


class TestLiveRuns:
    def test_what_a_journal_mentions_is_needed(self, repo: Repository) -> None:
        """A pack whose blob a live run names stays, however long the run lasts.

        Seen to fail when only heads were asked.
        """
        path = pack_of(repo, BLOB + b"y", days=-1000)
        live = repo.start_run("live", id="live")
        mention(live, repo.store.format.hash(BLOB + b"y"))
        for days in (0, 15, 30, 45):
            clean(repo, days)
        live.finish()

        assert path.exists()

    def test_a_torn_journal_counts_too(self, repo: Repository) -> None:
        """A record that does not check may be the last that tells what is needed."""
        path = pack_of(repo, BLOB + b"z", days=-1000)
        folder = repo.store.layout.live_run("dead")
        folder.mkdir()
        oid = repo.store.format.hash(BLOB + b"z")
        (folder / "x.j").write_bytes(b"torn" * 50 + b'"o":"' + oid.encode() + b'","si')
        for days in (0, 15, 30):
            clean(repo, days)

        assert path.exists()

    def test_a_run_that_is_sealed_meanwhile_is_seen(self, repo: Repository) -> None:
        """Sealed in front of whichever listing: its head is seen, or its journal.

        Seen to fail when heads were listed only before the journals were.
        """
        oid = repo.store.format.hash(BLOB + b"s")
        pack_of(repo, BLOB + b"s", days=-1000)
        calls, sealed = 0, True
        while sealed:
            live = repo.start_run(id="live")
            mention(live, oid)
            found, sealed = look_and(repo, calls, live.finish)
            live.finish()

            assert oid in found, calls
            for head in repo.store.home.head_folder.of("live"):
                repo.store.home.head_folder.path("live", head).unlink()
            calls += 1

        assert calls > 5

    @pytest.mark.parametrize("oid", ["ab" * 32, "x1-" + "cd" * 16])
    def test_an_id_is_found_wherever_it_stands(self, tmp_path: Path, oid: str) -> None:
        """Journals are read block by block, and an id may lie across the border.

        Seen to fail without the overlap.
        """
        block, path = 1 << 20, tmp_path / "x.j"
        for at in range(block - len(oid) - 3, block + 2):
            path.write_bytes(bytes(at) + b'"' + oid.encode() + b'","' + b"e" * 64 + b'"')

            assert {oid, "e" * 64} == needs._mentioned(path)


class TestTrash:
    def test_what_is_needed_comes_back(self, repo: Repository) -> None:
        """A pack in the trash that a run needs is restored, as one that was used just now.

        Seen to fail when manifests were read from the packs only.
        """
        folder = repo.store.layout.trash / str(NOW - 100 * DAY)
        folder.mkdir(parents=True)
        names = sorted(path.name for path in packs(repo).iterdir())
        for name in names:
            age(packs(repo) / name, -1000)
            (packs(repo) / name).rename(folder / name)
        report = clean(repo, 0)

        assert dict.fromkeys(names, "restored") == states(report)
        assert names == sorted(path.name for path in packs(repo).iterdir())
        assert all(path.stat().st_mtime_ns // 1000 >= NOW for path in packs(repo).iterdir())
        assert whole(repo)

    def test_the_last_sound_copy_is_not_deleted(self, repo: Repository) -> None:
        """A copy in the trash comes back when the one that stayed was damaged meanwhile."""
        extra = pack_of(repo, BLOB, b"more", days=-1000)
        (path,) = packs(repo).glob(f"b-[!{extra.name[2]}]*")
        folder = repo.store.layout.trash / str(NOW - 100 * DAY)
        folder.mkdir(parents=True)
        extra.rename(folder / extra.name)
        oid = repo.store.format.hash(BLOB)
        spoil(path, PackFile(path, repo.store.format).entry(oid).data_offset)
        report = clean(repo, 0)

        assert {extra.name: "restored"} == states(report)
        assert BLOB == vcs_track.open(repo.root).store.home.objects.read(oid)

    def test_what_came_from_the_future_waits_from_now_on(self, repo: Repository) -> None:
        """A clock that was wrong by years keeps nothing in the trash for years.

        Seen to fail when such packs waited for their time.
        """
        path = pack_of(repo, b"garbage", days=-1000)
        folder = repo.store.layout.trash / str(NOW + YEARS * DAY)
        folder.mkdir(parents=True)
        path.rename(folder / path.name)
        found = [states(clean(repo, days))[path.name] for days in (0, 13.9, 14)]

        assert ["trash", "trash", "deleted"] == found

    def test_what_is_not_ours_stays(self, repo: Repository) -> None:
        """Folders and files with other names are left alone."""
        for name in ("notes", "1e3", "٣"):
            (repo.store.layout.trash / name).mkdir(parents=True)
            (repo.store.layout.trash / name / "file").write_text("x")
        (repo.store.layout.trash / "5").mkdir()
        (repo.store.layout.trash / "5" / "file").write_text("x")
        before = tree(repo)
        clean(repo, YEARS)

        assert [] == [path for path in before if not path.exists()]


class TestMarks:
    def test_a_mark_between_two_clean_ups_starts_anew(self, repo: Repository) -> None:
        """A pack that was marked as in use counts as called dead for the first time.

        Also where the mark looks old, because the clock had gone back. Seen to fail when the
        note did not hold the time of the pack.
        """
        path = pack_of(repo, b"garbage", days=-1000)
        found = []
        for days in (0, 15, 30):
            found.append(states(clean(repo, days))[path.name])
            age(path, -999 + days)

        assert ["waiting"] * 3 == found

    def test_what_is_needed_since_the_first_look_is_not_moved(self, repo: Repository) -> None:
        """A pack that a run came to need without a mark is not even moved and put back.

        Seen to fail without the look before the move.
        """
        path = pack_of(repo, BLOB + b"n", days=-1000)
        clean(repo, 0)
        live, moved = repo.start_run("live", id="live"), []

        def react(call: Call) -> Any:
            if call.name == "listdir" and call.args[0] == repo.store.layout.tmp:
                mention(live, repo.store.format.hash(BLOB + b"n"))  # judged, and not moved yet
            if call.name == "rename":
                moved.append(Path(call.args[0]).name)
            return call.perform()

        with tapped(react):
            report = clean(repo, 15)
        live.finish()

        assert (False, True, 4) == (path.name in moved, path.exists(), report.kept)

    def test_freshen_marks(self, repo: Repository) -> None:
        """A pack is marked before it is relied upon, and one that is gone is not relied upon.

        Seen to fail without the second look in ``freshen``: see also the races.
        """
        path = pack_of(repo, BLOB + b"f", days=-1000)
        oid = repo.store.format.hash(BLOB + b"f")
        opened = vcs_track.open(repo.root).store.home.packs
        marked = opened.freshen(oid)
        time_of_mark = path.stat().st_mtime_ns // 1000
        path.rename(path.with_name("gone"))

        assert (True, False, False) == (
            marked, opened.freshen(oid), opened.freshen(ObjectId("f" * 64)),
        )  # fmt: skip
        assert time_of_mark >= NOW

    def test_readers_outlive_a_pack_that_goes(self, repo: Repository) -> None:
        """A process that knows a pack from before reads the other copy when it is gone.

        Seen to fail with a FileNotFoundError before ``PackFolder.read`` looked again.
        """
        (path,) = packs(repo).glob("b-*")
        oid = repo.store.format.hash(BLOB)
        reader = vcs_track.open(repo.root).store.home.packs
        pack_of(repo, BLOB, b"more")
        path.unlink()
        _copies.clear()
        _maps.clear()  # as when it has read from many others since

        assert BLOB == reader.read(oid)


class TestClock:
    @pytest.mark.parametrize("jump", [YEARS, -YEARS])
    @pytest.mark.parametrize("at", range(8))
    def test_a_clean_up_with_a_wrong_clock_breaks_nothing(
        self, repo: Repository, at: int, jump: int
    ) -> None:
        """A pack without a head is safe for a grace, whenever a clock is wrong by ten years.

        Clean-ups run every two days, one of them with the wrong clock. Seen to fail without
        the second verdict.
        """
        path = pack_of(repo, b"being sealed")
        for n in range(7):
            clean(repo, 2 * n + (jump if n == at else 0))

            assert path.exists()
        assert whole(repo)

    @pytest.mark.parametrize("at", range(6))
    def test_a_clock_that_stays_wrong_deletes_nothing_early(
        self, repo: Repository, at: int
    ) -> None:
        """A jump moves at most to the trash what two clean-ups called dead.

        The packs of a run that is being sealed are not among it.
        """
        young = pack_of(repo, b"being sealed")
        old = pack_of(repo, b"garbage", days=-1000)
        for n in range(5):
            clean(repo, 2 * n + (YEARS if n >= at else 0))

            assert young.exists()
            assert old.exists() or [old.name] == trash(repo)

    def test_packs_from_the_future_are_left_alone(self, repo: Repository) -> None:
        """What has a later time than now was made with another clock."""
        path = pack_of(repo, b"garbage", days=YEARS)
        for days in (0, 15, 30, 45):
            assert () == clean(repo, days).packs
        assert path.exists()

    def test_notes_from_the_future_do_not_count(self, repo: Repository) -> None:
        """A note that was taken with a clock ahead counts from now."""
        path = pack_of(repo, b"garbage", days=-1000)
        found = [states(clean(repo, days))[path.name] for days in (YEARS, 0, 13.9, 14)]

        assert ["waiting"] * 3 + ["moved"] == found


class TestRecord:
    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"[]", b'{"dead":3}', b'{"dead":{"packs/NAME":7}}', b"\xff",
         b'{"dead":{"packs/NAME":["a","b"]}}', b'{"dead":{"packs/NAME":[1,2]}}',
         b'{"dead":{"packs/NAME":[1]}}'],
    )  # fmt: skip
    def test_a_damaged_record_only_delays(self, repo: Repository, content: bytes) -> None:
        """Whatever is in the file, the clean-up goes on as if it were the first."""
        path = pack_of(repo, b"garbage", days=-1000)
        clean(repo, 0)
        repo.store.layout.gc_record.write_bytes(content.replace(b"NAME", path.name.encode()))

        assert {path.name: "waiting"} == states(clean(repo, 15))
        assert {path.name: "moved"} == states(clean(repo, 30))

    def test_a_pack_that_comes_back_is_judged_anew(self, repo: Repository) -> None:
        """A pack of the same name and time, adopted again, has its graces before it.

        Seen to fail when the note outlived the move.
        """
        path = pack_of(repo, b"garbage", days=-1000)
        clean(repo, 0)
        clean(repo, 15)
        (here,) = repo.store.layout.trash.glob("*/*")
        os.link(here, path)

        assert {path.name: "waiting"} == {
            pack.name: pack.state for pack in clean(repo, 15).packs if pack.state != "trash"
        }


class TestSweep:
    def test_left_overs_go_after_two_days(self, repo: Repository) -> None:
        """Files on their way in that nobody finished, and live folders without a journal."""
        tmp, live = repo.store.layout.tmp / "x.zip~", repo.store.layout.live_run("gone")
        tmp.write_bytes(b"half a pack")
        live.mkdir()
        for name in ("primary", "a.lock", "a.beat", "seal.lock"):
            (live / name).touch()
        found = [clean(repo, days).swept for days in (0.5, 1.5, 2, 2.6)]

        assert [(), (), (), ("tmp/x.zip~", "live/gone")] == found
        assert [False, False] == [tmp.exists(), live.exists()]

    def test_a_file_that_grows_stays(self, repo: Repository) -> None:
        """What was changed since the last clean-up is being written."""
        tmp = repo.store.layout.tmp / "x.zip~"
        for days in range(1, 9, 2):
            tmp.write_bytes(bytes(days))
            age(tmp, days - 1.5)
            clean(repo, days)

        assert tmp.exists()

    def test_a_clock_that_jumps_removes_nothing(self, repo: Repository) -> None:
        """A pack that is being written survives a clean-up with a wrong clock."""
        tmp = repo.store.layout.tmp / "x.zip~"
        tmp.write_bytes(b"half a pack")
        for days in (0, YEARS, 0.5, 0.9):
            clean(repo, days)

        assert tmp.exists()

    def test_a_live_folder_with_anything_in_it_stays(self, repo: Repository) -> None:
        """Journals, spools and unknown files are nobody's left-overs."""
        kept = []
        for name in ("x.j", "x-0.zip~", "x"):
            folder = repo.store.layout.live_run(f"run{name.replace('.', '')[:3]}")
            folder.mkdir()
            (folder / name).touch()
            (folder / "primary").touch()
            kept.append(folder / "primary")
        for days in (0, 15, 30):
            clean(repo, days)

        assert all(path.exists() for path in kept)

    def test_a_live_folder_that_is_locked_stays(self, repo: Repository) -> None:
        """Somebody who holds a lock is about to begin.

        Seen to fail when the locks were not asked.
        """
        folder = repo.store.layout.live_run("r2")
        folder.mkdir()
        lock = Lock.take(folder / "a.lock")
        assert lock is not None
        for days in (2, 4, 6):
            assert () == clean(repo, days).swept
        lock.release()

        assert folder.exists()
        assert ("live/r2",) == clean(repo, 8).swept

    def test_the_quarantine_is_only_counted(self, repo: Repository) -> None:
        """What was damaged is kept for whoever can mend it."""
        folder = repo.store.layout.quarantine
        folder.mkdir()
        (folder / "p-1.zip").write_bytes(b"x")
        found = [clean(repo, days).quarantined for days in (0, 30, YEARS, 2 * YEARS)]

        assert [1] * 4 == found
        assert (folder / "p-1.zip").exists()


class TestReport:
    def test_a_dry_run_says_what_a_real_one_does(self, repo: Repository) -> None:
        """The same report, and nothing is changed.

        Seen to fail when a dry run took notes.
        """
        pack_of(repo, b"garbage")
        (repo.store.layout.tmp / "x").touch()
        for days in (0, 15, 30, 45):
            before = tree(repo)
            said = clean(repo, days, dry_run=True)

            assert before == tree(repo)
            assert said == dataclasses.replace(
                clean(repo, days), dry_run=True, contents=said.contents
            )

    def test_a_dry_run_restores_nothing(self, repo: Repository) -> None:
        """Also what comes back is only said."""
        folder = repo.store.layout.trash / str(NOW - 100 * DAY)
        folder.mkdir(parents=True)
        for path in packs(repo).iterdir():
            path.rename(folder / path.name)
        before = tree(repo)
        report = clean(repo, 0, dry_run=True)

        assert ["restored"] * 3 == [pack.state for pack in report.packs]
        assert before == tree(repo)

    def test_it_is_frozen_and_plain(self, repo: Repository) -> None:
        """Nobody changes a report, and it is JSON."""
        path = pack_of(repo, b"garbage", days=-1000)
        report = clean(repo, 0)
        plain = json.loads(json.dumps(report.to_dict()))
        with pytest.raises(dataclasses.FrozenInstanceError):
            report.kept = 0  # type: ignore[misc]

        assert {"packs", "kept", "contents", "swept", "quarantined", "dry_run", "busy"} == set(
            plain
        )
        assert [
            {"name": path.name, "size": path.stat().st_size, "state": "waiting",
             "since_us": NOW, "why": "unreachable"}
        ] == plain["packs"]  # fmt: skip
        assert (3, False, False) == (plain["kept"], plain["dry_run"], plain["busy"])

    def test_the_repository_has_it(self, repo: Repository) -> None:
        """``Repository.gc`` works by the clock, and takes days."""
        path = pack_of(repo, b"garbage", days=-1000)
        said = repo.gc(dry_run=True)
        done = repo.gc(grace_days=1)

        assert [True, False] == [said.dry_run, done.dry_run]
        assert {path.name: "waiting"} == states(done)


class TestBadInput:
    @pytest.mark.parametrize("days", [0, 0.04, -1, float("nan"), float("inf"), 1e9])
    def test_a_grace_must_leave_time_to_seal(self, repo: Repository, days: float) -> None:
        """Less than an hour is refused: a run being sealed has packs and no head yet."""
        with pytest.raises(InvalidValueError, match="grace") as caught:
            repo.gc(grace_days=days)

        assert "an hour" in caught.value.hint

    @pytest.mark.parametrize("days", [True, "14", None])
    def test_a_grace_is_a_number(self, repo: Repository, days: Any) -> None:
        """Anything but a number is refused."""
        with pytest.raises(InvalidTypeError, match="grace"):
            repo.gc(grace_days=days)

    def test_a_read_only_repository_is_said_to_be_so(self, repo: Repository) -> None:
        """The clean-up fails with the reason, a dry run works."""
        path = pack_of(repo, b"garbage", days=-1000)
        with tapped(read_only):
            opened = vcs_track.open(repo.root)
            with pytest.raises(StorageError, match="read-only file system") as caught:
                opened.gc()
            said = opened.gc(dry_run=True)

        assert "mount it for writing" in caught.value.hint
        assert {path.name: "waiting"} == states(said)

    def test_a_second_clean_up_does_nothing(self, repo: Repository) -> None:
        """While one is at work another says so and leaves."""
        path = pack_of(repo, b"garbage", days=-1000)
        lock = Lock.take(repo.store.layout.gc_lock)
        assert lock is not None
        report = clean(repo, 0)
        lock.release()

        assert Report(busy=True) == report
        assert {path.name: "waiting"} == states(clean(repo, 15))

    def test_without_locks_it_is_refused(self, repo: Repository) -> None:
        """Where two clean-ups could not be told apart none runs."""
        with tapped(no_locks), pytest.raises(StorageError, match="no locks"):
            clean(repo, 0)


def look_and(repo: Repository, n: int, act: Callable[[], object]) -> tuple[set[ObjectId], bool]:
    """Look at what is needed, and act in front of the *n*-th listing; tell whether it came."""
    store = repo.store
    store.home.packs.refresh()
    trash = Trash(store.layout.trash, store.home.packs, store.format)
    looking = needs.Needs(store, store.home.packs, trash, 0)
    left = n

    def react(call: Call) -> Any:
        nonlocal left
        left -= call.name == "listdir"
        if left == -1:
            left -= 1
            act()
        return None if call.name in ("fsync", "fdatasync") else call.perform()

    with tapped(react):
        looking.look()
    return looking.ids, left < 0


def refused(number: int) -> Callable[[], None]:
    """Return a call that fails with *number*."""

    def call() -> None:
        raise OSError(number, os.strerror(number))

    return call


def read_only(call: Call) -> Any:
    """Answer as a file system that is mounted read-only."""
    writes = call.name == "open" and call.args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or call.name in ("mkdir", "rename", "unlink", "link", "utime", "rmdir", "chmod"):
        refused(errno.EROFS)()
    return False if call.name == "access" else call.perform()


def no_locks(call: Call) -> Any:
    """Answer as a file system that has no locks."""
    if call.name == "lockf":
        refused(errno.ENOLCK)()
    return call.perform()
