"""Capturing the code of a run, without a trace in the user's repository.

The tree of the work tree is made in a scratch folder; its id is the identity of the code, and
equal to the tree of the commit that later contains it. What the commit lacks is kept.
"""

from __future__ import annotations

import os
import secrets
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.formats.code import NOT_CAPTURED, SUBMODULE, Code, CodeFile, LeftOut
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_hidden import Hidden, hidden, index_stamp
from vcs_track.plumbing.git_tree import GitTree, TreeEntry, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.gitstate import GitState
    from vcs_track.formats.oid import ObjectId

    Keep = Callable[[bytes], ObjectId]

__all__ = ["CodeCapture", "Rules", "capture", "keep_files"]

_RUNS: Final = b".runs"
_MOST_HASHED: Final = 64 << 20  # bytes of files that are left out; the others are not read
_BLOCK: Final = 1 << 20
_TRIES: Final = 3
_STOPPED_SECONDS: Final = 5.0
_TELLING_SECONDS: Final = 1.0
# Names of files that mostly hold secrets. What git tracks already is no secret any more.
_SECRETS: Final = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", ".htpasswd",
    ".npmrc", ".pypirc", ".git-credentials", "credentials", "credentials.*", "*credentials.json",
    "service-account*.json", "client_secret*.json", "secrets.*", "kubeconfig", "*.ovpn",
)  # fmt: skip
_OF_WANDB: Final = ("wandb", ".wandb")
_NO_SECRETS: Final = ("*.example", "*.sample", "*.template", "*.dist", "*.pub")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is kept of the code.

    Attributes:
        largest: Bytes of a file; larger ones are named with size and hash only.
        most: Bytes of a run's files together.
        ignored: Patterns of files to keep although git ignores them.
        untracked: Number of files that git does not know; more are not looked at.
        named: Files to keep whatever git and their names say.
    """

    largest: int = 5 << 20
    most: int = 50 << 20
    ignored: tuple[str, ...] = ()
    untracked: int = 10_000  # files; a folder of data may have a million
    named: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Choice:
    """What to take in, and what to leave out."""

    root: Path
    rules: Rules
    paths: list[bytes] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    total: int = 0
    hashed: int = 0

    def leave_out(self, path: bytes, why: str) -> None:
        """Leave *path* out, with size and hash where these can be had in a moment."""
        left = _left_out(self.root, path, why, _MOST_HASHED - self.hashed)
        self.hashed += (left.size or 0) if left.sha256 else 0
        self.left_out.append(left)

    def look_at(self, path: bytes) -> None:
        """Choose what to do with the untracked *path*."""
        file = self.root / os.fsdecode(path)
        try:
            found = os.lstat(file)
        except OSError:
            return  # it is gone
        if stat.S_ISLNK(found.st_mode):
            self.paths.append(path)
        elif path.endswith(b"/"):
            self.left_out.append(LeftOut(path, "another repository"))
        elif not stat.S_ISREG(found.st_mode):
            self.left_out.append(LeftOut(path, "not a file"))
        elif _is_secret(file):
            # Without a hash: a short secret could be guessed from it.
            self.left_out.append(LeftOut(path, "its name is that of a secret", found.st_size))
        elif not os.access(file, os.R_OK):
            self.left_out.append(LeftOut(path, "it cannot be read", found.st_size))
        elif found.st_size > self.rules.largest:
            self.leave_out(path, f"larger than {self.rules.largest} bytes")
        elif self.total + found.st_size > self.rules.most:
            self.leave_out(path, f"more than {self.rules.most} bytes together")
        else:
            self.paths.append(path)
            self.total += found.st_size


class CodeCapture:
    """A capture that goes on beside the run.

    Args:
        root: Top of the work tree.
        state: What git said of it.
        tmp: Where to make the scratch folder.
        rules: What to keep.
        keep: Stores the bytes of a file and returns their id.
        tell: Takes the record of what was found.
    """

    def __init__(
        self, root: Path, state: GitState | None, tmp: Path, rules: Rules, keep: Keep,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self._work = partial(capture, root, state, tmp, keep, rules)
        self._tell = tell
        self._lock = threading.Lock()
        self._told = False
        self._thread = threading.Thread(target=self._run, name="vcs-track code", daemon=True)
        if state is not None and _is_clean(state, root, rules) and _key(root, state) in _trees:
            self._run()  # there is nothing to do: a sweep of many runs starts no threads
        else:
            self._thread.start()

    def _run(self) -> None:
        try:
            content = self._work().to_json()
            Code.from_json(content)  # what git said of a damaged repository may make no sense
            self._say({"k": "code", "v": content})
        except Exception as error:  # noqa: BLE001 -- whatever it is, the training goes on
            with suppress(VcsTrackError, OSError):
                self._say({"k": "gap", "why": f"{NOT_CAPTURED}: {error}"})

    def _say(self, content: dict[str, Any], patience: float = -1) -> None:
        had = self._lock.acquire(timeout=patience)
        try:
            if not self._told:
                self._tell(content)
                self._told = True
        finally:
            if had:
                self._lock.release()

    def wait(self, *, stopped: bool = False) -> None:
        """Wait until it is done.

        Args:
            stopped: Whether a signal stops the program: who sent it does not wait for long.
        """
        if self._thread.is_alive():
            self._thread.join(_STOPPED_SECONDS if stopped else None)
        if self._thread.is_alive():
            with suppress(VcsTrackError, OSError):
                # The capture may be telling just now, and wait for the call that was interrupted
                # by the signal; what it tells is too late then.
                self._say(
                    {"k": "gap", "why": f"{NOT_CAPTURED}: the program was stopped meanwhile"},
                    _TELLING_SECONDS,
                )


def capture(root: Path, state: GitState | None, tmp: Path, keep: Keep, rules: Rules) -> Code:
    """Return the code in the work tree *root* as it is now.

    Args:
        root: Top of the work tree, or a folder without git.
        state: What git said of it; None outside git.
        tmp: Where to make the scratch folder.
        keep: Stores the bytes of a file and returns their id.
        rules: What to keep.

    Raises:
        GitError: If git cannot do it.
        OSError: If the disk refuses.
    """
    if state is not None and state.commit is not None and _is_clean(state, root, rules):
        key = _key(root, state)
        if key in _trees or not hidden(root):
            tree = _trees.get(key) or _tree_of(root, state.commit, tmp)
            _trees[key] = tree
            return Code(tree, _hash_of(tree), state.commit)
    scratch = _scratch(tmp)
    try:
        return _capture(root, state, GitTree(root, scratch), keep, rules)
    finally:
        fsio.remove_tree(scratch)


def _scratch(tmp: Path) -> Path:
    folder = tmp / f"code-{secrets.token_hex(8)}"
    fsio.make_dirs(folder)
    return folder


def _is_clean(state: GitState | None, root: Path, rules: Rules) -> bool:
    if state is None or state.commit is None:
        return False
    changes = state.changes
    found = changes.tracked or changes.untracked or changes.closed
    return not (found or rules.ignored or rules.named or _ignore_file(root))


def _ignore_file(root: Path) -> Path | None:
    path = root / ".runsignore"
    return path if path.is_file() else None


def _hash_of(tree: str) -> str:
    return "sha1" if len(tree) == 40 else "sha256"


# Of clean work trees that hide nothing; there are few in a process.
_trees: dict[tuple[Path, str | None, tuple[int, int] | None], str] = {}


def _key(root: Path, state: GitState) -> tuple[Path, str | None, tuple[int, int] | None]:
    return root, state.commit, index_stamp(root)


def _tree_of(root: Path, commit: str, tmp: Path) -> str:
    """Return the tree of a commit, ``.runs`` left out."""
    return tree_of(root, commit, _RUNS) or _tree_without_runs(root, commit, tmp)


def _tree_without_runs(root: Path, commit: str, tmp: Path) -> str:
    scratch = _scratch(tmp)
    try:
        tree = GitTree(root, scratch)
        tree.read(commit)
        _leave_runs_out(tree)
        return tree.write()
    finally:
        fsio.remove_tree(scratch)


def _leave_runs_out(tree: GitTree) -> None:
    tree.remove(tree.inside(os.fsdecode(_RUNS)))


def _capture(
    root: Path, state: GitState | None, tree: GitTree, keep: Keep, rules: Rules
) -> Code:  # fmt: skip
    choice = _Choice(root, rules)
    if state is not None:
        _choose_tracked(choice, state, tree)
        _take_chosen(choice, tree)
    # Only now: git does not list what is in a folder that stands in place of a tracked file.
    _choose_untracked(choice, state, tree)
    _take_chosen(choice, tree)
    _leave_runs_out(tree)
    commit = state.commit if state is not None else None
    tree_id = tree.write()
    new, gone = tree.changed(commit) if commit else (list(tree.entries()), [])
    gone = list(filter(_is_code, gone))
    files = keep_files(tree, new, keep, rules, choice.left_out)
    left_out = sorted(choice.left_out, key=lambda each: each.path)
    return Code(tree_id, _hash_of(tree_id), commit, tuple(files), tuple(gone), tuple(left_out))


# ---- which files ---------------------------------------------------------------------------


def _choose_tracked(choice: _Choice, state: GitState, tree: GitTree) -> None:
    changes = state.changes
    # What was dropped and is still there is untracked, or ignored.
    stays = _unhide(choice, tree, hidden(choice.root)).union(changes.dropped)
    choice.paths += [path for path in changes.tracked if path not in stays]
    choice.paths += choice.rules.named
    for path in changes.submodules:
        choice.left_out.append(LeftOut(path, "a submodule with changes of its own"))
    for path in changes.closed:
        choice.left_out.append(LeftOut(path, "it cannot be read"))


def _unhide(choice: _Choice, tree: GitTree, found: Iterable[Hidden]) -> set[bytes]:
    """Take in what git was told not to look at: what is on disk is what runs.

    Returns:
        What is to stay as the index has it.
    """
    seen, stays = [], set()
    for path, skipped, submodule in found:
        file = choice.root / os.fsdecode(path)
        if skipped and not os.path.lexists(file):
            stays.add(path)
        elif not submodule and _is_secret(file):
            stays.add(path)
            choice.left_out.append(LeftOut(path, "its name is that of a secret"))
        else:
            seen.append(path)
    if seen:
        tree.unhide(seen)
        choice.paths += seen
    return stays


def _choose_untracked(choice: _Choice, state: GitState | None, tree: GitTree) -> None:
    root, rules = choice.root, choice.rules
    found = [path for path in _untracked(root, state, tree, rules) if _is_code(path)]
    for path in found[: rules.untracked]:
        choice.look_at(path)
    if (more := len(found) - rules.untracked) > 0:
        first = found[rules.untracked]
        choice.left_out.append(LeftOut(first, f"the first of {more} files too many"))


def _is_code(path: bytes) -> bool:
    return _RUNS not in path.split(b"/")


def _untracked(
    root: Path, state: GitState | None, tree: GitTree, rules: Rules
) -> Iterable[bytes]:  # fmt: skip
    ignore = _ignore_file(root)
    listed = state.changes.untracked if state is not None else (b"/",)
    tracked = state.changes.tracked if state is not None else ()
    # Of a folder in place of a file that it tracks, git lists nothing.
    folders = any(path.endswith(b"/") for path in listed) or any(
        stat.S_ISDIR(_mode(root, path)) for path in tracked
    )
    found = tree.untracked(ignore) if ignore is not None or folders else list(listed)
    return found + tree.ignored(rules.ignored) if rules.ignored else found


def _is_secret(file: Path) -> bool:
    name = file.name.lower()
    if name == "settings" and file.parent.name in _OF_WANDB:
        return True  # its commands may write a key into it
    return any(fnmatch(name, pattern) for pattern in _SECRETS) and not any(
        fnmatch(name, pattern) for pattern in _NO_SECRETS
    )


def _left_out(root: Path, path: bytes, why: str, most: int) -> LeftOut:
    stamp = _stamp(root, path)
    if stamp is None or not stat.S_ISREG(_mode(root, path)):
        return LeftOut(path, why)
    if stamp[0] > most:
        return LeftOut(path, why, stamp[0])
    return LeftOut(path, why, stamp[0], _sha256(root / os.fsdecode(path), stamp))


@lru_cache(maxsize=256)  # a sweep leaves out the same files again and again
def _sha256(path: Path, stamp: tuple[int, int, int]) -> str | None:
    try:
        fd = fsio.open_read(path, wait=False)
    except OSError:
        return None
    hasher, at = object_format("sha256").hasher(), 0
    try:
        # No further than it was: somebody may write to it as fast as it is read.
        while at <= stamp[0] and (part := fsio.pread(fd, _BLOCK, at)):
            hasher.update(part)
            at += len(part)
    except OSError:
        return None
    finally:
        fsio.close(fd)
    return hasher.hexdigest() if at == stamp[0] else None


# ---- taking them in ------------------------------------------------------------------------


def _take_chosen(choice: _Choice, tree: GitTree) -> None:
    for path in _take(choice.root, tree, choice.paths):
        choice.leave_out(path, "git refuses it")
    choice.paths.clear()


def _take(root: Path, tree: GitTree, paths: Sequence[bytes]) -> list[bytes]:
    """Take *paths* in; again while they change; return those that git refuses."""
    refused: set[bytes] = set()
    for _ in range(_TRIES):
        before = {path: _stamp(root, path) for path in paths}
        refused = (refused - before.keys()) | set(tree.update(paths))
        paths = [path for path, stamp in before.items() if _stamp(root, path) != stamp]
        if not paths:
            break
    # What has a link for a folder is somewhere else; where it was, there is nothing.
    elsewhere = {path for path in refused if _is_behind_link(root, path)}
    tree.remove(sorted(elsewhere))
    return sorted(refused - elsewhere)


def _is_behind_link(root: Path, path: bytes) -> bool:
    return any(stat.S_ISLNK(_mode(root, part)) for part in _folders(path))


def _folders(path: bytes) -> Iterator[bytes]:
    at = path.find(b"/")
    while at >= 0:
        yield path[:at]
        at = path.find(b"/", at + 1)


def _mode(root: Path, path: bytes) -> int:
    try:
        return os.lstat(root / os.fsdecode(path)).st_mode
    except OSError:
        return 0


def _stamp(root: Path, path: bytes) -> tuple[int, int, int] | None:
    try:
        found = os.lstat(root / os.fsdecode(path))
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def keep_files(
    tree: GitTree, new: Sequence[TreeEntry], keep: Keep, rules: Rules, left_out: list[LeftOut]
) -> list[CodeFile]:
    """Keep the files *new*; return them sorted by path.

    Args:
        tree: Where git has them.
        new: Files and submodules.
        keep: Stores the bytes of a file and returns their id.
        rules: What to keep.
        left_out: Is told of what is not kept.
    """
    kinds = [entry for entry in new if entry.mode != SUBMODULE]
    sizes = dict(zip(kinds, tree.sizes([entry.blob for entry in kinds]), strict=True))
    chosen, total = [], 0
    for entry in kinds:
        size = sizes[entry]
        if size < 0 or size > rules.largest or total + size > rules.most:
            why = "more than is kept" if size >= 0 else "git has not got it"
            left_out.append(LeftOut(entry.path, why, max(size, 0)))
        else:
            chosen.append(entry)
            total += size
    blobs, lengths = [e.blob for e in chosen], [sizes[e] for e in chosen]
    contents = tree.contents(blobs, lengths)
    oids = {entry: keep(data) for entry, data in zip(chosen, contents, strict=True)}
    return sorted(
        (CodeFile(e.path, e.mode, e.blob, oids.get(e), max(sizes.get(e, 0), 0)) for e in new),
        key=lambda file: file.path,
    )
