"""TensorBoard reads what we write, and we read what it and tensorboardX write."""

from __future__ import annotations

import json
import struct
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.tensorboard.logs import png

import vcs_track
from vcs_track.compat.tensorboard.exporter import export_events
from vcs_track.compat.tensorboard.importer import import_events

if TYPE_CHECKING:
    from vcs_track import Repository, RunView

__all__: list[str] = []

np = pytest.importorskip("numpy")

pytestmark = [
    pytest.mark.compat,
    # Their dependencies warn of one another.
    pytest.mark.filterwarnings("ignore"),
]
tensorboard = pytest.mark.skipif(
    find_spec("tensorboard") is None, reason="tensorboard is not installed"
)
tensorboard_x = pytest.mark.skipif(
    find_spec("tensorboardX") is None, reason="tensorboardX is not installed"
)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path)


def single(value: float) -> float:
    """Return the nearest number of 32 bits."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def accumulated(folder: Path) -> Any:
    """Return what TensorBoard's own reader finds in the folder of a run."""
    module: Any = import_module("tensorboard.backend.event_processing.event_accumulator")
    sizes = dict.fromkeys(("scalars", "tensors", "images", "histograms"), 0)  # 0 keeps all
    found = module.EventAccumulator(str(folder), size_guidance=sizes)
    found.Reload()
    return found


def tensor_of(event: Any) -> Any:
    """Return the tensor of an event as an array."""
    util: Any = import_module("tensorboard.util.tensor_util")
    return util.make_ndarray(event.tensor_proto)


@tensorboard
class TestTensorBoardReads:
    def test_points(self, repo: Repository, tmp_path: Path) -> None:
        """Each of 5,000 points is there, with step, time and the nearest number of 32 bits."""
        with repo.start_run("r") as run:
            for step in range(5000):
                run.add_scalar("train/loss", 1 / (step + 1), step - 7)
        (folder,) = export_events([repo.run("r")], tmp_path / "logs").folders
        found = accumulated(folder).Scalars("train/loss")
        series = repo.run("r").series("train/loss")

        assert [
            (p.step, p.walltime, single(p.value)) for p in series
        ] == [(e.step, e.wall_time, e.value) for e in found]  # fmt: skip

    def test_media(self, repo: Repository, tmp_path: Path) -> None:
        """Images, histograms and texts are there, under their tags."""
        with repo.start_run("r") as run:
            run.add_histogram("h", [1, 0, 2], [-1.0, 0.5, 1.0, 4.0], 3)
            run.add_image(png(), 4, "i")
            run.add_text("*hi*", 5, "t")
        (folder,) = export_events([repo.run("r")], tmp_path / "logs").folders
        found = accumulated(folder)
        (histogram,), (image,), (text,) = (
            found.Histograms("h"), found.Images("i"), found.Tensors("t")
        )  # fmt: skip

        assert (3, [0.5, 1.0, 4.0], [1.0, 0.0, 2.0], -1.0, 4.0, 3.0) == (
            histogram.step, histogram.histogram_value.bucket_limit,
            histogram.histogram_value.bucket, histogram.histogram_value.min,
            histogram.histogram_value.max, histogram.histogram_value.num,
        )  # fmt: skip
        assert (4, png(), 3, 2) == (
            image.step, image.encoded_image_string, image.width, image.height,
        )  # fmt: skip
        assert (5, b"*hi*") == (text.step, tensor_of(text).tolist())

    def test_hparams(self, repo: Repository, tmp_path: Path) -> None:
        """The plugin finds hyperparameters and status in what was written."""
        metadata: Any = import_module("tensorboard.plugins.hparams.metadata")
        with repo.start_run("r", hparams={"lr": 0.1, "net": "a", "on": True}) as run:
            run.add_scalar("x", 1.0, 0)
        (folder,) = export_events([repo.run("r")], tmp_path / "logs").folders
        found = accumulated(folder).SummaryMetadata
        start = metadata.parse_session_start_info_plugin_data(
            found(metadata.SESSION_START_INFO_TAG).plugin_data.content
        )
        end = metadata.parse_session_end_info_plugin_data(
            found(metadata.SESSION_END_INFO_TAG).plugin_data.content
        )

        assert (0.1, "a", True) == (
            start.hparams["lr"].number_value, start.hparams["net"].string_value,
            start.hparams["on"].bool_value,
        )  # fmt: skip
        assert 1 == end.status

    def test_the_page_shows_them(self, repo: Repository, tmp_path: Path) -> None:
        """The server that TensorBoard's page asks answers with the same runs and numbers."""
        with repo.start_run("a/train", hparams={"lr": 0.1}) as run:
            for step in range(20):
                run.add_scalar("loss", step / 3, step)
            run.add_image(png(), 4, "i")
            run.add_text("*hi*", 5, "t")
            run.add_histogram("h", [1, 0, 2], [-1.0, 0.5, 1.0, 4.0], 3)
        export_events([repo.run("@")], tmp_path / "logs")
        ask = _server(tmp_path / "logs")

        assert ["a/train"] == ask("/data/runs")
        assert [[s, single(s / 3)] for s in range(20)] == [
            row[1:] for row in ask("/data/plugin/scalars/scalars?run=a/train&tag=loss")
        ]
        assert "<em>hi</em>" in ask("/data/plugin/text/text?run=a/train&tag=t")[0]["text"]
        (image,) = ask("/data/plugin/images/images?run=a/train&tag=i&sample=0")
        assert 4 == image["step"]
        assert png() == ask("/data/plugin/images/individualImage?" + image["query"], plain=True)
        (histogram,) = ask("/data/plugin/histograms/histograms?run=a/train&tag=h")
        assert (3, 3.0) == (histogram[1], sum(bucket[2] for bucket in histogram[2]))


