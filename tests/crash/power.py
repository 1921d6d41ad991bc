"""A model of a disk: what it may hold after a power cut.

A :class:`Recorder` writes down what a program does to a folder. A :class:`Disk` takes these
events one by one and knows what is certain and what is not:

* names (create, link, rename, unlink, mkdir, rmdir) that came after the last sync of their
  folder may be there or not, each for itself; a rename is whole or not at all;
* a file whose data was not synced holds the old bytes, the new ones, part of them, zeros or
  garbage of the new length, or any mix of its old and new pages;
* a synced file is not there when its name, or the name of a folder above it, is not.

That is harsher than any journaling file system is known to be.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crash.tap import CHANGING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crash.tap import Call

__all__ = [
    "Data", "Disk", "Event", "Names", "Recorder", "Sync", "Told", "Tree", "cuts", "laid_out",
    "states", "write_tree",
]  # fmt: skip

PAGE: Final = 4096
_ROOT: Final = 0
# Names that are no part of the layout: ids, what is drawn, folders of heads, runs.
_NAMES_GIVEN: Final = re.compile(r"[0-9a-f]{16,}|(?<=heads/)\w\w(?=/|$)|(?<=live/)[\w-]+")
_ALL: Final = 64  # so many combinations at one moment are all tried

Tree = dict[str, bytes | None]  # content by path; None for a folder


# ---- what happened ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """Names changed, in one step: each is a folder, a name and what it means now.

    The last one says whose sync makes the step survive: for a rename, the new name's folder.
    """

    changes: tuple[tuple[int, str, int | None], ...]
    folder: bool = False  # whether it made a folder


@dataclass(frozen=True, slots=True)
class Data:
    """The bytes of a file changed; *content* is all of them."""

    file: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Sync:
    """A file or a folder was synced; *site* is the call and what was synced, as a pattern."""

    file: int
    site: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the program has promised from here on."""

    promise: Any


Event = Names | Data | Sync | Told


class Recorder:
    """Writes down every call that changes something below a folder; see :func:`tapped`.

    Args:
        root: The folder.
        before: What happened to it until now; it holds all of that.
        every: How many writes in a row to one file are looked at as one.

    Attributes:
        events: What happened.
    """

    def __init__(self, root: Path, before: Iterable[Event] = (), *, every: int = 8) -> None:
        self.events: list[Event] = list(before)
        self._root = str(root)
        self._lock = threading.RLock()
        self._files: dict[str, int] = {"": _ROOT}
        self._content: dict[int, bytes] = {}
        self._open: dict[int, int] = {}
        self._patterns: dict[int, str] = {}
        self._mapped: set[int] = set()
        self._every = every
        self._streak = 0
        disk = Disk()
        for event in self.events:
            disk.take(event)
        for path, file in disk.walk(disk.names(), _ROOT):
            self._files[path] = file
            if file in disk.files:
                self._content[file] = disk.files[file][-1]
        self._count = itertools.count(1 + max(disk.files.keys() | disk.folders.keys()))

    def __call__(self, call: Call) -> Any:
        """Make one call and write down what it did."""
        with self._lock:
            return call.perform() if self._is_outside(call.args[0]) else self._record(call)

    def _record(self, call: Call) -> Any:
        self.look()
        new = call.name == "open" and not os.path.exists(call.args[0])  # noqa: PTH110
        result = call.perform()
        if call.name == "open":
            self._opened(result, call.args[0], new=new)
        elif call.name in ("write", "pwrite", "ftruncate", "posix_fallocate"):
            self._changed(call.args[0])
        elif call.name in ("fsync", "fdatasync"):
            fd = call.args[0]
            self.events.append(Sync(self._open[fd], f"{_caller()}: {self._patterns[fd]}"))
        elif call.name == "mmap":
            self._mapped.add(call.args[0])
        elif call.name == "close":
            self._mapped.discard(call.args[0])
            del self._open[call.args[0]]
        else:
            self._names_changed(call)
        return result

    def _names_changed(self, call: Call) -> None:
        match call.name:
            case "mkdir":
                self._named(call.args[0], next(self._count), folder=True)
            case "link":
                self._named(call.args[1], self._files[self._path(call.args[0])])
            case "unlink" | "rmdir":
                self._named(call.args[0], None)
            case "rename":
                self._renamed(*call.args)
            case name:  # reads, modes and times change nothing that is promised
                assert name not in CHANGING - {"chmod", "utime"}, name

    def look(self) -> None:
        """Notice what was stored through mappings."""
        for fd in self._mapped & self._open.keys():
            self._changed(fd)

    def tell(self, promise: Any) -> None:
        """Write down what is promised from here on."""
        self.look()
        self.events.append(Told(promise))

    def _path(self, path: str | Path) -> str:
        inside = os.path.relpath(path, self._root)
        return "" if inside == "." else inside

    def _is_outside(self, what: object) -> bool:
        if isinstance(what, str | Path):
            return self._path(what).startswith("..")
        return what not in self._open

    def _place(self, path: str | Path) -> tuple[int, str]:
        folder, _, name = self._path(path).rpartition("/")
        return self._files[folder], name

    def _opened(self, fd: int, path: str | Path, *, new: bool) -> None:
        if new:
            self._named(path, next(self._count))
        self._open[fd] = self._files[self._path(path)]
        self._patterns[fd] = _NAMES_GIVEN.sub("*", self._path(path)) or "."

    def _changed(self, fd: int) -> None:
        file = self._open[fd]
        content = os.pread(fd, os.fstat(fd).st_size, 0)
        if content == self._content.get(file, b""):
            return
        self._content[file] = content
        last = self.events[-1]
        self._streak += 1
        if isinstance(last, Data) and last.file == file and self._streak % self._every:
            self.events.pop()
        self.events.append(Data(file, content))

    def _named(self, path: str | Path, file: int | None, *, folder: bool = False) -> None:
        self.events.append(Names(((*self._place(path), file),), folder))
        if file is None:
            del self._files[self._path(path)]
        else:
            self._files[self._path(path)] = file

    def _renamed(self, old: str | Path, new: str | Path) -> None:
        file = self._files.pop(self._path(old))
        self.events.append(Names(((*self._place(old), None), (*self._place(new), file))))
        self._files[self._path(new)] = file


