"""The paths below ``.runs``, and nothing else.

``docs/format/repository.md`` is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FOLDER", "HomeLayout", "Layout"]

FOLDER = ".runs"


@dataclass(frozen=True, slots=True)
class HomeLayout:
    """Where a home in a folder keeps its packs and heads."""

    root: Path

    @property
    def packs(self) -> Path:
        """The folder of packs."""
        return self.root / "packs"

    @property
    def heads(self) -> Path:
        """The folder of heads."""
        return self.root / "heads"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything in one ``.runs`` folder is.

    Attributes:
        root: The ``.runs`` folder.
        local: What belongs to this clone; in a linked work tree, the main one's.
    """

    root: Path
    local: Path

    @property
    def format(self) -> Path:
        """The file that names the format."""
        return self.root / "FORMAT"

    @property
    def format_copy(self) -> Path:
        """A second copy of it, which ``git clean`` spares."""
        return self.local / "FORMAT"

    @property
    def shelf(self) -> HomeLayout:
        """The home that git carries."""
        return HomeLayout(self.root)

    @property
    def store(self) -> HomeLayout:
        """The home that holds every run of this clone."""
        return HomeLayout(self.local)

    @property
    def live(self) -> Path:
        """The folder of live runs."""
        return self.local / "live"

    @property
    def tmp(self) -> Path:
        """Files on the way in."""
        return self.local / "tmp"

    @property
    def trash(self) -> Path:
        """Packs that nothing needs, before they are deleted for good."""
        return self.local / "trash"

    @property
    def quarantine(self) -> Path:
        """What was damaged and taken out of the way; never cleaned up."""
        return self.local / "quarantine"

    @property
    def adopted(self) -> Path:
        """What each shelf had when it was adopted last."""
        return self.local / "adopted"

    @property
    def tables(self) -> Path:
        """How each table of a compatible API numbers and shows runs."""
        return self.local / "tables"

    @property
    def gc_lock(self) -> Path:
        """The lock that a clean-up holds."""
        return self.local / "gc.lock"

    @property
    def gc_record(self) -> Path:
        """What the last clean-up called dead."""
        return self.local / "gc.json"

    @property
    def head_log(self) -> Path:
        """Who moved which head, and when."""
        return self.local / "heads.log"

    def live_run(self, run: str) -> Path:
        """Return the folder of the live run *run*."""
        return self.live / run
