"""Tables fit, ids are whole, colour is for terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from vcs_track.cli import render
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable

__all__: list[str] = []

TEXT = st.text(max_size=30)
COLUMNS = [
    Column("ID"), Column("NAME", least=6), Column("N", right=True, rank=2),
    Column("MORE", rank=1, least=3),
]  # fmt: skip


class TestTable:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        rows=st.lists(st.tuples(st.text("0123456789abcdef", min_size=1, max_size=12), TEXT, TEXT,
                                TEXT), min_size=1, max_size=5),
        width=st.integers(20, 120),
    )  # fmt: skip
    def test_any_text_fits(
        self, rows: list[tuple[str, ...]], width: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Whatever the cells hold: one line a row, none too long, each id whole."""
        render.table(COLUMNS, rows, width=width)
        lines = capsys.readouterr().out.split("\n")[:-1]

        assert len(rows) + 1 == len(lines)
        assert max(map(render.width_of, lines)) <= width
        assert all(line.startswith(row[0]) for line, row in zip(lines[1:], rows, strict=True))

    def test_left_out_columns_are_returned(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The highest rank goes first, and the caller learns of it."""
        row = ("abcdef", "a long name here", "123456", "something")

        assert [] == render.table(COLUMNS, [row], width=80)
        assert ["N"] == render.table(COLUMNS, [row], width=24)
        assert ["N", "MORE"] == render.table(COLUMNS, [row], width=14)

    def test_without_fit_nothing_is_cut(self, capsys: pytest.CaptureFixture[str]) -> None:
        """``fit=False`` writes everything."""
        render.table(["A", "B"], [("x" * 100, "y" * 100)], width=10, fit=False)

        assert "x" * 100 + "  " + "y" * 100 in capsys.readouterr().out

    def test_wide_letters_align(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Letters of two columns count as two."""
        render.table(["NAME", "B"], [("実験", "x"), ("abcd", "x")])

        assert ["NAME  B", "実験  x", "abcd  x"] == capsys.readouterr().out.splitlines()

    def test_no_rows(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A table without rows is its heading."""
        render.table(["A", "B"], [])

        assert capsys.readouterr().out == "A  B\n"


class TestCut:
    @given(TEXT, st.integers(0, 40))
    def test_never_longer(self, text: str, width: int) -> None:
        """No text is longer than asked for, wide letters counted."""
        text = render.visible(text)

        assert render.width_of(render.cut(text, width)) <= width


class TestColour:
    @pytest.mark.parametrize(
        ("variables", "coloured"),
        [({}, False), ({"FORCE_COLOR": "1"}, True),
         ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    )  # fmt: skip
    def test_policy(
        self, variables: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A pipe is plain, ``FORCE_COLOR`` colours it, ``NO_COLOR`` wins."""
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        assert ("\x1b[" in render.paint("text", "bold red")) == coloured

    def test_escapes_of_users_are_spelled_out(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Colour is ours alone."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        render.line(Cell("\x1b[5m", "red"))
        render.table(["\x1b[5m"], [("\x1b[5m",)])

        assert "\x1b[5m" not in capsys.readouterr().out


class TestRoom:
    @pytest.mark.parametrize(("columns", "room"), [(None, 80), ("40", 40), ("wide", 80)])
    def test_width(
        self, columns: str | None, room: int, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        """``COLUMNS`` counts, else 80 where there is no terminal."""
        if columns is not None:
            monkeypatch.setenv("COLUMNS", columns)

        assert room == render.room()


class TestLines:
    def test_each_is_indented(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Text of several lines keeps them; tabs are widened, escapes spelled out."""
        render.lines("a\n\tb\x1b", indent="> ")

        assert capsys.readouterr().out == "> a\n>     b\\x1b\n"


@pytest.fixture
def finished() -> Callable[[str], Cell]:
    return render.status


def test_unknown_status_has_a_mark(finished: Callable[[str], Cell]) -> None:
    """A status of a later version is shown, not refused."""
    assert Cell("? paused", "") == finished("paused")
