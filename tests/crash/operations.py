"""The write operations that the fault sweep goes through, and what they leave.

An operation is prepared once and performed in many processes. Its picture is all that a user
can see of a repository afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash import sources

from vcs_track.compat.deepboard.importer import import_database
from vcs_track.compat.tensorboard import export_events, import_events
from vcs_track.compat.wandb.importing import import_folder
from vcs_track.errors import InvalidValueError, RepositoryNotFoundError
from vcs_track.porcelain import shelf, writer
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Step = Callable[["Scene"], object]
    Prepare = Callable[[Path], object]
    Picture = dict[str, Any] | None

__all__ = ["OPERATIONS", "Operation", "Scene", "difference", "picture", "start"]

# By what each leaves.
TRACKERS: dict[str, Callable[[Repository, Path], object]] = {
    "logs": import_events, "wandb": import_folder, "result.db": import_database,
}  # fmt: skip

# No thread may make calls of its own: the number of a call must mean the same each time.
QUIET = Defaults(sync_interval=0, capture_git=False)
# There is a thread, with all that it needs, but it never wakes up.
ASLEEP = replace(QUIET, sync_interval=1e6)


class Scene:
    """A folder, and what a program that works in it has at hand."""

    def __init__(self, folder: Path, defaults: Defaults = QUIET) -> None:
        self.folder = folder
        self.defaults = defaults
        self.run: Run | None = None

    @cached_property
    def repo(self) -> Repository:
        """The repository; the first use opens it."""
        return Repository.find(self.folder, self.defaults)

    def reopen(self) -> None:
        """Open the repository anew where it was opened for reading only."""
        if not self.repo.store.writable:
            del self.repo

    @property
    def live(self) -> Run:
        """The run that is going on."""
        assert self.run is not None
        return self.run


def nothing(_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Operation:
    """What meets the faults.

    Attributes:
        prepare: Makes the folder, once.
        steps: Public calls, in order; each is done whole or not at all.
        begin: What the same process did before.
        resumes: Whether to go on means to resume the run and to do the steps that are
            missing. Else all steps are repeated.
        defaults: Defaults of the repository.
    """

    prepare: Prepare
    steps: tuple[Step, ...]
    begin: Step = nothing
    resumes: bool = False
    defaults: Defaults = QUIET


# ---- steps -----------------------------------------------------------------------------


def init(scene: Scene, fmt: str = "sha256") -> None:
    """Make the repository."""
    Repository.init(scene.folder, fmt, scene.defaults)


def start(scene: Scene) -> None:
    """Start the run, or go on with it; nothing when this process has it open."""
    if scene.run is None or scene.run.status != "running":
        scene.run = scene.repo.start_run("victim", id="r", tags=["x"], resume="allow")


def hparams(scene: Scene) -> None:
    """Log hyperparameters."""
    scene.live.add_hparams(lr=0.1)


def finish(scene: Scene) -> None:
    """End the run."""
    scene.live.finish()


def shelve(scene: Scene) -> None:
    """Put the run on the shelf."""
    shelf.shelve(scene.repo.store, ["r"])


def export_tree(scene: Scene) -> None:
    """Write the run as plain folders, where that was not done yet."""
    if not (scene.folder / "out").exists():
        scene.repo.export_tree("r", scene.folder / "out")


def export_logs(scene: Scene) -> None:
    """Write the run as event files, where that was not done yet."""
    if not (scene.folder / "out").exists():
        export_events([scene.repo.run("r")], scene.folder / "out")


def import_other(scene: Scene) -> None:
    """Take in what another tracker left."""
    for name, take in TRACKERS.items():
        if (scene.folder / name).exists():
            take(scene.repo, scene.folder / name)


def import_(scene: Scene) -> None:
    """Take in the bundle."""
    scene.repo.import_(scene.folder / "r.zip")


def remove(scene: Scene) -> None:
    """Remove the run, unless that was done."""
    if not scene.repo.removed():
        scene.repo.remove("r")


def restore_removed(scene: Scene) -> None:
    """Bring the run back, unless that was done."""
    if scene.repo.removed():
        scene.repo.restore_removed("r")


def redact(scene: Scene) -> None:
    """Remove the bytes of the images."""
    scene.repo.redact("r", "because", tag="im")


def undo(scene: Scene) -> None:
    """Take back the one command that was given, unless that was done."""
    with suppress(InvalidValueError):  # nothing is left to undo
        scene.repo.undo()


def gif(n: int) -> bytes:
    """Return an image, a different one for each *n*."""
    end = bytes.fromhex("ffffff2c00000000010001000002024401003b")
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + n.to_bytes(3, "big") + end


def hand_over(scene: Scene) -> None:
    """Do what the thread does when the journal is long, and wait for it."""
    writer._LONG = 1  # bytes
    relay = scene.live._relay
    with suppress(OSError):  # it tries again at the next round
        relay.sync()
    if relay._sealer is not None:
        relay._sealer.join()


def log_all(scene: Scene) -> None:
    """Log something of each kind."""
    hparams(scene)
    run = scene.live
    for n in range(20):
        run.add_scalar("loss", 1 / (n + 1), n)
    run.add_scalars({"a": 1.5, "b": 2.5}, 3)
    run.add_text("hello", tag="t")
    run.add_image(gif(1), tag="im")
    run.add_image(gif(2), tag="im")


def start_and_log(scene: Scene) -> None:
    """Start the run and log something of each kind."""
    start(scene)
    log_all(scene)


def fill(scene: Scene) -> None:
    """Start, and log until the mapped journal has room for three more points."""
    start(scene)
    (journal,) = scene.live.path.glob("*.j")
    first = journal.stat().st_size
    n = 0
    while journal.stat().st_size == first:
        scene.live.add_scalar("fill", 0.5, n)
        n += 1
    for more in range((journal.stat().st_size - first) // 32 - 1 - 3):
        scene.live.add_scalar("fill", 0.25, n + more)


def _scalar(n: int) -> Step:
    return lambda scene: scene.live.add_scalar("fill", float(n), 10_000 + n)


LOG: tuple[Step, ...] = (
    *map(_scalar, range(5)),
    lambda scene: scene.live.add_scalar("slow", 7, epoch=1.5),
    lambda scene: scene.live.add_scalars({"ra": 1.5, "rb": 2.5}, 3),
    lambda scene: scene.live.add_text("short", tag="text"),
    lambda scene: scene.live.add_text("x" * 70_000, tag="grows"),
    lambda scene: scene.live.add_text("y" * 140_000, tag="spooled"),
    lambda scene: scene.live.add_image(gif(3), tag="im"),
    lambda scene: scene.live.flush(),
    lambda scene: scene.live.add_file(scene.folder / "small"),
    hparams,
    lambda scene: scene.live.set_note("noted"),
    lambda scene: scene.live.flush(),
)

# A large file goes block by block, to a file of its own.
LARGE: tuple[Step, ...] = (
    lambda scene: scene.live.add_image(gif(4), tag="im"),
    lambda scene: scene.live.add_file(scene.folder / "large"),
    lambda scene: scene.live.add_image(gif(5), tag="im"),
    lambda scene: scene.live.flush(),
)


# ---- folders ---------------------------------------------------------------------------


def new(folder: Path, fmt: str = "sha256") -> Scene:
    """Make a repository that has a sealed run."""
    scene = Scene(folder)
    init(scene, fmt)
    with scene.repo.start_run("before", id="old") as run:
        run.add_scalar("loss", 0.5, 0)
    return scene


def with_file(folder: Path, name: str, size: int) -> None:
    """Make a repository, and a file to log."""
    new(folder)
    (folder / name).write_bytes(b"x" * size)


def sealed(folder: Path, fmt: str = "sha256") -> Scene:
    """Make a repository whose run ``r`` is sealed."""
    scene = new(folder, fmt)
    start_and_log(scene)
    finish(scene)
    return scene


def edited(folder: Path) -> None:
    """Make a repository whose sealed run ``r`` was edited."""
    sealed(folder).repo.edit("r", notes="slip", tags=["y"])


def removed(folder: Path) -> None:
    """Make a repository whose run ``r`` was edited elsewhere than here, and removed."""
    sealed(folder).repo.remove("r")


def dead(folder: Path) -> None:
    """Make a repository whose run ``r`` has lost its writer."""
    scene = new(folder)
    pid = os.fork()
    if not pid:
        start_and_log(scene)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def bundled(folder: Path, fmt: str = "sha256") -> None:
    """Make a repository, and the bundle of another one's run beside it."""
    new(folder, fmt)
    with tempfile.TemporaryDirectory(dir=folder.parent) as other:
        sealed(Path(other), fmt).repo.export("r", folder / "r.zip")


