"""Signatures by SSH keys, made and checked by ``ssh-keygen`` as git's are."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import InvalidValueError, NotInstalledError, VcsTrackError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_ask import ask
from vcs_track.plumbing.git_call import NoAnswerError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIX", "Signature", "allowed_signers", "check", "sign"]

SUFFIX: Final = ".sig"
_NAMESPACE: Final = "vcs-track"
_BEGINS: Final = b"-----BEGIN SSH SIGNATURE-----"
_KEY = re.compile(r"with (\S+ key \S+)")


class Signature(NamedTuple):
    """What a signature is worth.

    Attributes:
        status: ``good``, ``unknown`` (it is that of the file, and nobody vouches for the key),
            ``bad`` or ``none``.
        signer: Who the allowed signers say it is.
        key: The kind and the fingerprint of the key.
        why: What ``ssh-keygen`` said of a bad one.
    """

    status: str
    signer: str = ""
    key: str = ""
    why: str = ""


def sign(path: Path, key: Path) -> bytes:
    """Return the signature of the file *path* by *key*.

    Args:
        path: The file.
        key: A private key, or a public one whose other half an agent has.

    Raises:
        InvalidValueError: If there is no such key.
        NotInstalledError: If there is no ``ssh-keygen``.
        VcsTrackError: If it refuses; the words are its own.
    """
    if not key.is_file():
        raise InvalidValueError(
            f"there is no key '{key}'", hint="make one with 'ssh-keygen -t ed25519'"
        )
    # By stdin and stdout: a signature that is there is never asked about, or overwritten.
    code, out, err = _call(path, "sign", "-f", str(key.absolute()))
    if code or not out.startswith(_BEGINS):
        raise VcsTrackError(
            f"ssh-keygen cannot sign with '{key}': {_last(err)}",
            hint="is it a private key, or one that an agent has?",
        )
    return out


def check(path: Path, allowed: Path | None = None) -> Signature:
    """Check the signature that stands beside the file *path*.

    Args:
        path: The file; its signature is named as it is, with ``.sig``.
        allowed: A file of allowed signers. Default: nobody is.

    Raises:
        InvalidValueError: If *allowed* is not there.
        NotInstalledError: If there is no ``ssh-keygen``.
    """
    signature = path.with_name(path.name + SUFFIX).absolute()
    if allowed is not None and not allowed.is_file():
        raise InvalidValueError(
            f"there is no file '{allowed}' of allowed signers",
            hint="a line of it is a name and a public key: see 'man ssh-keygen'",
        )
    if not signature.is_file():
        return Signature("none")
    code, out, err = _call(path, "check-novalidate", "-s", str(signature))
    if code:
        return Signature("bad", why=_last(err or out))
    told = _KEY.search(out.decode("utf-8", "replace"))
    key = told[1] if told else ""
    if allowed is None:
        return Signature("unknown", key=key)
    listed = ("-f", str(allowed.absolute()), "-s", str(signature))
    code, out, _ = _call(None, "find-principals", *listed)
    for who in out.decode("utf-8", "replace").splitlines() if not code else ():
        if not _call(path, "verify", "-I", who, *listed)[0]:
            return Signature("good", who, key)
    return Signature("unknown", key=key)


def allowed_signers(folder: Path) -> Path | None:
    """Return the file of allowed signers that git has in *folder*."""
    with suppress(NoAnswerError):
        answer = ask(folder, "config", "--type=path", "--get", "gpg.ssh.allowedSignersFile")
        if not answer.code and (name := os.fsdecode(answer.out.rstrip(b"\n"))):
            return folder / name
    return None


def _call(path: Path | None, action: str, *args: str) -> tuple[int, bytes, bytes]:
    """Call ``ssh-keygen`` with the file *path* as its input; it may ask for a passphrase."""
    namespace = () if action == "find-principals" else ("-n", _NAMESPACE)
    fd = None if path is None else fsio.open_read(path)
    try:
        done = subprocess.run(
            ["ssh-keygen", "-Y", action, *namespace, *args],
            stdin=subprocess.DEVNULL if fd is None else fd, capture_output=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise NotInstalledError(
            "'ssh-keygen' is not installed",
            package="OpenSSH",
            hint="signatures need OpenSSH 8.2 or newer",
        ) from None
    finally:
        if fd is not None:
            fsio.close(fd)
    return done.returncode, done.stdout, done.stderr


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    return lines[-1].strip().rstrip(".").lower()
