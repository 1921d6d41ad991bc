"""One call of git: begun now, answered later.

Git is slow to start beside everything else that a run needs at its start, so the answer is
not waited for before it is needed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import GitError
from vcs_track.formats.gitstate import GitUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["INSTALL", "LOOKING", "Answer", "GitCall", "NoAnswerError"]

_READ_SECONDS: Final = 10.0
INSTALL: Final = "install git, or add it to PATH"
# What looking at a repository must not do to it: take its locks, fetch what a partial clone
# lacks. And patterns and messages mean what they mean, whatever the user's shell says of them.
LOOKING: Final = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "0", "GIT_GLOB_PATHSPECS": "0", "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0", "LANGUAGE": "en",
}  # fmt: skip


class Answer(NamedTuple):
    """What git said."""

    code: int
    out: bytes
    err: bytes


class NoAnswerError(Exception):
    """Git could not be started, or was too slow."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.unreadable = GitUnreadable(reason, hint)


class GitCall:
    """A git that was started.

    Args:
        args: Its arguments.
        stdin: What it reads.
        patient: Whether to wait for its answer as long as it takes.
        seconds: How long to wait otherwise. Default: ten.
        env: Variables that it gets besides those of this process.

    Raises:
        NoAnswerError: If it cannot be started.
    """

    def __init__(
        self, *args: str, stdin: bytes | None = None, patient: bool = False,
        seconds: float | None = None, env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._stdin = stdin
        self._limit = None if patient else seconds or _READ_SECONDS
        try:
            self._process = subprocess.Popen(
                ["git", *args],
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # What git needs of the environment is the user's business, and git's.
                env=None if env is None else {**os.environ, **env},  # noqa: TID251
            )
        except FileNotFoundError:
            raise NoAnswerError("git is not installed", INSTALL) from None
        except OSError as error:
            raise NoAnswerError(f"git cannot be started: {error.strerror}", "") from None

    def answer(self) -> Answer:
        """Wait for the answer.

        Raises:
            NoAnswerError: If there is none in time.
        """
        try:
            out, err = self._process.communicate(self._stdin, self._limit)
        except subprocess.TimeoutExpired:
            self.drop()
            reason = f"git gave no answer in {self._limit:g} seconds"
            raise NoAnswerError(reason, "is the disk slow, or unreachable?") from None
        except BaseException:
            self.drop()
            raise
        return Answer(self._process.returncode, out, err)

    def output(self, command: str) -> bytes:
        """Wait for the answer; return what git printed.

        Raises:
            GitError: If git refuses *command*, or gives no answer.
        """
        try:
            answer = self.answer()
        except NoAnswerError as error:
            raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None
        if answer.code:
            said = answer.err.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
            raise GitError(f"git {command} failed: {said[-1].removeprefix('fatal: ')}")
        return answer.out

    def drop(self) -> None:
        """End it, where nobody wants the answer any more; harmless later."""
        if self._process.returncode is not None:
            return
        self._process.kill()
        # A process that waits for a dead network disk cannot be killed: never wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
