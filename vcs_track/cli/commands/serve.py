"""``vcs-track serve``: a server for clients of other interfaces."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]


@click.command("serve", short_help="Serve runs to clients of Crayon")
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Listen at this address")
@click.option(
    "--port", metavar="N", type=click.IntRange(0, 65535), default=8889, show_default=True,
    help="Listen at this port; 0 is any free one",
)  # fmt: skip
@click.option(
    "--token", metavar="TEXT",
    help="Answer only who knows it; needed where others can reach the address",
)  # fmt: skip
@json_option
@quiet_option
@click.argument("interface", metavar="crayon", type=click.Choice(["crayon"]))
@click.pass_obj
def command(context: Context, interface: str, host: str, port: int, token: str | None) -> int:
    """Serve runs to clients of Crayon

    Unmodified clients of Crayon write and read experiments, which are runs like all others.
    The address goes to stdout. Ctrl-C or SIGTERM stops it and ends the runs; started again, it
    goes on with all of them. Without a token it listens to this machine alone. A token on the
    command line can be seen by other users: VCS_TRACK_SERVE_TOKEN hides it. The packages of
    the extra 'server' are needed.

    \b
    Example:  vcs-track serve crayon --port 8889

    \b
    Exit codes: 0 stopped, 1 the port is taken or a package is missing, 2 others could reach the
    address and there is no token.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    del interface  # there is one
    from vcs_track import environ
    from vcs_track.compat.crayon.server.serving import Serving

    secret = token if token is not None else environ.serve_token()
    serving = Serving(lambda: _repository(context), host, port, secret, say=context.say)

    def ready() -> None:
        if context.json:
            context.emit({"url": serving.url})
        else:
            click.echo(serving.url)
        sys.stdout.flush()  # whoever waits for it reads a pipe
        context.say(f"Serving '{serving.repo.root}' to clients of Crayon; Ctrl-C stops it.")

    serving.run(ready)
    context.say("Stopped; all runs are sealed.")
    return 0


def _repository(context: Context) -> Repository:
    from vcs_track import api
    from vcs_track.errors import RepositoryNotFoundError

    try:
        return context.repository()
    except RepositoryNotFoundError:
        return api.init(context.folder if context.explicit else ".")
