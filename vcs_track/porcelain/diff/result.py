"""Two runs side by side: what differs, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from vcs_track.porcelain.diff.changes import KINDS, Change
from vcs_track.porcelain.diff.kinds import kind_of

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Diff"]


@dataclass(frozen=True, slots=True, eq=False)
class Diff(Sequence[Change]):
    """A sequence of changes, by kind and name.

    Equal to any sequence of equal changes: ``repo.diff(a, b) == []`` where nothing differs.

    Attributes:
        old: The first run.
        new: The second run.
        changes: What differs.
        notes: What could not be compared, and why.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for lr in (0.1, 0.01):
        ...     repo.start_run(f"lr{lr}", hparams={"lr": lr}).finish()
        >>> diff = repo.diff("lr0.1", "lr0.01", only="hparams")
        >>> diff[0].name, diff[0].way, diff[0].old, diff.mirrored()[0].old
        ('lr', 'changed', 0.1, 0.01)
        >>> repo.diff("lr0.1", "lr0.1") == []
        True
    """

    old: RunView
    new: RunView
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def itself(self) -> bool:
        """Whether both sides are one state of one run."""
        return self.old.manifest == self.new.manifest

    def of(self, kind: str) -> tuple[Change, ...]:
        """Return the changes of one kind.

        Args:
            kind: One of :data:`vcs_track.porcelain.diff.KINDS`, singular or plural.

        Raises:
            InvalidValueError: If there is no such kind.
        """
        wanted = kind_of(kind, KINDS)
        return tuple(change for change in self.changes if change.kind == wanted)

    def mirrored(self) -> Diff:
        """Return the diff from the second run to the first."""
        back = tuple(change.mirrored() for change in self.changes)
        return Diff(self.new, self.old, back, self.notes)

    def to_dict(self) -> dict[str, Any]:
        """Return the diff as plain data."""
        return {
            "old": {"id": self.old.id, "name": self.old.name},
            "new": {"id": self.new.id, "name": self.new.name},
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
        }

    def __len__(self) -> int:
        return len(self.changes)

    @overload
    def __getitem__(self, place: int) -> Change: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Change]: ...
    def __getitem__(self, place: int | slice) -> Change | Sequence[Change]:
        return self.changes[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(map(_equal, self.changes, other))

    def __hash__(self) -> int:
        return hash(self.changes)

    def _repr_html_(self) -> str:
        """Show what differs as a table, in a notebook."""
        from vcs_track.porcelain.diff.view import diff_table

        return diff_table(self)

    def __repr__(self) -> str:
        return f"<Diff '{self.old.id}' '{self.new.id}' {len(self)} changes>"


def _equal(one: object, two: object) -> bool:
    return one == two
