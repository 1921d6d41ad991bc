"""Which names a run has, and how people spell them.

A canonical name is an attribute (``status``) or begins with ``hparams``, ``summary``,
``metrics``, ``results``, ``git`` or ``env`` and a dot. The names that exist over all
runs decide what a shorter spelling means, never the run at hand: one filter asks every
run the same question.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from typing import TYPE_CHECKING

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.nodes import Name
from vcs_track.porcelain.filter.printer import spell

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ATTRIBUTES", "STATISTICS", "Kind", "NameBook", "kind_of_name"]


class Kind(Enum):
    """What the values of a name are, where that is the same for every run."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    TRUTH = "true or false"
    LIST = "list of texts"
    ANY = "any"


ATTRIBUTES: dict[str, Kind] = {
    **dict.fromkeys(
        [
            "id",
            "name",
            "status",
            "commit",
            "branch",
            "host",
            "user",
            "group",
            "job_type",
            "project",
            "note",
            "code",
        ],
        Kind.TEXT,
    ),
    **dict.fromkeys(("created", "started", "ended"), Kind.TIME),
    "duration": Kind.NUMBER,
    "dirty": Kind.TRUTH,
    "tags": Kind.LIST,
}

STATISTICS = ("min", "max", "mean", "last", "first", "count")

_DATA = ("hparams.", "summary.", "metrics.", "results.")

_PREFIXES = {
    **{word: word for word in ("hparams", "summary", "metrics", "results", "git", "env")},
    **dict.fromkeys(("config", "param", "params", "parameter", "parameters"), "hparams"),
    **dict.fromkeys(("attr", "attribute", "attributes"), "attributes"),
    "metric": "metrics",
    "summary_metrics": "summary",
}

_GUILD = {"attr": ("attributes",), "flag": ("hparams",), "scalar": ("metrics", "summary")}

# What other trackers call an attribute; a run's own value of that name comes first.
_ALIASES = {
    "run_id": "id",
    "run_name": "name",
    "display_name": "name",
    "displayName": "name",
    "state": "status",
    "created_at": "created",
    "createdAt": "created",
    "start_time": "started",
    "end_time": "ended",
    "user_id": "user",
    "username": "user",
    "jobType": "job_type",
    "notes": "note",
    "tag": "tags",
}

_CLOSE_LENGTH = 80
_CLOSE_POOL = 5_000


def kind_of_name(name: Name) -> Kind:
    """Return the kind of a canonical name."""
    if len(name.pieces) == 1:
        return ATTRIBUTES.get(name.path, Kind.ANY)
    return Kind.NUMBER if name.pieces[0] == "metrics" else Kind.ANY


