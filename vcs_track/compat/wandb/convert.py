"""From what a script logs to what a row holds: numbers, texts, lists, media."""

from __future__ import annotations

import base64
import inspect
import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import LogDataError
from vcs_track.compat.wandb.value import WBValue
from vcs_track.errors import VcsTrackError
from vcs_track.formats.slots import FLOAT32
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.run import Run

__all__ = ["NUMBERS", "PLAIN", "Float32", "Kept", "keep", "leaf", "row"]

PLAIN: Final = frozenset({float, int, bool})
_EXACT: Final = frozenset({float, bool, str, type(None)})
_LEAST, _LARGEST = -(2**63), 2**64
_BIG: Final = 32  # elements; a larger array is kept whole beside its histogram
_BINS: Final = 32
_DEEP: Final = 40


class Float32(float):
    """A float that had 32 bits or less, as the store tells it by its type."""

    __slots__ = ()
    dtype = "float32"
    shape = ()

    def item(self) -> float:
        """Return the float."""
        return float(self)


NUMBERS: Final = PLAIN | {Float32}


class Kept:
    """A value whose bytes are stored when the whole call is known to be sound.

    Args:
        store: Takes run, key and step, and returns the record for the row.
    """

    def __init__(self, store: Callable[[Run, str, int], dict[str, Any]]) -> None:
        self.store = store


_SHORT_WAYS: Final[dict[str, Callable[[Any], Any]]] = {
    "float64": float, "float32": Float32, "float16": Float32, "bool": bool, "bool_": bool,
}  # fmt: skip
# How numbers of numpy become plain ones, by their types, as far as they were seen.
_of_numpy: dict[type, Callable[[Any], Any]] = {}


