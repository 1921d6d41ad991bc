"""The files of a run, from its folder into the store."""

from __future__ import annotations

import errno
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.importing.folders import readable, walk
from vcs_track.compat.wandb.media.paths import folder_safe, tag_of
from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats import canonical
from vcs_track.formats.media import guess_mime, sniff
from vcs_track.formats.oid import digest_of
from vcs_track.plumbing import fsio
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.compat.wandb.importing.story import Story
    from vcs_track.porcelain.run import Run

__all__ = ["Filing"]

_LARGEST: Final = 1 << 30  # bytes of a medium, which is held in memory
_KINDS: Final = {"image-file": "image", "images/separated": "image", "html-file": "fragment"}
_CONSOLE: Final = "output.log"
_LONGEST: Final = 240
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


class Filing:
    """Stores the media of rows, and then all other files.

    Args:
        story: The run.
        run: The open run of the store.
        notes: Is told what could not be kept.
    """

    def __init__(self, story: Story, run: Run, notes: list[str]) -> None:
        self._files = story.folder.files
        self._named = story.files
        self._run = run
        self._notes = notes
        self._stored: set[str] = set()
        self._said = False

    # ---- media -------------------------------------------------------------------------

    def media(self, row: dict[str, Any], step: int, wall: float) -> None:
        """Store the media of a row."""
        for key, value in row.items():
            self._value(key, value, step, wall)

    def _value(self, key: str, value: Any, step: int, wall: float) -> None:
        if isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    self._value(key, one, step, wall)
        if not isinstance(value, dict):
            return
        kind = value.get("_type")
        if kind == "histogram":
            self._histogram(key, value, step, wall)
        for name, digest in _names(value):
            self._medium(name, digest, key, str(kind), step, wall)
        for below, inner in value.items():
            if isinstance(inner, dict | list):
                self._value(key if "_type" in value else f"{key}.{below}", inner, step, wall)

    def _histogram(self, key: str, value: dict[str, Any], step: int, wall: float) -> None:
        try:
            found = values.check_histogram(value.get("values"), value.get("bins"))
        except (InvalidTypeError, InvalidValueError):
            return  # it stays in the row, which has all of it
        body = canonical.dumps(found)
        self._run.add_item(
            "histogram", body, mime="application/json", step=step, tag=tag_of(key),
            meta={"api": "wandb"}, walltime=wall,
        )  # fmt: skip

    def _medium(
        self, name: str, digest: str | None, key: str, kind: str, step: int, wall: float
    ) -> None:
        if name in self._stored:
            return
        data = self._read(name)
        if data is None:
            return
        if digest is not None and digest_of("sha256", data) != digest:
            self._notes.append(f"file '{name}' is not the one that was logged")
        known = sniff(data)
        mime, width, height = known or (guess_mime(name), None, None)
        meta: dict[str, Any] = {"api": "wandb"}
        if width:
            meta.update(width=width, height=height)
        wanted = _KINDS.get(kind, "file")
        self._run.add_item(
            "file" if wanted == "image" and known is None else wanted, data, mime=mime,
            step=step, tag=tag_of(key), name=_label(name), meta=meta, walltime=wall,
        )  # fmt: skip
        self._stored.add(name)

    def _read(self, name: str) -> bytes | None:
        path = self._inside(name)
        try:
            if path is None or not path.is_file():
                self._notes.append(f"file {name!r:.200} is not there")
            elif path.stat().st_size > _LARGEST:
                self._notes.append(f"file '{name}' is too long for a medium")
            else:
                return fsio.read(path)
        except OSError as error:
            if error.errno not in _MISSING:
                raise  # what the disk refuses now may be there the next time
            self._notes.append(f"file {name!r:.200} is not there")
        return None

    def _inside(self, name: str) -> Path | None:
        """Return where *name* is, unless it leads elsewhere."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or "\0" in name or ".." in parts:
            return None
        path = self._files.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self._files.resolve())
        except OSError:
            return None
        return path if inside else None

    # ---- all other files ---------------------------------------------------------------

    def rest(self, *, console: bool) -> None:
        """Store the files that no row has named.

        A link is followed where the run itself said that the file is its.

        Args:
            console: Whether the console output is known already.
        """
        for name, path in self._left(console=console):
            label = _label(readable(name))
            if path.is_symlink() and not self._is_named(name):
                self._notes.append(f"'{label}' is a link that the run did not make")
            elif not path.is_file():
                self._notes.append(f"file '{label}' is gone: it was a link to '{_target(path)}'")
            else:
                try:
                    self._run.add_file(path, label)
                except InvalidValueError as error:
                    self._notes.append(f"file '{label}' cannot be kept: {error}")

    def _left(self, *, console: bool) -> Iterator[tuple[str, Path]]:
        for name, path in walk(self._files):
            if name not in self._stored and not (console and name == _CONSOLE):
                yield name, path

    def _is_named(self, name: str) -> bool:
        return any(name == way or fnmatchcase(name, way) for way, _ in self._named)


def _names(value: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the files that a record of media names, each with its hash where that is known."""
    if "_type" not in value:
        return
    path, digest = value.get("path"), value.get("sha256")
    if isinstance(path, str) and "://" not in path:
        yield path, digest if isinstance(digest, str) else None
    names = value.get("filenames")
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and "://" not in name:
            yield name, None


def _label(name: str) -> str:
    """Return the name of a file as one that the store takes."""
    return folder_safe(name)[:_LONGEST]


def _target(path: Path) -> str:
    try:
        return readable(str(path.readlink()))[:200]
    except OSError:
        return ""
