"""Which run has which name: a ledger that belongs to one clone.

A lost one is made again from the runs, which know the name that they were given first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vcs_track.plumbing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Register"]


class Register:
    """The experiments of one repository.

    Args:
        path: The file.

    Attributes:
        names: Run id by name.
        runs: The name that each run has or had.
        gone: Runs that were removed here while somebody still wrote to them.
        others: Runs that are no experiments.

    Example:
        >>> import pathlib, tempfile
        >>> from vcs_track.compat.crayon.register import Register
        >>> register = Register(pathlib.Path(tempfile.mkdtemp()) / "one.jsonl")
        >>> with register.held():
        ...     register.name("r1", "any text")
        >>> register.names
        {'any text': 'r1'}
    """

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path)
        self.names: dict[str, str] = {}
        self.runs: dict[str, str] = {}
        self.gone: set[str] = set()
        self.others: set[str] = set()

    def refresh(self) -> None:
        """Take in what this and other processes wrote."""
        for line in self._ledger.news():
            # A line that somebody damaged must not take the others with it.
            try:
                self._take(line)
            except (KeyError, TypeError):
                continue

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing; what they wrote is known to the body."""
        with self._ledger.held():
            self.refresh()
            yield

    def name(self, run: str, name: str) -> None:
        """Give *run* a name; called while it is held, as the others below."""
        self._write({"run": run, "name": name})

    def drop(self, run: str) -> None:
        """Take the name from *run*, whose data is to be removed."""
        self._write({"gone": run})

    def dropped(self, run: str) -> None:
        """Say that the data of *run* was removed; who brings it back finds it."""
        self._write({"removed": run})

    def leave_out(self, runs: Iterable[str]) -> None:
        """Say that *runs* are no experiments."""
        found = sorted(runs)
        if found:
            self._write({"others": found})

    def free(self, name: str, run: str) -> str:
        """Return *name* if it is free, else one for *run* that is."""
        return f"{name} ({run})" if name in self.names else name

    def _write(self, line: dict[str, Any]) -> None:
        self._ledger.append([line])
        self.refresh()

    def _take(self, line: dict[str, Any]) -> None:
        if "others" in line:
            self.others.update(map(str, line["others"]))
        elif "gone" in line:
            self.gone.add(line["gone"])
            self._forget(line["gone"])
        elif "removed" in line:
            self.gone.discard(line["removed"])
            self._forget(line["removed"])
        else:
            run, name = str(line["run"]), str(line["name"])
            self._forget(run)
            self.others.discard(run)  # it may have been seen before it was restored whole
            self.runs[run] = name
            self.names[name] = run

    def _forget(self, run: str) -> None:
        name = self.runs.get(run)
        if name is not None and self.names.get(name) == run:
            del self.names[name]
