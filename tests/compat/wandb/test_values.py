"""What values become in a row."""

from __future__ import annotations

import functools
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compat.wandb.faces import Face

__all__: list[str] = []

Point = namedtuple("Point", "x y")  # noqa: PYI024 -- it is what users have


class Color(Enum):
    RED = "red"


def stored(face: Face, value: Any) -> Any:
    """Return what the row has for *value*."""
    run = face.init()
    run.log({"a": value})
    run.finish()
    return face.rows(run)[0]["a"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (2**62, 2**62),
        (0.1, 0.1),
        ("text", "text"),
        ("ü\n€", "ü\n€"),
        (None, None),
        (float("inf"), float("inf")),
        (np.float64(0.5), 0.5),
        (np.float32(0.1), 0.10000000149011612),
        (np.int32(4), 4),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.arange(4), [0, 1, 2, 3]),
        (np.array([[1.5, 2], [3, 4]]), [[1.5, 2.0], [3.0, 4.0]]),
        ([1, "a", None, [2]], [1, "a", None, [2]]),
        ((1, 2), [1, 2]),
        (Point(1, 2), [1, 2]),
        ([], []),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00Z"),
        (timedelta(days=1), "P1D"),
        (Decimal("1.50"), "1.50"),
        (Path("a/b"), "a/b"),
        (Color.RED, "red"),
        (b"abc", "abc"),
        (1 + 2j, "1+2j"),
        ({"x": 1, "y": {"z": "w"}}, {"x": 1, "y": {"z": "w"}}),
        ([{"x": 1}, {"y": [2]}], [{"x": 1}, {"y": [2]}]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_value(face: Face, value: Any, expected: Any) -> None:
    """Numbers, texts and collections become JSON, each in its form."""
    found = stored(face, value)

    assert expected == found
    assert type(expected) is type(found) or isinstance(found, float)


@pytest.mark.parametrize("value", [float("nan"), np.float32("nan")])
def test_nan_stays(face: Face, value: Any) -> None:
    """NaN is a number and stays."""
    found = stored(face, value)

    assert found != found


def test_numbers_in_lists_may_be_nan(face: Face) -> None:
    """In lists too."""
    found = stored(face, [1.0, float("nan"), float("inf")])

    assert [1.0, float("inf")] == [found[0], found[2]]
    assert found[1] != found[1]


def test_huge_integer_becomes_a_float(face: Face) -> None:
    """An integer beyond 64 bits is stored as a float."""
    found = stored(face, 2**70)

    assert float(2**70) == float(found)


def test_set_is_sorted(ours: Face) -> None:
    """A set is stored in order; there in any."""
    assert [1, 2, 3] == stored(ours, {3, 1, 2})


def test_generator(face: Face) -> None:
    """What a generator yields is a list."""
    assert [0, 1] == stored(face, (n for n in range(2)))


def test_range_is_a_list(ours: Face) -> None:
    """A range is a list; there it is a TypeError."""
    assert [0, 1, 2] == stored(ours, range(3))


def test_function_is_its_name(face: Face) -> None:
    """Functions and classes are stored by their names."""
    assert "functools.partial" == stored(face, functools.partial)


@pytest.mark.parametrize("value", [object(), [object()], {"x": object()}])
def test_other_object_is_refused(face: Face, value: Any) -> None:
    """What JSON has no form for is refused, and the rest of the call with it.

    Seen to fail when values are merged one by one.
    """
    run = face.init()
    run.log({"kept": 1}, commit=False)

    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        run.log({"lost": 1, "bad": value})
    run.log({"more": 2})
    run.finish()
    assert [{"kept": 1, "more": 2, "_step": 0}] == face.rows(run)


def test_large_array_is_a_histogram(face: Face) -> None:
    """An array of more than 32 elements stands in the row as a histogram of 32 bins."""
    found = stored(face, np.arange(100.0))

    assert "histogram" == found["_type"]
    assert 32 == len(found["values"])
    assert 33 == len(found["bins"])
    assert 100 == sum(found["values"])


def test_large_array_is_kept_whole(ours: Face) -> None:
    """The whole array is a file of the run; there it is lost."""
    import io

    import vcs_track

    array = np.random.default_rng(1).normal(size=(10, 10))
    run = ours.init()
    run.log({"w": array}, step=3)
    run.finish()
    view = vcs_track.open().run(run.id)
    item = next(item for item in view.media() if item.mime == "application/x-npy")
    found = np.load(io.BytesIO(item.data))

    assert (found == array).all()
    assert item.name == ours.rows(run)[0]["w"]["path"]


def test_float32_is_remembered(ours: Face) -> None:
    """The store knows that a number had 32 bits."""
    import vcs_track

    run = ours.init()
    run.log({"a": np.float32(0.1)})
    run.finish()
    frame = vcs_track.open().run(run.id).series("a")

    assert [0.10000000149011612] == frame.value


def test_text_too_deep(ours: Face) -> None:
    """Lists that contain themselves are refused, not followed for ever."""
    endless: list[Any] = []
    endless.append(endless)
    run = ours.init()

    with pytest.raises(ours.wandb.Error, match="nests deeper"):
        run.log({"a": endless})
