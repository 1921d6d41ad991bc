"""Which files of a project a program is made of: its script and what it imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["imported", "script_of"]

_MOST: Final = 2000
_INSTALLED: Final = frozenset(["site-packages", "dist-packages", ".runs", "__pycache__"])
_TAKES_A_VALUE: Final = frozenset(["-W", "-X", "--check-hash-based-pycs"])


def imported(root: Path) -> list[str]:
    """Return the files below *root* that this process has imported, sorted.

    What is installed there, as in a virtual environment, is left out.

    Args:
        root: Top of the project.
    """
    top = os.path.realpath(root)
    # Only what looks as if it were below is looked at: a program may have thousands of modules.
    starts = (top + os.sep, str(Path(root).absolute()) + os.sep)
    environment = (os.path.realpath(sys.prefix) + os.sep, sys.prefix + os.sep)
    found = set()
    for module in list(sys.modules.values()):  # another thread may import right now
        name = getattr(module, "__file__", None)
        if not isinstance(name, str) or not name.startswith(starts):
            continue
        if name.startswith(environment) and len(environment[0]) > len(starts[0]):
            continue
        path = _below(name, top)
        if path is not None and _INSTALLED.isdisjoint(path.split("/")):
            found.add(path)
    return sorted(found)[:_MOST]


def _below(name: str, top: str) -> str | None:
    real = os.path.realpath(name)
    if not real.startswith(top + os.sep) or not real.isprintable():
        return None
    return os.path.relpath(real, top).replace(os.sep, "/")


def script_of(argv: Sequence[str] | None, root: Path, cwd: Path | None = None) -> str:
    """Return the script that a program runs, below *root* where it is there.

    Args:
        argv: Command line of another program; None for this one.
        root: Top of the project.
        cwd: Folder of the command. Default: the current one.

    Returns:
        A path, or an empty text where it is not known.

    Example:
        >>> import pathlib, tempfile
        >>> from vcs_track.porcelain.project import script_of
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> script_of(["sh", "-c", "exit"], root)
        ''
    """
    here = _here(root) if cwd is None else cwd if cwd.is_absolute() else _here(root) / cwd
    if argv is None:
        name = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    else:
        name = _named(argv, here)
    if not name:
        return ""
    text = _below(str(here / name), os.path.realpath(root)) or name
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _here(root: Path) -> Path:
    try:
        return Path.cwd()
    except OSError:
        return root  # the current folder was removed


def _named(argv: Sequence[str], here: Path) -> str:
    """Return the first word that is a file and no program of the system."""
    if not argv:
        return ""
    words = iter(argv[1:])
    if not os.path.basename(argv[0]).startswith("python"):  # noqa: PTH119 -- of a word, no path
        if os.sep in argv[0] and _is_file(here, argv[0]):
            return argv[0]
        return next((word for word in words if _is_script(word) and _is_file(here, word)), "")
    for word in words:
        if word in ("-m", "-c"):
            return _module(next(words, ""), here) if word == "-m" else ""
        if word in _TAKES_A_VALUE:
            next(words, "")
        elif not word.startswith("-"):
            return word if _is_file(here, word) else ""
    return ""


def _is_script(word: str) -> bool:
    return word.endswith((".py", ".sh", ".R", ".jl", ".lua", ".pl"))


def _is_file(here: Path, word: str) -> bool:
    try:
        return (here / word).is_file()
    except (OSError, ValueError):
        return False  # as long as no name can be, or with a zero in it


def _module(name: str, here: Path) -> str:
    stem = Path(*name.split(".")) if name else Path()
    files = (stem.with_suffix(".py"), stem / "__main__.py") if name else ()
    return next((str(file) for file in files if _is_file(here, str(file))), "")
