"""The programs of the state machine: runs that are started, logged to and ended."""

from __future__ import annotations

import random
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from crash.cleaning import png
from crash.model import Handle, Journal, Place, World
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.formats import canonical
from vcs_track.porcelain import endings, relay, writer
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Run

__all__ = [
    "CHANGES",
    "LARGE",
    "MEMORY",
    "NTH",
    "QUIET",
    "RUN",
    "SIDE",
    "Programs",
    "Side",
    "die",
    "heads",
]

QUIET = Defaults(sync_interval=0, capture_git=False)  # no thread does anything by itself
MEMORY = Path("/dev/shm")  # where it is there, no example waits for a disk
SIDE = st.sampled_from("ab")
NTH = st.integers(0, 11)
RUN = st.sampled_from(["r0", "r1", "r2"])
STEP = st.sampled_from([None, None, None, 0, 7, -5, 10**6, 2**53 + 1])
EPOCH = st.sampled_from([None, None, 0, 1, 2.5])
# No 0.0, because a merge of summaries takes -0.0 for it.
NUMBER = st.sampled_from([
    0.5, -1.5, 1e-320, -0.0, float("nan"), float("inf"), float("-inf"), 3, 2**53 + 1, 2**63 - 1,
    -(2**63), 2**63, 2**64 - 1, True, False, np.float32(0.1), np.float32("nan"), np.float64(0.1),
    np.int32(-7), np.bool_(True),
])  # fmt: skip
PLAIN = st.sampled_from([1, 1.0, True, None, "text \u2603", (1, 2.5), [1, [float("nan")]]])
NAMED = st.dictionaries(st.sampled_from(["lr", "a", "deep"]), PLAIN, min_size=1, max_size=2)
TAG = st.sampled_from(["a", "b", "train/loss"])
TAGS = st.frozensets(st.sampled_from("xyz"), max_size=2)
STATUS = st.sampled_from(["finished", "failed", "killed", "crashed"])
TEXT = st.sampled_from([None, "", "one", "two \u2603"])
COLOR = st.sampled_from([None, "ff0000", "00ff00"])
LABEL = st.sampled_from(["one", "two \u2603"])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": LABEL, "notes": TEXT, "color": COLOR, "tags": TAGS, "status": STATUS,
        "group": LABEL, "results": NAMED, "summary_set": NAMED,
    },
).filter(bool)  # fmt: skip
SMALL, LARGE = b"GIF89a\1\0\1\0\0\0\0;", png(1)  # a large one is not stored again where it is


def plain(number: Any) -> Any:
    """Return a number as a reader gets it back."""
    return number.item() if isinstance(number, np.generic) else number


class Clock:
    """Stands still, and is set from time to time."""

    def __init__(self) -> None:
        self.now_us = 1_600_000_000_000_000

    def time_ns(self) -> int:
        """Return nanoseconds since 1970 UTC."""
        return self.now_us * 1000


@dataclass
class Side:
    """A repository, and what it must hold."""

    repo: Repository
    place: Place = field(default_factory=Place)


@dataclass(eq=False)
class Program:
    """A run that is open, and what its program knows."""

    side: Side
    run: Run
    handle: Handle
    own: str = ""  # ends the names that it uses, so that no two programs use the same

    @property
    def journal(self) -> Journal:
        """Where its records go."""
        return self.handle.journal


def heads(side: Side, run: str) -> set[str]:
    """Return the heads of a run in the store, by the names of their files."""
    folder = side.repo.path / "local" / "heads"
    return {path.name.partition(".")[2] for path in folder.glob(f"*/{run}.*")}


def die(run: Run) -> None:
    """Leave a run as the death of its process would."""
    run._relay.writer.abandon()
    run._ended = True
    endings.forget(run)


