"""Where git keeps things, read from its files: no process is started.

A work tree is marked by ``.git``: a folder, or in linked work trees and submodules a
file that names one. Worktrees share a common folder, which the file ``commondir`` names.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["common_dir_of", "find_root", "git_dir_of", "is_submodule", "main_root"]


def find_root(path: Path) -> Path | None:
    """Return the top of the work tree that holds *path*, or None.

    As git does, a ``.git`` folder without a ``HEAD`` is passed over and a ``.git`` file
    always counts. The guard repository in ``.runs/local`` is not a work tree.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from vcs_track.plumbing.worktree import find_root
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     before = find_root(Path(folder))
        ...     _ = Path(folder, ".git").write_text("gitdir: ../elsewhere")
        ...     before, find_root(Path(folder, "src")) == Path(folder).resolve()
        (None, True)
    """
    folder = Path(os.path.realpath(path))
    for candidate in (folder, *folder.parents):
        mark = candidate / ".git"
        guard = (candidate.parent.name, candidate.name) == (".runs", "local")
        if not guard and (mark.is_file() or os.path.lexists(mark / "HEAD")):
            return candidate
    return None


def main_root(root: Path) -> Path | None:
    """Return the main work tree of the linked work tree *root*.

    None for an ordinary repository, a submodule, and a linked work tree of a bare
    repository.
    """
    git_dir = git_dir_of(root)
    if git_dir is None:
        return None
    common = common_dir_of(git_dir)
    if common == git_dir or common.name != ".git" or not common.is_dir():
        return None
    return common.parent


def git_dir_of(root: Path) -> Path | None:
    """Return the git folder of work tree *root*; None if ``.git`` names none."""
    mark = root / ".git"
    if mark.is_dir():
        return Path(os.path.realpath(mark))
    line = _first_line(mark)
    if line is None or not line.startswith(b"gitdir: "):
        return None
    return Path(os.path.realpath(root / os.fsdecode(line[len(b"gitdir: ") :])))


def common_dir_of(git_dir: Path) -> Path:
    """Return the folder that all work trees of a repository share."""
    line = _first_line(git_dir / "commondir")
    return git_dir if not line else Path(os.path.realpath(git_dir / os.fsdecode(line)))


def _first_line(path: Path) -> bytes | None:
    try:
        return path.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    except OSError:
        return None


def is_submodule(git_dir: Path) -> bool:
    """Tell whether a common git folder is that of a submodule."""
    # git keeps them in '<git dir of the outer one>/modules/<name, may have slashes>'.
    outer = (above.parent for above in git_dir.parents if above.name == "modules")
    return any((folder / "HEAD").is_file() for folder in outer)
