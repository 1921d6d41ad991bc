"""Git's own bisection, in a work tree that nobody else sees.

Where a bisection stands (``refs/bisect``, ``BISECT_LOG`` and the like) belongs to one work tree.
A tree made for it alone has no files; when it is removed all of that is gone with it, and a
bisection that the user has going on in a tree of their own never knew of it.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from vcs_track.errors import GitError
from vcs_track.formats.gitstate import git_text
from vcs_track.plumbing import fsio, git_worktree
from vcs_track.plumbing.git_ask import check, demand, top_of
from vcs_track.plumbing.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.plumbing.git_call import Answer

    Term = Literal["good", "bad", "skip"]

__all__ = ["Bisection", "Outcome", "bisection", "clean_up"]

_PREFIX: Final = "vcs-track-bisect-"
_LOCK: Final = "lock"
# No hook of the user runs: nothing is checked out that they would want to hear of.
_QUIETLY: Final = (
    "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false",
    "-c", "submodule.recurse=false", "-c", "advice.detachedHead=false",
)  # fmt: skip
_COMMIT: Final = re.compile(r"# (possible )?first bad commit: \[([0-9a-f]{40,64})\]")
_MERGE_BASE: Final = 3


class Outcome(NamedTuple):
    """What a bisection found.

    Attributes:
        first_bad: The first bad commit, or None where several may be it.
        possible: All that may be it, where some could not be tested.
    """

    first_bad: str | None
    possible: tuple[str, ...]


class Bisection:
    """A bisection that goes on.

    Args:
        state: Its work tree, without files.
        trees: Where work trees with files may be made.
    """

    def __init__(self, top: Path, state: Path, trees: Path) -> None:
        self._top = top
        self._state = state
        self._trees = trees

    @property
    def next(self) -> str:
        """The commit that git wants to know of."""
        return _output(self._git("rev-parse", "--verify", "BISECT_HEAD"), "rev-parse").strip()

    @property
    def bad(self) -> str:
        """The oldest commit that is known to be bad."""
        return _output(self._git("rev-parse", "--verify", "refs/bisect/bad"), "rev-parse").strip()

    def left(self) -> list[str]:
        """Return the commits that may be tested, the one that tells most first."""
        refs = _output(self._git("for-each-ref", "--format=%(objectname) %(refname)", "refs/bisect"),
                       "for-each-ref").split("\n")  # fmt: skip
        said = [line.split(" ", 1) for line in refs if line]
        bad = [oid for oid, name in said if name == "refs/bisect/bad"]
        good = [oid for oid, name in said if name.startswith("refs/bisect/good-")]
        skipped = {oid for oid, name in said if name.startswith("refs/bisect/skip-")}
        listed = _output(
            self._git("rev-list", "--bisect-all", *bad, "--not", *good, "--"), "rev-list"
        )
        found = [line.split(" ", 1)[0] for line in listed.splitlines() if line]
        return [oid for oid in found if oid not in bad and oid not in skipped]

    def tell(self, term: Term, commits: Sequence[str]) -> None:
        """Say what is known of *commits*.

        Raises:
            GitError: If git refuses, as where the newest common commit of good and bad is bad.
        """
        answer = self._git("bisect", term, *commits)
        if answer.code == _MERGE_BASE:
            raise GitError(
                f"'{commits[0][:10]}', from which good and bad both come, is bad too",
                hint="name a good commit that the bad one comes from",
            )
        if answer.code and self.outcome() is None:
            check("bisect", answer)

    def outcome(self) -> Outcome | None:
        """Return what was found; None while it goes on."""
        log = _output(self._git("bisect", "log"), "bisect log")
        possible = []
        for line in log.splitlines():
            found = _COMMIT.match(line)
            if found and not found[1]:
                return Outcome(found[2], (found[2],))
            if found:
                possible.append(found[2])
        if possible:
            return Outcome(None, tuple(dict.fromkeys(possible)))
        return None

    @contextmanager
    def checked_out(self, commit: str, name: str) -> Iterator[Path]:
        """Make a work tree of *commit* for the body, in a folder of this *name*.

        Whatever is left in it goes with it.

        Raises:
            GitError: If git cannot do it.
        """
        folder = self._trees / name
        try:
            _add(self._top, folder, commit)
            yield folder
        finally:
            git_worktree.remove(self._top, folder)

    def _git(self, *args: str) -> Answer:
        return demand("-C", str(self._state), *_QUIETLY, *args, patient=True)


@contextmanager
def bisection(root: Path, good: str, bad: str) -> Iterator[Bisection]:
    """Begin a bisection for the body; nothing is left of it afterwards.

    Args:
        root: A folder in the work tree.
        good: Id of a commit that is good.
        bad: Id of one that is bad.

    Raises:
        GitError: If git refuses.
    """
    top = top_of(root)
    clean_up(top)
    place = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    lock = None
    try:
        lock = Lock.take(place / _LOCK)
        state = place / "state"
        _add(top, state, bad, "--no-checkout")
        found = Bisection(top, state, place / "trees")
        check("bisect", found._git("bisect", "start", "--no-checkout", bad, good, "--"))  # noqa: SLF001 -- its maker
        yield found
    finally:
        _remove(top, place)
        if lock is not None:
            lock.release()


def clean_up(root: Path) -> int:
    """Remove what bisections left whose programs died; return how many.

    Raises:
        GitError: If git cannot be asked.
    """
    top = top_of(root)
    return sum(_bury(top, tree.parent) for tree in _known(top) if tree.name == "state")


def _bury(top: Path, place: Path) -> bool:
    """Remove *place* if it is one of ours and nobody works there."""
    if not place.name.startswith(_PREFIX):
        return False
    if not place.exists() and place.parent.is_dir():
        _remove(top, place)  # the folder for temporary files was emptied, as at a start
        return True
    # A folder that a user gave such a name to has no lock in it.
    if not (place / _LOCK).is_file():
        return False
    lock = Lock.take(place / _LOCK)
    if lock is None:
        return False
    if lock.certain:
        _remove(top, place)
    lock.release()
    return lock.certain


def _add(top: Path, folder: Path, commit: str, *options: str) -> None:
    answer = demand(
        "-C", str(top), *_QUIETLY, "worktree", "add", "-q", "--detach", *options, str(folder),
        commit, patient=True,
    )  # fmt: skip
    check("worktree", answer)


def _remove(top: Path, place: Path) -> None:
    """Remove a folder of ours with the work trees in it."""
    for folder in _known(top):
        if folder.is_relative_to(place):
            git_worktree.remove(top, folder)
    fsio.remove_tree(place)


def _known(top: Path) -> list[Path]:
    """Return the work trees that git knows of."""
    listed = demand("-C", str(top), "worktree", "list", "--porcelain", patient=True)
    check("worktree", listed)
    lines = (line.removeprefix(b"worktree ") for line in listed.out.splitlines()
             if line.startswith(b"worktree "))  # fmt: skip
    return [Path(os.fsdecode(line)) for line in lines]


def _output(answer: Answer, command: str) -> str:
    check(command, answer)
    return git_text(answer.out)
