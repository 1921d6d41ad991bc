"""Object ids: the hash of an object's exact bytes, nothing else hashed.

The only file that names a hash function. ``sha256`` ids are what ``sha256sum``
prints. ``xxh128`` ids carry the prefix ``x1-`` wherever they are written, so that
nobody takes them for cryptographic ones. See ``docs/format/objects.md``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType, Protocol

import xxhash

from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FORMATS",
    "ObjectFormat",
    "ObjectId",
    "check64",
    "digest_of",
    "git_object_id",
    "looks_like_id",
    "new_file_name_hash",
    "new_git_hash",
    "new_hash",
    "object_format",
    "pixel_key",
    "shard",
]

ObjectId = NewType("ObjectId", str)

_ID = re.compile(r"[0-9a-f]{64}|x1-[0-9a-f]{32}")


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ObjectFormat:
    """How a repository names its objects; a constant of the repository.

    Attributes:
        name: ``sha256`` or ``xxh128``, as written in ``FORMAT``.
        prefix: Printed before the hexadecimal digits.
        digits: Number of hexadecimal digits.
        collision_resistant: False where a hostile writer can make two contents with one
            id; then bytes are compared whenever an id already exists.
    """

    name: str
    prefix: str
    digits: int
    collision_resistant: bool
    _new: Callable[[], _Hasher]

    def hash(self, data: bytes | memoryview) -> ObjectId:
        """Return the id of *data*."""
        hasher = self._new()
        hasher.update(data)  # type: ignore[arg-type]  # both take any buffer
        return ObjectId(self.prefix + hasher.hexdigest())

    def hasher(self) -> _Hasher:
        """Return an incremental hasher; finish it with :meth:`finish`."""
        return self._new()

    def finish(self, hasher: _Hasher) -> ObjectId:
        """Return the id of everything that *hasher* was fed."""
        return ObjectId(self.prefix + hasher.hexdigest())

    def is_id(self, text: str) -> bool:
        """Return whether *text* is a whole id in this format."""
        return len(text) == self.id_length and _ID.fullmatch(text) is not None

    @property
    def id_length(self) -> int:
        """The number of characters of an id."""
        return len(self.prefix) + self.digits


FORMATS: dict[str, ObjectFormat] = {
    "sha256": ObjectFormat("sha256", "", 64, collision_resistant=True, _new=hashlib.sha256),
    "xxh128": ObjectFormat("xxh128", "x1-", 32, collision_resistant=False, _new=xxhash.xxh3_128),
}


def looks_like_id(text: object) -> bool:
    """Return whether *text* is a whole id of some format."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def object_format(name: str) -> ObjectFormat:
    """Return the object format called *name*.

    Raises:
        InvalidValueError: If no such format is known.

    Example:
        >>> from vcs_track.formats.oid import object_format
        >>> object_format("sha256").hash(b"abc")[:12]
        'ba7816bf8f01'
        >>> object_format("xxh128").hash(b"abc")
        'x1-06b05ab6733a618578af5f94892f3950'
    """
    try:
        return FORMATS[name]
    except KeyError:
        known = ", ".join(FORMATS)
        raise InvalidValueError(
            f"unknown object format '{name}'", hint=f"known formats: {known}"
        ) from None


def git_object_id(kind: str, data: bytes, digits: int) -> str:
    """Return the id that git gives to *data*, by the hash of *digits* digits.

    Example:
        >>> from vcs_track.formats.oid import git_object_id
        >>> git_object_id("tree", b"", 40)[:12], git_object_id("blob", b"", 64)[:12]
        ('4b825dc642cb', '473a0f4c3be8')
    """
    framed = b"%s %d\0" % (kind.encode(), len(data)) + data
    if digits == 64:
        return hashlib.sha256(framed).hexdigest()
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest()


# The 64-bit check word of some bytes, with an optional seed (XXH3): for accidents, not for
# forgery. An alias rather than a function, because each logged point pays for the call.
check64 = xxhash.xxh3_64_intdigest


def new_file_name_hash() -> _Hasher:
    """Return an incremental hasher for the name of a pack file."""
    return hashlib.sha256()


def digest_of(name: str, data: bytes) -> str:
    """Return the hash *name* of *data*, as hexadecimal digits.

    Raises:
        ValueError: If there is no such hash.

    Example:
        >>> from vcs_track.formats.oid import digest_of
        >>> digest_of("sha256", b"")[:8]
        'e3b0c442'
    """
    return hashlib.new(name, data, usedforsecurity=False).hexdigest()


def new_hash(name: str) -> _Hasher:
    """Return an incremental hasher of another tool's kind.

    Args:
        name: ``md5``, ``sha256``, ``xxh128`` or another that Python has.

    Raises:
        ValueError: If there is no such hash.

    Example:
        >>> from vcs_track.formats.oid import new_hash
        >>> new_hash("md5").hexdigest()[:8]
        'd41d8cd9'
    """
    if name == "xxh128":
        return xxhash.xxh3_128()
    return hashlib.new(name, usedforsecurity=False)


def new_git_hash(name: str, length: int) -> _Hasher:
    """Return an incremental hasher for git's id of a file.

    Args:
        name: ``sha1`` or ``sha256``.
        length: Bytes of the file.

    Example:
        >>> from vcs_track.formats.oid import new_git_hash
        >>> new_git_hash("sha1", 0).hexdigest()
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    hasher = hashlib.new(name, usedforsecurity=False)
    hasher.update(b"blob %d\0" % length)
    return hasher


def shard(run_id: str) -> str:
    """Return the two digits of the folder that holds the heads of *run_id*."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:2]


def pixel_key(pixels: bytes | memoryview) -> bytes:
    """Return a key for raw pixels, for a cache inside one process only."""
    return xxhash.xxh3_128_digest(pixels)
