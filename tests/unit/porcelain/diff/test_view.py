"""Tests of ``vcs_track.porcelain.diff.view``."""

from __future__ import annotations

import re

import vcs_track

__all__: list[str] = []


class TestTable:
    def test_every_kind_is_a_row(self) -> None:
        """A row a change, with how far it went and whether that is good."""
        repo = vcs_track.init()
        for name, acc in (("a", 0.5), ("b", 0.75)):
            with repo.start_run(name, hparams={"x": 1 if name == "a" else "1"}) as run:
                run.add_scalar("acc", acc, 0)
                run.add_text(name, tag="<b>")
        shown = repo.diff("a", "b")._repr_html_()
        rows = [re.findall(r"<td[^>]*>([^<]*)", row) for row in re.findall(r"<tr>.*?</tr>", shown)]

        assert ["hparam", "x", "1", "&#x27;1&#x27;", ""] in rows
        assert ["summary", "acc", "0.5", "0.75", "+50 % better"] in rows
        assert ["series", "acc", "1 points, last 0.5", "1 points, last 0.75"] == rows[3][:4]
        assert "<b>" not in shown

    def test_long_ones_are_counted(self) -> None:
        """Twenty rows are shown, and how many there are besides."""
        repo = vcs_track.init()
        repo.start_run("a").finish()
        repo.start_run("b", hparams={f"h{n}": n for n in range(50)}).finish()
        shown = repo.diff("a", "b", only="hparams")._repr_html_()

        assert 20 == shown.count('<td style="text-align:left">hparam</td>')
        assert "and 30 more" in shown