class Programs(RuleBasedStateMachine):
    """Two repositories, their model, and all that programs do to them.

    The clock is the machine's own. What is chosen by chance is chosen alike each time, so
    that a failure can be repeated.
    """

    sides: dict[str, Side]

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.world = World()
        self.clock = Clock()
        self.programs: list[Program] = []
        self.ended: list[Program] = []
        self.zips: list[tuple[Path, dict[str, set[str]]]] = []
        self.files = 0
        self.opened = 0
        self.touched: set[str] = set()
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(time, "time_ns", self.clock.time_ns)
        # Names that are chosen by chance are chosen alike each time, so that failures repeat.
        chance = random.Random(0)
        self.patches.setattr(secrets, "token_hex", lambda n: chance.randbytes(n).hex())
        self.patches.setattr(secrets, "choice", chance.choice)
        self.patches.setattr(relay, "_SHARE", 1.0)

    def teardown(self) -> None:
        """Leave nothing behind."""
        for program in self.programs:
            die(program.run)
        self.patches.undo()
        shutil.rmtree(self.root)

    @initialize(
        fmt=st.sampled_from(["sha256", "sha256", "xxh128"]),
        engine=st.sampled_from(["mmap", "pwrite"]),
    )
    def begin(self, fmt: str, engine: str) -> None:
        """Make both repositories, and start a run in one."""
        defaults = replace(QUIET, journal_engine=engine)
        self.sides = {n: Side(Repository.init(self.root / n, fmt, defaults)) for n in "ab"}
        self.touched = {"a", "b"}
        self.start("a", "r0", None, None, None, None, frozenset(), {})

    def _side(self, name: str) -> Side:
        self.touched.add(name)
        return self.sides[name]

    def _program(self, nth: int) -> Program:
        program = self.programs[nth % len(self.programs)]
        self.touched |= {name for name, side in self.sides.items() if side is program.side}
        return program

    def _new_head(self, side: Side, run: str) -> str:
        old = side.place.heads[run]
        (oid,) = heads(side, run) - old - self.world.past(old)
        return oid

    def _seal(self, side: Side, run: str) -> None:
        oid = self._new_head(side, run)
        self.world.seal(side.place, run, oid, self.clock.now_us)

    def _recover(self, side: Side) -> list[str]:
        dead = side.place.dead
        for run in dead:
            self._seal(side, run)
        return dead

    def _edited(self, side: Side, run: str, changes: dict[str, Any], listed: int) -> None:
        value = self.world.edited(side.place, run, changes, listed)
        if value is not None:
            oid = self._new_head(side, run)
            self.world.edit(side.place, run, oid, self.clock.now_us, value)

    # ---- a program that logs -----------------------------------------------------------

    @precondition(lambda self: len(self.programs) < 4)
    @rule(
        name=SIDE, run=st.none() | RUN,
        resume=st.sampled_from([None, "allow", "allow", "must", "never"]),
        rank=st.sampled_from([None, None, 0, 3]), label=st.none() | LABEL, notes=TEXT, tags=TAGS,
        params=st.just({}) | NAMED,
    )  # fmt: skip
    def start(
        self, name: str, run: str | None, resume: str | None, rank: int | None,
        label: str | None, notes: str | None, tags: frozenset[str], params: dict[str, Any],
    ) -> None:  # fmt: skip
        """Start a run, go on with it, or join it."""
        side = self._side(name)
        joins = run in side.place.live and run not in side.place.dead
        # A rank above 0 that comes when the run has ended is not its first writer.
        late = resume is None and bool(rank)
        given: dict[str, Any] = {"name": label, "notes": notes, "tags": tags}
        if joins or late:
            given = {"name": None} if not joins else {}
        self.opened += 1
        own = str(self.opened) if joins else ""
        params = {key + own: value for key, value in params.items()}
        opened, refused = None, None
        try:
            opened = side.repo.start_run(id=run, resume=resume, rank=rank, hparams=params, **given)
        except (InvalidValueError, RunNotFoundError) as error:
            refused = type(error)
        sealed = False
        if run is not None:
            self._recover(side)  # the run may be one whose writer died
            sealed = run in side.place.sealed
        # A rank may be late.
        policy = resume or ("allow" if rank is not None else None)
        expected: type | None = None
        if (policy == "never" and (joins or sealed)) or (policy is None and sealed and not joins):
            expected = InvalidValueError
        elif policy == "must" and not (joins or sealed):
            expected = RunNotFoundError
        assert expected == refused
        if opened is not None:
            # Who joins ranks that came late is the first writer that the run has now.
            primary = opened.id not in side.place.led and (joins or not (late and sealed))
            self._opened(
                side, opened, primary, rank, own, given, params, joins=joins, sealed=sealed
            )

    def _opened(
        self, side: Side, opened: Run, primary: bool, rank: int | None, own: str,
        given: dict[str, Any], params: dict[str, Any], *, joins: bool, sealed: bool,
    ) -> None:  # fmt: skip
        journal = Journal(primary)
        if primary:
            side.place.led.add(opened.id)
        handle = Handle(journal, rank)
        known = {key: value for key, value in given.items() if value or value == ""}
        if not joins and not sealed:
            assert opened.name == (given["name"] or opened.name)
            known["name"] = opened.name
            known["created_us"] = self.clock.now_us
        if sealed and not joins:
            handle.resume(self.world.shown(side.place, opened.id))
        journal.records += [("info", known), ("hparams", params)]
        side.place.live.setdefault(opened.id, []).append(journal)
        self.programs.append(Program(side, opened, handle, own))

    def _log(
        self, program: Program, values: dict[str, Any], step: int | None, epoch: float | None
    ) -> None:
        values = {tag: plain(value) for tag, value in values.items()}
        program.handle.log(values, step, epoch, self.clock.now_us)

    @precondition(lambda self: self.programs)
    @rule(nth=NTH, tag=TAG, value=NUMBER, step=STEP, epoch=EPOCH, times=st.integers(1, 3))
    def scalar(
        self, nth: int, tag: str, value: Any, step: int | None, epoch: float | None, times: int
    ) -> None:
        """Log some points of one series."""
        program = self._program(nth)
        tag += program.own
        for _ in range(times):
            program.run.add_scalar(tag, value, step, epoch)
            self._log(program, {tag: value}, step, epoch)

    @precondition(lambda self: self.programs)
    @rule(
        nth=NTH, values=st.dictionaries(TAG, st.just(0.25) | NUMBER, min_size=1), step=STEP,
        epoch=EPOCH, times=st.integers(1, 3),
    )  # fmt: skip
    def scalars(
        self, nth: int, values: dict[str, Any], step: int | None, epoch: float | None, times: int
    ) -> None:
        """Log some points of several series."""
        program = self._program(nth)
        values = {tag + program.own: value for tag, value in values.items()}
        for _ in range(times):
            program.run.add_scalars(values, step, epoch)
            self._log(program, values, step, epoch)

    @precondition(lambda self: self.programs)
    @rule(
        nth=NTH, kind=st.sampled_from(["text", "long text", "image", "histogram", "file"]),
        step=st.none() | st.integers(-1, 3), epoch=EPOCH, large=st.booleans(),
    )  # fmt: skip
    def media(
        self, nth: int, kind: str, step: int | None, epoch: float | None, large: bool
    ) -> None:
        """Log a text, an image, a histogram or a file; large ones may be in a pack already."""
        program = self._program(nth)
        run, tag, data = program.run, kind + program.own, LARGE if large else SMALL
        if kind == "file":
            path = self.root / "file"
            path.write_bytes(data)
            run.add_file(path, tag)
            program.handle.add("file", None, tag, None, None, self.clock.now_us, data)
            return
        if kind == "image":
            run.add_image(data, step, tag, epoch)
        elif kind == "histogram":
            data = canonical.dumps({"counts": [1, 2.5], "edges": [0, 1, 2]})
            run.add_histogram(tag, [1, 2.5], [0, 1, 2], step, epoch)
        else:
            text = "\u2603" * (50_000 if kind == "long text" else 5000 * large)
            data, kind = text.encode(), "text"
            run.add_text(text, step, tag, epoch)
        program.handle.add(kind, tag, None, step, epoch, self.clock.now_us, data)

    @precondition(lambda self: self.programs)
    @rule(nth=NTH, kind=st.sampled_from(["hparams", "summary_set"]), named=NAMED)
    def tell(self, nth: int, kind: str, named: dict[str, Any]) -> None:
        """Log parameters, or set the summary by hand."""
        program = self._program(nth)
        named = {key + program.own: value for key, value in named.items()}
        if kind == "hparams":
            program.run.add_hparams(named)
        else:
            program.run.set_summary(**named)
        program.journal.records.append((kind, named))

    @precondition(lambda self: self.programs or self.ended)
    @rule(nth=NTH, notes=TEXT, label=LABEL, color=COLOR, tag=st.none() | TAG)
    def label(self, nth: int, notes: Any, label: str, color: Any, tag: str | None) -> None:
        """Change the labels of a run where it is logged, also after its end."""
        named = [*self.programs, *self.ended]
        program = named[nth % len(named)]
        self.touched |= {n for n, side in self.sides.items() if side is program.side}
        calls: list[tuple[str, Any, Callable[..., object], Any]] = [
            ("notes", notes, program.run.set_note, notes),
            ("name", label, program.run.set_name, label),
            ("color", color, program.run.set_color, color),
            ("tags", frozenset([tag] if tag else []), program.run.set_tag, tag),
        ]
        field, value, call, given = calls[nth % 4]
        listed = len(heads(program.side, program.run.id))
        call(given)
        if program in self.programs:
            program.journal.records.append(("set", (field, value, self.clock.now_us)))
        else:
            self._edited(program.side, program.run.id, {field: value}, listed)

    @precondition(lambda self: self.programs)
    @rule(nth=NTH, flush=st.booleans())
    def repeat(self, nth: int, flush: bool) -> None:
        """Begin the next repetition, or wait for the disk."""
        program = self._program(nth)
        if flush:
            program.run.flush()
        else:
            program.run.new_repetition()
            program.handle.repeat()

    @precondition(lambda self: self.programs)
    @rule(nth=NTH)
    def hand_over(self, nth: int) -> None:
        """Change the journal, as a long run does."""
        program = self._program(nth)
        side, run = program.side, program.run
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer, "_LONG", 1)
            run._relay.sync()
        assert run._relay._sealer is not None
        run._relay._sealer.join()
        program.journal.end("")
        program.handle.journal = Journal(program.journal.primary)
        side.place.live[run.id].append(program.journal)
        self._seal(side, run.id)

    @precondition(lambda self: self.programs)
    @rule(nth=NTH, status=STATUS, results=st.just({}) | NAMED)
    def finish(self, nth: int, status: str, results: dict[str, Any]) -> None:
        """End a run; results end it too."""
        program = self._program(nth)
        side, run = program.side, program.run
        results = {key + program.own: value for key, value in results.items()}
        if results:
            run.write_result(**results)
            program.journal.records.append(("results", results))
            status = "finished"
        else:
            run.finish(status)
        program.journal.end(status)
        self.programs.remove(program)
        if program.journal.primary or run.id in side.place.dead:
            self._seal(side, run.id)
            status = self.world.sealed(side.place.heads[run.id])["status"]  # type: ignore[index]
            self.ended.append(program)
        assert status == run.status

    @precondition(lambda self: self.programs)
    @rule(nth=NTH)
    def crash(self, nth: int) -> None:
        """End a program without a word."""
        program = self._program(nth)
        die(program.run)
        program.journal.end("crashed")
        self.programs.remove(program)

    @precondition(lambda self: len(self.programs) < 4)
    @rule(
        name=SIDE, run=RUN, tag=TAG, value=NUMBER, again=st.booleans(), notes=TEXT, status=STATUS
    )
    def session(
        self,
        name: str,
        run: str,
        tag: str,
        value: Any,
        again: bool,
        notes: str | None,
        status: str,
    ) -> None:
        """Start a run or go on with it, log, and end it."""
        self.start(name, run, "allow", None, None, notes, frozenset(), {})
        last = len(self.programs) - 1
        for _ in range(1 + again):
            self.scalar(last, tag, value, None, None, 2)
            self.repeat(last, flush=False)
        self.finish(last, status, {})
