"""The border: what users pass in is checked here, before it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vcs_track.errors import InvalidTypeError, InvalidValueError, VcsTrackError
from vcs_track.formats.manifest import RUN_ID, STATUSES
from vcs_track.formats.slots import BOOL, FLOAT, FLOAT32, INT, UINT, Single
from vcs_track.porcelain.near import did_you_mean

__all__ = [
    "check_color",
    "check_ending",
    "check_epoch",
    "check_histogram",
    "check_label",
    "check_mapping",
    "check_name",
    "check_note",
    "check_rank",
    "check_run_id",
    "check_scalars",
    "check_status",
    "check_step",
    "check_tag",
    "check_tags",
    "check_walltime",
    "flatten",
    "number",
    "same",
    "wrong_type",
]

_LONGEST: Final = 250
_COLOR: Final = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
# C0, DEL, C1, line and paragraph separators, bidirectional overrides, lone surrogates.
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NO_NUMBERS: Final = (str, bytes, bytearray, complex, Mapping)
_SMALL_FLOATS: Final = ("float32", "float16", "float8")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = 253_402_300_800  # the end of the year 9999


def wrong_type(what: str, value: object, expected: str, hint: str = "") -> InvalidTypeError:
    """Return the error for an argument of the wrong type."""
    return InvalidTypeError(f"{what} must be {expected}, not {type(value).__name__}", hint=hint)


# ---- text ------------------------------------------------------------------------------


def _text(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(what, value, "text")
    if not value.strip():
        raise InvalidValueError(f"{what} is empty", hint="give at least one character")
    if len(value) > _LONGEST:
        raise InvalidValueError(
            f"{what} has {len(value)} characters", hint=f"use at most {_LONGEST}"
        )
    if (found := _CONTROL.search(value)) is not None:
        raise InvalidValueError(
            f"{what} {value!r} has the control character {found[0]!r}",
            hint="use printable characters",
        )
    # Text of numpy or an enumeration has no canonical form.
    return str.__str__(value)


def check_tag(tag: object) -> str:
    """Return *tag* if it can name a series.

    Any printable text up to 250 characters; by custom ``split/name``.

    Raises:
        InvalidTypeError: If it is no text.
        InvalidValueError: If it is empty, too long, has control characters, blanks at an end,
            or an empty part between slashes.

    Example:
        >>> from vcs_track.porcelain.values import check_tag
        >>> check_tag("train/loss")
        'train/loss'
    """
    text = _text("tag", tag)
    if text != text.strip():
        raise InvalidValueError(
            f"tag {text!r} begins or ends with a blank", hint=f"use {text.strip()!r}"
        )
    if not all(text.split("/")):
        tidy = "/".join(part for part in text.split("/") if part)
        raise InvalidValueError(
            f"tag '{text}' has an empty part", hint=f"use '{tidy}'" if tidy else "name the series"
        )
    return text


def check_name(name: object) -> str:
    """Return *name* if it is printable text up to 250 characters."""
    return _text("name", name)


def check_label(label: object, what: str) -> str | None:
    """Return *label*, printable text or None."""
    return None if label is None else _text(what, label)


def check_note(note: object) -> str | None:
    """Return *note*: any text, or None."""
    if note is None or isinstance(note, str):
        return None if note is None else _SURROGATE.sub("\ufffd", str.__str__(note))
    raise wrong_type("note", note, "text or None")


def check_run_id(run_id: object) -> str:
    """Return *run_id* if it can name a run: it becomes the name of files.

    Raises:
        InvalidValueError: If it is not ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``.
    """
    if not isinstance(run_id, str):
        raise wrong_type("run id", run_id, "text")
    if RUN_ID.fullmatch(run_id) is None:
        raise InvalidValueError(
            f"run id {run_id[:80]!r} has other characters than letters, digits, '_' and '-', "
            "or more than 64",
            hint="any text can be the run's name: start_run(name=...)",
        )
    return run_id


def check_tags(tags: object) -> tuple[str, ...]:
    """Return the labels of a run as a tuple; one text is one label."""
    if isinstance(tags, str):
        tags = (tags,)
    if tags is None:
        return ()
    if not isinstance(tags, Iterable):
        raise wrong_type("tags", tags, "a list of text")
    return tuple(dict.fromkeys(_text("tag of a run", tag) for tag in tags))


def check_color(color: object) -> str:
    """Return *color* as six lower-case hexadecimal digits."""
    if not isinstance(color, str):
        raise wrong_type("color", color, "text")
    match = _COLOR.fullmatch(color)
    if match is None:
        raise InvalidValueError(f"color {color[:40]!r} is not one", hint="write it as 'ff8800'")
    digits = match[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)


def check_status(status: object) -> str:
    """Return *status* if it is one of the five."""
    if not isinstance(status, str):
        raise wrong_type("status", status, "text")
    if status not in STATUSES:
        raise InvalidValueError(
            f"unknown status {status[:40]!r}", hint=did_you_mean(status, STATUSES)
        )
    return status


# ---- numbers ---------------------------------------------------------------------------


def number(value: Any, tag: str) -> tuple[int, float]:
    """Return the kind and the plain Python number of a scalar.

    Args:
        value: A Python, numpy or torch number, or an array or tensor of one element.
        tag: Its series, for the message.

    Returns:
        FLOAT, FLOAT32 (a float that had 32 bits or less), INT, UINT (above 2^63 - 1) or BOOL,
        with a float, int or bool.

    Raises:
        InvalidTypeError: If it is no number.
        InvalidValueError: If it is several numbers, or an integer beyond 64 bits.

    Example:
        >>> from vcs_track.porcelain.values import number
        >>> number(3, "n"), number(True, "ok"), number(0.5, "loss")
        ((2, 3), (3, True), (1, 0.5))
    """
    kind = type(value)
    if kind is float:
        return FLOAT, value
    if kind is bool:
        return BOOL, value
    if kind is int and -(2**63) <= value < 2**63:
        return INT, value
    if kind is Single:
        return FLOAT32, float(value)
    return _number(value, f"scalar '{tag}'")


def _number(value: Any, what: str) -> tuple[int, float]:
    """Return kind and number of *value*; *what* begins an error's message."""
    if isinstance(value, bool):
        return BOOL, value
    if isinstance(value, int):
        return _integer(int(value), what)
    if isinstance(value, list | tuple | set | frozenset):
        raise _several(f"a {type(value).__name__} of {len(value)}", what)
    if value is None or isinstance(value, _NO_NUMBERS):
        raise _no_number(value, what)
    try:
        if hasattr(value, "dtype"):
            return _array(value, what)
        if hasattr(value, "__index__"):
            return _integer(value.__index__(), what)
        return _float(value, what)
    except VcsTrackError:
        raise
    except Exception as error:  # noqa: BLE001 -- code of another package runs in here
        raise InvalidValueError(
            f"{what} got a {type(value).__name__} that gives no number: {error}",
            hint="convert it with float()",
        ) from None


