"""Images: bytes are kept, arrays and PIL images become PNG with the same pixels."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats import media
from vcs_track.formats.media import (
    encode_gif,
    encode_image,
    encode_image_as,
    guess_mime,
    open_image,
    sniff,
)

GRADIENT = np.arange(5 * 7 * 3, dtype="uint8").reshape(5, 7, 3)
VARIANTS: list[tuple[str, dict[str, Any], str]] = [
    ("PNG", {}, "image/png"),
    ("JPEG", {}, "image/jpeg"),
    ("JPEG", {"progressive": True}, "image/jpeg"),
    ("GIF", {}, "image/gif"),
    ("WEBP", {}, "image/webp"),
    ("WEBP", {"lossless": True}, "image/webp"),
    ("BMP", {}, "image/bmp"),
]


class Tensor:
    """Behaves as a tensor of torch on another device, as far as it is looked at."""

    def __init__(self, array: np.ndarray[Any, Any], dtype: str) -> None:
        self._array = array
        self.dtype = dtype
        self.shape = array.shape
        self._calls: list[str] = []

    def detach(self) -> Tensor:
        """Leave the graph."""
        self._calls.append("detach")
        return self

    def cpu(self) -> Tensor:
        """Leave the device."""
        self._calls.append("cpu")
        return self

    def float(self) -> Tensor:
        """Return 32-bit floats."""
        self.dtype = "torch.float32"
        return self

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the array, as torch does only after the other two."""
        assert ["detach", "cpu"] == self._calls
        assert "bfloat16" not in self.dtype
        return self._array


class Figure:
    """Behaves as a figure of matplotlib."""

    def savefig(self, out: io.BytesIO, **options: Any) -> None:
        """Draw, in the format that is asked for."""
        Image.fromarray(GRADIENT).save(out, options["format"])


def encoded(fmt: str, **options: Any) -> bytes:
    """Return the gradient in another format."""
    out = io.BytesIO()
    Image.fromarray(GRADIENT).save(out, fmt, **options)
    return out.getvalue()


def pixels(image: object) -> np.ndarray[Any, Any]:
    """Return the pixels of *image* after it was encoded."""
    return np.asarray(open_image(encode_image(image).data))


class TestBytes:
    """Images that are encoded already."""

    @pytest.mark.parametrize(("fmt", "options", "mime"), VARIANTS)
    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_known_formats_are_kept(
        self, fmt: str, options: dict[str, Any], mime: str, kind: Any
    ) -> None:
        """Bytes are stored as they are, with type and size from the header."""
        data = encoded(fmt, **options)

        assert (data, mime, 7, 5) == tuple(encode_image(kind(data)))

    def test_a_transparent_webp_has_its_size(self) -> None:
        """The extended header of WebP is read too."""
        out = io.BytesIO()
        Image.new("RGBA", (300, 2), (1, 2, 3, 0)).save(out, "WEBP")

        assert ("image/webp", 300, 2) == sniff(out.getvalue())

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"hello",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n" + b"x" * 40,
            b"BM" + b"x" * 40,
            b"RIFF....WEBPzzzz",
            b"GIF89a" + bytes(20),
            encoded("PNG")[:20],
            encoded("JPEG")[:30],
            encoded("WEBP")[:20],
        ],
    )
    def test_junk_is_refused_with_a_hint(self, data: bytes) -> None:
        """Bytes that cannot be an image say so when they are logged, not when they are shown."""
        with pytest.raises(InvalidValueError, match=f"^{len(data)} bytes ") as caught:
            encode_image(data)

        assert "PNG" in caught.value.hint

    @settings(max_examples=300)
    @given(
        st.sampled_from([encoded(fmt, **options)[:60] for fmt, options, _ in VARIANTS]),
        st.integers(0, 60),
        st.binary(max_size=60),
    )
    def test_any_header_is_read_without_a_crash(self, good: bytes, at: int, junk: bytes) -> None:
        """Damaged headers give a result or None, whatever is in them."""
        found = sniff(good[:at] + junk)

        assert found is None or found[0].startswith("image/")


