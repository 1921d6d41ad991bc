"""Tests of ``vcs_track.pages.tables``, ``table_page`` and ``table_markdown``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.pages.table_markdown import groups_markdown, matrix_markdown
from vcs_track.pages.table_page import groups_page, matrix_page
from vcs_track.pages.tables import group_sections, matrix_sections, run_titles

if TYPE_CHECKING:
    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo() -> Repository:
    """Make nine runs in two groups, with a name that some of them share."""
    repo = vcs_track.init()
    for n in range(9):
        params = {"lr": 0.1 if n < 4 else 0.2, "seed": n}
        name = "same" if n < 2 else f"run{n}"
        with repo.start_run(name, group="ab"[n > 3], hparams=params) as run:
            run.add_scalar("loss", 1.0 + n, 0)
            run.add_scalar("loss", 0.5 + n, 1)
            run.write_result(acc=n / 10, odd=math.nan if n == 3 else n)
    return repo


class TestMatrix:
    def test_the_best_is_known(self, repo: Repository) -> None:
        """Of an outcome with a direction the best is marked, and all that are as good."""
        runs = [run.id for run in repo.runs(where="seed < 4", order_by="seed")]
        matrix = repo.matrix(runs, only="results,summary")
        lines = {line.name: line for section in matrix_sections(matrix) for line in section.lines}

        assert ["", "", "", "best"] == [cell.verdict for cell in lines["acc"].cells]
        assert ["best", "", "", ""] == [cell.verdict for cell in lines["loss"].cells]
        assert {""} == {cell.verdict for cell in lines["odd"].cells}

    def test_names_that_repeat_have_their_id(self, repo: Repository) -> None:
        """A column can be told from another whatever the runs are called."""
        runs = repo.runs(where="seed < 3", order_by="seed").whole()
        titles = run_titles(repo.matrix(runs))

        assert [f"same {runs[0].id}", f"same {runs[1].id}", "run2"] == titles

    def test_more_runs_than_colours(self, repo: Repository) -> None:
        """Six curves are drawn in a chart, and how many are not is said."""
        text = matrix_page(repo.matrix([run.id for run in repo.runs()]))

        assert 6 == text.count('class="curve')
        assert "and 3 more runs, not drawn" in text

    def test_markdown_has_a_column_a_run(self, repo: Repository) -> None:
        """The best stands in bold, and each row has as many cells as the head."""
        text = matrix_markdown(repo.matrix([run.id for run in repo.runs()], only="results"))
        rows = [line for line in text.splitlines() if line.startswith("|")]

        assert {11} == {row.count("|") for row in rows}
        assert "**`0.8`**" in text

    def test_nothing_varies(self, repo: Repository) -> None:
        """Runs that are alike give a word, not an empty table."""
        same = repo.matrix(["run3", "run3", "run3"])

        assert "No differences." in matrix_page(same)
        assert "No differences." in matrix_markdown(same)
        assert "<table" not in matrix_page(same)


class TestGroups:
    def test_one_value_is_no_mean(self, repo: Repository) -> None:
        """What all runs of a group share is shown as it is, the rest as mean and spread."""
        diff = repo.diff_groups("a", "b", only="hparams,results")
        lines = {line.name: line for section in group_sections(diff) for line in section.lines}

        assert ["0.1", "0.2"] == [cell.text for cell in lines["lr"].cells[:2]]
        assert ["0.15 ± 0.13", "0.60 ± 0.16"] == [cell.text for cell in lines["acc"].cells[:2]]
        assert ("+300 % better", "better") == lines["acc"].cells[2]

    def test_every_form_has_every_name(self, repo: Repository) -> None:
        """Markdown and HTML have the same rows."""
        diff = repo.diff_groups("a", "b")
        names = [f">{line.name}<" for section in group_sections(diff) for line in section.lines]
        page, text = groups_page(diff), groups_markdown(diff)

        assert names
        assert all(name in page for name in names)
        assert all(f"`{name[1:-1]}`" in text for name in names)

    def test_nothing_differs(self, repo: Repository) -> None:
        """Equal groups give a word."""
        diff = repo.diff_groups("a", "a")

        assert "No differences." in groups_page(diff)
        assert "No differences." in groups_markdown(diff)
