"""The files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["files_below"]


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the path of each file below *folder*.

    Links are followed, but not round and round.

    Raises:
        OSError: If a folder cannot be read.
    """
    yield from _walk(folder, "", frozenset())


def _walk(here: Path, label: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    inside = above | {fsio.identify(here)}
    for name in fsio.list_dir(here):
        path = here / name
        if path.is_file():
            yield label + name, path
        elif path.is_dir() and fsio.identify(path) not in inside:
            yield from _walk(path, f"{label}{name}/", inside)
