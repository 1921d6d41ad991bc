"""Verifying bundles: all of one file, with no repository at hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.plumbing import fsio, ssh_keygen
from vcs_track.plumbing.bundle_store import scratch
from vcs_track.plumbing.rezip import readable
from vcs_track.porcelain.bundle_check import check_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.plumbing.ssh_keygen import Signature

    Progress = Callable[[int, int], None]

__all__ = ["BundleVerdict", "sign", "verify"]


@dataclass(frozen=True, slots=True)
class BundleVerdict:
    """What was found of a bundle.

    Attributes:
        path: The file.
        ok: Whether all of it is as it should be.
        why: What is wrong.
        runs: Number of runs.
        objects: Number of objects.
        size: Bytes of the file.
        root: The hash of what it holds: :doc:`/format/bundles`.
        left_out: Number of objects that it leaves out, because its readers have them.
        since: Where these are.
        zipped_again: Whether another tool wrote the zip.
        signature: What its signature is worth, if that was asked.
    """

    path: str
    ok: bool
    why: str = ""
    runs: int = 0
    objects: int = 0
    size: int = 0
    root: str = ""
    left_out: int = 0
    since: dict[str, Any] | None = None
    zipped_again: bool = False
    signature: Signature | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        signature = None if self.signature is None else self.signature._asdict()
        row = {**asdict(self), "signature": signature}
        row["bytes"] = row.pop("size")
        return row


def verify(
    path: Path, *, signatures: bool = False, allowed_signers: Path | None = None,
    progress: Progress | None = None,
) -> BundleVerdict:  # fmt: skip
    """Check the bundle *path* as an import would.

    Args:
        path: The bundle, also one that was zipped again.
        signatures: Whether to check the signature beside it.
        allowed_signers: The file of those whose signatures count. Default: that of git.
        progress: Is called with bytes checked and bytes in all.

    Raises:
        InvalidValueError: If there is no such file.
        NotInstalledError: If a signature is to be checked and there is no ``ssh-keygen``.
        StorageError: If it cannot be read.
    """
    if not path.is_file():
        raise InvalidValueError(f"there is no bundle '{path}'", hint="give the path of a zip")
    signature = None
    if signatures:
        allowed = allowed_signers or ssh_keygen.allowed_signers(path.absolute().parent)
        signature = ssh_keygen.check(path, allowed)
    size = fsio.stamp(path)[1]
    with fsio.storage_errors(f"read '{path}'"):
        try:
            with readable(path, scratch()) as home:
                checked = check_bundle(home, None, progress)
                since = home.index.get("since")
                return BundleVerdict(
                    str(path), True, "", len(checked.heads), len(home.pack), size, home.root(),
                    len(checked.absent), since if isinstance(since, dict) else None,
                    home.zipped_again, signature,
                )  # fmt: skip
        except VcsTrackError as error:
            return BundleVerdict(str(path), False, error.message, size=size, signature=signature)


def sign(path: Path, key: Path, *, force: bool = False) -> Path:
    """Sign the bundle *path* with an SSH key; return the signature's path.

    Args:
        path: The bundle.
        key: A private key, or a public one whose other half an agent has.
        force: Replace a signature that is there.

    Raises:
        CorruptError: If it is no bundle, or damaged.
        InvalidValueError: If there is no such file or key, or a signature already.
        NotInstalledError: If there is no ``ssh-keygen``.
        VcsTrackError: If it cannot sign.
    """
    target = path.with_name(path.name + ssh_keygen.SUFFIX)
    if not path.is_file():
        raise InvalidValueError(f"there is no bundle '{path}'", hint="give the path of a zip")
    if target.exists() and not force:
        raise InvalidValueError(f"'{target}' exists", hint="add --force to sign anew")
    with fsio.storage_errors(f"sign '{path}'"):
        with readable(path, scratch()) as home:
            check_bundle(home)  # nobody signs what cannot be read
        signature = ssh_keygen.sign(path, key)
        fsio.replace(target, signature)
        fsio.fsync_dir(target.absolute().parent)
    return target
