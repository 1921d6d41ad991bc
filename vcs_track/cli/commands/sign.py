"""``vcs-track sign``: a signature beside a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("sign", short_help="Sign a zip with an SSH key")
@click.option(
    "-k",
    "--key",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="A private key, or the public one of a key that an agent has",
)
@click.option("--force", is_flag=True, help="Replace a signature that is there")
@json_option
@quiet_option
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.pass_obj
def command(context: Context, key: Path, force: bool, files: tuple[Path, ...]) -> None:
    """Sign a zip with an SSH key

    The signature is put beside it, as FILE.sig. 'vcs-track verify --signatures FILE' checks it,
    and so does 'ssh-keygen -Y verify -n vcs-track'. A zip is checked before it is signed.

    \b
    Example:  vcs-track sign --key ~/.ssh/id_ed25519 best.zip

    \b
    Exit codes: 0 signed, 1 ssh-keygen cannot, or is not installed, 2 no such file or key, or it
    is signed already, 12 the zip is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.porcelain.verify import sign

    for file in files:
        made = sign(context.folder / file, context.folder / key.expanduser(), force=force)
        if context.json:
            context.emit({"path": str(context.folder / file), "signature": str(made)})
        else:
            context.print(str(made))
