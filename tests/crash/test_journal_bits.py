"""Journals that were cut, flipped, zeroed, shuffled: what is whole is read, and nothing else.

Which records are whole is not asked of the code that is tested: those whose bytes are the
ones that were written.
"""

from __future__ import annotations

import os
import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from crash.journals import Journal, place, read, sample

import vcs_track
from vcs_track.errors import CorruptError
from vcs_track.formats import slots
from vcs_track.formats.slots import HEADER_SIZE, SLOT_SIZE
from vcs_track.plumbing.journal import JournalReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import RunView

PAGE = HEADER_SIZE
WORDS = HEADER_SIZE // 2  # where the last words begin


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """Return a journal with every kind of record."""
    return sample(tmp_path_factory.mktemp("small"), words=True)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """Return one of eight pages."""
    return sample(tmp_path_factory.mktemp("large"), pages=8)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """Return one like it that another run left, of the same length."""
    return sample(tmp_path_factory.mktemp("other"), pages=8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a damaged journal is put."""
    return tmp_path / "j"


def is_wrong(journal: Journal, path: Path, data: bytes | bytearray) -> bool:
    """Return whether a reader of *path*, which holds *data*, does not find what is whole.

    It has to tell of damage as well, where something is lost in front of something whole.
    """
    found, damage = read(path)
    whole = journal.intact(data)
    hole = whole != [record for _, _, record in journal.records[: len(whole)]]
    return found != whole or hole != (damage.slots > 0)


class TestReader:
    def test_cut_at_every_byte(self, small: Journal, path: Path) -> None:
        """What was whole before the cut is read, and the cut is no damage: it was a death.

        Seen to fail when a torn end was counted as damage.
        """
        path.write_bytes(small.data)
        for length in range(len(small.data), HEADER_SIZE - 1, -1):
            os.truncate(path, length)
            found, damage = read(path)

            assert small.intact(small.data[:length]) == found, length
            assert 0 == damage.slots, length
        for length in range(HEADER_SIZE - 1, -1, -1):
            os.truncate(path, length)
            with pytest.raises(CorruptError):
                JournalReader(path)

    def test_every_bit(self, small: Journal, path: Path) -> None:
        """A flipped bit costs the record that it is in, and the reader tells of it.

        Seen to fail when check words were not compared, for one point or for many at once.
        """
        path.write_bytes(small.data)
        data = bytearray(small.data)
        wrong = []
        with path.open("r+b", buffering=0) as file:
            for at in range(HEADER_SIZE, len(data)):
                for bit in range(8):
                    data[at] ^= 1 << bit
                    os.pwrite(file.fileno(), data[at : at + 1], at)
                    wrong += [(at, bit)] * is_wrong(small, path, data)
                    data[at] ^= 1 << bit
                os.pwrite(file.fileno(), data[at : at + 1], at)

        assert [] == wrong

    def test_every_bit_of_the_header(self, small: Journal) -> None:
        """A header with a flipped bit is never taken for the header of another writer.

        Seen to fail when the header's own check word was not compared.
        """
        page = bytearray(small.data[:HEADER_SIZE])
        for at in range(WORDS):
            for bit in range(8):
                page[at] ^= 1 << bit
                with pytest.raises(CorruptError):
                    slots.parse_header(page)
                page[at] ^= 1 << bit

    def test_every_bit_of_the_last_words(self, small: Journal, path: Path) -> None:
        """Last words with a flipped bit were not said; what stands behind them is nothing."""
        path.write_bytes(small.data)
        said = JournalReader(path).last_words
        end = small.data.rindex(b"}", WORDS, HEADER_SIZE) + 1
        page = bytearray(small.data[:HEADER_SIZE])
        for at in range(WORDS, HEADER_SIZE):
            for bit in range(8):
                page[at] ^= 1 << bit
                found = slots.parse_last_words(page)
                page[at] ^= 1 << bit

                assert (b"" if at < end else small.data[WORDS + 12 : end]) == found, (at, bit)
        assert "gap" in said

    def test_every_page_zeroed(self, large: Journal, path: Path) -> None:
        """A page of zeros, as a power cut may leave it, costs what was on it."""
        for at in range(PAGE, len(large.data), PAGE):
            data = bytearray(large.data)
            data[at : at + PAGE] = bytes(len(data[at : at + PAGE]))
            path.write_bytes(data)

            assert large.intact(data) == read(path)[0], at

    def test_pages_in_any_order(self, large: Journal, path: Path) -> None:
        """A page in the place of another is no page of this journal.

        Seen to fail when the place of a slot was not part of its check word.
        """
        chance = random.Random(3)
        pages = [large.data[at : at + PAGE] for at in range(PAGE, len(large.data), PAGE)]
        for _ in range(60):
            moved = chance.sample(range(len(pages)), chance.randrange(2, len(pages)))
            places = dict(zip(sorted(moved), moved, strict=True))
            data = large.data[:PAGE] + b"".join(pages[places.get(n, n)] for n in range(len(pages)))
            path.write_bytes(data)

            assert not is_wrong(large, path, data), places

    def test_slots_change_places(self, small: Journal, path: Path) -> None:
        """Two slots that changed places are two that are lost.

        Seen to fail when the place of a slot was not part of its check word.
        """
        places = range(HEADER_SIZE, len(small.data), SLOT_SIZE)
        path.write_bytes(small.data)
        with path.open("r+b", buffering=0) as file:
            for a, b in random.Random(4).sample([*combinations(places, 2)], 1000):
                data = bytearray(small.data)
                data[a : a + SLOT_SIZE] = small.data[b : b + SLOT_SIZE]
                data[b : b + SLOT_SIZE] = small.data[a : a + SLOT_SIZE]
                os.pwrite(file.fileno(), data, 0)

                assert not is_wrong(small, path, data), (a, b)

    def test_slots_of_another_journal(self, large: Journal, other: Journal, path: Path) -> None:
        """What another file left on the disk is not read, though it is at its place.

        Seen to fail when the salt was not part of the check word.
        """
        chance = random.Random(5)
        for _ in range(100):
            data = bytearray(large.data)
            for _ in range(chance.randrange(1, 9)):
                at = chance.randrange(HEADER_SIZE, len(data), SLOT_SIZE)
                end = at + chance.choice([SLOT_SIZE, 5 * SLOT_SIZE, PAGE])
                data[at:end] = other.data[at:end].ljust(len(data[at:end]), b"\1")
            path.write_bytes(data)

            assert not is_wrong(large, path, data)

    def test_scribbles(self, large: Journal, path: Path) -> None:
        """Random bytes anywhere cost what they hit."""
        chance = random.Random(6)
        for _ in range(200):
            data = bytearray(large.data)
            for _ in range(chance.randrange(1, 5)):
                at = chance.randrange(HEADER_SIZE, len(data))
                noise = chance.randbytes(chance.choice([1, 3, 50, 700]))[: len(data) - at]
                data[at : at + len(noise)] = noise
            path.write_bytes(data)

            assert not is_wrong(large, path, data)


# ---- in a repository -------------------------------------------------------------------

Variants = dict[str, bytes]


def recovered(folder: Path, journal: Journal, variants: Variants) -> Callable[[str], RunView]:
    """Return what gives the runs that were recovered from damaged copies of *journal*."""
    repo = vcs_track.init(folder)
    for run, data in variants.items():
        place(repo, run, journal.name, data)
    return vcs_track.open(folder).run


def points(run: RunView) -> dict[str, list[tuple[int, float]]]:
    """Return step and value of all points of a run."""
    series = map(run.series, run.series_tags)
    return {one.tag: list(zip(one.step, one.value, strict=True)) for one in series}


def flipped(data: bytes, at: int) -> bytes:
    """Return *data* with one bit flipped."""
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


class TestRecovery:
    def test_cuts(self, small: Journal, tmp_path: Path) -> None:
        """A run whose journal was cut has every point that was whole, and no gap."""
        cuts = {f"r{n}": small.of(f"r{n}")[:n] for n in range(HEADER_SIZE, len(small.data), 53)}
        run = recovered(tmp_path, small, cuts)

        for name, data in cuts.items():
            assert small.series(data) == points(run(name)), name
            # The last words are in the header, and whole in each of them.
            assert [3] == [gap.get("lost") for gap in run(name).manifest.gaps], name

    def test_a_zeroed_page_is_told(self, large: Journal, tmp_path: Path) -> None:
        """A page that is gone is a gap of the run: what stands behind it was written later.

        Seen to fail when slots of zeros were skipped without a word.
        """
        variants = Variants()
        for at in range(PAGE, len(large.data) - PAGE, PAGE):
            data = large.of(f"r{at}")
            variants[f"r{at}"] = data[:at] + bytes(PAGE) + data[at + PAGE :]
        run = recovered(tmp_path, large, variants)

        assert [] == [name for name in variants if not run(name).manifest.gaps]

    def test_flips(self, small: Journal, tmp_path: Path) -> None:
        """A damaged record is a gap that says where; no other point is lost, and none wrong.

        A damaged tag costs its own points, not those of its neighbours in a row. Seen to fail
        when damage was not put among the gaps.
        """
        places = {
            f"r{where}": (at, where)
            for at, end, _ in small.records[:-1]
            for where in (at + 5, at + 31, end - 1)
        }
        variants = {run: flipped(small.of(run), at) for run, (_, at) in places.items()}
        run = recovered(tmp_path, small, variants)
        for name, data in variants.items():
            expected = small.series(data)
            orphans = len(expected.pop("", ()))
            damage, *gaps = run(name).manifest.gaps

            assert expected == points(run(name)), name
            assert places[name][0] == damage["first_byte"], name
            assert [orphans] * bool(orphans) == [
                gap["points_without_tag"] for gap in gaps if "points_without_tag" in gap
            ], name
