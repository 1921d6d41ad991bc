"""The choices of parameters that a sweep can make, each by its number."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadValueError, UnsupportedError
from vcs_track.compat.wandb.sweeps.draws import check_drawn, drawn, kind_of, number, stepped

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_space", "choice", "choices", "count"]

_LARGEST: Final = 1_000_000  # values of one parameter of a grid
_DEEPEST: Final = 20


def check_space(config: Mapping[str, Any]) -> None:
    """Refuse parameters of which nothing can be chosen.

    Raises:
        BadValueError: If there are none, or one has no values.
        UnsupportedError: If the method is another one than ``grid`` and ``random``.
    """
    method = config.get("method")
    if method not in ("grid", "random"):
        raise UnsupportedError(
            f"there is no sweep of the method {method!r:.40} here",
            hint="grid or random; a study of optuna that calls your function can do the rest",
        )
    _check_below(config.get("parameters"), str(method), 0)


def _check_below(parameters: Any, method: str, depth: int) -> None:
    if not isinstance(parameters, Mapping) or not parameters or depth > _DEEPEST:
        raise BadValueError("a sweep has 'parameters'", hint="{'lr': {'values': [0.1, 0.01]}}")
    for name, one in parameters.items():
        if not isinstance(name, str) or not isinstance(one, Mapping):
            raise BadValueError(f"parameter '{name!s:.80}' has no values", hint="give 'values'")
        if "parameters" in one:
            _check_below(one["parameters"], method, depth + 1)
        elif method == "grid" or _is_listed(one):
            _listed(name, one)
        else:
            check_drawn(name, one)


def _is_listed(one: Mapping[str, Any]) -> bool:
    if "distribution" in one:
        return str(one["distribution"]).startswith(("categorical", "constant"))
    return "value" in one or "values" in one


def _listed(name: str, one: Mapping[str, Any]) -> Sequence[Any]:
    """Return all values of a parameter."""
    if "value" in one:
        return [one["value"]]
    if "values" in one:
        found = one["values"]
        if not isinstance(found, list | tuple | range) or not found:
            raise BadValueError(f"parameter '{name:.80}' has 'values' that are no list of any")
        _weights(name, one, len(found))
        return found
    kind = kind_of(name, one) if "min" in one or "distribution" in one else ""
    if kind not in ("int_uniform", "q_uniform"):
        raise BadValueError(
            f"parameter '{name:.80}' has no values for a grid",
            hint="give 'values', whole numbers as 'min' and 'max', or q_uniform with 'q'",
        )
    check_drawn(name, one)
    least, most = number(name, one, "min"), number(name, one, "max")
    step = number(name, one, "q", 1) if kind == "q_uniform" else 1
    if (most - least) / step > _LARGEST:
        raise BadValueError(f"parameter '{name:.80}' has more than {_LARGEST} values for a grid")
    if kind == "int_uniform":
        return range(int(least), int(most) + 1)
    first, last = round(least / step), round(most / step)
    return [stepped(n * step, step) for n in range(first, last + 1)]


def _weights(name: str, one: Mapping[str, Any], size: int) -> Sequence[float] | None:
    found = one.get("probabilities")
    if found is None:
        return None
    fits = isinstance(found, list | tuple) and len(found) == size
    if not fits or not all(isinstance(one, int | float) and one >= 0 for one in found):
        raise BadValueError(
            f"parameter '{name:.80}' has 'probabilities' that are not one for each of its values"
        )
    if not sum(found) > 0:
        raise BadValueError(f"parameter '{name:.80}' has no probability above 0")
    return list(found)


# ---- one after the other ---------------------------------------------------------------


def count(config: Mapping[str, Any]) -> int | None:
    """Return how many choices there are; None for no end of them."""
    if config.get("method") != "grid":
        return None
    return _count(config["parameters"])


def _count(parameters: Mapping[str, Any]) -> int:
    total = 1
    for name, one in parameters.items():
        total *= _count(one["parameters"]) if "parameters" in one else len(_listed(name, one))
    return total


def choice(config: Mapping[str, Any], seed: str, n: int) -> dict[str, Any] | None:
    """Return the choice with a number, or None where there are no more.

    Args:
        config: The sweep, which was checked.
        seed: What random choices depend on.
        n: The number, from 0.

    Example:
        >>> from vcs_track.compat.wandb.sweeps.space import choice
        >>> grid = {"method": "grid", "parameters": {"lr": {"values": [1, 2]}, "n": {"value": 3}}}
        >>> choice(grid, "", 1), choice(grid, "", 2)
        ({'lr': 2, 'n': 3}, None)
    """
    parameters = config["parameters"]
    if config.get("method") == "grid":
        return _nth(parameters, n) if n < _count(parameters) else None
    source = random.Random(f"{seed}:{n}")  # noqa: S311 -- no secret
    return _any(parameters, source)


def choices(config: Mapping[str, Any], seed: str) -> Iterator[dict[str, Any]]:
    """Yield one choice after the other; arguments: :func:`choice`."""
    for n in itertools.count():
        found = choice(config, seed, n)
        if found is None:
            return
        yield found


def _nth(parameters: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Return a point of a grid; the last parameter changes first."""
    found = {}
    for name, one in reversed(list(parameters.items())):
        below = one.get("parameters")
        values = None if below is not None else _listed(name, one)
        size = _count(below) if values is None else len(values)
        n, at = divmod(n, size)
        found[name] = _nth(below, at) if values is None else values[at]
    return {name: found[name] for name in parameters}


def _any(parameters: Mapping[str, Any], source: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in parameters.items():
        if "parameters" in one:
            found[name] = _any(one["parameters"], source)
        elif _is_listed(one):
            values = _listed(name, one)
            found[name] = source.choices(values, _weights(name, one, len(values)))[0]
        else:
            found[name] = drawn(name, one, source)
    return found
