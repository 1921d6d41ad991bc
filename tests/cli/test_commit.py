"""``vcs-track commit``: runs go into git, and merge."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    folder = tmp_path / "project"
    found = make_project(folder)
    monkeypatch.chdir(folder)
    return found


def git(*args: str) -> str:
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestCommit:
    def test_commits_every_run_that_git_lacks(self, repo: Repository) -> None:
        """Without arguments each sealed run goes into one commit that names them."""
        ids = {make_run(repo, "one"), make_run(repo, "two")}
        done = vcs("commit")

        assert f"commit {git('rev-parse', 'HEAD').strip()}" == done.stdout.splitlines()[0]
        assert ids == {line.split()[0] for line in done.stdout.splitlines()[1:]}
        assert all(run in git("log", "-1", "--format=%B") for run in ids)
        assert "" == git("status", "--porcelain")

    def test_commits_only_the_runs_named(self, repo: Repository) -> None:
        """With RUN the others stay out."""
        one, two = make_run(repo, "one"), make_run(repo, "two")
        vcs("commit", "-m", "The first", "one")
        files = git("show", "--stat=400", "--format=%s", "HEAD")

        assert files.startswith("The first\n")
        assert one in files
        assert two not in files

    def test_takes_what_is_staged(self, repo: Repository) -> None:
        """Code that is staged goes into the same commit as the runs."""
        make_run(repo, "one")
        (repo.root / "train.py").write_text("pass\n")
        git("add", "train.py")
        vcs("commit", "-m", "Both")

        assert "train.py" in git("show", "--stat", "HEAD")

    def test_alone_leaves_what_is_staged(self, repo: Repository) -> None:
        """With ``--alone`` it stays staged."""
        make_run(repo, "one")
        (repo.root / "train.py").write_text("pass\n")
        git("add", "train.py")
        vcs("commit", "--alone")

        assert "train.py" not in git("show", "--stat", "HEAD")
        assert "A  train.py\n" == git("status", "--porcelain")

    def test_clone_has_the_runs(self, repo: Repository, tmp_path: Path) -> None:
        """Git carries committed runs: a clone lists them."""
        run = make_run(repo, "one", lr=0.1)
        vcs("commit")
        git("clone", "--quiet", str(repo.root), str(tmp_path / "clone"))
        found = vcs_track.open(tmp_path / "clone").run(run)

        assert {"lr": 0.1} == found.hparams
        assert 3 == len(found.series("loss"))

    def test_branches_merge(self, repo: Repository) -> None:
        """Two branches that each commit runs merge without a conflict, and both are listed."""
        branch = git("branch", "--show-current").strip()
        git("checkout", "--quiet", "-b", "side")
        make_run(repo, "one")
        vcs("commit")
        git("checkout", "--quiet", branch)
        make_run(repo, "two")
        vcs("commit", "two")
        git("merge", "--quiet", "side")
        vcs("fsck")

        assert {"one", "two"} == {run.name for run in vcs_track.open(repo.root).runs()}

    def test_json(self, repo: Repository) -> None:
        """``--json`` prints the commit and the runs."""
        run = make_run(repo, "one")
        found = json.loads(vcs("commit", "--json").stdout)

        assert {"commit": git("rev-parse", "HEAD").strip(), "runs": [run]} == found


class TestNothing:
    def test_no_runs(self, repo: Repository) -> None:
        """As with git, nothing to commit is said, and exits with 1."""
        done = vcs("commit", code=1)

        assert "nothing to commit: there is no sealed run yet\n" == done.stderr

    def test_all_committed(self, repo: Repository) -> None:
        """A second commit finds nothing to do, and git's history stays as it is."""
        make_run(repo, "one")
        vcs("commit")
        before = git("rev-parse", "HEAD")
        done = vcs("commit", "--json", code=1)

        assert {"commit": None, "runs": []} == json.loads(done.stdout)
        assert "git has all of them already" in done.stderr
        assert before == git("rev-parse", "HEAD")


class TestBadInput:
    def test_unknown_run(self, repo: Repository) -> None:
        """An unknown run is an error that names near ones."""
        make_run(repo, "baseline")
        done = vcs("commit", "basline", code=11)

        assert "error: no run matches 'basline'" in done.stderr
        assert "'baseline'" in done.stderr

    def test_live_run(self, repo: Repository) -> None:
        """A run that is going on is not committed."""
        run = repo.start_run("going")
        done = vcs("commit", "going", code=2)
        run.finish()

        assert f"error: run '{run.id}' is not sealed yet" in done.stderr

    def test_outside_git(self, tmp_path: Path) -> None:
        """Outside git the hint names what works there."""
        make_run(vcs_track.init(tmp_path), "one")
        done = vcs("-C", tmp_path, "commit", code=1)

        assert "not in a git repository" in done.stderr
        assert "vcs-track export" in done.stderr

    def test_no_repository(self, tmp_path: Path) -> None:
        """Without a repository the exit code is 10."""
        vcs("-C", tmp_path, "commit", code=10)

    def test_hook_that_refuses(self, repo: Repository) -> None:
        """When git refuses, its words are shown and the run is still there."""
        make_run(repo, "one")
        hook = repo.root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
        hook.chmod(0o755)
        done = vcs("commit", code=1)

        assert "not on a Friday" in done.stderr
        assert "one" == vcs_track.open(repo.root).run("one").name
