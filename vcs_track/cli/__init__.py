"""The command line: parse, one call of the porcelain, render.

The only layer that knows click, a terminal and exit codes. Data goes to
standard output, all talk to standard error.
"""

from __future__ import annotations

__all__: list[str] = []
