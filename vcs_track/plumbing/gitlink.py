"""What git says about a folder, and the few things asked of it.

Reads take no lock and leave index, ``HEAD``, refs
and stash as they are; they give up after ten seconds, so that a hanging network disk
never stops a training. What git prints is bytes: kept text has U+FFFD where it was not
UTF-8, file names keep theirs by ``surrogateescape``.
"""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from vcs_track.errors import GitError, NotInstalledError
from vcs_track.formats.gitstate import (
    CommitInfo,
    GitState,
    GitUnreadable,
    git_text,
    parse_status,
)
from vcs_track.formats.remote_url import clean_url
from vcs_track.plumbing.git_ask import (
    ask,
    begin,
    check,
    demand,
    fail,
    refusal,
    refuse_option,
    refused_for,
    top_of,
    unknown,
)
from vcs_track.plumbing.git_call import INSTALL, Answer, GitCall, NoAnswerError
from vcs_track.plumbing.worktree import (
    common_dir_of,
    find_root,
    git_dir_of,
    is_submodule,
    main_root,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "CommitInfo",
    "GitState",
    "GitUnreadable",
    "add",
    "asking_for_state",
    "commit",
    "commits",
    "committed",
    "find_root",
    "init",
    "is_clean",
    "main_root",
    "read_state",
    "resolve",
    "staged",
    "version",
]

_NOT_RUNS: Final = ":(exclude,top,glob)**/.runs/**"
_COMMIT_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_T = TypeVar("_T")


# --- the state ---


def read_state(path: Path) -> GitState | GitUnreadable | None:
    """Ask git where the work tree that holds *path* stands; never raises.

    Returns:
        A `GitState`; None outside a work tree; `GitUnreadable`, with the reason, when
        git is missing, slow, mistrusts the owner, or cannot read the repository.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from vcs_track.plumbing.gitlink import init, read_state
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     init(Path(folder))
        ...     read_state(Path(folder)).commit is None
        True
    """
    with asking_for_state(path) as answer:
        return answer()


@contextmanager
def asking_for_state(path: Path) -> Iterator[Callable[[], GitState | GitUnreadable | None]]:
    """Begin `read_state`; the body has the function that waits for its answer."""
    begun = _told(lambda: _begin(path))
    try:
        if isinstance(begun, tuple):
            root, call = begun
            yield lambda: _told(lambda: _state(root, call.answer()))
        else:
            found = begun
            yield lambda: found
    finally:
        if isinstance(begun, tuple):
            begun[1].drop()


def _told(work: Callable[[], _T]) -> _T | GitUnreadable:
    try:
        return work()
    except NoAnswerError as error:
        return error.unreadable
    except OSError as error:
        return GitUnreadable(f"the folder cannot be read: {error.strerror}")
    except (LookupError, ValueError):
        return GitUnreadable("what git says makes no sense", "run 'git status' there")


def _begin(path: Path) -> tuple[Path, GitCall] | GitUnreadable | None:
    root = find_root(path)
    refused = None if root is None else refused_for(root)
    if root is None or refused is not None:
        return refused
    return root, begin(
        root, "status", "--porcelain=v2", "--branch", "-z", "--no-renames",
        "--untracked-files=normal", "--", _NOT_RUNS,
    )  # fmt: skip


def _state(root: Path, answer: Answer) -> GitState | GitUnreadable:
    git_dir = git_dir_of(root)
    if answer.code or git_dir is None:
        return refusal(root, answer)
    state, branch = parse_status(answer.out, answer.err, root=str(root))
    common = common_dir_of(git_dir)
    return replace(
        state,
        remote=_remote_url(root, common, branch),
        worktree=common != git_dir,
        submodule=is_submodule(common),
    )


