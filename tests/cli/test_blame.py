"""Tests of ``vcs-track blame``: who moved the best value so far, as it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from work_trees.lineage import Lineage

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lineage:
    """Work where three commits have runs, of which two moved the best."""
    line = Lineage(tmp_path / "work")
    line.commit("one", author="Ada", name="a first try")
    line.run("one", acc=0.8, hparams={"lr": 0.1})
    line.commit("two", author="Bob", name="worse")
    line.run("two", acc=0.7, hparams={"lr": 0.3})
    line.commit("three", author="Eve", name="wider")
    (line.root / "model.py").write_text("changed")
    line.run("three", acc=0.85, hparams={"lr": 0.2, "wd": 1})
    monkeypatch.chdir(line.root)
    return line


class TestShown:
    def test_on_100_columns(self, line: Lineage, program: Program) -> None:
        """Value, how far it moved, run, commit, author, subject, and what was changed."""
        result = program("blame", "acc", columns=130)
        first, second = (row.split() for row in result.lines[1:])

        assert ["0.8", "one", "one"] == first[:3]
        assert ["0.85", "+0.05", "three", "three"] == second[:4]
        assert [line.head[:10] + "*", "Eve", "wider", "lr", "0.1", "->", "0.2,", "+wd", "1"] == (
            second[6:]
        )
        assert "summary.acc, higher is better: 2 of 3 runs moved it\n" == result.err

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_fits(self, line: Lineage, program: Program, columns: int) -> None:
        """Nothing is wider than the terminal; value, run and commit are always there.

        Seen to fail when the commit could be left out.
        """
        lines = program("blame", "acc", columns=columns).lines

        assert max(map(len, lines)) <= columns
        assert all(word in lines[2] for word in ("0.85", "three", line.head[:10]))

    def test_what_was_changed_comes_before_names(self, line: Lineage, program: Program) -> None:
        """Where there is little room the settings stay and names and subjects go."""
        out = program("blame", "acc", columns=80).out

        assert "lr 0.1 -> 0.2, +wd 1" in out

    def test_json(self, line: Lineage, program: Program) -> None:
        """One run is one line of JSON."""
        rows = program("blame", "acc", "--json").rows

        assert [("one", "Ada", None), ("three", "Eve", pytest.approx(0.05))] == [
            (row["id"], row["author"], row["delta"]) for row in rows
        ]
        assert ["lr", "wd"] == [change["name"] for change in rows[1]["changes"]]

    def test_outside_git(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
    ) -> None:
        """Without git there is no column of commits."""
        repo = vcs_track.init(tmp_path / "plain")
        for name, loss in (("a", 0.5), ("b", 0.4)):
            run = repo.start_run(name, id=name)
            run.set_summary(loss=loss)
            run.finish()
        monkeypatch.chdir(tmp_path / "plain")
        result = program("blame", "loss", columns=200)

        assert 3 == len(result.lines)
        assert "COMMIT" not in result.out

    def test_names_of_a_stranger(self, line: Lineage, program: Program) -> None:
        """What a terminal would obey is spelled out, in names of authors too."""
        line.commit("four", author="\x1b[31mred", name="\x1b]0;pwned\x07")
        line.run("four", acc=0.9)

        assert "\x1b" not in program("blame", "acc", columns=200).out


class TestAsked:
    def test_options(self, line: Lineage, program: Program) -> None:
        """A range, a filter and the other way."""

        def ids(*args: str) -> list[str]:
            return [row["id"] for row in program("blame", "acc", "--json", *args).rows]

        assert ["three"] == ids("--range", "HEAD~1..")
        assert ["one", "two"] == ids("--lower")
        assert ["two", "three"] == ids("--where", "lr > 0.1")

    @pytest.mark.parametrize(
        ("args", "code", "words"),
        [
            (["accc"], 2, "did you mean"),
            (["acc", "--range", "nothing..main"], 1, "nothing"),
            (["acc", "--where", "acc >"], 2, "expected"),
            (["hparams.lr"], 2, "--higher or --lower"),
            (["acc", "--where", "acc > 5"], 0, "no run has a number 'summary.acc'"),
        ],
    )
    def test_code(
        self, line: Lineage, program: Program, args: list[str], code: int, words: str
    ) -> None:
        """Mistakes are told, and no holder is no mistake."""
        result = program("blame", *args)

        assert (code, "", True) == (result.code, result.out, words in result.err)
