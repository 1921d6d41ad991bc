"""The table of runs, as DeepBoard's scripts use it."""

from __future__ import annotations

import time
import warnings
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.deepboard import start
from vcs_track.compat.deepboard.book import DEBUG, DISABLED, FACE, Book
from vcs_track.compat.deepboard.columns import hidden, moved
from vcs_track.compat.deepboard.reader import IMAGES, item_at
from vcs_track.compat.deepboard.refusals import refused
from vcs_track.compat.deepboard.results import Results, results_of, row_of
from vcs_track.compat.deepboard.writer import LogWriter, check_each
from vcs_track.errors import DuplicateRunError, InvalidTypeError
from vcs_track.formats.oid import digest_of
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.run import Run

__all__ = ["NoCommitAction", "ResultTable"]


class NoCommitAction(Enum):
    """What to do where the code has changes that are not committed.

    The changes are kept with the run in any case.
    """

    NOP = "NOP"
    WARN = "WARN"
    RAISE = "RAISE"


class ResultTable:
    """The runs of a repository, or those that were started under one path.

    Args:
        db_path: The path that a database of DeepBoard would have; its runs lie in the ``.runs``
            of that folder, or in the one above. Or a folder: the table has all its runs.
        nocommit_action: What to do where the code is not committed.
        unique_columns: What must differ between two runs: some of ``experiment config
            config_hash cli command comment tag commit_hash diff``. Default: that of the table.

    Attributes:
        db_path: The path, absolute.
        nocommit_action: As above.
        unique_columns: As above.

    Raises:
        sqlite3.OperationalError: If the folder of *db_path* is not there.
        sqlite3.DatabaseError: If another file is there.
        RuntimeError: If a database is there, which can be imported; or the table has other
            unique columns.
        ValueError: If there is no such column.

    Example:
        >>> import os, tempfile
        >>> from vcs_track.compat.deepboard import NoCommitAction, ResultTable
        >>> os.chdir(tempfile.mkdtemp())
        >>> table = ResultTable("results.db", nocommit_action=NoCommitAction.NOP)
        >>> for rate in (0.1, 0.01):
        ...     writer = table.new_run("demo", cli={"lr": rate})
        ...     writer.add_hparams(lr=rate)
        ...     writer.write_result(accuracy=1 - rate)
        >>> table.get_results().data
        [[1, 'demo', '', None, '', 0.1, 0.9], [2, 'demo', '', None, '', 0.01, 0.99]]
    """

    DEFAULT_UNIQUE_COLS: ClassVar[tuple[str, ...]] = start.DEFAULT

    def __init__(
        self,
        db_path: str | PurePath = "result_table.db",
        nocommit_action: NoCommitAction = NoCommitAction.WARN,
        unique_columns: Iterable[str] | None = None,
    ) -> None:
        self._book = Book.at(db_path, unique_columns)
        self.db_path = self._book.path
        self.nocommit_action = nocommit_action
        self.unique_columns = self._book.unique

    # ---- starting ----------------------------------------------------------------------

    def new_run(
        self,
        experiment_name: str,
        configfile: Any = None,
        cli: dict[str, Any] | None = None,
        comment: str | None = None,
        tag: str = "",
        flush_each: int = 10,
        keep_each: int = 1,
        auto_log_plt: bool = True,
        disable: bool = False,
    ) -> LogWriter:
        """Start a run, whose configuration must not have been run yet.

        A run that failed, or that was hidden, may be repeated; the new one gets the number of
        one that failed, and the old one stays in the repository.

        Args:
            experiment_name: Name of the experiment.
            configfile: A configuration to keep with the run: a path or an open file.
            cli: Arguments, kept as one text.
            comment: A comment.
            tag: A tag.
            flush_each: Checked and without effect: each call is written at once.
            keep_each: Only each so many-th point of a tag is kept.
            auto_log_plt: Whether open pyplot figures are logged with every call.
            disable: Whether the writer does nothing.

        Raises:
            RuntimeError: If the configuration has been run; or the code is not committed, and
                *nocommit_action* is RAISE.
            FileNotFoundError: If there is no such file.
            ValueError: If a count is not above 0.
        """
        check_each(flush_each, keep_each)
        options = {
            "flush_each": flush_each, "keep_each": keep_each, "auto_log_plt": auto_log_plt,
        }  # fmt: skip
        config, facts = self._facts(experiment_name, configfile, cli, comment)
        code = start.code_of(Path.cwd())
        self._look_at_code(code)
        if disable:
            return self._nothing(DISABLED, options)
        facts.update(commit_hash=code.commit, tag=tag or "")
        if "diff" in self.unique_columns:
            facts["diff"] = code.diff
        return self._start(facts, config, code, options)

    def new_debug_run(
        self,
        experiment_name: str,
        configfile: Any = None,
        cli: dict[str, Any] | None = None,
        comment: str | None = None,
        tag: str = "",
        flush_each: int = 10,
        keep_each: int = 1,
        auto_log_plt: bool = True,
        disable: bool = False,
    ) -> LogWriter:
        """Start a run with the number -1, which the next debug run takes over.

        Earlier ones stay in the repository. Code is not looked at. Arguments as in
        :meth:`new_run`.
        """
        check_each(flush_each, keep_each)
        options = {
            "flush_each": flush_each, "keep_each": keep_each, "auto_log_plt": auto_log_plt,
        }  # fmt: skip
        config, facts = self._facts(experiment_name, configfile, cli, comment)
        if disable:
            return self._nothing(DEBUG, options)
        facts.update(tag=tag or "", debug=True)
        return self._start(facts, config, start.Code(), options)

    def _facts(
        self, experiment: str, configfile: Any, cli: Any, comment: Any
    ) -> tuple[start.Config, dict[str, Any]]:
        if not isinstance(experiment, str):
            raise InvalidTypeError(
                f"the name of an experiment must be text, not {type(experiment).__name__}"
            )
        config = start.Config.read(configfile)
        return config, {
            "table": self._book.table, "experiment": experiment, "config": config.path,
            "config_hash": config.digest, "config_binary": config.binary,
            "cli": start.arguments(cli), "command": start.command(),
            "comment": "" if comment is None else str(comment),
        }  # fmt: skip

    def _look_at_code(self, code: start.Code) -> None:
        if not code.patch or self.nocommit_action is NoCommitAction.NOP:
            return
        message = "the code has changes that are not committed"
        if self.nocommit_action is NoCommitAction.RAISE:
            raise refused(RuntimeError, message, "commit them, or use another NoCommitAction")
        warnings.warn(f"{message}; they are kept with the run", RuntimeWarning, stacklevel=3)

    def _nothing(self, number: int, options: dict[str, Any]) -> LogWriter:
        return LogWriter.of(self._book, number, None, 0, disable=True, **options)

    def _start(
        self, facts: dict[str, Any], config: start.Config, code: start.Code,
        options: dict[str, Any],
    ) -> LogWriter:  # fmt: skip
        book = self._book
        book.adopt()
        facts = {name: _whole(value) for name, value in facts.items()}
        key = start.key_of(facts, self.unique_columns)
        debug = bool(facts.get("debug"))
        # Looked up and entered under one lock: of four equal starts at once one is the first.
        with book.register.held():
            number, old = (DEBUG, None) if debug else self._number(key, facts["tag"])
            origin_us = time.time_ns() // 1000
            facts.update(number=number, origins=[origin_us])
            if old is not None:
                facts["replaces"] = old
            run = self._native(facts, debug=debug)
            if not run.disabled:
                book.register.write([book.register.of_run(run.id, number, key)])
        if run.disabled:  # by the configuration
            return self._nothing(DISABLED, options)
        if config.data is not None:
            run.add_item(
                "file", config.data, name=config.name, step=0, meta={"deepboard": "config"}
            )
        if code.patch:
            run.add_item(
                "file", code.patch, name="changes.patch", mime="text/x-diff", step=0,
                meta={"deepboard": "diff"},
            )  # fmt: skip
        book.opened(run)
        return LogWriter.of(book, number, run, origin_us, **options)

    def _native(self, facts: dict[str, Any], *, debug: bool) -> Run:
        name = facts["experiment"]
        usable = name.isprintable() and name.strip() and len(name) <= 250
        repo = self._book.repo.with_defaults(run_id=None, resume=None)
        if debug:
            repo = repo.with_defaults(capture_git=False)
        return repo.start_run(
            name if usable else None,
            tags=[facts["tag"]] if facts["tag"] else (),
            capture_code=not debug,
            faces={FACE: facts},
        )

    def _number(self, key: str, tag: str) -> tuple[int, str | None]:
        """Return the next number, and the failed run that has it.

        Raises:
            DuplicateRunError: If the configuration has been run.
        """
        register = self._book.register
        for number, known in sorted(register.keys.items()):
            if known != key or number in register.hidden or number == DEBUG:
                continue
            view = self._book.view(number)
            if view is None:
                continue
            if "tag" in self.unique_columns and next(iter(view.tags), "") != tag:
                continue
            if self._book.status(number, view) == "failed":
                return number, view.id
            raise DuplicateRunError(
                f"this configuration has already been run: it is run {number}",
                run_id=view.id,
                hint="change something, hide that run, or start a debug run",
            )
        return register.next_number, None

    def load_run(self, run_id: int) -> LogWriter:
        """Return the reader of a run; its labels can be set.

        An unknown number is noticed when its status, tag or colour is asked.
        """
        return LogWriter.loaded(self._book, run_id)

    # ---- asking ------------------------------------------------------------------------

    @property
    def runs(self) -> list[int]:
        """The numbers of all runs."""
        return self._book.numbers()

    def get_experiment_raw(self, run_id: int) -> dict[str, Any]:
        """Return what a run started with and its labels, as text and numbers.

        Raises:
            TypeError: If there is no such run.
        """
        book = self._book
        view = book.require(run_id, TypeError)
        row = row_of(book, run_id, view)
        row["start"] = row["start"].isoformat()
        order = (
            "run_id", "experiment", "config", "config_hash", "cli", "command", "comment", "note",
            "tag", "color", "start", "status", "commit_hash", "diff", "hidden",
        )  # fmt: skip
        return {name: row[name] for name in order}

    fetch_experiment = get_experiment_raw

    def get_config(self, run_id: int) -> str | bytes | None:
        """Return the configuration of a run, or None.

        It is text, or bytes where it was given as bytes.

        Raises:
            RuntimeError: If there is no such run.
        """
        view = self._book.require(run_id)
        for item in view.media("file"):
            if item.meta.get("deepboard") == "config":
                binary = self._book.facts(view).get("config_binary")
                return item.data if binary else item.data.decode("utf-8")
        return None

    load_config = get_config

    def get_image_by_id(self, image_id: int) -> Any:
        """Return an image or a figure as a PIL image, or None where there is none."""
        item = item_at(self._book, image_id, IMAGES)
        return None if item is None else item.image

    @staticmethod
    def get_file_hash(configfile: Any, hash_algo: str = "sha256") -> str:
        """Return the hash of a file, by its path or open, in hexadecimal digits.

        Raises:
            ValueError: If there is no such hash.
            FileNotFoundError: If there is no such file.
        """
        if isinstance(configfile, str | PurePath):
            data = fsio.read(Path(configfile))
        else:
            data = start.Config.read(configfile).data or b""
        return digest_of(hash_algo, data)

    @property
    def active_tags(self) -> list[str]:
        """The tags that runs have."""
        return self._labels(lambda number: LogWriter.loaded(self._book, number).tag)

    @property
    def active_colors(self) -> list[str]:
        """The colours that runs have."""
        return self._labels(lambda number: LogWriter.loaded(self._book, number).color)

    def _labels(self, of: Any) -> list[str]:
        return list(dict.fromkeys(found for number in self.runs if (found := of(number))))

    # ---- the table ---------------------------------------------------------------------

    def get_results(self, run_id: int | None = None, show_hidden: bool = False) -> Results:
        """Return the table as it is shown.

        Args:
            run_id: Only this run.
            show_hidden: Also hidden runs.
        """
        return results_of(self._book, run_id, show_hidden=show_hidden)

    def to_pd(self, get_hidden: bool = False) -> Any:
        """Return the table as a pandas DataFrame.

        Args:
            get_hidden: Also hidden runs.

        Raises:
            NotInstalledError: If pandas is not installed.
        """
        from vcs_track.porcelain.frames import plain_frame

        found = self.get_results(show_hidden=get_hidden)
        index = found.col_ids.index("run_id") if "run_id" in found.col_ids else None
        return plain_frame(found.col_names, found.data, index)

    def hide_run(self, run_id: int) -> None:
        """Leave a run out of the table; its configuration may be run again."""
        self._hide(run_id, hide=True)

    def show_run(self, run_id: int) -> None:
        """Show a hidden run again."""
        self._hide(run_id, hide=False)

    def _hide(self, run_id: Any, *, hide: bool) -> None:
        if self._book.view(run_id) is not None:
            with self._book.register.held():
                self._book.register.write([{"n": int(run_id), "hidden": hide}])

    def get_hidden_runs(self) -> list[int]:
        """Return the numbers of the hidden runs."""
        shown = self._book.numbers(show_hidden=False)
        return [number for number in self._book.numbers() if number not in shown]

    @property
    def result_columns(self) -> dict[str, tuple[int | None, str, bool]]:
        """Place or None, heading and kind of each column, by its name."""
        self._book.adopt()
        columns = self._book.register.columns
        return {name: (c.order, c.alias, c.is_hparam) for name, c in columns.items()}

    def set_column_order(self, columns: dict[str, int | None]) -> None:
        """Set the place of columns, None to hide one; unknown ones are ignored."""
        self._change(
            lambda known: {n: known[n]._replace(order=o) for n, o in columns.items() if n in known}
        )

    def set_column_alias(self, columns: dict[str, str]) -> None:
        """Set the heading of columns; unknown ones are ignored."""
        self._change(
            lambda known: {
                n: known[n]._replace(alias=str(a)) for n, a in columns.items() if n in known
            }
        )

    def hide_column(self, column: str) -> None:
        """Hide a column; those behind it move up."""
        self._change(lambda known: hidden(known, column))

    def show_column(self, column: str, order: int = -1) -> None:
        """Show a column at a place; those there and behind it move on.

        Args:
            column: Its id.
            order: Its place; -1 is the last.

        Raises:
            KeyError: If there is no such column.
        """
        self._change(lambda known: moved(known, column, order))

    def _change(self, change: Any) -> None:
        register = self._book.register
        self._book.adopt()
        with register.held():
            register.write(register.of_columns(change(register.columns)))


def _whole(value: Any) -> Any:
    # Half a letter, as a file name may hold, has no place in a manifest.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
