"""Which of two versions is the later one."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

__all__ = ["direction", "rank"]

_PARTS: Final = re.compile(r"[0-9]+|[a-z]+")
# Before the release itself, and after it, as PEP 440 orders them.
_WORDS: Final = {
    "dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1,
    "preview": -1, "post": 1, "rev": 1, "r": 1,
}  # fmt: skip
_LONGEST: Final = 200
_MOST_DIGITS: Final = 18


def rank(version: str) -> tuple[Any, ...]:
    """Return what sorts versions, near enough to PEP 440.

    Epoch, numbers without zeros at the end, then suffixes: ``dev`` before ``a``, ``b`` and
    ``rc``, these before the release, ``post`` after it; what follows a ``+`` comes last. A
    word that PEP 440 does not know is like a release.

    Args:
        version: The text of a version.

    Example:
        >>> from vcs_track.porcelain.diff.versions import rank
        >>> sorted(["1.10", "1.9", "1.10rc1", "1.10.post1", "1!0.1", "1.10.dev3"], key=rank)
        ['1.9', '1.10.dev3', '1.10rc1', '1.10', '1.10.post1', '1!0.1']
    """
    text = version[:_LONGEST].strip().lower().removeprefix("v")
    head, bang, rest = text.partition("!")
    epoch, text = (_number(head), rest) if bang and head.isdigit() else (0, text)
    public, _, local = text.partition("+")
    release: list[int] = []
    suffixes: list[tuple[int, int]] = []
    for part in _PARTS.findall(public):
        if not part[0].isdigit():
            suffixes.append((_WORDS.get(part, 0), 0))
        elif suffixes:
            suffixes[-1] = suffixes[-1][0], _number(part)
        else:
            release.append(_number(part))
    while release and release[-1] == 0:
        release.pop()
    # A number is later than a word in what is local to a build.
    build = tuple((part[0].isdigit(), _number(part), part) for part in _PARTS.findall(local))
    return epoch, tuple(release), (*suffixes, (0, 0)), build


def _number(digits: str) -> int:
    return int(digits[:_MOST_DIGITS]) if digits.isdigit() else 0


def direction(name: str, old: Any, new: Any) -> Literal["up", "down"] | None:
    """Return where the version *name* of an environment went.

    Args:
        name: Its dotted name in the environment.
        old: The version before.
        new: The version after.

    Returns:
        None where it is no version, is missing on a side, or both have the same rank.
    """
    versioned = name.startswith("packages.") or name == "python.version"
    if not versioned or not isinstance(old, str) or not isinstance(new, str):
        return None
    one, two = rank(old), rank(new)
    if one == two:
        return None
    return "up" if one < two else "down"
