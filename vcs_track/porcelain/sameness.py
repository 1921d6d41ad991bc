"""Have I run this already? What makes two runs the same, and what parts them.

Two runs are the same when they began with the same code, command, hyperparameters and inputs.
What is not known is never the same as anything: a run without code, a command with a masked
secret.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import GitError, VcsTrackError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.code import Code, path_json, path_text
from vcs_track.formats.manifest import decode_document, encode_document
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import git_tree
from vcs_track.porcelain import machine, values
from vcs_track.porcelain.inputs import inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.git_tree import TreeEntry
    from vcs_track.porcelain.inputs import Input
    from vcs_track.porcelain.run_view import RunView

__all__ = [
    "PARTS",
    "Difference",
    "Key",
    "Match",
    "Start",
    "key_of",
    "matches",
    "planned",
    "start_of",
]

PARTS: Final = ("code", "command", "hparams", "inputs")
_NONE: Final = "none"
_PYTHON: Final = re.compile(r"(.*[\\/])?(python|pypy)[0-9.]*[a-z]?(\.exe)?")
# What the record of a command line has in place of what it does not show.
_HIDDEN: Final = (machine.MASK, "\N{REPLACEMENT CHARACTER}")
_CUT: Final = "\N{HORIZONTAL ELLIPSIS}"
_LONG: Final = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """What a run began with; None where nobody knows.

    Attributes:
        code: Git's id of the tree of its files, and a hash of what is known of those left out.
        command: Folder of the command, and its words; a Python is ``python``.
        hparams: Id of the hyperparameters of the start, or ``none``.
        inputs: Name and id of each input of the start.
    """

    code: str | None
    command: tuple[str, ...] | None
    hparams: str | None
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parts that nobody knows."""
        return tuple(part for part in PARTS if getattr(self, part) is None)

    def differs(self, other: Key) -> tuple[str, ...]:
        """Return the parts that differ; one that is not known does.

        Example:
            >>> from vcs_track.porcelain.sameness import Key
            >>> one = Key("7fd1", (".", "python", "train.py"), "none")
            >>> one.differs(one), one.differs(Key("7fd1", None, "none"))
            ((), ('command',))
        """
        unknown = {*self.unknown, *other.unknown}
        return tuple(
            part
            for part in PARTS
            if part in unknown or getattr(self, part) != getattr(other, part)
        )

    @property
    def id(self) -> str | None:
        """One id for all of it, a SHA-256; None where a part is not known."""
        if self.unknown:
            return None
        body = {part: getattr(self, part) for part in ("code", "hparams")}
        body["command"] = list(self.command or ())
        body["inputs"] = [list(pair) for pair in self.inputs]
        return object_format("sha256").hash(canonical.dumps(body))


@dataclass
class Start:
    """How a run started, or would start: its key, and what the key stands for.

    Attributes:
        key: The key.
        code: The code, or None where there is none.
        why: Why there is none, where that is known.
        run: Id of the run; None where it has not happened yet.
    """

    key: Key
    code: Code | None
    why: str = ""
    run: str | None = None
    _read_hparams: Callable[[], Mapping[str, Any]] = field(default=dict, repr=False)

    @cached_property
    def hparams(self) -> dict[str, Any]:
        """The hyperparameters of the start, with dotted names."""
        return values.flatten(self._read_hparams())


def planned(
    code: Code | None, line: Mapping[str, object], hparams: Mapping[str, Any],
    inputs: Iterable[Input], fmt: ObjectFormat, why: str = "",
) -> Start:  # fmt: skip
    """Return a start that has not happened yet.

    Args:
        code: The code as it is now; None where nobody knows.
        line: The command line as :func:`vcs_track.porcelain.machine.command_line` gives it.
        hparams: Hyperparameters.
        inputs: Inputs.
        fmt: Object format of the repository.
        why: Why nobody knows the code.
    """
    # As a journal gives them back: lists for tuples of odd types, and so on.
    given = typed_json.thaw(typed_json.freeze(dict(hparams)))
    oid = fmt.hash(encode_document("hparams/1", given)) if given else _NONE
    key = Key(_tree(code), _command(line["command"], line["cwd"]), oid, _pairs(inputs))
    return Start(key, code, why, None, lambda: given)


