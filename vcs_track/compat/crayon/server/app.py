"""The routes of the protocol, as a WSGI application."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.crayon import archive, bodies, texts
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.compat.crayon.server.request import BadRequestError, Request
from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.compat.crayon.experiments import Experiments
    from vcs_track.compat.crayon.server.guard import Guard

    Answer = tuple[str, bytes]
    Handler = Callable[[Request], Answer]

__all__ = ["App"]

_HTML: Final = "text/html; charset=utf-8"
_ZIP: Final = "application/zip"
_BAD: Final = "400 BAD REQUEST"
# Names are data, and clients of long ago want HTML: no browser may run what stands in them.
_HARMLESS: Final = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
]
_NO_VERB: Final = (
    "<!DOCTYPE HTML>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n"
    "<p>The method is not allowed for the requested URL.</p>\n"
)


class App:
    """Answers requests with what the store has.

    Args:
        experiments: The experiments.
        guard: Says who may ask.
        say: Is told of what went wrong here.
    """

    def __init__(self, experiments: Experiments, guard: Guard, say: Callable[[str], None]) -> None:
        self._experiments = experiments
        self._guard = guard
        self._say = say
        self._routes: dict[str, dict[str, Handler]] = {
            "/": {"GET": lambda _: _text(texts.VERSION)},
            "/data": {"GET": self._list, "POST": self._create, "DELETE": self._remove},
            "/data/scalars": {"GET": self._scalars, "POST": self._add_scalar},
            "/data/histograms": {"GET": self._histograms, "POST": self._add_histogram},
            "/backup": {"GET": self._backup, "POST": self._restore},
        }

    def __call__(
        self, environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]
    ) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, body = self._answer(environ)
        length = ("Content-Length", str(len(body)))
        start(status, [*headers, length, *_HARMLESS])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        plain = [("Content-Type", _HTML)]
        try:
            return self._routed(Request(environ))
        except RefusedError as error:
            return _BAD, plain, _bytes(error.message)
        except BadRequestError as error:
            if error.status.startswith("401"):
                plain.append(("WWW-Authenticate", 'Basic realm="vcs-track"'))
            return error.status, plain, _bytes(error.text)
        except VcsTrackError as error:
            self._say(str(error))
            return "503 SERVICE UNAVAILABLE", plain, _bytes(f"the store cannot do it: {error}")
        except Exception as error:  # noqa: BLE001 -- one request must not end the others
            import traceback

            self._say("".join(traceback.format_exception(error)))
            return "503 SERVICE UNAVAILABLE", plain, b"the server failed; its log says more"

    def _routed(self, request: Request) -> tuple[str, list[tuple[str, str]], bytes]:
        self._guard.check(request)
        verbs = self._routes.get(request.path)
        if verbs is None:
            return "200 OK", [("Content-Type", _HTML)], texts.LOST.encode()
        handler = verbs.get("GET" if request.verb == "HEAD" else request.verb)
        if handler is None:
            allow = ("Allow", ", ".join(sorted(verbs)))
            return "405 METHOD NOT ALLOWED", [("Content-Type", _HTML), allow], _NO_VERB.encode()
        kind, body = handler(request)
        return "200 OK", [("Content-Type", kind)], body

    # ---- /data -------------------------------------------------------------------------

    def _list(self, request: Request) -> Answer:
        xp = request.field("xp")
        if not xp:
            return _json(self._experiments.names())
        return _json(self._experiments.details(xp))

    def _create(self, request: Request) -> Answer:
        self._experiments.create(request.json())
        return _text(texts.OK)

    def _remove(self, request: Request) -> Answer:
        self._experiments.remove(_name(request))
        return _text(texts.OK)

    # ---- series ------------------------------------------------------------------------

    def _scalars(self, request: Request) -> Answer:
        xp, name = _name(request), _series(request)
        return _HTML, self._experiments.scalars_text(xp, name)

    def _add_scalar(self, request: Request) -> Answer:
        xp, name = _name(request), _series(request)
        record = self._experiments.record(xp)
        record.add(name, *bodies.point(request.json()))
        return _text(texts.OK)

    def _histograms(self, request: Request) -> Answer:
        xp, name = _name(request), _series(request)
        return _json(self._experiments.histograms(xp, name))

    def _add_histogram(self, request: Request) -> Answer:
        xp = _name(request)
        name, to_build = request.field("name"), request.field("tobuild")
        if not name or not to_build:
            raise RefusedError(texts.HISTOGRAM_ARGUMENTS)
        record = self._experiments.record(xp)
        truth = to_build.lower() == "true"
        record.add_histogram(name, *bodies.histogram(request.json(), to_build=truth))
        return _text(texts.OK)

    # ---- archives ----------------------------------------------------------------------

    def _backup(self, request: Request) -> Answer:
        exact = (request.field("exact") or "").lower() == "true"
        return _ZIP, archive.packed(self._experiments, _name(request), exact=exact)

    def _restore(self, request: Request) -> Answer:
        xp, force = _name(request), request.field("force")
        if not force:
            raise RefusedError(texts.BACKUP_ARGUMENTS)
        if force.lower() != "true":
            raise RefusedError(texts.FORCE)
        self._experiments.require_free(xp, texts.taken_backup)
        data = request.archive()
        if data is None:
            raise RefusedError(texts.NO_ARCHIVE)
        archive.restore(self._experiments, xp, data)
        return _text(texts.OK)


def _name(request: Request) -> str:
    xp = request.field("xp")
    if not xp:
        raise RefusedError(texts.bad_name(xp))
    return xp


def _series(request: Request) -> str:
    name = request.field("name")
    if not name:
        raise RefusedError(texts.SERIES_ARGUMENTS)
    return name


def _text(text: str) -> Answer:
    return _HTML, text.encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _json(value: Any) -> Answer:
    return _HTML, canonical.dumps(_spelled(value))


def _spelled(value: Any) -> Any:
    """Return *value* with numbers that JSON has not got as texts."""
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value
