"""Images as bytes: what they are, and how arrays become PNG.

The only module that uses Pillow, and only when an image is encoded or opened.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import warnings
from collections import OrderedDict
from contextlib import suppress
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.oid import object_format

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = [
    "EncodedImage", "encode_gif", "encode_image", "encode_image_as", "guess_mime",
    "image_distance", "open_image", "pixels_of", "sniff",
]  # fmt: skip

_LEVEL: Final = 3  # of PNG compression: a third of the time of the default, a little larger
# The header sizes of the versions of BMP, from Windows 3 on.
_BMP_HEADERS: Final = tuple(size.to_bytes(4, "little") for size in (40, 52, 56, 64, 108, 124))
_MAX_16_BITS: Final = 0xFFFF
_KNOWN: Final = "PNG, JPEG, GIF, WebP or BMP"
_DECODERS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
_MOST_PIXELS: Final = 50_000_000  # 200 MB when decoded

_MIME: Final = {
    "bmp": "image/bmp", "csv": "text/csv", "gif": "image/gif", "gz": "application/gzip",
    "htm": "text/html", "html": "text/html", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "json": "application/json", "md": "text/markdown", "mp3": "audio/mpeg",
    "mp4": "video/mp4", "pdf": "application/pdf", "png": "image/png", "py": "text/x-python",
    "svg": "image/svg+xml", "toml": "application/toml", "tsv": "text/tab-separated-values",
    "txt": "text/plain", "log": "text/plain", "wav": "audio/wav", "webm": "video/webm",
    "webp": "image/webp", "yaml": "application/yaml", "yml": "application/yaml",
    "zip": "application/zip",
}  # fmt: skip


class EncodedImage(NamedTuple):
    """An image as it is stored.

    Attributes:
        data: The bytes.
        mime: Media type.
        width: Pixels, or None where the header does not say.
        height: Pixels, or None.
    """

    data: bytes
    mime: str
    width: int | None
    height: int | None


# Images encoded lately: one that is logged again is not encoded again. Found by the SHA-256 of
# the pixels, never by an address, which another array may get.
_encoded: OrderedDict[tuple[str, str, tuple[int, int]], EncodedImage] = OrderedDict()
_MOST_ENCODED: Final = 16 << 20  # bytes


def guess_mime(name: str) -> str:
    """Return the media type that the ending of *name* stands for.

    A table of our own: the answer must not depend on the machine.

    Example:
        >>> from vcs_track.formats.media import guess_mime
        >>> guess_mime("curve.PNG"), guess_mime("model.pt")
        ('image/png', 'application/octet-stream')
    """
    return _MIME.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def sniff(data: bytes) -> tuple[str, int | None, int | None] | None:
    """Return media type, width and height of encoded image *data*, or None.

    Looks at the header only.

    Example:
        >>> from vcs_track.formats.media import sniff
        >>> sniff(b"GIF89a" + bytes([2, 0, 3, 0]) + bytes(20))
        ('image/gif', 2, 3)
        >>> sniff(b"hello") is None
        True
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 33:
        return ("image/png", *struct.unpack_from(">II", data, 16))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 13:
        return ("image/gif", *struct.unpack_from("<HH", data, 6))
    if data.startswith(b"\xff\xd8\xff") and len(data) >= 4:
        return ("image/jpeg", *_jpeg_size(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and data[12:15] == b"VP8":
        return ("image/webp", *_webp_size(data))
    if data[:2] == b"BM" and len(data) >= 26 and data[14:18] in _BMP_HEADERS:
        width, height = struct.unpack_from("<ii", data, 18)
        return "image/bmp", abs(width), abs(height)
    return None


def _jpeg_size(data: bytes) -> tuple[int | None, int | None]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None, None


def _webp_size(data: bytes) -> tuple[int | None, int | None]:
    if len(data) < 30:
        return None, None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return width + 1, height + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def encode_image(image: Any) -> EncodedImage:
    """Return *image* as it is stored: bytes as they are, all else as PNG.

    Args:
        image: Bytes of PNG, JPEG, GIF, WebP or BMP; a PIL image; a matplotlib figure; an
            array or CPU tensor of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with
            uint8, bool, or floats from 0 to 1.

    Raises:
        InvalidTypeError: If it is none of these.
        InvalidValueError: If the bytes are no image, or shape, type or range do not fit.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        data = bytes(image)
        found = sniff(data)
        if found is None or not (found[1] and found[2]):
            what = "are no image that is known" if found is None else "of an image are damaged"
            raise InvalidValueError(
                f"{len(data)} bytes {what}",
                hint=f"give {_KNOWN} bytes, or store any file with add_file",
            )
        return EncodedImage(data, *found)
    if hasattr(image, "savefig"):
        out = io.BytesIO()
        # Without the version in it, the same figure gives the same bytes.
        image.savefig(out, format="png", metadata={"Software": None})
        found = sniff(out.getvalue())
        return EncodedImage(out.getvalue(), *(found or ("image/png", None, None)))
    if type(image).__module__.partition(".")[0] == "PIL":
        return _encode_pil(image)
    if hasattr(image, "shape") and hasattr(image, "dtype"):
        return _encode_pil(_from_array(image))
    hint = f"give {_KNOWN} bytes, a path, a PIL image or an array"
    if isinstance(image, list | tuple):
        hint = "convert it with numpy.asarray(image, dtype='uint8')"
    raise InvalidTypeError(f"an image cannot be made of a {type(image).__name__}", hint=hint)


def _encode_pil(image: PILImage) -> EncodedImage:
    if image.mode == "F":
        raise InvalidValueError(
            "a PIL image of floats (mode 'F') has no agreed range",
            hint="scale it to 0..255 and convert it to mode 'L'",
        )
    out = io.BytesIO()
    try:
        key = object_format("sha256").hash(image.tobytes()), image.mode, image.size
        # A palette, a colour profile or a resolution would be in the PNG too.
        plain = not image.info and image.palette is None
        if plain and key in _encoded:
            return _encoded[key]
        _to_png_mode(image).save(out, "PNG", compress_level=_LEVEL)
    except (ValueError, OSError, SyntaxError) as error:
        raise InvalidValueError(
            f"a PIL image of mode '{image.mode}' and size {image.size} gives no PNG: {error}",
            hint="check the file it was opened from, or convert it to mode 'RGB'",
        ) from None
    encoded = EncodedImage(out.getvalue(), "image/png", image.width, image.height)
    if plain:
        _encoded[key] = encoded
        kept = list(_encoded.values())
        with suppress(KeyError):  # another thread may make room too
            while len(_encoded) > 256 or sum(len(e.data) for e in kept) > _MOST_ENCODED:
                _encoded.popitem(last=False)
                kept.pop(0)
    return encoded


def encode_image_as(image: PILImage, kind: str) -> EncodedImage:
    """Return a PIL image in a format other than PNG.

    Args:
        image: The image; what the format cannot hold, such as transparency, is left out.
        kind: ``jpeg`` or ``bmp``.

    Raises:
        InvalidValueError: If it cannot be written so.

    Example:
        >>> from PIL import Image
        >>> from vcs_track.formats.media import encode_image_as
        >>> encode_image_as(Image.new("RGBA", (3, 2)), "bmp").mime
        'image/bmp'
    """
    out = io.BytesIO()
    plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
    try:
        plain.save(out, kind.upper())
    except (ValueError, OSError, KeyError) as error:
        raise InvalidValueError(
            f"an image of size {image.size} gives no {kind}: {error}"
        ) from None
    return EncodedImage(out.getvalue(), f"image/{kind}", image.width, image.height)


def encode_gif(frames: Any, seconds: float) -> bytes:
    """Return an animation that is repeated for ever.

    Args:
        frames: Array of shape (frames, H, W, 1 or 3), uint8.
        seconds: How long each frame stands.

    Example:
        >>> import numpy
        >>> from vcs_track.formats.media import encode_gif, sniff
        >>> sniff(encode_gif(numpy.zeros((2, 4, 5, 3), "uint8"), 0.25))
        ('image/gif', 5, 4)
    """
    images = [_from_array(frame) for frame in frames]
    out = io.BytesIO()
    images[0].save(
        out, "GIF", save_all=True, append_images=images[1:], duration=round(seconds * 1000),
        loop=0, optimize=False,
    )  # fmt: skip
    return out.getvalue()


def _to_png_mode(image: Any) -> Any:
    """Return *image* in a mode that PNG has, with its transparency."""
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        return image
    if image.mode.startswith("I"):
        low, high = image.convert("I").getextrema()
        if low < 0 or high > _MAX_16_BITS:
            raise ValueError(f"values from {low} to {high} do not fit 16 bits")
        return image.convert("I").convert("I;16")
    if image.mode == "La":
        return image.convert("LA")
    return image.convert("RGBA" if image.mode in ("PA", "RGBa") else "RGB")


def _from_array(array: Any) -> PILImage:
    from PIL import Image

    if hasattr(array, "detach"):  # a torch tensor
        array = array.detach().cpu()
        # Numpy lacks bfloat16.
        array = (array.float() if "bfloat16" in str(array.dtype) else array).numpy()
    shape = tuple(int(side) for side in array.shape)
    if len(shape) == 3 and shape[2] == 1:
        array, shape = array.reshape(shape[:2]), shape[:2]
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or 0 in shape:
        first = len(shape) == 3 and shape[0] in (1, 3, 4)
        raise InvalidValueError(
            f"an image cannot be made of an array of shape {shape}",
            hint="channels go last: use array.transpose(1, 2, 0)"
            if first else "use (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)",
        )  # fmt: skip
    pixels = _to_bytes(array)
    mode = "L" if len(shape) == 2 else {3: "RGB", 4: "RGBA"}[shape[2]]
    return Image.frombytes(mode, (shape[1], shape[0]), pixels)


def _to_bytes(array: Any) -> bytes:
    kind = str(getattr(array.dtype, "name", array.dtype))
    if kind == "uint8":
        return bytes(array.tobytes())
    if kind == "bool":
        return bytes(array.astype("uint8").tobytes().replace(b"\1", b"\xff"))
    if not kind.startswith(("float", "bfloat")):
        raise InvalidValueError(
            f"an image cannot be made of an array of {kind}",
            hint="use uint8, or floats from 0 to 1",
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1) or math.isnan(low):
        raise InvalidValueError(
            f"an image of floats has values from {low:g} to {high:g}, expected 0 to 1",
            hint="scale it, or convert it to uint8",
        )
    rounded = sys.modules["numpy"].rint(array.astype("float64") * 255)
    return bytes(rounded.astype("uint8").tobytes())


def open_image(data: bytes) -> PILImage:
    """Return the PIL image in *data*.

    Its pixels are decoded when they are used.

    Raises:
        InvalidValueError: If Pillow cannot read it.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise InvalidValueError("the bytes are no image that Pillow can open") from None


def pixels_of(data: bytes) -> str:
    """Return a hash of what the encoded image *data* looks like.

    Equal for two images of one size with the same pixels, whatever their format, palette and
    compression. What is wholly transparent has no colour.

    Raises:
        InvalidValueError: If it is no image, is damaged or moves, or has more than 50 million
            pixels.

    Example:
        >>> from PIL import Image
        >>> from vcs_track.formats.media import encode_image, pixels_of
        >>> grey, colour = Image.new("L", (2, 2), 7), Image.new("RGB", (2, 2), (7, 7, 7))
        >>> pixels_of(encode_image(grey).data) == pixels_of(encode_image(colour).data)
        True
    """
    plain = _decoded(data)
    head = f"{plain.mode} {plain.size[0]} {plain.size[1]} ".encode()
    return object_format("sha256").hash(head + plain.tobytes())


def _decoded(data: bytes) -> PILImage:
    """Return the image in *data* in one of two modes; raise InvalidValueError."""
    from PIL import Image

    found = sniff(data)
    if found is None or not (found[1] and found[2]):
        raise InvalidValueError("it is no image that is known")
    size = found[1], found[2]
    # Looked at before anything is decoded: a few bytes can stand for gigabytes.
    if size[0] * size[1] > _MOST_PIXELS:
        raise InvalidValueError(f"it has {size[0]} x {size[1]} pixels")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in it; the pixels tell
            image = Image.open(io.BytesIO(data), formats=_DECODERS)
            still = image.size == size and getattr(image, "n_frames", 1) == 1
            plain = _plain_pixels(image) if still else None
    except Exception as error:  # noqa: BLE001 -- decoders raise whatever they stumble over
        raise InvalidValueError(f"it is damaged: {error!s:.80}") from None
    if plain is None:
        raise InvalidValueError("it moves, or contradicts itself")
    return plain


def _plain_pixels(image: PILImage) -> PILImage:
    """Return *image* in one of two modes, so that equal looks are equal bytes."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return image.convert("I")  # more than 8 bits a pixel
    plain = image.convert("RGBA")
    alpha = plain.getchannel("A")
    if alpha.getextrema()[0] == 0:
        nothing = Image.new("RGBA", plain.size, (0, 0, 0, 0))
        plain = Image.composite(plain, nothing, alpha.point(lambda value: 255 if value else 0))
    return plain


def image_distance(old: bytes, new: bytes, *, draw: bool = False) -> tuple[float, bytes | None]:
    """Return the share of pixels that differ between two encoded images.

    Images are laid on each other at their upper left corners; what only one of them covers
    differs. Equal looks are equal pixels, as in :func:`pixels_of`.

    Args:
        old: The first image.
        new: The second image.
        draw: Whether to make a PNG of the distances too: grey, black where nothing differs.

    Raises:
        InvalidValueError: If one is no image, is damaged or moves, or they have more than 50
            million pixels.

    Example:
        >>> from PIL import Image
        >>> from vcs_track.formats.media import encode_image, image_distance
        >>> black = Image.new("L", (2, 2))
        >>> dot = black.copy()
        >>> dot.putpixel((0, 0), 255)
        >>> image_distance(encode_image(black).data, encode_image(dot).data)
        (0.25, None)
    """
    from PIL import Image, ImageChops

    images = [_decoded(data) for data in (old, new)]
    size = (max(i.width for i in images), max(i.height for i in images))
    if size[0] * size[1] > _MOST_PIXELS:
        raise InvalidValueError(f"together they have {size[0]} x {size[1]} pixels")
    deep = all(image.mode == "I" for image in images)
    sides = [_canvas(_bands(image, deep=deep), size) for image in images]
    bands = zip(sides[0].split(), sides[1].split(), strict=True)
    distances = [ImageChops.difference(one, two) for one, two in bands]
    inside = [_canvas(Image.new("L", image.size, 255), size) for image in images]
    distances.append(ImageChops.difference(*inside))
    distance = reduce(ImageChops.lighter, distances)
    share = 1 - distance.histogram()[0] / (size[0] * size[1])
    return share, _encode_pil(distance).data if draw else None


def _canvas(image: PILImage, size: tuple[int, int]) -> PILImage:
    from PIL import Image

    if image.size == size:
        return image
    canvas = Image.new(image.mode, size)
    canvas.paste(image, (0, 0))
    return canvas


def _bands(image: PILImage, *, deep: bool) -> PILImage:
    """Return *image* with 8 bits a band, all that it has where it is *deep*."""
    from PIL import Image

    if image.mode != "I":
        return image
    raw = image.tobytes()
    at = 0 if sys.byteorder == "little" else 3
    low, high = raw[at::4], raw[abs(at - 1) :: 4]
    bands = [Image.frombytes("L", image.size, part) for part in (high, low)]
    if not deep:
        return bands[0].convert("RGBA")
    return Image.merge("LA", bands)
