"""From the journals of a run to its state, for sealing and for live views.

Reads every record once. Columns leave through *emit* as soon as a chunk is full, so memory
does not grow with the run.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical, manifest, series, slots, typed_json
from vcs_track.formats.code import Code, with_code_gap
from vcs_track.formats.manifest import MediaItem, RunManifest
from vcs_track.formats.scan import Damage, Points, Record, Rows
from vcs_track.formats.series_builder import SeriesBuilder, SharedColumns
from vcs_track.porcelain.batches import split
from vcs_track.porcelain.inputs import body_of, with_input, with_inputs
from vcs_track.porcelain.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.journal import JournalReader

    Emit = Callable[..., ObjectId]
    Read = Callable[[ObjectId], bytes]

__all__ = ["EDITABLE", "Replay"]

EDITABLE: Final = (
    "name", "project", "group", "job_type", "tags", "notes", "color",
)  # fmt: skip

# Where several writers ended differently, the gravest word stands.
_GRAVITY: Final = {"finished": 0, "killed": 1, "failed": 2, "crashed": 3}


@dataclass(slots=True)
class _Table:
    """What the numbers of one journal stand for."""

    tags: dict[int, tuple[SeriesBuilder, int, Any]] = field(default_factory=dict)
    shapes: dict[int, list[int]] = field(default_factory=dict)


class Replay:
    """The state of a run, built from its journals on top of what is sealed.

    Args:
        emit: Stores bytes as an object and returns its id.
        base: The run manifest to go on from, or None.
        read: Reads the objects of *base*.
        pause: Is called now and then, to make room for others.
    """

    def __init__(
        self, emit: Emit, base: RunManifest | None = None, read: Read | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._emit = emit
        self._shared = SharedColumns(emit)
        self._read = read
        self._pause = pause
        self.base = base
        self.builders: dict[str, SeriesBuilder] = {}
        self.media: list[MediaItem] = []
        self.hparams: dict[str, Any] = {}
        self.fields: dict[str, Any] = {}
        self.summary_set: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.info: dict[str, Any] = {}
        self.exit: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {}
        self._start: dict[str, Any] = {}  # goes with the command line
        self.extra: dict[str, Any] = {}
        self._told_end: Any = None
        self.gaps: list[dict[str, Any]] = []
        self.writers: dict[str, int] = {}
        self.statuses: list[str] = []
        self.ended_us = 0
        self.began = False
        self.code: Code | None = None
        self._primary: bool | None = None  # unknown where the first record is damaged
        self._primary_status: str | None = None
        self._rank: int | None = None
        self._writer = self._after = ""
        self._last: set[str] = set()  # writers that said how the program ended
        self._clocks: dict[str, list[int]] = {}
        self._set_at: dict[str, int] = {}
        self._transcript = Transcript()
        self._modules: set[str] = set()
        self._orphans = 0
        if base is not None and read is not None:
            self._load(base, read)

    def _load(self, base: RunManifest, read: Read) -> None:
        self.gaps.extend(base.gaps)
        self.extra.update(base.extra)
        self.writers.update(base.writers)
        self.summary_set.update(base.summary_set)
        self.results.update(base.results)
        if base.hparams:
            body = manifest.decode_document(read(base.hparams), "hparams/1")
            self.hparams = typed_json.thaw(body["v"])
        if base.media:
            self.media.extend(manifest.decode_media(read(base.media)))
        if base.scalars:
            for tag, chunks in series.decode_scalars(read(base.scalars)).items():
                self.builders[tag] = SeriesBuilder(self._emit, chunks, self._shared)

    # ---- reading journals --------------------------------------------------------------

    def read_journal(self, journal: JournalReader, *, live: bool = False) -> None:
        """Take in one journal.

        Args:
            journal: The reader.
            live: Whether its writer still writes; a torn last record is no damage then.
        """
        try:
            self._read_journal(journal, live=live)
        finally:
            journal.release()

    def _read_journal(self, journal: JournalReader, *, live: bool) -> None:
        writer = journal.header.writer
        start = self.writers.get(writer, 0)
        table = _Table()
        self._primary = self._rank = None
        self._writer, self._after, self._clocks[writer] = writer, "", [0]
        for builder in self.builders.values():
            builder.number = -1  # numbers mean something else in each journal
        self._prepare(journal, table, start)
        sealed = self._points(journal, table, start)
        if 0 < start >= journal.damage.used:
            return  # sealed by somebody who died before removing it, and so is its end
        self.writers[writer] = max(start, journal.damage.used)
        words = journal.last_words
        self.began |= bool(words)
        if not live:
            self._damage(writer, journal.damage, told="gap" in words)
        if self._orphans:
            self.gaps.append({"writer": writer, "points_without_tag": self._orphans})
            self._orphans = 0
        if "gap" in words:
            self.gaps.append({"writer": writer, **words["gap"]})
        if "end" in words and not sealed:
            self._on_set(words["end"], 0)
        elif not sealed and not live and self._after not in self._last:
            # Else it was to go on for a writer that went on itself: a change that failed.
            self._ends("crashed")

    def _prepare(self, journal: JournalReader, table: _Table, start: int) -> None:
        """Take in what the slots before *start*, which are sealed, say of those behind."""
        for record in journal.batches(0, start):
            if isinstance(record, Record) and record.kind == slots.FRAME:
                content = self._content(record)
                if not self._define(content, table, journal) and content.get("k") == "writer":
                    self._of_writer(content)
        journal.damage = Damage()

    def _damage(self, writer: str, damage: Damage, *, told: bool) -> None:
        if damage.slots:
            self.gaps.append(
                {"writer": writer, "damaged_slots": damage.slots, "first_byte": damage.first}
            )
        if damage.empty and not told:  # a full disk leaves empty slots, and is told of
            self.gaps.append({"writer": writer, "empty_slots": damage.empty})

    def _ends(self, status: str) -> None:
        self.statuses.append(status)
        went_on = self.base is not None and self.base.status != "running"
        # A run that went on after its end, and died, has not finished.
        if self._primary or (self._primary is None and went_on and status == "crashed"):
            self._primary_status = status

    def _points(self, journal: JournalReader, table: _Table, start: int) -> bool:
        sealed, wall_us = False, 0
        for found in journal.batches(start):
            self._pause()
            self.began = True
            if isinstance(found, Points):
                self._floats(table, found)
                wall_us = found.walls[-1]
            elif isinstance(found, Rows):
                self._rows(table, found)
                wall_us = found.walls[-1]
            else:
                wall_us = found.wall_us
                sealed |= found.kind == slots.SEAL
                self._record(table, found, journal)
        self.ended_us = max(self.ended_us, wall_us)
        return sealed

    def _record(self, table: _Table, record: Record, journal: JournalReader) -> None:
        kind, number, step, value, wall_us, payload = record
        if kind <= slots.UINT:
            builder = self._at(table, number)
            if builder is None:
                self._orphans += 1
            else:
                builder.add(kind, value, step, wall_us)
        elif kind == slots.ROW:
            row = struct.unpack(f"<{len(payload) // 8}d", payload)
            for member, number_value in zip(table.shapes[number], row, strict=True):
                builder = self._at(table, member)
                if builder is None:
                    self._orphans += 1
                else:
                    builder.add(slots.FLOAT, number_value, step, wall_us)
        elif kind == slots.FRAME:
            self._frame(payload, table, journal, wall_us)

    def _at(self, table: _Table, number: int) -> SeriesBuilder | None:
        """Return the builder of a tag number, ready for its points."""
        entry = table.tags.get(number)
        if entry is None:
            return None
        builder, rep, epoch = entry
        if builder.number != number:
            builder.mark(number, rep, epoch, self._rank)
        return builder

    def _floats(self, table: _Table, points: Points) -> None:
        for number, columns in split(points, table.tags):
            builder = self._at(table, number)
            if builder is None:
                self._orphans += len(columns[0])
            else:
                builder.extend(*columns)

    def _rows(self, table: _Table, rows: Rows) -> None:
        steps, walls = (array("q", column.tobytes()) for column in (rows.steps, rows.walls))
        for number, column in zip(table.shapes[rows.number], rows.columns, strict=True):
            builder = self._at(table, number)
            if builder is None:
                self._orphans += len(steps)
            else:
                builder.extend(array("d", column.tobytes()), steps, walls)

    @staticmethod
    def _content(record: Record) -> dict[str, Any]:
        content = canonical.loads(record.payload)
        return content if isinstance(content, dict) else {}

    def _define(self, content: dict[str, Any], table: _Table, journal: JournalReader) -> bool:
        if content.get("k") == "tag":
            tag, epoch = content["tag"], typed_json.thaw(content.get("epoch"))
            table.tags[content["n"]] = (self._builder(tag), content["rep"], epoch)
            return True
        if content.get("k") == "shape":
            table.shapes[content["n"]] = content["tags"]
            journal.row_sizes[content["n"]] = len(content["tags"])
            return True
        return False

    def _builder(self, tag: str) -> SeriesBuilder:
        builder = self.builders.get(tag)
        if builder is None:
            builder = self.builders[tag] = SeriesBuilder(self._emit, (), self._shared)
        elif self._read is not None:
            builder.reopen(self._read)
        return builder

    def _frame(self, payload: bytes, table: _Table, journal: JournalReader, wall_us: int) -> None:
        try:
            content = canonical.loads(payload)
            if isinstance(content, dict) and not self._define(content, table, journal):
                handler = _FRAMES.get(content.get("k", ""))
                if handler is not None:
                    handler(self, content, wall_us)
        except (VcsTrackError, LookupError, TypeError, ValueError, AttributeError) as error:
            # The bytes are as they were written: another program wrote what this one cannot
            # understand, and the rest of the journal must not wait for it.
            why = f"a record cannot be understood: {error!r:.120}"
            self.gaps.append({"writer": self._writer, "why": why})

    # ---- frames ------------------------------------------------------------------------

    def _on_writer(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self._of_writer(content)
        for key, value in content.get("info", {}).items():
            if key in EDITABLE:
                self.fields.setdefault(key, value)
            elif key == "faces":
                self.extra.setdefault(key, value)
            else:
                self.info.setdefault(key, value)

    def _of_writer(self, content: dict[str, Any]) -> None:
        self._primary, self._rank = bool(content["primary"]), content["rank"]
        # Writers of one process have one clock, which stands still where it was set back.
        self._after = content.get("after", "")
        clock = self._clocks.get(self._after)
        if clock is not None:
            self._clocks[self._writer] = clock

    def _on_set(self, content: dict[str, Any], wall_us: int) -> None:
        name, value = content["field"], content["v"]
        if name == "status":
            self._last.add(self._writer)
            self._primary = bool(self._primary or content.get("primary"))
            self._ends(value)
            self.exit.update(content.get("exit", {}))
        elif name in EDITABLE:
            clock = self._clocks[self._writer]
            clock[0] = max(clock[0], wall_us)
            # Two writers may set one label: the later word stands.
            if clock[0] >= self._set_at.get(name, 0):
                self.fields[name], self._set_at[name] = value, clock[0]

    def _on_hparams(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        given = typed_json.thaw(content["v"])
        self.hparams.update(given)
        if content.get("start") and self._primary:
            self._start["hparams"] = self._emit(manifest.encode_document("hparams/1", given))

    def _on_face(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        faces = self.extra.get("faces", {})
        old = faces.get(content["face"], {})
        self.extra["faces"] = {**faces, content["face"]: {**old, **content["v"]}}

    def _on_ended(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self._told_end = content["v"]

    def _on_input(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.inputs = with_input(self.inputs, content["name"], body_of(content))

    def _on_results(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.results.update(typed_json.thaw(content["v"]))

    def _on_summary(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.summary_set.update(typed_json.thaw(content["v"]))
        for name in content.get("drop", ()):
            self.summary_set.pop(name, None)

    def _on_text(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        data = content["text"].encode()
        item = dict(content, o=self._emit(data), size=len(data))
        self.media.append(MediaItem.from_json(item))

    def _on_blob(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.media.append(MediaItem.from_json(content))

    def _on_modules(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self._modules.update(map(str, content["v"]))

    def _on_code(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.code = Code.from_json(content["v"])

    def _on_error(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.exit["error"] = content["v"]

    def _on_gap(self, content: dict[str, Any], wall_us: int) -> None:
        del wall_us
        self.gaps.append({key: value for key, value in content.items() if key != "k"})

    # ---- the result --------------------------------------------------------------------

    def status(self, *, live: bool) -> str:
        """Return how the run ended.

        Its first writer's word counts, else the gravest of the others.

        Args:
            live: Whether a writer is left.
        """
        if self._primary_status is not None:
            return self._primary_status
        if self.base is not None and self.base.status != "running":
            return self.base.status  # the first writer's word, sealed before
        if live:
            return "running"
        return max(self.statuses, key=lambda word: _GRAVITY.get(word, 0), default="crashed")

    def _ended(self, created: int, now: int) -> int:
        told = self._told_end
        if type(told) is int and created <= told <= now:
            return told  # it was recorded elsewhere, and not now
        # The last record tells, unless its time is one that the caller made up.
        return self.ended_us if created <= self.ended_us <= now else now

    def _git(self) -> dict[str, Any] | None:
        git: dict[str, Any] | None = self.info.get("git") or (self.base.git if self.base else None)
        return {**(git or {}), "tree": self.code.tree} if self.code else git

    def _command(self) -> dict[str, Any] | None:
        old = self.base.command if self.base else None
        found = with_inputs(old, self.info.get("command", {}), self._start, self.inputs)
        if self._modules:
            before = (old or {}).get("modules", ())
            found = {**(found or {}), "modules": sorted({*before, *self._modules})}
        return found

    def build(
        self, run: str, *, status: str, time_us: int, parents: Iterable[ObjectId]
    ) -> RunManifest:
        """Emit what is left and return the run manifest.

        Args:
            run: Run id.
            status: The status to write.
            time_us: When the manifest is made, microseconds since 1970 UTC.
            parents: The heads that it replaces.
        """
        emit, base, info = self._emit, self.base, self.info
        chunks = {tag: builder.finish() for tag, builder in sorted(self.builders.items())}
        chunks = {tag: found for tag, found in chunks.items() if found}
        last = {tag: found[-1]["last"] for tag, found in chunks.items()}
        lacks_code = info.get("capture") and not self.code and status != "running"
        media = [*self.media, *self._transcript.items(emit)]
        kept = {name: getattr(base, name) for name in EDITABLE} if base else {}
        fields = {**kept, **self.fields}
        env = info.get("env")
        # Another rank's journal may have been sealed before that of the one who began.
        created = info.get("created_us", base.created_us if base else time_us)
        time_us = max(time_us, created)  # a clock that went back ends nothing before it began
        return RunManifest(
            run=run,
            name=fields.pop("name", run),
            status=status,
            time_us=time_us,
            created_us=created,
            parents=tuple(parents),
            ended_us=None if status == "running" else self._ended(created, time_us),
            exit=self.exit or (base.exit if base and self._primary_status is None else None),
            hparams=emit(manifest.encode_document("hparams/1", self.hparams))
            if self.hparams else None,
            scalars=emit(series.encode_scalars(chunks)) if chunks else None,
            media=emit(manifest.encode_media(media)) if media else None,
            env=emit(manifest.encode_document("env/1", env)) if env
            else (base.env if base else None),
            code=emit(self.code.encode()) if self.code else base.code if base else None,
            git=self._git(),
            command=self._command(),
            summary={**last, **self.results, **self.summary_set},
            summary_set=self.summary_set,
            results=self.results,
            gaps=tuple(with_code_gap(self.gaps, self._git()) if lacks_code else self.gaps),
            writers=self.writers,
            redacted=base.redacted if base else {},
            extra=self.extra,
            tags=tuple(fields.pop("tags", ()) or ()),
            **fields,
        )  # fmt: skip


_FRAMES: Final[dict[str, Callable[[Replay, dict[str, Any], int], None]]] = {
    "writer": Replay._on_writer,  # noqa: SLF001 -- the table belongs to the class
    "set": Replay._on_set,  # noqa: SLF001
    "hparams": Replay._on_hparams,  # noqa: SLF001
    "ended": Replay._on_ended,  # noqa: SLF001
    "face": Replay._on_face,  # noqa: SLF001
    "input": Replay._on_input,  # noqa: SLF001
    "result": Replay._on_results,  # noqa: SLF001
    "summary": Replay._on_summary,  # noqa: SLF001
    "text": Replay._on_text,  # noqa: SLF001
    "blob": Replay._on_blob,  # noqa: SLF001
    "out": lambda self, content, us: self._transcript.out(content, us),
    "cell": lambda self, content, us: self._transcript.cell(content, us),
    "modules": Replay._on_modules,  # noqa: SLF001
    "code": Replay._on_code,  # noqa: SLF001
    "error": Replay._on_error,  # noqa: SLF001
    "gap": Replay._on_gap,  # noqa: SLF001
}
