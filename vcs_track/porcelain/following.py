"""The points of a run, live or sealed, kept up to date by reading only what is new.

For who asks again and again while the run goes on. `RunView` reads all of it each time.
"""

from __future__ import annotations

import struct
import time
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError, ObjectNotFoundError, VcsTrackError
from vcs_track.formats import canonical, slots, typed_json
from vcs_track.formats.manifest import decode_media
from vcs_track.formats.scan import Damage, Points, Record
from vcs_track.formats.series import decode_column, decode_scalars
from vcs_track.plumbing import fsio
from vcs_track.plumbing.journal import JournalReader
from vcs_track.porcelain.batches import split
from vcs_track.porcelain.heads import current
from vcs_track.porcelain.seal import LiveObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.formats.chunk import Chunk
    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.scan import Rows
    from vcs_track.plumbing.store import Store

    Read = Callable[[ObjectId], bytes]

__all__ = ["Columns", "FollowedItem", "Follower"]

_WINDOW: Final = 4096  # slots that are looked at behind the last one
_SETTLED: Final = 2.0  # seconds after which a slot that is still empty belongs to nobody


class FollowedItem(NamedTuple):
    """One item of the run that is no point.

    Attributes:
        kind: What it is.
        tag: Its tag, or None.
        step: Step, or None.
        wall_us: When it was logged, microseconds since 1970 UTC.
        data: Its bytes, or the id of the object that has them.
    """

    kind: str
    tag: str | None
    step: int | None
    wall_us: int
    data: bytes | ObjectId


class Columns:
    """The points of one tag, in the order in which they were logged.

    Attributes:
        walls: Microseconds since 1970 UTC.
        steps: Steps.
        values: Values, as doubles.
        epochs: Epochs of those points that have one, by place.
    """

    def __init__(self, chunks: Sequence[Chunk] = (), read: Read | None = None) -> None:
        self.walls = array("q")
        self.steps = array("q")
        self.values = array("d")
        self.epochs: dict[int, float] = {}
        self._chunks = chunks
        self._read = read

    def __bool__(self) -> bool:
        return bool(self._chunks or self.steps)

    def load(self) -> Columns:
        """Read what is sealed; until then only what is live is here."""
        if self._chunks and self._read is not None:
            early = Columns()
            for chunk in self._chunks:
                early._load(chunk, self._read)
            shift = len(early.steps)
            later = {at + shift: epoch for at, epoch in self.epochs.items()}
            early.extend(self.values, self.steps, self.walls, None)
            self.walls, self.steps, self.values = early.walls, early.steps, early.values
            self.epochs = {**early.epochs, **later}
            self._chunks = ()  # last: damaged columns are damaged the next time too
        return self

    def _load(self, chunk: Chunk, read: Read) -> None:
        start = len(self.steps)
        if "epoch" in chunk:
            epochs = enumerate(decode_column(read(chunk["epoch"])), start)
            self.epochs.update((at, epoch) for at, epoch in epochs if epoch is not None)
        for name, column in (("wall", self.walls), ("step", self.steps), ("value", self.values)):
            column.extend(decode_column(read(chunk[name])))
        if not len(self.walls) == len(self.steps) == len(self.values):
            raise CorruptError("the columns of a series differ in length")

    def add(self, value: float, step: int, wall_us: int, epoch: float | None) -> None:
        """Append one point."""
        if epoch is not None:
            self.epochs[len(self.steps)] = epoch
        self.walls.append(wall_us)
        self.steps.append(step)
        self.values.append(value)

    def extend(
        self, values: array[float], steps: array[int], walls: array[int], epoch: float | None
    ) -> None:
        """Append points."""
        if epoch is not None:
            start = len(self.steps)
            self.epochs.update(dict.fromkeys(range(start, start + len(steps)), epoch))
        self.walls.extend(walls)
        self.steps.extend(steps)
        self.values.extend(values)


