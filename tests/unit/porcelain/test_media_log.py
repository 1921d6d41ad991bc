"""Tests of ``vcs_track.porcelain.media_log``."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import vcs_track
from vcs_track.errors import RunSealedError, VcsTrackError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, Run


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


@pytest.fixture
def run(repo: Repository) -> Run:
    """Return an open run, ``r``."""
    return repo.start_run("name", id="r")


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    """Return an encoded image."""
    out = io.BytesIO()
    Image.new("RGB", size, (10, 200, 30)).save(out, kind)
    return out.getvalue()


def sealed(repo: Repository, run: Run) -> list[vcs_track.Media]:
    """End the run and return its media."""
    run.finish()
    return repo.run("r").media()


class TestImages:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
    def test_encoded_bytes_are_kept(self, repo: Repository, run: Run, kind: str) -> None:
        """What is an image already is stored byte for byte."""
        run.add_image(picture(kind), step=5, tag="im", epoch=1.5)
        (item,) = sealed(repo, run)

        assert (picture(kind), "image", 5, "im", 1.5, f"image/{kind.lower()}") == (
            item.data, item.kind, item.step, item.tag, item.epoch, item.mime,
        )  # fmt: skip
        assert {"width": 4, "height": 3} == item.meta

    @pytest.mark.parametrize("as_text", [True, False])
    def test_paths_are_read(self, repo: Repository, run: Run, *, as_text: bool) -> None:
        """A path, as text or Path, stands for the bytes of its file."""
        path = repo.root / "x.png"
        path.write_bytes(picture())
        run.add_image(str(path) if as_text else path)

        assert [picture()] == [item.data for item in sealed(repo, run)]

    def test_pil_images_and_arrays(self, repo: Repository, run: Run) -> None:
        """Pixels come back as they were."""
        np = pytest.importorskip("numpy")
        pixels = np.arange(36, dtype="uint8").reshape(3, 4, 3)
        run.add_image(pixels)
        run.add_image(Image.fromarray(pixels))
        run.add_image(pixels / 255.0)
        items = sealed(repo, run)

        assert [pixels.tolist()] * 3 == [np.asarray(item.image).tolist() for item in items]

    def test_equal_images_are_stored_once(self, repo: Repository, run: Run) -> None:
        """A picture that is logged ten times takes the room of one."""
        for step in range(10):
            run.add_image(picture(size=(200, 200)), step=step)
        items = sealed(repo, run)

        assert (10, 1) == (len(items), len({item.oid for item in items}))
        (pack,) = repo.store.home.packs.folder.glob("b-*.zip")
        assert pack.stat().st_size < 2 * len(picture(size=(200, 200))) + 500

    def test_a_picture_of_an_earlier_run_is_not_stored_again(self, repo: Repository) -> None:
        """A large blob that a pack has already is only named."""
        data = picture("BMP", (100, 100))
        for run_id in "ab":
            with repo.start_run(id=run_id) as run:
                run.add_image(data)

        assert 1 == len(list(repo.store.home.packs.folder.glob("b-*.zip")))
        assert [data] == [item.data for item in repo.run("b").get_images()]


class TestTexts:
    @pytest.mark.parametrize(
        "text", ["", "hello", "é 😀 \x00 \x1b[31m\r\n", "x" * 200_000, "\ud800 lone"], ids=ascii
    )
    def test_any_text_is_kept(self, repo: Repository, run: Run, text: str) -> None:
        """Short or long, empty or odd: only lone surrogates are replaced."""
        run.add_text(text, tag="t")
        run.add_fragment(text, tag="t")
        wanted = text.replace("\ud800", "?")

        assert [("text", "text/plain", wanted), ("fragment", "text/html", wanted)] == [
            (item.kind, item.mime, item.text) for item in sealed(repo, run)
        ]

    def test_the_default_step_is_that_of_the_last_point(self, repo: Repository, run: Run) -> None:
        """Media belong to what was just logged, or to no step."""
        run.add_text("before")
        run.add_scalar("a", 1.0, 42)
        run.add_text("after")
        run.new_repetition()
        run.add_text("again", step=3)

        assert [(None, 0), (42, 0), (3, 1)] == [
            (item.step, item.repetition) for item in sealed(repo, run)
        ]

    def test_histograms(self, repo: Repository, run: Run) -> None:
        """Counts and edges come back as numbers."""
        np = pytest.importorskip("numpy")
        run.add_histogram("h", [1, 0, 2.5], [0, 0.5, 1, 9], step=2)
        counts, edges = np.histogram([1, 2, 2, 3], bins=2)
        run.add_histogram("h", counts, edges, step=3)
        first, second = sealed(repo, run)

        assert ({"counts": [1, 0, 2.5], "edges": [0, 0.5, 1, 9]}, "h", 2) == (
            first.histogram, first.tag, first.step,
        )  # fmt: skip
        assert {"counts": [1, 3], "edges": [1.0, 2.0, 3.0]} == second.histogram


class TestFiles:
    def test_a_file_is_stored_by_its_content(self, repo: Repository, run: Run) -> None:
        """The id that is returned is the hash of the bytes; the name is the last part."""
        path = repo.root / "model.pt"
        path.write_bytes(b"weights" * 1000)
        oid = run.add_file(path)
        again = run.add_file(str(path), name="other name.bin")
        path.write_bytes(b"changed")
        items = sealed(repo, run)

        assert oid == again == repo.store.format.hash(b"weights" * 1000)
        assert ["model.pt", "other name.bin"] == [item.name for item in items]
        assert [b"weights" * 1000] * 2 == [item.data for item in items]

    def test_an_empty_file(self, repo: Repository, run: Run) -> None:
        """A file without bytes is a file."""
        (repo.root / "empty").touch()
        run.add_file(repo.root / "empty")
        (item,) = sealed(repo, run)

        assert (b"", True, 0) == (item.data, item.here, item.size)


class TestOutput:
    def test_pieces_are_joined(self, repo: Repository, run: Run) -> None:
        """Output of a program is one item a stream, cut characters included."""
        text = "progress é 😀\r\n" * 9000
        data = text.encode()
        for at in range(0, len(data), 9999):
            run.add_output(1, data[at : at + 9999])
        run.add_output(2, b"\xff\xfe raw")
        run.add_output(1, b"")
        items = {item.name: item.data for item in sealed(repo, run)}

        assert {"stdout": data, "stderr": b"\xff\xfe raw"} == items


class TestFigures:
    def test_without_pyplot_there_are_none(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is imported, nothing is recorded."""
        monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)

        assert 0 == run.detect_and_log_figures()
        run.finish()

    def test_each_look_is_recorded_once(
        self, repo: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A figure that did not change is not recorded again; one that did is."""
        pytest.importorskip("matplotlib").use("Agg")
        from matplotlib import pyplot as plt

        figure = plt.figure()
        axes = figure.add_subplot()
        axes.plot([1, 2])
        counts = [run.detect_and_log_figures(step=1, tag="f"), run.detect_and_log_figures(step=2)]
        axes.plot([2, 1])
        counts.append(run.detect_and_log_figures(step=3, tag="f"))
        plt.close(figure)

        assert [1, 0, 1] == counts
        assert [("figure", 1), ("figure", 3)] == [(i.kind, i.step) for i in sealed(repo, run)]

    def test_open_figures_are_found(
        self, repo: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All open figures are recorded, and stay open."""
        looks = {1: picture(), 2: picture(size=(5, 5)), 3: picture()}

        class Figure:
            def __init__(self, number: int) -> None:
                self.number = number

            def savefig(self, target: Any, **options: Any) -> None:
                """Write the picture."""
                target.write(looks[self.number])

        pyplot = SimpleNamespace(get_fignums=lambda: list(looks), figure=Figure)
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)
        counts = [run.detect_and_log_figures(tag="f"), run.detect_and_log_figures(tag="f")]
        looks[1] = picture(size=(9, 9))
        counts.append(run.detect_and_log_figures(tag="f"))

        assert [2, 0, 1] == counts
        assert 3 == len(sealed(repo, run))