class NameBook:
    """The names that exist, and the way from a spelling to one of them.

    Args:
        known: Canonical names over all runs; attributes need not be among them.
        text: The filter, for errors.

    Example:
        >>> from vcs_track.porcelain.filter.names import NameBook
        >>> from vcs_track.porcelain.filter.nodes import Name
        >>> NameBook({"hparams.lr"}, "lr").resolve(Name(("lr",))).path
        'hparams.lr'
    """

    def __init__(self, known: Collection[str], text: str) -> None:
        if isinstance(known, str) or not isinstance(known, Collection):
            raise InvalidTypeError(
                f"known names are a {type(known).__name__}, expected a collection of texts"
            )
        self._known = known if isinstance(known, set | frozenset) else frozenset(known)
        self._text = text
        self._has_data = any(name.startswith(_DATA) for name in self._known)

    def find(self, name: Name) -> Name | None:
        """Return the canonical name, or None where a bare word may be a text.

        Raises:
            ExpressionError: If *name* is ambiguous, or unknown and no bare word.
        """
        explicit = len(name.pieces) > 1 and name.pieces[0] in _PREFIXES
        if not explicit and name.bare and not self._candidates(name):
            return None
        return self.resolve(name)

    def resolve(self, name: Name) -> Name:
        """Return the canonical name.

        Raises:
            ExpressionError: If *name* is ambiguous or unknown.
        """
        found = self._candidates(name)
        if len(found) > 1:
            written = [spell(".".join(pieces)) for pieces in found]
            raise ExpressionError(
                f"name '{name.path}' is ambiguous",
                text=self._text,
                position=name.position,
                hint="write " + " or ".join(f"'{one}'" for one in written),
            )
        if found:
            return Name(found[0], name.bare, name.position)
        if self._has_data or _is_attribute_form(name):
            raise self.unknown(name)
        # With no run that has a value there is nothing to be wrong about.
        return Name(_explicit(name.pieces) or name.pieces, name.bare, name.position)

    def unknown(self, name: Name) -> ExpressionError:
        """Return the error that says that *name* does not exist."""
        return ExpressionError(
            f"unknown name '{name.path[:_CLOSE_LENGTH]}'",
            text=self._text,
            position=name.position,
            hint=self._advice(name),
        )

    def _advice(self, name: Name) -> str:
        first = re.split("[-/]", name.path)[0]
        if name.bare and first != name.path and self._candidates(Name(tuple(first.split(".")))):
            return "put blanks around '-' and '/' to calculate"
        near = " or ".join(f"'{one}'" for one in self._near(name))
        return f"did you mean {near}?" if near else ""

    def _candidates(self, name: Name) -> list[tuple[str, ...]]:
        pieces = name.pieces
        if len(pieces) == 1 and pieces[0] in ATTRIBUTES:
            return [pieces]
        explicit = _explicit(pieces)
        if explicit is not None:
            # 'metrics.a.max' is the largest value of 'a', or the last one of a series 'a.max'.
            for form in explicit, (*explicit, "last"):
                if self._exists(form):
                    return [form]
        if _is_attribute_form(name):
            return []
        found = list(self._bare(pieces))
        if not found and len(pieces) == 1 and pieces[0] in _ALIASES:
            return [(_ALIASES[pieces[0]],)]
        if not found:
            for meant in _foreign(name):
                found = found or self._candidates(meant)
        return found

    def _bare(self, pieces: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield what *pieces* without prefix may mean; agreeing kinds count once."""
        hparam = ("hparams", *pieces)
        if self._exists(hparam):
            yield hparam
        for form in ("summary", *pieces), ("results", *pieces), ("metrics", *pieces, "last"):
            if self._exists(form):
                yield form
                break
        statistic = ("metrics", *pieces)
        if pieces[-1] in STATISTICS and len(pieces) > 1 and self._exists(statistic):
            yield statistic

    def _exists(self, pieces: tuple[str, ...]) -> bool:
        path = ".".join(pieces)
        if path in self._known or (len(pieces) == 1 and path in ATTRIBUTES):
            return True
        if pieces[0] != "metrics" or len(pieces) < 3 or pieces[-1] not in STATISTICS:
            return False
        series = path.removesuffix(f".{pieces[-1]}")
        # One statistic of a series vouches for the others.
        return any(f"{series}.{one}" in self._known for one in STATISTICS)

    def _near(self, name: Name) -> list[str]:
        import difflib

        word = name.path[:_CLOSE_LENGTH]
        pool: dict[str, str] = {one: one for one in ATTRIBUTES}
        for path in sorted(self._known)[:_CLOSE_POOL]:
            if len(path) <= _CLOSE_LENGTH:
                pool[path] = path
                pool.setdefault(path.partition(".")[2], path)
                pool.setdefault(path.rpartition(".")[2], path)
        explicit = _explicit(name.pieces)
        words = [word, ".".join(explicit)[:_CLOSE_LENGTH]] if explicit else [word]
        close = [
            pool[one] for each in words for one in difflib.get_close_matches(each, pool, 3, 0.6)
        ]
        return [spell(path) for path in dict.fromkeys(close)][:3]


def _explicit(pieces: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return *pieces* with a canonical prefix, None without a prefix."""
    if len(pieces) < 2 or pieces[0] not in _PREFIXES:
        return None
    head, rest = _PREFIXES[pieces[0]], pieces[1:]
    if head == "attributes":
        path = ".".join(rest)
        return (_ALIASES.get(path, path),)
    if head == "metrics" and (len(rest) == 1 or rest[-1] not in STATISTICS):
        return (head, *rest, "last")
    return (head, *rest)


def _foreign(name: Name) -> Iterator[Name]:
    """Yield what a name means to Aim, 'run.hparams.lr', and to Guild, 'flag:lr'."""
    first, *rest = name.pieces
    if first == "run" and rest:
        yield Name(tuple(rest), name.bare, name.position)
    prefix, _, word = first.partition(":")
    for kind in _GUILD.get(prefix, ()) if word else ():
        yield Name((kind, word, *rest), name.bare, name.position)


def _is_attribute_form(name: Name) -> bool:
    return len(name.pieces) > 1 and _PREFIXES.get(name.pieces[0]) == "attributes"
