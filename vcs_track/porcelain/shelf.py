"""The shelf: runs that travel with git, beside the code that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.errors import GitError, InvalidValueError
from vcs_track.plumbing import fsio, gitlink
from vcs_track.plumbing.git_message import with_trailers
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.heads import current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store

__all__ = ["LARGEST", "TRAILER", "commit", "lacking", "shelve", "unshelved"]

LARGEST: Final = 50 << 20  # bytes of a pack; where git repositories are hosted 100 MB are refused
TRAILER: Final = "Run-Id"


def unshelved(store: Store) -> list[str]:
    """Return the sealed runs whose newest state git has not got."""
    root = gitlink.find_root(store.layout.root.parent)
    known = gitlink.committed(root, store.layout.shelf.heads) if root is not None else set()
    return sorted(
        run
        for run, heads in store.home.heads().items()
        if not {f"{run}.{oid}" for oid in heads} <= known
    )


def lacking(store: Store, runs: Iterable[str]) -> list[str]:
    """Return those of *runs*, all sealed, of which git has not got everything.

    Unlike for `unshelved`, media count too.
    """
    root = gitlink.find_root(store.layout.root.parent)
    if root is None:
        return list(runs)
    away = set(unshelved(store))
    packs = gitlink.committed(root, store.layout.shelf.packs)
    found = []
    for run in runs:
        heads = store.home.head_folder.of(run)
        if run in away or any(p.name not in packs for p in _packs_of(store, heads, media=True)):
            found.append(run)
    return found


@fsio.storage_errors("put runs on the shelf")
def shelve(
    store: Store,
    runs: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
    *,
    media: bool = True,
    largest: int = LARGEST,
) -> list[Path]:
    """Put *runs* on the shelf and return every file that git must know.

    Add-only: nothing that is on the shelf is changed or removed.

    Args:
        store: The store.
        runs: Run ids; all must be sealed.
        progress: Is called with packs done and packs in all.
        media: Whether the packs of images and files go along.
        largest: Bytes of a pack; nothing is put there if git would get a larger one.

    Raises:
        InvalidValueError: If a run is not sealed, or a pack is larger.
    """
    store.require_writable()
    paths = [
        store.layout.format,
        store.layout.root / ".gitignore",
        store.layout.root / ".gitattributes",
    ]
    heads = {run: store.home.head_folder.of(run) for run in runs}
    packs: dict[Path, str] = {}
    for run, found in heads.items():
        if not found:
            raise InvalidValueError(
                f"run '{run}' is not sealed yet", hint="finish it, then commit it"
            )
        for pack in _packs_of(store, found, media=media):
            packs.setdefault(pack, run)
    _check_sizes(store, packs, largest)
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


def _packs_of(store: Store, heads: list[ObjectId], *, media: bool) -> set[Path]:
    """Return the packs that hold everything of one run, its own ones first."""
    objects = store.home.objects
    roles = closure(heads, objects).roles
    # Manifests first: their packs are the run's own. What other runs share with it is taken
    # from these, so that nobody else's pack goes along.
    order = sorted(roles, key=lambda oid: roles[oid] != "run/1")
    chosen: dict[Path, PackFile] = {}
    for oid in order:
        if any(oid in file for file in chosen.values()):
            continue
        file = objects.owner(oid)
        # Only media may be absent from a clone. What else is in a pack of media is needed.
        if media or roles[oid] != "blob" or not file.path.name.startswith("b-"):
            chosen[file.path] = file
    return set(chosen)


def _check_sizes(store: Store, packs: dict[Path, str], largest: int) -> None:
    large = {pack: size for pack in packs if (size := fsio.stamp(pack)[1]) > largest}
    root = gitlink.find_root(store.layout.root.parent) if large else None
    if root is None:
        return
    known = gitlink.committed(root, store.layout.shelf.packs)
    for pack, size in sorted(large.items(), key=lambda item: -item[1]):
        if pack.name in known:
            continue  # refusing it now would help nobody
        blobs = pack.name.startswith("b-")
        hint = "leave images and files out with '--no-media', " if blobs else ""
        raise InvalidValueError(
            f"run '{packs[pack]}' is too large for git: its pack '{pack.name}' has"
            f" {_megabytes(size)}, and {_megabytes(largest)} are allowed",
            hint=f"{hint}raise the limit with '--max-size', or pass the run on by"
            " 'vcs-track export'",
        )


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.1f} MB" if size >= 1 << 18 else f"{size / (1 << 10):.1f} KB"


def commit(
    store: Store,
    runs: Sequence[str],
    message: str | None = None,
    *,
    alone: bool = False,
    media: bool = True,
    largest: int = LARGEST,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Put *runs* on the shelf and commit them with git.

    The message gets a trailer ``Run-Id`` for each of them.

    Args:
        store: The store.
        runs: Run ids; all must be sealed.
        message: Commit message. Default: one that names the runs.
        alone: Leave what the user has staged out of the commit.
        media: Whether the packs of images and files go along.
        largest: Bytes of a pack; a larger one is refused before anything is changed.
        progress: Is called with packs done and packs in all.

    Returns:
        The id of the commit.

    Raises:
        GitError: Outside git, or when git refuses; the words are git's own. The runs stay on
            the shelf, and staged.
        InvalidValueError: If there is nothing to commit, or a pack is too large.
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
    shelved = shelve(store, runs, progress, media=media, largest=largest)
    paths = [str(path.relative_to(root)) for path in shelved]
    written = message if message and message.strip() else _message(store, runs)
    text = with_trailers(
        root, written.encode("utf-8", "surrogateescape"), [f"{TRAILER}: {run}" for run in runs]
    )
    gitlink.add(root, paths)
    return gitlink.commit(root, text.decode("utf-8", "surrogateescape"), paths if alone else None)


def _message(store: Store, runs: Sequence[str]) -> str:
    lines = []
    for run in runs:
        state = current(store.home.head_folder.of(run), store.home.objects)
        lines.append(f"{run} {state.name} ({state.status})")
    if len(lines) == 1:
        return f"runs: add {lines[0]}\n"
    return f"runs: add {len(lines)} runs\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
