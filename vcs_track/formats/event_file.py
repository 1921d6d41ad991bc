"""Event files of TensorBoard: read and written without TensorFlow and without protobuf.

A file is a row of records (:mod:`vcs_track.formats.event_record`), each an event: a moment, a
step, and values (:mod:`vcs_track.formats.event_values`). The first one names the version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats.event_hparams import SessionEnd, SessionStart
from vcs_track.formats.event_record import EventRecords, pack_record
from vcs_track.formats.event_values import (
    Histogram,
    Images,
    Other,
    Scalar,
    Texts,
    Value,
    decode_value,
    encode_value,
)
from vcs_track.formats.wire import (
    BYTES,
    FIXED64,
    VARINT,
    double_of,
    double_to,
    fields,
    length_to,
    signed,
    text_of,
    varint_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "START",
    "VERSION",
    "Event",
    "EventFile",
    "Histogram",
    "Images",
    "Other",
    "Scalar",
    "SessionEnd",
    "SessionStart",
    "Texts",
    "Value",
    "file_name",
    "is_event_file",
    "pack_event",
    "pack_session",
    "pack_start",
    "unpack_event",
]

VERSION: Final = "brain.Event:2"
START: Final = 1  # a session that began, maybe again

_WALL: Final = 1 << 3 | FIXED64
_STEP: Final = 2 << 3 | VARINT
_VERSION: Final = 3 << 3 | BYTES
_SUMMARY: Final = 5 << 3 | BYTES
_SESSION: Final = 7 << 3 | BYTES
_VALUE: Final = 1 << 3 | BYTES
_ODD: Final = re.compile(r"[^\w.-]+", re.ASCII)


class Event(NamedTuple):
    """One event.

    Attributes:
        wall_time: Seconds since 1970 UTC.
        step: The step.
        values: What it has.
        version: Version of the file, in its first event.
        session: :data:`START` where a session begins: what was there with this step or a
            later one is outdated then.
    """

    wall_time: float
    step: int
    values: tuple[Value, ...] = ()
    version: str = ""
    session: int = 0


def unpack_event(data: bytes, plugins: dict[str, str] | None = None) -> Event:
    """Return the event of a record.

    Args:
        data: The content of the record.
        plugins: What earlier events of the run said of the plugins of tags; it is added to.

    Raises:
        CorruptError: If it is no event.
    """
    wall, step, version, session = 0.0, 0, "", 0
    values: list[Value] = []
    known = {} if plugins is None else plugins
    for key, content in fields(data):
        if key == _SUMMARY and isinstance(content, bytes):
            values += [
                decode_value(value, known)
                for at, value in fields(content)
                if at == _VALUE and isinstance(value, bytes)
            ]
        elif key == _WALL:
            wall = double_of(content)
        elif key == _STEP:
            step = signed(content)
        elif key == _VERSION:
            version = text_of(content)
        elif key == _SESSION and isinstance(content, bytes):
            session = _status(content)
    return Event(wall, step, tuple(values), version, session)


def _status(data: bytes) -> int:
    found = [signed(value) for key, value in fields(data) if key == 1 << 3 | VARINT]
    return found[-1] if found else 0


class EventFile:
    """The events of one file, in its order, as far as it can be read.

    Args:
        read: Returns so many bytes, or fewer at the end of the file.
        start: Where in the file it reads first.
        plugins: What earlier files of the run said of the plugins of tags; it is added to.

    Attributes:
        records: What is to be said of the records: where they end, what was left out.
        broken: How many records are no event, and were left out.

    Example:
        >>> import io
        >>> from vcs_track.formats.event_file import EventFile, Scalar, pack_event, pack_start
        >>> data = pack_start(1e9) + pack_event(1e9 + 1, 7, [Scalar("loss", 0.5)])
        >>> file = EventFile(io.BytesIO(data).read)
        >>> [(event.step, event.values) for event in file if event.values]
        [(7, (Scalar(tag='loss', value=0.5),))]
        >>> file.records.end == len(data)
        True
    """

    def __init__(
        self, read: Callable[[int], bytes], start: int = 0, plugins: dict[str, str] | None = None
    ) -> None:
        self.records = EventRecords(read, start)
        self.broken = 0
        self._plugins = {} if plugins is None else plugins

    def __iter__(self) -> Iterator[Event]:
        for record in self.records:
            try:
                event = unpack_event(record, self._plugins)
            except CorruptError:
                self.broken += 1
            else:
                yield event


# ---- writing -----------------------------------------------------------------------------


def pack_start(wall_time: float) -> bytes:
    """Return the first record of a file, which names its version.

    Args:
        wall_time: Seconds since 1970 UTC.
    """
    return pack_record(double_to(1, wall_time) + length_to(3, VERSION.encode()))


def pack_event(wall_time: float, step: int, values: Iterable[Value]) -> bytes:
    """Return a record with an event.

    Args:
        wall_time: Seconds since 1970 UTC.
        step: An integer of 64 bits.
        values: What it has.
    """
    encoded = [length_to(1, message) for value in values if (message := encode_value(value))]
    return pack_record(_moment(wall_time, step) + length_to(5, *encoded))


def pack_session(wall_time: float, step: int, session: int = START) -> bytes:
    """Return a record with an event that says what became of a session.

    Args:
        wall_time: Seconds since 1970 UTC.
        step: An integer of 64 bits.
        session: What became of it.
    """
    return pack_record(_moment(wall_time, step) + length_to(7, varint_to(1, session)))


def _moment(wall_time: float, step: int) -> bytes:
    return double_to(1, wall_time) + varint_to(2, step)


# ---- names -------------------------------------------------------------------------------


def is_event_file(name: str) -> bool:
    """Return whether TensorBoard would read a file of this name.

    Example:
        >>> from vcs_track.formats.event_file import is_event_file
        >>> is_event_file("events.out.tfevents.1700000000.host"), is_event_file("model.pt")
        (True, False)
    """
    return "tfevents" in name


def file_name(seconds: float, host: str) -> str:
    """Return a name for an event file, as TensorBoard's writers make it.

    Args:
        seconds: When it was begun; files of one run are read in this order.
        host: Who wrote it, any text.
    """
    return f"events.out.tfevents.{max(int(seconds), 0):010}.{_ODD.sub('-', host)[:100] or '-'}"
