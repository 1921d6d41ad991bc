"""The story of ``vcs-track demo``: each step a command one would type.

Nothing is staged: every command is run by itself, in a new folder, with its output where it
comes out. The first that fails ends the story.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import GitError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Step", "improve", "new_folder", "steps", "tell"]

_PROJECT: Final = "penguins"
_ELSEWHERE: Final = "elsewhere"
_FIRST: Final = "first"
_FILES: Final = {"train.py": "train.py.txt", "penguins.csv": "penguins.csv"}

# The one change between the two runs: how the features are brought to one scale.
_CHANGES: Final = (
    ('"scaling": "largest"', '"scaling": "standard"'),
    ("import random\n", "import random\nimport statistics\n"),
    (
        '''\
    """Bring the features to about one, so that one learning rate suits them all."""
    largest = [max(column) for column in zip(*(x for x, _ in penguins))]
    return [([v / m for v, m in zip(x, largest)], y) for x, y in penguins]
''',
        '''\
    """Bring the features to mean 0 and deviation 1, so that one learning rate suits them all."""
    columns = list(zip(*(x for x, _ in penguins)))
    means = [statistics.fmean(column) for column in columns]
    spreads = [statistics.stdev(column) for column in columns]
    return [([(v - m) / s for v, m, s in zip(x, means, spreads)], y) for x, y in penguins]
''',
    ),
)

# What somebody's shell has set for their own work must not lead the commands astray.
_FOREIGN: Final = (
    "GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE",
    "VCS_TRACK_DIR", "VCS_TRACK_DISABLE_GIT", "VCS_TRACK_MODE", "VCS_TRACK_NAME",
    "VCS_TRACK_RESUME", "VCS_TRACK_RUN_ID",
)  # fmt: skip
# The user's hooks and signatures are for other work; no file is changed for this.
_SETTINGS: Final = {
    "commit.gpgSign": "false",
    "core.hooksPath": os.devnull,
    "init.defaultBranch": "main",
}

_NEXT: Final = """\
What to try next

  cd {project}
  vcs-track show @                      all that is known of the newest run
  vcs-track log                         commits with their runs
  vcs-track run -- sh -c 'echo hello'   record any program, not only Python
  python train.py                       after a change of yours to train.py, then
  vcs-track diff '@{{-1}}' @              what your change did
  vcs-track --help                      everything else

In your own project: call vcs_track.start_run() where the training begins, as train.py does.
"""


class Step(NamedTuple):
    """One command of the story.

    Attributes:
        words: The command as a person types it.
        folder: Where.
        why: What is said before it.
    """

    words: tuple[str, ...]
    folder: Path
    why: str = ""

    @property
    def typed(self) -> str:
        """The command for a shell."""
        return shlex.join(self.words)

    @property
    def program(self) -> list[str]:
        """The command with this very Python and this very package."""
        first, *rest = self.words
        if first == "python":
            return [sys.executable, *rest]
        if first == "vcs-track":
            return [sys.executable, "-m", "vcs_track", *rest]
        return [first, *rest]


def new_folder(folder: Path | None) -> Path:
    """Make the folder for the story.

    Args:
        folder: A folder that does not exist or is empty. Default: a temporary one, which
            stays.

    Raises:
        GitError: If git is missing.
        InvalidValueError: If something is there.
    """
    if shutil.which("git") is None:
        raise GitError(
            "the demo needs git, which is not installed", hint="install git, then try again"
        )
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="vcs-track-demo-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValueError(
            f"'{folder}' is there already", hint="give the path of a folder that is not there"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def improve(script: str) -> str:
    """Return the training script with the change that the story makes.

    Example:
        >>> from vcs_track.demo.story import improve
        >>> improve('HPARAMS = {"scaling": "largest"}')
        'HPARAMS = {"scaling": "standard"}'
    """
    for old, new in _CHANGES:
        script = script.replace(old, new)
    return script


def steps(folder: Path) -> Iterator[Step]:
    """Yield the commands; what is not a command happens between them.

    Args:
        folder: An empty folder.
    """
    project, bundle = folder / _PROJECT, "runs.zip"

    def step(line: str, why: str = "", where: Path = project) -> Step:
        return Step(tuple(shlex.split(line)), where, why)

    project.mkdir()
    for name, resource in _FILES.items():
        (project / name).write_bytes(files(__package__).joinpath(resource).read_bytes())
    (project / ".gitignore").write_text("model.json\n__pycache__/\n", encoding="utf-8")
    yield step("git init --quiet", "A project: a training script and 342 penguins, in git.")
    yield step("git config user.name 'A Penguin'")
    yield step("git config user.email penguin@example.org")
    yield step("git add .")
    yield step("git commit --quiet -m 'Recognise penguins'")
    yield step("vcs-track init")
    yield step("python train.py", "Train. The script calls vcs_track.start_run().")
    script = project / "train.py"
    script.write_text(improve(script.read_text(encoding="utf-8")), encoding="utf-8")
    yield step("git diff -U0", "Change one thing, and do not commit it.")
    yield step("python train.py", "Train again.")
    yield step("vcs-track ls", "Which runs are there?")
    yield step("vcs-track diff '@{-1}' @", "What did the change do?")
    yield step("vcs-track diff --code '@{-1}' @")
    yield step("vcs-track ls --where 'summary.val/acc > 0.9'", "Which runs are good?")
    yield step("git add train.py", "Keep the change and the runs together.")
    yield step("vcs-track commit -m 'Standardise the features'")
    yield step("git log --stat -1")
    yield step(f"vcs-track export -o {bundle} --all", "Both runs as one zip, to read elsewhere.")
    yield step(f"vcs-track init ../{_ELSEWHERE}")
    yield step(f"vcs-track import ../{_PROJECT}/{bundle}", where=folder / _ELSEWHERE)
    yield step("vcs-track ls", where=folder / _ELSEWHERE)
    yield step("vcs-track fsck", "Is everything there and undamaged?")
    yield step(
        f"vcs-track restore '@{{-1}}' --worktree ../{_FIRST}",
        "The exact code of the first run, in a work tree of its own.",
    )
    unzip = "unzip -tq" if shutil.which("unzip") else "python -m zipfile -t"
    yield step(f"{unzip} {bundle}", "It is a plain zip.")


def tell(folder: Path, show: Callable[[str, str], None]) -> int:
    """Run the story.

    Args:
        folder: An empty folder.
        show: Is called with ``why``, ``typed``, ``place``, ``error`` or ``next`` and a text.

    Returns:
        0, or the exit code of the command that failed.
    """
    _prepare_environment()
    here: Path | None = None
    for step in steps(folder):
        if step.why:
            show("why", step.why)
        if step.folder != here:
            there = os.path.relpath(step.folder, here) if here else str(step.folder)
            show("place", f"cd {shlex.quote(there)}")
            here = step.folder
        show("typed", step.typed)
        code = subprocess.run(step.program, cwd=here, check=False).returncode
        if code:
            show("error", f"'{step.typed}' ended with exit code {code}, in '{here}'")
            return code if code > 0 else 128 - code
    show("next", _NEXT.format(project=folder / _PROJECT))
    return 0


def _prepare_environment() -> None:
    # Only what our children inherit: this process has read its variables already.
    for name in _FOREIGN:
        os.unsetenv(name)
    os.putenv("GIT_PAGER", "cat")
    os.putenv("GIT_CONFIG_COUNT", str(len(_SETTINGS)))
    for number, (name, value) in enumerate(_SETTINGS.items()):
        os.putenv(f"GIT_CONFIG_KEY_{number}", name)
        os.putenv(f"GIT_CONFIG_VALUE_{number}", value)
