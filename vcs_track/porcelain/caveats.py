"""What makes the comparison of two sets of runs doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.porcelain.named import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Rows = Sequence[Mapping[str, Any]]

__all__ = ["caveats", "listed"]

_FEW: Final = 3
_SHOWN: Final = 5
_HPARAMS: Final = "hparams."


def caveats(a: Rows, b: Rows, over: str | None, compared: Collection[str] | None) -> Iterator[str]:
    """Yield what a reader should know before believing a comparison.

    Args:
        a: The runs of one side.
        b: Those of the other.
        over: Full name of the hyperparameter by which runs are repetitions.
        compared: Full names that are meant to differ; None where nobody said.

    Example:
        >>> from vcs_track.porcelain.caveats import caveats
        >>> runs = [{"id": f"r{n}", "status": "finished", "hparams.lr": 1} for n in range(3)]
        >>> list(caveats(runs, runs[:2], None, None))
        ['B has 2 runs: an interval of fewer than 3 says little']
    """
    for side, rows in (("A", a), ("B", b)):
        if len(rows) < _FEW:
            number = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
            yield f"{side} has {number}: an interval of fewer than {_FEW} says little"
        open_ = [f"{row['id']} ({row['status']})" for row in rows if row["status"] != "finished"]
        if open_:
            yield f"{len(open_)} of {len(rows)} runs of {side} did not finish: {listed(open_)}"
    yield from _differing(a, b, over, compared)


def _differing(
    a: Rows, b: Rows, over: str | None, compared: Collection[str] | None
) -> Iterator[str]:
    names = sorted({name for row in (*a, *b) for name in row if name.startswith(_HPARAMS)})
    values = {name: (_values(a, name), _values(b, name)) for name in names if name != over}
    inside = {
        side: [name for name, each in values.items() if len(each[place]) > 1]
        for place, side in enumerate("AB")
    }
    for side, varied in inside.items():
        if varied:
            ask = "" if over else " (if they are repetitions, name it as 'over')"
            yield f"the runs of {side} differ among themselves in {listed(varied)}{ask}"
    between = [
        name
        for name, (one, two) in values.items()
        if one != two and name not in inside["A"] + inside["B"] and name not in (compared or ())
    ]
    # Where no filter says what is compared, one difference is what is compared.
    if len(between) > (compared is None):
        also = "" if compared is None else " also"
        yield f"A and B{also} differ in {listed(between)}"


def _values(rows: Rows, name: str) -> set[tuple[str, object]]:
    return {key_of(row.get(name)) for row in rows}


def listed(items: Sequence[str]) -> str:
    """Return the first few of *items*, and how many more there are.

    Example:
        >>> from vcs_track.porcelain.caveats import listed
        >>> listed(["a", "b"]), listed("abcdefg")
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
