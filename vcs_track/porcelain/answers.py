"""What the index knows, once it is up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.formats.cell import decode
from vcs_track.porcelain.index_query import Query, TooComplexError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.filter import SortKey
    from vcs_track.porcelain.filter.nodes import Condition

    Found = tuple[str, str | None, int, tuple[Any, ...]]

__all__ = ["Answers"]

# What git said of a run is shared by many runs, and only some of it is asked for.
_GIT = """
SELECT f.facet, substr(key.name, 5), f.v FROM facetv f JOIN key ON key.k = f.key
WHERE key.name IN ('git.commit', 'git.tree', 'git.dirty', 'git.untracked')
"""
_NAMED = """
SELECT run, (SELECT p.name FROM pack p WHERE p.k = pack) FROM run
WHERE name = ?1 OR substr(run, 1, length(?1)) = ?1 ORDER BY created_us DESC, run
"""


class Answers:
    """Answers about the sealed runs.

    Args:
        index: The index, up to date.
    """

    def __init__(self, index: Index) -> None:
        self._index = index

    def names(self) -> set[str]:
        """Return every name that a run has a value of."""
        rows = self._index.rows("SELECT name FROM key WHERE n > 0")
        return {f"{name}.last" if name.startswith("metrics.") else name for (name,) in rows}

    def find(
        self, where: Condition | None = None, order: SortKey | None = None, *,
        limit: int | None = None, without: Sequence[str] = (),
    ) -> list[Found] | None:  # fmt: skip
        """Return the runs that match, in order; None where the index cannot tell.

        Returns:
            For each its id, the pack that holds its manifest, when it was created, and the
            values that *order* sorts by.
        """
        try:
            rows = Query(self._index).ids(where, order, limit=limit, without=without)
        except TooComplexError:
            return None
        return [(row[0], row[1], row[2], tuple(map(decode, row[3:]))) for row in rows]

    def damaged(self) -> list[str]:
        """Return the runs that the index could not take in."""
        return [run for (run,) in self._index.rows("SELECT run FROM damaged ORDER BY run")]

    def named(self, text: str) -> list[tuple[str, str | None]]:
        """Return the runs that *text* may name, with their packs.

        By id, by the beginning of it, or by name.
        """
        return [(run, pack) for run, pack in self._index.rows(_NAMED, (text,))]

    def git(self) -> dict[str, dict[str, Any]]:
        """Return what git said of each run: commit, tree, dirty, untracked."""
        said: dict[int, dict[str, Any]] = {}
        for facet, name, cell in self._index.rows(_GIT):
            said.setdefault(facet, {})[name] = decode(cell)
        return {
            run: said.get(git, {}) for run, git in self._index.rows("SELECT run, git FROM run")
        }
