"""Tests of ``vcs_track.porcelain.catalog``: the index is current, and never believed blindly."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.plumbing import folder_times, workers
from vcs_track.porcelain import index_update
from vcs_track.porcelain.commit_log import arrange
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.lazy_runs import LazyRuns
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def add(repo: Repository, name: str, **hparams: Any) -> str:
    """Record a run; return its id."""
    with repo.start_run(name, hparams=hparams) as run:
        run.add_scalar("loss", 1 / (1 + len(name)), 0)
    return run.id


def names(repo: Repository, where: str | None = None, order: str | None = None) -> list[str]:
    """Return the names of runs, found by the index."""
    found = repo.runs(where, order)
    assert isinstance(found._runs, LazyRuns), "the index was not used"
    return [run.name for run in found]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with three runs."""
    repo = Repository.init(tmp_path)
    for number, name in enumerate(("a", "bb", "ccc")):
        add(repo, name, lr=number / 10)
    return repo


def index_file(repo: Repository) -> Path:
    """Return the file of the index."""
    return repo.store.layout.local / "index.sqlite"


class TestCurrent:
    def test_follows_what_is_done(self, repo: Repository) -> None:
        """New runs, edits and resumed runs are seen by the next question, by others too.

        Seen to fail when a folder that had just changed was taken for settled.
        """
        other = Repository.find(repo.root)
        seen = [names(other)]
        run = add(repo, "dddd", lr=0.5)
        seen.append(names(other, "lr > 0.05"))
        repo.edit(run, name="new", tags=["x"])
        seen.append(names(other, "'x' in tags"))
        with repo.start_run(id=run, resume="must") as again:
            again.add_scalar("loss", 0.001, 5)
        seen.append(names(other, "summary.loss < 0.01"))

        assert [["ccc", "bb", "a"], ["dddd", "ccc", "bb"], ["new"], ["new"]] == seen

    def test_live_runs_are_among_them(self, repo: Repository) -> None:
        """A run that goes on has its newest values, and its place in the order."""
        run = repo.start_run("live", hparams={"lr": 0.15})
        run.add_scalar("loss", 0.3, 0)
        before = names(repo, "lr >= 0.1", "-lr"), names(repo, "loss = 0.3"), names(repo)
        run.add_scalar("loss", 0.2, 1)
        after = names(repo, "loss = 0.2"), names(repo, "loss = 0.3")
        run.finish()

        assert (["ccc", "live", "bb"], ["live"], ["live", "ccc", "bb", "a"]) == before
        assert (["live"], []) == after
        assert ["live"] == names(repo, "status = finished and lr = 0.15")

    def test_imports_and_removals(self, repo: Repository, tmp_path: Path) -> None:
        """Runs that a bundle brings are seen; so is a head that somebody removed."""
        repo.export(["a", "bb"], tmp_path / "x.zip")
        (tmp_path / "other").mkdir()
        other = Repository.init(tmp_path / "other")
        before = names(other)
        other.import_(tmp_path / "x.zip")
        after = names(other)
        run = other.run("a")
        other.store.home.head_folder.path(run.id, run.heads[0]).unlink()

        assert ([], ["bb", "a"], ["bb"]) == (before, after, names(other))

    def test_names_that_no_run_has_any_more(self, repo: Repository) -> None:
        """A name is known as long as a run has it."""
        run = add(repo, "odd", strange=1)
        assert ["odd"] == names(repo, "strange = 1")
        view = repo.run(run)
        repo.store.home.head_folder.path(run, view.heads[0]).unlink()
        with pytest.raises(vcs_track.errors.ExpressionError, match="unknown name 'strange'"):
            names(repo, "strange = 1")


