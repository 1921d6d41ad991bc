"""A database that DeepBoard made, of any version, read with care.

What stands in it is taken for what a stranger wrote: a value of another type than its column
says is decoded, or given as nothing.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.foreign_table import ForeignTables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TABLES", "Database", "Experiment", "Item", "LogRow", "cell", "text", "whole"]

TABLES: Final = ("Logs", "Images", "Fragments", "Results")
_LONGEST: Final = 64 << 10  # characters of a fact
_LONGEST_NOTE: Final = 1 << 20
_LARGEST_CONFIG: Final = 16 << 20
_LEFTOVERS: Final = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
_SMALLEST: Final = 1e-30  # below are the small integers among the floats of four bytes
_LAST_US: Final = 253_402_300_800_000_000
_FACTS: Final = (
    "experiment", "config", "config_hash", "cli", "command", "comment", "note", "tag", "color",
    "start", "status", "commit_hash",
)  # fmt: skip


def text(value: Any, most: int = _LONGEST) -> str | None:
    """Return *value* as text of at most *most* characters; None stays None."""
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value[: 4 * most].decode("utf-8", "replace")
    found = value if isinstance(value, str) else str(value)
    return found if len(found) <= most else found[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def whole(value: Any) -> int | None:
    """Return a whole number of 64 bits, or None.

    Bytes that numpy left of one are decoded.

    Example:
        >>> from vcs_track.compat.deepboard.database import whole
        >>> whole(7), whole((7).to_bytes(8, "little")), whole(7.0), whole(1.5), whole("x")
        (7, 7, 7, None, None)
    """
    if isinstance(value, bytes) and len(value) in _LEFTOVERS:
        value = struct.unpack(_LEFTOVERS[len(value)], value)[0]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def cell(value: Any) -> Any:
    """Return the value of a hyperparameter or a result.

    Bytes of a number of numpy are the number; four of them are a float, unless it would be so
    small that they are more likely an integer.
    """
    if isinstance(value, str):
        return text(value, _LONGEST_NOTE)
    if isinstance(value, bytes):
        if len(value) == 1 and value in (b"\0", b"\1"):
            return value == b"\1"
        if len(value) == 4:
            (number,) = struct.unpack("<f", value)
            if number == 0 or not math.isfinite(number) or abs(number) > _SMALLEST:
                return number
        return value if len(value) not in (4, 8) else whole(value)
    return value


@dataclass(frozen=True, slots=True)
class Experiment:
    """A row of the table Experiments.

    Attributes:
        number: Number of the run.
        facts: Its texts by column, None where there is none.
        diff: How the code differed, or None.
        hidden: Whether it is hidden.
    """

    number: int
    facts: dict[str, str | None]
    diff: str | None
    hidden: bool

    @property
    def start_us(self) -> int | None:
        """The start in microseconds since 1970 UTC, or None if it is no time."""
        try:
            moment = datetime.fromisoformat(self.facts["start"] or "")
            found = round(moment.timestamp() * 1e6)
        except (ValueError, OverflowError, OSError):
            return None
        return found if 0 <= found < _LAST_US else None


class LogRow(NamedTuple):
    """A row of the table Logs as it is, and what it means."""

    raw: tuple[Any, ...]
    step: int | None
    epoch: float | None
    tag: str
    value: float | None
    wall: float
    repetition: int | None


class Item(NamedTuple):
    """A row of the tables Images and Fragments."""

    kind: str
    step: int
    epoch: float | None
    repetition: int
    tag: str | None
    content: Any


class Database:
    """A database that DeepBoard made.

    Args:
        path: The file. Nothing in it is changed.

    Raises:
        InvalidValueError: If there is none, or DeepBoard did not make it.
        CorruptError: If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tables = ForeignTables(path)
        known = self.tables.columns.get("Experiments", [])
        if not {"run_id", "experiment", "start"} <= set(known):
            self.close()
            raise InvalidValueError(
                f"'{path}' is no database of DeepBoard",
                hint="a zip of runs is taken in with 'vcs-track import ZIP'",
            )

    def close(self) -> None:
        """Close the file."""
        self.tables.__exit__()

    def experiments(self) -> Iterator[Experiment]:
        """Yield the runs, in the order of their numbers."""
        names = ("run_id", "hidden", "diff", *_FACTS)
        for number, hidden, diff, *facts in self.tables.rows(
            "Experiments", names, order=("run_id",)
        ):
            if type(number) is int:
                told = {name: text(fact) for name, fact in zip(_FACTS, facts, strict=True)}
                yield Experiment(number, told, text(diff, _LARGEST_CONFIG), bool(hidden))

    def ends(self, table: str) -> dict[Any, tuple[int, int]]:
        """Return rows and last id of each run in *table*."""
        return self.tables.ends(table, "run_id", "id_")

    def logs(self) -> Iterator[tuple[int, int, LogRow]]:
        """Yield all points with run and id, by run and repetition."""
        names = ("epoch", "step", "split", "label", "value", "wall_time", "run_rep")
        order = ("run_id", "run_rep", "id_")
        for run, id_, *raw in self.tables.rows("Logs", ("run_id", "id_", *names), order=order):
            if type(run) is int and type(id_) is int:
                yield run, id_, _log_row(tuple(raw))

    def items(self, table: str, run: int, ids: list[int]) -> Iterator[Item]:
        """Yield rows of *table*, one at a time: images are large."""
        kind, content = ("img_type", "image") if table == "Images" else (
            "fragment_type", "fragment"
        )  # fmt: skip
        there = self.tables.columns.get(table, [])
        tag = "tag" if "tag" in there else "split"  # its name until 0.2
        names = (kind, "step", "epoch", "run_rep", tag, content)
        kinds = {"PLOT": "figure", "HTML": "fragment"}
        for id_ in ids:
            for row in self.tables.rows(table, names, {"id_": id_, "run_id": run}, blobs=True):
                yield Item(
                    kinds.get(str(row[0]), "image" if table == "Images" else "text"),
                    whole(row[1]) or 0, _epoch(row[2]), _repetition(row[3]) or 0,
                    text(row[4], 250), row[5],
                )  # fmt: skip

    def ids(self, table: str) -> dict[int, list[int]]:
        """Return the ids of the rows of *table*, by run."""
        found: dict[int, list[int]] = {}
        for run, id_ in self.tables.rows(table, ("run_id", "id_"), order=("id_",)):
            if type(run) is int and type(id_) is int:
                found.setdefault(run, []).append(id_)
        return found

    def results(self) -> dict[int, list[tuple[int, str, Any, bool]]]:
        """Return id, name, value and kind of all values, by run."""
        found: dict[int, list[tuple[int, str, Any, bool]]] = {}
        names = ("run_id", "id_", "metric", "value", "is_hparam")
        for run, id_, name, value, is_hparam in self.tables.rows("Results", names, order=("id_",)):
            if type(run) is int and type(id_) is int and name is not None:
                row = (id_, text(name, 250) or "", cell(value), bool(is_hparam))
                found.setdefault(run, []).append(row)
        return found

    def config(self, run: Experiment) -> bytes | None:
        """Return the configuration of a run, or None.

        It stands in a table, or in a copy beside the database.
        """
        for (content,) in self.tables.rows(
            "ConfigFile", ("file_content",), {"run_id": run.number}
        ):
            if content is not None:
                return content if isinstance(content, bytes) else str(content).encode()
        suffix = (run.facts["config"] or "").rpartition(".")[2]
        if not suffix.isalnum():
            return None
        copy = self.path.absolute().parent / "configs" / f"{run.number}.{suffix}"
        if not copy.is_file() or copy.stat().st_size > _LARGEST_CONFIG:
            return None
        return fsio.read(copy)

    def columns(self) -> list[tuple[str, int | None, str, bool]]:
        """Return name, place, heading and kind of the columns."""
        names = ("Name", "display_order", "alias", "is_hparam")
        return [
            (str(text(name, 250)), whole(order), str(text(alias, 250)), bool(kind))
            for name, order, alias, kind in self.tables.rows("ResultDisplay", names)
            if name is not None and alias is not None
        ]

    def unique_columns(self) -> list[str]:
        """Return the names of the columns that tell runs apart; empty before 0.3."""
        for (value,) in self.tables.rows("Meta", ("value",), {"key": "unique_columns"}):
            return [name.strip() for name in str(value).split(",") if name.strip()]
        return []


def _log_row(raw: tuple[Any, ...]) -> LogRow:
    epoch, step, split, label, value, wall, repetition = raw
    first, second = text(split) or "", text(label) or ""
    tag = f"{first}/{second}" if first else second
    wall = float(wall) if isinstance(wall, int | float) and math.isfinite(wall) else 0.0
    number = math.nan if value is None else _number(value)
    return LogRow(raw, whole(step), _epoch(epoch), tag, number, wall, _repetition(repetition))


def _number(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    found = whole(value)
    return None if found is None else float(found)


def _epoch(value: Any) -> float | None:
    found = whole(value)
    if found is None and isinstance(value, float) and math.isfinite(value):
        return value
    return found


def _repetition(value: Any) -> int | None:
    found = whole(value)
    return found if found is not None and 0 <= found < 2**31 else None
