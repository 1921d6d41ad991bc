"""Following a run: what is new is read, and nothing twice or never."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import VcsTrackError
from vcs_track.formats import slots
from vcs_track.porcelain import following
from vcs_track.porcelain.following import Follower

if TYPE_CHECKING:
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path)


def rows(follower: Follower, tag: str) -> list[tuple[int, float]]:
    """Return step and value of each point of *tag*, as they are now."""
    assert follower.refresh()
    columns = follower.columns(tag)
    return [] if columns is None else list(zip(columns.steps, columns.values, strict=True))


class TestPoints:
    def test_all_kinds_of_points(self, repo: Repository) -> None:
        """Floats, integers, truths, rows and points with an epoch are points alike."""
        run = repo.start_run(capture_code=False)
        follower = Follower(repo.store, run.id)
        assert [] == rows(follower, "x")
        run.add_scalar("x", 0.5)
        run.add_scalar("x", 3)
        run.add_scalar("x", True, epoch=1.5)
        for step in range(3, 40):
            run.add_scalars({"x": step / 2, "y": 1.0}, step=step)

        assert [(0, 0.5), (1, 3.0), (2, 1.0), *((n, n / 2) for n in range(3, 40))] == rows(
            follower, "x"
        )
        columns = follower.columns("x")
        assert columns is not None
        assert {2: 1.5} == columns.epochs
        assert ["x", "y"] == follower.tags
        run.finish()

    @pytest.mark.parametrize("each", [1, 3, 5000])
    def test_what_is_new_is_added(self, repo: Repository, each: int) -> None:
        """However often it looks, it has each point once and in order."""
        run = repo.start_run(capture_code=False)
        follower = Follower(repo.store, run.id)
        expected: list[tuple[int, float]] = []
        for turn in range(4):
            for _ in range(each):
                expected.append((len(expected), float(turn)))
                run.add_scalar("x", float(turn))
            assert expected == rows(follower, "x")
        run.finish()

    def test_same_after_the_end(self, repo: Repository) -> None:
        """Sealing changes nothing of what it has, and neither does going on."""
        run = repo.start_run(id="r", capture_code=False)
        follower = Follower(repo.store, "r")
        for step in range(5):
            run.add_scalar("x", step / 2, epoch=step if step % 2 else None)
        before, epochs = rows(follower, "x"), _epochs(follower)
        run.finish()
        assert (before, epochs) == (rows(follower, "x"), _epochs(follower))
        again = repo.start_run(id="r", resume="must", capture_code=False)
        again.add_scalar("x", 9.0, epoch=7)

        fresh = Follower(repo.store, "r")  # it finds what is live before it reads what is sealed
        for each in (follower, fresh):
            assert [*before, (5, 9.0)] == rows(each, "x")
            assert {**epochs, 5: 7} == _epochs(each)
        again.finish()

    def test_journal_that_is_sealed_already(self, repo: Repository, tmp_path: Path) -> None:
        """Who seals may die before the journals are gone: no point is there twice.

        Seen to fail when such a journal was read from its beginning.
        """
        run = repo.start_run(id="r", capture_code=False)
        for step in range(5):
            run.add_scalar("x", step / 2)
        run.flush()
        live = run.path
        shutil.copytree(live, tmp_path / "kept")
        run.finish()
        shutil.copytree(tmp_path / "kept", live)

        assert [(step, step / 2) for step in range(5)] == rows(Follower(repo.store, "r"), "x")

    def test_several_writers(self, repo: Repository) -> None:
        """What other writers of a live run log is found; each one's points keep their order."""
        first = repo.start_run(id="r", capture_code=False)
        follower = Follower(repo.store, "r")
        second = repo.start_run(id="r", capture_code=False)
        for step in range(3):
            first.add_scalar("x", 1.0, step)
            second.add_scalar("x", 2.0, step)
            assert 2 * step + 2 == len(rows(follower, "x"))
        second.finish()
        first.add_scalar("x", 1.0, 3)
        found = rows(follower, "x")

        assert [0, 1, 2, 3] == [step for step, value in found if value == 1.0]
        assert [0, 1, 2] == [step for step, value in found if value == 2.0]
        first.finish()

    def test_long_run_that_hands_over(self, repo: Repository) -> None:
        """A writer that goes on in another journal goes on here too."""
        run = repo.start_run(capture_code=False)
        follower = Follower(repo.store, run.id)
        for step in range(6):
            run.add_scalar("x", float(step), step)
            if step % 2:
                run._relay.hand_over()
            assert [(n, float(n)) for n in range(step + 1)] == rows(follower, "x")
        run._relay.sync()
        time.sleep(0.1)

        assert [(n, float(n)) for n in range(6)] == rows(follower, "x")
        run.finish()
        assert [(n, float(n)) for n in range(6)] == rows(follower, "x")

    def test_run_that_is_not_there(self, repo: Repository) -> None:
        """A run that was removed, or never was, is not there."""
        run = repo.start_run(id="r", capture_code=False)
        run.add_scalar("x", 1.0)
        follower = Follower(repo.store, "r")
        assert follower.refresh()
        run.finish()
        repo.remove("r")

        assert not follower.refresh()
        assert [] == follower.tags
        assert not Follower(repo.store, "never").refresh()

    def test_slot_that_is_written_late_is_found(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A thread that has a slot and is stopped before it writes it loses nothing.

        Seen to fail when a hole was passed for good.
        """
        run = repo.start_run(capture_code=False)
        follower = Follower(repo.store, run.id)
        run.add_scalar("x", 1.0, 0)
        late = _take_slot(run)
        run.add_scalar("x", 3.0, 2)
        assert [(0, 1.0), (2, 3.0)] == rows(follower, "x")
        _fill_slot(run, late, 2.0, 1)

        assert [(0, 1.0), (1, 2.0), (2, 3.0)] == rows(follower, "x")
        _take_slot(run)  # a thread that died with its slot
        monkeypatch.setattr(following, "_SETTLED", 0.05)
        run.add_scalar("x", 4.0, 3)
        rows(follower, "x")
        time.sleep(0.06)
        rows(follower, "x")
        run.add_scalar("x", 5.0, 4)
        assert [0, 1, 2, 3, 4] == [step for step, _ in rows(follower, "x")]
        assert not follower._unsettled
        run.finish()

    def test_damaged_columns_stay_an_error(self, repo: Repository) -> None:
        """What cannot be read is said each time, and no part of it passes for the whole."""
        run = repo.start_run(id="r", capture_code=False)
        for step in range(3):
            run.add_scalar("x", step / 3)
        run.finish()
        (chunk,) = repo.run("r")._scalars["x"]
        (pack,) = repo.store.layout.store.packs.glob("*")
        data = bytearray(pack.read_bytes())
        name = f"objects/{chunk['value']}".encode()
        data[data.index(name) + len(name)] ^= 0xFF
        pack.write_bytes(data)
        follower = Follower(vcs_track.open(repo.root).store, "r")
        assert follower.refresh()

        for _ in range(2):
            with pytest.raises(VcsTrackError):
                follower.columns("x")

    def test_journal_that_is_none_is_passed(self, repo: Repository) -> None:
        """What lies beside the journals takes nothing along."""
        run = repo.start_run(capture_code=False)
        run.add_scalar("x", 1.0)
        (run.path / "0123456789abcdef.j").write_bytes(b"noise")
        follower = Follower(repo.store, run.id)

        assert [(0, 1.0)] == rows(follower, "x")
        (run.path / "0123456789abcdef.j").unlink()
        run.finish()


class TestItems:
    def test_items_in_order(self, repo: Repository) -> None:
        """Texts, long ones and histograms are there with their bytes, live and sealed."""
        run = repo.start_run(capture_code=False)
        follower = Follower(repo.store, run.id)
        run.add_text("short", step=1, tag="a")
        run.add_text("long" * 50_000, step=2, tag="b")
        run.add_item("histogram", b'{"counts":[1],"edges":[0.0,1.0]}', tag="c", walltime=5)
        assert follower.refresh()
        assert b"long" == follower.data(follower.items[1])[:4]  # the spools are looked at
        run.add_text("more" * 50_000, step=3, tag="d")
        expected = [
            ("text", "a", 1, 5),
            ("text", "b", 2, 200_000),
            ("histogram", "c", None, 32),
            ("text", "d", 3, 200_000),
        ]

        for _ in range(2):
            assert follower.refresh()
            found = [
                (item.kind, item.tag, item.step, len(follower.data(item)))
                for item in follower.items
            ]
            assert expected == found
            assert 5_000_000 == follower.items[2].wall_us
            run.finish()


def _epochs(follower: Follower) -> dict[int, float]:
    columns = follower.columns("x")
    assert columns is not None
    return columns.epochs


def _take_slot(run: Run) -> int:
    return next(run._relay.writer.journal._offsets)


def _fill_slot(run: Run, offset: int, value: float, step: int) -> None:
    journal: Any = run._relay.writer.journal
    number = run._series["x"].word >> 8
    body = slots.pack_body(slots.FLOAT, number, step, value, time.time_ns() // 1000)
    journal._put(offset, body + slots.check_word(body, journal.header.salt ^ offset))
