"""Tests of ``vcs_track.plumbing.head_log``."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing import head_log
from vcs_track.plumbing.head_log import HeadLog

if TYPE_CHECKING:
    from pathlib import Path

A, B = (ObjectId(letter * 64) for letter in "ab")


@pytest.fixture
def log(tmp_path: Path) -> HeadLog:
    """Return an empty log."""
    return HeadLog(tmp_path / "heads.log")


class TestNote:
    def test_tells_who_when_what_and_where(self, log: HeadLog) -> None:
        """A move has its time in microseconds, its user, its command and its heads."""
        before = time.time_ns() // 1000
        log.begin(lambda: "vcs-track note r hello")
        with log.operation("edit"):
            log.note("ignored", "r", [A], [B])
        (move,) = log.moves()

        assert before <= move.time_us <= time.time_ns() // 1000
        assert ("edit", "vcs-track note r hello", "r", (A,), (B,)) == (
            move.kind, move.command, move.run, move.old, move.new,
        )  # fmt: skip
        assert move.who

    def test_nothing_that_did_not_move(self, log: HeadLog) -> None:
        """Heads that are what they were are no move."""
        log.note("edit", "r", [A, B], [B, A])

        assert [] == log.moves()

    def test_calls_are_operations_of_their_own(self, log: HeadLog) -> None:
        """Two calls have two ids, and all that one of them moves has one."""
        for run in ("r", "s"):
            with log.operation("edit"):
                log.note("edit", run, [], [A])
                with log.operation("import"):
                    log.note("import", run, [A], [B])
        moves = log.moves()

        assert ["edit"] * 4 == [move.kind for move in moves]
        assert 2 == len({move.operation for move in moves})
        assert moves[0].operation == moves[1].operation

    def test_a_command_is_one_operation(self, log: HeadLog) -> None:
        """What one command line does in several calls is one operation."""
        log.begin(lambda: "vcs-track import a.zip b.zip")
        for run in ("r", "s"):
            with log.operation("import"):
                log.note("import", run, [], [A])

        assert 1 == len({move.operation for move in log.moves()})

    def test_threads_do_not_mix(self, log: HeadLog) -> None:
        """Each thread is in its own operation, and no line of theirs is lost or torn."""

        def work(run: str) -> None:
            for _ in range(50):
                with log.operation(run):
                    log.note("edit", run, [A], [B])

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        moves = log.moves()

        assert 400 == len(moves)
        assert all(move.kind == move.run for move in moves)

    def test_a_disk_that_refuses_stops_nobody(self, log: HeadLog) -> None:
        """What cannot be logged is left out: nothing depends on it.

        Seen to fail when the error of the disk was not caught.
        """
        log.path.mkdir()
        log.note("edit", "r", [A], [B])

        assert [] == [*log.path.iterdir()]

    def test_text_that_is_no_text(self, log: HeadLog) -> None:
        """A command with bytes that are not UTF-8 is logged without them, a long one cut."""
        log.begin(lambda: "note \udcff" + "x" * 10_000)
        log.note("edit", "r", [A], [B])
        (move,) = log.moves()

        assert move.command.startswith("note ?")
        assert 500 == len(move.command)


class TestMoves:
    def test_damage_costs_its_own_line(self, log: HeadLog) -> None:
        """Half a line, garbage and lines of another shape are passed over.

        Seen to fail when a line did not begin with an end of line: what a dead program left
        half-written took the next one with it.
        """
        log.note("edit", "r", [], [A])
        whole = log.path.read_bytes()
        for bad in (whole[:40], b"\0" * 100, b'{"op":1}', b"[]", b'{"op":"x","old":5}', b"\xff{"):
            with log.path.open("ab") as file:
                file.write(bad)
            log.note("edit", "r", [A], [B])

        assert 7 == len(log.moves())

    def test_of_one_run(self, log: HeadLog) -> None:
        """Moves of other runs can be left out."""
        log.note("edit", "r", [], [A])
        log.note("edit", "s", [], [A])

        assert ["s"] == [move.run for move in log.moves("s")]

    def test_is_bounded(self, log: HeadLog, monkeypatch: pytest.MonkeyPatch) -> None:
        """The log keeps the last moves and never grows beyond twice its size."""
        monkeypatch.setattr(head_log, "_LARGEST", 4000)
        for n in range(100):
            log.note("edit", f"r{n}", [A], [B])
        names = {path.name for path in log.path.parent.iterdir()}

        assert 9000 > sum(path.stat().st_size for path in log.path.parent.iterdir())
        assert "r99" == log.moves()[-1].run
        assert 10 < len(log.moves()) < 50
        assert names <= {"heads.log", "heads.log.1", "heads.log.lock"}