def _caller() -> str:
    """Return the function of the store that the program called."""
    frame, found = sys._getframe(1), ""
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__", "").startswith("vcs_track."):
            found = frame.f_code.co_name
    return found


# ---- what the disk may hold ------------------------------------------------------------


class Disk:
    """What is certain, and what is not.

    Attributes:
        folders: The certain names of each folder.
        files: What each file holds: what is certain, and each later content.
        pending: Steps that are not certain yet.
    """

    def __init__(self) -> None:
        self.folders: dict[int, dict[str, int]] = {_ROOT: {}}
        self.files: dict[int, list[bytes]] = {}
        self.pending: list[Names] = []

    def take(self, event: Event) -> None:
        """Let *event* happen."""
        if isinstance(event, Names):
            file = event.changes[-1][2]
            if file is not None and event.folder:
                self.folders[file] = {}
            elif file is not None:
                self.files.setdefault(file, [b""])
            self.pending.append(event)
        elif isinstance(event, Data):
            self.files[event.file].append(event.content)
        elif isinstance(event, Sync) and event.file in self.files:
            del self.files[event.file][:-1]
        elif isinstance(event, Sync):
            self._settle(event.file)

    def _settle(self, folder: int) -> None:
        waiting: list[Names] = []
        for step in self.pending:
            if step.changes[-1][0] != folder:
                waiting.append(step)
                continue
            _apply(step, self.folders)
            # What an earlier step did to the same name is over, wherever it waits.
            over = {change[:2] for change in step.changes}
            left = [
                (old.folder, tuple(c for c in old.changes if c[:2] not in over)) for old in waiting
            ]
            waiting = [Names(changes, made) for made, changes in left if changes]
        self.pending = waiting

    def names(self, steps: Iterable[Names] | None = None) -> dict[int, dict[str, int]]:
        """Return the names of all folders when *steps* made it; default: all that wait."""
        folders = {folder: dict(names) for folder, names in self.folders.items()}
        for step in self.pending if steps is None else steps:
            _apply(step, folders)
        return folders

    def walk(
        self, folders: dict[int, dict[str, int]], folder: int, above: str = ""
    ) -> Iterator[tuple[str, int]]:
        """Yield the path and the number of everything below *folder*."""
        for name, file in sorted(folders[folder].items()):
            yield above + name, file
            if file in folders:
                yield from self.walk(folders, file, f"{above}{name}/")

    def tree(self, steps: Iterable[Names], content: dict[int, bytes]) -> Tree:
        """Return what is there when *steps* made it and files hold *content*."""
        return {
            path: content.get(file, self.files[file][-1]) if file in self.files else None
            for path, file in self.walk(self.names(steps), _ROOT)
        }

    def dirty(self) -> list[int]:
        """Return the files that may be reached and whose data is not certain."""
        reach = {file for names in self.folders.values() for file in names.values()}
        reach |= {file for step in self.pending for *_, file in step.changes if file is not None}
        return [f for f, versions in self.files.items() if len(versions) > 1 and f in reach]


