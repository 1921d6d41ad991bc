"""What is fuzzed: readers of what a stranger may have written, and sound files to bend.

Each target takes bytes and returns, or raises one of our errors; anything else is a fault. The
tests give them bent files by hypothesis, and ``python -m fuzz.run_atheris`` by coverage.
"""

from __future__ import annotations

import io
import math
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from compat.wandb import offline
from hostile.content_tricks import series
from hostile.forge import SHA256, Forge, sound

import vcs_track
from vcs_track.compat.tensorboard import import_events
from vcs_track.compat.tensorboard.buckets import bins_of
from vcs_track.compat.wandb.importing import import_folder
from vcs_track.errors import VcsTrackError
from vcs_track.formats import any_zip, canonical, pack
from vcs_track.formats.code import Code
from vcs_track.formats.event_file import (
    EventFile,
    Histogram,
    Images,
    Other,
    Scalar,
    SessionEnd,
    SessionStart,
    Texts,
    Value,
    pack_event,
    pack_session,
    pack_start,
)
from vcs_track.formats.event_record import EventRecords, pack_record
from vcs_track.formats.manifest import decode_media, decode_run, references
from vcs_track.formats.offline_log import OfflineLog, pack_log
from vcs_track.formats.offline_record import decode_record
from vcs_track.formats.oid import FORMATS
from vcs_track.formats.scan import Damage, Points, Record, batches, records
from vcs_track.formats.series import combine, decode_column, decode_scalars, encode_steps
from vcs_track.formats.slots import HEADER_SIZE, parse_header
from vcs_track.formats.tensor_proto import doubles_to
from vcs_track.formats.typed_json import freeze, thaw
from vcs_track.formats.wire import double_to, length_to
from vcs_track.plumbing.journal import JournalReader
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.porcelain.values import check_histogram

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TARGETS", "seeds"]


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


def read_pack(data: bytes) -> None:
    """Read a pack as import, fsck and every reader do."""
    path = _scratch() / "pack.zip"
    path.write_bytes(data)
    for fmt in FORMATS.values():
        with suppress(VcsTrackError):
            file = PackFile(path, fmt)
            with suppress(VcsTrackError):
                assert all(fmt.hash(file.read(oid)) == oid for oid in file.verify())
            for oid in [*file][:50]:
                with suppress(VcsTrackError):
                    assert fmt.hash(file.read(oid)) == oid
    for entry in pack.scan_spool(data):
        with suppress(VcsTrackError):
            read = pack.inflate(entry, memoryview(data)[entry.data_offset : entry.end])
            assert len(read) == entry.size


def read_zip(data: bytes) -> None:
    """Read a zip of another tool."""
    entries = any_zip.read_entries(data)
    assert sum(entry.stored for entry in entries) <= len(data)
    assert len({entry.name for entry in entries}) == len(entries)


def read_json(data: bytes) -> None:
    """Read canonical JSON: what is taken is written again as the same bytes."""
    with suppress(VcsTrackError):
        value = canonical.check(data)
        assert canonical.dumps(value) == data
        with suppress(VcsTrackError):
            canonical.dumps(freeze(thaw(value)))


def read_document(data: bytes) -> None:
    """Read each kind of document, and what it names."""
    for decode in (decode_run, decode_media, Code.decode, decode_column):
        with suppress(VcsTrackError):
            decode(data)
    with suppress(VcsTrackError):
        for chunks in decode_scalars(data).values():
            mean = combine(chunks)["mean"]
            assert mean is None or isinstance(mean, float)
    with suppress(VcsTrackError):
        assert all(isinstance(oid, str) for _, oid in references(data))


def read_journal(data: bytes) -> None:
    """Read a journal: no slot twice, none beyond the end, and the same one by one."""
    with suppress(VcsTrackError):
        header = parse_header(data)
        found, alone = Damage(), Damage()
        sizes = {1: 2, 2: 3}
        many = 0
        for batch in batches(data, header.salt, dict(sizes), found):
            many += 1 if isinstance(batch, Record) else len(batch.steps)
            assert isinstance(batch, Record | Points) or len(batch.columns) > 0
        assert many == sum(1 for _ in records(data, header.salt, dict(sizes), alone))
        assert (found.slots, found.used) == (alone.slots, alone.used)
        assert found.used <= max(0, len(data) - HEADER_SIZE)
    path = _scratch() / "journal.j"
    path.write_bytes(data)
    with suppress(VcsTrackError):
        list(JournalReader(path).records())


