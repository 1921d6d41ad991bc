"""Tables for other programs: exact CSV, and Markdown that is a table."""

from __future__ import annotations

import csv
import io
import math
import re

from hypothesis import example, given, strategies as st

from vcs_track.cli.delimited import csv_text, markdown_text

__all__: list[str] = []

TEXTS = st.lists(st.text(max_size=20), min_size=2, max_size=2)


class TestCsv:
    @given(st.lists(TEXTS, max_size=5))
    @example([["a\rb", "c"], [" d", '"']])
    def test_any_reader_gets_the_exact_texts(self, rows: list[list[str]]) -> None:
        """Quotes, commas, line ends and blanks come back as they were.

        Seen to fail when a lone CR is not quoted.
        """
        text = csv_text(["a", "b"], rows)
        found = list(csv.reader(io.StringIO(text, newline=""), strict=True))

        assert [["a", "b"], *rows] == found

    @given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
    def test_numbers_are_whole(self, values: list[float]) -> None:
        """Each digit of a number is there."""
        lines = csv_text(["x"], [[value] for value in values]).splitlines()[1:]

        assert [repr(value) for value in values] == [repr(float(line)) for line in lines]

    def test_values(self) -> None:
        """Missing and empty are told apart; values that are no numbers have one form."""
        values = [None, "", True, math.nan, -math.inf, ["a", 1], 2**70, "=1+1"]
        text = csv_text([f"c{n}" for n in range(8)], [values])

        assert (
            ',"",true,NaN,-Infinity,"[""a"",1]",1180591620717411303424,=1+1'
            == (text.splitlines()[1])
        )

    def test_times(self) -> None:
        """Times are written so that everybody reads the same."""
        assert "2023-11-14T22:13:20.500000+00:00" in csv_text(["created"], [[1.7e9 + 0.5]])

    def test_lines_end_with_cr_and_lf(self) -> None:
        """So says RFC 4180."""
        assert "a\r\n1\r\n" == csv_text(["a"], [[1]])


class TestMarkdown:
    @given(st.lists(TEXTS, max_size=4))
    def test_any_text_stays_in_its_cell(self, rows: list[list[str]]) -> None:
        """Whatever a value holds, each row is one line with as many cells as the heading."""
        lines = markdown_text(["a", "b"], rows, [False, True]).split("\n")[:-1]

        assert len(rows) + 2 == len(lines)
        assert {3} == {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines}

    def test_markup_is_escaped(self) -> None:
        """Names are no markup and no HTML; a name with underscores stays readable."""
        cells = ["<b>&", "*x* [y](z)", "val_acc", "_x_", "`c`", "a\\|b\nc"]
        row = markdown_text(cells, [], [False] * 6).splitlines()[0]

        assert r"| &lt;b&gt;&amp; | \*x\* \[y\](z) | val_acc | \_x\_ | \`c\` | a\\\|b\\nc |" == row
