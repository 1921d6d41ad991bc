"""``vcs-track diff``: tolerances, groups, many runs, Markdown, HTML and the size of a screen."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import PROGRAM, on_terminal, read_terminal, vcs

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

    from vcs_track import Repository

__all__: list[str] = []

MOST = 65_536  # what GitHub takes for a comment


def two(repo: Repository, **hparams: object) -> None:
    """Make the runs a and b, where b has *hparams* and a has none."""
    repo.start_run("a").finish()
    repo.start_run("b", hparams=hparams).finish()


class TestItself:
    @pytest.mark.parametrize("form", [[], ["--stat"], ["--all"]])
    def test_says_so(self, form: list[str], lab: Lab, program: Program) -> None:
        """A run beside itself has no differences, and that it is itself is said."""
        result = program("diff", "base", "base", "--exit-code", *form)

        assert (0, "") == (result.code, result.out)
        assert "compared with itself" in result.err

    def test_a_page_is_written_all_the_same(self, lab: Lab, program: Program) -> None:
        """Who asked for a file gets one, which says that nothing differs."""
        assert "No differences." in program("diff", "base", "base", "--html", "-").out
        assert "No differences." in program("diff", "base", "base", "--md").out

    def test_everything(self, lab: Lab, program: Program) -> None:
        """``--all`` has what no two runs share."""
        rows = program("diff", "base", "small", "--all", "--json", "--only", "identity").rows

        assert {"id", "name", "created"} <= {row["name"] for row in rows}
        assert [] == program("diff", "base", "small", "--json", "--only", "identity").rows


class TestTolerance:
    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ([], ["acc", "loss"]),
            (["--tol", "0.02"], ["loss"]),
            (["--tol", "acc=0.1%"], ["acc", "loss"]),
            (["--tol", "acc=5%"], ["loss"]),
            (["--tol", "0.02", "--tol", "loss=0.5"], []),
        ],
    )
    def test_numbers_within_are_equal(
        self, words: list[str], names: list[str], program: Program
    ) -> None:
        """A limit holds for all, or for a name, as a distance or a share."""
        repo = vcs_track.init()
        for name, acc, loss in (("a", 0.5, 1.0), ("b", 0.51, 1.25)):
            with repo.start_run(name) as run:
                run.write_result(acc=acc, loss=loss)
        rows = program("diff", "a", "b", "--json", "--only", "results", *words).rows

        assert names == [row["name"] for row in rows]

    @pytest.mark.parametrize("text", ["", "=", "acc=", "=5", "some", "-1", "nan", "5%%"])
    def test_what_is_none(self, text: str, lab: Lab, program: Program) -> None:
        """Anything else is wrong usage, and says what would be right."""
        result = program("diff", "base", "small", "--tol", text)

        assert (2, "") == (result.code, result.out)
        assert "hint:" in result.err


class TestMany:
    def test_groups(self, lab: Lab, program: Program) -> None:
        """Two filters are compared by the means of their runs."""
        result = program("diff", "--group", "lr < 0.05", "lr = 0.1 or lr = 1.0")

        assert ["--- lr < 0.05  1 run", "+++ lr = 0.1 or lr = 1.0  3 runs"] == result.lines[:2]
        assert re.search(r"lr +0\.01 +0\.40 ± 0\.52", result.out)

    def test_groups_as_rows(self, lab: Lab, program: Program) -> None:
        """``--json`` has the mean, the spread and how many runs there are."""
        rows = program("diff", "--group", "base", "small", "--json", "--only", "results").rows

        assert [("score", 1, 0.2, 0.02)] == [
            (row["name"], row["old"]["n"], row["old"]["mean"], row["new"]["mean"]) for row in rows
        ]

    def test_matrix(self, lab: Lab, program: Program) -> None:
        """Three runs are three columns; what one has not got is a dash."""
        result = program("diff", "base", "small", "broken", "--only", "hparams")

        assert ["base", "small", "broken"] == result.lines[0].split()
        assert ["warmup", "-", "-", "5"] in [line.split() for line in result.lines]

    def test_matrix_as_rows(self, lab: Lab, program: Program) -> None:
        """Each row names the runs that its values are of."""
        rows = program("diff", "base", "small", "broken", "--only", "hparams", "--json").rows

        assert ["aaaa1111", "aaaa2222", "bbbb3333"] == rows[0]["runs"]
        assert {"lr": [0.1, 0.01, 1.0]}.items() <= {r["name"]: r["values"] for r in rows}.items()

    @pytest.mark.parametrize("words", [["base", "small", "broken"], ["--group", "base", "broken"]])
    def test_stat(self, words: list[str], lab: Lab, program: Program) -> None:
        """``--stat`` counts the names of each kind."""
        lines = [line.split() for line in program("diff", *words, "--stat").lines]

        assert ["hyperparameters", "3", "differ"] in lines
        assert all(line[-1] == "differ" for line in lines)

    def test_runs_there_is_no_room_for(self, lab: Lab, program: Program) -> None:
        """Columns that do not fit are named on stderr."""
        result = program("diff", "base", "small", "broken", "@", columns=40)

        assert "no room for broken, " in result.err
        assert max(map(len, result.lines)) <= 40

    def test_one_run(self, lab: Lab, program: Program) -> None:
        """What a single run is compared with is said on stderr."""
        result = program("diff", "broken", "--only", "hparams")

        assert result.lines[0] == "--- aaaa2222 small"
        assert "compared with aaaa2222 'small', the run before it" in result.err


class TestPage:
    def test_is_named_after_the_runs(self, program: Program) -> None:
        """The file stands in the folder, and its path is on stdout."""
        two(vcs_track.init(), lr=1)
        result = program("-C", str(Path.cwd()), "diff", "a", "b", "--html")

        assert f"{Path.cwd() / 'diff-a-b.html'}\n" == result.out
        assert Path("diff-a-b.html").read_text().startswith("<!DOCTYPE html>")

    def test_names_of_runs_are_no_paths(self, program: Program) -> None:
        """Whatever a run is called, the file is here, and visible."""
        repo = vcs_track.init()
        for name in ("..", "/etc/x y", "-o"):
            repo.start_run(name, hparams={"name": name}).finish()
        views = {run.name: run.id for run in repo.runs()}
        result = program("diff", views[".."], views["/etc/x y"], "--html")

        assert "diff-run-etc-x-y.html\n" == result.out
        assert ["diff-run-etc-x-y.html"] == [path.name for path in Path().glob("*.html")]

    def test_never_replaces_unasked(self, lab: Lab, tmp_path: Path, program: Program) -> None:
        """A file that exists stays, until ``--force``."""
        path = tmp_path / "mine.html"
        path.write_text("mine")
        refused = program("diff", "base", "small", "--html", str(path))

        assert (2, "") == (refused.code, refused.out)
        assert "--force" in refused.err
        assert "mine" == path.read_text()
        assert 0 == program("diff", "base", "small", "--html", str(path), "--force").code
        assert path.read_text().startswith("<!DOCTYPE html>")

    def test_a_run_is_not_taken_for_the_file(self, lab: Lab, program: Program) -> None:
        """``--html A B`` writes no file that is called A."""
        result = program("diff", "--html", "base", "small")

        assert (2, "") == (result.code, result.out)
        assert "'base' is no name of an HTML file" in result.err

    def test_no_folder(self, lab: Lab, tmp_path: Path, program: Program) -> None:
        """Where the disk refuses it is said, without a traceback."""
        result = program("diff", "base", "small", "--html", str(tmp_path / "no" / "x.html"))

        assert (1, "") == (result.code, result.out)
        assert result.err.startswith("error: cannot write")

    @pytest.mark.parametrize(
        "words",
        [["--json", "--md"], ["--md", "--html"], ["--stat", "--json"], ["--code", "--stat"]],
    )
    def test_one_form_at_a_time(self, words: list[str], lab: Lab, program: Program) -> None:
        """Two forms at once are wrong usage."""
        result = program("diff", "base", "small", *words)

        assert (2, "") == (result.code, result.out)
        assert "do not go together" in result.err

    @pytest.mark.parametrize("form", [["--html", "-"], ["--md"], ["--stat"]])
    def test_exit_code(self, form: list[str], lab: Lab, program: Program) -> None:
        """Each form can tell by its exit code that they differ."""
        assert 3 == program("diff", "base", "small", "--exit-code", *form).code

    def test_no_control_character(self, lab: Lab, program: Program) -> None:
        """What a run says cannot drive a terminal that prints the file."""
        for form in (["--html", "-"], ["--md"]):
            assert "\x1b" not in program("diff", "base", "@", *form).out

    @pytest.mark.parametrize("form", [["--html", "-"], ["--md"]])
    def test_documents_are_utf8(
        self, form: list[str], lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file that a shell makes of it says what is shown. Seen to fail when it was printed."""
        monkeypatch.setenv("PYTHONIOENCODING", "ascii")
        done = subprocess.run(
            [*PROGRAM, "diff", "base", "@", *form], capture_output=True, check=True, timeout=60
        )

        assert "base` (`aaaa1111`) → `実験 🚀`" in done.stdout.decode() or form[0] == "--html"
        assert "→" in done.stdout.decode()

    def test_ascii_is_enough(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal with ASCII letters gets arrows, curves and marks of these."""
        monkeypatch.setenv("PYTHONIOENCODING", "ascii")
        text = vcs("diff", "base", "small").stdout

        assert text.isascii()
        assert "?" not in text


class TestTooMuch:
    def test_ten_thousand_hparams(self, program: Program) -> None:
        """They are compared in every form, and a comment stays short enough."""
        two(vcs_track.init(), **{f"h{n:05}": "x" * 50 for n in range(10_000)})
        markdown = program("diff", "a", "b", "--md").out

        assert len(markdown) <= MOST
        assert re.search(r"Left out, for it would be too long: 9,\d{3} hyperparameters", markdown)
        assert markdown.count("<details>") == markdown.count("</details>") == 1
        assert 10_000 == program("diff", "a", "b", "--html", "-").out.count("<tr>") - 1
        assert 10_003 <= len(program("diff", "a", "b").lines)

    def test_long_values(self, program: Program) -> None:
        """No value is so long that it breaks a line of a terminal or the limit of a comment."""
        two(vcs_track.init(), prompt="word " * 50_000)

        assert len(program("diff", "a", "b", "--md").out) <= MOST
        assert max(map(len, program("diff", "a", "b", columns=40).lines)) <= 40

    @pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "…"), ("ascii", "~")])
    def test_long_texts_are_cut_where_they_part(
        self, encoding: str, mark: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of long values and lines that begin alike that is shown which differs."""
        repo = vcs_track.init()
        for name, end in (("a", "cats"), ("b", "dogs")):
            text = "word " * 100 + end
            with repo.start_run(name, hparams={"prompt": text}) as run:
                run.add_text(f"{text}\n", tag="answer", step=1)
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("PYTHONIOENCODING", encoding)
        done = subprocess.run(
            [*PROGRAM, "diff", "a", "b"], capture_output=True, check=True, timeout=60
        )
        shown = [line.strip() for line in done.stdout.decode(encoding).splitlines()]

        assert f"- {mark} word cats'" in shown
        assert f"+ {mark} word dogs'" in shown
        assert f"-{mark} word cats" in shown
        assert f"+{mark} word dogs" in shown

    @pytest.mark.parametrize("lines", [24, 60])
    def test_one_screen(self, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a terminal it is one screen, which counts what is not shown; --all shows it."""
        repo = vcs_track.init()
        for name in ("a", "b"):
            shift = name == "b"
            params = {f"p{n}": n + shift for n in range(100)}
            with repo.start_run(name, hparams=params, tags=[name]) as run:
                for n in range(100):
                    run.add_scalar(f"loss/{n:02}", n + shift * (n == 42), 0)
                run.write_result(**{f"r{n}": n + shift for n in range(40)})
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("LINES", str(lines))
        process, ours = on_terminal("diff", "a", "b")
        shown = re.sub(r"\x1b\[[0-9;]*m", "", read_terminal(ours).decode())
        assert 0 == process.wait(60)
        process, ours = on_terminal("diff", "a", "b", "--all")
        whole = read_terminal(ours).decode()

        assert shown.count("\n") <= lines
        assert re.search(r"\.\.\. \d+ more hyperparameters \(--only hparam\)", shown)
        assert whole.count("\n") > 140
        assert 0 == process.wait(60)

    @pytest.mark.parametrize("words", [["a", "b", "a"], ["--group", "a", "b"]])
    def test_tables_are_one_screen_too(
        self, words: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Tables of many runs say how much is not shown as well."""
        two(vcs_track.init(), **{f"p{n}": n for n in range(100)})
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("LINES", "20")
        process, ours = on_terminal("diff", *words)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", read_terminal(ours).decode())

        assert 0 == process.wait(60)
        assert shown.count("\n") <= 20
        assert re.search(r"\.\.\. \d+ more hyperparameters \(--only hparam\)", shown)

    def test_the_most_telling_rows_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a long list those stay that changed most. Seen to fail without the order."""
        repo = vcs_track.init()
        for name in ("a", "b"):
            values = {f"acc{n:02}": 100 + (name == "b") * n for n in range(60)}
            with repo.start_run(name) as run:
                run.write_result(**values)
        monkeypatch.setenv("LINES", "16")
        process, ours = on_terminal("diff", "a", "b")
        shown = read_terminal(ours).decode()

        assert 0 == process.wait(60)
        assert "acc59" in shown
        assert "acc01" not in shown


class TestUnreadable:
    def test_a_series_with_nothing_to_draw(self, program: Program) -> None:
        """NaN and the infinities alone, or no point in common, still give every form."""
        repo = vcs_track.init()
        for name, values in (("a", [math.nan]), ("b", [math.inf, -math.inf, math.nan])):
            with repo.start_run(name) as run:
                for step, value in enumerate(values):
                    run.add_scalar("odd", value, step)
        for form in ([], ["--md"], ["--html", "-"], ["--json"], ["--stat"]):
            assert "odd" in program("diff", "a", "b", *form).out or form == ["--stat"]
