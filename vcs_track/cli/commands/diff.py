"""``vcs-track diff``: what changed between runs."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.diff import Diff, GroupDiff, Matrix
    from vcs_track.porcelain.repository import Repository

    Found = Diff | GroupDiff | Matrix

__all__ = ["command"]

_DIFFERENT: Final = 3
_TWO: Final = 2
_DEFAULT: Final = "the name of the runs"  # stands for a file that nobody named
_TOLERANCE: Final = re.compile(r"(?:(?P<name>.+)=)?(?P<limit>[^=]+)")


@dataclass(frozen=True, slots=True)
class _Way:
    """How it is to be shown."""

    stat: bool
    everything: bool
    markdown: bool
    page: str | None
    force: bool
    code: bool


@click.command("diff", short_help="Show what changed between runs")
@click.option(
    "--only", metavar="KINDS", multiple=True,
    help="Only these kinds of change, for example hparams,summary (can be repeated)",
)  # fmt: skip
@click.option(
    "--tag", "globs", metavar="GLOB", multiple=True,
    help="Of series, summary, media and texts only these tags (can be repeated)",
)  # fmt: skip
@click.option(
    "--tol", "tolerances", metavar="[NAME=]TOL", multiple=True,
    help="Numbers no further apart are equal: 1e-3, 0.5%, acc=0.5% (can be repeated)",
)  # fmt: skip
@click.option("--all", "everything", is_flag=True,
              help="Leave nothing out: long lists, ids, names and times too")  # fmt: skip
@click.option("--stat", is_flag=True, help="Show one line per kind of change")
@click.option(
    "--code",
    is_flag=True,
    help="Show how their code differs, as git does; added with --md and --html",
)
@click.option("--group", "groups", is_flag=True,
              help="A and B are groups or filters: compare means with spread")  # fmt: skip
@click.option("--md", "markdown", is_flag=True, help="Print Markdown, for a pull request")
@click.option("--html", "page", metavar="[FILE]", is_flag=False, flag_value=_DEFAULT,
              help="Write one HTML file, or to stdout for '-'. Default: diff-A-B.html")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace FILE when it exists")
@click.option("--exit-code", is_flag=True, help="Exit with 3 if the runs differ")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, only: tuple[str, ...], globs: tuple[str, ...], tolerances: tuple[str, ...],
    everything: bool, stat: bool, code: bool, groups: bool, markdown: bool, page: str | None,
    force: bool, exit_code: bool, runs: tuple[str, ...],
) -> int:  # fmt: skip
    """Show what changed between runs

    Two runs A B, also written A..B. One run is compared with the best run of the parent of its
    commit, else with the run before it. Of more than two, a table shows what varies. A run of
    a bundle is x.zip:RUN. On a terminal long lists show what tells most.

    Kinds are identity, hparam, summary, result, series, media, text, file, input, env,
    command, label and code.

    \b
    Example:  vcs-track diff @{-1} @ --only hparams,summary

    \b
    Exit codes: 0 shown, 1 the disk refuses FILE, 2 wrong usage, or FILE exists, 3 they differ
    (with --exit-code), 10 no repository, 11 no such run, 12 a run is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    way = _Way(stat, everything, markdown, page, force, code)
    _check(context, way, several=groups or len(runs) > _TWO)
    repo, sides = context.comparing(*runs)
    runs = tuple(sides)
    if code and not markdown and page is None:
        different = _code(context, repo, runs)
    else:
        kept = {
            "only": only or None, "tags": globs or None, "tol": _tolerance(tolerances),
            "everything": everything,
        }  # fmt: skip
        found = _found(context, repo, runs, groups=groups, kept=kept)
        _show(context, repo, found, way)
        different = bool(len(found))
    return _DIFFERENT if different and exit_code else 0


def _check(context: Context, way: _Way, *, several: bool) -> None:
    forms = {
        "--json": context.json, "--md": way.markdown, "--html": way.page is not None,
        "--stat": way.stat,
    }  # fmt: skip
    wanted = [name for name, on in forms.items() if on]
    if way.code and way.stat:
        wanted = ["--code", "--stat"]
    if way.code and several:
        raise click.UsageError("--code compares two runs")
    if len(wanted) > 1:
        raise click.UsageError(f"{wanted[0]} and {wanted[1]} do not go together")
    if way.page not in (None, _DEFAULT, "-") and not way.page.lower().endswith((".html", ".htm")):
        # '--html A B' takes A for the file.
        raise InvalidValueError(
            f"'{way.page}' is no name of an HTML file",
            hint="end it with .html, or write --html after the runs",
        )


def _tolerance(texts: tuple[str, ...]) -> dict[str, str] | None:
    found = {}
    for text in texts:
        match = _TOLERANCE.fullmatch(text)
        if match is None:
            raise InvalidValueError(
                f"'{text}' is no tolerance", hint="for example 1e-3, 0.5% or acc=0.5%"
            )
        found[match["name"] or "*"] = match["limit"]
    return found or None


