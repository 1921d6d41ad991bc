"""One module a command, loaded when that command is called.

The help texts stand in the table of :mod:`vcs_track.cli.main`, so that
``vcs-track --help`` loads none of these.
"""

from __future__ import annotations

__all__: list[str] = []
