"""What is in an artifact: its files, as values, on disk, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.artifacts.checks import check_path
from vcs_track.compat.wandb.artifacts.manifest import digest_of_file
from vcs_track.compat.wandb.artifacts.values import value_in
from vcs_track.compat.wandb.artifacts.version import local_file
from vcs_track.compat.wandb.artifacts.walk import files_below
from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.refusals import MissingEntryError
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
    from vcs_track.compat.wandb.artifacts.manifest import ArtifactManifest
    from vcs_track.compat.wandb.artifacts.version import Version

__all__ = ["ArtifactFile", "Contents"]


class ArtifactFile:
    """One file of an artifact, as lists of files give it.

    Args:
        entry: The file.

    Attributes:
        name: Its name.
        size: Bytes, or None.
        digest: The MD5 as base64.
    """

    def __init__(self, entry: ArtifactManifestEntry) -> None:
        self._entry = entry
        self.name, self.size, self.digest = entry.path, entry.size, entry.digest
        self.md5 = entry.digest

    def download(
        self, root: str | Path = ".", replace: bool = False, exist_ok: bool = False
    ) -> Any:
        """Write it below *root*; return it, open for reading.

        Args:
            root: A folder.
            replace: Whether it may replace another file.
            exist_ok: Whether a file that is there is returned as it is.

        Raises:
            BadValueError: If a file is there and neither was said.
        """
        path = Path(root) / check_path(self.name)
        if path.exists() and exist_ok and not replace:
            return path.open(encoding="utf-8", errors="surrogateescape")
        if path.exists() and not replace:
            raise BadValueError(
                f"File already exists: '{path}'", hint="use replace=True or exist_ok=True"
            )
        self._entry.download(root)
        return path.open(encoding="utf-8", errors="surrogateescape")

    def __repr__(self) -> str:
        return f"<ArtifactFile {self.name} {self.size} bytes>"


class Contents:
    """The part of an artifact that gives back what is in it."""

    _manifest: ArtifactManifest

    def _logged(self, what: str) -> Version:
        raise NotImplementedError  # Artifact has it

    # ---- one by one --------------------------------------------------------------------

    def get_entry(self, name: str | Path) -> ArtifactManifestEntry:
        """Return the file *name*.

        Raises:
            MissingEntryError: If there is none, which is a KeyError.
        """
        found = self._manifest.entries.get(str(name).replace("//", "/"))
        if found is None:
            raise MissingEntryError(
                f"Path not contained in artifact: {name}",
                hint=f"it has {', '.join(sorted(self._manifest.entries))[:200]}",
            )
        return found

    get_path = get_entry

    def get(self, name: str) -> Any:
        """Return the value that was added as *name*, or None.

        Raises:
            ArtifactNotLoggedError: If the artifact is not logged.
            CorruptError: If the file is damaged.
        """
        version = self._logged("get")
        entry = self._value_entry(str(name))
        if entry is None:
            return None
        return value_in(
            version.read(entry), lambda path: version.read(self.get_entry(path)), self._names_below
        )

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def _value_entry(self, name: str) -> ArtifactManifestEntry | None:
        entries = self._manifest.entries
        if name in entries and name.endswith(".json"):
            return entries[name]
        found = [
            path
            for path in entries
            if path.startswith(name + ".") and path.endswith(".json")
            and "." not in path[len(name) + 1 : -5]
        ]  # fmt: skip
        return entries[found[0]] if len(found) == 1 else None

    def _names_below(self, folder: str) -> list[str]:
        above = folder.strip("/") + "/"
        return sorted(path for path in self._manifest.entries if path.startswith(above))

    def files(
        self, names: Sequence[str] | None = None, per_page: int = 50, start: str | None = None
    ) -> list[ArtifactFile]:
        """Return the files, or those of *names*.

        Args:
            names: Names of files.
            per_page: Without effect.
            start: Beginning of the names.
        """
        del per_page
        self._logged("files")
        return [
            ArtifactFile(entry)
            for path, entry in sorted(self._manifest.entries.items())
            if (names is None or path in names) and path.startswith(start or "")
        ]

    # ---- on disk -----------------------------------------------------------------------

    def download(
        self,
        root: str | Path | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | Path | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Write the files to a folder; return the folder.

        Other files that are there stay. A file that has the content already is not touched.

        Args:
            root: The folder. Default: ``artifacts/<name>:v<number>``.
            allow_missing_references: Whether references that cannot be read are left out.
            skip_cache: Without effect.
            path_prefix: Only files whose names begin so.
            multipart: Without effect.

        Raises:
            ArtifactNotLoggedError: If the artifact is not logged.
            BadValueError: If a reference cannot be read.
        """
        del skip_cache, multipart
        version = self._logged("download")
        folder = version.default_root() if root is None else Path(root)
        fsio.make_dirs(folder, sync=False)
        for entry in self._manifest.entries.values():
            if path_prefix is not None and not entry.path.startswith(str(path_prefix)):
                continue
            try:
                version.write(entry, folder)
            except BadValueError as error:
                if entry.ref is None or not allow_missing_references:
                    raise
                termwarn(f"left out: {error}")
        return str(folder)

    def file(self, root: str | Path | None = None) -> str:
        """Write the only file of the artifact; return where it is.

        Raises:
            BadValueError: If it has more or fewer files.
        """
        version = self._logged("file")
        entries = list(self._manifest.entries.values())
        if len(entries) != 1:
            raise BadValueError(
                "This artifact contains more than one file, call `.download()` to get all files "
                'or call .get_entry("filename").download()'
                if entries
                else "This artifact has no file"
            )
        return str(version.write(entries[0], Path(root) if root else version.default_root()))

    def checkout(self, root: str | Path | None = None) -> str:
        """Make a folder hold the files of the artifact and nothing else.

        Args:
            root: The folder; **other files in it are deleted**. Default: ``artifacts/<name>``.

        Returns:
            The folder.
        """
        version = self._logged("checkout")
        folder = version.default_root().with_name(version.log.place.name)
        folder = Path(root) if root is not None else folder
        self.download(folder)
        self._leave_only(folder, "")
        return str(folder)

    def _leave_only(self, folder: Path, above: str) -> None:
        """Delete what is in *folder* and not in the artifact, and nothing elsewhere."""
        for name in fsio.list_dir(folder):
            path, label = folder / name, above + name
            is_ours = label in self._manifest.entries or self._names_below(label)
            if path.is_dir() and not path.is_symlink():
                self._leave_only(path, label + "/")
                fsio.remove_dir(path)
            elif not is_ours:
                fsio.unlink(path)

    def verify(self, root: str | Path | None = None) -> None:
        """Check that a folder holds the files of the artifact and nothing else.

        Args:
            root: The folder. Default: the one of :meth:`download`.

        Raises:
            BadValueError: If a file is missing, differs, or is one too many.
        """
        version = self._logged("verify")
        folder = version.default_root() if root is None else Path(root)
        there = dict(files_below(folder)) if folder.is_dir() else {}
        extra = sorted(there.keys() - self._manifest.entries.keys())
        if extra:
            raise BadValueError(f"Found file {extra[0]} which is not a member of artifact")
        for entry in self._manifest.entries.values():
            if entry.ref is not None and entry.oid is None and local_file(entry.ref) is None:
                termwarn(f"skipped verification of reference {entry.path}")
                continue
            if entry.path not in there:
                raise BadValueError(f"File is missing: {entry.path}")
            digest, _ = digest_of_file(there[entry.path], self._manifest.algorithm_of(entry))
            if digest != entry.digest:
                raise BadValueError(f"Digest mismatch for file: {there[entry.path]}")

    def _whole(self) -> bool:
        """Return whether each file that the store should have can be read."""
        version = self._logged("verify")
        try:
            for entry in self._manifest.entries.values():
                if entry.oid is not None:
                    version.read(entry)
        except VcsTrackError:
            return False
        return True
