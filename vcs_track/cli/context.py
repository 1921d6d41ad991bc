"""What every command is handed: where to work, and how to talk."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vcs_track.porcelain.repository import Repository

__all__ = ["Context"]


@dataclass(slots=True)
class Context:
    """The global options, and the two streams: data to stdout, talk to stderr.

    Attributes:
        folder: Folder to work in.
        explicit: Whether the user named it with ``-C``.
        json: Print JSON lines.
        quiet: Say nothing but errors.
        arguments: The command line, without the name of the program.

    Example:
        >>> from vcs_track.cli.context import Context
        >>> Context(json=True).emit({"id": "abc", "summary": {"loss": 0.5}})
        {"id":"abc","summary":{"loss":0.5}}
    """

    folder: Path = field(default_factory=Path)
    explicit: bool = False
    json: bool = False
    quiet: bool = False
    arguments: tuple[str, ...] = ()

    def repository(self) -> Repository:
        """Open the repository; runs whose writers died are sealed, and said.

        Raises:
            RepositoryNotFoundError: If there is none here or above.
            RepositoryFormatError: If it was written by an unknown version.
        """
        repo = self.repository_as_it_is()
        for run in repo.recover():
            self.say(f"recovered run {run}: its program died, every point it logged is kept")
        return repo

    def repository_as_it_is(self) -> Repository:
        """Open the repository and leave runs alone whose writers died.

        ``vcs_track.open`` seals them without a word, and a command line talks.
        """
        from vcs_track import api

        repo = api.open(self.folder if self.explicit else None, recover=False)
        if self.arguments:
            repo.store.log.begin(self._command)
        return repo

    def _command(self) -> str:
        import shlex

        from vcs_track.porcelain.machine import redact_argv

        return shlex.join(["vcs-track", *redact_argv(self.arguments)])

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody who can answer."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def confirm(self, question: str) -> bool:
        """Ask for a yes on the terminal; False where nobody can be asked."""
        if not self.can_ask:
            return False
        sys.stdout.flush()
        sys.stderr.write(f"{visible(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def reading(self, *names: str, words: bool = False) -> tuple[Repository, list[str]]:
        """Open what runs are in: the repository, or a bundle (``x.zip:RUN``).

        Args:
            names: Runs. A bundle alone stands for its only run.
            words: Whether some may name other things, or runs of the same bundle.

        Returns:
            It, and what names the runs in it.

        Raises:
            InvalidValueError: If they are in several places, or there is no such bundle.
            RepositoryNotFoundError: If there is no repository here or above.
        """
        found = self._bundles(names)
        places = {each[0] for each in found if each is not None}
        if not places:
            return self.repository(), list(names)
        from vcs_track.errors import InvalidValueError
        from vcs_track.porcelain.bundle_runs import only_run

        if len(places) > 1 or (None in found and not words):
            raise InvalidValueError(
                "the runs are in several places", hint="import the bundle, then name its runs"
            )
        repo = self.bundle(places.pop())
        return repo, [
            name if each is None else each[1] or only_run(repo).id
            for name, each in zip(names, found, strict=True)
        ]

    def _bundles(self, names: Sequence[str]) -> list[tuple[Path, str] | None]:
        """Return the bundle and the run that each of *names* means, or None."""
        if not any(".zip" in name.lower() for name in names):
            return [None for _ in names]
        from vcs_track.errors import InvalidValueError, RepositoryNotFoundError
        from vcs_track.porcelain.bundle_runs import named_bundle

        try:
            return [named_bundle(name, self.folder) for name in names]
        except InvalidValueError:
            # The name of a run may look like that of a bundle.
            with suppress(RepositoryNotFoundError):
                if all(map(self.repository().is_run, names)):
                    return [None for _ in names]
            raise

    def comparing(self, *names: str) -> tuple[Repository, list[str]]:
        """Open the repository, or outside of one the first bundle named.

        Returns:
            It, and *names* with the paths of bundles as seen from the current folder.

        Raises:
            InvalidValueError: If there is no such bundle.
            RepositoryNotFoundError: If there is no repository here or above, and no bundle.
        """
        from vcs_track.errors import RepositoryNotFoundError

        found = self._bundles(names)
        specs = [
            name if each is None else f"{each[0]}:{each[1]}".removesuffix(":")
            for name, each in zip(names, found, strict=True)
        ]
        try:
            return self.repository(), specs
        except RepositoryNotFoundError:
            for each in found:
                if each is not None:
                    return self.bundle(each[0]), specs
            raise

    def whole_bundle(self, names: Sequence[str]) -> Repository | None:
        """Open the bundle that *names* is, where it is one and names no run of it."""
        if len(names) != 1 or not names[0].lower().endswith(".zip"):
            return None
        path = self.folder / names[0]
        return self.bundle(path) if path.is_file() else None

    def repository_or(self, bundle: Path | None) -> Repository:
        """Open *bundle*, or the repository where there is none."""
        return self.repository() if bundle is None else self.bundle(self.folder / bundle)

    def bundle(self, path: Path) -> Repository:
        """Open the bundle *path*; nothing of it can be changed.

        Raises:
            CorruptError: If it is none.
            InvalidValueError: If there is no such file.
        """
        from vcs_track.porcelain.repository import Repository

        return Repository.of_bundle(path, self.folder.resolve())

    def print(self, text: str = "", *, end: str = "\n") -> None:
        """Write data to stdout; control characters in it are spelled out."""
        sys.stdout.write(visible(text, lines=True) + end)

    def say(self, text: str) -> None:
        """Write talk to stderr, unless the user wants it quiet."""
        if not self.quiet and not self._silent():
            # A pipe that was closed by its reader shows now, not in the midst of talk.
            sys.stdout.flush()
            sys.stderr.write(visible(text, lines=True) + "\n")

    def _silent(self) -> bool:
        from vcs_track import environ
        from vcs_track.errors import VcsTrackError

        try:
            return environ.read(self.folder).silent
        except VcsTrackError:  # said where the configuration is used, not where it is asked
            return False

    def tell_skipped(self, repo: Repository) -> None:
        """Say which runs and packs could not be read, and why."""
        for name, error in sorted(repo.store.skipped.items()):
            self.say(f"left out {name}: {error}")

    def emit(self, row: Mapping[str, Any], *, flush: bool = False) -> None:
        """Write one line of JSON to stdout, at once with *flush*."""
        from vcs_track.cli.json_lines import encode  # loads the JSON library

        sys.stdout.write(encode(row) + "\n")
        if flush:
            sys.stdout.flush()

    @contextmanager
    def progress(self, label: str, unit: str = "") -> Iterator[Callable[[int, int], None]]:
        """Give a callback ``(done, total)`` that draws a bar on stderr.

        With the *unit* ``bytes`` it has the rate and the time left.

        Nothing is drawn when stderr is no terminal, or with ``--quiet``.
        """
        if self.quiet or not sys.stderr.isatty():
            yield _nothing
            return
        from vcs_track.cli import render  # loads rich

        with render.progress(label, unit) as callback:
            yield callback


def _nothing(done: int, total: int) -> None:
    """Draw nothing."""
