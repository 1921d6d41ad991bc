"""What the commands share that edit runs: which runs are meant, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from vcs_track.cli.params import RUN, json_option, quiet_option, where_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.run_view import RunView

__all__ = ["edit_options", "targets", "tell"]

_F = TypeVar("_F", bound="Callable[..., Any] | click.Command")


def edit_options(command: _F) -> _F:
    """Add the options that name more runs than one."""
    option: Callable[[_F], _F] = click.option(
        "--run", "more", metavar="RUN", type=RUN, multiple=True,
        help="Edit this run too (can be repeated)",
    )  # fmt: skip
    return where_option(option(json_option(quiet_option(command))))


def targets(
    arguments: Sequence[str], more: Sequence[str], where: str | None
) -> tuple[list[str] | None, list[str]]:
    """Return the runs that are meant, and the other arguments.

    Returns:
        The runs, None with *where*; and the rest.

    Raises:
        UsageError: If no run is named, or in two ways.
    """
    if where is not None:
        if more:
            raise click.UsageError("--where and --run cannot be used together")
        return None, list(arguments)
    if not arguments:
        raise click.UsageError("Missing argument 'RUN'.")
    return [arguments[0], *more], list(arguments[1:])


def tell(context: Context, runs: Iterable[RunView], field: str) -> None:
    """Print what *field* of the edited runs is now."""
    found = list(runs)
    for run in found:
        if context.json:
            context.emit(run.to_dict())
            continue
        value = getattr(run, field)
        shown = ", ".join(value) if isinstance(value, list) else value
        first = str(shown or "none").splitlines()
        context.print(f"{run.id} {run.name}: {first[0]}{' ...' if len(first) > 1 else ''}")
    if not found:
        context.say("no run matches")