BAD: dict[str, Any] = {
    "image None": lambda r: r.add_image(None),
    "image number": lambda r: r.add_image(5),
    "image bytes": lambda r: r.add_image(b"no image"),
    "image empty": lambda r: r.add_image(b""),
    "image cut": lambda r: r.add_image(picture()[:20]),
    "image path": lambda r: r.add_image("/no/such/file.png"),
    "image folder": lambda r: r.add_image("/"),
    "image list": lambda r: r.add_image([[1, 2], [3]]),
    "image step": lambda r: r.add_image(picture(), step="x"),
    "image tag": lambda r: r.add_image(picture(), tag=5),
    "image epoch": lambda r: r.add_image(picture(), epoch=float("nan")),
    "text number": lambda r: r.add_text(5),
    "text bytes": lambda r: r.add_text(b"x"),
    "text None": lambda r: r.add_text(None),
    "text tag": lambda r: r.add_text("x", tag="a\nb"),
    "text empty tag": lambda r: r.add_text("x", tag=""),
    "text step": lambda r: r.add_text("x", step=1.5),
    "text huge step": lambda r: r.add_text("x", step=2**64),
    "fragment": lambda r: r.add_fragment(["<b>"]),
    "histogram tag": lambda r: r.add_histogram("", [1], [0, 1]),
    "histogram edges": lambda r: r.add_histogram("h", [1], [0, 1, 2]),
    "histogram falling": lambda r: r.add_histogram("h", [1, 1], [0, 2, 1]),
    "histogram negative": lambda r: r.add_histogram("h", [-1], [0, 1]),
    "histogram empty": lambda r: r.add_histogram("h", [], []),
    "histogram text": lambda r: r.add_histogram("h", "ab", [0, 1, 2]),
    "histogram nan": lambda r: r.add_histogram("h", [float("nan")], [0, 1]),
    "histogram 2d": lambda r: r.add_histogram("h", [[1]], [0, 1]),
    "file missing": lambda r: r.add_file("/no/such/file"),
    "file folder": lambda r: r.add_file("/"),
    "file name": lambda r: r.add_file(__file__, name=""),
    "file name type": lambda r: r.add_file(__file__, name=5),
    "output stream": lambda r: r.add_output(3, b"x"),
}
RAW: dict[str, Any] = {
    "image zero byte": lambda r: r.add_image("a\0b"),
    "file number": lambda r: r.add_file(5),
    "file None": lambda r: r.add_file(None),
    "output text": lambda r: r.add_output(1, "text"),
    "output None": lambda r: r.add_output(1, None),
}


