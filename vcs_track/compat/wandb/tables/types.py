"""What the cells of a column may be: what the first of them was.

A type is plain JSON, as it stands in the file of a table: ``{"wb_type": "number"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.sink import Value

__all__ = ["ANY", "NONE", "UNKNOWN", "Type", "declared", "joined", "optional", "shown", "type_of"]

Type = dict[str, Any]

ANY: Final[Type] = {"wb_type": "any"}
NONE: Final[Type] = {"wb_type": "none"}
UNKNOWN: Final[Type] = {"wb_type": "unknown"}

_NAMES: Final = {
    "any": "Any", "boolean": "Boolean", "none": "None", "number": "Number", "string": "String",
    "timestamp": "Timestamp", "unknown": "Unknown",
}  # fmt: skip
_PYTHON: Final[dict[Any, str]] = {
    str: "string", int: "number", float: "number", bool: "boolean", complex: "number",
    datetime: "timestamp", date: "timestamp", None: "none", type(None): "none",
}  # fmt: skip
_BY_KIND: Final = {"b": "boolean", "i": "number", "u": "number", "f": "number", "c": "number"}


def optional(kind: Type) -> Type:
    """Return what *kind* is where None is allowed too."""
    if kind["wb_type"] in ("any", "none"):
        return kind
    return {"wb_type": "union", "params": {"allowed_types": [NONE, kind]}}


def declared(dtype: Any) -> Type:
    """Return the type that a caller means by *dtype*.

    Args:
        dtype: A type of Python or of media, or a dictionary ``{"wb_type": ...}``.

    Raises:
        BadTypeError: If it is none.

    Example:
        >>> from vcs_track.compat.wandb.tables.types import declared
        >>> declared(int)
        {'wb_type': 'number'}
    """
    if isinstance(dtype, Mapping) and isinstance(dtype.get("wb_type"), str):
        return dict(dtype)
    if isinstance(dtype, type) and issubclass(dtype, Value):
        return {"wb_type": _media_name(dtype)}
    name = _PYTHON.get(dtype) if dtype is None or isinstance(dtype, type) else None
    if name is None:
        raise BadTypeError(
            f"{dtype!r:.60} is no type of a column", hint="use str, int, float, bool or Image"
        )
    return {"wb_type": name}


def type_of(value: Any) -> Type:
    """Return the type of a cell.

    Example:
        >>> from vcs_track.compat.wandb.tables.types import shown, type_of
        >>> shown(type_of([1, 2])), shown(type_of({"x": True}))
        ('List<Number>', "{'x': Boolean}")
    """
    if value is None:
        return NONE
    if isinstance(value, Value):
        return {"wb_type": _media_name(type(value))}
    name = next((_PYTHON[kind] for kind in type(value).__mro__ if kind in _PYTHON), None)
    if name is not None:
        return {"wb_type": name}
    if isinstance(value, Mapping):
        fields = {str(key): type_of(one) for key, one in value.items()}
        return {"wb_type": "typedDict", "params": {"type_map": fields}}
    if isinstance(value, list | tuple | set | frozenset):
        return _list_of(list(value))
    if hasattr(type(value), "dtype") and hasattr(type(value), "shape"):
        return _array(value)
    return {"wb_type": "pythonObject", "params": {"class_name": type(value).__name__}}


def _media_name(kind: type[Value]) -> str:
    return str(getattr(kind, "_type", kind.__name__.lower()))


def _array(value: Any) -> Type:
    shape = [int(side) for side in value.shape]
    if shape:
        return {"wb_type": "ndarray", "params": {"shape": shape}}
    kind = getattr(value.dtype, "kind", "f")
    if kind == "M":
        return {"wb_type": "timestamp"}
    return {"wb_type": _BY_KIND.get(kind, "string" if kind in "SU" else "number")}


def _list_of(values: list[Any]) -> Type:
    kind = UNKNOWN
    for value in values:
        one = type_of(value)
        kind = joined(kind, one) or _union(kind, one)
    return {"wb_type": "list", "params": {"element_type": kind, "length": len(values)}}


def _union(old: Type, new: Type) -> Type:
    members = old["params"]["allowed_types"] if old["wb_type"] == "union" else [old]
    return {"wb_type": "union", "params": {"allowed_types": [*members, new]}}


def joined(known: Type, new: Type) -> Type | None:
    """Return what *known* is after a cell of *new*, or None.

    Example:
        >>> from vcs_track.compat.wandb.tables.types import NONE, UNKNOWN, joined, optional
        >>> number, text = {"wb_type": "number"}, {"wb_type": "string"}
        >>> joined(UNKNOWN, number) == number, joined(number, text)
        (True, None)
        >>> joined(optional(number), NONE) == optional(number)
        True
    """
    name = known["wb_type"]
    if name == "any":
        return known
    if name == "union":
        return _into_union(known["params"]["allowed_types"], new)
    if name == "unknown":
        return None if new["wb_type"] == "none" else new
    if name != new["wb_type"]:
        return None
    if name == "list":
        return _lists(known, new)
    if name == "typedDict":
        return _records(known, new)
    return known if name != "ndarray" or known.get("params") == new.get("params") else None


def _into_union(members: list[Type], new: Type) -> Type | None:
    if new["wb_type"] == "union":
        kind: Type | None = {"wb_type": "union", "params": {"allowed_types": members}}
        for one in new["params"]["allowed_types"]:
            kind = joined(kind, one) if kind is not None else None
        return kind
    for at, member in enumerate(members):
        kind = joined(member, new)
        if kind is not None:
            return {
                "wb_type": "union",
                "params": {"allowed_types": [*members[:at], kind, *members[at + 1 :]]},
            }
    return None


def _lists(known: Type, new: Type) -> Type | None:
    old, other = known["params"]["element_type"], new["params"]["element_type"]
    element = old if other["wb_type"] == "unknown" else joined(old, other)
    if element is None:
        return None
    length = max(known["params"].get("length", 0), new["params"].get("length", 0))
    return {"wb_type": "list", "params": {"element_type": element, "length": length}}


def _records(known: Type, new: Type) -> Type | None:
    old, other = known["params"]["type_map"], new["params"]["type_map"]
    if old.keys() != other.keys():
        return None
    fields = {name: joined(old[name], other[name]) for name in old}
    if None in fields.values():
        return None
    return {"wb_type": "typedDict", "params": {"type_map": fields}}


def shown(kind: Type) -> str:
    """Return *kind* as messages name it."""
    name, params = kind["wb_type"], kind.get("params", {})
    if name == "union":
        return " or ".join(shown(one) for one in params["allowed_types"])
    if name == "list":
        return f"List<{shown(params['element_type'])}>"
    if name == "typedDict":
        fields = ", ".join(f"{key!r}: {shown(one)}" for key, one in params["type_map"].items())
        return "{" + fields + "}"
    return _NAMES.get(name, str(name).capitalize())
