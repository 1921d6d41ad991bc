"""What a client speaks to where there is no server: the store, in the same process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vcs_track.compat.crayon import archive, bodies, place
from vcs_track.compat.crayon.experiments import Experiments
from vcs_track.compat.crayon.refusals import RefusedError, went_wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.crayon.record import Record
    from vcs_track.porcelain.repository import Repository

__all__ = ["LocalLink"]

# The experiments of this process, by repository: all clients share what is open.
_shared: dict[str, Experiments] = {}
# A child has the parent's locks as they were, and what is open belongs to the parent.
os.register_at_fork(after_in_child=_shared.clear)


class LocalLink:
    """The verbs of the protocol, on the store.

    Args:
        repo: The repository.
    """

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    @classmethod
    def to(cls, hostname: object, port: object) -> LocalLink:
        """Open the repository that *hostname* stands for."""
        return cls(place.repository(hostname, port))

    @property
    def experiments(self) -> Experiments:
        """The experiments, as this process has them."""
        key = str(self._repo.path)
        if key not in _shared:
            _shared[key] = Experiments(self._repo)
        return _shared[key]

    def names(self) -> list[str]:
        """Return the names of the experiments."""
        return self.experiments.names()

    def create(self, xp: str) -> None:
        """Make an experiment."""
        _answered(self.experiments.create, xp)

    def remove(self, xp: str) -> None:
        """Remove an experiment."""
        _answered(self.experiments.remove, xp)

    def details(self, xp: str) -> dict[str, list[str]]:
        """Return the names of the series of an experiment."""
        found: dict[str, list[str]] = _answered(self.experiments.details, xp)
        return found

    def last_steps(self, xp: str) -> dict[str, dict[str, int]]:
        """Return the last step of each series of an experiment."""
        record: Record = _answered(self.experiments.record, xp)
        names = record.names()
        return {
            "scalars": {name: record.last_step(name) for name in names["scalars"]},
            "histograms": {name: record.histograms(name)[-1][1] for name in names["histograms"]},
        }

    def add_scalar(self, xp: str, name: str, body: list[Any]) -> Record | None:
        """Append a point; return what takes the next ones the short way."""
        found: Record = _answered(self.experiments.add_scalar, xp, name, bodies.plain(body))
        return found

    def scalars(self, xp: str, name: str) -> list[list[Any]]:
        """Return the points of a series."""
        rows: list[list[Any]] = _answered(self.experiments.scalars, xp, name)
        return rows

    def add_histogram(self, xp: str, name: str, body: list[Any], *, to_build: bool) -> None:
        """Append a histogram."""
        experiments = self.experiments
        _answered(experiments.add_histogram, xp, name, bodies.plain(body), to_build=to_build)

    def histograms(self, xp: str, name: str) -> list[list[Any]]:
        """Return the histograms of a series."""
        rows: list[list[Any]] = _answered(self.experiments.histograms, xp, name)
        return rows

    def backup(self, xp: str, *, exact: bool) -> bytes:
        """Return an experiment as a zip."""
        found: bytes = _answered(archive.packed, self.experiments, xp, exact=exact)
        return found

    def restore(self, xp: str, data: bytes) -> None:
        """Make an experiment of a zip."""
        _answered(archive.restore, self.experiments, xp, data)


def _answered(verb: Callable[..., Any], *args: Any, **options: Any) -> Any:
    try:
        return verb(*args, **options)
    except RefusedError as error:
        raise went_wrong(error.message, error.hint) from None
