"""Nested dictionaries as rows and summaries have them: leaves under paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Path = tuple[str, ...]

__all__ = ["at", "is_branch", "leaves", "merge", "put"]


def is_branch(value: object) -> bool:
    """Return whether *value* has leaves below it.

    A record of media is a leaf itself.
    """
    return type(value) is dict and bool(value) and "_type" not in value


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Merge *more*, which is plain, into *into*.

    A later leaf or branch replaces an earlier one.

    Example:
        >>> from vcs_track.compat.wandb.nested import merge
        >>> row = {"a": {"x": 1}, "b": 2}
        >>> merge(row, {"a": {"y": 3}, "b": {"z": 4}})
        >>> row
        {'a': {'x': 1, 'y': 3}, 'b': {'z': 4}}
    """
    for key, value in more.items():
        if is_branch(value):
            old = into.get(key)
            branch = into[key] = dict(old) if old is not None and is_branch(old) else {}
            merge(branch, value)
        else:
            into[key] = value


def leaves(row: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the leaves of *row* with their paths."""
    for key, value in row.items():
        if is_branch(value):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def at(row: Mapping[str, Any], path: Path, missing: Any = None) -> Any:
    """Return what *row* has at *path*."""
    found: Any = row
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return missing
        found = found[part]
    return found


def put(row: dict[str, Any], path: Path, value: Any) -> None:
    """Set what *row* has at *path*, in new branches.

    A leaf on the way gives place.
    """
    for part in path[:-1]:
        old = row.get(part)
        branch = dict(old) if old is not None and is_branch(old) else {}
        row[part] = branch
        row = branch
    row[path[-1]] = value