def _apply(step: Names, folders: dict[int, dict[str, int]]) -> None:
    for folder, name, file in step.changes:
        if file is None:
            folders[folder].pop(name, None)
        else:
            folders[folder][name] = file


def states(disk: Disk, chance: random.Random, extra: int) -> Iterator[Tree]:
    """Yield what *disk* may hold after a power cut now: all of it, or a sample.

    The sample has everything new, everything old, each single step and file the other way
    round, and *extra* that are drawn.
    """
    files = disk.dirty()
    choices: list[Sequence[Any]] = [(True, False)] * len(disk.pending)
    choices += [_contents(disk.files[file]) for file in files]

    def tree(chosen: Sequence[Any]) -> Tree:
        steps = [step for step, there in zip(disk.pending, chosen, strict=False) if there]
        return disk.tree(steps, dict(zip(files, chosen[len(disk.pending) :], strict=True)))

    count = 1
    for options in choices:
        count *= len(options)
    if count <= _ALL:
        yield from map(tree, itertools.product(*choices))
        return
    newest = [options[0] for options in choices]
    oldest = [options[1 % len(options)] for options in choices]
    for base in (newest, oldest):
        yield tree(base)
        for at, options in enumerate(choices):
            for option in options:
                if option is not base[at]:
                    yield tree([*base[:at], option, *base[at + 1 :]])
    for _ in range(extra):
        mixes = [_mix(disk.files[file], chance) for file in files]
        drawn = [chance.choice(options) for options in choices]
        yield tree(drawn)
        yield tree([*drawn[: len(disk.pending)], *mixes])


def _contents(versions: Sequence[bytes]) -> list[bytes]:
    """Return what an unsynced file may hold: the newest first, then the oldest."""
    old, new = versions[0], versions[-1]
    found = [new, old]
    if (grown := len(new) - len(old)) > 0:
        found += [old + bytes(grown), old + random.Random(grown).randbytes(grown)]
        found.append(new[: len(old) + grown // 2])
    pages = [at for at in range(0, len(new), PAGE) if _page(new, at) != _page(old, at)]
    if len(pages) > 1 and len(new) >= len(old):
        longer = old.ljust(len(new), b"\0")
        for at in pages:
            found.append(new[:at] + _page(longer, at) + new[at + PAGE :])
            found.append(longer[:at] + _page(new, at) + longer[at + PAGE :])
    found[1] = versions[len(versions) // 2] if old == new else old  # changed and changed back
    return list(dict.fromkeys(found))


def _mix(versions: Sequence[bytes], chance: random.Random) -> bytes:
    """Return a content whose every page is some version's, or zeros."""
    drawn = (versions[0], versions[-1], chance.choice(versions))
    length = len(chance.choice(drawn))
    pages = (_page(chance.choice(drawn), at).ljust(PAGE, b"\0") for at in range(0, length, PAGE))
    return b"".join(pages)[:length]


def _page(content: bytes, at: int) -> bytes:
    return content[at : at + PAGE]


# ---- trying them -----------------------------------------------------------------------


def cuts(
    events: Sequence[Event],
    *,
    start: int = 0,
    every: int = 1,
    without: str | None = None,
    seldom: bool = False,
) -> Iterator[tuple[Disk, Any]]:
    """Yield the disk and the promise at each moment from event *start* on.

    Args:
        events: What happened.
        start: The first moment.
        every: Only every so many of them.
        without: A site whose syncs did not happen.
        seldom: Only the moments when something was promised.
    """
    disk, promise, told = Disk(), None, False
    for number, event in enumerate([*events, None]):
        if isinstance(event, Told):
            promise, told = event.promise, True
            continue
        chosen = number >= start and (number - start) % every == 0
        if chosen and (told or not seldom):
            yield disk, promise
        told = False
        if event is not None and not (isinstance(event, Sync) and event.site == without):
            disk.take(event)


def laid_out(tree: Tree) -> list[Event]:
    """Return events after which *tree* is on the disk for certain."""
    numbers, events = {"": _ROOT}, list[Event]()
    for number, (path, content) in enumerate(tree.items(), 1):
        numbers[path] = number
        folder, _, name = path.rpartition("/")
        events.append(Names(((numbers[folder], name, number),), content is None))
        if content is not None:
            events.append(Data(number, content))
    return [*events, *(Sync(number, "") for number in numbers.values())]


def write_tree(tree: Tree, folder: Path) -> None:
    """Make *folder* hold *tree* and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)
