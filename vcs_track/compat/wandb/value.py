"""What a row of the history can hold besides numbers, texts and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import LogDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.run import Run

    Json = bool | int | float | str | None | list["Json"] | dict[str, "Json"]

__all__ = ["WBValue"]


class WBValue:
    """An image, a table, or another value that is more than JSON."""

    def _keep(self, run: Run, key: str, step: int) -> dict[str, Json]:
        """Store the bytes in *run* at once.

        Args:
            run: The run of the store.
            key: Key of the row, parts of a nested one joined by ``.``.
            step: Step of the row.

        Returns:
            What stands in the row: ``_type`` and what else describes the value.
        """
        raise NotImplementedError

    def _row_key(self, key: str) -> str:
        """Return the key that a row has the value under, logged as *key*."""
        return key

    @classmethod
    def _keep_all(
        cls, values: Sequence[Any], run: Run, key: str, step: int
    ) -> dict[str, Json]:  # fmt: skip
        """Store a list of values of this type; arguments as for :meth:`_keep`.

        Raises:
            LogDataError: If lists of this type have no form.
        """
        del values, run, step
        raise LogDataError(f"a list of {cls.__name__} cannot be logged as '{key}'")
