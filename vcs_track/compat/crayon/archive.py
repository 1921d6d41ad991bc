"""Experiments as zips: of event files, as Crayon's, and as bundles.

An archive comes from a stranger: nothing of it becomes a path, and what it may unpack to is
bounded.
"""

from __future__ import annotations

import io
import math
import socket
import time
import zipfile
import zlib
from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat import tag_names
from vcs_track.compat.crayon import texts
from vcs_track.compat.crayon.histogram import Histogram
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.errors import VcsTrackError
from vcs_track.formats import event_file
from vcs_track.plumbing import fsio
from vcs_track.plumbing.bundle_store import scratch
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vcs_track.compat.crayon.experiments import Experiments
    from vcs_track.compat.crayon.record import Record
    from vcs_track.porcelain.run_view import RunView

__all__ = ["packed", "restore"]

_BUNDLE: Final = "vcs-track-bundle.zip"  # no name of an event file, so TensorBoard passes it
_INSIDE: Final = "bundle.json"
_MOST_MEMBERS: Final = 10_000
_MOST_BYTES: Final = 1 << 30  # unpacked, together
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, OverflowError,
)  # fmt: skip


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
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        now = time.time()
        content = b"".join(_events(record))
        if content:
            name = event_file.file_name(now, socket.gethostname())
            archive.writestr(name, event_file.pack_start(now) + content)
        if exact:
            archive.writestr(_BUNDLE, _bundle(experiments, record), zipfile.ZIP_STORED)
    return out.getvalue()


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
    with _sound():
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise RefusedError(f"the archive has more than {_MOST_MEMBERS} files")
    names = [member.filename for member in members]
    if _INSIDE in names:
        return lambda record: _from_bundle(data, record)
    budget = _Budget()
    if _BUNDLE in names:
        with _sound():
            inside = budget.of(archive.open(_BUNDLE).read)(_MOST_BYTES + 1)
        return lambda record: _from_bundle(inside, record)
    files = sorted(
        (member for member in members if _is_event_file(member)), key=lambda m: m.filename
    )
    if members and not files:
        raise RefusedError("the archive has no event files")
    return lambda record: _from_events(archive, files, budget, record)


def _is_event_file(member: zipfile.ZipInfo) -> bool:
    return not member.is_dir() and event_file.is_event_file(member.filename.rpartition("/")[2])


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except RefusedError:
        raise
    except zipfile.BadZipFile:
        raise RefusedError("the archive is no zip, or a damaged one") from None
    except _DAMAGED as error:
        raise RefusedError(f"the archive cannot be read: {error!s:.100}") from None


class _Budget:
    """How much an archive may unpack to."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES

    def of(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """Return *read*, which refuses when too much was read."""

        def counted(length: int) -> bytes:
            data = read(min(length, self._left + 1))
            self._left -= len(data)
            if self._left < 0:
                raise RefusedError(f"the archive unpacks to more than {_MOST_BYTES >> 20} MiB")
            return data

        return counted


def _from_events(
    archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], budget: _Budget, record: Record
) -> None:
    plugins: dict[str, str] = {}
    for member in files:
        with _sound(), archive.open(member) as content:
            events = event_file.EventFile(budget.of(content.read), plugins=plugins)
            for event in events:
                _take(event, record)
        records = events.records
        # A file that was copied while it was written may end anywhere; a damaged one may not
        # pass for a whole one.
        if (
            events.broken
            or records.damaged
            or records.large
            or (records.lost and member.file_size)
        ):
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
        name, series = tag_names.shown(tag), view.series(tag)
        for point in series:
            # The time of a point that the clock of the store has not got stands beside it.
            wall: Any = point.walltime or point.epoch or 0.0
            record.add(name, float(wall), point.step, float(point.value))
    for item in view.media("histogram"):
        if item.tag is not None:
            wall_time, one = Histogram.from_body(item.data, round(item.walltime * 1e6))
            record.add_histogram(tag_names.shown(item.tag), wall_time, item.step or 0, one)
