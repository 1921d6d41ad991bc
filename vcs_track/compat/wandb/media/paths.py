"""Names of media in a run.

A key is data: it becomes part of a name, and never of a path that leads out of a folder.
"""

from __future__ import annotations

from typing import Final

from vcs_track.formats.oid import check64

__all__ = ["folder_safe", "media_path", "tag_of"]

_LONGEST: Final = 120  # characters of a key in a name; the whole may have 250
_LONGEST_TAG: Final = 200
_BAD: Final = ':*?"<>|\\'
_INVISIBLE: Final = "\u2028\u2029"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() and c not in _INVISIBLE else "_" for c in text)


def folder_safe(name: str) -> str:
    """Return *name* as a relative path that stays in its folder on any system.

    Example:
        >>> from vcs_track.compat.wandb.media.paths import folder_safe
        >>> folder_safe("../a//b:c"), folder_safe("train/image")
        ('__/a/_/b_c', 'train/image')
    """
    plain = "".join("_" if c in _BAD else c for c in _printable(name))
    return "/".join(map(_safe_part, plain.split("/")))


def _safe_part(part: str) -> str:
    # Nothing, dots and blanks alone mean something to a file system.
    return part if part.strip(". ") else "_" * max(len(part), 1)


def media_path(folder: str, key: str, step: int, digest: str, extension: str) -> str:
    """Return the name that a medium has among the files of its run.

    Args:
        folder: Kind of media, for example ``images``.
        key: Key of the row.
        step: Step of the row.
        digest: SHA-256 of the bytes, as hexadecimal digits.
        extension: Ending of the name, without the leading dot.

    Example:
        >>> from vcs_track.compat.wandb.media.paths import media_path
        >>> media_path("images", "val/grid", 3, "0123456789abcdef" * 4, "png")
        'media/images/val/grid_3_0123456789abcdef0123.png'
    """
    safe = folder_safe(key)
    if len(safe) > _LONGEST:
        safe = f"{safe[:_LONGEST]}-{check64(key.encode('utf-8', 'surrogatepass')):016x}"
    return f"media/{folder}/{safe}_{step}_{digest[:20]}.{extension}"


def tag_of(key: str) -> str:
    """Return *key* as a tag of the store: printable, without empty parts."""
    parts = [part.strip() or "_" for part in _printable(key)[:_LONGEST_TAG].split("/")]
    return "/".join(parts)
