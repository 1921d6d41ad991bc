"""Running a run again: what it takes, and whether it came out the same."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import machine, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["Judgement", "Metric", "Tolerance", "command_of", "judge", "parse_tolerance"]

_PERCENT: Final = 100
_ROUNDING: Final = 1 + 1e-9  # 0.505 is within one percent of 0.5, whatever binary makes of it


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far values may be from those of the first run.

    Attributes:
        pattern: Names that it is for, as in a shell.
        amount: The distance.
        relative: Whether *amount* is a share of the first run's value.
    """

    pattern: str
    amount: float
    relative: bool

    def allows(self, old: float, new: float) -> bool:
        """Return whether *new* is near enough."""
        if self.amount == math.inf:
            return True
        limit = self.amount * (abs(old) if self.relative else 1)
        return abs(new - old) <= limit * _ROUNDING


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of both runs.

    Attributes:
        name: Its name.
        old: In the first run; None where it has none.
        new: In the other; None where it has none.
        within: Whether they are the same, or near enough.
    """

    name: str
    old: Any
    new: Any
    within: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a run came out as the first one.

    Attributes:
        verdict: ``reproduced``, ``drifted`` or ``failed``.
        metrics: The values that were compared, in order of their names.
        series: How many series have the same values at the same steps.
        all_series: How many series there are.
    """

    verdict: str
    metrics: tuple[Metric, ...]
    series: int
    all_series: int

    def to_dict(self) -> dict[str, Any]:
        """Return the judgement as plain data, as ``--json`` prints it."""
        return asdict(self)


def parse_tolerance(text: str) -> Tolerance:
    """Return the tolerance ``[NAME=]AMOUNT[%]``.

    Raises:
        InvalidValueError: If it is none.

    Example:
        >>> from vcs_track.porcelain.rerun import parse_tolerance
        >>> parse_tolerance("val/*=1%")
        Tolerance(pattern='val/*', amount=0.01, relative=True)
    """
    pattern, sign, amount = text.rpartition("=")
    relative = amount.endswith("%")
    try:
        number = float(amount.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not number >= 0 or (sign and not pattern):
        raise InvalidValueError(
            f"'{text}' is no tolerance", hint="write it as 0.01, 1%, or NAME=1%"
        )
    return Tolerance(pattern or "*", number / _PERCENT if relative else number, relative)


def command_of(view: RunView, top: Path, restored: Path) -> tuple[list[str], Path]:
    """Return the command line of a run, and the folder to run it in.

    Args:
        view: The run.
        top: Top of the work tree that it ran in, or of another one.
        restored: Where its code is. Arguments that name files of the code in *top* are those of
            *restored* instead.

    Raises:
        InvalidValueError: If it is not known, or a part of it was masked.
    """
    argv = view.command.get("argv") or []
    cwd = view.command.get("cwd")
    if not argv or cwd is None:
        what = "command" if not argv else "folder, below the top,"
        raise InvalidValueError(
            f"the {what} of run '{view.id}' is not known",
            hint=f"restore its code with 'vcs-track restore {view.id}', and run it there",
        )
    if any(machine.MASK in word for word in argv):
        raise InvalidValueError(
            f"the command of run '{view.id}' had a secret in it, which was not kept",
            hint=f"restore its code with 'vcs-track restore {view.id}', and run it there",
        )
    return [_moved(word, top, restored) for word in argv], restored / cwd


def _moved(word: str, top: Path, restored: Path) -> str:
    path = Path(word)
    if path.is_absolute() and path.is_relative_to(top):
        there = restored / path.relative_to(top)
        if there.exists():
            return str(there)
    return word


def judge(old: RunView, new: RunView, tolerances: Sequence[Tolerance] = ()) -> Judgement:
    """Return whether *new* came out as *old*.

    Values of the summary and results are compared; those that only *new* has are no difference.

    Args:
        old: The first run.
        new: The run that repeats it.
        tolerances: How far numbers may be apart; of several that are for a name the last counts.
            Without one a number must be the same.
    """
    sides = [{**view.summary, **view.results} for view in (old, new)]
    metrics = tuple(_metrics(sides[0], sides[1], tolerances))
    same = [tag for tag in old.series_tags if _values(old, tag) == _values(new, tag)]
    verdict = "reproduced" if all(metric.within for metric in metrics) else "drifted"
    if new.status != "finished":
        verdict = "failed"
    return Judgement(verdict, metrics, len(same), len(old.series_tags))


def _metrics(
    old: dict[str, Any], new: dict[str, Any], tolerances: Sequence[Tolerance]
) -> Iterable[Metric]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Metric(name, None, new[name], within=True)
        elif name not in new:
            yield Metric(name, old[name], None, within=False)
        else:
            yield Metric(name, old[name], new[name], _near(name, old[name], new[name], tolerances))


def _near(name: str, old: Any, new: Any, tolerances: Sequence[Tolerance]) -> bool:
    if values.same(old, new):
        return True
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (old, new))
    meant = [each for each in tolerances if fnmatchcase(name, each.pattern)]
    return bool(numbers and meant) and meant[-1].allows(old, new)


def _values(view: RunView, tag: str) -> list[tuple[Any, ...]] | None:
    if tag not in view.series_tags:
        return None
    keys = ("value", "step", "epoch", "rep", "rank")
    return [tuple(chunk.get(key, "") for key in keys) for chunk in view.series(tag).chunks]
