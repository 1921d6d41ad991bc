"""What a client asked, taken out of WSGI with care."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from vcs_track.compat.crayon import texts
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical

__all__ = ["LARGEST_BODY", "BadRequestError", "Request"]

LARGEST_BODY: Final = 256 << 20  # bytes; an archive
_LARGEST_JSON: Final = 32 << 20
_MOST_FIELDS: Final = 20


class BadRequestError(Exception):
    """A request that is refused before it means anything.

    Args:
        text: What is said to the client.
        status: With which status.
    """

    def __init__(self, text: str, status: str = "400 BAD REQUEST") -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class Request:
    """One request.

    Args:
        environ: As WSGI has it.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self.path: str = environ.get("PATH_INFO", "") or "/"
        self.verb: str = environ["REQUEST_METHOD"]
        self._fields: dict[str, str] | None = None

    def field(self, name: str) -> str | None:
        """Return a field of the query, or None.

        Raises:
            BadRequestError: If the query is none.
        """
        if self._fields is None:
            self._fields = self._parse()
        return self._fields.get(name)

    def _parse(self) -> dict[str, str]:
        query = self._environ.get("QUERY_STRING", "")
        try:
            # WSGI has the bytes as Latin-1; what clients send unquoted is UTF-8.
            text = query.encode("latin-1").decode()
            pairs = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
        except UnicodeError:
            raise BadRequestError("the query is not UTF-8") from None
        except ValueError:
            raise BadRequestError(f"the query has more than {_MOST_FIELDS} fields") from None
        return dict(reversed(pairs))  # of equal fields the first one counts

    def header(self, name: str) -> str:
        """Return a header, or an empty text."""
        found: str = self._environ.get(f"HTTP_{name}", "")
        return found

    @property
    def content_type(self) -> str:
        """The type of the body, without what follows it."""
        said: str = self._environ.get("CONTENT_TYPE", "")
        return said.partition(";")[0].strip().lower()

    def body(self, largest: int = LARGEST_BODY) -> bytes:
        """Return the body.

        Raises:
            BadRequestError: If it is larger than *largest*.
        """
        try:
            length = max(int(self._environ.get("CONTENT_LENGTH") or 0), 0)
        except ValueError:
            raise BadRequestError("the length of the body is no number") from None
        if length > largest:
            text = f"the body has {length} bytes, the limit is {largest}"
            raise BadRequestError(text, "413 REQUEST ENTITY TOO LARGE")
        data: bytes = self._environ["wsgi.input"].read(length)
        return data

    def json(self) -> Any:
        """Return the value of a JSON body.

        None where it is said to be something else.

        Raises:
            BadRequestError: If it is broken.
        """
        if self.content_type != "application/json":
            return None
        data = self.body(_LARGEST_JSON)
        try:
            return canonical.loads_loose(data) if data else None
        except CorruptError:
            raise BadRequestError(texts.NOT_JSON) from None

    def archive(self) -> bytes | None:
        """Return the archive of an upload, or None where there is none.

        Raises:
            BadRequestError: If the form is broken.
        """
        if self.content_type == "application/zip":
            return self.body() or None
        if self.content_type != "multipart/form-data":
            return None
        from multipart import MultipartError, parse_form_data

        try:
            _, files = parse_form_data(
                self._environ, strict=True, memory_limit=LARGEST_BODY,
                disk_limit=2 * LARGEST_BODY, part_limit=_MOST_FIELDS,
            )  # fmt: skip
            part = files.get("archive")
            data: bytes | None = None if part is None else part.raw
            for name in files:
                for each in files.getall(name):
                    each.close()
        except (MultipartError, ValueError) as error:
            raise BadRequestError(f"the form is broken: {error!s:.100}") from None
        return data
