"""The checksum of records in event files: CRC-32 with Castagnoli's polynomial.

No package that ours needs has it. Short data take two bytes a look-up; long data are laid out in
rows, and a step goes down all rows at once as one long integer.
"""

from __future__ import annotations

import struct
from array import array
from functools import cache
from typing import Final

__all__ = ["crc32c", "masked_crc32c"]

_POLYNOMIAL: Final = 0x82F63B78
_ROW: Final = 128  # bytes of a row of long data
_LONG: Final = 4096  # below that rows cost more than they save
_WORD: Final = (1 << 32) - 1
_MASK: Final = 0xA282EAD8


def crc32c(data: bytes) -> int:
    """Return the checksum of *data*.

    Example:
        >>> from vcs_track.formats.crc32c import crc32c
        >>> hex(crc32c(b"123456789"))
        '0xe3069283'
    """
    state = _WORD
    if len(data) >= _LONG:
        state, data = _by_rows(data)
    pairs, rest = _by_pairs(data, state)
    return _by_bytes(rest, pairs) ^ _WORD


def masked_crc32c(data: bytes) -> int:
    """Return the checksum as records hold it, turned and moved by a constant."""
    found = crc32c(data)
    return ((found >> 15 | found << 17) + _MASK) & _WORD


def _by_bytes(data: bytes, state: int) -> int:
    table = _bytes()
    for byte in data:
        state = state >> 8 ^ table[(state ^ byte) & 0xFF]
    return state


def _by_pairs(data: bytes, state: int) -> tuple[int, bytes]:
    """Return the state behind all whole eights of bytes, and what is left."""
    t0, t1, t2, t3 = _pairs()
    end = len(data) & ~7
    for a, b, c, d in struct.iter_unpack("<HHHH", data[:end]):
        state = t3[a ^ state & 0xFFFF] ^ t2[b ^ state >> 16] ^ t1[c] ^ t0[d]
    return state, data[end:]


def _by_rows(data: bytes) -> tuple[int, bytes]:
    """Return the state behind all whole rows, and what is left."""
    rows = len(data) // _ROW
    end = rows * _ROW
    number = int.from_bytes
    p0, p1, p2, p3 = _planes()
    # Byte k of s0 is the lowest byte of the state of row k; only row 0 does not begin with 0.
    s0 = s1 = s2 = s3 = 0xFF
    for column in range(_ROW):
        at = (s0 ^ number(data[column:end:_ROW], "little")).to_bytes(rows, "little")
        s0 = s1 ^ number(at.translate(p0), "little")
        s1 = s2 ^ number(at.translate(p1), "little")
        s2 = s3 ^ number(at.translate(p2), "little")
        s3 = number(at.translate(p3), "little")
    z0, z1, z2, z3 = _shifts()
    state = 0
    planes = [plane.to_bytes(rows, "little") for plane in (s0, s1, s2, s3)]
    for a, b, c, d in zip(*planes, strict=True):
        moved = z0[state & 255] ^ z1[state >> 8 & 255] ^ z2[state >> 16 & 255] ^ z3[state >> 24]
        state = moved ^ (a | b << 8 | c << 16 | d << 24)
    return state, data[end:]


# ---- tables, made when they are first used -----------------------------------------------


@cache
def _bytes() -> list[int]:
    table = []
    for byte in range(256):
        state = byte
        for _ in range(8):
            state = state >> 1 ^ (_POLYNOMIAL if state & 1 else 0)
        table.append(state)
    return table


@cache
def _pairs() -> list[array[int]]:
    """Return what two bytes make of a state of 0, with 0, 2, 4 and 6 zero bytes behind."""
    table = _bytes()
    first = [
        table[low] >> 8 ^ table[(table[low] ^ high) & 0xFF]
        for high in range(256)
        for low in range(256)
    ]
    tables = [array("I", first)]
    for _ in range(3):
        tables.append(array("I", [state >> 16 ^ first[state & 0xFFFF] for state in tables[-1]]))
    return tables


@cache
def _planes() -> list[bytes]:
    return [bytes(state >> 8 * plane & 0xFF for state in _bytes()) for plane in range(4)]


@cache
def _shifts() -> list[list[int]]:
    """Return what a row of zero bytes makes of each byte of a state."""
    zeros = bytes(_ROW)
    return [[_by_bytes(zeros, byte << 8 * place) for byte in range(256)] for place in range(4)]
