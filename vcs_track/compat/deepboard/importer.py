"""From a database of DeepBoard to runs.

All runs are written aside first, and taken in together like those of a bundle. A run is known
by what it started with, so that a second import changes nothing, and one that grew gets what is
new.
"""

from __future__ import annotations

import re
import secrets
import shlex
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.deepboard import names, start
from vcs_track.compat.deepboard.book import DEBUG, FACE, Book
from vcs_track.compat.deepboard.columns import Column
from vcs_track.compat.deepboard.database import TABLES, Database, Experiment, LogRow
from vcs_track.compat.deepboard.place import Place
from vcs_track.compat.taken_in import TakenIn, nobody
from vcs_track.errors import GitError, InvalidValueError, RunNotFoundError, StorageError
from vcs_track.formats import canonical
from vcs_track.formats.media import sniff
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import fsio, gitlink
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.machine import redact_argv
from vcs_track.porcelain.removal import is_removed
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vcs_track.compat.deepboard.database import Item
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Progress = Callable[[int, int], None]

__all__ = ["id_of", "import_database"]

_STATUSES: Final = {"finished": "finished", "failed": "failed"}
_MOST_LEFT: Final = 1000  # rows that are quoted
_MOST_NAMES: Final = 10_000  # hyperparameters and results of one run


