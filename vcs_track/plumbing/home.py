"""A home: packs and heads. The store, the shelf and a bundle are homes.

What moves runs between homes needs only this interface.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from vcs_track.errors import CorruptError, InvalidValueError, StorageError
from vcs_track.formats import canonical
from vcs_track.formats.oid import FORMATS, new_file_name_hash
from vcs_track.plumbing import fsio
from vcs_track.plumbing.heads import HeadFolder, parse_head
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.redactions import Redactions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = [
    "BUNDLE_INDEX", "BundleHome", "FolderHome", "Home", "NamedEntries", "only_read", "open_bundle",
]  # fmt: skip

BUNDLE_INDEX: Final = "bundle.json"
_VERSION: Final = b'{"@":"bundle/1",'
_LARGEST_INDEX: Final = 256 << 20  # bytes; a million objects take about half of it
_INDEX_MEMORY: Final = 256 << 20


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


class NamedEntries:
    """The heads of a bundle, or its lists of files, as a folder has them.

    Args:
        named: Their names and objects.
    """

    def __init__(self, named: dict[str, list[ObjectId]]) -> None:
        self._named = named

    def all(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run."""
        return dict(self._named)

    def of(self, run: str) -> list[ObjectId]:
        """Return the heads of *run*."""
        return list(self._named.get(run, ()))


class BundleHome:
    """A home in one zip; nothing is read of it before it is asked for.

    Args:
        path: The bundle.
        fmt: Its object format.

    Attributes:
        zipped_again: Whether another tool wrote it.

    Raises:
        CorruptError: If the file is not a bundle.
    """

    def __init__(self, path: Path, fmt: ObjectFormat) -> None:
        self.path = path
        self.format = fmt
        self.zipped_again = False
        self.pack = PackFile(path, fmt)
        # All of it may be long, and whoever reads a run does not need it.
        if not self.pack.start_of(BUNDLE_INDEX, len(_VERSION)).startswith(_VERSION):
            raise CorruptError(
                f"'{path.name}' is a bundle of an unknown version",
                hint="read it with a newer vcs-track",
            )

    @cached_property
    def index(self) -> dict[str, Any]:
        """What ``bundle.json`` says.

        Raises:
            CorruptError: If it is damaged.
        """
        index = canonical.check(
            self.pack.read_entry(BUNDLE_INDEX, largest=_LARGEST_INDEX),
            max_bytes=_LARGEST_INDEX,
            # Each object has a line; what else is listed takes little.
            max_memory=_INDEX_MEMORY + 1024 * self.pack.directory.entries,
        )
        if not isinstance(index, dict):
            raise CorruptError(f"bundle.json of '{self.path.name}' is damaged")
        return index

    @property
    def objects(self) -> PackFile:
        """The objects of the bundle."""
        return self.pack

    @property
    def packs(self) -> PackFolder:
        """There are none to change.

        Raises:
            StorageError: Always.
        """
        raise only_read(self.path)

    @cached_property
    def head_folder(self) -> NamedEntries:
        """The heads of every run, from the entries ``heads/``."""
        return NamedEntries(self._named("heads/"))

    @cached_property
    def tree_folder(self) -> NamedEntries:
        """The lists of files of every tree, from the entries ``code/``."""
        return NamedEntries(self._named("code/"))

    def heads(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run."""
        return self.head_folder.all()

    def trees(self) -> dict[str, list[ObjectId]]:
        """Return the lists of files of every tree."""
        return self.tree_folder.all()

    def root(self) -> str:
        """Return the hash of what the bundle holds.

        It is the SHA-256 of the names of its objects, heads and lists of files, sorted, each
        with a newline: ``docs/format/bundles.md`` has it as a line of shell.
        """
        hasher = new_file_name_hash()
        for entry in self.pack.entries():
            if "/" in entry.name:
                hasher.update(entry.name.encode() + b"\n")
        return hasher.hexdigest()

    def _named(self, prefix: str) -> dict[str, list[ObjectId]]:
        found: dict[str, list[ObjectId]] = {}
        for entry in self.pack.others():
            if entry.name.startswith(prefix):
                head = parse_head(entry.name.removeprefix(prefix))
                if head is None:
                    raise CorruptError(f"'{entry.name[:80]}' is not the name of a head")
                found.setdefault(head[0], []).append(head[1])
        return found


def only_read(path: Path) -> StorageError:
    """Return the error for who wants to change a bundle."""
    return StorageError(
        f"'{path.name}' is a bundle, and a bundle is only read",
        hint="take its runs into a repository with 'vcs-track import'",
    )


def open_bundle(path: Path) -> BundleHome:
    """Open the bundle *path*; nothing but its end is looked at.

    Raises:
        InvalidValueError: If there is no such file.
        CorruptError: If it is not a bundle.
    """
    if not path.is_file():
        raise InvalidValueError(f"there is no bundle '{path}'", hint="give the path of a zip")
    failure: CorruptError | None = None
    for fmt in FORMATS.values():
        try:
            home = BundleHome(path, fmt)
        except CorruptError as error:
            failure = failure or error
            continue
        # What holds no object tells its format in no other way.
        if len(home.pack) or home.index.get("object_format") == fmt.name:
            return home
    raise CorruptError(
        f"'{path.name}' is not a bundle of vcs-track: {failure or 'its format is not known'}",
        hint="'vcs-track export' makes bundles; one that was zipped again can be imported",
    )
