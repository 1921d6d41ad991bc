"""Tests of ``vcs_track.porcelain.sameness`` and ``start_run(on_duplicate=...)``."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from work_trees.places import git

import vcs_track
from vcs_track import Run, RunView
from vcs_track.errors import DuplicateRunError, InvalidValueError, VcsTrackError
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.porcelain.sameness import key_of, matches

if TYPE_CHECKING:
    from vcs_track import Repository
    from vcs_track.porcelain.sameness import Match

TRAIN = ["python", "train.py"]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository beside committed code."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "train.py").write_text("lr = 1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return vcs_track.init(tmp_path)


def start(repo: Repository, name: str, **how: Any) -> RunView:
    """Make a finished run of the usual command."""
    how = {"command": TRAIN, "cwd": repo.root, **how}
    with repo.start_run(name, **how):
        pass
    return repo.run(name)


def found(repo: Repository, run: str = "new") -> dict[str, tuple[str, ...]]:
    """Return what differs of each run that is the same, or near."""
    return {match.run.name: match.differs for match in repo.find_same(run)}


def changes(match: Match) -> list[tuple[str, str, object, object]]:
    return [(each.kind, each.name, each.old, each.new) for each in match.changes]


class TestKey:
    def test_is_that_of_code_command_hparams_and_inputs(self, repo: Repository) -> None:
        """Two runs that began alike have one key, whatever came of them."""
        data = repo.root / "data.csv"
        data.write_text("1")
        git(repo.root, "add", "-A")
        git(repo.root, "commit", "-q", "-m", "data")
        one = start(repo, "one", hparams={"lr": 0.1}, inputs=[data], tags=["x"])
        with repo.start_run(
            "two", command=TRAIN, cwd=repo.root, hparams={"lr": 0.1}, inputs=[data]
        ) as run:
            run.add_scalar("loss", 1.0)
            run.add_hparams(found=3)
            run.add_input(repo.root / "train.py")
        key = key_of(repo.run("two"))

        assert key_of(one) == key
        assert (".", "python", "train.py") == key.command
        assert key.id == key_of(one).id
        assert object_format("sha256").is_id(key.id or "")
        assert [("two", True)] == [(m.run.name, m.same) for m in repo.find_same("one")]

    @pytest.mark.parametrize(
        ("how", "part"),
        [
            ({"hparams": {"lr": 1}}, "hparams"),
            ({"hparams": {"lr": 0.1, "seed": None}}, "hparams"),
            ({"hparams": None}, "hparams"),
            ({"command": ["python", "train.py", "-v"]}, "command"),
            ({"cwd": "sub"}, "command"),
            ({"inputs": ["train.py"]}, "inputs"),
        ],
        ids=str,
    )
    def test_of_other_starts_differs(
        self, repo: Repository, how: dict[str, Any], part: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One part that differs makes a near miss, and it is named."""
        monkeypatch.chdir(repo.root)
        Path("sub").mkdir()
        start(repo, "old", hparams={"lr": 0.1})
        start(repo, "new", **{"hparams": {"lr": 0.1}, **how})

        assert {"old": (part,)} == found(repo)

    def test_of_other_code_differs(self, repo: Repository) -> None:
        """An uncommitted change is other code; committing it makes none."""
        start(repo, "old")
        (repo.root / "train.py").write_text("lr = 2\n")
        start(repo, "changed")
        git(repo.root, "commit", "-qam", "second")
        start(repo, "new")

        assert {"changed": (), "old": ("code",)} == found(repo)

    def test_two_parts_are_no_near_miss(self, repo: Repository) -> None:
        """Who differs in code and hyperparameters is somebody else."""
        start(repo, "old", hparams={"lr": 1})
        (repo.root / "train.py").write_text("lr = 2\n")
        start(repo, "new", hparams={"lr": 2})

        assert {} == found(repo)

    def test_a_near_miss_has_finished(self, repo: Repository) -> None:
        """What failed is the same as it is, and near to nothing."""
        for name, lr in (("same", 2), ("near", 1)):
            with (
                pytest.raises(ZeroDivisionError),
                repo.start_run(name, command=TRAIN, cwd=repo.root, hparams={"lr": lr}),
            ):
                raise ZeroDivisionError
        start(repo, "new", hparams={"lr": 2})

        assert {"same": ()} == found(repo)
        assert not repo.find_same("new")[0].done

    @pytest.mark.parametrize(
        "python", ["python", "python3", "/usr/bin/python3.11", "pypy3", "C:\\py\\python.exe"]
    )
    def test_any_python_is_python(self, repo: Repository, python: str) -> None:
        """The path of the interpreter says nothing about what is computed."""
        start(repo, "old")
        start(repo, "new", command=[python, "train.py"])

        assert {"old": ()} == found(repo)

    def test_odd_hparams_are_the_same_again(self, repo: Repository) -> None:
        """Values that JSON lacks are compared as they were given."""
        odd = {
            "a": (1, 2), "b": {3, 4}, "c": float("nan"), "d": b"\xff", "e": {1: {"x": 10**30}},
            "p": Path("x"),
        }  # fmt: skip
        start(repo, "old", hparams=odd)
        plan = repo.plan(TRAIN, cwd=repo.root, hparams=odd)

        assert [("old", True)] == [(m.run.name, m.same) for m in repo.find_same(plan)]

    def test_files_that_are_not_kept_count(self, repo: Repository) -> None:
        """A large file beside the code is compared by its hash, though nobody keeps it.

        Seen to fail when the tree alone was the code.
        """
        repo = repo.with_defaults(code_largest=10)
        data = repo.root / "data.bin"
        data.write_bytes(b"a" * 100)
        start(repo, "first")
        start(repo, "same")
        data.write_bytes(b"b" * 100)
        start(repo, "new")
        (same, other) = repo.find_same("first")

        assert {"first": ("code",), "same": ("code",)} == found(repo)
        assert ("same", "new", ["data.bin"]) == (
            same.run.name, other.run.name, [change.name for change in other.changes]
        )  # fmt: skip