def _server(logs: Path) -> Any:
    """Return what asks the application behind TensorBoard's page."""
    application: Any = import_module("tensorboard.backend.application")
    program: Any = import_module("tensorboard.program")
    default: Any = import_module("tensorboard.default")
    werkzeug: Any = import_module("werkzeug.test")
    server = program.TensorBoard(default.get_plugins())
    server.configure(argv=["tensorboard", "--logdir", str(logs), "--load_fast", "false"])
    ingester: Any = import_module("tensorboard.backend.event_processing.data_ingester")
    data = ingester.LocalDataIngester(server.flags)
    data.start()
    data.deprecated_multiplexer.Reload()
    app = application.TensorBoardWSGIApp(
        server.flags, server.plugin_loaders, data.data_provider,
        server.assets_zip_provider, data.deprecated_multiplexer,
    )  # fmt: skip
    client = werkzeug.Client(app)

    def ask(path: str, *, plain: bool = False) -> Any:
        data = client.get(path).get_data()
        return data if plain else json.loads(data)

    return ask


@tensorboard_x
class TestWeReadTensorboardX:
    def test_all_kinds(self, repo: Repository, tmp_path: Path) -> None:
        """Scalars, histograms, images, texts and hyperparameters of tensorboardX are all there."""
        module: Any = import_module("tensorboardX")
        writer = module.SummaryWriter(str(tmp_path / "logs" / "a"))
        for step in range(500):
            writer.add_scalar("train/loss", step / 7, step)
        values = np.random.default_rng(0).normal(size=1000)
        writer.add_histogram("h", values, 3)
        writer.add_image("i", np.zeros((3, 4, 5)), 4)
        writer.add_text("t", "*hi*", 5)
        writer.add_hparams({"lr": 0.1, "net": "a", "on": True}, {"acc": 0.5}, name="trial")
        writer.close()
        done = import_events(repo, tmp_path / "logs")
        runs: dict[str, RunView] = {run.name: run for run in repo.runs()}
        run, trial = runs["a"], runs["a/trial"]
        (histogram,), (image,) = run.get_histograms(), run.get_images()

        assert [] == done.notes
        assert [single(step / 7) for step in range(500)] == run.series("train/loss").value
        assert list(range(500)) == run.series("train/loss").step
        assert 1000 == sum(histogram.histogram["counts"])
        assert (values.min(), values.max()) == (
            histogram.histogram["edges"][0], histogram.histogram["edges"][-1],
        )  # fmt: skip
        assert (5, 4, 4) == (*image.image.size, image.step)
        assert "*hi*" == run.get_text()[0].text
        assert ({"lr": 0.1, "net": "a", "on": True}, {"acc": 0.5}) == (
            trial.hparams, trial.summary,
        )  # fmt: skip

    def test_while_it_writes(self, repo: Repository, tmp_path: Path) -> None:
        """Imports beside a writer at work take each point once."""
        module: Any = import_module("tensorboardX")
        writer = module.SummaryWriter(str(tmp_path / "logs"), flush_secs=1)
        for step in range(300):
            writer.add_scalar("x", step, step)
            if step % 100 == 50:
                writer.flush()
                import_events(repo, tmp_path / "logs")
        writer.close()
        import_events(repo, tmp_path / "logs")

        assert list(range(300)) == repo.run("@").series("x").step


@tensorboard
class TestWeReadTensorBoard:
    def test_what_its_writer_wrote(self, repo: Repository, tmp_path: Path) -> None:
        """Scalars as tensors, and each kind as the summaries of its plugins make it."""
        module: Any = import_module("tensorboard.summary.writer.event_file_writer")
        compat: Any = import_module("tensorboard.compat.proto.event_pb2")
        scalar: Any = import_module("tensorboard.plugins.scalar.summary_v2")
        histogram: Any = import_module("tensorboard.plugins.histogram.summary_v2")
        text: Any = import_module("tensorboard.plugins.text.summary_v2")
        metadata: Any = import_module("tensorboard.plugins.hparams.metadata")
        plugin: Any = import_module("tensorboard.plugins.hparams.plugin_data_pb2")
        start = plugin.SessionStartInfo()
        start.hparams["lr"].number_value, start.hparams["net"].string_value = 0.1, "a"
        session = text.text_pb(metadata.SESSION_START_INFO_TAG, "x")
        session.value[0].metadata.CopyFrom(
            metadata.create_summary_metadata(plugin.HParamsPluginData(session_start_info=start))
        )
        writer = module.EventFileWriter(str(tmp_path / "logs"))
        values = np.arange(100.0)
        summaries = [
            scalar.scalar_pb("x", 0.1), histogram.histogram_pb("h", values, buckets=4), text.text_pb("t", "hi"),
            session,
        ]  # fmt: skip
        for summary in summaries:
            raw = summary.SerializeToString()
            event = compat.Event(wall_time=1.7e9, step=3)
            event.summary.ParseFromString(raw)
            writer.add_event(event)
        writer.close()
        import_events(repo, tmp_path / "logs")
        (run,) = repo.runs()
        (tag,) = run.series_tags
        found = run.get_histograms()[0].histogram

        assert ([3], [single(0.1)]) == (run.series(tag).step, run.series(tag).value)
        assert ([25, 25, 25, 25], 0.0, 99.0) == (
            found["counts"], found["edges"][0], found["edges"][-1],
        )  # fmt: skip
        assert "hi" == run.get_text()[0].text
        assert {"lr": 0.1, "net": "a"} == run.hparams
