"""The part of YAML that configuration files are written in.

Mappings and lists in blocks or in brackets, texts, numbers, true, false and null. Where the
user has PyYAML, it is asked about anything beyond that.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

from vcs_track.compat.wandb.errors import ConfigError

__all__ = ["parse"]

_WORDS: Final = {
    "null": None, "~": None, "": None, "true": True, "yes": True, "on": True, "false": False,
    "no": False, "off": False, ".nan": float("nan"), ".inf": float("inf"), "-.inf": -float("inf"),
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?(0x[0-9a-fA-F]+|0o[0-7]+|[0-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?([0-9][0-9_]*)?\.?[0-9]*([eE][-+]?[0-9]+)?")
_KEY: Final = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s'"\[\]{},#&*!|>%@`-][^:#]*?|-[^\s:#][^:#]*?)\s*:(?:\s+|$)"""
)
_TOKEN: Final = re.compile(
    r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[\[\]{},:]|[^\[\]{},:\s][^\[\]{},]*?(?=\s*(?:[\[\]{},]|:\s|:$|$)))"""
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "/": "/"}
_DEEP: Final = 40


class _UnknownError(Exception):
    """A part of YAML that is not among those known here."""


def parse(text: str, where: str) -> Any:
    r"""Return what *text* says.

    Args:
        text: A document.
        where: Its file, for messages.

    Raises:
        ConfigError: If it cannot be understood.

    Example:
        >>> from vcs_track.compat.wandb.yaml_text import parse
        >>> parse("lr:\n  value: 0.1\nlayers: [64, 10]\n", "config.yaml")
        {'lr': {'value': 0.1}, 'layers': [64, 10]}
    """
    try:
        return _document(text)
    except _UnknownError as error:
        return _by_library(text, where, error)


def _document(text: str) -> Any:
    lines = [line for line in map(_line, text.splitlines()) if line is not None]
    if not lines:
        return None
    value, rest = _block(lines, 0, lines[0][0], 0)
    if rest != len(lines):
        raise _UnknownError(f"line {lines[rest][1]!r}")
    return value


def _by_library(text: str, where: str, error: Exception) -> Any:
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise ConfigError(
            f"config file {where} cannot be understood: {error}",
            hint="'pip install pyyaml' reads all of YAML",
        ) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ConfigError(f"config file {where} is no YAML: {fault}") from None


def _line(line: str) -> tuple[int, str] | None:
    """Return how far a line is indented and what it says, or None when it is empty."""
    text = _uncommented(line).rstrip()
    if not text.strip() or text in ("---", "..."):
        return None
    if "\t" in text[: len(text) - len(text.lstrip())]:
        raise _UnknownError("a tab indents a line")
    return len(text) - len(text.lstrip(" ")), text.strip()


def _uncommented(line: str) -> str:
    if "#" not in line:
        return line
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and (at == 0 or line[at - 1] in " \t[{,:"):
            quote = sign
        elif sign == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at]
    return line


# ---- blocks ----------------------------------------------------------------------------


def _block(lines: list[tuple[int, str]], at: int, indent: int, depth: int) -> tuple[Any, int]:
    """Return the value that begins at line *at*, and the line behind it."""
    if depth > _DEEP:
        raise _UnknownError("it nests too deep")
    if lines[at][1] == "-" or lines[at][1].startswith("- "):
        return _list(lines, at, indent, depth)
    if _KEY.match(lines[at][1]):
        return _mapping(lines, at, indent, depth)
    return _flow(lines[at][1]), at + 1


def _mapping(
    lines: list[tuple[int, str]], at: int, indent: int, depth: int
) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while at < len(lines) and lines[at][0] == indent:
        match = _KEY.match(lines[at][1])
        if match is None:
            raise _UnknownError(f"line {lines[at][1]!r}")
        key, rest = str(_scalar(match[1])), lines[at][1][match.end() :]
        at += 1
        if rest:
            found[key] = _flow(rest)
            continue
        nested = at < len(lines) and (
            lines[at][0] > indent or (lines[at][0] == indent and lines[at][1].startswith("-"))
        )
        found[key] = None
        if nested:
            found[key], at = _block(lines, at, lines[at][0], depth + 1)
    if at < len(lines) and lines[at][0] > indent:
        raise _UnknownError(f"line {lines[at][1]!r}")
    return found, at


def _list(lines: list[tuple[int, str]], at: int, indent: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while at < len(lines) and lines[at][0] == indent and lines[at][1][:2] in ("-", "- "):
        rest = lines[at][1][1:].strip()
        if not rest:
            at += 1
            if at < len(lines) and lines[at][0] > indent:
                value, at = _block(lines, at, lines[at][0], depth + 1)
            else:
                value = None
        elif _KEY.match(rest):
            # What follows the dash is the first line of a mapping of its own.
            inner = indent + len(lines[at][1]) - len(rest)
            lines[at] = (inner, rest)
            value, at = _block(lines, at, inner, depth + 1)
        else:
            value, at = _flow(rest), at + 1
        found.append(value)
    return found, at


# ---- on one line -----------------------------------------------------------------------


def _flow(text: str) -> Any:
    if text[0] not in "[{":
        return _scalar(text)
    tokens = _TOKEN.findall(text)
    if "".join(tokens).replace(" ", "") != text.replace(" ", ""):
        raise _UnknownError(text)
    value, rest = _value(tokens, 0, 0)
    if rest != len(tokens):
        raise _UnknownError(text)
    return value


def _value(tokens: list[str], at: int, depth: int) -> tuple[Any, int]:
    if at >= len(tokens) or depth > _DEEP:
        raise _UnknownError("a bracket is not closed")
    if tokens[at] == "[":
        return _items(tokens, at + 1, depth)
    if tokens[at] == "{":
        return _pairs(tokens, at + 1, depth)
    if tokens[at] in ("]", "}", ",", ":"):
        raise _UnknownError(tokens[at])
    return _scalar(tokens[at].strip()), at + 1


def _items(tokens: list[str], at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while at < len(tokens) and tokens[at] != "]":
        value, at = _value(tokens, at, depth + 1)
        found.append(value)
        at = _behind(tokens, at, "]")
    return found, at + 1


def _pairs(tokens: list[str], at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while at < len(tokens) and tokens[at] != "}":
        key, at = _value(tokens, at, depth + 1)
        if at >= len(tokens) or tokens[at] != ":":
            raise _UnknownError("a name has no value")
        found[str(key)], at = _value(tokens, at + 1, depth + 1)
        at = _behind(tokens, at, "}")
    return found, at + 1


def _behind(tokens: list[str], at: int, end: str) -> int:
    if at >= len(tokens) or tokens[at] not in (",", end):
        raise _UnknownError("a bracket is not closed")
    return at + 1 if tokens[at] == "," else at


def _scalar(text: str) -> Any:
    if text[:1] == '"':
        return _unescaped(text)
    if text[:1] == "'":
        if len(text) < 2 or text[-1] != "'":
            raise _UnknownError(text)
        return text[1:-1].replace("''", "'")
    if text[:1] in "&*!|>%@`" and text:
        raise _UnknownError(text)
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text.replace("_", ""), 0 if text.lstrip("+-")[:2] in ("0x", "0o") else 10)
    if any(sign.isdigit() for sign in text) and _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def _unescaped(text: str) -> str:
    if len(text) < 2 or text[-1] != '"':
        raise _UnknownError(text)

    def plain(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise _UnknownError(text)
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", plain, text[1:-1])
