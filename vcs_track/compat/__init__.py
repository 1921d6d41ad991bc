"""Faces: the interfaces of other trackers, on our store.

Each writes runs like any other; ``import vcs_track`` loads none of them.
"""

from __future__ import annotations

__all__: list[str] = []
