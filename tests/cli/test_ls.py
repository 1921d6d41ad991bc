"""``vcs-track ls``: runs in a table that fits."""

from __future__ import annotations

import csv
import io
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.conftest import Lab, Program

__all__: list[str] = []

NEWEST_FIRST = ["cccc4444", "bbbb3333", "aaaa2222", "aaaa1111"]


class TestTable:
    def test_usual_columns(self, lab: Lab, program: Program) -> None:
        """A wide screen shows what varies, the summary and a course."""
        result = program("ls", columns=200)
        head = result.lines[0].split()

        assert head[:5] == ["ID", "NAME", "STATUS", "AGE", "TIME"]
        assert {"lr", "warmup", "prompt", "score", "train/loss", "val/acc"} <= set(head)
        assert NEWEST_FIRST == [line.split()[0] for line in result.lines[1:]]
        assert result.err == ""

    def test_only_what_varies(self, lab: Lab, program: Program) -> None:
        """A hyperparameter that is the same everywhere has no column."""
        result = program("ls", "--where", "tags contains 'first'", columns=200)

        assert "lr" in result.lines[0].split()
        assert "optimizer.name" not in result.lines[0]

    @pytest.mark.parametrize("columns", [40, 80, 200])
    def test_fits(self, columns: int, lab: Lab, program: Program) -> None:
        """No line is longer than the screen; ids are whole; left-out columns are counted."""
        result = program("ls", columns=columns)

        # Two of the letters of one name take two columns.
        assert max(len(line) + line.count("🚀") + len(re.findall("[実験]", line))
                   for line in result.lines) <= columns  # fmt: skip
        assert NEWEST_FIRST == [line.split()[0] for line in result.lines[1:]]
        assert bool(result.err) == (columns < 200)
        if columns < 200:
            assert re.match(r"\d+ columns left out: ", result.err)

    def test_piped_is_plain(self, lab: Lab, program: Program) -> None:
        """A pipe gets no colour, a terminal does."""
        assert "\x1b[" not in program("ls").out
        assert "\x1b[" in program("ls", colour=True).out

    @pytest.mark.parametrize("columns", [40, 80])
    def test_terminal(self, columns: int, lab: Lab, on_terminal: Callable[..., str]) -> None:
        """On a real terminal the table has its width, and colour."""
        shown = on_terminal([sys.executable, "-m", "vcs_track", "ls"], columns=columns)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)

        assert "\x1b[" in shown
        assert all(len(line) <= columns for line in plain.splitlines())
        assert "aaaa1111" in plain

    def test_points_that_cannot_be_read(self, tmp_path: Path, program: Program) -> None:
        """A damaged series is said to be unreadable, and hides no other run.

        Seen to fail when the whole table was refused.
        """
        repo = vcs_track.init(tmp_path).with_defaults(capture_code=False)
        for name in ("good", "bad"):
            with repo.start_run(name, id=name) as run:
                run.add_scalars({"loss": 1.0 if name == "good" else 0.625})
                run.add_scalars({"loss": 0.5}, 1)
        packs = (repo.path / "local" / "packs").glob("p-*.zip")
        (pack,) = [path for path in packs if b"[0.625,0.5]" in path.read_bytes()]
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes().replace(b"[0.625,0.5]", b"[0.626,0.5]"))
        lines = program("-C", str(tmp_path), "ls", columns=120).lines

        assert ["bad", "good"] == [line.split()[0] for line in lines[1:]]
        assert ["unreadable", "█▁"] == [line.split()[-1] for line in lines[1:]]

    def test_user_text_is_no_terminal_escape(self, lab: Lab, program: Program) -> None:
        """Values with escape sequences are spelled out."""
        assert "\x1b" not in program("ls", columns=200).out


class TestChoosing:
    def test_where(self, lab: Lab, program: Program) -> None:
        """``--where`` chooses runs."""
        result = program("ls", "--json", "--where", "hparams.lr < 0.5 and summary.score > 0.1")

        assert ["aaaa1111"] == [row["id"] for row in result.rows]

    def test_sort_and_limit(self, lab: Lab, program: Program) -> None:
        """``--sort`` orders, ``-n`` cuts after that."""
        result = program("ls", "--json", "--sort", "-hparams.lr, name", "-n", "2")

        assert ["bbbb3333", "aaaa1111"] == [row["id"] for row in result.rows]

    def test_columns(self, lab: Lab, program: Program) -> None:
        """``--columns`` shows what is named, spelled as in filters."""
        result = program("ls", "--columns", "id,hparams.lr,summary.val/acc,score,age,trend")

        assert result.lines[0].split() == [
            "ID", "hparams.lr", "summary.val/acc", "score", "AGE", "train/loss"
        ]  # fmt: skip
        assert result.lines[4].split()[:4] == ["aaaa1111", "0.1", "0.992553", "0.2"]
        assert result.lines[1].split()[:4] == ["cccc4444", "0.1", "-", "-"]

    def test_columns_in_a_pipe_are_whole(self, lab: Lab, program: Program) -> None:
        """A program that reads the columns it asked for gets them uncut."""
        names = "id,created,ended,commit,branch,name,status,tags,prompt"
        result = program("ls", "--columns", names, columns=None)

        assert max(map(len, result.lines)) > 80
        assert (result.err, "…" in result.out) == ("", False)

    def test_column_with_a_comma_in_its_name(self, program: Program) -> None:
        """A quoted name may hold the sign that separates names."""
        repo = vcs_track.init()
        repo.start_run("one", hparams={"a,b": 3}).finish()
        result = program("ls", "--columns", 'name,hparams["a,b"]')

        assert result.lines[1].split() == ["one", "3"]

    def test_json_numbers_are_valid(self, lab: Lab, program: Program) -> None:
        """Infinity in a summary comes out as text that any reader takes."""
        repo_rows = program("ls", "--json").rows
        stats = program("show", "@", "--json").rows[0]["series"]["train/loss"]

        assert 0.5 == repo_rows[0]["summary"]["train/loss"]
        assert "Infinity" == stats["max"]


