"""Runs in a notebook: small tables, in which nothing of a user is markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

import vcs_track
from vcs_track.porcelain.html_table import html_table

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

OURS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
EVIL = "<script>alert('x')</script>\"]]>&amp;<!--"
WORSE = EVIL + "\x1b[31m\u202e"  # a name has no control characters, a value may


class Reader(HTMLParser):
    """Collects the tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.others: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {f"{name}={value}" for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


class TestTable:
    @given(st.lists(st.text(max_size=100) | st.just(WORSE), min_size=1, max_size=4))
    def test_no_text_is_markup(self, texts: list[str]) -> None:
        """Whatever names and values hold, the page has our tags and attributes only.

        Seen to fail without the escaping of titles.
        """
        found = Reader(html_table(texts, [texts, texts], caption=texts[0]))

        assert found.tags <= OURS
        assert found.attributes <= {"style=text-align:left", "style=text-align:right"}
        assert [] == found.others

    def test_values(self) -> None:
        """Numbers stand to the right in six digits; a missing value is a dash."""
        page = html_table(["a"], [[1 / 3], [None], [True], [float("nan")], [["x", 1]], [10**9000]])

        assert '<td style="text-align:right">0.333333</td>' in page
        assert '<td style="text-align:left">-</td>' in page
        assert '<td style="text-align:left">true</td>' in page
        assert '<td style="text-align:right">NaN</td>' in page
        assert '<td style="text-align:left">x, 1</td>' in page

    def test_long_tables_are_cut(self) -> None:
        """Twenty rows, and a line that says how many more."""
        page = html_table(["n"], [[n] for n in range(25)], more=1000)

        assert 21 == page.count("<tr>")
        assert "<p>and 1,005 more</p>" in page


class TestRuns:
    def test_set(self, repo: Repository) -> None:
        """A set shows who the runs are, what varies and what came out."""
        for n in range(22):
            params = {"lr": n, "same": 1, EVIL: WORSE + str(n)}
            with repo.start_run(f"{EVIL}{n}", hparams=params) as run:
                run.add_scalar("acc", n / 10, 0)
        page = repo.runs(order_by="hparams.lr")._repr_html_()
        found = Reader(page)

        assert found.tags <= OURS
        assert {"id", "name", "status", "hparams.lr", "summary.acc", "0.3"} <= set(found.texts)
        assert "hparams.same" not in found.texts
        assert "and 2 more" in found.texts

    def test_empty_set(self, repo: Repository) -> None:
        """No runs are a sentence, not an empty table."""
        assert "<p>no runs</p>" == repo.runs()._repr_html_()

    def test_run(self, repo: Repository) -> None:
        """A run shows what was set and what came out."""
        with repo.start_run(EVIL, hparams={"lr": 0.5}, tags=[EVIL]) as run:
            run.write_result(score=3)
        found = Reader(repo.run("@")._repr_html_())

        assert found.tags <= OURS
        assert {"hparams.lr", "0.5", "results.score", "3", run.id} <= set(found.texts)

    def test_groups(self, repo: Repository) -> None:
        """The statistics of groups are a table too."""
        for n in range(2):
            with repo.start_run(hparams={"model": WORSE}) as run:
                run.add_scalar("acc", n, 0)
        found = Reader(repo.runs().group_by("model").stats("acc")._repr_html_())

        assert found.tags <= OURS
        assert {"hparams.model", "metric", "mean", "0.5"} <= set(found.texts)
