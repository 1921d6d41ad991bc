"""Bundles tried one after the other in a process that has little memory.

``python -m hostile.trial FOLDER`` imports each ``*.zip`` of the folder into an empty repository,
as the command line does, and prints what came of it as JSON. Where one is taken in, all that
can be asked of it is asked as well.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MEMORY", "SECONDS", "Result", "picture", "trials"]

MEMORY = 1 << 30  # bytes of addresses, of which the interpreter and its libraries take a part
SECONDS = 30.0  # of one command, on a machine that does other things as well
TESTS = Path(__file__).resolve().parents[1]

# What reads a run that was taken in; none may end otherwise than by our own errors.
_QUESTIONS = (
    ("ls",), ("ls", "--json"), ("ls", "--where", "metrics.a.last > 0"), ("show", "evil"),
    ("show", "evil", "--json"), ("log", "--json"), ("diff", "evil", "evil"), ("plot", "evil", "a"),
    ("code", "evil"), ("gc", "--dry-run"), ("fsck",),
)  # fmt: skip


@dataclass
class Result:
    """What came of one bundle.

    Attributes:
        code: Exit code of ``import``; None where something escaped.
        said: What it said.
        seconds: How long it took.
        changed: Files below the repository that are not as before.
        strays: Files that appeared anywhere else.
        verdict: Exit code and words of ``verify``, where there is such a command.
        questions: Exit code and words of each question, of a bundle that was taken in.
    """

    code: int | None
    said: str
    seconds: float
    changed: list[str]
    strays: list[str]
    verdict: tuple[int | None, str, float] | None = None
    questions: dict[str, tuple[int | None, str, float]] = field(default_factory=dict)


def picture(folder: Path) -> dict[str, Any]:
    """Return every file below *folder* with its content and mode, links unfollowed."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content: object = None
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        found[path.relative_to(folder).as_posix()] = (mode, content)
    return found


def trials(bundles: Mapping[str, bytes], *, memory: int = MEMORY) -> dict[str, Result]:
    """Try each of *bundles* in one child; return what came of each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundles"
        folder.mkdir()
        for name, content in bundles.items():
            (folder / f"{name}.zip").write_bytes(content)
        paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, "-m", "hostile.trial", str(folder), str(memory)],
            env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr[-4000:]
        return {name: Result(**found) for name, found in json.loads(done.stdout).items()}


def _command(*words: str) -> tuple[int | None, str, float]:
    """Run one command in this process; return its code, its words and its time."""
    from vcs_track.cli.main import run

    said = io.StringIO()
    began = time.perf_counter()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            code: int | None = run(words)
    except BaseException:  # noqa: BLE001 -- whatever escapes is what we look for
        code = None
        said.write(traceback.format_exc()[-2500:])
    return code, said.getvalue()[-3000:], time.perf_counter() - began


def _try(path: Path, place: Path) -> Result:
    import vcs_track
    from vcs_track.cli.main import group

    vcs_track.init(place / "repo")
    os.chdir(place / "repo")
    before = picture(place)
    shared = [str(path)]
    verdict = None
    if "verify" in group.list_commands(None):  # type: ignore[arg-type]  # it does not look
        verdict = _command("verify", *shared)
    code, said, seconds = _command("import", *shared)
    after = picture(place)
    different = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    result = Result(
        code, said, seconds,
        [name for name in different if name.startswith("repo/.runs/")],
        [name for name in different if not name.startswith("repo/.runs/")],
        verdict,
    )  # fmt: skip
    if code == 0:
        result.questions = {" ".join(words): _command(*words) for words in _QUESTIONS}
    return result


def _main(folder: Path, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    found = {}
    for path in sorted(folder.glob("*.zip")):
        with tempfile.TemporaryDirectory() as scratch:
            found[path.stem] = vars(_try(path, Path(scratch)))
            os.chdir(folder)
            shutil.rmtree(Path(scratch) / "repo", ignore_errors=True)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
