"""A tap between ``fsio`` and the operating system.

Every call that the store makes passes here, in order, so a test can record it, refuse it,
do half of it, or end the process in front of it or behind it.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

__all__ = ["CHANGING", "WATCHED", "Call", "tapped"]

# Calls that can change what is on the disk, or make it survive a power cut.
CHANGING = frozenset(
    [
        "mkdir",
        "rmdir",
        "open",
        "fsync",
        "link",
        "rename",
        "unlink",
        "chmod",
        "utime",
        "write",
        "pwrite",
        "ftruncate",
        "fdatasync",
        "posix_fallocate",
        "mmap",
    ]
)
WATCHED = CHANGING | frozenset(
    ["listdir", "read", "close", "lseek", "pread", "fstat", "stat", "access", "lockf"]
)


@dataclass(frozen=True)
class Call:
    """One call on its way to the operating system.

    Attributes:
        name: Name of the function in ``os``, ``fcntl`` or ``mmap``.
        args: Its positional arguments.
        kwargs: Its named arguments.
        function: What it calls.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    function: Callable[..., Any]

    def perform(self) -> Any:
        """Make the call."""
        return self.function(*self.args, **self.kwargs)


class _Module:
    """A module whose watched functions go through *react*."""

    def __init__(self, real: ModuleType, react: Callable[[Call], Any]) -> None:
        self._real = real
        self._react = react

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in WATCHED:
            return found
        return lambda *args, **kwargs: self._react(Call(name, args, kwargs, found))


@contextmanager
def tapped(react: Callable[[Call], Any]) -> Iterator[None]:
    """Send every call of ``fsio`` to *react*, whose result or exception its caller gets."""
    real: dict[str, ModuleType] = {"os": os, "fcntl": fcntl, "mmap": mmap}
    for name, module in real.items():
        setattr(fsio, name, _Module(module, react))
    try:
        yield
    finally:
        for name, module in real.items():
            setattr(fsio, name, module)