def import_database(
    repo: Repository, path: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> TakenIn:
    """Take in the runs of the database *path*.

    Args:
        repo: The repository.
        path: The file; nothing in it is changed.
        dry_run: Change nothing, and say what would come.
        progress: Is called with rows done and rows in all.

    Raises:
        InvalidValueError: If there is no such file, or DeepBoard did not make it.
        CorruptError: If it is damaged; nothing has changed then.
        StorageError: If the disk refuses.
    """
    if not dry_run:
        repo.store.require_writable()
    database = Database(path)
    try:
        return _Import(repo, database, progress or nobody).run(dry_run=dry_run)
    finally:
        database.close()


def id_of(run: Experiment) -> str:
    """Return the id for a run: the same whenever and wherever it is imported."""
    same = ("experiment", "start", "command", "cli", "config_hash")
    told = [run.number, *(run.facts[name] for name in same)]
    return f"db-{object_format('sha256').hash(canonical.dumps(told))[:16]}"


class _Import:
    def __init__(self, repo: Repository, database: Database, progress: Progress) -> None:
        self.repo = repo
        self.db = database
        self.done = TakenIn()
        self._progress = progress
        self.ends = {table: database.ends(table) for table in TABLES}
        self.total = sum(count for ends in self.ends.values() for count, _ in ends.values())
        self.count = 0
        folder, root = database.path.absolute().parent.resolve(), repo.root.resolve()
        inside = folder.is_relative_to(root)
        name = database.path.name
        self.table = (folder.relative_to(root) / name).as_posix() if inside else name

    def run(self, *, dry_run: bool) -> TakenIn:
        experiments = list(self.db.experiments())
        ids = {run.number: id_of(run) for run in experiments}
        with fsio.storage_errors(f"import '{self.db.path}'"):
            changed = self._changed(experiments, ids)
            if dry_run:
                for run, old in changed:
                    (self.done.new if old is None else self.done.updated).append(ids[run.number])
                return self.done
            scratch = self.repo.store.layout.tmp / f"import-{secrets.token_hex(8)}"
            fsio.make_dirs(scratch)
            try:
                aside = Repository.init(
                    scratch, self.repo.object_format, self.repo.defaults
                ).with_defaults(capture_git=False, sync_interval=0.0, strict=True)
                self._take_all(aside, scratch, changed, ids)
            finally:
                fsio.remove_tree(scratch)
        return self.done

    def _changed(
        self, experiments: list[Experiment], ids: dict[int, str]
    ) -> list[tuple[Experiment, RunView | None]]:
        """Return the runs to take in, each as it is here already or None."""
        changed = []
        for run in experiments:
            self.done.names[ids[run.number]] = run.facts["experiment"] or ""
            if is_removed(self.repo.store, ids[run.number]):
                self.done.removed.append(ids[run.number])
                continue
            old = self._old(ids[run.number])
            if old is not None and old.faces.get(FACE, {}).get("source") == self.source(run):
                self.done.known.append(ids[run.number])
            else:
                changed.append((run, old))
        return changed

    def _take_all(
        self, aside: Repository, scratch: Path,
        changed: list[tuple[Experiment, RunView | None]], ids: dict[int, str],
    ) -> None:  # fmt: skip
        bring = [old.id for _, old in changed if old is not None]
        if bring:
            bundle = self.repo.export(bring, scratch / "old.zip")
            aside.import_(bundle)
        self._write(aside, changed)
        if fsio.list_dir(aside.store.layout.live):
            # A journal that the disk would not give back is left where it is.
            raise StorageError(f"cannot import '{self.db.path}': a journal cannot be read back")
        if changed:
            bundle = aside.export([ids[run.number] for run, _ in changed], scratch / "new.zip")
            self.repo.import_(bundle)
        self._lay_out([run for run, old in changed if old is None], ids)

    def _old(self, run: str) -> RunView | None:
        try:
            return self.repo.run(run)
        except RunNotFoundError:
            return None

    def source(self, run: Experiment) -> dict[str, Any]:
        """Return what tells whether a run of the database has changed."""
        labels = ("note", "tag", "color", "status")
        ends = {table: self.ends[table].get(run.number, (0, 0))[1] for table in TABLES}
        return {**ends, **{name: run.facts[name] for name in labels}}

    # ---- runs --------------------------------------------------------------------------

    def _write(self, aside: Repository, changed: list[tuple[Experiment, RunView | None]]) -> None:
        if not changed:
            return
        wanted = {run.number: (run, old) for run, old in changed}
        media = {table: self.db.ids(table) for table in ("Images", "Fragments")}
        results = self.db.results()
        logs = groupby(self.db.logs(), key=itemgetter(0))
        number, rows = next(logs, (None, iter(())))
        for each in sorted(wanted):
            while number is not None and number < each:
                number, rows = next(logs, (None, iter(())))
            mine = rows if number == each else iter(())
            _OneRun(self, aside, *wanted[each]).write(
                mine,
                results.get(each, []),
                {table: ids.get(each, []) for table, ids in media.items()},
            )

    def tick(self) -> None:
        """Count a row."""
        self.count += 1
        if self.count % 1000 == 0:
            self._progress(min(self.count, self.total), self.total)

    # ---- the table ---------------------------------------------------------------------

    def _lay_out(self, fresh: list[Experiment], ids: dict[int, str]) -> None:
        unique = [name for name in self.db.unique_columns() if name in start.ALLOWED]
        book = Book(Place(self.db.path, self.repo, self.table))
        first = not book.register.runs
        if unique and first:
            with book.register.held():
                book.register.write([{"unique": unique, "table": self.table}])
        book = Book(Place(self.db.path, self.repo, self.table))
        if first:
            columns = {
                name: Column(order, alias, kind) for name, order, alias, kind in self.db.columns()
            }
            with book.register.held():
                book.register.write(book.register.of_columns(columns))
        book.adopt()
        numbers = {run: number for number, run in book.register.runs.items()}
        hide = [
            numbers[ids[run.number]] for run in fresh if run.hidden and ids[run.number] in numbers
        ]
        with book.register.held():
            book.register.write([{"n": number, "hidden": True} for number in hide])
        self._progress(self.total, self.total)


class _OneRun:
    """Writes one run of the database, or what is new of it."""

    def __init__(
        self, whole: _Import, aside: Repository, row: Experiment, old: RunView | None
    ) -> None:
        self._all = whole
        self._row = row
        self._old = old
        self._id = id_of(row)
        self._left = 0
        self._quoted: list[str] = []
        known = {} if old is None else old.faces.get(FACE, {}).get("source", {})
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}
        start_us = row.start_us
        if start_us is None:
            self._leave(("start", row.facts["start"]))
            start_us = whole.db.path.stat().st_mtime_ns // 1000
        self._start_us = start_us
        self._aside = aside
        self._last = 0.0
        self._names: dict[str, str | None] = {}

    def _leave(self, raw: object) -> None:
        self._left += 1
        if len(self._quoted) < _MOST_LEFT:
            self._quoted.append(repr(raw)[:500])

    def _since(self, table: str) -> int:
        found = self._known.get(table, 0)
        return found if type(found) is int else 0

    def write(
        self, rows: Iterator[tuple[int, int, LogRow]],
        results: list[tuple[int, str, Any, bool]], media: dict[str, list[int]],
    ) -> None:  # fmt: skip
        """Write it."""
        facts = self._row.facts
        experiment = facts["experiment"] or ""
        usable = experiment.isprintable() and experiment.strip() and len(experiment) <= 250
        known = {"created_us": self._start_us, "command": self._command(), "git": self._git()}
        run = self._aside.record_run(
            self._id, experiment if usable else self._id, known, {FACE: self._facts()}
        )
        try:
            self._write_points(run, rows)
            self._write_values(run, results)
            self._write_media(run, media)
            self._write_files(run)
            self._set_labels(run)
            if self._quoted:
                run.add_text("\n".join(self._quoted), 0, "deepboard/left-over")
            run.set_face(FACE, source=self._all.source(self._row))
            run.set_ended(self._start_us / 1e6 + max(self._last, 0.0))
        except BaseException:
            run.finish("crashed")
            raise
        run.finish(_STATUSES.get(facts["status"] or "", "crashed"))
        (self._all.done.new if self._old is None else self._all.done.updated).append(self._id)
        if self._left:
            self._all.done.notes.append(
                f"run {self._row.number}: {self._left:,} values could not be kept as they were; "
                "they are quoted in the text 'deepboard/left-over'"
            )

    def _facts(self) -> dict[str, Any]:
        kept = ("experiment", "config", "config_hash", "commit_hash")
        texts = ("cli", "command", "comment")
        found: dict[str, Any] = {name: self._row.facts[name] for name in kept}
        found.update({name: self._row.facts[name] or "" for name in texts})
        found.update(table=self._all.table, number=self._row.number, origins=[self._start_us])
        if self._row.number == DEBUG:
            found["debug"] = True
        return found

    def _command(self) -> dict[str, Any]:
        line = self._row.facts["command"] or ""
        try:
            words = shlex.split(line)
        except ValueError:
            words = [line]
        return {"argv": redact_argv(words), "cwd": None, "script": ""}

    def _git(self) -> dict[str, Any] | None:
        commit = self._row.facts["commit_hash"] or ""
        root = find_root(self._all.repo.root)
        if root is None or re.fullmatch("[0-9a-f]{7,64}", commit) is None:
            return None
        with suppress(GitError):
            return {"commit": gitlink.resolve(root, commit), "dirty": bool(self._row.diff)}
        return None

    # ---- content -----------------------------------------------------------------------

    def _write_points(self, run: Run, rows: Iterator[tuple[int, int, LogRow]]) -> None:
        since, begin = self._since("Logs"), self._start_us / 1e6
        for _, id_, row in rows:
            self._all.tick()
            if id_ <= since:
                continue
            name = self._name(row.tag)
            if name is None or row.step is None or row.value is None or row.repetition is None:
                self._leave(row.raw)
                continue
            if row.repetition != run.repetition:
                run.new_repetition(row.repetition)
            wall = begin + row.wall
            try:
                run.add_scalar(name, row.value, row.step, row.epoch, wall)
            except InvalidValueError:  # a time that is none
                self._leave(row.raw)
                run.add_scalar(name, row.value, row.step, row.epoch, begin)
                continue
            self._last = max(self._last, row.wall)

    def _name(self, tag: str) -> str | None:
        if tag not in self._names:
            try:
                self._names[tag] = names.stored(tag)
            except InvalidValueError:
                self._names[tag] = None
        return self._names[tag]

    def _write_values(self, run: Run, results: list[tuple[int, str, Any, bool]]) -> None:
        since = self._since("Results")
        for kind, write in ((True, run.add_hparams), (False, self._set_results(run))):
            found: dict[str, Any] = {}
            for id_, name, value, is_hparam in results:
                if is_hparam is kind and id_ > since:
                    self._add_value(found, name, value)
            if found:
                write(found)
        for _ in results:
            self._all.tick()

    def _add_value(self, found: dict[str, Any], name: str, value: Any) -> None:
        try:
            key = names.key_of(name)
        except InvalidValueError:
            key = ""
        if key and (key in found or len(found) < _MOST_NAMES):
            found[key] = value
        else:
            self._leave((name, value))

    @staticmethod
    def _set_results(run: Run) -> Callable[[dict[str, Any]], None]:
        return lambda found: run.set_results(**found)

    def _write_media(self, run: Run, media: dict[str, list[int]]) -> None:
        for table, ids in media.items():
            fresh = [id_ for id_ in ids if id_ > self._since(table)]
            for item in self._all.db.items(table, self._row.number, fresh):
                self._all.tick()
                if item.repetition != run.repetition:
                    run.new_repetition(item.repetition)
                self._write_item(run, item)

    def _write_item(self, run: Run, item: Item) -> None:
        tag = None if item.tag is None else self._name(item.tag)
        where: dict[str, Any] = {
            "step": item.step, "tag": tag, "epoch": item.epoch, "walltime": self._start_us / 1e6,
        }  # fmt: skip
        content = item.content
        if item.kind in ("text", "fragment") and not isinstance(content, bytes):
            data = str(content).encode("utf-8", "replace")
            mime = "text/plain" if item.kind == "text" else "text/html"
            run.add_item(item.kind, data, mime=mime, **where)
        elif isinstance(content, bytes):
            known = sniff(content) if item.kind in ("image", "figure") else None
            mime, width, height = known or ("application/octet-stream", None, None)
            meta = {"width": width, "height": height} if width else {}
            run.add_item(item.kind, content, mime=mime, meta=meta, **where)
        else:
            self._leave((item.kind, item.step, content))

    def _write_files(self, run: Run) -> None:
        if self._old is not None:
            return
        config = self._all.db.config(self._row)
        if config is not None:
            name = start.Config(self._row.facts["config"]).name
            run.add_item("file", config, name=name, step=0, meta={"deepboard": "config"})
        if self._row.diff:
            run.add_item(
                "file", self._row.diff.encode("utf-8", "replace"), name="changes.patch",
                mime="text/x-diff", step=0, meta={"deepboard": "diff"},
            )  # fmt: skip

    def _set_labels(self, run: Run) -> None:
        """Set what the database says otherwise than at the last import."""
        facts, known = self._row.facts, self._known
        setters = {"note": run.set_note, "tag": run.set_tag, "color": run.set_color}
        for name, write in setters.items():
            if facts[name] != known.get(name) and (facts[name] or name in known):
                try:
                    write(facts[name] or None)
                except InvalidValueError:
                    self._leave((name, facts[name]))
