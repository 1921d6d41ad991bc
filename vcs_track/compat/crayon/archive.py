"""Experiments as zips: of event files, as Crayon's, and as bundles.

An archive comes from a stranger: nothing of it becomes a path, and what it may unpack to is
bounded.
"""

from __future__ import annotations

import math
import socket
import time
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat import quoting
from vcs_track.compat.crayon import texts
from vcs_track.compat.crayon.histogram import Histogram
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.errors import CorruptError, VcsTrackError
from vcs_track.formats import event_file
from vcs_track.formats.any_zip import ends_as_pack, read_entries
from vcs_track.formats.pack import Entry, inflate_parts
from vcs_track.formats.plain_zip import zip_of
from vcs_track.plumbing import fsio
from vcs_track.plumbing.bundle_store import scratch
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vcs_track.compat.crayon.experiments import Experiments
    from vcs_track.compat.crayon.record import Record
    from vcs_track.formats.any_zip import ZipEntry
    from vcs_track.porcelain.run_view import RunView

__all__ = ["packed", "restore"]

_BUNDLE: Final = "vcs-track-bundle.zip"  # no name of an event file, so TensorBoard passes it
_MOST_BYTES: Final = 1 << 30  # unpacked, together


# ---- out ---------------------------------------------------------------------------------


def packed(experiments: Experiments, xp: str, *, exact: bool = False) -> bytes:
    """Return an experiment as a zip of event files.

    Args:
        experiments: Where it is.
        xp: Its name.
        exact: Whether a bundle of its run goes along, with numbers of 64 bits.

    Raises:
        RefusedError: If there is none, or *exact* is asked for while another program writes.
    """
    try:
        record = experiments.record(xp)
    except RefusedError as error:
        # Another sentence than elsewhere, where there is one.
        missing = error.message == texts.unknown(xp)
        raise RefusedError(texts.no_backup(xp) if missing else error.message) from None
    now, content = time.time(), b"".join(_events(record))
    name = event_file.file_name(now, socket.gethostname())
    return zip_of(
        {name: event_file.pack_start(now) + content} if content else {},
        {_BUNDLE: _bundle(experiments, record)} if exact else {},
    )


def _events(record: Record) -> Iterator[bytes]:
    names = record.names()
    for name in names["scalars"]:
        for wall_time, step, value in record.rows(name):
            yield event_file.pack_event(wall_time, step, [event_file.Scalar(name, value)])
    for name in names["histograms"]:
        for wall_time, step, row in record.histograms(name):
            low, high, num, total, squares, limits, counts = row
            # A file has as many buckets as limits.
            counts = (counts + [0.0] * len(limits))[: len(limits)]
            one = event_file.Histogram(
                name, tuple(limits), tuple(counts), low, high, num, total, squares
            )
            yield event_file.pack_event(wall_time, step, [one])


def _bundle(experiments: Experiments, record: Record) -> bytes:
    record.close()  # who writes next goes on with it
    if record.id in live_runs(experiments.repo.store):
        raise RefusedError("the exact data cannot go along while another program writes to it")
    path = scratch() / f"{token_hex(8)}.zip"
    try:
        experiments.repo.export(record.id, path)
        return fsio.read(path)
    except VcsTrackError as error:
        raise RefusedError(f"the exact data cannot go along: {error}") from None
    finally:
        fsio.unlink(path)


# ---- in ----------------------------------------------------------------------------------


def restore(experiments: Experiments, xp: str, data: bytes) -> None:
    """Make an experiment of a zip; nothing is made of one that is damaged.

    Args:
        experiments: Where it is made.
        xp: Its name.
        data: A zip of event files, one that this module made, or a bundle with one run.

    Raises:
        RefusedError: If the name is taken, or the archive is none.
    """
    experiments.fill(xp, texts.taken_backup, _reader(data))


