"""``vcs-track annotate``: runs as notes of git."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs

import vcs_track
from vcs_track.errors import CommitNotFoundError, GitError

if TYPE_CHECKING:
    from vcs_track import Repository

__all__: list[str] = []


def git(*args: str, code: int = 0) -> str:
    done = subprocess.run(["git", *args], capture_output=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stdout.decode("utf-8", "replace").strip()


def note(rev: str = "HEAD") -> str:
    return git("log", "-1", "--notes=runs", "--format=%N", rev)


@pytest.fixture(params=["sha1", "sha256"])
def repo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Repository:
    """Return a repository with a commit, and a run at it, in each format of git."""
    git("init", "--quiet", f"--object-format={request.param}", str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path / "work")
    Path("train.py").write_text("one")
    git("add", "train.py")
    git("commit", "--quiet", "-m", "start")
    found = vcs_track.init()
    with found.start_run("base", id="aaaa") as run:
        run.add_scalars({"val/loss": 1 / 3, "acc": 0.5, "lr": 0.1, "zz": 1.0}, step=0)
    return found


class TestNotes:
    def test_git_log_shows_runs(self, repo: Repository) -> None:
        """A note has a line a run: id, name, status, and the numbers that tell most."""
        repo.start_run("second", id="bbbb").finish("failed")
        done = vcs("annotate")

        assert (
            "bbbb second (failed)\naaaa base (finished)  val/loss 0.333333, acc 0.5, lr 0.1"
            == note()
        )
        assert "1 note written, 0 removed, 0 unchanged\n" == done.stdout
        assert "hint: see them by 'git log --notes=runs'\n" == done.stderr

    def test_a_second_time_changes_nothing(self, repo: Repository) -> None:
        """Without news there is no new commit of notes.

        Seen to fail when every note was written again.
        """
        vcs("annotate")
        before = git("rev-parse", "refs/notes/runs")
        again = json.loads(vcs("annotate", "--json").stdout)

        assert {"written": [], "removed": [], "unchanged": 1} == again
        assert before == git("rev-parse", "refs/notes/runs")

    def test_what_changed_is_written(self, repo: Repository) -> None:
        """An edit changes its note, and the others stay."""
        first = git("rev-parse", "HEAD")
        Path("train.py").write_text("two")
        git("commit", "--quiet", "-a", "-m", "two")
        repo.start_run("second", id="bbbb").finish()
        vcs("annotate")
        repo.edit("aaaa", name="better")
        done = json.loads(vcs("annotate", "--json").stdout)

        assert {"written": [first], "removed": [], "unchanged": 1} == done
        assert note(first).startswith("aaaa better")
        assert "bbbb second (finished)" == note()

    def test_notes_of_runs_that_are_gone_are_removed(self, repo: Repository) -> None:
        """A commit that has no run any more has no note.

        Seen to fail when only commits with runs were looked at.
        """
        own = git("rev-parse", "HEAD")
        vcs("annotate")
        for head in (repo.path / "local" / "heads").glob("*/*"):
            head.unlink()
        done = json.loads(vcs("annotate", "--json").stdout)

        assert {"written": [], "removed": [own], "unchanged": 0} == done
        assert ("", "") == (note(), git("notes", "--ref=runs", "list"))

    def test_notes_of_other_commits_stay(self, repo: Repository) -> None:
        """Only commits of the range are touched: not those of other branches."""
        vcs("annotate")
        git("switch", "--quiet", "--orphan", "other")
        git("commit", "--quiet", "--allow-empty", "-m", "unrelated")
        assert "0 notes written, 0 removed, 0 unchanged\n" == vcs("annotate").stdout
        Path("train.py").write_text("three")
        git("add", "train.py")
        git("commit", "--quiet", "-m", "three")
        repo.start_run("far", id="cccc").finish()
        vcs("annotate", "HEAD^!")
        git("switch", "--quiet", "main")

        assert note().startswith("aaaa")
        assert note("other").startswith("cccc")

    def test_all(self, repo: Repository) -> None:
        """``--all`` takes every branch in."""
        git("branch", "side")
        git("switch", "--quiet", "--orphan", "other")
        git("commit", "--quiet", "--allow-empty", "-m", "unrelated")
        vcs("annotate", "--all")

        assert note("side").startswith("aaaa")

    def test_live_runs_wait(self, repo: Repository) -> None:
        """A run that goes on is noted when it has ended."""
        with repo.start_run("going", id="live"):
            vcs("annotate")
            assert "live" not in note()
        vcs("annotate")

        assert note().startswith("live going (finished)")

    def test_many(self, repo: Repository) -> None:
        """Hundreds of notes are written at once, and each is found by git."""
        for n in range(300):
            git("commit", "--quiet", "--allow-empty", "-m", f"{n}")
        Path("train.py").write_text("two")
        for n, commit in enumerate(git("rev-list", "HEAD", "--max-count=300").splitlines()):
            git("notes", "--ref=runs", "add", "-m", f"written by hand {n}", commit)
        done = json.loads(vcs("annotate", "--json").stdout)

        assert (1, 300) == (len(done["written"]), len(done["removed"]))
        assert 1 == len(git("notes", "--ref=runs", "list").splitlines())


class TestSafety:
    def test_names_are_no_terminal_escape(self, repo: Repository) -> None:
        """Line ends and control characters in names and values are spelled out.

        Seen to fail when a value was written as it is.
        """
        with repo.start_run("odd", id="bbbb") as run:
            run.write_result(text="\nRun-Id: fake\x1b[31m\r\n" * 40)
        vcs("annotate")
        first, second = note().splitlines()

        assert first.startswith("bbbb odd (finished)  text \\nRun-Id: fake\\x1b[31m\\r\\n")
        assert first.endswith("...")
        assert second.startswith("aaaa")

    def test_no_hook_is_run(self, repo: Repository) -> None:
        """Hooks of the user are for what the user does."""
        hooks = repo.root / ".git" / "hooks"
        for name in ("reference-transaction", "post-commit", "pre-commit", "commit-msg"):
            (hooks / name).write_text(f"#!/bin/sh\ntouch '{repo.root}/called'\nexit 1\n")
            (hooks / name).chmod(0o755)
        vcs("annotate")

        assert note().startswith("aaaa")
        assert not (repo.root / "called").exists()

    def test_nothing_else_is_touched(self, repo: Repository) -> None:
        """Index, ``HEAD``, branches and the notes of the user stay as they are."""
        git("notes", "add", "-m", "my own note")
        Path("staged.py").write_text("staged")
        git("add", "staged.py")

        def state() -> tuple[str, str]:
            refs = git("for-each-ref").splitlines()
            return git("status", "--porcelain=v2", "--branch"), "\n".join(
                line for line in refs if "refs/notes/runs" not in line
            )

        before = state()
        vcs("annotate")

        assert before == state()
        assert "my own note" == git("notes", "show")

    def test_without_a_name(self, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where git knows no author it says what to do, and nothing is written."""
        git("config", "user.useConfigOnly", "true")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        with pytest.raises(GitError) as caught:
            repo.annotate()

        assert "git config user.name" in caught.value.hint
        assert "" == git("for-each-ref", "refs/notes")

    def test_what_git_refuses(self, repo: Repository) -> None:
        """An unknown range is an error, an option of git is none."""
        assert "git knows no commit" in vcs("annotate", "nope", code=1).stderr
        for bad in ("--output=x", "nope..HEAD"):
            with pytest.raises(CommitNotFoundError):
                repo.annotate(bad)

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """Without a commit there is nothing to write on."""
        git("init", "--quiet", str(tmp_path / "new"))
        repo = vcs_track.init(tmp_path / "new")
        repo.start_run().finish()

        assert ((), (), 0) == (
            repo.annotate().written, repo.annotate().removed, repo.annotate().unchanged
        )  # fmt: skip
