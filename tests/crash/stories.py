"""Programs whose every file call is recorded, and what they have promised by then.

A :class:`Story` runs a program and writes down, between its calls, what must be there from
now on. :func:`findings` cuts the power at each call, in each state that :mod:`crash.power`
knows, and holds what the next open shows against these promises.
"""

from __future__ import annotations

import io
import os
import random
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crash.power import Recorder, Told, cuts, states, write_tree
from crash.tap import Call, tapped
from PIL import Image

import vcs_track
from vcs_track.errors import ObjectNotFoundError, RepositoryNotFoundError, VcsTrackError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.home import BundleHome
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.shelf import shelve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crash.power import Event, Tree

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.home import Home
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Telling = Callable[["Story"], None]
    Items = tuple[tuple[str, Any], ...]
    Promises = dict[str, "Promise"]


# ---- what is promised ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    """What must and what may be there of one run.

    Attributes:
        items: What the program handed over, as name and content.
        synced: How many of these must be there.
        started: Whether the run must be there, with its name: from its first sync on.
        before: Number of items that it had when it ended before, where that may still stand.
        status: The words that it may have.
        notes: The notes that it may have.
        homes: In how many of shelf and bundles it must be complete.
    """

    items: Items = ()
    synced: int = 0
    started: bool = False
    status: tuple[str, ...] = ("crashed",)
    notes: tuple[str | None, ...] = (None,)
    homes: int = 0
    before: int | None = None


@dataclass(frozen=True, slots=True)
class SeenRun:
    """One run, as the next open shows it."""

    name: str
    status: str
    notes: str | None
    gaps: int
    items: dict[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the next open finds; *homes* are the runs on the shelf, and those in bundles."""

    trouble: list[str]
    made: bool = False
    runs: dict[str, SeenRun] | None = None
    homes: tuple[str, ...] = ()


GENERATED: Final = {
    ".gitignore": b"# Runs are added to git by 'vcs-track commit', never by accident.\n*\n",
    ".gitattributes": b"packs/*.zip binary -delta\n",
    "FORMAT": b"vcs-track 1\nobject_format sha256\n",
    "local/FORMAT": b"vcs-track 1\nobject_format sha256\n",
    "local/.git/HEAD": b"ref: refs/heads/main\n",
    "local/.git/config": b"[core]\n\tbare = false\n",
}
_same: dict[Any, Any] = {}  # equal contents are kept once


def see(folder: Path) -> Seen:
    """Open the repository in *folder* as the next program would; look at everything."""
    made = True
    try:
        repo = vcs_track.open(folder)
    except RepositoryNotFoundError:
        made = False
        repo = vcs_track.init(folder)
    report = repo.fsck()
    runs = {run.id: see_run(run) for run in repo.runs()}
    trouble = [f"{found['where']}: {found['what']}" for found in report.problems]
    # An unreadable journal is no damage by itself: what it should hold would be missed.
    skipped = {what: why for what, why in repo.store.skipped.items() if what[:8] != "journal "}
    trouble += [f"{what}: {why}" for what, why in skipped.items()]
    trouble += [f"run {run}: still live" for run in report.live]
    trouble += [
        f"{name} is damaged"
        for name, wanted in GENERATED.items()
        if (repo.path / name).read_bytes() != wanted
    ]
    repo.store.shelf.packs.refresh()
    bundles = (BundleHome(path, repo.store.format) for path in folder.glob("*.zip"))
    homes: list[Home] = [repo.store.shelf, *bundles]
    whole = (run for home in homes for run, ids in home.heads().items() if is_whole(home, ids))
    return Seen(trouble, made, runs, tuple(whole))


def is_whole(home: Home, heads: list[ObjectId]) -> bool:
    """Return whether *home* has all that *heads* need."""
    try:
        return not closure(heads, home.objects).missing
    except VcsTrackError:
        return False


def see_run(run: RunView) -> SeenRun:
    """Read all of one run."""
    items: dict[str, list[Any]] = {
        tag: list(zip(run.series(tag).step, run.series(tag).value, strict=True))
        for tag in run.series_tags
    }
    for media in run.media():
        try:
            data = media.data
        except ObjectNotFoundError:
            data = None  # its gap says so
        items.setdefault(media.kind, []).append(data)
    kept = {name: _same.setdefault(tuple(found), tuple(found)) for name, found in items.items()}
    return SeenRun(run.name, run.status, run.manifest.notes, len(run.manifest.gaps), kept)


