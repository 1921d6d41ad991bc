"""Formats: bytes to frozen values and back.

The lowest layer but for the errors. Nothing here opens a file, asks the clock
or reads the environment, so each format can be tested with bytes alone. Every
module has its page under ``docs/format/``, written before the code.
"""

from __future__ import annotations

__all__: list[str] = []
