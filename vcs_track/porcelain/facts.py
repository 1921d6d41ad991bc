"""What is recorded of a run when it starts: time, command, machine, git."""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.formats.manifest import GIT_ID
from vcs_track.formats.remote_url import clean_url
from vcs_track.plumbing import gitlink
from vcs_track.porcelain import machine, values
from vcs_track.porcelain.project import script_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vcs_track.plumbing.gitlink import GitState, GitUnreadable

    AskGit = Callable[[], GitState | GitUnreadable | None]

__all__ = ["Facts", "check_git", "gathering"]

_TOLD: Final = ("commit", "remote")


def check_git(told: Mapping[str, str] | None) -> dict[str, Any]:
    """Return what a run manifest keeps of a commit that a caller names.

    Args:
        told: ``commit``, all of its digits, and ``remote``, an address.

    Raises:
        InvalidValueError: If there is something else, or the commit is none.

    Example:
        >>> from vcs_track.porcelain.facts import check_git
        >>> check_git({"commit": "a" * 40, "remote": "https://me:secret@example.org/a.git"})
        {'commit': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'remote': 'https://example.org/a.git'}
    """
    found: dict[str, Any] = {}
    for name, value in (told or {}).items():
        if name not in _TOLD or not isinstance(value, str):
            raise InvalidValueError(
                f"git has {name!r:.40}: {value!r:.40}", hint="give texts 'commit' and 'remote'"
            )
        found[name] = value.strip()
    if "commit" in found:
        found["commit"] = found["commit"].lower()
        if GIT_ID.fullmatch(found["commit"]) is None:
            raise InvalidValueError(
                f"{found['commit']!r:.80} is no id of a commit", hint="give all of its digits"
            )
    if "remote" in found:
        found["remote"] = values.check_note(clean_url(found["remote"]))
    return found


class Facts:
    """What is known of a run that starts, and what git will say.

    Attributes:
        state: What git said, once it was waited for.
        asked: Whether it was.
    """

    def __init__(self, known: dict[str, Any], ask: AskGit) -> None:
        self.state: GitState | GitUnreadable | None = None
        self.asked = False
        self._known = known
        self._ask = ask

    def of_git(self) -> dict[str, Any]:
        """Wait for git; return what it said, and whether the code is captured."""
        return {key: value for key, value in self().items() if key in ("git", "capture")}

    def __call__(self) -> dict[str, Any]:
        """Wait for git; return everything."""
        self.state = self._ask()
        self.asked = True
        return self._known if self.state is None else {**self._known, "git": self.state.to_json()}


@contextmanager
def gathering(
    folder: Path, variables: Mapping[str, str], *, argv: Sequence[str] | None, git: bool,
    code: bool = False, cwd: Path | None = None, declared: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Iterator[Facts]:  # fmt: skip
    """Begin to gather the facts of a run that starts now.

    Args:
        folder: Where the run is recorded.
        variables: Environment variables to keep.
        argv: Command line. Default: that of this process.
        git: Whether to ask git.
        code: Whether the code is captured, so that its absence is a gap.
        cwd: Folder of the command. Default: the current one.
        declared: What else is kept with the command.
        told: What to keep in place of what git says, where it is not asked or says nothing.

    Returns:
        For the body, the facts; they wait for git, which is slow, when they are asked for.
    """
    created_us = time.time_ns() // 1000
    with gitlink.asking_for_state(folder) if git else nullcontext(lambda: None) as ask:
        top = gitlink.find_root(folder) or folder
        env = machine.describe(variables, argv=argv, root=top, cwd=cwd)
        command = {
            "argv": env.pop("command"),
            "cwd": env.pop("cwd"),
            "script": script_of(argv, top, cwd),
            **(declared or {}),
        }
        known = {"created_us": created_us, "env": env, "command": command}
        if told:
            known["git"] = dict(told)
        yield Facts({**known, "capture": True} if code and git else known, ask)