class TestDamage:
    @pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + bytes(4000)])
    def test_a_damaged_file_is_made_again(self, repo: Repository, data: bytes) -> None:
        """What is no index is thrown away, and every run is found."""
        expected = names(repo)
        index_file(repo).write_bytes(data)
        fresh = Repository.find(repo.root)

        assert expected == names(fresh)
        assert ["bb"] == names(fresh, "lr = 0.1")

    def test_bits_that_flip(self, repo: Repository) -> None:
        """A damaged page costs the index, never an answer that an object does not give."""
        names(repo)
        size = index_file(repo).stat().st_size
        whole = index_file(repo).read_bytes()
        for place in range(100, size, 997):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            index_file(repo).write_bytes(bytes(damaged))
            fresh = Repository.find(repo.root)
            found = {run.name for run in fresh.runs("lr > 0.05")}

            assert found <= {"bb", "ccc"}

    def test_an_answer_that_is_wrong(self, repo: Repository) -> None:
        """Where the index says what the run does not, the run is right, and the index goes.

        Seen to fail when answers were not compared with the runs.
        """
        names(repo)
        with sqlite3.connect(index_file(repo)) as db:
            db.execute("UPDATE kv SET v = 7 WHERE v = 0.1")
        fresh = Repository.find(repo.root)

        assert [] == [run.name for run in fresh.runs("lr = 7")]
        assert ["bb"] == names(fresh, "lr = 0.1")
        assert "index" in fresh.store.skipped

    def test_another_version(self, repo: Repository) -> None:
        """An index of another version is made anew."""
        names(repo)
        with sqlite3.connect(index_file(repo)) as db:
            db.execute("UPDATE meta SET value = 'vcs-track-index 99'")

        assert ["ccc", "bb", "a"] == names(Repository.find(repo.root))

    def test_a_run_that_is_damaged(self, repo: Repository) -> None:
        """A run that cannot be read hides no other, and is told of."""
        run = repo.run("bb")
        pack = repo.store.home.packs.owner(run.heads[0])
        data = bytearray(pack.path.read_bytes())
        entry = pack.entry(run.heads[0])
        data[entry.data_offset + 5] ^= 0xFF
        pack.path.chmod(0o644)
        pack.path.write_bytes(bytes(data))
        for known in (True, False):
            if not known:
                repo.catalog._remove()
            fresh = Repository.find(repo.root)

            assert ["ccc", "a"] == [found.name for found in fresh.runs()]
            assert ["a"] == [found.name for found in fresh.runs("lr = 0")]
            assert f"run {run.id}" in fresh.store.skipped

    def test_a_run_whose_facts_are_damaged(self, repo: Repository) -> None:
        """A run whose manifest is whole is listed, and left out where its facts are asked for.

        Seen to fail when the index was all that was listed.
        """
        run = repo.run("bb")
        assert run.manifest.hparams is not None
        pack = repo.store.home.packs.owner(run.heads[0])
        data = bytearray(pack.path.read_bytes())
        entry = pack.entry(run.manifest.hparams)
        data[entry.data_offset + 5] ^= 0xFF
        pack.path.chmod(0o644)
        pack.path.write_bytes(bytes(data))
        fresh = Repository.find(repo.root)

        assert ["ccc", "bb", "a"] == [found.name for found in fresh.runs()]
        assert ["ccc", "a"] == [found.name for found in fresh.runs("lr >= 0")]
        assert f"run {run.id}" in fresh.store.skipped


