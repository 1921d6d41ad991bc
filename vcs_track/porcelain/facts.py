"""What is recorded of a run when it starts: time, command, machine, git."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from vcs_track.plumbing import gitlink
from vcs_track.porcelain import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vcs_track.plumbing.gitlink import GitState, GitUnreadable

    AskGit = Callable[[], GitState | GitUnreadable | None]

__all__ = ["gathering"]


@contextmanager
def gathering(
    folder: Path, variables: Mapping[str, str], *, argv: Sequence[str] | None, git: bool
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Begin to gather the facts of a run that starts now.

    Args:
        folder: Where the run is recorded.
        variables: Environment variables to keep.
        argv: Command line. Default: that of this process.
        git: Whether to ask git.

    Returns:
        For the body, a function that waits for git, which is slow, and returns the facts.
    """
    created_us = time.time_ns() // 1000
    with gitlink.asking_for_state(folder) if git else nullcontext(lambda: None) as ask:
        env = machine.describe(variables, argv=argv, root=gitlink.find_root(folder))
        command = {
            "argv": env.pop("command"),
            "cwd": env.pop("cwd"),
            "script": "" if argv is not None or not sys.argv else sys.argv[0],
        }
        known = {"created_us": created_us, "env": env, "command": command}
        yield lambda: {**known, **_git(ask)}


def _git(ask: AskGit) -> dict[str, Any]:
    state = ask()
    return {} if state is None else {"git": state.to_json()}
