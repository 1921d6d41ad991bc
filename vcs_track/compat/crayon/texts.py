"""The sentences of Crayon's protocol, word for word.

Its server was written in Python 2, which can be seen: values are spelled as there.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "BACKUP_ARGUMENTS",
    "ELEMENTS",
    "FORCE",
    "HISTOGRAM_ARGUMENTS",
    "LOST",
    "NOT_JSON",
    "NO_ARCHIVE",
    "OK",
    "SERIES_ARGUMENTS",
    "VERSION",
    "argument_type",
    "bad_name",
    "elements",
    "exists",
    "kind_of",
    "missing_argument",
    "no_backup",
    "no_series",
    "not_a_list",
    "not_a_number",
    "not_there",
    "not_three",
    "spelled",
    "taken_backup",
    "unknown",
]

VERSION: Final = "0.5"
OK: Final = "ok"
LOST: Final = "This is not the web page you are looking for."
NOT_JSON: Final = "POST content is not a proper json"
SERIES_ARGUMENTS: Final = "xp and name arguments are required"
HISTOGRAM_ARGUMENTS: Final = "xp, name and tobuild arguments are required"
BACKUP_ARGUMENTS: Final = "xp and force argument are required"
FORCE: Final = "Force must be set to 1 to be able to override a folder"
NO_ARCHIVE: Final = "Backup post request should contain a file or a zip"
ELEMENTS: Final = "elements to build the histogram are not in a list but '{}'"

_KINDS: Final = {str: "unicode", type(None): "NoneType"}


def kind_of(value: object) -> str:
    """Return the type of a JSON value as Python 2 spells it.

    Example:
        >>> from vcs_track.compat.crayon.texts import kind_of
        >>> kind_of("x"), kind_of(None), kind_of([])
        ("<type 'unicode'>", "<type 'NoneType'>", "<type 'list'>")
    """
    kind = type(value)
    if kind is int and not -(2**63) <= value < 2**63:  # type: ignore[operator]  # an int
        return "<type 'long'>"
    return f"<type '{_KINDS.get(kind, kind.__name__)}'>"


def spelled(value: Any) -> str:
    """Return a JSON value as Python 2 prints it.

    Example:
        >>> from vcs_track.compat.crayon.texts import spelled
        >>> spelled("x"), spelled(["x", 1, None])
        ('x', "[u'x', 1, None]")
    """
    return (value if isinstance(value, str) else _repr(value))[:200]


def _repr(value: Any) -> str:
    if isinstance(value, str):
        return f"u{value!a}"
    if isinstance(value, list):
        return f"[{', '.join(map(_repr, value[:20]))}]"
    if isinstance(value, dict):
        parts = [f"{_repr(key)}: {_repr(item)}" for key, item in list(value.items())[:20]]
        return "{" + ", ".join(parts) + "}"
    return repr(value)


def bad_name(value: object) -> str:
    """Return the answer to a name that is none."""
    return f"Experiment name should be a non-empty string or unicode instead of '{kind_of(value)}'"


def exists(name: str) -> str:
    """Return the answer to a second experiment of one name."""
    return f"'{name}' experiment already exists"


def not_there(name: str) -> str:
    """Return the answer to the removal of nothing."""
    return f"'{name}' experiment does not already exist"


def unknown(name: str) -> str:
    """Return the answer to an experiment that is not there."""
    return f"Unknown experiment name '{name}'"


def no_series(name: str, series: str) -> str:
    """Return the answer to a series without data."""
    return f"Combination of experiment '{name}' and name '{series}' does not exist"


def no_backup(name: str) -> str:
    """Return the answer to the archive of nothing."""
    return f"Requested experiment '{name}' does not exist"


def taken_backup(name: str) -> str:
    """Return the answer to an archive whose name is taken."""
    return f"Experiment '{name}' already exists"


def not_a_list() -> str:
    """Return the answer to a body that is no list."""
    return "POST content is not a list: '[]'"


def not_three(value: object) -> str:
    """Return the answer to a list of another length."""
    return f"POST does not contain a list of 3 elements but '{spelled(value)}'"


def not_a_number(value: object) -> str:
    """Return the answer to a value that is no number."""
    return f"POST value is not a number but '{spelled(value)}'"


def elements(value: object) -> str:
    """Return the answer to values for a histogram that are no list."""
    return ELEMENTS.format(spelled(value))


def missing_argument(key: str) -> str:
    """Return the answer to a histogram that lacks *key*."""
    return f"Missing argument '{key}' to the given histogram"


def argument_type(key: str, kinds: tuple[type, ...], value: object) -> str:
    """Return the answer to a histogram with a wrong type under *key*."""
    wanted = ", ".join(f"<type '{kind.__name__}'>" for kind in kinds)
    return f"Argument '{key}' should be of type '[{wanted}]' and is '{kind_of(value)}'"
