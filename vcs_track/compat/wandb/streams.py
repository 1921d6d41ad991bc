"""What a program writes to its standard output and error, heard by others too.

The method ``write`` of the stream that is there is replaced, so whoever holds the stream is
heard. It is given back as it was found; where somebody has replaced it once more, ours stays
below theirs and passes on what it gets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Listener", "listen"]

_Take = Callable[[int, str], None]

_NAMES: Final = {1: "stdout", 2: "stderr"}
_taps: list[_Tap] = []


class _Tap:
    """The replaced method of one stream.

    Attributes:
        stream: The stream.
        takers: Who hears of it.
    """

    def __init__(self, number: int, stream: Any) -> None:
        self.stream = stream
        self.takers: tuple[_Take, ...] = ()
        self._own = "write" in vars(stream)
        self._before = before = stream.write

        def write(*args: Any, **kwargs: Any) -> Any:
            written = before(*args, **kwargs)
            if self.takers and args and isinstance(args[0], str):
                for take in self.takers:
                    take(number, args[0])
            return written

        self._write = write
        stream.write = write

    def close(self) -> None:
        """Give the method back, if it is still ours."""
        if vars(self.stream).get("write") is not self._write:
            return
        if self._own:
            self.stream.write = self._before
        else:
            del self.stream.write


class Listener:
    """Hears of what is written until :meth:`close`.

    Args:
        taps: The streams.
        take: Is told the number of a stream, 1 or 2, and a text.
    """

    def __init__(self, taps: list[_Tap], take: _Take) -> None:
        self._taps = taps
        self._take = take
        for tap in taps:
            tap.takers = (*tap.takers, take)

    def close(self) -> None:
        """Hear no more; harmless when repeated."""
        for tap in self._taps:
            tap.takers = tuple(each for each in tap.takers if each is not self._take)
            if not tap.takers and tap in _taps:
                _taps.remove(tap)
                tap.close()
        self._taps = []


def listen(take: _Take) -> Listener:
    r"""Hear of what is written to the standard output and error from now on.

    Args:
        take: Is told the number of a stream, 1 or 2, and a text; in the thread that writes.

    Raises:
        TypeError: If a stream cannot be heard; none is then.

    Example:
        >>> from vcs_track.compat.wandb.streams import listen
        >>> heard = []
        >>> listener = listen(lambda number, text: heard.append(text))
        >>> print("one")
        one
        >>> listener.close()
        >>> "".join(heard)
        'one\n'
    """
    found: list[_Tap] = []
    try:
        for number, name in _NAMES.items():
            stream = getattr(sys, name, None)
            if stream is not None and all(tap.stream is not stream for tap in found):
                found.append(_tap_of(number, stream))
    except (AttributeError, TypeError) as error:
        Listener(found, take).close()
        raise TypeError(f"a stream cannot be heard: {error}") from None
    return Listener(found, take)


def _tap_of(number: int, stream: Any) -> _Tap:
    for tap in _taps:
        if tap.stream is stream:
            return tap
    tap = _Tap(number, stream)
    _taps.append(tap)
    return tap