class TestGroups:
    @pytest.fixture(autouse=True)
    def models(self) -> None:
        """Make runs of two models, one of which diverged, and one run without a model."""
        repo = vcs_track.init().with_defaults(capture_git=False)
        for model, accs in {"cnn": (0.8, 0.9, 0.85), "mlp": (0.5, math.nan)}.items():
            for seed, acc in enumerate(accs):
                params = {"model": model, "seed": seed}
                with repo.start_run(f"{model}{seed}", hparams=params) as run:
                    run.add_scalars({"val/acc": acc, "loss": seed}, step=0)
        repo.start_run("bare").finish()

    def test_on_80_columns(self, program: Program) -> None:
        """A line a group: how many runs, and the mean of each number with its interval."""
        result = program("ls", "--group-by", "model", "--sort", "model")

        assert (
            "model  RUNS       loss           val/acc\n"
            "cnn       3  1.0 ± 2.5       0.85 ± 0.12\n"
            "mlp       2  0.5 ± 6.4  0.5 (n 1, 1 NaN)\n"
            "-         1          -                 -\n"
        ) == result.out  # fmt: skip

    @pytest.mark.parametrize(("columns", "fits"), [(30, False), (50, True)])
    def test_on_narrow_terminals(self, columns: int, fits: bool, program: Program) -> None:
        """What does not fit is left out, and said."""
        result = program("ls", "-g", "model,name,seed", columns=columns)

        assert max(map(len, result.lines)) <= columns
        assert fits == ("left out: " not in result.err)

    def test_chosen_numbers(self, program: Program) -> None:
        """``--columns`` names what is described."""
        result = program("ls", "-g", "model", "-c", "metrics.loss.max,results.x", "--json")

        assert (2, "") == (result.code, result.out)
        assert "unknown name 'results.x'" in result.err
        assert ["metrics.loss.max"] * 3 == [
            row["metric"]
            for row in program("ls", "-g", "model", "-c", "metrics.loss.max", "--json").rows
        ]

    def test_json_and_csv_have_all_statistics(self, program: Program) -> None:
        """A program gets full names and whole numbers."""
        args = ("ls", "-g", "model", "-c", "val/acc", "-s", "model")
        rows = program(*args, "--json").rows
        table = list(csv.DictReader(io.StringIO(program(*args, "--csv").out)))

        assert [("cnn", 3, 0), ("mlp", 1, 1), (None, 0, 0)] == [
            (row["hparams.model"], row["n"], row["nan"]) for row in rows
        ]
        assert [str(row["mean"] or "") for row in rows] == [row["mean"] for row in table]

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["-g", "mdel"], "did you mean 'hparams.model'"), (["-g", ""], "expected a name"),
            (["-g", "model", "-c", "name"], "is a text, not a number"),
            (["--csv", "--json"], "cannot be used together"),
        ],
    )  # fmt: skip
    def test_wrong_usage(self, args: list[str], message: str, program: Program) -> None:
        """A mistake is a clear error, and nothing is printed."""
        result = program("ls", *args)

        assert (2, "") == (result.code, result.out)
        assert message in result.err

    def test_nothing_to_group(self, program: Program) -> None:
        """No run and no number are facts, not errors."""
        none = program("ls", "-g", "model", "-w", "seed > 9")
        bare = program("ls", "-g", "model", "-w", "name = bare")

        assert (0, "", "there are no runs to group\n") == (none.code, none.out, none.err)
        assert (0, "", "no run has a number to show\n") == (bare.code, bare.out, bare.err)


