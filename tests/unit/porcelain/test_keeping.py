"""Edits, removal and undo as a repository gives them, from Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import (
    InvalidValueError,
    ObjectNotFoundError,
    RunNotFoundError,
    StorageError,
)
from vcs_track.plumbing.heads import HeadFolder

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

WEEK = 7 * 86_400


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with the runs ``a``, ``b`` and ``c``."""
    (tmp_path / "work").mkdir()
    repo = vcs_track.init(tmp_path / "work").with_defaults(capture_git=False)
    for n, name in enumerate("abc"):
        with repo.start_run(f"run {name}", id=name, hparams={"n": n}, tags=["old"]) as run:
            run.add_scalar("loss", n, 0)
    return repo


def ids(repo: Repository) -> list[str]:
    """Return the ids of the runs that a new process sees."""
    return sorted(run.id for run in vcs_track.open(repo.root).runs())


def heads(repo: Repository) -> dict[str, list[str]]:
    """Return the heads of all runs."""
    return {run: sorted(map(str, oids)) for run, oids in repo.store.home.heads().items()}


def age(repo: Repository, seconds: float) -> None:
    """Make everything in the repository look that much older, the notes of clean-ups too."""
    local = repo.store.layout.local
    for path in [*local.rglob("*")]:
        if path.is_file():
            stamp = path.stat().st_mtime - seconds
            os.utime(path, (stamp, stamp))
    record = repo.store.layout.gc_record
    if record.exists():
        content = json.loads(record.read_text())
        for note in content["dead"].values():
            note[0] -= int(seconds * 1e6)
            note[1] -= int(seconds * 1e9)
        record.write_text(json.dumps(content))
    if repo.store.layout.trash.is_dir():
        for folder in [*repo.store.layout.trash.iterdir()]:
            folder.rename(folder.with_name(str(int(folder.name) - int(seconds * 1e6))))


