"""The program in this process, and a repository with real runs to look at."""

from __future__ import annotations

import math
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

import vcs_track
from vcs_track.cli import main
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

__all__ = ["Lab", "Program", "Result", "lab", "lab_folder", "program"]

ESCAPE = "\x1b]0;pwned\x07\x1b[31mred"


@dataclass(frozen=True)
class Result:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [canonical.loads(line.encode()) for line in self.lines]


class Program(Protocol):
    def __call__(self, *args: str, columns: int | None = 80, colour: bool = False) -> Result: ...


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """Call the program as the shell would, and tell how it ended."""

    def call(*args: str, columns: int | None = 80, colour: bool = False) -> Result:
        with monkeypatch.context() as patch:
            if columns is not None:
                patch.setenv("COLUMNS", str(columns))
            if colour:
                patch.setenv("FORCE_COLOR", "1")
            capsys.readouterr()
            code = main.run(args)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


@dataclass(frozen=True)
class Lab:
    """A repository that tests read and never write.

    Its runs, oldest first: ``base`` and ``small`` differ in the learning rate, ``broken``
    failed, ``odd`` has names and values that nobody expects.
    """

    folder: Path


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the runs once for all tests."""
    folder = tmp_path_factory.mktemp("lab")
    git(folder, "init", "--quiet")
    (folder / "train.py").write_text("print('training')\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "--quiet", "-m", "start")
    repo = vcs_track.init(folder)
    for name, run_id, lr in (("base", "aaaa1111", 0.1), ("small", "aaaa2222", 0.01)):
        params = {"lr": lr, "optimizer": {"name": "adam"}}
        with repo.start_run(name, id=run_id, hparams=params, tags=["first"]) as run:
            for step in range(50):
                loss = math.exp(-step * lr)
                run.add_scalars({"train/loss": loss, "val/acc": 1 - loss}, step=step)
            run.add_text(f"notes of {name}", tag="diary", step=1)
            run.write_result(score=lr * 2)
    with (
        suppress(ZeroDivisionError),
        repo.start_run("broken", id="bbbb3333", hparams={"lr": 1.0, "warmup": 5}) as run,
    ):
        run.add_scalar("train/loss", 3.5, 0)
        1 / 0  # noqa: B018 -- the failure is the point
    with repo.start_run(
        "実験 🚀", id="cccc4444", hparams={"lr": 0.1, "prompt": ESCAPE}, notes=ESCAPE
    ) as run:
        for step, value in enumerate((1.0, math.nan, math.inf, 0.5)):
            run.add_scalar("train/loss", value, step)
    return folder


@pytest.fixture
def lab(lab_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Work in the repository with runs."""
    monkeypatch.chdir(lab_folder)
    return Lab(lab_folder)


@pytest.fixture
def on_terminal() -> Callable[..., str]:
    """Run a command with a terminal of some width, and return what that shows."""
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")

    def call(command: list[str], *, columns: int, stream: str = "stdout") -> str:
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        other = {"stdout": "stderr", "stderr": "stdout"}[stream]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "TERM": "xterm-256color"},
            **{stream: slave, other: subprocess.DEVNULL},
        )
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # how Linux says that nobody holds the terminal any more
                break
            if not part:
                break
            shown += part
        os.close(master)
        process.wait(60)
        return shown.decode("utf-8").replace("\r\n", "\n")

    return call
