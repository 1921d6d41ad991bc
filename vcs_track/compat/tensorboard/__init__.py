"""TensorBoard's event files, taken in as runs and written from runs.

Neither TensorFlow nor TensorBoard is needed. The guide `TensorBoard` has what is kept.
"""

from __future__ import annotations

from vcs_track.compat.tensorboard.exporter import ToEvents, export_events
from vcs_track.compat.tensorboard.importer import import_events

__all__ = ["ToEvents", "export_events", "import_events"]
