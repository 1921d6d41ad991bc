"""Each command is explained where a reader looks for it."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

__all__: list[str] = []

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
COMMANDS: dict[str, tuple[str, str]] = importlib.import_module("vcs_track.cli.main").COMMANDS
HELP_WIDTH = 72


@pytest.mark.parametrize("command", sorted(COMMANDS))
class TestCommand:
    def test_help_is_one_short_line(self, command: str) -> None:
        """The help of a command fits one line of 72 and is no sentence with a full stop."""
        _, text = COMMANDS[command]

        assert 0 < len(text) <= HELP_WIDTH
        assert text[0].isupper()
        assert not text.endswith(".")

    def test_module_exists(self, command: str) -> None:
        """The module that the table names is there."""
        module, _ = COMMANDS[command]

        assert find_spec(module) is not None

    def test_has_a_section(self, command: str) -> None:
        """Each command has its section in ``docs/reference/cli.md``."""
        page = PAGE.read_text(encoding="utf-8")

        assert re.search(rf"^#+ `?(vcs-track )?{re.escape(command)}`?$", page, re.MULTILINE)