class TestPlace:
    def test_a_store_that_is_only_read(self, repo: Repository, tmp_path: Path) -> None:
        """Without a place in the store the user's folder is taken, or none."""
        for cache in (tmp_path / "cache", None):
            reader = Repository.find(repo.root, Defaults(cache=cache))
            reader.store.writable = False

            assert ["ccc", "bb", "a"] == [run.name for run in reader.runs()]
            assert ["bb"] == [run.name for run in reader.runs("lr = 0.1")]
        assert 1 == len(list((tmp_path / "cache").glob("*.sqlite")))
        assert not index_file(repo).exists()

    def test_git_never_sees_it(self, repo: Repository) -> None:
        """It is in the part of the store that is this clone's own."""
        names(repo)

        assert index_file(repo).is_relative_to(repo.store.layout.local)

    def test_many_at_once(self, repo: Repository) -> None:
        """Processes that write runs and ask at the same time all find all runs.

        Seen to fail when the index was read before its lock was had.
        """
        program = (
            "import sys, vcs_track\n"
            "repo = vcs_track.open(sys.argv[1])\n"
            "for n in range(8):\n"
            "    repo.start_run(f'{sys.argv[2]}-{n}', hparams={'lr': n}).finish()\n"
            "    mine = [r.name for r in repo.runs('lr >= 0') if r.name.startswith(sys.argv[2])]\n"
            "    assert len(mine) == n + 1, mine\n"
        )
        started = [
            subprocess.Popen([sys.executable, "-c", program, str(repo.root), f"p{n}"])
            for n in range(4)
        ]

        assert [0] * 4 == [process.wait(100) for process in started]
        assert 35 == len(names(repo))

    def test_threads(self, repo: Repository) -> None:
        """Threads that ask one repository at once are all answered, by one index.

        Seen to fail when two of them began a transaction at once.
        """
        wrong: list[object] = []

        def ask(number: int) -> None:
            for _ in range(5):
                add(repo, f"t{number}", lr=number)
                found = names(repo, f"lr = {number}")
                if set(found) != {f"t{number}"}:
                    wrong.append(found)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(7, 11)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [] == wrong
        assert "index" not in repo.store.skipped

    def test_a_forked_child(self, repo: Repository) -> None:
        """A child that was forked asks through a connection of its own, and leaves nothing open."""
        names(repo)
        pid = os.fork()
        if not pid:
            try:
                os._exit(0 if names(repo) == ["ccc", "bb", "a"] else 1)
            finally:
                os._exit(2)

        assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert ["ccc", "bb", "a"] == names(repo)

    def test_somebody_else_writes_it(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While the index is locked the runs are asked one by one, and the file stays.

        Seen to fail when a locked index was taken for a damaged one.
        """
        names(repo)
        inode = index_file(repo).stat().st_ino
        add(repo, "dddd", lr=3)
        with sqlite3.connect(index_file(repo), isolation_level=None) as db:
            db.execute("BEGIN EXCLUSIVE")
            monkeypatch.setattr("vcs_track.plumbing.index._WAIT", 0.1)
            found = [run.name for run in Repository.find(repo.root).runs("lr > 0.15")]
            db.execute("ROLLBACK")
        db.close()

        assert ["dddd", "ccc"] == found
        assert inode == index_file(repo).stat().st_ino

    def test_rebuild(self, repo: Repository) -> None:
        """The index is made anew, and says how many runs it has."""
        assert 3 == repo.catalog.rebuild()
        assert ["ccc", "bb", "a"] == names(repo)


class TestLazy:
    def test_reads_what_is_looked_at(self, repo: Repository) -> None:
        """Of many runs only those that are looked at are read."""
        found = Repository.find(repo.root).runs()
        assert len(found) == 3
        entries: Any = found._runs
        first = found[0].name

        assert "ccc" == first
        assert [False, True, True] == [isinstance(entry, tuple) for entry in entries._entries]

    def test_ids_and_logs_read_what_they_show(self, repo: Repository) -> None:
        """Ids are told without reading a run, and a log reads the runs that it lists."""
        ids = repo.runs().ids()
        everything = [run.id for run in repo.runs()]
        found = repo.runs()
        entries = found._runs
        assert isinstance(entries, LazyRuns)
        log = arrange(found, [], {}, limit=1)

        assert everything == ids
        assert (["ccc"], 2) == ([one.run.name for one in log.elsewhere], log.more)
        assert [False, True, True] == [isinstance(entry, tuple) for entry in entries._entries]

    def test_by_name_and_prefix(self, repo: Repository) -> None:
        """A run is found by its name, a prefix of its id, its place and its commit."""
        run = repo.run("bb")

        assert run.id == repo.run(run.id[:8]).id == repo.run("@{-1}").id
        assert "ccc" == repo.run("@").name

    def test_a_new_run_costs_its_own_pack(self, repo: Repository) -> None:
        """After a new run a question opens the pack of that run, and none of the others.

        Seen to fail when a manifest that was not known was looked for in every pack.
        """
        names(repo)
        before = set(repo.store.home.packs.folder.iterdir())
        add(repo, "new", lr=9)
        fresh = Repository.find(repo.root)
        found = fresh.runs("lr = 9").ids()
        new = {path.name for path in set(repo.store.home.packs.folder.iterdir()) - before}

        assert [repo.run("new").id] == found
        assert new == fresh.store.home.packs._packs.keys()

    def test_costs_little_to_open(self, repo: Repository) -> None:
        """Opening a repository looks at no pack."""
        fresh = Repository.find(repo.root)
        opened = dict(fresh.store.home.packs._packs)
        names(fresh)

        assert {} == opened

    def test_time_of_a_folder_far_ahead(self, repo: Repository) -> None:
        """A folder whose time is in the future is looked at each time."""
        names(repo)
        ahead = time.time_ns() + 10**12
        for folder in repo.store.layout.store.heads.iterdir():
            os.utime(folder, ns=(ahead, ahead))
        run = add(repo, "later", lr=9)
        shard = repo.store.home.head_folder.path(run, repo.run(run).heads[0]).parent
        os.utime(shard, ns=(ahead, ahead))

        assert "later" in names(repo)

    @pytest.mark.parametrize(("resolution", "limit"), [(1, "_SETTLED_FINE"), (10**9, "_SETTLED")])
    def test_a_folder_that_changes_twice_at_a_time(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch, resolution: int, limit: str
    ) -> None:
        """What happens within the resolution of a folder's time is not missed.

        Seen to fail when such a folder was taken for settled.
        """
        monkeypatch.setattr(folder_times, limit, 3600 * 10**9)  # however slow the machine is
        view = repo.run("bb")
        head = repo.store.home.head_folder.path(view.id, view.heads[0])
        when = time.time_ns() // resolution * resolution
        head.unlink()
        os.utime(head.parent, ns=(when, when))
        before = names(repo)
        head.touch()
        os.utime(head.parent, ns=(when, when))

        assert "bb" not in before
        assert "bb" in names(repo)


class TestSeveralProcesses:
    def test_they_make_the_same_index(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What several processes read is what one reads, damaged runs included.

        Seen to fail when facts that runs share were left out of the first run that has them.
        """
        for number in range(20):
            add(repo, f"run-{number}", lr=number, **{f"own-{number}": float("inf")})
        broken = add(repo, "broken")
        (head,) = repo.store.home.head_folder.of(broken)
        file = repo.store.home.packs.owner(head)
        data = bytearray(file.path.read_bytes())
        data[file.entry(head).data_offset] ^= 0xFF
        file.path.chmod(0o600)
        file.path.write_bytes(data)
        repo = Repository.find(repo.root)  # what was read of the pack is forgotten
        repo.catalog.rebuild()
        tables = ("run", "kv", "metric", "facet", "facetv", "head", "damaged")

        def content() -> list[list[tuple[Any, ...]]]:
            with sqlite3.connect(index_file(repo)) as db:
                return [db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
                        if name != "damaged" else db.execute("SELECT * FROM damaged").fetchall()
                        for name in tables]  # fmt: skip

        alone = content()
        monkeypatch.setattr(index_update, "_WORTH_IT", 1)
        monkeypatch.setattr(index_update, "_PART", 3)
        monkeypatch.setattr(workers, "processors", lambda most: most)
        repo.catalog.rebuild()

        assert alone == content()
        assert [(broken,)] == alone[-1]
