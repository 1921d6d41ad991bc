"""Have I run this already, and which run made or used this file?"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import DuplicateRunError, InvalidValueError, VcsTrackError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain import values
from vcs_track.porcelain.inputs import Input, declared, top_of
from vcs_track.porcelain.lookup import Lookup, as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.formats.code import Code
    from vcs_track.porcelain import sameness
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.whence import Origin

    Progress = Callable[[int, int], None]

__all__ = ["Again", "Declared", "check_on_duplicate"]

Declared = Iterable[str | Path | Input] | Mapping[str, str | Path | Input]


_ON_DUPLICATE: Final = ("ignore", "warn", "raise", "return")
_told: set[Path] = set()  # repositories of which it was said that nobody can know


def check_on_duplicate(word: object) -> None:
    """Refuse what ``start_run(on_duplicate=...)`` does not know."""
    if word not in _ON_DUPLICATE:
        raise InvalidValueError(
            f"unknown answer to a duplicate {word!r:.40}",
            hint=f"use one of {', '.join(_ON_DUPLICATE)}",
        )


def _say_nothing(line: str) -> None:
    del line


class Again(Lookup):
    """The part of a repository that knows what was done already."""

    @storage_errors("read inputs")
    def hash_inputs(
        self, inputs: Declared, *, progress: Progress | None = None
    ) -> tuple[Input, ...]:
        """Return inputs as they are now; ``start_run(inputs=...)`` takes them.

        Args:
            inputs: Paths of files and folders, or paths by name.
            progress: Is called for each with bytes done and bytes in all.

        Raises:
            InvalidValueError: If one cannot be read, or changes meanwhile.
        """
        return declared(inputs, self.store.format, top_of(self.store.layout), progress)

    @storage_errors("look at the code")
    def plan(
        self,
        command: Sequence[str] | None = None,
        *,
        cwd: str | Path | None = None,
        hparams: Mapping[str, Any] | None = None,
        inputs: Declared = (),
    ) -> sameness.Start:
        """Return how a run would start now; nothing is recorded.

        Args:
            command: Its command line. Default: that of this process.
            cwd: Folder of the command. Default: the current one.
            hparams: Hyperparameters that it would be started with.
            inputs: Inputs that it would be started with.

        Raises:
            InvalidValueError: If an input cannot be read.
        """
        from vcs_track.porcelain import machine, sameness

        known = self.hash_inputs(inputs)
        params = values.check_mapping(hparams, "hparams")
        line = machine.command_line(
            command, top_of(self.store.layout), None if cwd is None else as_path(cwd)
        )
        code, why = self._code_now()
        return sameness.planned(code, line, params, known, self.store.format, why)

    def _code_now(self) -> tuple[Code | None, str]:
        """Return the code as it is now, or why nobody knows it; nothing is stored."""
        from vcs_track.formats.gitstate import GitUnreadable
        from vcs_track.plumbing import gitlink
        from vcs_track.porcelain.capture import Rules, capture

        d = self.defaults
        if not (d.capture_git and d.capture_code):
            return None, "the capture of code is switched off"
        state = gitlink.read_state(self.root)
        if isinstance(state, GitUnreadable):
            return None, state.reason
        root = self.root if state is None else Path(state.root)
        rules = Rules(d.code_largest, d.code_most, d.include_ignored)
        try:
            return capture(root, state, self.store.layout.tmp, self.store.format.hash, rules), ""
        except (VcsTrackError, OSError) as error:
            return None, str(error)

    @storage_errors("compare runs")
    def find_same(self, run: str | RunView | Run | sameness.Start) -> list[sameness.Match]:
        """Return the runs that began as *run* did, then those that nearly did.

        Runs are the same when code, command, hyperparameters and inputs of their starts are. A
        near one has finished, and one of the four differs. Newest first; a part that nobody
        knows differs from everything.

        Args:
            run: A run, which is not in the answer, or what :meth:`plan` or :meth:`start_of`
                returned.

        Raises:
            CorruptError: If the code of *run* is damaged.
            RunNotFoundError: If there is no such run.

        Example:
            >>> import subprocess, tempfile, vcs_track
            >>> folder = tempfile.mkdtemp()
            >>> _ = subprocess.run(["git", "init", "-q", folder], check=True)
            >>> repo = vcs_track.init(folder)
            >>> for name, lr in (("a", 0.1), ("b", 0.1), ("c", 0.2)):
            ...     how = {"hparams": {"lr": lr}, "command": ["./train"], "cwd": folder}
            ...     with repo.start_run(name, **how):
            ...         pass
            >>> for match in repo.find_same("b"):
            ...     print(match.run.name, match.same, [change.name for change in match.changes])
            a True []
            c False ['lr']
        """
        from vcs_track.porcelain import sameness

        if not isinstance(run, sameness.Start):
            run = self.start_of(run)
        runs = [other for other in self._all() if other.id != run.run]
        root = find_root(self.root)
        return sameness.matches(run, runs, root, self._leave_out)

    @storage_errors("read a run")
    def start_of(self, run: str | RunView | Run) -> sameness.Start:
        """Return how a run started.

        Raises:
            CorruptError: If its code is damaged.
            RunNotFoundError: If there is no such run.
        """
        from vcs_track.porcelain import sameness

        return sameness.start_of(self._view(run))

    @storage_errors("look for a file")
    def whence(
        self,
        *paths: str | Path,
        tell: Callable[[str], None] | None = None,
        progress: Progress | None = None,
    ) -> list[Origin]:
        """Return which runs made or used files, the newest first.

        A file is found by its content: among what runs stored, the inputs that they named, and
        the files of their code that the commit lacked, where they are nothing else. An image whose bytes nobody stored is
        looked for by its pixels.

        Args:
            *paths: The files.
            tell: Takes a line about what could not be compared.
            progress: Is called with images compared and images in all.

        Raises:
            InvalidValueError: If one is no file, or cannot be read.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> weights = repo.root / "weights.bin"
            >>> _ = weights.write_bytes(bytes(100))
            >>> with repo.start_run("train") as run:
            ...     _ = run.add_file(weights)
            >>> with repo.start_run("test", inputs=[weights]):
            ...     pass
            >>> [(origin.name, origin.how) for origin in repo.whence(weights)]
            [('test', 'used'), ('train', 'made')]
        """
        found = self.whence_each(paths, tell=tell, progress=progress)
        together = [origin for origins in found.values() for origin in origins]
        return sorted(together, key=lambda origin: origin.when, reverse=True)

    @storage_errors("look for a file")
    def whence_each(
        self,
        paths: Iterable[str | Path],
        *,
        tell: Callable[[str], None] | None = None,
        progress: Progress | None = None,
    ) -> dict[Path, list[Origin]]:
        """Return the origins of each of several files; see :meth:`whence`."""
        from vcs_track.porcelain.whence import whence

        files = [as_path(path) for path in paths]
        found = whence(
            files, self._all(), self.store.format, leave_out=self._leave_out,
            tell=tell or _say_nothing, progress=progress,
        )  # fmt: skip
        return dict(zip(files, found, strict=True))

    def _answer(self, answer: str, how: dict[str, Any]) -> RunView | None:
        """Give the *answer* to a start that was made before, if it was."""
        if answer == "ignore":
            return None
        start = self.plan(**how)
        if start.key.unknown:
            self._tell_unknown(start)
            return None
        same = [match.run for match in self.find_same(start) if match.same]
        finished = [run for run in same if run.status == "finished"]
        if answer == "return":
            return next(iter(finished), None)
        for run in (*finished, *(run for run in same if run.status == "running")):
            what = "did the same already" if run in finished else "does the same now"
            message = f"run '{run.id}' named '{run.name}' {what}"
            if answer == "raise":
                hint = "look at it with 'vcs-track show', or use on_duplicate='ignore'"
                raise DuplicateRunError(message, run_id=run.id, hint=hint)
            warnings.warn(f"vcs-track: {message}", RuntimeWarning, stacklevel=4)
            break
        return None

    def _tell_unknown(self, start: sameness.Start) -> None:
        if self.store.layout.root in _told:
            return
        _told.add(self.store.layout.root)
        parts = " and ".join(start.key.unknown)
        why = f": {start.why}" if start.why else ""
        warnings.warn(
            f"vcs-track cannot know whether this was run already, for want of {parts}{why}",
            RuntimeWarning,
            stacklevel=5,
        )
