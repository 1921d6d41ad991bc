"""``vcs-track diff``: what changed between two runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.porcelain.diff import KINDS

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

__all__: list[str] = []


class TestText:
    def test_groups_by_kind(self, lab: Lab, program: Program) -> None:
        """Changes stand below their kind, old before new, with the relative change."""
        result = program("diff", "base", "small")

        assert result.lines[:2] == ["--- aaaa1111 base", "+++ aaaa2222 small"]
        assert ["~", "lr", "0.1", "->", "0.01", "-90", "%"] in [
            row.split() for row in result.lines
        ]
        titles = [line for line in result.lines[2:] if re.match(r"\w", line)]
        assert titles == ["hyperparameters", "summary", "results", "series", "texts"]

    def test_added_and_removed(self, lab: Lab, program: Program) -> None:
        """What only one run has is marked as added or removed."""
        lines = [line.split() for line in program("diff", "base", "broken").lines]

        assert ["+", "warmup", "5"] in lines
        assert ["-", "optimizer.name", "adam"] in lines

    def test_series_show_what_differs(self, lab: Lab, program: Program) -> None:
        """A series shows the statistics that are not the same, and only these."""
        result = program("diff", "base", "small", "--only", "series", "--tag", "train/*")
        words = [line.split()[0] for line in result.lines[5:]]

        assert ["last", "min", "part"] == words

    def test_near_numbers_are_told_apart(self, program: Program) -> None:
        """Two values that round to the same text are written out."""
        repo = vcs_track.init()
        for name, lr in (("a", 0.12345678), ("b", 0.12345679)):
            repo.start_run(name, hparams={"lr": lr}).finish()
        result = program("diff", "a", "b", "--only", "hparam")

        assert "0.12345678 -> 0.12345679" in result.out

    def test_types_are_told_apart(self, program: Program) -> None:
        """A number, its text and its whole form look different."""
        repo = vcs_track.init()
        for name, value in (("a", 1), ("b", "1"), ("c", 1.0)):
            repo.start_run(name, hparams={"x": value}).finish()

        assert "1 -> '1'" in program("diff", "a", "b").out
        assert "'1' -> 1.0" in program("diff", "b", "c").out

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_fits(self, columns: int, lab: Lab, program: Program) -> None:
        """No line is longer than the screen."""
        result = program("diff", "base", "small", columns=columns)

        assert max(map(len, result.lines)) <= columns

    def test_colour(self, lab: Lab, program: Program) -> None:
        """Old is red and new is green, where there is colour."""
        coloured = program("diff", "base", "small", colour=True).out

        assert "\x1b[31m0.1\x1b[0m" in coloured
        assert "\x1b[32m0.01\x1b[0m" in coloured
        assert "\x1b[" not in program("diff", "base", "small").out

    def test_user_text_is_no_terminal_escape(self, lab: Lab, program: Program) -> None:
        """Values with escape sequences are spelled out."""
        assert "\x1b]" not in program("diff", "base", "@", colour=True).out


class TestChoosing:
    def test_range(self, lab: Lab, program: Program) -> None:
        """``OLD..NEW`` is the same as two names; a side left out is the newest run."""
        assert program("diff", "base..small") == program("diff", "base", "small")
        assert program("diff", "base..") == program("diff", "base", "@")

    def test_only(self, lab: Lab, program: Program) -> None:
        """``--only`` takes kinds with commas, and again."""
        rows = program("diff", "base", "small", "--json", "--only", "hparam,result",
                       "--only", "text").rows  # fmt: skip

        assert ["hparam", "result", "text"] == [row["kind"] for row in rows]

    def test_tag(self, lab: Lab, program: Program) -> None:
        """``--tag`` chooses series and summaries, and leaves the rest."""
        rows = program("diff", "base", "small", "--json", "--tag", "val/*").rows

        assert [("hparam", "lr"), ("summary", "val/acc"), ("result", "score"),
                ("series", "val/acc")] == [(row["kind"], row["name"]) for row in rows]  # fmt: skip

    def test_stat(self, lab: Lab, program: Program) -> None:
        """``--stat`` counts by kind."""
        lines = [line.split() for line in program("diff", "base", "broken", "--stat").lines]

        assert ["hyperparameters", "1", "added,", "1", "removed,", "1", "changed"] in lines

    def test_json(self, lab: Lab, program: Program) -> None:
        """``--json`` prints one change a line with kind, name, old and new."""
        rows = program("diff", "base", "small", "--json").rows

        assert {
            "kind": "hparam", "name": "lr", "way": "changed", "old": 0.1, "new": 0.01,
        } == rows[0]  # fmt: skip
        assert {row["kind"] for row in rows} <= set(KINDS)


class TestExitCode:
    def test_equal(self, lab: Lab, program: Program) -> None:
        """Equal runs: no data, a word on stderr, 0."""
        result = program("diff", "base", "base", "--exit-code")

        assert (result.code, result.out) == (0, "")
        assert result.err == "no differences: 'base' is compared with itself\n"

    @pytest.mark.parametrize("more", [[], ["--json"], ["--stat"], ["--quiet"]])
    def test_different(self, more: list[str], lab: Lab, program: Program) -> None:
        """Different runs: 0, and 3 with ``--exit-code``."""
        assert program("diff", "base", "small", *more).code == 0
        assert program("diff", "base", "small", "--exit-code", *more).code == 3


class TestBadInput:
    def test_unknown_kind(self, lab: Lab, program: Program) -> None:
        """An unknown kind gets a near one."""
        result = program("diff", "base", "small", "--only", "hprams")

        assert (result.code, result.out) == (2, "")
        assert "hint: did you mean 'hparam'?" in result.err

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "name runs, or two groups with --group"),
            (["--group", "base", "small", "broken"], "compares two groups of runs, got 3"),
            (["--code", "base", "small", "broken"], "--code compares two runs"),
        ],
    )
    def test_number_of_runs(self, words: list[str], said: str, lab: Lab, program: Program) -> None:
        """No run at all, and more than two where two are compared, is wrong usage."""
        result = program("diff", *words)

        assert result.code == 2
        assert said in result.err

    def test_unknown_run(self, lab: Lab, program: Program) -> None:
        """An unknown run exits with 11 and a near name."""
        result = program("diff", "base", "smallish")

        assert result.code == 11
        assert "did you mean 'small'?" in result.err
