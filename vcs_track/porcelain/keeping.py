"""What is done to runs that have ended: edits, removal, and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.lookup import Lookup
from vcs_track.porcelain.values import wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.plumbing.head_log import Move
    from vcs_track.porcelain.redact import Redacted
    from vcs_track.porcelain.removal import RemovedRun
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.undo import TakenBack
    from vcs_track.porcelain.usage import Usage

    Some = str | RunView | Run | Iterable[str | RunView | Run]

__all__ = ["KeepsRuns"]

_LATE: Final = 1  # a rank other than 0 says nothing about the end of a run


class KeepsRuns(Lookup):
    """The part of a repository that edits and removes runs.

    Several runs are changed all or not at all. The labels of a run that is going on can be
    changed too, its status cannot. Each method takes runs, or what names them; or
    *where*, a filter.
    """

    def _selected(self, runs: Some | None, where: str | None) -> list[str]:
        """Return the ids of the runs that are meant.

        Raises:
            InvalidValueError: If both or none is given.
        """
        if (runs is None) is (where is None):
            raise InvalidValueError(
                "either runs or a filter is needed", hint="name runs, or give where=..."
            )
        return self.runs(where).ids() if runs is None else list(dict.fromkeys(self._ids(runs)))

    def _edit(
        self, runs: Some | None, where: str | None, *, add: Iterable[str] = (),
        remove: Iterable[str] = (), **changes: Any,
    ) -> list[RunView]:  # fmt: skip
        from vcs_track.porcelain import edits, seal

        chosen = self._selected(runs, where)
        going_on = {*seal.live_runs(self.store)} if changes.keys() <= {*edits.LABELS} else set()
        ended = [run for run in chosen if run not in going_on]
        edits.edit_all(self.store, ended, changes, add=add, remove=remove)
        for run in chosen:
            if run in going_on:
                self._edit_live(run, set(add), set(remove), changes)
        return [self.run(run) for run in chosen]

    def _edit_live(
        self, run: str, add: set[str], remove: set[str], changes: dict[str, Any]
    ) -> None:
        """Edit a run that is going on, as one more of its writers."""
        from vcs_track.porcelain.run import Run

        labels = dict(changes)
        tags = set(self.run(run).tags)
        if (tags | add) - remove != tags:
            labels["tags"] = sorted((tags | add) - remove)
        joined = Run(self.store, run, self.defaults, {}, dict, _LATE, first=False)
        joined._set(**labels)  # noqa: SLF001 -- only a repository edits a run from outside
        joined.finish()

    # ---- edits -------------------------------------------------------------------------

    @storage_errors("edit runs")
    def note(
        self, runs: Some | None, text: str | None, *, where: str | None = None
    ) -> list[RunView]:
        """Replace the note of runs; None removes it.

        Returns:
            The runs as they are now. The states before are in their histories.

        Raises:
            InvalidValueError: If the text cannot be one.
            RunNotFoundError: If there is no such run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base").finish()
            >>> [run.note for run in repo.note("base", "the one to beat")]
            ['the one to beat']
        """
        return self._edit(runs, where, notes=text or None)

    @storage_errors("edit runs")
    def tag(self, runs: Some | None, *tags: str, where: str | None = None) -> list[RunView]:
        """Add tags to runs.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for name in ("a", "b"):
            ...     repo.start_run(name).finish()
            >>> [run.tags for run in repo.tag(["a", "b"], "paper", "best")]
            [['best', 'paper'], ['best', 'paper']]
        """
        return self._edit(runs, where, add=tags)

    @storage_errors("edit runs")
    def untag(self, runs: Some | None, *tags: str, where: str | None = None) -> list[RunView]:
        """Take tags away from runs.

        One that a run has not got is no error.
        """
        return self._edit(runs, where, remove=tags)

    @storage_errors("edit runs")
    def name(self, runs: Some | None, name: str, *, where: str | None = None) -> list[RunView]:
        """Replace the display name of runs."""
        return self._edit(runs, where, name=name)

    @storage_errors("edit runs")
    def color(
        self, runs: Some | None, color: str | None, *, where: str | None = None
    ) -> list[RunView]:
        """Set the colour of runs, as ``ff8800``; None removes it."""
        return self._edit(runs, where, color=color)

    @storage_errors("edit runs")
    def status(self, runs: Some | None, status: str, *, where: str | None = None) -> list[RunView]:
        """Say how runs ended: finished, failed, killed or crashed."""
        return self._edit(runs, where, status=status)

    # ---- removal -----------------------------------------------------------------------

    @storage_errors("remove runs")
    def remove(self, runs: Some | None = None, *, where: str | None = None) -> list[str]:
        """Remove runs that have ended; return their ids.

        They are hidden, and a clean-up takes their objects two weeks later at the earliest.
        Until then `restore_removed` and `undo` bring them back. A shelf or a bundle that still
        has them does not.

        Raises:
            InvalidValueError: If a run is still going on; nothing is removed then.
            RunNotFoundError: If there is no such run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base", id="r").finish()
            >>> repo.remove("base"), len(repo.runs())
            (['r'], 0)
            >>> repo.restore_removed("r"), len(repo.runs())
            (['r'], 1)
        """
        from vcs_track.porcelain import removal

        return removal.remove(self.store, self._selected(runs, where))

    @storage_errors("list the removed runs")
    def removed(self) -> list[RemovedRun]:
        """Return the runs that were removed, the one removed last first."""
        from vcs_track.porcelain import removal

        return removal.removed(self.store)

    @storage_errors("bring runs back")
    def restore_removed(self, runs: str | Iterable[str]) -> list[str]:
        """Bring removed runs back; return their ids.

        Args:
            runs: Ids, unique prefixes or names of removed runs.

        Raises:
            ObjectNotFoundError: If a clean-up took what a run needs.
            RunNotFoundError: If no removed run is meant.
        """
        from vcs_track.porcelain import removal

        texts = [runs] if isinstance(runs, str) else list(runs)
        return removal.bring_back(self.store, [self._removed_id(text) for text in texts])

    def _removed_id(self, text: str) -> str:
        if not isinstance(text, str):
            raise wrong_type("run", text, "text")
        there = self.removed()
        found = [run.id for run in there if text in (run.id, run.name)]
        found = found or [run.id for run in there if text and run.id.startswith(text)]
        if len(found) != 1:
            what = f"{len(found)} removed runs match" if found else "no removed run matches"
            raise RunNotFoundError(
                f"{what} '{text}'", hint="list them with 'vcs-track ls --removed'"
            )
        return found[0]

    # ---- what was done -----------------------------------------------------------------

    @storage_errors("read the log of heads")
    def reflog(self, run: str | RunView | Run | None = None) -> list[Move]:
        """Return the moves of heads, the newest first: who, when, what.

        Args:
            run: Only those of this run, removed ones too; with them come its states that are
                older than the log.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base").finish()
            >>> _ = repo.tag("base", "best")
            >>> [(move.kind, move.command) for move in repo.reflog("base")]
            [('edit', 'edit'), ('record', 'record')]
        """
        from vcs_track.porcelain import undo

        if run is None:
            return undo.reflog(self.store)
        try:
            (chosen,) = self._ids(run)
        except RunNotFoundError:
            if not isinstance(run, str):
                raise
            try:
                chosen = self._removed_id(run)
            except RunNotFoundError:
                chosen = ""
            if not chosen:
                raise
        return undo.reflog(self.store, chosen)

    @storage_errors("take a command back")
    def undo(self, count: int = 1, *, dry_run: bool = False) -> list[TakenBack]:
        """Take back the last commands that changed runs.

        These are edits, removals, restorings and imports. Heads go back; no state is lost, and `redo` brings it back. What is
        recorded meanwhile is left alone.

        Args:
            count: How many commands, the last one first.
            dry_run: Change nothing, and say what would be taken back.

        Raises:
            InvalidValueError: If there are not so many, or a run has changed since; nothing is
                taken back then.
            ObjectNotFoundError: If a clean-up took what would come back.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base").finish()
            >>> _ = repo.note("base", "slip")
            >>> [taken.kind for taken in repo.undo()], repo.run("base").note
            (['edit'], None)
            >>> [taken.kind for taken in repo.redo()], repo.run("base").note
            (['edit'], 'slip')
        """
        from vcs_track.porcelain import undo

        return undo.undo(self.store, count, dry_run=dry_run)

    @storage_errors("redo a command")
    def redo(self, count: int = 1, *, dry_run: bool = False) -> list[TakenBack]:
        """Do again what `undo` took back last; not behind another edit.

        Args:
            count: How many commands.
            dry_run: Change nothing, and say what would be done.

        Raises:
            InvalidValueError: If nothing was undone, or a run has changed since.
            ObjectNotFoundError: If a clean-up took what would come back.
        """
        from vcs_track.porcelain import undo

        return undo.undo(self.store, count, redo=True, dry_run=dry_run)

    # ---- room --------------------------------------------------------------------------

    @storage_errors("measure the repository")
    def usage(self, runs: Some | None = None, *, where: str | None = None) -> Usage:
        """Return how much room runs and the repository take, in bytes as stored.

        Args:
            runs: Runs, or what names them. Default: all.
            where: Instead of *runs*, a filter.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run("base", id="r") as run:
            ...     run.add_text("x" * 100, tag="t")
            >>> found = repo.usage()
            >>> [one.id for one in found.runs], found.total == found.runs[0].own
            (['r'], True)
        """
        from vcs_track.porcelain import usage

        chosen = None if runs is None and where is None else self._selected(runs, where)
        return usage.usage(self.store, chosen)

    # ---- redaction ---------------------------------------------------------------------

    @storage_errors("redact an object")
    def redact(
        self, run: str | RunView | Run, reason: str, *, blob: str | None = None,
        tag: str | None = None, file: str | None = None, dry_run: bool = False,
    ) -> Redacted:  # fmt: skip
        """Remove the bytes of images, files or texts for good; id and reason stay.

        They go from every pack of the store, and each run that has them says so. Packs that
        were committed are git's: the report names them.

        Args:
            run: The run.
            reason: Why; it is kept with the runs.
            blob: Id of the object, or four or more of its first digits.
            tag: Instead, the tag of the media.
            file: Instead, the name of files, or the path of a file of the code.
            dry_run: Change nothing, and say what would be done.

        Raises:
            InvalidValueError: If there is no reason, what is meant is a document that the run
                needs, or a run is going on that has it.
            NotFoundError: If the run has no such thing.
            LockedError: If a clean-up or a repair is at work.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run("base", id="r") as run:
            ...     run.add_text("my password", tag="slip")
            >>> repo.redact("base", "a password", tag="slip").runs
            ('r',)
            >>> repo.run("base").media("text")[0].redacted, repo.fsck().ok
            ('a password', True)
        """
        from vcs_track.porcelain import redact

        (chosen,) = self._ids(run)
        return redact.redact(
            self.store, chosen, reason, blob=blob, tag=tag, file=file, dry_run=dry_run
        )
