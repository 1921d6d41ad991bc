"""The writer of one run, as DeepBoard's scripts use it."""

from __future__ import annotations

import math
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.deepboard import cells, names
from vcs_track.compat.deepboard.book import FACE, Book
from vcs_track.compat.deepboard.figures import Figures
from vcs_track.compat.deepboard.images import encoded
from vcs_track.compat.deepboard.labelled import Labelled
from vcs_track.compat.deepboard.refusals import (
    no_such_run,
    refused,
    refused_by_sqlite,
    wrong,
)
from vcs_track.compat.deepboard.verdicts import give
from vcs_track.errors import InvalidValueError, RunSealedError
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Container

    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["LogWriter", "check_each"]

_PYPLOT: Final = "matplotlib.pyplot"
_LARGEST: Final = 2**63
_HTML: Final = {"text": "text/plain", "fragment": "text/html"}


class LogWriter(Labelled):
    """Writes a run of a table, or reads one.

    Made by :meth:`ResultTable.new_run` and :meth:`ResultTable.load_run`. A call that returned
    survives the death of the process; there is no buffer to flush.

    Args:
        db_path: The table.
        run_id: Number of the run.
        start: When it started.
        flush_each: Checked and without effect: each call is written at once.
        keep_each: Only each so many-th point of a tag is kept.
        disable: Whether every call does nothing.
        auto_log_plt: Whether open pyplot figures are logged with every call.

    Attributes:
        start: When the writer was made.
        run_rep: Number of the current repetition, from 0.
        enabled: Whether it takes points.
        disable: Whether every call does nothing.
        global_step: Next automatic step, by tag.

    Example:
        >>> import os, tempfile
        >>> from vcs_track.compat.deepboard import NoCommitAction, ResultTable
        >>> os.chdir(tempfile.mkdtemp())
        >>> table = ResultTable("results.db", nocommit_action=NoCommitAction.NOP)
        >>> writer = table.new_run("demo", cli={"lr": 0.1})
        >>> writer.add_scalar("Train/loss", 0.5)
        >>> writer.write_result(accuracy=0.9)
        >>> writer.status, [point.value for point in table.load_run(1)["Train/loss"]]
        ('finished', [0.5])
    """

    def __init__(
        self, db_path: Any, run_id: int, start: datetime, flush_each: int = 10,
        keep_each: int = 1, disable: bool = False, auto_log_plt: bool = True,
    ) -> None:  # fmt: skip
        check_each(flush_each, keep_each)
        self._book = db_path if isinstance(db_path, Book) else Book.at(db_path)
        self.run_id = run_id
        self.start = start
        self.flush_each = flush_each
        self.keep_each = keep_each
        self.disable = disable
        self.auto_log_plt = auto_log_plt
        self.run_rep = 0
        self.global_step: dict[str, int] = {}
        self._figures = Figures()
        self._turns: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._top = -1
        self._native: Run | None = None
        if not disable:
            found = self._book.register.runs.get(run_id)
            self._native = None if found is None else self._book.open_run(found)
        self.enabled = disable or self._native is not None
        self._origins_us = [time.time_ns() // 1000]
        self._prepare()

    @classmethod
    def loaded(cls, book: Book, number: Any) -> LogWriter:
        """Return the reader of a run, which may be unknown."""
        writer = cls(book, number, datetime.now())  # noqa: DTZ005 -- local time, as DeepBoard gives it
        writer.enabled = False
        writer._prepare()
        return writer

    @classmethod
    def of(
        cls, book: Book, number: int, native: Run | None, origin_us: int, **options: Any
    ) -> LogWriter:
        """Return the writer of a run that this process has just started."""
        writer = cls(book, number, datetime.now(), **options)  # noqa: DTZ005 -- as above
        writer._native = native
        writer.enabled = True
        writer._origins_us = [origin_us]
        writer._prepare()
        return writer

    def _prepare(self) -> None:
        """Choose whether points may take the short way, which has no room for anything else."""
        native = self._native
        plain = self.enabled and native is not None and self.keep_each == 1
        self._point: Any = None if native is None else native.add_scalar
        self._known: dict[str, str] = self._names if plain else {}
        self._watched: Container[str] = sys.modules if self.auto_log_plt else ()

    def _view(self) -> RunView | None:
        if self.disable:
            return None
        return self._native.view() if self._native is not None else super()._view()

    # ---- points ------------------------------------------------------------------------

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        step: int | None = None,
        epoch: int | None = None,
        walltime: float | None = None,
        flush: bool = False,
    ) -> None:
        """Log one point.

        Args:
            tag: ``split/label`` or ``label``.
            scalar_value: What ``float`` takes.
            step: Step. Default: how many points of the tag got one by default.
            epoch: Epoch.
            walltime: Seconds since the start. Default: now.
            flush: Wait until everything survives a power cut.

        Raises:
            RuntimeError: If the run has ended, or was loaded.
            TypeError: If the value is no number, or the step no whole number.
            ValueError: If it is a text that is no number.
        """
        # The short way: a float under a tag that is known, of a run that takes points. What it
        # costs is paid by each point of a training.
        if type(scalar_value) is float and epoch is walltime is None and not flush:
            try:
                name = self._known[tag]
            except (KeyError, TypeError):
                pass
            else:
                if _PYPLOT not in self._watched:
                    if step is None:
                        step = self.global_step.get(tag, 0)
                        self._point(name, scalar_value, step)
                        self.global_step[tag] = step + 1
                    else:
                        try:
                            self._point(name, scalar_value, step)
                        except InvalidValueError:
                            _step(step)  # says it in DeepBoard's type
                            raise
                    if step > self._top:
                        self._top = step
                    return
        self._add_scalar(tag, scalar_value, step, epoch, walltime, flush=flush)

    def _add_scalar(
        self, tag: Any, value: Any, step: Any, epoch: Any, walltime: Any, *, flush: bool
    ) -> None:
        if self.disable:
            return
        self._look_at_figures()
        native = self._writable()
        if not isinstance(tag, str):
            raise wrong(AttributeError, f"tag must be text, not {type(tag).__name__}")
        turn = self._turns[tag] = self._turns.get(tag, 0) + 1
        if turn % self.keep_each:
            return
        name = self._names.get(tag)
        if name is None:
            name = names.stored(tag)
        number = float(value)
        automatic = step is None
        at = self.global_step.get(tag, 0) if automatic else _step(step)
        native.add_scalar(name, number, at, epoch, self._wall(walltime))
        self._names[tag] = name
        if automatic:
            self.global_step[tag] = at + 1
        self._top = max(self._top, at)
        if flush:
            native.flush()

    def _wall(self, walltime: Any) -> float | None:
        if walltime is None:
            return None
        seconds = float(walltime)
        if not math.isfinite(seconds):
            raise refused(ValueError, f"walltime is {seconds}")
        return self._origins_us[-1] / 1e6 + seconds

    def _writable(self) -> Run:
        """Return the run.

        Raises:
            RunSealedError: If nothing can be added to it.
        """
        if self._native is None or not self.enabled or self._native.status != "running":
            raise RunSealedError(
                f"run '{self.run_id}' is read-only: it has ended or was loaded",
                run_id=str(self.run_id),
                hint="start another one with new_run, or add to this one before write_result",
            )
        return self._native

    def new_repetition(self) -> None:
        """Begin the next repetition: steps and the clock start anew."""
        if not self.disable:
            native = self._writable()
            native.new_repetition()
            self._origins_us.append(time.time_ns() // 1000)
            native.set_face(FACE, origins=self._origins_us)
        self.run_rep += 1
        self.global_step.clear()
        self._turns.clear()
        self._top = -1

    # ---- values ------------------------------------------------------------------------

    def add_hparams(self, param_dict: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Log hyperparameters; a name in both is taken from *param_dict*.

        Raises:
            sqlite3.ProgrammingError: If a value is neither a number nor a text; nothing of this
                call is kept then.
            RuntimeError: If the run has ended, or was loaded.
        """
        if self.disable:
            return
        self._look_at_figures()
        native = self._writable()
        found = cells.taken({**kwargs, **(param_dict or {})})
        self._book.add_columns(dict.fromkeys(map(names.shown, found), True))
        native.add_hparams(found)

    def write_result(self, **kwargs: Any) -> None:
        """Log the results and end the run; later: add or correct results.

        Raises:
            sqlite3.ProgrammingError: If a value is neither a number nor a text; nothing has
                changed then.
        """
        if self.disable:
            return
        self._look_at_figures()
        found = cells.taken(kwargs)
        self._book.add_columns(dict.fromkeys(map(names.shown, found), False))
        view = self._view()
        if view is None:
            raise no_such_run(RuntimeError, self.run_id)
        if self._native is not None and self._native.status == "running":
            give(self._native, None)
            self._native.write_result(**found)
            self._book.keep_label(self.run_id, "status", None)
        else:
            self._book.edit_results(view, found)
        self.enabled = False
        self._prepare()

    # ---- media -------------------------------------------------------------------------

    def add_image(
        self,
        image: Any,
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        flush: bool = False,
    ) -> None:
        """Log an image.

        A PIL image becomes a PNG; the bytes of a file are kept as they are.

        Args:
            image: The image.
            step: Step. Default: the largest step of all points of this repetition, else 0.
            tag: Tag.
            epoch: Epoch.
            flush: Wait until everything survives a power cut.

        Raises:
            OSError: If it is no image, or one that gives no PNG.
            RuntimeError: If the run has ended, or was loaded.
        """
        if self.disable:
            return
        self._look_at_figures()
        self._writable()
        found = encoded(image)
        meta = {"width": found.width, "height": found.height} if found.width else {}
        where = (step, tag, epoch)
        self._add_item("image", found.data, found.mime, where, meta=meta, flush=flush)

    def add_text(
        self,
        text: Any,
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        flush: bool = False,
    ) -> None:
        """Log a text; arguments as in :meth:`add_image`."""
        self._add_text("text", text, (step, tag, epoch), flush=flush)

    def add_fragment(
        self,
        content: Any,
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        flush: bool = False,
    ) -> None:
        """Log an HTML fragment; arguments as in :meth:`add_image`."""
        self._add_text("fragment", content, (step, tag, epoch), flush=flush)

    def _add_text(
        self, kind: str, content: Any, where: tuple[Any, Any, Any], *, flush: bool
    ) -> None:
        if self.disable:
            return
        self._look_at_figures()
        native = self._writable()
        if content is None:
            raise refused_by_sqlite("IntegrityError", f"a {kind} must not be None")
        if isinstance(content, bytes):
            self._add_item(kind, content, "application/octet-stream", where, flush=flush)
            return
        text = str(cells.text_of(f"a {kind}", content))
        text.encode()  # half a letter has no place in a database, and says so by itself
        step, tag, epoch = self._where(*where)
        log = native.add_text if kind == "text" else native.add_fragment
        log(text, step, tag, epoch, flush)

    def _add_item(
        self, kind: str, data: bytes, mime: str, where: tuple[Any, Any, Any], *,
        meta: dict[str, Any] | None = None, flush: bool = False,
    ) -> None:  # fmt: skip
        step, tag, epoch = self._where(*where)
        self._writable().add_item(
            kind, data, mime=mime, step=step, tag=tag, epoch=epoch, meta=meta, flush=flush
        )

    def _where(self, step: Any, tag: Any, epoch: Any) -> tuple[int, str | None, Any]:
        at = _step(max(self._top, 0) if step is None else step)
        name = None if tag is None else names.stored(str(cells.text_of("a tag", tag)))
        return at, name, epoch

    def detect_and_log_figures(
        self,
        step: int | None = None,
        tag: str | None = None,
        epoch: int | None = None,
        flush: bool = False,
        close_figs: bool = False,
    ) -> None:
        """Log each open pyplot figure that this writer has not seen yet.

        Args:
            step: As in :meth:`add_image`.
            tag: As in :meth:`add_image`.
            epoch: As in :meth:`add_image`.
            flush: As in :meth:`add_image`.
            close_figs: Close the figures that were logged.
        """
        if self.disable:
            return
        self._writable()
        for figure in self._figures.fresh():
            found = encoded(figure)
            meta = {"width": found.width, "height": found.height}
            self._add_item("figure", found.data, found.mime, (step, tag, epoch), meta=meta)
            self._figures.done(figure, close=close_figs)
        if flush and self._native is not None:
            self._native.flush()

    def _look_at_figures(self) -> None:
        if self.auto_log_plt and self.enabled and self._native and _PYPLOT in sys.modules:
            self.detect_and_log_figures()


def check_each(flush_each: Any, keep_each: Any) -> None:
    """Refuse counts that are not above 0.

    Raises:
        ValueError: If one is not.
    """
    for what, count in (("flush_each", flush_each), ("keep_each", keep_each)):
        if count <= 0:
            raise refused(ValueError, f"{what} must be above 0, not {count}")


def _step(step: Any) -> int:
    if isinstance(step, int) and not -_LARGEST <= step < _LARGEST:
        raise _too_large(step)
    return values.check_step(step)


def _too_large(step: int) -> Exception:
    return refused(OverflowError, f"step {step:.3g} needs more than 64 bits", "use a smaller one")
