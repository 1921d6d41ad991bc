"""What a row has of the values that are written for TensorBoard."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.compat.wandb.media.image import Image
from vcs_track.compat.wandb.media.video import Video
from vcs_track.compat.wandb.tables.table import Table
from vcs_track.formats.event_values import Histogram, Images, Scalar, Texts, decode_value
from vcs_track.formats.tensor_proto import decode_tensor

if TYPE_CHECKING:
    from vcs_track.formats.event_values import Value

__all__ = ["Told", "merge", "told_by"]

_NUMBERS: Final = {1: "float_val", 2: "double_val", 3: "int_val", 9: "int64_val", 10: "bool_val"}
_PACKED: Final = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 10: "<?"}
_HIDDEN: Final = ("hparams",)
_CURVES: Final = "pr_curves"


class Told(NamedTuple):
    """A value, and its key."""

    key: str
    value: Any


def told_by(value: Any, plugins: dict[str, str]) -> Told | None:
    """Return what a row has of a value of an event; None where it has nothing.

    Args:
        value: The message of TensorBoard.
        plugins: What is known of the plugins of tags; it is added to.

    Raises:
        CorruptError: If it is damaged.
        BadValueError: If it has an image that is none.
    """
    plugin = value.metadata.plugin_data.plugin_name
    if plugin in _HIDDEN:
        return None
    if plugin == _CURVES:
        table = _curve(value)
        return None if table is None else Told(value.tag, table)
    kind = value.WhichOneof("value")
    if kind in ("simple_value", "histo"):
        number = _plain(value, kind)
        return None if number is None else Told(value.tag, number)
    told = _decoded(decode_value(value.SerializeToString(), plugins))
    if told is None and kind == "tensor":
        number = _number(value.tensor)
        return None if number is None else Told(value.tag, number)
    return told


def merge(row: dict[str, Any], key: str, value: Any) -> None:
    """Put a value into a row; the images of one key are one list.

    Args:
        row: The row.
        key: The key.
        value: The value.
    """
    if isinstance(value, list) and isinstance(row.get(key), list):
        row[key] = row[key] + value
    else:
        row[key] = value


def _plain(value: Any, kind: str) -> Any:
    if kind == "simple_value":
        return float(value.simple_value)
    if len(value.histo.bucket) > 1:
        limits = list(value.histo.bucket_limit)
        edges = [min(value.histo.min, limits[0]), *limits]
        return {"_type": "histogram", "values": list(value.histo.bucket), "bins": edges}
    return None


def _decoded(found: Value) -> Told | None:
    if isinstance(found, Scalar):
        return Told(found.tag, found.value)
    if isinstance(found, Histogram):
        edges = [min(found.low, found.limits[0]), *found.limits]
        return Told(found.tag, {"_type": "histogram", "values": list(found.counts), "bins": edges})
    if isinstance(found, Texts):
        return Told(found.tag, found.texts[0] if len(found.texts) == 1 else list(found.texts))
    if isinstance(found, Images):
        pictures = [_picture(data) for data in found.images]
        above, _, number = found.tag.rpartition("/")
        return Told(above if above and number.isdigit() else found.tag, pictures)
    return None


def _picture(data: bytes) -> Image | Video:
    if data.startswith(b"GIF"):  # a video of tensorboardX
        return Video(io.BytesIO(data), format="gif")
    return Image(io.BytesIO(data))


def _number(tensor: Any) -> Any:
    field = _NUMBERS.get(tensor.dtype)
    if field is None or any(dim.size != 1 for dim in tensor.tensor_shape.dim):
        return None
    if tensor.tensor_content:
        code = _PACKED[tensor.dtype]
        content = tensor.tensor_content
        return struct.unpack(code, content)[0] if len(content) == struct.calcsize(code) else None
    values = getattr(tensor, field)
    return values[0] if len(values) == 1 else None


def _curve(value: Any) -> Table | None:
    """Return recall and precision as a table: the last two rows of the tensor."""
    tensor = decode_tensor(value.tensor.SerializeToString())
    if tensor.values is None or len(tensor.shape) != 2 or tensor.shape[0] < 2:
        return None
    many = tensor.shape[1]
    *_, precision, recall = (
        tensor.values[at : at + many] for at in range(0, len(tensor.values), many or 1)
    )
    points = [(r, p) for r, p in zip(recall, precision, strict=True) if r or p]
    points.sort(key=lambda point: (point[0], -point[1]))
    return Table(data=[list(point) for point in points], columns=["recall", "precision"])
