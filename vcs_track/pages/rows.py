"""What differs between two runs, change by change, as the rows of a table.

The terminal, Markdown and HTML say the same words; they differ in how they are set.
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.pages.human import change as relative, count, duration, number, pair, size, value
from vcs_track.porcelain.diff.changes import (
    CodeChange,
    EnvChange,
    LabelChange,
    MediaChange,
    SeriesChange,
    TextChange,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.porcelain.diff.changes import Blob, Change, CodeFile, Course

__all__ = [
    "TITLES",
    "Row",
    "name_of",
    "noun_of",
    "patches",
    "rows_of",
    "tell_ways",
    "telling",
    "text_of",
    "weight",
]  # fmt: skip

TITLES: Final = {
    "identity": "identity", "hparam": "hyperparameters", "summary": "summary",
    "result": "results", "series": "series", "media": "media", "text": "texts",
    "file": "files", "input": "inputs", "env": "environment", "command": "command",
    "label": "labels", "code": "code",
}  # fmt: skip

_NOUNS: Final = {
    "identity": "fact", "hparam": "hyperparameter", "summary": "value", "result": "result",
    "series": "series", "media": "media", "text": "text", "file": "file", "input": "input",
    "env": "fact", "command": "fact", "label": "label", "code": "file",
}  # fmt: skip
_UNCOUNTED: Final = ("series", "media")
_STATISTICS: Final = (("count", "points"), ("last", "last"), ("min", "min"), ("max", "max"))
_OTHERS: Final = (("mean", "mean"), ("first_step", "first step"), ("last_step", "last step"))
_DIRECTIONS: Final = {"up": "↑ up", "down": "↓ down"}
_SHORT: Final = 12  # of an id
_NO_TEXT: Final = "no text, or not here"
_PACKAGE: Final = "packages."
# How much a change tells that is no number: nearly as much as one that doubled a number.
_AS_MUCH: Final = 1.0


class Row(NamedTuple):
    """One line of what differs.

    Attributes:
        way: ``added``, ``removed`` or ``changed``.
        name: What it is called; empty where the row goes on with the one before.
        detail: Which of several values it compares.
        old: The value before.
        new: The value after.
        note: How far they are apart.
        verdict: ``better`` or ``worse``, or nothing.
    """

    way: str
    name: str
    detail: str = ""
    old: str = ""
    new: str = ""
    note: str = ""
    verdict: str = ""

    @property
    def remark(self) -> str:
        """The note and the verdict."""
        return f"{self.note} {self.verdict}".strip()


def noun_of(kind: str, many: int = 1) -> str:
    """Return what so *many* changes of *kind* are called.

    Example:
        >>> from vcs_track.pages.rows import noun_of
        >>> noun_of("code"), noun_of("code", 2), noun_of("series", 2)
        ('file', 'files', 'series')
    """
    return _NOUNS[kind] + ("" if many == 1 or kind in _UNCOUNTED else "s")


def name_of(kind: str, name: str) -> str:
    """Return what *name* is called where all around it is of its kind."""
    # Nearly all of an environment are packages.
    return name.removeprefix(_PACKAGE) if kind == "env" else name


def weight(change: Change) -> float:
    """Return how much *change* tells among those of its kind, 0 or more.

    Example:
        >>> from vcs_track.pages.rows import weight
        >>> from vcs_track.porcelain.diff import SummaryChange
        >>> weight(SummaryChange("loss", "changed", 2.0, 1.0))
        0.5
    """
    if isinstance(change, CodeChange):
        return float((change.added or 0) + (change.removed or 0))
    if isinstance(change, EnvChange):
        return 0.0 if change.name.startswith(_PACKAGE) else _AS_MUCH
    old, new = change.old, change.new
    if isinstance(change, SeriesChange) and change.way == "changed":
        old, new = old.last, new.last
    if not (_is_number(old) and _is_number(new)):
        return _AS_MUCH
    try:
        share = abs(float(new) - float(old)) / abs(float(old))
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return math.inf if math.isnan(share) else share


def telling(changes: Iterable[Change]) -> list[Change]:
    """Return changes, those that tell most first.

    First those that made something better or worse, each by how far it went.
    """
    return sorted(
        changes,
        key=lambda change: (getattr(change, "better", None) is not None, weight(change)),
        reverse=True,
    )


def tell_ways(changes: Sequence[Change]) -> str:
    """Return how many changes there are of each way, and which way they went.

    Example:
        >>> from vcs_track.pages.rows import tell_ways
        >>> from vcs_track.porcelain.diff import SummaryChange
        >>> tell_ways([SummaryChange("loss", "changed", 2.0, 1.0)])
        '1 changed (1 better)'
    """
    words = []
    for way in ("added", "removed", "changed"):
        some = [change for change in changes if change.way == way]
        if not some:
            continue
        verdicts = [_verdict(change) for change in some]
        told = [f"{verdicts.count(v):,} {v}" for v in ("better", "worse") if v in verdicts]
        words.append(f"{len(some):,} {way}" + (f" ({', '.join(told)})" if told else ""))
    text = ", ".join(words)
    files = [change for change in changes if isinstance(change, CodeChange)]
    if not files:
        return text
    added, removed = (sum(getattr(f, side) or 0 for f in files) for side in ("added", "removed"))
    return f"{text}, +{added:,} -{removed:,} lines"


def _is_number(x: object) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool)


def _verdict(change: Change) -> str:
    better = getattr(change, "better", None)
    return "" if better is None else "better" if better else "worse"


def text_of(kind: str, name: str, x: Any) -> str:
    """Return a value as a change of *kind* shows it.

    Args:
        kind: The kind of the change.
        name: The name of the change.
        x: Its old or its new value.

    Example:
        >>> from vcs_track.pages.rows import text_of
        >>> text_of("hparam", "lr", "0.1"), text_of("env", "python.version", "3.12")
        ("'0.1'", '3.12')
    """
    return _TEXTS.get(kind, _text)(name, x)


def _text(_name: str, x: Any) -> str:
    return value(x)


def _fact(name: str, x: Any) -> str:
    if name == "duration" and _is_number(x):
        return duration(x)
    # What is blank would look as if it was not there.
    text = x if isinstance(x, str) and x.strip() else value(x)
    return text[:_SHORT] if name == "commit" else text


def _words(_name: str, x: Any) -> str:
    words = isinstance(x, list | tuple) and x and all(isinstance(word, str) for word in x)
    return shlex.join(x) if words else value(x)


def _course(_name: str, x: Course) -> str:
    return f"{count(x.count, 'point')}, last {value(x.last)}"


def _blobs(_name: str, x: Sequence[Blob]) -> str:
    return _blob(_name, x[0]) if len(x) == 1 else count(len(x), "item")


def _blob(_name: str, x: Blob) -> str:
    return f"{x.oid.removeprefix('x1-')[:8]} {size(x.size)}"


def _file(_name: str, x: CodeFile | str) -> str:
    # Tables of many runs have the id of the whole tree.
    return x[:_SHORT] if isinstance(x, str) else x.blob[:8]


_TEXTS: Final[dict[str, Callable[[str, Any], str]]] = {
    "identity": _fact, "series": _course, "media": _blobs, "text": _blobs, "file": _blobs,
    "input": _blob, "env": _fact, "command": _words, "code": _file,
}  # fmt: skip


def patches(lines: Sequence[str]) -> list[list[str]]:
    """Return the lines of ``git diff`` file by file.

    Example:
        >>> from vcs_track.pages.rows import patches
        >>> patches(["diff --git a/x b/x", "+1", "diff --git a/y b/y", "-1"])
        [['diff --git a/x b/x', '+1'], ['diff --git a/y b/y', '-1']]
    """
    found: list[list[str]] = []
    for line in lines:
        # A line of a file has a sign or a blank before it.
        if not found or line.startswith("diff --git "):
            found.append([])
        found[-1].append(line)
    return found


# ---- rows ------------------------------------------------------------------------------


def rows_of(change: Change, *, look: bool = True) -> list[Row]:
    """Return the rows of one change, at least one.

    Args:
        change: What differs.
        look: Whether to read texts and images, for how many lines or pixels differ.

    Example:
        >>> from vcs_track.pages.rows import rows_of
        >>> from vcs_track.porcelain.diff import SummaryChange
        >>> (row,) = rows_of(SummaryChange("loss", "changed", 2.0, 1.0))
        >>> row.name, row.old, row.new, row.remark
        ('loss', '2.0', '1.0', '-50 % better')
    """
    if isinstance(change, SeriesChange) and change.way == "changed":
        return _series(change)
    if isinstance(change, CodeChange):
        return [Row(change.way, change.name, note=_code_note(change))]
    row = _valued(change)
    unread = not look and isinstance(change, TextChange | MediaChange)
    note = "" if unread else _note(change)
    return [row._replace(note=note) if note else row]


def _valued(change: Change) -> Row:
    name, kind = name_of(change.kind, change.name), change.kind
    old = "" if change.way == "added" else text_of(kind, change.name, change.old)
    new = "" if change.way == "removed" else text_of(kind, change.name, change.new)
    if change.way != "changed":
        return Row(change.way, name, old=old, new=new)
    if old == new:
        old, new = pair(change.old, change.new)
    # 1 and 1.0 differ, but not by a share.
    note = "" if change.old == change.new else relative(change.old, change.new)
    return Row(change.way, name, "", old, new, note, _verdict(change))


def _note(change: Change) -> str:
    """Return what is to be said of a change besides its values."""
    if isinstance(change, TextChange):
        counted = change.counts()
        return _NO_TEXT if counted is None else _lines(*counted)
    if isinstance(change, MediaChange):
        share = change.pixels() if _are_images(change) else None
        return "" if share is None else f"{_percent(share)} of pixels"
    if isinstance(change, EnvChange):
        return _DIRECTIONS.get(change.direction or "", "")
    if isinstance(change, LabelChange):
        return " ".join([f"+{tag}" for tag in change.gained] + [f"-{tag}" for tag in change.lost])
    return ""


def _are_images(change: MediaChange) -> bool:
    sides: list[tuple[Blob, ...]] = [change.old or (), change.new or ()]
    return all(len(side) == 1 and side[0].mime.startswith("image/") for side in sides)


def _percent(share: float) -> str:
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return f"{share * 100:.3g} %"


def _lines(added: int, removed: int) -> str:
    return f"+{added:,} -{removed:,} " + ("line" if added + removed == 1 else "lines")


def _code_note(change: CodeChange) -> str:
    if change.added is None or change.removed is None:
        note = _NO_TEXT
    else:
        note = _lines(change.added, change.removed)
    if change.way == "changed" and change.old.mode != change.new.mode:
        note = f"{note}, mode {change.old.mode} to {change.new.mode}"
    return note


def _series(change: SeriesChange) -> list[Row]:
    rows = [row for key, word in _STATISTICS if (row := _statistic(change, key, word))]
    if not rows:
        rows = [row for key, word in _OTHERS if (row := _statistic(change, key, word))]
    rows += _apart(change)
    if not rows:
        rows = [Row("changed", "", "points", "other points, equal statistics")]
    return [rows[0]._replace(name=change.name), *rows[1:]]


def _statistic(change: SeriesChange, key: str, word: str) -> Row | None:
    old, new = getattr(change.old, key), getattr(change.new, key)
    if repr(old) == repr(new):
        return None
    verdict = _verdict(change) if key == "last" else ""
    before, after = pair(old, new)
    note = "" if key == "count" else relative(old, new)
    return Row("changed", "", word, before, after, note, verdict)


def _apart(change: SeriesChange) -> list[Row]:
    words = [] if change.parts_at is None else [f"at step {change.parts_at:,}"]
    if change.gap:
        where = "" if change.gap_at is None else f" at step {change.gap_at:,}"
        words.append(f"gap {number(change.gap)}{where}")
    if change.area:
        words.append(f"area {number(change.area)}")
    return [Row("changed", "", "part", ", ".join(words))] if words else []
