"""``vcs-track verify``: is a zip all that it says it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.verify import BundleVerdict

__all__ = ["command"]

_DAMAGED: Final = 12
_UNSIGNED: Final = 1


@click.command("verify", short_help="Check a zip, with no repository at hand")
@click.option("--signatures", is_flag=True, help="Also check the signature in FILE.sig")
@click.option(
    "--allowed-signers",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Whose signatures count. Default: gpg.ssh.allowedSignersFile of git",
)
@json_option
@quiet_option
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.pass_obj
def command(
    context: Context, signatures: bool, allowed_signers: Path | None, files: tuple[Path, ...]
) -> int:
    """Check a zip, with no repository at hand

    Layout, checksums, the hash of each object, and that every reference leads somewhere: all
    that an import would check. One line a file, with its root: the hash of what it holds, equal
    for equal content, however it is zipped.

    \b
    Example:  vcs-track verify best.zip

    \b
    Exit codes: 0 all is good, 1 a signature is missing, bad or of an unknown key, 2 no such
    file, 12 a zip is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.porcelain.verify import verify

    asked = signatures or allowed_signers is not None
    allowed = None if allowed_signers is None else context.folder / allowed_signers
    code = 0
    for file in files:
        with context.progress(f"Verifying {file.name}", unit="bytes") as progress:
            verdict = verify(
                context.folder / file, signatures=asked, allowed_signers=allowed,
                progress=progress,
            )  # fmt: skip
        _tell(context, verdict)
        signed = verdict.signature is None or verdict.signature.status == "good"
        code = max(code, 0 if signed else _UNSIGNED, 0 if verdict.ok else _DAMAGED)
    return code


def _tell(context: Context, verdict: BundleVerdict) -> None:
    if context.json:
        context.emit(verdict.to_dict())
        return
    signature = _signature(verdict)
    if not verdict.ok:
        context.print(f"damaged  {verdict.path}: {verdict.why}{signature}")
        return
    runs, objects = _many(verdict.runs, "run"), _many(verdict.objects, "object")
    context.print(
        f"good     {verdict.path}: {runs}, {objects}, {verdict.size:,} bytes,"
        f" root {verdict.root}{_rest(verdict)}{signature}"
    )


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rest(verdict: BundleVerdict) -> str:
    again = ", zipped again by another tool" if verdict.zipped_again else ""
    if not verdict.left_out:
        return again
    since = verdict.since or {}
    place = f"bundle '{since['bundle']}'" if "bundle" in since else f"commit {since.get('commit')}"
    return f"{again}, needs {_many(verdict.left_out, 'object')} of {place}"


def _signature(verdict: BundleVerdict) -> str:
    found = verdict.signature
    if found is None:
        return ""
    if found.status == "good":
        return f", signed by {found.signer} ({found.key})"
    told = {
        "none": "not signed", "bad": f"bad signature: {found.why}",
        "unknown": f"signed by a key that nobody vouches for ({found.key})",
    }  # fmt: skip
    return f", {told[found.status]}"
