"""An open run: what a training script logs to."""

from __future__ import annotations

import os
import struct
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from vcs_track.errors import InvalidValueError, LockedError, RunSealedError
from vcs_track.formats import slots
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain import edits, endings, values
from vcs_track.porcelain.capture import Rules
from vcs_track.porcelain.input_log import InputLog
from vcs_track.porcelain.labels import Labels
from vcs_track.porcelain.media_log import MediaLog
from vcs_track.porcelain.names import readable_name
from vcs_track.porcelain.provenance import Provenance
from vcs_track.porcelain.reads import Reads
from vcs_track.porcelain.relay import Relay
from vcs_track.porcelain.run_view import RunView
from vcs_track.porcelain.seal import all_ended, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from vcs_track.formats.gitstate import GitState
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.journal import Row
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.defaults import Defaults
    from vcs_track.porcelain.writer import Writer

__all__ = ["Run"]


class _Series:
    """What the hot path knows of one tag in the current repetition and journal."""

    __slots__ = ("last", "point", "word")

    def __init__(self, writer: Writer, number: int, last: int) -> None:
        # Word and journal belong together: the next journal has other numbers.
        self.point = writer.journal.point
        self.word = number << 8 | slots.FLOAT
        self.last = last


class _Row:
    """What the hot path knows of one set of tags."""

    __slots__ = ("append", "kinds", "series")

    def __init__(self, append: Row, series: list[_Series]) -> None:
        self.append = append
        self.kinds = [float] * len(series)
        self.series = series


