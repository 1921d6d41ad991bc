"""The code of a run: a git tree, and what its commit lacks of it.

``docs/format/code.md`` is the specification of ``code/1``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.oid import looks_like_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.formats.oid import ObjectId

__all__ = [
    "NOT_CAPTURED", "SUBMODULE", "Code", "CodeFile", "LeftOut", "path_json", "path_text",
    "with_code_gap",
]  # fmt: skip

SUBMODULE: Final = "160000"
NOT_CAPTURED: Final = "the code was not captured"  # so begins the gap that says why
_MODES: Final = frozenset(["100644", "100755", "120000", SUBMODULE])
_DIGITS: Final = {"sha1": 40, "sha256": 64}
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file that differs from the commit.

    Attributes:
        path: Its name below the top of the work tree, with ``/``.
        mode: ``100644``, ``100755``, ``120000`` (a symbolic link) or ``160000`` (a submodule).
        blob: Git's id of the content; of a submodule, its commit.
        oid: Our id of the content; None where it is not kept.
        size: Bytes.
    """

    path: bytes
    mode: str
    blob: str
    oid: ObjectId | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One file that is not kept.

    Attributes:
        path: Its name.
        why: The reason.
        size: Bytes; None where nobody could look.
        sha256: Hash of the bytes, or None.
    """

    path: bytes
    why: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The files of a work tree, ``.runs`` left out.

    Attributes:
        tree: Git's id of the tree.
        hash: Git's hash function, ``sha1`` or ``sha256``.
        commit: The commit that *files* and *gone* are the difference to; None for all files.
        files: Files that the commit lacks, or has otherwise.
        gone: Files that only the commit has.
        left_out: Files that are not kept, and why.
    """

    tree: str
    hash: str = "sha1"
    commit: str | None = None
    files: tuple[CodeFile, ...] = ()
    gone: tuple[bytes, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the document, without its kind."""
        return {
            "tree": self.tree, "hash": self.hash, "commit": self.commit,
            "files": [
                {"p": path_json(f.path), "m": f.mode, "g": f.blob, "o": f.oid, "s": f.size}
                for f in self.files
            ],
            "gone": [path_json(path) for path in self.gone],
            "left_out": [
                {"p": path_json(f.path), "why": f.why, "s": f.size, "h": f.sha256}
                for f in self.left_out
            ],
        }  # fmt: skip

    def encode(self) -> bytes:
        """Return the bytes of the document ``code/1``."""
        return canonical.dumps({"@": "code/1", **self.to_json()})

    @classmethod
    def decode(cls, data: bytes) -> Code:
        """Return the code in the document *data*.

        Raises:
            CorruptError: If it is none.
        """
        body = canonical.loads(data)
        if not isinstance(body, dict) or body.get("@") != "code/1":
            raise CorruptError("an object is not a code document")
        return cls.from_json(body)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Code:
        """Return the code that :meth:`to_json` wrote.

        Raises:
            CorruptError: If it is not one.
        """
        try:
            code = cls(
                body["tree"], body["hash"], body["commit"],
                tuple(
                    CodeFile(_thaw(f["p"]), f["m"], f["g"], f["o"], f["s"]) for f in body["files"]
                ),
                tuple(_thaw(path) for path in body["gone"]),
                tuple(LeftOut(_thaw(f["p"]), f["why"], f["s"], f["h"]) for f in body["left_out"]),
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError):
            raise CorruptError("a code document lacks a member, or it has another type") from None
        for wrong in code._wrong():
            raise CorruptError(f"a code document is damaged: {wrong}")
        return code

    def _wrong(self) -> Iterator[str]:
        """Yield what is wrong; a stranger may have written any type anywhere."""
        known: dict[Any, int] = _DIGITS
        digits = known.get(str(self.hash), 0)
        for name, oid in (("tree", self.tree), ("commit", self.commit)):
            if oid is not None and not _is_hex(oid, digits):
                yield f"its {name} is no id of git"
        for file in self.files:
            yield from _wrong_file(file, digits)
        for path in (*(f.path for f in self.files), *self.gone):
            if not _is_inside(path):
                yield f"{path_text(path)!r} is no path inside a work tree"
        yield from self._clashes()
        for left in self.left_out:
            told: tuple[Any, ...] = (left.why, left.size, left.sha256)
            if None is told[0] or not all(map(_may_be, told, (str, int, str))):
                yield f"what is said of {path_text(left.path)!r} has another type"

    def _clashes(self) -> Iterator[str]:
        """Yield what a folder cannot hold, as a file below what may be a link that leads out."""
        paths = {file.path for file in self.files}
        if len(paths) != len(self.files):
            yield "a file is named twice"
        for path in sorted(paths):
            parts = path.split(b"/")
            if any(b"/".join(parts[:n]) in paths for n in range(1, len(parts))):
                yield f"{path_text(path)!r} is below a file"


def _wrong_file(file: CodeFile, digits: int) -> Iterator[str]:
    name = path_text(file.path)
    size: Any = file.size
    if not _may_be(file.mode, str) or file.mode not in _MODES or not _is_hex(file.blob, digits):
        yield f"file {name!r} has no mode or id"
    if file.oid is not None and not looks_like_id(file.oid):
        yield f"file {name!r} names no object"
    if size is None or not _may_be(size, int) or size < 0:
        yield f"file {name!r} has no size"


def _is_hex(text: object, digits: int) -> bool:
    return isinstance(text, str) and len(text) == digits > 0 and _HEX.issuperset(text)


def _may_be(value: object, kind: type) -> bool:
    return value is None or type(value) is kind


# Other systems drop some letters, or have second names: these all are folders called .git there.
_DROPPED: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT: Final = re.compile(rb"(?is)(?:\.git|git~[0-9]+)(?:[ .]*|[ .]*:.*)")


def _is_inside(path: bytes) -> bool:
    """Return whether *path* stays below the top, on every system, and out of ``.git``."""
    parts = path.split(b"/")
    return b"\0" not in path and not any(
        part in (b"", b".", b"..", b".runs") or _is_git(part) for part in parts
    )


def _is_git(part: bytes) -> bool:
    if not part.isascii():
        part = _DROPPED.sub("", part.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
    return _GIT.fullmatch(part) is not None


def path_json(path: bytes) -> Any:
    """Return *path* for a document: text, or typed bytes."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return typed_json.freeze(path)


def _thaw(path: Any) -> bytes:
    found = path.encode() if isinstance(path, str) else typed_json.thaw(path)
    if not isinstance(found, bytes):
        raise TypeError
    return found


def path_text(path: bytes) -> str:
    r"""Return *path* as it can be shown.

    Example:
        >>> from vcs_track.formats.code import path_text
        >>> path_text(b"gr\xfcn.py")
        'gr\\xfcn.py'
    """
    return path.decode("utf-8", "backslashreplace")


def with_code_gap(
    gaps: Sequence[dict[str, Any]], git: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the gaps of a run whose code is missing, with one that says so.

    Args:
        gaps: What is known to be missing.
        git: What git said when the run began.

    Example:
        >>> from vcs_track.formats.code import with_code_gap
        >>> with_code_gap([], {"unreadable": "git is not installed"})
        [{'why': 'the code was not captured: git is not installed'}]
    """
    if any(str(gap.get("why", "")).startswith(NOT_CAPTURED) for gap in gaps):
        return list(gaps)
    why = (git or {}).get("unreadable", "the run ended before it was done")
    return [*gaps, {"why": f"{NOT_CAPTURED}: {why}"}]
