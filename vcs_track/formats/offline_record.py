"""The records of offline wandb: what a run said, message by message.

Protocol buffers, of which only what a run can be told from is read; any other field is passed
over. Values are JSON texts, which may have NaN and Infinity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.formats.wire import BYTES, FIXED64, VARINT, double_of, fields, signed, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Alert", "Artifact", "Ended", "Entry", "Files", "Item", "Machine", "Metric", "Output",
    "Row", "RunFacts", "Stats", "Told", "Update", "Used", "decode_record",
]  # fmt: skip

_MOST_PARTS: Final = 40  # of a key
_OPS: Final = {
    1: "min", 2: "max", 3: "mean", 4: "best", 5: "last", 6: "none", 7: "copy", 8: "first",
}  # fmt: skip
_GOALS: Final = {1: "minimize", 2: "maximize"}
_POLICIES: Final = {0: "now", 1: "end", 2: "live"}


class Item(NamedTuple):
    """A value.

    Attributes:
        path: Its key; nested ones have several parts.
        value: Plain data.
    """

    path: tuple[str, ...]
    value: Any = None


class RunFacts(NamedTuple):
    """What a run is; each change of it repeats all of it."""

    id: str = ""
    entity: str = ""
    project: str = ""
    config: tuple[Item, ...] = ()
    summary: tuple[Item, ...] = ()
    group: str = ""
    job_type: str = ""
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    sweep: str = ""
    host: str = ""
    starting_step: int = 0
    started: float | None = None
    runtime: int = 0
    remote: str = ""
    commit: str = ""


class Row(NamedTuple):
    """What was logged at a step.

    Attributes:
        items: The values.
        step: The step, where the record tells it beside them.
    """

    items: tuple[Item, ...]
    step: int | None = None


class Update(NamedTuple):
    """A change of the configuration, or of the summary.

    Attributes:
        what: ``config`` or ``summary``.
        items: Values that are set.
        gone: Keys that are taken away.
    """

    what: str
    items: tuple[Item, ...] = ()
    gone: tuple[tuple[str, ...], ...] = ()


class Files(NamedTuple):
    """Files of the run: ways and policies; in 0.10 a way may be a pattern."""

    found: tuple[tuple[str, str], ...] = ()


class Entry(NamedTuple):
    """A file of an artifact."""

    path: str = ""
    digest: str = ""
    ref: str = ""
    size: int = 0
    local_path: str = ""


class Artifact(NamedTuple):
    """An artifact that was logged."""

    type: str = ""
    name: str = ""
    digest: str = ""
    description: str = ""
    metadata: Any = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    manifest: str = ""


class Used(NamedTuple):
    """An artifact that was used; the name has its version."""

    type: str = ""
    name: str = ""


class Metric(NamedTuple):
    """A definition of a metric."""

    name: str = ""
    step_metric: str = ""
    step_sync: bool = False
    hidden: bool = False
    summary: tuple[str, ...] = ()
    goal: str = ""
    overwrite: bool = False


class Output(NamedTuple):
    """A part of the console output.

    Attributes:
        stream: 1 for the standard output, 2 for the standard error.
        text: The part.
    """

    stream: int = 2
    text: str = ""


class Alert(NamedTuple):
    """An alert."""

    title: str = ""
    text: str = ""
    level: str = ""


class Stats(NamedTuple):
    """A sample of the machine.

    Attributes:
        items: The values.
        wall: When it was taken, seconds since 1970 UTC, or None.
    """

    items: tuple[Item, ...]
    wall: float | None = None


class Ended(NamedTuple):
    """The end of the run."""

    code: int = 0
    runtime: int = 0


class Machine(NamedTuple):
    """Where the run took place, and what it was."""

    system: str = ""
    python: str = ""
    args: tuple[str, ...] = ()
    program: str = ""
    root: str = ""
    host: str = ""
    executable: str = ""
    remote: str = ""
    commit: str = ""


Told = (
    Alert
    | Artifact
    | Ended
    | Files
    | Machine
    | Metric
    | Output
    | Row
    | RunFacts
    | Stats
    | Update
    | Used
    | None
)


def decode_record(data: bytes, *, events: bool | None = None) -> Told:
    """Return what a record tells, or None if no run is made of it.

    Args:
        data: The content of the record.
        events: Whether to look at rows, output and alerts only, or at all others only.

    Raises:
        CorruptError: If it is no record.

    Example:
        >>> from vcs_track.formats.offline_record import decode_record
        >>> from vcs_track.formats.wire import length_to
        >>> item = length_to(1, b"loss"), length_to(16, b"0.5")
        >>> decode_record(length_to(2, length_to(1, *item)))
        Row(items=(Item(path=('loss',), value=0.5),), step=None)
    """
    for key, content in fields(data):
        decode = _DECODERS.get(key)
        if decode is not None and isinstance(content, bytes):
            return decode(content) if events in (None, key in _EVENTS) else None
    return None


# ---- parts -----------------------------------------------------------------------------


class _Message:
    """The fields of a message, by number: the last one, or all of them."""

    def __init__(self, data: bytes) -> None:
        self._all = fields(data)
        self._last = dict(self._all)

    def text(self, number: int) -> str:
        return text_of(self._last.get(number << 3 | BYTES, b""))

    def number(self, number: int) -> int:
        return signed(self._last.get(number << 3 | VARINT, 0))

    def truth(self, number: int) -> bool:
        return bool(self.number(number))

    def part(self, number: int) -> _Message:
        content = self._last.get(number << 3 | BYTES, b"")
        assert isinstance(content, bytes)
        return _Message(content)

    def has(self, number: int) -> bool:
        return number << 3 | BYTES in self._last

    def parts(self, number: int) -> list[bytes]:
        wanted = number << 3 | BYTES
        return [one for key, one in self._all if key == wanted and isinstance(one, bytes)]

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(map(text_of, self.parts(number)))


def _json(content: int | bytes) -> Any:
    assert isinstance(content, bytes)
    return canonical.loads_loose(content)


def _zigzag(content: int | bytes) -> int:
    assert isinstance(content, int)
    return content >> 1 ^ -(content & 1)


_KEY: Final = 1 << 3 | BYTES
_NESTED: Final = 2 << 3 | BYTES
# The last two eras may tell a value by its type, beside the JSON text or without it.
_VALUES: Final[dict[int, Callable[[int | bytes], Any]]] = {
    16 << 3 | BYTES: _json,
    3 << 3 | VARINT: lambda content: None,  # noqa: ARG005 -- one of a table of readers
    4 << 3 | VARINT: bool,
    5 << 3 | VARINT: _zigzag,
    6 << 3 | FIXED64: double_of,
    7 << 3 | BYTES: text_of,
    8 << 3 | BYTES: _json,
}


def _item(data: bytes) -> Item:
    path: list[str] = []
    value = None
    told = False
    for key, content in fields(data):
        if key == _NESTED:
            path.append(text_of(content))
        elif key == _KEY:
            if content:
                path = [text_of(content)]
        elif key in _VALUES and not told:
            value, told = _VALUES[key](content), key >> 3 == 16
    if len(path) > _MOST_PARTS:
        raise CorruptError(f"a key has {len(path):,} parts")
    return Item(tuple(path) or ("",), value)  # an empty text is not written


def _items(data: bytes, number: int = 1) -> tuple[Item, ...]:
    wanted = number << 3 | BYTES
    return tuple(
        _item(content)
        for key, content in fields(data)
        if key == wanted and isinstance(content, bytes)
    )


# ---- records ---------------------------------------------------------------------------


def _row(data: bytes) -> Row:
    message = _Message(data)
    step = message.part(2).number(1) if message.has(2) else None
    return Row(tuple(map(_item, message.parts(1))), step)


def _update(what: str) -> Callable[[bytes], Update]:
    def decode(data: bytes) -> Update:
        return Update(what, _items(data), tuple(item.path for item in _items(data, 2)))

    return decode


def _output(data: bytes) -> Output:
    message = _Message(data)
    return Output(1 if message.number(1) == 1 else 2, message.text(3))


def _files(data: bytes) -> Files:
    messages = map(_Message, _Message(data).parts(1))
    return Files(tuple((one.text(1), _POLICIES.get(one.number(2), "now")) for one in messages))


def _artifact(data: bytes) -> Artifact:
    message = _Message(data)
    manifest = message.part(12)
    entries = [
        Entry(part.text(1), part.text(2), part.text(3), part.number(4), part.text(6))
        for part in map(_Message, manifest.parts(4))
    ]
    text = message.text(8)
    return Artifact(
        message.text(4), message.text(5), message.text(6), message.text(7),
        canonical.loads_loose(text.encode()) if text else None, message.texts(11),
        message.texts(19), tuple(entries), manifest.text(5),
    )  # fmt: skip


def _used(data: bytes) -> Used:
    message = _Message(data)
    return Used(message.text(2), message.text(3))


def _metric(data: bytes) -> Metric:
    message = _Message(data)
    options, summary = message.part(6), message.part(7)
    ops = tuple(word for number, word in _OPS.items() if summary.truth(number))
    return Metric(
        message.text(1) or message.text(2), message.text(4), options.truth(1), options.truth(2),
        ops, _GOALS.get(message.number(8), ""), message.part(9).truth(1),
    )  # fmt: skip


def _alert(data: bytes) -> Alert:
    message = _Message(data)
    return Alert(message.text(1), message.text(2), message.text(3))


def _stats(data: bytes) -> Stats:
    message = _Message(data)
    moment = message.part(2)
    seconds = moment.number(1)
    wall = seconds + moment.number(2) / 1e9 if seconds > 0 else None
    return Stats(tuple(map(_item, message.parts(3))), wall)


def _run(data: bytes) -> RunFacts:
    message = _Message(data)
    start, git = message.part(17), message.part(21)
    config = message.part(4).parts(1)
    summary = message.part(5).parts(1)
    seconds = start.number(1)
    return RunFacts(
        id=message.text(1), entity=message.text(2), project=message.text(3),
        config=tuple(map(_item, config)), summary=tuple(map(_item, summary)),
        group=message.text(6), job_type=message.text(7), name=message.text(8),
        notes=message.text(9), tags=message.texts(10), sweep=message.text(12),
        host=message.text(13), starting_step=message.number(14),
        started=seconds + start.number(2) / 1e9 if seconds > 0 else None,
        runtime=message.number(20), remote=git.text(1), commit=git.text(2),
    )  # fmt: skip


def _ended(data: bytes) -> Ended:
    message = _Message(data)
    return Ended(message.number(1), message.number(2))


def _machine(data: bytes) -> Machine:
    message = _Message(data)
    git = message.part(9)
    return Machine(
        message.text(1), message.text(2), message.texts(5), message.text(6), message.text(11),
        message.text(12), message.text(14), git.text(1), git.text(2),
    )  # fmt: skip


_READERS: Final[dict[int, Callable[[bytes], Told]]] = {
    2: _row, 3: _update("summary"), 4: _output, 5: _update("config"), 6: _files, 7: _stats,
    8: _artifact,
    10: _alert, 12: _metric, 13: _output, 17: _run, 18: _ended, 25: _used, 26: _machine,
}  # fmt: skip
_EVENTS: Final = frozenset(number << 3 | BYTES for number in (2, 4, 7, 10, 13))
_DECODERS: Final = {number << 3 | BYTES: decode for number, decode in _READERS.items()}
