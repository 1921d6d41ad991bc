"""What is written for TensorBoard, in a run too."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import REAL, Face, run_script

from vcs_track.compat.wandb.term import be_silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__: list[str] = []

pytestmark = [
    pytest.mark.compat,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("tensorboardX") is None, reason="tensorboardX is not installed"),
]


@pytest.fixture
def synced(ours: Face) -> Iterator[Any]:
    """Return a run that hears what is written."""
    run = ours.init(sync_tensorboard=True)
    yield run
    run.finish()
    ours.wandb.tensorboard.unpatch()


def writer(folder: str = "logs") -> Any:
    """Return a writer of tensorboardX."""
    return pytest.importorskip("tensorboardX").SummaryWriter(folder)


def test_scalars_are_rows(ours: Face, synced: Any) -> None:
    """Each step is a row, with its number as ``global_step``.

    Seen to fail when each value is a row.
    """
    with writer() as out:
        for step in (0, 10):
            out.add_scalar("train/loss", 1.0 - step / 20, step)
            out.add_scalar("train/acc", step / 20, step)
    synced.finish()

    assert [
        {"train/loss": 1.0, "train/acc": 0.0, "global_step": 0, "_step": 0},
        {"train/loss": 0.5, "train/acc": 0.5, "global_step": 10, "_step": 1},
    ] == ours.rows(synced)


def test_other_folder(ours: Face, synced: Any) -> None:
    """Keys of another folder have its name before them."""
    with writer("logs") as out, writer("logs/val") as other:
        out.add_scalar("loss", 1.0, 0)
        other.add_scalar("loss", 2.0, 0)
    synced.finish()

    assert [{"loss": 1.0, "val/loss": 2.0, "global_step": 0, "_step": 0}] == ours.rows(synced)


def test_histogram(ours: Face, synced: Any) -> None:
    """A histogram stays one."""
    with writer() as out:
        out.add_histogram("w", [0.0, 0.5, 1.0, 1.0], 3)
    synced.finish()
    found = ours.rows(synced)[0]["w"]

    assert "histogram" == found["_type"]
    assert len(found["values"]) + 1 == len(found["bins"])
    assert 4 == sum(found["values"])


PNG_SIDE = 4


def image(value: float) -> Any:
    """Return an image of one grey, as writers take it: channels first."""
    return pytest.importorskip("numpy").full((3, PNG_SIDE, PNG_SIDE), value)


def kept(run: Any, name: str) -> bytes:
    """Return the bytes of a file of a run."""
    import vcs_track

    items = vcs_track.open().run(run.id).media()
    return next(item.data for item in items if item.name == name)


def writers() -> list[Any]:
    """Return the writers that there are, each as a test's argument."""
    return [
        pytest.param(
            name,
            marks=pytest.mark.skipif(find_spec(home) is None, reason=f"{home} is not installed"),
        )
        for name, home in (("tensorboardX", "tensorboardX"), ("torch.utils.tensorboard", "torch"))
    ]