def broken(seen: Seen, promises: Promises | None) -> list[str]:
    """Return which of *promises* do not hold for what was *seen*; None before the first."""
    found, runs = list(seen.trouble), seen.runs or {}
    if promises is not None and not seen.made:
        found.append("the repository is gone")
    promises = promises or {}
    found += [f"run {run}: comes from nowhere" for run in runs.keys() - promises.keys()]
    for run, promise in promises.items():
        if run in runs:
            found += [f"run {run}: {why}" for why in broken_run(run, runs[run], promise)]
        elif promise.started:
            found.append(f"run {run}: gone")
        if seen.homes.count(run) < promise.homes:
            found.append(f"run {run}: not on the shelf, or not in its bundle")
    return found


def broken_run(run: str, seen: SeenRun, promise: Promise) -> Iterator[str]:
    """Yield what is wrong with one run."""
    if promise.started and seen.name != f"run {run}":
        yield f"has the name '{seen.name}'"
    if seen.status not in promise.status:
        yield f"is {seen.status}"
    if seen.notes not in promise.notes:
        yield f"has the notes '{seen.notes}'"
    finished = seen.status == "finished"
    if finished and seen.gaps:
        yield "finished with gaps"
    items = promise.items[: promise.before] if finished else promise.items
    for name in {name for name, _ in promise.items} | seen.items.keys():
        may = [item for other, item in items if other == name]
        synced = sum(other == name for other, _ in promise.items[: promise.synced])
        must = may if finished else may[:synced]
        there = seen.items.get(name, ())
        if list(there[: len(must)]) != must:
            yield f"{seen.status}, with {len(there)} of {len(must)} '{name}'"
        rest = iter(may)
        if not all(item in rest for item in there if item is not None):
            yield f"a '{name}' that nobody logged, or not in this order"


# ---- stories ---------------------------------------------------------------------------


