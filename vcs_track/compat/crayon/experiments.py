"""The experiments of one repository: runs that have a name of their own.

The one place where Crayon's verbs have a meaning: the client in the program and the server
both ask it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat import quoting
from vcs_track.compat.crayon import bodies, texts
from vcs_track.compat.crayon.record import Record, no_series
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.compat.crayon.register import Register
from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.formats.oid import check64
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.following import Follower
from vcs_track.porcelain.names import new_id
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run

__all__ = ["FACE", "Experiments"]

FACE: Final = "crayon"
_LONGEST: Final = 1000  # characters of a name
_SHOWN: Final = (250, 100, 20)  # of these; each may become several
_MOST_OPEN: Final = 200  # each has a few open files, and what was read of it


class Experiments:
    """The experiments of one repository.

    Args:
        repo: The repository.
        of_others: Whether other programs write to it through this one, so that its own code
            and command line are none of theirs.

    Example:
        >>> import tempfile, vcs_track
        >>> from vcs_track.compat.crayon.experiments import Experiments
        >>> experiments = Experiments(vcs_track.init(tempfile.mkdtemp()))
        >>> experiments.create("any name")
        >>> _ = experiments.add_scalar("any name", "loss", [1.5, 0, 0.5])
        >>> experiments.record("any name").rows("loss")
        [[1.5, 0, 0.5]]
        >>> experiments.close()
    """

    def __init__(self, repo: Repository, *, of_others: bool = False) -> None:
        if of_others:
            # A client is told when the disk refuses; a training would rather go on.
            repo = repo.with_defaults(capture_git=False, capture_code=False, strict=True)
        self.repo = repo
        self._of_others = of_others
        table = f"{check64(b''):016x}.jsonl"
        self.register = Register(repo.store.layout.tables / FACE / table)
        # Readers have a handle of their own, so that none waits for a writer.
        self._read_store = Store(repo.store.layout, repo.store.format, writable=False)
        self._reading = threading.RLock()
        self._lock = threading.RLock()
        self._records: OrderedDict[str, Record] = OrderedDict()

    # ---- which there are ---------------------------------------------------------------

    @storage_errors("list the experiments")
    def names(self) -> list[str]:
        """Return the names of the experiments."""
        with self._lock:
            there = self._adopt()
            return [name for name, run in self.register.names.items() if run in there]

    def _adopt(self) -> set[str]:
        """Take in runs that came by git, a bundle or an import; return those that are there."""
        store, register = self.repo.store, self.register
        register.refresh()
        store.adopt()
        there = {*live_runs(store), *store.home.heads()}
        named = set(register.names.values())
        strange = there - named - register.others
        if strange:
            with register.held():
                gone = strange & register.gone
                for run in sorted(gone):
                    self._remove_for_good(run)
                register.leave_out({run for run in strange - gone if not self._name(run)})
        return there

    def _name(self, run: str) -> bool:
        """Give *run* its name, if it is an experiment."""
        if run in self.register.names.values():
            return True
        name = self.register.runs.get(run)
        if name is None:
            try:
                kept = self.repo.run(run).faces.get(FACE)
            except VcsTrackError:
                return True  # damaged, or gone meanwhile: nobody can tell
            name = kept.get("name") if isinstance(kept, dict) else None
        if not isinstance(name, str) or not name:
            return False
        self.register.name(run, self.register.free(name, run))
        return True

    @storage_errors("find an experiment")
    def record(self, name: object) -> Record:
        """Return the experiment *name*.

        Raises:
            RefusedError: If there is none.
        """
        found = self._find(name)
        if found is None:
            raise RefusedError(texts.unknown(str(name)))
        return found

    def _find(self, name: object) -> Record | None:
        if not isinstance(name, str) or not name:
            raise RefusedError(texts.bad_name(name))
        with self._lock:
            self.register.refresh()
            run = self.register.names.get(name)
            if run is None:
                self._adopt()
                run = self.register.names.get(name)
            if run is None:
                return None
            record = self._records.get(run) or self._new_record(run)
            self._records.move_to_end(run)
        return record if record.is_open or record.is_there() else None

    def _new_record(self, run: str) -> Record:
        follower = Follower(self._read_store, run)
        record = Record(run, follower, lambda: self._open(run), self._lock, self._reading)
        self._records[run] = record
        if len(self._records) > _MOST_OPEN:
            idle = next(iter(self._records))
            self._records.pop(idle).close()
        return record

    def _open(self, run: str) -> Run:
        return self.repo.start_run(id=run, resume="allow", capture_code=False, mode="normal")

    # ---- making and removing -----------------------------------------------------------

    @storage_errors("make an experiment")
    def create(self, name: str) -> None:
        """Make an experiment.

        Raises:
            RefusedError: If the name is none, or taken.
        """
        self._check_new(name)
        with self._lock:
            self.require_free(name, texts.exists)
            with self.register.held():
                # Another process may have made it since.
                self.require_free(name, texts.exists)
                run = self._start(name, {FACE: {"name": name}})
                self._new_record(run.id).begin(run)
                self.register.name(run.id, name)

    @storage_errors("make an experiment")
    def fill(
        self, name: str, taken: Callable[[str], str], write: Callable[[Record], None]
    ) -> None:
        """Make an experiment that is there with all its data, or not at all.

        Args:
            name: Its name.
            taken: Says that the name is taken.
            write: Writes the data.

        Raises:
            RefusedError: If the name is none, or taken.
        """
        self._check_new(name)
        with self._lock:
            self.require_free(name, taken)
            run = self._start(name, {})  # without a name nobody takes it for an experiment
            record = self._new_record(run.id)
            record.begin(run)
        try:
            write(record)
            with self._lock, self.register.held():
                self.require_free(name, taken)
                record.run().set_face(FACE, name=name)
                self.register.name(run.id, name)
        except BaseException:
            with self._lock:
                self._records.pop(run.id, None)
                record.close()
                self.repo.remove(run.id)
            raise

    @staticmethod
    def _check_new(name: object) -> None:
        if not isinstance(name, str) or not name:
            raise RefusedError(texts.bad_name(name))
        if len(name) > _LONGEST:
            raise RefusedError(f"a name has at most {_LONGEST} characters, not {len(name)}")
        try:
            name.encode()
        except UnicodeEncodeError:
            raise RefusedError("a name is half a character") from None

    @storage_errors("find an experiment")
    def require_free(self, name: str, taken: Callable[[str], str]) -> None:
        """Refuse a name that an experiment has, with what *taken* says."""
        if self._find(name) is not None:
            raise RefusedError(taken(name))

    def _start(self, name: str, faces: dict[str, Any]) -> Run:
        label = _label(name)
        if self._of_others:
            facts = {"created_us": time.time_ns() // 1000}
            return self.repo.record_run(new_id(), label, facts, faces)
        return self.repo.start_run(label, id=new_id(), resume="never", faces=faces, mode="normal")

    @storage_errors("remove an experiment")
    def remove(self, name: object) -> None:
        """Remove an experiment: its name is free at once.

        Raises:
            RefusedError: If there is none.
        """
        with self._lock:
            if self._find(name) is None:
                raise RefusedError(texts.not_there(str(name)))
            with self.register.held():
                run = self.register.names.get(str(name))
                if run is None:
                    raise RefusedError(texts.not_there(str(name)))
                self.register.drop(run)
                record = self._records.pop(run, None)
                if record is not None:
                    record.close()
                self._remove_for_good(run)

    def _remove_for_good(self, run: str) -> None:
        """Remove the run of an experiment that is gone, if nobody writes to it any more."""
        store = self.repo.store
        if run in live_runs(store):
            return  # it is removed when its last writer has ended
        if store.home.head_folder.of(run):
            self.repo.remove(run)
        self.register.dropped(run)

    # ---- points and histograms ---------------------------------------------------------

    def details(self, name: object) -> dict[str, list[str]]:
        """Return the names of the series of an experiment."""
        return self.record(name).names()

    def add_scalar(self, xp: object, name: str, body: Any) -> Record:
        """Append a point, as its wall time, step and value.

        Raises:
            RefusedError: If there is no such experiment, or *body* is no point.
        """
        record = self._of(xp, name)
        record.add(name, *bodies.point(body))
        return record

    def _of(self, xp: object, name: str, arguments: str = texts.SERIES_ARGUMENTS) -> Record:
        if not name:
            raise RefusedError(arguments)
        return self.record(xp)

    def add_histogram(self, xp: object, name: str, body: Any, *, to_build: bool) -> None:
        """Append a histogram, as its wall time, step and what it is.

        Raises:
            RefusedError: If there is no such experiment, or *body* is no histogram.
        """
        record = self._of(xp, name, texts.HISTOGRAM_ARGUMENTS)
        record.add_histogram(name, *bodies.histogram(body, to_build=to_build))

    def scalars(self, xp: object, name: str) -> list[list[Any]]:
        """Return the points of a series.

        Raises:
            RefusedError: If it has none.
        """
        rows = self._of(xp, name).rows(name)
        if not rows:
            raise no_series(str(xp), name)
        return rows

    def scalars_text(self, xp: object, name: str) -> bytes:
        """Return the points of a series as JSON.

        Raises:
            RefusedError: If it has none.
        """
        text = self._of(xp, name).text(name)
        if not text:
            raise no_series(str(xp), name)
        return text

    def histograms(self, xp: object, name: str) -> list[list[Any]]:
        """Return the histograms of a series.

        Raises:
            RefusedError: If it has none.
        """
        rows = self._of(xp, name).histograms(name)
        if not rows:
            raise no_series(str(xp), name)
        return rows

    # ---- the end -----------------------------------------------------------------------

    @storage_errors("end the experiments")
    def close(self) -> None:
        """End all runs that this process writes to.

        Who writes again goes on with them.

        Raises:
            VcsTrackError: If one cannot be sealed; it is when the repository is next opened.
        """
        failed: list[VcsTrackError] = []
        with self._lock:
            for record in self._records.values():
                try:
                    record.close()
                except VcsTrackError as error:
                    failed.append(error)  # the others are sealed all the same
        if failed:
            raise failed[0]


def _label(name: str) -> str:
    """Return the display name of the experiment *name*: printable, and not too long."""
    for most in _SHOWN[:-1]:
        with suppress(InvalidValueError):
            return quoting.key_of(name[:most])
    return quoting.key_of(name[: _SHOWN[-1]])
