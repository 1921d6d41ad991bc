"""The tree of a work tree, made beside the repository and never in it.

Git works on a copy of the index and writes into an object folder of its own; both are in a
scratch folder. The user's index, ``HEAD``, refs, stash and object database are only read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import GitError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_call import LOOKING, GitCall
from vcs_track.plumbing.worktree import common_dir_of, git_dir_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["GitTree", "TreeEntry", "differing", "files_at", "tree_of"]

# What a user's configuration must not do to the repository while we look.
_QUIET: Final = (
    "core.splitIndex=false", "core.fsmonitor=false", "core.untrackedCache=false",
    "core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false", "core.safecrlf=false",
    "index.version=2",
)  # fmt: skip
_ONE_BY_ONE: Final = 200
_SECONDS: Final = 120.0  # a file of several GB takes a minute; nobody waits for it meanwhile
_LIST_SECONDS: Final = 10.0
_HELD: Final = 32 << 20  # bytes of files at once


class TreeEntry(NamedTuple):
    """One path of a tree: its mode, git's id, and the path."""

    mode: str
    blob: str
    path: bytes


def tree_of(root: Path, commit: str, folder: bytes) -> str | None:
    """Return the tree of *commit*; None where it has a folder of this name.

    Raises:
        GitError: If git cannot do it.
    """
    asked = (
        ("rev-parse", f"{commit}^{{tree}}"),
        ("ls-tree", "-r", "-d", "-z", "--name-only", commit),
    )
    calls = [GitCall("-C", str(root), *words, env=LOOKING) for words in asked]
    tree, folders = [call.answer() for call in calls]  # both at once
    if tree.code or folders.code:
        raise GitError(f"git cannot read commit '{commit[:12]}'")
    if any(folder in path.split(b"/") for path in folders.out.split(b"\0")):
        return None
    return tree.out.decode().strip()


def differing(root: Path, old: str, new: str) -> list[tuple[TreeEntry | None, TreeEntry | None]]:
    """Return the files that differ between two commits, as each has it.

    Raises:
        GitError: If git has not got them.
    """
    options = ("-r", "-z", "--no-renames", "--raw", "--no-commit-id", "--end-of-options")
    call = GitCall("-C", str(root), "--no-optional-locks", "diff-tree", *options, old, new)
    words = iter(call.output("diff-tree").split(b"\0"))
    found = []
    for word in filter(None, words):
        path = next(words)
        before, after, blob, other, _ = word.removeprefix(b":").decode().split()
        found.append(
            (
                TreeEntry(before, blob, path) if int(before, 8) else None,
                TreeEntry(after, other, path) if int(after, 8) else None,
            )
        )
    return found


def files_at(root: Path, commit: str, paths: Sequence[bytes] | None) -> list[TreeEntry]:
    """Return files of *commit*, as it has them.

    Args:
        root: Top of the work tree.
        commit: The commit.
        paths: Which; those that it has not are left out. None is all.

    Raises:
        GitError: If git has not got it.
    """
    wanted = None if paths is None else set(paths)
    found: list[TreeEntry] = []
    # All of them at once, where that is shorter to ask for.
    names = [] if wanted is None or len(wanted) > _ONE_BY_ONE else sorted(wanted)
    if wanted is not None and not wanted:
        return found
    words = ("ls-tree", "-r", "-z", "--full-tree", commit, "--", *map(os.fsdecode, names))
    call = GitCall("-C", str(root), "--literal-pathspecs", *words, env=LOOKING)
    for line in _words(call.output("ls-tree")):
        head, _, path = line.partition(b"\t")
        mode, _, blob = head.decode().split()
        if wanted is None or path in wanted:
            found.append(TreeEntry(mode, blob, path))
    return found


