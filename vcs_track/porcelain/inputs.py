"""The inputs of a run: files and folders that it reads, known by their content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.errors import CorruptError, InvalidValueError, VcsTrackError
from vcs_track.formats.code import path_text
from vcs_track.formats.manifest import is_command
from vcs_track.formats.oid import looks_like_id
from vcs_track.plumbing.content import content_of
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.layout import Layout

    Progress = Callable[[int, int], None]

__all__ = [
    "Input", "body_of", "declared", "inputs_of", "measure", "top_of", "with_input",
    "with_inputs",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """A file or a folder that a run reads.

    Attributes:
        name: Its path below the top of the work tree, or the name that it was given.
        oid: Id of the bytes of a file, or of the listing of a folder.
        size: Bytes.
        files: Number of files in a folder; None for a file.
        start: Whether it was declared when the run started.
    """

    name: str
    oid: ObjectId
    size: int
    files: int | None = None
    start: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what a run manifest keeps under the name."""
        body: dict[str, Any] = {"o": self.oid, "size": self.size, "start": self.start}
        return body if self.files is None else {**body, "files": self.files}


def inputs_of(command: Mapping[str, Any] | None) -> list[Input]:
    """Return the inputs that the command of a run manifest names, by name."""
    return [
        Input(name, body["o"], body["size"], body.get("files"), body.get("start") is True)
        for name, body in sorted((command or {}).get("inputs", {}).items())
    ]


def with_input(known: Mapping[str, Any], name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs *known* with one more.

    A second content of one name gets ``~2``, so that neither is lost.

    Example:
        >>> from vcs_track.porcelain.inputs import with_input
        >>> sorted(with_input({"x": {"o": "1"}}, "x", {"o": "2"}))
        ['x', 'x~2']
    """
    place, n = name, 2
    while place in known and known[place].get("o") != body.get("o"):
        place, n = f"{name}~{n}", n + 1
    # What was there at the start was there, whoever names it again.
    start = bool(known.get(place, {}).get("start") or body.get("start"))
    return {**known, place: {**body, "start": start}}


def with_inputs(
    base: Mapping[str, Any] | None, command: object, start: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> dict[str, Any] | None:  # fmt: skip
    """Return the command of a run that goes on.

    Args:
        base: The command that is sealed, or None.
        command: What a journal says of it; what is none is left out.
        start: What else it says of the start.
        inputs: Inputs that were named meanwhile.
    """
    base = base or {}
    whole = {**base, **(command if is_command(command) else {}), **start}
    # What was declared at the start comes first, and so keeps its names.
    for more in (base.get("inputs", {}), inputs):
        for name, body in more.items():
            whole["inputs"] = with_input(whole.get("inputs", {}), name, body)
    return whole or None


def body_of(frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run manifest keeps of a frame of the journal.

    Raises:
        CorruptError: If it names no object.
    """
    if not looks_like_id(frame.get("o")) or type(frame.get("size")) is not int:
        raise CorruptError("it names no input")
    return {key: frame[key] for key in ("o", "size", "files") if key in frame}


# ---- declaring -------------------------------------------------------------------------


def measure(
    path: object, fmt: ObjectFormat, top: Path, name: str | None = None,
    progress: Progress | None = None,
) -> Input:  # fmt: skip
    """Return the input at *path* as it is now.

    Args:
        path: A file or a folder.
        fmt: Object format of the repository.
        top: The folder that names begin below.
        name: Its name. Default: its path below *top*, else its last part.
        progress: Is called with bytes done and bytes in all.

    Raises:
        InvalidTypeError: If *path* is neither text nor a path.
        InvalidValueError: If there is nothing, or it cannot be read or changes meanwhile.
    """
    if isinstance(path, Input):
        return path if name is None else replace(path, name=values.check_name(name))
    if not isinstance(path, str | Path):
        raise values.wrong_type("input", path, "text or a Path")
    if not str(path):
        # A variable of a shell that is not set must not stand for the current folder.
        raise InvalidValueError("the path of an input is empty", hint="name a file or a folder")
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    try:
        label = _name(Path(path), top) if name is None else values.check_name(name)
        found = content_of(Path(path), fmt, progress)
    except (OSError, ValueError) as error:
        if isinstance(error, VcsTrackError):
            raise
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InvalidValueError(
            f"cannot read input '{shown}': {reason}", hint="give the path of a file or a folder"
        ) from None
    return Input(label, found.oid, found.size, found.files)


def _name(path: Path, top: Path) -> str:
    # A link is named as it is called, and read where it leads.
    whole = Path(os.path.realpath(path.parent)) / path.name
    if path.name in ("", ".."):
        whole = Path(os.path.realpath(path))
    if whole.is_relative_to(top):
        whole = whole.relative_to(top)
    text = path_text(os.fsencode(whole if not whole.is_absolute() else whole.name or "/"))
    # A line break or a control character is spelled out; the name is for people.
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def top_of(layout: Layout) -> Path:
    """Return the folder that the names of inputs begin below."""
    place = layout.root.parent
    return find_root(place) or Path(os.path.realpath(place))


def declared(
    inputs: object, fmt: ObjectFormat, top: Path, progress: Progress | None = None
) -> tuple[Input, ...]:
    """Return the inputs that a call names: paths, or paths by name.

    Raises:
        InvalidTypeError: If *inputs* is neither.
        InvalidValueError: If one cannot be read, or two have one name and other contents.
    """
    pairs: Iterable[tuple[str | None, object]]
    if isinstance(inputs, str | Path | Input):
        pairs = [(None, inputs)]
    elif isinstance(inputs, Mapping):
        pairs = list(inputs.items())
    elif isinstance(inputs, Iterable):
        pairs = [(None, path) for path in inputs]
    else:
        raise values.wrong_type("inputs", inputs, "a list of paths")
    found: dict[str, Input] = {}
    for name, path in pairs:
        one = replace(measure(path, fmt, top, name, progress), start=True)
        if found.setdefault(one.name, one).oid != one.oid:
            raise InvalidValueError(
                f"two inputs have the name '{one.name}'",
                hint="name them: inputs={'train': 'a/x.csv', 'test': 'b/x.csv'}",
            )
    return tuple(found.values())
