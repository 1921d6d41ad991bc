"""How far two numbers may be apart and still count as the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values
from vcs_track.porcelain.diff.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    Tol = float | str | Mapping[str, float | str]

__all__ = ["NOTHING", "Tolerance", "Within", "parse"]


class Within(NamedTuple):
    """A tolerance of one name.

    Attributes:
        absolute: The largest distance.
        relative: The same as a share of the old value.
    """

    absolute: float = 0.0
    relative: float = 0.0

    def close(self, old: Any, new: Any) -> bool:
        """Return whether two values are the same, or numbers near enough.

        NaN and the infinities are near nothing but themselves.

        Args:
            old: The value that a share is of.
            new: Another one.
        """
        if values.same(old, new):
            return True
        if not (is_number(old) and is_number(new)) or not any(self):
            return False
        try:
            gap = abs(new - old)
            return bool(
                old == new or gap <= max(self.absolute, self.relative * abs(old)) < math.inf
            )
        except OverflowError:  # an integer beyond floats
            return False


NOTHING = Within()


class Tolerance:
    """Tolerances by name.

    Args:
        rules: Names or patterns, and the tolerance of each.

    Example:
        >>> from vcs_track.porcelain.diff.tolerance import parse
        >>> tolerance = parse({"*": "1e-3", "*/acc": "0.5%"})
        >>> tolerance.of("val/acc").close(0.9, 0.904), tolerance.of("loss").close(0.9, 0.904)
        (True, False)
    """

    def __init__(self, rules: Iterable[tuple[str, Within]] = ()) -> None:
        # A name goes before a pattern, and any pattern before that of all names.
        self._rules = sorted(rules, key=lambda rule: (rule[0] == "*", "*" in rule[0]))

    def of(self, name: str) -> Within:
        """Return the tolerance of *name*.

        A name goes before a pattern, the first pattern before the others, ``*`` comes last.
        """
        for pattern, within in self._rules:
            if name == pattern or fnmatchcase(name, pattern):
                return within
        return NOTHING


def parse(tol: Tol | None) -> Tolerance:
    """Return the tolerances that a user wrote.

    Args:
        tol: A distance (``0.001``, ``"1e-3"``), a share of the old value (``"0.5%"``), or one of
            these for each name or pattern. None is none at all.

    Raises:
        InvalidTypeError: If it is none of these.
        InvalidValueError: If it is no number, or is negative.
    """
    if tol is None:
        return Tolerance()
    rules = tol if isinstance(tol, Mapping) else {"*": tol}
    return Tolerance((name, _within(rule)) for name, rule in rules.items())


def _within(rule: Any) -> Within:
    if isinstance(rule, bool) or not isinstance(rule, str | int | float):
        raise values.wrong_type("tol", rule, "a number, or a text as '1e-3' or '0.5%'")
    text = str(rule).strip()
    share = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise InvalidValueError(
            f"tolerance '{rule}' is no number from 0 on", hint="write 1e-3, 0.5% or acc=0.5%"
        )
    return Within(relative=number / 100) if share else Within(absolute=number)
