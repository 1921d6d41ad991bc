"""How an artifact is filled."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.artifacts.checks import check_path
from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
from vcs_track.compat.wandb.artifacts.manifest import digest_of_bytes, digest_of_file
from vcs_track.compat.wandb.artifacts.references import references
from vcs_track.compat.wandb.artifacts.values import as_files
from vcs_track.compat.wandb.artifacts.walk import files_below
from vcs_track.compat.wandb.errors import ArtifactFinalizedError, BadTypeError, BadValueError
from vcs_track.compat.wandb.media.refusals import MissingFileError
from vcs_track.compat.wandb.value import WBValue
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.compat.wandb.artifacts.manifest import ArtifactManifest
    from vcs_track.compat.wandb.artifacts.staging import Staging

__all__ = ["Draft"]

_POLICIES: Final = ("mutable", "immutable")


class Draft:
    """The part of an artifact that is filled with files."""

    _manifest: ArtifactManifest
    _staging: Staging
    _final: bool

    def _check_open(self, what: str) -> None:
        if self._final:
            raise ArtifactFinalizedError(
                f"'Artifact.{what}' used on logged artifact. Can't modify finalized artifact.",
                hint="make a new one, or call new_draft()",
            )

    # ---- files -------------------------------------------------------------------------

    def add_file(
        self,
        local_path: str | Path,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Add a file.

        Args:
            local_path: The file.
            name: Its name in the artifact. Default: the last part of *local_path*.
            is_tmp: Whether the name gets the digest of the content before it.
            skip_cache: Without effect.
            policy: ``mutable`` copies the file now; ``immutable`` reads it when the artifact is
                logged, and it must not change until then.
            overwrite: Whether it may replace another file of this name.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            BadValueError: If it is no file, or the name is taken or leads elsewhere.
        """
        del skip_cache
        self._check_open("add_file")
        source = _local(local_path)
        if source is None or not source.is_file():
            raise BadValueError(f"Path is not a file: {str(local_path)!r}")
        return self._add_file(source, name, policy, overwrite=overwrite, is_tmp=bool(is_tmp))

    def _add_file(
        self, source: Path, name: Any, policy: str | None, *, overwrite: bool = False,
        is_tmp: bool = False,
    ) -> ArtifactManifestEntry:  # fmt: skip
        _check_policy(policy)
        path = check_path(source.name if name is None else name)
        algorithm = self._manifest.algorithm
        try:
            if policy == "immutable":
                place, (digest, size) = source.absolute(), digest_of_file(source, algorithm)
            else:
                place, digest, size = self._staging.copy(source, algorithm)
        except OSError as error:
            raise MissingFileError(f"cannot read '{source}': {error.strerror}") from None
        if is_tmp:
            short = "".join(c for c in digest if c.isalnum())[:8]
            path = f"{path.rpartition('/')[0]}/{short}-{path.rpartition('/')[2]}".lstrip("/")
        entry = ArtifactManifestEntry(path, digest, size=size, local_path=str(place))
        return self._add_entry(entry, overwrite=overwrite)

    def _add_bytes(self, path: str, data: bytes, *, overwrite: bool) -> ArtifactManifestEntry:
        digest = digest_of_bytes(data, self._manifest.algorithm)
        known = self._manifest.entries.get(path)
        if known is not None and known.digest == digest:
            return known
        place = self._staging.write(data)
        entry = ArtifactManifestEntry(path, digest, size=len(data), local_path=str(place))
        return self._add_entry(entry, overwrite=overwrite)

    def _add_entry(
        self, entry: ArtifactManifestEntry, *, overwrite: bool = False
    ) -> ArtifactManifestEntry:
        known = self._manifest.entries.get(entry.path)
        if known is not None and known.digest != entry.digest and not overwrite:
            raise BadValueError(
                f"Cannot add the same path twice: {entry.path!r}",
                hint="choose another name, or overwrite=True",
            )
        self._manifest.entries[entry.path] = entry
        return entry

    def add_dir(
        self,
        local_path: str | Path,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Add all files of a folder and of those below it, links followed.

        Args:
            local_path: The folder.
            name: Folder in the artifact. Default: its top.
            skip_cache: Without effect.
            policy: As for :meth:`add_file`.
            merge: Whether files may replace others of their names.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            BadValueError: If it is no folder, or a name is taken; nothing is added then.
        """
        del skip_cache
        self._check_open("add_dir")
        _check_policy(policy)
        folder = _local(local_path)
        if folder is None or not folder.is_dir():
            raise BadValueError(f"Path is not a directory: {str(local_path)!r}")
        above = "" if name is None else check_path(name) + "/"
        before = dict(self._manifest.entries)
        try:
            for path, source in files_below(folder):
                self._add_file(source, above + path, policy, overwrite=merge)
        except BaseException:
            self._manifest.entries = before
            raise

    @contextmanager
    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None, policy: str = "mutable"
    ) -> Iterator[Any]:
        """Open a new file of the artifact for writing.

        It is added at the end of the ``with`` block, and not when that raises.

        Args:
            name: Its name in the artifact.
            mode: ``x``, ``w``, ``a``, with ``b`` for bytes; ``w`` may replace another file.
            encoding: Of text. Default: UTF-8.
            policy: Without effect.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            BadValueError: If the name is taken, or *mode* is another one.
        """
        self._check_open("new_file")
        _check_policy(policy)
        path = check_path(name)
        if not mode or mode[0] not in "xwa" or not set(mode[1:]) <= set("bt+"):
            raise BadValueError(f"mode is {mode!r}, expected 'x', 'w' or 'a', and maybe 'b'")
        known = self._manifest.entries.get(path)
        if known is not None and mode[0] == "x":
            raise BadValueError(f"File with name {path!r} already exists", hint="use mode 'w'")
        place = self._staging.path()
        if known is not None and mode[0] == "a" and known.local_path is not None:
            fsio.write_new(place, fsio.read(Path(known.local_path)), sync=False)
        text = None if "b" in mode else encoding or "utf-8"
        with place.open(mode, encoding=text) as file:
            yield file
        self._add_file(place, path, "immutable", overwrite=mode[0] != "x")

    # ---- other things ------------------------------------------------------------------

    def add_reference(
        self,
        uri: ArtifactManifestEntry | str,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Add files that stay where they are; they are named, and never fetched.

        Args:
            uri: An address. Of ``file://`` each file is hashed; of others the address itself
                is the digest. Or a file of an artifact that was logged, which is kept.
            name: Name in the artifact. Default: the last part of the address.
            checksum: Whether files are hashed.
            max_objects: Refuse a folder with more files.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            BadValueError: If it is no address, or what it names is not there.
        """
        self._check_open("add_reference")
        if isinstance(uri, ArtifactManifestEntry):
            found = [_kept(uri, name)]
        else:
            found = references(uri, name, checksum=checksum, most=max_objects)
        for entry in found:
            known = self._manifest.entries.get(entry.path)
            if known is not None and known.digest != entry.digest:
                raise BadValueError(f"Cannot add the same path twice: {entry.path!r}")
        return [self._add_entry(entry) for entry in found]

    def add(
        self, obj: WBValue, name: str | PurePath, overwrite: bool = False
    ) -> ArtifactManifestEntry:
        """Add a table, an image or another value.

        Args:
            obj: The value.
            name: Its name in the artifact; the file gets an ending that says what it is.
            overwrite: Whether it may replace another one.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            BadTypeError: If it is no such value.
            BadValueError: If the name is taken or leads elsewhere.
        """
        self._check_open("add")
        if not isinstance(obj, WBValue):
            raise BadTypeError(
                f"Found object of type {type(obj)}, expected a value such as wandb.Table",
                hint="add a file with add_file, or write one with new_file",
            )
        path = check_path(name)
        files = as_files(obj, path)
        before = dict(self._manifest.entries)
        try:
            *media, (file, data) = files
            for part, part_data in media:
                self._add_bytes(part, part_data, overwrite=True)
            return self._add_bytes(file, data, overwrite=overwrite)
        except BaseException:
            self._manifest.entries = before
            raise

    def __setitem__(self, name: str, obj: WBValue) -> None:
        self.add(obj, name)

    def remove(self, item: str | PurePath | ArtifactManifestEntry) -> None:
        """Take a file away again.

        Args:
            item: The file, its name, or a folder.

        Raises:
            ArtifactFinalizedError: If the artifact is logged.
            MissingFileError: If there is none.
        """
        self._check_open("remove")
        path = item.path if isinstance(item, ArtifactManifestEntry) else check_path(item)
        entries = self._manifest.entries
        gone = [one for one in entries if one == path or one.startswith(path + "/")]
        if not gone:
            raise MissingFileError(f"No such file or directory: {path}")
        for one in gone:
            del entries[one]

    def get_added_local_path_name(self, local_path: str | Path) -> str | None:
        """Return the name of the file that waits at *local_path*, or None."""
        places = {entry.local_path: name for name, entry in self._manifest.entries.items()}
        return places.get(str(local_path))


def _local(path: Any) -> Path | None:
    if not isinstance(path, str | PurePath) or "\0" in str(path):
        return None
    return Path(path)


def _check_policy(policy: Any) -> None:
    if policy not in (*_POLICIES, None):
        raise BadValueError(
            f"Invalid policy {policy!r}. Policy may only be `mutable` or `immutable`."
        )


def _kept(entry: ArtifactManifestEntry, name: str | None) -> ArtifactManifestEntry:
    """Return a file of a logged artifact as one of another."""
    url = entry.ref_url()
    path = check_path(entry.path if name is None else name)
    return ArtifactManifestEntry(
        path, entry.digest, entry.ref or url, entry.size, dict(entry.extra), oid=entry.oid,
        version=entry.version,
    )  # fmt: skip
