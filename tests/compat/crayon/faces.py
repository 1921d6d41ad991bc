"""The ways to Crayon's client that the same tests run against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Face"]


@dataclass(frozen=True)
class Face:
    """Where clients come from, and what they speak to.

    Attributes:
        name: ``here``, ``served`` or ``real``.
        folder: The repository's.
        url: The server's, or an empty text.
        parity: Whether ours is told to do as the original.
    """

    name: str
    folder: Path
    url: str = ""
    parity: bool = False

    def client(self) -> Any:
        """Return another client of the same experiments."""
        if self.name == "real":
            from pycrayon import CrayonClient  # type: ignore[import-untyped,unused-ignore]

            host, _, port = self.url.removeprefix("http://").partition(":")
            return CrayonClient(host, int(port))
        from vcs_track.compat.crayon import CrayonClient

        if self.name == "here":
            return CrayonClient(self.folder, parity=self.parity)
        address, _, port = self.url.rpartition(":")
        return CrayonClient(address, port, parity=self.parity)

    def experiment(self, name: str = "foo") -> Any:
        """Return a new experiment."""
        return self.client().create_experiment(name)
