"""``vcs-track gc``: what is told, in words and as JSON, and the exit codes."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from cli.program import make_run, vcs

import vcs_track
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.pack_writer import PackWriter

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

HOUR = 3600


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with one run."""
    monkeypatch.chdir(tmp_path)
    repo = vcs_track.init(tmp_path)
    make_run(repo, "one")
    return repo


def garbage(repo: Repository, *, size: int = 3000, hours: float = 1000) -> Path:
    """Add a pack that no run needs, that many hours old."""
    writer = PackWriter(repo.store.layout.tmp, repo.store.format)
    writer.add(os.urandom(size), compress=False)
    path = writer.install(repo.store.layout.store.packs, "b")
    age(path, hours)
    return path


def age(path: Path, hours: float) -> None:
    """Make *path* look that many hours old."""
    then = time.time() - hours * HOUR
    os.utime(path, (then, then))


def hours_ago(repo: Repository, hours: float) -> None:
    """Make the last clean-up look as if it had been that many hours ago."""
    record = repo.store.layout.gc_record
    content = json.loads(record.read_text())
    for note in content["dead"].values():
        note[0] -= int(hours * HOUR * 1e6)
    record.write_text(json.dumps(content))
    if repo.store.layout.trash.is_dir():
        for folder in list(repo.store.layout.trash.iterdir()):
            folder.rename(folder.with_name(str(int(folder.name) - int(hours * HOUR * 1e6))))


class TestWords:
    def test_nothing_to_do(self, repo: Repository) -> None:
        """A clean repository is said to be so, with a count."""
        done = vcs("gc")

        assert ("nothing to clean up: 1 pack kept\n", "") == (done.stdout, done.stderr)

    def test_a_table_and_a_total(self, repo: Repository) -> None:
        """Each step says which packs, how large, since when and why, and one line of total."""
        path = garbage(repo)
        told = []
        for _ in range(3):
            told.append(vcs("gc").stdout.splitlines())
            hours_ago(repo, 15 * 24)

        assert [
            ["STATE", "PACK", "SIZE", "SINCE", "WHY"],
            ["waiting", path.name[:30], "3.2", "KiB", "just", "now", "unreachable"],
        ] == [told[0][0].split(), [w[:30] for w in told[0][1].split()]]
        assert [
            "waiting: 1 pack (3.2 KiB); 1 pack kept",
            "moved to the trash: 1 pack (3.2 KiB); 1 pack kept",
            "deleted: 1 pack (3.2 KiB); 1 pack kept",
        ] == [lines[-1] for lines in told]

    def test_a_dry_run_says_would(self, repo: Repository) -> None:
        """What would be done is told as such, and not done."""
        path = garbage(repo)
        vcs("gc")
        hours_ago(repo, 15 * 24)
        done = vcs("gc", "--dry-run")

        assert path.exists()
        assert "would move to the trash: 1 pack (3.2 KiB); 1 pack kept" in done.stdout

    def test_left_overs_and_quarantine(self, repo: Repository) -> None:
        """What crashes left is counted, and the quarantine is mentioned."""
        left = repo.store.layout.tmp / "x.zip~"
        left.touch()
        age(left, 100)
        repo.store.layout.quarantine.mkdir()
        (repo.store.layout.quarantine / "x").touch()
        vcs("gc")
        hours_ago(repo, 25)
        done = vcs("gc")

        assert "removed: 1 left-over of crashes; 1 pack kept\n" == done.stdout
        assert "note: 1 file in the quarantine, which is never cleaned up\n" == done.stderr
        assert not left.exists()

    def test_a_grace(self, repo: Repository) -> None:
        """``--grace`` takes days and parts of a day."""
        path = garbage(repo, hours=3)
        told = []
        for _ in range(3):
            told.append(vcs("gc", "--grace", "0.1").stdout.splitlines()[-1].split()[0])
            hours_ago(repo, 2.5)

        assert ["waiting:", "moved", "deleted:"] == told
        assert not path.exists()

    def test_quiet(self, repo: Repository) -> None:
        """``--quiet`` leaves the notes out."""
        repo.store.layout.quarantine.mkdir()
        (repo.store.layout.quarantine / "x").touch()

        assert "" == vcs("gc", "--quiet").stderr


class TestJson:
    def test_it_is_the_report(self, repo: Repository) -> None:
        """``--json`` prints one object with everything."""
        path = garbage(repo)
        report = json.loads(vcs("gc", "--json").stdout)
        (pack,) = report["packs"]

        assert (1, [], 0, False, False) == (
            report["kept"], report["swept"], report["quarantined"], report["dry_run"],
            report["busy"],
        )  # fmt: skip
        assert (path.name, path.stat().st_size, "waiting", "unreachable") == (
            pack["name"], pack["size"], pack["state"], pack["why"],
        )  # fmt: skip
        assert abs(pack["since_us"] / 1e6 - time.time()) < HOUR

    def test_a_busy_one_says_so(self, repo: Repository) -> None:
        """Beside another clean-up the exit code is 0, with a note."""
        lock = Lock.take(repo.store.layout.gc_lock)
        assert lock is not None
        done, told = vcs("gc"), vcs("gc", "--json")
        lock.release()

        assert ("", "note: another clean-up or a repair is at work; nothing was done\n") == (
            done.stdout, done.stderr,
        )  # fmt: skip
        assert json.loads(told.stdout)["busy"]


class TestErrors:
    def test_a_grace_that_is_too_short(self, repo: Repository) -> None:
        """Less than an hour is refused with the reason."""
        done = vcs("gc", "--grace", "0", code=2)

        assert "error: a grace of 0.0 days cannot be used\n" in done.stderr
        assert "hint: use an hour" in done.stderr

    def test_a_grace_that_is_no_number(self, repo: Repository) -> None:
        """Anything but a number is wrong usage."""
        assert "error: " in vcs("gc", "--grace", "soon", code=2).stderr

    def test_no_repository(self, tmp_path: Path) -> None:
        """Outside of a repository the exit code is 10."""
        vcs("-C", tmp_path, "gc", code=10)

    def test_a_run_that_cannot_be_followed(self, repo: Repository) -> None:
        """A damaged run stops it: what the run needs is not known."""
        for path in repo.store.layout.store.packs.glob("p-*"):
            path.unlink()
        done = vcs("gc", code=12)

        assert "error: cannot clean up: run '" in done.stderr
        assert "hint: run 'vcs-track fsck'" in done.stderr
