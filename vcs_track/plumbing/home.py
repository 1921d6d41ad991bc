"""A home: packs and heads. The store, the shelf and a bundle are homes.

What moves runs between homes needs only this interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio
from vcs_track.plumbing.heads import HeadFolder, parse_head
from vcs_track.plumbing.packs import PackFile, PackFolder
from vcs_track.plumbing.redactions import Redactions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = ["BUNDLE_INDEX", "BundleHome", "FolderHome", "Home"]

BUNDLE_INDEX = "bundle.json"
_LARGEST_INDEX = 256 << 20  # bytes; a million objects take about half of it


class Home(Protocol):
    """Packs and heads, wherever they are."""

    @property
    def objects(self) -> Objects:
        """The objects of all packs."""

    def heads(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run."""


class FolderHome:
    """A home in a folder.

    Args:
        root: The folder; it holds ``packs`` and ``heads``, or will.
        fmt: Object format of the repository.
        tmp: Folder for files on their way in, on the same file system.
    """

    def __init__(self, root: Path, fmt: ObjectFormat, tmp: Path) -> None:
        self.root = root
        self.format = fmt
        self.tmp = tmp
        self.redactions = Redactions(root / "redacted")
        self.packs = PackFolder(root / "packs", fmt, self.redactions.reason)
        self.head_folder = HeadFolder(root)
        self.tree_folder = HeadFolder(root, "code")

    @property
    def objects(self) -> PackFolder:
        """The objects of all packs."""
        return self.packs

    def heads(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run."""
        return self.head_folder.all()

    def trees(self) -> dict[str, list[ObjectId]]:
        """Return the lists of files that each tree has beside its runs'."""
        return self.tree_folder.all()

    def adopt_pack(self, path: Path) -> bool:
        """Link or copy a checked pack of another home; return whether it was new."""
        target = self.packs.folder / path.name
        if target.exists():
            return False
        fsio.make_dirs(self.packs.folder)
        fsio.make_dirs(self.tmp)
        fsio.sync_file(path)  # git does not sync what it checks out
        fsio.link_or_copy(path, target, self.tmp)
        return True

    def sync_packs(self, new: Iterable[str] | None = None) -> None:
        """Make the names of packs survive a power cut, and take them in.

        Args:
            new: Those that are new. Default: look which are.
        """
        fsio.fsync_dir(self.packs.folder)
        if new is None:
            self.packs.refresh()
        else:
            self.packs.take_in(new)


class BundleHome:
    """A home in one zip.

    Args:
        path: The bundle.
        fmt: Its object format.

    Raises:
        CorruptError: If the file is not a bundle.
    """

    def __init__(self, path: Path, fmt: ObjectFormat) -> None:
        self.path = path
        self.format = fmt
        self.pack = PackFile(path, fmt)
        self.index = canonical.loads(self.pack.read_entry(BUNDLE_INDEX, largest=_LARGEST_INDEX))
        if not isinstance(self.index, dict) or self.index.get("@") != "bundle/1":
            raise CorruptError(
                f"'{path.name}' is a bundle of an unknown version",
                hint="read it with a newer vcs-track",
            )

    @property
    def objects(self) -> PackFile:
        """The objects of the bundle."""
        return self.pack

    def heads(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run, from the entries ``heads/``."""
        return self._named("heads/")

    def trees(self) -> dict[str, list[ObjectId]]:
        """Return the lists of files of every tree, from the entries ``code/``."""
        return self._named("code/")

    def _named(self, prefix: str) -> dict[str, list[ObjectId]]:
        found: dict[str, list[ObjectId]] = {}
        for entry in self.pack.entries():
            if entry.name.startswith(prefix):
                head = parse_head(entry.name.removeprefix(prefix))
                if head is None:
                    raise CorruptError(f"'{entry.name[:80]}' is not the name of a head")
                found.setdefault(head[0], []).append(head[1])
        return found
