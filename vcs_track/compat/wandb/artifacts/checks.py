"""What artifacts may be called, and what may be said of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical

__all__ = [
    "Reference", "check_aliases", "check_metadata", "check_name", "check_path", "check_tags",
    "check_type", "parse",
]  # fmt: skip

_NAME: Final = re.compile(r"[A-Za-z0-9_.\-]+")
_TAG: Final = re.compile(r"[-\w]+( +[-\w]+)*")
_LONGEST: Final = 128
_MOST_KEYS: Final = 100
_DEEPEST: Final = 40


class Reference(NamedTuple):
    """What ``[[entity/]project/]name[:alias]`` names.

    Attributes:
        entity: Entity, or None.
        project: Project, or None.
        name: Name of the artifact.
        alias: Alias or version, ``latest`` where none is given.
    """

    entity: str | None
    project: str | None
    name: str
    alias: str


def check_name(name: Any) -> str:
    """Return *name* if an artifact may be called so.

    Raises:
        BadTypeError: If it is no text.
        BadValueError: If it is empty, too long, or has other characters.
    """
    if not isinstance(name, str):
        raise BadTypeError(f"the name of an artifact must be text, not {type(name).__name__}")
    if len(name) > _LONGEST:
        raise BadValueError(
            f"Artifact name is longer than {_LONGEST} characters: '{name[:40]}...'"
        )
    # A folder is named after it: dots alone would be another one.
    if _NAME.fullmatch(name) is None or not name.strip("."):
        raise BadValueError(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, and "
            f"dots. Invalid name: {name[:60]!r}"
        )
    return name


def check_type(kind: Any, name: str) -> str:
    """Return *kind* if an artifact called *name* may be of it.

    Raises:
        BadTypeError: If it is no text.
        BadValueError: If the type is reserved.
    """
    if not isinstance(kind, str):
        raise BadTypeError(f"the type of an artifact must be text, not {type(kind).__name__}")
    taken = (
        kind.startswith("wandb-")
        or kind == "job"
        or (kind == "run_table" and name.startswith("run-"))
        or (kind == "code" and name.startswith("source-"))
    )
    if taken:
        raise BadValueError(
            f"Artifact type '{kind}' is reserved for internal use. Please use a different type."
        )
    return kind


def check_metadata(metadata: Any) -> dict[str, Any]:
    """Return *metadata* as plain data.

    Args:
        metadata: A mapping, its JSON, or None.

    Raises:
        BadTypeError: If it is something else.
        BadValueError: If it has more than 100 keys, or an infinite number.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.checks import check_metadata
        >>> check_metadata({"loss": float("nan"), "shape": (2, 3)})
        {'loss': None, 'shape': [2, 3]}
    """
    if metadata is None:
        return {}
    if isinstance(metadata, str):
        try:
            metadata = canonical.loads(metadata.encode("utf-8", "replace"))
        except VcsTrackError as error:
            raise BadValueError(f"the metadata is no JSON: {error}") from None
    if not isinstance(metadata, Mapping):
        raise BadTypeError(f"Cannot parse {type(metadata)} as artifact metadata")
    if len(metadata) > _MOST_KEYS:
        raise BadValueError(f"Artifact must not have more than {_MOST_KEYS} metadata keys.")
    return {str(key): _plain(value, 0) for key, value in metadata.items()}


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise BadValueError("the metadata nests too deep")
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return _number(float(value))
    if value is None or isinstance(value, bool | int):
        return value if value is None or isinstance(value, bool) else _whole(int(value))
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {str(key): _plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one, depth + 1) for one in value]
    return str(value).encode("utf-8", "replace").decode()


def _number(number: float) -> float | None:
    if math.isinf(number):
        raise BadValueError("Out of range float values are not JSON compliant")
    return None if math.isnan(number) else number


def _whole(number: int) -> int | str:
    return number if -(2**63) <= number < 2**64 else str(number)


def check_aliases(aliases: Any) -> list[str]:
    """Return *aliases*, one text or several, without repetitions.

    Raises:
        BadValueError: If one has ``/`` or ``:``, or is empty.
    """
    found = [aliases] if isinstance(aliases, str) else list(aliases or ())
    for alias in found:
        if not isinstance(alias, str) or not alias.strip() or not alias.isprintable():
            raise BadValueError(f"an alias is {alias!r}, expected a text")
        if "/" in alias or ":" in alias:
            raise BadValueError(
                "Aliases must not contain any of the following characters: '/', ':'"
            )
    return list(dict.fromkeys(found))


def check_tags(tags: Any) -> list[str]:
    """Return *tags*, one text or several, without repetitions.

    Raises:
        BadValueError: If one has other characters than letters, digits, ``-``, ``_`` and blanks.
    """
    found = [tags] if isinstance(tags, str) else list(tags or ())
    if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in found):
        raise BadValueError(
            "Invalid tag(s).  Tags must only contain alphanumeric characters separated by hyphens, "
            "underscores, and/or spaces."
        )
    return list(dict.fromkeys(found))


def check_path(path: Any) -> str:
    """Return *path* as the tidy name of a file in an artifact.

    It never leads out of the folder that the artifact is written to.

    Raises:
        BadValueError: If it is empty, absolute or goes up.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.checks import check_path
        >>> check_path("./data//train.csv")
        'data/train.csv'
    """
    if not isinstance(path, str | PurePath):
        raise BadTypeError(f"the path of a file must be text, not {type(path).__name__}")
    text = str(path) if isinstance(path, str) else path.as_posix()
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or not parts or ".." in parts or "\0" in text:
        raise BadValueError(
            f"Invalid artifact path: {text[:80]!r}", hint="use a relative path without '..'"
        )
    return "/".join(parts)


def parse(text: Any) -> Reference:
    """Return what *text* names: ``[[entity/]project/]name[:alias]``.

    Raises:
        BadTypeError: If it is no text.
        BadValueError: If it names nothing.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.checks import parse
        >>> parse("me/digits/model:best")
        Reference(entity='me', project='digits', name='model', alias='best')
    """
    if not isinstance(text, str):
        raise BadTypeError(f"an artifact is named by text, not {type(text).__name__}")
    head, colon, alias = text.strip().partition(":")
    parts = head.split("/")
    if len(parts) > 3 or not all(parts) or (colon and not alias):
        raise BadValueError(
            f"Invalid artifact name: {text[:80]!r}", hint="write [entity/][project/]name:alias"
        )
    entity = parts[-3] if len(parts) == 3 else None
    project = parts[-2] if len(parts) > 1 else None
    return Reference(entity, project, check_name(parts[-1]), alias or "latest")
