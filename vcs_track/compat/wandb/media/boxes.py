"""Boxes that are drawn on an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.classes import check_labels
from vcs_track.compat.wandb.media.file import FileMedia
from vcs_track.compat.wandb.media.refusals import MissingFieldError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.value import Json

__all__ = ["BoundingBoxes2D"]

_CORNERS = ("minX", "maxX", "minY", "maxY")
_SIDES = ("middle", "width", "height")


class BoundingBoxes2D(FileMedia):
    """One group of boxes of an image.

    Args:
        val: ``box_data``, a list of boxes, and maybe ``class_labels``.
        key: Name of the group.

    Raises:
        BadTypeError: If a box has not what it needs.
        MissingFieldError: If ``box_data``, or the class of a box, is missing.

    Example:
        >>> from vcs_track.compat.wandb.media.boxes import BoundingBoxes2D
        >>> place = {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}
        >>> group = {"box_data": [{"position": place, "class_id": 1}], "class_labels": {1: "cat"}}
        >>> len(BoundingBoxes2D(group, "truth").boxes)
        1
    """

    _type: ClassVar[str] = "boxes2D"
    _folder: ClassVar[str] = "metadata/boxes2D"
    _extension = "boxes2D.json"

    def __init__(self, val: Any, key: str) -> None:
        if not isinstance(val, Mapping) or "box_data" not in val:
            raise MissingFieldError(
                f"the boxes '{key}' have no 'box_data'", hint="write {'box_data': [...]}"
            )
        found = val["box_data"]
        if not isinstance(found, list | tuple):
            raise BadTypeError("Boxes must be a list")
        labels = val.get("class_labels")
        self.class_labels = {} if labels is None else check_labels(labels)
        self.boxes = [_box(box) for box in found]
        self._key = key
        body = {
            "box_data": self.boxes,
            "class_labels": {str(n): name for n, name in self.class_labels.items()},
        }
        self._data = canonical.dumps(body)

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        super()._know(record, read)
        body = canonical.loads(self._data)
        self.boxes, self._key = body["box_data"], ""
        self.class_labels = {int(n): name for n, name in body.get("class_labels", {}).items()}


def _box(box: Any) -> dict[str, Json]:
    place = box.get("position") if isinstance(box, Mapping) else None
    if not isinstance(place, Mapping) or not (
        all(name in place for name in _CORNERS) or all(name in place for name in _SIDES)
    ):
        raise BadTypeError(
            "Each box must contain a position with: middle, width, and height or "
            "minX, maxX, minY, maxY."
        )
    if "class_id" not in box:
        raise MissingFieldError("a box has no 'class_id'")
    if isinstance(box["class_id"], bool) or not hasattr(box["class_id"], "__index__"):
        raise BadTypeError("A box's class_id must be an integer")
    caption = box.get("box_caption")
    if caption is not None and not isinstance(caption, str):
        raise BadTypeError("A box's caption must be a string")
    found: dict[str, Json] = {
        **{str(name): _plain(value) for name, value in box.items()},
        "position": {str(name): _plain(value) for name, value in place.items()},
        "class_id": int(box["class_id"]),
    }
    if box.get("scores") is not None:
        found["scores"] = _scores(box["scores"])
    return found


def _scores(scores: Any) -> dict[str, Json]:
    if not isinstance(scores, Mapping):
        raise BadTypeError("Box scores must be a dictionary")
    found: dict[str, Json] = {}
    for name, score in scores.items():
        if isinstance(score, str | bytes) or not hasattr(score, "__float__"):
            raise BadTypeError("A score value must be a number")
        found[str(name)] = _plain(score)
    return found


def _plain(value: Any) -> Json:
    """Return a number of any package as one of Python; the rest as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if value is None or isinstance(value, bool | int | str):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return number if number - number == 0 else None
