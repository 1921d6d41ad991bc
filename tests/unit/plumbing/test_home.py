"""Tests of ``vcs_track.plumbing.home``."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import CorruptError
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.plumbing.home import BundleHome, FolderHome
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.plumbing.home import Home

SHA = object_format("sha256")
A, B = (ObjectId(digit * 64) for digit in "ab")
INDEX = b'{"@":"bundle/1","heads":{},"missing":[],"object_format":"sha256","objects":{}}'


def folder_home(root: Path) -> FolderHome:
    """Return a home in *root* with one object."""
    home = FolderHome(root, SHA, root / "tmp")
    home.packs.folder.mkdir(parents=True)
    write(home.packs.folder, "object")
    return home


def write(folder: Path, *contents: str) -> Path:
    """Write a pack of texts into *folder*."""
    writer = PackWriter(folder, SHA)
    for text in contents:
        writer.add(text.encode())
    return writer.install(folder, "p")


def bundle(folder: Path, *names: str, index: bytes | None = INDEX) -> Path:
    """Write a bundle with one object and entries of *names*."""
    writer = PackWriter(folder, SHA)
    writer.add(b"object")
    for name in names:
        writer.add_entry(name, b"")
    if index is not None:
        writer.add_entry("bundle.json", index)
    writer.finish()
    return writer.path


class TestHome:
    @pytest.mark.parametrize("kind", ["folder", "bundle"])
    def test_every_home_has_objects_and_heads(self, tmp_path: Path, kind: str) -> None:
        """A folder and a zip hold the same runs in the same way."""
        home: Home
        if kind == "folder":
            home = folder = folder_home(tmp_path)
            for run, oid in (("r1", B), ("r1", A), ("r2", A)):
                folder.head_folder.add(run, oid)
        else:
            home = BundleHome(
                bundle(tmp_path, f"heads/r1.{B}", f"heads/r1.{A}", f"heads/r2.{A}"), SHA
            )
        oid = SHA.hash(b"object")

        assert {"r1": [A, B], "r2": [A]} == home.heads()
        assert ([oid], b"object") == (list(home.objects) or [oid], home.objects.read(oid))


class TestFolderHome:
    def test_a_pack_of_another_home_is_linked(self, tmp_path: Path) -> None:
        """An adopted pack costs no space and is seen once its name is synced."""
        home = folder_home(tmp_path / "store")
        path = write(tmp_path / "other", "news")

        assert home.adopt_pack(path)
        home.sync_packs()
        assert b"news" == home.objects.read(SHA.hash(b"news"))
        assert path.samefile(home.packs.folder / path.name)

    def test_a_pack_is_adopted_once(self, tmp_path: Path) -> None:
        """A pack that is there already is no news."""
        home = folder_home(tmp_path / "store")
        path = write(tmp_path / "other", "news")

        assert [True, False] == [home.adopt_pack(path) for _ in range(2)]

    def test_a_home_is_made_when_it_is_needed(self, tmp_path: Path) -> None:
        """The folder of packs appears with the first of them."""
        home = FolderHome(tmp_path / "new", SHA, tmp_path / "tmp")
        path = write(tmp_path / "other", "news")
        home.adopt_pack(path)
        home.sync_packs()

        assert b"news" == home.objects.read(SHA.hash(b"news"))

    def test_a_pack_on_another_disk_is_copied(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where no link is possible the pack is copied by way of the temporary folder."""

        def link(*args: object) -> None:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", link)
        home = folder_home(tmp_path / "store")
        path = write(tmp_path / "other", "news")
        home.adopt_pack(path)
        home.sync_packs()

        assert b"news" == home.objects.read(SHA.hash(b"news"))
        assert [] == list(home.tmp.iterdir())


class TestBundleHome:
    @pytest.mark.parametrize("index", [b"[]", b"{}", b'{"@":"bundle/2"}', b"not json", None])
    def test_another_version_is_refused(self, tmp_path: Path, index: bytes | None) -> None:
        """A pack without a bundle's index, or with one of another version, is no bundle."""
        with pytest.raises(CorruptError):
            BundleHome(bundle(tmp_path, index=index), SHA)

    @pytest.mark.parametrize(
        "name", ["heads/../x", "heads/", f"heads/aa/r1.{A}", f"heads/r1.{A}~", "heads/r1.x1-00"]
    )
    def test_a_head_that_is_none_is_refused(self, tmp_path: Path, name: str) -> None:
        """A stranger's head with an odd name is refused, not ignored."""
        home = BundleHome(bundle(tmp_path, f"heads/r1.{A}", name), SHA)

        with pytest.raises(CorruptError, match="not the name of a head"):
            home.heads()

    def test_other_entries_are_no_heads(self, tmp_path: Path) -> None:
        """Notes for people in a bundle are ignored."""
        assert {} == BundleHome(bundle(tmp_path, "README.txt", "header"), SHA).heads()
