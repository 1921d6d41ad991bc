"""What a program said, and the cells that a notebook executed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from vcs_track.formats.manifest import MediaItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.formats.oid import ObjectId

__all__ = ["Transcript"]

_STREAMS = {1: "stdout", 2: "stderr"}


class Transcript:
    """Collects texts that come in parts, and makes one item of each."""

    def __init__(self) -> None:
        self._parts: dict[int, list[bytes]] = {}
        self._cells: list[str] = []
        self._began: dict[str, int] = {}

    def out(self, content: dict[str, Any], wall_us: int) -> None:
        """Take a part of the console output of a program."""
        data = base64.b64decode(content["b64"]) if "b64" in content else content["d"].encode()
        self._parts.setdefault(content["s"], []).append(data)
        self._began.setdefault(_name(content["s"]), wall_us)

    def cell(self, content: dict[str, Any], wall_us: int) -> None:
        """Take a cell that was executed."""
        self._cells.append(f"# In [{int(content['n'])}]\n{content['d'].rstrip()}\n")
        self._began.setdefault("cells.py", wall_us)

    def items(self, emit: Callable[[bytes], ObjectId]) -> Iterator[MediaItem]:
        """Yield an item for each stream that said something, and for the cells."""
        texts = {_name(stream): b"".join(parts) for stream, parts in sorted(self._parts.items())}
        for name, data in texts.items():
            wall_us = self._began[name]
            yield MediaItem("console", emit(data), len(data), "text/plain", wall_us, name=name)
        if self._cells:
            data = "\n".join(self._cells).encode()
            wall_us = self._began["cells.py"]
            yield MediaItem(
                "cells", emit(data), len(data), "text/x-python", wall_us, name="cells.py"
            )


def _name(stream: int) -> str:
    return _STREAMS.get(stream, "stderr")
