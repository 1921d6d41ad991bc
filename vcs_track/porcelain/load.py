"""How busy a machine and this process are, as the kernel tells it.

Where it tells nothing, as on other systems than Linux, there is less to return.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Load"]

_MIB: Final = 1 << 20
_SECTOR: Final = 512
_VIRTUAL: Final = ("loop", "ram", "zram", "dm-", "md", "sr")


class Load:
    """Measures, each time as the difference to the first or the last one.

    Args:
        disk: A path on the disk to tell of.

    Example:
        >>> from vcs_track.porcelain.load import Load
        >>> found = Load().sample()
        >>> 0 <= found["disk./.usagePercent"] <= 100
        True
    """

    def __init__(self, disk: str = "/") -> None:
        self._disk = disk
        self._clock = time.monotonic(), time.process_time()
        self._first: dict[str, float] = {}

    def sample(self) -> dict[str, float]:
        """Return what is the case now.

        Returns:
            ``cpu`` (percent of all processors, since the last call), ``proc.cpu.threads``,
            ``proc.memory.rssMB``, ``proc.memory.percent``, ``proc.memory.availableMB``,
            ``memory_percent``, ``disk.<path>.usagePercent`` and ``usageGB``,
            ``disk.<name>.in`` and ``out`` (MiB since the first call), ``network.sent`` and
            ``recv`` (bytes since then).
        """
        found: dict[str, float] = {}
        parts: tuple[Callable[[], Iterator[tuple[str, float]]], ...] = (
            self._cpu, self._memory, self._usage, self._disks, self._network,
        )  # fmt: skip
        for part in parts:
            with suppress(OSError, ValueError, IndexError, KeyError):
                found.update(part())
        return found

    def _cpu(self) -> Iterator[tuple[str, float]]:
        before, self._clock = self._clock, (time.monotonic(), time.process_time())
        passed, used = (now - then for now, then in zip(self._clock, before, strict=True))
        if passed > 0:
            yield "cpu", 100 * used / passed / (os.cpu_count() or 1)
        yield "proc.cpu.threads", float(threading.active_count())

    def _memory(self) -> Iterator[tuple[str, float]]:
        told = dict(_pairs("/proc/meminfo"))
        total, free = told["MemTotal"], told["MemAvailable"]
        resident = dict(_pairs("/proc/self/status"))["VmRSS"]
        yield "memory_percent", 100 * (total - free) / total
        yield "proc.memory.availableMB", free / 1024
        yield "proc.memory.rssMB", resident / 1024
        yield "proc.memory.percent", 100 * resident / total

    def _usage(self) -> Iterator[tuple[str, float]]:
        total, used, _ = shutil.disk_usage(self._disk)
        yield f"disk.{self._disk}.usagePercent", 100 * used / total
        yield f"disk.{self._disk}.usageGB", used / (1 << 30)

    def _disks(self) -> Iterator[tuple[str, float]]:
        rows = [line.split() for line in fsio.read_text("/proc/diskstats").splitlines()]
        names = [row[2] for row in rows if not row[2].startswith(_VIRTUAL)]
        for row in rows:
            name = row[2]
            # A partition is a part of a disk that is told of already.
            if name in names and not any(name != one and name.startswith(one) for one in names):
                yield from self._since(f"disk.{name}.in", int(row[5]) * _SECTOR / _MIB)
                yield from self._since(f"disk.{name}.out", int(row[9]) * _SECTOR / _MIB)

    def _network(self) -> Iterator[tuple[str, float]]:
        received = sent = 0
        for line in fsio.read_text("/proc/net/dev").splitlines()[2:]:
            name, _, counts = line.partition(":")
            if name.strip() != "lo":
                numbers = counts.split()
                received += int(numbers[0])
                sent += int(numbers[8])
        yield from self._since("network.recv", float(received))
        yield from self._since("network.sent", float(sent))

    def _since(self, name: str, value: float) -> Iterator[tuple[str, float]]:
        yield name, value - self._first.setdefault(name, value)


def _pairs(path: str) -> Iterator[tuple[str, float]]:
    """Yield the names and the numbers, in KiB, of a file of the kernel."""
    for line in fsio.read_text(path).splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            yield name, float(words[0])
