"""A small journal with every kind of record, whole and damaged, and what is left of it."""

from __future__ import annotations

import json
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import vcs_track
from vcs_track.formats import scan, slots
from vcs_track.formats.slots import HEADER_SIZE, SLOT_SIZE
from vcs_track.plumbing.journal import JournalReader
from vcs_track.porcelain.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track import Repository
    from vcs_track.formats.scan import Damage, Record

__all__ = ["Journal", "place", "read", "sample"]

_POINTS = (slots.FLOAT, slots.INT, slots.BOOL, slots.FLOAT32, slots.UINT)


class Journal(NamedTuple):
    """The bytes of a journal, and the records in it.

    Attributes:
        name: The name of the file.
        data: Its bytes.
        records: Where each record begins and ends, and what it is. The padding behind a
            payload belongs to nobody.
    """

    name: str
    data: bytes
    records: list[tuple[int, int, Record]]

    def intact(self, data: bytes | bytearray) -> list[Record]:
        """Return the records whose bytes are the same in *data*, and can be understood."""
        same = [r for at, end, r in self.records if data[at:end] == self.data[at:end]]
        contents = map(_content, same)
        shapes = {content["n"] for content in contents if content["k"] == "shape"}
        return [r for r in same if r.kind != slots.ROW or r.number in shapes]

    def series(self, data: bytes) -> dict[str, list[tuple[int, float]]]:
        """Return step and value of the points that should be recovered from *data*, by tag.

        Points whose tag nobody knows any more are below the empty tag.
        """
        found: dict[str, list[tuple[int, float]]] = {}
        tags: dict[int, str] = {}
        shapes: dict[int, list[int]] = {}
        for record in self.intact(data):
            content = _content(record)
            if content["k"] == "tag":
                tags[content["n"]] = content["tag"]
            elif content["k"] == "shape":
                shapes[content["n"]] = content["tags"]
            elif record.kind == slots.ROW:
                row = struct.unpack(f"<{len(record.payload) // 8}d", record.payload)
                for number, value in zip(shapes[record.number], row, strict=True):
                    found.setdefault(tags.get(number, ""), []).append((record.step, value))
            elif record.kind in _POINTS:
                point = (record.step, record.value)
                found.setdefault(tags.get(record.number, ""), []).append(point)
        return found

    def of(self, run: str, **more: Any) -> bytes:
        """Return the same file as if another run had written it, with *more* in its header."""
        header = slots.parse_header(self.data)._replace(run=run, **more)
        half = slots.pack_header(header)[: HEADER_SIZE // 2]
        return half + self.data[len(half) :]


def _content(record: Record) -> dict[str, Any]:
    """Return what is in a frame; for any other record something that is no frame."""
    return _parsed(record.payload) if record.kind == slots.FRAME else {"k": ""}


@cache
def _parsed(payload: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload)
    return found


def sample(folder: Path, *, pages: int = 0, words: bool = False) -> Journal:
    """Return a journal that a writer of its own left in a repository in *folder*.

    Args:
        folder: Where the repository is made.
        pages: Add points until the file has that many pages.
        words: Leave last words in the header.
    """
    store = vcs_track.init(folder).store
    writer = Writer(store, "r", engine="pwrite", strict=True, beat=False)
    writer.begin(lambda: {"name": "sample"})
    journal, tag = writer.journal, writer.tag_number
    numbers = tuple(tag(name, 0, None) for name in "abcde")
    word = tag("loss", 0, None) << 8 | slots.FLOAT
    for n in range(20):  # enough for points that are read together
        journal.point(word, n, n / 3)
    for kind, value in ((slots.INT, -(2**62)), (slots.BOOL, True), (slots.UINT, 2**64 - 1)):
        journal.slot(kind, tag(f"kind {kind}", 1, 0.5), kind, value, 10**15)
    journal.slot(slots.FLOAT32, tag("single", 0, None), 7, 0.25, 10**15)
    row = writer.row(numbers)
    for n in range(4):
        row(n, [n + 0.1, n + 0.2, 0.0, -n, 1e300], 10**15 + n)
    journal.frame({"k": "hparams", "v": {"lr": 0.1}})
    writer.text({"kind": "text", "tag": None, "step": 1, "epoch": None, "rep": 0, "wall": 1,
                 "name": None, "mime": "text/plain"}, "é" * 40)  # fmt: skip
    for n in range(20, 23):
        journal.point(word, n, n / 3)
    while journal.size < pages * HEADER_SIZE:
        n += 1
        journal.point(word, n, n / 3)
        if n % 50 == 0:
            row(n, [0.0] * 5, 10**15)
    journal.seal()
    if words:
        journal.last_words({"gap": {"lost": 3, "why": "no space left on device"}})
    writer.abandon()
    data = journal.path.read_bytes()
    return Journal(journal.path.name, data, list(_located(data)))


def _located(data: bytes) -> Iterator[tuple[int, int, Record]]:
    at, sizes = HEADER_SIZE, dict[int, int]()
    for record in scan.records(data, slots.parse_header(data).salt, sizes, scan.Damage()):
        _learn(record, sizes)
        size = SLOT_SIZE + len(record.payload)
        yield at, at + size, record
        at += slots.slots_of(size) * SLOT_SIZE


def _learn(record: Record, sizes: dict[int, int]) -> None:
    content = _content(record)
    if content["k"] == "shape":
        sizes[content["n"]] = len(content["tags"])


def read(path: Path) -> tuple[list[Record], Damage]:
    """Return what a reader finds in the journal *path*, and what it skipped."""
    reader = JournalReader(path)
    found = []
    for record in reader.records():
        _learn(record, reader.row_sizes)
        found.append(record)
    return found, reader.damage


def place(repo: Repository, run: str, name: str, data: bytes) -> Path:
    """Put a file where the journal of a dead writer would be; return its path."""
    folder = repo.store.layout.live_run(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name