def import_bundle(data: bytes) -> None:
    """Take in a bundle: all of it, or nothing at all."""
    folder = _repository()
    path = folder.parent / "x.zip"
    path.write_bytes(data)
    repo = vcs_track.open(folder)
    before = _files(folder)
    with suppress(VcsTrackError):
        repo.import_(path, dry_run=True)
    assert _files(folder) == before


def read_events(data: bytes) -> None:
    """Read an event file: what is read can be written, and the same is read again."""
    file = EventFile(io.BytesIO(data).read)
    found = list(file)
    assert 0 <= file.records.end <= len(data)
    for event in found:
        again = pack_event(event.wall_time, event.step, event.values)
        (same,) = EventFile(io.BytesIO(again).read)
        kept = [value for value in event.values if not isinstance(value, Other)]
        assert len(kept) == len(same.values)
        for value in event.values:
            if isinstance(value, Histogram) and (bins := bins_of(value)) is not None:
                check_histogram(*bins)


def read_event(data: bytes) -> None:
    """Read an event, and take it in: its record is sound, so that all of it is looked at."""
    framed = pack_start(1e9) + pack_record(data)
    read_events(framed)
    import_logs(framed)


def import_logs(data: bytes) -> None:
    """Take in a folder with an event file: a run that is sound, or none."""
    folder = _scratch() / "logs"
    folder.mkdir(exist_ok=True)
    (folder / "events.out.tfevents.1").write_bytes(data)
    place = Path(tempfile.mkdtemp(dir=_scratch()))
    repo = vcs_track.init(place).with_defaults(capture_git=False)
    with suppress(VcsTrackError):
        done = import_events(repo, folder)
        assert repo.fsck().problems == []
        assert import_events(repo, folder).known == done.new
    shutil.rmtree(place)


def read_wandb(data: bytes) -> None:
    """Read a file of offline wandb, and the same bytes as its records."""
    log = OfflineLog(io.BytesIO(data).read)
    for record in [*log][:200]:
        with suppress(VcsTrackError):
            decode_record(record)
    with suppress(VcsTrackError):
        decode_record(data)
    import_wandb(data if data.startswith(b":W&B") else pack_log([data]))


def import_wandb(data: bytes) -> None:
    """Take in the folder of a run: a run that is sound, or none."""
    folder = _scratch() / "offline-run-20240101_120000-abc"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / "run-abc.wandb").write_bytes(data)
    place = Path(tempfile.mkdtemp(dir=_scratch()))
    repo = vcs_track.init(place).with_defaults(capture_git=False)
    with suppress(VcsTrackError):
        done = import_folder(repo, folder)
        assert repo.fsck().problems == []
        assert import_folder(repo, folder).known == done.new
    shutil.rmtree(place)


@cache
def _repository() -> Path:
    folder = _scratch() / "repo"
    folder.mkdir()
    vcs_track.init(folder)
    return folder


def _files(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_size for path in folder.rglob("*")}


TARGETS: dict[str, Callable[[bytes], None]] = {
    "pack": read_pack,
    "zip": read_zip,
    "json": read_json,
    "document": read_document,
    "journal": read_journal,
    "bundle": import_bundle,
    "events": read_events,
    "event": read_event,
    "wandb": read_wandb,
}


# ---- sound files ------------------------------------------------------------------------