def key_of(view: RunView) -> Key:
    """Return the key of a stored or live run."""
    return start_of(view).key


def start_of(view: RunView, known: dict[ObjectId, Code] | None = None) -> Start:
    """Return how a run started.

    Args:
        view: The run.
        known: Takes code that was read; most runs share theirs.

    Raises:
        CorruptError: If its code is damaged.
        ObjectNotFoundError: If its code is missing.
    """
    command = view.manifest.command or {}
    started = command.get("hparams", "")
    code = _read_code(view, {} if known is None else known)
    key = Key(
        _tree(code), _command(command.get("argv"), command.get("cwd")),
        _NONE if started is None else started or None,
        _pairs(one for one in inputs_of(command) if one.start),
    )  # fmt: skip

    def read_hparams() -> Mapping[str, Any]:
        if not started:
            return {}
        body = decode_document(view.objects.read(started), "hparams/1")
        found: Mapping[str, Any] = typed_json.thaw(body["v"])
        return found

    why = "" if code else "it was not captured"
    return Start(key, code, why, view.id, read_hparams)


def _read_code(view: RunView, known: dict[ObjectId, Code]) -> Code | None:
    if view.code is None:
        return None
    if view.code not in known:
        known[view.code] = Code.decode(view.objects.read(view.code))
    return known[view.code]


def _tree(code: Code | None) -> str | None:
    # Nobody looked into a submodule with changes, another repository, a file too many.
    if code is None or any(left.size is None for left in code.left_out):
        return None
    if not code.left_out:
        return code.tree
    known = [[path_json(left.path), left.size, left.sha256] for left in code.left_out]
    return f"{code.tree}+{object_format('sha256').hash(canonical.dumps(known))[:16]}"


def _command(argv: object, cwd: object) -> tuple[str, ...] | None:
    if not isinstance(argv, list | tuple) or not argv or not isinstance(cwd, str):
        return None
    words = [str(word) for word in argv]
    if any(map(_is_hidden, [cwd, *words])):
        return None
    if _PYTHON.fullmatch(words[0]):
        words[0] = "python"
        if all(word.startswith("-") for word in words[1:]):
            return None  # what it does is typed in, or comes through a pipe
    return (cwd, *words)


def _is_hidden(word: str) -> bool:
    cut = len(word) >= _LONG and word.endswith(_CUT)
    return cut or any(sign in word for sign in _HIDDEN)


def _pairs(inputs: Iterable[Input]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((one.name, one.oid) for one in inputs))


