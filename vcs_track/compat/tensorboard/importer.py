"""From a folder of event files to runs.

All runs are written aside first, and taken in together like those of a bundle. A run is known
by its folder's name and how its first file begins, so that a second import changes nothing, and
one that grew gets what is new.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.taken_in import TakenIn, nobody
from vcs_track.compat.tensorboard import names
from vcs_track.compat.tensorboard.folders import RunFolder, find_runs, readable
from vcs_track.compat.tensorboard.scanning import Scan
from vcs_track.compat.tensorboard.taking import Taking
from vcs_track.errors import InvalidValueError, RunNotFoundError, StorageError
from vcs_track.plumbing import fsio
from vcs_track.porcelain import edits, values
from vcs_track.porcelain.removal import is_removed
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Progress = Callable[[int, int], None]

__all__ = ["FACE", "import_events"]

FACE: Final = "tensorboard"
_PLUGINS: Final = {"histogram": "histograms", "image": "images", "text": "text"}


def import_events(
    repo: Repository, folder: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> TakenIn:
    """Take in the runs of a folder of TensorBoard's event files.

    Args:
        repo: The repository.
        folder: The folder that TensorBoard is started with; nothing in it is changed.
        dry_run: Change nothing, and say what would come.
        progress: Is called with bytes read and bytes to read; each is read twice.

    Raises:
        InvalidValueError: If there is no such folder, or no event file in it.
        StorageError: If the disk refuses; nothing has changed then.

    Example:
        >>> import tempfile, vcs_track
        >>> from pathlib import Path
        >>> from vcs_track.compat.tensorboard import import_events
        >>> from vcs_track.formats.event_file import Scalar, pack_event, pack_start
        >>> folder = Path(tempfile.mkdtemp())
        >>> data = pack_start(1.7e9) + pack_event(1.7e9, 3, [Scalar("loss", 0.5)])
        >>> _ = (folder / "events.out.tfevents.1700000000.host").write_bytes(data)
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> [run] = import_events(repo, folder).new
        >>> repo.run(run).series("loss").step
        [3]
    """
    if not dry_run:
        repo.store.require_writable()
    with fsio.storage_errors(f"import '{folder}'"):
        return _Import(repo, folder, progress or nobody).run(dry_run=dry_run)


class _Import:
    def __init__(self, repo: Repository, folder: Path, progress: Progress) -> None:
        self.repo = repo
        self.done = TakenIn()
        self._folder = folder
        self._progress = progress
        self._read = 0
        self._total = 0

    def run(self, *, dry_run: bool) -> TakenIn:
        runs = find_runs(self._folder)
        if not runs:
            raise InvalidValueError(
                f"there is no event file in '{self._folder}'",
                hint="their names have 'tfevents' in them; name the folder that has the runs",
            )
        changed = self._changed(runs)
        if dry_run:
            for scan, old in changed:
                (self.done.new if old is None else self.done.updated).append(scan.folder.id)
            return self.done
        if changed:
            self._take_all(changed)
        self._progress(self._total, self._total)
        return self.done

    def _changed(self, runs: list[RunFolder]) -> list[tuple[Scan, RunView | None]]:
        """Return the runs to take in, each as it is here already or None."""
        todo = []
        for run in runs:
            self.done.names[run.id] = run.name
            if is_removed(self.repo.store, run.id):
                self.done.removed.append(run.id)
                continue
            old = self._old(run.id)
            known = _known(old)
            if old is not None and _is_same(run, known):
                self.done.known.append(run.id)
                continue
            sizes = {file: (run.path / file).stat().st_size for file in run.files}
            self._total += 2 * sum(sizes.values())
            todo.append((Scan(run), old, known))
        changed = []
        for scan, old, known in todo:
            scan.look(known, None if old is None else _highest(old), self._tick)
            self.done.notes += scan.notes
            if scan.is_new:
                changed.append((scan, old))
            elif old is not None:
                self.done.known.append(scan.folder.id)
        return changed

    def _old(self, run: str) -> RunView | None:
        try:
            return RunView.load(self.repo.store, run)  # by its id, not by any run's name
        except RunNotFoundError:
            return None

    def _tick(self, size: int) -> None:
        self._read += size
        self._progress(min(self._read, self._total), self._total)

    # ---- writing -----------------------------------------------------------------------

    def _take_all(self, changed: list[tuple[Scan, RunView | None]]) -> None:
        scratch = self.repo.store.layout.tmp / f"import-{secrets.token_hex(8)}"
        fsio.make_dirs(scratch)
        try:
            aside = Repository.init(
                scratch, self.repo.object_format, self.repo.defaults
            ).with_defaults(capture_git=False, sync_interval=0.0, strict=True)
            bring = [old.id for _, old in changed if old is not None]
            if bring:
                aside.import_(self.repo.export(bring, scratch / "old.zip"))
            for scan, old in changed:
                self._take(aside, scan, old)
            if fsio.list_dir(aside.store.layout.live):
                # A journal that the disk would not give back is left where it is.
                raise StorageError(
                    f"cannot import '{self._folder}': a journal cannot be read back"
                )
            ids = [scan.folder.id for scan, _ in changed]
            self.repo.import_(aside.export(ids, scratch / "new.zip"))
        finally:
            fsio.remove_tree(scratch)

    def _take(self, aside: Repository, scan: Scan, old: RunView | None) -> None:
        folder = scan.folder
        if old is not None and scan.again:
            edits.clear(aside.store, folder.id)
        begin = scan.begin
        if begin is None:
            begin = (folder.path / folder.files[0]).stat().st_mtime
        created_us = old.manifest.created_us if old is not None else values.check_walltime(begin)
        name = names.run_name(folder.name, folder.path.name) if old is None else old.name
        kept = {} if old is None or scan.again else _known(old)
        run = aside.record_run(
            folder.id, name or folder.id, {"created_us": created_us}, {FACE: {"run": folder.name}}
        )
        try:
            taking = Taking(run, max(begin, created_us / 1e6))
            if old is not None and not scan.again:
                taking.status = old.status
            for event in scan.events(_plugins(old), self._tick):
                taking.take(event)
            run.set_face(FACE, run=folder.name, source={**kept, **scan.source()})
            ended = old.manifest.ended_us if old is not None and not scan.again else None
            run.set_ended(max(taking.last, (ended or 0) / 1e6))
        except BaseException:
            run.finish("crashed")
            raise
        run.finish(taking.status)
        (self.done.new if old is None else self.done.updated).append(folder.id)
        self._tell(scan, taking)

    def _tell(self, scan: Scan, taking: Taking) -> None:
        told = [f"{many:,} {what} could not be kept" for what, many in taking.left.items()]
        if scan.broken:
            told.append(f"{scan.broken:,} records are no events, and were left out")
        if scan.outdated:
            told.append(
                f"{scan.outdated:,} events were left out: their session began again before them"
            )
        self.done.notes += [f"run '{scan.folder.name}': {each}" for each in told]


def _known(old: RunView | None) -> dict[str, Any]:
    """Return what the last import told of the files."""
    found = {} if old is None else old.faces.get(FACE, {}).get("source", {})
    # The run may have come in a stranger's bundle.
    return {
        file: facts
        for file, facts in (found.items() if isinstance(found, dict) else ())
        if isinstance(facts, dict) and type(facts.get("end")) is int and facts["end"] >= 0
    }


def _is_same(run: RunFolder, known: dict[str, Any]) -> bool:
    """Return whether nothing came to the files since the last import."""
    for file in run.files:
        facts = known.get(readable(file))
        if facts is None or (run.path / file).stat().st_size != facts.get("size"):
            return False
        if run.tail(file, facts["end"]) != facts.get("tail"):
            return False
    return True


def _highest(old: RunView) -> int | None:
    """Return the highest step that *old* has."""
    steps = [chunk["hi"] for tag in old.series_tags for chunk in old.series(tag).chunks]
    steps += [item.step for item in old.media() if item.step is not None]
    return max(steps, default=None)


def _plugins(old: RunView | None) -> dict[str, str]:
    """Return the plugins of the tags that are known already."""
    if old is None:
        return {}
    found = {names.shown(tag): "scalars" for tag in old.series_tags}
    for item in old.media():
        if item.tag is not None and item.kind in _PLUGINS:
            found[names.shown(item.tag)] = _PLUGINS[item.kind]
    return found
