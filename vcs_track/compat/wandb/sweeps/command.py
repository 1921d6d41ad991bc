"""The command line of a program that a sweep starts: a list of words, never for a shell."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from vcs_track import environ
from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["check_command", "words"]

_DEFAULT: Final = ("${env}", "${interpreter}", "${program}", "${args}")
_VARIABLE: Final = re.compile(r"\$\{envvar:([A-Za-z0-9_]*)\}")
_MACRO: Final = re.compile(r"\$\{([a-z_]+)\}")
_MACROS: Final = (
    "env", "interpreter", "program", "args", "args_no_equals", "args_no_hyphens",
    "args_no_boolean_flags", "args_json", "args_json_file", "args_append_hydra",
    "args_override_hydra",
)  # fmt: skip


def check_command(command: Any, program: Any) -> None:
    """Refuse a command of which no command line can be made.

    Args:
        command: What the sweep says, or None.
        program: Its program, or None.

    Raises:
        BadValueError: If it is no list of words, or has an unknown macro.
    """
    if command is None:
        return
    if not isinstance(command, list | tuple) or not command:
        raise BadValueError("'command' of a sweep is no list of words")
    for word in command:
        if not isinstance(word, str | int | float) or "\0" in str(word):
            raise BadValueError(f"'command' of a sweep has {word!r:.40}, expected a word")
        macro = _MACRO.fullmatch(str(word))
        if macro is not None and macro[1] not in _MACROS:
            raise BadValueError(
                f"'command' of a sweep has the unknown macro {word!r:.40}",
                hint=f"there are {', '.join(_MACROS)}, envvar:NAME",
            )
    if "${program}" in command and not program:
        raise BadValueError("'command' of a sweep needs a 'program'")


def words(
    config: Mapping[str, Any], chosen: Mapping[str, Any], json_file: Path | str
) -> list[str]:
    """Return the command line for one choice of parameters.

    Args:
        config: The sweep.
        chosen: The choice.
        json_file: A file that has it as JSON.

    Raises:
        BadValueError: If there is no program, or a variable is not set.

    Example:
        >>> from vcs_track.compat.wandb.sweeps.command import words
        >>> sweep = {"program": "train.py", "command": ["python", "${program}", "${args}"]}
        >>> words(sweep, {"lr": 0.1, "flip": False}, "")
        ['python', 'train.py', '--lr=0.1', '--flip=False']
    """
    given: Sequence[Any] = config.get("command") or _DEFAULT
    known = _known(config, chosen, json_file)
    found: list[str] = []
    for word in given:
        macro = _MACRO.fullmatch(str(word))
        found += known[macro[1]] if macro else [_VARIABLE.sub(_variable, str(word))]
    return found


def _known(
    config: Mapping[str, Any], chosen: Mapping[str, Any], json_file: Path | str
) -> dict[str, list[str]]:
    program = config.get("program")
    plain = [f"{name}={value}" for name, value in chosen.items()]
    # A flag that is off is left out: a parser of flags has no word for it.
    flags = [
        f"--{name}" if value is True else f"--{name}={value}"
        for name, value in chosen.items()
        if value is not False
    ]
    return {
        "env": [] if sys.platform == "win32" else ["/usr/bin/env"],
        "interpreter": [sys.executable or "python"],
        "program": [program] if program else [],
        "args": [f"--{one}" for one in plain],
        "args_no_equals": [
            word for name, value in chosen.items() for word in (f"--{name}", str(value))
        ],
        "args_no_hyphens": plain,
        "args_no_boolean_flags": flags,
        "args_json": [canonical.dumps(dict(chosen)).decode()],
        "args_json_file": [str(json_file)],
        "args_append_hydra": [f"+{one}" for one in plain],
        "args_override_hydra": [f"++{one}" for one in plain],
    }


def _variable(found: re.Match[str]) -> str:
    value = environ.prefixed(found[1]).get(found[1])
    if value is None:
        raise BadValueError(
            f"'command' of the sweep needs the variable '{found[1]}', which is not set"
        )
    return value
