"""Tests of ``vcs_track.porcelain.whence``."""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from work_trees.places import git

import vcs_track
from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.media import pixels_of

if TYPE_CHECKING:
    from vcs_track import Origin, Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository without git."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def brief(origins: list[Origin]) -> list[tuple[Any, ...]]:
    return [(o.name, o.how, o.kind, o.label, o.step, o.by) for o in origins]


def photo(size: tuple[int, int] = (16, 12)) -> Image.Image:
    """Return a picture in which no two pixels of a row are equal."""
    picture = Image.new("RGB", size)
    picture.putdata([(x * 5 % 256, y * 7 % 256, (x + y) % 256) for y in range(size[1]) for x in range(size[0])])  # fmt: skip
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


class TestByBytes:
    def test_all_that_a_run_stores(self, repo: Repository) -> None:
        """Files, images, texts and fragments are found, with their tag, name and step."""
        png = encoded(photo())
        with repo.start_run("r") as run:
            run.add_file(written(repo.root / "w.bin", b"weights"), name="best.bin")
            run.add_image(png, step=3, tag="samples")
            run.add_text("hej", step=1, tag="diary")
            run.add_fragment("<p>hej</p>")
        away = repo.root / "elsewhere"
        found = {
            data: brief(repo.whence(written(away, data)))
            for data in (b"weights", png, b"hej", b"<p>hej</p>", b"nothing")
        }

        assert {
            b"weights": [("r", "made", "file", "best.bin", None, "bytes")],
            png: [("r", "made", "image", "samples", 3, "bytes")],
            b"hej": [("r", "made", "text", "diary", 1, "bytes")],
            b"<p>hej</p>": [("r", "made", "fragment", None, None, "bytes")],
            b"nothing": [],
        } == found

    def test_newest_first(self, repo: Repository) -> None:
        """Who made it and who used it, of all runs, live ones too."""
        path = written(repo.root / "model", b"weights")
        with repo.start_run("train") as run:
            run.add_file(path)
        with repo.start_run("test", inputs=[path]):
            pass
        with repo.start_run("now") as run:
            run.add_input(path, name="pretrained")
            origins = repo.whence(path)

        assert [
            ("now", "used", "input", "pretrained", None, "bytes"),
            ("test", "used", "input", "model", None, "bytes"),
            ("train", "made", "file", "model", None, "bytes"),
        ] == brief(origins)
        assert ["running", "finished", "finished"] == [origin.status for origin in origins]
        assert all(origin.when.utcoffset() == timedelta(0) for origin in origins)

    def test_each_time_it_was_logged(self, repo: Repository) -> None:
        """A picture that was logged at several steps is found at each."""
        with repo.start_run("r") as run:
            for step in (1, 5, 9):
                run.add_image(encoded(photo()), step=step)
        origins = repo.whence(written(repo.root / "x", encoded(photo())))

        assert [9, 5, 1] == [origin.step for origin in origins]

    def test_files_of_the_code(self, tmp_path: Path) -> None:
        """What the commit lacked is found, kept or not, and links are not followed for it."""
        git(tmp_path, "init", "-q")
        written(tmp_path / "train.py", b"1\n")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", "first")
        repo = vcs_track.init(tmp_path).with_defaults(code_largest=20)
        written(tmp_path / "train.py", b"2\n")
        git(tmp_path, "add", "-A")
        written(tmp_path / "staged.bin", b"tracked and large" * 9)
        git(tmp_path, "add", "-A")
        written(tmp_path / os.fsdecode(b"gr\xfcn.bin"), b"new and large" * 9)
        with repo.start_run("r"):
            pass
        away = tmp_path.parent / f"{tmp_path.name}-away"
        found = {
            data: brief(repo.whence(written(away, data)))
            for data in (b"2\n", b"1\n", b"tracked and large" * 9, b"new and large" * 9)
        }

        assert {
            b"2\n": [("r", "code", "code", "train.py", None, "bytes")],
            b"1\n": [],
            b"tracked and large" * 9: [("r", "code", "code", "staged.bin", None, "bytes")],
            b"new and large" * 9: [
                ("r", "code", "code", "gr\\xfcn.bin (not kept)", None, "bytes")
            ],
        } == found

    def test_xxh128(self, tmp_path: Path) -> None:
        """Ids are those of the repository."""
        repo = vcs_track.init(tmp_path, "xxh128").with_defaults(capture_git=False)
        with repo.start_run("r") as run:
            run.add_file(written(tmp_path / "a", b"abc"))

        assert ["made"] == [origin.how for origin in repo.whence(tmp_path / "a")]

    def test_runs_that_came_in_a_bundle(self, repo: Repository, tmp_path: Path) -> None:
        """A run that was made elsewhere knows its files too."""
        with repo.start_run("r", id="r") as run:
            run.add_file(written(repo.root / "a", b"abc"))
        repo.export("r", tmp_path / "r.zip")
        other = vcs_track.init(tmp_path / "other")
        other.import_(tmp_path / "r.zip")

        assert ["made"] == [origin.how for origin in other.whence(repo.root / "a")]

    def test_several_files(self, repo: Repository) -> None:
        """Each has its own origins; together they are one list."""
        paths = [written(repo.root / name, name.encode()) for name in "abc"]
        for path in paths[:2]:
            with repo.start_run(path.name, inputs=[path]):
                pass
        found = repo.whence_each(paths)

        assert [["a"], ["b"], []] == [[o.name for o in found[path]] for path in paths]
        assert ["b", "a"] == [origin.name for origin in repo.whence(*paths)]

    @pytest.mark.parametrize(
        ("name", "why"),
        [("", "is a folder"), ("nowhere", "no such file"), ("pipe", "no file"), ("a\0", "null")],
    )
    def test_what_is_no_file(self, repo: Repository, name: str, why: str) -> None:
        """Folders, pipes and typos are clear errors."""
        os.mkfifo(repo.root / "pipe")
        with pytest.raises(InvalidValueError, match=why):
            repo.whence(f"{repo.root}/{name}")

    def test_what_is_no_path(self, repo: Repository) -> None:
        """A number names no file."""
        with pytest.raises(InvalidTypeError):
            repo.whence(3)  # type: ignore[arg-type]


