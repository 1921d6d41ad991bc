"""What is said to the user: lines on standard error."""

from __future__ import annotations

import sys

__all__ = ["be_silent", "termerror", "termlog", "termsetup", "termwarn"]

_said: set[str] = set()
_silent = False


def be_silent(silent: bool) -> None:
    """Say nothing from now on, or speak again."""
    global _silent
    _silent = silent


def termlog(
    string: object = "", newline: bool = True, repeat: bool = True, prefix: bool = True
) -> None:
    """Print a line that begins with ``wandb:``.

    Args:
        string: The text.
        newline: Whether to end the line.
        repeat: Whether to print a text again that was printed before.
        prefix: Whether to begin with ``wandb:``.
    """
    text = str(string)
    if _silent or (not repeat and text in _said):
        return
    if not repeat:
        _said.add(text)
    if prefix:
        text = "\n".join(f"wandb: {line}" for line in text.split("\n"))
    stream = sys.stderr
    if stream is not None:
        stream.write(text + ("\n" if newline else ""))


def termwarn(string: object, newline: bool = True, repeat: bool = True) -> None:
    """Print a warning; arguments as for :func:`termlog`."""
    termlog(f"WARNING {string}", newline, repeat)


def termerror(string: object, newline: bool = True, repeat: bool = True) -> None:
    """Print an error; arguments as for :func:`termlog`."""
    termlog(f"ERROR {string}", newline, repeat)


def termsetup(settings: object = None, logger: object = None) -> None:
    """Do nothing: there is nothing to set up."""
    del settings, logger
