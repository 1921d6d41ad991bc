"""Numbers, durations, sizes and values in the words of people."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ago",
    "change",
    "count",
    "duration",
    "number",
    "pair",
    "parted",
    "settings",
    "size",
    "spread",
    "value",
]

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_AGES: Final = (
    (2 * 365 * _DAY, 365 * _DAY, "years"),
    (60 * _DAY, 30 * _DAY, "months"),
    (14 * _DAY, 7 * _DAY, "weeks"),
    (2 * _DAY, _DAY, "days"),
    (_HOUR, _HOUR, "h"),
    (_MINUTE, _MINUTE, "min"),
)
_NOW: Final = 10
_BEFORE: Final = 6  # letters that two texts have in common, to know where one is
_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")
_LONGEST_INTEGER: Final = 24
_SCIENTIFIC: Final = 6
_MOST_BITS: Final = 10_000
# A text that needs no quotes: it is no number, and one word.
_WORD: Final = re.compile(r"\w[\w./:@+-]*")
_RESERVED: Final = frozenset({"None", "True", "False", "NaN", "inf"})


def number(x: float) -> str:
    """Return a number with six significant digits; integers stay whole.

    Example:
        >>> from vcs_track.pages.human import number
        >>> [number(x) for x in (0.1, 1.0, 12, 1 / 3, 1e-9, float("-inf"))]
        ['0.1', '1.0', '12', '0.333333', '1e-09', '-inf']
    """
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, int):
        return str(x) if abs(x) < 10**_LONGEST_INTEGER else _long(x)
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "inf" if x > 0 else "-inf"
    text = f"{x:.6g}"
    # 1 and 1.0 are different values of a hyperparameter.
    return text if any(sign in text for sign in ".e") else f"{text}.0"


def _long(x: int) -> str:
    if x.bit_length() > _MOST_BITS:
        # The interpreter refuses to write these out.
        return f"{'-' if x < 0 else ''}2**{x.bit_length() - 1}"
    digits = str(abs(x))
    return f"{'-' if x < 0 else ''}{digits[0]}.{digits[1:6]}".rstrip(".0") + f"e+{len(digits) - 1}"


def count(n: int, noun: str, plural: str = "") -> str:
    """Return a number of things.

    Example:
        >>> from vcs_track.pages.human import count
        >>> count(1, "run"), count(12000, "run"), count(2, "entry", "entries")
        ('1 run', '12,000 runs', '2 entries')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a span of time in its two largest units.

    Example:
        >>> from vcs_track.pages.human import duration
        >>> [duration(s) for s in (0.0123, 5.25, 75, 7500, 200000)]
        ['0.01s', '5.2s', '1m 15s', '2h 05m', '2d 07h']
    """
    if not math.isfinite(seconds) or seconds < 0:
        return "?"
    if seconds < _MINUTE:
        digits = 2 if seconds < 1 else 1 if seconds < _NOW else 0
        return f"{seconds:.{digits}f}s"
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR:02}h"


def size(octets: int) -> str:
    """Return a number of bytes.

    Example:
        >>> from vcs_track.pages.human import size
        >>> [size(n) for n in (0, 999, 2048, 5 * 1024**2)]
        ['0 B', '999 B', '2.0 KiB', '5.0 MiB']
    """
    if octets < 1024:
        return f"{octets} B"
    power = min((octets.bit_length() - 1) // 10, len(_UNITS))
    return f"{octets / 1024**power:.1f} {_UNITS[power - 1]}"


def ago(then: datetime, now: datetime | None = None) -> str:
    """Return how long ago *then* was.

    Example:
        >>> from datetime import UTC, datetime, timedelta
        >>> from vcs_track.pages.human import ago
        >>> now = datetime(2026, 1, 1, tzinfo=UTC)
        >>> ago(now - timedelta(minutes=3), now), ago(now - timedelta(days=2), now)
        ('3 min ago', '2 days ago')
    """
    seconds = ((now or datetime.now(then.tzinfo)) - then).total_seconds()
    span = abs(seconds)
    if span < _NOW:
        return "just now"
    text = f"{int(span)} s"
    for least, unit, name in _AGES:
        if span >= least:
            text = f"{int(span // unit)} {name}"
            break
    # A run made on a machine whose clock is ahead.
    return f"{text} ago" if seconds > 0 else f"in {text}"


def value(x: Any) -> str:
    """Return any value on one line, types told apart.

    Control characters are spelled out.

    Example:
        >>> from vcs_track.pages.human import value
        >>> [value(x) for x in ("adam", "1", 1, [0.9, None], {"a": "b c"})]
        ['adam', "'1'", '1', '[0.9, None]', "{a: 'b c'}"]
    """
    if isinstance(x, float | int) and not isinstance(x, bool):
        return number(x)
    if isinstance(x, str):
        plain = _WORD.fullmatch(x) and x[0].isalpha() and x not in _RESERVED
        return visible(x) if plain else "'" + visible(x).replace("'", "\\'") + "'"
    if isinstance(x, list | tuple):
        return f"[{', '.join(value(item) for item in x)}]"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{visible(k)}: {value(v)}" for k, v in x.items()) + "}"
    if isinstance(x, bytes):
        return f"{len(x)} bytes"
    return visible(x)


def settings(values: Mapping[str, Any]) -> str:
    """Return names and values on one line.

    Example:
        >>> from vcs_track.pages.human import settings
        >>> settings({"lr": 0.1, "optimizer": "adam"})
        'lr=0.1 optimizer=adam'
    """
    return " ".join(f"{visible(name)}={value(item)}" for name, item in values.items())


def pair(old: Any, new: Any) -> tuple[str, str]:
    """Return two different values as two different texts.

    Example:
        >>> from vcs_track.pages.human import pair
        >>> pair(0.1, 0.2), pair([0.12345678], [0.12345679])
        (('0.1', '0.2'), ('[0.12345678]', '[0.12345679]'))
    """
    before, after = value(old), value(new)
    return (before, after) if before != after else (visible(repr(old)), visible(repr(new)))


def parted(old: str, new: str, width: int) -> tuple[str, str]:
    """Return two texts of which *width* letters show where they part.

    Args:
        old: A text on one line.
        new: Another one.
        width: After how many letters they will be cut.

    Example:
        >>> from vcs_track.pages.human import parted
        >>> parted("a" * 90 + "bc", "a" * 90 + "d", 40), parted("ab", "ac", 40)
        (('…aaaaaabc', '…aaaaaad'), ('ab', 'ac'))
    """
    differ = (place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    at = next(differ, min(len(old), len(new)))
    if max(len(old), len(new)) <= width or at < width - 2 * _BEFORE:
        return old, new
    return f"…{old[max(0, at - _BEFORE) :]}", f"…{new[max(0, at - _BEFORE) :]}"


def change(old: Any, new: Any) -> str:
    """Return the relative change of a number, or nothing where there is none.

    Example:
        >>> from vcs_track.pages.human import change
        >>> change(0.5, 0.75), change(-2, -3), change(2, 200), change(0, 1), change("a", "b")
        ('+50 %', '-50 %', 'x100', '', '')
    """
    for x in (old, new):
        if isinstance(x, bool) or not isinstance(x, int | float):
            return ""
    try:
        ratio = (new - old) / abs(old) * 100
    except (OverflowError, ZeroDivisionError):
        return ""
    if not math.isfinite(ratio):
        return ""
    if ratio and abs(ratio) < 0.01:
        return "+0.00 %" if ratio > 0 else "-0.00 %"
    if abs(ratio) < 1000:
        return f"{ratio:+.3g} %"
    factor = new / old
    return f"x{factor:,.0f}" if abs(factor) < 10**6 else f"x{factor:.2g}"


def spread(mean: float, half: float | None) -> str:
    """Return a mean and half its interval, no digit more than is sure.

    That is two digits of the interval, and as many of the mean.

    Example:
        >>> from vcs_track.pages.human import spread
        >>> spread(0.91234, 0.0132), spread(1234.5, 321.7), spread(0.5, None), spread(3, 0.0)
        ('0.912 ± 0.013', '1234 ± 322', '0.5', '3 ± 0')
    """
    if half is None:
        return number(mean)
    if not (0 < half < math.inf and math.isfinite(mean)):
        return f"{number(mean)} ± {half:.2g}"
    digits = 1 - math.floor(math.log10(half))
    if -_SCIENTIFIC < digits <= _SCIENTIFIC:
        return f"{mean:.{max(0, digits)}f} ± {half:.{max(0, digits)}f}"
    # As many of the mean as reach down to the last digit of the interval.
    reach = math.floor(math.log10(abs(mean))) + digits if mean else 0
    return f"{mean:.{min(16, max(1, reach))}e} ± {half:.1e}"