def _reader(data: bytes) -> Callable[[Record], None]:
    """Return what writes the data of an archive to an experiment."""
    if ends_as_pack(data):
        return lambda record: _from_bundle(data, record)
    try:
        entries = [entry for entry in read_entries(data) if not entry.is_folder]
    except CorruptError as error:
        raise RefusedError(f"the archive cannot be read: {error}") from None
    if sum(entry.size for entry in entries) > _MOST_BYTES:
        raise RefusedError(f"the archive unpacks to more than {_MOST_BYTES >> 20} MiB")
    inside = [entry for entry in entries if entry.name == _BUNDLE]
    if inside:
        bundle = b"".join(_parts(data, inside[0]))
        return lambda record: _from_bundle(bundle, record)
    files = sorted(
        entry for entry in entries if event_file.is_event_file(entry.name.rpartition("/")[2])
    )
    if entries and not files:
        raise RefusedError("the archive has no event files")
    return lambda record: _from_events(data, files, record)


def _parts(data: bytes, entry: ZipEntry) -> Iterator[bytes]:
    """Yield the unpacked bytes of *entry*, checked at the end."""
    raw = memoryview(data)[entry.start : entry.start + entry.stored]
    try:
        yield from inflate_parts(Entry(*entry[:5], 0), raw)
    except CorruptError as error:
        raise RefusedError(f"the archive cannot be read: {error}") from None


def _reading(parts: Iterator[bytes]) -> Callable[[int], bytes]:
    """Return what reads so many bytes of *parts*, or fewer at their end."""
    waiting = bytearray()

    def read(length: int) -> bytes:
        while len(waiting) < length and (part := next(parts, b"")):
            waiting.extend(part)
        found = bytes(waiting[:length])
        del waiting[:length]
        return found

    return read


def _from_events(data: bytes, files: list[ZipEntry], record: Record) -> None:
    plugins: dict[str, str] = {}
    for entry in files:
        parts = _parts(data, entry)
        events = event_file.EventFile(_reading(parts), plugins=plugins)
        for event in events:
            _take(event, record)
        for _ in parts:  # to the end, where they are checked
            continue
        records = events.records
        # A file that was copied while it was written may end anywhere; a damaged one may not
        # pass for a whole one.
        if events.broken or records.damaged or records.large or (records.lost and entry.size):
            raise RefusedError("an event file of the archive is damaged")


def _take(event: event_file.Event, record: Record) -> None:
    wall_time = event.wall_time if math.isfinite(event.wall_time) else 0.0
    for value in event.values:
        if isinstance(value, event_file.Scalar) and value.tag:
            record.add(value.tag, wall_time, event.step, value.value)
        elif isinstance(value, event_file.Histogram) and value.tag:
            one = Histogram(
                value.low, value.high, value.num, value.total, value.squares, value.limits,
                value.counts,
            )  # fmt: skip
            record.add_histogram(value.tag, wall_time, event.step, one)


def _from_bundle(data: bytes, record: Record) -> None:
    path = scratch() / f"{token_hex(8)}.zip"
    try:
        fsio.write_new(path, data, sync=False)
        _copy(_only_run(path), record)
    except RefusedError:
        raise
    except (VcsTrackError, LookupError, TypeError, ValueError) as error:
        raise RefusedError(f"the bundle cannot be read: {error!s:.200}") from None
    finally:
        fsio.unlink(path)


def _only_run(path: Path) -> RunView:
    runs = list(Repository.of_bundle(path, path.parent).runs())
    if len(runs) != 1:
        raise RefusedError(f"the bundle has {len(runs)} runs, an experiment is one")
    return runs[0]


def _copy(view: RunView, record: Record) -> None:
    for tag in view.series_tags:
        name, series = quoting.shown(tag), view.series(tag)
        for point in series:
            # The time of a point that the clock of the store has not got stands beside it.
            wall: Any = point.walltime or point.epoch or 0.0
            record.add(name, float(wall), point.step, float(point.value))
    for item in view.media("histogram"):
        if item.tag is not None:
            wall_time, one = Histogram.from_body(item.data, round(item.walltime * 1e6))
            record.add_histogram(quoting.shown(item.tag), wall_time, item.step or 0, one)
