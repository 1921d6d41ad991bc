"""The log of heads as a user reads it, and taking commands back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.head_log import Move
from vcs_track.porcelain.heads import history
from vcs_track.porcelain.removal import move, require_ended
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store

__all__ = ["TakenBack", "reflog", "undo"]

# What people and their scripts did to runs. That a run was recorded, came with git, or was mended
# is not taken back: no 'undo' hides the run that happened to end a moment ago.
_COMMANDS: Final = ("edit", "remove", "restore", "import", "redact")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A command that was undone or redone, or would be.

    Attributes:
        operation: Its id.
        kind: What it did, as in the log.
        command: The command line, or the name of the call.
        time_us: When it was done, microseconds since 1970 UTC.
        runs: Ids of the runs whose heads were moved.
    """

    operation: str
    kind: str
    command: str
    time_us: int
    runs: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return asdict(self)


def reflog(store: Store, run: str | None = None) -> list[Move]:
    """Return every known move of heads, the newest first.

    Args:
        store: The store.
        run: Only those of this run; its states that the log does not know are among them.
    """
    with fsio.storage_errors("read the log of heads"):
        moves = store.log.moves(run)
    if run is not None:
        moves += _from_states(store, run, moves)
    order = sorted(enumerate(moves), key=lambda pair: (pair[1].time_us, pair[0]), reverse=True)
    return [one for _, one in order]


def _from_states(store: Store, run: str, moves: Iterable[Move]) -> list[Move]:
    """Return the moves that the states of *run* tell of, and the log does not."""
    known = {oid for one in moves for oid in one.new}
    folder = store.home.head_folder
    states = history([*folder.of(run), *store.removed.of(run)], store.home.objects)
    return [
        Move("", state.time_us, "edit" if state.parents else "record", "", "", run,
             tuple(sorted(state.parents)), (oid,))
        for oid, state in states.items()
        if oid not in known
    ]  # fmt: skip


def undo(
    store: Store, count: int = 1, *, redo: bool = False, dry_run: bool = False
) -> list[TakenBack]:
    """Take back the last commands that moved heads, all of them or none.

    Args:
        store: The store.
        count: How many commands.
        redo: Do again what was undone last, instead.
        dry_run: Change nothing, and say what would be taken back.

    Returns:
        The commands, in the order in which they were taken back.

    Raises:
        InvalidValueError: If there are not so many, or one cannot be taken back because its
            runs changed since, or what it did is for good.
        ObjectNotFoundError: If a clean-up took what comes back.
        StorageError: If the disk refuses.
    """
    if count < 1:
        raise InvalidValueError(f"cannot take back {count!r} commands", hint="give 1 or more")
    if not dry_run:
        store.require_writable()
    with fsio.storage_errors("take a command back"):
        plan = _Plan(store, _Past(store.log.moves()), redo=redo)
        found = [plan.add(step) for step in plan.steps(count)]
        kind = "redo" if redo else "undo"
        for taken, moved in [] if dry_run else found:
            with store.log.operation(kind, of=taken.operation):
                move(store, moved, kind, of=taken.operation)
                for run, old, new in plan.settled.get(taken.operation, ()):
                    store.log.note(kind, run, old, new)
    return [taken for taken, _ in found]


class _Past:
    """Which commands were done, undone and redone.

    Args:
        moves: The log.
    """

    def __init__(self, moves: Sequence[Move]) -> None:
        self.commands: dict[str, list[Move]] = {}
        self.undone: dict[str, set[str]] = {}  # runs, by operation
        self.redoable: list[str] = []
        for one in moves:
            if one.kind in _COMMANDS:
                if one.operation not in self.commands:
                    self.redoable.clear()
                self.commands.setdefault(one.operation, []).append(one)
            elif one.kind == "undo" and one.of in self.commands:
                self.undone.setdefault(one.of, set()).add(one.run)
                self.redoable = [*(op for op in self.redoable if op != one.of), one.of]
            elif one.kind == "redo" and one.of in self.commands:
                runs = self.undone.setdefault(one.of, set())
                runs.discard(one.run)
                if not runs and one.of in self.redoable:
                    self.redoable.remove(one.of)

    def todo(self, *, redo: bool) -> list[tuple[str, list[Move]]]:
        """Return the commands that can be taken back or redone, the first to be so first."""
        found = []
        for operation in reversed(self.redoable if redo else list(self.commands)):
            undone = self.undone.get(operation, set())
            # One that was interrupted is gone on with where it stopped.
            some = [one for one in self.commands[operation] if (one.run in undone) is redo]
            if some:
                found.append((operation, some))
        return found


class _Plan:
    """What is to be moved, checked before anything is."""

    def __init__(self, store: Store, past: _Past, *, redo: bool) -> None:
        self._store = store
        self._past = past
        self._redo = redo
        self._live = live_runs(store)
        self._heads: dict[str, set[ObjectId]] = {}  # as they will be
        # Moved already, by somebody who died before it was in the log.
        self.settled: dict[str, list[tuple[str, tuple[ObjectId, ...], tuple[ObjectId, ...]]]] = {}

    def steps(self, count: int) -> list[tuple[str, list[Move]]]:
        """Return the commands."""
        todo = self._past.todo(redo=self._redo)
        if len(todo) < count:
            word = "redo" if self._redo else "undo"
            some = "is nothing" if not todo else f"are {len(todo)} commands, not {count},"
            raise InvalidValueError(
                f"there {some} to {word}",
                hint="'vcs-track reflog' shows what was done",
            )
        return todo[:count]

    def add(
        self, step: tuple[str, list[Move]]
    ) -> tuple[TakenBack, dict[str, tuple[list[ObjectId], list[ObjectId]]]]:
        """Return what is taken back with *step*, and how the heads move."""
        operation, moves = step
        first = moves[0]
        taken = TakenBack(
            operation, first.kind, first.command, first.time_us,
            tuple(dict.fromkeys(one.run for one in moves)),
        )  # fmt: skip
        if first.kind == "redact":
            raise InvalidValueError(
                f"cannot take back '{first.command}': the bytes are gone",
                hint="what was done before it stays as it is, too",
            )
        moved = {run: self._turn(run, moves, taken) for run in taken.runs}
        return taken, moved

    def _turn(
        self, run: str, moves: list[Move], taken: TakenBack
    ) -> tuple[list[ObjectId], list[ObjectId]]:
        mine = [one for one in moves if one.run == run]
        before, behind = mine[0].old, mine[-1].new
        if self._redo:
            before, behind = behind, before
        heads = self._heads.setdefault(run, set(self._store.home.head_folder.of(run)))
        back = [oid for oid in before if oid not in behind]
        gone = [oid for oid in behind if oid not in before]
        require_ended(run, self._live)
        if heads == {*before}:
            self.settled.setdefault(taken.operation, []).append((run, behind, before))
            return [], []
        if not heads.issuperset(gone):
            raise InvalidValueError(
                f"cannot take back '{taken.command}': run '{run}' has changed since",
                hint=f"see 'vcs-track reflog {run}'",
            )
        heads.difference_update(gone)
        heads.update(back)
        return back, gone