class GitTree:
    """A tree on its way.

    Args:
        root: Top of the work tree.
        scratch: An empty folder.
        fmt: Hash function of git, where *root* is a folder without git.
        lasting: Whether git keeps what is stored, in its own object database.

    Raises:
        GitError: If git cannot do it.
    """

    def __init__(
        self, root: Path, scratch: Path, *, fmt: str = "sha1", lasting: bool = False
    ) -> None:
        self.root = root
        self._scratch = scratch
        git_dir = git_dir_of(root)
        self._env = {**LOOKING, "GIT_INDEX_FILE": str(scratch / "index")}
        if git_dir is None:  # a folder without git: the same with a repository of our own
            own = scratch / "git"
            kind = () if fmt == "sha1" else (f"--object-format={fmt}",)
            self._run("init", "-q", "--bare", "--template=", *kind, str(own))
            self._env |= {"GIT_DIR": str(own), "GIT_WORK_TREE": str(root)}
            return
        if not lasting:
            objects = scratch / "objects"
            fsio.make_dirs(objects)
            self._env |= {
                "GIT_OBJECT_DIRECTORY": str(objects),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(common_dir_of(git_dir) / "objects"),
            }
        try:
            when, _ = fsio.stamp(git_dir / "index")
            index = fsio.read(git_dir / "index")
        except FileNotFoundError:
            return
        fsio.write_new(scratch / "index", index, sync=False)
        # Git looks into files that changed in the second of the index, or later. A copy with a
        # time of its own would hide an edit of the same length.
        fsio.touch(scratch / "index", when)

    def _call(
        self,
        *args: str,
        stdin: bytes | None = None,
        literal: bool = True,
        seconds: float | None = None,
    ) -> GitCall:
        quiet = [word for each in _QUIET for word in ("-c", each)]
        quiet += ["--literal-pathspecs"] * literal
        return GitCall(
            "-C", str(self.root), *quiet, *args, stdin=stdin,
            seconds=seconds or _SECONDS, env=self._env,
        )  # fmt: skip

    def _run(
        self, *args: str, stdin: bytes | None = None, literal: bool = True,
        seconds: float | None = None,
    ) -> bytes:  # fmt: skip
        return self._call(*args, stdin=stdin, literal=literal, seconds=seconds).output(args[0])

    # ---- what is in it -----------------------------------------------------------------

    def update(self, paths: Sequence[bytes]) -> list[bytes]:
        """Take *paths* as the work tree has them; return what git refuses."""
        if not paths or self._update(paths):
            return []
        if len(paths) > _ONE_BY_ONE:
            half = len(paths) // 2
            return self.update(paths[:half]) + self.update(paths[half:])
        return [path for path in paths if not self._update([path])]

    def _update(self, paths: Iterable[bytes]) -> bool:
        names = b"".join(path + b"\0" for path in paths)
        options = ("--add", "--remove", "--replace", "-z", "--stdin")
        code = self._call("update-index", *options, stdin=names).answer().code
        if code < 0:  # a file that is cut while git maps it kills git, which leaves its lock
            fsio.unlink(self._scratch / "index.lock")
        return not code

    def unhide(self, paths: Sequence[bytes]) -> None:
        """Have git look at *paths* again, where it was told not to."""
        names = b"".join(path + b"\0" for path in paths)
        for option in ("--no-assume-unchanged", "--no-skip-worktree"):
            self._run("update-index", option, "-z", "--stdin", stdin=names)

    def put(self, entries: Iterable[TreeEntry]) -> None:
        """Put *entries* in, whatever the work tree has."""
        lines = b"".join(f"{e.mode} {e.blob}\t".encode() + e.path + b"\0" for e in entries)
        self._run("update-index", "--add", "--replace", "-z", "--index-info", stdin=lines)

    def remove(self, paths: Sequence[bytes]) -> None:
        """Take *paths* out."""
        if not paths:
            return
        names = b"".join(path + b"\0" for path in paths)
        self._run("update-index", "--force-remove", "-z", "--stdin", stdin=names)

    def inside(self, folder: str) -> list[bytes]:
        """Return what is in it inside folders of this name."""
        return _words(
            self._run("ls-files", "-z", "--", f":(top,glob)**/{folder}/**", literal=False)
        )

    def untracked(self, ignore: Path | None = None) -> list[bytes]:
        """Return the files of the work tree that are neither in it nor ignored.

        Args:
            ignore: A file with more patterns of what is ignored.
        """
        more = [f"--exclude-from={ignore}"] if ignore is not None else []
        return _words(
            self._run("ls-files", "-z", "-o", "--exclude-standard", *more, seconds=_LIST_SECONDS)
        )

    def ignored(self, patterns: Iterable[str]) -> list[bytes]:
        """Return the files that git ignores and that match one of *patterns*."""
        wanted = [f":(top,glob){pattern}" for pattern in patterns]
        options = ("-z", "-o", "-i", "--exclude-standard", "--")
        return _words(self._run("ls-files", *options, *wanted, literal=False))

    def read(self, tree: str | None) -> None:
        """Begin with the tree or commit *tree*, or with nothing."""
        self._run("read-tree", *(["--empty"] if tree is None else ["--reset", tree]))

    def write(self) -> str:
        """Return the id of the tree."""
        return self._run("write-tree", "--missing-ok").decode().strip()

    # ---- what differs ------------------------------------------------------------------

    def entries(self) -> Iterator[TreeEntry]:
        """Yield all that is in it."""
        for line in filter(None, self._run("ls-files", "-s", "-z").split(b"\0")):
            head, _, path = line.partition(b"\t")
            mode, blob, _ = head.decode().split()
            yield TreeEntry(mode, blob, path)

    def changed(self, commit: str) -> tuple[list[TreeEntry], list[bytes]]:
        """Return what *commit* lacks or has otherwise, and what only it has."""
        new, gone = [], []
        out = self._run(
            "diff-index",
            "--cached",
            "-z",
            "--no-renames",
            "--ignore-submodules=none",
            commit,
            "--",
        )
        words = iter(out.split(b"\0"))
        for word in filter(None, words):
            _, mode, _, blob, _ = word.decode().split()
            path = next(words)
            if mode == "000000":
                gone.append(path)
            else:
                new.append(TreeEntry(mode, blob, path))
        return new, gone

    # ---- contents ----------------------------------------------------------------------

    def sizes(self, blobs: Sequence[str]) -> list[int]:
        """Return the size of each of *blobs*; -1 for one that is not there."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        try:
            lines = self._run("cat-file", "--batch-check", stdin=asked).decode().splitlines()
        except GitError as error:
            # Git may die of an object that a partial clone lacks and may not fetch.
            if "promisor" not in str(error):
                raise
            half = len(blobs) // 2
            return [*self.sizes(blobs[:half]), *self.sizes(blobs[half:])] if half else [-1]
        return [int(line.split()[2]) if line.endswith(tuple("0123456789")) and " blob " in line
                else -1 for line in lines]  # fmt: skip

    def contents(self, blobs: Sequence[str], sizes: Sequence[int]) -> Iterator[bytes]:
        """Yield the bytes of each of *blobs*, which have these *sizes*."""
        part: list[str] = []
        held = 0
        for blob, size in zip(blobs, sizes, strict=True):
            if part and held + size > _HELD:
                yield from self._contents(part)
                part, held = [], 0
            part.append(blob)
            held += size
        yield from self._contents(part)

    def _contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        if not blobs:
            return
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        data = self._run("cat-file", "--batch", stdin=asked)
        at = 0
        for blob in blobs:
            end = data.index(b"\n", at)
            head = data[at:end].split()
            if len(head) != 3 or head[1] != b"blob":
                raise GitError(f"git has no file '{blob[:12]}'")
            size = int(head[2])
            yield data[end + 1 : end + 1 + size]
            at = end + 2 + size

    def store(self, contents: Iterable[bytes]) -> list[str]:
        """Store each of *contents*, as it is, as a blob of git; return their ids."""
        paths = []
        for n, data in enumerate(contents):
            path = self._scratch / f"content-{n}"
            fsio.unlink(path)
            fsio.write_new(path, data, sync=False)
            paths.append(f"{path}\n")
        if not paths:
            return []
        options = ("-w", "--no-filters", "--stdin-paths")
        return self._run("hash-object", *options, stdin="".join(paths).encode()).decode().split()

    def diff(
        self, old: str, new: str, paths: Sequence[str] = (), *, colour: bool = False
    ) -> bytes:
        """Return how tree *new* differs from tree *old*, as git shows it."""
        options = ("--no-ext-diff", "--color=always" if colour else "--color=never")
        return self._run("diff", *options, old, new, "--", *paths)


def _words(out: bytes) -> list[bytes]:
    return [word for word in out.split(b"\0") if word]


def _quoted(path: Path) -> str:
    # A list of folders is split at colons, unless they are quoted as in C.
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
