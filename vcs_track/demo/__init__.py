"""The demonstration: a small real project, from training to a bundle.

The project is trained, compared, committed and bundled.

The training script and the data that it ships are resources, see ``README.md``;
:mod:`vcs_track.demo.story` runs the commands.
"""

from __future__ import annotations

__all__: list[str] = []
