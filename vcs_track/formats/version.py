"""The file ``FORMAT``: which version of the layout, which object format.

``docs/format/repository.md`` is the specification.
"""

from __future__ import annotations

from vcs_track.errors import InvalidValueError
from vcs_track.formats.oid import ObjectFormat, object_format

__all__ = ["VERSION", "encode_format", "parse_format"]

VERSION = 1


def encode_format(fmt: ObjectFormat) -> bytes:
    """Return the bytes of ``FORMAT`` for a new repository."""
    return f"vcs-track {VERSION}\nobject_format {fmt.name}\n".encode()


def parse_format(data: bytes) -> ObjectFormat:
    r"""Return the object format that ``FORMAT`` names.

    Raises:
        InvalidValueError: If version, line or object format is not known here; the message
            says which.

    Example:
        >>> from vcs_track.formats.version import parse_format
        >>> parse_format(b"vcs-track 1\nobject_format sha256\n").name
        'sha256'
    """
    lines = data.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].startswith("vcs-track "):
        raise InvalidValueError("it is not a vcs-track FORMAT file")
    if lines[0] != f"vcs-track {VERSION}":
        raise InvalidValueError(
            f"it has format version '{lines[0].removeprefix('vcs-track ')[:20]}'",
            hint="install a newer vcs-track",
        )
    name = ""
    for line in lines[1:]:
        key, _, value = line.partition(" ")
        if key != "object_format" or name:
            raise InvalidValueError(
                f"it has the unknown line '{line[:40]}'", hint="install a newer vcs-track"
            )
        name = value
    return object_format(name)
