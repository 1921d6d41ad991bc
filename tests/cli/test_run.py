"""``vcs-track run``: a program runs as it would without us, and is recorded."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from cli.program import (
    PROGRAM,
    console,
    make_project,
    on_terminal,
    only_run,
    read_terminal,
    started,
    vcs,
)

import vcs_track
from vcs_track.cli.commands.run import parse_param
from vcs_track.cli.wrap import Console, Ending
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

PATIENCE = 30


def python(script: str) -> list[str]:
    """Return the command for a Python script that waits for nothing at its start."""
    return ["--", sys.executable, "-S", "-c", script]


def wait_for(path: Path) -> None:
    """Wait until a child says by a file that it is ready."""
    until = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < until, f"'{path}' never appeared"
        time.sleep(0.01)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    make_project(folder)
    monkeypatch.chdir(folder)
    return folder


class TestOutput:
    def test_passes_through_byte_for_byte(self, project: Path) -> None:
        """Both streams come out as they went in, whatever bytes they are."""
        noise = random.Random(3).randbytes(300_000)
        (project / "noise").write_bytes(noise)
        script = "cat noise; cat noise >&2"
        done = subprocess.run(
            [*PROGRAM, "run", "-q", "--", "sh", "-c", script],
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

        assert (noise, noise) == (done.stdout, done.stderr)

    def test_is_kept(self, project: Path) -> None:
        """What a program says is in its run, each stream by itself, text or not."""
        vcs("run", "--", "sh", "-c", r"echo hej; printf 'no \377 text' >&2", code=None)

        assert {"stdout": b"hej\n", "stderr": b"no \xff text"} == console(only_run(project))

    def test_appears_while_the_program_runs(self, project: Path) -> None:
        """A line is shown when it is written, and is in the run's live view."""
        wrapper = started("run", "-q", "--", "sh", "-c", "echo now; read x")
        assert wrapper.stdout is not None
        line = wrapper.stdout.readline()
        kept = console(only_run(project))
        wrapper.terminate()
        wrapper.communicate(timeout=PATIENCE)

        assert "now\n" == line
        assert {"stdout": b"now\n"} == kept

    def test_needs_no_shell(self, project: Path) -> None:
        """Arguments reach the program as they are."""
        done = vcs("run", "-q", "--", "printf", "%s|", "$HOME", "a b", "*", "--", "--quiet")

        assert "$HOME|a b|*|--|--quiet|" == done.stdout

    def test_reads_our_input(self, project: Path) -> None:
        """Standard input is the program's."""
        done = subprocess.run(
            [*PROGRAM, "run", "-q", "--", "cat"], input=b"typed\n", capture_output=True,
            timeout=PATIENCE, check=True,
        )  # fmt: skip

        assert b"typed\n" == done.stdout

    def test_reader_that_leaves_ends_the_program(self, project: Path) -> None:
        """Behind ``| head`` the program gets SIGPIPE, as it would without us."""
        with started("run", "-q", "--", "yes") as wrapper:
            assert wrapper.stdout is not None
            wrapper.stdout.readline()
            wrapper.stdout.close()
            wrapper.wait(PATIENCE)

        assert 128 + signal.SIGPIPE == wrapper.returncode
        assert "killed" == only_run(project).status

    def test_left_behind_process_does_not_hold_the_run(self, project: Path) -> None:
        """A background process with our pipe in its hand does not keep the run open."""
        began = time.monotonic()
        done = vcs("run", "-q", "--", "sh", "-c", "sleep 20 & echo $!")
        took = time.monotonic() - began
        with suppress(ProcessLookupError):
            os.kill(int(done.stdout), signal.SIGKILL)

        assert took < 15
        assert "finished" == only_run(project).status

    def test_talk_goes_to_stderr(self, project: Path) -> None:
        """The id and the name are on stderr at start and end."""
        done = vcs("run", "--name", "first", "--", "true")
        run = only_run(project)

        assert "" == done.stdout
        assert [
            f"vcs-track: run {run.id} 'first' started",
            f"vcs-track: run {run.id} 'first' finished",
        ] == done.stderr.splitlines()

    def test_quiet_says_nothing(self, project: Path) -> None:
        """With ``--quiet`` only the program speaks."""
        assert "" == vcs("run", "--quiet", "--", "true").stderr


