"""What an import from another tool did: the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["TakenIn", "nobody"]


@dataclass(slots=True)
class TakenIn:
    """What an import did.

    Attributes:
        new: Ids of runs that were not here before.
        updated: Runs that got what is new.
        known: Runs that were here as they are.
        removed: Runs that were removed here, and stay so.
        names: Names of all these, by id.
        notes: What could not be read, or not be taken in as it was, line by line.
    """

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def nobody(done: int, total: int) -> None:
    """Take progress that nobody wants to see."""
    del done, total
