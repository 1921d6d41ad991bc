"""Plumbing: one storage concept a file.

Puts the bytes of :mod:`vcs_track.formats` on disk and takes them back: packs,
heads, the journal of a live run, locks, the link to git. Whatever touches a
file goes through here, and an error of the operating system is translated
here, at the edge. Nothing here knows what a run means to its user.
"""

from __future__ import annotations

__all__: list[str] = []
