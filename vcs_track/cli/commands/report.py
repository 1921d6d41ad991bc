"""``vcs-track report``: what a branch changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.report import BranchReport

__all__ = ["command"]


@click.command("report", short_help="Show what a branch changes, for a pull request")
@click.option(
    "--base", metavar="REV",
    help="What the branch goes to. Default: origin/HEAD, else main or master",
)  # fmt: skip
@click.option(
    "--run", "run", metavar="RUN", type=RUN,
    help="The run of the branch. Default: the newest finished one of the code of HEAD",
)  # fmt: skip
@click.option(
    "--check", "conditions", metavar="CONDITION", multiple=True,
    help="A condition, as of 'vcs-track check' (can be repeated)",
)  # fmt: skip
@where_option
@click.option("--no-base-ok", is_flag=True, help="Report on the run alone where there is no base")
@click.option("--md", "markdown", is_flag=True, help="Print Markdown. This is the default")
@click.option("--html", "page", metavar="FILE", help="Write one HTML file, or to stdout for '-'")
@click.option("--force", is_flag=True, help="Replace FILE when it exists")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if a condition fails")
@json_option
@quiet_option
@click.pass_obj
def command(
    context: Context, base: str | None, run: str | None, conditions: tuple[str, ...],
    where: str | None, no_base_ok: bool, markdown: bool, page: str | None, force: bool,
    exit_code: bool,
) -> int:  # fmt: skip
    """Show what a branch changes, for a pull request

    The run of HEAD beside its base: the best finished run where the branch began, or of the
    nearest commit before that has one. Conditions, numbers, hyperparameters, curves and files
    of the code on one screen of Markdown, all else folded below. It only prints: a CI service
    or a person puts the text where it belongs.

    \b
    Example:  vcs-track report --base origin/main --check "summary.val_acc >= base - 0.5%" --md

    \b
    Exit codes: 0 shown, 1 git or the disk refused, or a condition fails (with --exit-code), 2
    wrong condition or usage, or FILE exists, 10 no repository, 11 no run, or no base run, 12 a
    run is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    wanted = [
        name for name, on in (("--md", markdown), ("--html", page), ("--json", context.json)) if on
    ]  # fmt: skip
    if len(wanted) > 1:
        raise click.UsageError(f"{wanted[0]} and {wanted[1]} do not go together")
    if page not in (None, "-") and not str(page).lower().endswith((".html", ".htm")):
        # '--html --force' takes an option for the file.
        raise InvalidValueError(
            f"'{page}' is no name of an HTML file", hint="end it with .html, or use '-'"
        )
    repo = context.repository()
    try:
        found = repo.report(*conditions, run=run, base=base, where=where, no_base_ok=no_base_ok)
    finally:
        # What could not be read may be why there is no base.
        context.tell_skipped(repo)
    _show(context, found, page, force=force)
    return 1 if exit_code and not found.holds else 0


def _show(context: Context, found: BranchReport, page: str | None, *, force: bool) -> None:
    if context.json:
        context.emit(found.to_dict())
    elif page is None:
        from vcs_track.pages.report_markdown import report_markdown

        context.print(report_markdown(found), end="")
    else:
        from vcs_track.pages.report_page import report_page

        text = report_page(found)
        if page == "-":
            # Not printed as talk is: what is in it stays as it is.
            sys.stdout.write(text)
            return
        from vcs_track.porcelain.document import write_document

        path = context.folder / page
        write_document(path, text, force=force)
        context.print(str(path))
