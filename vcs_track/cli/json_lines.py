"""What ``--json`` prints: one object a line, valid JSON for any reader."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["encode"]

_DEEPEST: Final = 60
_MOST_BITS: Final = 10_000
_INTEGERS: Final = range(-(2**63), 2**64)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def encode(row: Mapping[str, Any]) -> str:
    """Return *row* as one line of JSON.

    Not a number and the infinities become the texts ``NaN``, ``Infinity`` and
    ``-Infinity``; integers beyond 64 bits, dates, bytes and other values become text.

    Example:
        >>> from vcs_track.cli.json_lines import encode
        >>> encode({"name": "a", "summary": {"loss": float("nan"), "acc": 0.5}})
        '{"name":"a","summary":{"acc":0.5,"loss":"NaN"}}'
    """
    return canonical.dumps(_plain(dict(row), 0)).decode("utf-8")


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", str(value))
    if isinstance(value, int):
        return int(value) if value in _INTEGERS else _digits(int(value))
    if isinstance(value, float):
        return _number(float(value))
    return _other(value, depth)


def _digits(value: int) -> str:
    # The interpreter refuses to write out very long ones in decimal.
    return str(value) if value.bit_length() < _MOST_BITS else hex(value)


def _number(value: float) -> Any:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _other(value: Any, depth: int) -> Any:
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return {
                _plain(str(key), depth): _plain(item, depth + 1) for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [_plain(item, depth + 1) for item in value]
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return _plain(str(value), depth)
