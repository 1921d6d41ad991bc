"""``vcs-track plot``: curves in the terminal."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Lab, Program

__all__: list[str] = []

FALLING = """\
1.0 ┤⢣
    │ ⠣⡀
    │  ⠈⢢
0.5 ┤    ⠑⠤⣀
    │       ⠑⠢⠤⣀
    │           ⠉⠉⠒⠒⠢⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀
    └┬──────────┬───────────┬─────
     0          20          40
                 step
base train/loss  last 0.00744658
"""
STRAIGHT = """\
   1 ┤⠉⠒⠤⢄⡀
     │    ⠈⠑⠢⠤⣀
     │         ⠉⠑⠒⠤⣀
     │              ⠉⠒⠢⢄⣀
     │                   ⠉⠒⠢⢄⡀
0.01 ┤                       ⠈⠑⠒⠤⣀
     └┬──────────┬──────────┬─────
      0          20         40
                  step
base train/loss  last 0.00744658
"""


class TestPicture:
    def test_one_curve(self, lab: Lab, program: Program) -> None:
        """One series is a curve between two axes, with its name and its last value below."""
        result = program("plot", "base", "train/loss", "--height", "6", columns=34)

        assert (0, "") == (result.code, result.err)
        assert FALLING == result.out

    def test_several_runs(self, lab: Lab, program: Program) -> None:
        """Runs are letters of one picture, in a legend; colours where there are some."""
        asked = ("plot", "base", "small", "train/loss", "--height", "6")
        bare, coloured = program(*asked), program(*asked, colour=True)

        assert ["a  base  last 0.00744658", "b  small  last 0.612626"] == bare.lines[-2:]
        assert {"a", "b"} <= set("".join(bare.lines[:6]))
        assert "\x1b" not in bare.out
        assert "\x1b[36m" in coloured.out
        assert "\x1b[33m" in coloured.out

    def test_several_tags(self, lab: Lab, program: Program) -> None:
        """A pattern, or several tags, are curves with the tags as names."""
        pattern = program("plot", "base", "*/*")
        named = program("plot", "base", "-t", "train/loss", "--tag", "val/acc")

        assert pattern.out == named.out
        assert ["a  train/loss  last 0.00744658", "b  val/acc  last 0.992553"] == (
            pattern.lines[-2:]
        )

    def test_ascii(self, lab: Lab, program: Program) -> None:
        """With --ascii nothing else is printed."""
        assert program("plot", "base", "small", "train/loss", "--ascii").out.isascii()

    def test_a_terminal_without_unicode(self, lab: Lab) -> None:
        """Where stdout has ASCII only, so has the picture, though nobody asked."""
        done = subprocess.run(
            [sys.executable, "-m", "vcs_track", "plot", "base", "train/loss"],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip

        assert done.stdout.isascii()
        assert b"****" in done.stdout
        assert b"?" not in done.stdout

    @pytest.mark.parametrize("columns", [1, 7, 20, 40, 200])
    def test_fits(self, columns: int, lab: Lab, program: Program) -> None:
        """The picture fits the screen, however narrow, and --width makes it any other."""
        asked = ("plot", "base", "small", "train/loss")
        lines = program(*asked, columns=columns).lines
        wide = program(*asked, "--width", "33", columns=columns).lines

        assert max(map(len, lines)) <= max(2, columns)
        assert 33 == max(map(len, wide))

    def test_logarithm(self, lab: Lab, program: Program) -> None:
        """With --log an exponential is straight, and what cannot be drawn is said."""
        straight = program("plot", "base", "train/loss", "--log", "--height", "6", columns=34)
        low = program("plot", "base", "val/acc", "--log")

        assert STRAIGHT == straight.out
        assert low.lines[-1].endswith("not drawn: values down to 0.0")

    def test_smooth(self, lab: Lab, program: Program) -> None:
        """--smooth draws a moving average, which changes more slowly."""
        plain = program("plot", "base", "train/loss").lines
        smooth = program("plot", "base", "train/loss", "--smooth", "0.9").lines

        assert plain[:-1] != smooth[:-1]
        assert plain[-1] == smooth[-1]

    def test_time_and_epoch(self, lab: Lab, program: Program) -> None:
        """The axis below may be the time; a series without epochs has nothing to draw there."""
        time = program("plot", "base", "train/loss", "-x", "time")
        epoch = program("plot", "base", "train/loss", "-x", "epoch")

        assert "seconds since the start" in time.lines[-2]
        assert (0, "there is no point to draw\n") == (epoch.code, epoch.err)

    def test_nan_and_infinity(self, lab: Lab, program: Program) -> None:
        """A series with NaN and infinity is drawn, and the legend counts the NaN."""
        result = program("plot", "@", "train/loss")

        assert 0 == result.code
        assert result.lines[-1].endswith("last 0.5, 1 NaN")

    def test_live_run(self, program: Program) -> None:
        """A run can be drawn while it goes on."""
        repo = vcs_track.init()
        with repo.start_run("going") as run:
            run.add_scalar("loss", 0.25)
            result = program("plot")

        assert "going loss  last 0.25" == result.lines[-1]

    def test_more_curves_than_letters(self, program: Program) -> None:
        """Of more curves than there are letters the first are drawn, and that is said."""
        with vcs_track.init().start_run() as run:
            run.add_scalars({f"tag{i}": i for i in range(30)}, step=0)
        result = program("plot", "@", "*")

        assert "drawn are the first 26 of 30 curves" in result.err
        assert result.lines[-1].startswith("z  tag")


class TestChoosing:
    def test_nothing_named(self, lab: Lab, program: Program) -> None:
        """Without words the main loss of the newest run is drawn."""
        assert "実験 🚀 train/loss" in program("plot").lines[-1]

    def test_a_tag_alone(self, lab: Lab, program: Program) -> None:
        """One word is a tag of the newest run."""
        assert program("plot", "train/loss").out == program("plot").out

    def test_runs_alone(self, lab: Lab, program: Program) -> None:
        """Words that are all runs are drawn with their main loss."""
        assert program("plot", "base", "small").out == (
            program("plot", "base", "small", "train/loss").out
        )
        assert "base train/loss" in program("plot", "base").lines[-1]

    def test_where(self, lab: Lab, program: Program) -> None:
        """A filter chooses runs."""
        result = program("plot", "--where", "lr < 0.5 and tags = 'first'", "train/loss")

        assert ["a  small", "b  base"] == [
            line.partition("  last")[0] for line in result.lines[-2:]
        ]

    def test_where_without_a_match(self, lab: Lab, program: Program) -> None:
        """A filter that nothing matches is said, and is no failure."""
        result = program("plot", "--where", "lr > 9", "train/loss")

        assert (0, "", "no run matches\n") == (result.code, result.out, result.err)

    def test_where_and_runs(self, lab: Lab, program: Program) -> None:
        """Runs and a filter together are refused."""
        assert 2 == program("plot", "base", "train/loss", "-w", "lr < 1").code

    def test_a_run_without_the_series_is_said(self, lab: Lab, program: Program) -> None:
        """Runs that have the series are drawn, the others named."""
        result = program("plot", "base", "broken", "val/acc")

        assert (0, "run bbbb3333 has no such series\n") == (result.code, result.err)
        assert "base val/acc" in result.lines[-1]

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (["base", "train/los"], "did you mean 'train/loss'"),
            (["train/los"], "did you mean 'train/loss'"),
            (["base", "-t", "val/*x"], "'val/acc'"),
            (["bas", "train/loss"], "did you mean 'base'"),
        ],
    )
    def test_unknown(self, words: list[str], hint: str, lab: Lab, program: Program) -> None:
        """An unknown run or series gets near ones."""
        result = program("plot", *words)

        assert (11, "") == (result.code, result.out)
        assert hint in result.err

    def test_a_run_without_series(self, program: Program) -> None:
        """A run that has logged nothing has nothing to draw."""
        vcs_track.init().start_run("empty").finish()
        result = program("plot", "empty")

        assert (11, "") == (result.code, result.out)

    @pytest.mark.parametrize(
        "options", [["--smooth", "1"], ["--smooth", "-0.1"], ["--height", "1"], ["-n", "3"],
                    ["-x", "day"], ["--width", "0"]],
    )  # fmt: skip
    def test_wrong_options(self, options: list[str], lab: Lab, program: Program) -> None:
        """Numbers out of range are wrong usage."""
        assert 2 == program("plot", "base", "train/loss", *options).code

    def test_no_repository(self, program: Program) -> None:
        """Outside a repository the code is 10."""
        assert 10 == program("plot").code


class TestJson:
    def test_a_line_for_each_series(self, lab: Lab, program: Program) -> None:
        """``--json`` prints the points of each series on a line, as they were logged."""
        rows = program("plot", "base", "small", "train/loss", "--json").rows

        assert ["aaaa1111", "aaaa2222"] == [row["run"] for row in rows]
        assert ("base", "train/loss", 50) == (rows[0]["name"], rows[0]["tag"], rows[0]["count"])
        assert [*range(50)] == rows[0]["step"]
        assert [math.exp(-step * 0.1) for step in range(50)] == rows[0]["value"]
        assert {50} == {len(rows[0][name]) for name in ("walltime", "epoch", "repetition", "rank")}

    def test_samples(self, lab: Lab, program: Program) -> None:
        """-n gives fewer points, the extremes among them, and --smooth adds the average."""
        (row,) = program("plot", "base", "train/loss", "--json", "-n", "4", "-s", "0.5").rows

        assert [0, 49] == [row["step"][0], row["step"][-1]]
        assert len(row["step"]) == len(row["smoothed"]) <= 4

    def test_what_is_not_finite(self, lab: Lab, program: Program) -> None:
        """NaN and infinity are text, as everywhere in JSON lines."""
        assert [1.0, "NaN", "Infinity", 0.5] == program("plot", "@", "--json").rows[0]["value"]


def test_many_points(tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """One spike in a hundred thousand points reaches the top of the picture."""
    monkeypatch.chdir(tmp_path)
    with vcs_track.init(tmp_path).start_run("long") as run:
        for step in range(100_000):
            run.add_scalar("loss", 50.0 if step == 54_321 else step % 3, step)
    lines = program("plot", "long").lines
    column = next(place for place, letter in enumerate(lines[0]) if letter > "⠀")

    assert 40 <= column <= 48
