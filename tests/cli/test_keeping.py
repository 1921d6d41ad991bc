"""Editing, removing and undoing by the command line: what is told, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from cli.program import make_run, on_terminal, read_terminal, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with the runs ``one`` and ``two``."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path)
    make_run(repo, "one", lr=0.1)
    make_run(repo, "two", lr=0.2)
    return repo


class TestEdits:
    def test_each_verb(self, repo: Repository) -> None:
        """Each command changes its field of the run and prints what it is now."""
        for args, shown in (
            (("note", "one", "a\nb"), "a ..."),
            (("tag", "one", "x", "y"), "x, y"),
            (("untag", "one", "x"), "y"),
            (("color", "one", "#f80"), "ff8800"),
            (("status", "one", "failed"), "failed"),
            (("name", "one", "uno"), "uno"),
        ):
            assert vcs(*args).stdout.endswith(f": {shown}\n")
        run = repo.run("uno")

        assert ("a\nb", ["y"], "ff8800", "failed") == (run.note, run.tags, run.color, run.status)

    def test_note_without_text_prints_it(self, repo: Repository) -> None:
        """Where there is no terminal ``note RUN`` prints the note, and nothing where none is."""
        assert vcs("note", "one").stdout == ""
        vcs("note", "one", "hello")

        assert vcs("note", "one").stdout == "hello\n"
        assert json.loads(vcs("note", "one", "--json").stdout)["note"] == "hello"

    def test_note_opens_the_editor(
        self, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On a terminal the note is edited in the user's editor."""
        editor = tmp_path / "editor"
        editor.write_text('#!/bin/sh\necho "from the editor" >> "$1"\n')
        editor.chmod(0o755)
        monkeypatch.setenv("VISUAL", str(editor))
        vcs("note", "one", "first line\n")
        process, ours = on_terminal("note", "one")
        read_terminal(ours)
        process.wait(60)

        assert "first line\nfrom the editor" == repo.run("one").note

    def test_note_from_a_file(self, repo: Repository, tmp_path: Path) -> None:
        """``--file`` takes the text from a file; an empty text removes the note."""
        (tmp_path / "text").write_text("from a file\n")
        vcs("note", "one", "-F", tmp_path / "text")
        assert "from a file" == repo.run("one").note
        vcs("note", "one", "")

        assert repo.run("one").note is None

    def test_many(self, repo: Repository) -> None:
        """``--where`` and ``--run`` edit several runs."""
        vcs("tag", "--where", "hparams.lr > 0.15", "large")
        vcs("tag", "one", "--run", "two", "both")

        assert [["both"], ["both", "large"]] == [repo.run(name).tags for name in ("one", "two")]

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (("tag",), 2), (("tag", "one"), 2), (("tag", "nobody", "x"), 11),
            (("name", "one"), 2), (("name", "one", "a", "b"), 2), (("color", "one", "red!"), 2),
            (("status", "one"), 2), (("status", "one", "running"), 2),
            (("status", "one", "gone"), 2), (("note", "one", "a", "b"), 2),
            (("note", "--where", "hparams.lr > 0"), 2),
            (("tag", "--where", "hparams.lr > 0", "--run", "one", "x"), 2),
            (("note", "one", "-F", "missing"), 1),
        ],
    )  # fmt: skip
    def test_wrong_use_changes_nothing(
        self, repo: Repository, args: tuple[str, ...], code: int
    ) -> None:
        """A wrong call ends with its exit code, says why, and leaves the runs as they are."""
        before = repo.store.home.heads()
        done = vcs(*args, code=code)

        assert done.stderr.startswith("error: ")
        assert before == repo.store.home.heads()


