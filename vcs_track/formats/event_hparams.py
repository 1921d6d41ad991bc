"""Hyperparameters as event files have them: what the HParams plugin of TensorBoard knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError
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
    from collections.abc import Mapping

__all__ = [
    "PLUGIN",
    "SESSION_END",
    "SESSION_START",
    "SessionEnd",
    "SessionStart",
    "decode_session",
]

PLUGIN: Final = "hparams"
SESSION_START: Final = "_hparams_/session_start_info"
SESSION_END: Final = "_hparams_/session_end_info"
_START: Final = 3 << 3 | BYTES
_END: Final = 4 << 3 | BYTES
_DEEPEST: Final = 20
_STATUSES: Final = {1: "finished", 2: "failed", 3: "running"}


class SessionStart(NamedTuple):
    """What a run began with.

    Attributes:
        hparams: Values by name: numbers, texts, booleans; seldom None, lists, dictionaries.
        group: Name of a group of sessions.
        start: Seconds since 1970 UTC, or 0.
    """

    hparams: dict[str, Any]
    group: str = ""
    start: float = 0.0

    def encode(self) -> bytes:
        """Return it as the content of the plugin; what has no form there is text."""
        pairs = _struct_to(self.hparams, 0)
        group = length_to(4, self.group.encode("utf-8", "replace")) if self.group else b""
        start = double_to(5, self.start) if self.start else b""
        return varint_to(1, 0) + length_to(3, *pairs, group, start)


class SessionEnd(NamedTuple):
    """How a run ended.

    Attributes:
        status: ``finished``, ``failed``, ``running``, or empty where it is not known.
        end: Seconds since 1970 UTC, or 0.
    """

    status: str
    end: float = 0.0

    def encode(self) -> bytes:
        """Return it as the content of the plugin."""
        known = [number for number, name in _STATUSES.items() if name == self.status]
        status = varint_to(1, known[0]) if known else b""
        return varint_to(1, 0) + length_to(4, status, double_to(2, self.end))


def decode_session(content: bytes) -> SessionStart | SessionEnd | None:
    """Return what the plugin's *content* says of a run, or None.

    Raises:
        CorruptError: If it is damaged, or lists lie in lists too deep.

    Example:
        >>> from vcs_track.formats.event_hparams import SessionStart, decode_session
        >>> decode_session(SessionStart({"lr": 0.1, "net": "a"}).encode())
        SessionStart(hparams={'lr': 0.1, 'net': 'a'}, group='', start=0.0)
    """
    for key, value in fields(content):
        if key == _START and isinstance(value, bytes):
            return _start(value)
        if key == _END and isinstance(value, bytes):
            return _end(value)
    return None


def _start(data: bytes) -> SessionStart:
    hparams: dict[str, Any] = {}
    group, start = "", 0.0
    for key, value in fields(data):
        if key == 1 << 3 | BYTES and isinstance(value, bytes):
            name, found = _entry(value, 0)
            hparams[name] = found
        elif key == 4 << 3 | BYTES:
            group = text_of(value)
        elif key == 5 << 3 | FIXED64:
            start = double_of(value)
    return SessionStart(hparams, group, start)


def _end(data: bytes) -> SessionEnd:
    status, end = "", 0.0
    for key, value in fields(data):
        if key == 1 << 3 | VARINT:
            status = _STATUSES.get(signed(value), "")
        elif key == 2 << 3 | FIXED64:
            end = double_of(value)
    return SessionEnd(status, end)


def _entry(data: bytes, depth: int) -> tuple[str, Any]:
    name, found = "", None
    for key, value in fields(data):
        if key == 1 << 3 | BYTES:
            name = text_of(value)
        elif key == 2 << 3 | BYTES and isinstance(value, bytes):
            found = _value(value, depth)
    return name, found


def _value(data: bytes, depth: int) -> Any:
    if depth > _DEEPEST:
        raise CorruptError("a hyperparameter has lists in lists, too deep")
    found: Any = None
    for key, value in fields(data):
        if key == 2 << 3 | FIXED64:
            found = double_of(value)
        elif key == 3 << 3 | BYTES:
            found = text_of(value)
        elif key == 4 << 3 | VARINT:
            found = bool(value)
        elif key == 5 << 3 | BYTES and isinstance(value, bytes):
            found = dict(_entry(part, depth + 1) for part in _parts(value))
        elif key == 6 << 3 | BYTES and isinstance(value, bytes):
            found = [_value(part, depth + 1) for part in _parts(value)]
    return found


def _parts(data: bytes) -> list[bytes]:
    return [value for key, value in fields(data) if key == 1 << 3 | BYTES and type(value) is bytes]


def _value_to(value: Any, depth: int = 0) -> bytes:
    if value is None or depth > _DEEPEST:
        return varint_to(1, 0)
    if isinstance(value, bool):
        return varint_to(4, value)
    if isinstance(value, int | float):
        return double_to(2, _double(value))
    if isinstance(value, dict):
        return length_to(5, *_struct_to(value, depth + 1))
    if isinstance(value, list | tuple):
        return length_to(6, *(length_to(1, _value_to(each, depth + 1)) for each in value))
    return length_to(3, str(value).encode("utf-8", "replace"))


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return float("inf") if value > 0 else float("-inf")


def _struct_to(value: Mapping[Any, Any], depth: int) -> list[bytes]:
    return [
        length_to(1, length_to(1, str(name).encode("utf-8", "replace")),
                  length_to(2, _value_to(each, depth)))
        for name, each in value.items()
    ]  # fmt: skip
