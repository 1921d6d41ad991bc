"""How runs end, and what survives."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

from vcs_track.formats.oid import FORMATS, ObjectId
from vcs_track.porcelain import capture

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []

_START = "run = wandb.init(project='p', id='r')\nrun.log({'a': 1})\n"


def oid(data: bytes) -> ObjectId:
    """Return an id for *data*."""
    return FORMATS["sha256"].hash(data)


def view() -> RunView:
    """Return what the store has of the run ``r``."""
    import vcs_track

    return vcs_track.open().run("r")


class TestExitCode:
    @pytest.mark.parametrize(
        ("text", "process", "status", "code"),
        [
            ("", 0, "finished", 0),
            ("wandb.finish()", 0, "finished", 0),
            ("wandb.finish(exit_code=4)", 0, "failed", 4),
            ("import sys; sys.exit(3)", 3, "failed", 3),
            ("import sys; sys.exit('bad')", 1, "failed", 1),
            ("import sys; sys.exit()", 0, "finished", 0),
            ("import sys; sys.exit(0)", 0, "finished", 0),
            ("1 / 0", 1, "failed", 1),
            ("raise KeyboardInterrupt", -2, "killed", 255),
            ("with run: 1 / 0", 1, "failed", 1),
            ("with run: import sys; sys.exit(7)", 7, "failed", 7),
            ("with run: raise KeyboardInterrupt", -2, "killed", 255),
        ],
    )
    def test_of_a_script(
        self, ours: Face, tmp_path: Path, text: str, process: int, status: str, code: int
    ) -> None:
        """Each way to leave gives its status and exit code, and the process its own."""
        run_script(ours, _START + text, tmp_path, status=process)
        found = view()

        assert status == found.status
        assert code == found.faces["wandb"]["exit_code"]
        assert code == found.to_dict()["exit"]["code"]
        assert {"a": 1} == found.summary

    def test_traceback_is_kept(self, ours: Face, tmp_path: Path) -> None:
        """The traceback of an exception is kept, and printed as ever."""
        done = run_script(ours, _START + "1 / 0", tmp_path, status=1)

        assert "ZeroDivisionError" in view().to_dict()["exit"]["error"]
        assert "ZeroDivisionError" in done.stderr

    def test_exit_that_is_caught_by_a_later_one(self, ours: Face, tmp_path: Path) -> None:
        """The last word of ``sys.exit`` counts."""
        text = "import sys\ntry: sys.exit(3)\nexcept SystemExit: pass\nsys.exit(0)"
        run_script(ours, _START + text, tmp_path)

        assert "finished" == view().status

    def test_exception_leaves_with(self, face: Face) -> None:
        """An exception in the block ends the run and goes on."""
        with pytest.raises(ZeroDivisionError), face.init():
            raise ZeroDivisionError

        assert face.wandb.run is None

    def test_pending_row_is_committed(self, ours: Face, tmp_path: Path) -> None:
        """What was not committed is, at a normal end, an exception and a SIGTERM."""
        for ending in ("", "1 / 0", "import os; os.kill(os.getpid(), 15)"):
            text = f"run = wandb.init(project='p', id='r')\nrun.log({{'b': 2}}, step=3)\n{ending}"
            run_script(ours, text, tmp_path, status=None)

        import vcs_track

        found = [run.series("b").step for run in vcs_track.open().runs()]
        assert [[3], [3], [3]] == found


class TestSignals:
    @pytest.mark.parametrize(
        ("number", "status", "code"),
        [(signal.SIGTERM, "killed", None), (signal.SIGINT, "killed", 255)],
    )
    def test_from_outside(
        self, ours: Face, tmp_path: Path, number: int, status: str, code: int | None
    ) -> None:
        """Ctrl-C and SIGTERM from outside end the run as killed; there SIGTERM leaves none."""
        _stopped(ours, tmp_path, number)

        assert status == view().status
        assert code == view().faces["wandb"]["exit_code"]
        assert 50 <= len(view().series("a"))


def _stopped(face: Face, folder: Path, number: int) -> int:
    """Start a script that logs for ever, and stop it; return how many rows it had printed."""
    script = folder / "script.py"
    script.write_text(
        f"import {face.home} as wandb\nrun = wandb.init(project='p', id='r')\nn = 0\n"
        "while True:\n"
        "    row = {'a': n, 'b': n / 3}\n"
        "    wandb.log(row if n % 2 else {**row, 'd': {'e': n}})\n"
        "    n += 1\n"
        "    if n % 50 == 0: print(n, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    printed = child.stdout.readline()
    time.sleep(0.05)
    child.send_signal(number)
    rest = child.communicate(timeout=60)[0]
    return int((rest.split() or [printed.strip()])[-1])


class TestBesides:
    @pytest.mark.timeout(60)
    def test_end_from_within_a_call(self, ours: Face) -> None:
        """A signal may end a run in the middle of a call, whatever its thread waits for.

        Seen to fail when the console output and the live files have locks of their own.
        """
        Path("a.txt").write_text("a")
        settings = {"x_stats_sampling_interval": 0.1, "disable_code": True}
        run = ours.init(id="r", settings=settings)
        run.save("a.txt")
        with run._native._lock:  # as a call has it that the signal interrupts
            Path("a.txt").write_text("changed")
            sys.stdout.write("said\n" * 10)
            time.sleep(1.3)
            begin = time.monotonic()
            run._end("killed", signal=15)
            passed = time.monotonic() - begin

        assert passed < 10
        assert "killed" == view().status
        assert "said\n" * 10 == view().media("console")[0].text

    @pytest.mark.timeout(60)
    def test_capture_that_waits_for_the_call(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The capture of the code may wait for the call in which a signal ends the run.

        Seen to fail when the end waits for it without a limit.
        """
        monkeypatch.setattr(capture, "_STOPPED_SECONDS", 0.1)
        lock, told = threading.RLock(), list[Any]()

        def tell(content: dict[str, Any]) -> None:
            with lock:
                told.append(content["k"])

        (tmp_path / "a.py").write_text("a = 1\n")
        (tmp_path / "tmp").mkdir()
        with lock:
            work = capture.CodeCapture(
                tmp_path, None, tmp_path / "tmp", capture.Rules(), oid, tell
            )
            while not work._lock.locked():
                time.sleep(0.01)
            work.wait(stopped=True)
            found = list(told)

        assert ["gap"] == found


