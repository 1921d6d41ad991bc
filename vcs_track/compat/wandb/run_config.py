"""The configuration of a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.config_values import as_mapping, plain
from vcs_track.compat.wandb.errors import ConfigError, ConfigTypeError, MissingNameError
from vcs_track.compat.wandb.term import termwarn
from vcs_track.porcelain.values import same

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView

__all__ = ["Config"]


class Config:
    """Names and values, by attribute or by item.

    A value that is there does not change, unless the caller says so.

    Args:
        tell: Is called with the values that are new, before they are.
        check: Raises where nothing can be written any more.
        may_change: Whether values may change by default.

    Example:
        >>> from vcs_track.compat.wandb.run_config import Config
        >>> config = Config()
        >>> config.lr = 0.1
        >>> config.update({"depth": 3})
        >>> config["lr"], config.depth, dict(config)
        (0.1, 3, {'lr': 0.1, 'depth': 3})
    """

    def __init__(
        self,
        tell: Callable[[dict[str, Any]], None] = lambda _: None,
        check: Callable[[], None] = lambda: None,
        *,
        may_change: bool = False,
    ) -> None:
        set_own = object.__setattr__
        # Frameworks read this one.
        set_own(self, "_items", {})
        set_own(self, "_stored", {})
        set_own(self, "_tell", tell)
        set_own(self, "_check", check)
        set_own(self, "_may_change", may_change)
        set_own(self, "_locked", {})
        set_own(self, "_lock", threading.RLock())

    # ---- reading -----------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        return self._items[_name(key)]

    def __getattr__(self, name: str) -> Any:
        items = self.__dict__.get("_items", {})
        if name in items:
            return items[name]
        raise MissingNameError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default*."""
        return self._items.get(_name(key), default)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _name(key) in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        keys: KeysView[str] = self._items.keys()
        return keys

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        values: ValuesView[Any] = self._items.values()
        return values

    def items(self) -> ItemsView[str, Any]:
        """Return names and values."""
        items: ItemsView[str, Any] = self._items.items()
        return items

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as a dictionary."""
        return dict(self._items)

    def __eq__(self, other: object) -> bool:
        return dict(self._items) == (dict(other) if isinstance(other, Config) else other)

    __hash__ = None  # type: ignore[assignment]  # as any dictionary

    def __deepcopy__(self, memo: dict[int, Any]) -> Config:
        copied = Config(may_change=True)
        copied._adopt(plain(self._items))
        return copied

    def __repr__(self) -> str:
        return repr(self._items)

    __str__ = __repr__

    # ---- writing -----------------------------------------------------------------------

    def __setitem__(self, key: str, value: Any) -> None:
        self._write({key: value}, may_change=self._may_change)

    def __setattr__(self, name: str, value: Any) -> None:
        self._write({name: value}, may_change=self._may_change)

    def update(self, d: Any, allow_val_change: bool | None = None) -> None:
        """Set several values, or none of them.

        A nested dictionary replaces the earlier one.

        Args:
            d: Names and values: a mapping, an object with attributes, or the path of a YAML
                file.
            allow_val_change: Whether values may change. Default: what the run was told.

        Raises:
            ConfigError: If a value would change that must not, or a file cannot be read.
        """
        change = self._may_change if allow_val_change is None else bool(allow_val_change)
        self._write(as_mapping(d), may_change=change)

    def setdefaults(self, d: Any) -> None:
        """Set the values of names that are not there."""
        found = {_name(key): value for key, value in as_mapping(d).items()}
        self._write({k: v for k, v in found.items() if k not in self._items}, may_change=False)

    def update_locked(
        self, d: Any, user: str | None = None, _allow_val_change: Any = None
    ) -> None:
        """Set values that nobody else can change: a later try is ignored.

        Args:
            d: Names and values.
            user: Who says so, for the message.
        """
        del _allow_val_change
        found = as_mapping(d)
        with self._lock:
            for key in found:
                self._locked.pop(_name(key), None)
            self._write(found, may_change=True)
            self._locked.update({_name(key): user or "somebody" for key in found})

    def merge_locked(self, d: Any, user: str | None = None, _allow_val_change: Any = None) -> None:
        """As :meth:`update_locked`, into nested dictionaries too."""
        merged = {}
        for key, value in as_mapping(d).items():
            merged[key] = _merged(self._items.get(_name(key)), value)
        self.update_locked(merged, user, _allow_val_change)

    def persist(self) -> None:
        """Do nothing: each value is stored when it is set."""

    def _write(self, given: Mapping[Any, Any], *, may_change: bool) -> None:
        self._check()
        with self._lock:
            new: dict[str, Any] = {}
            for key, value in given.items():
                name = _name(key)
                if name in self._locked:
                    termwarn(
                        f"Config item '{name}' was locked by '{self._locked[name]}' "
                        "(ignored update)."
                    )
                    continue
                new[name] = plain(value)
            changed = {k: v for k, v in new.items() if not self._has(k, v)}
            for name, value in changed.items():
                if name in self._items and not may_change:
                    raise ConfigError(
                        f'Attempted to change value of key "{name}" from {self._items[name]} '
                        f"to {value}",
                        hint="wandb.config.update(..., allow_val_change=True)",
                    )
            if changed:
                self._tell(changed)
                self._adopt(changed)

    def _adopt(self, values: Mapping[str, Any]) -> None:
        """Take values that are in the store already."""
        self._items.update(values)
        self._stored.update(plain(values))

    def _settle(self) -> None:
        """Store what was changed inside of nested values, past this configuration."""
        with self._lock:
            found = {name: plain(value) for name, value in self._items.items()}
            changed = {k: v for k, v in found.items() if not same(v, self._stored.get(k, self))}
            if changed:
                self._tell(changed)
                self._stored.update(changed)

    def _has(self, name: str, value: Any) -> bool:
        if name not in self._items:
            return False
        old = self._items[name]
        try:
            return bool(old == value) or same(old, value)
        except (TypeError, ValueError):  # arrays have an answer for each element
            return False


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, Mapping):
        return new
    return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}


def _name(key: Any) -> str:
    name = str(key).strip("-")
    if not name.strip():
        raise ConfigTypeError(f"{key!r} cannot be the name of a value")
    return name
