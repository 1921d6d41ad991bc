"""The store: one handle on everything below ``.runs``.

Finds, makes and checks the folder; gives access to its homes; takes in what git brought
to the shelf.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from vcs_track.errors import (
    CorruptError,
    InvalidValueError,
    ObjectNotFoundError,
    RepositoryFormatError,
    RepositoryNotFoundError,
    VcsTrackError,
)
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.oid import ObjectFormat, ObjectId, check64, object_format
from vcs_track.formats.version import encode_format, parse_format
from vcs_track.plumbing import fsio, worktree
from vcs_track.plumbing.folder_times import FolderTimes
from vcs_track.plumbing.head_log import HeadLog
from vcs_track.plumbing.heads import HeadFolder
from vcs_track.plumbing.home import FolderHome
from vcs_track.plumbing.layout import FOLDER, Layout
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import check_name, verify_against
from vcs_track.plumbing.packs import is_pack_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Store", "layout_of"]

_GENERATED: Final = {
    ".gitignore": b"# Runs are added to git by 'vcs-track commit', never by accident.\n*\n",
    ".gitattributes": b"packs/*.zip binary -delta\n",
}
# What git needs to see in local/.git to take the folder for somebody's repository and
# leave it alone in 'git clean -fdx'.
_SHELL: Final = {"HEAD": b"ref: refs/heads/main\n", "config": b"[core]\n\tbare = false\n"}


class Store:
    """The ``.runs`` folder of one work tree.

    Args:
        layout: Its paths.
        fmt: Its object format.
        writable: Whether this process may write to it.

    Attributes:
        home: The store proper: every run of this clone.
        shelf: The home that git carries.
        removed: The heads that runs had when they were removed.
        left: Other states that this clone has left behind, and does not take in again.
        log: Who moved which head.
        skipped: Packs of the shelf that could not be taken in, and dead runs that could not
            be sealed, with the reason.
        indexed: Whether there may be an index of its runs.
        trusted: Whether what it holds was checked when it came.
    """

    indexed: ClassVar[bool] = True
    trusted: ClassVar[bool] = True

    def __init__(self, layout: Layout, fmt: ObjectFormat, *, writable: bool) -> None:
        self.layout = layout
        self.format = fmt
        self.writable = writable
        self.home = FolderHome(layout.local, fmt, layout.tmp)
        self.shelf = FolderHome(layout.root, fmt, layout.tmp)
        self.removed = HeadFolder(layout.local, "removed")
        self.left = HeadFolder(layout.local, "left")
        self.log = HeadLog(layout.head_log)
        self.skipped: dict[str, VcsTrackError] = {}

    @property
    def place(self) -> Path:
        """Where it is: the ``.runs`` folder."""
        return self.layout.root

    # ---- finding and making ------------------------------------------------------------

    @classmethod
    def init(cls, folder: Path, object_format_name: str = "sha256") -> Store:
        """Make ``.runs`` in *folder*, or open the one that is there.

        Raises:
            InvalidValueError: If the one that is there has another object format.
            RepositoryFormatError: If it was written by an unknown version.
            StorageError: If the disk refuses.
        """
        fmt = object_format(object_format_name)
        layout = layout_of(folder / FOLDER)
        with fsio.storage_errors(f"make a repository in '{folder}'"):
            if not (layout.format.exists() or layout.format_copy.exists()):
                _make(layout, fmt)
            _sync(layout)
        store = cls.open(folder)
        if store.format is not fmt:
            raise InvalidValueError(
                f"'{layout.root}' has object format '{store.format.name}'",
                hint="a repository keeps its format; make a new one elsewhere",
            )
        return store

    @classmethod
    def find(cls, start: Path) -> Store:
        """Open the nearest ``.runs`` in *start* or above.

        Raises:
            RepositoryNotFoundError: If there is none.
        """
        for folder in (start, *start.parents):
            layout = layout_of(folder / FOLDER)
            if layout.format.exists() or (layout.root.is_dir() and layout.format_copy.exists()):
                return cls.open(folder)
        raise RepositoryNotFoundError(
            f"no '.runs' folder in '{start}' or above", hint="make one with 'vcs-track init'"
        )

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the ``.runs`` in *folder*.

        Raises:
            RepositoryNotFoundError: If there is none.
            RepositoryFormatError: If it was written by an unknown version.
        """
        layout = layout_of(folder / FOLDER)
        source = layout.format if layout.format.exists() else layout.format_copy
        try:
            fmt = parse_format(fsio.read(source))
        except FileNotFoundError:
            raise RepositoryNotFoundError(
                f"no '.runs' folder in '{folder}'", hint="make one with 'vcs-track init'"
            ) from None
        except InvalidValueError as error:
            raise RepositoryFormatError(
                f"cannot use '{layout.root}': {error}", path=str(layout.root), hint=error.hint
            ) from None
        except OSError:
            with fsio.storage_errors(f"read '{source}'"):
                raise
        writable = True
        try:
            _complete(layout, fmt)
        except OSError:
            writable = False  # a read-only disk or somebody else's folder: reading works
        writable = writable and fsio.may_write(layout.local)
        store = cls(layout, fmt, writable=writable)
        store.adopt()
        return store

    # ---- taking in what git brought ----------------------------------------------------

    def refresh(self) -> None:
        """See packs and heads that appeared, adopting those on the shelf.

        Raises:
            StorageError: If the store cannot be read.
        """
        with fsio.storage_errors(f"read '{self.layout.local}'"):
            self.home.packs.refresh()
        if self.writable and self.layout.shelf.packs.exists():
            with suppress(OSError):
                self._adopt()

    def adopt(self) -> None:
        """Take in what appeared on the shelf, as far as the disk allows it.

        The folders of a shelf that was taken in whole are looked at again when their times
        tell that they changed.
        """
        if self.writable and self.layout.shelf.packs.exists():
            with suppress(OSError):
                mark = self._mark()
                if (mark is None or mark != self._marked()) and self._adopt() and mark:
                    fsio.make_dirs(self.layout.adopted, sync=False)
                    fsio.replace(self._mark_path, mark)

    def _mark(self) -> bytes | None:
        """Return what tells this shelf from any other state of it; None if nothing does yet."""
        times = []
        for folder in (self.layout.root, self.layout.shelf.heads):
            folders = FolderTimes(folder)
            times += [
                (name, folders.settled(name))
                for name in folders.times
                if folder != self.layout.root or name in ("packs", "heads")
            ]
        if any(when is None for _, when in times):
            return None
        return b"%016x\n" % check64(repr(times).encode())

    def _marked(self) -> bytes | None:
        try:
            return fsio.read(self._mark_path)
        except FileNotFoundError:
            return None

    @property
    def _mark_path(self) -> Path:
        # A linked work tree has a shelf of its own, and the store of the main one.
        return self.layout.adopted / f"{check64(str(self.layout.root.resolve()).encode()):016x}"

    def _adopt(self) -> bool:
        """Take in what is new on the shelf; return whether nothing was left out."""
        known = {*fsio.list_dir(self.home.packs.folder), *self.home.redactions.packs()}
        hidden = self.home.redactions.ids()
        for name in fsio.list_dir(self.shelf.packs.folder):
            if is_pack_name(name) and name not in known and name not in self.skipped:
                try:
                    self._check_shelved(name)
                except CorruptError as error:
                    self.skipped[name] = error
                    continue
                file = PackFile(self.shelf.packs.folder / name, self.format)
                if any(oid in file for oid in hidden):
                    self.clear(file, hidden)
                else:
                    self.home.adopt_pack(file.path)
                known.add(name)
        whole = not any(map(is_pack_name, self.skipped))
        mine = self.home.heads()
        news = {
            run: missing
            for run, heads in self.shelf.heads().items()
            if (missing := [oid for oid in heads if oid not in mine.get(run, ())])
        }
        if news:
            self.home.sync_packs()
        for run, heads in news.items():
            whole &= self._adopt_heads(run, heads, mine.get(run, []))
        return whole

    def clear(self, file: PackFile, oids: set[ObjectId], folder: Path | None = None) -> None:
        """Put a copy of *file* without *oids* among the packs.

        The pack itself is never taken in again.

        Args:
            file: The pack; it stays where it is.
            oids: What is left out.
            folder: Where the copy goes instead, as the trash.
        """
        target = folder or self.home.packs.folder
        writer = self.home.redactions.cleared(file, oids, self.layout.tmp, self.format)
        if writer is not None:
            try:
                writer.install(target, file.path.name[0])
            except BaseException:
                writer.abandon()
                raise
            fsio.fsync_dir(target)
        self.home.redactions.replaced(file.path.name)

    def _check_shelved(self, name: str) -> None:
        path = self.shelf.packs.folder / name
        file = PackFile(path, self.format)
        check_name(path)
        verify_against(file, self.format, self.home.objects)

    def _adopt_heads(self, run: str, heads: list[ObjectId], mine: list[ObjectId]) -> bool:
        whole = True
        old = self.ancestors(mine) | self.put_aside(run)
        fresh: list[ObjectId] = []
        for oid in heads:
            if oid in old:
                continue
            try:
                manifest = decode_run(self.home.objects.read(oid))
            except (CorruptError, ObjectNotFoundError):
                whole = False
                continue
            if manifest.run == run:
                self.home.head_folder.add(run, oid)
                fresh.append(oid)
        self.log.note("adopt", run, mine, [*mine, *fresh])
        return whole

    def ancestors(self, heads: list[ObjectId]) -> set[ObjectId]:
        """Return every manifest that *heads* replace, themselves left out."""
        found: set[ObjectId] = set()
        todo = list(heads)
        while todo:
            oid = todo.pop()
            if oid in self.home.objects:
                try:
                    parents = decode_run(self.home.objects.read(oid)).parents
                except CorruptError:
                    continue  # fsck names it; what is whole must stay within reach
                todo.extend(parent for parent in parents if parent not in found)
                found.update(parents)
        return found

    # ---- moving heads ------------------------------------------------------------------

    def put_aside(self, run: str) -> set[ObjectId]:
        """Return the states of *run* that may come in from nowhere."""
        return {*self.removed.of(run), *self.left.of(run)}

    def move_heads(self, run: str, *, back: list[ObjectId], gone: list[ObjectId]) -> None:
        """Make *back* heads of *run* in the place of *gone*, for good.

        Nothing takes *gone* in again, nor what only these replaced. What is needed of *back*
        must be there.
        """
        folder = self.home.head_folder
        old = folder.of(run)
        for oid in back:
            folder.add(run, oid)
        stay = [oid for oid in {*old, *back} if oid not in gone]
        aside = self.ancestors(gone) - self.ancestors(stay) - {*stay, *gone}
        for oid in sorted(aside):
            self.left.renew(run, oid)
        where = self.left if stay else self.removed
        for oid in gone:
            where.renew(run, oid)
        if gone:
            # Heads that an edit replaced, and the journal, may still come back with a power cut;
            # beside a head that does no harm.
            folder.sync([run])
            fsio.fsync_dir(self.layout.live)
            # Last: it is done at this moment, and can be repeated before.
            folder.drop(run, gone)
        for aside_folder in (self.removed, self.left):
            if set(aside_folder.of(run)) & {*back}:
                aside_folder.drop(run, back)

    def forget_shelf(self) -> None:
        """Go through the shelf at the next opening, whatever was taken in already."""
        fsio.unlink(self._mark_path)

    # ---- changing ----------------------------------------------------------------------

    def check_documents(self, oids: Iterable[ObjectId]) -> None:
        """Refuse documents that a stranger made too large to read: here are none."""

    def require_folder(self) -> None:
        """Refuse what is no folder: here it is one."""

    def require_writable(self) -> None:
        """Raise StorageError where nothing can be written."""
        if not self.writable:
            with fsio.storage_errors(f"write to '{self.layout.root}'"):
                _complete(self.layout, self.format)
                fsio.probe(self.layout.tmp)
            self.writable = True


