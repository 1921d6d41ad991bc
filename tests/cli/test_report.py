"""Tests of ``vcs-track report``: one screen for a pull request, the rest folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages.browser import look, needs_browser
from work_trees.lineage import Lineage

from vcs_track.formats import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Program

MARKDOWN = """\
### ❌ 1 of 2 conditions fails

- run `new` `new` at `{head}`
- base `old` `old` at `{commit}`, the merge base of HEAD and `main`, the best there by `summary.acc`

| condition | value | base | limit |  |
|---|---:|---:|---:|---|
| `acc >= base` | `0.85` | `0.8` | `0.8` | ✅ holds |
| `loss < 0.3` | `0.4` |  | `0.3` | ❌ **fails** |

#### Metrics

| name | base | run | change |
|---|---:|---:|---|
| `loss` | `0.5` | `0.4` | -20 % **better** |
| `acc` | `0.8` | `0.85` | +6.25 % **better** |

#### Hyperparameters: 1 changed

| name | base | run |
|---|---|---|
| `width` | `1` | `2` |

#### Curves: 1 changed (1 better)

| name | base | run | last |
|---|---|---|---|
| `loss` | `█▃` | `█▁` | `0.5` → `0.4` -20 % **better** |

#### Code: 1 changed, +1 -1 lines

| file | lines |
|---|---|
| `model.py` | `+1 -1 lines` |

<details><summary>All else that differs: 1 series</summary>
"""


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lineage:
    """Work on a branch whose HEAD has a run, as ``main`` has."""
    line = Lineage(tmp_path / "work")
    line.commit("old")
    logged(line, "old", 0.8, 0.5, 1)
    line.git("switch", "-q", "-c", "wider")
    line.commit("new")
    logged(line, "new", 0.85, 0.4, 2)
    monkeypatch.chdir(line.root)
    return line


def logged(line: Lineage, name: str, acc: float, loss: float, width: int) -> None:
    with line.repo.start_run(name, id=name, hparams={"width": width}, command=["train"]) as run:
        run.add_scalar("loss", 0.7, 0)
        run.add_scalar("loss", loss, 1)
        run.set_summary(acc=acc)


class TestMarkdown:
    def test_one_screen(self, line: Lineage, program: Program) -> None:
        """Verdict, runs, conditions, numbers, settings, curves and files; the rest is folded."""
        result = program("report", "--check", "acc >= base", "--check", "loss < 0.3", "--md")
        above, _, below = result.out.partition("All else")

        ends = {"head": line.head[:10], "commit": line.git("rev-parse", "main")[:10]}
        assert (0, "") == (result.code, result.err)
        assert MARKDOWN.format(**ends) == f"{above}All else{below.partition(chr(10))[0]}\n"
        assert result.out.count("<details>") == result.out.count("</details>")
        assert result.out.endswith("</details>\n")

    def test_is_the_default(self, line: Lineage, program: Program) -> None:
        """Without conditions the first number is the headline."""
        result = program("report")

        assert "### `loss` `0.5` → `0.4` (-20 % **better**)" == result.lines[0]

    def test_many_of_all(self, line: Lineage, program: Program) -> None:
        """However much differs, one screen is above the fold, and GitHub takes it all.

        Seen to fail when every hyperparameter was above the fold.
        """
        line.commit("many")
        hparams = {f"h{n}": n for n in range(3000)}
        with line.repo.start_run("many", id="many", hparams=hparams, command=["train"]) as run:
            for n in range(100):
                run.add_scalars({f"s{n}": float(n)}, 0)
                run.add_scalars({f"s{n}": float(-n)}, 1)
        result = program("report")
        above, below = result.out.split("<details>", 1)

        assert above.count("\n") <= 60
        assert "2,993 hyperparameters" in below.split("\n")[0]
        assert len(result.out) <= 65_000
        assert "Left out, for it would be too long" in result.out
        assert result.out.count("<details>") == result.out.count("</details>")

    def test_names_of_a_stranger(self, line: Lineage, program: Program) -> None:
        """What a run is called is never markup, nor a mention."""
        line.commit("odd")
        odd = "@all <img src=x> | `"
        with line.repo.start_run(odd, id="odd", hparams={odd: odd}, command=["train"]) as run:
            run.add_scalar("loss", 0.1)
        out = program("report").out

        assert "<img" not in out
        assert "@all" not in re.sub(r"`[^`\n]*`|<code>[^\n]*?</code>", "", out)

    def test_no_base(self, line: Lineage, program: Program) -> None:
        """It is an error of its own, unless a report on the run alone will do."""
        line.git("switch", "-q", "main")
        result = program("report")

        assert (11, "", True) == (result.code, result.out, "--no-base-ok" in result.err)
        assert "- no base run" in program("report", "--no-base-ok").out

    def test_its_own_base(self, line: Lineage, program: Program) -> None:
        """A run beside itself is said to be that."""
        out = program("report", "--run", "old").out

        assert "the run is its own base" in out
        assert out.endswith("No differences.\n")


class TestOthers:
    def test_json(self, line: Lineage, program: Program) -> None:
        """All of it is one object on one line."""
        result = program("report", "--check", "acc >= base", "--json")
        row = canonical.loads(result.out.encode())

        assert ("new", "old", True) == (
            row["run"]["id"], row["base"]["id"], row["check"][0]["holds"],
        )  # fmt: skip
        assert 1 == len(result.lines)

    @needs_browser
    def test_page(self, line: Lineage, program: Program, tmp_path: Path) -> None:
        """The file opens without a network and without a word in the console."""
        page = tmp_path / "report.html"
        result = program("report", "--check", "loss < 0.3", "--html", str(page))
        seen = look(page)

        assert (0, f"{page}\n") == (result.code, result.out)
        assert ([], []) == (seen.console, seen.asked)
        assert "The condition fails" in seen.dom
        assert "<svg" in seen.dom

    def test_page_exists(self, line: Lineage, program: Program, tmp_path: Path) -> None:
        """A file that is there is replaced only where that is asked for."""
        page = tmp_path / "report.html"
        page.write_text("mine")

        assert 2 == program("report", "--html", str(page)).code
        assert "mine" == page.read_text()
        assert 0 == program("report", "--html", str(page), "--force").code
        assert program("report", "--html", "-").out == page.read_text()

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["--check", "loss < 0.3"], 0),
            (["--check", "loss < 0.3", "--exit-code"], 1),
            (["--check", "loss < 0.5", "--exit-code"], 0),
            (["--check", "losss < 0.5"], 2),
            (["--md", "--json"], 2),
            (["--html", "--force"], 2),
            (["--base", "nowhere"], 1),
            (["--run", "nobody"], 11),
            (["--where", "loss > 5"], 11),
        ],
    )
    def test_code(self, line: Lineage, program: Program, args: list[str], code: int) -> None:
        """A report that was shown is 0, unless ``--exit-code`` asks for a verdict."""
        assert code == program("report", *args).code