def _no_number(value: object, what: str) -> InvalidTypeError:
    hint = "convert it with float()" if isinstance(value, str) else "log one number"
    found = "None" if value is None else f"a {type(value).__name__}"
    return InvalidTypeError(f"{what} got {found}, expected a number", hint=hint)


def _integer(value: int, what: str) -> tuple[int, int]:
    if -(2**63) <= value < 2**63:
        return INT, value
    if 0 <= value < 2**64:
        return UINT, value
    raise InvalidValueError(
        f"{what} got an integer beyond 64 bits", hint="log float(value), or add_text"
    )


def _several(found: str, what: str) -> InvalidValueError:
    return InvalidValueError(
        f"{what} got {found} numbers, expected one number",
        hint="log each under its own tag, or use add_histogram",
    )


def _array(value: Any, what: str) -> tuple[int, float]:
    count = math.prod(int(side) for side in getattr(value, "shape", ()))
    if count != 1:
        raise _several(str(count), what)
    name = str(value.dtype)
    if "time" in name:
        # Nanoseconds would come out as a bare integer.
        raise _no_number(value, what)
    # Tensors of tensorflow have only numpy().
    plain = value.item() if hasattr(value, "item") else value.numpy().item()
    # The item of a numpy.longdouble is one again.
    again = hasattr(plain, "dtype")
    kind, found = _float(plain, what) if again else _number(plain, what)
    small = any(word in name for word in _SMALL_FLOATS)
    return (FLOAT32 if kind == FLOAT and small else kind), found


