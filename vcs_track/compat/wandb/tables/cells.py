"""Cells of a table as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.media.sink import Value, kept
from vcs_track.formats import typed_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.media.sink import Sink

__all__ = ["cell", "revived"]


def cell(value: Any, sink: Sink) -> Any:
    """Return a cell as JSON; what media it has is stored.

    Args:
        value: The cell.
        sink: Where the media go.
    """
    if isinstance(value, Value):
        return kept([value], sink)[0]
    if isinstance(value, Mapping):
        return {str(key): cell(one, sink) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cell(one, sink) for one in value]
    if isinstance(value, date):
        return _milliseconds(value)
    if hasattr(type(value), "dtype") and hasattr(value, "tolist"):
        plain = value.tolist()
        # Times of numpy count in nanoseconds, which tolist gives as bare numbers.
        return str(value) if "time64" in str(value.dtype) else cell(plain, sink)
    return typed_json.freeze(value)


def _milliseconds(moment: date) -> int:
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def revived(
    value: Any, kind: Mapping[str, Any] | None, value_of: Callable[[dict[str, Any]], Any]
) -> Any:
    """Return a cell that was JSON.

    Args:
        value: The JSON.
        kind: Type of its column, or None.
        value_of: Returns the medium that a record tells of.
    """
    if isinstance(value, dict):
        if "_type" in value:
            return value_of(value)
        if "$" in value:
            return typed_json.thaw(value)
        return {key: revived(one, None, value_of) for key, one in value.items()}
    if isinstance(value, list):
        return [revived(one, None, value_of) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and _is_time(kind):
        return datetime.fromtimestamp(value / 1000, UTC)
    return value


def _is_time(kind: Mapping[str, Any] | None) -> bool:
    if kind is None:
        return False
    if kind["wb_type"] == "union":
        return any(map(_is_time, kind["params"]["allowed_types"]))
    return bool(kind["wb_type"] == "timestamp")
