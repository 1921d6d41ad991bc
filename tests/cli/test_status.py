"""``vcs-track status``: the repository at a glance."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

__all__: list[str] = []


def git(*args: str) -> None:
    subprocess.run(["git", *args], check=True, capture_output=True, timeout=60)


class TestOverview:
    def test_shows_path_format_git_and_counts(self, lab: Lab, program: Program) -> None:
        """The head says where, in which format, on which branch, and how many runs."""
        result = program("status")

        assert result.code == 0
        assert f"repository  {lab.folder / '.runs'} (sha256)" in result.lines
        assert any(line.startswith("git         main ") for line in result.lines)
        assert "runs        4: 3 finished, 1 failed" in result.lines

    def test_dirty(self, program: Program) -> None:
        """Changed and untracked files show behind the branch."""
        git("init", "--quiet")
        Path("a").write_text("1")
        git("add", "a")
        git("commit", "--quiet", "-m", "start")
        vcs_track.init()
        clean = program("status").out
        Path("a").write_text("2")
        Path("b").write_text("1")

        assert "(clean)" in clean
        assert "(changed files, 1 untracked entry)" in program("status").out

    def test_outside_git(self, program: Program) -> None:
        """No git is a fact, not an error."""
        vcs_track.init()
        result = program("status")

        assert "git         not in a git repository" in result.lines
        assert "runs        none yet" in result.lines
        assert "hint: record a program" in result.err

    def test_empty_git(self, program: Program) -> None:
        """A repository without a commit has a branch."""
        git("init", "--quiet")
        vcs_track.init()

        assert "git         main no commit yet (clean)" in program("status").lines


class TestRuns:
    def test_live_run(self, program: Program) -> None:
        """A run that goes on is listed as live, and not as uncommitted."""
        repo = vcs_track.init()
        with repo.start_run("going") as run:
            row = program("status", "--json").rows[0]
            text = program("status").out

        assert ([run.id], []) == (row["live"], row["uncommitted"])
        assert "live runs (1)" in text

    def test_uncommitted_until_committed(self, program: Program) -> None:
        """Runs are listed until git has them."""
        git("init", "--quiet")
        repo = vcs_track.init()
        with repo.start_run("one") as run:
            run.add_scalar("loss", 1.0)
        before = program("status")
        repo.commit()

        assert [run.id] == [line.split()[0] for line in before.lines if "  one  " in line]
        assert "vcs-track commit" in before.err
        assert [] == program("status", "--json").rows[0]["uncommitted"]

    def test_many_uncommitted_are_counted(self, program: Program) -> None:
        """A long list is cut and counted."""
        repo = vcs_track.init()
        for number in range(10):
            repo.start_run(f"run {number}").finish()
        lines = program("status").lines

        assert "runs that git has not got (10)" in lines
        assert "  and 2 more" in lines

    def test_skipped_pack(self, program: Program) -> None:
        """A damaged pack that git brought is named with its reason."""
        git("init", "--quiet")
        repo = vcs_track.init()
        repo.start_run("one").finish()
        repo.commit()
        pack = next(Path(".runs/packs").glob("p-*.zip"))
        fake = pack.with_name(f"p-{'0' * len(pack.stem.removeprefix('p-'))}.zip")
        fake.write_bytes(b"no zip at all")
        result = program("status")

        assert result.code == 0
        assert fake.name in result.out
        assert fake.name in program("status", "--json").rows[0]["skipped"]


class TestRecovery:
    def test_dead_writer_is_announced(self, program: Program) -> None:
        """A run whose program was killed is sealed by the next command, which says so."""
        vcs_track.init()
        script = (
            "import os, vcs_track; run = vcs_track.start_run('dead', id='dead1');"
            "run.add_scalar('loss', 0.5); os.kill(os.getpid(), 9)"
        )
        done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
        result = program("status")

        assert done.returncode == -9
        assert "recovered run dead1" in result.err
        assert "1 crashed" in result.out


class TestBadInput:
    def test_no_repository(self, program: Program) -> None:
        """Outside a repository the code is 10 and the hint says how to make one."""
        result = program("status")

        assert (result.code, result.out) == (10, "")
        assert "hint: make one with 'vcs-track init'" in result.err

    @pytest.mark.parametrize("content", [b'{"format":99}\n', b"", b"\x00garbage"])
    def test_unknown_format_is_refused(self, content: bytes, program: Program) -> None:
        """A folder of an unknown format is refused and left alone."""
        folder = Path(".runs")
        folder.mkdir()
        (folder / "FORMAT").write_bytes(content)
        result = program("status")

        assert result.code == 1
        assert "cannot use" in result.err
        assert ["FORMAT"] == [path.name for path in folder.iterdir()]
        assert content == (folder / "FORMAT").read_bytes()
