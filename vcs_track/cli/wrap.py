"""Running a program as it would run without us, and keeping what it says.

Its output passes through byte for byte, signals that are sent to us reach it, and the way it
ends is reported. Output goes through pipes: the program sees no terminal on its standard
output and error, as behind ``| tee``. Its standard input is ours.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    Keep = Callable[[int, bytes], None]

__all__ = ["Console", "Ending", "Signals", "run_program"]

_LIMIT: Final = 64 << 20
_READ: Final = 64 << 10  # six times as long when written as JSON, still below one frame
_IDLE: Final = 0.25
_LINGER: Final = 5.0
_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)


class Ending(NamedTuple):
    """How a program ended.

    Attributes:
        code: What a shell would report: its exit code, or 128 and the signal.
        signal: Number of the signal that ended it, or None.
    """

    code: int
    signal: int | None = None

    @property
    def status(self) -> str:
        """The status of a run that ended so."""
        if self.signal is not None:
            return "killed"
        return "failed" if self.code else "finished"

    def __str__(self) -> str:
        if self.signal is not None:
            return f"killed by {signal.Signals(self.signal).name}"
        return f"failed with exit code {self.code}" if self.code else "finished"


# ---- output ----------------------------------------------------------------------------


class Console:
    r"""Keeps the output of a program, up to a limit.

    Args:
        keep: Takes the number of the stream, 1 or 2, and bytes.
        limit: Bytes to keep of both streams together.

    Example:
        >>> from vcs_track.cli.wrap import Console
        >>> kept = []
        >>> console = Console(lambda stream, data: kept.append(data))
        >>> for part in "é".encode()[:1], "é".encode()[1:]:
        ...     console.take(1, part)
        >>> kept
        [b'\xc3\xa9']
    """

    def __init__(self, keep: Keep, limit: int = _LIMIT) -> None:
        self._keep = keep
        self._left = limit
        self._note = f"\n[vcs-track kept the first {limit:,} bytes of the output]\n".encode()
        self._rest = {1: b"", 2: b""}

    def take(self, stream: int, data: bytes) -> None:
        """Keep *data*; half a character waits for its other half."""
        if self._left <= 0:
            return
        data = self._rest[stream] + data
        whole = _whole(data)
        self._rest[stream] = data[whole:]
        self._write(stream, data[:whole])

    def close(self) -> None:
        """Keep what is left: a character that never became whole."""
        for stream, data in self._rest.items():
            if self._left > 0:
                self._write(stream, data)
            self._rest[stream] = b""

    def _write(self, stream: int, data: bytes) -> None:
        if not data:
            return
        self._keep(stream, data[: self._left])
        self._left -= len(data)
        if self._left < 0:
            self._keep(stream, self._note)


def _whole(data: bytes) -> int:
    """Return how many bytes of *data* end with a whole UTF-8 character."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if needed > back else len(data)
        if byte < 0x80:
            break
    return len(data)


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(target, view) :]
        except BlockingIOError:
            # Somebody who shares the terminal may have made it non-blocking.
            with selectors.DefaultSelector() as selector:
                selector.register(target, selectors.EVENT_WRITE)
                selector.select()


def _pass_on(child: subprocess.Popen[bytes], console: Console, targets: Mapping[int, int]) -> None:
    """Pass the output on until its end."""
    with selectors.DefaultSelector() as selector:
        for stream, pipe in ((1, child.stdout), (2, child.stderr)):
            assert pipe is not None, "both are pipes"
            selector.register(pipe, selectors.EVENT_READ, stream)
        ended = 0.0
        while selector.get_map():
            ready = selector.select(_IDLE)
            for key, _ in ready:
                data = os.read(key.fd, _READ)
                # Kept first: whatever somebody has seen is in the run, even after kill -9.
                console.take(key.data, data)
                if not data or not _show(targets[key.data], data):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]  # the pipes from above
            # What it left running in the background may hold the pipes for days.
            if child.poll() is not None:
                ended = ended or time.monotonic()
                if not ready or time.monotonic() - ended > _LINGER:
                    return


