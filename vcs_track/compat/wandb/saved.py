"""Files of a run: which ones a call of ``save`` means, and when they are stored."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.term import termlog, termwarn
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from vcs_track.compat.wandb.folder import Folder
    from vcs_track.porcelain.run import Run as Native

__all__ = ["SavedFiles"]

_POLICIES: Final = ("live", "now", "end")
_SETTLED: Final = 0.5  # seconds since the last change of a file that nobody is writing
# Each version is kept. Bytes of a file, and the seconds between two versions of shorter ones.
_WAITS: Final = ((1 << 16, 0), (1 << 20, 30), (10 << 20, 60), (100 << 20, 300), (1 << 30, 600))
_LONGEST_WAIT: Final = 1200
_REMOTE: Final = ("gs://", "s3://")


class _Saved(NamedTuple):
    """A file that was stored.

    Attributes:
        path: Where it came from.
        stamp: What told that content from others.
        again: Whether it is looked at again at the end.
        at: When it was stored, seconds of a clock that only goes forth.
        live: Whether it is looked at while the run goes on, too.
    """

    path: Path
    stamp: tuple[int, int]
    again: bool
    at: float
    live: bool = False


class SavedFiles:
    """The files of a run.

    Args:
        native: The run of the store.
        folder: Its folder.
        ignored: Patterns of names in the folder that are not kept.
    """

    def __init__(self, native: Native, folder: Folder, ignored: Iterable[str] = ()) -> None:
        self._native = native
        self._folder = folder
        self._ignored = tuple(ignored)
        self._saved: dict[str, _Saved] = {}

    @property
    def _lock(self) -> threading.RLock:
        # That of the run, and no other: a signal may end the run in the middle of any call.
        return self._native._lock  # noqa: SLF001 -- of one mechanism with it

    def save(self, given: Any, base: Any, policy: Any, *, glob: bool) -> list[str]:
        """Store the files that *given* means; see :meth:`Run.save`."""
        if policy not in _POLICIES:
            raise BadValueError(
                'Only "live", "end" and "now" policies are currently supported.',
                hint=f"{policy!r:.40} is none of them",
            )
        text = _text(given)
        if text.startswith(_REMOTE):
            termlog(f"{text} is a cloud storage url, can't save file to this repository")
            return []
        above, found = self._meant(text, base, glob=glob)
        named = {path.relative_to(above).as_posix(): path for path in found}
        for name, path in self._in_folder(text, base, glob=glob):
            named.setdefault(name, path)
        for name, path in sorted(named.items()):
            self._store(name, path, again=policy != "now", live=policy == "live")
            self._place(name, path)
        return sorted(str(self._folder.files / name) for name in named)

    def _meant(self, text: str, base: Any, *, glob: bool) -> tuple[Path, list[Path]]:
        here = Path.cwd()
        if base is not None:
            above = Path(os.path.normpath(here / _text(base)))
        elif Path(text).is_absolute():
            # As wandb: the folder of the file is a part of its name.
            above = Path(os.path.normpath(text)).parent.parent
            termwarn(
                "Saving files without folders. If you want to preserve subdirectories pass "
                'base_path to wandb.save, i.e. wandb.save("/mnt/folder/file.h5", '
                'base_path="/mnt")',
                repeat=False,
            )
        else:
            above = here
        pattern = Path(os.path.normpath(here / text))
        if above not in pattern.parents and above != pattern:
            raise BadValueError("Glob may not walk above the base path")
        return above, list(_files(pattern, glob=glob))

    def _in_folder(self, text: str, base: Any, *, glob: bool) -> Iterator[tuple[str, Path]]:
        """Yield what *text* means among the files that the script wrote to the run's folder."""
        if base is not None or Path(text).is_absolute():
            return
        home = self._folder.files
        for path in _files(Path(os.path.normpath(home / text)), glob=glob):
            if home in path.parents:
                yield path.relative_to(home).as_posix(), path

    def _store(self, name: str, path: Path, *, again: bool, live: bool = False) -> None:
        with self._lock:
            stamp = fsio.stamp(path)
            self._native.add_file(path, name)
            self._saved[name] = _Saved(path, stamp, again, time.monotonic(), live)

    def _place(self, name: str, path: Path) -> None:
        """Let the file be found in the folder of the run too."""
        target = self._folder.files / name
        if target == path or (target.exists() and target.samefile(path)):
            return
        try:
            fsio.make_dirs(target.parent, sync=False)
            fsio.link(path, target)
        except OSError:
            return  # another disk: the store has it, and `restore` brings it

    def look(self) -> None:
        """Store live files that have changed, long ones more seldom."""
        for name, saved in list(self._saved.items()):
            if saved.live:
                with self._lock, suppress(OSError, ValueError):
                    if _is_due(self._saved[name], fsio.stamp(saved.path)):
                        self._store(name, saved.path, again=True, live=True)

    def complete(self) -> None:
        """Store what the folder has at the end, and what has changed."""
        for name, path in self._folder.contents():
            saved = self._saved.get(name)
            ignored = any(fnmatch(name, pattern) for pattern in self._ignored)
            if not ignored and (saved is None or (saved.again and saved.path == path)):
                self._look_again(name, path, saved)
        for name, saved in list(self._saved.items()):
            if saved.again and saved.path != self._folder.files / name:
                self._look_again(name, saved.path, saved)

    def _look_again(self, name: str, path: Path, saved: _Saved | None) -> None:
        try:
            with self._lock:
                saved = self._saved.get(name, saved)
                if saved is None or fsio.stamp(path) != saved.stamp:
                    self._store(name, path, again=True)
        except (OSError, ValueError) as error:
            if saved is None:
                termwarn(f"'{name}' is not kept: {error}")
            elif path.exists():  # what is gone was stored before
                termwarn(f"'{name}' is kept as it was before: {error}")


def _is_due(saved: _Saved, stamp: tuple[int, int]) -> bool:
    """Return whether a live file is to be stored again, now that it has *stamp*."""
    if stamp == saved.stamp:
        return False
    wait = next((wait for size, wait in _WAITS if stamp[1] < size), _LONGEST_WAIT)
    since = time.monotonic() - saved.at
    settled = time.time() - stamp[0] / 1e9 > _SETTLED
    return since >= wait and (settled or since >= 2 * (wait + _SETTLED))


def _text(given: Any) -> str:
    if isinstance(given, bytes):
        given = given.decode("utf-8", "surrogateescape")
    if not isinstance(given, str | os.PathLike):
        raise BadTypeError(f"Must call wandb.save(glob_str) with a text, not {given!r:.40}")
    text = os.fspath(given)
    if not isinstance(text, str) or "\0" in text or not text:
        raise BadValueError(f"{text!r:.40} is no path")
    return text


def _files(pattern: Path, *, glob: bool) -> Iterator[Path]:
    """Yield the files that *pattern* means; those of a folder with all below it."""
    if glob and any(sign in str(pattern) for sign in "*?["):
        from glob import glob as expand

        found: Iterable[Path] = map(Path, expand(str(pattern), recursive=True))  # noqa: PTH207 -- takes an absolute pattern
    else:
        found = [pattern]
    for path in found:
        if path.is_dir():
            yield from (below for below in path.rglob("*") if below.is_file())
        elif path.is_file():
            yield path
