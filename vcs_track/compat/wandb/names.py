"""Ids and names of runs, and which run of the store has an id."""

from __future__ import annotations

import re
import secrets
import string
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import UsageError, UsageValueError
from vcs_track.formats.manifest import RUN_ID
from vcs_track.formats.oid import check64
from vcs_track.porcelain.names import readable_name
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from vcs_track.plumbing.store import Store

__all__ = [
    "check_id", "check_project", "check_tags", "check_text", "display_name", "generate_id",
    "generations", "native_id", "next_native_id",
]  # fmt: skip

_ALPHABET: Final = string.ascii_lowercase + string.digits
_LONGEST: Final = 128
_LONGEST_TAG: Final = 64
_SUFFIX: Final = 6  # room for the number of a generation


def generate_id(length: int = 8) -> str:
    """Return a new id: *length* lower-case letters and digits.

    Example:
        >>> from vcs_track.compat.wandb.names import generate_id
        >>> len(generate_id()), len(generate_id(16))
        (8, 16)
    """
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def check_id(run_id: Any) -> str:
    """Return *run_id* if wandb takes it.

    Raises:
        UsageError: If it is no text, empty, has blanks at an end, or one of ``:;,#?/'``.
    """
    if not isinstance(run_id, str):
        raise UsageValueError(f"a run id must be text, not {type(run_id).__name__}")
    if not run_id or run_id != run_id.strip():
        raise UsageValueError(
            f"Invalid run ID {run_id!r}: it is empty, or begins or ends with a space"
        )
    bad = sorted(set(run_id) & set(":;,#?/'"))
    if bad or not run_id.isprintable():
        raise UsageValueError(
            f"Invalid run ID {run_id!r:.80}: it cannot have the characters {bad}",
            hint="use letters, digits, '_' and '-'",
        )
    return run_id


def check_project(project: Any) -> str:
    r"""Return *project* if wandb takes it.

    Raises:
        UsageError: If it is longer than 128 characters, or has one of ``/\#?%:``.
    """
    text = check_text(project, "project")
    if len(text) > _LONGEST:
        raise UsageError(f"Invalid project name {text[:40]!r}: exceeded {_LONGEST} characters")
    bad = sorted(set(text) & set("/\\#?%:"))
    if bad:
        raise UsageError(f"Invalid project name {text!r}: cannot contain characters {bad}")
    return text


def check_text(value: Any, what: str) -> str:
    """Return *value*, a printable text.

    Raises:
        UsageError: If it is none.
    """
    if not isinstance(value, str):
        raise UsageValueError(f"{what} must be text, not {type(value).__name__}")
    if not value.isprintable():
        raise UsageValueError(f"{what} {value!r:.80} has control characters")
    return value


def check_tags(tags: Any) -> tuple[str, ...]:
    """Return *tags* as a tuple; one text is one tag.

    Raises:
        ValueError: If one is empty, longer than 64 characters, or no text.
    """
    if tags is None:
        return ()
    found = (tags,) if isinstance(tags, str) else tuple(tags)
    for tag in found:
        if not isinstance(tag, str) or not 1 <= len(tag) <= _LONGEST_TAG or not tag.strip():
            raise UsageValueError(
                f"Tag {tag!r:.80} is invalid: a tag has 1 to {_LONGEST_TAG} characters"
            )
        check_text(tag, "tag")
    return found


# ---- ids of the store ------------------------------------------------------------------


def native_id(run_id: str) -> str:
    """Return the id under which the store keeps *run_id*.

    It is the same where the store takes it.
    """
    if RUN_ID.fullmatch(run_id) and len(run_id) <= 64 - _SUFFIX and "--" not in run_id:
        return run_id
    plain = re.sub(r"[^A-Za-z0-9_-]|-(?=-)", "_", run_id)[:36].lstrip("_-")
    return f"{plain or 'run'}-{check64(run_id.encode('utf-8', 'replace')):016x}"


def generations(store: Store, run_id: str) -> list[str]:
    """Return the runs of the store that have *run_id*, the newest last."""
    found: list[str] = []
    live = set(live_runs(store))
    for n in count():
        name = _numbered(run_id, n)
        if name in live or store.home.head_folder.of(name):
            found.append(name)
        elif not store.removed.of(name):
            break
    return found


def next_native_id(store: Store, run_id: str) -> str:
    """Return an id of the store that no run with *run_id* has had."""
    live = set(live_runs(store))
    names = (_numbered(run_id, n) for n in count())
    return next(
        name
        for name in names
        if name not in live and not store.home.head_folder.of(name) and not store.removed.of(name)
    )


def _numbered(run_id: str, n: int) -> str:
    return native_id(run_id) if n == 0 else f"{native_id(run_id)}--{n + 1}"


def display_name(run_id: str, number: int) -> str:
    """Return a readable name for a run: two words and a number."""
    words = readable_name(run_id).split("-")[:2]
    return "-".join([*words, str(number)])
