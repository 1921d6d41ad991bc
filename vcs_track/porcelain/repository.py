"""The repository: everything a user asks of a ``.runs`` folder."""

from __future__ import annotations

import secrets
import string
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vcs_track.errors import GitError, InvalidValueError, RunNotFoundError, VcsTrackError
from vcs_track.formats.gitstate import GitState
from vcs_track.plumbing import gitlink
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.plumbing.store import Store
from vcs_track.porcelain import bundle, diff, edits, fsck, gc, restore, seal, shelf, values
from vcs_track.porcelain.code_diff import code_diff
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.disabled import DisabledRun
from vcs_track.porcelain.facts import gathering
from vcs_track.porcelain.names import readable_name
from vcs_track.porcelain.revision import resolve
from vcs_track.porcelain.run import Run
from vcs_track.porcelain.run_set import RunSet
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vcs_track.formats.code import Code
    from vcs_track.porcelain.facts import Facts

    Progress = Callable[[int, int], None]

__all__ = ["Repository", "new_id"]

_ALPHABET = string.ascii_lowercase + string.digits
_RESUME = ("allow", "must", "never")


class Repository:
    """One ``.runs`` folder.

    Made by :func:`vcs_track.init` and :func:`vcs_track.open`.

    Args:
        store: The store.
        defaults: What runs use where a call says nothing.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for lr in (0.1, 0.01):
        ...     with repo.start_run(f"lr{lr}", hparams={"lr": lr}) as run:
        ...         run.add_scalar("loss", 1 - lr, 0)
        >>> [run.name for run in repo.runs(where="hparams.lr < 0.05")]
        ['lr0.01']
        >>> [change.name for change in repo.diff("lr0.1", "lr0.01") if change.kind == "hparam"]
        ['lr']
    """

    def __init__(self, store: Store, defaults: Defaults | None = None) -> None:
        self.store = store
        self.defaults = defaults or Defaults()

    @classmethod
    def init(
        cls, folder: Path, object_format: str = "sha256", defaults: Defaults | None = None
    ) -> Self:
        """Make ``.runs`` in *folder*, or open the one that is there."""
        return cls(Store.init(folder, object_format), defaults)

    @classmethod
    def find(cls, start: Path, defaults: Defaults | None = None) -> Self:
        """Open the nearest ``.runs`` in *start* or above."""
        return cls(Store.find(start), defaults)

    @property
    def path(self) -> Path:
        """The ``.runs`` folder."""
        return self.store.layout.root

    @property
    def root(self) -> Path:
        """The folder that holds ``.runs``."""
        return self.store.layout.root.parent

    @property
    def object_format(self) -> str:
        """``sha256`` or ``xxh128``."""
        return self.store.format.name

    def __repr__(self) -> str:
        return f"<Repository {self.path}>"

    # ---- writing -----------------------------------------------------------------------

    @storage_errors("start a run")
    def start_run(
        self,
        name: str | None = None,
        *,
        hparams: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 -- the field's word, as in wandb
        project: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Iterable[str] = (),
        notes: str | None = None,
        resume: str | bool | None = None,
        capture_code: bool = True,
        mode: str | None = None,
        command: Sequence[str] | None = None,
        rank: int | None = None,
    ) -> Run:
        """Start a run, or join one that is going on.

        Args:
            name: Display name. Default: a readable one made from the id.
            hparams: Hyperparameters, nested and typed.
            id: Run id, ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``. Default: twelve random characters.
                The id of a live run joins it as one more writer.
            project: Project, for grouping.
            group: Group, for grouping.
            job_type: Job type, for grouping.
            tags: Labels.
            notes: A note.
            resume: What to do about a run of this id that has ended: ``allow`` goes on with
                it or starts it, ``must`` demands that it exists, ``never`` that it does not.
                Default: an error when it has ended. True is ``allow``.
            capture_code: Whether to keep the code that the commit lacks. Commit and dirtiness
                are recorded in any case.
            command: Command line to record. Default: that of this process.
            mode: ``disabled`` makes every call a no-op. Default: from the configuration.
            rank: Rank of this process in a distributed training whose processes share one
                run id; it is kept with each point. Default: what the launcher set, where
                there is more than one process.

        Returns:
            The open run.

        Raises:
            InvalidValueError: If an argument cannot be used.
            RunNotFoundError: If *resume* is ``must`` and there is no such run.
            StorageError: If the disk refuses.
        """
        d = self.defaults
        chosen = mode or d.mode
        if chosen not in ("normal", "disabled"):
            raise InvalidValueError(f"unknown mode '{chosen}'", hint="use 'normal' or 'disabled'")
        given = id or d.run_id
        run_id = values.check_run_id(given) if given else new_id()
        label = name or d.name
        info: dict[str, Any] = {
            "name": values.check_name(label) if label else readable_name(run_id),
            "project": values.check_label(project or d.project, "project"),
            "group": values.check_label(group or d.group, "group"),
            "job_type": values.check_label(job_type or d.job_type, "job_type"),
            "tags": list(values.check_tags(tags) or d.tags),
            "notes": values.check_note(notes if notes is not None else d.notes),
        }
        params = values.check_mapping(hparams, "hparams")
        rank = values.check_rank(d.rank if rank is None else rank)
        if chosen == "disabled":
            return DisabledRun(run_id, info["name"])
        self.store.require_writable()
        if given:
            self.recover()  # the run may be one whose writer died
        policy = resume if resume is not None else d.resume
        new = self._is_new(run_id, policy, rank)
        before = None
        if not new:
            if not label:
                info.pop("name")
            if run_id not in seal.live_runs(self.store):
                before = self.run(run_id)
        if not info.get("tags"):
            info.pop("tags", None)
        info = {key: value for key, value in info.items() if value is not None}
        # A rank that is late adds to a run that has ended, and says nothing about its end.
        late = before is not None and not policy and bool(rank)
        facts = gathering(self.root, d.variables, argv=command, git=d.capture_git)
        with facts if new else nullcontext() as more:
            run = Run(self.store, run_id, d, info, more or dict, rank, first=not late)
        self._capture_code(run, more if capture_code else None)
        if before is not None:
            run._go_on(before)  # noqa: SLF001 -- only a repository resumes a run
        if params:
            run.add_hparams(params)
        return run

    def _capture_code(self, run: Run, facts: Facts | None) -> None:
        if facts is None or not (self.defaults.capture_git and self.defaults.capture_code):
            return
        state = facts.state
        if isinstance(state, GitState):
            run._capture_code(Path(state.root), state)  # noqa: SLF001 -- only a repository asks
        elif state is None:
            run._capture_code(self.root, None)  # noqa: SLF001 -- a folder without git

    def _is_new(self, run_id: str, resume: str | bool | None, rank: int | None) -> bool:
        policy = "allow" if resume is True else resume or None
        # A rank that is late may find that the others have ended.
        if policy == "auto" or (policy is None and rank is not None):
            policy = "allow"
        if policy is not None and policy not in _RESUME:
            raise InvalidValueError(
                f"unknown resume policy '{policy}'", hint=f"use one of {', '.join(_RESUME)}"
            )
        live = run_id in seal.live_runs(self.store)  # first: it may be sealed meanwhile
        sealed = bool(self.store.home.head_folder.of(run_id))
        if policy == "never" and (live or sealed):
            raise InvalidValueError(
                f"run '{run_id}' exists already", hint="leave the id out to get a new one"
            )
        if policy == "must" and not (live or sealed):
            raise RunNotFoundError(
                f"no run '{run_id}' to go on with", hint="use resume='allow' to start it"
            )
        if sealed and not live and policy is None:
            raise InvalidValueError(
                f"run '{run_id}' has ended already",
                hint="use resume='allow' to go on with it, or another id",
            )
        return not live and not sealed

    @storage_errors("edit a run")
    def edit(self, run: str, /, **changes: Any) -> RunView:
        """Edit a sealed run's labels; see :func:`vcs_track.porcelain.edits.edit`."""
        edits.edit(self.store, self.run(run).id, **changes)
        return self.run(run)

    # ---- reading -----------------------------------------------------------------------

    def runs(
        self,
        where: str | None = None,
        order_by: str | Sequence[str] | None = None,
        limit: int | None = None,
    ) -> RunSet:
        """Return runs, live ones included, newest first.

        Args:
            where: A filter, for example ``hparams.lr < 0.01 and summary.val_acc > 0.9``; see
                the page on filters.
            order_by: Names to sort by, ``-`` for falling: ``-summary.val_acc, created``.
            limit: At most this many.

        Raises:
            ExpressionError: If *where* or *order_by* cannot be understood, or names what no
                run has.
        """
        return RunSet(self._all, where, order_by, limit, self._leave_out)

    def _all(self) -> list[RunView]:
        self.store.refresh()
        live = seal.live_runs(self.store)  # first: a run that ends meanwhile has a head then
        ids = {*live, *self.store.home.heads()}
        runs = []
        for run in ids:
            try:
                runs.append(RunView.load(self.store, run))
            except RunNotFoundError:
                continue  # it ended, or was removed, since it was listed
            except VcsTrackError as error:
                self._leave_out(run, error)
        return sorted(runs, key=lambda run: (-run.manifest.created_us, run.id))

    def _leave_out(self, run: str, error: VcsTrackError) -> None:
        # One damaged run must not hide the others; whoever lists them says so.
        self.store.skipped[f"run {run}"] = error

    @storage_errors("read a run")
    def run(self, run: str) -> RunView:
        """Return one run.

        Args:
            run: Id, unique prefix, name, ``@`` (newest), ``@{-n}`` (n runs before it),
                ``RUN@{n}`` (n edits ago) or ``git:REV`` (newest run of a commit).

        Raises:
            RunNotFoundError: If there is none; the hint names near ones.
            AmbiguousRunError: If several match; the hint lists them.
        """
        if not isinstance(run, str):
            raise values.wrong_type("run", run, "text")
        run = run.encode("utf-8", "replace").decode()
        if run in seal.live_runs(self.store) or self.store.home.head_folder.of(run):
            return RunView.load(self.store, run)
        return resolve(run, self._all(), self._commit_of)

    def _commit_of(self, revision: str) -> str:
        root = gitlink.find_root(self.root)
        if root is None:
            raise GitError(f"'{self.root}' is not in a git repository")
        return gitlink.resolve(root, revision)

    @storage_errors("compare runs")
    def diff(self, old: str | RunView | Run, new: str | RunView | Run) -> list[diff.Change]:
        """Return what differs between two runs; empty when nothing does."""
        sides = [self.run(run) if isinstance(run, str) else run.view() for run in (old, new)]
        return diff.diff(*sides)

    # ---- code --------------------------------------------------------------------------

    @storage_errors("read the code of a run")
    def code(self, run: str | RunView | Run) -> Code:
        """Return the code of a run: its tree, and what its commit lacks of it.

        Raises:
            ObjectNotFoundError: If none was captured.
        """
        return restore.code_of(self._view(run))

    @storage_errors("read the code of a run")
    def code_file(self, run: str | RunView | Run, path: bytes) -> bytes:
        """Return the bytes of one file of a run's code, as git stores them.

        Args:
            run: The run.
            path: From the top of the work tree, with ``/``.

        Raises:
            ObjectNotFoundError: If the code has no such file, or it was not kept.
        """
        return restore.file_of(self.store, self._view(run), path)

    @storage_errors("compare the code of runs")
    def code_diff(
        self,
        old: str | RunView | Run,
        new: str | RunView | Run,
        paths: Sequence[str] = (),
        *,
        colour: bool = False,
    ) -> bytes:
        """Return how the code of two runs differs, as ``git diff`` shows it.

        See :func:`vcs_track.porcelain.code_diff.code_diff`.
        """
        sides = self._view(old), self._view(new)
        return code_diff(self.store, *sides, paths, colour=colour)

    @storage_errors("restore the code of a run")
    def restore(self, run: str | RunView | Run, folder: str | Path) -> restore.Restored:
        """Make a work tree in *folder* with the exact code of a run.

        See :func:`vcs_track.porcelain.restore.restore`.
        """
        return restore.restore(self.store, self._view(run), _path(folder))

    def _view(self, run: str | RunView | Run) -> RunView:
        return self.run(run) if isinstance(run, str) else run.view()

    # ---- moving ------------------------------------------------------------------------

    def _ids(self, runs: str | RunView | Run | Iterable[str | RunView | Run]) -> list[str]:
        if isinstance(runs, str | RunView | Run):
            runs = [runs]
        return [self.run(run).id if isinstance(run, str) else run.id for run in runs]

    @storage_errors("export runs")
    def export(
        self,
        runs: str | RunView | Run | Iterable[str | RunView | Run],
        path: str | Path,
        *,
        force: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Write runs to one zip that stands alone.

        Args:
            runs: Runs, or what names them.
            path: The zip to make.
            force: Replace it when it is there.
            progress: Is called with objects done and objects in all.

        Returns:
            The path of the zip.
        """
        path = _path(path)
        bundle.export(self.store, self._ids(runs), path, force=force, progress=progress)
        return path

    @storage_errors("import a bundle")
    def import_(self, path: str | Path, *, progress: Progress | None = None) -> bundle.Imported:
        """Take in the runs of a bundle; a second time changes nothing.

        Raises:
            CorruptError: If anything in it is wrong; nothing has changed then.
        """
        return bundle.import_(self.store, _path(path), progress=progress)

    @storage_errors("commit runs")
    def commit(
        self,
        runs: Iterable[str | RunView | Run] | None = None,
        message: str | None = None,
        *,
        alone: bool = False,
        progress: Progress | None = None,
    ) -> tuple[str, list[str]]:
        """Put runs on the shelf and commit them with git.

        Args:
            runs: Runs, or what names them. Default: all that are not on the shelf yet.
            message: Commit message. Default: one that names the runs.
            alone: Leave what is staged out of the commit.
            progress: Is called with packs done and packs in all.

        Returns:
            The id of the commit, and the ids of the runs.
        """
        ids = shelf.unshelved(self.store) if runs is None else self._ids(runs)
        return shelf.commit(self.store, ids, message, alone=alone, progress=progress), ids

    # ---- keeping -----------------------------------------------------------------------

    @storage_errors("check the repository")
    def fsck(
        self,
        progress: Progress | None = None,
        *,
        repair_from: str | Path | Iterable[str | Path] | None = None,
    ) -> fsck.Report:
        """Check everything; nothing is changed unless *repair_from* is given.

        Args:
            progress: Is called with packs done and packs in all.
            repair_from: Mend what is damaged before the check, from these repositories and
                bundles and from what is at hand; ``[]`` is the latter only.

        Raises:
            InvalidValueError: If a source is not there, or has another object format.
            CorruptError: If nothing of a source can be used.
            LockedError: If a clean-up or another repair is at work.
        """
        if isinstance(repair_from, str | Path):
            repair_from = [repair_from]
        sources = None if repair_from is None else [_path(path) for path in repair_from]
        return fsck.fsck(self.store, progress, sources)

    @storage_errors("recover runs")
    def recover(self, *, force: bool = False) -> list[str]:
        """Seal the runs whose writers have died; return their ids.

        Args:
            force: Also runs written on another host.
        """
        return seal.recover(self.store, force=force) if self.store.writable else []

    def with_defaults(self, **changes: Any) -> Repository:
        """Return the same repository with other defaults."""
        return Repository(self.store, replace(self.defaults, **changes))

    @storage_errors("clean up")
    def gc(self, *, dry_run: bool = False, grace_days: float = gc.GRACE_DAYS) -> gc.Report:
        """Move packs to the trash that nothing needs, and empty the trash.

        A pack waits *grace_days* before it is called dead, as long again before it is moved,
        and as long again in the trash. Nothing that a run needs is ever deleted.

        Args:
            dry_run: Change nothing and say what would be done.
            grace_days: Days, at least an hour.

        Raises:
            CorruptError: If a run cannot be followed; no pack is moved or deleted then.
            InvalidValueError: If *grace_days* is too short.
            StorageError: If the disk refuses.
        """
        return gc.gc(self.store, grace=gc.check_grace(grace_days), dry_run=dry_run)


def _path(path: object) -> Path:
    if not isinstance(path, str | Path):
        raise values.wrong_type("path", path, "text or a Path")
    return Path(path)


def new_id() -> str:
    """Return a new random run id."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))
