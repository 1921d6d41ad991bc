"""TensorBoard's event files, taken in as runs and written from runs.

Neither TensorFlow nor TensorBoard is needed.
"""

from __future__ import annotations

__all__: list[str] = []
