"""The rows on images, figures, texts and fragments of DeepBoard's table of behaviour."""

from __future__ import annotations

import gc
import io
import sqlite3
import subprocess
import sys
import weakref
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from compat.deepboard.faces import Face

__all__: list[str] = []

needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


def picture(color: int = 0, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("L", (4, 4), color).save(out, kind)
    return out.getvalue()


class TestSteps:
    def test_zero_without_points(self, face: Face) -> None:
        """An item logged before any point has step 0 and no epoch."""
        _, writer = face.started()
        writer.add_text("hi", flush=True)

        assert [(0, None)] == [(item["step"], item["epoch"]) for item in writer.get_text()]

    def test_largest_step(self, ours: Face) -> None:
        """Left out, the step is the largest of all points, as DeepBoard's documentation says.

        The original takes the next automatic step.
        """
        _, writer = ours.started()
        for tag, step in (("x", None), ("x", None), ("y", 100), ("y", 7)):
            writer.add_scalar(tag, 1.0, step=step)
        writer.add_text("hi")
        writer.new_repetition()
        writer.add_text("again")

        assert [100, 0] == [item["step"] for item in writer.get_text()]

    def test_given(self, face: Face) -> None:
        """Step, tag and epoch are kept as given."""
        _, writer = face.started()
        writer.add_text("hi", step=3, tag="a", epoch=2, flush=True)
        (item,) = writer.get_text()

        assert {
            "id": 1, "step": 3, "epoch": 2, "run_rep": 0, "tag": "a", "fragment": "hi",
        } == item  # fmt: skip


class TestText:
    @pytest.mark.parametrize("given", ["", "hi", "a\0b", "é\n", "x" * 200_000])
    def test_any_text(self, face: Face, given: str) -> None:
        """Any text comes back as it is, NUL included."""
        _, writer = face.started()
        writer.add_text(given, flush=True)
        writer.add_fragment(given, flush=True)

        assert [given] == [item["fragment"] for item in writer.get_text()]
        assert [given] == [item["fragment"] for item in writer.get_fragment()]

    @pytest.mark.parametrize(("given", "kept"), [(5, "5"), (0.5, "0.5"), (b"\xff\0", b"\xff\0")])
    def test_other_values(self, face: Face, given: Any, kept: Any) -> None:
        """A number becomes text; bytes stay bytes."""
        _, writer = face.started()
        writer.add_text(given, flush=True)

        assert [kept] == [item["fragment"] for item in writer.get_text()]

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            (None, sqlite3.IntegrityError), ("\ud800", UnicodeEncodeError),
            ([1], (sqlite3.ProgrammingError, sqlite3.InterfaceError)),
        ],
    )  # fmt: skip
    def test_refuses(self, face: Face, given: Any, error: Any) -> None:
        """What a database cannot hold raises its error."""
        _, writer = face.started()

        with pytest.raises(error):
            writer.add_text(given, flush=True)

    def test_a_bad_text_harms_nothing(self, ours: Face) -> None:
        """What follows a refused text is logged; in the original every later flush fails."""
        _, writer = ours.started()
        for bad in (None, "\ud800", [1]):
            with pytest.raises((sqlite3.Error, UnicodeEncodeError)):
                writer.add_text(bad)
        writer.add_text("good", flush=True)

        assert ["good"] == [item["fragment"] for item in writer.get_text()]

    def test_ids_are_one_sequence_for_texts_and_fragments(self, face: Face) -> None:
        """Texts and fragments count together, images and figures apart from them."""
        _, writer = face.started()
        writer.add_text("a")
        writer.add_fragment("b")
        writer.add_image(picture())
        writer.add_text("c", flush=True)

        assert [1, 3] == [item["id"] for item in writer.get_text()]
        assert [2] == [item["id"] for item in writer.get_fragment()]
        assert [1] == [item["id"] for item in writer.get_images()]

    def test_ids_differ_between_runs(self, face: Face) -> None:
        """An id names one item of the whole table."""
        table = face.table()
        found = []
        for n in (1, 2):
            writer = table.new_run("exp", comment=str(n))
            writer.add_image(picture(n * 50), flush=True)
            found += [item["id"] for item in writer.get_images()]
        pixels = [table.get_image_by_id(id_).getpixel((0, 0)) for id_ in found]

        assert [50, 100] == pixels
        assert table.get_image_by_id(max(found) + 1) is None

    def test_filters_are_joined(self, face: Face) -> None:
        """Each filter that is given must match; an empty tag matches only an empty tag."""
        _, writer = face.started()
        for n, tag in enumerate(("a", "b", "a", "", None)):
            writer.add_text(str(n), step=n, tag=tag, epoch=n % 2, flush=True)

        def asked(**where: Any) -> list[str]:
            return [item["fragment"] for item in writer.get_text(**where)]

        assert ["0", "2"] == asked(tag="a")
        assert ["2"] == asked(tag="a", step=2)
        assert [] == asked(tag="a", epoch=1)
        assert ["3"] == asked(tag="")
        assert ["1"] == asked(id=2)
        assert ["0", "1", "2", "3", "4"] == asked(repetition=0)
        assert [] == asked(repetition=1)


