"""From the events of a run to the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat import quoting
from vcs_track.compat.tensorboard import names
from vcs_track.compat.tensorboard.buckets import bins_of, meta_of
from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.formats.event_file import (
    Event,
    Histogram,
    Images,
    Other,
    Scalar,
    SessionEnd,
    SessionStart,
    Texts,
)
from vcs_track.formats.media import sniff
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.formats.event_file import Value
    from vcs_track.porcelain.run import Run

__all__ = ["Taking"]

_MOST: Final = 10_000  # hyperparameters of a run
_EXPERIMENT: Final = "_hparams_/experiment"  # a list of what others say of themselves


class Taking:
    """Takes the events of one run in.

    Args:
        run: The open run.
        begin: Seconds since 1970 UTC, for events that have no time.

    Attributes:
        status: How the run ended, where that is told.
        last: The latest time of all events.
        left: What was left out, and how often.
    """

    def __init__(self, run: Run, begin: float) -> None:
        self._run = run
        self._names: dict[str, str | None] = {}
        self._hparams: set[str] = set()
        self.status = "finished"
        self.last = begin
        self.left: Counter[str] = Counter()
        self._takers: dict[type, Callable[[Any, int, float], None]] = {
            Scalar: self._scalar, Histogram: self._histogram, Images: self._images,
            Texts: self._texts, SessionStart: self._start, SessionEnd: self._end,
            Other: self._other,
        }  # fmt: skip

    def take(self, event: Event) -> None:
        """Take one event in."""
        if not event.values:
            return
        wall = event.wall_time
        try:
            values.check_walltime(wall)
        except InvalidValueError:
            self.left["times that are none"] += 1
            wall = self.last
        self.last = max(self.last, wall)
        for value in event.values:
            self._takers[type(value)](value, event.step, wall)

    def _name(self, value: Value) -> str | None:
        tag: str = value.tag  # type: ignore[union-attr]  # sessions have none, nor come here
        if tag not in self._names:
            self._names[tag] = names.stored(tag)
        name = self._names[tag]
        if name is None:
            self.left["values with a tag of more than 250 characters"] += 1
        return name

    def _scalar(self, value: Scalar, step: int, wall: float) -> None:
        name = self._name(value)
        if name is not None:
            self._run.add_scalar(name, value.value, step, None, wall)

    def _histogram(self, value: Histogram, step: int, wall: float) -> None:
        bins = bins_of(value)
        name = self._name(value)
        if bins is None:
            self.left["histograms without a finite range"] += 1
        elif name is not None:
            body = canonical.dumps({"counts": bins[0], "edges": bins[1]})
            self._run.add_item(
                "histogram", body, mime="application/json", step=step, tag=name,
                meta=meta_of(value), walltime=wall,
            )  # fmt: skip

    def _images(self, value: Images, step: int, wall: float) -> None:
        name = self._name(value)
        for data in value.images if name is not None else ():
            known = sniff(data)
            mime, width, height = known or ("application/octet-stream", None, None)
            meta = {"width": width, "height": height} if width else {}
            self._run.add_item(
                "image", data, mime=mime, step=step, tag=name, meta=meta, walltime=wall
            )

    def _texts(self, value: Texts, step: int, wall: float) -> None:
        name = self._name(value)
        table = len(value.texts) > 1
        for place, text in enumerate(value.texts if name is not None else ()):
            meta = {"tensorboard": {"shape": list(value.shape), "place": place}} if table else {}
            data = text.encode("utf-8", "replace")
            self._run.add_item(
                "text", data, mime="text/plain", step=step, tag=name, meta=meta, walltime=wall
            )

    def _start(self, value: SessionStart, step: int, wall: float) -> None:
        del step, wall
        found: dict[str, Any] = {}
        for name, given in value.hparams.items():
            try:
                key = quoting.key_of(name)
            except InvalidValueError:
                key = ""
            if key and (key in self._hparams or len(self._hparams) < _MOST):
                self._hparams.add(key)
                found[key] = given
            else:
                self.left["hyperparameters"] += 1
        if found:
            self._run.add_hparams(found)

    def _end(self, value: SessionEnd, step: int, wall: float) -> None:
        del step, wall
        if value.status in ("finished", "failed"):
            self.status = value.status

    def _other(self, value: Other, step: int, wall: float) -> None:
        del step, wall
        if value.tag != _EXPERIMENT:
            self.left[f"values of the kind '{value.kind or 'unknown'}'"] += 1
