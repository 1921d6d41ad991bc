"""A lazy set of runs: nothing is read before it is asked for."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, overload

from vcs_track.errors import (
    AmbiguousRunError,
    InvalidTypeError,
    InvalidValueError,
    RunNotFoundError,
    VcsTrackError,
)
from vcs_track.porcelain import filter as filters
from vcs_track.porcelain.lazy_runs import LazyRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from vcs_track.porcelain.grouped import Grouped
    from vcs_track.porcelain.run_view import RunView

    Among = Callable[[Mapping[str, Mapping[str, Any]]], Container[str]]

__all__ = ["Finder", "RunSet"]


class Finder(Protocol):
    """Finds runs without asking each of them."""

    def find(
        self, where: filters.Filter | None, order_by: str | Sequence[str] | filters.SortKey | None,
        limit: int | None, among: Among | None,
    ) -> Sequence[RunView] | None:  # fmt: skip
        """Return the runs that match, in order; None where it cannot tell."""

    def names(self) -> set[str] | None:
        """Return every name that a run has a value of; None where it cannot tell."""


class RunSet:
    """Runs that match a filter, in order.

    Args:
        source: Gives all runs, newest first.
        where: Filter, or None for all.
        order_by: Names to sort by, or None for newest first.
        limit: At most this many, or None.
        leave_out: Is told of a run that a filter cannot read, and why. Default: raise.
        among: Gives the ids of those runs that may be in the set, out of what git said of each.
            Default: all.
        finder: Finds them by way of an index. Default: each is asked.
        commits_in: Gives the ids of the commits in a git range that a filter names.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for acc in (0.5, 0.9):
        ...     with repo.start_run(hparams={"acc0": acc}) as run:
        ...         run.add_scalar("val/acc", acc, 0)
        >>> runs = repo.runs(order_by="-summary.val/acc")
        >>> len(runs), runs[0].summary["val/acc"], runs.first() == runs[0]
        (2, 0.9, True)
    """

    def __init__(
        self,
        source: Callable[[], list[RunView]],
        where: str | filters.Filter | None,
        order_by: str | Sequence[str] | filters.SortKey | None,
        limit: int | None,
        leave_out: Callable[[str, VcsTrackError], None] | None = None,
        among: Among | None = None,
        finder: Finder | None = None,
        commits_in: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise InvalidTypeError(f"limit must be an integer, not {type(limit).__name__}")
        if limit is not None and limit < 0:
            raise InvalidValueError(f"limit is {limit}", hint="use 0 or more, or None for all")
        self._source = source
        # Understood at once, so that a typo shows where it was made.
        self._where: filters.Filter | None
        if isinstance(where, filters.Filter):
            self._where = where
        else:
            self._where = filters.parse(where) if where else None
        if self._where is not None and not self._where.resolved and commits_in is not None:
            self._where = filters.with_commits(self._where, commits_in)
        self._order_by = order_by
        self._limit = limit
        self._leave_out = leave_out
        self._among = among
        self._finder = finder

    @cached_property
    def _runs(self) -> Sequence[RunView]:
        if self._finder is not None:
            found = self._finder.find(self._where, self._order_by, self._limit, self._among)
            if found is not None:
                return found
        return self._asked()

    def _asked(self) -> list[RunView]:
        """Ask every run."""
        runs = self._source()
        among = None
        if self._among is not None:
            among = self._among({run.id: run.git for run in runs})
        if self._where is not None or self._order_by is not None:
            runs = [run for run in runs if self._is_whole(run)]
            known = {name for run in runs for name in run.flat}
            if self._where is not None:
                chosen = filters.resolve(self._where, known)
                now = time.time()
                runs = [run for run in runs if chosen.matches(run, now=now)]
            if self._order_by is not None:
                runs = sorted(runs, key=filters.order_by(self._order_by, known).key)
        if among is not None:
            runs = [run for run in runs if run.id in among]
        return runs if self._limit is None else runs[: self._limit]

    def _is_whole(self, run: RunView) -> bool:
        try:
            return bool(run.flat)
        except VcsTrackError as error:
            if self._leave_out is None:
                raise
            self._leave_out(run.id, error)
            return False

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[RunView]:
        return iter(self._runs)

    @overload
    def __getitem__(self, index: int) -> RunView: ...
    @overload
    def __getitem__(self, index: slice) -> list[RunView]: ...
    def __getitem__(self, index: int | slice) -> RunView | list[RunView]:
        return list(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __repr__(self) -> str:
        return f"<RunSet {len(self)} runs>"

    def first(self) -> RunView | None:
        """Return the first run, or None when there is none."""
        return self._runs[0] if self._runs else None

    def one(self) -> RunView:
        """Return the only run.

        Raises:
            AmbiguousRunError: If there are several; *candidates* are their ids.
            RunNotFoundError: If there is none.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base", tags=["best"]).finish()
            >>> repo.runs("tags contains best").one().name
            'base'
        """
        if len(self) == 1:
            return self[0]
        from vcs_track.porcelain.caveats import listed

        asked = "" if self._where is None else f" for '{self._where.text}'"
        if not self:
            raise RunNotFoundError(f"there is no run{asked}, expected one")
        shown = listed([f"{run.id} ({run.name})" for run in self])
        raise AmbiguousRunError(
            f"there are {len(self)} runs{asked}, expected one",
            candidates=tuple(run.id for run in self),
            hint=f"use the id of one of them: {shown}",
        )

    def ids(self) -> list[str]:
        """Return the ids of the runs, in order, without reading the runs.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base").finish()
            >>> repo.runs("name = base").ids() == [repo.run("base").id]
            True
        """
        found = self._runs
        return found.ids if isinstance(found, LazyRuns) else [run.id for run in found]

    def whole(self, places: Iterable[int] | None = None) -> list[RunView]:
        """Return the runs whose every fact can be read, leaving damaged ones out.

        Args:
            places: Those at these places only. Default: all.
        """
        found = self._runs
        places = range(len(found)) if places is None else places
        runs = found.at(places) if isinstance(found, LazyRuns) else map(found.__getitem__, places)
        return [run for run in runs if self._is_whole(run)]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one plain dictionary a run."""
        return [run.to_dict() for run in self._runs]

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat dictionary a run, by the full names that filters use."""
        return [dict(run.flat) for run in self._runs]

    def select(self, *names: str) -> list[dict[str, Any]]:
        """Return these values of each run, by full names.

        Args:
            names: Names as in filters.

        Returns:
            One dictionary a run, with None for what it has not.

        Raises:
            ExpressionError: If a name is unknown or ambiguous.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base", hparams={"lr": 0.1}).finish()
            >>> repo.runs().select("name, lr")
            [{'name': 'base', 'hparams.lr': 0.1}]
        """
        from vcs_track.porcelain.named import resolve_names

        paths = resolve_names(names, self.known)
        return [{path: run.flat.get(path) for path in paths} for run in self._runs]

    def group_by(self, *names: str) -> Grouped:
        """Return the runs in groups, the group of the first run first.

        Args:
            names: What the runs of a group share, named as in filters.

        Raises:
            ExpressionError: If a name is unknown or ambiguous.
            InvalidValueError: If no name is given.
        """
        from vcs_track.porcelain.grouped import Grouped

        return Grouped([run.flat for run in self._runs], names, self.known)

    @cached_property
    def known(self) -> set[str]:
        """The names that runs of the repository have values of.

        Those of all runs, not only of the set: they decide what a spelling means.
        """
        if self._finder is not None and (names := self._finder.names()) is not None:
            return names
        cut = (self._where, self._limit, self._among)
        runs = self._runs if cut == (None, None, None) else self._source()
        runs = [run for run in runs if self._is_whole(run)]
        return {name for run in runs for name in run.flat}

    def _repr_html_(self) -> str:
        from vcs_track.porcelain.notebook_view import runs_table

        return runs_table(self.whole())

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame with one row a run and full names as columns.

        Raises:
            NotInstalledError: If pandas is not installed.
        """
        from vcs_track.porcelain import frames

        return frames.to_pandas(self.rows())

    def to_polars(self) -> Any:
        """Return a polars DataFrame with one row a run and full names as columns.

        Raises:
            NotInstalledError: If polars is not installed.
        """
        from vcs_track.porcelain import frames

        return frames.to_polars(self.rows())

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with one row a run and full names as columns.

        Raises:
            NotInstalledError: If pyarrow is not installed.
        """
        from vcs_track.porcelain import frames

        return frames.to_arrow(self.rows())
