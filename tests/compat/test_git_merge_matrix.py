"""Every kind of edit on one side merges with every kind on the other, by plain ``git merge``."""

from __future__ import annotations

import shutil
import subprocess
import time
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.porcelain.gc import gc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import Repository

    Step = Callable[[Repository, str], None]

DAY_US = 86_400_000_000
CODE = "".join(f"line_{n} = {n}\n" for n in range(20))


def git(folder: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def new_run(repo: Repository, side: str) -> None:
    """Record a run of this side's own."""
    record(repo, f"new-{side}")
    repo.commit([f"new-{side}"])


def same_run(repo: Repository, side: str) -> None:
    """Record a run whose id is that of a run of the other side."""
    with repo.start_run("twin", id="twin", hparams={"of": side}) as run:
        run.add_scalar("loss", 1.0, 0)
    repo.commit(["twin"])


def edit(left: dict[str, Any], right: dict[str, Any]) -> Step:
    """Return a step that edits and commits the base run, otherwise on each side."""

    def step(repo: Repository, side: str) -> None:
        repo.edit("base", **(left if side == "left" else right))
        repo.commit(["base"])

    return step


def resumed(repo: Repository, side: str) -> None:
    """Go on with the base run."""
    with repo.start_run(id="base", resume="must", capture_code=False) as run:
        run.add_scalar("loss", 0.25 if side == "left" else 0.125, 1)
    repo.commit(["base"])


def repetition(repo: Repository, side: str) -> None:
    """Repeat the base run."""
    with repo.start_run(id="base", resume="must", capture_code=False) as run:
        run.new_repetition()
        run.add_scalar("loss", 0.25 if side == "left" else 0.125, 0)
    repo.commit(["base"])


def code(repo: Repository, side: str) -> None:
    """Rename a file of the code on one side, change it on the other."""
    if side == "left":
        git(repo.root, "mv", "train.py", "model.py")
    else:
        (repo.root / "train.py").write_text(CODE + "more = 1\n")
    git(repo.root, "commit", "-qam", "code")


def packs_removed(repo: Repository, side: str) -> None:
    """Remove the packs from the branch by hand."""
    git(repo.root, "rm", "-q", "-r", "-f", ".runs/packs")
    git(repo.root, "commit", "-qm", "drop packs")


def head_removed(repo: Repository, side: str) -> None:
    """Remove the head of the base run from the branch by hand."""
    heads = git(repo.root, "ls-files", ".runs/heads/*/base.*").split()
    git(repo.root, "rm", "-q", "-f", *heads)
    git(repo.root, "commit", "-qm", "drop a head")


def repacked(repo: Repository, side: str) -> None:
    """Pack the store anew, then edit the run."""
    for days in (0, 4):
        gc(repo.store, now_us=time.time_ns() // 1000 + days * DAY_US)
    again = vcs_track.open(repo.root)
    again.edit("base", project=side)
    again.commit(["base"])


KINDS: dict[str, Step] = {
    "new run": new_run,
    "same run": same_run,
    "note": edit({"notes": "left"}, {"notes": "right"}),
    "same note": edit({"notes": "same"}, {"notes": "same"}),
    "tags": edit({"tags": ["kept", "left"]}, {"tags": ["kept", "right"]}),
    "colour": edit({"color": "ff0000"}, {"color": "00ff00"}),
    "name": edit({"name": "left"}, {"name": "right"}),
    "status": edit({"status": "failed"}, {"status": "killed"}),
    "results": edit({"results": {"best": 1, "left": 1}}, {"results": {"best": 2, "right": 2}}),
    "resumed": resumed,
    "repetition": repetition,
    "code": code,
    "packs removed": packs_removed,
    "head removed": head_removed,
    "repacked": repacked,
}
FIELDS = {
    "note": "notes", "same note": "notes", "colour": "color", "name": "name", "status": "status",
    "repacked": "project",
}  # fmt: skip
GOES_ON = ("resumed", "repetition")


def record(repo: Repository, name: str) -> None:
    """Record a run of this name and id."""
    with repo.start_run(name, id=name, hparams={"lr": 0.1}, tags=["kept", "dropped"]) as run:
        run.add_scalars({"loss": 0.5, "acc": 1}, step=0)


class Sides:
    """Clones with each kind of edit on each side, made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base"
        self.base.mkdir()
        git(self.base, "init", "-q")
        (self.base / "train.py").write_text(CODE)
        git(self.base, "add", "train.py")
        git(self.base, "commit", "-qm", "start")
        repo = vcs_track.init(self.base)
        record(repo, "base")
        repo.commit()

    def of(self, side: str, kind: str) -> Path:
        """Return the clone where *side* made an edit of this *kind*; not to be changed."""
        place = self.folder / side / kind
        if not place.exists():
            shutil.copytree(self.base, place, symlinks=True)
            KINDS[kind](vcs_track.open(place), side)
        return place


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Return the clones, those of the left side older than those of the right side."""
    found = Sides(tmp_path_factory.mktemp("sides"))
    for side in ("left", "right"):
        for kind in KINDS:
            found.of(side, kind)
    return found


def expected(left: str, right: str) -> dict[str, Any]:
    """Return what the rules of the format make of both edits; those of the right side are later."""
    found: dict[str, Any] = {"ids": {"base"}, "tags": {"kept", "dropped"}, "results": {}}
    for side, kind in (("left", left), ("right", right)):
        if kind in FIELDS:
            values = {
                "note": side, "same note": "same", "name": side, "repacked": side,
                "colour": "ff0000" if side == "left" else "00ff00",
                "status": "failed" if side == "left" else "killed",
            }  # fmt: skip
            found[FIELDS[kind]] = values[kind]
        elif kind == "new run":
            found["ids"].add(f"new-{side}")
        elif kind == "same run":
            found["ids"].add("twin")
        elif kind == "results":
            found["results"] |= {
                "best": 1 if side == "left" else 2,
                side: 1 if side == "left" else 2,
            }
    if "tags" in (left, right):
        found["tags"] = {"kept"} | {
            s for s, k in (("left", left), ("right", right)) if k == "tags"
        }
    return found


def check(places: list[Path], left: str, right: str) -> None:
    """Look that all *places* have the edits of both sides, whole and the same."""
    wanted = expected(left, right)
    states = []
    for place in places:
        assert "" == git(place, "status", "--porcelain")
        repo = vcs_track.open(place)
        assert [] == repo.fsck().problems
        states.append({run.id: run.manifest for run in repo.runs()})
        base = repo.run("base")
        assert wanted["ids"] == set(states[-1])
        assert (wanted["tags"], wanted["results"]) == (set(base.tags), base.manifest.results)
        for field in FIELDS.values():
            if field in wanted and not (field == "status" and {left, right} & set(GOES_ON)):
                assert wanted[field] == getattr(base.manifest, field)
        check_points(base, left, right)
    assert all(state == states[0] for state in states)


def check_points(base: Any, left: str, right: str) -> None:
    """Look that the points of a side that went on are there; of two sides those of one, told."""
    went_on = [value for value, kind in ((0.25, left), (0.125, right)) if kind in GOES_ON]
    values = base.series("loss").value
    if len(went_on) < 2:
        assert [0.5, *went_on] == values
    else:
        assert values in ([0.5, went_on[0]], [0.5, went_on[1]])
        assert any("scalars" in str(gap) for gap in base.manifest.gaps)


def merge(place: Path, other: Path) -> None:
    """Merge the branch of *other*."""
    git(place, "fetch", "-q", str(other), "main")
    git(place, "merge", "-q", "--no-edit", "FETCH_HEAD")


def merged_both_ways(sides: Sides, left: str, right: str, folder: Path) -> list[Path]:
    """Merge both sides in copies of both; return these, and a clone that saw neither before."""
    one, two = sides.of("left", left), sides.of("right", right)
    places = [folder / "one", folder / "two"]
    for place, mine, other in zip(places, (one, two), (two, one), strict=True):
        shutil.copytree(mine, place, symlinks=True)
        merge(place, other)
    if not {left, right} & {"packs removed", "head removed"}:
        git(folder, "clone", "-q", str(places[0]), "three")
        places.append(folder / "three")
    return places


# Each kind with itself, and with one that edits and one that adds.
SOME = [(left, right) for left, right in product(KINDS, KINDS) if left == right]
SOME += [(kind, "note") for kind in KINDS if kind != "note"]
SOME += [("resumed", kind) for kind in KINDS if kind not in ("note", "resumed")]
REST = [pair for pair in product(KINDS, KINDS) if pair not in SOME]


class TestMatrix:
    @pytest.mark.parametrize(("left", "right"), SOME)
    def test_some(self, sides: Sides, left: str, right: str, tmp_path: Path) -> None:
        """The merge is clean in both directions, and all places have one state, by the rules."""
        check(merged_both_ways(sides, left, right, tmp_path), left, right)

    @pytest.mark.slow
    @pytest.mark.parametrize(("left", "right"), REST)
    def test_rest(self, sides: Sides, left: str, right: str, tmp_path: Path) -> None:
        """The same for all other pairs."""
        check(merged_both_ways(sides, left, right, tmp_path), left, right)


class TestStories:
    """Longer histories than one merge of two sides."""

    def start(self, sides: Sides, folder: Path) -> Path:
        """Return a clone with the base run alone."""
        shutil.copytree(sides.base, folder / "work", symlinks=True)
        return folder / "work"

    def branch(self, root: Path, name: str, *kinds: str, side: str = "left") -> None:
        """Make a branch of ``main`` with edits of these kinds."""
        git(root, "switch", "-q", "-c", name, "main")
        for kind in kinds:
            KINDS[kind](vcs_track.open(root), side)

    def seen(self, root: Path, folder: Path) -> dict[str, Any]:
        """Return the runs that a new clone of *root* has, after a look at both."""
        git(folder, "clone", "-q", str(root), "clone")
        repo, clone = vcs_track.open(root), vcs_track.open(folder / "clone")

        assert [] == repo.fsck().problems == clone.fsck().problems
        assert "" == git(root, "status", "--porcelain")
        return {run.id: run.manifest for run in clone.runs()}

    def test_octopus(self, sides: Sides, tmp_path: Path) -> None:
        """Four branches merge at once."""
        root = self.start(sides, tmp_path)
        self.branch(root, "one", "note", "new run")
        self.branch(root, "two", "colour", "tags", side="right")
        self.branch(root, "three", "results")
        self.branch(root, "four", "new run", side="right")
        git(root, "switch", "-q", "main")
        git(root, "merge", "-q", "--no-edit", "one", "two", "three", "four")
        seen = self.seen(root, tmp_path)
        base = seen["base"]

        assert {"base", "new-left", "new-right"} == set(seen)
        assert ("left", "00ff00", ("kept", "right"), {"best": 1, "left": 1}) == (
            base.notes, base.color, base.tags, base.results,
        )  # fmt: skip

    @pytest.mark.parametrize("kind", ["note", "tags", "results", "resumed"])
    def test_criss_cross(self, sides: Sides, tmp_path: Path, kind: str) -> None:
        """Two clones that merge each other's edits crosswise, and edit on, end with one state."""
        one, two = (tmp_path / name for name in ("one", "two"))
        for place, side in ((one, "left"), (two, "right")):
            shutil.copytree(sides.of(side, kind), place, symlinks=True)
        for place, other in ((one, two), (two, one)):
            git(other, "branch", "before", "main")
            git(place, "fetch", "-q", str(other), "before")
            git(place, "merge", "-q", "--no-edit", "FETCH_HEAD")
        for place, field in ((one, "group"), (two, "job_type")):
            repo = vcs_track.open(place)
            repo.edit("base", **{field: place.name})
            repo.commit()
        for place, other in ((one, two), (two, one)):
            merge(place, other)
        states = [vcs_track.open(place).run("base").manifest for place in (one, two)]

        assert states[0] == states[1]
        assert ("one", "two") == (states[0].group, states[0].job_type)
        assert all(vcs_track.open(place).fsck().ok for place in (one, two))

    @pytest.mark.parametrize("way", ["rebase", "cherry-pick", "squash", "no-ff"])
    def test_moved_commits(self, sides: Sides, tmp_path: Path, way: str) -> None:
        """Commits of runs keep their runs, however they come to another branch."""
        root = self.start(sides, tmp_path)
        self.branch(root, "side", "note", "new run", "results")
        self.branch(root, "other", "colour", "new run", "tags", side="right")
        if way == "rebase":
            git(root, "rebase", "-q", "side")
        elif way == "cherry-pick":
            git(root, "cherry-pick", "main..side")
        elif way == "squash":
            git(root, "merge", "-q", "--squash", "side")
            git(root, "commit", "-qm", "squashed")
        else:
            git(root, "merge", "-q", "--no-ff", "--no-edit", "side")
        seen = self.seen(root, tmp_path)
        base = seen["base"]

        assert {"base", "new-left", "new-right"} == set(seen)
        assert ("left", "00ff00", ("kept", "right"), {"best": 1, "left": 1}) == (
            base.notes, base.color, base.tags, base.results,
        )  # fmt: skip

    def test_squashed_and_merged_again(self, sides: Sides, tmp_path: Path) -> None:
        """A branch that was squashed, grew, and is merged after all, brings no conflict."""
        root = self.start(sides, tmp_path)
        self.branch(root, "side", "note", "new run")
        git(root, "switch", "-q", "main")
        git(root, "merge", "-q", "--squash", "side")
        git(root, "commit", "-qm", "squashed")
        git(root, "switch", "-q", "side")
        KINDS["results"](vcs_track.open(root), "left")
        git(root, "switch", "-q", "main")
        git(root, "merge", "-q", "--no-edit", "side")
        base = self.seen(root, tmp_path)["base"]

        assert ("left", {"best": 1, "left": 1}) == (base.notes, base.results)

    @pytest.mark.parametrize("kind", ["new run", "note", "resumed"])
    def test_reverted(self, sides: Sides, tmp_path: Path, kind: str) -> None:
        """A commit of runs that is reverted leaves the branch; the clone keeps its runs.

        A clone made afterwards has what the branch has, and is whole.
        """
        root = self.start(sides, tmp_path)
        KINDS[kind](vcs_track.open(root), "left")
        mine = {run.id: run.manifest for run in vcs_track.open(root).runs()}
        git(root, "revert", "--no-edit", "HEAD")
        seen = self.seen(root, tmp_path)
        before = vcs_track.open(sides.base).run("base").manifest

        assert {"base": before} == seen
        assert mine == {run.id: run.manifest for run in vcs_track.open(root).runs()}

    @pytest.mark.parametrize("kind", ["note", "new run", "resumed", "code"])
    def test_reverted_on_one_side(self, sides: Sides, tmp_path: Path, kind: str) -> None:
        """A commit that one side reverts and the other builds on merges, and nothing is torn."""
        root = self.start(sides, tmp_path)
        KINDS["tags"](vcs_track.open(root), "left")
        self.branch(root, "side", kind)
        git(root, "switch", "-q", "main")
        git(root, "revert", "--no-edit", "HEAD")
        git(root, "merge", "-q", "--no-edit", "side")
        repo = vcs_track.open(root)

        assert [] == repo.fsck().problems
        assert ["kept", "left"] == repo.run("base").tags

    def test_renamed_folder(self, sides: Sides, tmp_path: Path) -> None:
        """Where one side moves the whole code into a folder, runs of the other stay in place."""
        root = self.start(sides, tmp_path)
        self.branch(root, "side", "new run", "note")
        self.branch(root, "other")
        (root / "src").mkdir()
        git(root, "mv", "train.py", "src/train.py")
        git(root, "commit", "-qm", "move")
        git(root, "merge", "-q", "--no-edit", "side")

        assert {"base", "new-left"} == set(self.seen(root, tmp_path))
        assert not (root / "src" / ".runs").exists()

    @pytest.mark.parametrize("strategy", ["ort", "resolve", "recursive"])
    def test_strategies(self, sides: Sides, tmp_path: Path, strategy: str) -> None:
        """Each of git's ways to merge two branches will do."""
        one, two = sides.of("left", "results"), sides.of("right", "note")
        shutil.copytree(one, tmp_path / "work", symlinks=True)
        git(tmp_path / "work", "fetch", "-q", str(two), "main")
        git(tmp_path / "work", "merge", "-q", "--no-edit", "-s", strategy, "FETCH_HEAD")
        base = self.seen(tmp_path / "work", tmp_path)["base"]

        assert ("right", {"best": 1, "left": 1}) == (base.notes, base.results)

    @pytest.mark.parametrize(
        "settings",
        ["core.autocrlf=true", "merge.renames=copies", "merge.directoryRenames=true",
         "core.fileMode=false", "merge.conflictStyle=diff3"],
    )  # fmt: skip
    def test_settings(self, sides: Sides, tmp_path: Path, settings: str) -> None:
        """No setting of the user's makes git change what it carries, or find a conflict."""
        one, two = sides.of("left", "resumed"), sides.of("right", "new run")
        git(tmp_path, "-c", settings, "clone", "-q", str(one), "work")
        root = tmp_path / "work"
        git(root, "config", *settings.split("="))
        git(root, "fetch", "-q", str(two), "main")
        git(root, "merge", "-q", "--no-edit", "FETCH_HEAD")
        seen = self.seen(root, tmp_path)

        assert {"base", "new-right"} == set(seen)
        assert vcs_track.open(one).run("base").manifest == seen["base"]