@dataclass(slots=True)
class _Journal:
    """One journal, and how much of it was taken in."""

    reader: JournalReader
    at: int = 0
    tags: dict[int, tuple[Columns, float | None]] = field(default_factory=dict)
    shapes: dict[int, list[int]] = field(default_factory=dict)


class Follower:
    """What one run has so far.

    Args:
        store: The store.
        run: Run id.

    Attributes:
        items: What it has besides points, in order.

    Example:
        >>> import tempfile, vcs_track
        >>> from vcs_track.porcelain.following import Follower
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> run = repo.start_run()
        >>> follower = Follower(repo.store, run.id)
        >>> run.add_scalar("loss", 0.5)
        >>> follower.refresh(), list(follower.columns("loss").values)
        (True, [0.5])
        >>> run.add_scalar("loss", 0.25)
        >>> follower.refresh(), list(follower.columns("loss").values)
        (True, [0.5, 0.25])
        >>> run.finish()
    """

    def __init__(self, store: Store, run: str) -> None:
        self._store = store
        self._run = run
        self._folder = store.layout.live_run(run)
        self._heads: tuple[ObjectId, ...] | None = None
        self._holes: dict[str, tuple[int, float]] = {}
        self._unsettled = False
        self._forget(None)

    def _forget(self, heads: tuple[ObjectId, ...] | None) -> None:
        self._heads = heads
        self._columns: dict[str, Columns] = {}
        self._journals: dict[str, _Journal] = {}
        self._sealed_to: dict[str, int] = {}
        self._objects = LiveObjects(self._store, self._folder)
        self._unsettled = False
        self.items: list[FollowedItem] = []

    @property
    def tags(self) -> list[str]:
        """The tags that have points, in the order in which they came."""
        return [tag for tag, columns in self._columns.items() if columns]

    def columns(self, tag: str) -> Columns | None:
        """Return the points of *tag*; None where it has none."""
        found = self._columns.get(tag)
        return found.load() if found else None

    def data(self, item: FollowedItem) -> bytes:
        """Return the bytes of *item*."""
        if isinstance(item.data, bytes):
            return item.data
        try:
            return self._objects.read(item.data)
        except ObjectNotFoundError:
            # It was logged since the spools were looked at first.
            self._objects = LiveObjects(self._store, self._folder)
            return self._objects.read(item.data)

    # ---- keeping up --------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take in what is new; return whether the run is there.

        Raises:
            CorruptError: If what is sealed is damaged.
        """
        while True:
            try:
                return self._refresh()
            except FileNotFoundError:
                self._forget(None)  # a journal was sealed since it was listed

    def _refresh(self) -> bool:
        # Journals first: what is sealed meanwhile has a head then.
        names = [name for name in fsio.list_dir(self._folder) if name.endswith(".j")]
        heads = tuple(sorted(self._store.home.head_folder.of(self._run)))
        if self._unsettled or heads != self._heads or not self._journals.keys() <= set(names):
            self._forget(heads)
            if heads:
                self._load(list(heads))
        for name in names:
            if name not in self._journals:
                self._open(name)
        in_order = sorted(self._journals.values(), key=_began)
        for journal in in_order:
            try:
                self._take_in(journal)
            finally:
                journal.reader.release()
        return bool(heads or in_order)

    def _load(self, heads: list[ObjectId]) -> None:
        base = current(heads, self._objects)
        self._sealed_to = dict(base.writers)
        if base.scalars is not None:
            for tag, chunks in decode_scalars(self._objects.read(base.scalars)).items():
                self._columns[tag] = Columns(chunks, self._objects.read)
        if base.media is not None:
            media = decode_media(self._objects.read(base.media))
            self.items.extend(
                FollowedItem(item.kind, item.tag, item.step, item.wall_us, item.oid)
                for item in media
            )

    def _open(self, name: str) -> None:
        try:
            reader = JournalReader(self._folder / name)
        except CorruptError:
            return  # its writer has just begun, or died then
        if reader.header.run != self._run:
            return
        journal = _Journal(reader, self._sealed_to.get(reader.header.writer, 0))
        if journal.at:
            for found in reader.batches(0, journal.at):
                if isinstance(found, Record) and found.kind == slots.FRAME:
                    self._define(journal, _content(found.payload))
        self._journals[name] = journal

    def _take_in(self, journal: _Journal) -> None:
        reader, holes = journal.reader, 0
        while True:
            reader.damage = Damage()
            stop, taken = journal.at + _WINDOW, 0
            for found in reader.batches(journal.at, stop):
                taken += self._take(journal, found)
            used = reader.damage.used
            if used <= journal.at:
                break
            holes += used - journal.at - taken
            journal.at = used
            if used < stop:
                break
        if holes:
            self._note_holes(reader.header.writer, holes)

    def _note_holes(self, writer: str, holes: int) -> None:
        # Another thread has reserved a slot and not written it yet: what stands behind it is
        # shown, and read again until the hole is filled, or nobody can be about to fill it.
        now = time.monotonic()
        known, since = self._holes.get(writer, (0, now))
        since = since if known == holes else now
        self._holes[writer] = (holes, since)
        self._unsettled |= now - since < _SETTLED

    # ---- records -----------------------------------------------------------------------

    def _take(self, journal: _Journal, found: Record | Points | Rows) -> int:
        """Take in what was found; return how many slots it had."""
        if isinstance(found, Points):
            for number, columns in split(found, journal.tags):
                if number in journal.tags:
                    series, epoch = journal.tags[number]
                    series.extend(*columns, epoch)
            return len(found.words)
        if isinstance(found, Record):
            return self._take_record(journal, found)
        steps, walls = (array("q", column.tobytes()) for column in (found.steps, found.walls))
        members = journal.shapes.get(found.number, [])
        for number, column in zip(members, found.columns, strict=True):
            if number in journal.tags:
                series, epoch = journal.tags[number]
                series.extend(array("d", column.tobytes()), steps, walls, epoch)
        return len(steps) * (1 + slots.slots_of(8 * len(members)))

    def _take_record(self, journal: _Journal, record: Record) -> int:
        kind, number, step, value, wall_us, payload = record
        if kind <= slots.UINT:
            self._point(journal, number, float(value), step, wall_us)
        elif kind == slots.ROW:
            row = struct.unpack(f"<{len(payload) // 8}d", payload)
            for member, each in zip(journal.shapes.get(number, []), row, strict=True):
                self._point(journal, member, each, step, wall_us)
        elif kind == slots.FRAME:
            self._frame(journal, _content(payload))
        return 1 + slots.slots_of(len(payload)) if payload else 1

    @staticmethod
    def _point(journal: _Journal, number: int, value: float, step: int, wall_us: int) -> None:
        if number in journal.tags:
            series, epoch = journal.tags[number]
            series.add(value, step, wall_us, epoch)

    def _frame(self, journal: _Journal, content: dict[str, Any]) -> None:
        if self._define(journal, content):
            return
        if content.get("k") in ("text", "blob"):
            data = content["text"].encode() if content["k"] == "text" else content["o"]
            kind, tag, step = content["kind"], content["tag"], content["step"]
            self.items.append(FollowedItem(kind, tag, step, content["wall"], data))

    def _define(self, journal: _Journal, content: dict[str, Any]) -> bool:
        if content.get("k") == "tag":
            columns = self._columns.setdefault(content["tag"], Columns())
            epoch = typed_json.thaw(content.get("epoch"))
            journal.tags[content["n"]] = (columns, epoch)
            return True
        if content.get("k") == "shape":
            journal.shapes[content["n"]] = content["tags"]
            journal.reader.row_sizes[content["n"]] = len(content["tags"])
            return True
        return False


def _began(journal: _Journal) -> tuple[int, str]:
    header = journal.reader.header
    return header.created_us, header.writer


def _content(payload: bytes) -> dict[str, Any]:
    try:
        content = canonical.loads(payload)
    except VcsTrackError:
        return {}
    return content if isinstance(content, dict) else {}
