"""Tests of ``vcs_track.porcelain.shelf``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import GitError, InvalidValueError, RunNotFoundError
from vcs_track.porcelain.shelf import unshelved

if TYPE_CHECKING:
    from vcs_track import Repository


def git(folder: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def tracked(repo: Repository, revision: str = "HEAD") -> set[str]:
    """Return the paths in a commit."""
    return set(git(repo.root, "ls-tree", "-r", "--name-only", revision).split())


def record(repo: Repository, name: str, **hparams: object) -> None:
    """Record a run called *name*."""
    with repo.start_run(name, id=name, hparams=hparams or {"of": name}) as run:
        run.add_scalar("loss", 0.5, 0)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository in a git repository with one commit and one run, ``a``."""
    git(tmp_path, "init", "-q")
    (tmp_path / "train.py").write_text("x = 1\n")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "-qm", "start")
    repo = vcs_track.init(tmp_path)
    record(repo, "a")
    return repo


class TestCommit:
    def test_puts_a_run_into_git(self, repo: Repository) -> None:
        """The commit holds the format, the pack and the zero-byte head of the run."""
        commit, ids = repo.commit()
        (head,) = repo.run("a").heads
        new = tracked(repo) - {"train.py"}

        assert (["a"], commit) == (ids, git(repo.root, "rev-parse", "HEAD").strip())
        assert {".runs/FORMAT", ".runs/.gitignore", ".runs/.gitattributes"} <= new
        assert {f"a.{head}"} == {p.rpartition("/")[2] for p in new if p.startswith(".runs/heads/")}
        assert {".zip"} == {Path(p).suffix for p in new if p.startswith(".runs/packs/")}
        assert not {p for p in new if p.startswith(".runs/local")}
        assert "" == git(repo.root, "status", "--porcelain")

    def test_the_message_names_the_runs(self, repo: Repository) -> None:
        """Without a message one is made; a given one is used."""
        repo.commit()
        text = git(repo.root, "log", "-1", "--format=%B")
        assert "runs: add a a (finished)\n\nRun-Id: a\n\n" == text
        record(repo, "b")
        record(repo, "c")
        repo.commit()
        assert "- c c (finished)" in git(repo.root, "log", "-1", "--format=%B")
        record(repo, "d")
        repo.commit(message="my words")

        assert "my words" == git(repo.root, "log", "-1", "--format=%s").strip()

    def test_a_second_commit_says_nothing_to_do(self, repo: Repository) -> None:
        """When every run is committed there is a clear error, and no commit."""
        repo.commit()
        before = git(repo.root, "rev-parse", "HEAD")
        with pytest.raises(InvalidValueError, match="no runs to commit"):
            repo.commit()

        assert before == git(repo.root, "rev-parse", "HEAD")

    def test_an_edit_is_committed_as_new_files_only(self, repo: Repository) -> None:
        """The shelf is add-only: an edit adds one small pack and one head."""
        repo.commit()
        before = tracked(repo)
        repo.edit("a", notes="x")
        assert ["a"] == unshelved(repo.store)
        repo.commit()
        changes = git(repo.root, "show", "--name-status", "--format=", "HEAD").split("\n")

        assert {"A"} == {line[0] for line in changes if line}
        assert before < tracked(repo)
        assert 2 == len(tracked(repo) - before)

    def test_only_the_chosen_runs_go(self, repo: Repository) -> None:
        """Runs that were not named stay out of the commit."""
        record(repo, "b")
        repo.commit(["b"])
        heads = {p.rpartition("/")[2].partition(".")[0] for p in tracked(repo) if "/heads/" in p}

        assert {"b"} == heads
        assert ["a"] == unshelved(repo.store)

    def test_only_the_packs_of_the_chosen_runs_go(self, repo: Repository) -> None:
        """Runs that share hyperparameters and environment do not drag each other along."""
        for name in "bcdefg":
            record(repo, name, lr=0.1)
        for name in "bcdefg":
            before = tracked(repo)
            vcs_track.open(repo.root).commit([name])
            new = [p for p in tracked(repo) - before if "/packs/" in p]

            assert 1 == len(new)

    def test_committed_blobs_come_along(self, repo: Repository) -> None:
        """Files and images of a run are on the shelf as well."""
        with repo.start_run("f", id="f") as run:
            run.add_file(repo.root / "train.py")
        repo.commit(["f"])

        assert any("/b-" in path for path in tracked(repo))

    def test_what_the_user_staged_goes_with_it(self, repo: Repository) -> None:
        """Code and runs are committed together by default."""
        (repo.root / "train.py").write_text("x = 2\n")
        git(repo.root, "add", "train.py")
        repo.commit()

        assert "train.py" in git(repo.root, "show", "--name-only", "--format=", "HEAD")

    def test_alone_keeps_what_the_user_staged(self, repo: Repository) -> None:
        """With alone=True staged changes stay staged and are in no commit."""
        (repo.root / "train.py").write_text("x = 2\n")
        (repo.root / "new.py").write_text("new\n")
        git(repo.root, "add", "train.py", "new.py")
        repo.commit(alone=True)

        assert "A  new.py\nM  train.py\n" == git(repo.root, "status", "--porcelain")
        assert "train.py" not in git(repo.root, "show", "--name-only", "--format=", "HEAD")

    def test_unstaged_and_untracked_files_stay_out(self, repo: Repository) -> None:
        """A commit of runs takes nothing that the user did not add."""
        (repo.root / "train.py").write_text("x = 3\n")
        (repo.root / "scratch.txt").write_text("mine\n")
        repo.commit()

        assert " M train.py\n?? scratch.txt\n" == git(repo.root, "status", "--porcelain")

    def test_in_a_folder_below_the_top(self, repo: Repository) -> None:
        """A repository of runs may lie anywhere in a git repository."""
        below = repo.root / "sub" / "exp"
        below.mkdir(parents=True)
        other = vcs_track.init(below)
        record(other, "s")
        other.commit()

        assert any(p.startswith("sub/exp/.runs/packs/") for p in tracked(repo))

    def test_before_the_first_commit_of_git(self, tmp_path: Path) -> None:
        """Runs can be the first thing that a git repository holds."""
        git(tmp_path, "init", "-q")
        fresh = vcs_track.init(tmp_path)
        record(fresh, "a")
        fresh.commit()

        assert any("/heads/" in path for path in tracked(fresh))

    def test_through_a_symbolic_link(self, repo: Repository) -> None:
        """A repository that is opened through a link can commit."""
        link = repo.root.parent / "link"
        link.symlink_to(repo.root)
        vcs_track.open(link).commit()

        assert any("/heads/" in path for path in tracked(repo))