def _float(value: Any, what: str) -> tuple[int, float]:
    if not hasattr(value, "__float__"):
        if callable(getattr(value, "item", None)):
            return _number(value.item(), what)
        raise _no_number(value, what)
    found = float(value)
    if math.isinf(found) and value != found:
        raise InvalidValueError(f"{what} got a number too large for a float", hint="scale it")
    return FLOAT, found


def check_scalars(scalars: object) -> dict[str, tuple[int, float]]:
    """Return kind and number of each value by tag; see :func:`number`."""
    if not isinstance(scalars, Mapping):
        raise wrong_type("scalars", scalars, "a mapping", "write add_scalars({'loss': 0.5})")
    return {check_tag(tag): number(value, tag) for tag, value in scalars.items()}


def check_step(step: Any) -> int:
    """Return *step* as a signed 64-bit integer.

    Raises:
        InvalidTypeError: If it is no whole number.
        InvalidValueError: If it has a fraction, or needs more than 64 bits.
    """
    if type(step) is int and -(2**63) <= step < 2**63:
        return step
    hint = "steps are whole numbers; log an epoch with epoch="
    try:
        kind, found = _number(step, "step")
    except InvalidTypeError:
        raise wrong_type("step", step, "an integer", hint) from None
    if kind == BOOL:
        raise wrong_type("step", step, "an integer", hint)
    if not float(found).is_integer():
        raise InvalidValueError(f"step {found} is not a whole number", hint=hint)
    if not -(2**63) <= found < 2**63:
        raise InvalidValueError("step needs more than 64 bits", hint="use a smaller number")
    return int(found)


def check_rank(rank: object) -> int | None:
    """Return *rank*, which must be a whole number from 0 or None."""
    if rank is None:
        return None
    if type(rank) is not int:
        raise wrong_type("rank", rank, "a whole number")
    if not 0 <= rank < 2**31:
        raise InvalidValueError(f"rank {rank} is out of range", hint="ranks count from 0")
    return rank


def check_epoch(epoch: Any) -> float:
    """Return *epoch* as a finite int or float.

    Raises:
        InvalidTypeError: If it is no number.
        InvalidValueError: If it is not finite.
    """
    try:
        kind, found = _number(epoch, "epoch")
    except InvalidTypeError:
        raise wrong_type("epoch", epoch, "a number") from None
    if kind == BOOL:
        raise wrong_type("epoch", epoch, "a number")
    if not math.isfinite(found):
        raise InvalidValueError(f"epoch is {found}", hint="leave it out where there is none")
    return found


def check_walltime(walltime: Any) -> int:
    """Return *walltime* in microseconds since 1970 UTC.

    Args:
        walltime: Seconds since 1970 UTC, or a datetime (local time when it has no zone).

    Raises:
        InvalidTypeError: If it is neither.
        InvalidValueError: If it is before 1970 or after the year 9999, or not finite.
    """
    hint = "give seconds since 1970, as time.time() does"
    if isinstance(walltime, datetime):
        found = _microseconds(walltime)
    else:
        try:
            kind, seconds = _number(walltime, "walltime")
        except InvalidTypeError:
            raise wrong_type("walltime", walltime, "seconds since 1970", hint) from None
        if kind == BOOL:
            raise wrong_type("walltime", walltime, "seconds since 1970", hint)
        found = round(seconds * 1_000_000) if math.isfinite(seconds) else -1
    if not 0 <= found < _LAST_SECOND * 1_000_000:
        raise InvalidValueError(
            f"walltime {walltime!s:.40} is not a time between 1970 and 9999", hint=hint
        )
    return found


