"""Names of classes, for boxes and masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.refusals import BadArgumentError
from vcs_track.compat.wandb.media.sink import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Classes", "check_labels"]


class Classes(Value):
    """A set of classes.

    Args:
        class_set: Dictionaries with ``id`` and ``name``.

    Raises:
        BadArgumentError: If one lacks its id or its name.
        BadTypeError: If it is no sequence.

    Example:
        >>> from vcs_track.compat.wandb.media.classes import Classes
        >>> Classes([{"id": 1, "name": "cat"}]).labels
        {1: 'cat'}
    """

    def __init__(self, class_set: Any) -> None:
        if isinstance(class_set, str | bytes) or not isinstance(class_set, Iterable):
            raise BadTypeError(f"classes must be a sequence, not {type(class_set).__name__}")
        self._class_set = [_checked(one) for one in class_set]

    @property
    def labels(self) -> dict[Any, Any]:
        """The names by id."""
        return {one["id"]: one["name"] for one in self._class_set}

    def _record(self, sink: Sink) -> dict[str, Json]:
        del sink
        return {"_type": "classes", "class_set": list[Any](self._class_set)}

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        del read
        return cls(record["class_set"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Classes):
            return NotImplemented
        return self._class_set == other._class_set

    def __hash__(self) -> int:
        return hash(str(self._class_set))


def _checked(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping) or "id" not in one or "name" not in one:
        raise BadArgumentError(
            f"a class needs an 'id' and a 'name', got {one!r:.60}",
            hint="write {'id': 1, 'name': 'cat'}",
        )
    return dict(one)


def check_labels(labels: Any) -> dict[int, str]:
    """Return names by the number of the class.

    Raises:
        BadTypeError: If they are none.
    """
    if not isinstance(labels, Mapping) or not all(
        _is_number(number) and isinstance(name, str) for number, name in labels.items()
    ):
        raise BadTypeError(
            "Class labels must be a dictionary of numbers to strings",
            hint="write {0: 'background', 1: 'cat'}",
        )
    return {int(number): str(name) for number, name in labels.items()}


def _is_number(number: object) -> bool:
    return not isinstance(number, bool) and hasattr(number, "__index__")
