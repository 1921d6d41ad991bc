"""The rows on images, sound, pages and other media of wandb's table of behaviour."""

from __future__ import annotations

import hashlib
import io
import wave
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from compat.wandb.pictures import BOX, array, encoded, record
from PIL import Image

import vcs_track
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from compat.wandb.faces import Face

__all__: list[str] = []

needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


def kept(name: str) -> bytes:
    """Return the bytes that the newest run has under *name*."""
    return next(item.data for item in vcs_track.open().run("@").media() if item.name == name)


class TestRecord:
    def test_of_an_image(self, face: Face) -> None:
        """A row tells of an image what it is, how large, and where its bytes are."""
        found = record(face, "x/y", face.wandb.Image(array(), caption="c"))

        assert "image-file" == found["_type"]
        assert ("png", 5, 4, "c") == tuple(
            found[name] for name in ("format", "width", "height", "caption")
        )
        assert found["path"] == f"media/images/x/y_0_{found['sha256'][:20]}.png"

    def test_bytes_are_those_that_the_record_names(self, ours: Face) -> None:
        """The bytes in the store have the digest and the length of the record."""
        found = record(ours, "x", ours.wandb.Image(array()))
        data = kept(found["path"])

        assert (found["sha256"], found["size"]) == (hashlib.sha256(data).hexdigest(), len(data))

    def test_of_a_page(self, face: Face) -> None:
        """A page that is not touched is stored byte for byte."""
        found = record(face, "h", face.wandb.Html("<b>x</b>", inject=False))

        assert ("html-file", 8) == (found["_type"], found["size"])
        assert hashlib.sha256(b"<b>x</b>").hexdigest() == found["sha256"]

    def test_of_a_histogram(self, face: Face) -> None:
        """A histogram stands in the row itself."""
        found = record(face, "h", face.wandb.Histogram([1, 2, 3], num_bins=2))

        assert {"_type": "histogram", "values": [1, 2], "bins": [1.0, 2.0, 3.0]} == found

    def test_of_a_sound(self, ours: Face) -> None:
        """Samples become a WAV file; the original needs a package for it."""
        found = record(ours, "a", ours.wandb.Audio([0.0, 1.0, -1.0], sample_rate=10, caption="c"))
        with wave.open(io.BytesIO(kept(found["path"]))) as file:
            facts = (file.getnchannels(), file.getframerate(), file.getnframes())

        assert ("audio-file", "c") == (found["_type"], found["caption"])
        assert (1, 10, 3) == facts

    def test_of_a_video(self, face: Face) -> None:
        """A file of a video is kept as it is."""
        Path("v.gif").write_bytes(encoded("GIF"))
        found = record(face, "v", face.wandb.Video("v.gif", caption="c"))

        assert ("video-file", "c") == (found["_type"], found["caption"])
        assert hashlib.sha256(encoded("GIF")).hexdigest() == found["sha256"]

    def test_of_points(self, face: Face) -> None:
        """A cloud of points is a JSON file."""
        found = record(face, "o", face.wandb.Object3D(np.zeros((2, 3))))

        assert "object3D-file" == found["_type"]
        assert found["path"].endswith(".pts.json")
        assert hashlib.sha256(b"[[0.0,0.0,0.0],[0.0,0.0,0.0]]").hexdigest() == found["sha256"]

    def test_of_a_molecule(self, face: Face) -> None:
        """A file of a molecule is kept as it is."""
        Path("m.pdb").write_text("ATOM")
        found = record(face, "m", face.wandb.Molecule("m.pdb", caption="c"))

        assert ("molecule-file", "c", 4) == (found["_type"], found["caption"], found["size"])

    def test_of_a_graph(self, face: Face) -> None:
        """A graph is a file of its own kind."""
        found = record(face, "g", face.wandb.Graph())

        assert "graph-file" == found["_type"]

    def test_nested(self, face: Face) -> None:
        """A medium may stand in a nested dictionary."""
        run = face.init()
        run.log({"a": {"b": face.wandb.Html("x")}})
        run.finish()

        assert "html-file" == face.rows(run)[0]["a"]["b"]["_type"]

    def test_in_the_store(self, ours: Face) -> None:
        """What is logged is media of the run for every other part of the program.

        Seen to fail when the step of the row was not handed on.
        """
        run = ours.init()
        run.log({"loss": 1}, step=7)
        run.log({"x": ours.wandb.Image(array()), "h": ours.wandb.Histogram([1, 2])}, step=8)
        run.finish()
        media = vcs_track.open().run("@").media()
        found = {(item.kind, item.tag, item.step) for item in media if item.kind != "text"}

        assert {("image", "x", 8), ("histogram", "h", 8)} == found


