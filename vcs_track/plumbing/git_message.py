"""Messages of commits: trailers, as git writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.plumbing.git_ask import check, demand, top_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["with_trailers"]

_AT_ONCE: Final = 500  # a command line is not as long as one likes


def with_trailers(root: Path, message: bytes, trailers: Sequence[str]) -> bytes:
    """Return *message* with each of *trailers* that it has not got yet.

    Args:
        root: A folder in the work tree.
        message: A message, with comments of git or without.
        trailers: As ``Key: value``.

    Raises:
        GitError: If git cannot do it.
    """
    top = str(top_of(root))
    # A last line without an end would become one with the first trailer.
    message = message if message.endswith(b"\n") else message + b"\n"
    for first in range(0, len(trailers), _AT_ONCE):
        words = [f"--trailer={trailer}" for trailer in trailers[first : first + _AT_ONCE]]
        answer = demand(
            "-C", top, "interpret-trailers", "--no-divider", "--where=end",
            "--if-exists=addIfDifferent", "--if-missing=add", *words, stdin=message, patient=True,
        )  # fmt: skip
        check("interpret-trailers", answer)
        message = answer.out
    return message
