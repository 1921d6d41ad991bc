"""What a script prints is kept with its run."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face, run_script

from vcs_track.compat.wandb.screen import Screen
from vcs_track.compat.wandb.streams import listen

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []

_START = "import os, sys\nrun = wandb.init(project='p', id='r')\n"


def view() -> RunView:
    """Return what the store has of the run ``r``."""
    import vcs_track

    return vcs_track.open().run("r")


def spoken() -> dict[str | None, str]:
    """Return what the streams of the run ``r`` were told."""
    return {item.name: item.text for item in view().media("console")}


def log_of(folder: Path) -> str:
    """Return the file with the console output in the folder of the only run."""
    (path,) = folder.glob("wandb/*run-*/files/output.log")
    until = time.monotonic() + 3
    while not (text := path.read_text()).strip() and time.monotonic() < until:
        time.sleep(0.01)  # real wandb may still be writing
    return text


def read_back(folder: Path) -> str:
    """Return the file as the interface for reading has it."""
    from vcs_track.compat import wandb

    with wandb.Api().run("p/r").file("output.log").download(folder / "back") as file:
        return str(file.read())


class TestScript:
    def test_both_streams(self, face: Face, tmp_path: Path) -> None:
        """What is printed to both streams between begin and end is in ``output.log``, in order."""
        text = (
            "print('before')\n" + _START + "print('one', 2)\nprint('two', file=sys.stderr)\n"
            "print('three')\nrun.finish()\nprint('after')\n"
        )
        done = run_script(face, text, tmp_path)

        assert "one 2\ntwo\nthree\n" == log_of(tmp_path)
        assert "before\none 2\nthree\nafter\n" == done.stdout
        assert "two\n" in done.stderr

    def test_progress_bar(self, face: Face, tmp_path: Path) -> None:
        """Of a line that is drawn over the last state is kept, as a terminal shows it.

        Seen to fail when carriage returns are kept as they are.
        """
        text = _START + (
            "for i in range(5): print(f'\\rstep {i} of 5', end='', flush=True)\n"
            "print('\\rdone')\nprint('a\\tb\\r')\nprint('next')\n"
        )
        run_script(face, text, tmp_path)

        assert "done 4 of 5\na\tb\nnext\n" == log_of(tmp_path)

    @pytest.mark.parametrize("how", ["off", "wrap"])
    def test_setting(self, face: Face, tmp_path: Path, how: str) -> None:
        """``console="off"`` keeps nothing; a run that says nothing has no file."""
        text = f"run = wandb.init(project='p', settings=wandb.Settings(console='{how}'))\n"
        run_script(face, text + "print('x') if run.settings.console == 'off' else 0", tmp_path)

        assert [] == [*tmp_path.glob("wandb/*run-*/files/output.log")]

    def test_variable(self, ours: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_CONSOLE=off`` keeps nothing."""
        monkeypatch.setenv("WANDB_CONSOLE", "off")
        run_script(ours, _START + "print('x')", tmp_path)

        assert {} == spoken()

    def test_another_word(self, face: Face) -> None:
        """Another word is refused."""
        with pytest.raises(ValueError, match="console"):
            face.wandb.Settings(console="loud")

    def test_redirect(self, ours: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """``redirect`` keeps what Python writes, and says that it is this."""
        monkeypatch.delenv("WANDB_SILENT")
        text = "run = wandb.init(project='p', id='r', settings={'console': 'redirect'})\n"
        done = run_script(ours, text + "print('x')", tmp_path)

        assert "x\n" == spoken()["stdout"]
        assert "vcs-track run" in done.stderr


class TestStore:
    def test_as_a_wrapped_program(self, ours: Face, tmp_path: Path) -> None:
        """The store has it where it has the output of a program that is wrapped."""
        run_script(ours, _START + "print('é')\nprint('two', file=sys.stderr)", tmp_path)

        assert {"stdout": "é\n", "stderr": "two\n"} == spoken()
        assert "é\ntwo\n" == read_back(tmp_path)

    def test_file_is_listed_once(self, ours: Face, tmp_path: Path) -> None:
        """Among the files of the run it is one, and the streams are none."""
        run_script(ours, _START + "print('x')", tmp_path)

        assert ["output.log"] == [one.name for one in ours.wandb.Api().run("p/r").files()]

    def test_traceback(self, ours: Face, tmp_path: Path) -> None:
        """The traceback that ends a script is in it."""
        run_script(ours, _START + "1 / 0", tmp_path, status=1)

        assert "ZeroDivisionError" in spoken()["stderr"]

    def test_kill(self, ours: Face, tmp_path: Path) -> None:
        """After ``kill -9`` it is there up to the last flush; nobody has to ask for one.

        Seen to fail when nothing is handed on before the end.
        """
        text = _START + (
            "import time\nfrom pathlib import Path\n"
            "print('one')\nprint('two', file=sys.stderr)\nprint('three')\n"
            "until = time.monotonic() + 20\n"
            "while 'three' not in Path(run.dir, 'output.log').read_text():\n"
            "    assert time.monotonic() < until\n    time.sleep(0.1)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        run_script(ours, text, tmp_path, status=-9)

        assert "crashed" == view().status
        assert {"stdout": "one\nthree\n", "stderr": "two\n"} == spoken()
        assert "one\nthree\ntwo\n" == read_back(tmp_path)

    def test_seldom_lines_do_not_wait(self, ours: Face, tmp_path: Path) -> None:
        """A line that comes a second after the one before is there at once."""
        text = _START + "import time\ntime.sleep(1.3)\nprint('one')\nos.kill(os.getpid(), 9)\n"
        run_script(ours, text, tmp_path, status=-9)

        assert {"stdout": "one\n"} == spoken()

    def test_resumed(self, ours: Face, tmp_path: Path) -> None:
        """A run that goes on has what it printed before, too."""
        run_script(ours, _START + "print('one')", tmp_path)
        again = "run = wandb.init(project='p', id='r', resume='must')\nprint('two')\n"
        run_script(ours, again, tmp_path)

        assert "one\ntwo\n" == read_back(tmp_path)

    def test_forked_child(self, ours: Face, tmp_path: Path) -> None:
        """What a forked child prints passes through, and is not kept twice or torn."""
        text = _START + (
            "print('one', flush=True)\npid = os.fork()\n"
            "sys.stdout.write('both\\n')\nsys.stdout.flush()\n"
            "if not pid: os._exit(0)\nos.waitpid(pid, 0)\n"
        )
        done = run_script(ours, text, tmp_path)

        assert ["both", "both", "one"] == sorted(done.stdout.split())
        assert "one\nboth\n" == spoken()["stdout"]

    def test_threads(self, ours: Face, tmp_path: Path) -> None:
        """What several threads print at once is all there, on the terminal and in the store."""
        text = _START + (
            "import threading\n"
            "def say(k):\n    for n in range(500): sys.stdout.write(f'{k} {n}\\n')\n"
            "threads = [threading.Thread(target=say, args=(k,)) for k in range(8)]\n"
            "for one in threads: one.start()\n"
            "for one in threads: one.join()\n"
        )
        done = run_script(ours, text, tmp_path)
        wanted = sorted(f"{k} {n}" for k in range(8) for n in range(500))

        assert wanted == sorted(done.stdout.splitlines())
        assert wanted == sorted(spoken()["stdout"].splitlines())

    def test_inside_a_wrapper(self, ours: Face, tmp_path: Path) -> None:
        """Under ``vcs-track run`` the wrapper keeps it, and nobody else."""
        (tmp_path / "script.py").write_text(f"import {ours.home} as wandb\n{_START}print('x')\n")
        command = [sys.executable, "-m", "vcs_track", "run", "--name", "outer", "--"]
        subprocess.run(
            [*command, sys.executable, "script.py"], cwd=tmp_path, check=True, timeout=60,
            capture_output=True,
        )  # fmt: skip

        import vcs_track

        runs = [*vcs_track.open().runs(order_by="created")]
        found = [item.text for run in runs for item in run.media("console")]
        assert ["x\n"] == found

    def test_limit(self, ours: Face, tmp_path: Path) -> None:
        """More than the limit is not kept, which the text says at its end."""
        import vcs_track
        from vcs_track.compat.wandb.console import Console

        run = vcs_track.init(tmp_path).start_run("r")
        console = Console(run, tmp_path / "log", limit=10)
        for _ in range(5):
            console.take(1, "12345\n")
            console.flush()
        console.close()
        run.finish()

        assert (
            "12345\n1234\n[vcs-track kept the first 10 bytes of the output]\n"
            == (tmp_path / "log").read_text()
            == spoken()["stdout"]
        )

    def test_write_logs(self, ours: Face, tmp_path: Path) -> None:
        """``Run.write_logs`` adds a line, also where nothing else is kept."""
        text = "run = wandb.init(project='p', id='r', settings={'console': 'off'})\n"
        run_script(ours, text + "run.write_logs('by hand')\nprint('x')", tmp_path)

        assert {"stdout": "by hand\n"} == spoken()


class TestStreams:
    def test_is_given_back(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """After the end the streams are as they were, and the output has reached them."""
        before = dict(vars(sys.stdout)), dict(vars(sys.stderr))
        run = ours.init()
        during = sys.stdout.write
        print("x")  # noqa: T201 -- what it is about
        run.finish()

        assert before == (dict(vars(sys.stdout)), dict(vars(sys.stderr)))
        assert during != sys.stdout.write
        assert "x\n" == capsys.readouterr().out

    def test_two_runs(self, ours: Face, capsys: pytest.CaptureFixture[str]) -> None:
        """Two runs at once both have it; the first to end leaves the other's alone."""
        first = ours.init(id="r")
        second = ours.init(id="s", reinit="create_new")
        print("both")  # noqa: T201 -- as above
        first.finish()
        print("second")  # noqa: T201 -- as above
        second.finish()

        import vcs_track

        repo = vcs_track.open()
        texts = [repo.run(name).media("console")[0].text for name in ("r", "s")]
        assert ["both\n", "both\nsecond\n"] == texts
        assert "both\nsecond\n" == capsys.readouterr().out

    def test_wrapped_once_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who wraps the stream after us keeps working after we have gone.

        Seen to fail when the method is set back no matter whose it is.
        """
        stream, heard = io.StringIO(), []
        theirs: list[str] = []
        monkeypatch.setattr(sys, "stdout", _Stream(stream))
        listener = listen(lambda number, text: heard.append((number, text)))
        ours = sys.stdout.write

        def write(text: str) -> int:
            theirs.append(text)
            return ours(text)

        sys.stdout.write = write  # type: ignore[method-assign]
        sys.stdout.write("a")
        listener.close()
        sys.stdout.write("b")

        assert ("ab", ["a", "b"], [(1, "a")]) == (stream.getvalue(), theirs, heard)

    def test_stream_that_cannot_be_heard(
        self, ours: Face, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A stream whose methods are fixed is left alone, with a word; the run goes on."""
        monkeypatch.delenv("WANDB_SILENT")
        monkeypatch.setattr(sys, "stdout", _Fixed())
        run = ours.init(id="r", settings={"silent": False})
        run.log({"a": 1})
        run.finish()

        assert {"a": 1} == view().summary
        assert "console output is not kept" in capsys.readouterr().err

    def test_no_stream(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process without streams has runs all the same."""
        monkeypatch.setattr(sys, "stdout", None)
        monkeypatch.setattr(sys, "stderr", None)
        run = ours.init(id="r")
        run.finish()

        assert "finished" == view().status


class _Stream:
    """A stream that is no file."""

    def __init__(self, inner: io.StringIO) -> None:
        self._inner = inner

    def write(self, text: str) -> int:
        return self._inner.write(text)


class _Fixed:
    """A stream that takes no attributes."""

    __slots__ = ()

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


class TestScreen:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("a\n\nb", "a\n\nb"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("long text\rshort\n", "shorttext\n"),
            ("long text\r\x1b[Kshort\n", "short\n"),
            ("long text\x1b[2K\rshort\n", "short\n"),
            ("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
        ],
    )
    def test_folds(self, text: str, shown: str) -> None:
        """Lines are as a terminal shows them, in whatever pieces they come."""
        for size in (1, 2, 3, 7, len(text)):
            screen = Screen()
            pieces = _pieces(text, size)
            found = "".join(screen.feed(piece) for piece in pieces) + screen.rest()

            assert shown == found

    def test_moves_up(self) -> None:
        """Several bars, each drawn over its own line, are their last states."""
        screen = Screen()
        found = screen.feed("begin\n0 %\n0 %\x1b[A\r")
        for done in range(1, 101):
            found += screen.feed(f"{done} %\n\r{done} %")
            found += screen.feed("\x1b[A\r")
        found += screen.feed("\n\nend\n")

        assert "begin\n100 %\n100 %\nend\n" == found + screen.rest()

    def test_moves_up_piece_by_piece(self) -> None:
        """Of bars whose first lines were given out too early, the last states are left too.

        Seen to fail when a line is given out as soon as it ends, whoever moves up.
        """
        screen = Screen()
        found = ""
        for done in range(4):
            for piece in ("\n", f"\rinner {done}", "\x1b[A", f"\router {done}"):
                found += screen.feed(piece)
        found += screen.feed("\n\n") + screen.rest()

        assert "\nouter 3\ninner 3\n" == found

    def test_lines_after_the_bars(self) -> None:
        """Once nobody moves up any more, lines are given out as they end."""
        screen = Screen()
        screen.feed("a\nb\x1b[A\n\n")
        for number in range(40):
            screen.feed(f"{number}\n")

        assert "last\n" == screen.feed("last\n")

    def test_long_line(self) -> None:
        """A line without an end does not stay in memory."""
        screen = Screen()
        found = "".join(screen.feed("x" * 1000) for _ in range(1000))

        assert len(found) > 900_000
        assert "x" * 1_000_000 == found + screen.rest()


def _pieces(text: str, size: int) -> list[str]:
    """Cut *text* in pieces; an order to the terminal stays whole."""
    import re

    found: list[Any] = re.findall(r"\x1b\[[0-9]*[A-Za-z]|.", text, re.DOTALL)
    return ["".join(found[at : at + size]) for at in range(0, len(found), size)]
