"""Names of series for the keys of rows.

A key is a path: nested dictionaries have several parts. A series has one name: the parts
joined by ``.``, made printable and distinct where they are not. What is not the key itself
is kept with the run, so that the rows come back as they were.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Path = tuple[str, ...]

__all__ = ["PREFIX", "Names", "paths_of", "printable"]

PREFIX: Final = "path:"
_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST: Final = 200


class Names:
    """The series of a run by the paths of its keys.

    Args:
        tell: Is called with the name of a series and its path where that is not the name.
        paths: The paths of series that are there.
        taken: Names of series that are no keys.
    """

    def __init__(
        self, tell: Callable[[str, Path], None], paths: Mapping[str, Path] | None = None,
        taken: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._tell = tell
        self._by_path: dict[Path, str] = {path: name for name, path in (paths or {}).items()}
        self._taken = {*(paths or ()), *taken}

    def of(self, path: Path) -> str:
        """Return the name of the series of *path*."""
        name = self._by_path.get(path)
        if name is None:
            name = self._by_path[path] = self._new(path)
            self._taken.add(name)
            if path != (name,):
                self._tell(name, path)
        return name

    def reserve(self, text: str) -> str:
        """Return a name like *text* that no key gets any more."""
        name = self._free(text)
        self._taken.add(name)
        return name

    def _new(self, path: Path) -> str:
        return self._free(".".join(path))

    def _free(self, text: str) -> str:
        wanted = printable(text)
        name, n = wanted, 2
        while name in self._taken:
            name, n = f"{wanted}~{n}", n + 1
        return name


def paths_of(facts: Mapping[str, Any]) -> dict[str, Path]:
    """Return the paths that *facts* of a run keep, by the name of the series."""
    found = {}
    for key, value in facts.items():
        if key.startswith(PREFIX) and isinstance(value, list) and value:
            found[key.removeprefix(PREFIX)] = tuple(map(str, value))
    return found


def printable(text: str) -> str:
    """Return the name of the series that a key would have to itself."""
    text = _REFUSED.sub("\ufffd", text)
    try:
        return values.check_tag(text)
    except InvalidValueError:
        parts = (part.strip() or "_" for part in text[:_LONGEST].split("/"))
        return values.check_tag("/".join(parts))