class TestUnknown:
    """What nobody knows is never the same."""

    def test_code(self, repo: Repository) -> None:
        """Runs without code are not the same, and it is said what is not known."""
        start(repo, "old", capture_code=False)
        start(repo, "new", capture_code=False)
        (match,) = repo.find_same("new")

        assert (("code",), ("code",), []) == (match.differs, match.unknown, match.changes)
        assert key_of(match.run).id is None

    def test_secrets(self, repo: Repository) -> None:
        """Two secrets look alike in the record; nobody may call them the same.

        Seen to fail when words were compared as they were recorded.
        """
        start(repo, "old", command=["./train", "--token", "first"])
        start(repo, "new", command=["./train", "--token", "second"])
        (match,) = repo.find_same("new")

        assert ["./train", "--token", "***"] == match.run.command["argv"]
        assert ("command",) == match.unknown

    @pytest.mark.parametrize(
        "words", [["./train", "\udcff"], ["./train", "x" * 5000], ["python"], ["python3", "-"]]
    )
    def test_words_that_were_not_kept_whole(self, repo: Repository, words: list[str]) -> None:
        """Cut, not UTF-8, or typed in: the record does not say what was run."""
        start(repo, "old", command=words)

        assert ("command",) == key_of(repo.run("old")).unknown

    def test_a_folder_elsewhere(self, repo: Repository, tmp_path: Path) -> None:
        """A command run outside the work tree has no folder that is known."""
        start(repo, "old", cwd=tmp_path.parent)

        assert ("command",) == key_of(repo.run("old")).unknown

    def test_changes_inside_a_submodule(self, repo: Repository, tmp_path: Path) -> None:
        """What was changed in a submodule is in no tree, so the code is not known."""
        other = tmp_path.parent / f"{tmp_path.name}-lib"
        other.mkdir()
        git(other, "init", "-q")
        (other / "lib.py").write_text("1")
        git(other, "add", "-A")
        git(other, "commit", "-q", "-m", "lib")
        git(repo.root, "submodule", "--quiet", "add", str(other), "lib")
        git(repo.root, "commit", "-q", "-m", "sub")
        clean = start(repo, "clean")
        (repo.root / "lib" / "lib.py").write_text("2")
        dirty = start(repo, "dirty")

        assert ((), ("code",)) == (key_of(clean).unknown, key_of(dirty).unknown)

    def test_runs_of_an_older_version(self, repo: Repository) -> None:
        """A manifest that does not say what a run started with is not the same as any."""
        start(repo, "old", hparams={"lr": 1})
        view = repo.run("old")
        assert view.manifest.command is not None
        del view.manifest.command["hparams"]

        assert ("hparams",) == key_of(view).unknown

    def test_git_that_is_broken(self, repo: Repository) -> None:
        """The reason is told, and nothing is raised."""
        (repo.root / ".git" / "HEAD").write_text("nonsense")
        plan = repo.plan(TRAIN, cwd=repo.root)

        assert (("code",), True) == (plan.key.unknown, bool(plan.why))


