"""The summary of a run: the latest value of each key, or what was set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import nested
from vcs_track.compat.wandb.errors import BadTypeError, MissingKeyError

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

    from vcs_track.compat.wandb.ledger import Ledger

    Path = tuple[str, ...]

__all__ = ["Branch", "Summary"]


class Branch:
    """What the summary has at a path; a change of it changes the summary.

    Args:
        ledger: Knows the values.
        path: Where it stands.
    """

    def __init__(self, ledger: Ledger, path: Path = ()) -> None:
        object.__setattr__(self, "_ledger", ledger)
        object.__setattr__(self, "_path", path)

    def _values(self) -> dict[str, Any]:
        found = nested.at(self._ledger.shown(), self._path, {})
        return found if isinstance(found, dict) else {}

    @property
    def _json_dict(self) -> dict[str, Any]:
        return self._values()

    def as_dict(self) -> dict[str, Any]:
        """Return the values as a dictionary."""
        return self._values()

    # ---- reading -----------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        try:
            value = self._values()[key]
        except (KeyError, TypeError):
            raise MissingKeyError(f"{key!r}") from None
        return Branch(self._ledger, (*self._path, key)) if nested.is_branch(value) else value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default*."""
        try:
            return self[key]
        except MissingKeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return key in self._values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self._values().keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._values().values()

    def items(self) -> ItemsView[str, Any]:
        """Return keys and values."""
        return self._values().items()

    def __eq__(self, other: object) -> bool:
        return self._values() == (dict(other) if isinstance(other, Branch) else other)

    __hash__ = None  # type: ignore[assignment]  # as any dictionary

    def __repr__(self) -> str:
        return repr(self._values())

    # ---- writing -----------------------------------------------------------------------

    def __setitem__(self, key: str, value: Any) -> None:
        self._ledger.set({(*self._path, str(key)): value})

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delitem__(self, key: str) -> None:
        if not self._ledger.remove((*self._path, key)):
            raise MissingKeyError(f"{key!r}")

    def __delattr__(self, name: str) -> None:
        self._ledger.remove((*self._path, name))

    def update(self, d: Any = None, **more: Any) -> None:
        """Set several values; a nested dictionary replaces the value of its key.

        Args:
            d: Keys and values.
            **more: More of them.

        Raises:
            BadTypeError: If *d* is no mapping.
        """
        given = {} if d is None else d
        if not isinstance(given, Mapping) and not hasattr(given, "keys"):
            raise BadTypeError(f"the summary takes a dictionary, not a {type(d).__name__}")
        pairs = {**dict(given), **more}
        self._ledger.set({(*self._path, str(key)): value for key, value in pairs.items()})


class Summary(Branch):
    """The summary of a run, as a dictionary and by attribute.

    Example:
        >>> import os, tempfile
        >>> from vcs_track.compat import wandb
        >>> os.chdir(tempfile.mkdtemp())
        >>> with wandb.init(project="demo", settings={"silent": True}) as run:
        ...     run.log({"loss": 0.5})
        ...     run.summary["best"] = 0.4
        >>> run.summary["loss"], run.summary.best
        (0.5, 0.4)
    """