class TestConsole:
    def test_keeps_characters_whole(self) -> None:
        """A character cut between two reads is kept in one piece."""
        kept: list[tuple[int, bytes]] = []
        keeper = Console(lambda stream, data: kept.append((stream, data)))
        text = "é€😀".encode()
        for i in range(len(text)):
            keeper.take(1, text[i : i + 1])
        keeper.close()

        assert [(1, "é".encode()), (1, "€".encode()), (1, "😀".encode())] == kept

    def test_keeps_what_is_no_character(self) -> None:
        """Bytes that never become a character are kept at the end."""
        kept: list[bytes] = []
        keeper = Console(lambda _, data: kept.append(data))
        keeper.take(2, b"a\xe2\x82")
        keeper.close()

        assert b"a\xe2\x82" == b"".join(kept)

    def test_stops_at_the_limit_and_says_so(self) -> None:
        """Both streams together are kept up to the limit, with one note."""
        kept: list[bytes] = []
        keeper = Console(lambda _, data: kept.append(data), limit=10)
        for data in (b"12345", b"67890ab", b"cdef"):
            keeper.take(1, data)
        keeper.take(2, b"more")
        keeper.close()

        assert [b"12345", b"67890"] == kept[:2]
        assert [b"\n[vcs-track kept the first 10 bytes of the output]\n"] == kept[2:]


class TestEnding:
    @pytest.mark.parametrize(("code", "status"), [(0, "finished"), (3, "failed"), (255, "failed")])
    def test_exit_code_is_ours(self, project: Path, code: int, status: str) -> None:
        """We leave with the program's exit code, and the run keeps it."""
        vcs("run", "--", "sh", "-c", f"exit {code}", code=code)
        run = only_run(project)

        assert (status, {"code": code}) == (run.status, run.manifest.exit)

    def test_signal_is_told_as_a_shell_does(self, project: Path) -> None:
        """A program that a signal kills gives 128 and the signal."""
        vcs("run", "--", "sh", "-c", "kill -9 $$", code=137)
        run = only_run(project)

        assert ("killed", {"signal": 9}) == (run.status, run.manifest.exit)

    def test_unknown_program(self, project: Path) -> None:
        """A program that is not found gives 127, a hint, and a failed run that says why."""
        done = vcs("run", "-q", "--", "no-such-program", code=127)
        run = only_run(project)

        assert "error: cannot run 'no-such-program': not found\n" in done.stderr
        assert "hint: " in done.stderr
        assert "failed" == run.status
        assert "no-such-program" in (run.manifest.exit or {})["error"]

    def test_what_is_no_program(self, project: Path) -> None:
        """A file that cannot be executed gives 126."""
        (project / "plain.txt").write_text("hello")
        done = vcs("run", "--", "./plain.txt", code=126)

        assert "permission denied" in done.stderr

    def test_words(self) -> None:
        """How a program ended has one status and one phrase."""
        endings = [Ending(0), Ending(2), Ending(143, 15)]

        assert ["finished", "failed", "killed"] == [ending.status for ending in endings]
        assert ["finished", "failed with exit code 2", "killed by SIGTERM"] == [
            str(ending) for ending in endings
        ]


COUNTER = """
import os, signal, sys, time
count = [0]
def note(*_):
    count[0] += 1
signal.signal(signal.{name}, note)
open("ready", "w").close()
until = time.monotonic() + 20
while not count[0] and time.monotonic() < until:
    time.sleep(0.01)
time.sleep(0.2)
print("got", count[0])
"""


