"""The names of the kinds of change, as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["kind_of", "kinds_of"]


def kind_of(word: str, kinds: Sequence[str]) -> str:
    """Return the kind that *word* names, singular or plural.

    Args:
        word: What somebody wrote.
        kinds: All kinds.

    Raises:
        InvalidValueError: If there is no such kind; the hint names a near one.

    Example:
        >>> from vcs_track.porcelain.diff.kinds import kind_of
        >>> [kind_of(word, ("hparam", "series", "summary")) for word in ("hparams", "Series")]
        ['hparam', 'series']
    """
    text = word.strip().lower()
    for name in (text, text.removesuffix("s"), _PLURALS.get(text, "")):
        if name in kinds:
            return name
    near = did_you_mean(text, kinds)
    raise InvalidValueError(
        f"there is no kind of change '{word}'",
        hint=near if near.startswith("did") else f"kinds are {', '.join(kinds)}",
    )


_PLURALS = {
    "identities": "identity", "summaries": "summary", "environment": "env",
    "environments": "env", "images": "media", "medium": "media", "hyperparameters": "hparam",
}  # fmt: skip


def kinds_of(words: str | Iterable[str] | None, kinds: Sequence[str]) -> frozenset[str]:
    """Return the kinds that *words* name, all for None.

    Args:
        words: Kinds; a text may name several with commas between.
        kinds: All kinds.

    Raises:
        InvalidValueError: If there is no such kind, or none at all is named.
    """
    if words is None:
        return frozenset(kinds)
    texts = [words] if isinstance(words, str) else list(words)
    named = [part for text in texts for part in text.split(",") if part.strip()]
    if not named:
        raise InvalidValueError("no kind of change is named", hint=f"kinds are {', '.join(kinds)}")
    return frozenset(kind_of(part, kinds) for part in named)
