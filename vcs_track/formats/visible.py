"""Text from elsewhere, made safe to show.

Names, notes and console output come from users and other people's runs. A terminal obeys
control characters, so they are shown, never sent.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["visible"]

# Control characters, lone surrogates, line separators, and what turns the reading direction:
# the last could make one name look like another.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]"
)


def visible(text: object, *, lines: bool = False) -> str:
    r"""Return *text* with everything that a terminal would obey spelled out.

    Args:
        text: Any text; other values are turned to text first.
        lines: Keep line ends and tabs.

    Example:
        >>> from vcs_track.formats.visible import visible
        >>> print(visible("a\x1b[31m\nb"))
        a\x1b[31m\nb
    """

    def spell(match: re.Match[str]) -> str:
        sign = match[0]
        if lines and sign in "\n\t":
            return sign
        return sign.encode("unicode_escape").decode("ascii")

    return _UNSAFE.sub(spell, str(text))
