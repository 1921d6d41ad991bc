"""More than two runs: a row for each name that varies, a column a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values
from vcs_track.porcelain.diff.changes import KINDS, plain
from vcs_track.porcelain.diff.facts import facts_of, in_order, shared
from vcs_track.porcelain.diff.kinds import kinds_of
from vcs_track.porcelain.diff.tolerance import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.diff.facts import Fact
    from vcs_track.porcelain.diff.tolerance import Tol, Within
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Matrix", "MatrixRow", "matrix_of"]

_FEWEST = 2
_NUMBERS = ("summary", "result")


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One name that varies.

    Attributes:
        kind: One of the kinds of change.
        name: What it is called.
        values: What each run has, as a change of this kind has it; None where it has nothing.
        there: Whether each run has it: tells what is absent from what is None.
    """

    kind: str
    name: str
    values: tuple[Any, ...]
    there: tuple[bool, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data, as ``--json`` prints it."""
        return {
            "kind": self.kind, "name": self.name, "values": [plain(value) for value in self.values],
            "there": list(self.there),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matrix(Sequence[MatrixRow]):
    """What varies between runs.

    Attributes:
        runs: The runs, a column each.
        rows: The rows, by kind and name.
    """

    runs: tuple[RunView, ...]
    rows: tuple[MatrixRow, ...]

    def of(self, kind: str) -> tuple[MatrixRow, ...]:
        """Return the rows of one kind.

        Raises:
            InvalidValueError: If there is no such kind.
        """
        (wanted,) = kinds_of(kind, KINDS)
        return tuple(row for row in self.rows if row.kind == wanted)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain data."""
        return {
            "runs": [{"id": run.id, "name": run.name} for run in self.runs],
            "rows": [row.to_dict() for row in self.rows],
        }

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> MatrixRow: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[MatrixRow]: ...
    def __getitem__(self, place: int | slice) -> MatrixRow | Sequence[MatrixRow]:
        return self.rows[place]


def matrix_of(
    runs: Sequence[RunView], *, only: str | Iterable[str] | None = None,
    tags: str | Iterable[str] | None = None, tol: Tol | None = None, everything: bool = False,
) -> Matrix:  # fmt: skip
    """Return what varies between *runs*.

    Args:
        runs: At least two.
        only: Only these kinds. Default: all.
        tags: Of summary, series, media and texts only these tags, or patterns.
        tol: Numbers that are no further from the first are the same.
        everything: Whether what no two runs share varies too.

    Raises:
        InvalidValueError: If there are fewer than two runs, or there is no such kind.
    """
    if len(runs) < _FEWEST:
        raise InvalidValueError(f"a matrix needs two runs, got {len(runs)}")
    tolerance = parse(tol)
    kinds = kinds_of(only, KINDS) - shared(runs)
    globs = (tags,) if isinstance(tags, str) else tuple(tags or ())
    facts = [facts_of(run, kinds, globs, everything=everything) for run in runs]
    rows = []
    for key in in_order({key for each in facts for key in each}):
        kind, name = key
        cells = [each.get(key) for each in facts]
        if _varies(cells, tolerance.of(name) if kind in _NUMBERS else None):
            found = tuple(None if cell is None else cell.value for cell in cells)
            rows.append(MatrixRow(kind, name, found, tuple(cell is not None for cell in cells)))
    return Matrix(tuple(runs), tuple(rows))


def _varies(cells: Sequence[Fact | None], within: Within | None) -> bool:
    first = cells[0]
    for cell in cells[1:]:
        if first is None or cell is None:
            if first is not cell:
                return True
        elif not values.same(first.same_as, cell.same_as) and not (
            within is not None and within.close(first.value, cell.value)
        ):
            return True
    return False
