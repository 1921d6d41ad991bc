"""Servers for tests: in a thread of the test, or a process of its own that can be killed."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote, urlsplit

import vcs_track
from vcs_track.compat.crayon.server.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Answer", "ServerProcess", "ask", "serving"]


class Answer(NamedTuple):
    """What a server said."""

    status: int
    text: str
    headers: dict[str, str]


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[str]:
    """Serve the repository of *folder* at any free port; give its address."""
    server = Serving(lambda: vcs_track.init(folder), port=0, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive()


def ask(
    url: str,
    verb: str,
    path: str,
    body: bytes | None = None,
    kind: str = "",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Send one request, as its bytes are given, and return the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        named = dict(headers or {})
        if kind:
            named["Content-Type"] = kind
        connection.request(verb, quote(path, safe="/?&=%+"), body, named)
        answer = connection.getresponse()
        data = answer.read().decode("utf-8", "replace")
        return Answer(answer.status, data, {k.lower(): v for k, v in answer.getheaders()})
    finally:
        connection.close()


class ServerProcess:
    """``vcs-track serve crayon`` in a process of its own.

    Args:
        folder: Whose repository it serves.
        port: Its port; 0 is any free one.
        options: More of the command line.
    """

    def __init__(self, folder: Path, port: int = 0, *options: str) -> None:
        command = ["-m", "vcs_track", "serve", "crayon", "--port", str(port), *options]
        self.process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the server did not start"
        self.port = urlsplit(self.url).port or 0

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, and return how it ended."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
