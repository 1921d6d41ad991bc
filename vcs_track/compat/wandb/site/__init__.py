"""The folder that ``vcs-track exec`` puts first on the path of a program."""

from __future__ import annotations

__all__: list[str] = []
