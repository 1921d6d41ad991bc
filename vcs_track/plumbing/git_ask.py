"""Asking git about one work tree, sure that it means the same one.

What git prints is bytes: kept text has U+FFFD where it was not UTF-8.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

from vcs_track.errors import CommitNotFoundError, GitError
from vcs_track.formats.gitstate import GitUnreadable, git_text
from vcs_track.plumbing.git_call import LOOKING, Answer, GitCall, NoAnswerError
from vcs_track.plumbing.worktree import find_root, git_dir_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CUT", "ask", "begin", "check", "demand", "fail", "is_shallow", "refusal", "refuse_option",
    "refused_for", "top_of", "unknown",
]  # fmt: skip

CUT: Final = "the history was cut when it was cloned: 'git fetch --unshallow' gets the rest"

_NAMED: Final = ("refs/heads", "refs/tags", "refs/remotes")
_VOUCHED: Final[set[tuple[Path, Path]]] = set()


def ask(root: Path | str, *args: str) -> Answer:
    """Ask git in *root*, without a lock and for ten seconds at most."""
    return begin(root, *args).answer()


def begin(root: Path | str, *args: str) -> GitCall:
    """Begin `ask`; the answer is fetched later."""
    # What a file system monitor says may be old, and asking it starts one.
    return GitCall("-C", str(root), "-c", "core.fsmonitor=false", *args, env=LOOKING)


def top_of(path: Path) -> Path:
    """Return the top of the work tree of *path*, which git means too.

    Raises:
        GitError: If there is none, or git would answer for another one.
    """
    root = find_root(path)
    if root is None:
        fail(None, path)
    try:
        reason = refused_for(root)
    except NoAnswerError as error:
        reason = error.unreadable
    if reason is not None:
        fail(reason, path)
    return root


def refuse_option(rev: str) -> None:
    """Raise CommitNotFoundError where git would take *rev* for an option."""
    # No ref starts with a dash, and older gits have no '--end-of-options' here.
    if not rev or rev.startswith("-") or "\0" in rev:
        raise CommitNotFoundError(
            f"git knows no commit '{rev}'", hint="name a branch, a tag or an id"
        )


def unknown(top: Path, rev: str) -> CommitNotFoundError:
    """Return the error for a commit that git does not know.

    The hint has near names.
    """
    listed = demand("-C", str(top), "for-each-ref", "--format=%(refname:short)", *_NAMED)
    wanted = [part for part in re.split(r"\.{2,3}|[~^@:]", rev) if part]
    known = git_text(listed.out).splitlines()
    near = [name for part in wanted for name in get_close_matches(part, known)]
    names = " or ".join(f"'{name}'" for name in dict.fromkeys(near) if name not in wanted)
    hint = f"did you mean {names}?" if names else "'git log --all --oneline' lists commits"
    if is_shallow(top):
        hint += f" ({CUT})"
    return CommitNotFoundError(f"git knows no commit '{rev}'", hint=hint)


def is_shallow(root: Path | str) -> bool:
    """Tell whether older commits were left out when this was cloned."""
    return demand("-C", str(root), "rev-parse", "--is-shallow-repository").out.strip() == b"true"


def demand(*args: str, stdin: bytes | None = None, patient: bool = False) -> Answer:
    """Return what git answers to *args*, whatever its exit code.

    Raises:
        GitError: If there is no answer.
    """
    try:
        return GitCall(*args, stdin=stdin, patient=patient).answer()
    except NoAnswerError as error:
        raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None


def check(command: str, answer: Answer) -> None:
    """Raise GitError, with git's own words, where *command* failed."""
    if not answer.code:
        return
    line, everything = _said(answer)
    hint = "" if everything.strip() == line else everything
    if "user.email" in everything:
        hint = "run 'git config user.name NAME' and 'git config user.email EMAIL'"
    raise GitError(f"git {command} failed: {line.rstrip('.')}", hint=hint)


def _said(answer: Answer) -> tuple[str, str]:
    """Return git's most telling line, and all it said."""
    everything = (git_text(answer.err).strip() or git_text(answer.out).strip())[:4000]
    lines = [line.strip() for line in everything.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    if not lines:
        return f"git left with code {answer.code} and said nothing", ""
    return (telling or lines)[0].removeprefix("fatal: ").removeprefix("error: "), everything


def refusal(root: Path, answer: Answer) -> GitUnreadable:
    """Return why git cannot read *root*, from what it said."""
    line, everything = _said(answer)
    # The one word that stays when git speaks another language.
    if "safe.directory" in everything:
        return GitUnreadable(
            "git refuses the repository: it belongs to another user",
            f"run 'git config --global --add safe.directory {root}' if you trust it",
        )
    line = line.replace(str(root), ".").rstrip(".")
    return GitUnreadable(f"git cannot read the repository: {line}", "run 'git status' there")


def refused_for(root: Path) -> GitUnreadable | None:
    """Return why git would not answer for *root*; asked once a process."""
    git_dir = git_dir_of(root)
    if git_dir is not None and (root, git_dir) in _VOUCHED:
        return None
    answer = ask(root, "rev-parse", "--absolute-git-dir")
    if answer.code:
        return refusal(root, answer)
    meant = os.fsdecode(answer.out.rstrip(b"\r\n"))
    if git_dir is None or not _same_file(meant, git_dir):
        # A hook exports GIT_DIR: git would then answer for, and write to, another place.
        return GitUnreadable("git looks at another repository", "unset GIT_DIR")
    _VOUCHED.add((root, git_dir))
    return None


def _same_file(one: str, other: Path) -> bool:
    try:
        return other.samefile(one)
    except (OSError, ValueError):
        return False


def fail(state: GitUnreadable | None, path: Path) -> NoReturn:
    """Raise GitError: *path* is in no work tree, or in one git cannot read."""
    if state is None:
        raise GitError(f"'{path}' is not in a git repository", hint="run 'git init' first")
    raise GitError(state.reason, hint=state.hint)
