"""``vcs-track cat-file``: the bytes of an object."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli.params import quiet_option
from vcs_track.errors import (
    InvalidValueError,
    NotFoundError,
    ObjectNotFoundError,
    RunNotFoundError,
    VcsTrackError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.cli.context import Context
    from vcs_track.formats.oid import ObjectId
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]

_PREFIX: Final = re.compile(r"(x1-)?[0-9a-f]{4,64}")
_SHOWN: Final = 5


@click.command("cat-file", short_help="Write the bytes of an object to stdout")
@click.option("--pretty", is_flag=True, help="Indent JSON")
@quiet_option
@click.argument("what", metavar="OID|RUN")
@click.pass_obj
def command(context: Context, pretty: bool, what: str) -> None:
    """Write the bytes of an object to stdout

    OID is an object id or four or more of its first digits. For a run: its manifest.

    \b
    Example:  vcs-track cat-file @ --pretty

    \b
    Exit codes: 0 written, 2 binary on a terminal, 10 no repository, 11 not found or not
    unique, 12 damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    data = _find(context.repository(), what)
    if pretty:
        data = _indented(data)
    if sys.stdout.isatty() and not _is_text(data):
        raise InvalidValueError(
            f"'{what}' is no plain text and would garble the terminal",
            hint=f"write it to a file: vcs-track cat-file '{what}' > FILE",
        )
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _find(repo: Repository, what: str) -> bytes:
    objects = repo.store.home.objects
    found: list[ObjectId] = []
    if _PREFIX.fullmatch(what):
        _refuse_redacted(repo, what)
        found = sorted({oid for pack in objects.packs for oid in pack.matching(what)})
    if found == [what]:
        return objects.read(found[0])
    try:
        run = repo.run(what)
    except RunNotFoundError as error:
        if len(found) == 1:
            return objects.read(found[0])
        raise _missing(what, found, error) from None
    if found and what not in (run.id, run.name):
        raise _ambiguous(what, [*found, f"run {run.id}"])
    return run.manifest.encode()


def _refuse_redacted(repo: Repository, what: str) -> None:
    from vcs_track.plumbing.object_errors import redacted_error

    redactions = repo.store.home.redactions
    for oid in redactions.ids():
        if oid.startswith(what):
            raise redacted_error(oid, redactions.reason(oid) or "")


def _missing(what: str, found: list[ObjectId], error: RunNotFoundError) -> NotFoundError:
    if found:
        return _ambiguous(what, found)
    if _PREFIX.fullmatch(what):
        return ObjectNotFoundError(
            f"no object and no run matches '{what}'",
            oid=what,
            hint="list what is there with 'vcs-track ls-objects'",
        )
    return error


def _ambiguous(what: str, found: list[ObjectId] | list[str]) -> NotFoundError:
    shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    return NotFoundError(
        f"'{what}' is ambiguous: {len(found)} objects match", hint=f"use more digits: {shown}"
    )


def _indented(data: bytes) -> bytes:
    from vcs_track.formats import canonical

    try:
        value = canonical.loads(data)
    except VcsTrackError:
        return data
    return f"{_indent(value, '', canonical.dumps)}\n".encode()


def _indent(value: Any, margin: str, dump: Callable[[object], bytes]) -> str:
    """Return *value* as JSON, a member a line; lists of plain values on one."""
    inner = f"{margin}  "
    if isinstance(value, dict) and value:
        rows = [
            f"{inner}{dump(key).decode()}: {_indent(v, inner, dump)}" for key, v in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        rows = [f"{inner}{_indent(item, inner, dump)}" for item in value]
        return "[\n" + ",\n".join(rows) + f"\n{margin}]"
    return dump(value).decode()


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\n\t\r" for sign in text)