class TestKeys:
    @pytest.mark.parametrize(
        "key", ["../../etc/passwd", "/abs", "a//b", "..", "a\\b", "c:d", "\u202eabc", "x" * 300]
    )
    def test_are_no_paths(self, ours: Face, key: str) -> None:
        """Whatever a key is, the name of its file stays where such files are."""
        found = record(ours, key, ours.wandb.Image(array()))
        parts = found["path"].split("/")

        assert ["media", "images"] == parts[:2]
        assert not {"", ".", ".."} & set(parts)
        assert len(found["path"]) <= 250
        assert kept(found["path"])


class TestImage:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (np.array([[0, 0.5], [1, 0.25]]), [0, 127, 255, 63]),
            (np.array([[-1, 0], [0, 1.0]]), [0, 127, 127, 255]),
            (np.array([[0, 300], [1, 510.0]]), [0, 255, 1, 255]),
            (np.array([[0, 300], [1, 510]]), [0, 255, 1, 255]),
            (np.array([[0, 1], [2, 3]], np.uint8), [0, 1, 2, 3]),
            (np.array([[True, False], [False, True]]), [255, 0, 0, 255]),
            (np.array([[np.nan, 1], [0, np.inf]]), [0, 1, 0, 255]),
        ],
    )
    def test_range(self, ours: Face, value: Any, expected: list[int]) -> None:
        """Floats are brought to what the eye sees, as in 0.10; whole numbers stay."""
        image = ours.wandb.Image(value).image

        assert expected == list(image.tobytes())

    @pytest.mark.parametrize(
        ("shape", "mode"),
        [((2, 3), "L"), ((2, 3, 1), "L"), ((2, 3, 3), "RGB"), ((2, 3, 4), "RGBA")],
    )
    def test_shapes(self, face: Face, shape: tuple[int, ...], mode: str) -> None:
        """Arrays of these shapes are images."""
        image = face.wandb.Image(np.zeros(shape, np.uint8)).image

        assert (mode, (3, 2)) == (image.mode, image.size)

    @pytest.mark.parametrize("shape", [(2, 2, 2), (2, 2, 2, 2)])
    def test_other_shapes(self, face: Face, shape: tuple[int, ...]) -> None:
        """An array of another shape is no image."""
        with pytest.raises(ValueError, match="shape"):
            face.wandb.Image(np.zeros(shape, np.uint8))

    def test_nothing(self, ours: Face) -> None:
        """An array without elements is no image; there it is an error of Pillow's, or of this kind."""
        with pytest.raises(ValueError, match=r"shape|empty"):
            ours.wandb.Image(np.zeros((0, 3), np.uint8))

    def test_pil(self, face: Face) -> None:
        """An image of PIL keeps its mode."""
        given = Image.new("RGBA", (3, 2), (1, 2, 3, 4))

        assert (1, 2, 3, 4) == face.wandb.Image(given).image.getpixel((0, 0))

    def test_mode(self, face: Face) -> None:
        """A mode that is asked for is that of the image."""
        assert "L" == face.wandb.Image(array(), mode="L").image.mode

    @pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("BMP", "bmp")])
    def test_file(self, face: Face, kind: str, ending: str) -> None:
        """A file is kept byte for byte, with its format."""
        Path(f"x.{ending}").write_bytes(encoded(kind))
        found = record(face, "x", face.wandb.Image(f"x.{ending}"))

        assert hashlib.sha256(encoded(kind)).hexdigest() == found["sha256"]
        assert (ending, 3, 2) == (found["format"], found["width"], found["height"])

    def test_file_may_change_later(self, ours: Face) -> None:
        """What is logged is what the file was when the image was made."""
        Path("x.png").write_bytes(encoded())
        image = ours.wandb.Image("x.png")
        Path("x.png").write_bytes(encoded(value=9))
        found = record(ours, "x", image)

        assert encoded() == kept(found["path"])

    def test_missing_file(self, face: Face) -> None:
        """A file that is not there is a FileNotFoundError."""
        with pytest.raises(FileNotFoundError):
            face.wandb.Image("nope.png")

    def test_no_image(self, ours: Face) -> None:
        """A file that is no image is refused when it is given."""
        Path("x.png").write_text("hello")

        with pytest.raises(ValueError, match="no image that is known") as caught:
            ours.wandb.Image("x.png")
        assert isinstance(caught.value, VcsTrackError)
        assert caught.value.hint

    @pytest.mark.parametrize("value", [3, [[1, 2], [3, 4]], None, object()])
    def test_other_things(self, face: Face, value: Any) -> None:
        """What is no image is an AttributeError there, and also a TypeError here."""
        with pytest.raises(AttributeError):
            face.wandb.Image(value)

    @pytest.mark.parametrize("kind", ["png", "jpg", "bmp"])
    def test_file_type(self, face: Face, kind: str) -> None:
        """An array is written as it is asked for."""
        found = record(face, "x", face.wandb.Image(array(), file_type=kind))

        assert kind == found["format"]
        assert found["path"].endswith("." + kind)

    def test_other_file_type(self, face: Face) -> None:
        """Another type is refused."""
        with pytest.raises(ValueError, match="file_type must be one of"):
            face.wandb.Image(array(), file_type="zzz")

    def test_grouping(self, face: Face) -> None:
        """The number of images that belong together is kept."""
        assert 3 == record(face, "x", face.wandb.Image(array(), grouping=3))["grouping"]

    def test_another_image(self, face: Face) -> None:
        """An image can be made of another one."""
        first = face.wandb.Image(array(), caption="c")

        assert 5 == face.wandb.Image(first).image.width

    def test_equal_images_are_stored_once(self, ours: Face) -> None:
        """The store has the bytes of fifty equal images once."""
        run = ours.init()
        for _ in range(50):
            run.log({"x": ours.wandb.Image(array())})
        run.finish()
        media = vcs_track.open().run("@").media(kind="image")

        assert (50, 1) == (len(media), len({item.oid for item in media}))

    def test_tensor(self, ours: Face) -> None:
        """A tensor has its channels first, and a batch becomes a grid."""

        class Tensor:
            """A tensor as torch has it."""

            shape: Any = ()
            dtype: Any = None

            def __init__(self, value: Any) -> None:
                self.value = value
                self.shape = value.shape
                self.dtype = value.dtype

            def detach(self) -> Any:
                """Return itself."""
                return self

            cpu = detach

            def numpy(self) -> Any:
                """Return the array."""
                return self.value

        one = ours.wandb.Image(Tensor(array().transpose(2, 0, 1)))
        grid = ours.wandb.Image(Tensor(np.ones((3, 1, 4, 5), np.uint8)))

        assert array().tobytes() == one.image.tobytes()
        assert (23, 8) == (grid.width, grid.height)

    @needs_matplotlib
    def test_figure(self, ours: Face) -> None:
        """A figure, its axes and pyplot itself are logged as they are drawn."""
        from matplotlib.figure import Figure

        figure = Figure()
        axes = figure.subplots()
        axes.plot([1, 2], [3, 4])
        run = ours.init()
        run.log({"figure": figure, "axes": axes})
        run.finish()
        row = ours.rows(run)[0]

        assert ["image-file"] * 2 == [row[key]["_type"] for key in ("figure", "axes")]
        assert row["figure"]["sha256"] == row["axes"]["sha256"]


