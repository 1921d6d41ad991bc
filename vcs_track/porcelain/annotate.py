"""Runs as notes of git: a view for ``git log``, written anew whenever one likes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.visible import visible
from vcs_track.plumbing.git_notes import read_notes, write_notes
from vcs_track.porcelain.interest import numbers_of

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.porcelain.commit_log import CommitLog
    from vcs_track.porcelain.run_view import RunView

__all__ = ["REF", "Annotated", "annotate", "line_of"]

REF: Final = "refs/notes/runs"
_NUMBERS: Final = 3
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Annotated:
    """What was done to the notes.

    Attributes:
        written: Commits whose note was written or changed.
        removed: Commits whose note was removed, since they have no run any more.
        unchanged: Number of notes that stayed as they were.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def annotate(folder: Path, log: CommitLog) -> Annotated:
    """Write a note on each commit of *log* that has sealed runs.

    It has a line a run. Notes on other commits stay.

    Args:
        folder: A folder in the work tree.
        log: Commits and their runs.

    Raises:
        GitError: If git refuses.
    """
    old = read_notes(folder, REF)
    changes: dict[str, bytes | None] = {}
    unchanged = 0
    for entry in log.commits:
        sealed = [each for each in entry.runs if each.run.status != "running"]
        # A mark in front of a changed run, as the log has it.
        lines = [("* " if each.changed else "") + line_of(each.run) for each in sealed]
        text = "".join(f"{line}\n" for line in lines).encode() or None
        commit = entry.commit.id
        if old.get(commit) != text:
            changes[commit] = text
        elif text is not None:
            unchanged += 1
    if changes:
        write_notes(folder, REF, changes, "Notes written by 'vcs-track annotate'\n")
    return Annotated(
        tuple(commit for commit, text in changes.items() if text is not None),
        tuple(commit for commit, text in changes.items() if text is None),
        unchanged,
    )


def line_of(run: RunView) -> str:
    """Return id, name, status and the main numbers of *run* on one line.

    Control characters are spelled out.
    """
    numbers = list(numbers_of(run).items())[:_NUMBERS]
    shown = ", ".join(f"{visible(tag)} {_text(value)}" for tag, value in numbers)
    return f"{run.id} {visible(run.name)} ({run.status}){f'  {shown}' if shown else ''}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = visible(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
