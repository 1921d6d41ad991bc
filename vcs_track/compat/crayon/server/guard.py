"""Who may ask: this machine, or who knows the token."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vcs_track.compat.crayon.server.request import BadRequestError
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.compat.crayon.server.request import Request

__all__ = ["Guard", "is_loopback", "require_token"]


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine's own name or address for itself.

    Example:
        >>> from vcs_track.compat.crayon.server.guard import is_loopback
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_token(host: str, token: str | None) -> None:
    """Refuse to listen where others could ask and nobody has to know anything.

    Raises:
        InvalidValueError: If *host* is no loopback address and there is no token.
    """
    if token is None and not is_loopback(host):
        raise InvalidValueError(
            f"others could reach '{host}', and there is no token",
            hint="give one with --token or VCS_TRACK_SERVE_TOKEN, or listen at 127.0.0.1",
        )


class Guard:
    """Lets requests pass, or not.

    Args:
        token: What a client has to know; None where whoever is on this machine may ask.

    Raises:
        InvalidValueError: If the token is empty or has other signs than printable ASCII.

    Example:
        >>> from vcs_track.compat.crayon.server.guard import Guard
        >>> Guard("secret").knows("Bearer secret"), Guard("secret").knows("Bearer other")
        (True, False)
    """

    def __init__(self, token: str | None) -> None:
        if token is not None and not (token.isascii() and token.isprintable() and token.strip()):
            raise InvalidValueError("the token is empty, or has signs that a header cannot have")
        self._token = None if token is None else token.encode()

    def check(self, request: Request) -> None:
        """Refuse who may not ask.

        Raises:
            BadRequestError: If the token is missing or wrong; without one, if a web page of
                somebody else asks.
        """
        if self._token is not None:
            if not self.knows(request.header("AUTHORIZATION")):
                raise BadRequestError("the token is missing or wrong", "401 UNAUTHORIZED")
            return
        # A page from elsewhere can make the browser of this machine ask.
        host, origin = request.header("HOST"), request.header("ORIGIN")
        for said in (f"//{host}" if host else "", origin):
            name = _stranger(said)
            if name is not None:
                text = f"the server does not answer to the name '{name}' without a token"
                raise BadRequestError(text, "403 FORBIDDEN")

    def knows(self, authorization: str) -> bool:
        """Return whether the header *authorization* has the token.

        As a bearer's, or as the password of any user: clients that know no tokens take one in
        the address, as in ``http://user:token@host``.
        """
        kind, _, said = authorization.partition(" ")
        given = said.strip().encode("utf-8", "replace")
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.lower() != "bearer":
            return False
        return self._token is not None and secrets.compare_digest(given, self._token)


@lru_cache(maxsize=64)
def _stranger(address: str) -> str | None:
    """Return the name in *address* if it is none of this machine's own."""
    if not address:
        return None
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        name = ""
    return None if is_loopback(name) else name[:80] or address[:80]