class TestLists:
    def test_of_images(self, face: Face) -> None:
        """A list of images is one value with a file for each."""
        images = [face.wandb.Image(array(), caption="c"), face.wandb.Image(array(4, 5, 1))]
        found = record(face, "x", images)

        assert ("images/separated", 2, 5, 4, "png") == tuple(
            found[name] for name in ("_type", "count", "width", "height", "format")
        )
        assert ["c", None] == found["captions"]
        assert 2 == len(found["filenames"])

    def test_without_captions(self, face: Face) -> None:
        """A list of images without captions has none."""
        found = record(face, "x", [face.wandb.Image(array())])

        assert not found.get("captions")

    def test_of_many(self, ours: Face) -> None:
        """All images are kept; the original drops those beyond 108."""
        found = record(ours, "x", [ours.wandb.Image(array(2, 2))] * 120)

        assert (120, 108) == (len(found["filenames"]), ours.wandb.Image.MAX_ITEMS)

    def test_of_pages(self, face: Face) -> None:
        """A list of pages is one value."""
        found = record(face, "x", [face.wandb.Html("a"), face.wandb.Html("b")])

        assert ("html", 2) == (found["_type"], found["count"])
        assert ["html-file"] * 2 == [one["_type"] for one in found["html"]]

    def test_of_histograms(self, face: Face) -> None:
        """A list of histograms is a list of their records."""
        found = record(face, "x", [face.wandb.Histogram([1], num_bins=1)] * 2)

        assert [[1], [1]] == [one["values"] for one in found]

    def test_mixed(self, face: Face) -> None:
        """A list of media and numbers is refused, and nothing is logged."""
        run = face.init()

        with pytest.raises(TypeError):
            run.log({"x": [face.wandb.Image(array()), 3]})
        assert 0 == run.step


