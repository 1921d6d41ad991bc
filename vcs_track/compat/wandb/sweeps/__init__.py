"""Sweeps: what they are made of, what was taken of them, and how they are run."""

from __future__ import annotations

__all__: list[str] = []