class Story:
    """A program that is recorded, and what it has promised so far."""

    def __init__(
        self, folder: Path, engine: str = "mmap", before: Sequence[Event] = (), *, grain: int = 25
    ) -> None:
        self.folder = folder
        self.engine = engine
        self.grain = grain
        self.recorder = Recorder(folder, before, every=max(1, grain // 3))
        told = [event.promise for event in before if isinstance(event, Told)]
        self.promises: Promises = dict(told[-1]) if told else {}
        self.runs: list[Run] = []
        self.chance = random.Random(7)

    def tell(self, run: str, **changes: Any) -> None:
        """Change what is promised of *run*."""
        self.promises[run] = replace(self.promises.get(run, Promise()), **changes)
        self.recorder.tell(dict(self.promises))

    def open(self) -> Repository:
        """Open the repository, or make it."""
        try:
            repo = vcs_track.open(self.folder)
        except RepositoryNotFoundError:
            repo = vcs_track.init(self.folder)
        self.recorder.tell(dict(self.promises))
        return repo.with_defaults(capture_git=False, sync_interval=0.0, journal_engine=self.engine)

    def start(self, repo: Repository, name: str, **options: Any) -> Run:
        """Start or go on with the run *name*."""
        known = self.promises.get(name, Promise())
        before = len(known.items) if known.started else None
        self.tell(name, status=(*known.status, "crashed"), before=before)
        run: Run = repo.start_run(f"run {name}", id=name, **options)
        self.runs.append(run)
        return run

    def log(self, run: Run, items: Items, call: Callable[[], Any]) -> None:
        """Hand over *items* with *call*."""
        self.tell(run.id, items=self.promises[run.id].items + items)
        call()
        self.recorder.look()

    def points(self, run: Run, count: int, tag: str = "loss", at_once: int = 0) -> None:
        """Log points; the disk is looked at after so many, or after each grain."""
        have = sum(name == tag for name, _ in self.promises[run.id].items)
        for low in range(have, have + count, at_once or self.grain):
            steps = range(low, min(low + (at_once or self.grain), have + count))

            def call(steps: range = steps) -> None:
                for step in steps:
                    run.add_scalar(tag, step / 2, step)

            self.log(run, tuple((tag, (step, step / 2)) for step in steps), call)

    def row(self, run: Run, step: int) -> None:
        """Log a row."""
        items = (("row/a", (step, 1.0)), ("row/b", (step, 2.0)))
        self.log(run, items, lambda: run.add_scalars({"row/a": 1.0, "row/b": 2.0}, step))

    def text(self, run: Run, text: str) -> None:
        """Log a text."""
        self.log(run, (("text", text.encode()),), lambda: run.add_text(text, tag="t"))

    def image(self, run: Run) -> None:
        """Log an image that is like no other."""
        out = io.BytesIO()
        Image.frombytes("L", (80, 80), self.chance.randbytes(6400)).save(out, "PNG")
        self.log(run, (("image", out.getvalue()),), lambda: run.add_image(out.getvalue()))

    def flush(self, run: Run) -> None:
        """Wait for a sync: what was logged must be there from now on."""
        run.flush()
        self.synced(run.id)

    def synced(self, run: str) -> None:
        """Say that *run* and all that was logged to it must be there from now on."""
        count = len(self.promises[run].items)
        self.tell(run, synced=count, started=True, status=("crashed",), before=None)

    def finish(self, run: Run) -> None:
        """Finish *run*: it must be complete from now on."""
        self.tell(run.id, status=(*self.promises[run.id].status, "finished"))
        run.finish()
        count = len(self.promises[run.id].items)
        self.tell(run.id, status=("finished",), synced=count, started=True, before=None)

    def edit(self, repo: Repository, run: str, notes: str) -> None:
        """Give *run* other notes."""
        self.tell(run, notes=(*self.promises[run].notes, notes))
        repo.edit(run, notes=notes)
        self.tell(run, notes=(notes,))

    def take_in(self, repo: Repository, run: str) -> None:
        """Import *run* from a bundle."""
        items, bundle, _ = elsewhere(run)
        self.tell(run, items=items, status=("finished",))
        with scratch() as folder:
            (folder / "bundle.zip").write_bytes(bundle)
            repo.import_(folder / "bundle.zip")
        self.tell(run, started=True, synced=len(items))


def starting(story: Story) -> None:
    """A run begins."""
    story.start(story.open(), "a")


def training(story: Story) -> None:
    """Two runs with everything that can be logged, and edits."""
    repo = story.open()
    run = story.start(repo, "a", hparams={"lr": 0.1})
    for count in (5, 300):
        story.points(run, count)
        story.row(run, count)
        story.text(run, f"after {count}")
        story.image(run)
        story.flush(run)
    story.finish(run)
    story.edit(repo, "a", "first")
    run = story.start(repo, "b")
    story.points(run, 200)
    story.text(run, "three")
    story.points(run, 5)
    story.flush(run)
    story.finish(run)
    story.edit(repo, "a", "second")


def growing(story: Story) -> None:
    """A journal grows, which a mapped one does at 1,920 slots."""
    run = story.start(story.open(), "a")
    story.points(run, 1900, at_once=950)
    story.flush(run)
    story.points(run, 100, at_once=10)
    story.flush(run)
    story.points(run, 300, at_once=150)
    story.flush(run)
    story.finish(run)


def ending(story: Story) -> None:
    """A run ends while most of it was never synced."""
    run = story.start(story.open(), "a")
    story.image(run)
    story.points(run, 300)
    story.finish(run)


def joining(story: Story) -> None:
    """A second writer joins a live run."""
    repo = story.open()
    first = story.start(repo, "a")
    story.points(first, 5)
    story.flush(first)
    second = repo.start_run(id="a")
    story.points(second, 300, "second")
    story.flush(second)
    story.points(second, 5, "second")
    second.finish()
    story.tell("a", synced=len(story.promises["a"].items))
    story.finish(first)


def relaying(story: Story) -> None:
    """A long journal is handed over to a next one, and sealed while the run goes on."""
    run = story.start(story.open(), "a")
    relay = run._relay  # its sync is what the background calls
    story.points(run, 200)
    relay.sync()
    story.synced("a")
    story.points(run, 50)
    relay.hand_over()
    story.points(run, 5)
    story.flush(run)
    relay.sync()
    assert relay._sealer is not None
    relay._sealer.join()
    story.points(run, 150)
    story.flush(run)
    story.finish(run)


def resuming(story: Story) -> None:
    """A run goes on after its end."""
    repo = story.open()
    run = story.start(repo, "a")
    story.points(run, 5)
    story.flush(run)
    story.finish(run)
    run = story.start(repo, "a", resume="must")
    story.points(run, 300)
    story.image(run)
    story.flush(run)
    story.finish(run)


def moving(story: Story) -> None:
    """Runs are imported, edited, exported, and put on the shelf."""
    repo = story.open()
    run = story.start(repo, "a")
    story.points(run, 5)
    story.image(run)
    story.flush(run)
    story.finish(run)
    story.take_in(repo, "b")
    story.edit(repo, "b", "imported")
    for name in ("a", "b"):
        repo.export(name, story.folder / f"{name}.zip")
        story.tell(name, homes=1)
        shelve(repo.store, [name])
        story.tell(name, homes=2)


def adopting(story: Story) -> None:
    """Git brings a run to the shelf, as it does: without a sync."""
    repo = story.open()
    items, _, shelf = elsewhere("b")
    story.tell("b", items=items, status=("finished",))
    for path, content in shelf.items():
        if content is not None:
            fsio.write_new(repo.path / path, content, sync=False)
        elif not (repo.path / path).exists():
            story.recorder(Call("mkdir", (repo.path / path,), {}, os.mkdir))
    story.open()
    story.tell("b", started=True, synced=len(items))


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder in memory, where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory("", "cut-", memory if memory.is_dir() else None) as name:
        yield Path(name)


@cache
def elsewhere(run: str) -> tuple[Items, bytes, Tree]:
    """Make a run in another repository; return its items, its bundle, and its shelf."""
    with scratch() as folder:
        story = Story(folder)
        repo = story.open()
        live = story.start(repo, run)
        story.points(live, 5)
        story.text(live, "elsewhere")
        story.finish(live)
        bundle = repo.export(run, folder / "bundle.zip").read_bytes()
        shelve(repo.store, [run])
        shelf = {
            str(path.relative_to(repo.path)): path.read_bytes() if path.is_file() else None
            for home in ("packs", "heads")
            for path in (repo.path / home, *sorted((repo.path / home).rglob("*")))
        }
    return story.promises[run].items, bundle, shelf


@cache
def recorded(story: Telling, engine: str = "mmap", grain: int = 25) -> list[Event]:
    """Let *story* happen, looked at every *grain* points; return what it did to the disk."""
    with scratch() as folder:
        told = Story(folder, engine, grain=grain)
        with tapped(told.recorder):
            story(told)
        for run in told.runs:
            run.finish()  # the process goes on, and must leave nothing open
    return told.recorder.events


# ---- exploring -------------------------------------------------------------------------

_seen: dict[int, Seen] = {}  # by content: the same state comes back again and again


def look(tree: Tree) -> tuple[int, Seen]:
    """Return a number for *tree*, and what opening it shows."""
    key = hash(tuple(tree.items()))
    if key not in _seen:
        with scratch() as folder:
            write_tree(tree, folder)
            try:
                _seen[key] = see(folder)
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is a finding
                _seen[key] = Seen([f"{type(error).__name__}: {error}"])
    return key, _seen[key]


def explore(
    events: Sequence[Event], *, extra: int = 0, **when: Any
) -> Iterator[tuple[int, list[str]]]:
    """Yield each state that a power cut may leave, once, and the promises that it breaks."""
    chance, done = random.Random(7), set()
    for disk, promises in cuts(events, **when):
        for tree in states(disk, chance, extra):
            key, seen = look(tree)
            if (key, id(promises)) not in done:
                done.add((key, id(promises)))
                yield key, broken(seen, promises)


def findings(events: Sequence[Event], least: int = 0, **options: Any) -> list[str]:
    """Return the promises that *events* can break; look at *least* states or more."""
    found, keys = {}, set()
    for key, why in explore(events, **options):
        keys.add(key)
        found.update(dict.fromkeys(why))
    assert len(keys) >= least
    return list(found)