class TestBoxes:
    def test_record(self, face: Face) -> None:
        """Boxes are a file beside the image."""
        boxes = {"pred": {"box_data": [{"position": BOX, "class_id": 1}]}}
        found = record(face, "x", face.wandb.Image(array(), boxes=boxes))["boxes"]["pred"]

        assert "boxes2D" == found["_type"]
        assert found["path"] == (f"media/metadata/boxes2D/x_0_{found['sha256'][:20]}.boxes2D.json")

    def test_content(self, ours: Face) -> None:
        """The file has the boxes with captions and scores, and the names of classes."""
        box = {"position": BOX, "class_id": 1, "box_caption": "x", "scores": {"acc": 0.5}}
        boxes = {"pred": {"box_data": [box], "class_labels": {1: "cat"}}}
        found = record(ours, "x", ours.wandb.Image(array(), boxes=boxes))["boxes"]["pred"]

        assert b'"class_labels":{"1":"cat"}' in kept(found["path"])
        assert b'"scores":{"acc":0.5}' in kept(found["path"])

    @pytest.mark.parametrize(
        ("boxes", "kind"),
        [
            ({"p": {"box_data": [{"position": BOX}]}}, KeyError),
            ({"p": {"box_data": [{"class_id": 1}]}}, TypeError),
            ({"p": {"box_data": [{"position": {"middle": [0, 0]}, "class_id": 1}]}}, TypeError),
            ({"p": {"box_data": [{"position": BOX, "class_id": "a"}]}}, TypeError),
            ({"p": {"box_data": [{"position": BOX, "class_id": 1, "scores": 3}]}}, TypeError),
            (
                {"p": {"box_data": [{"position": BOX, "class_id": 1, "scores": {"a": "x"}}]}},
                TypeError,
            ),
            (
                {"p": {"box_data": [{"position": BOX, "class_id": 1, "box_caption": 3}]}},
                TypeError,
            ),
            ({"p": {"box_data": {}}}, TypeError),
            ({"p": {}}, KeyError),
            (3, ValueError),
            ({"p": {"box_data": [], "class_labels": {"a": "x"}}}, TypeError),
        ],
    )
    def test_refused(self, face: Face, boxes: Any, kind: type[Exception]) -> None:
        """Boxes that lack what they need are refused when the image is made."""
        with pytest.raises(kind):
            face.wandb.Image(array(), boxes=boxes)