class TestKill:
    def test_committed_rows_survive(self, ours: Face, tmp_path: Path) -> None:
        """All rows whose call returned are there after ``kill -9``.

        Seen to fail when rows are held back until a hundred are together.
        """
        printed = _stopped(ours, tmp_path, signal.SIGKILL)
        found = view()

        assert "crashed" == found.status
        assert list(range(printed)) == found.series("a").value[:printed]
        assert [n / 3 for n in range(printed)] == found.series("b").value[:printed]

    def test_run_itself_survives(self, ours: Face, tmp_path: Path) -> None:
        """Configuration, labels, texts and summary by hand survive; there the file is empty."""
        text = """
import os
run = wandb.init(project="p", id="r", config={"lr": 0.1}, tags=["t"])
run.log({"word": "x", "list": [1, 2]})
run.summary["best"] = 5
run.config.depth = 3
os._exit(1)
"""
        run_script(ours, text, tmp_path, status=1)
        found = view()

        assert {"lr": 0.1, "depth": 3} == found.hparams
        assert ["t"] == found.tags
        assert 5 == found.summary["best"]

    def test_rows_that_are_no_numbers(self, ours: Face, tmp_path: Path) -> None:
        """Texts and lists of committed rows survive too."""
        text = _START + "run.log({'w': 'x', 'l': [1, {'y': None}]})\nimport os\nos._exit(1)"
        run_script(ours, text, tmp_path, status=1)
        from vcs_track.compat.wandb.history import rows

        assert {("w",): "x", ("l",): [1, {"y": None}]} == rows(view())[1].leaves


def test_sys_exit_is_as_before(ours: Face) -> None:
    """``sys.exit`` goes on to raise SystemExit with its code."""
    ours.init()

    with pytest.raises(SystemExit) as found:
        sys.exit(5)
    assert 5 == found.value.code
    # The end of this process is not that of a script.
    from vcs_track.compat.wandb import ending

    ending._left.clear()


def test_child_that_exits_leaves_the_run(ours: Face, tmp_path: Path) -> None:
    """A forked child that leaves with a code says nothing about its parent's run."""
    text = (
        _START
        + "import os, sys\nchild = os.fork()\nif not child: sys.exit(9)\nos.waitpid(child, 0)"
    )
    run_script(ours, text, tmp_path)

    assert "finished" == view().status


def test_child_that_logs_and_fails(ours: Face, tmp_path: Path) -> None:
    """What a forked child logged is there, and its end is not that of the run.

    Seen to fail when the code of a child is told as that of the run.
    """
    text = _START + (
        "import os, sys\nchild = os.fork()\n"
        "if not child:\n    run.log({'b': 2})\n    sys.exit(9)\n"
        "os.waitpid(child, 0)\nrun.summary['best'] = 3\n"
    )
    run_script(ours, text, tmp_path)
    found = view()

    assert ("finished", 0) == (found.status, found.faces["wandb"]["exit_code"])
    assert 0 == found.to_dict()["exit"]["code"]
    assert {"a": 1, "b": 2, "best": 3} == found.summary
    assert [["best"]] == found.faces["wandb"]["by_hand"]


def test_threads_and_the_end(ours: Face) -> None:
    """A thread that logs while the run ends hears that it is finished, and nothing breaks."""
    import threading

    run = ours.init()
    heard: list[Any] = []

    def work() -> None:
        try:
            while True:
                run.log({"a": 1})
        except Exception as error:  # noqa: BLE001 -- its type is what is asked
            heard.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    run.finish()
    for thread in threads:
        thread.join()

    assert 3 == len(heard)
    assert all(isinstance(error, ours.wandb.UsageError) for error in heard)
