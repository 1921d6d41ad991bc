"""Commits by what git says of them: ``commit in "v1..main"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import ExpressionError, GitError
from vcs_track.porcelain.filter.expression import Filter
from vcs_track.porcelain.filter.nodes import And, Contains, In, Literal, Name, Not, Or, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.porcelain.filter.nodes import Condition

    CommitsIn = Callable[[str], Iterable[str]]

__all__ = ["with_commits"]

_COMMITS = (("commit",), ("git", "commit"), ("attributes", "commit"))


def with_commits(filter: Filter, commits_in: CommitsIn) -> Filter:  # noqa: A002 -- as in resolve
    """Return *filter* with commits in place of git ranges.

    Args:
        filter: What ``parse`` returned.
        commits_in: Gives the ids of the commits in a range.

    Raises:
        ExpressionError: If git does not know a range; the position is that of the range.

    Example:
        >>> from vcs_track.porcelain.filter import parse, to_text
        >>> from vcs_track.porcelain.filter.ranges import with_commits
        >>> to_text(with_commits(parse("commit in 'v1..v2'"), lambda _: ["3f9a1c"]).tree)
        "commit in ('3f9a1c')"
    """
    if not any(_is_range(node) for node, _ in walk(filter.tree)):
        return filter
    return Filter(filter.text, _expanded(filter.tree, filter.text, commits_in))


def _is_range(node: object) -> bool:
    match node:
        case Contains(Literal(str()), Name(pieces)):
            return pieces in _COMMITS
        case _:
            return False


def _expanded(node: Condition, text: str, commits_in: CommitsIn) -> Condition:
    match node:
        case And(items):
            return And(tuple(_expanded(item, text, commits_in) for item in items))
        case Or(items):
            return Or(tuple(_expanded(item, text, commits_in) for item in items))
        case Not(item):
            return Not(_expanded(item, text, commits_in))
        case Contains(Literal(str(rev_range), position), Name() as name) if _is_range(node):
            try:
                found = sorted(commits_in(rev_range))
            except GitError as error:
                raise ExpressionError(
                    str(error), text=text, position=position, hint=error.hint
                ) from None
            return In(name, tuple(Literal(commit, position) for commit in found))
        case _:
            return node
