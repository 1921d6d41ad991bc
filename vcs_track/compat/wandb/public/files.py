"""Files of a run that is read back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, Any, overload

from vcs_track.compat.wandb import restoring
from vcs_track.compat.wandb.console import LOG
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError
from vcs_track.formats.oid import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

__all__ = ["File", "Files"]


class _Output:
    """The console output of a run that has no file of it, as if it had one."""

    name = LOG
    mime = "text/plain"

    def __init__(self, view: RunView, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.oid = digest_of("sha256", data)
        self.walltime = (view.manifest.ended_us or view.manifest.created_us) / 1e6


class File:
    """A file of a run.

    Args:
        view: The run.
        item: The file.

    Attributes:
        name: Its name.
        size: Bytes.
        mimetype: Its media type.
        id: The id of its bytes in the store.
        url: None: there is no page.
        path_uri: None, as well.
    """

    url = None
    path_uri = None

    def __init__(self, view: RunView, item: Media | _Output) -> None:
        self._view = view
        self._item = item
        self.name = item.name or ""
        self.size = item.size
        self.mimetype = item.mime
        self.id = str(item.oid)

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}) {self.size}B>"

    @property
    def md5(self) -> str:
        """The MD5 of its bytes, as base64."""
        return base64.b64encode(bytes.fromhex(digest_of("md5", self._item.data))).decode()

    @property
    def updated_at(self) -> str:
        """When it was stored, as ISO 8601."""
        return datetime.fromtimestamp(self._item.walltime, UTC).isoformat()

    def download(
        self, root: str | Path = ".", replace: bool = False, exist_ok: bool = False,
        api: Any = None,
    ) -> IO[Any]:  # fmt: skip
        """Write the file to a folder; return it open.

        Args:
            root: The folder.
            replace: Whether a file that is there gives place.
            exist_ok: Whether a file that is there is returned as it is.
            api: Without effect.

        Raises:
            BadValueError: If there is one, and neither is wanted.
        """
        del api
        from pathlib import Path as _Path

        there = _Path(root) / self.name
        if there.exists() and not (replace or exist_ok):
            raise BadValueError(
                f"File already exists, pass replace=True to overwrite or exist_ok=True to leave it "
                f"as is and don't error: '{there}'"
            )
        found = restoring.restored(self.name, self._view, root, replace=replace)
        if found is None:
            raise RunNotFoundError(f"file '{self.name}' is gone")
        return found

    def delete(self) -> None:
        """Refuse: what a run has does not change.

        Raises:
            BadValueError: Always.
        """
        raise BadValueError(
            f"'{self.name}' cannot be deleted from its run",
            hint="'vcs-track redact' takes the bytes away for good",
        )


class Files(Sequence[File]):
    """The files of a run, each name once.

    Args:
        view: The run.
        names: Their names, or none for all.
        pattern: What their names are like, with ``%`` for anything.
    """

    def __init__(
        self, view: RunView, names: Sequence[str] | None = None, pattern: str | None = None
    ) -> None:
        newest: dict[str, Media | _Output] = {
            item.name: item
            for item in view.media()
            if item.name and item.kind not in restoring.SPOKEN
        }
        if LOG not in newest and (data := restoring.console_of(view)):
            newest[LOG] = _Output(view, data)
        wanted = set(names or ())
        like = None if pattern is None else pattern.replace("%", "*")
        self._files = [
            File(view, item)
            for name, item in newest.items()
            if (not wanted or name in wanted) and (like is None or fnmatchcase(str(name), like))
        ]

    @overload
    def __getitem__(self, index: int) -> File: ...
    @overload
    def __getitem__(self, index: slice) -> list[File]: ...
    def __getitem__(self, index: int | slice) -> File | list[File]:
        return self._files[index]

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"<Files {len(self)}>"
