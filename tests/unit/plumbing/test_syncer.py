"""Tests of ``vcs_track.plumbing.syncer``."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref

from vcs_track.errors import StorageError
from vcs_track.plumbing import syncer

SOON = 0.02
LONG = 20.0  # far above what a loaded machine needs; a test that passes never waits for it


class Journal:
    """Counts its syncs."""

    def __init__(self) -> None:
        self.count = 0
        self.threads: set[str] = set()
        self.synced = threading.Event()

    def sync(self) -> None:
        """Take note."""
        self.count += 1
        self.threads.add(threading.current_thread().name)
        self.synced.set()

    def wait(self) -> bool:
        """Wait for the next sync."""
        self.synced.clear()
        return self.synced.wait(LONG)


class Failing(Journal):
    """Cannot be synced."""

    def sync(self) -> None:
        """Take note and fail."""
        super().sync()
        raise StorageError("cannot sync the journal: the disk is gone")


class TestWatch:
    def test_a_journal_is_synced_again_and_again(self) -> None:
        """As long as it lives a journal is synced, in a thread of its own."""
        journal = Journal()
        syncer.watch(journal, SOON)

        assert all(journal.wait() for _ in range(3))
        assert {"vcs-track sync"} == journal.threads

    def test_journals_of_one_interval_share_a_thread(self) -> None:
        """A hundred writers do not start a hundred threads."""
        journals = [Journal() for _ in range(100)]
        before = threading.active_count()
        for journal in journals:
            syncer.watch(journal, SOON * 3)

        assert all(journal.synced.wait(LONG) for journal in journals)
        assert before + 1 >= threading.active_count()

    def test_a_journal_is_not_kept_alive(self) -> None:
        """Watching a journal does not hold its memory or its file."""
        journal = Journal()
        watched = weakref.ref(journal)
        other = Journal()
        syncer.watch(journal, SOON)
        syncer.watch(other, SOON)
        del journal
        for _ in range(3):
            other.wait()
            gc.collect()

        assert watched() is None

    def test_it_does_not_keep_the_process_alive(self) -> None:
        """A program ends although its journals are watched."""
        code = """
from vcs_track.plumbing import syncer
class Journal:
    def sync(self): pass
journal = Journal()
syncer.watch(journal, 30.0)
"""
        done = subprocess.run([sys.executable, "-c", code], timeout=LONG, check=False)

        assert 0 == done.returncode

    def test_a_forked_child_has_a_thread_of_its_own(self) -> None:
        """Journals of a forked worker are synced; those of its parent are not its business."""
        code = """
import os, sys, threading, time
from vcs_track.plumbing import syncer
class Journal:
    def __init__(self): self.pids = set(); self.synced = threading.Event()
    def sync(self): self.pids.add(os.getpid()); self.synced.set()
parent = Journal()
syncer.watch(parent, 0.005)
parent.synced.wait(20)
pid = os.fork()
if pid == 0:
    child = Journal()
    syncer.watch(child, 0.005)
    good = child.synced.wait(20) and child.pids == {os.getpid()}
    os._exit(0 if good and os.getpid() not in parent.pids else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
        command = [sys.executable, "-W", "ignore", "-c", code]

        assert 0 == subprocess.run(command, timeout=2 * LONG, check=False).returncode

    def test_one_that_fails_does_not_stop_the_others(self) -> None:
        """A journal that cannot be synced leaves the others their promise."""
        failing, journal = Failing(), Journal()
        syncer.watch(failing, SOON * 2)
        assert failing.synced.wait(LONG)
        syncer.watch(journal, SOON * 2)
        thread = syncer._syncers[SOON * 2].thread
        while thread.is_alive() and not journal.synced.wait(SOON):
            pass

        assert journal.synced.is_set()
