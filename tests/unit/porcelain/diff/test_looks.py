"""Tests of ``vcs_track.porcelain.diff.looks`` and of the distance of two images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from vcs_track.errors import ObjectNotFoundError
from vcs_track.formats import media
from vcs_track.formats.media import encode_image
from vcs_track.porcelain.diff import Blob, MediaChange

if TYPE_CHECKING:
    from typing import Any


def change(old: bytes | None, new: bytes | None) -> MediaChange:
    """Return a change from one image to another."""
    sides = [None if data is None else (Blob("x", len(data), "image/png"),) for data in (old, new)]
    reads = tuple((lambda _, data=data: data or b"") for data in (old, new))
    return MediaChange("i", "changed", *sides, "i", None, reads)  # type: ignore[arg-type, call-arg]


def image(mode: str, size: tuple[int, int], colour: Any = 0, **how: Any) -> bytes:
    """Return an image of one colour."""
    return encode_image(Image.new(mode, size, colour), **how).data


NOISE = encode_image(Image.effect_noise((64, 64), 50)).data


class TestPixels:
    def test_share_and_picture(self) -> None:
        """The share of pixels that differ, and how far each does."""
        other = Image.new("RGB", (4, 2))
        other.putpixel((3, 1), (0, 100, 20))
        found = change(image("RGB", (4, 2)), encode_image(other).data)
        picture = Image.open(io.BytesIO(found.picture() or b""))

        assert (0.125, "") == (found.pixels(), found.trouble())
        assert ((4, 2), 100, 0) == (
            picture.size, picture.convert("L").getpixel((3, 1)), picture.convert("L").getpixel((0, 0)),
        )  # fmt: skip

    def test_equal_looks_in_another_encoding(self) -> None:
        """The same pixels in other bytes differ nowhere."""
        grey = Image.new("L", (3, 3), 7)
        out = io.BytesIO()
        grey.convert("RGB").save(out, "PNG")

        assert change(encode_image(grey).data, out.getvalue()).pixels() == 0

    @pytest.mark.parametrize(
        ("old", "new", "share"),
        [
            (image("L", (2, 2)), image("L", (4, 2)), 0.5),
            (image("L", (2, 4)), image("L", (4, 2)), 0.5),
            (image("RGB", (2, 2), (9, 9, 9)), image("RGBA", (2, 2), (9, 9, 9, 255)), 0.0),
            (image("RGB", (2, 2), (9, 9, 9)), image("RGBA", (2, 2), (9, 9, 9, 0)), 1.0),
            (image("I;16", (2, 2), 1), image("I;16", (2, 2), 2), 1.0),
            (image("I;16", (2, 2), 7 * 256), image("L", (2, 2), 7), 0.0),
        ],
    )  # fmt: skip
    def test_sizes_and_modes(self, old: bytes, new: bytes, share: float) -> None:
        """Where only one image has pixels they differ; modes are brought to one."""
        assert share == change(old, new).pixels()
        assert share == change(new, old).pixels()

    @pytest.mark.parametrize(
        ("old", "new", "why"),
        [
            (b"no image", image("L", (2, 2)), "no image"),
            (NOISE[: len(NOISE) // 2], image("L", (2, 2)), "damaged"),
            (None, image("L", (2, 2)), "one run only"),
        ],
    )
    def test_what_cannot_be_compared(self, old: bytes | None, new: bytes, why: str) -> None:
        """Damaged, missing and other bytes have no share, no picture, and a reason."""
        found = change(old, new)

        assert (None, None) == (found.pixels(), found.picture())
        assert why in found.trouble()

    def test_bytes_that_are_not_here(self) -> None:
        """A missing object is a reason as well, not an error."""

        def gone(oid: str) -> bytes:
            raise ObjectNotFoundError("object is not here", oid=oid)

        blob = (Blob("x", 1, "image/png"),)
        found = MediaChange("i", "changed", blob, blob, "i", None, (gone, gone))

        assert (None, "object is not here") == (found.pixels(), found.trouble())

    def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Images that are small but span a huge canvas together are not drawn."""
        monkeypatch.setattr(media, "_MOST_PIXELS", 100)
        found = change(image("L", (1, 90)), image("L", (90, 1)))

        assert (None, "together they have 90 x 90 pixels") == (found.pixels(), found.trouble())
