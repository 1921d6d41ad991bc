"""The runs of a project that are wanted, in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.public.fields import CREATED
from vcs_track.compat.wandb.public.pushed import Push
from vcs_track.compat.wandb.public.query import check, matches
from vcs_track.compat.wandb.public.stored import Run
from vcs_track.porcelain import frames
from vcs_track.porcelain.filter import Filter, Name, SortKey
from vcs_track.porcelain.filter.nodes import And, Compare, Constant, Literal
from vcs_track.porcelain.filter.order import SortTerm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vcs_track.porcelain.filter.nodes import Condition
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_set import RunSet
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Runs"]


class Runs(Sequence[Run]):
    """Runs; they are looked for when they are first asked for.

    What the index can tell is asked of it. Where that is the whole question no run is read
    before it is looked at.

    Args:
        repo: The repository.
        entity: Entity, or None for any.
        project: Project, or None for any.
        filters: A Mongo query.
        order: A field with ``+`` or ``-`` before it; several with commas.
    """

    def __init__(
        self, repo: Repository, entity: str | None, project: str | None,
        filters: Mapping[str, Any] | None, order: str | None,
    ) -> None:  # fmt: skip
        if order is not None and not isinstance(order, str):
            raise BadTypeError(f"order is a text, not {order!r:.40}")
        check(filters or {})  # a wrong filter is told at once
        self._repo = repo
        self._entity = entity
        self._project = project
        self._filters = dict(filters or {})
        self._order = order or "+created_at"
        self._found: RunSet | list[Run] | None = None
        self._made: dict[str, Run] = {}

    # ---- finding -----------------------------------------------------------------------

    def _runs(self) -> RunSet | list[Run]:
        if self._found is None:
            self._found = self._asked()
        return self._found

    def _asked(self) -> RunSet | list[Run]:
        push = Push(self._repo.runs().known)
        pushed, order = push.query(self._filters), push.order(self._order)
        condition: Condition = pushed.condition
        if self._project is not None:
            condition = And((condition, Compare("=", Name(("project",)), Literal(self._project))))
        where = None if condition == Constant(True) else Filter("", condition, resolved=True)
        found = self._repo.runs(where, order)
        if pushed.exact and order is not None and not self._entity:
            return found
        runs = [Run(self._repo, view, Runs) for view in found]
        runs = [run for run in runs if self._is_wanted(run, asked=pushed.exact)]
        if order is None:
            _sort(runs, self._order)
        return runs

    def _is_wanted(self, run: Run, *, asked: bool) -> bool:
        if self._entity and run.entity not in ("", self._entity):
            return False
        return asked or matches(self._filters, run.field)

    # ---- a sequence --------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        found = self._runs()
        if isinstance(found, list):
            return found[index]
        if isinstance(index, slice):
            return [self._run(view) for view in found[index]]
        return self._run(found[index])

    def __iter__(self) -> Iterator[Run]:
        found = self._runs()
        if isinstance(found, list):
            yield from found
        else:
            # One that cannot be read is left out, as everywhere.
            yield from map(self._run, found)

    def _run(self, view: RunView) -> Run:
        # The same object each time: what is set on it waits there to be stored.
        if view.id not in self._made:
            self._made[view.id] = Run(self._repo, view, Runs)
        return self._made[view.id]

    def __len__(self) -> int:
        return len(self._runs())

    def __repr__(self) -> str:
        return f"<Runs {self._entity or ''}/{self._project or ''}>"

    def histories(
        self, samples: int | None = 500, keys: Sequence[str] | None = None, x_axis: str = "_step",
        format: str = "default", stream: str = "default",  # noqa: A002 -- wandb's word
    ) -> Any:  # fmt: skip
        """Return the rows of all runs, each with the id of its run as ``run_id``.

        Args:
            samples: How many rows of a run at most; None for all of them.
            keys: Keys, of which a row must have all; *x_axis* is added to them.
            x_axis: The key that counts.
            format: ``default`` for a list of dictionaries, ``pandas`` or ``polars``.
            stream: ``default``; for ``system`` there is nothing.

        Raises:
            BadValueError: If *format* is another one.
            NotInstalledError: If the package is not installed.
        """
        if format not in ("default", "pandas", "polars"):
            raise BadValueError(
                f"Invalid format: {format!r:.40}. Must be one of 'default', 'pandas', 'polars'"
            )
        rows = [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, x_axis, pandas=False, stream=stream)
        ]
        if format == "default":
            return rows
        return frames.to_pandas(rows) if format == "pandas" else frames.to_polars(rows)

    def upgrade_to_full(self) -> None:
        """Do nothing: runs are read as far as they are looked at."""


def _sort(runs: list[Run], order: str) -> None:
    """Sort as the index does: numbers before texts, and last what has no value."""
    for part in reversed([part.strip() for part in order.split(",")]):
        field = part.lstrip("+-")
        key = SortKey(order, (SortTerm(Name(("value",)), part.startswith("-")),))
        values = [
            {"value": run._begin if field in CREATED else run.field(field)}  # noqa: SLF001 -- its list
            for run in runs
        ]
        places = sorted(range(len(runs)), key=lambda n: key.key(values[n]))
        runs[:] = [runs[n] for n in places]
