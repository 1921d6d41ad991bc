"""Porcelain: what a user of the library says.

Runs that are logged, sealed, found, compared, exported and checked, in terms
of the plumbing below. Nothing here prints, parses a command line or reads the
environment: clock and settings come in from above.
"""

from __future__ import annotations

__all__: list[str] = []
