"""Scenes of three dimensions, and clouds of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.file import FileMedia, is_path, read_stream
from vcs_track.compat.wandb.media.pixels import as_array, is_array
from vcs_track.formats import canonical

__all__ = ["Object3D", "box3d"]

_FORMATS: Final = ("obj", "gltf", "glb", "babylon", "stl", "pts.json")
_CLOUD: Final = "lidar/beta"


class Object3D(FileMedia):
    """A scene, or a cloud of points.

    Args:
        data_or_path: A path or an open file of a scene, an array of shape (N, 3), (N, 4) with
            a category or (N, 6) with a colour, or ``{"type": "lidar/beta", "points": ...,
            "boxes": ..., "vectors": ...}``.
        caption: What is said of it.
        file_type: Format of an open file.

    Raises:
        BadValueError: If it is none of these.
        MissingFileError: If the file is not there.

    Example:
        >>> import numpy
        >>> from vcs_track.compat.wandb.media.object3d import Object3D
        >>> Object3D(numpy.zeros((5, 3))).format
        'pts.json'
    """

    _type: ClassVar[str] = "object3D-file"
    _folder: ClassVar[str] = "object3D"
    SUPPORTED_TYPES: ClassVar[frozenset[str]] = frozenset(_FORMATS)
    SUPPORTED_POINT_CLOUD_TYPES: ClassVar[frozenset[str]] = frozenset({_CLOUD})

    def __init__(
        self, data_or_path: Any, caption: str | None = None, file_type: str | None = None
    ) -> None:
        self._caption = None if caption is None else str(caption)
        if is_path(data_or_path):
            self._take_file(Path(data_or_path), _FORMATS, "Object3D")
        elif hasattr(data_or_path, "read"):
            self._take_stream(data_or_path, file_type)
        elif isinstance(data_or_path, Mapping) and "type" in data_or_path:
            self._take_points(_cloud(data_or_path))
        elif is_array(data_or_path):
            self._take_points(_points(as_array(data_or_path)))
        else:
            raise BadValueError("data must be a numpy array, dict or a file object")

    def _take_stream(self, stream: Any, kind: str | None) -> None:
        if kind is None:
            raise BadValueError("Must pass file type keyword argument when using io objects.")
        if kind not in _FORMATS:
            raise BadValueError(
                "Object 3D only supports numpy arrays or files of the type: " + ", ".join(_FORMATS)
            )
        self._data, self._extension = read_stream(stream), kind

    def _take_points(self, body: Any) -> None:
        self._data, self._extension = canonical.dumps(body), "pts.json"

    @property
    def format(self) -> str:
        """Ending of the file."""
        return self._extension

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Self:
        """Return the scene in a file."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Self:
        """Return the cloud of the points in an array."""
        if not is_array(data):
            raise BadValueError("`data` must be a numpy array")
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: Sequence[Any],
        boxes: Sequence[Any],
        vectors: Sequence[Any] | None = None,
        point_cloud_type: str = _CLOUD,
    ) -> Self:
        """Return a cloud of points with boxes and arrows."""
        return cls(
            {"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": vectors or []}
        )


def box3d(
    *, center: Any, size: Any, orientation: Any, color: Any, label: str | None = None,
    score: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return a box for :meth:`Object3D.from_point_cloud`.

    Args:
        center: Three numbers.
        size: Three numbers.
        orientation: A quaternion, four numbers, the real one first.
        color: Red, green and blue, 0 to 255.
        label: What is said of it.
        score: How sure it is.

    Raises:
        BadValueError: If there are more or fewer numbers.
    """
    import numpy as np

    place, sides, turn = (np.asarray(one, dtype=float) for one in (center, size, orientation))
    if place.shape != (3,) or sides.shape != (3,) or turn.shape != (4,):
        raise BadValueError("a box needs 3 numbers of center and size and 4 of orientation")
    length = float(np.linalg.norm(turn))
    if not length > 0:
        raise BadValueError("an orientation of length 0 is none")
    real, axis = turn[0] / length, turn[1:] / length
    corners = []
    for x in (-0.5, 0.5):
        for y in (-0.5, 0.5):
            for z in (-0.5, 0.5):
                arm = sides * (x, y, z)
                turned = arm + 2 * np.cross(axis, np.cross(axis, arm) + real * arm)
                corners.append((place + turned).tolist())
    found: dict[str, Any] = {"corners": corners, "color": [int(one) for one in color]}
    if label is not None:
        found["label"] = str(label)
    if score is not None:
        found["score"] = float(score)
    return found


def _points(array: Any) -> list[Any]:
    if array.ndim != 2 or array.shape[1] not in (3, 4, 6):
        raise BadValueError(
            f"The shape of the numpy array must be one of (n, 3), (n, 4) and (n, 6), "
            f"not {array.shape}"
        )
    return [[_number(one) for one in point] for point in array.tolist()]


def _cloud(given: Mapping[str, Any]) -> dict[str, Any]:
    if given["type"] != _CLOUD:
        raise BadValueError("Type not supported, only 'lidar/beta' is currently supported")
    parts = {name: _plain(given.get(name, [])) for name in ("points", "boxes", "vectors")}
    return {"type": _CLOUD, **parts}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if value - value == 0 else None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise BadValueError(f"a scene cannot hold a {type(value).__name__}")
