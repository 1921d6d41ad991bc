"""What a client speaks to where there is a server: Crayon's protocol over HTTP."""

from __future__ import annotations

import base64
import http.client
import select
import threading
import weakref
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, unquote, urlsplit

from vcs_track.compat.crayon import bodies, texts
from vcs_track.compat.crayon.refusals import (
    RefusedError,
    ServerError,
    UnreachableError,
    not_up,
    went_wrong,
)
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from vcs_track.compat.crayon.record import Record

__all__ = ["RemoteLink"]

_PATIENCE: Final = 60.0  # seconds


class _Held:
    """A connection, closed with the thread or the client that has it.

    By a finalizer, for of things that went in a cycle, nobody says whose ``__del__`` comes first.
    """

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        weakref.finalize(self, connection.close)


class RemoteLink:
    """The verbs of the protocol, over HTTP.

    A connection a thread is kept.

    Args:
        url: Where the server is; user and password in it are sent along.
        hostname: As the user gave it, for the message.
        port: Likewise.

    Raises:
        RefusedError: If nothing answers.
        ServerError: If something else answers.
    """

    def __init__(self, url: str, hostname: str, port: object) -> None:
        parts = urlsplit(url)
        self._where = (parts.hostname or "", parts.port)
        self._prefix = parts.path.rstrip("/")
        self._tls = parts.scheme == "https"
        self._headers: dict[str, str] = {}
        if parts.username is not None or parts.password is not None:
            said = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
            word = base64.b64encode(said.encode()).decode()
            self._headers["Authorization"] = f"Basic {word}"
        self._mine = threading.local()
        shown = hostname.rpartition("@")[2]  # a password is for nobody's log
        try:
            status, body = self._ask("GET", "/")
        except UnreachableError as error:
            raise not_up(shown, port, error.message) from None
        version = body.decode("utf-8", "replace")
        if status >= 400:
            raise ServerError(f"Something went wrong! Server sent: {version[:500]}.")
        if version != texts.VERSION:
            raise ServerError(
                f"Initialised client version {texts.VERSION}, however found server running "
                f"version {version[:80]}."
            )

    # ---- HTTP --------------------------------------------------------------------------

    def _ask(
        self,
        verb: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request(
                verb, self._prefix + path, body, {**self._headers, **(headers or {})}
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UnreachableError(f"the server does not answer: {reason.lower()}") from None

    def _connection(self) -> http.client.HTTPConnection:
        held: _Held | None = getattr(self._mine, "held", None)
        if held is None:
            kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
            held = self._mine.held = _Held(kind(*self._where, timeout=_PATIENCE))
        found = held.connection
        if found.sock is not None and select.select([found.sock], [], [], 0)[0]:
            found.close()  # the server has let go of it, and nothing was sent yet
        return found

    def _call(self, verb: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answer = self._ask(verb, path, body, named)
        if status >= 400:
            raise went_wrong(answer.decode("utf-8", "replace"))
        return answer

    def _post(self, path: str, value: Any) -> None:
        body = canonical.dumps_loose(bodies.plain(value))
        self._call("POST", path, body, Content_Type="application/json")

    def _get(self, path: str) -> Any:
        try:
            return canonical.loads_loose(self._call("GET", path))
        except CorruptError as error:
            raise RefusedError(f"the server's answer cannot be read: {error}") from None

    # ---- verbs -------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the names of the experiments."""
        return cast("list[str]", self._get("/data"))

    def create(self, xp: str) -> None:
        """Make an experiment."""
        self._post("/data", xp)

    def remove(self, xp: str) -> None:
        """Remove an experiment."""
        self._call("DELETE", _path("/data", xp=xp))

    def details(self, xp: str) -> dict[str, list[str]]:
        """Return the names of the series of an experiment."""
        if not xp:
            raise went_wrong(texts.bad_name(xp))
        return cast("dict[str, list[str]]", self._get(_path("/data", xp=xp)))

    def last_steps(self, xp: str) -> dict[str, dict[str, int]]:
        """Return the last step of each series of an experiment."""
        names = self.details(xp)
        return {
            "scalars": {name: self.scalars(xp, name)[-1][1] for name in names["scalars"]},
            "histograms": {name: self.histograms(xp, name)[-1][1] for name in names["histograms"]},
        }

    def add_scalar(self, xp: str, name: str, body: list[Any]) -> Record | None:
        """Append a point."""
        self._post(_path("/data/scalars", xp=xp, name=name), body)
        return None

    def scalars(self, xp: str, name: str) -> list[list[Any]]:
        """Return the points of a series."""
        return cast("list[list[Any]]", self._get(_path("/data/scalars", xp=xp, name=name)))

    def add_histogram(self, xp: str, name: str, body: list[Any], *, to_build: bool) -> None:
        """Append a histogram."""
        path = _path("/data/histograms", xp=xp, name=name, tobuild=str(to_build).lower())
        self._post(path, body)

    def histograms(self, xp: str, name: str) -> list[list[Any]]:
        """Return the histograms of a series."""
        return cast("list[list[Any]]", self._get(_path("/data/histograms", xp=xp, name=name)))

    def backup(self, xp: str, *, exact: bool) -> bytes:
        """Return an experiment as a zip."""
        query = {"xp": xp, "exact": "true"} if exact else {"xp": xp}
        return self._call("GET", _path("/backup", **query))

    def restore(self, xp: str, data: bytes) -> None:
        """Make an experiment of a zip."""
        # As the form of Crayon's own client, so that an original server takes it too.
        mark = token_hex(16)
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="mysubmit"\r\n\r\nGo\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="archive"; '
            'filename="backup.zip"\r\nContent-Type: application/zip\r\n\r\n'
        )
        body = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        self._call("POST", _path("/backup", xp=xp, force="True"), body, Content_Type=kind)


def _path(path: str, **fields: str) -> str:
    query = "&".join(
        f"{name}={quote(value, safe='', errors='replace')}" for name, value in fields.items()
    )
    return f"{path}?{query}"
