"""What a client speaks to: the store in its process, or a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from vcs_track.compat.crayon.record import Record

__all__ = ["Link"]


class Link(Protocol):
    """The verbs of Crayon's protocol.

    Each raises a ValueError where it is refused.
    """

    def names(self) -> list[str]:
        """Return the names of the experiments."""

    def create(self, xp: str) -> None:
        """Make an experiment."""

    def remove(self, xp: str) -> None:
        """Remove an experiment."""

    def details(self, xp: str) -> dict[str, list[str]]:
        """Return the names of the series of an experiment."""

    def last_steps(self, xp: str) -> dict[str, dict[str, int]]:
        """Return the last step of each series of an experiment."""

    def add_scalar(self, xp: str, name: str, body: list[Any]) -> Record | None:
        """Append a point.

        Where the store is here, what takes the next ones the short way is returned.
        """

    def scalars(self, xp: str, name: str) -> list[list[Any]]:
        """Return the points of a series."""

    def add_histogram(self, xp: str, name: str, body: list[Any], *, to_build: bool) -> None:
        """Append a histogram."""

    def histograms(self, xp: str, name: str) -> list[list[Any]]:
        """Return the histograms of a series."""

    def backup(self, xp: str, *, exact: bool) -> bytes:
        """Return an experiment as a zip."""

    def restore(self, xp: str, data: bytes) -> None:
        """Make an experiment of a zip."""
