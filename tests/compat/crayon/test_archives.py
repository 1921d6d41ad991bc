"""Archives out and in, through every way to a client; hostile ones."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.compat.crayon import CrayonClient, archive
from vcs_track.formats import event_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compat.crayon.faces import Face


def to_32(number: float) -> float:
    """Return *number* as an event file has it."""
    found: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return found


def zipped(**members: bytes) -> bytes:
    """Return a zip of *members*; a dot in a name is written as two underscores."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "."), data)
    return out.getvalue()


EVENTS = event_file.pack_start(1.0) + event_file.pack_event(
    2.5, 3, [event_file.Scalar("x", 0.5), event_file.Scalar("y", 4.0)]
)


class TestWriting:
    def test_suffix_is_appended_always(self, face: Face, tmp_path: Path) -> None:
        """The name that is returned has one '.zip' more than that which was given."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0)
        given = str(tmp_path / "a.zip")

        assert f"{given}.zip" == foo.to_zip(given)
        assert zipfile.is_zipfile(f"{given}.zip")
        assert not (tmp_path / "a.zip").exists()

    def test_default_name_is_in_the_current_folder(self, face: Face, tmp_path: Path) -> None:
        """Without a name it has the experiment's and the time."""
        name = face.experiment().to_zip()

        assert name.startswith("backup_foo_")
        assert zipfile.is_zipfile(tmp_path / name)

    def test_default_name_leads_nowhere_else(self, documented: Face, tmp_path: Path) -> None:
        """The name of an experiment is data, and makes no path."""
        name = documented.experiment("../../up/x").to_zip()

        assert "/" not in name
        assert (tmp_path / name).is_file()

    def test_zip_has_an_event_file_at_the_top(self, face: Face, tmp_path: Path) -> None:
        """One deflated member, named as TensorBoard's writers do."""
        foo = face.experiment()
        foo.add_scalar_value("x", 0.5, wall_time=2, step=3)
        with zipfile.ZipFile(foo.to_zip(str(tmp_path / "out"))) as found:
            (member,) = found.infolist()
            events = list(event_file.EventFile(io.BytesIO(found.read(member)).read))

        assert member.filename.startswith("events.out.tfevents.")
        assert zipfile.ZIP_DEFLATED == member.compress_type
        assert "brain.Event:2" == events[0].version
        assert [(2.0, 3, (event_file.Scalar("x", 0.5),))] == [e[:3] for e in events[1:]]

    @pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
    @pytest.mark.filterwarnings("ignore")
    def test_tensorboard_reads_the_same_numbers(self, face: Face, tmp_path: Path) -> None:
        """TensorBoard's own reader finds each point and each histogram."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        foo = face.experiment()
        for step in range(100):
            foo.add_scalar_value("train/a b", step / 7, wall_time=1000 + step)
        foo.add_histogram_value("h", [-1.5, 0, 0, 2.5], tobuild=True, wall_time=5, step=9)
        with zipfile.ZipFile(foo.to_zip(str(tmp_path / "out"))) as found:
            found.extractall(tmp_path / "logs")
        read = EventAccumulator(str(tmp_path / "logs"), {"scalars": 0, "histograms": 0})
        read.Reload()

        assert [[e.wall_time, e.step, e.value] for e in read.Scalars("train/a b")] == [
            [1000.0 + step, step, to_32(step / 7)] for step in range(100)
        ]
        (one,) = read.Histograms("h")
        value = one.histogram_value
        row = [value.min, value.max, value.num, value.sum, value.sum_squares]
        assert foo.get_histogram_values("h") == [
            [one.wall_time, one.step, [*row, list(value.bucket_limit), list(value.bucket)]]
        ]


class TestRestoring:
    def test_round_trip_under_the_same_and_another_name(self, face: Face, tmp_path: Path) -> None:
        """What was archived comes back after a removal, and beside itself."""
        client, foo = face.client(), face.experiment()
        foo.add_scalar_value("bar", 2, wall_time=1.25, step=1)
        foo.add_scalar_value("bar", 0.5, wall_time=0.5, step=-4)
        foo.add_histogram_value("h", [1, 2, 3], tobuild=True, wall_time=7, step=2)
        path = foo.to_zip(str(tmp_path / "out"))
        before = foo.get_scalar_values("bar"), foo.get_histogram_values("h")
        client.remove_experiment("foo")

        for name in ("foo", "new"):
            made = client.create_experiment(name, path)
            assert before == (made.get_scalar_values("bar"), made.get_histogram_values("h"))

    def test_nothing_to_restore_is_an_empty_experiment(self, face: Face) -> None:
        """An empty name of an archive is none."""
        client = face.client()

        assert [] == client.create_experiment("a", zip_file="").get_scalar_names()
        assert [] == client.create_experiment("b", zip_file=None).get_scalar_names()

    def test_archive_of_nothing_is_an_empty_experiment(self, face: Face, tmp_path: Path) -> None:
        """An experiment without data can be archived and restored too."""
        path = face.experiment().to_zip(str(tmp_path / "out"))

        assert [] == face.client().create_experiment("new", path).get_scalar_names()

    def test_missing_file_is_an_io_error(self, face: Face, tmp_path: Path) -> None:
        """It is found out before anything is made."""
        client = face.client()

        with pytest.raises(FileNotFoundError):
            client.create_experiment("foo", str(tmp_path / "random_noise"))
        assert [] == client.get_experiment_names()

    def test_taken_name_is_a_value_error(self, face: Face, tmp_path: Path) -> None:
        """Nothing is ever overwritten, whatever force means."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0, wall_time=1)
        path = foo.to_zip(str(tmp_path / "out"))

        with pytest.raises(ValueError, match="Experiment 'foo' already exists"):
            face.client().create_experiment("foo", path)
        assert [[1.0, 0, 1.0]] == foo.get_scalar_values("x")

    def test_archive_wants_a_new_experiment(self, face: Face, tmp_path: Path) -> None:
        """The constructor refuses an archive for one that is there."""
        foo = face.experiment()

        with pytest.raises(ValueError, match="new"):
            type(foo)("foo", face.client(), zip_file="x.zip", create=False)

    def test_restored_steps_go_on(self, documented: Face, tmp_path: Path) -> None:
        """As the documentation says, a restored experiment counts on."""
        foo = documented.experiment()
        foo.add_scalar_value("x", 1.0, step=7)
        foo.add_histogram_value("h", [1.0], tobuild=True, step=4)
        new = documented.client().create_experiment("new", foo.to_zip(str(tmp_path / "out")))

        assert ({"x": 8}, {"h": 5}) == (dict(new.scalar_steps), dict(new.hist_steps))

    def test_original_steps_begin_again(self, original: Face, tmp_path: Path) -> None:
        """The original forgets to count on."""
        foo = original.experiment()
        foo.add_scalar_value("x", 1.0, step=7)
        new = original.client().create_experiment("new", foo.to_zip(str(tmp_path / "out")))

        assert {} == dict(new.scalar_steps)

    @pytest.mark.parametrize("writer", ["ours", "tensorboard", "tensorboardX"])
    @pytest.mark.filterwarnings("ignore")
    def test_five_thousand_points_come_back(self, face: Face, tmp_path: Path, writer: str) -> None:
        """A zip from elsewhere comes back complete, and in order."""
        points = [(1000.0 + step * 0.5, step, to_32(math.sin(step))) for step in range(5000)]
        (tmp_path / "logs").mkdir()
        _WRITERS[writer](tmp_path / "logs", points)
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for file in (tmp_path / "logs").iterdir():
                made.write(file, file.name)
        foo = face.client().create_experiment("foo", str(path))

        assert [list(point) for point in points] == foo.get_scalar_values("loss")

    def test_several_event_files_are_one_series(self, face: Face, tmp_path: Path) -> None:
        """The original adds a file each time that it opens an experiment again."""
        first, second = (
            event_file.pack_start(at) + event_file.pack_event(at, at, [event_file.Scalar("x", at)])
            for at in (1, 2)
        )
        path = tmp_path / "two.zip"
        path.write_bytes(
            zipped(events__out__tfevents__2__b=second, events__out__tfevents__1__a=first)
        )
        foo = face.client().create_experiment("foo", str(path))

        assert [[1.0, 1, 1.0], [2.0, 2, 2.0]] == foo.get_scalar_values("x")


