"""Event files by our own writer, and the runs made of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from vcs_track.formats.event_file import Scalar, file_name, pack_event, pack_start

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.formats.event_file import Value

__all__ = ["BEGIN", "add", "png", "points", "scalars", "write"]

BEGIN = 1.7e9


def write(folder: Path, *events: bytes, begin: float = BEGIN, host: str = "host") -> Path:
    """Write an event file in *folder*, made where it is missing; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(begin, host)
    path.write_bytes(pack_start(begin) + b"".join(events))
    return path


def add(path: Path, *events: bytes) -> None:
    """Append events to a file."""
    with path.open("ab") as file:
        file.write(b"".join(events))


def scalars(tag: str, steps: Iterable[int]) -> list[bytes]:
    """Return events with one number each: half the step, a second apart."""
    return [pack_event(BEGIN + step, step, [Scalar(tag, step / 2)]) for step in steps]


def points(*values: Value, step: int = 0, wall: float = BEGIN) -> bytes:
    """Return one event."""
    return pack_event(wall, step, values)


def png(width: int = 3, height: int = 2) -> bytes:
    """Return a small image."""
    data = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(data, "PNG")
    return data.getvalue()
