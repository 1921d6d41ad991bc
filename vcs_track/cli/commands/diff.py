"""``vcs-track diff``: what changed between runs."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.cli.render import Cell, Column
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.diff import Change, Diff, GroupDiff, Matrix
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_DIFFERENT: Final = 3
_PAIR: Final = 2
_NUMBER: Final = 13  # columns of the longest number: one that is cut would be another
_TITLES: Final = {
    "identity": "run", "hparam": "hyperparameters", "summary": "summary", "result": "results",
    "series": "series", "media": "media", "text": "texts", "file": "files",
    "input": "inputs", "env": "environment", "command": "command", "label": "labels", "code": "code",
}  # fmt: skip
_MARKS: Final = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_STATISTICS: Final = (("count", "points"), ("last", "last"), ("min", "min"), ("max", "max"),
                      ("mean", "mean"))  # fmt: skip


@click.command("diff", short_help="Show what changed between runs")
@click.option(
    "--only",
    metavar="KINDS",
    multiple=True,
    help="Only these kinds of change, for example hparams,summary (can be repeated)",
)
@click.option(
    "--tag",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Of series, summary and media only these tags (can be repeated)",
)
@click.option(
    "--tol",
    metavar="[NAME=]NUMBER",
    multiple=True,
    help="Numbers this near are the same: 1e-3, 0.5%, acc=0.5% (can be repeated)",
)
@click.option("--all", "everything", is_flag=True, help="Also what no two runs share: id, times")
@click.option(
    "--group",
    "groups",
    metavar="A B",
    nargs=2,
    help="Compare two groups of runs, or two filters: means with spread",
)
@click.option("--code", is_flag=True, help="Show how their code differs, as git does")
@click.option("--stat", is_flag=True, help="Show one line per kind of change")
@click.option("--exit-code", is_flag=True, help="Exit with 3 if the runs differ")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, only: tuple[str, ...], globs: tuple[str, ...], tol: tuple[str, ...],
    everything: bool, groups: tuple[str, str] | None, code: bool, stat: bool, exit_code: bool,
    runs: tuple[str, ...],
) -> int:  # fmt: skip
    """Show what changed between runs

    Two runs OLD NEW, or OLD..NEW. One run is compared with the best run of the parent of its
    commit, else with the run before it. More than two give a table of what varies. A run of a
    bundle is x.zip:RUN. --code shows the lines of code that differ, changes that were never
    committed included. Kinds are identity, hparam, summary, result, series, media, text, file,
    input, env, command, label and code.

    \b
    Example:  vcs-track diff @{-1} @ --only hparams,summary

    \b
    Exit codes: 0 shown, 2 wrong usage, 3 they differ (with --exit-code), 10 no repository,
    11 no such run, 12 a run or a bundle is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    how: dict[str, Any] = {
        "only": only or None, "tags": globs or None, "tol": _tolerance(tol),
        "everything": everything,
    }  # fmt: skip
    if bool(groups) == bool(runs):
        raise click.UsageError("name runs, or two groups with --group")
    repo, sides = context.comparing(*runs)
    if groups:
        different = _groups_of(context, repo.diff_groups(*groups, **how))
    elif len(sides) > _PAIR:
        different = _matrix_of(context, repo.matrix(sides, **how))
    else:
        pair = repo.pair(*sides)
        if pair.why:
            context.say(f"compared with {pair.why}: {pair.old.id} '{pair.old.name}'")
        if code:
            different = _code(context, repo, pair.old, pair.new)
        else:
            different = _diff_of(context, repo.diff(pair.old, pair.new, **how), stat=stat)
    return _DIFFERENT if different and exit_code else 0


def _tolerance(words: tuple[str, ...]) -> dict[str, float | str] | None:
    """Return tolerances by name, as a repository takes them."""
    found: dict[str, float | str] = {}
    for word in words:
        name, sign, number = word.rpartition("=")
        if sign and not name:
            raise InvalidValueError(f"tolerance '{word}' has no name", hint="write acc=0.5%")
        found[name or "*"] = number
    return found or None


def _diff_of(context: Context, diff: Diff, *, stat: bool) -> bool:
    for note in diff.notes:
        context.say(f"note: {note}")
    if context.json:
        for change in diff:
            context.emit(change.to_dict())
    elif not diff:
        context.say(_no_difference(diff))
    else:
        render.line(Cell(f"--- {diff.old.id} ", "red"), Cell(diff.old.name, "bold"))
        render.line(Cell(f"+++ {diff.new.id} ", "green"), Cell(diff.new.name, "bold"))
        _stat(diff) if stat else _groups(diff)
    return bool(diff)


def _no_difference(diff: Diff) -> str:
    if diff.itself:
        return f"'{diff.old.id}' is compared with itself: no differences"
    return f"no differences between '{diff.old.id}' and '{diff.new.id}'"


def _groups_of(context: Context, diff: GroupDiff) -> bool:
    for note in diff.notes:
        context.say(f"note: {note}")
    if context.json:
        for change in diff:
            context.emit(change.to_dict())
    elif not diff:
        context.say(f"no differences between '{diff.names[0]}' and '{diff.names[1]}'")
    else:
        from vcs_track.cli.diff_many import draw_groups

        draw_groups(diff)
    return bool(diff)


def _matrix_of(context: Context, matrix: Matrix) -> bool:
    if context.json:
        ids = [run.id for run in matrix.runs]
        for row in matrix:
            context.emit({"runs": ids, **row.to_dict()})
    elif not matrix:
        context.say(f"nothing varies between {len(matrix.runs)} runs")
    else:
        from vcs_track.cli.diff_many import draw_matrix

        draw_matrix(matrix)
    return bool(matrix)


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


# ---- painting --------------------------------------------------------------------------


def _stat(changes: Sequence[Change]) -> None:
    rows = []
    for kind, group in groupby(changes, key=lambda change: change.kind):
        ways = Counter(str(change.way) for change in group)
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
    from vcs_track.cli.diff_many import cell

    if change.kind == "series":
        return _series(change)
    way = change.way
    if change.kind in ("media", "text", "file", "input", "code"):
        return [_Row(way, change.name, cell(change.old), cell(change.new))]
    if way != "changed":
        old, new = ("" if x is None else render.value(x) for x in (change.old, change.new))
        return [_Row(way, change.name, old, new)]
    return [
        _Row(way, change.name, *render.pair(change.old, change.new),
             render.change(change.old, change.new))
    ]  # fmt: skip


def _series(change: Change) -> list[_Row]:
    """Show the statistics that are not the same; there may be none."""
    from vcs_track.cli.diff_many import cell

    way = change.way
    if way != "changed":
        return [_Row(way, change.name, cell(change.old), cell(change.new))]
    rows: list[_Row] = []
    for key, name in _STATISTICS:
        old, new = getattr(change.old, key), getattr(change.new, key)
        if repr(old) != repr(new):
            texts, relative = render.pair(old, new), render.change(old, new)
            rows.append(_Row(way, change.name, *texts, relative, name, begins=not rows))
    return rows or [_Row(way, change.name, "other points, equal statistics", "")]
