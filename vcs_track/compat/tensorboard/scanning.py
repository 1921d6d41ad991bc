"""What is new in the files of a run, found before any of it is taken in.

A session that begins again outdates the points of its step and later ones that were there
before it, so that all beginnings must be known first.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.tensorboard.folders import Source, readable
from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.formats.event_file import START, unpack_event
from vcs_track.formats.event_record import EventRecords
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.compat.tensorboard.folders import RunFolder
    from vcs_track.formats.event_file import Event

__all__ = ["Scan", "Stretch"]

_SUMMARY: Final = b"\x2a"
_SESSION: Final = b"\x3a"
_TICK: Final = 1000
_NOTHING: Final[dict[str, Any]] = {"end": 0, "tail": ""}


@dataclass(slots=True)
class Stretch:
    """The part of a file that is read.

    Attributes:
        file: Its name.
        start: Where it begins.
        end: Where its last whole record ends.
        size: Bytes of the file.
    """

    file: str
    start: int
    end: int
    size: int


@dataclass(slots=True)
class Scan:
    """What is new in a run.

    Attributes:
        folder: The run.
        stretches: What is to be read, file by file.
        again: Whether all is read again, because what was taken in has been outdated.
        notes: What is wrong with the files.
        begin: Seconds since 1970 UTC of the first event that has a time.
        broken: How many records of those taken in are no event.
        outdated: How many events were left out because their session began again.
    """

    folder: RunFolder
    stretches: list[Stretch] = field(default_factory=list)
    again: bool = False
    notes: list[str] = field(default_factory=list)
    begin: float | None = None
    broken: int = 0
    outdated: int = 0
    _values: bool = False
    _many: int = 0
    # Where sessions begin, each with a step that is lower than those of all later ones.
    _at: array[int] = field(default_factory=lambda: array("q"))
    _steps: array[int] = field(default_factory=lambda: array("q"))

    @property
    def is_new(self) -> bool:
        """Whether there is something to take in."""
        return self._values

    def source(self) -> dict[str, Any]:
        """Return what a later import has to know of the files."""
        return {
            readable(part.file): {
                "end": part.end, "size": part.size, "tail": self.folder.tail(part.file, part.end),
            }
            for part in self.stretches
        }  # fmt: skip

    def look(
        self, known: dict[str, Any], highest: int | None, tick: Callable[[int], None]
    ) -> None:
        """Look through the files.

        Args:
            known: What :meth:`source` told at the last import.
            highest: The highest step that was taken in.
            tick: Is called with bytes read.
        """
        there = {file: known.get(readable(file), _NOTHING) for file in self.folder.files}
        if any(self._was_rewritten(file, facts) for file, facts in there.items()):
            self._all_again(tick)
            return
        for file, facts in there.items():
            self._look_at(file, facts["end"], tick)
        lowest = self._steps[0] if self._steps else None
        if known and lowest is not None and highest is not None and lowest <= highest:
            self._all_again(tick)

    def _was_rewritten(self, file: str, facts: dict[str, Any]) -> bool:
        return self.folder.tail(file, facts["end"]) != facts.get("tail")

    def _all_again(self, tick: Callable[[int], None]) -> None:
        self.again, self._many = True, 0
        self._at, self._steps = array("q"), array("q")
        self.stretches.clear()
        self.notes.clear()
        for file in self.folder.files:
            self._look_at(file, 0, tick)

    def _look_at(self, file: str, start: int, tick: Callable[[int], None]) -> None:
        path = self.folder.path / file
        size = path.stat().st_size
        source = Source(path, start, size)
        try:
            records = EventRecords(source.read, start)
            done = start
            for record in records:
                if self.begin is None:
                    self.begin = _time_of(record)
                if _SUMMARY in record:
                    self._values = True
                if _SESSION in record:
                    self._session(record)
                self._many += 1
                if self._many % _TICK == 0:
                    tick(records.end - done)
                    done = records.end
        finally:
            source.close()
        tick(size - done)
        self.stretches.append(Stretch(file, start, records.end, size))
        self._tell(file, records)

    def _session(self, record: bytes) -> None:
        with suppress(CorruptError):
            event = unpack_event(record)
            if event.session != START:
                return
            while self._steps and self._steps[-1] >= event.step:
                self._steps.pop()
                self._at.pop()
            self._steps.append(event.step)
            self._at.append(self._many)

    def _tell(self, file: str, records: EventRecords) -> None:
        told = []
        if records.lost:
            told.append(f"is damaged at byte {records.end:,}, and not read behind it")
        elif records.cut:
            told.append(f"ends in the middle of a record, at byte {records.end:,}")
        if records.damaged:
            told.append(f"has {records.damaged:,} damaged records, which are left out")
        if records.large:
            told.append(f"has {records.large:,} records that are too long, which are left out")
        name = self.folder.name
        self.notes += [f"run '{name}': file '{readable(file)}' {each}" for each in told]

    def events(self, plugins: dict[str, str], tick: Callable[[int], None]) -> Iterator[Event]:
        """Yield what is new and not outdated, in order.

        Args:
            plugins: What is known of the plugins of tags; it is added to.
            tick: Is called with bytes read.
        """
        count, behind = 0, 0
        for part in self.stretches:
            source = Source(self.folder.path / part.file, part.start, part.end)
            try:
                records = EventRecords(source.read, part.start)
                done = part.start
                for record in records:
                    while behind < len(self._at) and self._at[behind] <= count:
                        behind += 1
                    count += 1
                    if count % _TICK == 0:
                        tick(records.end - done)
                        done = records.end
                    yield from self._event(record, plugins, behind)
            finally:
                source.close()
            tick(part.end - done)

    def _event(self, record: bytes, plugins: dict[str, str], behind: int) -> Iterator[Event]:
        try:
            event = unpack_event(record, plugins)
        except CorruptError:
            self.broken += 1
            return
        if behind < len(self._steps) and event.step >= self._steps[behind]:
            self.outdated += bool(event.values)
        else:
            yield event


def _time_of(record: bytes) -> float | None:
    with suppress(CorruptError, InvalidValueError):
        return values.check_walltime(unpack_event(record).wall_time) / 1e6
    return None
