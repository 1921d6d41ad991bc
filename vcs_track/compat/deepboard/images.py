"""What add_image takes, as bytes."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.deepboard.refusals import refused, refused_by_sqlite
from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.media import EncodedImage, encode_image

__all__ = ["encoded"]


def encoded(image: Any) -> EncodedImage:
    """Return *image* as it is stored.

    Raises:
        OSError: If it is no image, or gives no PNG.
        sqlite3.IntegrityError: If it is None.
        TypeError: If it is something else.
    """
    if image is None:
        raise refused_by_sqlite("IntegrityError", "an image must not be None")
    try:
        return encode_image(image)
    except InvalidTypeError:
        raise
    except InvalidValueError as error:
        raise refused(OSError, error.message, error.hint) from None
