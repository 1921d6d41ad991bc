"""Tests of ``vcs_track.porcelain.diffing``: which runs are compared, and runs of every state."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from unit.porcelain.diff.made import Counting
from unit.porcelain.test_bundle import damage, drop_blobs
from work_trees.places import git

import vcs_track
from vcs_track.errors import (
    AmbiguousRunError,
    CorruptError,
    InvalidTypeError,
    InvalidValueError,
    RunNotFoundError,
)
from vcs_track.porcelain.diff import Course, TextChange, diff
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository
    from vcs_track.porcelain.pairing import Pair


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository outside of git."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


@pytest.fixture
def coded(tmp_path: Path) -> Repository:
    """Return an empty repository beside a first commit."""
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "one")
    return vcs_track.init(tmp_path)


def commit(folder: Path, text: str) -> None:
    """Commit a program."""
    (folder / "train.py").write_text(f"{text}\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "-q", "-m", text)


def make(repo: Repository, name: str, **results: Any) -> None:
    """Make a finished run with these results."""
    with repo.start_run(name, id=name, cwd=repo.root) as run:
        run.write_result(**results)


def names(pair: Pair) -> tuple[str, str]:
    """Return the names of both runs."""
    return pair.old.name, pair.new.name


class TestTwo:
    def test_names_and_ranges(self, repo: Repository) -> None:
        """Two names, or one text with two dots; a side left out is the newest run."""
        for name in "abc":
            make(repo, name)

        assert ("a", "b") == names(repo.pair("a", "b")) == names(repo.pair("a..b"))
        assert ("a", "c") == names(repo.pair("a.."))
        assert ("c", "a") == names(repo.pair("..a"))
        assert ("c", "c") == names(repo.pair(".."))
        assert "" == repo.pair("a", "b").why

    def test_names_with_dots(self, repo: Repository) -> None:
        """A run whose name has two dots is found by it, and on both sides of a range."""
        for name in ("a", "v1..2", "x..y..z"):
            repo.start_run(name).finish()

        assert ("a", "v1..2") == names(repo.pair("v1..2"))
        with pytest.raises(RunNotFoundError, match="no run before"):
            repo.pair("a")
        assert ("v1..2", "a") == names(repo.pair("v1..2..a"))
        assert ("a", "x..y..z") == names(repo.pair("a..x..y..z"))

    def test_the_past_of_a_run(self, repo: Repository) -> None:
        """``RUN@{n}`` is a run as it was n edits ago, and ``@{-n}`` the run n before."""
        make(repo, "a")
        make(repo, "b")
        repo.edit("a", notes="later")

        assert [("label", "note", None, "later")] == [
            (c.kind, c.name, c.old, c.new) for c in repo.diff("a@{1}", "a")
        ]
        assert ("a", "b") == names(repo.pair("@{-1}..@"))

    def test_runs_of_two_names(self, repo: Repository) -> None:
        """A name that several runs have is refused, with all of them."""
        for run_id in ("r1", "r2"):
            repo.start_run("same", id=run_id).finish()

        with pytest.raises(AmbiguousRunError, match="same"):
            repo.diff("same", "r1")

    @pytest.mark.parametrize("specs", [(), ("a", "a", "a")])
    def test_one_or_two(self, specs: tuple[str, ...], repo: Repository) -> None:
        """No run and three runs are no pair."""
        make(repo, "a")
        with pytest.raises(InvalidValueError, match=f"got {len(specs)}"):
            repo.pair(*specs)

    @pytest.mark.parametrize("text", ["nope", "nope..a", "a..nope", "a...b", "", "a..b..c"])
    def test_unknown(self, text: str, repo: Repository) -> None:
        """A side that is no run is told, in a range too."""
        make(repo, "a")
        with pytest.raises((RunNotFoundError, InvalidValueError)):
            repo.pair(text)


class TestOne:
    def test_the_best_of_the_parent_commit(self, coded: Repository) -> None:
        """One run is compared with the best run of the parent commit by its main number.

        Seen to fail when the newest run of that commit was taken.
        """
        for name, acc in (("low", 0.1), ("best", 0.9), ("other", 0.5)):
            make(coded, name, acc=acc)
        commit(coded.root, "two")
        make(coded, "sibling", acc=1.0)
        make(coded, "new", acc=0.8)
        pair = coded.pair("new")

        assert ("best", "new") == names(pair)
        assert pair.why.startswith("the best run of the parent commit ")
        assert pair.why.endswith(" by acc")

    def test_lower_is_better_for_a_loss(self, coded: Repository) -> None:
        """The name of the number says which way is good."""
        for name, loss in (("high", 0.9), ("best", 0.1), ("nan", math.nan)):
            make(coded, name, loss=loss)
        commit(coded.root, "two")
        make(coded, "new", loss=0.8)

        assert ("best", "new") == names(coded.pair("@"))

    def test_a_run_that_finished_goes_first(self, coded: Repository) -> None:
        """A better number of a run that failed is no measure."""
        make(coded, "done", acc=0.5)
        with coded.start_run("failed", cwd=coded.root) as run:
            run.set_summary(acc=0.9)
            run.finish("failed")
        commit(coded.root, "two")
        make(coded, "new", acc=0.8)

        assert ("done", "new") == names(coded.pair("new"))

    @pytest.mark.parametrize("results", [{}, {"n": 1}])
    def test_else_the_run_before(self, results: dict[str, Any], coded: Repository) -> None:
        """Without a number that is good one way, it is the run before."""
        make(coded, "a", acc=1)
        make(coded, "b", **results)
        commit(coded.root, "two")
        make(coded, "new", **results)
        pair = coded.pair("new")

        assert ("b", "new", "the run before it") == (*names(pair), pair.why)

    def test_the_first_run(self, coded: Repository) -> None:
        """The first run has nothing to be compared with, and the hint says what to do."""
        make(coded, "a", acc=1)

        with pytest.raises(RunNotFoundError, match="no run before 'a'") as caught:
            coded.pair("a")
        assert "name two runs" in (caught.value.hint or "")

    def test_a_commit_that_is_not_here(self, coded: Repository, tmp_path: Path) -> None:
        """A run whose commit git has not got is compared with the run before it."""
        make(coded, "a", acc=1)
        make(coded, "b", acc=2)
        shutil.rmtree(tmp_path / ".git")
        bare = vcs_track.open(tmp_path)

        assert ("a", "b") == names(bare.pair("b"))


class TestBundle:
    def zipped(self, repo: Repository, path: Path) -> Path:
        """Export two runs, and remove one of them from what is here."""
        for name, lr in (("a", 1), ("b:c", 2)):
            with repo.start_run(name, hparams={"lr": lr}) as run:
                run.add_scalar("loss", lr, 0)
        return repo.export(["a", "b:c"], path)

    def test_a_run_is_read_in_place(self, repo: Repository, tmp_path: Path) -> None:
        """A run of a zip is compared with one of the repository; nothing is imported.

        Seen to fail when the bundle was imported first.
        """
        path = self.zipped(repo, tmp_path / "x.zip")
        other = vcs_track.init(tmp_path / "other")
        other.start_run("here", hparams={"lr": 1}).finish()
        before = [*other.store.home.objects]
        found = other.diff(f"{path}:b:c", "here", only="hparams,series")

        assert [("lr", 2, 1), ("loss", Course(1, 2, 2, 2, 2, 0, 0), None)] == [
            (c.name, c.old, c.new) for c in found
        ]
        assert [] == repo.diff(f"{path}:a", "a")
        assert before == [*other.store.home.objects]
        assert ["here"] == [run.name for run in other.runs()]

    def test_both_sides(self, repo: Repository, tmp_path: Path) -> None:
        """Both may be runs of bundles, in one text too, and by any path."""
        path = self.zipped(repo, tmp_path / "a.b..c.zip")

        assert ("a", "b:c") == names(repo.pair(f"{path}:a..{path}:b:c"))
        assert ("a", "b:c") == names(repo.pair(f"{path}:a", f"{path}:b:c"))

    def test_the_only_run_needs_no_name(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle of one run stands for it; one of several is refused, with their names."""
        path = self.zipped(repo, tmp_path / "x.zip")
        one = repo.export("a", tmp_path / "one.zip")

        assert [] == repo.diff(str(one), f"{one}:")
        with pytest.raises(InvalidValueError, match=r"'x\.zip' has 2 runs") as caught:
            repo.diff(str(path), "a")
        assert "'b:c'" in (caught.value.hint or "")

    def test_unknown(self, repo: Repository, tmp_path: Path) -> None:
        """A missing file and a missing run are told apart."""
        path = self.zipped(repo, tmp_path / "x.zip")

        with pytest.raises(InvalidValueError, match=r"there is no bundle 'y\.zip'"):
            repo.diff("y.zip:a", "a")
        with pytest.raises(RunNotFoundError, match=r"no run matches 'nope' in 'x\.zip'"):
            repo.diff(f"{path}:nope", "a")
        with pytest.raises(InvalidValueError, match="there is no bundle"):
            repo.diff("a\0.zip:a", "a")

    def test_a_file_that_is_no_bundle(self, repo: Repository, tmp_path: Path) -> None:
        """Other bytes are refused as they are by an import."""
        make(repo, "a")
        (tmp_path / "x.zip").write_bytes(b"PK\3\4 no zip")

        with pytest.raises(CorruptError):
            repo.diff(f"{tmp_path}/x.zip:a", "a")

    def test_a_changed_byte_is_seen(self, repo: Repository, tmp_path: Path) -> None:
        """Objects of a bundle are checked against their ids when they are read."""
        path = self.zipped(repo, tmp_path / "x.zip")
        data = bytearray(path.read_bytes())
        for at in range(len(data)):
            data[at] ^= 1
            path.write_bytes(data)
            data[at] ^= 1
            if at % 97:
                continue
            try:
                found = repo.diff(f"{path}:a", "a")
            except (CorruptError, RunNotFoundError, InvalidValueError):
                continue

            assert [] == found or found.notes

    def test_of_another_object_format(self, repo: Repository, tmp_path: Path) -> None:
        """Where ids are of two hashes, bytes are compared, and inputs are noted.

        Seen to fail when other ids were always other bytes.
        """
        (tmp_path / "data.csv").write_text("1")
        other = vcs_track.init(tmp_path / "other", object_format="xxh128")
        for place, last in ((repo, "x"), (other.with_defaults(capture_git=False), "y")):
            with place.start_run("r", id="r", hparams={"lr": 1}, inputs=[tmp_path / "data.csv"],
                                 command=["x"], cwd=tmp_path) as run:  # fmt: skip
                run.add_scalar("loss", 1.0, 0)
                run.add_text("same", step=0, tag="t")
                run.add_text(last, step=1, tag="t")
                run.add_image(Image.new("L", (2, 2)), step=0, tag="i")
        path = other.export("r", tmp_path / "x.zip")
        found = repo.diff(f"{path}:r", "r")

        assert [("text", "t @ 1"), ("command", "cwd")] == [(c.kind, c.name) for c in found]
        assert any(note.endswith("nobody knows whether it differs") for note in found.notes)

    def test_a_run_goes_before_a_file(self, repo: Repository, tmp_path: Path) -> None:
        """A run whose name looks like that of a bundle is still the run."""
        path = self.zipped(repo, tmp_path / "x.zip")
        repo.start_run(f"{path}:a", id="odd").finish()

        assert "odd" == repo.pair(f"{path}:a", "a").old.id


