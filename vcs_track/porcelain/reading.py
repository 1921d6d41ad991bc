"""Series of many runs, as a repository gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.history import History, Join, WideHistory
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Steps

    Runs = str | RunView | Run | Iterable[str | RunView | Run]

__all__ = ["ReadsSeries"]


class ReadsSeries(Lookup):
    """The part of a repository that reads the points of many runs."""

    @overload
    def history(
        self, runs: Runs, tags: str | Iterable[str] | None = ..., *,
        form: Literal["long"] = ..., steps: Steps | None = ..., repetition: int | None = ...,
        rank: int | None = ..., samples: int | None = ..., join: None = ...,
    ) -> History: ...  # fmt: skip
    @overload
    def history(
        self, runs: Runs, tags: str | Iterable[str] | None = ..., *,
        form: Literal["wide"], steps: Steps | None = ..., repetition: int | None = ...,
        rank: int | None = ..., samples: int | None = ..., join: Join | None = ...,
    ) -> WideHistory: ...  # fmt: skip
    @storage_errors("read series")
    def history(
        self,
        runs: Runs,
        tags: str | Iterable[str] | None = None,
        *,
        form: Any = "long",
        steps: Steps | None = None,
        repetition: int | None = None,
        rank: int | None = None,
        samples: int | None = None,
        join: Join | None = None,
    ) -> History | WideHistory:
        """Return the points of many runs as one table.

        Which series there are is known at once; points are read when they are asked for, a
        series at a time.

        Args:
            runs: Runs, or what names them, or what `runs` returned.
            tags: Tags, or patterns as ``val/*``. Default: all.
            form: ``long`` has a row a point; ``wide`` a row a step (of a repetition) and a
                column a series.
            steps: Only these steps, as :meth:`Series.select` takes them.
            repetition: Only of this repetition.
            rank: Only of this rank; -1 for points that no rank logged.
            samples: At most so many points of each series, as :meth:`Series.sample` chooses
                them.
            join: For ``wide``. ``outer`` (the default): each step that a series has gets a
                row, None stands where another has none. ``inner``: only steps that all have.
                ``previous``: as ``outer``, with the value of the last step before. ``nearest``:
                with the value of the nearest step, the earlier of two.

        Raises:
            InvalidTypeError: If an argument has another type than these.
            InvalidValueError: If an argument has a value that is not among these.
            RunNotFoundError: If a run is not there.
            SeriesNotFoundError: If no run has a series of one of the *tags*; the hint names
                near ones.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run("a") as run:
            ...     for step in range(4):
            ...         run.add_scalar("train/loss", 1 / (step + 1), step)
            ...     run.add_scalar("val/loss", 0.5, 1)
            >>> wide = repo.history("a", form="wide", join="previous", steps=(1, 2))
            >>> wide.to_dicts()[1]
            {'step': 2, 'repetition': 0, 'train/loss': 0.333..., 'val/loss': 0.5}
        """
        from vcs_track.porcelain.history import History, WideHistory, series_of

        if form not in ("long", "wide"):
            raise InvalidValueError(
                f"there is no form '{form}'", hint="there are 'long' and 'wide'"
            )
        if form == "long" and join is not None:
            raise InvalidValueError("join is for form='wide'", hint="a long table joins nothing")
        views = self._views(runs)
        parts = []
        for view, series in series_of(views, tags):
            chosen = series.select(steps, repetition=repetition, rank=rank)
            parts.append((view, chosen if samples is None else chosen.sample(samples)))
        if form == "long":
            return History(parts)
        return WideHistory(parts, join or "outer", single=len(views) == 1)
