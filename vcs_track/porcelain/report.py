"""What a branch changes: its run beside the one that it is measured by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.porcelain import values
from vcs_track.porcelain.diff import numbers
from vcs_track.porcelain.diff.changes import plain
from vcs_track.porcelain.interest import by_interest

if TYPE_CHECKING:
    from vcs_track.porcelain.baseline import Baseline
    from vcs_track.porcelain.diff import Change, Diff
    from vcs_track.porcelain.gate import Check
    from vcs_track.porcelain.run_view import RunView

__all__ = ["BranchReport", "Figure", "figures_of"]

_NUMBERS: Final = frozenset({"summary", "result"})
_PLACE: Final = frozenset({"branch", "commit"})  # a branch has others, of course


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the summary, in the base and in the run.

    Attributes:
        name: What it is called.
        old: In the base; None where it has no such number, or there is no base.
        new: In the run; None where it has no such number.
    """

    name: str
    old: Any
    new: Any

    @property
    def delta(self) -> float | None:
        """New less old, None where that is no finite number."""
        return numbers.delta(self.old, self.new)

    @property
    def same(self) -> bool:
        """Whether both are one number; NaN equals itself."""
        return values.same(self.old, self.new)

    @property
    def better(self) -> bool | None:
        """Whether it got better, None where nobody knows, or equal."""
        return numbers.better(self.name, self.old, self.new)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name, "old": self.old, "new": self.new, "delta": self.delta,
            "relative": numbers.relative(self.old, self.new), "better": self.better,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class BranchReport:
    """What a branch changes.

    Attributes:
        run: The run of the branch.
        base: What it is measured by; None where there is none, and that is allowed.
        by: Full name of the number by which the base is the best one; None for any base.
        check: What became of the conditions; None where none was given.
        figures: The numbers of the summaries, those that tell most first.
        diff: What differs; None without a base.
    """

    run: RunView
    base: Baseline | None
    by: str | None
    check: Check | None
    figures: tuple[Figure, ...]
    diff: Diff | None

    @property
    def holds(self) -> bool:
        """Whether every condition holds; so it is without any."""
        return self.check is None or self.check.holds

    def others(self, figures: int | None = None) -> tuple[Change, ...]:
        """Return what differs besides the commit and the first figures.

        Args:
            figures: How many of the figures are shown by themselves. Default: all.
        """
        if self.diff is None:
            return ()
        shown = {figure.name for figure in self.figures[:figures] if figure.delta}
        return tuple(
            change for change in self.diff
            if not (change.kind in _NUMBERS and change.name in shown)
            and not (change.kind == "identity" and change.name in _PLACE)
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, as ``--json`` prints it."""
        return {
            "run": {"id": self.run.id, "name": self.run.name},
            "base": None if self.base is None else self.base.to_dict(),
            "by": self.by,
            "check": [] if self.check is None else self.check.to_dicts(),
            "figures": [figure.to_dict() for figure in self.figures],
            "diff": None if self.diff is None else plain(self.diff.to_dict()),
        }


def figures_of(old: RunView | None, new: RunView) -> tuple[Figure, ...]:
    """Return the numbers in the summaries of two runs, equal ones too.

    Args:
        old: The base, or None.
        new: The run.
    """
    before: dict[str, Any] = {} if old is None else dict(old.summary)
    after = new.summary
    found = []
    for name in by_interest({*before, *after}):
        sides = [side if numbers.is_number(side) else None
                 for side in (before.get(name), after.get(name))]  # fmt: skip
        if sides != [None, None]:
            found.append(Figure(name, *sides))
    return tuple(found)
