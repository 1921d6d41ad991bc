"""The program around the commands: names, global options, errors, exit codes."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import click
import pytest

from vcs_track import __version__
from vcs_track.cli.main import COMMANDS, Context, group
from vcs_track.errors import ExpressionError, LockedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.conftest import Lab, Program

__all__: list[str] = []

MINE = ("status", "log", "ls", "show", "diff", "select", "watch")


def command_of(name: str) -> click.Command:
    command: click.Command = import_module(COMMANDS[name][0]).command
    return command


def top() -> click.Context:
    """Return what commands have above them; they take the names of ``--help`` from it."""
    settings = dict(group.context_settings)
    return click.Context(group, info_name="vcs-track", obj=Context(), **settings)


def example_of(name: str) -> list[str]:
    """Return the arguments of the example in the help of a command."""
    text = command_of(name).help or ""
    match = re.search(r"Example:  vcs-track (.+)", text)
    assert match is not None, f"'{name}' has no example"
    return shlex.split(match[1])


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Add a command ``planted`` that does what it is told."""

    def plant(action: Callable[[], object]) -> None:
        module = ModuleType("planted")
        module.command = click.Command("planted", callback=action)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "planted", module)
        monkeypatch.setitem(COMMANDS, "planted", ("planted", "Do as told"))

    return plant


