"""Text from elsewhere, made safe to show."""

from __future__ import annotations

from vcs_track.formats.visible import visible

__all__ = ["visible"]
