"""Fit texts to LIKE, glob and regular expression patterns in bounded time.

LIKE and glob become regular expressions in which no piece is tried twice. A regular
expression goes to ``re`` only when it cannot backtrack far; any other is run by
``automaton``, whose time grows with the length of the text and nothing worse.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from vcs_track.porcelain.filter.automaton import Automaton, PatternError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.filter.nodes import MatchKind

__all__ = ["MAX_PATTERN", "PatternError", "matcher"]

MAX_PATTERN = 200


@lru_cache(maxsize=256)
def matcher(kind: MatchKind, pattern: str) -> Callable[[str], bool]:
    r"""Return a function that tells whether a text fits *pattern*.

    Args:
        kind: ``like`` and ``ilike`` (whole text, ``%`` any, ``_`` one sign, a backslash
            before either takes it as it is), ``glob`` (whole text, ``* ? [abc]``), or
            ``regex`` (any part of the text).
        pattern: At most 200 characters.

    Raises:
        PatternError: If the pattern is too long, wrong, or not supported.

    Example:
        >>> from vcs_track.porcelain.filter.patterns import matcher
        >>> matcher("like", "resnet%")("resnet50"), matcher("regex", r"\d\d")("resnet5")
        (True, False)
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(
            f"pattern has {len(pattern)} characters, at most {MAX_PATTERN} are read"
        )
    if kind == "regex":
        return Automaton(pattern).search
    if kind == "glob":
        compiled = re.compile(fnmatch.translate(pattern))
    else:
        flags = re.DOTALL | (re.IGNORECASE if kind == "ilike" else 0)
        compiled = re.compile(_from_like(pattern), flags)
    return lambda text: compiled.match(text) is not None


def _from_like(pattern: str) -> str:
    chunks = [""]
    for sign in re.findall(r"\\[%_\\]|.", pattern, re.DOTALL):
        if sign == "%":
            chunks.append("")
        else:
            chunks[-1] += "." if sign == "_" else re.escape(sign[-1])
    first, *rest = chunks
    if not rest:
        return rf"{first}\Z"
    # An atomic group takes the leftmost place of a piece and never moves it again: right
    # for LIKE, and linear where plain '.*a.*b' could be tried in every combination.
    middle = "".join(f"(?>.*?{chunk})" for chunk in rest[:-1] if chunk)
    return rf"{first}{middle}.*{rest[-1]}\Z"
