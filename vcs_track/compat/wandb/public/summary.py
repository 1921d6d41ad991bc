"""The summary of a run that is read back."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

__all__ = ["Summary"]


class Summary(dict[str, Any]):
    """The summary of a run; :meth:`update` stores what was set.

    Args:
        values: The values.
        store: Takes values that are set by hand.
    """

    def __init__(self, values: dict[str, Any], store: Any = None) -> None:
        super().__init__(values)
        self._store = store
        self._stored = deepcopy(values)

    @property
    def _json_dict(self) -> dict[str, Any]:
        return dict(self)

    def update(self, *args: Any, **more: Any) -> None:
        """Store what was set by hand before, and values that are set now.

        Args:
            *args: A dictionary.
            **more: More values.
        """
        given = {**dict(*args), **more}
        super().update(given)
        changed = {
            key: value
            for key, value in self.items()
            # By their texts: NaN is equal to NaN, and True is not 1.
            if key in given or key not in self._stored or repr(value) != repr(self._stored[key])
        }
        if self._store is not None and changed:
            self._store(changed)
            self._stored = deepcopy(dict(self))
