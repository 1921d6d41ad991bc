"""Documents that stand alone: what they say, their pictures, HTML and Markdown.

Everything here is made of what the porcelain gives, and is text: nothing is read from a
terminal and nothing is written to a file.
"""

from __future__ import annotations

__all__: list[str] = []
