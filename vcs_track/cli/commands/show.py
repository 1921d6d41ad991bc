"""``vcs-track show``: all that is known of a run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_SPARK: Final = 16
_MEDIA: Final = 20
_STATISTICS: Final = ("first", "min", "max", "mean", "last")
_LABELS: Final = ("name", "status", "notes", "tags", "color", "project", "group", "job_type",
                  "results", "summary_set")  # fmt: skip


@click.command("show", short_help="Show all that is known of a run")
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.pass_obj
def command(context: Context, run: str) -> None:
    """Show all that is known of a run

    RUN is an id, a unique prefix of one, a name, '@' (the newest), '@{-1}' (the one before),
    'RUN@{1}' (one edit ago), 'git:REV' (the newest run of a commit) or 'x.zip:RUN' (one of a
    bundle, which is read where it is).

    \b
    Example:  vcs-track show @

    \b
    Exit codes: 0 shown, 10 no repository, 11 no such run, 12 it is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo, (run,) = context.reading(run)
    view = repo.run(run)
    if context.json:
        context.emit(_row(view))
        return
    from vcs_track.porcelain.values import flatten

    _head(view)
    _error(view)
    _mapping("hyperparameters", flatten(view.hparams))
    _mapping("summary", view.summary)
    _mapping("results", view.results)
    _series(view)
    _media(view)
    _facts("git", view.git)
    _environment(view)
    _command(view)
    _inputs(view)
    _gaps(view)
    _history(view)


def _row(run: RunView) -> dict[str, Any]:
    return {
        **run.to_dict(),
        "series": {tag: run.series(tag).stats for tag in run.series_tags},
        "media": [item.to_dict() for item in run.media()],
        "env": run.env,
        "history": [
            {"time": state.time_us / 1e6, "status": state.status, "changed": changed}
            for state, changed in _states(run)
        ],
    }


def _head(run: RunView) -> None:
    render.line(
        Cell(f"run {run.id} ", "yellow"), Cell(run.name, "bold"), "  ", render.status(run.status)
    )
    m = run.manifest
    created = run.created.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    fields = {
        "created": f"{created} ({render.ago(run.created)})",
        "duration": render.duration(run.duration), "project": m.project, "group": m.group,
        "job type": m.job_type, "tags": ", ".join(run.tags), "color": m.color, "note": m.notes,
        "exit": _exit(run),
    }  # fmt: skip
    _pairs({name: text for name, text in fields.items() if text})


def _exit(run: RunView) -> str:
    facts = {key: value for key, value in (run.manifest.exit or {}).items() if key != "error"}
    return render.settings({key: value for key, value in facts.items() if value is not None})


def _error(run: RunView) -> None:
    error = (run.manifest.exit or {}).get("error")
    if error:
        _title("error")
        render.lines(str(error), indent="  ", style="red")


