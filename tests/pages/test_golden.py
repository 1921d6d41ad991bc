"""What ``vcs-track diff`` shows, whole, as somebody has read and accepted it.

``python -m pytest tests/pages/test_golden.py --rewrite-golden`` accepts what is shown now; read
what git says has changed before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.cli import render

if TYPE_CHECKING:
    from pages.conftest import Golden, Shown

__all__: list[str] = []

# What is made by Pillow has other bytes with another of its versions.
DIFFERENCE = re.compile(r"(<p>difference, )[^<]+(</p><img src=\"data:image/png;base64,)[^\"]+")


class TestPair:
    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_text(self, columns: int, shown: Shown, golden: Golden) -> None:
        """At every width all kinds are shown, and no line is longer."""
        text = shown("diff", "base", "better", columns=columns)

        golden(f"diff/text-{columns}.txt", text)
        assert all(render.width_of(line) <= columns for line in text.splitlines())

    def test_piped(self, shown: Shown, golden: Golden) -> None:
        """Without an edge no value is cut."""
        golden("diff/piped.txt", shown("diff", "base", "better"))

    def test_all(self, shown: Shown, golden: Golden) -> None:
        """``--all`` adds ids, names and times."""
        golden("diff/all.txt", shown("diff", "base", "better", "--all", "--only", "identity"))

    def test_colours(self, shown: Shown, golden: Golden) -> None:
        r"""Colours are added to the same text. Escapes are written as ``\e``."""
        text = shown("diff", "base", "better", columns=80, colour=True)

        golden("diff/colours.txt", text.replace("\x1b", r"\e"))
        assert re.sub(r"\x1b\[[0-9;]*m", "", text) == shown("diff", "base", "better", columns=80)

    @pytest.mark.parametrize(
        ("words", "name"),
        [
            (["--stat"], "stat.txt"),
            (["--json"], "changes.jsonl"),
            (["--md"], "pull-request.md"),
            (["--md", "--code", "--only", "code"], "code.md"),
            (["--html", "-", "--code", "--only", "code"], "code.html"),
            (["--only", "hparams,results", "--tol", "10%"], "only.txt"),
        ],
    )
    def test_forms(self, words: list[str], name: str, shown: Shown, golden: Golden) -> None:
        """Each other form of the same diff."""
        golden(f"diff/{name}", shown("diff", "base", "better", *words))

    def test_guide(
        self, shown: Shown, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The guide shows what the program does."""
        repo = vcs_track.init(tmp_path)
        for name, run_id, lr, optimizer in (
            ("base", "9c41e07b", 0.1, "sgd"), ("better", "d2f85a3c", 0.03, "adamw"),
        ):  # fmt: skip
            params = {"lr": lr, "epochs": 30, "optimizer": {"name": optimizer}}
            with repo.start_run(name, id=run_id, hparams=params) as run:
                for step in range(30):
                    loss = 1 / (1 + step * (0.25 - lr))
                    run.add_scalars({"train/loss": loss, "val/acc": 1 - loss / 2}, step=step)
                run.write_result(**{"test/acc": 0.875 if name == "base" else 0.9375})
        monkeypatch.chdir(tmp_path)
        text = shown("diff", "base", "better", "--only", "hparams,results,series", columns=80)
        guide = Path(__file__).resolve().parents[2] / "docs" / "guides" / "comparing.md"

        golden("diff/guide.txt", text)
        assert f"```text\n{text}```\n" in guide.read_text(encoding="utf-8")

    def test_page(self, shown: Shown, golden: Golden) -> None:
        """The HTML file, but for the picture of a difference."""
        text = shown("diff", "base", "better", "--html", "-")

        golden("diff/page.html", DIFFERENCE.sub(r"\1SIZE\2PICTURE", text))


class TestTables:
    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_matrix(self, columns: int, shown: Shown, golden: Golden) -> None:
        """A column a run; the best of each outcome has a star."""
        text = shown("diff", "base", "better", "third", columns=columns)

        golden(f"diff/matrix-{columns}.txt", text)
        assert all(render.width_of(line) <= columns for line in text.splitlines())

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_groups(self, columns: int, shown: Shown, golden: Golden) -> None:
        """Means with their spread, side by side."""
        text = shown("diff", "--group", "base, third", "sweep", columns=columns)

        golden(f"diff/groups-{columns}.txt", text)
        assert all(render.width_of(line) <= columns for line in text.splitlines())

    @pytest.mark.parametrize("form", ["--md", "--html"])
    @pytest.mark.parametrize("groups", [True, False])
    def test_forms(self, form: str, groups: bool, shown: Shown, golden: Golden) -> None:
        """The same tables as Markdown and as HTML."""
        words = [form, "-"] if form == "--html" else [form]
        if groups:
            text = shown("diff", "--group", "base, third", "sweep", *words)
        else:
            text = shown("diff", "base", "better", "third", *words)

        golden(f"diff/{'groups' if groups else 'matrix'}.{form[2:]}", text)