class TestEdits:
    def test_each_verb(self, repo: Repository) -> None:
        """Note, tag, untag, name, colour and status are as they were last said."""
        repo.note("a", "n")
        repo.tag("a", "new", "old")
        repo.untag("a", "old", "never there")
        repo.name("a", "better")
        repo.color("a", "#F80")
        (run,) = repo.status("a", "failed")

        assert ("n", ["new"], "better", "ff8800", "failed") == (
            run.note, run.tags, run.name, run.color, run.status,
        )  # fmt: skip
        assert 7 == len(run.history)

    def test_many_by_a_filter(self, repo: Repository) -> None:
        """All runs that match a filter are edited, and no other."""
        changed = repo.tag(None, "large", where="hparams.n >= 1")

        assert {"b", "c"} == {run.id for run in changed}
        assert ["old"] == repo.run("a").tags

    def test_runs_and_a_filter_exclude_each_other(self, repo: Repository) -> None:
        """Neither both nor none can be given."""
        with pytest.raises(InvalidValueError):
            repo.tag("a", "x", where="hparams.n = 0")
        with pytest.raises(InvalidValueError):
            repo.tag(None, "x")
        with pytest.raises(InvalidValueError):
            repo.remove()

    def test_one_that_cannot_be_edited_stops_all(self, repo: Repository) -> None:
        """Where one run is going on, no run is edited."""
        live = repo.start_run(id="live")
        before = heads(repo)
        with pytest.raises(InvalidValueError, match="still going on"):
            repo.status(["a", "live"], "failed")
        live.finish()

        assert before == {run: oids for run, oids in heads(repo).items() if run != "live"}

    def test_labels_of_a_live_run(self, repo: Repository) -> None:
        """A run that goes on is edited from outside, goes on, and ends as it would have.

        Seen to fail when the tags that were there were dropped.
        """
        code = (
            "import sys, vcs_track; repo = vcs_track.open(sys.argv[1]);"
            "repo.tag(['live', 'a'], 'outside'); repo.untag('live', 'gone');"
            "repo.note('live', 'look'); repo.name('live', 'renamed')"
        )
        with repo.start_run("first", id="live", tags=["gone", "mine"]) as run:
            run.add_scalar("loss", 1, 0)
            subprocess.run([sys.executable, "-c", code, str(repo.root)], check=True)
            during = repo.run("live")
            run.add_scalar("loss", 2, 1)
        behind = repo.run("live")

        assert "running" == during.status
        for view in (during, behind):
            assert ("look", "renamed", ["mine", "outside"]) == (view.note, view.name, view.tags)
        assert ("finished", [1, 2]) == (behind.status, behind.series("loss").value)
        assert ["old", "outside"] == repo.run("a").tags
        assert repo.fsck().ok

    def test_a_disk_that_refuses_midway_changes_nothing(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the head of the second run cannot be made, the first is as it was.

        Seen to fail without the removal of the heads that were made already.
        """
        before = heads(repo)
        add = HeadFolder.add

        def refuse(self: HeadFolder, run: str, *args: object) -> None:
            if run == "b":
                raise OSError(28, "full")
            add(self, run, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(HeadFolder, "add", refuse)
        with pytest.raises(StorageError):
            repo.note(["a", "b"], "x")

        assert before == heads(repo)

    def test_the_index_follows(self, repo: Repository) -> None:
        """Filters see an edit, a removal and an undo at once."""
        repo.tag("a", "x")
        found = [len(repo.runs("tags contains 'x'"))]
        repo.remove("a")
        found.append(len(repo.runs("tags contains 'x'")))
        repo.undo()
        found.append(len(repo.runs("tags contains 'x'")))
        repo.undo()
        found.append(len(repo.runs("tags contains 'x'")))

        assert [1, 0, 1, 0] == found
        assert {} == repo.check_index()


class TestRemove:
    def test_hides_and_brings_back(self, repo: Repository) -> None:
        """A removed run is in no list, and comes back as it was."""
        before = repo.run("a")
        assert ["a"] == repo.remove("a")
        assert ["b", "c"] == ids(repo)
        with pytest.raises(RunNotFoundError, match="was removed"):
            repo.run("a")
        assert [("a", "run a", True)] == [(one.id, one.name, one.here) for one in repo.removed()]
        repo.restore_removed("run a")

        assert before.manifest == repo.run("a").manifest
        assert before.heads == repo.run("a").heads
        assert [] == repo.removed()
        assert repo.fsck().ok

    def test_all_or_none(self, repo: Repository) -> None:
        """Where one run is going on or unknown, none is removed."""
        live = repo.start_run(id="live")
        with pytest.raises(InvalidValueError, match="still going on"):
            repo.remove(["a", "live"])
        with pytest.raises(RunNotFoundError):
            repo.remove(["a", "nobody"])
        live.finish()

        assert ["a", "b", "c", "live"] == ids(repo)

    def test_a_bundle_does_not_bring_it_back(self, repo: Repository, tmp_path: Path) -> None:
        """Importing what was removed leaves it so, and says it; restoring still works.

        Seen to fail when the import did not ask what was put aside.
        """
        repo.note("a", "an edit")
        repo.export("a", tmp_path / "x.zip")
        repo.remove("a")
        done = repo.import_(tmp_path / "x.zip")

        assert (["a"], [], []) == (done.removed, done.new, done.known)
        assert ["b", "c"] == ids(repo)
        assert ["a"] == repo.restore_removed("a")

    def test_a_bundle_with_a_newer_state_does(self, repo: Repository, tmp_path: Path) -> None:
        """An edit made elsewhere beats a removal: nobody's work is hidden by it."""
        repo.export("a", tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other")
        other.import_(tmp_path / "x.zip")
        other.note("a", "look at this")
        other.export("a", tmp_path / "y.zip")
        repo.remove("a")
        repo.import_(tmp_path / "y.zip")

        assert "look at this" == repo.run("a").note
        assert repo.fsck().ok

    def test_the_id_stays_taken(self, repo: Repository) -> None:
        """A new run does not get the id of a removed one, which may come back."""
        repo.remove("a")
        for resume in (None, "allow", "must"):
            with pytest.raises(InvalidValueError, match="was removed"):
                repo.start_run(id="a", resume=resume)

        assert ["b", "c"] == ids(repo)

    def test_removed_edited_elsewhere_and_removed_again(self, repo: Repository) -> None:
        """A run with several removed states comes back with the latest of them."""
        repo.remove("a")
        repo.restore_removed("a")
        repo.note("a", "later")
        repo.remove("a")
        repo.restore_removed("a")

        assert "later" == repo.run("a").note
        assert 1 == len(repo.run("a").heads)

    def test_an_undone_edit_does_not_come_back_with_the_run(self, repo: Repository) -> None:
        """Restoring brings back the state that was removed, not one that was undone before.

        Seen to fail when undone and removed states were kept in one folder.
        """
        repo.note("a", "slip")
        repo.undo()
        repo.remove("a")
        repo.restore_removed("a")

        assert repo.run("a").note is None

    def test_repair_does_not_bring_it_back(self, repo: Repository, tmp_path: Path) -> None:
        """A copy that still has the run is no reason to mend its removal away."""
        shutil.copytree(repo.root, tmp_path / "copy")
        repo.remove("a")
        report = repo.fsck(repair_from=tmp_path / "copy")

        assert report.ok
        assert ["b", "c"] == ids(repo)


class TestShelf:
    @pytest.fixture
    def shelved(self, repo: Repository) -> Repository:
        """Return the repository in git, with the run ``a`` committed before and behind an edit."""
        git(repo, "init", "-q")
        repo.commit(["a"], "a")
        repo.note("a", "edited")
        repo.commit(["a"], "a again")
        return repo

    def test_does_not_bring_a_run_back(self, shelved: Repository) -> None:
        """Neither the last nor an earlier state of a removed run is taken in from the shelf.

        Seen to fail when only the last state was put aside.
        """
        shelved.remove("a")
        shutil.rmtree(shelved.store.layout.adopted, ignore_errors=True)

        assert ["b", "c"] == ids(shelved)
        assert ["b", "c"] == ids(shelved)
        assert "" == git(shelved, "status", "--porcelain")

    def test_does_not_bring_an_undone_edit_back(self, shelved: Repository) -> None:
        """An edit that was committed and undone stays undone here, and in git as it was."""
        shelved.undo()
        shutil.rmtree(shelved.store.layout.adopted, ignore_errors=True)
        again = vcs_track.open(shelved.root)

        assert again.run("a").note is None
        again.redo()
        assert "edited" == again.run("a").note

    def test_an_edit_on_another_branch_brings_it_back(self, shelved: Repository) -> None:
        """Removed here, edited on another branch: after the merge the edit is there."""
        copy = shelved.root.parent / "copy"
        git(shelved, "clone", "-q", str(shelved.root), str(copy))
        other = vcs_track.open(copy)
        other.tag("a", "theirs")
        other.commit(["a"], "their tag")
        shelved.remove("a")
        git(shelved, "pull", "-q", "--no-rebase", str(copy), "HEAD")

        assert ["old", "theirs"] == vcs_track.open(shelved.root).run("a").tags
        assert vcs_track.open(shelved.root).fsck().ok
        kinds = [move.kind for move in shelved.reflog("a")]
        assert ["adopt", "remove"] == kinds[:2]

    def test_edits_on_two_branches_merge_and_are_in_the_reflog(self, shelved: Repository) -> None:
        """A note of one branch and tags of the other are both on the run, and both are listed."""
        copy = shelved.root.parent / "copy"
        git(shelved, "clone", "-q", str(shelved.root), str(copy))
        other = vcs_track.open(copy)
        other.note("a", "theirs")
        other.tag("a", "t")
        other.commit(["a"], "their edits")
        shelved.untag("a", "old")
        shelved.color("a", "00ff00")
        shelved.commit(["a"], "our edits")
        git(shelved, "pull", "-q", "--no-rebase", "--no-edit", str(copy), "HEAD")
        again = vcs_track.open(shelved.root)
        run = again.run("a")
        told = {oid for move in again.reflog("a") for oid in move.new}

        assert ("theirs", ["t"], "00ff00") == (run.note, run.tags, run.color)
        assert 2 == len(run.heads)
        assert {*run.heads} <= told
        assert {head.notes for head in run.history} == {None, "edited", "theirs"}


class TestUndo:
    def test_any_number_of_times(self, repo: Repository) -> None:
        """Undo goes back step by step to the beginning, and redo forth to the end."""
        states = [heads(repo)]
        for act in (
            lambda: repo.note("a", "1"),
            lambda: repo.tag(["a", "b"], "x"),
            lambda: repo.remove(["b", "c"]),
            lambda: repo.restore_removed("c"),
            lambda: repo.status("c", "failed"),
        ):
            act()
            states.append(heads(repo))
        back, forth = [], []
        for _ in range(5):
            repo.undo()
            back.append(heads(repo))
        for _ in range(5):
            repo.redo()
            forth.append(heads(repo))

        assert states[-2::-1] == back
        assert states[1:] == forth
        assert repo.fsck().ok

    def test_several_at_once_or_none(self, repo: Repository) -> None:
        """More than there is to take back is refused, and nothing is changed."""
        repo.note("a", "1")
        repo.note("a", "2")
        with pytest.raises(InvalidValueError, match="2 commands, not 3"):
            repo.undo(3)
        assert "2" == repo.run("a").note
        taken = repo.undo(2)

        assert 2 == len(taken)
        assert repo.run("a").note is None
        with pytest.raises(InvalidValueError, match="nothing to undo"):
            repo.undo()

    def test_dry_run_changes_nothing(self, repo: Repository) -> None:
        """What would be taken back is told, in order."""
        repo.note("a", "1")
        repo.tag("b", "x")
        before = heads(repo)
        taken = repo.undo(2, dry_run=True)

        assert [("b",), ("a",)] == [one.runs for one in taken]
        assert before == heads(repo)
        assert 2 == len(repo.undo(2))

    def test_a_new_edit_ends_redo(self, repo: Repository) -> None:
        """What was undone cannot be redone behind another edit."""
        repo.note("a", "1")
        repo.undo()
        repo.note("b", "2")
        with pytest.raises(InvalidValueError, match="nothing to redo"):
            repo.redo()

        assert repo.run("a").note is None

    def test_leaves_what_was_recorded_alone(self, repo: Repository) -> None:
        """A run that ends behind an edit is not hidden by an undo of that edit."""
        repo.note("a", "1")
        with repo.start_run(id="d"):
            pass
        repo.undo()

        assert repo.run("a").note is None
        assert "d" in ids(repo)

    def test_refuses_what_was_changed_since(self, repo: Repository) -> None:
        """Where somebody went on with a run, an older edit of it is not taken back."""
        repo.note("a", "1")
        with repo.start_run(id="a", resume="must") as run:
            run.add_scalar("loss", 7, 1)
        before = heads(repo)
        with pytest.raises(InvalidValueError, match="has changed since"):
            repo.undo()

        assert before == heads(repo)

    def test_an_import(self, repo: Repository, tmp_path: Path) -> None:
        """Undoing an import hides the runs that came with it; other runs stay."""
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other").with_defaults(capture_git=False)
        other.start_run("theirs", id="t").finish()
        other.export("t", tmp_path / "t.zip")
        repo.import_(tmp_path / "t.zip")
        repo.undo()
        assert ["a", "b", "c"] == ids(repo)
        assert ["t"] == [run.id for run in repo.removed()]
        repo.redo()

        assert ["a", "b", "c", "t"] == ids(repo)

    def test_a_lost_log_costs_undo_only(self, repo: Repository) -> None:
        """Without the log there is nothing to undo, and everything else works."""
        repo.note("a", "1")
        repo.remove("b")
        repo.store.log.path.unlink()
        with pytest.raises(InvalidValueError, match="nothing to undo"):
            repo.undo()
        repo.restore_removed("b")

        assert ["a", "b", "c"] == ids(repo)
        assert ["edit", "record"] == [move.kind for move in repo.reflog("a")]


class TestReflog:
    def test_has_every_move(self, repo: Repository) -> None:
        """Record, edit, removal and undo are there, the newest first, heads joined."""
        repo.note("a", "1")
        repo.remove("a")
        repo.undo()
        moves = repo.reflog("a")

        assert ["undo", "remove", "edit", "record"] == [move.kind for move in moves]
        assert all(newer.old == older.new for newer, older in pairwise(moves))
        assert moves[0].of == moves[1].operation

    def test_of_a_removed_run(self, repo: Repository) -> None:
        """A removed run still has its moves, by id or name; an unknown one is an error."""
        repo.remove("a")

        assert "remove" == repo.reflog("a")[0].kind
        assert "remove" == repo.reflog("run a")[0].kind
        with pytest.raises(RunNotFoundError):
            repo.reflog("nobody")

    def test_edits_of_two_clones_are_both_there(self, repo: Repository, tmp_path: Path) -> None:
        """Concurrent edits merge, and the reflog shows both states."""
        repo.export("a", tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other")
        other.import_(tmp_path / "x.zip")
        other.note("a", "theirs")
        repo.color("a", "00ff00")
        other.export("a", tmp_path / "y.zip")
        repo.import_(tmp_path / "y.zip")
        run = repo.run("a")
        told = {oid for move in repo.reflog("a") for oid in move.new}

        assert ("theirs", "00ff00") == (run.note, run.color)
        assert 2 == len(run.heads)
        assert set(run.heads) <= told


class TestCleanUp:
    def test_keeps_a_removed_run_for_a_grace(self, repo: Repository) -> None:
        """Until a grace after the removal no clean-up calls the packs dead.

        Seen to fail when the clean-up did not look at what was put aside.
        """
        age(repo, 8 * WEEK)
        repo.remove("a")
        first = repo.gc().packs
        age(repo, 1.9 * WEEK)
        second = repo.gc().packs
        age(repo, 0.2 * WEEK)
        third = repo.gc().packs
        repo.restore_removed("a")

        assert ((), (), ["waiting"]) == (first, second, [pack.state for pack in third])
        assert ["a", "b", "c"] == ids(repo)
        assert repo.fsck().ok

    def test_takes_it_then(self, repo: Repository) -> None:
        """After the graces its packs are gone, it cannot come back, and says why."""
        before = len(repo.store.home.packs.packs)
        repo.remove("a")
        for _ in range(4):
            age(repo, 3 * WEEK)
            repo.gc()
        again = vcs_track.open(repo.root)

        assert before - 1 == len(again.store.home.packs.packs)
        assert [("a", False)] == [(one.id, one.here) for one in again.removed()]
        with pytest.raises(ObjectNotFoundError, match="cannot be brought back"):
            again.restore_removed("a")
        with pytest.raises(ObjectNotFoundError):
            again.undo()
        assert ["b", "c"] == ids(again)
        assert again.fsck().ok

    def test_gives_back_what_is_in_the_trash(self, repo: Repository) -> None:
        """A run whose packs wait in the trash comes back with them."""
        repo.remove("a")
        age(repo, 3 * WEEK)
        repo.gc()
        age(repo, 3 * WEEK)
        assert repo.gc().of("moved")
        repo.restore_removed("a")

        assert 0.0 == repo.run("a").series("loss").value[0]
        assert repo.fsck().ok

    def test_an_undone_edit_goes_too(self, repo: Repository) -> None:
        """A state that was undone is needed for a grace, and garbage then."""
        repo.note("a", "slip")
        repo.undo()
        for _ in range(4):
            age(repo, 3 * WEEK)
            repo.gc()
        with pytest.raises(ObjectNotFoundError):
            repo.redo()

        assert ["a", "b", "c"] == ids(repo)
        assert vcs_track.open(repo.root).fsck().ok


def git(repo: Repository, *args: str) -> str:
    """Run git beside the runs and return what it printed."""
    done = subprocess.run(
        ["git", *args], cwd=repo.root, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def test_a_removal_is_fast(repo: Repository) -> None:
    """Removing a hundred runs takes seconds at most."""
    for n in range(100):
        repo.start_run(id=f"x{n}").finish()
    start = time.monotonic()
    repo.remove([f"x{n}" for n in range(100)])

    assert 10 > time.monotonic() - start
    assert ["a", "b", "c"] == ids(repo)


class TestFullCheck:
    def test_names_what_cannot_come_back(self, repo: Repository) -> None:
        """A full check tells removed runs that were cleaned up, and that is no damage."""
        repo.remove("a")
        assert [] == repo.fsck(full=True).lost_removals
        for _ in range(4):
            age(repo, 3 * WEEK)
            repo.gc()
        report = vcs_track.open(repo.root).fsck(full=True)

        assert (["a"], True) == (report.lost_removals, report.ok)

    def test_looks_into_the_trash(self, repo: Repository) -> None:
        """Damage of a pack in the trash is found by a full check only.

        Seen to fail when the trash was not looked through.
        """
        repo.remove("a")
        age(repo, 3 * WEEK)
        repo.gc()
        age(repo, 3 * WEEK)
        (pack,) = repo.gc().of("moved")
        (path,) = repo.store.layout.trash.rglob(pack.name)
        data = bytearray(path.read_bytes())
        data[60] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
        again = vcs_track.open(repo.root)

        assert again.fsck().ok
        assert [f"trash {pack.name}"] == sorted({
            " ".join(one["where"].split()[:2]) for one in again.fsck(full=True).problems
        })  # fmt: skip