class TestPil:
    """PIL images of any mode."""

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_modes_of_png_are_kept(self, mode: str) -> None:
        """What PNG can hold comes back in the same mode with the same pixels."""
        image = Image.fromarray(GRADIENT[..., 0]).convert(mode)
        found = open_image(encode_image(image).data)

        assert mode == found.mode
        assert image.tobytes() == found.tobytes()

    @pytest.mark.parametrize(
        ("mode", "becomes"),
        [
            ("CMYK", "RGB"),
            ("YCbCr", "RGB"),
            ("HSV", "RGB"),
            ("RGBX", "RGB"),
            ("RGBa", "RGBA"),
            ("La", "LA"),
            ("PA", "RGBA"),
            ("I", "I;16"),
            ("I;16B", "I;16"),
        ],
    )
    def test_other_modes_are_converted(self, mode: str, becomes: str) -> None:
        """Modes that PNG lacks become the nearest one, with their transparency."""
        assert becomes == open_image(encode_image(Image.new(mode, (7, 5))).data).mode

    def test_transparency_of_a_palette_is_kept(self) -> None:
        """A palette with one transparent colour stays transparent."""
        image = Image.new("P", (2, 2))
        image.info["transparency"] = 0

        assert 0 == open_image(encode_image(image).data).convert("RGBA").getpixel((0, 0))[3]  # type: ignore[index]

    def test_integers_keep_sixteen_bits(self) -> None:
        """Depth maps are not cut to eight bits."""
        image = Image.new("I", (2, 2), 40_000)

        assert [[40_000] * 2] * 2 == pixels(image).tolist()

    @pytest.mark.parametrize(
        "image",
        [
            Image.new("I", (2, 2), 70_000),
            Image.new("I", (2, 2), -1),
            Image.new("F", (2, 2)),
            Image.new("L", (0, 5)),
        ],
    )
    def test_what_png_cannot_hold_is_refused(self, image: Image.Image) -> None:
        """Values are never clipped in silence."""
        with pytest.raises(InvalidValueError, match="PIL image of"):
            encode_image(image)

    def test_a_file_that_ends_early_is_refused(self) -> None:
        """An image whose pixels cannot be read is an error of ours."""
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype="uint8")
        out = io.BytesIO()
        Image.fromarray(noise).save(out, "JPEG")
        image = Image.open(io.BytesIO(out.getvalue()[:1000]))

        with pytest.raises(InvalidValueError, match="gives no PNG"):
            encode_image(image)

    def test_equal_pixels_give_equal_bytes(self) -> None:
        """The same image is stored once."""
        assert encode_image(GRADIENT) == encode_image(Image.fromarray(GRADIENT.copy()))


class TestArrays:
    """Arrays and tensors."""

    @pytest.mark.parametrize("channels", [None, 1, 3, 4])
    @given(data=st.data())
    @settings(max_examples=20)
    def test_eight_bit_pixels_come_back(self, channels: int | None, data: st.DataObject) -> None:
        """Any uint8 array has the same pixels after the way through PNG."""
        height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
        shape = (height, width) if channels is None else (height, width, channels)
        seed = data.draw(st.integers(0, 99))
        array = np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")

        assert np.array_equal(array.squeeze(2) if channels == 1 else array, pixels(array))
        assert (width, height) == encode_image(array)[2:]

    @pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", "longdouble"])
    def test_floats_are_scaled_and_rounded(self, dtype: str) -> None:
        """0..1 becomes 0..255, to the nearest."""
        array = np.array([[0.0, 1.0, 0.5, 0.25, 0.999]], dtype=dtype)

        assert [[0, 255, 128, 64, 255]] == pixels(array).tolist()

    def test_truth_is_black_and_white(self) -> None:
        """A mask becomes 0 and 255."""
        assert [[255, 0]] == pixels(np.array([[True, False]])).tolist()

    @pytest.mark.parametrize(
        "array", [GRADIENT[::2, ::-1], np.asfortranarray(GRADIENT), GRADIENT.transpose(1, 0, 2)]
    )
    def test_memory_order_makes_no_difference(self, array: np.ndarray[Any, Any]) -> None:
        """Views, Fortran order and steps are seen as numpy shows them."""
        assert np.array_equal(array, pixels(array))

    @pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
    def test_tensors_leave_their_device(self, dtype: str) -> None:
        """A tensor with gradient on a device is taken as it is."""
        tensor = Tensor(np.full((2, 3), 0.2, "float32"), dtype)

        assert [[51] * 3] * 2 == pixels(tensor).tolist()

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.full((2, 2), np.nan), "from nan to nan"),
            (np.array([[0.5, np.nan]]), "from nan"),
            (np.array([[-0.1, 1.0]]), "from -0.1 to 1"),
            (np.array([[0.0, 255.0]]), "from 0 to 255"),
            (np.array([[0.0, np.inf]]), "to inf"),
            (np.ones((2, 2), "int64"), "array of int64"),
            (np.ones((2, 2), "uint16"), "array of uint16"),
            (np.ones((2, 2), "complex64"), "array of complex64"),
            (np.array([["a"]]), "array of"),
            (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
            (np.ones((1, 2, 2, 3)), r"shape \(1, 2, 2, 3\)"),
            (np.ones(4), r"shape \(4,\)"),
            (np.float64(1), r"shape \(\)"),
            (np.ones((0, 3)), r"shape \(0, 3\)"),
        ],
    )
    def test_what_is_no_image_is_refused_with_a_hint(self, array: Any, message: str) -> None:
        """Range, type and shape are named with a way out; nothing is clipped."""
        with pytest.raises(InvalidValueError, match=message) as caught:
            encode_image(array)

        assert caught.value.hint

    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_channels_first_is_told_to_transpose(self, channels: int) -> None:
        """The order of torch is recognised and explained."""
        with pytest.raises(InvalidValueError) as caught:
            encode_image(np.zeros((channels, 8, 8)))

        assert "transpose(1, 2, 0)" in caught.value.hint