def _pairs(fields: Mapping[str, str | None]) -> None:
    wide = max(map(render.width_of, map(render.visible, fields)), default=0)
    wide = min(wide, max(8, render.room() // 2))
    for name, text in fields.items():
        label = render.cut(render.visible(name), wide)
        pad = " " * (wide - render.width_of(label))
        render.line("  ", Cell(label, "dim"), f"{pad}  ", text or "")


def _title(title: str, more: str = "") -> None:
    render.line()
    render.line(Cell(title, "bold"), Cell(more, "dim"))


def _mapping(title: str, values: Mapping[str, Any]) -> None:
    if values:
        _title(title)
        _pairs({name: render.value(value) for name, value in values.items()})


def _facts(title: str, values: Mapping[str, Any]) -> None:
    """Write what is known; text as it is, for nobody doubts its type."""
    known = {name: value for name, value in values.items() if value not in (None, [], {})}
    if known:
        _title(title)
        _pairs({k: v if isinstance(v, str) else render.value(v) for k, v in known.items()})


def _series(run: RunView) -> None:
    if not run.series_tags:
        return
    _title("series", f" ({len(run.series_tags):,})")
    columns = [
        Column("TAG", least=8), Column("POINTS", right=True, rank=5),
        Column("STEPS", right=True, rank=7),
        *(Column(name.upper(), right=True, rank=rank)
          for name, rank in zip(_STATISTICS, (9, 3, 4, 8, 1), strict=True)),
        Column("TREND", style="cyan", rank=2),
    ]  # fmt: skip
    rows = []
    for tag in run.series_tags:
        series = run.series(tag)
        stats = series.stats
        rows.append([
            tag, f"{stats['count']:,}", f"{stats['lo']}..{stats['hi']}",
            *("-" if stats[name] is None else render.value(stats[name]) for name in _STATISTICS),
            render.spark(series, _SPARK),
        ])  # fmt: skip
    render.table(columns, rows, indent="  ")


def _media(run: RunView) -> None:
    media = run.media()
    if not media:
        return
    total = sum(item.size for item in media)
    _title("media", f" ({len(media):,}, {render.size(total)})")
    columns = [
        Column("KIND"), Column("NAME", least=8), Column("STEP", right=True, rank=1),
        Column("SIZE", right=True, rank=2), Column("TYPE", least=6, rank=4),
        Column("OBJECT", style="yellow", rank=3),
    ]  # fmt: skip
    rows = [
        (item.kind, item.name or item.tag or "-", "-" if item.step is None else str(item.step),
         render.size(item.size) if item.redacted is None else "redacted", item.mime, item.oid[:12])
        for item in media[:_MEDIA]
    ]  # fmt: skip
    render.table(columns, rows, indent="  ")
    if len(media) > _MEDIA:
        render.line(f"  and {len(media) - _MEDIA:,} more")


def _environment(run: RunView) -> None:
    env = dict(run.env)
    if env.get("packages"):
        env["packages"] = f"{render.count(len(env['packages']), 'package')} (names with --json)"
    if env.get("memory"):
        env["memory"] = render.size(env["memory"])
    if isinstance(env.get("python"), dict):
        env["python"] = f"{env['python'].get('implementation')} {env['python'].get('version')}"
    variables = env.pop("variables", None)
    _facts("environment", env)
    _facts("environment variables", variables or {})


def _command(run: RunView) -> None:
    argv = run.command.get("argv")
    if not argv:
        return
    folder = run.command.get("cwd")
    if again := run.command.get("rerun_of"):
        _title("repeats", f" run {again}")
    _title("command", f" (in {folder})" if folder and folder != "." else "")
    render.line("  ", shlex.join(map(str, argv)))


def _inputs(run: RunView) -> None:
    if not run.inputs:
        return
    _title("inputs", f" ({len(run.inputs):,})")
    columns = [
        Column("NAME", least=8), Column("SIZE", right=True, rank=1),
        Column("FILES", right=True, rank=2), Column("OBJECT", style="yellow", rank=3),
    ]  # fmt: skip
    rows = [
        (one.name, render.size(one.size), "-" if one.files is None else f"{one.files:,}",
         one.oid[:12])
        for one in run.inputs
    ]  # fmt: skip
    render.table(columns, rows, indent="  ")


def _gaps(run: RunView) -> None:
    if run.manifest.gaps:
        _title("gaps", " (what could not be recorded)")
        for gap in run.manifest.gaps:
            render.line("  ", render.settings(dict(gap)))


# ---- history ---------------------------------------------------------------------------


def _states(run: RunView) -> list[tuple[Any, list[str]]]:
    """Return the states, newest first, each with the fields that it changed."""
    states = run.history
    olders: Sequence[Any] = [*states[1:], None][: len(states)]
    return [
        (new, [] if old is None else [f for f in _LABELS if getattr(new, f) != getattr(old, f)])
        for new, old in zip(states, olders, strict=True)
    ]


def _history(run: RunView) -> None:
    from datetime import UTC, datetime

    states = _states(run)
    if len(states) < 2:
        return
    _title("history", " (show an older state with RUN@{n})")
    for place, (state, changed) in enumerate(states):
        when = datetime.fromtimestamp(state.time_us / 1e6, UTC)
        what = f"changed {', '.join(changed)}" if changed else state.status
        _pairs({f"@{{{place}}}": f"{render.ago(when)}, {what}"})
