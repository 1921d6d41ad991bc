"""Tests of ``vcs_track.porcelain.diff.versions``."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vcs_track.porcelain.diff import EnvChange
from vcs_track.porcelain.diff.versions import rank

RISING = [
    "0.9", "1.0.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0rc2", "1.0", "1.0+cpu",
    "1.0.post1", "1.0.1", "1.2", "1.10", "2.0", "2023.7.22", "1!0.1",
]  # fmt: skip


class TestRank:
    def test_rises_as_versions_do(self) -> None:
        """Numbers count as numbers, and what comes before a release comes before it."""
        assert all(rank(one) < rank(two) for one, two in pairwise(RISING))

    @pytest.mark.parametrize(
        ("one", "two"), [("1.0", "1"), ("v1.2", "1.2.0"), ("1.0-rc1", "1.0rc1")]
    )
    def test_writings_of_one_version(self, one: str, two: str) -> None:
        """Zeros at the end, a leading v and signs between make no other version."""
        assert rank(one) == rank(two)

    @pytest.mark.parametrize(
        "text", ["", "!", "+", "git", "1." * 10_000, "9" * 10_000, "\u0661.\u0662", "é"]
    )
    def test_takes_any_text(self, text: str) -> None:
        """What is no version is ranked somewhere, in no time."""
        assert isinstance(rank(text), tuple)


class TestDirection:
    @pytest.mark.parametrize(
        ("name", "old", "new", "direction"),
        [
            ("packages.torch", "2.9", "2.10", "up"), ("packages.torch", "2.10", "2.9", "down"),
            ("python.version", "3.11.7", "3.12.0", "up"), ("packages.x", "1", "1.0", None),
            ("packages.x", None, "1.0", None), ("host", "a1", "a2", None),
            ("packages.x", "1.0+abc", "1.0+abd", "up"),
        ],
    )  # fmt: skip
    def test_of_versions(
        self, name: str, old: str | None, new: str | None, direction: str | None
    ) -> None:
        """Versions of packages and Python go up or down, nothing else does."""
        change = EnvChange(name, "added" if old is None else "changed", old, new)

        assert direction == change.direction
