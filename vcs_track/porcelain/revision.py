"""Which run is meant by a text.

It is an id, a prefix, a name, ``@``, ``@{-n}``, ``RUN@{n}`` or ``git:REV``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vcs_track.errors import AmbiguousRunError, RunNotFoundError
from vcs_track.porcelain.near import did_you_mean
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["names_run", "resolve"]

_BACK = re.compile(r"@\{-(\d{1,9})\}")
_EDIT = re.compile(r"(.+)@\{(\d{1,9})\}")


def resolve(text: str, runs: Sequence[RunView], commit_of: Callable[[str], str]) -> RunView:
    """Return the one run that *text* names.

    Args:
        text: ``@`` is the newest run, ``@{-1}`` the one before it; ``RUN@{1}`` is a run one
            edit ago; ``git:REV`` the newest run of a commit; else an id, a unique prefix of
            one, or a name.
        runs: All runs, newest first.
        commit_of: Gives the commit that a git revision names.

    Raises:
        RunNotFoundError: If no run is meant; the hint names near ones.
        AmbiguousRunError: If several are; the hint lists them.
    """
    if text == "@":
        return _nth(runs, 0, text)
    if match := _BACK.fullmatch(text):
        return _nth(runs, int(match[1]), text)
    if match := _EDIT.fullmatch(text):
        return _edit(resolve(match[1], runs, commit_of), int(match[2]))
    if text.startswith("git:"):
        commit = commit_of(text.removeprefix("git:"))
        found = [run for run in runs if run.git.get("commit") == commit]
        if not found:
            raise RunNotFoundError(
                f"no run was made at commit '{commit[:12]}'",
                hint="list runs with their commits by 'vcs-track log'",
            )
        return found[0]
    return _by_name(text, runs)


def names_run(text: str, runs: Callable[[], Sequence[RunView]]) -> bool:
    """Tell whether *text* can mean nothing but a run.

    Args:
        text: As for `resolve`.
        runs: Gives all runs.
    """
    if text == "@" or _BACK.fullmatch(text) or text.startswith("git:"):
        return True
    if match := _EDIT.fullmatch(text):
        return names_run(match[1], runs)
    return any(text in (run.id, run.name) for run in runs())


def _nth(runs: Sequence[RunView], back: int, text: str) -> RunView:
    if back >= len(runs):
        raise RunNotFoundError(
            f"there is no run '{text}': the repository has {len(runs)}",
            hint="" if runs else "make one with 'vcs-track run -- COMMAND'",
        )
    return runs[back]


def _edit(run: RunView, back: int) -> RunView:
    if not back:
        return run
    history = run.history
    if back >= len(history):
        raise RunNotFoundError(
            f"run '{run.id}' has no state '@{{{back}}}'",
            hint=f"it has {len(history)}, counted from 0",
        )
    return RunView(history[back], run.objects, run.heads)


def _by_name(text: str, runs: Sequence[RunView]) -> RunView:
    exact = [run for run in runs if run.id == text] or [run for run in runs if run.name == text]
    found = exact or [run for run in runs if text and run.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = tuple(run.id for run in found)
        shown = ", ".join(f"{run.id} ({run.name})" for run in found[:5])
        raise AmbiguousRunError(
            f"'{text}' is ambiguous: {len(found)} runs match",
            candidates=ids,
            hint=f"use the id of one of them: {shown}{' ...' if len(found) > 5 else ''}",
        )
    known = {run.name for run in runs} | {run.id for run in runs}
    raise RunNotFoundError(
        f"no run matches '{text}'",
        hint=did_you_mean(text, sorted(known)) if runs else "the repository has no runs yet",
    )
