"""Tests of ``vcs_track.porcelain.history`` and of ``Repository.history``."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import vcs_track
from vcs_track.errors import (
    InvalidTypeError,
    InvalidValueError,
    NotInstalledError,
    RunNotFoundError,
    SeriesNotFoundError,
)
from vcs_track.formats.oid import object_format
from vcs_track.formats.series_builder import SeriesBuilder
from vcs_track.formats.slots import FLOAT
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.history import WideHistory
from vcs_track.porcelain.series import Series

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, Run, RunView
    from vcs_track.porcelain.history import Join

__all__: list[str] = []

# A point is (repetition, step, value).
POINTS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(-3, 12), st.floats(allow_nan=False)),
    min_size=1, max_size=25,
)  # fmt: skip
TABLE = st.lists(POINTS, min_size=1, max_size=4)


def series_of_points(points: list[tuple[int, int, float]], size: int = 4) -> Series:
    """Return these points as a series with small chunks."""
    objects = MemoryObjects(object_format("sha256"))
    builder = SeriesBuilder(objects.add)
    for place, (repetition, step, value) in enumerate(points):
        builder.mark(0, repetition, None)
        builder.add(FLOAT, value, step, place)
        if place % size == size - 1:
            builder.flush()
    return Series("loss", builder.finish(), objects)


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> RunView:
    """Return a run, for its id and name."""
    repo = vcs_track.init(tmp_path_factory.mktemp("runs")).with_defaults(capture_git=False)
    repo.start_run("r").finish()
    return repo.run("r")


def naive(table: list[list[tuple[int, int, float]]], join: str) -> list[tuple[Any, ...]]:
    """Return the joined rows, the slow way."""
    last = [{(rep, step): value for rep, step, value in points} for points in table]
    everywhere = {key for points in last for key in points}
    if join == "inner":
        everywhere = {key for key in everywhere if all(key in points for points in last)}

    def cell(points: dict[tuple[int, int], float], rep: int, step: int) -> float | None:
        mine = {s: value for (r, s), value in points.items() if r == rep}
        if join == "previous":
            before = [s for s in mine if s <= step]
            return mine[max(before)] if before else None
        if join == "nearest":
            return mine[min(mine, key=lambda s: (abs(s - step), s))] if mine else None
        return mine.get(step)

    return [
        (step, rep, tuple(cell(points, rep, step) for points in last))
        for rep, step in sorted(everywhere)
    ]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with two runs whose series are not quite the same."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    with repo.start_run("one", id="aaaa1111") as run:
        for step in range(4):
            run.add_scalar("train/loss", 1 / (step + 1), step, walltime=100.0 + step, epoch=step)
        run.add_scalar("val/loss", 0.5, 3, walltime=104.0)
    with repo.start_run("two", id="aaaa2222") as run:
        for step in (0, 2):
            run.add_scalar("train/loss", step, step, walltime=200.0)
        run.new_repetition()
        run.add_scalar("train/loss", True, 2, walltime=201.0)
    return repo


class TestLong:
    def test_rows(self, repo: Repository) -> None:
        """Each point is a row with its run, in the order of runs, tags and logging."""
        history = repo.history(["two", "one"], ["val/*", "train/loss"], steps=(2, None))

        assert [
            ("aaaa2222", "two", "train/loss", 2, 2, 200.0, None, 0, None),
            ("aaaa2222", "two", "train/loss", 2, True, 201.0, None, 1, None),
            ("aaaa1111", "one", "val/loss", 3, 0.5, 104.0, None, 0, None),
            ("aaaa1111", "one", "train/loss", 2, 1 / 3, 102.0, 2, 0, None),
            ("aaaa1111", "one", "train/loss", 3, 0.25, 103.0, 3, 0, None),
        ] == list(history)
        assert 5 == len(history)

    def test_is_what_the_series_are(self, repo: Repository) -> None:
        """The table has the points of each series, as columns and as dictionaries too."""
        history = repo.history(repo.runs())
        expected = [
            (run.id, run.name, tag, *point)
            for run in repo.runs() for tag in run.series_tags for point in run.series(tag)
        ]  # fmt: skip

        assert expected == list(history)
        assert expected == list(zip(*history.to_columns().values(), strict=True))
        assert [dict(zip(history.columns, row, strict=True)) for row in expected] == (
            history.to_dicts()
        )

    def test_every_way_to_name_runs(self, repo: Repository) -> None:
        """A name, a view, an open run, several of them, and a set are runs."""
        with repo.start_run("open") as run:
            run.add_scalar("train/loss", 7.0, 0)
            names: list[str | RunView | Run] = ["one", repo.run("two"), run, "aaaa1111"]
            found = {row.name for row in repo.history(names)}
            live = [row.value for row in repo.history(run)]
        only = {row.name for row in repo.history(repo.runs("name = 'two'"))}

        assert {"one", "two", "open"} == found
        assert [7.0] == live
        assert {"two"} == only
        assert 5 == len(repo.history("one"))

    def test_samples(self, repo: Repository) -> None:
        """A sample is taken of each series."""
        with repo.start_run("long") as run:
            for step in range(500):
                run.add_scalar("loss", 9.0 if step == 333 else math.sin(step), step)
        history = repo.history("long", samples=10)

        assert len(history) <= 10
        assert 9.0 in [row.value for row in history]

    def test_a_tag_with_a_bracket_is_no_pattern(self, repo: Repository) -> None:
        """What is a tag is taken as it stands, and then as a pattern."""
        with repo.start_run("odd") as run:
            run.add_scalars({"loss[0]": 1.0, "loss0": 2.0}, step=0)

        assert [1.0] == [row.value for row in repo.history("odd", "loss[0]")]
        assert [2.0] == [row.value for row in repo.history("odd", "loss[0-9]")]

    def test_unknown_tag(self, repo: Repository) -> None:
        """A tag that no run has gets near ones; one that some have is fine."""
        with pytest.raises(SeriesNotFoundError, match=r"none of the 2 runs .* 'val/los'") as some:
            repo.history(repo.runs(), ["train/loss", "val/los"])
        with pytest.raises(SeriesNotFoundError, match="run 'aaaa2222' has no series 'val/"):
            repo.history("two", "val/*")

        assert "did you mean 'val/loss'" in some.value.hint
        assert 1 == len(repo.history(repo.runs(), "val/loss"))

    def test_no_runs(self, repo: Repository) -> None:
        """No runs have no points, whatever the tag."""
        assert [] == list(repo.history([], "loss"))
        assert [] == repo.history([], form="wide").to_dicts()

    def test_unknown_run(self, repo: Repository) -> None:
        """An unknown run is said at once."""
        with pytest.raises(RunNotFoundError, match="'nobody'"):
            repo.history(["one", "nobody"])

    @pytest.mark.parametrize(
        "wrong", [{"form": "tall"}, {"join": "outer"}, {"form": "wide", "join": "left"}]
    )
    def test_wrong_value(self, wrong: dict[str, Any], repo: Repository) -> None:
        """Forms and joins that are none, or do not go together, are refused."""
        with pytest.raises(InvalidValueError, match=r"form|join"):
            repo.history("one", **wrong)

    @pytest.mark.parametrize("wrong", [(5,), ([5],), ("one", 5), ("one", [5]), ("one", [None])])
    def test_wrong_type(self, wrong: tuple[Any, ...], repo: Repository) -> None:
        """What is no run and no tag is named."""
        with pytest.raises(InvalidTypeError, match="must be"):
            repo.history(*wrong)


class TestWide:
    @given(TABLE, st.sampled_from(["outer", "inner", "previous", "nearest"]))
    def test_is_a_join(
        self, view: RunView, table: list[list[tuple[int, int, float]]], join: Join
    ) -> None:
        """Rows are the steps of each repetition, the last point of a step counts.

        Seen to fail when the first point of a step won, and when the later of two steps as
        near was taken.
        """
        wide = WideHistory([(view, series_of_points(points)) for points in table], join)
        expected = naive(table, join)

        assert expected == list(wide)
        assert len(expected) == len(wide)

    def test_names_of_columns(self, repo: Repository) -> None:
        """A column is its tag in one run, and the name and the tag in several."""
        alone = repo.history("one", form="wide")
        both = repo.history(["one", "two"], form="wide")
        with repo.start_run("two", id="bbbb3333") as run:
            run.add_scalar("step", 1.0, 0)
        same = repo.history(["aaaa2222", "bbbb3333"], form="wide")

        assert ("step", "repetition", "train/loss", "val/loss") == alone.columns
        assert ("one:train/loss", "one:val/loss", "two:train/loss") == both.columns[2:]
        assert [("aaaa1111", "train/loss"), ("aaaa1111", "val/loss"),
                ("aaaa2222", "train/loss")] == both.keys  # fmt: skip
        assert ("aaaa2222:train/loss", "bbbb3333:step") == same.columns[2:]
        assert ("two:step",) == repo.history("bbbb3333", form="wide").columns[2:]

    def test_names_with_colons(self, repo: Repository) -> None:
        """Names that would make two columns equal give way to ids."""
        for name, run_id, tag in (("a:b", "cccc1", "c"), ("a", "cccc2", "b:c")):
            with repo.start_run(name, id=run_id) as run:
                run.add_scalar(tag, 1.0, 0)

        assert ("cccc1:c", "cccc2:b:c") == (
            repo.history(["cccc1", "cccc2"], form="wide").columns[2:]
        )

    def test_dicts(self, repo: Repository) -> None:
        """A row is one dictionary."""
        rows = repo.history("one", form="wide", steps=slice(2, 4)).to_dicts()

        assert [
            {"step": 2, "repetition": 0, "train/loss": 1 / 3, "val/loss": None},
            {"step": 3, "repetition": 0, "train/loss": 0.25, "val/loss": 0.5},
        ] == rows

    def test_nan_is_no_gap(self, repo: Repository) -> None:
        """A NaN that was logged stays one, what is missing is None."""
        with repo.start_run("nan") as run:
            run.add_scalar("a", math.nan, 0)
            run.add_scalar("b", 1.0, 1)
        (first, second) = repo.history("nan", form="wide")

        assert math.isnan(first.values[0] or 0)
        assert (None, (None, 1.0)) == (first.values[1], second.values)


class TestFrames:
    @pytest.mark.parametrize(
        ("name", "package"), [("pandas", "pandas"), ("polars", "polars"), ("arrow", "pyarrow")]
    )
    def test_frames(self, repo: Repository, name: str, package: str) -> None:
        """With the package there is a table of it; without, an error names the package."""
        long = getattr(repo.history(["one", "two"], "train/loss"), f"to_{name}")
        wide = getattr(repo.history(["one", "two"], form="wide"), f"to_{name}")
        if find_spec(package) is None:
            for make in (long, wide):
                with pytest.raises(NotInstalledError, match=package) as caught:
                    make()
                assert f"pip install {package}" in caught.value.hint
        else:
            values = [1.0, 0.5, 1 / 3, 0.25, 0.0, 2.0, 1.0]
            column = long()["value"]
            found = column.to_pylist() if name == "arrow" else list(column)
            assert (7, values) == (len(long()), found)
            assert 5 == len(wide())

    def test_one_type_a_column(self, repo: Repository) -> None:
        """What goes into frames has one type a column; the rows keep the types logged."""
        history = repo.history(["one", "two"], "train/loss")

        assert {float, int, bool} == {type(row.value) for row in history}
        assert {float} == set(map(type, history._uniform()["value"]))

    def test_integers_that_frames_have_no_room_for(self, repo: Repository) -> None:
        """An integer of 64 bits without a sign becomes a float in frames, and only there.

        Seen to fail with Arrow, which raised an OverflowError.
        """
        with repo.start_run("big") as run:
            run.add_scalar("n", 2**64 - 1, 0)
        history = repo.history("big")

        assert [2**64 - 1] == [row.value for row in history]
        assert [float(2**64 - 1)] == history._uniform()["value"]
        assert [float] == list(map(type, history._uniform()["value"]))
