"""Removing runs, and bringing them back.

The heads of a removed run are put aside, so that nothing shows it or takes it in again; its
objects stay until a clean-up takes them. ``docs/format/repository.md`` has the rules.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.errors import (
    InvalidValueError,
    ObjectNotFoundError,
    RunNotFoundError,
    VcsTrackError,
)
from vcs_track.plumbing import fsio
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.heads import current, tips
from vcs_track.porcelain.needs import Sources
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store

    Heads = dict[str, tuple[list[ObjectId], list[ObjectId]]]

__all__ = ["RemovedRun", "bring_back", "is_removed", "move", "remove", "removed", "require_ended"]


@dataclass(frozen=True, slots=True)
class RemovedRun:
    """A run that was removed.

    Attributes:
        id: Run id.
        time_us: When it was removed, microseconds since 1970 UTC.
        name: Its name; None where a clean-up took its objects.
        status: Its status; None likewise.
    """

    id: str
    time_us: int
    name: str | None = None
    status: str | None = None

    @property
    def here(self) -> bool:
        """Whether its last state is still here."""
        return self.name is not None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return {**asdict(self), "here": self.here}


def is_removed(store: Store, run: str) -> bool:
    """Return whether *run* was removed."""
    return bool(store.removed.of(run)) and not store.home.head_folder.of(run)


def removed(store: Store) -> list[RemovedRun]:
    """Return the removed runs, the one removed last first."""
    here = store.home.heads()
    found = []
    for run, heads in store.removed.all().items():
        if run in here:
            continue
        when = max((store.removed.time_us(run, oid) or 0 for oid in heads), default=0)
        name = status = None
        with suppress(VcsTrackError):  # a clean-up took it
            state = current(heads, store.home.objects)
            name, status = state.name, state.status
        found.append(RemovedRun(run, when, name, status))
    return sorted(found, key=lambda one: (-one.time_us, one.id))


def remove(store: Store, runs: Iterable[str]) -> list[str]:
    """Remove sealed runs, all of them or none; return their ids.

    Args:
        store: The store.
        runs: Run ids.

    Raises:
        InvalidValueError: If a run is still going on.
        RunNotFoundError: If a run is not in the store.
        StorageError: If the disk refuses.
    """
    store.require_writable()
    plan: Heads = {}
    live = live_runs(store)
    for run in dict.fromkeys(runs):
        require_ended(run, live)
        heads = store.home.head_folder.of(run)
        if not heads:
            raise RunNotFoundError(f"no run has the id '{run}'")
        plan[run] = ([], heads)
    with fsio.storage_errors("remove runs"):
        move(store, plan, "remove")
    return list(plan)


def bring_back(store: Store, runs: Iterable[str]) -> list[str]:
    """Bring removed runs back, all or none; return their ids.

    Args:
        store: The store.
        runs: Run ids.

    Raises:
        RunNotFoundError: If a run was not removed.
        ObjectNotFoundError: If a clean-up took what a run needs.
        StorageError: If the disk refuses.
    """
    store.require_writable()
    plan: Heads = {}
    store.home.packs.refresh()
    for run in dict.fromkeys(runs):
        heads = store.removed.of(run)
        if not heads:
            raise RunNotFoundError(
                f"run '{run}' was not removed",
                hint="list those that were: 'vcs-track ls --removed'",
            )
        plan[run] = (heads, [])
    with fsio.storage_errors("bring runs back"):
        move(store, plan, "restore")
    return list(plan)


def require_ended(run: str, live: Sequence[str]) -> None:
    """Refuse a run that is among the *live* ones.

    Raises:
        InvalidValueError: If it is.
    """
    if run in live:
        raise InvalidValueError(
            f"run '{run}' is still going on", hint="end it first, or wait until it has ended"
        )


def move(store: Store, plan: Heads, kind: str, *, of: str = "") -> None:
    """Move the heads of runs, all of them or none.

    Args:
        store: The store.
        plan: By run, the states that become heads and those that are no longer.
        kind: What is done, for the log.
        of: The operation that is undone or redone.

    Raises:
        ObjectNotFoundError: If a state that comes back, or what it needs, is not here.
    """
    packs = store.home.packs
    trash = Trash(store.layout.trash, packs, store.format)
    needed: set[ObjectId] = set()
    for run, (back, _) in plan.items():
        needed |= _needed_by(run, back, Sources(packs, trash))
    _keep(store, trash, needed)
    done: Heads = {}
    with store.log.operation(kind, of=of):
        try:
            for run, (back, gone) in plan.items():
                old = store.home.head_folder.of(run)
                done[run] = (gone, [oid for oid in back if oid not in old])
                store.move_heads(run, back=_latest(back, store), gone=gone)
                store.log.note(kind, run, old, store.home.head_folder.of(run))
        except BaseException:
            for run, (back, gone) in reversed(done.items()):
                with suppress(OSError, VcsTrackError):
                    store.move_heads(run, back=back, gone=gone)
            raise
    # A clean-up that began before the heads were there may have moved some.
    trash.restore(needed)


def _latest(heads: list[ObjectId], store: Store) -> list[ObjectId]:
    return tips(heads, store.home.objects)


def _needed_by(run: str, heads: list[ObjectId], objects: Sources) -> set[ObjectId]:
    try:
        return set(closure(heads, objects).roles)
    except VcsTrackError as error:
        raise ObjectNotFoundError(
            f"run '{run}' cannot be brought back: {error}",
            oid=getattr(error, "oid", ""),
            hint="a clean-up took what it needs; import a bundle that has it, then try again",
        ) from error


def _keep(store: Store, trash: Trash, needed: set[ObjectId]) -> None:
    """Let no clean-up take the packs of *needed* from now on."""
    packs = store.home.packs
    trash.restore(needed)
    marked: set[object] = set()
    for oid in needed:
        file = packs.cached(oid)
        if file not in marked:
            packs.freshen(oid)
            marked.add(file)
