"""Near names for a typo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the names in *known* that are near *name*.

    Example:
        >>> from vcs_track.porcelain.near import did_you_mean
        >>> did_you_mean("val/los", ["val/loss", "train/loss"])
        "did you mean 'val/loss' or 'train/loss'?"
    """
    from difflib import get_close_matches

    known = list(known)
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        quoted = [f"'{word}'" for word in near]
        return f"did you mean {' or '.join(quoted)}?"
    if known:
        shown = ", ".join(f"'{word}'" for word in known[:5])
        return f"there are {shown}{' and more' if len(known) > 5 else ''}"
    return "there are none"