class TestChanges:
    def test_of_hparams(self, repo: Repository) -> None:
        """Names that differ, with both values: the found run's first."""
        start(repo, "old", hparams={"lr": 0.1, "opt": {"name": "sgd", "m": 0}, "seed": 1})
        start(repo, "new", hparams={"lr": 0.2, "opt": {"name": "sgd", "m": 0}, "n": 3})
        (match,) = repo.find_same("new")

        assert [
            ("hparam", "lr", 0.1, 0.2), ("hparam", "n", None, 3), ("hparam", "seed", 1, None)
        ] == changes(match)  # fmt: skip

    def test_of_hparams_are_those_of_the_start(self, repo: Repository) -> None:
        """What a program adds later is no difference."""
        with repo.start_run("old", command=TRAIN, cwd=repo.root, hparams={"lr": 0.1}) as run:
            run.add_hparams(lr=5, found=3)
        start(repo, "new", hparams={"lr": 0.2})
        (match,) = repo.find_same("new")

        assert [("hparam", "lr", 0.1, 0.2)] == changes(match)

    @pytest.mark.parametrize(
        ("new", "words"),
        [
            (["python", "train.py", "a", "y", "c"], ("x", "y")),
            (["python", "train.py", "a", "c"], ("x", None)),
            (["python", "train.py", "a", "x", "c", "d e"], (None, "'d e'")),
            (["python", "other.py"], ("train.py a x c", "other.py")),
        ],
    )
    def test_of_the_command(
        self, repo: Repository, new: list[str], words: tuple[str | None, str | None]
    ) -> None:
        """The words that differ, those around them left out."""
        start(repo, "old", command=["python", "train.py", "a", "x", "c"])
        start(repo, "new", command=new)
        (match,) = repo.find_same("new")

        assert [("command", "argv", *words)] == changes(match)

    def test_of_the_folder_of_the_command(self, repo: Repository) -> None:
        """The same words in another folder are another command."""
        (repo.root / "sub").mkdir()
        start(repo, "old")
        start(repo, "new", cwd=repo.root / "sub")

        assert [("command", "cwd", ".", "sub")] == changes(repo.find_same("new")[0])

    def test_of_inputs(self, repo: Repository) -> None:
        """Names of inputs that are not the same, with both ids."""
        with (repo.root / ".git/info/exclude").open("a") as file:
            file.write("*.csv\n")
        (repo.root / "a.csv").write_text("1")
        (repo.root / "b.csv").write_text("1")
        old = start(repo, "old", inputs=[repo.root / "a.csv", repo.root / "b.csv"])
        (repo.root / "a.csv").write_text("2")
        new = start(repo, "new", inputs=[repo.root / "a.csv"])
        (match,) = repo.find_same("new")

        assert [
            ("input", "a.csv", old.inputs[0].oid, new.inputs[0].oid),
            ("input", "b.csv", old.inputs[1].oid, None),
        ] == changes(match)

    def test_of_code_in_one_commit(self, repo: Repository) -> None:
        """Files that differ from the commit in one run only, or otherwise; modes too."""
        for name in ("a", "b", "gone", "mode"):
            (repo.root / name).write_text(name)
        git(repo.root, "add", "-A")
        git(repo.root, "commit", "-q", "-m", "more")
        (repo.root / "a").write_text("a1")
        (repo.root / "b").write_text("b1")
        start(repo, "old")
        (repo.root / "b").write_text("b2")
        (repo.root / "gone").unlink()
        (repo.root / "mode").chmod(0o755)
        (repo.root / "new").write_text("new")
        start(repo, "new")
        (match,) = repo.find_same("new")
        found = {change.name: (change.old, change.new) for change in match.changes}

        assert ["b", "gone", "mode", "new"] == sorted(found)
        assert ("as committed", None) == found["gone"]
        assert (blob(b"b1"), blob(b"b2")) == found["b"]

    def test_of_code_in_two_commits(self, repo: Repository) -> None:
        """What the commits differ in, unless the work tree had it changed back."""
        for name in ("a", "b", "back"):
            (repo.root / name).write_text(name)
        (repo.root / ".runs" / "x").write_text("committed runs are no code")
        git(repo.root, "add", "-f", ".runs/x", "a", "b", "back")
        git(repo.root, "commit", "-q", "-m", "one")
        (repo.root / "b").write_text("dirty")
        start(repo, "old")
        git(repo.root, "rm", "-q", "-f", "--cached", ".runs/x")
        (repo.root / "a").write_text("a2")
        (repo.root / "back").write_text("changed")
        git(repo.root, "commit", "-q", "-am", "two")
        (repo.root / "back").write_text("back")
        start(repo, "new")
        (match,) = repo.find_same("new")

        assert [("code", "a", blob(b"a"), blob(b"a2"))] == changes(match)

    def test_of_code_whose_commit_is_gone(self, repo: Repository) -> None:
        """Where git cannot say how commits differ, that they do is all that is said."""
        start(repo, "old")
        (repo.root / "train.py").write_text("lr = 2\n")
        git(repo.root, "commit", "-q", "--amend", "-am", "other")
        git(repo.root, "reflog", "expire", "--expire=now", "--all")
        git(repo.root, "gc", "-q", "--prune=now")
        start(repo, "new")
        (match,) = repo.find_same("new")

        assert (("code",), []) == (match.differs, match.changes)


