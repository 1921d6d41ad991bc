"""Values that are drawn: the distributions of a sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadValueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random as Source

    Draw = Callable[[Source, float, float], float]

__all__ = ["check_drawn", "drawn", "kind_of", "number", "stepped"]

# What needs 'min' and 'max'; each gets them as they were given.
_BETWEEN: Final[dict[str, Draw]] = {
    "uniform": lambda source, least, most: source.uniform(least, most),
    "log_uniform": lambda source, least, most: math.exp(source.uniform(least, most)),
    "log_uniform_values": lambda source, least, most: least * (most / least) ** source.random(),
    "inv_log_uniform": lambda source, least, most: math.exp(-source.uniform(least, most)),
    "inv_log_uniform_values": lambda source, least, most: (
        least * (most / least) ** source.random()
    ),
}
# What has two parameters with defaults.
_SHAPED: Final[dict[str, tuple[str, str, float, float, Draw]]] = {
    "normal": ("mu", "sigma", 0.0, 1.0, lambda source, mu, sigma: source.gauss(mu, sigma)),
    "log_normal": (
        "mu", "sigma", 0.0, 1.0, lambda source, mu, sigma: math.exp(source.gauss(mu, sigma)),
    ),
    "beta": ("a", "b", 1.0, 1.0, lambda source, a, b: source.betavariate(a, b)),
}  # fmt: skip
_STEPPED: Final = tuple(f"q_{name}" for name in (*_BETWEEN, *_SHAPED) if name[:3] != "inv")
_KNOWN: Final = (*_BETWEEN, *_SHAPED, *_STEPPED, "int_uniform")
_LARGEST: Final = 700.0  # beyond it no float has an exponential
_DIGITS: Final = 12


def kind_of(name: str, one: Mapping[str, Any]) -> str:
    """Return the distribution of a parameter that is drawn.

    Raises:
        BadValueError: If there is none of that name.
    """
    whole = all(isinstance(one.get(end), int) for end in ("min", "max"))
    kind = one.get("distribution", "int_uniform" if whole else "uniform")
    if kind not in _KNOWN:
        raise BadValueError(
            f"parameter '{name:.80}' has the unknown distribution {kind!r:.40}",
            hint=f"there are categorical, constant, {', '.join(_KNOWN)}",
        )
    return str(kind)


def number(name: str, one: Mapping[str, Any], key: str, default: float | None = None) -> float:
    """Return a number that a parameter is described by.

    Raises:
        BadValueError: If there is none, or it is not finite.
    """
    found = one.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise BadValueError(f"parameter '{name:.80}' has '{key}' {found!r:.40}, expected a number")
    return found


def check_drawn(name: str, one: Mapping[str, Any]) -> None:
    """Refuse a parameter of which nothing can be drawn.

    Raises:
        BadValueError: If its distribution is unknown, or its numbers do not fit.
    """
    kind = kind_of(name, one)
    plain = kind.removeprefix("q_")
    if kind.startswith("q_") and number(name, one, "q", 1) <= 0:
        raise BadValueError(f"parameter '{name:.80}' has 'q' {one['q']!r}, expected more than 0")
    if plain in _SHAPED:
        first, second, *defaults, _ = _SHAPED[plain]
        values = [
            number(name, one, key, default)
            for key, default in zip((first, second), defaults, strict=True)
        ]
        if values[1] < 0 or (plain == "beta" and min(values) <= 0):
            raise BadValueError(f"parameter '{name:.80}' has a '{first}' or '{second}' too small")
        return
    _check_limits(name, one, plain)


def _check_limits(name: str, one: Mapping[str, Any], kind: str) -> None:
    least, most = number(name, one, "min"), number(name, one, "max")
    if least > most:
        raise BadValueError(f"parameter '{name:.80}' has a 'min' above its 'max'")
    if kind.endswith("_values") and least <= 0:
        raise BadValueError(
            f"parameter '{name:.80}' has 'min' {least}, expected more than 0 for {kind}"
        )
    if kind in ("log_uniform", "inv_log_uniform") and max(abs(least), abs(most)) > _LARGEST:
        raise BadValueError(
            f"parameter '{name:.80}' has exponents from {least} to {most}, which no float has",
            hint=f"{kind}_values takes the values themselves",
        )


def drawn(name: str, one: Mapping[str, Any], source: Source) -> float:
    """Return a value of a parameter, which was checked.

    Args:
        name: Its name.
        one: What it is.
        source: Where chance comes from.

    Example:
        >>> import random
        >>> from vcs_track.compat.wandb.sweeps.draws import drawn
        >>> drawn("n", {"distribution": "q_uniform", "min": 1, "max": 1.2, "q": 0.5}, random.Random(0))
        1.0
    """
    kind = kind_of(name, one)
    if kind == "int_uniform":
        return source.randint(int(one["min"]), int(one["max"]))
    plain = kind.removeprefix("q_")
    if plain in _SHAPED:
        first, second, low, high, draw = _SHAPED[plain]
        value = draw(source, one.get(first, low), one.get(second, high))
    else:
        value = _BETWEEN[plain](source, one["min"], one["max"])
    return value if kind == plain else stepped(value, one.get("q", 1))


def stepped(value: float, step: float) -> float:
    """Return the multiple of *step* next to *value*, whole where *step* is."""
    found = round(value / step) * step
    return int(found) if isinstance(step, int) else float(f"{found:.{_DIGITS}g}")
