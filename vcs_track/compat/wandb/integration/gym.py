"""Videos that gymnasium, or gym, records.

::

    wandb.integration.gym.monitor()  # or wandb.init(monitor_gym=True)
"""

from __future__ import annotations

from vcs_track.compat.wandb.gym_videos import monitor

__all__ = ["monitor"]