class TestOtherFormats:
    @pytest.mark.parametrize("kind", ["jpeg", "bmp"])
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
    def test_every_mode(self, kind: str, mode: str) -> None:
        """An image of any mode can be written so, without what the format has not."""
        found = encode_image_as(Image.new(mode, (3, 2)), kind)

        assert (f"image/{kind}", 3, 2) == sniff(found.data)

    def test_no_pixels(self) -> None:
        """An image without pixels cannot."""
        with pytest.raises(InvalidValueError, match="gives no jpeg"):
            encode_image_as(Image.new("RGB", (0, 0)), "jpeg")

    def test_animation(self) -> None:
        """Frames follow one another in the time that is asked for, for ever."""
        frames = np.zeros((3, 4, 5, 3), np.uint8)
        frames[1], frames[2] = 100, 200
        film: Any = Image.open(io.BytesIO(encode_gif(frames, 0.2)))

        assert (3, 200, 0) == (film.n_frames, film.info["duration"], film.info["loop"])


class TestLoggedAgain:
    def test_the_same_pixels_are_encoded_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An image that is logged again, from whatever array, costs no second encoding."""
        calls: list[object] = []
        save = Image.Image.save

        def count(self: Image.Image, *args: Any, **options: Any) -> None:
            calls.append(self)
            save(self, *args, **options)

        monkeypatch.setattr(Image.Image, "save", count)
        pixels = np.random.default_rng(1).integers(0, 255, (9, 8, 3), dtype="uint8")
        first = encode_image(pixels)

        assert first == encode_image(pixels.copy()) == encode_image(Image.fromarray(pixels))
        assert 1 == len(calls)

    def test_an_array_that_changed_is_another_image(self) -> None:
        """Pixels count, not the array: what is painted into it is seen."""
        pixels = np.zeros((4, 6), dtype="uint8")
        before = encode_image(pixels).data
        pixels[0, 0] = 9

        assert before != encode_image(pixels).data
        assert 9 == open_image(encode_image(pixels).data).getpixel((0, 0))

    def test_the_same_bytes_in_another_shape_are_another_image(self) -> None:
        """Size, mode and palette are part of an image."""
        flat, tall = np.zeros((2, 6), dtype="uint8"), np.zeros((6, 2), dtype="uint8")
        three = np.zeros((2, 2, 3), dtype="uint8")
        red, blue = (Image.new("P", (4, 3)) for _ in range(2))
        red.putpalette([255, 0, 0])
        blue.putpalette([0, 0, 255])

        sizes = [open_image(encode_image(image).data).size for image in (flat, tall, three)]
        assert [(6, 2), (2, 6), (2, 2)] == sizes
        assert encode_image(red).data != encode_image(blue).data

    def test_memory_for_old_images_is_bounded(self) -> None:
        """Images that were encoded long ago are let go."""
        for n in range(300):
            encode_image(np.full((2, 2), n % 256, dtype="uint8") + np.uint8(n // 256))
        for n in range(5):
            encode_image(np.random.default_rng(n).integers(0, 255, (1500, 1500, 3), dtype="uint8"))

        assert len(media._encoded) <= 256
        assert sum(len(image.data) for image in media._encoded.values()) <= 16 << 20


class TestOthers:
    """Everything else that may be given."""

    def test_a_figure_is_drawn_as_png(self) -> None:
        """A figure becomes PNG with its size."""
        found = encode_image(Figure())

        assert ("image/png", 7, 5) == found[1:]
        assert np.array_equal(GRADIENT, np.asarray(open_image(found.data)))

    @pytest.mark.parametrize("value", [None, 3, "picture.png", object(), {"a": 1}])
    def test_other_types_are_refused(self, value: object) -> None:
        """What is no image is named by its type."""
        with pytest.raises(InvalidTypeError, match=f"of a {type(value).__name__}$"):
            encode_image(value)

    def test_nested_lists_are_told_to_become_an_array(self) -> None:
        """A list of lists has no pixel type; the hint makes one."""
        with pytest.raises(InvalidTypeError) as caught:
            encode_image([[0, 255]])

        assert "numpy.asarray" in caught.value.hint

    def test_bytes_that_cannot_be_opened_are_refused(self) -> None:
        """Opening junk is an error of ours."""
        with pytest.raises(InvalidValueError, match="Pillow"):
            open_image(b"junk")

    @pytest.mark.parametrize(
        ("name", "mime"),
        [("a.PNG", "image/png"), ("x.tar.gz", "application/gzip"), ("README", None), ("", None)],
    )
    def test_the_type_of_a_file_is_that_of_its_ending(self, name: str, mime: str | None) -> None:
        """Known endings in any case have a type, all others the general one."""
        assert (mime or "application/octet-stream") == guess_mime(name)

    def test_neither_pillow_nor_numpy_is_loaded_for_encoded_bytes(self) -> None:
        """Storing bytes costs no import."""
        code = (
            "import sys; from vcs_track.formats.media import encode_image;"
            f"encode_image({encoded('PNG')!r});"
            "print([m for m in ('PIL', 'numpy') if m in sys.modules])"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

        assert b"[]" == found.stdout.strip()
