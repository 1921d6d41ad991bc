"""Whether a series says of its points what its columns hold.

For what a stranger wrote: everybody else reads what a chunk says and leaves its columns alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats.series import describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.formats.chunk import Chunk

__all__ = ["COLUMNS", "check_chunk"]

COLUMNS: Final = ("value", "step", "wall", "epoch", "rep", "rank")
_LAST_US: Final = 253_402_300_800_000_000  # the end of the year 9999
_LAST_STEP: Final = (1 << 63) - 1
_NONE: Final = type(None)
_TYPES: Final[dict[str, frozenset[type]]] = {
    "value": frozenset([int, float, bool]),
    "step": frozenset([int]),
    "wall": frozenset([int]),
    "epoch": frozenset([int, float, _NONE]),
    "rep": frozenset([int]),
    "rank": frozenset([int, _NONE]),
}


def check_chunk(tag: str, chunk: Chunk, columns: Mapping[str, Sequence[Any]]) -> None:
    """Refuse a chunk whose columns are not what it says.

    Args:
        tag: Whose chunk it is.
        chunk: The chunk.
        columns: Its decoded columns, by name.

    Raises:
        CorruptError: With the first thing that is wrong.
    """
    for name, column in columns.items():
        if len(column) != chunk["n"]:
            raise _lie(tag, f"has {len(column)} of {chunk['n']} points in its column '{name}'")
        if not set(map(type, column)) <= _TYPES[name]:
            raise _lie(tag, f"has something else than numbers in its column '{name}'")
    for name, (low, high) in {
        "step": (-_LAST_STEP - 1, _LAST_STEP), "wall": (0, _LAST_US), "rep": (0, _LAST_STEP),
    }.items():  # fmt: skip
        column = columns.get(name, ())
        if column and not low <= min(column) <= max(column) < high + 1:
            raise _lie(tag, f"has a number out of range in its column '{name}'")
    told = {"nan": 0, **describe(columns["value"], columns["step"])}
    for name, found in told.items():
        if not _same(found, chunk.get(name, 0 if name == "nan" else None)):
            raise _lie(tag, f"says '{name}' of a chunk otherwise than its points")


def _same(found: Any, told: Any) -> bool:
    # NaN alone differs from itself; an integer is not the double of the same value.
    both_nan = found != found and told != told
    return type(found) is type(told) and (found == told or both_nan)


def _lie(tag: str, what: str) -> CorruptError:
    return CorruptError(f"series '{tag[:80]}' {what}")
