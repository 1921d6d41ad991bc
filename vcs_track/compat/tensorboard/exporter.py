"""From runs to a folder that TensorBoard is started with."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.tensorboard import names
from vcs_track.compat.tensorboard.buckets import histogram_of
from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.formats.event_file import (
    Images,
    Scalar,
    SessionEnd,
    SessionStart,
    Texts,
    file_name,
    is_event_file,
    pack_event,
    pack_start,
)
from vcs_track.plumbing import fsio
from vcs_track.porcelain import values
from vcs_track.porcelain.tree_export import clean_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.event_file import Histogram, Value
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

    Progress = Callable[[int, int], None]

__all__ = ["ToEvents", "export_events"]

_DEEPEST: Final = 8  # folders in one another
_PART: Final = 1 << 20
_LARGEST: Final = 60 << 20  # bytes of an image or a text; longer records are passed over
_STATUSES: Final = {"finished": "finished", "running": "running"}
_PLAIN: Final = (bool, int, float, str)


@dataclass(slots=True)
class ToEvents:
    """What an export did.

    Attributes:
        folders: The folder of each run, in their order.
        notes: What was left out, line by line.
    """

    folders: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_events(
    runs: Sequence[RunView], folder: Path, *, media: bool = True, progress: Progress | None = None
) -> ToEvents:
    """Write runs as event files, a folder for each, for TensorBoard.

    Scalars have 32 bits there. A run's name becomes that of its folder as far as that is safe.

    Args:
        runs: Runs.
        folder: Where to write them; it must not exist, or be empty.
        media: False leaves out images and figures.
        progress: Is called with runs done and runs in all.

    Raises:
        InvalidValueError: If there is something in *folder*, or nothing to export.
        CorruptError: If a run is damaged; *folder* is as it was then.
        StorageError: If the disk refuses; likewise.

    Example:
        >>> import tempfile, vcs_track
        >>> from pathlib import Path
        >>> from vcs_track.compat.tensorboard import export_events
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> with repo.start_run("base") as run:
        ...     run.add_scalar("loss", 0.5, 0)
        >>> done = export_events([repo.run("base")], Path(tempfile.mkdtemp()) / "logs")
        >>> [path.name for path in done.folders]
        ['base']
    """
    if not runs:
        raise InvalidValueError("there is nothing to export", hint="name at least one run")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValueError(
            f"there is something in '{folder}'", hint="name a folder that is new or empty"
        )
    made = fsio.aside(folder.absolute())
    done = ToEvents()
    taken: set[str] = set()
    with fsio.storage_errors(f"write '{folder}'"):
        fsio.make_dirs(made)
        try:
            for count, view in enumerate(runs, 1):
                way = _way(view, taken)
                left = _Log(view, made.joinpath(*way)).write(media=media)
                done.folders.append(folder.joinpath(*way))
                done.notes += [f"run '{view.name}': {n:,} {what}" for what, n in left.items()]
                if progress is not None:
                    progress(count, len(runs))
            fsio.rename(made, folder)
        except BaseException:
            fsio.remove_tree(made)
            raise
    return done


def _way(view: RunView, taken: set[str]) -> list[str]:
    """Return folders for a run, which no run before has."""
    parts = [part for part in view.name.split("/") if part.strip()]
    way = [
        _safe(part) for part in [*parts[: _DEEPEST - 1], "-".join(parts[_DEEPEST - 1 :])] if part
    ]
    way = way or [view.id]
    if "/".join(way).casefold() in taken:
        way[-1] = f"{way[-1]}-{view.id}"
    taken.add("/".join(way).casefold())
    return way


def _safe(part: str) -> str:
    # A folder must not be taken for the event file of the run around it.
    name = clean_name(part)
    return clean_name(name.replace("tfevents", "events")) if is_event_file(name) else name


class _Log:
    """The event file of one run."""

    def __init__(self, view: RunView, folder: Path) -> None:
        self._view = view
        self._folder = folder
        self._left: Counter[str] = Counter()

    def write(self, *, media: bool) -> Counter[str]:
        """Write it; return what was left out, and how often."""
        fsio.make_dirs(self._folder, sync=False)
        began = self._view.created.timestamp()
        fd = fsio.create(self._folder / file_name(began, f"vcs-track-{self._view.id}"))
        try:
            parts, size = [pack_start(began)], 0
            for wall, step, written in self._events(media=media):
                parts.append(pack_event(wall, step, written))
                size += len(parts[-1])
                if size > _PART:
                    fsio.append(fd, b"".join(parts))
                    parts, size = [], 0
            fsio.append(fd, b"".join(parts))
        finally:
            fsio.close(fd)
        return self._left

    def _events(self, *, media: bool) -> Iterator[tuple[float, int, list[Value]]]:
        yield from self._session()
        for tag in self._view.series_tags:
            shown = names.shown(tag)
            for point in self._view.series(tag):
                yield point.walltime, point.step, [Scalar(shown, float(point.value))]
        for (tag, step, wall), items in groupby(self._view.media(), key=_place):
            found = list(items)
            shown = names.shown(tag)
            kept = self._values(shown, found, media=media)
            if kept:
                yield wall, step, kept

    def _session(self) -> Iterator[tuple[float, int, list[Value]]]:
        view = self._view
        hparams = {
            name: value if isinstance(value, _PLAIN) else str(value)
            for name, value in values.flatten(view.hparams).items()
        }
        if not hparams and view.status == "finished":
            return
        began = view.created.timestamp()
        yield began, 0, [SessionStart(hparams, start=began)]
        ended = view.ended.timestamp() if view.ended else 0.0
        yield ended or began, 0, [SessionEnd(_STATUSES.get(view.status, "failed"), ended)]

    # ---- media -------------------------------------------------------------------------

    def _values(self, tag: str, items: list[Media], *, media: bool) -> list[Value]:
        found: list[Value] = []
        for kind, some in groupby(items, key=lambda item: item.kind):
            alike = [item for item in some if self._is_kept(item, media=media)]
            if kind in ("image", "figure") and alike:
                found.append(_images(tag, alike))
            elif kind == "text":
                found += _texts(tag, alike)
            elif kind == "histogram":
                found += [value for item in alike if (value := self._histogram(tag, item))]
        return found

    def _is_kept(self, item: Media, *, media: bool) -> bool:
        if item.kind in ("image", "figure"):
            if not media:
                return False
            if not item.mime.startswith("image/"):
                self._left[f"{item.kind}s of the type '{item.mime}' have no place there"] += 1
                return False
        elif item.kind not in ("text", "histogram"):
            self._left[f"items of the kind '{item.kind}' have no place there"] += 1
            return False
        if not item.here:
            self._left[f"items of the kind '{item.kind}' are not here"] += 1
            return False
        if (item.size or 0) > _LARGEST:
            self._left[f"items of the kind '{item.kind}' are too long"] += 1
            return False
        return True

    def _histogram(self, tag: str, item: Media) -> Histogram | None:
        with suppress(VcsTrackError, KeyError, TypeError):
            found = item.histogram
            body = values.check_histogram(found["counts"], found["edges"])
            return histogram_of(tag, body, item.meta)
        self._left["histograms are none"] += 1
        return None


def _place(item: Media) -> tuple[str, int, float]:
    return item.tag or item.kind, item.step or 0, item.walltime


def _images(tag: str, items: list[Media]) -> Images:
    sides = [item.meta.get(side) for item in items[:1] for side in ("width", "height")]
    width, height = (side if type(side) is int and 0 <= side < 1 << 31 else 0 for side in sides)
    return Images(tag, tuple(item.data for item in items), width, height)


def _texts(tag: str, items: list[Media]) -> list[Texts]:
    """Return the texts, those of a table together."""
    shape = _shape(items)
    if shape is not None:
        return [Texts(tag, tuple(item.text for item in items), shape)]
    return [Texts(tag, (item.text,)) for item in items]


def _shape(items: list[Media]) -> tuple[int, ...] | None:
    told = [item.meta.get("tensorboard") for item in items]
    facts = [fact if isinstance(fact, dict) else {} for fact in told]
    shapes: list[Any] = [fact.get("shape") for fact in facts]
    places = [fact.get("place") for fact in facts]
    if not items or places != list(range(len(items))) or not isinstance(shapes[0], list):
        return None
    sides = shapes[0]
    count = 1
    for side in sides:
        count *= side if type(side) is int and side > 0 else 0
    return tuple(sides) if count == len(items) and shapes == [sides] * len(items) else None
