"""Mapped files, and how little of them stays in memory."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["let_go", "sparing"]

_Part = TypeVar("_Part", bytes, memoryview)
_KEPT: Final = 32 << 20  # bytes of a mapping


def let_go(data: mmap.mmap | bytes) -> None:
    """Let the system take back the memory of a mapping, to read again."""
    if isinstance(data, mmap.mmap):
        with suppress(OSError):
            data.madvise(mmap.MADV_DONTNEED)


def sparing(data: mmap.mmap | bytes, parts: Iterator[_Part]) -> Iterator[_Part]:
    """Yield *parts* of the mapping *data*; never much of it stays in memory."""
    length = 0
    for part in parts:
        yield part
        length += len(part)
        if length >= _KEPT:
            let_go(data)
            length = 0