class TestMasks:
    def test_record(self, face: Face) -> None:
        """A mask is an image beside the image."""
        masks = {"pred": {"mask_data": np.ones((4, 5), np.uint8), "class_labels": {1: "cat"}}}
        found = record(face, "x", face.wandb.Image(array(), masks=masks))["masks"]["pred"]

        assert "mask" == found["_type"]
        assert found["path"] == f"media/images/mask/x_0_{found['sha256'][:20]}.mask.png"

    def test_content(self, ours: Face) -> None:
        """The pixels of the mask are the numbers of the classes."""
        numbers = np.array([[0, 1], [2, 255]])
        image = ours.wandb.Image(array(2, 2), masks={"pred": {"mask_data": numbers}})
        found = record(ours, "x", image)["masks"]["pred"]

        assert [0, 1, 2, 255] == list(Image.open(io.BytesIO(kept(found["path"]))).tobytes())

    @pytest.mark.parametrize(
        ("masks", "kind"),
        [
            ({"p": {"mask_data": np.zeros((2, 2, 2))}}, TypeError),
            ({"p": {"mask_data": [[1, 2]]}}, AttributeError),
            ({"p": {}}, KeyError),
            ({"p": {"path": "nope"}}, FileNotFoundError),
            ({"p": {"mask_data": np.full((2, 2), 300)}}, TypeError),
            (3, ValueError),
        ],
    )
    def test_refused(self, face: Face, masks: Any, kind: type[Exception]) -> None:
        """Masks that lack what they need are refused when the image is made."""
        with pytest.raises(kind):
            face.wandb.Image(array(), masks=masks)


class TestClasses:
    @pytest.mark.parametrize(("classes", "kind"), [([{"id": 1}], AssertionError), (3, TypeError)])
    def test_refused(self, face: Face, classes: Any, kind: type[Exception]) -> None:
        """A class without a name is refused."""
        with pytest.raises(kind):
            face.wandb.Classes(classes)


class TestHistogram:
    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({}, TypeError),
            ({"sequence": [1, 2, 3], "num_bins": 513}, ValueError),
            ({"np_histogram": ([1, 2], [1, 2])}, ValueError),
            ({"np_histogram": ([1, 2], [1, 2, 3], 3)}, ValueError),
            ({"np_histogram": (list(range(600)), list(range(601)))}, ValueError),
            ({"sequence": [1, float("nan")]}, ValueError),
            ({"sequence": ["x"]}, TypeError),
        ],
    )
    def test_refused(self, face: Face, given: dict[str, Any], kind: type[Exception]) -> None:
        """What is no histogram, or has too many bins, is refused."""
        with pytest.raises(kind):
            face.wandb.Histogram(**given)

    def test_bins(self, face: Face) -> None:
        """A sequence has 64 bins, and one of equal numbers too."""
        found = face.wandb.Histogram([5, 5, 5])

        assert (64, 65) == (len(found.histogram), len(found.bins))
        assert (4.5, 5.5) == (found.bins[0], found.bins[-1])

    def test_given_counts_win(self, face: Face) -> None:
        """Counts that are given win over a sequence."""
        found = face.wandb.Histogram([9, 9], np_histogram=([3, 1], [0, 1, 2]))

        assert [3, 1] == list(found.histogram)

    def test_odd_counts(self, ours: Face) -> None:
        """Counts that are none to the store stay in the row as they are."""
        found = record(ours, "h", ours.wandb.Histogram(np_histogram=([-1.5], [0, 1])))

        assert [-1.5] == found["values"]


