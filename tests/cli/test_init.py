"""``vcs-track init``: where the repository is made, and that repeating is safe."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Program

__all__: list[str] = []


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestWhere:
    def test_here(self, program: Program) -> None:
        """Without a folder and outside git the repository is made here, and it says so."""
        result = program("init")

        assert (result.code, result.out) == (0, "")
        assert result.err.startswith(f"made '{Path.cwd() / '.runs'}' (sha256)\nhint: ")
        assert vcs_track.open().path == Path.cwd() / ".runs"

    def test_top_of_git(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        """Inside git it is made at the top of the work tree."""
        subprocess.run(["git", "init", "--quiet"], check=True, timeout=60)
        top = Path.cwd()
        below = top / "a" / "b"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)
        program("init")

        assert (top / ".runs" / "FORMAT").is_file()
        assert not (below / ".runs").exists()

    @pytest.mark.parametrize("args", [["init", "new"], ["-C", ".", "init", "new"]])
    def test_named_folder(self, args: list[str], program: Program) -> None:
        """A named folder is made when it is not there."""
        assert program(*args).code == 0
        assert Path("new/.runs/FORMAT").is_file()

    def test_beside_another(self, program: Program) -> None:
        """A repository further up does not make a new one an old one."""
        program("init")
        result = program("init", "below", "--json")

        assert result.rows == [
            {
                "path": str(Path.cwd() / "below" / ".runs"),
                "object_format": "sha256",
                "created": True,
            }
        ]


class TestRepeating:
    def test_changes_nothing_and_says_so(self, program: Program) -> None:
        """A second time leaves every byte alone."""
        program("init")
        with vcs_track.open().start_run("one") as run:
            run.add_scalar("loss", 1.0)
        before = bytes_below(Path(".runs"))
        result = program("init")

        assert result.code == 0
        assert result.err.startswith("there is already ")
        assert before == bytes_below(Path(".runs"))

    def test_keeps_another_format(self, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        """Repeating without a format keeps the one that is there."""
        program("init", "--object-format", "xxh128")
        monkeypatch.setenv("VCS_TRACK_OBJECT_FORMAT", "sha256")
        result = program("init", "--json")

        assert [("xxh128", False)] == [
            (row["object_format"], row["created"]) for row in result.rows
        ]

    def test_refuses_to_change_the_format(self, program: Program) -> None:
        """Asking for another format is an error, and nothing changes."""
        program("init")
        before = bytes_below(Path(".runs"))
        result = program("init", "--object-format", "xxh128")

        assert result.code == 2
        assert "has object format 'sha256'" in result.err
        assert before == bytes_below(Path(".runs"))


class TestBadInput:
    def test_unknown_object_format(self, program: Program) -> None:
        """A format that does not exist is wrong usage, and makes nothing."""
        result = program("init", "--object-format", "md5")

        assert result.code == 2
        assert "md5" in result.err
        assert not Path(".runs").exists()

    def test_unknown_version_is_refused_untouched(self, program: Program) -> None:
        """What a later version wrote is left as it is."""
        folder = Path(".runs")
        folder.mkdir()
        (folder / "FORMAT").write_bytes(b'{"format":99}\n')
        before = bytes_below(folder)
        result = program("init")

        assert result.code == 1
        assert result.err.startswith("error: cannot use '")
        assert before == bytes_below(folder)

    def test_folder_that_is_a_file(self, program: Program) -> None:
        """A file in the way is one line of error."""
        Path("taken").write_text("a file")
        result = program("init", "taken")

        assert result.code == 1
        assert result.err.startswith("error: ")
        assert Path("taken").read_text() == "a file"