class TestSignals:
    def test_sigterm_ends_the_program_and_seals(self, project: Path) -> None:
        """SIGTERM to the wrapper kills the program; the run is sealed as killed."""
        wrapper = started("run", "--", "sh", "-c", "echo > ready; exec sleep 60")
        wait_for(project / "ready")
        wrapper.terminate()
        _, talk = wrapper.communicate(timeout=PATIENCE)
        run = only_run(project)

        assert 143 == wrapper.returncode
        assert ("killed", {"signal": 15}) == (run.status, run.manifest.exit)
        assert "killed by SIGTERM" in talk
        assert [] == list((project / ".runs/local/live").iterdir())

    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
    def test_reaches_the_program_once(self, project: Path, name: str) -> None:
        """A program that handles a signal gets it once, goes on, and its end counts."""
        wrapper = started("run", *python(COUNTER.format(name=name)))
        wait_for(project / "ready")
        wrapper.send_signal(getattr(signal, name))
        shown, _ = wrapper.communicate(timeout=PATIENCE)

        assert "got 1\n" == shown
        assert (0, "finished") == (wrapper.returncode, only_run(project).status)

    def test_ctrl_c_on_a_terminal_reaches_it_once(self, project: Path) -> None:
        """The terminal tells the program of Ctrl-C by itself; we do not tell it again."""
        wrapper, terminal = on_terminal("run", "-q", *python(COUNTER.format(name="SIGINT")))
        wait_for(project / "ready")
        os.write(terminal, b"\x03")
        shown = read_terminal(terminal)

        assert b"got 1" in shown
        assert 0 == wrapper.wait(PATIENCE)

    def test_ignored_signal_stays_ignored(self, project: Path) -> None:
        """Under ``nohup`` a hang-up touches neither us nor the program."""
        wrapper = subprocess.Popen(
            ["nohup", *PROGRAM, "run", "-q", "--", "sh", "-c", "echo > ready; sleep 0.5; echo on"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(project / "ready")
        wrapper.send_signal(signal.SIGHUP)
        shown, _ = wrapper.communicate(timeout=PATIENCE)

        assert (b"on\n", 0) == (shown, wrapper.returncode)

    def test_program_inherits_no_blocked_signal(self, project: Path) -> None:
        """The program starts with the signal mask that we were started with."""
        script = "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
        done = vcs("run", "-q", *python(script))

        assert "0\n" == done.stdout

    def test_shell_in_between(self, project: Path) -> None:
        """A shell that reports its killed child by its exit code means killed, too."""
        script = "trap 'kill $!; exit 143' TERM; sleep 60 & echo > ready; wait"
        wrapper = started("run", "-q", "--", "sh", "-c", script)
        wait_for(project / "ready")
        wrapper.terminate()
        wrapper.communicate(timeout=PATIENCE)

        assert 143 == wrapper.returncode
        assert "killed" == only_run(project).status


JOINING = """
import sys, vcs_track
run = vcs_track.start_run(hparams={"depth": 3})
for step in range(100):
    run.add_scalar("loss", 1 / (step + 1), step)
print(run.id)
EXIT
"""


class TestJoining:
    @pytest.mark.parametrize(
        ("end", "code", "status"),
        [("", 0, "finished"), ("sys.exit(4)", 4, "failed"), ("1 / 0", 1, "failed")],
    )
    def test_program_logs_to_the_run(
        self, project: Path, end: str, code: int, status: str
    ) -> None:
        """``start_run()`` in the program joins the run: one run, both their records."""
        (project / "train.py").write_text(JOINING.replace("EXIT", end))
        done = vcs(
            "run", "--name", "joined", "-p", "lr=0.1", "--", sys.executable, "train.py", code=None
        )
        run = only_run(project)

        assert code == done.returncode
        assert f"{run.id}\n" == done.stdout
        assert ("joined", status) == (run.name, run.status)
        assert {"lr": 0.1, "depth": 3} == run.hparams
        assert 100 == len(run.series("loss"))
        assert b"ZeroDivisionError" in console(run).get("stderr", b"") or code != 1

    def test_killed_program_keeps_its_points(self, project: Path) -> None:
        """Every point of a program that was killed at once is in the sealed run."""
        end = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
        (project / "train.py").write_text(JOINING.replace("EXIT", end))
        vcs("run", "--", sys.executable, "train.py", code=137)
        run = only_run(project)

        assert "killed" == run.status
        assert 100 == len(run.series("loss"))

    def test_program_elsewhere_finds_the_repository(self, project: Path, tmp_path: Path) -> None:
        """A program that works in another folder logs to the same run."""
        script = tmp_path / "train.py"
        script.write_text(f"import os; os.chdir({str(tmp_path)!r})\n{JOINING}".replace("EXIT", ""))
        vcs("run", "--", sys.executable, script)

        assert 100 == len(only_run(project).series("loss"))

    def test_output_is_not_held_back(self, project: Path) -> None:
        """A Python program writes its lines at once, though to a pipe."""
        script = "import os; print('last words'); os._exit(1)"
        vcs("run", *python(script), code=1)

        assert {"stdout": b"last words\n"} == console(only_run(project))


class TestDeath:
    def test_killed_wrapper_is_recovered(self, project: Path) -> None:
        """After ``kill -9`` of the wrapper the output until then is in a crashed run."""
        wrapper = started("run", "-q", "--", "sh", "-c", "echo $$; exec sleep 60")
        assert wrapper.stdout is not None
        child = int(wrapper.stdout.readline())
        wrapper.kill()
        wrapper.communicate(timeout=PATIENCE)
        os.kill(child, signal.SIGKILL)
        done = vcs("recover")
        run = only_run(project)

        assert f"sealed  {run.id}" in done.stdout
        assert "crashed" == run.status
        assert {"stdout": f"{child}\n".encode()} == console(run)


class TestStart:
    def test_makes_a_repository(self, tmp_path: Path) -> None:
        """Where there is none, one is made in the folder of ``-C``, and the program runs there."""
        folder = tmp_path / "plain"
        folder.mkdir()
        done = vcs("-C", folder, "run", "-q", "--", "pwd")

        assert f"{folder}\n" == done.stdout
        assert "finished" == only_run(folder).status

    def test_makes_it_at_the_top_of_git(self, tmp_path: Path) -> None:
        """Inside git it is made at the top of the work tree."""
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
        (tmp_path / "deep").mkdir()
        vcs("-C", tmp_path / "deep", "run", "--", "true")

        assert (tmp_path / ".runs").is_dir()

    def test_records_options(self, project: Path) -> None:
        """Name, parameters and tags are those of the options."""
        vcs("run", "--name", "a b", "-p", "lr=1e-3", "--param", "net.depth=4", "-t", "x",
            "--tag", "y", "--", "true")  # fmt: skip
        run = only_run(project)

        assert ("a b", {"lr": 0.001, "net.depth": 4}, ["x", "y"]) == (
            run.name,
            run.hparams,
            run.tags,
        )

    def test_records_the_command(self, project: Path) -> None:
        """The command of the run is the program's, with secrets masked."""
        vcs("run", "-q", "--", "echo", "a b", "--token=abc")

        assert ["echo", "a b", "--token=***"] == only_run(project).command["argv"]

    def test_disabled_mode_records_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With ``VCS_TRACK_MODE=disabled`` the program runs and nothing is written."""
        monkeypatch.setenv("VCS_TRACK_MODE", "disabled")
        done = vcs("-C", tmp_path, "run", "--", "sh", "-c", "echo hi; exit 5", code=5)

        assert ("hi\n", "") == (done.stdout, done.stderr)
        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("args", "word"),
        [
            ((), "no program to run"),
            (("--",), "no program to run"),
            (("--param", "lr", "--", "true"), "'lr' is no parameter"),
            (("--param", "=1", "--", "true"), "'=1' is no parameter"),
            (("--name", "a\nb", "--", "true"), "name"),
            (("--tag", "", "--", "true"), "tag"),
            (("--nmae", "x", "--", "true"), "there is no option '--nmae'"),
        ],
    )
    def test_refuses_bad_input(self, project: Path, args: tuple[str, ...], word: str) -> None:
        """Wrong usage is an error with a hint and the exit code 2, and starts no run."""
        done = vcs("run", *args, code=2)

        assert done.stderr.startswith("error: ")
        assert word in done.stderr
        assert "hint: " in done.stderr
        assert 0 == len(vcs_track.open(project).runs())


class TestParam:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", 0), ("-7", -7), ("+7", 7), ("9" * 30, int("9" * 30)), ("1.5", 1.5), (".5", 0.5),
            ("1.", 1.0), ("1e-3", 0.001), ("-inf", float("-inf")), ("true", True),
            ("false", False), ("True", "True"), ("", ""), ("a=b", "a=b"), ("1_000", "1_000"),
            ("0x10", "0x10"), ("1e", "1e"), (" 1", " 1"), ("none", "none"),
        ],
    )  # fmt: skip
    def test_has_the_type_it_looks_like(self, text: str, value: object) -> None:
        """Numbers, true and false are typed; anything else is text."""
        name, found = parse_param(f"key={text}")

        assert ("key", value, type(value)) == (name, found, type(found))

    def test_needs_a_name(self) -> None:
        """A parameter without a name is refused."""
        with pytest.raises(InvalidValueError):
            parse_param("  =3")


class TestInputs:
    def test_are_recorded_before_the_program_starts(self, project: Path) -> None:
        """``--input`` keeps name and hash, as they were when the program began."""
        (project / "data").mkdir()
        (project / "data" / "x").write_bytes(b"old")
        (project / "y").write_bytes(b"y")
        vcs("run", "--input", "data/x", "-i", "y", "--", "sh", "-c", "echo new > data/x")
        found = {one.name: (one.oid, one.start) for one in only_run(project).inputs}

        assert {
            name: (hashlib.sha256(data).hexdigest(), True)
            for name, data in {"data/x": b"old", "y": b"y"}.items()
        } == found

    def test_that_are_not_there_start_nothing(self, project: Path) -> None:
        """A typo costs no run, and the program does not begin."""
        done = vcs("run", "--input", "nowhere", "--", "touch", "began", code=2)

        assert "error: cannot read input 'nowhere': no such file or directory" in done.stderr
        assert not (project / "began").exists()
        assert 0 == len(vcs_track.open(project).runs())

    def test_and_the_folder_are_those_of_the_program(self, project: Path) -> None:
        """With ``-C`` paths are below that folder, and it is the folder of the command.

        Seen to fail when the folder of the shell was recorded.
        """
        (project / "sub").mkdir()
        (project / "sub" / "x").write_bytes(b"x")
        vcs("-C", "sub", "run", "-i", "x", "--", "cat", "x")
        run = only_run(project)

        assert ("sub", ["sub/x"]) == (run.command["cwd"], [one.name for one in run.inputs])


class TestSkipIfDone:
    how = ("run", "--skip-if-done", "-p", "lr=0.1", "--", "sh", "-c", "echo x >> ../log")

    def test_runs_once(self, project: Path) -> None:
        """The second time nothing starts: the id is told, and 0 is the exit code."""
        first = vcs(*self.how)
        second = vcs(*self.how)
        run = only_run(project)

        assert "x\n" == (project.parent / "log").read_text()
        assert f"{run.id}\n" == second.stdout
        assert f"already done: run {run.id} '{run.name}' (just now)\n" == second.stderr
        assert "nearly" not in first.stderr

    def test_runs_again_what_failed(self, project: Path) -> None:
        """Only what has finished is done."""
        for _ in range(2):
            vcs(
                "run", "-q", "--skip-if-done", "--", "sh", "-c", "echo x >> ../log; exit 3", code=3
            )

        assert "x\nx\n" == (project.parent / "log").read_text()

    def test_tells_a_near_miss(self, project: Path) -> None:
        """What is nearly the same is named in one line with what differs, and it runs."""
        vcs(*self.how)
        run = only_run(project)
        done = vcs(*[word.replace("0.1", "0.2") for word in self.how])

        assert (
            f"vcs-track: run {run.id} '{run.name}' (just now) is nearly the same: lr: 0.1 -> 0.2"
            in done.stderr
        )
        assert "x\nx\n" == (project.parent / "log").read_text()

    def test_sees_an_input_that_changed(self, project: Path) -> None:
        """The same command on other data is not done.

        Seen to fail when inputs were left out of the key.
        """
        (project / ".gitignore").write_text("data\n")
        how = ("run", "--skip-if-done", "-i", "data", "--", "sh", "-c", "cat data >> ../log")
        said = []
        for text in ("1", "1", "2"):
            (project / "data").write_text(text)
            said.append(vcs(*how).stderr)

        assert "12" == (project.parent / "log").read_text()
        assert "is nearly the same: input data: changed" in said[-1]

    def test_sees_an_uncommitted_change(self, project: Path) -> None:
        """Code that was changed is other code, and changed back it is the same."""
        said = []
        for text in ("1", "2", "1"):
            (project / "train.py").write_text(text)
            said.append(vcs(*self.how).stderr)

        assert ["already done" in text for text in said] == [False, False, True]
        assert "x\nx\n" == (project.parent / "log").read_text()

    def test_runs_where_nobody_can_know(self, project: Path) -> None:
        """A masked secret may be another one: it is said, and the program runs."""
        how = ("run", "--skip-if-done", "--", "sh", "-c", "echo x >> ../log", "--token", "abc")
        vcs(*how)
        done = vcs(*how)

        assert "x\nx\n" == (project.parent / "log").read_text()
        assert (
            "nobody can know whether this was done: the command is not known whole" in done.stderr
        )

    def test_inside_a_run_it_joins(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A program that was given the id of a run is part of it, and starts."""
        vcs(*self.how)
        monkeypatch.setenv("VCS_TRACK_RUN_ID", "outer")
        vcs(*self.how)

        assert "x\nx\n" == (project.parent / "log").read_text()