def layout_of(root: Path) -> Layout:
    """Return the paths of the repository *root*, a folder ``.runs``."""
    # A linked work tree shares the store of the main one, so that removing the work tree
    # removes no run.
    top = worktree.find_root(root.parent)
    main = worktree.main_root(top) if top is not None else None
    if top is None or main is None:
        return Layout(root, root / "local")
    return Layout(root, main / root.relative_to(top) / "local")


def _make(layout: Layout, fmt: ObjectFormat) -> None:
    # Written aside and linked, so that eight first starts at once make one repository and none
    # of them ever sees half a file. The first copy decides.
    for path in (layout.format_copy, layout.format):
        fsio.make_dirs(path.parent)
    fsio.publish(layout.format_copy, encode_format(fmt))
    first = fsio.read(layout.format_copy)
    fsio.publish(layout.format, first)
    _complete(layout, parse_format(first))


def _sync(layout: Layout) -> None:
    """Make the folders survive a power cut, whoever made them."""
    with suppress(OSError):  # a disk that is only read
        for folder in (layout.root.parent, layout.root, layout.local.parent, layout.local):
            fsio.fsync_dir(folder)


def _complete(layout: Layout, fmt: ObjectFormat) -> None:
    shell = layout.local / ".git"
    for folder in (
        layout.root, layout.store.packs, layout.store.heads, layout.live, layout.tmp,
        shell / "objects", shell / "refs",
    ):  # fmt: skip
        fsio.make_dirs(folder)
    wanted = {layout.root / name: data for name, data in _GENERATED.items()}
    if layout.local.parent != layout.root:  # a linked work tree; see layout_of
        wanted[layout.local.parent / ".gitignore"] = _GENERATED[".gitignore"]
    wanted |= {shell / name: data for name, data in _SHELL.items()}
    wanted |= {path: encode_format(fmt) for path in (layout.format, layout.format_copy)}
    for path, data in wanted.items():
        if not path.exists():
            fsio.publish(path, data)
