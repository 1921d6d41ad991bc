"""An open run: what a training script logs to."""

from __future__ import annotations

import os
import struct
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from vcs_track.errors import InvalidValueError, RunSealedError
from vcs_track.formats import slots
from vcs_track.porcelain import edits, endings, values
from vcs_track.porcelain.labels import Labels
from vcs_track.porcelain.media_log import MediaLog
from vcs_track.porcelain.names import readable_name
from vcs_track.porcelain.reads import Reads
from vcs_track.porcelain.run_view import RunView
from vcs_track.porcelain.seal import all_ended, seal
from vcs_track.porcelain.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.defaults import Defaults

__all__ = ["Run"]

_JOIN_SECONDS = 5.0  # how long the first writer waits for the others when it finishes


class _Series:
    """What the hot path knows of one tag in the current repetition."""

    __slots__ = ("last", "word")

    def __init__(self, word: int, last: int) -> None:
        self.word = word
        self.last = last


class Run(Labels, MediaLog, Reads):
    """An experiment that is going on.

    Made by :meth:`Repository.start_run` or :func:`vcs_track.start_run`. A call that returned
    survives the death of the process. As a context manager it finishes itself: ``failed``
    when the body raises, ``killed`` on Ctrl-C, else ``finished``. A run that is still open
    when the interpreter exits is finished then.

    Attributes:
        id: Twelve characters, or what the caller gave.
        repetition: Number of the current repetition, from 0.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> with repo.start_run("demo", hparams={"lr": 0.1}) as run:
        ...     for step in range(3):
        ...         run.add_scalar("train/loss", 1 / (step + 1), step)
        >>> repo.run("demo").summary["train/loss"]
        0.3333333333333333
    """

    disabled: ClassVar[bool] = False

    def __init__(
        self, store: Store, run_id: str, defaults: Defaults, info: Mapping[str, Any]
    ) -> None:
        self._store = store
        self._defaults = defaults
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._ended = False
        self._status = "running"
        self._labels: dict[str, Any] = {}
        self._series: dict[str, _Series] = {}
        self._epochs: dict[str, tuple[float, int]] = {}
        self._rows: dict[tuple[str, ...], tuple[int, list[_Series]]] = {}
        self._starts: dict[str, int] = {}
        self._last_step: int | None = None
        self._seen_figures: set[bytes] = set()
        self.id = run_id
        self.repetition = 0
        self._open_writer()
        if self._writer.primary:
            self._writer.begin(dict(info))
            self._labels.update({key: info[key] for key in edits.LABELS if key in info})
        else:
            self._join(info)
        endings.watch(self)

    def _join(self, info: Mapping[str, Any]) -> None:
        # What this process was told fills in what the run that it joins was not.
        known = RunView.load(self._store, self.id).manifest
        self._labels.update({key: getattr(known, key) for key in edits.LABELS})
        given = {
            key: info[key]
            for key in edits.LABELS
            if key in info and not self._labels[key] and key != "tags"
        }
        # A name that somebody chose stands; one that was made of the id gives way.
        if "name" in info and known.name == readable_name(self.id):
            given["name"] = info["name"]
        if "tags" in info:
            given["tags"] = sorted({*known.tags, *info["tags"]})
        if given:
            self._set(**given)

    def _go_on(self, view: RunView) -> None:
        """Take up labels, repetition and steps where *view* ended."""
        old = {key: getattr(view.manifest, key) for key in edits.LABELS}
        self._labels = {**old, **self._labels}
        for tag in view.series_tags:
            reps = view.series(tag).column("rep", 0)
            self.repetition = max(self.repetition, reps[-1])
        for tag in view.series_tags:
            series = view.series(tag)
            if series.column("rep", 0)[-1] == self.repetition:
                self._starts[tag] = series.step[-1]
        self._last_step = max(self._starts.values(), default=None)

    def _open_writer(self) -> None:
        self._writer = Writer(
            self._store, self.id, engine=self._defaults.journal_engine,
            interval=self._defaults.sync_interval, strict=self._defaults.strict,
        )  # fmt: skip
        self._point = self._writer.journal.point

    def _after_fork(self) -> None:
        # The child has no lock and must not touch the parent's files: it opens its own
        # writer with its first record, and counts steps on from here.
        self._starts.update((tag, series.last) for tag, series in self._series.items())
        self._forget()
        self._lock = threading.RLock()

    def _forget(self) -> None:
        self._series.clear()
        self._epochs.clear()
        self._rows.clear()

    def _live(self) -> Writer:
        """Return the writer of this process, or raise when the run has ended."""
        if self._ended:
            raise RunSealedError(
                f"run '{self.id}' has ended: nothing can be logged to it",
                run_id=self.id,
                hint="start a new run, or go on with start_run(id=..., resume='must')",
            )
        if self._pid != os.getpid():
            with self._lock:
                self._open_writer()
                self._pid = os.getpid()
        return self._writer

    # ---- what it is --------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The display name."""
        return str(self._labels.get("name", self.id))

    @property
    def status(self) -> str:
        """``running`` until the end, then how it ended."""
        return self._status

    @property
    def step(self) -> int:
        """The step of the point logged last; 0 before the first."""
        return self._last_step or 0

    @property
    def path(self) -> Path:
        """The live folder of the run, or its head once it has ended."""
        if not self._ended:
            return self._store.layout.live_run(self.id)
        heads = self._store.home.head_folder.of(self.id)
        return (
            self._store.home.head_folder.path(self.id, heads[-1])
            if heads
            else self._store.layout.live
        )

    # ---- scalars -----------------------------------------------------------------------

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        step: int | None = None,
        epoch: float | None = None,
        walltime: float | None = None,
        flush: bool = False,
    ) -> None:
        """Record one point of the series *tag*.

        Args:
            tag: ``split/name`` or ``name``, for example ``train/loss``.
            scalar_value: A number: Python, numpy or torch of zero dimensions, bool, integer
                (exact to 64 bits), NaN and infinities included.
            step: Global step, any order. Default: last step of *tag* plus 1, from 0.
            epoch: Epoch, kept beside the step.
            walltime: Seconds since 1970 UTC. Default: now.
            flush: Wait until everything so far survives a power cut.

        Raises:
            InvalidTypeError: If an argument has the wrong type.
            InvalidValueError: If *tag* or a number cannot be stored.
            RunSealedError: If the run has ended.

        See Also:
            DeepBoard ``LogWriter.add_scalar``, whose signature this is.
        """
        # The hot path: a float at an explicit step of a known tag.
        if (
            type(scalar_value) is float
            and type(step) is int
            and epoch is None
            and walltime is None
            and type(tag) is str
        ):
            series = self._series.get(tag)
            if series is not None:
                try:
                    self._point(series.word, step, scalar_value)
                except struct.error:
                    values.check_step(step)
                    raise
                series.last = self._last_step = step
                if flush:
                    self.flush()
                return
        self._add_scalar(tag, scalar_value, step, epoch, walltime)
        if flush:
            self.flush()

    def _add_scalar(
        self, tag: str, value: Any, step: int | None, epoch: float | None, walltime: float | None
    ) -> None:
        writer = self._live()
        tag = values.check_tag(tag)
        kind, number = values.number(value, tag)
        if epoch is not None:
            epoch = values.check_epoch(epoch)
        wall = time.time_ns() // 1000 if walltime is None else values.check_walltime(walltime)
        with self._lock:
            series = self._series_of(writer, tag)
            at = series.last + 1 if step is None else values.check_step(step)
            tag_number = self._number_of(writer, tag, series, epoch)
            writer.journal.slot(kind, tag_number, at, number, wall)
            series.last = at
            self._last_step = at

    def _series_of(self, writer: Writer, tag: str) -> _Series:
        series = self._series.get(tag)
        if series is None:
            number = writer.tag_number(tag, self.repetition, None)
            last = self._starts.get(tag, -1)
            series = _Series(number << 8 | slots.FLOAT, last)
            self._series[tag] = series
        return series

    def _number_of(self, writer: Writer, tag: str, series: _Series, epoch: float | None) -> int:
        if epoch is None:
            return series.word >> 8
        known = self._epochs.get(tag)
        if known is None or known[0] != epoch or type(known[0]) is not type(epoch):
            known = (epoch, writer.tag_number(tag, self.repetition, epoch))
            self._epochs[tag] = known
        return known[1]

    def add_scalars(
        self,
        scalars: Mapping[str, Any],
        step: int | None = None,
        epoch: float | None = None,
        walltime: float | None = None,
    ) -> None:
        """Record one point of several series at the same step and time.

        Args:
            scalars: Value by tag; values as in :meth:`add_scalar`.
            step: Global step. Default: the largest last step of these tags plus 1.
            epoch: Epoch, kept beside the step.
            walltime: Seconds since 1970 UTC. Default: now.

        Raises:
            InvalidTypeError: If *scalars* is not a mapping, or a value is no number; nothing
                is recorded then.
        """
        if (
            type(step) is int
            and epoch is None
            and walltime is None
            and self._add_row(scalars, step)
        ):
            return
        writer = self._live()
        numbers = values.check_scalars(scalars)
        if not numbers:
            return
        if epoch is not None:
            epoch = values.check_epoch(epoch)
        wall = time.time_ns() // 1000 if walltime is None else values.check_walltime(walltime)
        with self._lock:
            series = {tag: self._series_of(writer, tag) for tag in numbers}
            at = (
                max(s.last for s in series.values()) + 1
                if step is None
                else values.check_step(step)
            )
            row: list[tuple[int, float]] = []
            for tag, (kind, number) in numbers.items():
                tag_number = self._number_of(writer, tag, series[tag], epoch)
                if kind == slots.FLOAT:
                    row.append((tag_number, number))
                else:
                    writer.journal.slot(kind, tag_number, at, number, wall)
            if row:
                shape = writer.shape_number(tuple(n for n, _ in row))
                writer.journal.row(shape, at, [v for _, v in row], wall)
                if len(row) == len(numbers) and epoch is None:
                    self._rows[tuple(numbers)] = (shape, list(series.values()))
            for s in series.values():
                s.last = at
            self._last_step = at

    def _add_row(self, scalars: Mapping[str, Any], step: int) -> bool:
        """Append a row of floats whose shape is known; else return False."""
        known = self._rows.get(tuple(scalars)) if type(scalars) is dict else None
        if known is None:
            return False
        row = list(scalars.values())
        if set(map(type, row)) != {float} or not -(2**63) <= step < 2**63:
            return False
        self._writer.journal.row(known[0], step, row, time.time_ns() // 1000)
        for series in known[1]:
            series.last = step
        self._last_step = step
        return True

    def new_repetition(self) -> None:
        """Begin the next repetition with the same hyperparameters; steps restart."""
        self._live()
        with self._lock:
            self._forget()
            self._starts.clear()
            self.repetition += 1

    # ---- durability and the end --------------------------------------------------------

    def flush(self) -> None:
        """Wait until everything logged so far survives a power cut."""
        self._live().sync()

    def finish(self, status: str = "finished", *, exit_code: int | None = None, error: str = "",
               signal: int | None = None) -> None:  # fmt: skip
        """End the run and seal it; harmless when repeated.

        Args:
            status: ``finished``, ``failed``, ``killed`` or ``crashed``.
            exit_code: Exit code of the program, where it is known.
            error: Traceback of the exception that ended it.
            signal: Number of the signal that ended it.

        Raises:
            InvalidValueError: If *status* is another word.
            StorageError: If the disk refuses; the journal is kept, and the run is sealed
                when the repository is next opened.
        """
        values.check_status(status)
        if status == "running":
            raise InvalidValueError("a run cannot finish with the status 'running'")
        values.check_ending(exit_code, signal, error)
        with self._lock:
            if self._ended:
                return
            error = error.encode("utf-8", "replace").decode()  # any text may be in a message
            facts = {"code": exit_code, "error": error or None, "signal": signal}
            writer = self._live()
            self._ended = True
            self._status = status
            self._forget()
            writer.end(status, {key: value for key, value in facts.items() if value is not None})
        self._seal(writer)

    def _seal(self, writer: Writer) -> None:
        folder = writer.folder
        if writer.primary:
            until = time.monotonic() + _JOIN_SECONDS
            while not all_ended(folder) and time.monotonic() < until:
                time.sleep(0.02)
        elif not all_ended(folder):
            return  # a writer that is left seals for all
        state = seal(self._store, self.id)
        if state is not None:
            self._status = state.status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.finish(**endings.facts_of(error))

    def __repr__(self) -> str:
        return f"<Run {self.id} '{self.name}' {self.status}>"

    # ---- reading back ------------------------------------------------------------------

    def view(self) -> RunView:
        """Return the read side of the run as it is now."""
        return RunView.load(self._store, self.id)
