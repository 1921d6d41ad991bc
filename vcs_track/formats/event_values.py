"""What an event has: scalars, histograms, images, texts and hyperparameters.

Each in its old form, a field of its own, and in that of TensorFlow 2, a tensor of which the
plugin is told with the first value of a tag.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats.event_hparams import (
    PLUGIN as HPARAMS,
    SESSION_END,
    SESSION_START,
    SessionEnd,
    SessionStart,
    decode_session,
)
from vcs_track.formats.tensor_proto import decode_tensor, strings_to
from vcs_track.formats.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    double_of,
    double_to,
    fields,
    float_of,
    float_to,
    length_to,
    packed,
    signed,
    text_of,
    varint_to,
)

__all__ = [
    "Histogram",
    "Images",
    "Other",
    "Scalar",
    "Texts",
    "Value",
    "decode_value",
    "encode_value",
]

_TAG: Final = 1 << 3 | BYTES
_SIMPLE: Final = 2 << 3 | FIXED32
_IMAGE: Final = 4 << 3 | BYTES
_HISTOGRAM: Final = 5 << 3 | BYTES
_AUDIO: Final = 6 << 3 | BYTES
_TENSOR: Final = 8 << 3 | BYTES
_METADATA: Final = 9 << 3 | BYTES
_MOST_TAGS: Final = 100_000  # of which the plugin is remembered
_MOST_PARTS: Final = 10_000  # texts or images of one moment
_RGB: Final = 3
_SIDE: Final = 1 << 31


class Scalar(NamedTuple):
    """One number.

    Attributes:
        tag: The series.
        value: The number; written it has 32 bits.
    """

    tag: str
    value: float


class Histogram(NamedTuple):
    """One histogram.

    Attributes:
        tag: The series.
        limits: The right limits of the buckets, rising.
        counts: What is in each bucket.
        low: The smallest value, or the left limit of the first bucket.
        high: The largest value, or the right limit of the last bucket.
        num: How many values there are.
        total: Their sum; 0 where it is not known.
        squares: The sum of their squares; 0 where it is not known.
    """

    tag: str
    limits: tuple[float, ...]
    counts: tuple[float, ...]
    low: float
    high: float
    num: float
    total: float = 0.0
    squares: float = 0.0


class Images(NamedTuple):
    """Encoded images of one moment, mostly one.

    Attributes:
        tag: The series.
        images: PNG, JPEG or GIF bytes.
        width: Of each, or 0.
        height: Of each, or 0.
    """

    tag: str
    images: tuple[bytes, ...]
    width: int = 0
    height: int = 0


class Texts(NamedTuple):
    """Texts of one moment, mostly one.

    Attributes:
        tag: The series.
        texts: The texts, row by row where they are a table.
        shape: Sides of the table; empty for one text alone.
    """

    tag: str
    texts: tuple[str, ...]
    shape: tuple[int, ...] = ()


class Other(NamedTuple):
    """Something that is not read here.

    Attributes:
        tag: The series.
        kind: ``audio``, the name of a plugin, or empty where nobody can tell.
    """

    tag: str
    kind: str = ""


Value = Scalar | Histogram | Images | Texts | SessionStart | SessionEnd | Other


# ---- reading -----------------------------------------------------------------------------


def decode_value(data: bytes, plugins: dict[str, str]) -> Value:
    """Return one value of an event.

    Args:
        data: The message.
        plugins: What is known of the plugins of tags; it is added to.

    Raises:
        CorruptError: If the message is damaged.
    """
    parts = dict(fields(data))  # of equal fields the last one stands
    tag = text_of(parts.get(_TAG, b""))
    if _SIMPLE in parts:
        return Scalar(tag, float_of(parts[_SIMPLE]))
    plugin, facts = _plugin(_bytes(parts, _METADATA))
    if plugin == HPARAMS:
        return decode_session(facts) or Other(tag, plugin)
    if _HISTOGRAM in parts:
        return _histogram(tag, _bytes(parts, _HISTOGRAM))
    if _IMAGE in parts:
        return _image(tag, _bytes(parts, _IMAGE))
    if _TENSOR in parts:
        return _tensor(tag, _remembered(plugin, tag, plugins), _bytes(parts, _TENSOR))
    return Other(tag, "audio" if _AUDIO in parts else plugin)


def _bytes(parts: dict[int, int | bytes], key: int) -> bytes:
    found = parts.get(key, b"")
    return found if isinstance(found, bytes) else b""


def _plugin(said: bytes) -> tuple[str, bytes]:
    """Return the name of the plugin, and what it has to say."""
    name, facts = "", b""
    for key, value in fields(said):
        if key == 1 << 3 | BYTES and isinstance(value, bytes):
            for at, part in fields(value):
                if at == 1 << 3 | BYTES:
                    name = text_of(part)
                elif at == 2 << 3 | BYTES and isinstance(part, bytes):
                    facts = part
    return name, facts


def _remembered(plugin: str, tag: str, plugins: dict[str, str]) -> str:
    if not plugin:
        return plugins.get(tag, "")
    if len(plugins) < _MOST_TAGS or tag in plugins:
        plugins[tag] = plugin
    return plugin


def _histogram(tag: str, data: bytes) -> Histogram:
    numbers = dict.fromkeys(range(1, 6), 0.0)
    rows: dict[int, list[float]] = {6: [], 7: []}
    for key, value in fields(data):
        number, kind = key >> 3, key & 7
        if number in numbers and kind == FIXED64:
            numbers[number] = double_of(value)
        elif number in rows and kind in (BYTES, FIXED64):
            rows[number] += packed(value, "d")
    if len(rows[6]) != len(rows[7]):
        raise CorruptError(f"a histogram has {len(rows[6])} limits and {len(rows[7])} buckets")
    return Histogram(
        tag, tuple(rows[6]), tuple(rows[7]), numbers[1], numbers[2], numbers[3], numbers[4],
        numbers[5],
    )  # fmt: skip


def _image(tag: str, data: bytes) -> Images:
    width = height = 0
    content = b""
    for key, value in fields(data):
        if key == 1 << 3 | VARINT:
            height = signed(value)
        elif key == 2 << 3 | VARINT:
            width = signed(value)
        elif key == 4 << 3 | BYTES and isinstance(value, bytes):
            content = value
    return Images(tag, (content,), _side(width), _side(height))


def _side(number: int) -> int:
    return number if 0 <= number < _SIDE else 0


def _tensor(tag: str, plugin: str, data: bytes) -> Value:
    if plugin not in ("scalars", "histograms", "images", "text"):
        return Other(tag, plugin)
    tensor = decode_tensor(data)
    values, shape = tensor.values, tensor.shape
    if not values:
        return Other(tag, plugin)
    strings = isinstance(values[0], bytes)
    if plugin == "scalars" and len(values) == 1 and not strings:
        return Scalar(tag, float(values[0]))
    if plugin == "histograms" and len(shape) == 2 and shape[1] == 3 and not strings:
        return _buckets(tag, values)
    if strings and len(values) > _MOST_PARTS:
        return Other(tag, plugin)
    if plugin == "text" and strings:
        return Texts(tag, tuple(text_of(text) for text in values), shape)
    if plugin == "images" and strings and len(values) > 2:
        return Images(tag, values[2:], _digits(values[0]), _digits(values[1]))
    return Other(tag, plugin)


def _buckets(tag: str, values: tuple[float, ...]) -> Histogram:
    counts = values[2::3]
    return Histogram(tag, values[1::3], counts, values[0], values[-2], sum(counts))


def _digits(text: bytes) -> int:
    return _side(int(text)) if text.isdigit() and len(text) <= 10 else 0


# ---- writing -----------------------------------------------------------------------------


def encode_value(value: Value) -> bytes:
    """Return *value* as a message; nothing for what cannot be written.

    Example:
        >>> from vcs_track.formats.event_values import Scalar, decode_value, encode_value
        >>> decode_value(encode_value(Scalar("loss", 0.5)), {})
        Scalar(tag='loss', value=0.5)
    """
    if isinstance(value, Scalar):
        return _named(value.tag) + float_to(2, value.value)
    if isinstance(value, Histogram):
        return _named(value.tag) + length_to(5, *_histogram_to(value))
    if isinstance(value, Texts):
        texts = [text.encode("utf-8", "replace") for text in value.texts]
        content = strings_to(texts, value.shape)
        return _named(value.tag) + length_to(8, content) + _metadata_to("text")
    if isinstance(value, Images):
        return _named(value.tag) + _images_to(value)
    if isinstance(value, SessionStart | SessionEnd):
        tag = SESSION_START if isinstance(value, SessionStart) else SESSION_END
        return _named(tag) + _metadata_to(HPARAMS, value.encode())
    return b""


def _named(tag: str) -> bytes:
    return length_to(1, tag.encode("utf-8", "replace"))


def _metadata_to(plugin: str, facts: bytes = b"") -> bytes:
    content = length_to(2, facts) if facts else b""
    return length_to(9, length_to(1, length_to(1, plugin.encode()), content))


def _histogram_to(value: Histogram) -> list[bytes]:
    numbers = (value.low, value.high, value.num, value.total, value.squares)
    plain = [double_to(number, each) for number, each in enumerate(numbers, 1)]
    return [*plain, double_to(6, value.limits), double_to(7, value.counts)]


def _images_to(value: Images) -> bytes:
    if len(value.images) == 1:
        sides = varint_to(1, value.height) + varint_to(2, value.width) + varint_to(3, _RGB)
        return length_to(4, sides, length_to(4, value.images[0]))
    sizes = [str(value.width).encode(), str(value.height).encode()]
    return length_to(8, strings_to([*sizes, *value.images])) + _metadata_to("images")