def unharmed(repo: Repository, run: Run, call: Any) -> None:
    """Demand that *call* is refused with our error and the run is as before and usable."""
    run.add_text("first", step=1)
    before = str(repo.run("r").to_dict()), repo.run("r").manifest.media
    with pytest.raises(VcsTrackError):
        call(run)
    after = repo.run("r")
    assert before[1] == after.manifest.media
    run.add_text("last", step=2)

    assert ["first", "last"] == [item.text for item in sealed(repo, run)]


class TestBadArguments:
    @pytest.mark.parametrize("call", BAD.values(), ids=BAD)
    def test_leave_the_run_as_it_was(self, repo: Repository, run: Run, call: Any) -> None:
        """A wrong argument is our own error; nothing is recorded and logging goes on."""
        unharmed(repo, run, call)

    @pytest.mark.parametrize("call", RAW.values(), ids=RAW)
    def test_are_our_own_error(self, repo: Repository, run: Run, call: Any) -> None:
        """Also where a standard function would refuse the argument."""
        unharmed(repo, run, call)

    @pytest.mark.parametrize(
        "call",
        [
            lambda r: r.add_image(picture()), lambda r: r.add_text("x"),
            lambda r: r.add_fragment("x"), lambda r: r.add_histogram("h", [1], [0, 1]),
            lambda r: r.add_file(__file__), lambda r: r.add_output(1, b"x"),
            lambda r: r.detect_and_log_figures(),
        ],
        ids=["image", "text", "fragment", "histogram", "file", "output", "figures"],
    )  # fmt: skip
    def test_after_the_end(self, repo: Repository, run: Run, call: Any) -> None:
        """An ended run takes no media, and says what to do."""
        run.finish()
        with pytest.raises(RunSealedError, match="run 'r' has ended") as caught:
            call(run)

        assert ("r", True) == (caught.value.run_id, "resume" in caught.value.hint)
        assert [] == repo.run("r").media()


class TestItems:
    def test_texts_travel_without_media(self, repo: Repository, run: Run, tmp_path: Path) -> None:
        """Texts and histograms of an importer go along where images are left out."""
        body = b'{"counts":[1],"edges":[0,1]}'
        run.add_item("text", b"hello", tag="t")
        run.add_item("histogram", body, mime="application/json", tag="h", walltime=5.0)
        run.add_item("image", picture(), tag="i")
        run.finish()
        (tmp_path / "other").mkdir()
        other = vcs_track.init(tmp_path / "other")
        other.import_(repo.export("r", tmp_path / "x.zip", media=False))
        found = {item.tag: item for item in other.run("r").media()}

        assert ("hello", {"counts": [1], "edges": [0, 1]}) == (
            found["t"].text,
            found["h"].histogram,
        )
        assert (5.0, True, False) == (found["h"].walltime, found["t"].here, found["i"].here)

    def test_a_text_that_is_none(self, repo: Repository, run: Run) -> None:
        """Bytes that are no UTF-8 are kept as they are, whatever they are called."""
        run.add_item("text", b"\xff\xfe", tag="t")

        assert [b"\xff\xfe"] == [item.data for item in sealed(repo, run)]