class Run(Labels, MediaLog, InputLog, Reads):
    """An experiment that is going on.

    Made by :meth:`Repository.start_run` or :func:`vcs_track.start_run`. A call that returned
    survives the death of the process. As a context manager it finishes itself: ``failed``
    when the body raises, ``killed`` on Ctrl-C, else ``finished``. A run that is still open
    when the interpreter exits is finished then.

    Attributes:
        id: Twelve characters, or what the caller gave.
        repetition: Number of the current repetition, from 0.
        rank: Rank of this process in a distributed training, or None.

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
        self, store: Store, run_id: str, defaults: Defaults, info: Mapping[str, Any],
        facts: Callable[[], dict[str, Any]] = dict,
        rank: int | None = None, first: bool = True,
    ) -> None:  # fmt: skip
        self._store = store
        self._defaults = defaults
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._ended = False
        self._status = "running"
        self._labels: dict[str, Any] = {}
        self._series: dict[str, _Series] = {}
        self._epochs: dict[str, tuple[float, int]] = {}
        self._rows: dict[tuple[str, ...], _Row] = {}
        self._starts: dict[str, int] = {}
        self._last_step: int | None = None
        self._seen_figures: set[bytes] = set()
        self._provenance = Provenance(self._keep_code, self._tell)
        self.id = run_id
        self.repetition = 0
        self.rank = rank
        self._start(first=first)
        writer = self._relay.writer
        writer.begin((lambda: {**info, **facts()}) if writer.primary else None)
        if writer.primary:
            self._labels.update({key: info[key] for key in edits.LABELS if key in info})
        else:
            self._join(info)
        endings.watch(self)

    def _capture_code(self, root: Path, state: GitState | None) -> None:
        """Begin to keep the code; the run goes on meanwhile."""
        d = self._defaults
        rules = Rules(d.code_largest, d.code_most, d.include_ignored)
        self._provenance.capture(root, state, self._store.layout.tmp, rules)

    def _keep_code(self, data: bytes) -> ObjectId:
        with self._lock:
            return self._live().code(data)

    def _tell(self, content: dict[str, Any]) -> None:
        """Record a fact of the run."""
        with self._lock:
            self._live().journal.frame(content)

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
            reps = view.series(tag).repetition
            self.repetition = max(self.repetition, reps[-1])
        for tag in view.series_tags:
            series = view.series(tag)
            if series.repetition[-1] == self.repetition:
                self._starts[tag] = series.step[-1]
        self._last_step = max(self._starts.values(), default=None)

    def _start(self, *, first: bool) -> None:
        self._relay = Relay(
            self._store, self.id, self._defaults, self.rank, first, self._lock, self._forget
        )

    def _after_fork(self) -> None:
        # The child has no lock and must not touch the parent's files: it opens its own
        # writer with its first record, and counts steps on from here.
        self._lock = threading.RLock()
        self._provenance = Provenance(self._keep_code, self._tell)
        self._forget()

    def _forget(self) -> None:
        """Drop what is known of the journal at hand; steps count on."""
        self._starts.update([(tag, series.last) for tag, series in self._series.items()])
        self._series.clear()
        self._epochs.clear()
        self._rows.clear()

    def _live(self) -> Writer:
        """Return the writer of this process, or raise when the run has ended.

        Called with the lock held, so that the writer stays the one at work.
        """
        if self._ended:
            raise RunSealedError(
                f"run '{self.id}' has ended: nothing can be logged to it",
                run_id=self.id,
                hint="start a new run, or go on with start_run(id=..., resume='must')",
            )
        if self._pid != os.getpid():
            self._start(first=False)
            self._pid = os.getpid()
            self._relay.writer.begin()
        return self._relay.writer

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
                    series.point(series.word, step, scalar_value)
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
        if type(tag) is not str or tag not in self._series:
            tag = values.check_tag(tag)
        kind, number = values.number(value, tag)
        if epoch is not None:
            epoch = values.check_epoch(epoch)
        wall = time.time_ns() // 1000 if walltime is None else values.check_walltime(walltime)
        with self._lock:
            writer = self._live()
            series = self._series_of(writer, tag)
            at = values.check_step(series.last + 1 if step is None else step)
            tag_number = self._number_of(writer, tag, series, epoch)
            writer.journal.slot(kind, tag_number, at, number, wall)
            series.last = at
            self._last_step = at

    def _series_of(self, writer: Writer, tag: str) -> _Series:
        series = self._series.get(tag)
        if series is None:
            number = writer.tag_number(tag, self.repetition, None)
            last = self._starts.get(tag, -1)
            series = _Series(writer, number, last)
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
        numbers = values.check_scalars(scalars)
        if not numbers and not self._ended:
            return
        if epoch is not None:
            epoch = values.check_epoch(epoch)
        wall = time.time_ns() // 1000 if walltime is None else values.check_walltime(walltime)
        with self._lock:
            writer = self._live()
            series = {tag: self._series_of(writer, tag) for tag in numbers}
            if step is None:
                step = max(s.last for s in series.values()) + 1
            at = values.check_step(step)
            row: list[tuple[int, float]] = []
            for tag, (kind, number) in numbers.items():
                tag_number = self._number_of(writer, tag, series[tag], epoch)
                if kind == slots.FLOAT:
                    row.append((tag_number, number))
                else:
                    writer.journal.slot(kind, tag_number, at, number, wall)
            if row:
                append = writer.row(tuple(n for n, _ in row))
                append(at, [v for _, v in row], wall)
                if len(row) == len(numbers) and epoch is None:
                    self._rows[tuple(numbers)] = _Row(append, list(series.values()))
            for s in series.values():
                s.last = at
            self._last_step = at

    def _add_row(self, scalars: Mapping[str, Any], step: int) -> bool:
        """Append a row of floats whose shape is known; else return False."""
        known = self._rows.get(tuple(scalars)) if type(scalars) is dict else None
        if known is None:
            return False
        row = list(scalars.values())
        if list(map(type, row)) != known.kinds:
            return False
        try:
            known.append(step, row, time.time_ns() // 1000)
        except struct.error:  # a step beyond 64 bits: the other way says so
            return False
        for series in known.series:
            series.last = step
        self._last_step = step
        return True

    def new_repetition(self, number: int | None = None) -> None:
        """Begin a repetition with the same hyperparameters; steps restart.

        Args:
            number: Its number, from 0. Default: the next.
        """
        if number is not None and (type(number) is not int or not 0 <= number < 2**31):
            raise InvalidValueError(f"repetition {number!r:.40} is not one")
        with self._lock:
            self._live()
            self._forget()
            self._starts.clear()
            self.repetition = self.repetition + 1 if number is None else number

    # ---- durability and the end --------------------------------------------------------

    @storage_errors("sync a run")
    def flush(self) -> None:
        """Wait until everything logged so far survives a power cut."""
        with self._lock:
            self._live()
        self._relay.flush()

    @storage_errors("finish a run")
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
        if not self._ended:
            self._provenance.end(stopped=signal is not None)
        with self._lock:
            if self._ended:
                return
            error = error.encode("utf-8", "replace").decode()  # any text may be in a message
            facts = {"code": exit_code, "error": error or None, "signal": signal}
            self._live()
            self._ended = True
            self._status = status
            self._forget()
            facts = {key: value for key, value in facts.items() if value is not None}
            writer = self._relay.end(status, facts)
        endings.forget(self)
        self._seal(writer)

    def _seal(self, writer: Writer) -> None:
        # Nobody waits for other writers: the first seals what has ended, the last one the rest.
        if not writer.primary and not all_ended(writer.folder):
            return
        try:
            with writer.kept():
                state = seal(self._store, self.id)
        except LockedError as error:
            warnings.warn(
                f"{error}; what this process logged is kept, and sealed when the repository is "
                "next opened",
                RuntimeWarning,
                stacklevel=3,
            )
            return
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
