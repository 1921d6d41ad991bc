"""``vcs-track compare``: whether one set of runs beats another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from cli.conftest import Lab, Program

__all__: list[str] = []

TERMINAL_80 = """\
A  model = mlp  3 runs
B  cnn  3 runs

                   A            B  B - A  BOOTSTRAP
val/acc  0.60 ± 0.25  0.82 ± 0.11  +0.22  0.17 to 0.28

B is better: its summary.val/acc is higher by 0.22 (B - A: 95 % interval 0.08169
to 0.3583, p = 0.021, paired t test of 3 pairs)
"""
NARROW_50 = """\
A  model = mlp  3 runs
B  cnn  3 runs

                   A            B  B - A
val/acc  0.60 ± 0.25  0.82 ± 0.11  +0.22

B is better: its summary.val/acc is higher by 0.22
"""


@pytest.fixture
def models(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where three runs of each of two models are."""
    folder = tmp_path_factory.mktemp("models")
    repo = vcs_track.init(folder).with_defaults(capture_git=False)
    values = {"mlp": (0.5, 0.6, 0.7), "cnn": (0.78, 0.81, 0.87)}
    for model, accs in values.items():
        for seed, acc in enumerate(accs):
            params = {"model": model, "seed": seed}
            with repo.start_run(f"{model}-{seed}", group=model, hparams=params) as run:
                run.add_scalars({"val/acc": acc, "train/loss": 1 - acc}, step=0)
    monkeypatch.chdir(folder)
    return folder


class TestShown:
    def test_on_80_columns(self, models: Path, program: Program) -> None:
        """Both sides, both means, the difference, and one sentence."""
        result = program("compare", "model = mlp", "cnn", "--over", "seed")

        assert (0, TERMINAL_80, "") == (result.code, result.out, result.err)

    def test_on_50_columns(self, models: Path, program: Program) -> None:
        """A narrow terminal leaves the second interval out, and the sentence goes on below."""
        result = program("compare", "model = mlp", "cnn", "--over", "seed", columns=50)

        assert result.out.startswith(NARROW_50)
        assert max(map(len, result.lines)) <= 50

    def test_in_a_pipe_a_sentence_is_a_line(self, models: Path, program: Program) -> None:
        """A program finds the verdict in one line."""
        result = program("compare", "mlp", "cnn", "--over", "seed", columns=None)

        assert result.lines[-1].startswith("B is better: ")
        assert result.lines[-1].endswith("paired t test of 3 pairs)")

    def test_colour(self, models: Path, program: Program) -> None:
        """Better is green and worse is red, on a terminal."""
        better = program("compare", "mlp", "cnn", "--over", "seed", colour=True).out
        worse = program("compare", "cnn", "mlp", "--over", "seed", colour=True).out

        assert ("\x1b[32mB is better" in better, "\x1b[31mB is worse" in worse) == (True, True)

    def test_warnings_are_talk(self, models: Path, program: Program) -> None:
        """What is doubtful goes to stderr, and not with ``--quiet``."""
        loud = program("compare", "mlp", "cnn")
        quiet = program("compare", "mlp", "cnn", "--quiet")

        assert "warning: the runs of A differ among themselves in hparams.seed" in loud.err
        assert (loud.out, "") == (quiet.out, quiet.err)


class TestOptions:
    def test_json(self, models: Path, program: Program) -> None:
        """A line for each number, with everything that is known."""
        rows = program(
            "compare",
            "mlp",
            "cnn",
            "--over",
            "seed",
            "-m",
            "val/acc",
            "-m",
            "train/loss",
            "--json",
        ).rows

        assert [("summary.val/acc", "better", 3), ("summary.train/loss", "better", 3)] == [
            (row["metric"], row["verdict"], row["pairs"]) for row in rows
        ]
        assert 0.0207 == round(rows[0]["test"]["p"], 4)

    @pytest.mark.parametrize(("option", "verdict"), [("--lower", "worse"), ("--higher", "better")])
    def test_direction(self, option: str, verdict: str, models: Path, program: Program) -> None:
        """Who knows better than the name says so."""
        (row,) = program("compare", "mlp", "cnn", "--over", "seed", option, "--json").rows

        assert verdict == row["verdict"]

    @pytest.mark.parametrize(
        ("args", "code", "message"),
        [
            (["mlp"], 2, "missing argument 'B'"),
            (["mlp", "nope"], 11, "no run matches 'nope'"),
            (["mlp", "cnn", "--over", "sed"], 2, "hint: did you mean 'hparams.seed'"),
            (["mlp", "cnn", "-m", "val/ac"], 2, "hint: did you mean"),
            (["mlp", "cnn", "-m", "model"], 2, "is a text, not a number"),
            (["mlp", "mlp"], 2, "is on both sides"),
            (["model =", "mlp"], 2, "expected a name or a value"),
        ],
    )
    def test_wrong_usage(
        self, args: list[str], code: int, message: str, models: Path, program: Program
    ) -> None:
        """A mistake is one clear error, and nothing is printed."""
        result = program("compare", *args)

        assert (code, "") == (result.code, result.out)
        assert message in result.err

    def test_names_are_no_terminal_escapes(self, lab: Lab, program: Program) -> None:
        """A name with control characters in a filter is spelled out."""
        result = program("compare", "prompt = '\x1b[31m'", "base")

        assert "\x1b" not in result.out + result.err
