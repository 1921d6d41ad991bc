"""Tests of ``vcs-track check``: conditions on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from work_trees.lineage import Lineage

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program

WIDE = """\
run   new new
base  old old, {commit}, the merge base of HEAD and main

CONDITION              VALUE  BASE  LIMIT
acc >= base - 0.5%      0.85   0.8  0.796  ✔ holds
loss < 0.3               0.4     -    0.3  ✘ fails
status = finished   finished     -      -  ✔ holds
"""
MARKDOWN = """\
### ❌ 1 of 2 conditions fails

- run `new` `new` at `{head}`
- base `old` `old` at `{commit}`, the merge base of HEAD and `main`

| condition | value | base | limit |  |
|---|---:|---:|---:|---|
| `acc >= base` | `0.85` | `0.8` | `0.8` | ✅ holds |
| `loss < 0.3` | `0.4` |  | `0.3` | ❌ **fails** |
"""
CONDITIONS = ("acc >= base - 0.5%", "loss < 0.3", "status = finished")


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lineage:
    """Work on a branch whose HEAD has a run, as ``main`` has."""
    line = Lineage(tmp_path / "work")
    line.step("old", acc=0.8, loss=0.5)
    line.git("switch", "-q", "-c", "wider")
    line.step("new", acc=0.85, loss=0.4)
    monkeypatch.chdir(line.root)
    return line


class TestShown:
    def test_on_80_columns(self, line: Lineage, program: Program) -> None:
        """Both runs, and for each condition the values, the limit and the verdict."""
        result = program("check", *CONDITIONS)

        shown = WIDE.format(commit=line.git("rev-parse", "main")[:10])
        assert (1, shown, "") == (result.code, result.out, result.err)

    def test_on_40_columns(self, line: Lineage, program: Program) -> None:
        """The limit goes first; the verdict stays."""
        result = program("check", *CONDITIONS, columns=40)

        assert max(map(len, result.lines[-4:])) <= 40
        assert ["✔ holds", "✘ fails", "✔ holds"] == [row[-7:] for row in result.lines[-3:]]

    def test_without_colour(self, line: Lineage, program: Program) -> None:
        """In a log of a CI service the words tell it without signs or colour."""
        result = program("check", *CONDITIONS, columns=None)

        assert "\x1b" not in result.out

    def test_colour(self, line: Lineage, program: Program) -> None:
        """What holds is green and what fails is red, on a terminal."""
        out = program("check", *CONDITIONS, colour=True).out

        assert "\x1b[32m✔ holds" in out
        assert "\x1b[31m✘ fails" in out

    def test_a_reason(self, line: Lineage, program: Program) -> None:
        """Why a condition cannot be told is said below the table."""
        line.step("more", acc=0.9, f1=0.7)
        result = program("check", "f1 >= base")

        assert 1 == result.code
        assert "f1 >= base: the base has no 'summary.f1'" == result.lines[-1]

    def test_markdown(self, line: Lineage, program: Program) -> None:
        """Markdown is a title, both runs and a table."""
        result = program("check", "acc >= base", "loss < 0.3", "--md")

        ends = {"head": line.head[:10], "commit": line.git("rev-parse", "main")[:10]}
        assert (1, MARKDOWN.format(**ends)) == (result.code, result.out)

    def test_json(self, line: Lineage, program: Program) -> None:
        """One condition is one line of JSON."""
        result = program("check", "acc >= base", "loss < 0.3", "--json")

        assert [(True, 0.85, "old"), (False, 0.4, None)] == [
            (row["holds"], row["value"], (row["base"] or {}).get("id")) for row in result.rows
        ]

    def test_both_forms(self, line: Lineage, program: Program) -> None:
        """One form at a time."""
        assert 2 == program("check", "acc > 0", "--md", "--json").code


class TestExitCode:
    @pytest.mark.parametrize(
        ("args", "code", "words"),
        [
            (["acc >= base"], 0, ""),
            (["acc < base"], 1, ""),
            (["acc < base", "--run", "old"], 1, ""),
            (["acc <= base", "--run", "old"], 0, ""),
            (["accc > 1"], 2, "did you mean"),
            (["acc >= base-0.5%"], 2, "blanks"),
            ([], 2, "CONDITION"),
            (["acc >= base", "--base", "maim"], 1, "main"),
            (["acc > 0", "--run", "nobody"], 11, "nobody"),
            (["acc > 0", "--where", "acc > 5"], 11, "no run has exactly the code"),
        ],
    )
    def test_code(
        self, line: Lineage, program: Program, args: list[str], code: int, words: str
    ) -> None:
        """A script tells by the code what became of it, and a person by the words."""
        result = program("check", *args)

        assert (code, True) == (result.code, words in result.err)

    def test_no_base(self, line: Lineage, program: Program) -> None:
        """No base run is another code than a condition that fails, unless it is allowed."""
        line.git("switch", "-q", "main")
        result = program("check", "acc >= base")

        assert (11, True) == (result.code, "--no-base-ok" in result.err)
        assert 0 == program("check", "acc >= base", "--no-base-ok").code

    def test_no_repository(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
    ) -> None:
        """Outside of a repository it is said how to make one."""
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")

        assert 10 == program("check", "acc > 0").code

    def test_a_damaged_run(self, line: Lineage, program: Program) -> None:
        """A run that cannot be read is told, also where it is why there is no base.

        Seen to fail when it was told after the check.
        """
        (head,) = (line.root / ".runs").rglob("old.*")
        head.rename(head.with_name("old." + "0" * 64))
        result = program("check", "acc >= base")

        assert 11 == result.code
        assert "left out run old" in result.err


def test_the_example_of_the_help(line: Lineage, program: Program) -> None:
    """What the help shows can be run as it is."""
    line.git("switch", "-q", "main")
    line.run("before", val_acc=0.9)
    line.git("switch", "-q", "wider")
    line.run("again", val_acc=0.9)

    assert 0 == program("check", "summary.val_acc >= base - 0.5%", "status = finished").code
