"""Tests of ``vcs_track.porcelain.diff.changes``."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vcs_track.formats import canonical
from vcs_track.porcelain.diff import (
    Blob,
    Change,
    CodeChange,
    CodeFile,
    CommandChange,
    Course,
    EnvChange,
    FileChange,
    HparamChange,
    IdentityChange,
    InputChange,
    LabelChange,
    MediaChange,
    ResultChange,
    SeriesChange,
    SummaryChange,
    TextChange,
)

BLOB = Blob("x1-00", 3, "text/plain")
COURSE = Course(2, 0.5, 0.25, 0.75, 0.5, 0, 9)
LOWER = Course(2, 0.25, 0.25, 0.75, 0.5, 0, 9)
EACH: list[Change] = [
    IdentityChange("status", "changed", "finished", "failed"),
    HparamChange("optim.lr", "added", None, None),
    SummaryChange("val/loss", "changed", 0.5, 0.25),
    ResultChange("acc", "removed", 0.5, None),
    SeriesChange("loss", "changed", COURSE, LOWER, 3, 0.25, 9, 1.5),
    MediaChange("img @ 1", "changed", (BLOB,), (BLOB, BLOB), "img", 1),
    TextChange("t", "added", None, (BLOB,), "t"),
    FileChange("w.bin", "removed", (BLOB,), None, "w.bin"),
    InputChange("data.csv", "changed", BLOB, BLOB),
    EnvChange("packages.torch", "changed", "2.9", "2.10"),
    CommandChange("argv", "changed", ["a"], ["b"]),
    LabelChange("tags", "changed", ["a", "b"], ["b", "c", "d"]),
    CodeChange("train.py", "changed", CodeFile("100644", "0a"), CodeFile("100755", "0b"), 3, 1),
]


class TestEach:
    @pytest.mark.parametrize("change", EACH, ids=lambda change: change.kind)
    def test_is_its_own_mirror_image_twice(self, change: Change) -> None:
        """Mirrored once it is another, mirrored twice it is itself."""
        once = change.mirrored()

        assert change == once.mirrored()
        assert (change.old, change.new) == (once.new, once.old)
        assert change != once or change.old == change.new

    @pytest.mark.parametrize("change", EACH, ids=lambda change: change.kind)
    def test_is_plain_data(self, change: Change) -> None:
        """``to_dict`` gives what JSON can hold, kind, name and way first."""
        found = change.to_dict()

        assert [change.kind, change.name, change.way] == [*found.values()][:3]
        assert found == canonical.loads(canonical.dumps(found))

    def test_tells_all_it_has(self) -> None:
        """What is worked out from the values is told beside them."""
        assert {
            "kind": "series", "name": "loss", "way": "changed",
            "old": {"count": 2, "last": 0.5, "min": 0.25, "max": 0.75, "mean": 0.5,
                    "first_step": 0, "last_step": 9},
            "new": {"count": 2, "last": 0.25, "min": 0.25, "max": 0.75, "mean": 0.5,
                    "first_step": 0, "last_step": 9},
            "parts_at": 3, "gap": 0.25, "gap_at": 9, "area": 1.5, "delta": -0.25,
            "relative": -0.5, "better": True,
        } == EACH[4].to_dict()  # fmt: skip
        assert {
            "kind": "label", "name": "tags", "way": "changed", "old": ["a", "b"],
            "new": ["b", "c", "d"], "gained": ["c", "d"], "lost": ["a"],
        } == EACH[11].to_dict()  # fmt: skip

    def test_lines_change_sides(self) -> None:
        """What was added is removed, seen from the other side."""
        back = EACH[12].mirrored()

        assert isinstance(back, CodeChange)
        assert (1, 3) == (back.added, back.removed)


class TestEquality:
    @pytest.mark.parametrize("value", [math.nan, [math.nan], {"a": math.nan}], ids=str)
    def test_nan_equals_itself(self, value: Any) -> None:
        """A change of NaN equals one of the same, and has one hash."""
        one, two = (HparamChange("a", "added", None, value) for _ in "ab")

        assert one == two
        assert hash(one) == hash(two)

    def test_nan_in_a_course(self) -> None:
        """Two readings of a series that ends in NaN are one and the same.

        Seen to fail when courses were compared as they are.
        """
        one, two = (
            SeriesChange("a", "added", None, Course(1, float("nan"), None, None, None, 0, 0))
            for _ in "ab"
        )

        assert one == two

    def test_types_are_told_apart(self) -> None:
        """1 and 1.0, a summary and a result, absent and None are no equal changes."""
        change = SummaryChange("a", "changed", 0, 1)

        assert change != SummaryChange("a", "changed", 0, 1.0)
        assert change != ResultChange("a", "changed", 0, 1)
        assert SummaryChange("a", "added", None, 1) != SummaryChange("a", "changed", None, 1)

    def test_what_reads_is_no_part_of_it(self) -> None:
        """The same items are the same change, whichever repository they are read from."""
        one, two = (
            TextChange("t", "added", None, (BLOB,), "t", None, (bytes, bytes)),
            TextChange("t", "added", None, (BLOB,), "t"),
        )

        assert one == two
        assert "reads" not in repr(one)


class TestNumbers:
    @pytest.mark.parametrize(
        ("name", "old", "new", "delta", "relative", "better"),
        [
            ("loss", 0.5, 0.25, -0.25, -0.5, True), ("acc", 0.5, 0.25, -0.25, -0.5, False),
            ("acc", -2, -1, 1, 0.5, True), ("loss", 0, 1, 1, None, False),
            ("n", 1, 2, 1, 1.0, None), ("acc", None, 1, None, None, None),
            ("acc", True, 2, None, None, None), ("acc", "1", 2, None, None, None),
            ("acc", math.nan, 2, None, None, None), ("acc", 1, math.inf, None, None, True),
            ("acc", 10**400, 0.5, None, None, False), ("acc", 1e-320, 1.0, 1.0, None, True),
        ],
    )  # fmt: skip
    def test_of_a_pair(
        self, name: str, old: Any, new: Any, delta: Any, relative: Any, better: Any
    ) -> None:
        """Distances are finite numbers or None, and a name says which way is better."""
        change = SummaryChange(name, "changed", old, new)

        assert (delta, relative, better) == (change.delta, change.relative, change.better)