class TestExact:
    def test_exact_archive_keeps_doubles(self, documented: Face, tmp_path: Path) -> None:
        """With exact=True nothing is rounded, and the event file is there as ever."""
        foo = documented.experiment()
        for value in (0.1, 1e300, -5e-324, math.nan):
            foo.add_scalar_value("a\nb", value, wall_time=-5)
        foo.add_histogram_value(
            "h", {"min": 0.1, "max": 1, "num": 1, "bucket_limit": [2, 1], "bucket": [1]},
            wall_time=0.123456789,
        )  # fmt: skip
        path = foo.to_zip(str(tmp_path / "out"), exact=True)
        new = documented.client().create_experiment("new", path)

        with zipfile.ZipFile(path) as found:
            assert 2 == len(found.namelist())
        assert str(foo.get_scalar_values("a\nb")) == str(new.get_scalar_values("a\nb"))
        assert foo.get_histogram_values("h") == new.get_histogram_values("h")
        foo.add_scalar_value("a\nb", 2.0)
        assert 5 == len(foo.get_scalar_values("a\nb"))

    def test_bundle_of_any_run_is_restored(self, documented: Face, tmp_path: Path) -> None:
        """A run of ours that never heard of Crayon becomes an experiment."""
        repo = vcs_track.init(tmp_path / "else")
        with repo.start_run("base", capture_code=False) as run:
            run.add_scalar("train/loss", 0.1, 7, walltime=11.5)
            run.add_scalar("n", 3, 0, walltime=12)
            run.add_histogram("h", [1, 2], [0.0, 1.0, 2.0], step=4)
        path = repo.export("base", tmp_path / "bundle.zip")
        foo = documented.client().create_experiment("foo", str(path))

        assert [[11.5, 7, 0.1]] == foo.get_scalar_values("train/loss")
        assert [[12.0, 0, 3.0]] == foo.get_scalar_values("n")
        assert [2.0, 3.0] == foo.get_histogram_values("h")[0][2][1:3]

    def test_bundle_of_several_runs_is_a_value_error(
        self, documented: Face, tmp_path: Path
    ) -> None:
        """An experiment is one run."""
        repo = vcs_track.init(tmp_path / "else")
        for name in ("a", "b"):
            repo.start_run(name, capture_code=False).finish()
        path = repo.export(["a", "b"], tmp_path / "bundle.zip")

        with pytest.raises(ValueError, match="the bundle has 2 runs"):
            documented.client().create_experiment("foo", str(path))
        assert [] == documented.client().get_experiment_names()


