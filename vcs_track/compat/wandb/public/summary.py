"""The summary of a run that is read back."""

from __future__ import annotations

from typing import Any

__all__ = ["Summary"]


class Summary(dict[str, Any]):
    """The summary of a run that is read back; :meth:`update` stores at once.

    Args:
        values: The values.
        store: Takes values that are set by hand.
    """

    def __init__(self, values: dict[str, Any], store: Any = None) -> None:
        super().__init__(values)
        self._store = store

    @property
    def _json_dict(self) -> dict[str, Any]:
        return dict(self)

    def update(self, *args: Any, **more: Any) -> None:
        """Set values by hand, in the store too.

        Args:
            *args: A dictionary.
            **more: More values.
        """
        super().update(*args, **more)
        if self._store is not None:
            self._store({**dict(*args), **more})