class TestRm:
    def test_one_and_back(self, repo: Repository) -> None:
        """One run is removed without a question, listed as removed, and restored."""
        assert vcs("rm", "one").stdout.startswith("removed  ")
        assert "two" in vcs("ls").stdout
        assert "one" not in vcs("ls").stdout
        assert "one" in vcs("ls", "--removed").stdout
        assert "rm --restore" in vcs("show", repo.removed()[0].id, code=11).stderr
        vcs("rm", "--restore", "one")

        assert 2 == len(repo.runs())
        assert "no run was removed" in vcs("ls", "--removed").stderr

    def test_several_without_a_terminal(self, repo: Repository) -> None:
        """A script has to say ``--yes`` to remove several runs.

        Seen to fail when only a terminal was asked.
        """
        done = vcs("rm", "one", "two", code=2)
        assert "--yes" in done.stderr
        assert 2 == len(repo.runs())
        vcs("rm", "--where", "hparams.lr > 0", "--yes")

        assert 0 == len(repo.runs())

    @pytest.mark.parametrize(("answer", "left"), [(b"y\n", 0), (b"n\n", 2), (b"\n", 2)])
    def test_several_on_a_terminal(self, repo: Repository, answer: bytes, left: int) -> None:
        """On a terminal the runs are shown and a yes is asked for."""
        process, ours = on_terminal("rm", "one", "two")
        os.write(ours, answer)
        shown = read_terminal(ours)
        code = process.wait(60)

        assert b"remove 2 runs? [y/N]" in shown
        assert left == len(repo.runs())
        assert int(left > 0) == code

    def test_dry_run(self, repo: Repository) -> None:
        """``--dry-run`` says what would be removed, and removes nothing."""
        done = vcs("rm", "--where", "hparams.lr > 0", "--dry-run")

        assert 2 == done.stdout.count("would remove")
        assert 2 == len(repo.runs())

    @pytest.mark.parametrize(
        ("args", "code"),
        [((), 2), (("one", "--where", "hparams.lr > 0"), 2), (("--restore", "one"), 11),
         (("--restore", "--where", "hparams.lr > 0"), 2), (("nobody",), 11)],
    )  # fmt: skip
    def test_wrong_use(self, repo: Repository, args: tuple[str, ...], code: int) -> None:
        """A wrong call removes nothing."""
        vcs("rm", *args, code=code)

        assert 2 == len(repo.runs())

    def test_a_live_run(self, repo: Repository) -> None:
        """A run that is going on is refused."""
        with repo.start_run("live"):
            done = vcs("rm", "live", code=2)

        assert "still going on" in done.stderr


