"""The file of lines that processes share."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from vcs_track.plumbing.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

WRITER = """
import sys
from pathlib import Path
from vcs_track.plumbing.ledger import Ledger

ledger = Ledger(Path(sys.argv[1]))
known = []
for n in range(30):
    with ledger.held():
        known += ledger.news()
        ledger.append([{"n": len(known)}])
"""


class TestLedger:
    def test_news_are_told_once(self, tmp_path: Path) -> None:
        """Each reader is told each line once, also those of other writers."""
        first, second = Ledger(tmp_path / "x.jsonl"), Ledger(tmp_path / "x.jsonl")
        nothing = first.news()
        for ledger, n in ((first, 1), (second, 2)):
            with ledger.held():
                ledger.append([{"n": n}])

        assert [] == nothing
        assert [{"n": 1}, {"n": 2}] == first.news()
        assert [] == first.news()

    @pytest.mark.parametrize(
        "torn", [b'{"n":', b'{"n":7}', b"\xff\xfe", b"[1]\n", b"\0\0\n", b"5\n"]
    )
    def test_a_torn_line_is_none(self, tmp_path: Path, torn: bytes) -> None:
        """What a dead writer, or a stranger, left is left out, and harms no line behind it.

        Seen to fail when append did not look for the end of the last line.
        """
        ledger = Ledger(tmp_path / "x.jsonl")
        with ledger.held():
            ledger.append([{"n": 1}])
        with ledger.path.open("ab") as file:
            file.write(torn)
        before = ledger.news()
        with ledger.held():
            ledger.append([{"n": 2}])
        known = [{"n": 7}] if torn == b'{"n":7}' else []

        assert [{"n": 1}] == before
        assert [*known, {"n": 2}] == ledger.news()

    def test_held_by_one_at_a_time(self, tmp_path: Path) -> None:
        """Four processes count up together without a number twice.

        Seen to fail when held took no lock.
        """
        path = tmp_path / "x.jsonl"
        some = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _ in range(4)]
        codes = [process.wait(60) for process in some]

        assert [0] * 4 == codes
        assert [*range(120)] == [line["n"] for line in Ledger(path).news()]

    def test_nested_and_threads(self, tmp_path: Path) -> None:
        """The holder may hold it again; another thread waits."""
        ledger, order = Ledger(tmp_path / "x.jsonl"), []

        def work() -> None:
            with ledger.held():
                order.append("thread")

        with ledger.held(), ledger.held():
            thread = threading.Thread(target=work)
            thread.start()
            order.append("holder")
        thread.join()

        assert ["holder", "thread"] == order
