"""Where commands work and how they talk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.cli.context import Context
from vcs_track.errors import RepositoryNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


class TestStreams:
    def test_data_to_stdout_talk_to_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What is printed is data, what is said is talk."""
        context = Context()
        context.print("data")
        context.say("talk")
        context.emit({"x": 1})
        captured = capsys.readouterr()

        assert ('data\n{"x":1}\n', "talk\n") == (captured.out, captured.err)

    def test_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Quiet is about talk."""
        context = Context(quiet=True)
        context.print("data")
        context.say("talk")
        captured = capsys.readouterr()

        assert ("data\n", "") == (captured.out, captured.err)

    def test_escapes_are_spelled_out(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Neither stream takes escape sequences from users."""
        Context().print("\x1b[2J")
        Context().say("\x1b[2J")
        captured = capsys.readouterr()

        assert "\x1b" not in captured.out + captured.err


class TestRepository:
    def test_found_upward(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without ``-C`` the nearest ``.runs`` here or above."""
        vcs_track.init(tmp_path)
        below = tmp_path / "a"
        below.mkdir()
        monkeypatch.chdir(below)

        assert tmp_path / ".runs" == Context().repository().path

    def test_configured_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """``VCS_TRACK_DIR`` counts, its ``.runs`` too, unless a folder was named."""
        vcs_track.init(tmp_path)
        monkeypatch.setenv("VCS_TRACK_DIR", str(tmp_path / ".runs"))

        assert tmp_path / ".runs" == Context().repository().path
        with pytest.raises(RepositoryNotFoundError):
            Context(explicit=True).repository()

    def test_defaults_are_those_of_the_front_door(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A command works with the same configuration as ``vcs_track.open``."""
        vcs_track.init(tmp_path)
        monkeypatch.setenv("VCS_TRACK_PROJECT", "digits")
        monkeypatch.chdir(tmp_path)

        assert vcs_track.open().defaults == Context().repository().defaults


class TestProgress:
    def test_no_bar_without_a_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A log file gets no bar."""
        with Context().progress("Working") as callback:
            callback(1, 2)

        assert capsys.readouterr().err == ""

    def test_rich_is_not_loaded_for_nothing(self) -> None:
        """Without a terminal the package that draws stays unloaded."""
        before = "rich.progress" in sys.modules
        with Context().progress("Working"):
            pass

        assert before == ("rich.progress" in sys.modules)
