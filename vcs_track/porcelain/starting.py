"""Starting runs, and going on with them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain import edits, seal, values
from vcs_track.porcelain.again import Again, check_on_duplicate
from vcs_track.porcelain.lookup import as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vcs_track.porcelain.again import Declared
    from vcs_track.porcelain.facts import Facts
    from vcs_track.porcelain.inputs import Input
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["StartsRuns"]

_RESUME = ("allow", "must", "never")


class StartsRuns(Again):
    """The part of a repository that makes and edits runs."""

    @overload
    def start_run(
        self, name: str | None = None, *, on_duplicate: Literal["return"], **options: Any
    ) -> Run | RunView: ...

    @overload
    def start_run(
        self,
        name: str | None = None,
        *,
        hparams: Mapping[str, Any] | None = None,
        id: str | None = None,
        project: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Iterable[str] = (),
        notes: str | None = None,
        resume: str | bool | None = None,
        capture_code: bool = True,
        mode: str | None = None,
        command: Sequence[str] | None = None,
        cwd: str | Path | None = None,
        rank: int | None = None,
        inputs: Declared = (),
        on_duplicate: Literal["ignore", "warn", "raise"] = "ignore",
        faces: Mapping[str, Any] | None = None,
        git: Mapping[str, str] | None = None,
    ) -> Run: ...

    @storage_errors("start a run")  # type: ignore[misc]  # 'options' are those named here
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
        cwd: str | Path | None = None,
        rank: int | None = None,
        inputs: Declared = (),
        on_duplicate: str = "ignore",
        faces: Mapping[str, Any] | None = None,
        git: Mapping[str, str] | None = None,
    ) -> Run | RunView:
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
            cwd: Folder of the command. Default: the current one.
            mode: ``disabled`` makes every call a no-op. Default: from the configuration.
            rank: Rank of this process in a distributed training whose processes share one
                run id; it is kept with each point. Default: what the launcher set, where
                there is more than one process.
            inputs: Files and folders that the run reads: paths, or paths by name. They are
                hashed, and not stored.
            on_duplicate: What to do about a run that began with the same code, command,
                hyperparameters and inputs: ``warn`` or ``raise`` where one has finished or is
                running, ``return`` the one that has finished. Not looked for with *id* or
                *resume*.
            faces: What a compatible API keeps with the run, plain data by its name.
            git: ``commit`` and ``remote`` to record where git is not asked, or the folder is
                in no work tree of git. Whether files differ from that commit is not known.

        Returns:
            The open run; with ``return`` maybe a stored one, whose status is ``finished``.

        Raises:
            DuplicateRunError: If *on_duplicate* is ``raise`` and there is one.
            InvalidValueError: If an argument cannot be used, or an input cannot be read.
            RunNotFoundError: If *resume* is ``must`` and there is no such run.
            StorageError: If the disk refuses.
        """
        from vcs_track.porcelain.disabled import DisabledRun
        from vcs_track.porcelain.facts import check_git, gathering
        from vcs_track.porcelain.names import new_id, readable_name
        from vcs_track.porcelain.run import Run

        d = self.defaults
        check_on_duplicate(on_duplicate)
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
        told = check_git(git)
        rank = values.check_rank(d.rank if rank is None else rank)
        if chosen == "disabled":
            return DisabledRun(run_id, info["name"])
        self.store.require_writable()
        known = self.hash_inputs(inputs)
        if given:
            self.recover()  # the run may be one whose writer died
        policy = resume if resume is not None else d.resume
        new = self._is_new(run_id, policy, rank)
        how = {"command": command, "cwd": cwd, "hparams": params, "inputs": known}
        done = None if given or policy else self._answer(on_duplicate, how)
        if done is not None:
            return done
        before = None
        if not new:
            if not label:
                info.pop("name")
            if run_id not in seal.live_runs(self.store):
                before = self.run(run_id)
        if not info.get("tags"):
            info.pop("tags", None)
        info["faces"] = dict(faces) if faces and new else None
        info = {key: value for key, value in info.items() if value is not None}
        # A rank that is late adds to a run that has ended, and says nothing about its end.
        # The others may also end while it starts: it is never the first writer then.
        joins = not new and not policy and bool(rank)
        late = before is not None and joins
        facts = gathering(
            self.root, d.variables, argv=command, git=d.capture_git,
            code=capture_code and d.capture_code,
            cwd=None if cwd is None else as_path(cwd), declared=_declared(params, known),
            told=told,
        )  # fmt: skip
        # A run that goes on has the time and the machine of its beginning, and the code of now.
        with facts if new or (before and not late) else nullcontext() as more:
            run = Run(self.store, run_id, d, info, _said(more, new=new), rank, first=not joins)
        self._tell_code(run, more, own=command is None, wanted=capture_code)
        if before is not None:
            run._go_on(before)  # noqa: SLF001 -- only a repository resumes a run
        run._declare(params, () if new else known, start=new)  # noqa: SLF001 -- as above
        return run

    @storage_errors("record a run")
    def record_run(
        self, run_id: str, name: str, facts: Mapping[str, Any], faces: Mapping[str, Any],
        labels: Mapping[str, Any] | None = None,
    ) -> Run:  # fmt: skip
        """Start to write down a run that took place elsewhere.

        Args:
            run_id: Its id.
            name: Its name.
            facts: ``created_us``, microseconds since 1970 UTC; ``git`` and ``command`` as a run
                manifest has them.
            faces: As for :meth:`start_run`.
            labels: ``project``, ``group``, ``job_type``, ``tags`` and ``notes`` as for
                :meth:`start_run`.

        Returns:
            The open run; nothing is captured for it.

        Raises:
            InvalidValueError: If id or name cannot be used.
            StorageError: If the disk refuses.
        """
        from vcs_track.porcelain.run import Run

        self.store.require_writable()
        info = {"name": values.check_name(name), "faces": dict(faces), **_labels(labels or {})}
        known = dict(facts)
        return Run(self.store, values.check_run_id(run_id), self.defaults, info, lambda: known)

    @storage_errors("start a run")
    def start_again(self, view: RunView, command: Sequence[str]) -> Run:
        """Start a run that repeats another one, with the same code.

        Args:
            view: The run to repeat. Name, hyperparameters, project, group and job type are its.
            command: Command line to record.

        Returns:
            The open run; its ``command`` has the id of *view* as ``rerun_of``.

        Raises:
            ObjectNotFoundError: If *view* has no code.
            StorageError: If the disk refuses.
        """
        from vcs_track.porcelain.code_files import code_of, top_of
        from vcs_track.porcelain.facts import gathering
        from vcs_track.porcelain.names import new_id
        from vcs_track.porcelain.run import Run

        code = code_of(view)
        old = view.manifest
        info = {
            "name": old.name, "project": old.project, "group": old.group, "job_type": old.job_type,
        }  # fmt: skip
        info = {key: value for key, value in info.items() if value is not None}
        top = top_of(self.store)
        paths = {one.name: top / one.name for one in view.inputs if one.start}
        # As they are now: whether they are still the same is a part of what may have changed.
        inputs = self.hash_inputs({name: path for name, path in paths.items() if path.exists()})
        first = dict(self.start_of(view).hparams)
        variables = self.defaults.variables
        with gathering(self.root, variables, argv=command, git=False) as facts:
            known = facts()
        said = {
            **known["command"], **_declared(first, inputs), "cwd": view.command.get("cwd"),
            "rerun_of": view.id,
        }  # fmt: skip
        again = {**known, "command": said, "git": old.git}
        run = Run(self.store, new_id(), self.defaults, info, lambda: again)
        run._tell({"k": "code", "v": code.to_json()})  # noqa: SLF001 -- known already
        run._declare(first, (), start=True)  # noqa: SLF001 -- as above
        run.add_hparams(view.hparams)
        return run

    def _tell_code(self, run: Run, facts: Facts | None, *, own: bool, wanted: bool) -> None:
        from vcs_track.formats.gitstate import GitState
        from vcs_track.plumbing import gitlink

        if not (wanted and self.defaults.capture_git and self.defaults.capture_code):
            return
        if own and not run.rank:
            run._provenance.watch(gitlink.find_root(self.root) or self.root)  # noqa: SLF001 -- as below
        if facts is None or not facts.asked:
            return  # it joined a run, whose first writer tells of the code
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
        if not live and not sealed and self.store.removed.of(run_id):
            raise InvalidValueError(
                f"run '{run_id}' was removed",
                hint=f"bring it back with 'vcs-track rm --restore {run_id}', or use another id",
            )
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


def _said(facts: Facts | None, *, new: bool) -> Callable[[], dict[str, Any]]:
    if facts is None:
        return dict
    return facts if new else facts.of_git


def _labels(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels of a run that took place elsewhere, without those it has not."""
    names = ("project", "group", "job_type")
    found: dict[str, Any] = {name: values.check_label(given.get(name), name) for name in names}
    found["tags"] = list(values.check_tags(given.get("tags"))) or None
    found["notes"] = values.check_note(given.get("notes"))
    return {name: value for name, value in found.items() if value is not None}


def _declared(params: Mapping[str, Any], inputs: Sequence[Input]) -> dict[str, Any]:
    """Return what the first record of a run says of them."""
    # Hyperparameters have a record of their own; that there are none is said here.
    found: dict[str, Any] = {} if params else {"hparams": None}
    return {**found, "inputs": {one.name: one.to_json() for one in inputs}} if inputs else found
