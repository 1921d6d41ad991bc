"""How the looks of two images differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Look", "look"]


class Look(NamedTuple):
    """What two images have in common.

    Attributes:
        share: Share of the pixels that differ, or None.
        picture: A PNG of the distances, or None.
        why: Why there is none of it.
    """

    share: float | None = None
    picture: bytes | None = None
    why: str = ""


def look(
    data: Callable[[int], tuple[bytes | None, bytes | None]], place: int, *, draw: bool = False
) -> Look:
    """Return how the two images that *data* gives differ.

    Args:
        data: Gives the bytes of both.
        place: Which of several.
        draw: Whether to make the picture.
    """
    try:
        old, new = data(place)
    except VcsTrackError as error:
        return Look(why=error.message)
    if old is None or new is None:
        return Look(why="it is in one run only")
    from vcs_track.formats.media import image_distance

    try:
        return Look(*image_distance(old, new, draw=draw))
    except VcsTrackError as error:
        return Look(why=error.message)
