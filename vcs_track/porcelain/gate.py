"""Whether a run is good enough: conditions, and what became of each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.porcelain.condition import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.baseline import Baseline, Baselines
    from vcs_track.porcelain.condition import Condition
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Check", "Verdict", "check"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition, and whether it holds.

    Attributes:
        condition: As it was written.
        holds: Whether it holds, for certain.
        why: Why that cannot be told, or why it need not be; else empty.
        name: Full name of the first value of the run that it names.
        value: That value.
        base_value: The value of the base run, where the condition names one.
        limit: The number that a plain comparison compares with.
        base: The base run.
    """

    condition: str
    holds: bool
    why: str = ""
    name: str | None = None
    value: Any = None
    base_value: Any = None
    limit: Any = None
    base: Baseline | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data, as ``--json`` prints it."""
        return {
            "condition": self.condition, "holds": self.holds, "why": self.why, "name": self.name,
            "value": self.value, "base_value": self.base_value, "limit": self.limit,
            "base": None if self.base is None else self.base.to_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """What became of the conditions.

    Attributes:
        run: The run that was checked.
        verdicts: One a condition, in their order.
    """

    run: RunView
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """Whether every condition holds."""
        return all(verdict.holds for verdict in self.verdicts)

    @property
    def bases(self) -> tuple[Baseline, ...]:
        """The base runs, each once."""
        found = {each.base.run.id: each.base for each in self.verdicts if each.base is not None}
        return tuple(found.values())

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the verdicts as plain data, each with the id of the run."""
        return [{"run": self.run.id, **verdict.to_dict()} for verdict in self.verdicts]


def check(
    run: RunView, conditions: Iterable[Condition], baselines: Baselines, *, no_base_ok: bool
) -> Check:
    """Return whether conditions hold for a run.

    Args:
        run: The run.
        conditions: The conditions.
        baselines: Finds the base runs; it is not asked where no condition needs one.
        no_base_ok: Whether what needs a base holds where there is none.

    Raises:
        CommitNotFoundError: If git does not know the base.
        GitError: If git cannot be asked, or the histories have nothing in common.
        RunNotFoundError: If a base is needed and no commit before has a run.
    """
    now = time.time()
    return Check(run, tuple(_verdict(run, one, baselines, no_base_ok, now) for one in conditions))


def _verdict(
    run: RunView, condition: Condition, baselines: Baselines, no_base_ok: bool, now: float
) -> Verdict:
    base = None
    if condition.base is not None:
        base = baselines.best(condition.base, condition.better)
        if base is None and no_base_ok:
            value = None if condition.name is None else run.flat.get(condition.name)
            why = "there is no base to compare with"
            return Verdict(condition.text, True, why, condition.name, value)
        if base is None:
            # Without the value that is wanted, to say that it has none.
            base = baselines.required()
    answer = ask(condition, run.flat, None if base is None else base.run.flat, now)
    return Verdict(
        condition.text, answer.holds, answer.why, condition.name, answer.value, answer.base,
        answer.limit, base,
    )  # fmt: skip
