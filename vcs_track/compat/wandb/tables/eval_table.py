"""A table of an evaluation: what goes in, what comes out, and how good that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadValueError, UsageError
from vcs_track.compat.wandb.tables.table import Table
from vcs_track.compat.wandb.term import termwarn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["EvalTable"]

_BACKENDS: Final = (None, "weave", "ces")
_MEDIA: Final = ("stub", "raise")


class EvalTable(Table):
    """A table whose columns have roles.

    It is kept as any other table; its record in the row has the roles too.

    Args:
        columns: Names of the columns. Default: those of the roles, in the order below.
        data: Rows, an array of two dimensions, or a data frame.
        rows: The same, as it was called once.
        dataframe: A data frame, whose columns are taken.
        dtype: Type of all columns, or a list with one for each.
        optional: Whether cells may be None, for all columns or for each.
        allow_mixed_types: Whether a column may hold anything.
        log_mode: ``IMMUTABLE``.
        input_columns: What goes in.
        output_columns: What comes out. Columns without a role are among them.
        score_columns: How good that is.
        backend: ``weave`` or ``ces``; without effect.
        unsupported_media_mode: ``stub`` or ``raise``; without effect, media are kept.

    Raises:
        BadArgumentError: If an argument is of the wrong type.
        BadValueError: If *unsupported_media_mode* is another word.
        UsageError: If the mode or the backend is another one.

    Example:
        >>> from vcs_track.compat.wandb.tables.eval_table import EvalTable
        >>> table = EvalTable(input_columns=["digit"], output_columns=["found"], data=[[4, 9]])
        >>> table.columns, table.roles["input_columns"]
        (['digit', 'found'], ['digit'])
    """

    def __init__(
        self,
        columns: list[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = "IMMUTABLE",
        *,
        input_columns: Iterable[str] | None = None,
        output_columns: Iterable[str] | None = None,
        score_columns: Iterable[str] | None = None,
        backend: str | None = None,
        unsupported_media_mode: str = "stub",
    ) -> None:
        if log_mode != "IMMUTABLE":
            raise UsageError("EvalTable currently only supports log_mode='IMMUTABLE'.")
        if unsupported_media_mode not in _MEDIA:
            raise BadValueError(
                f"unsupported_media_mode must be one of {_MEDIA}, got {unsupported_media_mode!r:.40}"
            )
        if backend not in _BACKENDS:
            raise UsageError(
                f"Unsupported EvalTable backend {backend!r:.40}; expected 'weave' or 'ces'."
            )
        self._said = {
            "input_columns": list(input_columns or ()),
            "output_columns": list(output_columns or ()),
            "score_columns": list(score_columns or ()),
        }
        named = [name for names in self._said.values() for name in names]
        if columns is None and dataframe is None and named:
            columns = list(dict.fromkeys(named))
        super().__init__(columns, data, rows, dataframe, dtype, optional, allow_mixed_types)

    @property
    def roles(self) -> dict[str, list[str]]:
        """The columns of each role.

        Raises:
            BadValueError: If the table has no such column.
        """
        there = [str(name) for name in self.columns]
        named = [name for names in self._said.values() for name in names]
        unknown = sorted(set(named) - set(there))
        if unknown:
            raise BadValueError(
                f"Column(s) {unknown} listed in input/output/score_columns do not exist in the table."
            )
        for name in sorted({name for name in named if named.count(name) > 1}):
            termwarn(f"Column {name!r} appears in more than one role list", repeat=False)
        others = [name for name in there if name not in named]
        return {**self._said, "output_columns": [*self._said["output_columns"], *others]}

    def _record(self, sink: Sink) -> dict[str, Json]:
        roles: dict[str, Json] = {role: [*names] for role, names in self.roles.items()}
        return {**super()._record(sink), **roles}
