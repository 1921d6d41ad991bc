"""What a run is told of itself: hyperparameters, results, labels, status."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from vcs_track.errors import InvalidValueError, StorageError
from vcs_track.formats import typed_json
from vcs_track.porcelain import edits, values

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.defaults import Defaults
    from vcs_track.porcelain.writer import Writer

__all__ = ["Labels"]


class Labels:
    """All of :class:`~vcs_track.porcelain.run.Run` but points and media.

    Labels may still change after the end; each change is then a small manifest of its own.
    """

    id: str
    _lock: threading.RLock
    _store: Store
    _defaults: Defaults
    _ended: bool
    _status: str
    _labels: dict[str, Any]

    def _live(self) -> Writer:
        raise AssertionError  # Run has it

    def finish(self, status: str = "finished") -> None:
        """End the run and seal it."""
        raise AssertionError(status)  # Run has it

    def add_hparams(self, param_dict: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Record hyperparameters; later values of a name replace earlier ones.

        Args:
            param_dict: Names and values, nested as you like. Numbers, text, None, lists,
                tuples, sets, dates, paths and numpy values keep their type; anything else is
                kept as its ``repr``.
            **kwargs: More of them; a name in both is taken from *param_dict*.

        Raises:
            InvalidTypeError: If *param_dict* is not a mapping.
            RunSealedError: If the run has ended.
        """
        merged = {**kwargs, **values.check_mapping(param_dict, "add_hparams")}
        if merged or self._ended:
            self._frame({"k": "hparams", "v": typed_json.freeze(merged)})

    def set_summary(self, /, **metrics: Any) -> None:
        """Set summary values by hand; they stand over the series' last values."""
        self._frame({"k": "summary", "v": typed_json.freeze(metrics)})

    def unset_summary(self, *names: str) -> None:
        """Take back summary values that were set by hand.

        The last values are shown again.

        Args:
            *names: Their names; those that are not there are passed over.
        """
        self._frame({"k": "summary", "v": {}, "drop": [values.check_name(n) for n in names]})

    def write_result(self, **metrics: Any) -> None:
        """Record the run's results and finish it.

        After the end of the run: add or correct results.

        Args:
            **metrics: Result by name.

        See Also:
            DeepBoard ``LogWriter.write_result``, which also ends the run.
        """
        if self._ended:
            edits.edit(self._store, self.id, results=metrics)
            return
        self.set_results(**metrics)
        self.finish()

    def set_results(self, **metrics: Any) -> None:
        """Record results of a run that goes on.

        Args:
            **metrics: Result by name.
        """
        self._frame({"k": "result", "v": typed_json.freeze(metrics)})

    def set_note(self, note: str | None) -> None:
        """Replace the note, also after the end of the run."""
        self._set(notes=values.check_note(note))

    def set_tag(self, tag: str | None) -> None:
        """Replace the tags by this one, or by none; also after the end of the run."""
        self._set(tags=list(values.check_tags((tag,) if tag is not None and tag != "" else ())))

    def set_tags(self, tags: Iterable[str]) -> None:
        """Replace the tags, also after the end of the run."""
        self._set(tags=list(values.check_tags(tags)))

    def set_color(self, color: str | None) -> None:
        """Set the colour for tables and plots, as ``ff0000``; also after the end."""
        self._set(color=None if color is None else values.check_color(color))

    def set_name(self, name: str) -> None:
        """Replace the display name, also after the end of the run."""
        self._set(name=values.check_name(name))

    def set_status(self, status: str) -> None:
        """Say how the run ended; a running one ends with it.

        Args:
            status: ``finished``, ``failed``, ``killed`` or ``crashed``.

        Raises:
            InvalidValueError: If it is another word, or ``running`` after the end.
        """
        values.check_status(status)
        if status == "running":
            if self._ended:
                raise InvalidValueError(
                    f"run '{self.id}' has ended and cannot run again by its status",
                    hint="go on with start_run(id=..., resume='must')",
                )
        elif self._ended:
            edits.edit(self._store, self.id, status=status)
            self._status = status
        else:
            self.finish(status)

    def set_face(self, face: str, **facts: Any) -> None:
        """Keep facts of the compatible API *face* with the run.

        Args:
            face: Its name.
            **facts: Plain data by name; a later value replaces the earlier one.
        """
        self._frame({"k": "face", "face": face, "v": facts})

    def set_ended(self, walltime: float) -> None:
        """Say when the run ended, where it took place earlier than it is recorded.

        Args:
            walltime: Seconds since 1970 UTC.
        """
        self._frame({"k": "ended", "v": values.check_walltime(walltime)})

    def _set(self, **labels: Any) -> None:
        if self._ended:
            edits.edit(self._store, self.id, **labels)
        else:
            for field, value in labels.items():
                self._frame({"k": "set", "field": field, "v": value})
        self._labels.update(labels)

    def _frame(self, content: dict[str, Any]) -> None:
        try:
            with self._lock:
                self._live().journal.frame(content)
        except StorageError as error:
            # Training goes on; strict runs hear of it from the journal itself.
            if self._defaults.strict:
                raise
            warnings.warn(f"vcs-track: {error}", RuntimeWarning, stacklevel=3)