def _show(target: int, data: bytes) -> bool:
    try:
        _write_all(target, data)
    except OSError:
        # Our reader is gone, as in '| head'. The pipe is closed, and the program hears of it
        # with its next line just as it would without us.
        return False
    return True


# ---- signals ---------------------------------------------------------------------------


class Signals:
    """Hands the signals that reach this process on to a program.

    Between :meth:`held` and the end of the ``with`` block none of them ends this process, so
    that the run can be sealed.

    Attributes:
        received: Numbers of the signals that came.
    """

    def __init__(self) -> None:
        self.received: set[int] = set()
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._done = threading.Event()
        # An ignored signal, as SIGHUP under nohup, stays ignored; the program inherits it.
        self._numbers = {n for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold signals back until there is a program to take them."""
        handlers = {n: signal.signal(n, self._on_signal) for n in self._numbers}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        try:
            yield
        finally:
            # First this, while our handlers swallow what came meanwhile.
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def start(self, *args: Any, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program, which inherits no held signal."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)
        try:
            child = subprocess.Popen(*args, **options)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        self._child = child
        for number in self._early:
            child.send_signal(number)
        return child

    @contextmanager
    def forwarded(self) -> Iterator[None]:
        """Forward signals to the program that was started."""
        if not self._numbers:
            yield
            return
        if not hasattr(signal, "sigwaitinfo"):  # macOS
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)
            yield
            signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
            return
        thread = threading.Thread(target=self._wait, name="vcs-track signals", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            if thread.ident is not None:
                signal.pthread_kill(thread.ident, min(self._numbers))
            thread.join()

    def _wait(self) -> None:
        while True:
            info = signal.sigwaitinfo(self._numbers)
            if self._done.is_set():
                return
            # Positive: from the kernel, as Ctrl-C on a terminal, which the program of the
            # same process group got as well. A second one might mean "now, at once".
            self._forward(info.si_signo, reached=info.si_code > 0)

    def _on_signal(self, number: int, frame: object) -> None:
        del frame
        typed = number in (signal.SIGINT, signal.SIGQUIT) and _in_foreground()
        self._forward(number, reached=typed)

    def _forward(self, number: int, *, reached: bool) -> None:
        self.received.add(number)
        if self._child is None:
            self._early.append(number)
        elif not reached:
            with suppress(ProcessLookupError):
                self._child.send_signal(number)


def _in_foreground() -> bool:
    """Return whether Ctrl-C on the terminal goes to this process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


# ---- both ------------------------------------------------------------------------------


def run_program(
    argv: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    keep: Keep,
    signals: Signals,
    *,
    aside: bool = False,
) -> Ending:
    """Run a program to its end.

    Args:
        argv: The program and its arguments; no shell is involved.
        folder: Where it runs.
        variables: Environment variables to set for it.
        keep: Takes its output, as for :class:`Console`.
        signals: The held signals.
        aside: Show all of its output on our standard error.

    Returns:
        How it ended.

    Raises:
        OSError: If it cannot be started.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for name, value in variables.items():
        # For our children alone: this process has read its variables already.
        os.putenv(name, value)
    pipe = subprocess.PIPE
    child = signals.start(argv, cwd=folder, stdout=pipe, stderr=pipe, bufsize=0)
    console = Console(keep)
    with child, signals.forwarded():
        try:
            _pass_on(child, console, {1: 2, 2: 2} if aside else {1: 1, 2: 2})
        finally:
            console.close()
        return _ending(child.wait(), signals.received)


def _ending(code: int, received: set[int]) -> Ending:
    if code < 0:
        return Ending(128 - code, -code)
    if code - 128 in received:
        # A shell in between says so when its own child was killed.
        return Ending(code, code - 128)
    return Ending(code)
