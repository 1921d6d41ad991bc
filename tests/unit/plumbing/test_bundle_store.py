"""Tests of ``vcs_track.plumbing.bundle_store``: a bundle in the place of a repository."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import (
    CorruptError,
    InvalidValueError,
    RunNotFoundError,
    StorageError,
    VcsTrackError,
)
from vcs_track.formats import canonical
from vcs_track.formats.manifest import RunManifest
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import bundle_store
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import Repository

SHA256 = object_format("sha256")


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    """Return a repository with two runs."""
    folder = tmp_path / "source"
    folder.mkdir()
    repo = vcs_track.init(folder).with_defaults(capture_git=False)
    file = folder / "weights.bin"
    file.write_bytes(bytes(range(256)))
    for name, lr in (("one", 0.1), ("two", 0.01)):
        with repo.start_run(name, id=name, hparams={"lr": lr}, tags=["t"]) as run:
            for step in range(20):
                run.add_scalar("loss", lr / (step + 1), step)
            run.add_text("hello", tag="remark")
            run.add_file(file)
    repo.edit("one", notes="edited")
    return repo


@pytest.fixture
def path(source: Repository, tmp_path: Path) -> Path:
    """Return a bundle of them, in a folder of its own."""
    (tmp_path / "away").mkdir()
    return source.export(["one", "two"], tmp_path / "away" / "x.zip")


class TestReading:
    def test_all_that_a_repository_tells(self, source: Repository, path: Path) -> None:
        """Runs, filters, series, media and history are those of the repository."""
        bundle = vcs_track.open(path)

        assert ["two", "one"] == [run.name for run in bundle.runs()]
        assert ["two"] == bundle.runs("hparams.lr < 0.05", "-created").ids()
        assert source.run("one").to_dict() == bundle.run("one").to_dict()
        assert source.run("one").history == bundle.run("one").history
        assert source.run("one").series("loss").value == bundle.run("one").series("loss").value
        assert [item.data for item in source.run("two").media()] == [
            item.data for item in bundle.run("two").media()
        ]
        assert source.history("one").to_dicts() == bundle.history("one").to_dicts()
        assert "" == "".join(str(change) for change in source.diff("one", bundle.run("one")))

    def test_runs_are_named_as_in_a_repository(self, path: Path) -> None:
        """Names, prefixes, places and edits find a run; others do not."""
        bundle = vcs_track.open(path)

        assert ["two", "one", "two", "one"] == [
            bundle.run(name).id for name in ("@", "@{-1}", "tw", "one@{1}")
        ]
        assert "" == (bundle.run("one@{1}").manifest.notes or "")
        with pytest.raises(RunNotFoundError):
            bundle.run("three")

    def test_nothing_is_written(self, path: Path) -> None:
        """The folder of the bundle is as it was, and so is the bundle."""
        before = {each: each.stat() for each in path.parent.rglob("*")}
        bundle = vcs_track.open(path)
        list(bundle.runs("lr > 0")), bundle.run("one").env, bundle.recover()

        assert {path: before[path]} == {e: e.stat() for e in path.parent.rglob("*")}

    def test_runs_of_the_folder_around_are_no_runs_of_it(
        self, source: Repository, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A bundle beside a repository, and opened in it, has its own runs only."""
        beside = source.root / "x.zip"
        path.rename(beside)
        monkeypatch.chdir(source.root)
        with source.start_run("live"):
            found = vcs_track.open("x.zip").runs().ids()

        assert ["two", "one"] == found

    def test_a_part_is_exported_again(self, path: Path, tmp_path: Path) -> None:
        """A bundle of one of its runs can be made from a bundle."""
        part = vcs_track.open(path).export("one", tmp_path / "part.zip")

        assert ["one"] == vcs_track.open(part).runs().ids()

    def test_opening_reads_nothing_of_the_objects(self, path: Path) -> None:
        """A run is read although another one's object is damaged."""
        data = bytearray(path.read_bytes())
        oid = vcs_track.open(path).run("two").heads[0]
        place = data.index(f"objects/{oid}".encode()) + len(oid) + 20
        data[place] ^= 0xFF
        path.write_bytes(data)
        bundle = vcs_track.open(path)

        assert 0.1 == bundle.run("one").hparams["lr"]
        with pytest.raises(CorruptError):
            bundle.run("two")
        assert ["one"] == [run.id for run in bundle.runs()]
        assert ["run two"] == list(bundle.store.skipped)

    def test_scratch_goes_with_the_process(self, path: Path, tmp_path: Path) -> None:
        """What restoring code needs on disk is gone when the program ends."""
        script = (
            "import sys, vcs_track\n"
            "store = vcs_track.open(sys.argv[1]).store\n"
            "assert store.layout.tmp.is_dir()\n"
        )
        place = tmp_path / "tmp"
        place.mkdir()
        subprocess.run(
            [sys.executable, "-c", script, path], check=True, timeout=60,
            env={**os.environ, "TMPDIR": str(place)},
        )  # fmt: skip

        assert [] == list(place.iterdir())