class TestForOthers:
    def test_csv(self, lab: Lab, program: Program) -> None:
        """CSV has full names and exact values, of columns that no terminal has room for."""
        text = program("ls", "--csv", columns=40).out
        rows = list(csv.DictReader(io.StringIO(text, newline="")))

        assert NEWEST_FIRST == [row["id"] for row in rows]
        assert ("0.1", "aaaa1111", '["first"]', "0.2") == tuple(
            rows[3][name] for name in ("hparams.lr", "id", "tags", "results.score")
        )
        assert "\x1b]0;pwned" in rows[0]["hparams.prompt"]
        assert "実験 🚀" == rows[0]["name"]
        assert repr(float(rows[3]["summary.val/acc"])) == rows[3]["summary.val/acc"]

    def test_csv_of_chosen_columns(self, lab: Lab, program: Program) -> None:
        """``--columns`` chooses, spelled as in filters."""
        assert "id,hparams.lr\naaaa2222,0.01\n" == program(
            "ls", "--csv", "-c", "id, lr", "-w", "lr < 0.1"
        ).out.replace("\r", "")

    def test_csv_of_nothing_has_its_heading(self, lab: Lab, program: Program) -> None:
        """A program reads an empty table as one."""
        assert "id,hparams.lr\r\n" == program("ls", "--csv", "-c", "id,lr", "-w", "lr > 9").out

    def test_csv_on_a_terminal(self, lab: Lab, on_terminal: Callable[..., str]) -> None:
        """A terminal is not made to obey what a value holds; a file gets it exactly."""
        shown = on_terminal([sys.executable, "-m", "vcs_track", "ls", "--csv"], columns=80)

        assert "\x1b" not in shown
        assert "cccc4444" in shown

    def test_markdown(self, lab: Lab, program: Program) -> None:
        """A page gets a table with all columns, and no markup out of values."""
        result = program("ls", "--md", columns=40)

        assert result.lines[0].startswith("| ID | NAME | STATUS | CREATED | TIME |")
        assert len(NEWEST_FIRST) + 2 == len(result.lines)
        assert "\x1b" not in result.out
        assert result.lines[-1].startswith("| aaaa1111 | base | ")

    def test_markdown_of_groups(self, lab: Lab, program: Program) -> None:
        """Groups make a table too."""
        result = program("ls", "--md", "-g", "lr", "-c", "score", "-w", "lr < 1", "-s", "lr")

        assert ["| lr | RUNS | score |", "| --- | ---: | ---: |", "| 0.01 | 1 | 0.02 |",
                "| 0.1 | 2 | 0.2 (n 1) |"] == result.lines  # fmt: skip


class TestCommits:
    @pytest.fixture
    def commits(self) -> list[str]:
        """Make two commits, a clean run at each and one that became the second."""
        found: list[str] = []

        def git(*args: str) -> str:
            done = subprocess.run(["git", *args], capture_output=True, check=True, timeout=60)
            return done.stdout.decode().strip()

        git("init", "--quiet")
        for name in ("one", "two"):
            Path("train.py").write_text(name)
            if found:
                vcs_track.open().start_run("between", id="between").finish()
            git("add", "train.py")
            git("commit", "--quiet", "-m", name)
            found.append(git("rev-parse", "HEAD"))
            vcs_track.init().start_run(name, id=name, hparams={"n": len(found)}).finish()
        return found

    def test_commit(self, commits: list[str], program: Program) -> None:
        """``--commit`` lists what was made there, or is exactly its code."""
        first = program("ls", "--commit", commits[0], "--json", "--sort", "id").rows
        second = program("ls", "--commit", "HEAD", "--json", "--sort", "id").rows

        assert ["between", "one"] == [row["id"] for row in first]
        assert ["between", "two"] == [row["id"] for row in second]

    def test_range(self, commits: list[str], program: Program) -> None:
        """``--range`` lists the runs of its commits; a filter is applied to these."""
        rows = program("ls", "--range", "HEAD~1..", "--json", "--sort", "id").rows
        chosen = program("ls", "--range", "HEAD~1..", "--where", "hparams.n = 1")

        assert ["between", "two"] == [row["id"] for row in rows]
        assert (0, "", "no run matches\n") == (chosen.code, chosen.out, chosen.err)

    def test_what_git_refuses(self, commits: list[str], program: Program) -> None:
        """An unknown commit is git's to report, an option of git is none."""
        for name in ("nope", "--output=x"):
            result = program("ls", "--range", name)

            assert (1, "") == (result.code, result.out)
            assert f"error: git knows no commit '{name}'\n" in result.err
        assert not Path("x").exists()
        assert 2 == program("ls", "--range", "HEAD", "--commit", "HEAD").code


class TestBadInput:
    def test_wrong_expression(self, lab: Lab, program: Program) -> None:
        """The place of the mistake is marked."""
        result = program("ls", "--where", "hparams.lr <")

        assert (result.code, result.out) == (2, "")
        assert "  hparams.lr <\n              ^\n" in result.err

    @pytest.mark.parametrize(
        "args", [["--where", "hparams.lrr < 1"], ["--sort", "lrr"], ["--columns", "id,lrr"]]
    )
    def test_unknown_name(self, args: list[str], lab: Lab, program: Program) -> None:
        """An unknown name is wrong usage and gets a near one."""
        result = program("ls", *args)

        assert (result.code, result.out) == (2, "")
        assert "hint: did you mean 'hparams.lr'" in result.err

    def test_empty_repository(self, program: Program) -> None:
        """No runs: a word on stderr, no heading, no error."""
        vcs_track.init()
        result = program("ls")

        assert (result.code, result.out, result.err) == (0, "", "there are no runs\n")