def _found(
    context: Context, repo: Repository, runs: tuple[str, ...], *, groups: bool,
    kept: dict[str, Any],
) -> Found:  # fmt: skip
    if groups:
        if len(runs) != _TWO:
            raise click.UsageError(f"--group compares two groups of runs, got {len(runs)}")
        return repo.diff_groups(runs[0], runs[1], **kept)
    if not runs:
        raise click.UsageError("name runs, or two groups with --group")
    if len(runs) > _TWO:
        return repo.matrix(runs, **kept)
    pair = repo.pair(*runs)
    if pair.why:
        context.say(f"compared with {pair.old.id} '{pair.old.name}', {pair.why}")
    return repo.diff(pair.old, pair.new, **kept)


def _code(context: Context, repo: Repository, runs: tuple[str, ...]) -> bool:
    if not runs:
        raise click.UsageError("name one run, or two")
    old, new, why = repo.pair(*runs)
    if why:
        context.say(f"compared with {old.id} '{old.name}', {why}")
    if context.json:
        text = repo.code_diff(old, new).decode("utf-8", "replace")
        context.emit({"old": old.id, "new": new.id, "diff": text})
        return bool(text)
    text_bytes = repo.code_diff(old, new, colour=render.colours())
    if not text_bytes:
        context.say(f"the code of '{old.id}' and '{new.id}' is the same")
    sys.stdout.flush()
    sys.stdout.buffer.write(text_bytes)
    return bool(text_bytes)


# ---- showing ---------------------------------------------------------------------------


def _show(context: Context, repo: Repository, found: Found, way: _Way) -> None:
    if context.json:
        # A row of a table says nothing without the runs that its values are of.
        runs = {"runs": [run.id for run in found.runs]} if hasattr(found, "runs") else {}
        for change in found:
            context.emit({**runs, **change.to_dict()})
    elif way.markdown:
        _document(_markdown(found, _code_lines(repo, found, way)))
    elif way.page is not None:
        _write(context, _page(found, _code_lines(repo, found, way)), way, _sides(found))
        return
    elif not len(found):
        context.say(_nothing(found))
    else:
        _draw(context, found, way)
    for note in getattr(found, "notes", ()):
        if not way.markdown:
            context.say(f"warning: {note}")


def _sides(found: Found) -> list[str]:
    from vcs_track.porcelain.diff import GroupDiff, Matrix

    if isinstance(found, GroupDiff):
        return list(found.names)
    runs = found.runs if isinstance(found, Matrix) else (found.old, found.new)
    return [run.name or run.id for run in runs]


def _nothing(found: Found) -> str:
    from vcs_track.porcelain.diff import Diff

    sides = [f"'{side}'" for side in _sides(found)]
    if isinstance(found, Diff) and found.itself:
        return f"no differences: {sides[0]} is compared with itself"
    return f"no differences between {', '.join(sides[:-1])} and {sides[-1]}"


def _draw(context: Context, found: Found, way: _Way) -> None:
    from vcs_track.cli import diff_text, table_text
    from vcs_track.porcelain.diff import Diff, GroupDiff

    if isinstance(found, Diff):
        if way.stat:
            diff_text.draw_stat(found)
        else:
            diff_text.draw(found, everything=way.everything)
    elif way.stat:
        table_text.draw_stat(found)
    elif isinstance(found, GroupDiff):
        table_text.draw_groups(found, everything=way.everything)
    else:
        dropped = table_text.draw_matrix(found, everything=way.everything)
        if dropped:
            context.say(f"no room for {', '.join(dropped)}: widen the terminal, or see --html")


def _code_lines(repo: Repository, found: Found, way: _Way) -> list[str]:
    from vcs_track.porcelain.diff import Diff

    if not way.code or not isinstance(found, Diff):
        return []
    # Only a line feed ends a line of git.
    text = repo.code_diff(found.old, found.new).decode("utf-8", "replace")
    return text.removesuffix("\n").split("\n") if text else []


def _markdown(found: Found, code: list[str]) -> str:
    from vcs_track.pages import diff_markdown, table_markdown
    from vcs_track.porcelain.diff import GroupDiff, Matrix

    if isinstance(found, GroupDiff):
        return table_markdown.groups_markdown(found)
    if isinstance(found, Matrix):
        return table_markdown.matrix_markdown(found)
    return diff_markdown.diff_markdown(found, code=code)


def _page(found: Found, code: list[str]) -> str:
    from vcs_track.pages import diff_page, table_page
    from vcs_track.porcelain.diff import GroupDiff, Matrix

    if isinstance(found, GroupDiff):
        return table_page.groups_page(found)
    if isinstance(found, Matrix):
        return table_page.matrix_page(found)
    return diff_page.diff_page(found, code=code)


def _document(text: str) -> None:
    # A document is UTF-8 whatever the terminal is, and so is the file that a shell makes of it.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _write(context: Context, text: str, way: _Way, sides: list[str]) -> None:
    if way.page == "-":
        _document(text)
        return
    from vcs_track.porcelain.document import write_document

    name = _file_name(sides) if way.page == _DEFAULT else way.page
    path = context.folder / (name or "")
    write_document(path, text, force=way.force)
    context.print(str(path))
    context.say("open it in a browser; it needs no network")


def _file_name(sides: list[str]) -> str:
    words = [re.sub(r"[^\w.+-]+", "-", side).strip(".-")[:40] for side in sides[:_TWO]]
    more = f"-and-{len(sides) - _TWO}-more" if len(sides) > _TWO else ""
    return f"diff-{'-'.join(word or 'run' for word in words)}{more}.html"
