"""A zip as any tool writes it, for other programs. Pure functions over bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from vcs_track.formats.pack import DEFLATED, STORED, Entry, directory, local_header

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["zip_of"]


def zip_of(deflated: Mapping[str, bytes], stored: Mapping[str, bytes]) -> bytes:
    """Return a zip.

    Args:
        deflated: Content by name, which is ASCII; it is deflated.
        stored: Likewise; it is stored as it is.

    Example:
        >>> from vcs_track.formats.any_zip import read_entries
        >>> from vcs_track.formats.plain_zip import zip_of
        >>> [entry.name for entry in read_entries(zip_of({"a": b"x" * 100}, {"b": b""}))]
        ['a', 'b']
    """
    parts: list[bytes] = []
    entries: list[Entry] = []
    at = 0
    members = [(DEFLATED, *member) for member in deflated.items()]
    members += [(STORED, *member) for member in stored.items()]
    for method, name, data in members:
        packed = zlib.compress(data, wbits=-15) if method == DEFLATED else data
        entry = Entry(name, method, zlib.crc32(data), len(packed), len(data), at)
        parts += [local_header(entry), packed]
        entries.append(entry)
        at = entry.end
    return b"".join([*parts, directory(entries, at, plain=True)])
