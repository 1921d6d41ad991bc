"""DeepBoard's interface: a script needs another import, and nothing else.

::

    from vcs_track.compat.deepboard import ResultTable

The guide `Coming from DeepBoard` lists what differs, and why.
"""

from __future__ import annotations

from vcs_track.compat.deepboard.scalar import Scalar
from vcs_track.compat.deepboard.table import NoCommitAction, ResultTable
from vcs_track.compat.deepboard.writer import LogWriter

__all__ = ["LogWriter", "NoCommitAction", "ResultTable", "Scalar"]
