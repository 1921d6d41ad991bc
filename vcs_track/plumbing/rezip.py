"""Bundles that were unpacked and zipped again, made bundles once more."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vcs_track.errors import CorruptError
from vcs_track.formats.any_zip import ends_as_pack, read_entries
from vcs_track.formats.oid import object_format
from vcs_track.formats.pack import MAX_BUNDLE, Entry
from vcs_track.plumbing import fsio, mapped
from vcs_track.plumbing.home import BUNDLE_INDEX, open_bundle
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.formats.any_zip import ZipEntry
    from vcs_track.plumbing.home import BundleHome

__all__ = ["readable"]

# What file managers add to a folder.
_LITTER: Final = (".DS_Store", "Thumbs.db", "desktop.ini")
_FOLDERS: Final = ("__MACOSX/", "META-INF/")  # of archivers
_BLOCK: Final = 8 << 20


@contextmanager
def readable(path: Path, scratch: Path) -> Iterator[BundleHome]:
    """Open the bundle *path*, also one that another tool zipped again.

    Nothing is believed of such a zip: it is written again as a bundle, and whoever reads that
    checks each object against its id.

    Args:
        path: The bundle.
        scratch: A folder for what is written.

    Raises:
        CorruptError: If it is no bundle.
        InvalidValueError: If there is no such file.
    """
    try:
        home = open_bundle(path)
    except CorruptError as error:
        writer = _again(path, scratch, error)
        try:
            home = open_bundle(writer.path)
            home.path, home.zipped_again = path, True
            yield home
        finally:
            writer.abandon()
        return
    yield home


def _again(path: Path, scratch: Path, failure: CorruptError) -> PackWriter:
    """Write the entries of the zip *path* as a bundle.

    Raises:
        CorruptError: If it has none; *failure*, if it is no zip of another tool either.
    """
    data = fsio.map_read(path)
    try:
        entries = _ours(read_entries(data))
    except CorruptError as error:
        if data[:2] != b"PK" or ends_as_pack(data):
            raise failure from None
        raise CorruptError(
            f"'{path.name}' is not a bundle of vcs-track: {error}", hint=failure.hint
        ) from None
    fsio.make_dirs(scratch)
    writer = PackWriter(
        scratch, object_format("sha256"), largest=MAX_BUNDLE, name=f"again-{secrets.token_hex(8)}"
    )
    try:
        for name, entry in entries:
            raw = memoryview(data)[entry.start : entry.start + entry.stored]
            parts = (raw[at : at + _BLOCK] for at in range(0, len(raw), _BLOCK))
            packed = Entry(name, entry.method, entry.crc, entry.stored, entry.size, 0)
            writer.add_parts(packed, mapped.sparing(data, parts))
        writer.finish(sync=False)
    except BaseException:
        writer.abandon()
        raise
    return writer


def _ours(entries: list[ZipEntry]) -> list[tuple[str, ZipEntry]]:
    """Return the entries of the bundle with the names that they have in it."""
    files = [entry for entry in entries if not entry.is_folder and not _is_litter(entry.name)]
    tops = [
        entry.name.removesuffix(BUNDLE_INDEX)
        for entry in files
        if entry.name.rpartition("/")[2] == BUNDLE_INDEX
    ]
    if len(tops) != 1:
        raise CorruptError(f"it has {len(tops) or 'no'} entries '{BUNDLE_INDEX}'")
    top = tops[0]
    if stray := [entry.name for entry in files if not entry.name.startswith(top)]:
        raise CorruptError(f"'{stray[0][:80]}' is no entry of a bundle")
    return sorted((entry.name.removeprefix(top), entry) for entry in files)


def _is_litter(name: str) -> bool:
    base = name.rpartition("/")[2]
    return name.startswith(_FOLDERS) or base in _LITTER or base.startswith("._")
