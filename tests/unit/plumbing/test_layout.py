"""Tests of ``vcs_track.plumbing.layout``."""

from __future__ import annotations

from pathlib import Path

from vcs_track.plumbing.layout import FOLDER, Layout

ROOT, LOCAL = Path("/project/.runs"), Path("/main/.runs/local")
LAYOUT = Layout(ROOT, LOCAL)


class TestLayout:
    def test_the_folder_is_called_runs(self) -> None:
        """The folder beside the code has this name for ever."""
        assert ".runs" == FOLDER

    def test_what_git_carries_is_in_the_root(self) -> None:
        """FORMAT and shelf are in the work tree's own folder."""
        assert (ROOT / "FORMAT", ROOT / "packs", ROOT / "heads") == (
            LAYOUT.format, LAYOUT.shelf.packs, LAYOUT.shelf.heads,
        )  # fmt: skip

    def test_what_belongs_to_the_clone_is_in_local(self) -> None:
        """Store, live runs and what is on its way are never in the shared part."""
        local = (
            LAYOUT.format_copy, LAYOUT.store.packs, LAYOUT.store.heads, LAYOUT.live, LAYOUT.tmp,
            LAYOUT.live_run("r1"),
        )  # fmt: skip
        names = ("FORMAT", "packs", "heads", "live", "tmp", "live/r1")

        assert tuple(LOCAL / name for name in names) == local
