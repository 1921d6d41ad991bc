"""A zip of which every byte can be bent.

A `Member` is written as a local entry and as a record of the directory; what either says can be
replaced field by field. `Archive` puts them together as a pack is, until it is told otherwise.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Archive", "Member"]

_DATE = 0x0021
_LOCAL = (
    ("magic", "I"), ("need", "H"), ("flags", "H"), ("method", "H"), ("time", "H"), ("date", "H"),
    ("crc", "I"), ("stored", "I"), ("size", "I"), ("n_name", "H"), ("n_extra", "H"),
)  # fmt: skip
_RECORD = (
    ("magic", "I"), ("made", "H"), ("need", "H"), ("flags", "H"), ("method", "H"), ("time", "H"),
    ("date", "H"), ("crc", "I"), ("stored", "I"), ("size", "I"), ("n_name", "H"),
    ("n_extra", "H"), ("n_comment", "H"), ("disk", "H"), ("internal", "H"), ("external", "I"),
    ("offset", "I"),
)  # fmt: skip
_END = (
    ("magic", "I"), ("disk", "H"), ("cd_disk", "H"), ("here", "H"), ("entries", "H"),
    ("size", "I"), ("start", "I"), ("n_comment", "H"),
)  # fmt: skip
_END64 = (
    ("magic", "I"), ("length", "Q"), ("made", "H"), ("need", "H"), ("disk", "I"),
    ("cd_disk", "I"), ("here", "Q"), ("entries", "Q"), ("size", "Q"), ("start", "Q"),
)  # fmt: skip
_LOCATOR = (("magic", "I"), ("disk", "I"), ("at", "Q"), ("disks", "I"))


def _pack(layout: tuple[tuple[str, str], ...], values: Mapping[str, object]) -> bytes:
    assert {name for name, _ in layout} == set(values)
    return b"".join(struct.pack(f"<{kind}", values[name]) for name, kind in layout)


@dataclass
class Member:
    """One entry.

    Attributes:
        name: Its name, as it is written in both places.
        data: What it holds.
        method: 0 or 8; data are packed to fit.
        raw: Bytes to write in place of the packed data.
        fields: Fields that both places have otherwise.
        local: Fields of the local header alone; ``name`` and ``extra`` are bytes.
        record: Fields of the record alone; ``name``, ``extra`` and ``comment`` are bytes.
        behind: Bytes behind the data, a descriptor for instance.
        listed: How many records it has.
        written: Whether it has a local entry.
    """

    name: bytes
    data: bytes = b""
    method: int = 0
    raw: bytes | None = None
    fields: dict[str, int] = field(default_factory=dict)
    local: dict[str, int | bytes] = field(default_factory=dict)
    record: dict[str, int | bytes] = field(default_factory=dict)
    behind: bytes = b""
    listed: int = 1
    written: bool = True

    def but(self, **changes: object) -> Member:
        """Return the same with some attributes changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # as the caller says

    def packed(self) -> bytes:
        """Return the bytes that stand in the zip."""
        if self.raw is not None:
            return self.raw
        if self.method == 0:
            return self.data
        packer = zlib.compressobj(9, wbits=-15)
        return packer.compress(self.data) + packer.flush()

    def _common(self) -> dict[str, int]:
        return {
            "need": 20, "flags": 0, "method": self.method, "time": 0, "date": _DATE,
            "crc": zlib.crc32(self.data), "stored": len(self.packed()), "size": len(self.data),
        }  # fmt: skip

    def entry(self) -> bytes:
        """Return the local header, the name and the data."""
        own = dict(self.local)
        name, extra = (bytes(own.pop(key, other)) for key, other in
                       (("name", self.name), ("extra", b"")))  # fmt: skip
        values = {
            "magic": 0x04034B50, **self._common(), "n_name": len(name), "n_extra": len(extra),
            **self.fields, **own,
        }  # fmt: skip
        return _pack(_LOCAL, values) + name + extra + self.packed() + self.behind

    def line(self, offset: int) -> bytes:
        """Return the record of the directory."""
        own = dict(self.record)
        name, extra, comment = (
            bytes(own.pop(key, other))
            for key, other in (("name", self.name), ("extra", b""), ("comment", b""))
        )
        values = {
            "magic": 0x02014B50, "made": 0x0314, **self._common(), "n_name": len(name),
            "n_extra": len(extra), "n_comment": len(comment), "disk": 0, "internal": 0,
            "external": 0o100444 << 16, "offset": offset, **self.fields, **own,
        }  # fmt: skip
        return _pack(_RECORD, values) + name + extra + comment


@dataclass
class Archive:
    """A zip.

    Attributes:
        members: Its entries, in the order of their data.
        before: Bytes in front of everything.
        shift: Whether offsets count from the first entry in place of the first byte.
        gap: Bytes in front of the directory.
        order: Whether the directory is sorted by name.
        comment: The comment at the end; default: that of a pack.
        end: Fields of the end record that are otherwise.
        end64: Fields of a zip64 end record, which is written where this is not None.
        locator: Fields of its locator.
        after: Bytes behind everything.
    """

    members: list[Member]
    before: bytes = b""
    shift: bool = True
    gap: bytes = b""
    order: bool = True
    comment: bytes | None = None
    end: dict[str, int] = field(default_factory=dict)
    end64: dict[str, int] | None = None
    locator: dict[str, int] = field(default_factory=dict)
    after: bytes = b""

    def write(self) -> bytes:
        """Return the bytes."""
        out = bytearray(self.before)
        base = len(out) if self.shift else 0
        lines: list[tuple[bytes, bytes]] = []
        for member in self.members:
            line = member.line(len(out) - base)
            lines += [(member.name, line)] * member.listed
            if member.written:
                out += member.entry()
        out += self.gap
        if self.order:
            lines.sort(key=lambda pair: pair[0])
        start, count = len(out) - base, len(lines)
        out += b"".join(line for _, line in lines)
        size = len(out) - base - start
        if self.end64 is not None:
            out += self._wide(start, size, count)
        objects = sum(name.startswith(b"objects/") for name, _ in lines)
        comment = b"vt1 n=%d" % objects if self.comment is None else self.comment
        values = {
            "magic": 0x06054B50, "disk": 0, "cd_disk": 0, "here": count, "entries": count,
            "size": size, "start": start, "n_comment": len(comment), **self.end,
        }  # fmt: skip
        return bytes(out) + _pack(_END, values) + comment + self.after

    def _wide(self, start: int, size: int, count: int) -> bytes:
        values = {
            "magic": 0x06064B50, "length": 44, "made": 0x0314, "need": 45, "disk": 0,
            "cd_disk": 0, "here": count, "entries": count, "size": size, "start": start,
            **(self.end64 or {}),
        }  # fmt: skip
        there = {"magic": 0x07064B50, "disk": 0, "at": start + size, "disks": 1, **self.locator}
        return _pack(_END64, values) + _pack(_LOCATOR, there)
