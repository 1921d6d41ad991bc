"""Tests of ``vcs_track.porcelain.bundle``."""

from __future__ import annotations

import itertools
import json
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import vcs_track
from vcs_track.errors import CorruptError, CorruptObjectError, InvalidValueError, VcsTrackError
from vcs_track.formats import canonical, pack
from vcs_track.formats.manifest import MediaItem, RunManifest, encode_document, encode_media
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.formats.pack import Entry
from vcs_track.plumbing.pack_file import PackFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository

SHA256 = object_format("sha256")
NOWHERE = ObjectId("f" * 64)


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below *folder* with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def make(folder: Path, object_format_name: str = "sha256") -> Repository:
    """Return a new repository that does not ask git."""
    folder.mkdir(parents=True, exist_ok=True)
    return vcs_track.init(folder, object_format_name).with_defaults(capture_git=False)


def fill(repo: Repository, name: str = "r") -> None:
    """Record a run with a bit of everything."""
    file = repo.root / "weights.bin"
    file.write_bytes(bytes(range(256)) * 20)
    with repo.start_run(name, id=name, hparams={"lr": 0.1, "name": name}) as run:
        for step in range(50):
            run.add_scalars({"loss": 1 / (step + 1), "acc": step}, step=step)
        run.add_text("hello " * 50, tag="t")
        run.add_histogram("h", [1, 2], [0, 1, 2])
        run.add_file(file)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one finished run, ``r``."""
    repo = make(tmp_path / "one")
    fill(repo)
    return repo


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return make(tmp_path / "two")


class TestExport:
    def test_any_unzip_can_open_it(self, repo: Repository, tmp_path: Path) -> None:
        """The standard library reads it, and each object's bytes hash to its name."""
        path = repo.export("r", tmp_path / "x.zip")
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            objects = [name for name in names if name.startswith("objects/")]
            wrong = [n for n in objects if f"objects/{SHA256.hash(archive.read(n))}" != n]
            index = json.loads(archive.read("bundle.json"))

        assert [] == wrong
        assert ["README.txt", "bundle.json"] == [n for n in sorted(names) if "/" not in n]
        assert {"r": list(repo.run("r").heads)} == index["heads"]
        assert {n.removeprefix("objects/") for n in objects} == set(index["objects"])

    def test_holds_what_the_runs_need_and_no_more(self, repo: Repository, tmp_path: Path) -> None:
        """Other runs of the repository stay out of the bundle."""
        fill(repo, "other")
        path = repo.export("r", tmp_path / "x.zip")
        (mine,) = repo.run("r").heads
        (others,) = repo.run("other").heads
        objects = PackFile(path, SHA256)

        assert mine in objects
        assert others not in objects
        assert repo.run("other").manifest.hparams not in objects

    def test_same_runs_give_the_same_bytes(self, repo: Repository, tmp_path: Path) -> None:
        """A bundle depends on its runs and its name alone, not on the order they are named."""
        fill(repo, "s")
        (tmp_path / "a").mkdir()
        one = repo.export(["r", "s"], tmp_path / "x.zip")
        two = repo.export(["s", "r", "s"], tmp_path / "a" / "x.zip")

        assert one.read_bytes() == two.read_bytes()

    def test_an_existing_file_is_never_replaced_unasked(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        """Exporting over a file needs force."""
        path = tmp_path / "x.zip"
        path.write_text("precious")
        with pytest.raises(InvalidValueError, match="exists"):
            repo.export("r", path)
        assert "precious" == path.read_text()
        repo.export("r", path, force=True)

        assert zipfile.is_zipfile(path)

    def test_refuses_no_runs_and_live_runs(self, repo: Repository, tmp_path: Path) -> None:
        """There must be something to export, and it must have ended."""
        live = repo.start_run("live", id="live")
        for runs, words in (([], "nothing to export"), (["r", "live"], "not sealed")):
            with pytest.raises(InvalidValueError, match=words):
                repo.export(runs, tmp_path / "x.zip")
        live.finish()

        assert ["one"] == [path.name for path in tmp_path.iterdir()]

    def test_a_damaged_object_leaves_nothing_behind(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        """Damage is reported with its id, and no half bundle is made."""
        oid = repo.run("r").manifest.hparams
        assert oid is not None
        damage(repo, oid)
        reopened = vcs_track.open(repo.root)
        with pytest.raises(CorruptObjectError) as caught:
            reopened.export("r", tmp_path / "x.zip")

        assert oid == caught.value.oid
        assert ["one"] == [path.name for path in tmp_path.iterdir()]

    @pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
    def test_an_interruption_leaves_nothing_behind(
        self, repo: Repository, tmp_path: Path, kind: type[BaseException]
    ) -> None:
        """Ctrl-C in the middle leaves neither a bundle nor a temporary file."""
        with pytest.raises(kind):
            repo.export("r", tmp_path / "x.zip", progress=raiser(kind, 3))

        assert ["one"] == [path.name for path in tmp_path.iterdir()]

    def test_missing_blobs_are_listed(self, repo: Repository, tmp_path: Path) -> None:
        """A run whose files stayed elsewhere can be exported; the bundle says what lacks."""
        (file,) = repo.run("r").get_files()
        drop_blobs(repo)
        reopened = vcs_track.open(repo.root)
        path = reopened.export("r", tmp_path / "x.zip")
        index = json.loads(zipfile.ZipFile(path).read("bundle.json"))
        other = make(tmp_path / "three")
        other.import_(path)

        assert [file.oid] == index["missing"]
        assert [file.oid] == other.fsck().absent
        assert not other.run("r").get_files()[0].here

    def test_the_sound_copy_of_an_object_is_exported(
        self, repo: Repository, tmp_path: Path
    ) -> None:
        """Where one of two packs is damaged the bundle holds the other's bytes."""
        with repo.start_run("twin", id="twin", hparams={"lr": 0.1, "name": "r"}):
            pass
        oid = repo.run("r").manifest.hparams
        assert oid is not None
        damage(vcs_track.open(repo.root), oid)
        reopened = vcs_track.open(repo.root)
        path = reopened.export("r", tmp_path / "x.zip")

        assert list(PackFile(path, SHA256)) == list(PackFile(path, SHA256).verify())


def raiser(kind: type[BaseException], at: int) -> Callable[[int, int], None]:
    """Return a progress callback that raises at its *at*-th call."""
    calls = itertools.count(1)

    def progress(done: int, total: int) -> None:
        if next(calls) == at:
            raise kind("interrupted")

    return progress


def damage(repo: Repository, oid: ObjectId) -> None:
    """Turn the bytes of one object, in the pack that the store reads it from, to noise."""
    file = repo.store.home.objects.owner(oid)
    entry = file.entry(oid)
    content = bytearray(file.path.read_bytes())
    for at in range(entry.data_offset, entry.end):
        content[at] ^= 0x55
    file.path.chmod(0o644)
    file.path.write_bytes(content)


def drop_blobs(repo: Repository) -> None:
    """Remove the packs of images and files."""
    for path in repo.store.home.packs.folder.glob("b-*.zip"):
        path.unlink()


class TestImport:
    def test_round_trip_gives_the_same_bytes(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Export, import into an empty repository, export: the same file."""
        repo.edit("r", notes="edited")
        (tmp_path / "a").mkdir()
        one = repo.export("r", tmp_path / "x.zip")
        done = empty.import_(one)
        two = empty.export("r", tmp_path / "a" / "x.zip")

        assert one.read_bytes() == two.read_bytes()
        assert (["r"], [], []) == (done.new, done.updated, done.known)
        assert [] == empty.fsck().problems
        assert [] == empty.diff(repo.run("r"), empty.run("r"))
        assert repo.run("r").to_dict() == empty.run("r").to_dict()
        assert repo.run("r").history == empty.run("r").history

    def test_a_second_import_changes_nothing(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Importing what is here already touches no file."""
        path = repo.export("r", tmp_path / "x.zip")
        empty.import_(path)
        before = everything(empty.path)
        again = vcs_track.open(empty.root).import_(path)

        assert before == everything(empty.path)
        assert (["r"], 0) == (again.known, again.objects)

    def test_an_older_bundle_changes_nothing(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """A state that has been edited since does not come back as a head."""
        old = repo.export("r", tmp_path / "old.zip")
        repo.edit("r", notes="x")
        empty.import_(repo.export("r", tmp_path / "new.zip"))
        before = everything(empty.path)
        done = empty.import_(old)

        assert before == everything(empty.path)
        assert ["r"] == done.known

    def test_a_newer_bundle_replaces_the_head(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """An edit made elsewhere arrives as the one head."""
        empty.import_(repo.export("r", tmp_path / "old.zip"))
        repo.edit("r", notes="x")
        done = empty.import_(repo.export("r", tmp_path / "new.zip"))

        assert (["r"], 1, "x") == (
            done.updated, len(empty.run("r").heads), empty.run("r").manifest.notes,
        )  # fmt: skip

    def test_two_repositories_converge(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """After edits on both sides and an exchange both show the same."""
        empty.import_(repo.export("r", tmp_path / "start.zip"))
        repo.edit("r", notes="one", tags=["a"])
        empty.edit("r", color="ff0000", tags=["b"])
        left = repo.export("r", tmp_path / "left.zip")
        right = empty.export("r", tmp_path / "right.zip")
        repo.import_(right)
        empty.import_(left)
        one, two = repo.run("r"), empty.run("r")

        assert one.manifest == two.manifest
        assert ("one", "ff0000", ["a", "b"]) == (one.manifest.notes, one.manifest.color, one.tags)

    def test_objects_that_are_here_are_not_stored_twice(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Of an edited run only the new state is stored."""
        empty.import_(repo.export("r", tmp_path / "old.zip"))
        repo.edit("r", notes="x")

        assert 1 == empty.import_(repo.export("r", tmp_path / "new.zip")).objects

    def test_a_file_that_is_no_bundle(self, empty: Repository, tmp_path: Path) -> None:
        """A path without a file, a text and somebody else's zip are named."""
        with pytest.raises(InvalidValueError, match="no bundle"):
            empty.import_(tmp_path / "nothing.zip")
        (tmp_path / "text.zip").write_text("hello")
        (tmp_path / "empty.zip").touch()
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
            archive.writestr("a", "b")
        for name in ("text.zip", "empty.zip", "other.zip"):
            with pytest.raises(CorruptError, match=name):
                empty.import_(tmp_path / name)

        assert 0 == len(empty.runs())

    def test_a_pack_is_no_bundle(self, repo: Repository, empty: Repository) -> None:
        """A pack of a store has objects and no index: it is refused."""
        (pack_path,) = repo.store.home.packs.folder.glob("p-*.zip")

        with pytest.raises(CorruptError, match="not a bundle"):
            empty.import_(pack_path)

    @pytest.mark.parametrize(("one", "other"), [("sha256", "xxh128"), ("xxh128", "sha256")])
    def test_another_object_format_is_refused(self, tmp_path: Path, one: str, other: str) -> None:
        """Ids of one kind never enter a repository of another kind."""
        source, target = make(tmp_path / "a", one), make(tmp_path / "b", other)
        fill(source)
        path = source.export("r", tmp_path / "x.zip")
        before = everything(target.path)
        with pytest.raises(InvalidValueError, match="object format"):
            target.import_(path)

        assert before == everything(target.path)

    def test_xxh128_round_trip(self, tmp_path: Path) -> None:
        """Fast ids travel as well; the bundle lists a SHA-256 of each object beside them."""
        source, target = make(tmp_path / "a", "xxh128"), make(tmp_path / "b", "xxh128")
        fill(source)
        path = source.export("r", tmp_path / "x.zip")
        target.import_(path)
        listed = json.loads(zipfile.ZipFile(path).read("bundle.json"))["objects"]

        assert target.fsck().ok
        assert source.run("r").to_dict() == target.run("r").to_dict()
        assert {64} == {len(entry["sha256"]) for entry in listed.values()}

    @pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
    def test_an_interruption_changes_nothing(
        self, repo: Repository, empty: Repository, tmp_path: Path, kind: type[BaseException]
    ) -> None:
        """Ctrl-C while a bundle is checked leaves the repository as it was."""
        path = repo.export("r", tmp_path / "x.zip")
        before = everything(empty.path)
        with pytest.raises(kind):
            empty.import_(path, progress=raiser(kind, 2))

        assert before == everything(empty.path)
        assert ["r"] == empty.import_(path).new

    def test_runs_that_were_dropped_halfway_arrive_later(
        self, repo: Repository, empty: Repository, tmp_path: Path
    ) -> None:
        """Packs without a head, as a crash leaves them, do not stop a second import."""
        path = repo.export("r", tmp_path / "x.zip")
        empty.import_(path)
        for head in empty.run("r").heads:
            empty.store.home.head_folder.path("r", head).unlink()
        done = vcs_track.open(empty.root).import_(path)

        assert ["r"] == done.new
        assert vcs_track.open(empty.root).fsck().ok

    def test_a_bundle_repairs_a_damaged_object(self, repo: Repository, tmp_path: Path) -> None:
        """As the error about it says, damage is cured by importing a bundle that has it."""
        path = repo.export("r", tmp_path / "x.zip")
        oid = repo.run("r").manifest.hparams
        assert oid is not None
        damage(repo, oid)
        vcs_track.open(repo.root).import_(path)
        reopened = vcs_track.open(repo.root)

        assert {"lr": 0.1, "name": "r"} == reopened.run("r").hparams

    def test_a_bundle_repairs_a_lost_pack(self, repo: Repository, tmp_path: Path) -> None:
        """A run whose packs are gone is whole again after an import."""
        path = repo.export("r", tmp_path / "x.zip")
        for file in repo.store.home.packs.folder.iterdir():
            file.unlink()
        assert not vcs_track.open(repo.root).fsck().ok
        vcs_track.open(repo.root).import_(path)

        assert [] == vcs_track.open(repo.root).fsck().problems


# ---- hostile bundles -------------------------------------------------------------------


@dataclass
class Forge:
    """A bundle of one run whose every part can be bent before it is written."""

    objects: list[bytes] = field(default_factory=list)
    heads: dict[str, list[str]] = field(default_factory=dict)
    index: dict[str, Any] = field(default_factory=dict)
    raw_index: bytes | None = None
    extra: list[tuple[str, bytes]] = field(default_factory=list)
    # Bends the entries after the local headers are written: directory and headers disagree.
    bend: Callable[[list[Entry]], list[Entry]] = lambda entries: entries
    # Bends the finished bytes.
    after: Callable[[bytes], bytes] = lambda content: content

    def run(self, **fields: Any) -> Forge:
        """Add the manifest of a run and its head."""
        body = canonical.loads(RunManifest("evil", "n", "finished", 1, 1).encode())
        return self.manifest(canonical.dumps({**body, **fields}), fields.get("run", "evil"))

    def manifest(self, data: bytes, run: str = "evil") -> Forge:
        """Add a manifest and a head that names it."""
        self.heads[run] = [self.object(data)]
        return self

    def object(self, data: bytes) -> ObjectId:
        """Add an object; return its id."""
        self.objects.append(data)
        return SHA256.hash(data)

    def write(self, path: Path) -> Path:
        """Write the bundle."""
        ids = {SHA256.hash(data): data for data in self.objects}
        index = {
            "@": "bundle/1", "object_format": "sha256", "heads": self.heads, "missing": [],
            "objects": {oid: {"size": len(data)} for oid, data in ids.items()}, **self.index,
        }  # fmt: skip
        content = canonical.dumps(index) if self.raw_index is None else self.raw_index
        files = [("bundle.json", content), *self.extra]
        files += [(f"heads/{run}.{oid}", b"") for run, ids_ in self.heads.items() for oid in ids_]
        files += [(f"objects/{oid}", ids[ObjectId(oid)]) for oid in sorted(ids)]
        path.write_bytes(self.after(self._zip(files)))
        return path

    def _zip(self, files: list[tuple[str, bytes]]) -> bytes:
        out, entries = bytearray(), []
        for name, data in files:
            method, raw = pack.pack_data(data, compress=True)
            entry = Entry(name, method, zlib.crc32(data), len(raw), len(data), len(out))
            entries.append(entry)
            out += pack.local_header(entry) + raw
        return bytes(out) + pack.directory(self.bend(entries), len(out))


def sound() -> Forge:
    """Return a bundle with nothing wrong."""
    forge = Forge()
    return forge.run(hparams=forge.object(encode_document("hparams/1", {"lr": 0.1})))


def refused(repo: Repository, forge: Forge) -> None:
    """Demand that a bundle is refused with our error and nothing has changed."""
    path = forge.write(repo.root / "evil.zip")
    check_refused(repo, path)


def check_refused(repo: Repository, path: Path) -> None:
    """Demand that the bundle *path* is refused with our error and nothing has changed."""
    before = everything(repo.root)
    with pytest.raises((CorruptError, InvalidValueError)) as caught:
        repo.import_(path)

    assert str(caught.value)
    assert before == everything(repo.root)


def replaced(old: bytes, new: bytes, count: int = -1) -> Callable[[bytes], bytes]:
    """Return a bend of the bytes that replaces *old*, which must be there."""

    def bend(content: bytes) -> bytes:
        assert old in content
        assert len(old) == len(new)
        return content.replace(old, new, count)

    return bend


def entry_bend(name: str, **changes: Any) -> Callable[[list[Entry]], list[Entry]]:
    """Return a bend that changes the directory record of one entry."""
    return lambda entries: [
        entry._replace(**changes) if entry.name.startswith(name) else entry for entry in entries
    ]


def twice(entries: list[Entry]) -> list[Entry]:
    """List the last entry once more."""
    return [*entries, entries[-1]]


def claim(content: bytes) -> bytes:
    """Let the end record claim 65,534 entries."""
    at = content.rindex(b"PK\x05\x06")
    return content[: at + 8] + struct.pack("<HH", 65534, 65534) + content[at + 12 :]


class TestHostileZip:
    def test_a_sound_forgery_is_taken(self, empty: Repository) -> None:
        """What the other tests bend is a bundle that can be imported."""
        done = empty.import_(sound().write(empty.root / "x.zip"))

        assert (["evil"], {"lr": 0.1}) == (done.new, empty.run("evil").hparams)
        assert empty.fsck().ok

    @pytest.mark.parametrize("name", ["objects/../../evil", "objects//etc/evil", "heads/../../x"])
    def test_names_that_climb_out_are_refused(self, empty: Repository, name: str) -> None:
        """An object or head is named by an id and nothing else."""
        forge = sound()
        forge.extra = [(name, b"evil")]
        refused(empty, forge)

        assert not (empty.root.parent / "evil").exists()

    @pytest.mark.parametrize("name", ["../../evil", "/evil", "C:\\evil", "a\0b"])
    def test_other_names_never_become_files(self, empty: Repository, name: str) -> None:
        """An entry that is neither object nor head is ignored or refused, never written."""
        forge = sound()
        forge.extra = [(name, b"evil")]
        path = forge.write(empty.root / "x.zip")
        before = set(everything(empty.root.parent))
        with suppress(CorruptError):
            empty.import_(path)

        new = set(everything(empty.root.parent)) - before
        assert set() == {n for n in new if not n.startswith("two/.runs/local/")}
        assert set() == {n for n in new if "evil" in n.rpartition("/")[2].partition(".")[0]} - {
            n for n in new if "/heads/" in n
        }  # fmt: skip

    def test_an_entry_listed_twice(self, empty: Repository) -> None:
        """Of two records of one name neither wins."""
        refused(empty, Forge(bend=twice).run())

    def test_two_records_over_the_same_data(self, empty: Repository) -> None:
        """Records that overlap would multiply the work."""
        forge = sound()
        forge.bend = lambda entries: [
            *entries[:-1],
            entries[-1]._replace(offset=entries[0].offset),
        ]
        refused(empty, forge)

    def test_an_extra_record_over_other_data(self, empty: Repository) -> None:
        """One stored run of bytes serves one entry only."""
        forge = sound()
        forge.bend = lambda entries: [
            *entries, entries[-1]._replace(name=f"objects/{'f' * 64}"),
        ]  # fmt: skip
        refused(empty, forge)

    def test_a_gap_between_entries(self, empty: Repository) -> None:
        """Bytes that no entry owns are refused."""
        forge = sound()
        forge.bend = lambda entries: [e for e in entries if not e.name.startswith("heads/")]
        refused(empty, forge)

    @pytest.mark.parametrize(
        "changes",
        [
            {"size": 1}, {"size": 1 << 31}, {"stored": 3}, {"stored": 1 << 31},
            {"crc": 0}, {"method": 0}, {"offset": 1 << 31}, {"offset": 5},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_record_that_lies(self, empty: Repository, changes: dict[str, int]) -> None:
        """Size, offset, method and CRC in the directory must be those of the entry."""
        forge = sound()
        forge.bend = entry_bend("objects/", **changes)
        refused(empty, forge)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00"),  # encrypted
            (b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x08\x00"),  # data descriptor
            (b"PK\x03\x04\x14\x00", b"PK\x03\x04\x2d\x00"),
            (b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
            (b"PK\x01\x02\x14\x03", b"PK\x01\x02\x14\x00"),
            (struct.pack("<I", 0o100444 << 16), struct.pack("<I", 0o120777 << 16)),  # symlink
            (struct.pack("<I", 0o100444 << 16), struct.pack("<I", 0o040755 << 16)),  # folder
        ],
    )
    def test_features_that_a_pack_has_not(self, empty: Repository, old: bytes, new: bytes) -> None:
        """Encryption, descriptors, links, folders and other makers are refused."""
        forge = sound()
        forge.after = replaced(old, new)
        refused(empty, forge)

    @pytest.mark.parametrize(
        "after",
        [
            lambda content: b"junk" + content,
            lambda content: content + b"junk",
            lambda content: content + content,
            lambda content: content[:-1],
            lambda content: content[: len(content) // 2],
            lambda content: content[:30],
            lambda content: content[100:],
            claim,
            lambda content: content.replace(b"vt1 n=2", b"vt1 n=1"),
            lambda content: content.replace(b"vt1 n=2", b"vt1 n=3"),
            lambda content: content.replace(b"vt1 n=2", b"vt2 n=2"),
        ],
        ids=["before", "after", "doubled", "short", "half", "stub", "headless", "claim", "n=1",
             "n=3", "vt2"],
    )  # fmt: skip
    def test_a_file_that_is_cut_or_padded(
        self, empty: Repository, after: Callable[[bytes], bytes]
    ) -> None:
        """Bytes before, after, missing or claimed are refused."""
        forge = sound()
        forge.after = after
        refused(empty, forge)

    def test_an_object_whose_bytes_have_another_hash(self, empty: Repository) -> None:
        """The name of an object is checked against its bytes."""
        forge = sound()
        oid = SHA256.hash(forge.objects[0])
        forge.after = replaced(oid.encode(), b"0" * 64)
        refused(empty, forge)

    def test_a_lying_size_costs_no_memory(self, empty: Repository) -> None:
        """An object that inflates to a thousand times its declared size is refused early."""
        forge = sound()
        oid = forge.object(bytes(50_000_000))
        forge.bend = entry_bend(f"objects/{oid}", size=1000)
        refused(empty, forge)

    def test_a_bomb_costs_bounded_memory(self, tmp_path: Path) -> None:
        """Four megabytes that inflate to four gigabytes are refused within a gigabyte."""
        make(tmp_path / "r")
        block = zlib.compressobj(9, wbits=-15)
        head = block.compress(bytes(1 << 20)) + block.flush(zlib.Z_FULL_FLUSH)
        count = (1 << 12) - 1
        tail = zlib.compressobj(9, wbits=-15)
        raw = head * count + tail.flush()
        entry = Entry(f"objects/{NOWHERE}", pack.DEFLATED, 0, len(raw), count << 20, 0)
        content = pack.local_header(entry) + raw
        small = [entry]
        index = canonical.dumps(
            {"@": "bundle/1", "object_format": "sha256", "heads": {}, "missing": [],
             "objects": {NOWHERE: {"size": entry.size}}}
        )  # fmt: skip
        more = Entry("bundle.json", 0, zlib.crc32(index), len(index), len(index), len(content))
        content += pack.local_header(more) + index
        small.append(more)
        (tmp_path / "x.zip").write_bytes(content + pack.directory(small, len(content)))
        script = (
            "import resource, vcs_track\n"
            "from vcs_track.errors import CorruptError\n"
            "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
            "try: vcs_track.open('r').import_('x.zip')\n"
            "except CorruptError: print('refused')\n"
        )
        child = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

        assert "refused\n" == child.stdout

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_any_damage_is_refused_or_harmless(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        """However a bundle is mutated, import raises our error or stores the same runs."""
        folder, original, wanted = damaged_place(tmp_path_factory)
        content = bytearray(original)
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] ^= data.draw(st.integers(1, 255))
        path = folder / "x.zip"
        path.write_bytes(content)
        shutil.rmtree(folder / ".runs")
        repo = make(folder)
        before = everything(repo.path)
        try:
            repo.import_(path)
        except VcsTrackError:
            assert before == everything(repo.path)
        else:
            assert wanted == repo.run("r").to_dict()


_PLACE: list[tuple[Path, bytes, dict[str, Any]]] = []


def damaged_place(factory: pytest.TempPathFactory) -> tuple[Path, bytes, dict[str, Any]]:
    """Return a folder, the bytes of a small bundle and what its run is; made once."""
    if not _PLACE:
        folder = factory.mktemp("damaged")
        source = make(folder / "source")
        with source.start_run("r", id="r", hparams={"lr": 0.1}) as run:
            run.add_scalar("loss", 0.5, 0)
            run.add_text("hello")
        content = source.export("r", folder / "small.zip").read_bytes()
        make(folder / "target")
        _PLACE.append((folder / "target", content, source.run("r").to_dict()))
    return _PLACE[0]


SERIES: dict[str, Any] = {"@": "scalars/1", "series": {"a": {"n": 1, "chunks": []}}}


def documents(**named: Any) -> Forge:
    """Return a bundle whose run names these JSON documents by field."""
    forge = Forge()
    return forge.run(**{key: forge.object(canonical.dumps(body)) for key, body in named.items()})


def chunk_of(column: ObjectId) -> dict[str, Any]:
    """Return a chunk of one point that has this for all its columns."""
    return {
        "n": 1, "value": column, "step": column, "wall": column, "lo": 0, "hi": 0,
        "first": 1.0, "last": 1.0, "min": 1.0, "max": 1.0, "sum": 1.0,
    }  # fmt: skip


class TestHostileContent:
    def test_a_head_that_names_another_run(self, empty: Repository) -> None:
        """A head may not lead to the state of another run."""
        forge = Forge()
        forge.manifest(RunManifest("victim", "n", "finished", 1, 1).encode(), "evil")
        refused(empty, forge)

    def test_a_parent_of_another_run(self, empty: Repository) -> None:
        """Nor may any of its older states be another run's."""
        forge = Forge()
        parent = forge.object(RunManifest("victim", "n", "finished", 1, 1).encode())
        refused(empty, forge.run(parents=[parent]))

    def test_a_head_that_is_no_run(self, empty: Repository) -> None:
        """A head that names a blob, a column or a newer kind is refused."""
        for data in (
            b"hello", b"5", b"{}", b'{"@":"run/2"}', encode_document("hparams/1", {}),
        ):  # fmt: skip
            refused(empty, Forge().manifest(data))

    @pytest.mark.parametrize("field", ["hparams", "scalars", "media", "env", "parents"])
    def test_a_missing_document(self, empty: Repository, field: str) -> None:
        """Every document that a run names must come with it."""
        refused(empty, Forge().run(**{field: [NOWHERE] if field == "parents" else NOWHERE}))

    def test_a_missing_column(self, empty: Repository) -> None:
        """Every column that a series names must come with it."""
        body = {"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [chunk_of(NOWHERE)]}}}
        refused(empty, documents(scalars=body))

    def test_a_missing_blob_must_be_announced(self, empty: Repository) -> None:
        """Bytes may stay behind only where the bundle says so."""
        forge = Forge()
        media = encode_media([MediaItem("image", NOWHERE, 1, "image/png", 1)])
        forge.run(media=forge.object(media))
        refused(empty, forge)
        forge.index["missing"] = [NOWHERE]

        assert ["evil"] == empty.import_(forge.write(empty.root / "x.zip")).new

    @pytest.mark.parametrize(
        "index",
        [
            {"@": "bundle/2"}, {"object_format": "blake3"}, {"object_format": "xxh128"},
            {"objects": {}}, {"objects": None}, {"objects": []}, {"heads": {}},
            {"heads": {"evil": []}}, {"heads": {"other": ["f" * 64]}}, {"missing": None},
            {"objects": {"f" * 64: {"size": 1}}},
        ],
        ids=str,
    )  # fmt: skip
    def test_an_index_that_disagrees(self, empty: Repository, index: dict[str, Any]) -> None:
        """What bundle.json says must be what the bundle holds."""
        forge = sound()
        forge.index = index
        refused(empty, forge)

    @pytest.mark.parametrize("entry", [{"size": 1}, "x", {}], ids=str)
    def test_an_index_with_another_size(self, empty: Repository, entry: Any) -> None:
        """The sizes that bundle.json lists are those of the objects."""
        forge = sound()
        forge.index = {"objects": {SHA256.hash(data): entry for data in forge.objects}}
        refused(empty, forge)

    @pytest.mark.parametrize(
        "raw",
        [b"", b"nonsense", b"[]", b"5", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe"],
        ids=["empty", "words", "list", "number", "deep", "deep object", "bytes"],
    )
    def test_an_index_that_is_no_index(self, empty: Repository, raw: bytes) -> None:
        """bundle.json must be an object of JSON, not too deep."""
        forge = sound()
        forge.raw_index = raw
        refused(empty, forge)

    def test_an_index_with_unhashable_ids(self, empty: Repository) -> None:
        """What bundle.json lists as missing must be ids."""
        forge = Forge()
        media = encode_media([MediaItem("image", NOWHERE, 1, "image/png", 1)])
        forge.run(media=forge.object(media))
        forge.index["missing"] = [{}]
        refused(empty, forge)

    def test_json_that_is_too_deep(self, empty: Repository) -> None:
        """A document of ten thousand brackets is refused before it is parsed."""
        forge = Forge()
        deep = b'{"@":"hparams/1","v":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
        refused(empty, forge.run(hparams=forge.object(deep)))

    @pytest.mark.parametrize(
        "data",
        [
            b'{"@":"hparams/1", "v":{}}', b'{"v":{},"@":"hparams/1"}',
            b'{"@":"hparams/1","v":{"a":1.50}}', b'{"@":"hparams/1","v":{"a":1,"a":2}}',
            b'\xef\xbb\xbf{"@":"hparams/1","v":{}}', b'{"@":"hparams/1","v":{"a":1E3}}',
        ],
    )  # fmt: skip
    def test_json_that_is_not_canonical(self, empty: Repository, data: bytes) -> None:
        """Two texts of one value would have two ids."""
        forge = Forge()
        refused(empty, forge.run(hparams=forge.object(data)))

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": 5}, {"tags": "x"}, {"parents": {}}, {"time_us": "1"}, {"time_us": None},
            {"summary": []}, {"hparams": 5}, {"git": "x"}, {"writers": None}, {"ended_us": 1.5},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_manifest_with_a_field_of_another_type(
        self, empty: Repository, fields: dict[str, Any]
    ) -> None:
        """A run whose fields are not what they should be is refused."""
        refused(empty, Forge().run(**fields))

    @pytest.mark.parametrize(
        "fields",
        [
            {"parents": [["x"]]},
            {"parents": [5]},
            {"tags": [5, "a"]},
            {"writers": {"a": "b"}},
            {"gaps": [5]},
            {"status": "weird"},
            {"time_us": True},
            {"created_us": 10**18},
            {"name": "\x1b]0;owned\x07"},
        ],
        ids=str,
    )
    def test_a_manifest_with_odd_members(self, empty: Repository, fields: dict[str, Any]) -> None:
        """A run that no writer could have made is refused, before it breaks every listing."""
        refused(empty, Forge().run(**fields))

    @pytest.mark.parametrize(
        "named",
        [
            {"hparams": {"@": "env/1", "v": {}}},
            {"hparams": {"@": "hparams/2", "v": {}}},
            {"hparams": {"@": "hparams/1", "v": 5}},
            {"env": {"@": "env/1"}},
            {"media": {"@": "hparams/1", "v": {}}},
            {"scalars": {"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [{}]}}}},
            {"scalars": {"@": "scalars/1", "series": {"a": {"n": 9, "chunks": [{"n": "x"}]}}}},
        ],
        ids=str,
    )
    def test_a_document_of_another_kind(self, empty: Repository, named: dict[str, Any]) -> None:
        """What a run names as hyperparameters must be hyperparameters, and so on."""
        refused(empty, documents(**named))

    def test_a_series_with_a_column_that_is_none(self, empty: Repository) -> None:
        """A column must be one when it is read: damage is named, never returned."""
        forge = Forge()
        column = forge.object(canonical.dumps({"@": "col/1", "codec": "f8", "n": 2, "v": [1.0]}))
        body = {"@": "scalars/1", "series": {"a": {"n": 1, "chunks": [chunk_of(column)]}}}
        forge.run(scalars=forge.object(canonical.dumps(body)))
        try:
            empty.import_(forge.write(empty.root / "x.zip"))
        except CorruptError:
            return

        with pytest.raises(VcsTrackError):
            _ = empty.run("evil").series("a").value

    def test_unknown_keys_survive(self, empty: Repository, tmp_path: Path) -> None:
        """A newer version's key in a run is kept through import, edit and export."""
        empty.import_(Forge().run(future={"a": [1]}).write(empty.root / "x.zip"))
        empty.edit("evil", notes="x")
        path = empty.export("evil", tmp_path / "y.zip")
        other = make(tmp_path / "three")
        other.import_(path)

        assert {"future": {"a": [1]}} == other.run("evil").manifest.extra

    def test_unreachable_objects_are_left_out(self, empty: Repository) -> None:
        """What no run needs is checked and not stored."""
        forge = sound()
        oid = forge.object(b"nobody needs this")
        empty.import_(forge.write(empty.root / "x.zip"))

        assert oid not in empty.store.home.objects
