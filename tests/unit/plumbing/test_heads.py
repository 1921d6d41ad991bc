"""Tests of ``vcs_track.plumbing.heads``."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.heads import HeadFolder, parse_head

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (ObjectId(digit * 64) for digit in "abc")
X = ObjectId("x1-" + "0" * 32)


class TestParseHead:
    @given(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True), st.sampled_from([A, X])
    )
    def test_round_trip(self, run: str, oid: ObjectId) -> None:
        """A name gives back the run and the id that it was made of."""
        assert (run, oid) == parse_head(f"{run}.{oid}")

    @pytest.mark.parametrize(
        "name",
        [
            "", ".", "r", f".{A}", f"-r.{A}", f"r/s.{A}", f"../r.{A}", f"r.s.{A}", f"r.{A}0",
            f"r.{A[:-1]}", f"r.{A.upper()}", f"r.{A}~", f"r.{A}\n", f"{'r' * 65}.{A}", f"é.{A}",
            f"r.{X}0", f"r.X{X[1:]}",
        ],
    )  # fmt: skip
    def test_other_names_are_no_heads(self, name: str) -> None:
        """Paths, cut ids, capitals and leftovers of editors are not taken for heads."""
        assert parse_head(name) is None


class TestHeadFolder:
    def test_an_empty_home_has_none(self, tmp_path: Path) -> None:
        """Without a folder there are no heads."""
        heads = HeadFolder(tmp_path / "none")

        assert ({}, []) == (heads.all(), heads.of("r"))

    def test_a_head_is_an_empty_file_in_the_folder_of_its_run(self, tmp_path: Path) -> None:
        """The value is in the name; the folder is the first digits of the run's SHA-256."""
        HeadFolder(tmp_path).add("r1", A)
        path = tmp_path / "heads" / hashlib.sha256(b"r1").hexdigest()[:2] / f"r1.{A}"

        assert path == HeadFolder(tmp_path).path("r1", A)
        assert b"" == path.read_bytes()

    def test_all_and_of_agree(self, tmp_path: Path) -> None:
        """Every run is listed with all its heads; one run's heads are its own only."""
        heads = HeadFolder(tmp_path)
        for run, oid in (("r1", B), ("r1", A), ("r10", A), ("R1", C), ("r", X)):
            heads.add(run, oid)
        expected = {"r1": [A, B], "r10": [A], "R1": [C], "r": [X]}

        assert expected == heads.all()
        assert expected == {run: heads.of(run) for run in expected}

    def test_adding_twice_changes_nothing(self, tmp_path: Path) -> None:
        """A head that is there already stays as it is, also when it replaces itself."""
        heads = HeadFolder(tmp_path)
        heads.add("r1", A)
        heads.add("r1", A, [A])

        assert [A] == heads.of("r1")

    def test_the_replaced_go(self, tmp_path: Path) -> None:
        """Parents are removed, and only they; those that went before are no error."""
        heads = HeadFolder(tmp_path)
        heads.add("r1", A)
        heads.add("r1", X)
        heads.add("r2", A)
        heads.add("r1", C, [A, B])

        assert {"r1": [C, X], "r2": [A]} == heads.all()

    def test_parents_go_last(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Killed while the parents are removed, the new head is there and safe on disk."""
        heads = HeadFolder(tmp_path)
        heads.add("r1", A)
        synced: list[bool] = []
        path = heads.path("r1", B)
        real = os.fsync

        def fsync(fd: int) -> None:
            synced.append(path.exists())
            real(fd)

        def die(path: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            heads.add("r1", B, [A])

        assert [A, B] == heads.of("r1")
        assert synced[-1:] == [True]

    def test_dropped_heads_are_gone_for_good(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Heads that are dropped stay away after a power cut; those that are none are no error."""
        heads = HeadFolder(tmp_path)
        heads.add("r1", A)
        heads.add("r1", B)
        left: list[list[ObjectId]] = []
        real = os.fsync

        def fsync(fd: int) -> None:
            left.append(heads.of("r1"))
            real(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        heads.drop("r1", [A, C])
        heads.drop("nobody", [A])

        assert [[B]] == left[:1]
        assert [B] == heads.of("r1")

    def test_a_head_can_be_renewed(self, tmp_path: Path) -> None:
        """The time of a head is when it was made, or renewed."""
        heads = HeadFolder(tmp_path, "removed")
        heads.renew("r1", A)
        os.utime(heads.path("r1", A), (1, 1))
        assert 1_000_000 == heads.time_us("r1", A)
        heads.renew("r1", A)

        assert (heads.time_us("r1", A) or 0) > 1_000_000
        assert heads.time_us("r1", B) is None
        assert {"r1": [A]} == heads.all()

    def test_odd_files_are_ignored(self, tmp_path: Path) -> None:
        """What is not named like a head is none: leftovers, notes, files among folders."""
        heads = HeadFolder(tmp_path)
        heads.add("r1", A)
        folder = heads.path("r1", A).parent
        for name in (".DS_Store", f"r1.{B}~", f"r1.{B}.orig", "r1", f"r1.{B[:20]}"):
            (folder / name).touch()
        (tmp_path / "heads" / "README").write_text("note")

        assert {"r1": [A]} == heads.all()
        assert [A] == heads.of("r1")

    def test_a_head_in_another_folder_is_ignored(self, tmp_path: Path) -> None:
        """A head that was moved by hand is seen by all readers or by none."""
        heads = HeadFolder(tmp_path)
        folder = tmp_path / "heads" / "zz"
        folder.mkdir(parents=True)
        (folder / f"r1.{A}").touch()

        assert heads.of("r1") == heads.all().get("r1", [])
