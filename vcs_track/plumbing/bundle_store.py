"""A bundle in the place of a store: its runs are read where they are."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from vcs_track.errors import CorruptError, StorageError
from vcs_track.plumbing.home import only_read, open_bundle
from vcs_track.plumbing.layout import Layout
from vcs_track.plumbing.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.formats.oid import ObjectId

__all__ = ["BundleStore", "scratch"]

_LARGEST_DOCUMENT: Final = 64 << 20


class BundleStore(Store):
    """The runs of one bundle, with a store's interface, only to read.

    Args:
        path: The bundle.
        around: A folder in the git repository that is asked about commits.

    Raises:
        CorruptError: If it is no bundle.
        InvalidValueError: If there is no such file.
    """

    indexed: ClassVar[bool] = False
    trusted: ClassVar[bool] = False

    def __init__(self, path: Path, around: Path) -> None:
        home = open_bundle(path)
        # Below a file there is nothing: no run is live, no pack is on a shelf.
        super().__init__(_BundleLayout(around / path.name, path), home.format, writable=False)
        self.home = home  # type: ignore[assignment]  # reading needs no more of it than this
        self.path = path

    @property
    def place(self) -> Path:
        """The bundle."""
        return self.path

    def refresh(self) -> None:
        """See what is new: nothing, ever."""

    def adopt(self) -> None:
        """Take in what is on the shelf: there is none."""

    def check_documents(self, oids: Iterable[ObjectId]) -> None:
        """Refuse documents that a stranger made too large to read.

        Raises:
            CorruptError: If one is.
        """
        pack = self.home.objects
        for oid in oids:
            entry = pack.owner(oid).entry(oid) if oid in pack else None
            if entry is not None and entry.size > _LARGEST_DOCUMENT:
                raise CorruptError(
                    f"document '{oid[:12]}' is larger than {_LARGEST_DOCUMENT} bytes"
                )

    def require_folder(self) -> None:
        """Refuse.

        Raises:
            StorageError: Always.
        """
        raise StorageError(
            f"'{self.path.name}' is a bundle, not a repository",
            hint="'vcs-track verify' checks it, 'vcs-track import' takes its runs in",
        )

    def require_writable(self) -> None:
        """Refuse.

        Raises:
            StorageError: Always.
        """
        raise only_read(self.path)


class _BundleLayout(Layout):
    """Paths that lead nowhere, but for a scratch folder."""

    __slots__ = ()

    @property
    def tmp(self) -> Path:
        """A folder of this process; it goes when the process does."""
        return scratch()


def scratch() -> Path:
    """Return a folder of this process; it goes when the process does."""
    return Path(_made().name)


@cache
def _made() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="vcs-track-", ignore_cleanup_errors=True)
