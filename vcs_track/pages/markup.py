"""HTML in pieces, in which text from elsewhere is never markup."""

from __future__ import annotations

from html import escape
from typing import Final

from vcs_track.formats.visible import visible

__all__ = ["Html", "joined", "safe", "tag"]

_EMPTY: Final = frozenset({"br", "img", "link", "meta"})
# Each ends a line, so that people and git can read the source.
_BLOCKS: Final = frozenset({"article", "div", "figure", "h2", "h3", "section", "table", "tr"})
_DRAWN: Final = frozenset({"line", "path"})  # of SVG: in HTML these must be closed


class Html(str):
    """Markup that was made here; every other text is escaped."""

    __slots__ = ()


def safe(text: object) -> Html:
    r"""Return *text* as HTML that shows it, markup that was made here as it is.

    Example:
        >>> from vcs_track.pages.markup import safe
        >>> safe("<b>&\x00"), safe(safe("<"))
        ('&lt;b&gt;&amp;\\x00', '&lt;')
    """
    if isinstance(text, Html):
        return text
    return Html(escape(visible(text, lines=True), quote=True))


def joined(parts: object, between: str = "") -> Html:
    """Return pieces as one, escaped where they are not markup.

    Args:
        parts: Pieces, in order; lists among them are joined likewise.
        between: Markup between two of them.
    """
    if not isinstance(parts, list | tuple):
        return safe(parts)
    return Html(between.join(joined(part, between) for part in parts))


def tag(element: str, /, *parts: object, **attributes: object) -> Html:
    """Return an element.

    Args:
        element: Its name.
        parts: What is in it: texts, markup, lists of both.
        attributes: Its attributes. One that is None or False is left out, of one that is True
            the name alone stays. ``class_`` is ``class``, an underscore within is a hyphen.

    Example:
        >>> from vcs_track.pages.markup import tag
        >>> tag("p", "1 < 2", tag("br"), class_="note", data_x='"', hidden=True, id=None)
        '<p class="note" data-x="&quot;" hidden>1 &lt; 2<br></p>'
    """
    told = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        told.append(f" {word}" if value is True else f' {word}="{safe(value)}"')
    head = f"<{element}{''.join(told)}>"
    if element in _EMPTY:
        return Html(head)
    if element in _DRAWN:
        return Html(f"{head[:-1]}/>")
    end = "\n" if element in _BLOCKS else ""
    return Html(f"{head}{''.join(map(joined, parts))}</{element}>{end}")