class TestStates:
    def test_a_live_run_as_of_now(self, repo: Repository) -> None:
        """A run that is still open is compared with what it has so far."""
        make(repo, "a")
        with repo.start_run("b", id="b") as run:
            run.add_scalar("x", 1.0, 0)
            first = repo.diff("a", "b", only="series")
            run.add_scalar("x", 2.0, 1)
            second = repo.diff("a", run, only="series")
            same = repo.diff(run, "b")

        assert [1, 2] == [found[0].new.count for found in (first, second)]
        assert [] == same

    def test_a_live_run_against_its_twin(self, repo: Repository) -> None:
        """Points of a journal and of chunks are compared as points."""
        runs = [repo.start_run(name, id=name) for name in "ab"]
        for step in range(40_000):
            for run in runs:
                run.add_scalar("x", step / 3, step)
        runs[0].finish()
        equal = repo.diff("a", "b", only="series")
        runs[1].add_scalar("x", 0.5, 40_000)
        (change,) = repo.diff("a", "b", only="series")
        runs[1].finish()

        assert [] == equal
        assert (40_000, 0.0) == (change.to_dict()["parts_at"], change.to_dict()["gap"])

    def test_repetitions_and_resumed_runs(self, repo: Repository) -> None:
        """Sealed in parts or at once: equal points are equal."""
        for name in "ab":
            run = repo.start_run(name, id=name)
            for step in range(10):
                if step == 5:
                    if name == "b":
                        run.finish()
                        run = repo.start_run(id=name, resume="must")
                    run.new_repetition()
                run.add_scalar("x", float(step), step)
            run.finish()

        assert [] == repo.diff("a", "b", only="series")

    def test_missing_blobs_are_noted(self, repo: Repository) -> None:
        """Bytes that are not here: the change is told by its ids, and a note says so."""
        for name in "ab":
            with repo.start_run(name, id=name) as run:
                for step in range(5):
                    run.add_image(Image.new("L", (2, 2), step + ord(name)), step=step, tag="i")
        drop_blobs(repo)
        found = vcs_track.open(repo.root).diff("a", "b", only="media")

        assert 5 == len(found)
        assert (None, None) == (found[0].pixels(), found[0].picture())  # type: ignore[attr-defined]
        assert (
            "run 'a' lacks the bytes of 5 of its items: 'i @ 0', 'i @ 1', 'i @ 2', ...",
            "run 'b' lacks the bytes of 5 of its items: 'i @ 0', 'i @ 1', 'i @ 2', ...",
        ) == found.notes

    def test_a_damaged_column_is_noted(self, repo: Repository) -> None:
        """A chunk that cannot be read: the change stands without its points, with a note."""
        for name in "ab":
            with repo.start_run(name, id=name) as run:
                run.add_scalar("x", float(ord(name)), 0)
        damage(repo, repo.run("a").series("x").chunks[0]["value"])
        (change,) = found = vcs_track.open(repo.root).diff("a", "b", only="series")

        assert (97.0, 98.0, None) == (change.old.last, change.new.last, change.to_dict()["gap"])
        assert found.notes[0].startswith("series 'x' was not compared point by point: ")

    def test_runs_without_code(self, coded: Repository) -> None:
        """A run that captured no code is noted, and is no error."""
        make(coded, "a")
        make(coded.with_defaults(capture_git=False), "b")

        assert ("run 'b' has no code to compare",) == coded.diff("a", "b").notes
        assert () == coded.diff("a", "b", code=False).notes

    def test_many_hyperparameters(self, repo: Repository) -> None:
        """Ten thousand settings of which one differs give one change."""
        settings = {f"layer{n}.{k}": n * k for n in range(100) for k in range(100)}
        repo.start_run("a", hparams=settings).finish()
        repo.start_run("b", hparams={**settings, "layer7.7": "x"}).finish()

        assert [("layer7.7", 49, "x")] == [
            (c.name, c.old, c.new) for c in repo.diff("a", "b", only="hparam")
        ]

    def test_binary_text(self, repo: Repository, tmp_path: Path) -> None:
        """Bytes that are no text are a change without lines."""
        for name in "ab":
            with repo.start_run(name, id=name) as run:
                run.add_text(f"\0{name}", step=0, tag="t")
        (change,) = repo.diff("a", "b", only="texts")

        assert isinstance(change, TextChange)
        assert ([], None) == (change.lines(), change.counts())

    def test_no_run(self, repo: Repository) -> None:
        """What is no run is refused by its type."""
        make(repo, "a")
        with pytest.raises(InvalidTypeError, match="run"):
            repo.diff("a", 3)  # type: ignore[arg-type]