CHANGES: dict[str, Callable[[Repository], object]] = {
    "start_run": lambda repo: repo.start_run("new"),
    "edit": lambda repo: repo.edit("one", notes="x"),
    "import_": lambda repo: repo.import_(repo.path),
    "gc": lambda repo: repo.gc(),
    "gc dry": lambda repo: repo.gc(dry_run=True),
    "fsck": lambda repo: repo.fsck(),
    "repair": lambda repo: repo.fsck(repair_from=[]),
    "reindex": lambda repo: repo.reindex(),
    "sql": lambda repo: repo.sql("SELECT 1"),
    "commit": lambda repo: repo.commit(["one"]),
}


class TestWriting:
    @pytest.mark.parametrize("change", sorted(CHANGES))
    def test_a_bundle_is_only_read(self, path: Path, change: str) -> None:
        """Whoever wants to change it, or what only a repository has, is told what it is."""
        before = path.read_bytes()
        with pytest.raises((StorageError, VcsTrackError)) as caught:
            CHANGES[change](vcs_track.open(path))

        assert "bundle" in str(caught.value) or "git" in str(caught.value)
        assert before == path.read_bytes()
        assert [path] == list(path.parent.iterdir())


def forged(folder: Path, head: str, name: str = "n") -> Path:
    """Write a bundle whose head *head* leads to the run ``evil`` of this name."""
    data = RunManifest("evil", "n", "finished", 1, 1).encode()
    data = canonical.dumps({**canonical.loads(data), "name": name})
    writer = PackWriter(folder, SHA256)
    oid = SHA256.hash(data)
    index = {"@": "bundle/1", "object_format": "sha256", "heads": {head: [oid]}, "missing": [],
             "objects": {oid: {"size": len(data)}}}  # fmt: skip
    writer.add_entry("bundle.json", canonical.dumps(index), compress=False)
    writer.add_entry(f"heads/{head}.{oid}", b"")
    writer.add(data)
    writer.finish()
    return writer.path.rename(folder / "evil.zip")


class TestStrangers:
    @pytest.mark.parametrize(("head", "name"), [("other", "n"), ("evil", "a\x1b[31m\nb")])
    def test_what_an_import_refuses_is_not_shown(
        self, tmp_path: Path, head: str, name: str
    ) -> None:
        """A head of another run, and a name that none can have, are refused in place too.

        Seen to fail when the run of a bundle was not checked.
        """
        bundle = vcs_track.open(forged(tmp_path, head, name))

        assert [] == list(bundle.runs())
        with pytest.raises(CorruptError):
            bundle.run(head)

    def test_a_manifest_of_gigabytes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What claims to be a document of more than 64 MB is not read.

        Seen to fail when the size of a head was not looked at.
        """
        monkeypatch.setattr(bundle_store, "_LARGEST_DOCUMENT", 10)
        bundle = vcs_track.open(forged(tmp_path, "evil"))

        with pytest.raises(CorruptError, match="is larger than"):
            bundle.run("evil")

    def test_other_files_are_told(self, tmp_path: Path) -> None:
        """A file that is no bundle, and a bundle that is not there, are named."""
        (tmp_path / "x.zip").write_bytes(b"PK nothing")
        with pytest.raises(CorruptError, match=r"'x\.zip' is not a bundle"):
            vcs_track.open(tmp_path / "x.zip")
        with pytest.raises(InvalidValueError, match="there is no bundle"):
            vcs_track.Repository.of_bundle(tmp_path / "y.zip", tmp_path)

        assert ["x.zip"] == [each.name for each in tmp_path.iterdir()]

    def test_a_version_that_is_not_known(self, tmp_path: Path) -> None:
        """A bundle of a later version is refused when it is opened."""
        path = forged(tmp_path, "evil")
        path.write_bytes(path.read_bytes().replace(b"bundle/1", b"bundle/2"))

        with pytest.raises(CorruptError, match="unknown version"):
            vcs_track.open(path)
