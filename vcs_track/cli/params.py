"""Types and options that commands share."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from vcs_track.cli.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

__all__ = [
    "RUN",
    "SIZE",
    "WHERE",
    "Run",
    "Size",
    "Where",
    "bundle_argument",
    "json_option",
    "limit_option",
    "quiet_option",
    "sort_option",
    "where_option",
]

if TYPE_CHECKING:
    _Type = click.ParamType[str]
    _Number = click.ParamType[int]
else:  # not generic before click 8.2
    _Type = _Number = click.ParamType

_F = TypeVar("_F", bound="Callable[..., Any] | click.Command")


class Run(_Type):
    """A run, as users name it.

    Id, unique prefix, name, ``@``, ``@{-n}``, ``RUN@{n}`` or ``git:REV``. The text is passed on as it is; the repository knows what it names.
    """

    name = "RUN"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 -- click's
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer names and ids that begin as what was typed."""
        from click.shell_completion import CompletionItem

        found: list[CompletionItem] = []
        # A completion must never print an error into somebody's prompt.
        with suppress(Exception):
            context = ctx.find_object(Context) or Context()
            for run in context.repository().runs():
                text = next((t for t in (run.name, run.id) if t.startswith(incomplete)), None)
                if text is not None and text.isprintable():
                    found.append(CompletionItem(text, help=f"{run.id} {run.status}"))
        return found


class Where(_Type):
    """A filter, for example ``hparams.lr < 0.01 and summary.val_acc > 0.9``."""

    name = "EXPR"


class Size(_Number):
    """A number of bytes, for example ``500 KB`` or ``5 MB``."""

    name = "SIZE"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002 -- click's
        ctx: click.Context | None,  # noqa: ARG002 -- click's
    ) -> int:
        """Return the number of bytes."""
        from vcs_track import environ

        return value if isinstance(value, int) else environ.as_bytes(str(value))


RUN: Final = Run()
SIZE: Final = Size()
WHERE: Final = Where()


def _set(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        context = ctx.find_object(Context)
        if value and context is not None:
            setattr(context, name, True)

    return callback


def json_option(command: _F) -> _F:
    """Accept ``--json`` after the command's name too."""
    option: Callable[[_F], _F] = click.option(
        "--json", is_flag=True, expose_value=False, callback=_set("json"),
        help="Print JSON lines",
    )  # fmt: skip
    return option(command)


def quiet_option(command: _F) -> _F:
    """Accept ``--quiet`` after the command's name too."""
    option: Callable[[_F], _F] = click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set("quiet"),
        help="Say nothing but errors",
    )  # fmt: skip
    return option(command)


def where_option(command: _F) -> _F:
    """Add ``--where``, a filter for runs."""
    option: Callable[[_F], _F] = click.option(
        "-w", "--where", type=WHERE, metavar="EXPR",
        help="Only runs that match, for example 'hparams.lr < 0.01'",
    )  # fmt: skip
    return option(command)


def sort_option(command: _F) -> _F:
    """Add ``--sort``, names to sort runs by."""
    option: Callable[[_F], _F] = click.option(
        "-s", "--sort", "order_by", metavar="NAMES",
        help="Sort by these, '-name' for the largest first. Default: newest first",
    )  # fmt: skip
    return option(command)


def limit_option(command: _F) -> _F:
    """Add ``--limit``, how many runs at most."""
    option: Callable[[_F], _F] = click.option(
        "-n", "--limit", "limit", metavar="N", type=click.IntRange(min=0), help="At most N runs"
    )
    return option(command)


def bundle_argument(command: _F) -> _F:
    """Take a bundle whose runs are meant instead of those of the repository."""
    argument: Callable[[_F], _F] = click.argument(
        "bundle", metavar="[BUNDLE]", required=False, type=click.Path(path_type=Path)
    )
    return argument(command)