def _microseconds(moment: datetime) -> int:
    # Not timestamp(): a double has no room for the microseconds of late years.
    try:
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except (OverflowError, ValueError):
        return -1


def check_ending(exit_code: object, signal: object, error: object) -> None:
    """Refuse facts about an ending that cannot be written down."""
    for what, value in (("exit code", exit_code), ("signal", signal)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise wrong_type(what, value, "an integer or None")
        if value is not None and not -(2**31) <= value < 2**32:
            raise InvalidValueError(f"{what} {value} is not one")
    if not isinstance(error, str):
        raise wrong_type("error", error, "text")


def same(old: Any, new: Any) -> bool:
    """Return whether two values are one and the same.

    1, 1.0 and True differ; NaN equals itself.

    Example:
        >>> from vcs_track.porcelain.values import same
        >>> same(1, 1.0), same(float("nan"), float("nan")), same([1, (2,)], [1, (2,)])
        (False, True, True)
    """
    if type(old) is not type(new):
        return False
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(map(same, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(same(old[key], new[key]) for key in old)
    return bool(old == new) or (old != old and new != new)


# ---- collections -----------------------------------------------------------------------


def check_mapping(mapping: Any, what: str) -> dict[str, Any]:
    """Return *mapping* as a dictionary with text keys; None is empty.

    Objects with attributes (argparse's Namespace, dataclasses) are taken by their fields.
    """
    if mapping is None:
        return {}
    if not isinstance(mapping, Mapping):
        if not hasattr(mapping, "__dict__") or isinstance(mapping, type) or callable(mapping):
            raise wrong_type(what, mapping, "a mapping", "write {'lr': 0.1}")
        mapping = vars(mapping)
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise InvalidTypeError(
                f"{what} has the key {key!r}, expected text", hint="use str(key)"
            )
        found[_text(f"key of {what}", key)] = value
    return found


def check_histogram(counts: Any, edges: Any) -> dict[str, list[float]]:
    """Return ``counts`` and ``edges`` as lists of plain numbers.

    Raises:
        InvalidValueError: If the shapes disagree, a count is negative or not finite, or the
            edges do not rise.
    """
    found = {"counts": _numbers("counts", counts), "edges": _numbers("edges", edges)}
    n, m = len(found["counts"]), len(found["edges"])
    if not n or m != n + 1:
        raise InvalidValueError(
            f"a histogram of {n} counts has {m} edges, expected {n + 1}",
            hint="give the limits of every bin, as numpy.histogram does",
        )
    if any(not 0 <= count < math.inf for count in found["counts"]):
        raise InvalidValueError("a histogram has a negative or infinite count")
    pairs = zip(found["edges"], found["edges"][1:], strict=False)
    if any(not low < high for low, high in pairs) or not all(map(math.isfinite, found["edges"])):
        raise InvalidValueError("the edges of a histogram do not rise", hint="sort them")
    return found


def _numbers(what: str, values: Any) -> list[float]:
    plain = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(plain, str | bytes | Mapping) or not isinstance(plain, Iterable):
        raise wrong_type(what, values, "a list of numbers")
    found = []
    for value in plain:
        if isinstance(value, list | tuple):
            raise InvalidValueError(f"{what} has more than one dimension")
        found.append(_number(value, what)[1])
    return found


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested dictionaries as one with dotted names; lists stay whole.

    A name that is taken (``{"a": {"b": 1}, "a.b": 2}``) gets ``~2``, so that nothing is lost.

    Example:
        >>> from vcs_track.porcelain.values import flatten
        >>> flatten({"optim": {"lr": 0.1}, "layers": [64, 10]})
        {'optim.lr': 0.1, 'layers': [64, 10]}
    """
    flat: dict[str, Any] = {}
    _flatten(mapping, prefix, flat)
    return flat


def _flatten(mapping: Mapping[Any, Any], prefix: str, flat: dict[str, Any]) -> None:
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            _flatten(value, f"{name}.", flat)
            continue
        unique, n = name, 2
        while unique in flat:
            unique, n = f"{name}~{n}", n + 1
        flat[unique] = value
