"""The border: what users pass in is checked here, once, before anything is written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.manifest import STATUSES
from vcs_track.formats.slots import BOOL, FLOAT, FLOAT32, INT, UINT
from vcs_track.porcelain.near import did_you_mean

__all__ = [
    "check_color",
    "check_epoch",
    "check_histogram",
    "check_label",
    "check_mapping",
    "check_name",
    "check_note",
    "check_run_id",
    "check_scalars",
    "check_status",
    "check_step",
    "check_tag",
    "check_tags",
    "check_walltime",
    "flatten",
    "number",
    "wrong_type",
]

_LONGEST: Final = 250
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_COLOR: Final = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
# C0, DEL, C1, line and paragraph separators, bidirectional overrides, lone surrogates.
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
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
    return value


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
    """Return *name* if it can be a display name: printable text up to 250 characters."""
    return _text("name", name)


def check_label(label: object, what: str) -> str | None:
    """Return *label*, printable text or None."""
    return None if label is None else _text(what, label)


def check_note(note: object) -> str | None:
    """Return *note*: any text, or None."""
    if note is None or isinstance(note, str):
        return note.encode("utf-8", "replace").decode() if note else note
    raise wrong_type("note", note, "text or None")


def check_run_id(run_id: object) -> str:
    """Return *run_id* if it can name a run: it becomes the name of files.

    Raises:
        InvalidValueError: If it is not ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``.
    """
    if not isinstance(run_id, str):
        raise wrong_type("run id", run_id, "text")
    if _RUN_ID.fullmatch(run_id) is None:
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
    if isinstance(value, bool):
        return BOOL, value
    if isinstance(value, int):
        return _integer(int(value), tag)
    if isinstance(value, float) and not hasattr(value, "dtype"):
        return FLOAT, float(value)
    if value is None or isinstance(value, str | bytes | complex | Mapping):
        raise _no_number(value, tag)
    return _array(value, tag) if hasattr(value, "dtype") else _other(value, tag)


def _no_number(value: object, tag: str) -> InvalidTypeError:
    hint = "convert it with float()" if isinstance(value, str) else "log one number"
    what = "None" if value is None else f"a {type(value).__name__}"
    return InvalidTypeError(f"scalar '{tag}' got {what}, expected a number", hint=hint)


def _integer(value: int, tag: str) -> tuple[int, int]:
    if -(2**63) <= value < 2**63:
        return INT, value
    if 0 <= value < 2**64:
        return UINT, value
    raise InvalidValueError(
        f"scalar '{tag}' got an integer beyond 64 bits", hint="log float(value), or add_text"
    )


def _several(count: int, tag: str) -> InvalidValueError:
    return InvalidValueError(
        f"scalar '{tag}' got {count} numbers, expected one",
        hint="log each under its own tag, or use add_histogram",
    )


def _array(value: Any, tag: str) -> tuple[int, float]:
    count = math.prod(int(side) for side in getattr(value, "shape", ()))
    if count != 1:
        raise _several(count, tag)
    try:
        plain = value.item()
    except Exception as error:  # noqa: BLE001 -- a foreign array may refuse in any way
        raise InvalidTypeError(
            f"scalar '{tag}' got a {type(value).__name__} that gives no number: {error}"
        ) from None
    name = str(value.dtype)
    if isinstance(plain, bool):
        return BOOL, plain
    if isinstance(plain, int):
        return _integer(plain, tag)
    if isinstance(plain, float):
        small = any(word in name for word in ("float32", "float16", "float8"))
        return (FLOAT32 if small else FLOAT), plain
    return _other(plain, tag)


def _other(value: Any, tag: str) -> tuple[int, float]:
    if isinstance(value, list | tuple | set):
        raise _several(len(value), tag)
    if hasattr(value, "__index__"):
        return _integer(value.__index__(), tag)
    if isinstance(value, complex) or not hasattr(value, "__float__"):
        raise _no_number(value, tag)
    try:
        return FLOAT, float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValueError(f"scalar '{tag}' gives no number: {error}") from None


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
    hint = "steps are whole numbers; log an epoch with epoch="
    if isinstance(step, bool | str | bytes):
        raise wrong_type("step", step, "an integer", hint)
    if hasattr(step, "__index__"):
        found = step.__index__()
    elif hasattr(step, "__float__"):
        value = float(step)
        if not value.is_integer():
            raise InvalidValueError(f"step {value} is not a whole number", hint=hint)
        found = int(value)
    else:
        raise wrong_type("step", step, "an integer", hint)
    if not -(2**63) <= found < 2**63:
        raise InvalidValueError("step needs more than 64 bits", hint="use a smaller number")
    return int(found)


def check_epoch(epoch: Any) -> float:
    """Return *epoch* as a finite int or float.

    Raises:
        InvalidTypeError: If it is no number.
        InvalidValueError: If it is not finite.
    """
    if isinstance(epoch, bool | str | bytes):
        raise wrong_type("epoch", epoch, "a number")
    if hasattr(epoch, "__index__"):
        return check_step(epoch)
    if not hasattr(epoch, "__float__"):
        raise wrong_type("epoch", epoch, "a number")
    value = float(epoch)
    if not math.isfinite(value):
        raise InvalidValueError(f"epoch is {value}", hint="leave it out where there is none")
    return value


def check_walltime(walltime: Any) -> int:
    """Return *walltime* in microseconds since 1970 UTC.

    Args:
        walltime: Seconds since 1970 UTC, or a datetime (local time when it has no zone).

    Raises:
        InvalidTypeError: If it is neither.
        InvalidValueError: If it is before 1970 or after the year 9999, or not finite.
    """
    if isinstance(walltime, datetime):
        walltime = walltime.timestamp()
    if isinstance(walltime, bool | str | bytes) or not hasattr(walltime, "__float__"):
        raise wrong_type("walltime", walltime, "seconds since 1970")
    seconds = float(walltime)
    if not 0 <= seconds < _LAST_SECOND:
        raise InvalidValueError(
            f"walltime {seconds} is not a time between 1970 and 9999",
            hint="give seconds since 1970, as time.time() does",
        )
    return round(seconds * 1e6)


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
        found.append(number(value, what)[1])
    return found


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested dictionaries as one with dotted names; lists stay whole.

    Example:
        >>> from vcs_track.porcelain.values import flatten
        >>> flatten({"optim": {"lr": 0.1}, "layers": [64, 10]})
        {'optim.lr': 0.1, 'layers': [64, 10]}
    """
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            flat.update(flatten(value, f"{name}."))
        else:
            flat[name] = value
    return flat
