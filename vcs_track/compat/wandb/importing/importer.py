"""From folders that wandb left to runs.

All runs are written aside first, and taken in together like those of a bundle. A run is known
by its id and the name of its folder, so that a second import changes nothing, and one that
grew is read again.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.taken_in import TakenIn, nobody
from vcs_track.compat.wandb import names
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.importing.folders import find_folders
from vcs_track.compat.wandb.importing.story import Story
from vcs_track.compat.wandb.importing.taking import Taking
from vcs_track.compat.wandb.importing.used import keep_used
from vcs_track.errors import GitError, InvalidValueError, RunNotFoundError, StorageError
from vcs_track.plumbing import fsio, gitlink
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain import edits, values
from vcs_track.porcelain.machine import redact_argv
from vcs_track.porcelain.removal import is_removed
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.compat.wandb.importing.folders import WandbFolder

    Progress = Callable[[int, int], None]

__all__ = ["import_folder"]

_COMMIT: Final = re.compile("[0-9a-f]{7,64}")
_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST: Final = 200


def import_folder(
    repo: Repository, folder: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> TakenIn:
    """Take in the runs that wandb left in a folder.

    Args:
        repo: The repository.
        folder: The folder ``wandb``, one of a run in it, or one above; nothing in it is
            changed.
        dry_run: Change nothing, and say what would come.
        progress: Is called with bytes read and bytes to read; each is read twice.

    Raises:
        InvalidValueError: If there is no such folder, or no run in it.
        StorageError: If the disk refuses; nothing has changed then.

    Example:
        >>> import tempfile, vcs_track
        >>> from pathlib import Path
        >>> from vcs_track.compat.wandb.importing import import_folder
        >>> folder = Path(tempfile.mkdtemp()) / "run-20240101_120000-abc"
        >>> (folder / "files").mkdir(parents=True)
        >>> _ = (folder / "files/wandb-summary.json").write_text('{"loss": 0.5}')
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> [run] = import_folder(repo, folder).new
        >>> repo.run(run).summary
        {'loss': 0.5}
    """
    if not dry_run:
        repo.store.require_writable()
    with fsio.storage_errors(f"import '{folder}'"):
        return _Import(repo, folder, progress or nobody).run(dry_run=dry_run)


@dataclass(slots=True)
class _Wanted:
    """A run that is taken in.

    Attributes:
        story: What its folder tells.
        id: Its id in the store.
        stamp: What tells the folder from what it was before.
        old: The run as it is here already, or None.
    """

    story: Story
    id: str
    stamp: str
    old: RunView | None

    @property
    def run_id(self) -> str:
        """The id that wandb gave it."""
        return self.story.facts.id or self.story.folder.id


class _Import:
    def __init__(self, repo: Repository, folder: Path, progress: Progress) -> None:
        self.repo = repo
        self.done = TakenIn()
        self._folder = folder
        self._progress = progress
        self._read = 0
        self._total = 0
        self._given: set[str] = set()

    def run(self, *, dry_run: bool) -> TakenIn:
        folders = find_folders(self._folder)
        if not folders:
            raise InvalidValueError(
                f"there is no run of wandb in '{self._folder}'",
                hint="name the folder 'wandb', with 'run-...' or 'offline-run-...' in it",
            )
        self._total = 2 * sum(folder.size() for folder in folders)
        wanted = [one for folder in folders if (one := self._wanted(folder)) is not None]
        if dry_run:
            for one in wanted:
                (self.done.new if one.old is None else self.done.updated).append(one.id)
        elif wanted:
            self._take_all(wanted)
        self._progress(self._total, self._total)
        return self.done

    def _tick(self, size: int) -> None:
        self._read += size
        self._progress(min(self._read, self._total), self._total)

    # ---- which runs --------------------------------------------------------------------

    def _wanted(self, folder: WandbFolder) -> _Wanted | None:
        """Return the run of a folder if there is something to take in."""
        stamp = folder.stamp()
        story = Story(folder)
        story.read(self._tick)
        self._note(folder, story.notes)
        if story.is_empty:
            self._note(folder, ["it tells nothing of a run"])
            return None
        run_id = story.facts.id or folder.id
        found = self._place(run_id, folder)
        if found is None:
            self.done.removed.append(names.native_id(run_id))
            self.done.names[names.native_id(run_id)] = story.facts.name or run_id
            return None
        native, old = found
        self._given.add(native)
        self.done.names[native] = _name(story, run_id) if old is None else old.name
        if old is not None and _source(old).get("stamp") == stamp:
            self.done.known.append(native)
            return None
        return _Wanted(story, native, stamp, old)

    def _place(self, run_id: str, folder: WandbFolder) -> tuple[str, RunView | None] | None:
        """Return the id of the store for a run, and the run if it is here.

        Returns:
            None if one of this id was removed here, as nobody can say which one.
        """
        base = names.native_id(run_id)
        for n in count(1):
            native = base if n == 1 else f"{base}--{n}"
            if native in self._given:
                continue
            if is_removed(self.repo.store, native):
                return None
            old = self._old(native)
            if old is None or _source(old).get("folder") == folder.name:
                return native, old
        raise AssertionError  # ids never end

    def _old(self, run: str) -> RunView | None:
        try:
            return RunView.load(self.repo.store, run)  # by its id, not by any run's name
        except RunNotFoundError:
            return None

    def _note(self, folder: WandbFolder, notes: list[str]) -> None:
        self.done.notes += [f"run '{folder.name}': {each}" for each in notes]

    # ---- writing -----------------------------------------------------------------------

    def _take_all(self, wanted: list[_Wanted]) -> None:
        scratch = self.repo.store.layout.tmp / f"import-{secrets.token_hex(8)}"
        fsio.make_dirs(scratch)
        try:
            aside = Repository.init(
                scratch, self.repo.object_format, self.repo.defaults
            ).with_defaults(capture_git=False, sync_interval=0.0, strict=True)
            bring = [one.id for one in wanted if one.old is not None]
            if bring:
                aside.import_(self.repo.export(bring, scratch / "old.zip"))
            for one in wanted:
                self._take(aside, one)
            if fsio.list_dir(aside.store.layout.live):
                # A journal that the disk would not give back is left where it is.
                raise StorageError(
                    f"cannot import '{self._folder}': a journal cannot be read back"
                )
            ids = [one.id for one in wanted]
            self.repo.import_(aside.export(ids, scratch / "new.zip"))
        finally:
            fsio.remove_tree(scratch)

    def _take(self, aside: Repository, one: _Wanted) -> None:
        story, old, run_id = one.story, one.old, one.run_id
        told = len(story.notes)
        if old is not None:
            edits.clear(aside.store, one.id)
        begin = _begin(story)
        known = {} if old is None else _source(old).get("labels", {})
        labels = _labels(story)
        fresh = {key: value for key, value in labels.items() if value != known.get(key)}
        name = _name(story, run_id)
        if old is not None and known.get("name") == name:
            name = old.name
        created = values.check_walltime(begin) if old is None else old.manifest.created_us
        facts = {"created_us": created, "command": _command(story), "git": self._git(story)}
        source = {
            "folder": story.folder.name, "stamp": one.stamp,
            "labels": {**labels, "name": _name(story, run_id)},
        }  # fmt: skip
        run = aside.record_run(one.id, name, facts, {FACE: {"id": run_id}}, fresh)
        try:
            taking = Taking(story, run, run_id, begin)
            taking.take(self._tick)
            keep_used(story, run, begin, taking.notes, (aside, self.repo))
            run.set_face(FACE, source=source)
            run.set_ended(max(taking.last, begin))
        except BaseException:
            run.finish("crashed")
            raise
        ended = story.ended
        if ended is None and not story.records:
            run.finish("finished")  # it was sent to a server, which knows more
        elif ended is None:
            run.finish("crashed")
        else:
            run.finish("failed" if ended.code else "finished", exit_code=ended.code)
        (self.done.new if old is None else self.done.updated).append(one.id)
        self._note(story.folder, [*story.notes[told:], *taking.notes])

    def _git(self, story: Story) -> dict[str, Any] | None:
        commit = story.facts.commit or story.machine.commit
        root = find_root(self.repo.root)
        if root is None or _COMMIT.fullmatch(commit) is None:
            return None
        with suppress(GitError):
            return {"commit": gitlink.resolve(root, commit), "dirty": False}
        return None


def _source(old: RunView) -> dict[str, Any]:
    """Return what the last import told of the folder."""
    face = old.faces.get(FACE)
    found = face.get("source") if isinstance(face, dict) else None
    # The run may have come in a stranger's bundle.
    return found if isinstance(found, dict) else {}


def _begin(story: Story) -> float:
    told = story.facts.started
    with suppress(InvalidValueError):
        if told is not None:
            values.check_walltime(told)
            return told
    path = story.folder.log or story.folder.path
    return path.stat().st_mtime


def _name(story: Story, run_id: str) -> str:
    return _tidy(story.facts.name) or _tidy(run_id) or "run"


def _tidy(text: str) -> str:
    return _REFUSED.sub("\ufffd", text)[:_LONGEST].strip()


def _labels(story: Story) -> dict[str, Any]:
    facts = story.facts
    found: dict[str, Any] = {
        "project": _tidy(facts.project) or None, "group": _tidy(facts.group) or None,
        "job_type": _tidy(facts.job_type) or None, "notes": facts.notes or None,
        "tags": [tag for tag in map(_tidy, facts.tags) if tag],
    }  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _command(story: Story) -> dict[str, Any]:
    machine = story.machine
    words = [word for word in (machine.executable, machine.program) if word]
    return {
        "argv": redact_argv([_REFUSED.sub("\ufffd", word) for word in (*words, *machine.args)]),
        "cwd": None,
        "script": "",
    }
