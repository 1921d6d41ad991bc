"""``vcs-track fsck``: damage is found, named, and told by the exit code."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path).with_defaults(capture_code=False)


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


def damage(repo: Repository) -> Path:
    """Flip a bit in the first object of the only pack, and return the pack."""
    (pack,) = packs(repo, "p")
    data = bytearray(pack.read_bytes())
    data[110] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    return pack


class TestRepair:
    @pytest.fixture
    def pack(self, repo: Repository, tmp_path: Path) -> Path:
        """Return the damaged pack of a run that ``best.zip`` has undamaged."""
        run = make_run(repo, "one")
        repo.export(run, tmp_path / "best.zip")
        return damage(repo)

    def test_from_a_bundle(self, pack: Path) -> None:
        """What was damaged is restored, said, and gone afterwards."""
        done = vcs("fsck", "--repair", "--from", "best.zip")
        again = vcs("fsck", "--repair", "--from", "best.zip")

        assert f"mended: store {pack.name}: " in done.stdout
        assert " from best.zip\n" in done.stdout
        assert done.stdout.endswith(", 1 run: all is well\n")
        assert again.stdout.startswith("checked ")
        assert vcs("fsck").stdout == again.stdout

    def test_from_two_sources(self, repo: Repository, pack: Path, tmp_path: Path) -> None:
        """``--from`` can be repeated, and is relative to ``-C``."""
        other = vcs_track.init(tmp_path / "other")
        make_run(other, "another")
        (tmp_path / "below").mkdir()
        vcs("-C", "below", "fsck", "--repair", "--from", "../other", "--from", "../best.zip")

        assert vcs("fsck").stdout.endswith("all is well\n")
        assert 1 == len(repo.runs())

    def test_what_is_lost_is_named(self, pack: Path) -> None:
        """Without a source the damaged object is named, with exit code 12 and what to do."""
        done = vcs("fsck", "--repair", code=12)
        report = json.loads(vcs("fsck", "--repair", "--json", code=12).stdout)
        (oid,) = report["repairs"]["lost"]

        assert f"lost: {oid}: there is no undamaged copy of it\n" in done.stdout
        assert " 1 lost\n" in done.stdout
        assert "'--from'" in done.stderr
        assert not report["ok"]

    def test_nothing_changes_without_it(self, pack: Path) -> None:
        """A check alone leaves the damage, and tells how to mend it."""
        before = pack.read_bytes()
        done = vcs("fsck", code=12)

        assert "hint: mend it with 'vcs-track fsck --repair'" in done.stderr
        assert before == pack.read_bytes()

    def test_format(self, repo: Repository, pack: Path) -> None:
        """A repository that cannot be opened for its ``FORMAT`` is mended and opened."""
        (repo.path / "FORMAT").write_text("vcs-trash")
        vcs("fsck", code=1)
        done = vcs("fsck", "--repair", "--from", "best.zip")

        assert done.stdout.startswith("mended: .runs/FORMAT: ")
        assert "mended: store p-" in done.stdout
        assert vcs("fsck").stdout.endswith("all is well\n")

    def test_format_of_a_folder_set_elsewhere(
        self, repo: Repository, pack: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """``VCS_TRACK_DIR`` says where the repository is, for this too."""
        (tmp_path / "far").mkdir()
        monkeypatch.setenv("VCS_TRACK_DIR", str(tmp_path))
        monkeypatch.chdir(tmp_path / "far")
        (repo.path / "FORMAT").write_text("vcs-trash")

        assert "mended: .runs/FORMAT" in vcs("fsck", "--repair", "--from", "../best.zip").stdout

    def test_the_shelf_is_left_to_git(self, tmp_path: Path) -> None:
        """Damage on the shelf is not mended; the hint is a command that does."""
        repo = make_project(tmp_path / "project")
        make_run(repo, "one")
        repo.commit()
        (stored,) = packs(repo, "p")
        shelved = repo.path / "packs" / stored.name
        data = shelved.read_bytes()
        shelved.unlink()
        shelved.write_bytes(data[:-5])
        done = vcs("-C", repo.root, "fsck", "--repair", code=12)
        (hint,) = [line for line in done.stderr.splitlines() if line.startswith("hint: ")]

        assert f"hint: get the shelf's copy back with 'git checkout -- {shelved}'" == hint
        assert data[:-5] == shelved.read_bytes()

    def test_from_without_repair(self, pack: Path) -> None:
        """``--from`` alone is an error that says what is missing."""
        assert "hint: add --repair\n" in vcs("fsck", "--from", "best.zip", code=2).stderr

    def test_no_such_source(self, pack: Path) -> None:
        """A source that is not there is a wrong value, and nothing has changed."""
        before = pack.read_bytes()
        done = vcs("fsck", "--repair", "--from", "nothing.zip", code=2)

        assert "there is no repository or bundle 'nothing.zip'" in done.stderr
        assert before == pack.read_bytes()

    def test_both_formats_lost(self, repo: Repository, pack: Path, tmp_path: Path) -> None:
        """What is nothing but a damaged pack becomes a repository with its run again."""
        shutil.rmtree(repo.path / "local" / "heads")
        for place in (repo.path, repo.path / "local"):
            (place / "FORMAT").write_bytes(bytes(40))
        done = vcs("fsck", "--repair", "--from", "best.zip")

        assert 4 == done.stdout.count("mended: ")
        assert 1 == len(vcs_track.open(tmp_path).runs())


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


class TestFull:
    def test_says_what_cannot_come_back(self, repo: Repository) -> None:
        """A full check reads the index, the trash and removed runs, and finds all in order."""
        make_run(repo, "one")
        make_run(repo, "two")
        vcs("rm", "one")
        done = vcs("fsck", "--full", "--json")
        report = json.loads(done.stdout)

        assert (0, True, [], 1) == (
            done.returncode, report["ok"], report["lost_removals"], report["runs"]
        )  # fmt: skip

    def test_finds_damage_that_others_do_not_look_for(self, repo: Repository) -> None:
        """What the index says otherwise than the runs is found, told and an exit code.

        Seen to fail when --full did not imply --index.
        """
        make_run(repo, "one")
        vcs("ls")
        with sqlite3.connect(repo.path / "local" / "index.sqlite") as db:
            db.execute("UPDATE run SET name = 'other'")
        plain, full = vcs("fsck"), vcs("fsck", "--full", code=None)

        assert (0, 12) == (plain.returncode, full.returncode)
        assert "index" in full.stdout + full.stderr
