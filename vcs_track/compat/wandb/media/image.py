"""Images, with what is drawn on them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.boxes import BoundingBoxes2D
from vcs_track.compat.wandb.media.classes import Classes
from vcs_track.compat.wandb.media.file import (
    FileMedia,
    is_path,
    is_uri,
    read_file,
    read_stream,
)
from vcs_track.compat.wandb.media.masks import ImageMask
from vcs_track.compat.wandb.media.pixels import is_array, pixels
from vcs_track.compat.wandb.media.refusals import NotAFieldError
from vcs_track.compat.wandb.media.sink import kept
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.formats.media import encode_image, encode_image_as, open_image, sniff

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Image"]

_TYPES: Final = ("png", "jpg", "jpeg", "bmp")


class Image(FileMedia):
    """An image.

    Args:
        data_or_path: An array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), a tensor, a
            PIL image, a figure of matplotlib, another :class:`Image`, the bytes or the path of
            an encoded image, which are kept as they are.
        mode: Mode of PIL that it is converted to.
        caption: What is said of it.
        grouping: Number of images that belong together.
        classes: :class:`Classes`, or the list that makes them.
        boxes: Groups of boxes by name.
        masks: Masks by name.
        file_type: ``png``, ``jpg`` or ``bmp``. Default: PNG, or that of the file.
        normalize: Whether floats are brought to 0..255.

    Raises:
        BadValueError: If it is no image, or of a shape that is none.
        MissingFileError: If the file is not there.

    Example:
        >>> import numpy
        >>> from vcs_track.compat.wandb.media.image import Image
        >>> picture = Image(numpy.eye(4), caption="a line")
        >>> picture.format, picture.width, picture.image.getpixel((0, 0))
        ('png', 4, 255)
    """

    _type: ClassVar[str] = "image-file"
    _folder: ClassVar[str] = "images"
    _kind: ClassVar[str] = "image"

    # Never reached here: lists of any length are kept. Scripts read the number.
    MAX_ITEMS: ClassVar[int] = 108

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[Mapping[str, Any]] | None = None,
        boxes: Mapping[str, Any] | None = None,
        masks: Mapping[str, Any] | None = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        if file_type is not None and str(file_type).lower() not in _TYPES:
            raise BadValueError(f"file_type must be one of {list(_TYPES)}")
        self._uri: str | None = None
        self.width: int | None = None
        self.height: int | None = None
        self._grouping = grouping
        self._caption = None if caption is None else str(caption)
        self._boxes = _groups(boxes, BoundingBoxes2D, "boxes")
        self._masks = _groups(masks, ImageMask, "masks")
        self._classes = classes if isinstance(classes, Classes | None) else Classes(classes)
        if isinstance(data_or_path, Image):
            self._copy(data_or_path)
            return
        self._take(data_or_path, mode, file_type and str(file_type).lower(), normalize=normalize)

    def _copy(self, other: Image) -> None:
        self._data, self._extension, self._uri = other._data, other._extension, other._uri
        self.width, self.height = other.width, other.height
        self._caption = other._caption if self._caption is None else self._caption
        self._grouping = other._grouping if self._grouping is None else self._grouping
        self._boxes = self._boxes or other._boxes
        self._masks = self._masks or other._masks
        self._classes = self._classes or other._classes

    def _take(self, given: Any, mode: str | None, kind: str | None, *, normalize: bool) -> None:
        if is_uri(given):
            self._uri, self._extension = given, given.rpartition(".")[2][:8]
            return
        source = _source(given, normalize=normalize)
        if isinstance(source, bytes) and mode is None and kind is None:
            self._take_encoded(source, given)
            return
        try:
            encoded = encode_image(open_image(source) if isinstance(source, bytes) else source)
            if mode is not None:
                encoded = encode_image(open_image(encoded.data).convert(mode))
            if kind not in (None, "png"):
                name = "bmp" if kind == "bmp" else "jpeg"
                encoded = encode_image_as(open_image(encoded.data), name)
        except (VcsTrackError, ValueError) as error:
            raise _refused(error) from None
        self._data, self._extension = encoded.data, kind or "png"
        self.width, self.height = encoded.width, encoded.height

    def _take_encoded(self, data: bytes, given: Any) -> None:
        found = sniff(data)
        if found is None:
            raise BadValueError(
                f"{str(given)[:80]!r} is no image that is known" if is_path(given)
                else f"{len(data)} bytes are no image that is known",
                hint="give PNG, JPEG, GIF, WebP or BMP",
            )  # fmt: skip
        self._data = data
        self._extension = found[0].removeprefix("image/")
        if is_path(given) and str(given).lower().endswith(".jpg"):
            self._extension = "jpg"
        self.width, self.height = found[1], found[2]

    # ---- what it is --------------------------------------------------------------------

    @property
    def format(self) -> str:
        """``png``, ``jpg`` or another format."""
        return self._extension

    @property
    def image(self) -> Any:
        """The image as one of PIL; None for an address."""
        return None if self._uri is not None else open_image(self._data)

    def _facts(self) -> dict[str, Json]:
        found: dict[str, Json] = {"format": self._extension}
        if self.width and self.height:
            found |= {"width": self.width, "height": self.height}
        if self._grouping is not None:
            found["grouping"] = self._grouping
        return found | super()._facts()

    def _meta(self) -> dict[str, Any]:
        facts = {"width": self.width, "height": self.height, "caption": self._caption}
        return {name: value for name, value in facts.items() if value is not None}

    def _parts(self, sink: Sink) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name, groups in (("boxes", self._boxes), ("masks", self._masks)):
            if groups:
                found[name] = dict(zip(groups, kept(groups.values(), sink), strict=True))
        if self._classes is not None:
            found["classes"] = kept([self._classes], sink)[0]
        return found

    def _record(self, sink: Sink) -> dict[str, Json]:
        if self._uri is None:
            return super()._record(sink)
        return {
            "_type": self._type, "path": self._uri, **self._facts(), **self._parts(sink),
        }  # fmt: skip

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        path = str(record.get("path", ""))
        self._uri = path if is_uri(path) else None
        self._data = b"" if self._uri else read(path)
        self._caption = record.get("caption")
        self._extension = str(record.get("format", "png"))
        self.width, self.height = record.get("width"), record.get("height")
        self._grouping = record.get("grouping")
        self._boxes = _revived_parts(BoundingBoxes2D, record.get("boxes"), read)
        self._masks = _revived_parts(ImageMask, record.get("masks"), read)
        classes = record.get("classes")
        self._classes = Classes(classes["class_set"]) if classes else None

    # ---- lists -------------------------------------------------------------------------

    @classmethod
    def _record_all(cls, values: Sequence[Any], sink: Sink) -> dict[str, Json]:
        first = values[0]
        sizes = {(one.width, one.height) for one in values}
        if len(sizes) > 1:
            termwarn(f"Images sizes do not match: one list has {len(sizes)} sizes", repeat=False)
        found: dict[str, Json] = {
            "_type": "images/separated", "width": first.width, "height": first.height,
            "format": first.format, "count": len(values),
        }  # fmt: skip
        records: list[Any] = kept(values, sink)
        found["filenames"] = [record["path"] for record in records]
        found["sha256"] = [record.get("sha256") for record in records]
        captions = cls.all_captions(values)
        if isinstance(captions, list):
            found["captions"] = list[Any](captions)
        for name in ("boxes", "masks"):
            if any(name in record for record in records):
                found[f"all_{name}"] = [record.get(name) for record in records]
        groupings = [one._grouping for one in values]  # noqa: SLF001 -- of its own class
        if groupings[0] is not None:
            found["grouping"] = groupings[0]
        return found

    @classmethod
    def all_captions(cls, images: Sequence[Any]) -> list[str | None] | bool:
        """Return the captions of *images*, or False where none has one."""
        found = [image._caption for image in images]  # noqa: SLF001 -- of its own class
        return found if any(caption is not None for caption in found) else False

    captions = all_captions


def _groups(given: Any, kind: type[Any], what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadValueError(f'Images "{what}" argument must be a dictionary')
    return {
        str(name): one if isinstance(one, kind) else kind(one, str(name))
        for name, one in given.items()
    }


def _revived_parts(
    kind: type[FileMedia], records: Any, read: Callable[[str], bytes]
) -> dict[str, Any]:
    return {str(name): kind._revived(one, read) for name, one in (records or {}).items()}  # noqa: SLF001 -- the contract of values


def _source(given: Any, *, normalize: bool) -> Any:
    """Return the bytes of an encoded image, or what the encoder takes."""
    if is_path(given):
        return read_file(given)
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if is_array(given):
        return pixels(given, normalize=normalize)
    figure = _figure(given)
    if figure is not None:
        return figure
    if type(given).__module__.partition(".")[0] == "PIL":
        return given
    if hasattr(given, "read"):
        return read_stream(given)
    raise NotAFieldError(
        f"an image cannot be made of a {type(given).__name__}",
        hint="give an array, a PIL image, a figure or a path; of a list: numpy.asarray(list)",
    )


def _figure(given: Any) -> Any:
    """Return the figure that *given* is, belongs to, or is the module of; or None."""
    if getattr(given, "__name__", "") == "matplotlib.pyplot":
        return sys.modules["matplotlib.pyplot"].gcf()
    if hasattr(given, "savefig"):
        return given
    found = getattr(given, "figure", None)
    return found if hasattr(found, "savefig") else None


def _refused(error: Exception) -> BadValueError:
    hint = error.hint if isinstance(error, InvalidValueError) else ""
    return BadValueError(str(error), hint=hint)