class TestRefusals:
    def test_outside_git(self, tmp_path: Path) -> None:
        """Without git there is nothing to commit to, and the hint names the way out."""
        alone = vcs_track.init(tmp_path)
        record(alone, "a")
        with pytest.raises(GitError, match="not in a git repository") as caught:
            alone.commit()

        assert "git init" in caught.value.hint
        assert not (alone.path / "packs").exists()

    def test_a_live_run(self, repo: Repository) -> None:
        """A run that goes on cannot be committed, and is not taken by default."""
        live = repo.start_run("live", id="live")
        with pytest.raises(InvalidValueError, match="not sealed"):
            repo.commit(["live"])
        assert ["a"] == repo.commit()[1]
        live.finish()

        assert ["live"] == repo.commit()[1]

    def test_an_unknown_run(self, repo: Repository) -> None:
        """A name that no run has is an error before anything happens."""
        with pytest.raises(RunNotFoundError):
            repo.commit(["a", "nobody"])

        assert {"train.py"} == tracked(repo)

    def test_no_runs_at_all(self, repo: Repository) -> None:
        """An empty choice is not a commit."""
        with pytest.raises(InvalidValueError, match="no runs"):
            repo.commit([])

    def test_named_runs_that_are_committed_already(self, repo: Repository) -> None:
        """Committing the same run twice by name makes no second commit."""
        repo.commit(["a"])
        before = git(repo.root, "rev-parse", "HEAD")
        with pytest.raises((GitError, InvalidValueError)):
            repo.commit(["a"])

        assert before == git(repo.root, "rev-parse", "HEAD")

    def test_a_hook_that_refuses(self, repo: Repository) -> None:
        """When git refuses, its words are shown, and the run is not lost."""
        refuse(repo)
        with pytest.raises(GitError, match="not today"):
            repo.commit()

        assert {"train.py"} == tracked(repo)
        assert repo.fsck().ok

    def test_a_commit_that_git_refused_can_be_repeated(self, repo: Repository) -> None:
        """Once the hook is content the same call commits the same runs."""
        hook = refuse(repo)
        with pytest.raises(GitError):
            repo.commit()
        hook.unlink()
        repo.commit()

        assert any("/heads/" in path for path in tracked(repo))


def refuse(repo: Repository) -> Path:
    """Install a hook that refuses every commit; return it."""
    hook = repo.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    return hook


class TestShelf:
    def test_files_are_not_written_twice(self, repo: Repository) -> None:
        """Where the file system can, the shelf shares the bytes of the store."""
        repo.commit()
        names = {p.name for p in (repo.path / "packs").iterdir()}
        shared = {
            name for name in names
            if (repo.path / "packs" / name).samefile(repo.store.home.packs.folder / name)
        }  # fmt: skip

        assert names == shared

    def test_damage_on_the_shelf_does_not_enter_the_store(self, repo: Repository) -> None:
        """A pack that git brought damaged is named, and not taken in."""
        repo.commit()
        (pack,) = (repo.path / "packs").iterdir()
        clone = repo.root.parent / "clone"
        git(repo.root.parent, "clone", "-q", str(repo.root), str(clone))
        copy = clone / ".runs" / "packs" / pack.name
        content = bytearray(copy.read_bytes())
        content[70] ^= 1
        copy.chmod(0o644)
        copy.write_bytes(content)
        other = vcs_track.open(clone)

        assert [] == list(other.runs())
        assert pack.name in str(other.fsck().problems)

    def test_a_pointer_of_git_lfs_is_explained(self, repo: Repository) -> None:
        """A pack that is still a pointer says which command brings it."""
        repo.commit()
        (pack,) = (repo.path / "packs").iterdir()
        pack.unlink()
        pack.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        (repo.store.home.packs.folder / pack.name).unlink()
        problems = vcs_track.open(repo.root).fsck().problems

        assert "LFS pointer" in str(problems)
