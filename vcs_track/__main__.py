"""``python -m vcs_track``: the same program as ``vcs-track``."""

from __future__ import annotations

from vcs_track.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