class TestUndo:
    def test_names_the_command(self, repo: Repository) -> None:
        """Undo and reflog tell the command line as it was typed, secrets masked."""
        vcs("note", "one", "hello world")
        vcs("tag", "one", "api_key=hunter2")
        told = vcs("reflog", "one", "--json").stdout
        assert "hunter2" not in told
        assert "'hello world'" in told
        done = vcs("undo", "-n", "2", "--dry-run")
        assert 2 == done.stdout.count("would undo")
        vcs("undo", "-n", "2")

        assert (None, []) == (repo.run("one").note, repo.run("one").tags)
        vcs("undo", "--redo")
        assert "hello world" == repo.run("one").note

    def test_one_command_is_one_step(self, repo: Repository) -> None:
        """A command that edits many runs is taken back as one."""
        vcs("tag", "--where", "hparams.lr > 0", "x")
        vcs("undo")

        assert [[], []] == [run.tags for run in repo.runs()]

    def test_nothing_to_undo(self, repo: Repository) -> None:
        """Where nothing was done that is an error with a hint."""
        done = vcs("undo", code=2)

        assert "there is nothing to undo" in done.stderr

    def test_reflog_fits_the_terminal(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The table of moves is never wider than the screen."""
        vcs("note", "one", "x" * 300)
        for columns in (40, 80, 200):
            monkeypatch.setenv("COLUMNS", str(columns))
            lines = vcs("reflog").stdout.splitlines()

            assert 4 == len(lines)
            assert columns >= max(map(len, lines))


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    """``--help`` of the group loads neither these commands nor what they need."""
    script = (
        "import sys; from vcs_track.cli import main; main.run(['--help']);"
        "print(*[m for m in sys.modules if m.startswith('vcs_track.cli.commands')"
        " or m in ('rich', 'git', 'sqlite3')], file=sys.stderr)"
    )
    done = subprocess.run(
        ["python", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert done.stderr.split() == []


class TestDu:
    def test_runs_and_places(self, repo: Repository) -> None:
        """A line for each run, a total, and what is on the disk; as JSON a line each."""
        lines = vcs("du").stdout.splitlines()
        rows = [json.loads(line) for line in vcs("du", "--json").stdout.splitlines()]

        assert ["RUN", "total"] == [lines[0].split()[0], lines[3].split()[0]]
        assert lines[5].startswith("on disk: packs ")
        assert {"one", "two"} == {row["name"] for row in rows[:2]}
        assert rows[2]["total"] == sum(rows[2]["kinds"].values())

    def test_fits_the_terminal(self, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        """The table is never wider than the screen."""
        monkeypatch.setenv("COLUMNS", "50")

        assert 50 >= max(map(len, vcs("du").stdout.splitlines()[:4]))

    def test_wrong_use(self, repo: Repository) -> None:
        """Unknown runs and both ways to name runs are errors."""
        vcs("du", "nobody", code=11)
        vcs("du", "one", "--where", "hparams.lr > 0", code=2)


class TestRedact:
    @pytest.fixture
    def secret(self, repo: Repository, tmp_path: Path) -> str:
        """Add a run with a file, and return the id of the file."""
        (tmp_path / "secret.bin").write_bytes(b"secret" * 100)
        with repo.start_run("three", id="three") as run:
            return run.add_file(tmp_path / "secret.bin")

    def test_removes_and_says_so(self, repo: Repository, secret: str) -> None:
        """The object is named, fsck tells the reason and ends with 0, reading with 11."""
        done = vcs("redact", "three", "--file", "secret.bin", "--reason", "private", "--yes")
        assert secret in done.stdout
        fsck = vcs("fsck")
        assert "private" in fsck.stderr
        assert "all is well" in fsck.stdout
        assert "private" in vcs("cat-file", secret, code=11).stderr

        assert "redacted" in vcs("show", "three").stdout
        assert "the bytes are gone" in vcs("undo", code=2).stderr

    def test_asks(self, repo: Repository, secret: str) -> None:
        """Without ``--yes`` and without a terminal nothing is removed; a no is a no."""
        done = vcs("redact", "three", "--blob", secret, "--reason", "x", code=2)
        assert "--yes" in done.stderr
        process, ours = on_terminal("redact", "three", "--blob", secret, "--reason", "x")
        os.write(ours, b"n\n")
        read_terminal(ours)

        assert 1 == process.wait(60)
        assert repo.run("three").media("file")[0].here

    def test_dry_run_and_json(self, repo: Repository, secret: str) -> None:
        """A dry run says what would be done, as JSON too."""
        args = ("redact", "three", "--blob", secret[:16], "--reason", "x", "--dry-run", "--json")
        row = json.loads(vcs(*args).stdout)

        assert ([secret], ["three"], True) == (row["oids"], row["runs"], row["dry_run"])
        assert repo.run("three").media("file")[0].here

    def test_wrong_use(self, repo: Repository, secret: str) -> None:
        """A reason and one thing to redact are needed."""
        vcs("redact", "three", "--file", "secret.bin", "--yes", code=2)
        vcs("redact", "three", "--reason", "x", "--yes", code=2)
        vcs("redact", "three", "--file", "other", "--reason", "x", "--yes", code=11)
        vcs("redact", "nobody", "--file", "other", "--reason", "x", "--yes", code=11)

    def test_names_the_packs_that_git_has(self, repo: Repository, tmp_path: Path) -> None:
        """What was committed is in git's history, and that is said."""
        subprocess.run(["git", "init", "-q"], check=True)
        subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "start"], check=True)
        (tmp_path / "secret.bin").write_bytes(b"secret" * 100)
        with repo.start_run("four", id="four") as run:
            run.add_file(tmp_path / "secret.bin")
        vcs("commit", "four")
        done = vcs("redact", "four", "--file", "secret.bin", "--reason", "x", "--yes")

        assert "git has the bytes still: .runs/packs/" in done.stderr
        assert (
            ""
            == subprocess.run(
                ["git", "status", "--porcelain", ".runs"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
