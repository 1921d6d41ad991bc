"""Which run made or used a file: by its content, images by their pixels too."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, ObjectNotFoundError, VcsTrackError
from vcs_track.formats import media
from vcs_track.formats.code import SUBMODULE, Code, path_text
from vcs_track.formats.manifest import decode_media
from vcs_track.plumbing import fsio
from vcs_track.plumbing.content import content_of, git_blob_of
from vcs_track.porcelain.inputs import inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vcs_track.formats.code import CodeFile
    from vcs_track.formats.manifest import MediaItem
    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.porcelain.run_view import RunView

    LeaveOut = Callable[[str, VcsTrackError], None]
    Progress = Callable[[int, int], None]
    Tell = Callable[[str], None]

__all__ = ["Origin", "whence"]

_PICTURES: Final = ("image", "figure")
_LARGEST: Final = 256 << 20  # bytes of an image whose pixels are looked at
_HEADER: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Origin:
    """One place where a run made or used a file.

    Attributes:
        run: Id of the run.
        name: Its name.
        status: Its status.
        when: When it was logged; of code and inputs, when the run started. UTC.
        how: ``made`` by the run, ``used`` as an input, or part of its ``code``.
        kind: ``image``, ``figure``, ``file``, ``text`` and so on, ``input`` or ``code``.
        label: Tag, or name of the file or input, or path in the code.
        step: Step, or None.
        by: ``bytes``, or ``pixels`` where only these are the same.
    """

    run: str
    name: str
    status: str
    when: datetime
    how: str
    kind: str
    label: str | None = None
    step: int | None = None
    by: str = "bytes"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return {**asdict(self), "when": self.when.isoformat()}


@dataclass(slots=True)
class _Sought:
    """A file that is looked for."""

    path: Path
    oid: ObjectId
    size: int
    origins: list[Origin] = field(default_factory=list)
    blobs: dict[str, str] = field(default_factory=dict)

    def has_blob(self, file: CodeFile, name: str) -> bool:
        """Return whether git has it under the id of *file*, which nobody may have kept."""
        if file.size != self.size or file.mode == SUBMODULE:
            return False
        if name not in self.blobs:
            self.blobs[name] = git_blob_of(self.path, name)
        return self.blobs[name] == file.blob

    @property
    def is_made(self) -> bool:
        """Whether a run is known that made it."""
        return any(origin.how == "made" for origin in self.origins)


def whence(
    paths: Sequence[Path], runs: Sequence[RunView], fmt: ObjectFormat, *,
    leave_out: LeaveOut, tell: Tell, progress: Progress | None = None,
) -> list[list[Origin]]:  # fmt: skip
    """Return the origins of each file, the newest first.

    Args:
        paths: The files.
        runs: Where to look.
        fmt: Object format of the repository.
        leave_out: Is told of a run that cannot be read.
        tell: Takes a line about what could not be compared.
        progress: Is called with images compared and images in all.

    Raises:
        InvalidValueError: If one is no file, or cannot be read.
    """
    sought = [_Sought(path, *_content(path, fmt)) for path in paths]
    _by_bytes(sought, runs, leave_out)
    for one in sought:
        if not one.is_made:
            _by_pixels(one, runs, leave_out, tell, progress)
    for one in sought:
        one.origins.sort(key=lambda origin: origin.when, reverse=True)
    return [one.origins for one in sought]


def _content(path: Path, fmt: ObjectFormat) -> tuple[ObjectId, int]:
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    try:
        if path.is_dir():
            raise InvalidValueError(f"'{shown}' is a folder", hint="name the files in it")
        return content_of(path, fmt)[:2]
    except (OSError, ValueError) as error:
        if isinstance(error, VcsTrackError):
            raise
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InvalidValueError(f"cannot read '{shown}': {reason}", hint="name a file") from None


# ---- by bytes --------------------------------------------------------------------------


def _by_bytes(sought: Sequence[_Sought], runs: Iterable[RunView], leave_out: LeaveOut) -> None:
    codes: dict[ObjectId, list[tuple[_Sought, str]]] = {}  # most runs share theirs
    for run in runs:
        try:
            _find_used(sought, run)
            _find_made(sought, run)
            _find_code(sought, run, codes)
        except VcsTrackError as error:
            leave_out(run.id, error)


def _find_used(sought: Sequence[_Sought], run: RunView) -> None:
    for given in inputs_of(run.manifest.command):
        for one in sought:
            if given.oid == one.oid:
                one.origins.append(_origin(run, "used", "input", given.name))


def _find_made(sought: Sequence[_Sought], run: RunView) -> None:
    if run.manifest.media is None:
        return
    data = run.objects.read(run.manifest.media)
    # The bytes of the manifest are searched, which is far cheaper than understanding them.
    if not any(one.oid.encode() in data for one in sought):
        return
    items = decode_media(data)
    for one in sought:
        one.origins += [_made(run, item) for item in items if item.oid == one.oid]


def _find_code(
    sought: Sequence[_Sought], run: RunView, codes: dict[ObjectId, list[tuple[_Sought, str]]]
) -> None:
    if run.code is None:
        return
    if run.code not in codes:
        codes[run.code] = []  # whatever is wrong with it is told once
        code = Code.decode(run.objects.read(run.code))
        codes[run.code] = [
            (one, path_text(file.path))
            for file in code.files
            for one in sought
            if one.oid == file.oid or one.has_blob(file, code.hash)
        ] + [
            (one, f"{path_text(left.path)} (not kept)")
            for left in code.left_out
            for one in sought
            if one.oid == left.sha256
        ]
    for one, path in codes[run.code]:
        # Data and results may lie among the files of the code; that tells less.
        if all(origin.run != run.id for origin in one.origins):
            one.origins.append(_origin(run, "code", "code", path))


def _origin(
    run: RunView, how: str, kind: str, label: str | None, when_us: int | None = None,
    step: int | None = None, by: str = "bytes",
) -> Origin:  # fmt: skip
    us = run.manifest.created_us if when_us is None else when_us
    when = datetime.fromtimestamp(us / 1e6, UTC)
    return Origin(run.id, run.name, run.status, when, how, kind, label, step, by)


def _made(run: RunView, item: MediaItem, by: str = "bytes") -> Origin:
    label = item.name or item.tag
    return _origin(run, "made", item.kind, label, item.wall_us, item.step, by)


# ---- by pixels -------------------------------------------------------------------------


def _by_pixels(
    one: _Sought, runs: Sequence[RunView], leave_out: LeaveOut, tell: Tell,
    progress: Progress | None,
) -> None:  # fmt: skip
    """Look for images that were saved again, with another compression for example."""
    shown = path_text(os.fsencode(one.path))
    found = media.sniff(fsio.read_start(one.path, _HEADER))
    if found is None:
        return
    try:
        data = _bytes_of(one.path)
        wanted = media.pixels_of(data)
    except InvalidValueError as error:
        tell(f"'{shown}' is not compared by its pixels: {error}")
        return
    size = media.sniff(data)
    assert size is not None, "its pixels were read"
    places = _candidates(runs, size[1:], leave_out)
    same: dict[ObjectId, bool] = {}
    absent = 0
    for n, (oid, (run, _)) in enumerate(((oid, at[0]) for oid, at in places.items()), 1):
        try:
            stored = run.objects.read(oid)
            same[oid] = _size_of(stored) == size[1:] and media.pixels_of(stored) == wanted
        except InvalidValueError:
            same[oid] = False  # a damaged picture has no pixels to compare
        except (ObjectNotFoundError, VcsTrackError):
            absent += 1
        if progress is not None:
            progress(n, len(places))
    if absent:
        tell(f"{absent} images of this size are not here or damaged, and were not compared")
    for oid, at in places.items():
        if same.get(oid):
            one.origins += [_made(run, item, "pixels") for run, item in at]


def _bytes_of(path: Path) -> bytes:
    length = fsio.stamp(path)[1]
    if length > _LARGEST:
        raise InvalidValueError(f"it has {length:,} bytes")
    return fsio.read(path)


def _size_of(data: bytes) -> tuple[int | None, int | None]:
    found = media.sniff(data)
    return (None, None) if found is None else found[1:]


def _candidates(
    runs: Iterable[RunView], size: tuple[int | None, int | None], leave_out: LeaveOut
) -> dict[ObjectId, list[tuple[RunView, MediaItem]]]:
    """Return the stored images of this size, each with the places where it was logged."""
    places: dict[ObjectId, list[tuple[RunView, MediaItem]]] = {}
    for run in runs:
        try:
            for item in _pictures(run, size):
                places.setdefault(item.oid, []).append((run, item))
        except VcsTrackError as error:
            leave_out(run.id, error)
    return places


def _pictures(run: RunView, size: tuple[int | None, int | None]) -> Iterator[MediaItem]:
    if run.manifest.media is None:
        return
    data = run.objects.read(run.manifest.media)
    wanted = {"width": size[0], "height": size[1]}
    # As above: most runs have no picture of this size.
    if b'"height":%d,' % (size[1] or 0) not in data and b'"kind":"figure"' not in data:
        return
    for item in decode_media(data):
        # An early figure does not say its size; its bytes do.
        if item.kind in _PICTURES and (item.meta or wanted) == wanted:
            yield item
