"""The client, as Crayon's scripts use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.compat.crayon import place
from vcs_track.compat.crayon.experiment import CrayonExperiment
from vcs_track.compat.crayon.refusals import NameTypeError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.compat.crayon.link import Link

__all__ = ["CrayonClient"]


class CrayonClient:
    """Makes, opens and removes experiments, without a server.

    Args:
        hostname: ``localhost`` for the repository of the current folder, found as everywhere
            and made where there is none; the path of a folder, for the one there; or
            ``http://host`` for a server, which may be an original one.
        port: Port of the server. Without one it is only checked.
        parity: Do what the original client does where it differs from its documentation: the
            steps of histograms, those of restored experiments, and numbers that are not
            finite.

    Attributes:
        hostname: As given.
        port: As given.
        url: Where a server would be.
        parity: As given.

    Raises:
        ValueError: If the server does not answer, there is no such machine or folder, or the
            port cannot be one.
        RuntimeError: If something else answers.

    Example:
        >>> import tempfile
        >>> from vcs_track.compat.crayon import CrayonClient
        >>> client = CrayonClient(tempfile.mkdtemp())
        >>> foo = client.create_experiment("foo")
        >>> foo.add_scalar_value("accuracy", 0.5, wall_time=11.3)
        >>> foo.add_scalar_value("accuracy", 0.75, wall_time=12.3)
        >>> foo.get_scalar_values("accuracy")
        [[11.3, 0, 0.5], [12.3, 1, 0.75]]
        >>> client.get_experiment_names()
        ['foo']
    """

    def __init__(
        self, hostname: str | Path = "localhost", port: int | str = 6007, *, parity: bool = False
    ) -> None:
        place.check_port(port)
        self.hostname = hostname
        self.port = port
        self.url = place.url_of(str(hostname), port)
        self.parity = parity
        self._link = self._connect()

    def _connect(self) -> Link:
        if place.is_remote(self.hostname):
            from vcs_track.compat.crayon.remote import RemoteLink

            return RemoteLink(self.url, str(self.hostname), self.port)
        from vcs_track.compat.crayon.local import LocalLink

        return LocalLink.to(self.hostname, self.port)

    def get_experiment_names(self) -> list[str]:
        """Return the names of all experiments, in any order."""
        return self._link.names()

    def open_experiment(self, xp_name: str) -> CrayonExperiment:
        """Open an experiment; its steps count on.

        Raises:
            AssertionError: If the name is no text.
            ValueError: If there is none.
        """
        return CrayonExperiment(_name(xp_name), self)

    def create_experiment(
        self, xp_name: str, zip_file: str | Path | None = None
    ) -> CrayonExperiment:
        """Make an experiment.

        Args:
            xp_name: Its name, any text.
            zip_file: An archive whose data it gets: of an original server, of this one, or a
                bundle with one run.

        Raises:
            AssertionError: If the name is no text.
            FileNotFoundError: If there is no such archive.
            ValueError: If the name is empty or taken, or the archive is none.
        """
        return CrayonExperiment(_name(xp_name), self, zip_file=zip_file, create=True)

    def remove_experiment(self, xp_name: str) -> None:
        """Remove an experiment.

        Its name is free at once; its run is kept until a clean-up, as every removed run.

        Raises:
            AssertionError: If the name is no text.
            ValueError: If there is none.
        """
        self._link.remove(_name(xp_name))

    def remove_all_experiments(self) -> None:
        """Remove all experiments, one by one."""
        for name in self.get_experiment_names():
            self.remove_experiment(name)


def _name(xp_name: object) -> str:
    # Not the statement: `python -O` leaves it out.
    if not isinstance(xp_name, str):
        raise NameTypeError(
            f"the name of an experiment must be text, not {type(xp_name).__name__}"
        )
    return xp_name