class TestHtml:
    def test_inject(self, ours: Face) -> None:
        """Links open elsewhere; no style sheet is fetched from anywhere."""
        page = "<html><head><title>x</title></head></html>"

        assert '<base target="_blank">x' == ours.wandb.Html("x").html
        assert '<html><head><base target="_blank"><title>' in ours.wandb.Html(page).html

    def test_file(self, face: Face) -> None:
        """A path of a page, as text or not, is read."""
        Path("x.html").write_text("<p>f")
        html = face.wandb.Html

        assert "<p>f" == html("x.html", inject=False).html
        assert "<p>f" == html(Path("x.html"), inject=False).html
        assert "x.html" == html("x.html", inject=False, data_is_not_path=True).html
        assert "y" == html(io.StringIO("y"), inject=False).html

    @pytest.mark.parametrize("value", [3, Path("nope.html")])
    def test_refused(self, face: Face, value: Any) -> None:
        """What is no page is a ValueError."""
        with pytest.raises(ValueError, match="string or an io object"):
            face.wandb.Html(value)


class TestVideo:
    def test_array(self, ours: Face) -> None:
        """An array becomes an animation, without further packages."""
        frames = np.zeros((3, 1, 4, 5), np.uint8)
        frames[1:] = 200
        found = record(ours, "v", ours.wandb.Video(frames, fps=2))
        film: Any = Image.open(io.BytesIO(kept(found["path"])))

        assert (5, 4, 500) == (*film.size, film.info["duration"])
        assert 2 <= film.n_frames

    def test_batch(self, ours: Face) -> None:
        """Several videos stand beside one another."""
        video = ours.wandb.Video(np.zeros((2, 3, 3, 4, 5), np.uint8))

        assert (10, 4) == (video.width, video.height)

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({"data_or_path": np.zeros((2, 3, 4, 4), np.uint8), "format": "avi"}, ValueError),
            ({"data_or_path": "nope.gif"}, FileNotFoundError),
            ({"data_or_path": "m.pdb"}, ValueError),
            ({"data_or_path": io.BytesIO(b"GIF89a")}, ValueError),
            ({"data_or_path": 3, "format": "gif"}, ValueError),
        ],
    )
    def test_refused(self, face: Face, given: dict[str, Any], kind: type[Exception]) -> None:
        """What is no video is refused when it is given."""
        with pytest.raises(kind):
            face.wandb.Video(**given)

    @pytest.mark.parametrize("shape", [(3, 4, 4), (2, 2, 4, 4), (0, 3, 4, 4)])
    def test_shapes(self, ours: Face, shape: tuple[int, ...]) -> None:
        """An array of another shape is no video."""
        with pytest.raises(ValueError, match="shape"):
            ours.wandb.Video(np.zeros(shape, np.uint8))

    def test_encoder(self, ours: Face) -> None:
        """An array cannot become an MP4 here, and the error says what to do."""
        with pytest.raises(ours.wandb.Error) as caught:
            ours.wandb.Video(np.zeros((2, 3, 4, 4), np.uint8), format="mp4")
        assert "give its path" in caught.value.hint


