"""Files of offline wandb, written as it writes them, without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from vcs_track.formats.offline_log import pack_log
from vcs_track.formats.wire import length_to, varint_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "BEGIN", "artifact", "config", "ended", "files", "history", "metric", "old_row", "output",
    "row", "run", "stats", "summary", "used", "write",
]  # fmt: skip

BEGIN = 1_700_000_000


def text(number: int, value: str) -> bytes:
    return length_to(number, value.encode()) if value else b""


def _leaves(value: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for key, one in value.items():
        if isinstance(one, dict) and one:
            yield from _leaves(one, (*above, key))
        else:
            yield (*above, key), one


def _nested(values: dict[str, Any]) -> list[bytes]:
    return [
        length_to(1, *(length_to(2, part.encode()) for part in path), text(16, json.dumps(value)))
        for path, value in _leaves(values)
    ]


def _flat(values: dict[str, Any], number: int = 1) -> list[bytes]:
    return [
        length_to(number, text(1, key), text(16, json.dumps(value)))
        for key, value in values.items()
    ]


def row(step: int, **values: Any) -> bytes:
    """Return a row of today: every part of a key by itself, the step beside them."""
    own = {"_step": step, "_timestamp": BEGIN + step + 0.5, "_runtime": step + 0.5}
    return length_to(2, *_nested({**values, **own}), length_to(2, varint_to(1, step)))


def old_row(step: int, **values: Any) -> bytes:
    """Return a row of 0.10: dictionaries as JSON, the step among the values."""
    own = {"_step": step, "_timestamp": BEGIN + step, "_runtime": step}
    return length_to(2, *_flat({**values, **own}))


def history(*rows: dict[str, Any]) -> list[bytes]:
    return [row(step, **values) for step, values in enumerate(rows)]


def summary(**values: Any) -> bytes:
    return length_to(3, *_flat(values))


def config(**values: Any) -> bytes:
    return length_to(5, *_flat(values))


def run(run_id: str = "abc", **more: Any) -> bytes:
    """Return what a run is."""
    numbers = {"entity": 2, "project": 3, "group": 6, "job_type": 7, "name": 8, "notes": 9}
    parts = [text(numbers[key], value) for key, value in more.items() if key in numbers]
    parts += [text(10, tag) for tag in more.get("tags", ())]
    parts.append(length_to(4, *_flat(more.get("config", {}))))
    started = length_to(17, varint_to(1, more.get("started", BEGIN)))
    return length_to(17, text(1, run_id), *parts, started)


def ended(code: int = 0) -> bytes:
    return length_to(18, varint_to(1, code) if code else b"", varint_to(2, 9))


def output(stream: int, said: str) -> bytes:
    return length_to(13, varint_to(1, 1) if stream == 1 else b"", text(3, said))


def stats(second: int, **values: Any) -> bytes:
    """Return a sample of the machine."""
    items = [
        length_to(3, text(1, key), text(16, json.dumps(value))) for key, value in values.items()
    ]
    return length_to(7, length_to(2, varint_to(1, BEGIN + second)), *items)


def files(*names: str) -> bytes:
    return length_to(6, *(length_to(1, text(1, name)) for name in names))


def metric(name: str, step: str = "", *ops: int) -> bytes:
    number = 2 if name.endswith("*") else 1
    said = [text(number, name), text(4, step)]
    if step:
        said.append(length_to(6, varint_to(1, 1)))
    return length_to(12, *said, length_to(7, *(varint_to(op, 1) for op in ops)))


def artifact(name: str, *entries: tuple[str, str, str], digest: str = "") -> bytes:
    """Return an artifact; an entry has path, digest and where its bytes are."""
    contents = [
        length_to(4, text(1, path), text(2, md5), varint_to(4, 3), text(6, local))
        for path, md5, local in entries
    ]
    return length_to(
        8, text(4, "data"), text(5, name), text(6, digest), text(11, "latest"),
        text(11, "best"), length_to(12, *contents),
    )  # fmt: skip


def used(name: str, kind: str = "data") -> bytes:
    """Return that an artifact was used."""
    return length_to(25, text(1, "QXJ0aWZhY3Q6MQ=="), text(2, kind), text(3, name))


def write(home: Path, *records: bytes, run_id: str = "abc", day: int = 1) -> Path:
    """Write the folder of a run; return it."""
    folder = home / f"offline-run-202401{day:02}_120000-{run_id}"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / f"run-{run_id}.wandb").write_bytes(pack_log(list(records)))
    return folder
