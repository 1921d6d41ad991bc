"""The log of heads: who moved which head, when, and by what.

Nothing depends on it but ``reflog`` and ``undo``: a line that cannot be written is left out, and
one that cannot be read is passed over. ``docs/format/repository.md`` is the specification.
"""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.formats.oid import ObjectId, looks_like_id
from vcs_track.plumbing import fsio
from vcs_track.plumbing.lock import Lock, identity, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["HeadLog", "Move"]

_LARGEST: Final = 4 << 20  # bytes; then a second file is begun, and the one before it is dropped
_LONGEST: Final = 500  # characters of a command


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the heads of one run.

    Attributes:
        operation: Id of the command or call; all that it moved has the same.
        time_us: When, microseconds since 1970 UTC.
        kind: ``record`` (a run was sealed), ``adopt`` (it came with git), ``import``, ``edit``,
            ``remove``, ``restore``, ``redact``, ``repair``, ``undo`` or ``redo``.
        who: The user and the host; empty where that is not known.
        command: The command line, or the name of the call.
        run: Run id.
        old: Its heads before.
        new: Its heads behind.
        of: Id of the operation that was undone or redone, or an empty text.
    """

    operation: str
    time_us: int
    kind: str
    who: str
    command: str
    run: str
    old: tuple[ObjectId, ...]
    new: tuple[ObjectId, ...]
    of: str = ""


@dataclass(frozen=True, slots=True)
class _Operation:
    id: str
    kind: str
    command: str
    of: str


# Not an attribute: calls in several threads are operations of their own.
_now: ContextVar[_Operation | None] = ContextVar("operation", default=None)


class HeadLog:
    """The log of one store.

    Args:
        path: The file; the one before it has the same name and ``.1``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = path.with_name(f"{path.name}.1")
        self._id = ""
        self._command: Callable[[], str] | None = None

    def begin(self, command: Callable[[], str]) -> None:
        """Take all moves from now on as those of one command.

        Args:
            command: Gives the command line; it is asked when there is a move.
        """
        self._id, self._command = secrets.token_hex(6), command

    @contextmanager
    def operation(self, kind: str, command: str = "", of: str = "") -> Iterator[str]:
        """Take all moves in the body as those of one call; give its id.

        Inside of another one this has no effect.

        Args:
            kind: As in :class:`Move`.
            command: What was called, if no command line was.
            of: The operation that is undone or redone.
        """
        outer = _now.get()
        if outer is not None:
            yield outer.id
            return
        own = _Operation(self._id or secrets.token_hex(6), kind, command or kind, of)
        token = _now.set(own)
        try:
            yield own.id
        finally:
            _now.reset(token)

    def note(self, kind: str, run: str, old: Iterable[ObjectId], new: Iterable[ObjectId]) -> None:
        """Note that *run* had the heads *old* and has *new*.

        Args:
            kind: As in :class:`Move`, where no operation says it.
            run: Run id.
            old: Heads before.
            new: Heads behind.
        """
        before, behind = sorted(set(old)), sorted(set(new))
        if before == behind:
            return
        with self.operation(kind):
            by = _now.get()
            assert by is not None
            body: dict[str, Any] = {
                "op": by.id, "at": time.time_ns() // 1000, "do": by.kind, "by": _who(),
                "what": _cut(self._command() if self._command else by.command), "run": run, "old": before, "new": behind,
            }  # fmt: skip
            if by.of:
                body["of"] = by.of
            # What is lost here is missing in a list, and nowhere else.
            with suppress(OSError):
                self._append(b"\n" + canonical.dumps(body) + b"\n")

    def _append(self, line: bytes) -> None:
        # One write at the end of the file, so that no writer waits for another. It begins a
        # line of its own: what a dead program left half-written costs that line only.
        fd = fsio.open_append(self.path)
        try:
            fsio.append(fd, line)
            full = fsio.size(fd) > _LARGEST
        finally:
            fsio.close(fd)
        if full:
            self._turn()

    def _turn(self) -> None:
        lock = Lock.take(self.path.with_name(f"{self.path.name}.lock"))
        if lock is None:
            return  # somebody else does it
        try:
            if fsio.stamp(self.path)[1] > _LARGEST:
                fsio.rename(self.path, self._before)
        finally:
            lock.release()

    def moves(self, run: str | None = None) -> list[Move]:
        """Return what is known, the oldest first.

        Args:
            run: Only moves of this run.
        """
        found: list[Move] = []
        seen: set[tuple[object, ...]] = set()
        for path in (self._before, self.path):
            try:
                lines = fsio.read(path).split(b"\n")
            except FileNotFoundError:
                continue
            for move in filter(None, map(_parse, lines)):
                # The file may be turned between the two reads.
                key = (move.operation, move.time_us, move.run, move.old, move.new)
                if (run is None or move.run == run) and key not in seen:
                    seen.add(key)
                    found.append(move)
        return found


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _who() -> str:
    return "@".join(filter(None, (user(), identity().host)))


def _parse(line: bytes) -> Move | None:
    try:
        body = canonical.loads(line) if line.startswith(b"{") else None
        if not isinstance(body, dict):
            return None
        old, new = tuple(body["old"]), tuple(body["new"])
        move = Move(
            body["op"], body["at"], body["do"], body["by"], body["what"], body["run"],
            old, new, body.get("of", ""),
        )  # fmt: skip
    except (CorruptError, KeyError, TypeError):
        return None
    texts = (move.operation, move.kind, move.who, move.command, move.run, move.of)
    whole = all(isinstance(text, str) for text in texts) and type(move.time_us) is int
    return move if whole and all(map(looks_like_id, (*old, *new))) else None
