"""``vcs-track demo``: the whole story, really run."""

from __future__ import annotations

import ast
import csv
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from cli.program import PROGRAM, vcs

import vcs_track
from vcs_track.demo import story

__all__: list[str] = []

TYPED = (
    "$ python train.py",
    "$ vcs-track ls",
    "$ vcs-track diff '@{-1}' @",
    "$ vcs-track ls --where 'summary.val/acc > 0.9'",
    "$ vcs-track commit -m 'Standardise the features'",
    "$ git log --stat -1",
    "$ vcs-track export -o runs.zip --all",
    "$ vcs-track import ../penguins/runs.zip",
    "$ vcs-track fsck",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once, with no git identity and foreign settings; return folder and text."""
    outside = tmp_path_factory.mktemp("outside")
    vcs_track.init(outside)  # a repository above must not get the demo's runs
    folder = outside / "demo"
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DIR": str(outside / "no-such"),
        "VCS_TRACK_MODE": "disabled",
        "VCS_TRACK_DIR": str(outside),
    }
    done = subprocess.run(
        [*PROGRAM, "demo", str(folder)], env=environment, capture_output=True, text=True,
        timeout=100, check=False, stdin=subprocess.DEVNULL, cwd=outside,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return folder, done.stdout


class TestStory:
    def test_shows_every_command(self, told: tuple[Path, str]) -> None:
        """Each command is printed as a person would type it, in order."""
        lines = told[1].splitlines()
        places = [lines.index(command) for command in TYPED]

        assert sorted(places) == places

    def test_trains_twice_with_different_results(self, told: tuple[Path, str]) -> None:
        """Two runs of one commit, one with an uncommitted change that pays."""
        newer, older = vcs_track.open(told[0] / "penguins").runs()

        assert older.git["commit"] == newer.git["commit"]
        assert (False, True) == (older.git["dirty"], newer.git["dirty"])
        assert ("largest", "standard") == (older.hparams["scaling"], newer.hparams["scaling"])
        assert newer.results["accuracy"] > 0.9 > older.results["accuracy"]
        assert ["train/loss", "val/acc", "val/loss"] == newer.series_tags
        assert 40 == len(newer.series("val/loss"))
        assert {"fragment", "file"} == {item.kind for item in newer.media()}

    def test_commits_runs_with_the_change(self, told: tuple[Path, str]) -> None:
        """The last commit holds the change to the script and both runs; nothing is left."""

        def git(*args: str) -> str:
            return subprocess.run(
                ["git", "-C", told[0] / "penguins", *args],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip

        committed = git("show", "--name-only", "--format=%s", "HEAD")

        assert committed.startswith("Standardise the features\n")
        assert "\ntrain.py\n" in committed
        assert 2 == committed.count("\n.runs/heads/")
        assert "?? runs.zip\n" == git("status", "--porcelain")

    def test_second_place_has_the_runs(self, told: tuple[Path, str]) -> None:
        """What was imported elsewhere is what was exported."""
        here, there = (
            {run.id: run.summary for run in vcs_track.open(told[0] / place).runs()}
            for place in ("penguins", "elsewhere")
        )

        assert here == there
        assert 2 == len(there)

    def test_touches_nothing_else(self, told: tuple[Path, str]) -> None:
        """A repository in a folder above stays empty."""
        assert 0 == len(vcs_track.open(told[0].parent).runs())

    def test_says_what_to_try_next(self, told: tuple[Path, str]) -> None:
        """It ends with the folder and the next commands."""
        assert "What to try next" in told[1]
        assert f"cd {told[0] / 'penguins'}" in told[1]


class TestPlaces:
    def test_without_a_folder_a_temporary_one_stays(self) -> None:
        """Without DIR the folder is a new temporary one."""
        folder = story.new_folder(None)

        assert [] == list(folder.iterdir())
        folder.rmdir()

    def test_folder_that_is_there(self, tmp_path: Path) -> None:
        """A folder with something in it is refused and left as it is."""
        (tmp_path / "mine").write_text("precious")
        done = vcs("demo", tmp_path, code=2)

        assert "is there already" in done.stderr
        assert [tmp_path / "mine"] == list(tmp_path.iterdir())

    def test_without_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without git there is a clear error, and no folder is made."""
        monkeypatch.setenv("PATH", str(tmp_path))
        done = vcs("demo", tmp_path / "demo", code=1)

        assert "error: the demo needs git, which is not installed" in done.stderr
        assert [] == list(tmp_path.iterdir())

    def test_failing_command_ends_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first command that fails ends the demo with its exit code."""
        (tmp_path / "bin").mkdir()
        git = tmp_path / "bin" / "git"
        git.write_text("#!/bin/sh\nexit 42\n")
        git.chmod(0o755)
        monkeypatch.setenv("PATH", str(git.parent), prepend=os.pathsep)
        done = vcs("demo", tmp_path / "demo", "--no-keep", code=42)

        assert "error: 'git init --quiet' ended with exit code 42" in done.stderr
        assert not (tmp_path / "demo").exists()


class TestSteps:
    def test_without_unzip(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where unzip is missing Python tests the zip."""
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
        commands = [step.typed for step in story.steps(tmp_path)]

        assert "python -m zipfile -t runs.zip" == commands[-1]

    def test_uses_this_python(self, tmp_path: Path) -> None:
        """``python`` and ``vcs-track`` are those that run the demo."""
        python, program, git = (
            story.Step((word, "x"), tmp_path).program for word in ("python", "vcs-track", "git")
        )

        assert [sys.executable, "x"] == python
        assert [sys.executable, "-m", "vcs_track", "x"] == program
        assert ["git", "x"] == git


class TestResources:
    def test_change_applies_whole(self) -> None:
        """Each part of the change finds its place in the script, and the result is Python."""
        script = files("vcs_track.demo").joinpath("train.py.txt").read_text(encoding="utf-8")
        improved = story.improve(script)
        ast.parse(improved)

        assert '"scaling": "standard"' in improved
        assert "statistics.stdev" in improved
        assert "largest" not in improved

    def test_data_is_whole(self) -> None:
        """The table has 342 penguins of three species and four positive measurements."""
        with Path(str(files("vcs_track.demo"))).joinpath("penguins.csv").open() as file:
            rows = list(csv.DictReader(file))

        assert 342 == len(rows)
        assert {"Adelie", "Chinstrap", "Gentoo"} == {row["species"] for row in rows}
        assert all(
            float(value) > 0 for row in rows for name, value in row.items() if name != "species"
        )

    def test_source_is_named(self) -> None:
        """The page beside the data names source and licence."""
        page = files("vcs_track.demo").joinpath("README.md").read_text(encoding="utf-8")

        assert "CC0" in page
        assert "https://allisonhorst.github.io/palmerpenguins/" in page