@cache
def seeds(target: str) -> tuple[bytes, ...]:
    """Return sound files for *target*, small ones of every kind."""
    bundles = [sound().write(), series().write(), _stored().write()]
    documents = [data for forge in (sound(), series()) for data in forge.objects.values()]
    documents += [
        encode_steps([0, 1, 2, 9]), canonical.dumps({"@": "media/1", "items": []}),
        canonical.dumps({"a": [1, -0.0, 1e16, 1e-7, None, True, "\u20ac\x00"], "b": {"$": "x"}}),
        canonical.dumps(freeze({"t": (1, {2, 3}), "n": math.nan, "i": 1 << 70, "d": b"x"})),
        Code("a" * 40, commit="b" * 40, gone=(b"x/y", b"\xff")).encode(),
    ]  # fmt: skip
    found = {
        "pack": bundles, "zip": _other_zips(), "bundle": bundles,
        "json": documents, "document": documents, "journal": [_journal()],
        "events": _events(), "event": _contents(), "wandb": _offline(),
    }  # fmt: skip
    return tuple(found[target])


def _stored() -> Forge:
    forge = Forge(SHA256, deflate=False)
    return forge.run(notes="x" * 100)


def _other_zips() -> list[bytes]:
    from hostile.zip_tricks import TRICKS, of_another_tool

    names = ("a-data-descriptor", "extra-fields", "folders-as-entries", "zip64-that-nobody-needs")
    built = [sound().write(), *(TRICKS[name].build() for name in names)]
    return [content for one in built if (content := of_another_tool(one)) is not None]


def _events() -> list[bytes]:
    said = length_to(9, length_to(1, length_to(1, b"histograms")))
    tensor = length_to(8, doubles_to([0.0, 1.0, 2.0, 1.0, 4.0, 3.0], (2, 3)))
    value = length_to(1, length_to(1, b"t"), tensor, said)
    values: list[Value] = [
        Scalar("loss", 0.5), Histogram("h", (1.0, 2.0), (1.0, 2.0), 0.0, 2.0, 3.0, 4.0, 5.0),
        Images("i", (b"png",), 3, 2), Images("j", (b"a", b"b"), 3, 2), Texts("t", ("a", "b"), (2,)),
        SessionStart({"lr": 0.1, "net": "a", "on": True, "l": [1.0, {"a": None}]}, "g", 1.0),
        SessionEnd("failed", 2.0),
    ]  # fmt: skip
    small = pack_start(1e9) + pack_event(1e9, 1, values[:1]) + pack_session(1e9, 1)
    return [
        small,
        small + pack_event(1e9, -1, values),
        small + pack_record(double_to(1, 1e9) + length_to(5, value)) + pack_event(1e9, 2, values),
    ]


def _contents() -> list[bytes]:
    return [each for data in _events() for each in EventRecords(io.BytesIO(data).read)]


def _offline() -> list[bytes]:
    records = [
        offline.run(config={"lr": 0.1}, name="n", tags=("a",)), offline.metric("v/*", "ep", 1, 2),
        *offline.history({"a": 1, "d": {"x": [1, None, math.nan]}}, {"a": 2.5, "v/x": 1}),
        offline.row(5, h={"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]}),
        offline.row(6, h={"_type": "html-file", "path": "a.html", "sha256": "0" * 64}),
        offline.files("a.txt", "*"), offline.output(1, "said"), offline.config(lr=0.2),
        offline.artifact("data", ("a", "AAAA", "/nowhere")), offline.summary(a=3, b={"c": 1}),
        offline.ended(1),
    ]  # fmt: skip
    return [pack_log(records), pack_log([b"x" * 40_000, *records[:3]]), *records]


def _journal() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        repo = vcs_track.init(folder).with_defaults(capture_git=False, journal_engine="pwrite")
        run = repo.start_run("r", id="r", hparams={"lr": 0.1})
        for step in range(40):
            run.add_scalar("loss", 1 / (step + 1), step)
        for step in range(40):
            run.add_scalars({"a": step / 2, "b": 1.5}, step)
        run.add_scalar("n", 7, 0)
        run.add_scalar("u", (1 << 64) - 1, 0)
        run.add_text("hello", tag="t")
        (path,) = Path(folder, ".runs/local/live/r").glob("*.j")
        data = path.read_bytes()
        run.finish()
    return data.rstrip(b"\0") + bytes(64)