def _remote_url(root: Path, common: Path, branch: bytes | None) -> str | None:
    """Return the URL of the branch's remote, else 'origin', else the only one."""
    try:
        stat = (common / "config").stat()
    except OSError:
        return None
    settings = _remote_settings(root, common, stat.st_mtime_ns, stat.st_size)
    urls = {
        key[len(b"remote.") : -len(b".url")]: value
        for key, value in settings.items()
        if key.startswith(b"remote.") and value
    }
    followed = settings.get(b"branch." + (branch or b"") + b".remote", b"")
    url = urls.get(followed) or urls.get(b"origin")
    if url is None and len(urls) == 1:
        (url,) = urls.values()
    return None if url is None else clean_url(git_text(url)) or None


@lru_cache(maxsize=16)
def _remote_settings(root: Path, common: Path, mtime: int, size: int) -> Mapping[bytes, bytes]:
    del mtime, size  # they only tell one state of the file from the next
    text = (common / "config").read_bytes().lower()
    if b"remote" not in text and b"include" not in text:
        return {}
    found: dict[bytes, bytes] = {}
    # All of them: git's own name patterns do not match what is not UTF-8.
    for entry in ask(root, "config", "--null", "--list").out.split(b"\0"):
        key, _, value = entry.partition(b"\n")
        if key.startswith(b"remote.") and key.endswith(b".url"):
            found.setdefault(key, value)  # git fetches from the first
        elif key.startswith(b"branch.") and key.endswith(b".remote"):
            found[key] = value
    return found


def is_clean(path: Path) -> bool:
    """Tell whether git would call the work tree clean, ``.runs`` left out.

    Raises:
        GitError: If *path* is in no work tree, or git cannot read it.
    """
    state = read_state(path)
    if not isinstance(state, GitState):
        fail(state, path)
    return not state.dirty and not state.untracked


# --- commits ---


def version() -> tuple[int, ...] | None:
    """Return git's version as numbers, or None when it cannot be started.

    Example:
        >>> from vcs_track.plumbing.gitlink import version
        >>> (version() or (0,)) >= (2, 25)
        True
    """
    try:
        words = git_text(GitCall("version").answer().out)
    except NoAnswerError:
        return None
    match = re.search(r"\d+(?:\.\d+)*", words)
    return None if match is None else tuple(int(part) for part in match[0].split("."))


def resolve(root: Path, rev: str) -> str:
    """Return the id of the commit that *rev* names.

    Raises:
        GitError: If git knows no such commit; the hint has near names.
    """
    refuse_option(rev)
    top = top_of(root)
    # ':/text' searches messages, a suffix would become part of the text.
    spec = rev if rev.startswith(":/") else f"{rev}^{{commit}}"
    answer = demand("-C", str(top), "rev-parse", "--verify", "--quiet", spec)
    commit_id = git_text(answer.out.strip())
    if answer.code == 0 and _COMMIT_ID.fullmatch(commit_id):
        return commit_id
    raise unknown(top, rev)


def commits(
    root: Path, rev_range: str | None = None, limit: int | None = None
) -> list[CommitInfo]:
    """Return the commits of *rev_range*, newest first.

    Args:
        root: A folder in the work tree.
        rev_range: As ``git log`` takes it, ``v1..main`` for example. Default: ``HEAD``.
        limit: At most so many. Default: all.

    Raises:
        GitError: If git does not understand the range, or cannot be asked.
        NotInstalledError: If GitPython is missing.
    """
    if rev_range is not None:
        refuse_option(rev_range)
    top = str(top_of(root))
    if rev_range is None and demand("-C", top, "rev-parse", "-q", "--verify", "HEAD").code:
        return []  # before the first commit
    command = [
        "git", "--no-optional-locks", "log", "-z", "-s", "--no-show-signature",
        "--encoding=UTF-8", "--format=%H%x00%ct%x00%an%x00%s",
    ]  # fmt: skip
    if limit is not None:
        command.append(f"--max-count={limit}")
    fields = git_text(_gitpython(top, [*command, rev_range or "HEAD", "--"])).split("\0")
    rows = zip(*(fields[i::4] for i in range(4)), strict=False)
    return [CommitInfo(oid, int(time), author, subject) for oid, time, author, subject in rows]


