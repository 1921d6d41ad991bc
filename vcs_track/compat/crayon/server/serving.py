"""The server at work: listening, limits, and its end."""

from __future__ import annotations

import errno
import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.crayon.experiments import Experiments
from vcs_track.compat.crayon.server.app import App
from vcs_track.compat.crayon.server.guard import Guard, require_token
from vcs_track.compat.crayon.server.request import LARGEST_BODY
from vcs_track.errors import NotInstalledError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from vcs_track.porcelain.repository import Repository

__all__ = ["PORT", "Serving"]

PORT: Final = 8889
_THREADS: Final = 8
_CONNECTIONS: Final = 500
_PATIENCE: Final = 120  # seconds for a whole request, and between two
_LARGEST_HEADER: Final = 64 << 10
_TICK: Final = 1.0  # seconds
_IN_MEMORY: Final = 64 << 20  # of it; what is beyond waits in a file
_BUFFERED: Final = 1 << 30  # bytes of an answer; a slow reader holds no thread
_HINTS: Final[dict[int | None, str]] = {
    errno.EADDRINUSE: "is another server there? '--port 0' takes any free port",
    errno.EADDRNOTAVAIL: "it is no address of this machine",
    errno.EACCES: "low ports are the administrator's; '--port 0' takes any free port",
}


class Serving:
    """A server that listens.

    Args:
        find: Returns the repository; is called once the port is had, so that a repository which
            it makes is not left behind by a server that never was.
        host: Address to listen at.
        port: Port; 0 is any free one.
        token: What clients have to know; needed where *host* is no loopback address.
        patience: Seconds that a request may take to come in.
        say: Is told of what went wrong.

    Attributes:
        url: Where it listens.
        repo: The repository.

    Raises:
        InvalidValueError: If others could reach it and there is no token.
        NotInstalledError: If the packages of the extra are not there.
        StorageError: If nobody can listen there.
    """

    def __init__(
        self, find: Callable[[], Repository], host: str = "127.0.0.1", port: int = PORT,
        token: str | None = None, patience: float = _PATIENCE,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        guard = Guard(token)
        require_token(host, token)
        self._stopped = False
        self._ending = threading.Lock()
        self._server = _listen(lambda *asked: self._app(*asked), host, port, patience)
        try:
            self.repo = find()
            self._experiments = Experiments(self.repo, of_others=True)
        except BaseException:
            self._let_go()
            raise
        self._app = App(self._experiments, guard, say)
        address = self._server.effective_host
        name = f"[{address}]" if ":" in address else address
        self.url = f"http://{name}:{self._server.effective_port}"

    def run(self, ready: Callable[[], object] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM, or :meth:`stop`; then end the runs.

        Args:
            ready: Is called when a signal stops it in order.
        """
        server = self._server
        with _ended_by_signals():
            try:
                ready()
                while not self._stopped:
                    server.asyncore.loop(_TICK, use_poll=True, map=server._map, count=1)  # noqa: SLF001 -- as its own
            finally:
                self.close()

    def stop(self) -> None:
        """Let :meth:`run` return; for another thread than that which serves."""
        with self._ending:  # what wakes it up must be there still
            if not self._stopped:
                self._stopped = True
                self._server.pull_trigger()

    def close(self) -> None:
        """Let go of the port, and end the runs."""
        self._let_go()
        self._experiments.close()

    def _let_go(self) -> None:
        self._server.task_dispatcher.shutdown()
        with self._ending:
            self._stopped = True
            self._server.asyncore.close_all(self._server._map)  # noqa: SLF001 -- as above


def _listen(app: Callable[..., Any], host: str, port: int, patience: float) -> Any:
    try:
        import multipart  # noqa: F401 -- known to be there before somebody uploads
        from waitress.channel import HTTPChannel
        from waitress.server import create_server
    except ImportError:
        raise NotInstalledError(
            "serving needs waitress and multipart", package="'vcs-track[server]'"
        ) from None

    class Channel(HTTPChannel):  # type: ignore[misc]  # a package without types
        """A connection whose unfinished request is as old as its beginning.

        A client that sends a byte now and then is not at work for ever.
        """

        _last = _began = 0.0

        @property
        def last_activity(self) -> float:
            return self._last if self.request is None else self._began

        @last_activity.setter
        def last_activity(self, when: float) -> None:
            self._last = when

        def received(self, data: bytes) -> Any:
            if self.request is None:
                self._began = time.time()
            return super().received(data)

    try:
        server = create_server(
            app, sockets=[_bound(host, port)], threads=_THREADS, ident=None,
            connection_limit=_CONNECTIONS, channel_timeout=patience,
            cleanup_interval=max(1, min(30, int(patience / 4))),
            max_request_body_size=LARGEST_BODY, max_request_header_size=_LARGEST_HEADER,
            outbuf_high_watermark=_BUFFERED, outbuf_overflow=_IN_MEMORY, clear_untrusted_proxy_headers=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        # A name that cannot be one fails in a codec, whose words tell a user nothing.
        reason = getattr(error, "strerror", None) or "that is no name of a host"
        raise StorageError(
            f"cannot listen at '{host}', port {port}: {reason.lower()}",
            hint=_HINTS.get(getattr(error, "errno", None), "is the address spelt right?"),
        ) from None
    server.channel_class = Channel
    return server


def _bound(host: str, port: int) -> socket.socket:
    # One address alone: what is served has one URL. 'localhost' is often ::1 too, which not
    # every client tries.
    name = host.strip("[]")
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # a second one must not stop the sealing
        raise SystemExit

    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        for each in before:
            signal.signal(each, end)
        yield
    except SystemExit:
        pass  # it came while it stopped
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