# ---- matching --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between two starts.

    Attributes:
        kind: ``code``, ``command``, ``hparam`` or ``input``.
        name: What it is called.
        old: Its value in the first, or None where it has none.
        new: Its value in the second, or None where it has none.
    """

    kind: str
    name: str
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return asdict(self)


@dataclass
class Match:
    """A run that is the same as another start, or nearly.

    Attributes:
        run: The run.
        differs: The parts that differ; empty for the same.
        unknown: Those of them of which somebody's is not known.
    """

    run: RunView
    differs: tuple[str, ...]
    unknown: tuple[str, ...]
    _sides: tuple[Start, Start] = field(repr=False)
    _root: Path | None = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differs

    @property
    def done(self) -> bool:
        """Whether it is the same and has finished."""
        return self.same and self.run.status == "finished"

    @cached_property
    def changes(self) -> list[Difference]:
        """What differs, from this run to the other, as far as it is known.

        A file of the code has ids of git for its values, an input those of its content.
        """
        old, new = self._sides
        found: list[Difference] = []
        for part in self.differs:
            if part not in self.unknown:
                found += _CHANGES[part](old, new, self._root)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return {
            **self.run.to_dict(), "key": self._sides[0].key.id, "same": self.same, "differs": list(self.differs),
            "unknown": list(self.unknown), "changes": [each.to_dict() for each in self.changes],
        }  # fmt: skip


def matches(
    start: Start, runs: Iterable[RunView], root: Path | None,
    leave_out: Callable[[str, VcsTrackError], None],
) -> list[Match]:  # fmt: skip
    """Return the runs that are the same as *start*, then the near ones.

    A near one has finished, and one part of it differs. Those of which that part is not known
    come last.

    Args:
        start: How a run started, or would.
        runs: The runs to look at; their order is kept.
        root: Top of the work tree, whose git may know how two commits differ.
        leave_out: Is told of a run that cannot be read.
    """
    same: list[Match] = []
    near: list[Match] = []
    known: dict[ObjectId, Code] = {}
    for run in runs:
        try:
            other = start_of(run, known)
        except VcsTrackError as error:
            leave_out(run.id, error)
            continue
        differs = other.key.differs(start.key)
        if len(differs) > 1 or (differs and run.status != "finished"):
            continue
        unknown = {*other.key.unknown, *start.key.unknown}
        match = Match(
            run, differs, tuple(part for part in differs if part in unknown), (other, start), root
        )
        (near if differs else same).append(match)
    # Of who may differ in more than can be seen, last.
    return same + sorted(near, key=lambda match: bool(match.unknown))


def _mappings(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(kind, name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if (name in old) != (name in new) or not values.same(old[name], new[name])
    ]


def _hparam_changes(old: Start, new: Start, root: Path | None) -> list[Difference]:
    del root
    return _mappings("hparam", old.hparams, new.hparams)


def _input_changes(old: Start, new: Start, root: Path | None) -> list[Difference]:
    del root
    return _mappings("input", dict(old.key.inputs), dict(new.key.inputs))


def _command_changes(old: Start, new: Start, root: Path | None) -> list[Difference]:
    del root
    (here, *before), (there, *after) = old.key.command or ("",), new.key.command or ("",)
    found = [Difference("command", "cwd", here, there)] if here != there else []
    if before == after:
        return found
    first = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                 min(len(before), len(after)))  # fmt: skip
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    sides = (words[first : len(words) - last] for words in (before, after))
    return [*found, Difference("command", "argv", *(shlex.join(s) if s else None for s in sides))]


def _code_changes(old: Start, new: Start, root: Path | None) -> list[Difference]:
    if old.code is None or new.code is None:
        return []
    try:
        base = _between(old.code.commit, new.code.commit, root)
    except GitError:
        return []  # that it differs is known, and no more
    sides = [_files(code, n, base) for n, code in enumerate((old.code, new.code))]
    found = []
    for path in sorted(sides[0].keys() | sides[1].keys()):
        before, after = (side.get(path, _AS_COMMITTED) for side in sides)
        if before != after:
            # Equal contents: the mode differs.
            what = 0 if before and after and before[1:] == after[1:] else 1
            words = (None if side is None else side[what] for side in (before, after))
            found.append(Difference("code", path_text(path), *words))
    return found


_Files = dict[bytes, tuple[str, str] | None]
_AS_COMMITTED: Final = ("", "as committed")


def _between(
    old: str | None, new: str | None, root: Path | None
) -> list[tuple[TreeEntry | None, TreeEntry | None]]:
    """Return the files that differ between two commits."""
    if old == new:
        return []
    if old is None or new is None or root is None:
        raise GitError("there is no commit to compare with")
    return git_tree.differing(root, old, new)


def _files(
    code: Code, side: int, base: Iterable[tuple[TreeEntry | None, TreeEntry | None]]
) -> _Files:  # fmt: skip
    """Return mode and id of the files of *code*, of those that somebody has otherwise."""
    found: _Files = {}
    for pair in base:
        (path,) = {entry.path for entry in pair if entry is not None}
        entry = pair[side]
        if b".runs" not in path.split(b"/"):
            found[path] = None if entry is None else (entry.mode, entry.blob)
    found.update((left.path, ("", left.sha256 or f"{left.size} bytes")) for left in code.left_out)
    found.update(dict.fromkeys(code.gone))
    found.update((file.path, (file.mode, file.blob)) for file in code.files)
    return found


_CHANGES: Final = {
    "code": _code_changes, "command": _command_changes, "hparams": _hparam_changes,
    "inputs": _input_changes,
}  # fmt: skip
