"""Masks that are drawn on an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.classes import check_labels
from vcs_track.compat.wandb.media.file import FileMedia, read_file
from vcs_track.compat.wandb.media.pixels import as_array
from vcs_track.compat.wandb.media.refusals import MissingFieldError, NotAFieldError
from vcs_track.formats.media import encode_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.value import Json

__all__ = ["ImageMask"]

_LARGEST = 255


class ImageMask(FileMedia):
    """One mask of an image: the number of a class for each pixel.

    Args:
        val: ``mask_data``, an array of shape (H, W), or ``path`` of an image; and maybe
            ``class_labels``.
        key: Name of the mask.

    Raises:
        BadTypeError: If it has another shape, or numbers that are not 0 to 255.
        MissingFieldError: If there is neither an array nor a path.
        MissingFileError: If the file is not there.

    Example:
        >>> import numpy
        >>> from vcs_track.compat.wandb.media.masks import ImageMask
        >>> mask = ImageMask({"mask_data": numpy.eye(3), "class_labels": {1: "cat"}}, "truth")
        >>> mask.class_labels
        {1: 'cat'}
    """

    _type: ClassVar[str] = "mask"
    _folder: ClassVar[str] = "images/mask"
    _kind: ClassVar[str] = "image"
    _extension = "mask.png"

    def __init__(self, val: Any, key: str) -> None:
        if not isinstance(val, Mapping) or not ("mask_data" in val or "path" in val):
            raise MissingFieldError(
                f"the mask '{key}' has no 'mask_data'", hint="write {'mask_data': array}"
            )
        self._key = key
        self.class_labels = (
            check_labels(val["class_labels"]) if val.get("class_labels") is not None else {}
        )
        self._data = read_file(val["path"]) if "path" in val else _encoded(val["mask_data"])

    def _facts(self) -> dict[str, Json]:
        # A PNG has no place for the names.
        if not self.class_labels:
            return {}
        return {"class_labels": {str(n): name for n, name in self.class_labels.items()}}

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        super()._know(record, read)
        self._key = ""
        self.class_labels = {int(n): name for n, name in record.get("class_labels", {}).items()}


def _encoded(data: Any) -> bytes:
    import numpy as np

    if not hasattr(data, "shape"):
        raise NotAFieldError(
            f"mask_data must be an array, not {type(data).__name__}",
            hint="use numpy.asarray(mask)",
        )
    array = as_array(data)
    if array.ndim != 2:
        raise BadTypeError("mask_data must be a 2D array")
    if array.dtype.kind not in "biuf" or not (
        array.size and (array >= 0).all() and (array <= _LARGEST).all()
    ):
        raise BadTypeError("Mask data must be integers between 0 and 255")
    return encode_image(array.astype(np.uint8)).data