class TestByPixels:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
    def test_saved_again(self, repo: Repository, kind: str) -> None:
        """Another compression or another format without loss is the same picture.

        Seen to fail when the bytes were compared alone.
        """
        how = {"lossless": True} if kind == "WEBP" else {}
        with repo.start_run("r") as run:
            run.add_image(encoded(photo(), compress_level=0), step=2, tag="samples")
            run.add_image(encoded(photo().rotate(180)), step=3, tag="samples")
        again = written(repo.root / "again", encoded(photo(), kind, **how))

        assert [("r", "made", "image", "samples", 2, "pixels")] == brief(repo.whence(again))

    def test_of_a_figure(self, repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        """Figures are pictures too, and say their size."""
        figure = SimpleNamespace(savefig=lambda out, **_how: photo().save(out, "PNG"))
        pyplot = SimpleNamespace(get_fignums=lambda: [1], figure=lambda _number: figure)
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)
        with repo.start_run("r") as run:
            run.detect_and_log_figures(step=1, tag="curve")
        (item,) = repo.run("r").get_figures()
        again = written(repo.root / "again", encoded(item.image, compress_level=0))

        assert {"width": 16, "height": 12} == item.meta
        assert [("r", "made", "figure", "curve", 1, "pixels")] == brief(repo.whence(again))

    def test_equal_looks(self) -> None:
        """Palette, grey, an alpha that hides nothing, and colours that nobody sees are no matter."""
        grey = Image.new("L", (3, 2), 9)
        clear = Image.new("RGBA", (3, 2), (1, 2, 3, 0))
        pairs = [
            (grey, grey.convert("RGB")), (grey, grey.convert("RGBA")),
            (grey, grey.convert("RGB").quantize()),
            (clear, Image.new("RGBA", (3, 2), (0, 0, 0, 0))),
        ]  # fmt: skip
        looks = [(pixels_of(encoded(one)), pixels_of(encoded(two))) for one, two in pairs]

        assert all(one == two for one, two in looks), looks

    @pytest.mark.parametrize(
        "other",
        [
            Image.new("L", (3, 2), 8), Image.new("L", (2, 3), 9),
            Image.new("RGBA", (3, 2), (9, 9, 9, 254)), Image.new("I;16", (3, 2), 9),
        ],
        ids=lambda image: f"{image.mode} {image.size}",
    )  # fmt: skip
    def test_other_looks(self, other: Image.Image) -> None:
        """One shade, the sides, a little transparency or 16 bits make another picture."""
        assert pixels_of(encoded(Image.new("L", (3, 2), 9))) != pixels_of(encoded(other))

    def test_only_pictures_of_its_size_are_decoded(self, repo: Repository) -> None:
        """Of many pictures those of another size are not even read.

        Progress counts what was compared: one picture, though it was logged three times.
        """
        with repo.start_run("r") as run:
            for width in range(1, 40):
                run.add_image(encoded(photo((width, 12))))
            for _ in range(2):
                run.add_image(encoded(photo((16, 12))))
        again = written(repo.root / "again", encoded(photo((16, 12)), compress_level=0))
        told: list[tuple[int, int]] = []
        origins = repo.whence(again, progress=lambda done, total: told.append((done, total)))

        assert (3, [(1, 1)]) == (len(origins), told)

    def test_is_not_asked_where_the_bytes_are_known(self, repo: Repository) -> None:
        """Who stored these very bytes made the file; others with equal pixels are left alone."""
        with repo.start_run("r") as run:
            run.add_image(encoded(photo()), step=1)
            run.add_image(encoded(photo(), compress_level=0), step=2)

        assert [1] == [o.step for o in repo.whence(written(repo.root / "x", encoded(photo())))]

    @pytest.mark.parametrize("stored", [True, False])
    def test_damaged_pictures(self, repo: Repository, *, stored: bool) -> None:
        """A picture that ends too early compares with nothing; nothing is raised."""
        whole = encoded(photo((200, 200)))
        cut = whole[: len(whole) // 2]
        with repo.start_run("r") as run:
            run.add_image(cut if stored else whole)
        told: list[str] = []
        path = written(
            repo.root / "x", encoded(photo((200, 200)), compress_level=0) if stored else cut
        )

        assert [] == repo.whence(path, tell=told.append)
        assert stored is not any("damaged" in line for line in told)

    def test_huge_pictures(self, repo: Repository) -> None:
        """A few bytes that stand for gigabytes are not decoded, and it is said."""
        told: list[str] = []
        path = written(repo.root / "x.png", bomb(60_000, 60_000))

        assert [] == repo.whence(path, tell=told.append)
        (line,) = told
        assert "60000 x 60000 pixels" in line

    def test_a_stored_bomb(self, repo: Repository) -> None:
        """A picture in the store that lies about its size is not decoded."""
        with repo.start_run("r") as run:
            run.add_image(bomb(60_000, 60_000))
        run_id = repo.run("r").id
        path = written(repo.root / "x", encoded(photo()))

        assert [] == repo.whence(path)
        assert "finished" == repo.run(run_id).status

    def test_moving_pictures(self, repo: Repository) -> None:
        """An animation is known by its bytes, never by its first frame."""
        frames = [photo(), photo().rotate(180)]
        moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        with repo.start_run("r") as run:
            run.add_image(moving)
        still = written(repo.root / "x", encoded(frames[0], "GIF"))

        assert [] == repo.whence(still)
        assert ["bytes"] == [o.by for o in repo.whence(written(repo.root / "y", moving))]

    def test_bytes_that_stayed_elsewhere(self, repo: Repository) -> None:
        """Where the pack of the pictures is absent it is said that they were not compared."""
        with repo.start_run("r") as run:
            run.add_image(encoded(photo(), compress_level=0))
        for pack in repo.store.home.packs.folder.glob("b-*.zip"):
            pack.unlink()
        told: list[str] = []
        again = vcs_track.open(repo.root)

        assert [] == again.whence(written(repo.root / "x", encoded(photo())), tell=told.append)
        assert ["1 images of this size are not here or damaged, and were not compared"] == told


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")  # fmt: skip
