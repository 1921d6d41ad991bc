"""``vcs-track diff``: what changed between two runs."""

from __future__ import annotations

import sys
from collections import Counter
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.cli.render import Cell, Column
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.diff import Change
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_DIFFERENT: Final = 3
_NUMBER: Final = 13  # columns of the longest number: one that is cut would be another
_TAGGED: Final = ("summary", "series", "media", "text")
_TITLES: Final = {
    "hparam": "hyperparameters", "summary": "summary", "result": "results",
    "series": "series", "media": "media", "text": "texts", "file": "files",
    "input": "inputs", "env": "environment", "command": "command", "note": "labels",
}  # fmt: skip
_MARKS: Final = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_STATISTICS: Final = (("count", "points"), ("last", "last"), ("min", "min"), ("max", "max"),
                      ("mean", "mean"))  # fmt: skip


@click.command("diff", short_help="Show what changed between two runs")
@click.option(
    "--only",
    metavar="KINDS",
    multiple=True,
    help="Only these kinds of change, for example hparam,summary (can be repeated)",
)
@click.option(
    "--tag",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Of series, summary and media only these tags (can be repeated)",
)
@click.option("--code", is_flag=True, help="Show how their code differs, as git does")
@click.option("--stat", is_flag=True, help="Show one line per kind of change")
@click.option("--exit-code", is_flag=True, help="Exit with 3 if the runs differ")
@json_option
@quiet_option
@click.argument("runs", metavar="OLD NEW", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, only: tuple[str, ...], globs: tuple[str, ...], code: bool, stat: bool,
    exit_code: bool, runs: tuple[str, ...],
) -> int:  # fmt: skip
    """Show what changed between two runs

    OLD..NEW is accepted too. --code shows the lines of code that differ, changes that were never
    committed included. Kinds are hparam, summary, result, series, media, text, file,
    input, env, command and note.

    \b
    Example:  vcs-track diff @{-1} @ --only hparam,summary

    \b
    Exit codes: 0 shown, 2 wrong usage, 3 they differ (with --exit-code), 10 no repository,
    11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    kinds = _kinds(only)
    repo = context.repository()
    sides = _sides(runs)
    old, new = (repo.run(side) for side in sides)
    if code:
        different = _code(context, repo, old, new)
        return _DIFFERENT if different and exit_code else 0
    changes = [c for c in repo.diff(old, new) if _wanted(c, kinds, globs)]
    if context.json:
        for change in changes:
            context.emit(change.to_dict())
    elif not changes:
        context.say(f"no differences between '{sides[0]}' and '{sides[1]}'")
    else:
        render.line(Cell(f"--- {old.id} ", "red"), Cell(old.name, "bold"))
        render.line(Cell(f"+++ {new.id} ", "green"), Cell(new.name, "bold"))
        _stat(changes) if stat else _groups(changes)
    return _DIFFERENT if changes and exit_code else 0


def _code(context: Context, repo: Repository, old: RunView, new: RunView) -> bool:
    if context.json:
        text = repo.code_diff(old, new).decode("utf-8", "replace")
        context.emit({"old": old.id, "new": new.id, "diff": text})
        return bool(text)
    text_bytes = repo.code_diff(old, new, colour=sys.stdout.isatty())
    if not text_bytes:
        context.say(f"the code of '{old.id}' and '{new.id}' is the same")
    sys.stdout.flush()
    sys.stdout.buffer.write(text_bytes)
    return bool(text_bytes)


def _sides(runs: tuple[str, ...]) -> tuple[str, str]:
    if len(runs) == 1 and ".." in runs[0]:
        old, _, new = runs[0].partition("..")
        return old or "@", new or "@"
    if len(runs) != 2:
        raise click.UsageError(f"two runs are compared, got {len(runs)}")
    return runs[0], runs[1]


def _kinds(only: tuple[str, ...]) -> set[str]:
    from vcs_track.porcelain.diff import KINDS

    kinds = {word.strip() for words in only for word in words.split(",") if word.strip()}
    for kind in sorted(kinds - set(KINDS)):
        from vcs_track.porcelain.near import did_you_mean

        near = did_you_mean(kind, KINDS)
        hint = near if near.startswith("did") else f"kinds are {', '.join(KINDS)}"
        raise InvalidValueError(f"there is no kind of change '{kind}'", hint=hint)
    return kinds


def _wanted(change: Change, kinds: set[str], globs: tuple[str, ...]) -> bool:
    if kinds and change.kind not in kinds:
        return False
    if not globs or change.kind not in _TAGGED:
        return True
    tag = change.name.partition(" @ ")[0]
    return any(fnmatchcase(tag, glob) for glob in globs)


# ---- painting --------------------------------------------------------------------------


def _way(change: Change) -> str:
    if change.old is None:
        return "added"
    return "removed" if change.new is None else "changed"


def _stat(changes: Sequence[Change]) -> None:
    rows = []
    for kind, group in groupby(changes, key=lambda change: change.kind):
        ways = Counter(map(_way, group))
        text = ", ".join(f"{ways[way]:,} {way}" for way in _MARKS if ways[way])
        rows.append((_TITLES[kind], text))
    columns = [Column("", least=6), Column("", least=8)]
    render.table(columns, rows, indent="  ", heading=False)


def _groups(changes: Sequence[Change]) -> None:
    for kind, group in groupby(changes, key=lambda change: change.kind):
        rows = [row for change in group for row in _rows(change)]
        detailed = any(row.detail for row in rows)
        columns = [
            Column(""), Column("", least=6), *[Column("", style="dim")] * detailed,
            Column("", least=_NUMBER), Column("", rank=1), Column("", least=_NUMBER),
            Column("", right=True, rank=2),
        ]  # fmt: skip
        render.line()
        render.line(Cell(_TITLES[kind], "bold"))
        render.table(columns, [row.cells(detailed=detailed) for row in rows], heading=False)


class _Row(NamedTuple):
    """One line; *detail* says which of several values it compares."""

    way: str
    name: str
    old: str
    new: str
    relative: str = ""
    detail: str = ""
    begins: bool = True

    def cells(self, *, detailed: bool) -> list[Cell | str]:
        mark, style = _MARKS[self.way]
        head = [Cell(mark, style), Cell(self.name, style if self.way != "changed" else "")]
        return [
            *(head if self.begins else ("", "")),
            *[self.detail] * detailed,
            Cell(self.old, "red"), "->" if self.way == "changed" and self.new else "",
            Cell(self.new, "green"), self.relative,
        ]  # fmt: skip


def _rows(change: Change) -> list[_Row]:
    if change.kind == "series":
        return _series(change)
    way = _way(change)
    if change.kind in ("media", "text", "file", "input"):
        return [_Row(way, change.name, _blob(change.old), _blob(change.new))]
    if way != "changed":
        old, new = ("" if x is None else render.value(x) for x in (change.old, change.new))
        return [_Row(way, change.name, old, new)]
    return [
        _Row(way, change.name, *render.pair(change.old, change.new),
             render.change(change.old, change.new))
    ]  # fmt: skip


def _blob(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return render.count(len(value), "item")
    return f"{value['oid'].removeprefix('x1-')[:8]} {render.size(value['size'])}"


def _series(change: Change) -> list[_Row]:
    """Show the statistics that are not the same; there may be none."""
    way = _way(change)
    if way != "changed":
        return [_Row(way, change.name, _course(change.old), _course(change.new))]
    rows: list[_Row] = []
    for key, name in _STATISTICS:
        old, new = change.old[key], change.new[key]
        if repr(old) != repr(new):
            texts, relative = render.pair(old, new), render.change(old, new)
            rows.append(_Row(way, change.name, *texts, relative, name, begins=not rows))
    return rows or [_Row(way, change.name, "other points, equal statistics", "")]


def _course(stats: Mapping[str, Any] | None) -> str:
    if stats is None:
        return ""
    return f"{render.count(stats['count'], 'point')}, last {render.value(stats['last'])}"
