"""What is said of an object that cannot be had."""

from __future__ import annotations

from vcs_track.errors import CorruptError, ObjectNotFoundError, RedactedError

__all__ = ["collision", "not_here", "redacted_error"]


def collision(oid: str) -> CorruptError:
    """Return the error for a second content under one id."""
    return CorruptError(
        f"two contents have the id '{oid}'; the second is refused",
        hint="a repository of the object format sha256 cannot be fooled this way",
    )


def not_here(oid: str) -> ObjectNotFoundError:
    """Return the error for an object that is missing."""
    return ObjectNotFoundError(
        f"object '{oid[:12]}' is not in this repository",
        oid=oid,
        hint="import a bundle that has it, or fetch the packs of its run",
    )


def redacted_error(oid: str, reason: str) -> RedactedError:
    """Return the error for an object that was removed on purpose."""
    return RedactedError(
        f"object '{oid[:12]}' was redacted: {reason or 'no reason is known'}",
        oid=oid,
        reason=reason,
        hint="its bytes are gone for good",
    )
