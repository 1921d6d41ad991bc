"""Crayon's interface: a script needs another import, and no server.

::

    from vcs_track.compat.crayon import CrayonClient

The guide `Coming from Crayon` lists what differs, and why.
"""

from __future__ import annotations

from vcs_track.compat.crayon.client import CrayonClient
from vcs_track.compat.crayon.experiment import CrayonExperiment

__all__ = ["CrayonClient", "CrayonExperiment"]
