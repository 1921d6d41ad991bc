"""The early end of runs that are worse than others: rungs of Hyperband.

At some iterations, the rungs, a run is compared with what others had reached there, and goes on
only where it is among the best. Nobody waits for anybody: each is compared with those that were
there before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadValueError, UnsupportedError
from vcs_track.compat.wandb.term import termlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["EarlyStop", "Judge", "check_early", "goes_on", "rungs_of"]

_ETA: Final = 3
_MOST: Final = 100
_LAST: Final = 1 << 40
_WORST: Final = 1.7e308


class EarlyStop(SystemExit):
    """A run of a sweep ends: others were better at the same iteration.

    It ends the program, or the function that an agent called; code that catches mistakes
    does not catch it.
    """


def check_early(said: Any, metric: str | None) -> None:
    """Refuse an early end that cannot be judged.

    Args:
        said: What the sweep says of it, or None.
        metric: The key that the sweep looks at.

    Raises:
        BadValueError: If a number of it cannot be used.
        UnsupportedError: If it is another method than Hyperband.
    """
    if said is None:
        return
    if not isinstance(said, Mapping):
        raise BadValueError(f"'early_terminate' is {said!r:.40}, expected a dictionary")
    if said.get("type") != "hyperband":
        raise UnsupportedError(
            f"there is no early end of the type {said.get('type')!r:.40}", hint="hyperband"
        )
    if metric is None:
        raise BadValueError("an early end needs a 'metric'", hint="{'name': 'loss'}")
    for key in ("min_iter", "max_iter", "s", "eta"):
        value = said.get(key, 1 + (key == "eta"))
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
            raise BadValueError(f"'{key}' of the early end is {value!r:.40}, expected 1 or more")
    if said.get("eta", _ETA) <= 1:
        raise BadValueError("'eta' of the early end is 1, expected more")
    if not {"min_iter", "max_iter"} & said.keys() or ("min_iter" not in said and "s" not in said):
        raise BadValueError("an early end needs 'min_iter', or 'max_iter' and 's'")
    if not rungs_of(said):
        raise BadValueError("the early end has no iteration to look at", hint="enlarge 'max_iter'")


def rungs_of(said: Mapping[str, Any]) -> list[int]:
    """Return the iterations at which runs are compared, rising.

    Example:
        >>> from vcs_track.compat.wandb.sweeps.rungs import rungs_of
        >>> rungs_of({"min_iter": 3, "max_iter": 40})
        [3, 9, 27]
        >>> rungs_of({"max_iter": 27, "s": 2})
        [3, 9]
    """
    eta = said.get("eta", _ETA)
    most = said.get("max_iter", _LAST)
    if "min_iter" in said:
        found = [said["min_iter"] * eta**n for n in range(_MOST)]
    else:
        found = [most / eta**n for n in range(1, min(int(said["s"]), _MOST) + 1)]
    return sorted({int(one) for one in found if 1 <= one < most})


def goes_on(values: Sequence[float], mine: float, eta: float, *, strict: bool) -> bool:
    """Return whether a run goes on beyond a rung.

    Args:
        values: What runs had reached there, *mine* among them; less is better.
        mine: What this one has reached.
        eta: One of so many goes on.
        strict: Whether few values are enough to judge by.

    Example:
        >>> from vcs_track.compat.wandb.sweeps.rungs import goes_on
        >>> [goes_on([1, 2, 3], mine, 3, strict=False) for mine in (1, 2)]
        [True, False]
        >>> [goes_on([1, 2], 2, 3, strict=strict) for strict in (False, True)]
        [True, False]
    """
    if not strict and len(values) < eta:
        return True
    kept = math.ceil(len(values) / eta)
    return mine <= sorted(values)[kept - 1]


class Judge:
    """Looks at what a run logs, and ends it where others were better.

    Args:
        config: The sweep.
        metric: The key to look at.
        sign: 1 where less is better, -1 where more is.
        reached: Keeps what this run had reached at a rung; returns what all had there.
        tell: Keeps with the run why it ends.
    """

    def __init__(
        self, config: Mapping[str, Any], metric: str, sign: int,
        reached: Callable[[int, float], list[float]], tell: Callable[[dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self._said = config["early_terminate"]
        self._metric = metric
        self._sign = sign
        self._reached = reached
        self._tell = tell
        self._rungs = rungs_of(self._said)
        self._seen = 0
        self._best = math.inf

    def look(self, data: Mapping[str, Any]) -> None:
        """Take in what was logged.

        Raises:
            EarlyStop: If the run is not to go on.
        """
        value = _number(data, self._metric)
        if value is None or not self._rungs:
            return
        self._seen += 1
        self._best = min(self._best, math.inf if math.isnan(value) else self._sign * value)
        if self._seen < self._rungs[0]:
            return
        rung = self._rungs.pop(0)
        # A ledger has finite numbers only.
        mine = min(max(self._best, -_WORST), _WORST)
        values = self._reached(rung, mine)
        eta, strict = self._said.get("eta", _ETA), bool(self._said.get("strict"))
        if not goes_on(values, mine, eta, strict=strict):
            best = self._sign * mine
            self._tell({"iteration": rung, "metric": self._metric, "best": best})
            termlog(
                f"run ends at iteration {rung}: {self._metric} is {best:g}, others were better"
            )
            raise EarlyStop(0)


def _number(data: Mapping[str, Any], name: str) -> float | None:
    found: Any = data.get(name)
    if found is None and "." in name:
        found = data
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if hasattr(found, "item") and getattr(found, "size", 1) == 1:
        found = found.item()
    return float(found) if isinstance(found, int | float) else None
