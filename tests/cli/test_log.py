"""``vcs-track log``: runs one by one."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program, Result

__all__: list[str] = []

NEWEST_FIRST = ["cccc4444", "bbbb3333", "aaaa2222", "aaaa1111"]


def ids(result: Result) -> list[str]:
    return [line.split()[1] for line in result.lines if line.startswith("run ")]


class TestOrder:
    def test_newest_first(self, lab: Lab, program: Program) -> None:
        """All runs are shown, the newest first."""
        assert NEWEST_FIRST == ids(program("log"))

    def test_limit(self, lab: Lab, program: Program) -> None:
        """``-n`` shows that many."""
        assert NEWEST_FIRST[:2] == ids(program("log", "-n", "2"))

    def test_named_runs_in_their_order(self, lab: Lab, program: Program) -> None:
        """Named runs come in the order of their names."""
        assert ["aaaa1111", "cccc4444"] == ids(program("log", "base", "@"))

    def test_where(self, lab: Lab, program: Program) -> None:
        """``--where`` chooses runs."""
        assert ["bbbb3333"] == ids(program("log", "--where", "status = 'failed'"))

    def test_json(self, lab: Lab, program: Program) -> None:
        """``--json`` prints one run a line, with the names that scripts rely on."""
        rows = program("log", "--json").rows
        wanted = {
            "id",
            "name",
            "status",
            "created",
            "hparams",
            "summary",
            "results",
            "git",
            "tags",
        }

        assert NEWEST_FIRST == [row["id"] for row in rows]
        assert all(wanted <= row.keys() for row in rows)


class TestBlock:
    def test_says_what_and_when(self, lab: Lab, program: Program) -> None:
        """A block has status, commit, time, hyperparameters and series with their course."""
        lines = program("log", "base").lines

        assert lines[0] == "run aaaa1111 base  ✔ finished"
        assert lines[1].startswith("commit  ")
        assert lines[1].endswith(" main")
        assert "took" in lines[2]
        assert lines[3] == "hparams lr=0.1 optimizer.name=adam"
        assert lines[4] == "tags    first"
        assert lines[5].split()[:2] == ["train/loss", "0.00744658"]
        assert lines[5].split()[2].startswith("█")
        assert lines[6].split()[2].endswith("█")

    def test_dirty_mark(self, program: Program) -> None:
        """A star behind the commit says that files had changed."""
        subprocess.run(["git", "init", "--quiet"], check=True, timeout=60)
        Path("a").write_text("1")
        subprocess.run(["git", "add", "a"], check=True, timeout=60)
        subprocess.run(["git", "commit", "--quiet", "-m", "x"], check=True, timeout=60)
        Path("a").write_text("2")
        vcs_track.init().start_run("one").finish()

        assert program("log").lines[1].split()[1].endswith("*")

    def test_user_text_is_no_terminal_escape(self, lab: Lab, program: Program) -> None:
        """Escape sequences in notes and values are spelled out."""
        out = program("log", "@").out

        assert "\x1b" not in out
        assert "\\x1b]0;pwned\\x07" in out

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_fits(self, columns: int, lab: Lab, program: Program) -> None:
        """No line is longer than the screen, and the id is whole."""
        result = program("log", columns=columns)

        assert max(map(len, result.lines)) <= columns
        assert NEWEST_FIRST == ids(result)

    def test_no_colour_in_a_pipe(self, lab: Lab, program: Program) -> None:
        """Colour is for terminals, and for who forces it."""
        plain, coloured = program("log"), program("log", colour=True)

        assert "\x1b[" not in plain.out
        assert "\x1b[" in coloured.out

    def test_no_color_wins(
        self, lab: Lab, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``NO_COLOR`` turns colour off whatever else is set."""
        monkeypatch.setenv("NO_COLOR", "1")

        assert "\x1b[" not in program("log", colour=True).out


class TestNothing:
    def test_empty_repository(self, program: Program) -> None:
        """No runs: no data, a word on stderr, no error."""
        vcs_track.init()
        result = program("log")

        assert (result.code, result.out, result.err) == (0, "", "there are no runs\n")

    def test_no_match(self, lab: Lab, program: Program) -> None:
        """A filter that no run passes is no error."""
        result = program("log", "--where", "hparams.lr > 100")

        assert (result.code, result.out, result.err) == (0, "", "no run matches\n")


class TestBadInput:
    def test_unknown_run(self, lab: Lab, program: Program) -> None:
        """An unknown run is named with its near names."""
        result = program("log", "smallish")

        assert (result.code, result.out) == (11, "")
        assert result.err == "error: no run matches 'smallish'\nhint: did you mean 'small'?\n"

    def test_run_and_where(self, lab: Lab, program: Program) -> None:
        """Names and a filter exclude each other."""
        assert program("log", "base", "--where", "lr < 1").code == 2
