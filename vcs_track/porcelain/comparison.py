"""Two sets of runs: whether one beats the other, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.caveats import caveats, listed
from vcs_track.porcelain.interest import better_way, is_held_out, names_below
from vcs_track.porcelain.named import key_of, numbers
from vcs_track.porcelain.sample import LEVEL, bootstrap, describe, paired, welch, without_nan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.sample import MeanTest, Resampled, Stats

    Rows = Sequence[Mapping[str, Any]]
    Pairs = list[tuple[Mapping[str, Any], Mapping[str, Any]]]

__all__ = ["Comparison", "Difference", "Side", "compare", "main_metric"]

_ALPHA: Final = 1 - LEVEL
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sets of runs.

    Attributes:
        text: How the user named it.
        ids: The ids of its runs.
        names: Full names of what a filter asked for; None where the side is no filter.
        rows: The runs, as flat dictionaries with full names.
    """

    text: str
    ids: tuple[str, ...]
    names: frozenset[str] | None
    rows: Rows = field(repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """How one number differs between two sets of runs; B minus A.

    Attributes:
        metric: Full name of the number.
        better: ``higher`` or ``lower``, or None where nobody knows which is good.
        a: What the numbers of A tell.
        b: What those of B tell.
        pairs: Number of pairs, or None where runs are not paired.
        difference: Mean of B minus mean of A; None where a side has no number.
        test: Student's t test, or None where there is none.
        bootstrap: Another interval of the difference, without assumptions about its
            distribution; None where there is none.
        verdict: ``better``, ``worse``, ``higher``, ``lower``, ``no difference shown`` or
            ``not tested``: what can be said of B.
    """

    metric: str
    better: Better | None
    a: Stats
    b: Stats
    pairs: int | None
    difference: float | None
    test: MeanTest | None
    bootstrap: Resampled | None
    verdict: str

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        if self.test is None:
            return f"{self.metric} is not tested: {self._why_not()}"
        how = f"95 % interval {_n(self.test.low)} to {_n(self.test.high)}, {_p(self.test.p)}"
        how = f"{how}, {self._runs()}"
        if self.verdict == "no difference shown":
            return (
                f"no difference shown: {self.metric} of B minus A is {_n(self.difference)} ({how})"
            )
        way = "higher" if self.test.t > 0 else "lower"
        opens = f"B is {self.verdict}: its {self.metric} is {way}"
        if self.verdict in ("higher", "lower"):
            opens = f"{self.metric} of B is {way}"
        return f"{opens} by {_n(abs(self.difference or 0))} (B - A: {how})"

    def _runs(self) -> str:
        if self.pairs is not None:
            return f"paired t test of {self.pairs} pairs"
        return f"Welch's t test of {self.a.n} and {self.b.n} runs"

    def _why_not(self) -> str:
        if self.pairs is not None and self.pairs < _FEWEST:
            return f"there is {self.pairs} pair, a test needs {_FEWEST}"
        for side, stats in (("A", self.a), ("B", self.b)):
            if stats.n < _FEWEST:
                runs = "run" if stats.n == 1 else "runs"
                return f"{side} has {stats.n} {runs} with a number, a test needs {_FEWEST}"
        if self.a.std is None or self.b.std is None:
            return "a value is infinite"
        if self.difference:
            return f"B - A is {_n(self.difference)} in all runs, without any spread"
        return "the values do not vary and are the same"

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain data."""
        return {**asdict(self), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of runs, compared.

    Attributes:
        a: One side.
        b: The other.
        over: Full name of the hyperparameter by which runs are repetitions, or None.
        differences: One for each number.
        warnings: What makes the result doubtful.
    """

    a: Side
    b: Side
    over: str | None
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(one.sentence for one in self.differences)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one plain dictionary a number, as ``compare --json`` prints it."""
        found = []
        for one in self.differences:
            row = one.to_dict()
            for key, side in (("a", self.a), ("b", self.b)):
                row[key] = {"text": side.text, "runs": [*side.ids], **row[key]}
            found.append({**row, "over": self.over, "warnings": [*self.warnings]})
        return found


def compare(
    a: Side, b: Side, metrics: Sequence[str], over: str | None = None, better: Better | None = None
) -> Comparison:
    """Compare the numbers called *metrics* of two sets of runs.

    Args:
        a: One side.
        b: The other.
        metrics: Full names of numbers.
        over: Full name of what runs are repetitions by. Where each value stands for one run
            of each side, these are pairs.
        better: Which way is good. Default: by the names.

    Raises:
        ExpressionError: If a value is no number.
        InvalidValueError: If a run is on both sides.

    Example:
        >>> from vcs_track.porcelain.comparison import Side, compare
        >>> def side(text, *accs):
        ...     rows = [{"id": f"{text}{n}", "status": "finished", "summary.acc": acc}
        ...             for n, acc in enumerate(accs)]
        ...     return Side(text, tuple(row["id"] for row in rows), None, rows)
        >>> found = compare(side("old", 0.7, 0.72, 0.71), side("new", 0.8, 0.83, 0.81), ["summary.acc"])
        >>> print(found.differences[0].verdict, round(found.differences[0].difference, 4))
        better 0.1033
    """
    both = sorted(set(a.ids) & set(b.ids))
    if both:
        raise InvalidValueError(
            f"run '{both[0]}' is on both sides", hint="two sets are compared that share no run"
        )
    named = (
        None
        if a.names is None and b.names is None
        else (a.names or frozenset()) | (b.names or frozenset())
    )
    warnings = [*caveats(a.rows, b.rows, over, named)]
    pairs, why_not = (None, "") if over is None else _pairs(a.rows, b.rows, over)
    if why_not:
        warnings.append(f"runs are not paired: {why_not}")
    found = []
    for metric in metrics:
        one = _difference(a.rows, b.rows, metric, pairs, better)
        found.append(one)
        warnings += _left_out(a.rows, b.rows, one)
    return Comparison(a, b, over, tuple(found), tuple(warnings))


def main_metric(a: Rows, b: Rows) -> str:
    """Return the number of the summaries of both sides that tells most.

    What was measured on held-out data comes first: on training data, memory wins.

    Raises:
        InvalidValueError: If there is none.
    """
    names = names_below([*a, *b], "summary.")
    for name in sorted(names, key=lambda name: not is_held_out(name)):
        if all(any(_is_number(row.get(name)) for row in rows) for rows in (a, b)):
            return name
    raise InvalidValueError(
        "no number is in the summaries of both sides", hint="name what to compare with 'metric'"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pairs(a: Rows, b: Rows, over: str) -> tuple[Pairs | None, str]:
    """Return the runs that belong together, or None and why there are no pairs."""
    sides: list[dict[tuple[str, object], Mapping[str, Any]]] = []
    for side, rows in (("A", a), ("B", b)):
        found: dict[tuple[str, object], Mapping[str, Any]] = {}
        for row in rows:
            value = row.get(over)
            if value is None:
                return None, f"run '{row['id']}' has no '{over}'"
            if key_of(value) in found:
                return None, f"several runs of {side} have {over} = {value}"
            found[key_of(value)] = row
        sides.append(found)
    one, two = sides
    for side, mine, other in (("A", one, two), ("B", two, one)):
        alone = [str(row[over]) for key, row in mine.items() if key not in other]
        if alone:
            return None, f"only {side} has {over} = {listed(alone)}"
    return [(one[key], two[key]) for key in one], ""


def _difference(
    a: Rows, b: Rows, metric: str, pairs: Pairs | None, better: Better | None
) -> Difference:
    one, two = describe(numbers(a, metric)), describe(numbers(b, metric))
    better = better or better_way(metric)
    if pairs is None:
        first, second = (without_nan(numbers(rows, metric)) for rows in (a, b))
        test = welch(first, second)
    else:
        whole = [
            (before[metric], after[metric])
            for before, after in pairs
            if len(without_nan([before.get(metric), after.get(metric)])) == 2
        ]
        first, second = [before for before, _ in whole], [after for _, after in whole]
        test = paired(first, second)
    means = describe(first).mean, describe(second).mean
    difference = None if means[0] is None or means[1] is None else means[1] - means[0]
    return Difference(
        metric, better, one, two, None if pairs is None else len(first), difference, test,
        bootstrap(first, second, pairs=pairs is not None) if test is not None else None,
        _verdict(test, better),
    )  # fmt: skip


def _verdict(test: MeanTest | None, better: Better | None) -> str:
    if test is None:
        return "not tested"
    if test.p >= _ALPHA:
        return "no difference shown"
    way = "higher" if test.t > 0 else "lower"
    if better is None:
        return way
    return "better" if way == better else "worse"


def _left_out(a: Rows, b: Rows, one: Difference) -> list[str]:
    """Say which runs a number leaves out: those that diverged are not there by chance."""
    found = []
    for side, rows, stats in (("A", a, one.a), ("B", b, one.b)):
        missing = len(rows) - stats.n - stats.nan
        if missing:
            found.append(f"{missing} of {len(rows)} runs of {side} have no {one.metric}")
        if stats.nan:
            found.append(f"{stats.nan} of {len(rows)} runs of {side} have NaN as {one.metric}")
    return found


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _p(p: float) -> str:
    return f"p = {p:.2g}" if p >= 1e-4 or math.isnan(p) else "p < 0.0001"