def row(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the plain form of a row, in which media are still to be stored.

    Raises:
        LogDataError: If a value has none, or a key is no text.
    """
    found: dict[str, Any] = {}
    for key, value in data.items():
        if not isinstance(key, str):
            raise LogDataError(
                "Key values passed to `wandb.log` must be strings.", hint=f"use str({key!r:.40})"
            )
        name = value._row_key(key) if isinstance(value, WBValue) else key  # noqa: SLF001 -- as in leaf
        found[str.__str__(name)] = leaf(value, key)
    return found


def keep(row: Mapping[str, Any], run: Run, step: int, above: str = "") -> dict[str, Any]:
    """Store the media of *row* and return it with their records."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Kept):
            found[key] = value.store(run, above + key, step)
        elif type(value) is dict:
            found[key] = keep(value, run, step, f"{above}{key}.")
        else:
            found[key] = value
    return found


def leaf(value: Any, key: str, depth: int = 0) -> Any:
    """Return the plain form of *value*.

    Args:
        value: Anything.
        key: Its key, for messages.
        depth: How many lists and dictionaries are around it.

    Raises:
        LogDataError: If it has none.
    """
    kind = type(value)
    if kind in _EXACT:
        return value
    if kind is int:
        return value if _LEAST <= value < _LARGEST else _float(value, key)
    plain = _of_numpy.get(kind)
    if plain is not None:
        return plain(value)
    if depth > _DEEP:
        raise LogDataError(f"the value of '{key}' nests deeper than {_DEEP} levels")
    if isinstance(value, WBValue):
        return Kept(value._keep)  # noqa: SLF001 -- the contract of the values of a row
    if kind is dict or isinstance(value, Mapping):
        return {str(name): leaf(one, f"{key}.{name}", depth + 1) for name, one in value.items()}
    if isinstance(value, Enum):
        return leaf(value.value, key, depth + 1)
    text = _text(value)
    if text is not None:
        return text
    if isinstance(value, bool | int | float):
        _remember(kind)
        return leaf(int(value) if isinstance(value, int) else float(value), key, depth + 1)
    return _foreign(value, key, depth)


def _float(number: int, key: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise LogDataError(f"the number of '{key}' is too large for a float") from None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, Decimal | PurePath):
        return str(value)
    if isinstance(value, complex):
        return f"{value.real:g}{value.imag:+g}j"
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return None


def _span(span: timedelta) -> str:
    """Return *span* as ISO 8601 writes it."""
    sign = "-" if span < timedelta(0) else ""
    span = abs(span)
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{seconds}.{span.microseconds:06}".rstrip("0").rstrip(".")
    parts = [(hours, "H"), (minutes, "M")]
    clock = "".join(f"{n}{sign}" for n, sign in parts if n) + (f"{text}S" if text != "0" else "")
    days = f"{span.days}D" if span.days or not clock else ""
    return f"{sign}P{days}" + (f"T{clock}" if clock else "")


# ---- what comes from other packages ----------------------------------------------------


def _foreign(value: Any, key: str, depth: int) -> Any:
    made = _made(value)
    if made is not None:
        return made
    if hasattr(type(value), "dtype") and hasattr(type(value), "shape"):
        _remember(type(value))
        return _array(value, key, depth)
    if isinstance(value, Iterable):
        return _list(value, key, depth)
    try:
        kind, number = values.number(value, key)
    except VcsTrackError:
        raise _no_json(value) from None
    return Float32(number) if kind == FLOAT32 else number


def _remember(kind: type) -> None:
    """Know a type of numpy's numbers from now on: the next ones take a short way."""
    mine = [base.__name__ for base in kind.__mro__ if base.__module__ == "numpy"]
    if "generic" not in mine:
        return
    if "integer" in mine and "timedelta64" not in mine:
        _of_numpy[kind] = int
    elif mine[0] in _SHORT_WAYS:
        _of_numpy[kind] = _SHORT_WAYS[mine[0]]


def _no_json(value: object) -> LogDataError:
    return LogDataError(
        f"Object of type {type(value).__name__} is not JSON serializable",
        hint="log a number, a text, a list, or one of wandb's types",
    )


def _made(value: Any) -> Kept | None:
    """Return *value* as one of our media where it belongs to a package that draws."""
    home = type(value).__module__.split(".")[0]
    if home == "matplotlib" or getattr(value, "__name__", "") == "matplotlib.pyplot":
        return _by("Image", value)
    if home == "plotly":
        return _by("Plotly", value)
    if home == "PIL" and hasattr(value, "convert"):
        return _by("Image", value)
    if home == "pandas" and type(value).__name__ == "DataFrame":
        return _by("Table", value, "dataframe")
    return None


def _by(name: str, value: Any, argument: str | None = None) -> Kept:
    # The module by its name: media know the run, not the other way round.
    maker = getattr(sys.modules[__package__ or ""], name)
    made = maker(**{argument: value}) if argument else maker(value)
    return Kept(made._keep)  # noqa: SLF001 -- as in leaf


def _array(value: Any, key: str, depth: int) -> Any:
    if "time64" in str(value.dtype):
        return leaf(value.tolist() if value.shape else str(value), key, depth + 1)
    count = 1
    for side in value.shape:
        count *= int(side)
    if not value.shape:
        kind, number = _number(value, key)
        return Float32(number) if kind == FLOAT32 else leaf(number, key, depth + 1)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if count <= _BIG or depth or not hasattr(value, "tolist") or str(value.dtype) == "object":
        return leaf(value.tolist() if hasattr(value, "tolist") else list(value), key, depth + 1)
    from vcs_track.compat.wandb.arrays import Large

    return Kept(Large(value, _BINS).keep)


def _number(value: Any, key: str) -> tuple[int, Any]:
    try:
        return values.number(value, key)
    except VcsTrackError:
        item = value.item() if hasattr(value, "item") else None
        if isinstance(item, str | complex | bytes):
            return 0, item
        raise _no_json(value) from None


def _list(value: Any, key: str, depth: int) -> Any:
    items = list(value)
    media = [item for item in items if isinstance(item, WBValue)]
    if media and len(media) == len(items) and len({type(item) for item in media}) == 1:
        first = type(media[0])
        return Kept(lambda run, name, step: first._keep_all(media, run, name, step))  # noqa: SLF001
    if media:
        raise LogDataError(
            f"'{key}' mixes media and other values in one list", hint="log them under two keys"
        )
    plain = [leaf(item, key, depth + 1) for item in items]
    if isinstance(value, set | frozenset):
        plain.sort(key=lambda item: (str(type(item)), item) if item is not None else ("", 0))
    return plain