class TestHelp:
    def test_lists_every_command(self, program: Program) -> None:
        """``--help`` shows each command with its line."""
        result = program("--help")

        assert result.code == 0
        for name, (_, text) in COMMANDS.items():
            assert re.search(rf"^  {name} +{re.escape(text)}$", result.out, re.MULTILINE)

    def test_loads_nothing_it_does_not_need(self) -> None:
        """``--help`` loads no command, no store, and none of the heavy packages."""
        script = (
            "import sys; from vcs_track.cli.main import run; run(['--help']);"
            "print('LOADED', *sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
        loaded = done.stdout.partition("LOADED ")[2].split()
        heavy = {"rich", "git", "orjson", "PIL", "numpy", "sqlite3", "difflib", "asyncio"}

        assert set() == heavy & set(loaded)
        assert [] == [name for name in loaded if name.startswith("vcs_track.porcelain")]
        assert [] == [name for name in loaded if name.startswith("vcs_track.cli.commands.")]

    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_of_a_command_begins_with_its_line(self, name: str) -> None:
        """``COMMAND --help`` begins with the line of the table, and lists exit codes."""
        text = command_of(name).help or ""

        assert COMMANDS[name][1] == text.splitlines()[0]
        assert "Exit codes:" in text

    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_has_an_example_that_parses(self, name: str) -> None:
        """The example in the help of a command is understood by that command."""
        arguments = example_of(name)
        context = command_of(name).make_context(name, arguments[1:], parent=top())

        assert name == arguments[0]
        assert context is not None

    @pytest.mark.parametrize("name", MINE)
    def test_example_runs(self, name: str, lab: Lab, program: Program) -> None:
        """The example in the help of a command works in a repository with runs."""
        result = program(*example_of(name))

        assert (0, True) == (result.code, bool(result.out)), result.err

    @pytest.mark.parametrize("name", sorted(COMMANDS))
    def test_options_have_no_full_stop(self, name: str) -> None:
        """Help texts are phrases, click's own ones too."""
        command = command_of(name)
        parent = top()
        group.get_command(parent, name)
        context = click.Context(command, info_name=name, parent=parent)
        texts = [
            param.help
            for param in command.get_params(context)
            if isinstance(param, click.Option) and param.help
        ]

        assert [] == [text for text in texts if text.endswith(".")]

    def test_without_arguments_shows_help(self, program: Program) -> None:
        """The bare program says what it can do, and that something was missing."""
        result = program()

        assert result.code == 2
        assert "Commands:" in result.out + result.err


class TestNames:
    def test_version(self, program: Program) -> None:
        """``--version`` prints name and version."""
        assert f"vcs-track {__version__}\n" == program("--version").out

    def test_unknown_command_names_near_ones(self, program: Program) -> None:
        """A typo gets a hint and the exit code of wrong usage."""
        result = program("statuz")

        assert result.code == 2
        assert result.err == (
            "error: there is no command 'statuz'\nhint: did you mean 'status'?\n"
        )

    def test_far_name_points_to_help(self, program: Program) -> None:
        """A name like no other gets the way to the list."""
        assert "hint: see 'vcs-track --help'\n" in program("xyzzyplugh").err

    def test_alias(self, lab: Lab, program: Program) -> None:
        """``list`` and ``query`` are ``ls``."""
        assert program("ls", "--json") == program("list", "--json") == program("query", "--json")

    @pytest.mark.parametrize("command", ["git-runs", "vcs-track"])
    def test_program_is_called_by_its_name(self, command: str, tmp_path: Path) -> None:
        """Help shows the name by which the program was called."""
        script = tmp_path / command
        script.write_text("from vcs_track.cli.main import main\nmain()\n")
        done = subprocess.run(
            [sys.executable, script, "ls", "--help"],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip

        assert done.stdout.startswith(f"Usage: {command} ls ")

    def test_module_is_called_by_its_name(self, tmp_path: Path) -> None:
        """``python -m vcs_track`` is the same program."""
        done = subprocess.run(
            [sys.executable, "-m", "vcs_track", "ls"],
            capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
        )  # fmt: skip

        assert done.returncode == 10
        assert done.stdout == ""
        assert done.stderr.startswith("error: no '.runs' folder in ")
        assert done.stderr.endswith("hint: make one with 'vcs-track init'\n")


class TestGlobalOptions:
    def test_folder(self, lab_folder: Path, program: Program) -> None:
        """``-C DIR`` works in another folder."""
        result = program("-C", str(lab_folder), "ls", "--json")

        assert (result.code, len(result.lines)) == (0, 4)

    def test_folder_that_is_not_there(self, program: Program) -> None:
        """``-C`` with a wrong folder is wrong usage."""
        result = program("-C", "nowhere", "ls")

        assert result.code == 2
        assert "there is no folder 'nowhere'" in result.err

    def test_folder_wins_over_the_environment(
        self, lab_folder: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An explicit folder wins over ``VCS_TRACK_DIR``."""
        monkeypatch.setenv("VCS_TRACK_DIR", str(tmp_path))

        assert program("ls").code == 10
        assert program("-C", str(lab_folder), "ls").code == 0

    def test_json_before_and_after_the_command(self, lab: Lab, program: Program) -> None:
        """``--json`` is understood on both sides of the command."""
        assert program("--json", "ls").out == program("ls", "--json").out

    @pytest.mark.parametrize("args", [("-q", "ls"), ("ls", "-q"), ("ls", "--quiet")])
    def test_quiet(self, args: tuple[str, ...], lab: Lab, program: Program) -> None:
        """``--quiet`` says nothing on stderr and prints all data."""
        loud = program("ls", columns=40)
        quiet = program(*args, columns=40)

        assert loud.err
        assert ("", loud.out) == (quiet.err, quiet.out)


class TestErrors:
    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (["ls", "--nope"], "error: there is no option '--nope'"),
            (["show", "--jsn"], "hint: did you mean '--json'?"),
            (["ls", "-n", "x"], "error: invalid value for '-n'"),
            (["ls", "-n", "-1"], "error: invalid value for '-n'"),
            (["gc", "extra"], "error: got unexpected extra argument (extra)\n"),
            (["ls", "extra"], "error: there is no bundle 'extra'\n"),
            (["show"], "error: missing argument 'RUN'\n"),
            (["diff"], "error: name runs, or two groups with --group\n"),
        ],
    )
    def test_wrong_usage(self, args: list[str], message: str, lab: Lab, program: Program) -> None:
        """Wrong usage is one line and a hint in our grammar, and exits with 2."""
        result = program(*args)

        assert (result.code, result.out) == (2, "")
        assert message in result.err
        assert "hint: " in result.err

    def test_expression_shows_the_place(
        self, planted: Callable[[Callable[[], object]], None], program: Program
    ) -> None:
        """An expression error puts a caret below the letter, wide letters counted."""

        def fail() -> None:
            raise ExpressionError("cannot", text="名 = !", position=4, hint="do not")

        planted(fail)

        assert program("planted").err == "error: cannot\n  名 = !\n       ^\nhint: do not\n"

    def test_our_errors_have_their_exit_codes(
        self, planted: Callable[[Callable[[], object]], None], program: Program
    ) -> None:
        """An error of the tree leaves with its code; control characters are spelled out."""

        def fail() -> None:
            raise LockedError("run 'a\x1b[2J' is locked")

        planted(fail)
        result = program("planted")

        assert (result.code, result.err) == (13, "error: run 'a\\x1b[2J' is locked\n")

    def test_full_disk(
        self, planted: Callable[[Callable[[], object]], None], program: Program
    ) -> None:
        """What the system refuses is an error of one line, never a traceback."""

        def fail() -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "some/file")

        planted(fail)
        result = program("planted")

        assert (result.code, result.err) == (1, "error: no space left on device 'some/file'\n")

    def test_interrupt(
        self, planted: Callable[[Callable[[], object]], None], program: Program
    ) -> None:
        """Ctrl-C leaves with 130 and no traceback."""

        def fail() -> None:
            raise KeyboardInterrupt

        planted(fail)
        result = program("planted")

        assert (result.code, result.err.strip()) == (130, "")

    def test_exit_code_of_a_command(
        self, planted: Callable[[Callable[[], object]], None], program: Program
    ) -> None:
        """A command that returns a number leaves with it."""
        planted(lambda: 7)

        assert program("planted").code == 7

    def test_closed_pipe_is_quiet(self, lab: Lab) -> None:
        """A reader that goes away, as ``head`` does, is no error to be told."""
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "vcs_track", "ls"],
            stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
        os.close(writer)

        assert (done.returncode, done.stderr) == (141, "")

    def test_letters_that_the_output_lacks(self, lab: Lab) -> None:
        """Names with letters that stdout cannot encode do not stop a table."""
        done = subprocess.run(
            [sys.executable, "-m", "vcs_track", "ls"],
            capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
        assert "cccc4444" in done.stdout
        assert "+ finished" in done.stdout


class TestProgress:
    SCRIPT = (
        "import time; from vcs_track.cli.context import Context;"
        "context = Context(quiet={quiet});"
        "bar = context.progress('Working');"
        "callback = bar.__enter__();"
        "[(callback(n, 3), time.sleep(0.1)) for n in range(4)];"
        "bar.__exit__(None, None, None)"
    )

    @pytest.mark.parametrize("quiet", [False, True])
    def test_bar_on_a_terminal(self, quiet: bool, on_terminal: Callable[..., str]) -> None:
        """Long work draws a bar on a terminal, unless it shall be quiet."""
        script = self.SCRIPT.format(quiet=quiet)
        shown = on_terminal([sys.executable, "-c", script], columns=60, stream="stderr")

        assert ("Working" in shown) == (not quiet)
        assert ("/3" in shown) == (not quiet)
