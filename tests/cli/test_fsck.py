"""``vcs-track fsck``: damage is found, named, and told by the exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cli.program import make_run, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path)


def packs(repo: Repository, prefix: str) -> list[Path]:
    return sorted((repo.path / "local" / "packs").glob(f"{prefix}-*.zip"))


class TestClean:
    def test_says_what_it_checked(self, repo: Repository) -> None:
        """A clean repository is said to be so, with counts."""
        make_run(repo, "one")
        done = vcs("fsck")

        assert done.stdout.startswith("checked 1 pack, ")
        assert done.stdout.endswith(", 1 run: all is well\n")

    def test_empty_repository(self, repo: Repository) -> None:
        """A repository without runs is clean."""
        assert "checked 0 packs, 0 objects, 0 runs: all is well\n" == vcs("fsck").stdout

    def test_live_run_is_no_damage(self, repo: Repository) -> None:
        """A run that is going on is named and not checked."""
        with repo.start_run("going") as run:
            done = vcs("fsck")

        assert f"note: not checked, still running: {run.id}\n" == done.stderr

    def test_absent_blob_is_a_note(self, repo: Repository, tmp_path: Path) -> None:
        """The bytes of a file that stayed elsewhere are no damage."""
        (tmp_path / "model.bin").write_bytes(b"weights")
        with repo.start_run("one") as run:
            oid = run.add_file(tmp_path / "model.bin")
        for pack in packs(repo, "b"):
            pack.unlink()
        done = vcs("fsck")
        report = json.loads(vcs("fsck", "--json").stdout)

        assert oid[:12] in done.stderr
        assert (True, [oid]) == (report["ok"], report["absent"])


class TestDamage:
    def test_changed_bit_is_found(self, repo: Repository) -> None:
        """One changed bit in a pack gives exit code 12 and names the pack."""
        make_run(repo, "one")
        (pack,) = packs(repo, "p")
        data = bytearray(pack.read_bytes())
        data[len(data) // 3] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
        done = vcs("fsck", code=12)
        report = json.loads(vcs("fsck", "--json", code=12).stdout)

        assert pack.name in done.stdout
        assert " damaged\n" in done.stdout
        assert "hint: " in done.stderr
        assert not report["ok"]
        assert {"where", "what"} == set(report["problems"][0])

    def test_missing_pack_is_found(self, repo: Repository) -> None:
        """A run whose manifest is gone is damaged."""
        run = make_run(repo, "one")
        (pack,) = packs(repo, "p")
        pack.unlink()
        done = vcs("fsck", code=12)

        assert f"damaged: run {run}: " in done.stdout

    def test_truncated_pack_is_found(self, repo: Repository) -> None:
        """A pack that lost its end is damaged."""
        make_run(repo, "one")
        (pack,) = packs(repo, "p")
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-10])

        assert pack.name in vcs("fsck", code=12).stdout


class TestBadInput:
    def test_no_repository(self, tmp_path: Path) -> None:
        """Without a repository the exit code is 10, with a hint."""
        done = vcs("-C", tmp_path, "fsck", code=10)

        assert "hint: make one with 'vcs-track init'" in done.stderr

    def test_unknown_version(self, repo: Repository) -> None:
        """A repository of a version from the future is refused and left as it is."""
        text = (repo.path / "FORMAT").read_text()
        for path in (repo.path / "FORMAT", repo.path / "local" / "FORMAT"):
            path.chmod(0o644)
            path.write_text(text.replace("1", "99", 1))
        before = (repo.path / "FORMAT").read_text()
        done = vcs("fsck", code=1)

        assert "cannot use" in done.stderr
        assert before == (repo.path / "FORMAT").read_text()
