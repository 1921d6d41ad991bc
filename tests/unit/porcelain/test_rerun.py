"""Tests of ``vcs_track.porcelain.rerun``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.rerun import Judgement, command_of, judge, parse_tolerance

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> vcs_track.Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path)


def run_with(repo: vcs_track.Repository, **summary: Any) -> vcs_track.RunView:
    """Return a run with these values."""
    with repo.start_run() as run:
        run.set_summary(**summary)
    return repo.run(run.id)


def judged(
    repo: vcs_track.Repository, old: dict[str, Any], new: dict[str, Any], *tolerances: str
) -> Judgement:
    """Judge a run with the values *new* against one with *old*."""
    allowed = [parse_tolerance(text) for text in tolerances]
    return judge(run_with(repo, **old), run_with(repo, **new), allowed)


class TestJudge:
    @pytest.mark.parametrize(
        ("old", "new", "tolerances", "verdict"),
        [
            (0.5, 0.5, [], "reproduced"),
            (0.5, 0.5000001, [], "drifted"),
            (0.5, 0.505, ["1%"], "reproduced"),
            (0.5, 0.506, ["1%"], "drifted"),
            (-0.5, -0.505, ["1%"], "reproduced"),
            (0.5, 0.6, ["a=0.11"], "reproduced"),
            (0.5, 0.6, ["b=0.11"], "drifted"),
            (0.5, 1e9, ["*=inf"], "reproduced"),
            (0.5, 0.6, ["a=1", "a=0"], "drifted"),
            (0.5, 0.6, ["a=0", "1"], "reproduced"),
            (0.0, 0.1, ["50%"], "drifted"),
            (1, 1.0, [], "drifted"),
            (1, 1.0, ["0"], "reproduced"),
            (math.nan, math.nan, [], "reproduced"),
            (math.nan, 1.0, ["100%"], "drifted"),
            (1.0, math.nan, ["100%"], "drifted"),
            ("a", "a", [], "reproduced"),
            ("a", "b", ["inf"], "drifted"),
            (True, False, ["1"], "drifted"),
        ],
    )
    def test_one_value(
        self, repo: vcs_track.Repository, old: Any, new: Any, tolerances: list[str], verdict: str
    ) -> None:
        """A value is the same, near enough, or not."""
        assert verdict == judged(repo, {"a": old}, {"a": new}, *tolerances).verdict

    def test_missing_and_new_values(self, repo: vcs_track.Repository) -> None:
        """A value that is missing has drifted; one more is no difference."""
        assert "drifted" == judged(repo, {"a": 1, "b": 2}, {"a": 1}, "inf").verdict
        assert "reproduced" == judged(repo, {"a": 1}, {"a": 1, "b": 2}).verdict

    def test_a_run_that_failed(self, repo: vcs_track.Repository) -> None:
        """Whatever its values, a run that did not finish has failed."""
        old = run_with(repo, a=1)
        run = repo.start_run()
        run.set_summary(a=1)
        run.finish("failed")

        assert "failed" == judge(old, repo.run(run.id)).verdict

    def test_series(self, repo: vcs_track.Repository) -> None:
        """Series with the same values at the same steps are counted, wall times left alone."""
        views = []
        for last in (3.0, 4.0):
            with repo.start_run() as run:
                for step, value in enumerate((1.0, 2.0)):
                    run.add_scalar("same", value, step)
                    run.add_scalar("other", value, step)
                run.add_scalar("other", last, 9)
            views.append(repo.run(run.id))
        judgement = judge(views[0], views[1])

        assert (1, 2) == (judgement.series, judgement.all_series)


class TestTolerance:
    @pytest.mark.parametrize("text", ["", "x", "a=", "-1", "=1", "1%%", "nan", "a=%", "a=-1%"])
    def test_what_is_none(self, text: str) -> None:
        """What is no distance is refused."""
        with pytest.raises(InvalidValueError, match="is no tolerance"):
            parse_tolerance(text)

    def test_names_with_a_sign(self) -> None:
        """Only the last ``=`` stands before the distance."""
        assert "a=b" == parse_tolerance("a=b=1%").pattern


class TestCommand:
    def test_of_a_run_without_one(self, repo: vcs_track.Repository, tmp_path: Path) -> None:
        """Without a command, or its folder, it cannot be run again."""
        repo.start_run("run", id="r", command=[]).finish()
        with pytest.raises(InvalidValueError, match="is not known"):
            command_of(repo.run("r"), tmp_path, tmp_path)

    def test_paths(
        self, repo: vcs_track.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whole paths of files in the code are those of the restored ones, others stay."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "again").mkdir()
        (tmp_path / "again" / "train.py").write_text("")
        argv = ["/bin/sh", f"{tmp_path}/train.py", f"{tmp_path}/data", "train.py"]
        repo.start_run("run", id="r", command=argv).finish()
        words, _ = command_of(repo.run("r"), tmp_path, tmp_path / "again")

        assert ["/bin/sh", f"{tmp_path}/again/train.py", f"{tmp_path}/data", "train.py"] == words