def _gitpython(top: str, command: list[str]) -> bytes:
    try:
        from git import Git  # costs 225 ms
        from git.exc import GitCommandNotFound
    except ModuleNotFoundError as error:
        raise NotInstalledError("git history needs GitPython", package="GitPython") from error
    except ImportError as error:
        raise GitError("git is not installed", hint=INSTALL) from error
    try:
        # Bytes and the bare command: its commit objects know neither SHA-256 nor reftable.
        code, out, err = Git(top).execute(
            command,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
        )
    except GitCommandNotFound as error:
        raise GitError("git is not installed", hint=INSTALL) from error
    check("log", Answer(code, b"", err.encode("utf-8", "replace")))
    return out


# --- writing; by subprocess, since GitPython would run the user's hooks in another locale ---


def init(path: Path) -> None:
    """Make *path* a git repository, as ``git init`` does.

    Raises:
        GitError: If git refuses.
    """
    answer = demand("init", "--quiet", "--", str(path), patient=True)
    check("init", answer)


def add(root: Path, paths: Sequence[str]) -> None:
    """Stage *paths*, also where git ignores them.

    Args:
        root: A folder in the work tree.
        paths: Files and folders, literal, relative to the top of the work tree.

    Raises:
        GitError: If git refuses; then nothing is staged.
    """
    if not paths:
        return
    top = top_of(root)
    answer = demand(
        "-C", str(top), "--literal-pathspecs", "add", "--force",
        "--pathspec-from-file=-", "--pathspec-file-nul",
        stdin=_pathspecs(paths), patient=True,
    )  # fmt: skip
    check("add", answer)


def commit(root: Path, message: str, paths: Sequence[str] | None = None) -> str:
    """Commit, and return the id of the new commit.

    Args:
        root: A folder in the work tree.
        message: Subject, and after a blank line the body.
        paths: Commit these alone, as they are on disk; each must be known to git (see
            `add`). What else is staged stays staged and is left out. Default: commit
            what is staged.

    Raises:
        GitError: With git's own words: no identity, a hook refused, a merge goes on,
            nothing to commit.
    """
    top = top_of(root)
    if paths is not None and not paths:
        raise GitError("git commit failed: no paths given")
    with tempfile.TemporaryDirectory(prefix="vcs-track-") as folder:
        only: tuple[str, ...] = ()
        if paths is not None:
            listed = Path(folder, "paths")
            listed.write_bytes(_pathspecs(paths))
            only = ("--only", f"--pathspec-from-file={listed}", "--pathspec-file-nul")
        answer = demand(
            "-C", str(top), "--literal-pathspecs", "commit", "--file=-", *only,
            stdin=message.encode("utf-8", "surrogateescape"), patient=True,
        )  # fmt: skip
    check("commit", answer)
    return resolve(top, "HEAD")


def staged(root: Path, paths: Iterable[str] = ()) -> bool:
    """Tell whether anything is staged beside *paths* and what lies below them.

    Raises:
        GitError: If git cannot be asked.
    """
    top = top_of(root)
    answer = demand(
        "-C", str(top), "--no-optional-locks", "diff", "--cached", "--name-only", "-z",
        "--no-renames", "--no-ext-diff",
    )  # fmt: skip
    check("diff", answer)
    ours = [os.fsencode(posixpath.normpath(path)) for path in paths]
    return any(
        name and not any(name == path or name.startswith(path + b"/") for path in ours)
        for name in answer.out.split(b"\0")
    )


def committed(root: Path, folder: Path, commit: str = "HEAD") -> set[str]:
    """Return the names of the files below *folder* that *commit* has."""
    answer = ask(root, "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder}/")
    if answer.code:
        return set()
    return {os.fsdecode(posixpath.basename(name)) for name in answer.out.split(b"\0") if name}


def _pathspecs(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