def _bomb() -> bytes:
    return zipped(events__out__tfevents__1__a=bytes(64 << 20))


def _encrypted() -> bytes:
    data = bytearray(zipped(events__out__tfevents__1__a=EVENTS))
    for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


_GOOD = zipped(events__out__tfevents__1__a=EVENTS)
_HOSTILE: dict[str, bytes] = {
    "no zip": b"hello" * 100,
    "nothing": b"\0",
    "half": _GOOD[: len(_GOOD) // 2],
    "no directory": _GOOD[:-30],
    "bytes turned": _GOOD[:60] + bytes(b ^ 0xFF for b in _GOOD[60:80]) + _GOOD[80:],
    "encrypted": _encrypted(),
    "other files": zipped(readme=b"x", **{"../../etc/passwd": b"x"}),
    "damaged record": zipped(
        events__out__tfevents__1__a=EVENTS[:50] + b"xx" + EVENTS[52:] + EVENTS
    ),
    "damaged value": zipped(
        events__out__tfevents__1__a=EVENTS[:60] + bytes([EVENTS[60] ^ 1]) + EVENTS[61:] + EVENTS
    ),
    "no records": zipped(events__out__tfevents__1__a=b"hello there, this is no event file at all"),
    "broken bundle": zipped(bundle__json=b"{}"),
    "broken bundle inside": zipped(**{"vcs-track-bundle__zip": b"hello"}),
}


class TestHostile:
    @pytest.mark.parametrize("what", _HOSTILE)
    def test_hostile_archive_is_a_value_error(self, face: Face, tmp_path: Path, what: str) -> None:
        """Nothing is made of an archive that is none, and the name stays free."""
        path = tmp_path / "bad.zip"
        path.write_bytes(_HOSTILE[what])
        client = face.client()

        with pytest.raises(ValueError, match="Something went wrong"):
            client.create_experiment("foo", str(path))
        assert [] == client.get_experiment_names()
        client.create_experiment("foo").add_scalar_value("x", 1.0)
        assert ["foo"] == [run.name for run in vcs_track.open(tmp_path).runs()]
        assert [".runs", "bad.zip"] == sorted(p.name for p in tmp_path.iterdir())

    def test_bomb_is_a_value_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What an archive unpacks to is bounded, whatever it says of itself."""
        monkeypatch.setattr(archive, "_MOST_BYTES", 1 << 20)
        path = tmp_path / "bomb.zip"
        path.write_bytes(_bomb())

        with pytest.raises(ValueError, match=r"unpacks to more than 1 MiB|claims a size"):
            CrayonClient(tmp_path).create_experiment("foo", path)

    def test_names_of_members_are_no_paths(self, face: Face, tmp_path: Path) -> None:
        """A member may be named as it likes: nothing is unpacked to a folder."""
        path = tmp_path / "odd.zip"
        path.write_bytes(zipped(**{"../../tmp/events__out__tfevents__1": EVENTS, "x/": b""}))
        foo = face.client().create_experiment("foo", str(path))

        assert [[2.5, 3, 0.5]] == foo.get_scalar_values("x")

    def test_end_of_a_live_file_may_be_cut(self, face: Face, tmp_path: Path) -> None:
        """An archive of a file that was being written has all its whole records."""
        path = tmp_path / "cut.zip"
        path.write_bytes(zipped(events__out__tfevents__1__a=EVENTS + EVENTS[:-3]))
        foo = face.client().create_experiment("foo", str(path))

        assert [[2.5, 3, 0.5]] == foo.get_scalar_values("x")


# ---- writers of event files that know nothing of ours ------------------------------------


def _ours(folder: Path, points: list[tuple[float, int, float]]) -> None:
    data = b"".join(
        event_file.pack_event(wall, step, [event_file.Scalar("loss", value)])
        for wall, step, value in points
    )
    (folder / "events.out.tfevents.1.x").write_bytes(event_file.pack_start(1.0) + data)


def _tensorboard(folder: Path, points: list[tuple[float, int, float]]) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer: Any = EventFileWriter(str(folder))
    for wall, step, value in points:
        summary = Summary(value=[Summary.Value(tag="loss", simple_value=value)])
        writer.add_event(Event(wall_time=wall, step=step, summary=summary))
    writer.close()


def _tensorboard_x(folder: Path, points: list[tuple[float, int, float]]) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX import SummaryWriter

    writer: Any = SummaryWriter(str(folder))
    for wall, step, value in points:
        writer.add_scalar("loss", value, step, walltime=wall)
    writer.close()


_WRITERS: dict[str, Callable[[Path, list[tuple[float, int, float]]], None]] = {
    "ours": _ours, "tensorboard": _tensorboard, "tensorboardX": _tensorboard_x,
}  # fmt: skip
