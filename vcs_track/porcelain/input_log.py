"""What a run says of the files that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.formats.typed_json import freeze
from vcs_track.porcelain.inputs import measure, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.inputs import Input

__all__ = ["InputLog"]


class InputLog:
    """The part of :class:`~vcs_track.porcelain.run.Run` that names inputs."""

    _store: Store

    def _frame(self, content: dict[str, Any]) -> None:
        raise AssertionError(content)  # Labels has it

    def add_input(self, path: str | Path | Input, name: str | None = None) -> str:
        """Record that the run reads a file or a folder.

        It is hashed and not stored; ``vcs-track whence`` then finds the run by the file. An
        input that decides what the run computes belongs to its start:
        ``start_run(inputs=[...])``.

        Args:
            path: The file or folder, or an input that is known already.
            name: Name in the run. Default: its path below the top of the work tree.

        Returns:
            The id of its content.

        Raises:
            InvalidTypeError: If *path* is none of these.
            InvalidValueError: If it cannot be read, or changes meanwhile; nothing is recorded.
            RunSealedError: If the run has ended.

        Example:
            >>> import tempfile, vcs_track
            >>> from pathlib import Path
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> data = repo.root / "data.csv"
            >>> _ = data.write_text("1,2")
            >>> with repo.start_run("reader") as run:
            ...     oid = run.add_input(data)
            >>> [(one.name, one.size) for one in repo.run("reader").inputs]
            [('data.csv', 3)]
        """
        found = measure(path, self._store.format, top_of(self._store.layout), name)
        self._take_input(found)
        return found.oid

    def _take_input(self, found: Input) -> None:
        body = {key: value for key, value in found.to_json().items() if key != "start"}
        self._frame({"k": "input", "name": found.name, **body})

    def _declare(self, hparams: dict[str, Any], inputs: Iterable[Input], *, start: bool) -> None:
        """Record what a call of ``start_run`` was given; *start* where it began the run."""
        if hparams:
            self._frame({"k": "hparams", "v": freeze(hparams), "start": start})
        for one in inputs:
            self._take_input(one)