def left(write: Prepare, *more: Prepare) -> Prepare:
    """Return what makes a repository with what a tracker left, imported before *more* came."""

    def prepare(folder: Path) -> None:
        scene = new(folder)
        write(folder)
        for step in more:
            import_other(scene)
            step(folder)
        settle(folder)

    return prepare


def zipped_again(folder: Path) -> None:
    """Make the same, where another tool has zipped the bundle once more."""
    bundled(folder)
    with (
        zipfile.ZipFile(folder / "r.zip") as old,
        zipfile.ZipFile(folder / "other.zip", "w", zipfile.ZIP_DEFLATED) as new_zip,
    ):
        for name in reversed(old.namelist()):
            new_zip.writestr(f"top/{name}", old.read(name))
    (folder / "other.zip").rename(folder / "r.zip")


def parted(folder: Path) -> None:
    """Make a repository that has the base of a partial bundle, and that bundle beside it."""
    scene = new(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent) as other:
        source = sealed(Path(other)).repo
        base = source.export("r", Path(other, "base.zip"))
        scene.repo.import_(base)
        source.edit("r", notes="newer")
        source.export("r", folder / "r.zip", since=base)


def fetched(folder: Path) -> None:
    """Make what a clone has: a shelf, and nothing of its own."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as other:
        shelve(sealed(Path(other)))
        shutil.rmtree(Path(other, ".runs", "local"))
        shutil.copytree(other, folder, dirs_exist_ok=True)
    settle(folder)


def settle(folder: Path) -> None:
    """Say that nothing is new: what is may be looked at once more, with other calls."""
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


# ---- the table -------------------------------------------------------------------------


def _logging(engine: str, begin: Step, *, strict: bool = False) -> Operation:
    defaults = replace(QUIET, journal_engine=engine, strict=strict)
    prepare = partial(with_file, name="small", size=500)
    return Operation(prepare, LOG, begin, resumes=True, defaults=defaults)


OPERATIONS = {
    "init": Operation(nothing, (init,)),
    "start": Operation(new, (start, hparams), resumes=True, defaults=ASLEEP),
    "log mmap": _logging("mmap", fill),
    "log pwrite": _logging("pwrite", start),
    "log mmap strict": _logging("mmap", fill, strict=True),
    "log pwrite strict": _logging("pwrite", start, strict=True),
    "log a large file": Operation(
        partial(with_file, name="large", size=1 << 20), LARGE, start, resumes=True
    ),
    "hand over": Operation(
        new, (hand_over, _scalar(1)), start_and_log, resumes=True, defaults=ASLEEP
    ),
    "finish": Operation(new, (finish,), start_and_log, resumes=True, defaults=ASLEEP),
    "finish xxh128": Operation(
        partial(new, fmt="xxh128"), (finish,), start_and_log, resumes=True
    ),
    "resume": Operation(
        sealed, (start, lambda scene: scene.live.add_scalar("more", 1.0, 0), finish), resumes=True
    ),
    "recover": Operation(dead, (lambda scene: scene.repo.recover(),)),
    "edit": Operation(sealed, (lambda scene: scene.repo.edit("r", notes="new", tags=["y"]),)),
    "remove": Operation(sealed, (remove,)),
    "restore removed": Operation(removed, (restore_removed,)),
    "undo": Operation(edited, (undo,)),
    "undo a removal": Operation(removed, (undo,)),
    "redact": Operation(sealed, (redact,)),
    "shelve": Operation(sealed, (shelve,)),
    "adopt": Operation(fetched, (lambda scene: scene.repo,)),
    "export": Operation(
        sealed, (lambda scene: scene.repo.export("r", scene.folder / "out.zip", force=True),)
    ),
    "import": Operation(bundled, (import_,)),
    "export plain folders": Operation(sealed, (export_tree,)),
    "export event files": Operation(sealed, (export_logs,)),
    "import event files": Operation(left(sources.event_files), (import_other,)),
    "import event files again": Operation(
        left(sources.event_files, sources.more_event_files), (import_other,)
    ),
    "import wandb": Operation(left(sources.offline_runs), (import_other,)),
    "import wandb again": Operation(
        left(sources.offline_runs, sources.more_offline_runs), (import_other,)
    ),
    "import deepboard": Operation(left(sources.experiments), (import_other,)),
    "import deepboard again": Operation(
        left(sources.experiments, sources.more_experiments), (import_other,)
    ),
    "import zipped again": Operation(zipped_again, (import_,)),
    "import a part": Operation(parted, (import_,)),
    "import xxh128": Operation(partial(bundled, fmt="xxh128"), (import_,)),
}  # fmt: skip


# ---- what they leave -------------------------------------------------------------------


def picture(scene: Scene) -> Picture:
    """Return all that a user can see, without what differs from time to time."""
    try:
        repo = scene.repo
    except RepositoryNotFoundError:
        return None
    bundle = scene.folder / "out.zip"
    return {
        "runs": {view.id: _run(view) for view in repo.runs()},
        "shelf": sorted(repo.store.shelf.heads()),
        "bundle": hashlib.sha256(bundle.read_bytes()).hexdigest() if bundle.exists() else None,
    }


def _run(view: RunView) -> dict[str, Any]:
    series = {tag: view.series(tag) for tag in view.series_tags}
    return {
        "status": view.status,
        "labels": (view.name, view.tags, view.manifest.notes),
        "hparams": view.hparams,
        "hparams id": view.manifest.hparams,
        "summary": view.summary,
        "facts": (sorted(view.env), sorted(view.command), view.created.year > 2000),
        "series": {tag: (found.step, found.value, found.epoch) for tag, found in series.items()},
        # The same values have the same ids, whatever happened on the way.
        "series ids": {
            tag: [(chunk["value"], chunk["step"]) for chunk in found.chunks]
            for tag, found in series.items()
        },
        "media": sorted(
            (m.kind, m.tag or "", m.name or "", m.oid, m.data if m.redacted is None else b"-")
            for m in view.media()
        ),
        # Trouble that cost nothing may be named too.
        "gaps": [gap for gap in view.manifest.gaps if gap.get("lost") != 0],
    }


def difference(expected: Any, found: Any, ignored: Collection[str] = (), at: str = "") -> str:
    """Say where two pictures differ first, keys that are *ignored* aside; empty if nowhere."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = {**expected, **found}.keys() - ignored
        differences = (
            difference(expected.get(key), found.get(key), ignored, f"{at} {key}")
            for key in sorted(keys)
        )
        return next(filter(None, differences), "")
    return "" if expected == found else f"{at}: {_brief(found)} instead of {_brief(expected)}"


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else f"{text[:60]}...{text[-50:]}"
