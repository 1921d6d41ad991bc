"""The hook of git that names the runs of a commit in its message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import GitError
from vcs_track.plumbing import fsio, git_index
from vcs_track.plumbing.git_hooks import folder_of_hooks
from vcs_track.plumbing.git_message import with_trailers
from vcs_track.plumbing.heads import parse_head
from vcs_track.plumbing.layout import FOLDER
from vcs_track.porcelain.shelf import TRAILER

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HOOK", "Hook", "add_trailers", "install", "status", "uninstall"]

HOOK: Final = "prepare-commit-msg"
_CALL: Final = f'vcs-track hooks run {HOOK} "$@"'
# Git alone finds out whether runs are staged: a commit without any pays for no Python.
_TEXT: Final = f"""\
#!/bin/sh
# Names the runs of a commit in its message. Made by 'vcs-track hooks install'.
case "$2" in merge | squash) exit 0 ;; esac
GIT_LITERAL_PATHSPECS=0 git diff --cached --quiet --diff-filter=A -- \\
    ':(top,glob)**/.runs/heads/**' && exit 0
command -v vcs-track >/dev/null 2>&1 || exit 0
{_CALL} 2>/dev/null ||
    echo "vcs-track: the runs of this commit are not named in its message" >&2
exit 0
"""


class Hook(NamedTuple):
    """The state of the hook.

    Attributes:
        path: Its file.
        state: ``installed``; ``called`` where another hook calls ours; ``foreign`` where another
            hook has the place; ``absent``.
    """

    path: Path
    state: str


def status(folder: Path) -> Hook:
    """Return where the hook is, and whose.

    Args:
        folder: A folder in the work tree.

    Raises:
        GitError: If *folder* is in no work tree.
    """
    path = folder_of_hooks(folder) / HOOK
    if not os.path.lexists(path):
        return Hook(path, "absent")
    try:
        text = fsio.read(path)
    except OSError:
        return Hook(path, "foreign")
    if text == _TEXT.encode():
        return Hook(path, "installed")
    return Hook(path, "called" if f"hooks run {HOOK}".encode() in text else "foreign")


@fsio.storage_errors("install the hook")
def install(folder: Path) -> Hook:
    """Install the hook; that it is there already is no error.

    Args:
        folder: A folder in the work tree.

    Raises:
        GitError: If *folder* is in no work tree, or another hook has the place.
        StorageError: If the disk refuses.
    """
    hook = status(folder)
    if hook.state == "absent":
        fsio.make_dirs(hook.path.parent)
        fsio.publish(hook.path, _TEXT.encode())
        fsio.chmod(hook.path, 0o755)
        hook = status(folder)
    if hook.state == "foreign":
        raise GitError(
            f"there is another hook '{hook.path}'", hint=f"add this line to it: {_CALL} || :"
        )
    return hook


@fsio.storage_errors("remove the hook")
def uninstall(folder: Path) -> Hook:
    """Remove the hook if it is ours; return what was found.

    Args:
        folder: A folder in the work tree.

    Raises:
        GitError: If *folder* is in no work tree, or the hook is not as it was installed.
        StorageError: If the disk refuses.
    """
    hook = status(folder)
    if hook.state == "installed":
        fsio.unlink(hook.path)
    elif hook.state == "called":
        raise GitError(
            f"the hook '{hook.path}' was changed", hint=f"take the line out of it: {_CALL}"
        )
    return hook


def add_trailers(folder: Path, message: Path, source: str = "") -> list[str]:
    """Name the runs that are staged in the message of the commit that goes on.

    Args:
        folder: A folder in the work tree.
        message: The file with the message, as git hands it to a hook.
        source: Where it comes from, as git says it.

    Returns:
        The ids of the runs; none for a merge, whose runs have their commits.

    Raises:
        GitError: If git cannot be asked.
        StorageError: If the disk refuses.
    """
    if source in ("merge", "squash"):
        return []
    top = git_index.top_of(folder)
    runs: dict[str, None] = {}
    for change in git_index.changes(top):
        parts = os.fsdecode(change.path).split("/")
        head = parse_head(parts[-1])
        if change.kind == "A" and parts[-4:-2] == [FOLDER, "heads"] and head is not None:
            runs[head[0]] = None
    if runs:
        with fsio.storage_errors(f"write '{message}'"):
            old = fsio.read(message)
            new = with_trailers(top, old, [f"{TRAILER}: {run}" for run in sorted(runs)])
            if new.startswith(f"\n{TRAILER}: ".encode()):
                new = b"\n" + new  # who types into the first line still needs an empty second
            if new != old:
                fsio.replace(message, new)
    return sorted(runs)