class TestMany:
    def test_groups_by_name_filter_and_list(self, repo: Repository) -> None:
        """A side is a group, a filter, or runs."""
        for n, group in enumerate(["g", "g", "h", "h"]):
            with repo.start_run(f"r{n}", group=group) as run:
                run.write_result(acc=float(n))
        by_name = repo.diff_groups("g", "h", only="results")

        assert (0.5, 2.5) == (by_name[0].old.mean, by_name[0].new.mean)
        assert list(by_name) == list(repo.diff_groups("group = g", "group = h", only="results"))
        assert list(by_name) == list(repo.diff_groups("r0,r1", ["r2", "r3"], only="results"))
        assert ("g", "h") == by_name.names
        with pytest.raises(RunNotFoundError):
            repo.diff_groups("g", "nope")

    def test_matrix_of_runs_and_bundles(self, repo: Repository, tmp_path: Path) -> None:
        """Runs may be given by any name, a run of a bundle too."""
        for n, name in enumerate("abc"):
            repo.start_run(name, hparams={"n": n}).finish()
        path = repo.export("b", tmp_path / "x.zip")
        found = repo.matrix(["a", f"{path}:b", repo.run("c")], only="hparams")

        assert [("n", (0, 1, 2))] == [(row.name, row.values) for row in found]