@pytest.mark.parametrize("library", writers())
class TestKinds:
    def out(self, library: str) -> Any:
        from importlib import import_module

        return import_module(library).SummaryWriter("logs")

    def test_images(self, ours: Face, synced: Any, library: str) -> None:
        """An image is logged as a list of one, with its bytes in the store.

        Seen to fail when only numbers are looked at.
        """
        with self.out(library) as out:
            out.add_image("im/first", image(1.0), 3)
            out.add_images("many", image(0.5)[None].repeat(2, axis=0), 3)
        synced.finish()
        (row,) = ours.rows(synced)

        from vcs_track.formats.media import open_image

        assert {"im/first", "many", "global_step", "_step"} == {*row}
        assert ("images/separated", 1) == (row["im/first"]["_type"], row["im/first"]["count"])
        picture = open_image(kept(synced, row["im/first"]["filenames"][0]))
        assert (PNG_SIDE, PNG_SIDE) == picture.size
        assert (255, 255, 255) == picture.convert("RGB").getpixel((1, 1))

    def test_numbered_images(self, ours: Face, synced: Any, library: str) -> None:
        """Images whose tags are numbered are one list, and none replaces another."""
        with self.out(library) as out:
            for number in range(3):
                out.add_image(f"im/{number}", image(number / 2), 0)
        synced.finish()
        (row,) = ours.rows(synced)

        assert 3 == row["im"]["count"]

    def test_texts(self, ours: Face, synced: Any, library: str) -> None:
        """A text is a text of the row, also of later steps."""
        with self.out(library) as out:
            for step in range(2):
                out.add_text("note", f"step {step}", step)
        synced.finish()

        assert ["step 0", "step 1"] == [row["note/text_summary"] for row in ours.rows(synced)]

    def test_histograms(self, ours: Face, synced: Any, library: str) -> None:
        """A histogram is one."""
        with self.out(library) as out:
            out.add_histogram("w", pytest.importorskip("numpy").arange(10.0), 0)
        synced.finish()
        found = ours.rows(synced)[0]["w"]

        assert ("histogram", 10) == (found["_type"], sum(found["values"]))

    def test_curves(self, ours: Face, synced: Any, library: str) -> None:
        """A curve of precision over recall is a table, by recall."""
        numpy = pytest.importorskip("numpy")
        with self.out(library) as out:
            labels, scores = numpy.array([0, 1, 1]), numpy.array([0.1, 0.6, 0.9])
            out.add_pr_curve("pr", labels, scores, 0, num_thresholds=5)
        synced.finish()
        found = ours.rows(synced)[0]["pr"]
        body = json.loads(kept(synced, found["path"]))

        assert ["recall", "precision"] == body["columns"]
        assert body["data"] == sorted(body["data"], key=lambda point: (point[0], -point[1]))
        assert [1.0, 1.0] in body["data"]

    def test_same_keys_as_there(self, ours: Face, tmp_path: Path, library: str) -> None:
        """The keys are those that real wandb has, but for texts, which it leaves out."""
        if find_spec("wandb") is None:
            pytest.skip("wandb is not installed")
        text = (
            "import numpy as np\n"
            f"from {library} import SummaryWriter\n"
            "run = wandb.init(project='p', mode='offline', sync_tensorboard=True)\n"
            "with SummaryWriter('logs') as out:\n"
            "    out.add_scalar('a/loss', 0.5, 0)\n"
            "    out.add_image('im/first', np.ones((3, 4, 4)), 0)\n"
            "    out.add_histogram('h', np.arange(100.0), 0)\n"
            "    out.add_pr_curve('pr', np.array([0, 1]), np.array([0.1, 0.6]), 0)\n"
            "run.finish()\n"
        )
        found = {}
        for face in (ours, REAL):
            place = tmp_path / face.name
            place.mkdir()
            run_script(face, text, place)
            found[face.name] = [sorted(row) for row in face.recorded(place)[0]]

        assert found["real"] == found["ours"]


def test_damaged_image(ours: Face, synced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An image that is none is left out with a word; the writer writes on."""
    be_silent(False)
    proto = pytest.importorskip("tensorboardX.proto.event_pb2")
    event = proto.Event(step=1)
    event.summary.value.add(tag="bad").image.encoded_image_string = b"no image"
    with writer() as out:
        out.file_writer.event_writer.add_event(event)
        out.add_scalar("a", 1.0, 2)
    synced.finish()

    assert [1.0] == [row["a"] for row in ours.rows(synced)]
    assert "not logged" in capsys.readouterr().err


def test_files_are_written(synced: Any) -> None:
    """The writer does its own work as ever."""
    from pathlib import Path

    with writer() as out:
        out.add_scalar("a", 1.0, 0)

    assert 1 == len(list(Path("logs").glob("events*")))


def test_step_of_log_is_ignored(ours: Face, synced: Any) -> None:
    """Beside it ``log(step=)`` has no effect."""
    synced.log({"a": 1}, step=50)
    synced.finish()

    assert [{"a": 1, "_step": 0}] == ours.rows(synced)


def test_without_a_run(ours: Face) -> None:
    """After the run nothing is told, and twice is an error as there."""
    run = ours.init(sync_tensorboard=True)
    run.finish()
    with writer() as out:
        out.add_scalar("a", 1.0, 0)

    with pytest.raises(ValueError, match="already patched"):
        ours.wandb.tensorboard.patch()
    assert ours.wandb.patched["tensorboard"]
    ours.wandb.tensorboard.unpatch()
    assert [] == ours.wandb.patched["tensorboard"]
    assert [] == ours.rows(run)