class TestAudio:
    @pytest.mark.parametrize(
        ("given", "kind"), [(np.zeros(3), ValueError), ("nope.wav", FileNotFoundError)]
    )
    def test_refused(self, face: Face, given: Any, kind: type[Exception]) -> None:
        """Samples without a rate, and files that are not there, are refused."""
        with pytest.raises(kind):
            face.wandb.Audio(given)

    def test_file(self, face: Face) -> None:
        """A file is kept as it is."""
        Path("x.mp3").write_bytes(b"abc")
        found = record(face, "a", face.wandb.Audio("x.mp3"))

        assert hashlib.sha256(b"abc").hexdigest() == found["sha256"]

    def test_list(self, ours: Face) -> None:
        """A list of sounds has rates, durations and captions."""
        sounds = [ours.wandb.Audio(np.zeros(5), sample_rate=10, caption="c")] * 2
        found = record(ours, "a", sounds)

        assert ("audio", 2, [10, 10], [0.5, 0.5], ["c", "c"]) == tuple(
            found[name] for name in ("_type", "count", "sampleRates", "durations", "captions")
        )

    @pytest.mark.parametrize("samples", [["x"], np.zeros((2, 2, 2)), np.zeros(0)])
    def test_no_samples(self, ours: Face, samples: Any) -> None:
        """What are no samples is refused."""
        with pytest.raises(ValueError, match="samples"):
            ours.wandb.Audio(samples, sample_rate=10)


class TestObject3D:
    @pytest.mark.parametrize(
        "given",
        [np.zeros((3, 5)), np.zeros(3), [[1, 2, 3]], {"type": "q"}, {"points": []}, "m.pdb"],
    )
    def test_refused(self, face: Face, given: Any) -> None:
        """What is no scene is a ValueError."""
        with pytest.raises(ValueError, match=r"shape|numpy array|support"):
            face.wandb.Object3D(given)

    @pytest.mark.parametrize("columns", [3, 4, 6])
    def test_points(self, face: Face, columns: int) -> None:
        """Points may have a category or a colour."""
        assert face.wandb.Object3D(np.zeros((3, columns)))

    def test_stream(self, face: Face) -> None:
        """An open file needs its type."""
        with pytest.raises(ValueError, match="file type"):
            face.wandb.Object3D(io.StringIO("x"))
        assert face.wandb.Object3D(io.StringIO("x"), file_type="obj")

    def test_cloud(self, face: Face) -> None:
        """A cloud has points, boxes and arrows."""
        found = record(
            face, "o", face.wandb.Object3D.from_point_cloud([[1, 2, 3]], boxes=[], vectors=[])
        )

        assert found["path"].endswith(".pts.json")

    def test_box(self, face: Face) -> None:
        """A box that is not turned has its corners where they belong."""
        box = face.wandb.box3d(
            center=(1, 1, 1), size=(2, 2, 2), orientation=(1, 0, 0, 0), color=(1, 2, 3)
        )
        corners = {tuple(round(float(x), 6) for x in corner) for corner in box["corners"]}

        assert {(x, y, z) for x in (0, 2) for y in (0, 2) for z in (0, 2)} == corners


class TestMolecule:
    @pytest.mark.parametrize("given", [3, "m.stl", io.StringIO("x")])
    def test_refused(self, face: Face, given: Any) -> None:
        """What is no molecule is a ValueError."""
        with pytest.raises(ValueError, match=r"type|file"):
            face.wandb.Molecule(given)

    def test_stream(self, face: Face) -> None:
        """An open file with its type is a molecule."""
        assert face.wandb.Molecule(io.StringIO("x"), file_type="pdb")

    @pytest.mark.skipif(find_spec("rdkit") is not None, reason="rdkit is installed")
    def test_needs_rdkit(self, face: Face) -> None:
        """What needs a package that is not there says so."""
        with pytest.raises(face.wandb.Error, match="rdkit"):
            face.wandb.Molecule.from_smiles("CC")


class TestPlotly:
    def test_refused(self, face: Face) -> None:
        """What is no figure is a ValueError."""
        with pytest.raises(ValueError, match="plotly figures"):
            face.wandb.Plotly(3)

    @pytest.mark.skipif(find_spec("plotly") is None, reason="plotly is not installed")
    def test_figure(self, face: Face) -> None:
        """A figure is kept as the JSON that plotly gives it."""
        go: Any = import_module("plotly.graph_objects")
        figure = go.Figure(go.Scatter(y=[1, 2]))
        found = record(face, "p", figure)

        assert "plotly-file" == found["_type"]
        assert found["path"].endswith(".plotly.json")
