"""Tests of ``vcs_track.porcelain.diff.lines``."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from vcs_track.errors import ObjectNotFoundError
from vcs_track.porcelain.diff import Blob, TextChange

if TYPE_CHECKING:
    from pathlib import Path


def change(old: bytes | None, new: bytes | None) -> TextChange:
    """Return a change from one text to another."""
    sides = [
        None if data is None else (Blob("x", len(data), "text/plain"),) for data in (old, new)
    ]
    reads = tuple((lambda _, data=data: data or b"") for data in (old, new))
    return TextChange("t", "changed", *sides, "t", None, reads)  # type: ignore[arg-type, call-arg]


class TestLines:
    def test_one_line_in_its_surroundings(self) -> None:
        """Equal lines stay around what differs, as many as asked for."""
        old = b"".join(b"%d\n" % n for n in range(9))
        found = change(old, old.replace(b"4", b"four"))

        assert ["@@ -5 +5 @@", "-4", "+four"] == found.lines(context=0)
        assert ["@@ -4,3 +4,3 @@", " 3", "-4", "+four", " 5"] == found.lines(context=1)

    def test_a_text_that_is_new(self) -> None:
        """All its lines are added."""
        assert ["@@ -0,0 +1,2 @@", "+a", "+b"] == change(None, b"a\nb\n").lines()
        assert (2, 0) == change(None, b"a\nb\n").counts()

    def test_ends_of_lines_count(self) -> None:
        """A missing last line end, and other line ends, are differences that are seen.

        Seen to fail with lines that were split without their ends.
        """
        assert [
            "@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of file",
        ] == change(b"a\n", b"a").lines()  # fmt: skip
        assert ["@@ -1 +1 @@", "-a\r", "+a"] == change(b"a\r\n", b"a\n").lines()
        assert (1, 1) == change(b"a\r\n", b"a\n").counts()

    def test_last_lines_without_an_end(self) -> None:
        """Texts that both end without a line end are told apart by their words alone."""
        assert ["@@ -1 +1 @@", "-a", "+b"] == change(b"a", b"b").lines()
        assert ["@@ -1 +1,2 @@", " a", "+b"] == change(b"a", b"a\nb").lines()
        assert ["@@ -0,0 +1 @@", "+a"] == change(None, b"a").lines()

    def test_bytes_that_are_no_utf8(self) -> None:
        """Bytes that are no text of UTF-8 are told apart, and a zero byte makes no text."""
        assert ["@@ -1 +1 @@", "-\\xff", "+\\xfe"] == change(b"\xff\n", b"\xfe\n").lines()
        assert ([], None) == (
            change(b"\0a\n", b"\0b\n").lines(), change(b"\0a\n", b"\0b\n").counts(),
        )  # fmt: skip

    def test_bytes_that_are_not_here(self) -> None:
        """A text that cannot be read has no lines, and no count."""

        def gone(oid: str) -> bytes:
            raise ObjectNotFoundError("object is not here", oid=oid)

        blob = (Blob("x", 1, "text/plain"),)
        found = TextChange("t", "changed", blob, blob, "t", None, (gone, gone))

        assert ([], None) == (found.lines(), found.counts())

    @settings(max_examples=40)
    @given(st.data())
    def test_patch_takes_them(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        """``git apply`` makes the second text of the first with them."""
        lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=20)
        old, new = ("".join(data.draw(lines)).encode() for _ in "ab")
        if old == new or not old or not new:
            return
        folder: Path = tmp_path_factory.mktemp("patch")
        (folder / "t").write_bytes(old)
        head = ["--- a/t", "+++ b/t"]
        found = change(old, new)
        text = "\n".join([*head, *found.lines(data.draw(st.integers(1, 4))), ""])
        subprocess.run(
            ["git", "apply", "-"], input=text.encode(), cwd=folder, check=True, timeout=60
        )

        assert new == (folder / "t").read_bytes()
        added, removed = found.counts() or (0, 0)
        assert new.count(b"\n") - old.count(b"\n") == added - removed
