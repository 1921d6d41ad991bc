"""Runs as plain folders, for people: CSV, PNG, JSON, and nothing that has to be read back."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.code import SUBMODULE, path_text
from vcs_track.plumbing import fsio
from vcs_track.porcelain.code_files import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Series

    Progress = Callable[[int, int], None]

__all__ = ["clean_name", "export_tree"]

_LARGE: Final = 8 << 20
_LONGEST: Final = 80
_COLUMNS: Final = ("step", "value", "walltime", "epoch", "repetition", "rank")
# Names that a system keeps for itself, whatever stands behind the first dot.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_ODD = re.compile(r"[^\w.+-]+")
_EXTENSIONS: Final = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp",
    "image/svg+xml": "svg", "image/bmp": "bmp", "image/tiff": "tiff", "text/html": "html",
    "text/plain": "txt", "application/pdf": "pdf", "application/json": "json",
}  # fmt: skip


def export_tree(
    store: Store, runs: Sequence[RunView], folder: Path, *, media: bool = True,
    progress: Progress | None = None,
) -> list[Path]:  # fmt: skip
    """Write *runs* as plain folders below *folder*.

    No name of a run, a tag or a file becomes a name on disk as it is: ``files.json`` in the
    folder of the run says what each file was called.

    Args:
        store: The store.
        runs: Runs.
        folder: Where to make them; it must not exist, or be empty.
        media: False leaves out images, figures and files.
        progress: Is called with runs done and runs in all.

    Returns:
        The folder of each run.

    Raises:
        InvalidValueError: If there is something in *folder*, or nothing to export.
        CorruptObjectError: If an object is damaged; *folder* is as it was then.
    """
    if not runs:
        raise InvalidValueError("there is nothing to export", hint="name at least one run")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValueError(
            f"there is something in '{folder}'", hint="name a folder that is new or empty"
        )
    made = fsio.aside(folder.absolute())
    names = _Names()
    found: list[Path] = []
    with fsio.storage_errors(f"write '{folder}'"):
        fsio.make_dirs(made)
        try:
            for done, view in enumerate(runs, 1):
                name = names.take(f"{view.name[:_LONGEST]}-{view.id}")
                _Tree(store, view, made / name).write(media=media)
                found.append(folder / name)
                if progress is not None:
                    progress(done, len(runs))
            fsio.rename(made, folder)
        except BaseException:
            fsio.remove_tree(made)
            raise
    return found


class _Names:
    """Names on disk, none twice, nor twice where case does not count."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str, extension: str = "") -> str:
        """Return a free name like *wanted*, which may be anything."""
        name = clean_name(wanted)
        number, free = 1, f"{name}{extension}"
        while free.casefold() in self._taken:
            number += 1
            free = f"{name}-{number}{extension}"
        self._taken.add(free.casefold())
        return free


def clean_name(text: str) -> str:
    """Return a name that no system takes for anything but a file's.

    Example:
        >>> from vcs_track.porcelain.tree_export import clean_name
        >>> [clean_name(text) for text in ("val/loss", "../../etc", "con", "a b", "-rf", "")]
        ['val-loss', 'etc', '_con', 'a-b', 'rf', '_']
    """
    name = _ODD.sub("-", text).strip(".-+ ")[:_LONGEST].rstrip(".-+")
    # Letters may take four bytes each, and a name has 255 of them.
    name = name.encode("utf-8", "ignore")[:200].decode("utf-8", "ignore")
    return f"_{name}" if not name or _RESERVED.match(name) else name


class _Tree:
    """The folder of one run."""

    def __init__(self, store: Store, view: RunView, folder: Path) -> None:
        self._store = store
        self._view = view
        self._folder = folder
        self._names: dict[str, _Names] = {}
        self._files: list[dict[str, Any]] = []

    def write(self, *, media: bool) -> None:
        view = self._view
        fsio.make_dirs(self._folder, sync=False)
        self._json("run.json", view.to_dict())
        self._json("hparams.json", view.hparams)
        if view.env:
            self._json("env.json", view.env)
        for tag in view.series_tags:
            self._series(view.series(tag))
        for item in view.media():
            self._media(item, media=media)
        self._code()
        self._json("files.json", self._files)

    def _json(self, name: str, value: Any) -> None:
        data = canonical.dumps(typed_json.freeze(value)) + b"\n"
        fsio.write_new(self._folder / name, data, sync=False)

    def _place(self, kind: str, wanted: str, extension: str = "") -> str:
        fsio.make_dirs(self._folder / kind, sync=False)
        return f"{kind}/{self._names.setdefault(kind, _Names()).take(wanted, extension)}"

    def _series(self, series: Series) -> None:
        name = self._place("series", series.tag, ".csv")
        rows = io.StringIO()
        table = csv.writer(rows)
        table.writerow(_COLUMNS)
        fd = fsio.create(self._folder / name)
        try:
            for number, point in enumerate(series, 1):
                table.writerow(["" if value is None else value for value in point])
                if number % 10_000 == 0:
                    _drain(fd, rows)
            _drain(fd, rows)
        finally:
            fsio.close(fd)
        self._files.append({"file": name, "kind": "series", "tag": series.tag})

    def _media(self, item: Media, *, media: bool) -> None:
        label = item.name or item.tag or item.kind
        stem, dot, extension = label.rpartition(".") if item.name else (label, "", "")
        extension = clean_name(extension)[:10] if dot and stem else _EXTENSIONS.get(item.mime, "")
        step = "" if item.step is None else f"-{item.step}"
        row = {"file": None, "kind": item.kind, "tag": item.tag, "name": item.name,
               "step": item.step, "object": item.oid}  # fmt: skip
        self._files.append(row)
        if (media or item.kind == "text") and item.oid in self._view.objects:
            ending = f".{extension}" if extension else ""
            row["file"] = self._place("media", f"{stem or label}{step}", ending)
            self._object(str(row["file"]), item)

    def _object(self, name: str, item: Any) -> None:
        fd = fsio.create(self._folder / name)
        try:
            for part in self._bytes(item):
                fsio.append(fd, part)
        finally:
            fsio.close(fd)

    def _bytes(self, item: Any) -> Iterable[bytes]:
        objects = self._store.home.objects
        file = objects.sound(item.oid) if (item.size or 0) > _LARGE else None
        if file is None:
            return [self._view.objects.read(item.oid)]
        return file.parts(file.entry(item.oid))

    def _code(self) -> None:
        try:
            code = code_of(self._view)
        except VcsTrackError:
            return  # none was captured
        for file in code.files:
            text = path_text(file.path)
            row = {"file": None, "kind": "code", "name": text, "mode": file.mode}
            self._files.append(row)
            if file.oid is None or file.mode == SUBMODULE or file.oid not in self._view.objects:
                continue
            # A link becomes a file with what it leads to: nothing here leads anywhere.
            parent, _, base = text.rpartition("/")
            parts = [clean_name(part) for part in parent.split("/") if part]
            stem, dot, extension = base.rpartition(".")
            ending = f".{clean_name(extension)[:10]}" if dot and stem else ""
            row["file"] = self._place("/".join(["code", *parts]), stem or base, ending)
            self._object(str(row["file"]), file)


def _drain(fd: int, rows: io.StringIO) -> None:
    fsio.append(fd, rows.getvalue().encode())
    rows.seek(0)
    rows.truncate()