class TestCost:
    def test_equal_runs_read_their_manifests_only(self, coded: Repository) -> None:
        """Of two runs that did the same nothing is read but lists of what was logged when.

        Seen to fail when the texts of both were read to compare them.
        """
        for name in "ab":
            with coded.start_run(name, id=name, hparams={"lr": 1}, cwd=coded.root) as run:
                run.add_scalar("x", 1.0, 0, walltime=5.0)
                run.add_text("same", step=0, tag="t")
        objects = Counting()
        for oid in coded.store.home.objects:
            objects.add(coded.store.home.objects.read(oid))
        sides = [RunView(coded.run(name).manifest, objects) for name in "ab"]
        objects.reads.clear()

        assert [] == diff(*sides, store=coded.store)
        assert [side.manifest.media for side in sides] == objects.reads

    def test_equal_runs_load_little(self, repo: Repository) -> None:
        """Neither git nor images nor what is for many runs is loaded to find two runs equal.

        Seen to fail when the package loaded all that is in it.
        """
        for name in "ab":
            repo.start_run(name, id=name, hparams={"lr": 1}).finish()
        script = (
            "import sys, vcs_track\n"
            f"assert [] == vcs_track.open({str(repo.root)!r}).diff('a', 'b')\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
        package = "vcs_track.porcelain.diff"

        assert f"{package}.walk" in done.stdout.split()
        assert set() == set(done.stdout.split()) & {
            "PIL", "subprocess", "difflib", *(f"{package}.{name}" for name in ("groups", "code")),
        }  # fmt: skip