def blob(data: bytes) -> str:
    """Return git's id of a file."""
    done = subprocess.run(
        ["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


class TestOnDuplicate:
    how: dict[str, Any] = {"command": TRAIN, "hparams": {"lr": 0.1}}  # noqa: RUF012 -- read only

    @pytest.fixture(autouse=True)
    def here(self, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        """Work where the repository is."""
        monkeypatch.chdir(repo.root)

    def test_return_gives_the_stored_run(self, repo: Repository) -> None:
        """What has finished is given back, and no run begins."""
        old = start(repo, "old", **self.how)
        again = repo.start_run("new", on_duplicate="return", **self.how)

        assert isinstance(again, RunView)
        assert (old.id, "finished") == (again.id, again.status)
        assert 1 == len(repo.runs())

    def test_return_takes_the_newest(self, repo: Repository) -> None:
        """Of several the last one stands."""
        start(repo, "one", **self.how)
        start(repo, "two", **self.how)

        assert "two" == repo.start_run(on_duplicate="return", **self.how).name

    @pytest.mark.parametrize("status", ["failed", "killed", "crashed"])
    def test_return_starts_what_did_not_finish(self, repo: Repository, status: str) -> None:
        """Only a run that has finished is done."""
        repo.start_run("old", **self.how).finish(status)
        run = repo.start_run("new", on_duplicate="return", **self.how)
        assert isinstance(run, Run)
        run.finish()
        assert 2 == len(repo.runs())

    def test_raise_names_the_run(self, repo: Repository) -> None:
        """The error has the id, and there is no new run."""
        old = start(repo, "old", **self.how)
        with pytest.raises(DuplicateRunError, match=f"run '{old.id}' named 'old' did") as caught:
            repo.start_run("new", on_duplicate="raise", **self.how)

        assert (old.id, 1) == (caught.value.run_id, caught.value.exit_code)
        assert isinstance(caught.value, RuntimeError)
        assert 1 == len(repo.runs())

    def test_warn_goes_on(self, repo: Repository) -> None:
        """A warning names the run and points to the caller; the new one begins."""
        old = start(repo, "old", **self.how)
        with pytest.warns(RuntimeWarning, match=f"run '{old.id}' named 'old' did the") as caught:
            repo.start_run("new", on_duplicate="warn", **self.how).finish()

        assert 2 == len(repo.runs())
        assert __file__ == caught[0].filename

    @pytest.mark.parametrize("what", ["warn", "raise"])
    def test_one_that_runs_is_told_of(self, repo: Repository, what: Any) -> None:
        """Two at once do the same work twice."""
        with repo.start_run("old", **self.how) as old:
            assert old._provenance._capture is not None
            old._provenance._capture.wait()
            with pytest.raises((DuplicateRunError, RuntimeWarning), match="does the same now"):
                repo.start_run("new", on_duplicate=what, **self.how).finish()

    def test_others_are_none(self, repo: Repository) -> None:
        """Where nothing is the same, all is as without."""
        start(repo, "old", **self.how)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for what in ("warn", "raise", "return", "ignore"):
                how = {**self.how, "hparams": {"for": what}}
                run = repo.start_run(what, on_duplicate=cast("Any", what), **how)
                assert isinstance(run, Run)
                run.finish()

        assert 5 == len(repo.runs())

    def test_an_id_is_not_looked_for(self, repo: Repository) -> None:
        """Who names a run means that one."""
        start(repo, "old", **self.how)
        repo.start_run("new", id="mine", on_duplicate="raise", **self.how).finish()
        repo.start_run(id="mine", resume="must", on_duplicate="raise", **self.how).finish()

        assert 2 == len(repo.runs())

    def test_other_words_are_refused(self, repo: Repository) -> None:
        """A typo is an error, though nothing would be looked for."""
        with pytest.raises(InvalidValueError, match="'skip'"):
            repo.start_run(on_duplicate="skip")  # type: ignore[call-overload]

        assert 0 == len(repo.runs())

    def test_where_nobody_can_know_it_goes_on(self, repo: Repository) -> None:
        """It is said once, and the run begins."""
        (repo.root / ".git" / "HEAD").write_text("nonsense")
        with pytest.warns(RuntimeWarning, match="cannot know whether"):
            repo.start_run(on_duplicate="raise", **self.how).finish()
        repo.start_run(on_duplicate="raise", **self.how).finish()

        assert 2 == len(repo.runs())

    def test_leaves_no_trace(self, repo: Repository) -> None:
        """Looking stores nothing: no object, no file aside."""
        (repo.root / "train.py").write_text("lr = 2\n")
        before = sorted(repo.path.rglob("*"))
        repo.plan(TRAIN)

        assert before == sorted(repo.path.rglob("*"))

    def test_a_damaged_run_hides_no_other(self, repo: Repository) -> None:
        """A run whose code cannot be read is left out, and who lists runs can say so."""
        old = start(repo, "old", **self.how)
        state = replace(start(repo, "odd", **self.how).manifest, code=ObjectId("f" * 64))
        odd = RunView(state, old.objects)
        told: dict[str, VcsTrackError] = {}
        (match,) = matches(repo.plan(**self.how), [odd, old], None, told.__setitem__)

        assert ("old", [odd.id]) == (match.run.name, list(told))

    def test_of_a_script(self, repo: Repository) -> None:
        """A script that is started twice is done the second time, by any path to Python."""
        (repo.root / "train.py").write_text(
            "import vcs_track\n"
            "run = vcs_track.start_run(hparams={'lr': 1}, on_duplicate='return')\n"
            "print(run.status)\n"
            "if run.status == 'running':\n"
            "    run.add_hparams(found=1)\n"
            "    run.finish()\n"
        )
        said = [
            subprocess.run(
                [sys.executable, "train.py"], capture_output=True, check=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            ).stdout.decode().strip()
            for _ in range(2)
        ]  # fmt: skip

        assert ["running", "finished"] == said
