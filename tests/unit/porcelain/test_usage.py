"""Tests of ``vcs_track.porcelain.usage``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.formats.pack import OBJECTS

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

BLOB = os.urandom(50_000)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with two runs that share a file, and one that shares nothing."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    shared, own = tmp_path / "shared.bin", tmp_path / "own.bin"
    shared.write_bytes(BLOB)
    own.write_bytes(os.urandom(9000))
    for name in "ab":
        with repo.start_run(id=name, hparams={"of": name}) as run:
            run.add_scalar("loss", 1, 0)
            run.add_file(shared)
            run.add_text(f"only {name} " * 100, tag="t")
    with repo.start_run(id="c", hparams={"of": "c"}) as run:
        run.add_file(own)
    return repo


def stored(repo: Repository) -> int:
    """Return the bytes of all objects in all packs, counted without this package's walk."""
    return sum(
        {
            entry.name: entry.stored
            for file in repo.store.home.packs.packs
            for entry in file.entries()
            if entry.name.startswith(OBJECTS)
        }.values()
    )


class TestUsage:
    def test_shared_bytes_are_counted_once_and_told_apart(self, repo: Repository) -> None:
        """What two runs share is in the total once, and shared by both.

        Seen to fail when the total was the sum of the runs.
        """
        found = repo.usage()
        a, b, c = sorted(found.runs, key=lambda one: one.id)

        assert stored(repo) == found.total == sum(found.kinds.values())
        assert a.shared == b.shared == found.shared >= len(BLOB)
        assert 9000 <= c.own < 13_000
        assert a.own < 5000
        assert len(BLOB) + 9000 == found.kinds["files"]
        assert all(one.total == sum(one.kinds.values()) for one in found.runs)

    def test_largest_first(self, repo: Repository) -> None:
        """Runs are sorted by what they take."""
        sizes = [one.total for one in repo.usage().runs]

        assert sorted(sizes, reverse=True) == sizes

    def test_of_some_runs(self, repo: Repository) -> None:
        """Sharing with runs that were not asked for counts as sharing."""
        (found,) = repo.usage("a").runs

        assert found.shared >= len(BLOB)
        assert repo.usage(where="hparams.of = 'a'").runs == (found,)

    def test_removed_and_unused(self, repo: Repository) -> None:
        """A removed run's bytes move from the runs to what was removed."""
        before = repo.usage()
        repo.remove("c")
        behind = repo.usage()

        assert 0 == before.removed
        assert 9000 <= behind.removed < 13_000
        assert before.total >= behind.total + 9000
        assert before.places["packs"] == behind.places["packs"]

    def test_a_live_run(self, repo: Repository) -> None:
        """A run that is going on has its journals."""
        with repo.start_run(id="live") as run:
            run.add_scalar("loss", 1, 0)
            found = {one.id: one for one in repo.usage().runs}

        assert found["live"].kinds["journals"] > 0

    def test_a_damaged_run_is_told(self, repo: Repository) -> None:
        """One run that cannot be followed does not hide the others."""
        repo.store.home.packs.owner(repo.run("c").heads[0]).path.unlink()
        found = vcs_track.open(repo.root).usage()

        assert ["c"] == list(found.unread)
        assert {"a", "b"} == {one.id for one in found.runs}


class TestContents:
    def test_dry_run_of_a_clean_up(self, repo: Repository) -> None:
        """A dry run says by run and kind what would go; a real one does not go to the trouble."""
        repo.remove("c")
        for path in repo.store.layout.local.rglob("*"):
            if path.is_file():
                os.utime(path, (1, 1))
        report = repo.gc(dry_run=True)
        sizes = {(one.run, one.kind): one.size for one in report.contents}

        assert 9000 == sum(size for (_, kind), size in sizes.items() if kind in ("files", "other"))
        assert {"c", ""} >= {run for run, _ in sizes}
        assert ("c", "manifests") in sizes
        assert () == repo.gc().contents
