"""What differs between a run and one that is nearly the same, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.cli import human

if TYPE_CHECKING:
    from vcs_track.porcelain.sameness import Difference, Match, Start

__all__ = ["tell", "unknown"]

_SHOWN: Final = 3
_UNKNOWN: Final = {
    "code": "the code is not known",
    "command": "the command is not known whole (a secret, typed in, or outside the work tree)",
    "hparams": "it is not known which hyperparameters it started with",
}


def unknown(start: Start) -> str:
    """Return why nobody can know whether a start was made before.

    Nothing where it can be known.
    """
    parts = [_UNKNOWN[part] for part in start.key.unknown]
    if start.why and "code" in start.key.unknown:
        parts[0] += f" ({start.why})"
    return "; ".join(parts)


def tell(match: Match) -> str:
    """Return what differs, from the run that was found to what was asked for."""
    words = [_UNKNOWN.get(part, part) for part in match.unknown]
    changes = match.changes
    if "code" in match.differs and "code" not in match.unknown:
        words.append(_files(changes))
    else:
        words += map(_change, changes[:_SHOWN])
        if len(changes) > _SHOWN:
            words.append(f"and {len(changes) - _SHOWN:,} more")
    return ", ".join(words)


def _files(changes: list[Difference]) -> str:
    if not changes:
        return "the code differs"
    shown = ", ".join(change.name for change in changes[:_SHOWN])
    more = ", ..." if len(changes) > _SHOWN else ""
    return f"code: {human.count(len(changes), 'file')}: {shown}{more}"


def _change(change: Difference) -> str:
    if change.kind == "hparam":
        old, new = (_value(x) for x in (change.old, change.new))
        if change.old is not None and change.new is not None:
            old, new = human.pair(change.old, change.new)
        return f"{change.name}: {old} -> {new}"
    if change.kind == "input":
        what = {(True, False): "new", (False, True): "gone"}
        how = what.get((change.old is None, change.new is None), "changed")
        return f"input {change.name}: {how}"
    name = "command" if change.name == "argv" else "folder"
    return f"{name}: {change.old or 'nothing'} -> {change.new or 'nothing'}"


def _value(x: Any) -> str:
    return "nothing" if x is None else human.value(x)
