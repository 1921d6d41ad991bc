"""The shelf: runs that travel with git, beside the code that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import GitError, InvalidValueError
from vcs_track.plumbing import fsio, gitlink
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.heads import current

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import PackFile
    from vcs_track.plumbing.store import Store

__all__ = ["commit", "shelve", "unshelved"]


def unshelved(store: Store) -> list[str]:
    """Return the sealed runs whose newest state git has not got."""
    root = gitlink.find_root(store.layout.root.parent)
    known = gitlink.committed(root, store.layout.shelf.heads) if root is not None else set()
    return sorted(
        run
        for run, heads in store.home.heads().items()
        if not {f"{run}.{oid}" for oid in heads} <= known
    )


@fsio.storage_errors("put runs on the shelf")
def shelve(
    store: Store, runs: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Put *runs* on the shelf and return every file that git must know.

    Add-only: nothing that is on the shelf is changed or removed.
    """
    store.require_writable()
    paths = [
        store.layout.format,
        store.layout.root / ".gitignore",
        store.layout.root / ".gitattributes",
    ]
    packs: set[Path] = set()
    heads = {run: store.home.head_folder.of(run) for run in runs}
    for run, found in heads.items():
        if not found:
            raise InvalidValueError(
                f"run '{run}' is not sealed yet", hint="finish it, then commit it"
            )
        packs |= _packs_of(store, found)
    for done, pack in enumerate(sorted(packs), 1):
        store.shelf.adopt_pack(pack)
        paths.append(store.shelf.packs.folder / pack.name)
        if progress is not None:
            progress(done, len(packs))
    if packs:
        store.shelf.sync_packs()
    for run, found in heads.items():
        for oid in found:
            store.shelf.head_folder.add(run, oid)
            paths.append(store.shelf.head_folder.path(run, oid))
    return paths


def _packs_of(store: Store, heads: list[ObjectId]) -> set[Path]:
    """Return the packs that hold everything of one run, its own ones first."""
    objects = store.home.objects
    roles = closure(heads, objects).roles
    # Manifests first: their packs are the run's own. What other runs share with it is taken
    # from these, so that nobody else's pack goes along.
    order = sorted(roles, key=lambda oid: roles[oid] != "run/1")
    chosen: dict[Path, PackFile] = {}
    for oid in order:
        if not any(oid in file for file in chosen.values()):
            file = objects.owner(oid)
            chosen[file.path] = file
    return set(chosen)


def commit(
    store: Store,
    runs: Sequence[str],
    message: str | None = None,
    *,
    alone: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Put *runs* on the shelf and commit them with git.

    Args:
        store: The store.
        runs: Run ids; all must be sealed.
        message: Commit message. Default: one that names the runs.
        alone: Leave what the user has staged out of the commit.
        progress: Is called with packs done and packs in all.

    Returns:
        The id of the commit.

    Raises:
        GitError: Outside git, or when git refuses; the words are git's own. The runs stay on
            the shelf, and staged.
        InvalidValueError: If there is nothing to commit.
    """
    if not runs:
        raise InvalidValueError(
            "there are no runs to commit", hint="all runs are on the shelf already"
        )
    root = gitlink.find_root(store.layout.root.parent)
    if root is None:
        raise GitError(
            f"'{store.layout.root.parent}' is not in a git repository",
            hint="make one with 'git init', or archive runs with 'vcs-track export'",
        )
    paths = [str(path.relative_to(root)) for path in shelve(store, runs, progress)]
    gitlink.add(root, paths)
    text = message or _message(store, runs)
    return gitlink.commit(root, text, paths if alone else None)


def _message(store: Store, runs: Sequence[str]) -> str:
    lines = []
    for run in runs:
        state = current(store.home.head_folder.of(run), store.home.objects)
        lines.append(f"{run} {state.name} ({state.status})")
    if len(lines) == 1:
        return f"runs: add {lines[0]}\n"
    return f"runs: add {len(lines)} runs\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