class TestImage:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
    def test_bytes_are_kept(self, face: Face, kind: str) -> None:
        """The bytes of a file stay what they are."""
        _, writer = face.started()
        writer.add_image(picture(9, kind), flush=True)

        assert kind == writer.get_images()[0]["image"].format

    def test_pil_becomes_png(self, face: Face) -> None:
        """A PIL image becomes a PNG with the same pixels."""
        _, writer = face.started()
        writer.add_image(Image.new("RGB", (2, 3), (1, 2, 3)), step=4, tag="t", flush=True)
        (item,) = writer.get_images()

        assert {"id", "step", "epoch", "run_rep", "tag", "image"} == set(item)
        assert ("PNG", (2, 3), (1, 2, 3)) == (
            item["image"].format, item["image"].size, item["image"].getpixel((0, 0)),
        )  # fmt: skip

    def test_floats_are_an_oserror(self, face: Face) -> None:
        """A PIL image of floats has no PNG."""
        _, writer = face.started()

        with pytest.raises(OSError, match="F"):
            writer.add_image(Image.new("F", (2, 2)), flush=True)

    def test_none_is_an_integrity_error(self, face: Face) -> None:
        """No image is no image."""
        _, writer = face.started()

        with pytest.raises(sqlite3.IntegrityError):
            writer.add_image(None, flush=True)

    def test_junk_is_refused(self, ours: Face) -> None:
        """Bytes that are no image are refused at once.

        The original takes them, and every later get_images of the run fails.
        """
        _, writer = ours.started()
        writer.add_image(picture())
        with pytest.raises(OSError, match="no image"):
            writer.add_image(b"junk")
        writer.add_image(picture(1), flush=True)

        assert 2 == len(writer.get_images())


class TestFigures:
    @needs_matplotlib
    def test_logged_once_and_left_alone(self, face: Face) -> None:
        """An open figure is logged once for each object, also when it changed; it stays open."""
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot as plt

        plt.close("all")
        _, writer = face.started(auto_log_plt=False)
        figure = plt.figure()
        figure.add_subplot().plot([1, 2])
        writer.detect_and_log_figures(step=1, tag="t", flush=True)
        figure.add_subplot()
        writer.detect_and_log_figures(flush=True)
        found = writer.get_figures()
        plt.close("all")

        assert [(1, "t", 0)] == [(f["step"], f["tag"], f["run_rep"]) for f in found]
        assert [] == writer.get_images()

    @needs_matplotlib
    def test_close_figs(self, face: Face) -> None:
        """With close_figs the figures that were logged are closed, and no other."""
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot as plt

        plt.close("all")
        _, writer = face.started(auto_log_plt=False)
        old = plt.figure()
        writer.detect_and_log_figures()
        plt.figure()
        writer.detect_and_log_figures(close_figs=True, flush=True)
        left = plt.get_fignums()
        plt.close("all")

        assert [old.number] == left
        assert 2 == len(writer.get_figures())

    @needs_matplotlib
    def test_taken_by_other_calls(self, face: Face) -> None:
        """With auto_log_plt, adding a point takes the open figures too."""
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot as plt

        plt.close("all")
        _, writer = face.started()
        plt.figure()
        writer.add_scalar("x", 1.0)
        writer.add_scalar("x", 1.0, flush=True)
        plt.close("all")

        assert 1 == len(writer.get_figures())

    @needs_matplotlib
    def test_no_figure_is_kept_alive(self, ours: Face) -> None:
        """A closed figure can be freed, and the current one stays current."""
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot as plt

        plt.close("all")
        _, writer = ours.started()
        first, second = plt.figure(), plt.figure()
        plt.figure(first.number)
        writer.add_scalar("x", 1.0)
        current = plt.gcf() is first
        known = weakref.ref(second)
        plt.close("all")
        del first, second
        gc.collect()

        assert (True, None) == (current, known())

    def test_loads_no_matplotlib(self, ours: Face, tmp_path: Path) -> None:
        """A script that has no figures never pays for matplotlib, pandas or a web framework."""
        script = (
            "import sys\n"
            "from vcs_track.compat.deepboard import ResultTable, NoCommitAction\n"
            "writer = ResultTable('t.db', NoCommitAction.NOP).new_run('x')\n"
            "writer.add_scalar('a', 1.0)\n"
            "writer.write_result(a=1)\n"
            "print(*{'matplotlib', 'pandas', 'numpy', 'click', 'rich'} & set(sys.modules))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path
        )

        assert ("\n", "") == (done.stdout, done.stderr)
