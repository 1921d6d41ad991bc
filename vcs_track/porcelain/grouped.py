"""Runs in groups, and the statistics of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, overload

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import frames
from vcs_track.porcelain.html_table import html_table
from vcs_track.porcelain.named import key_of, numbers, resolve_names
from vcs_track.porcelain.sample import Stats, describe

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["COLUMNS", "Group", "GroupStats", "GroupTable", "Grouped"]

# What a row tells behind the values of its group.
COLUMNS: Final = ("metric", "runs", *(field.name for field in fields(Stats)))


@dataclass(frozen=True, slots=True)
class Group:
    """The runs that share some values.

    Attributes:
        values: The values they share, by full name; None where they have none.
        rows: The runs, as flat dictionaries with full names.
    """

    values: dict[str, Any]
    rows: list[Mapping[str, Any]]

    @property
    def ids(self) -> list[str]:
        """The ids of the runs."""
        return [row["id"] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStats(Stats):
    """The statistics of one number in one group.

    Attributes:
        group: The values that the runs share, by full name; None where they have none.
        metric: Full name of the number.
        runs: How many runs the group has; *n* of them have the number.
    """

    group: dict[str, Any]
    metric: str
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """Return one flat row: the group, the metric and its statistics."""
        stats = {field.name: getattr(self, field.name) for field in fields(Stats)}
        return {**self.group, "metric": self.metric, "runs": self.runs, **stats}


class Grouped:
    """Runs in groups, the group of the first run first.

    Made by :meth:`vcs_track.RunSet.group_by`. Values are told apart as filters do: 1 and 1.0 are one
    value, the text ``1`` and true are others. Runs without a value are a group of their own.

    Args:
        rows: The runs, as flat dictionaries with full names.
        names: What to group by.
        known: The full names that exist over all runs.

    Example:
        >>> from vcs_track.porcelain.grouped import Grouped
        >>> rows = [{"id": "a", "hparams.lr": 1}, {"id": "b"}, {"id": "c", "hparams.lr": 1.0}]
        >>> [(group.values, group.ids) for group in Grouped(rows, ["lr"], {"hparams.lr"})]
        [({'hparams.lr': 1}, ['a', 'c']), ({'hparams.lr': None}, ['b'])]
    """

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], names: Sequence[str], known: Collection[str]
    ) -> None:
        if not names:
            raise InvalidValueError(
                "there is nothing to group by", hint="name a hyperparameter, for example"
            )
        self.names = resolve_names(names, known)
        self._known = known
        found: dict[tuple[object, ...], Group] = {}
        for row in rows:
            values = {name: row.get(name) for name in self.names}
            key = tuple(key_of(value) for value in values.values())
            found.setdefault(key, Group(values, [])).rows.append(row)
        self._groups = [*found.values()]

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def __repr__(self) -> str:
        return f"<Grouped {len(self)} groups by {', '.join(self.names)}>"

    def stats(self, *names: str) -> GroupTable:
        """Return n, mean, std, min, max and the 95 % interval of the mean.

        Args:
            names: The numbers, named as in filters. There is a row for each group and number.

        Raises:
            ExpressionError: If a name is unknown or ambiguous, or a value is no number.
            InvalidValueError: If no number is named.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for acc in (0.8, 0.9):
            ...     with repo.start_run(hparams={"model": "cnn"}) as run:
            ...         run.write_result(acc=acc)
            >>> (row,) = repo.runs().group_by("model").stats("results.acc")
            >>> row.group, row.n, round(row.mean, 3), round(row.low, 3), round(row.high, 3)
            ({'hparams.model': 'cnn'}, 2, 0.85, 0.215, 1.485)
        """
        if not names:
            raise InvalidValueError("there is no number named to describe")
        metrics = resolve_names(names, self._known)
        return GroupTable([_stats(group, name) for group in self._groups for name in metrics])


class GroupTable(Sequence[GroupStats]):
    """The statistics of groups, a row for each group and number.

    Args:
        rows: The rows.
    """

    def __init__(self, rows: Sequence[GroupStats]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> GroupStats: ...
    @overload
    def __getitem__(self, index: slice) -> list[GroupStats]: ...
    def __getitem__(self, index: int | slice) -> GroupStats | list[GroupStats]:
        return self._rows[index]

    def __repr__(self) -> str:
        return f"<GroupTable {len(self)} rows>"

    def _repr_html_(self) -> str:
        rows = self.to_dicts()
        titles = [*rows[0]] if rows else []
        return html_table(titles, [[*row.values()] for row in rows])

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one flat dictionary a row."""
        return [row.to_dict() for row in self._rows]

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame.

        Raises:
            NotInstalledError: If pandas is not installed.
        """
        return frames.to_pandas(self.to_dicts())

    def to_polars(self) -> Any:
        """Return a polars DataFrame.

        Raises:
            NotInstalledError: If polars is not installed.
        """
        return frames.to_polars(self.to_dicts())

    def to_arrow(self) -> Any:
        """Return a pyarrow Table.

        Raises:
            NotInstalledError: If pyarrow is not installed.
        """
        return frames.to_arrow(self.to_dicts())


def _stats(group: Group, metric: str) -> GroupStats:
    found = describe(numbers(group.rows, metric))
    known = {field.name: getattr(found, field.name) for field in fields(Stats)}
    return GroupStats(group=group.values, metric=metric, runs=len(group), **known)
