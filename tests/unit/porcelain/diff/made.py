"""Runs made of documents, as a repository would give them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from vcs_track.formats.manifest import RunManifest, encode_document
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.formats.series import (
    describe,
    encode_scalars,
    encode_steps,
    encode_stretches,
    encode_values,
)
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.formats.series import Chunk

    Point = tuple[int, Any, int, int | None]  # step, value, repetition, rank

__all__ = ["Counting", "chunked", "series_run", "view"]


class Counting(MemoryObjects):
    """Objects in memory that remember what was read."""

    def __init__(self) -> None:
        super().__init__(object_format("sha256"))
        self.reads: list[ObjectId] = []

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, and remember it."""
        self.reads.append(oid)
        return super().read(oid)


def view(run: str, objects: MemoryObjects, **fields: Any) -> RunView:
    """Return a run with these fields of its manifest; hparams and env are stored."""
    for kind in ("hparams", "env"):
        if isinstance(fields.get(kind), dict):
            fields[kind] = objects.add(encode_document(f"{kind}/1", fields[kind]))
    fields = {"name": run, "status": "finished", "time_us": 1, "created_us": 1, **fields}
    return RunView(RunManifest(run, **fields), objects)


def chunked(points: Sequence[Point], sizes: Sequence[int], objects: MemoryObjects) -> list[Chunk]:
    """Return *points* as chunks of these sizes, the last size again and again."""
    chunks: list[Chunk] = []
    at, turn = 0, 0
    while at < len(points):
        part = points[at : at + sizes[min(turn, len(sizes) - 1)]]
        at, turn = at + len(part), turn + 1
        steps, values = [p[0] for p in part], [p[1] for p in part]
        chunk: Chunk = {
            "value": objects.add(encode_values(values, single=False)),
            "step": objects.add(encode_steps(steps)), "wall": objects.add(encode_steps(steps)),
            **describe(values, steps),
        }  # fmt: skip
        for name, place in (("rep", 2), ("rank", 3)):
            column = [p[place] for p in part]
            if set(column) - {0 if name == "rep" else None}:
                stretches = [(len(list(group)), value) for value, group in groupby(column)]
                chunk[name] = objects.add(encode_stretches(stretches))
        chunks.append(chunk)
    return chunks


def series_run(
    name: str, objects: MemoryObjects, series: Mapping[str, Sequence[Point]],
    sizes: Sequence[int] = (4,),
) -> RunView:  # fmt: skip
    """Return a run with these series, in chunks of these sizes."""
    body = {tag: chunked(points, sizes, objects) for tag, points in series.items()}
    return view(name, objects, scalars=objects.add(encode_scalars(body)))
