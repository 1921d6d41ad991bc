"""Tests of ``vcs_track.porcelain.names``."""

from __future__ import annotations

import re

from vcs_track.porcelain.names import readable_name


class TestReadableName:
    def test_never_changes(self) -> None:
        """The name of an id is the same in every version and on every machine."""
        assert ["green-acorn", "brisk-fox"] == [readable_name("k3v9a0b1c2d3"), readable_name("a")]

    def test_is_two_plain_words(self) -> None:
        """A name can be typed, and is no id prefix with odd signs."""
        names = [readable_name(f"run{n}") for n in range(200)]

        assert [] == [name for name in names if not re.fullmatch(r"[a-z]+-[a-z]+", name)]

    def test_spreads(self) -> None:
        """Different ids seldom share a name."""
        names = {readable_name(f"run{n}") for n in range(1000)}

        assert len(names) > 900
