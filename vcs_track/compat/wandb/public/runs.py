"""The runs of a project that are wanted, in an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, overload

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.public.query import matches
from vcs_track.compat.wandb.public.stored import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.porcelain.repository import Repository

__all__ = ["Runs"]

_BEGIN: Final = ("created_at", "createdAt")  # which has whole seconds


class Runs(Sequence[Run]):
    """Runs; they are looked for when they are first asked for.

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
        self._repo = repo
        self._entity = entity
        self._project = project
        self._filters = dict(filters or {})
        self._order = order or "+created_at"
        self._found: list[Run] | None = None
        matches(self._filters, lambda _: None)  # a wrong filter is told at once

    def _runs(self) -> list[Run]:
        if self._found is None:
            all_ = (Run(self._repo, view, Runs) for view in self._repo.runs())
            found = [run for run in all_ if self._is_wanted(run)]
            for part in reversed(self._order.split(",")):
                _sort(found, part.strip())
            self._found = found
        return self._found

    def _is_wanted(self, run: Run) -> bool:
        return (
            self._project in (None, run.project)
            and (not self._entity or run.entity in ("", self._entity))
            and matches(self._filters, run.field)
        )

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...
    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        return self._runs()[index]

    def __len__(self) -> int:
        return len(self._runs())

    def __repr__(self) -> str:
        return f"<Runs {self._entity or ''}/{self._project or ''}>"

    def histories(self, samples: int = 500, keys: Sequence[str] | None = None) -> list[Any]:
        """Return the rows of all runs, each with the id of its run as ``run_id``.

        Args:
            samples: How many rows of a run at most.
            keys: Keys, of which a row must have all.
        """
        return [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, pandas=False)
        ]


def _sort(runs: list[Run], order: str) -> None:
    name = order.lstrip("+-")
    values = [run._begin if name in _BEGIN else run.field(name) for run in runs]  # noqa: SLF001 -- its list
    # What has no value, or is no number, comes last, whatever the order.
    values = [None if value != value else value for value in values]
    known = [(value, n) for n, value in enumerate(values) if value is not None]
    known.sort(key=lambda pair: _key(pair[0]), reverse=order.startswith("-"))
    missing = [n for n, value in enumerate(values) if value is None]
    runs[:] = [runs[n] for n in [*(n for _, n in known), *missing]]


def _key(value: Any) -> tuple[int, Any]:
    if isinstance(value, int | float):
        return (0, value)
    return (1, str(value))
