"""The labels of a run, which change also after its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.compat.deepboard import cells
from vcs_track.compat.deepboard.book import DISABLED, STATUSES
from vcs_track.compat.deepboard.reader import Reader
from vcs_track.compat.deepboard.refusals import no_such_run, refused, wrong
from vcs_track.compat.deepboard.verdicts import give

if TYPE_CHECKING:
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Labelled"]


class Labelled(Reader):
    """The labels of :class:`LogWriter`."""

    disable: bool
    _native: Run | None

    def _look_at_figures(self) -> None:
        raise AssertionError  # the writer has it

    def _labelled(self) -> RunView | None:
        """Return the run whose label is set, or None where nothing is written."""
        if self.disable:
            return None
        self._look_at_figures()
        return self._view()

    def _asked(self) -> RunView:
        """Return the run whose label is asked.

        Raises:
            RuntimeError: If there is none.
        """
        view = None if self.disable else self._view()
        if view is None:
            raise no_such_run(RuntimeError, DISABLED if self.disable else self.run_id)
        return view

    @property
    def status(self) -> str:
        """``running``, ``finished`` or ``failed``."""
        return self._book.status(self.run_id, self._asked())

    @property
    def tag(self) -> str:
        """The tag, or an empty text."""
        return next(iter(self._asked().tags), "")

    @property
    def color(self) -> str | None:
        """The colour as it was set, or None."""
        return self._book.color(self.run_id, self._asked())

    def set_status(self, status: str) -> None:
        """Say how the run ended, without an end to it.

        Args:
            status: ``running``, ``finished`` or ``failed``.

        Raises:
            ValueError: If it is another word.
        """
        if self.disable:
            return
        if status not in STATUSES:
            raise refused(
                ValueError, f"unknown status '{status!s:.40}'", f"use one of {', '.join(STATUSES)}"
            )
        view = self._labelled()
        if view is None:
            return
        if view.status == "running":
            if self._native is not None:
                give(self._native, None if status == "running" else status)
            kept = None if status == "running" else status
            self._book.keep_label(self.run_id, "status", kept)
        elif status == "running":
            self._book.keep_label(self.run_id, "status", status, view.manifest.time_us)
        else:
            self._book.keep_label(self.run_id, "status", None)
            self._book.edit(view, status=status)

    def set_note(self, note: str | None) -> None:
        """Replace the note, also after the end of the run."""
        if not self.disable:
            text = cells.text_of("a note", note)
            view = self._labelled()
            if view is not None:
                self._book.edit(view, notes=text)

    def set_tag(self, tag: str | None) -> None:
        """Replace the tag, also after the end of the run."""
        if not self.disable:
            text = cells.text_of("a tag", tag)
            view = self._labelled()
            if view is not None:
                self._book.edit(view, tags=(text,) if text else ())

    def set_color(self, color: str | None = None) -> None:
        """Set the colour, or none; also after the end of the run.

        Raises:
            TypeError: If it is no text.
            ValueError: If it is longer than ``#ff8800``.
        """
        if self.disable:
            return
        if color is not None and not isinstance(color, str):
            raise wrong(TypeError, f"a color must be text, not {type(color).__name__}")
        if color is not None and len(color) > 7:
            raise refused(ValueError, f"color '{color:.40}' is not one", "write it as 'ff8800'")
        view = self._labelled()
        if view is not None:
            self._book.set_color(self.run_id, view, color)
