"""Pages of HTML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.file import FileMedia, read_file, read_stream
from vcs_track.compat.wandb.media.sink import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Html"]

_BASE: Final = '<base target="_blank">'
_HEAD: Final = re.compile(r"<head[^>]*>", re.IGNORECASE)


class Html(FileMedia):
    """A page of HTML; it is stored as it is and never shown outside a sandbox.

    Args:
        data: The text, the path of a ``.html`` file, or an open file.
        inject: Whether links are made to open in another window.
        data_is_not_path: Whether a text that names a file is the text itself.
        caption: What is said of it.

    Raises:
        BadTypeError: If it is something else.

    Example:
        >>> from vcs_track.compat.wandb.media.html import Html
        >>> Html("<p>hello</p>", inject=False).html
        '<p>hello</p>'
    """

    _type: ClassVar[str] = "html-file"
    _folder: ClassVar[str] = "html"
    _kind: ClassVar[str] = "fragment"
    _extension = "html"

    def __init__(
        self, data: Any, inject: bool = True, data_is_not_path: bool = False,
        caption: str | None = None,
    ) -> None:  # fmt: skip
        self._caption = caption
        self.html = _text(data, data_is_not_path=data_is_not_path)
        if inject:
            self.html = _injected(self.html)
        self._data = self.html.encode("utf-8", "replace")

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        super()._know(record, read)
        self.html = self._data.decode("utf-8", "replace")

    @classmethod
    def _record_all(cls, values: Sequence[Any], sink: Sink) -> dict[str, Json]:
        records = kept(values, sink)
        return {"_type": "html", "count": len(values), "html": records}


def _text(data: Any, *, data_is_not_path: bool) -> str:
    if isinstance(data, Path) and not data.is_file():
        raise BadTypeError(
            "data must be a string or an io object", hint=f"there is no file '{data}'"
        )
    if isinstance(data, Path) or (isinstance(data, str) and not data_is_not_path):
        if isinstance(data, Path) or _names_a_page(data):
            return read_file(data).decode("utf-8", "replace")
        return data
    if isinstance(data, str):
        return data
    if hasattr(data, "read"):
        return read_stream(data).decode("utf-8", "replace")
    raise BadTypeError("data must be a string or an io object")


def _names_a_page(text: str) -> bool:
    if len(text) > 4096 or "\n" in text or "\0" in text or not text.lower().endswith(".html"):
        return False
    return Path(text).is_file()


def _injected(html: str) -> str:
    head = _HEAD.search(html)
    at = head.end() if head else 0
    return html[:at] + _BASE + html[at:]
