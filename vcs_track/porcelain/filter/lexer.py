r"""Cut the text of a filter into tokens.

A *word* is a run of letters, digits and underscores that may be joined by ``. / - : @ #
$`` as long as a letter, digit or underscore follows: ``val/acc``, ``batch-size`` and
``top@5`` are one word. So ``lr/2`` is a name, ``lr / 2`` a division, and ``1/2`` a
division too, as a word that begins with a digit needs a letter (``3fold``) or a second
dot (``3.11.7``). Between quotes a backslash stands before a quote, a backslash, or ``n
t r``; before anything else it is kept, so that ``"\d+"`` is the pattern that it looks like.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from vcs_track.errors import ExpressionError

__all__ = ["KEYWORDS", "MAX_TEXT", "Token", "TokenKind", "is_word", "tokenize"]

MAX_TEXT = 10_000
_MAX_NUMBER = 100

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "like",
        "ilike",
        "glob",
        "contains",
        "between",
        "is",
        "null",
        "none",
        "true",
        "false",
        "inf",
        "nan",
    ]
)

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"\w+(?:(?:\.|[-/:@#$]+)\w+)*")
_WORD_GOES_ON = re.compile(r"\.?\w")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(rf"(?:{_DIGITS}(?:\.{_DIGITS})?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?!\w)"
)
_OPERATOR = re.compile(r"&&|\|\||[=!<>]=|<>|=~|!~|[-=<>!~+*/%()\[\],]")
_SAME = {"==": "=", "<>": "!=", "=~": "~", "&&": "and", "||": "or", "!": "not"}
_ESCAPE = re.compile(r"\\([\\'\"`ntr])")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_QUOTED = {
    quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}", re.DOTALL) for quote in "'\"`"
}

TokenKind = Literal["number", "text", "name", "keyword", "operator", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of the text.

    Attributes:
        kind: What it is.
        word: The keyword or operator in its one spelling, else what a message may say.
        position: Where it begins in the text, from 0.
        value: Of a number or a text.
        pieces: Of a name: what stood between the dots.
        bare: Of a name: nothing in it was quoted.
    """

    kind: TokenKind
    word: str
    position: int
    value: int | float | str = ""
    pieces: tuple[str, ...] = ()
    bare: bool = True


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut *text* into tokens, the last of kind ``end``.

    Raises:
        ExpressionError: If the text is too long or holds what no token begins with.

    Example:
        >>> from vcs_track.porcelain.filter.lexer import tokenize
        >>> [token.word for token in tokenize("val/acc >= 1e-3")]
        ['val/acc', '>=', '1e-3', '']
    """
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"filter has {len(text)} characters, at most {MAX_TEXT} are read",
            text=text[:MAX_TEXT],
            position=MAX_TEXT,
        )
    return tuple(_Scanner(text).tokens())


def is_word(text: str) -> bool:
    """Return whether *text* is read back as one name without any quotes."""
    try:
        first, *rest = tokenize(text)
    except ExpressionError:
        return False
    return first.kind == "name" and first.bare and first.word == text and len(rest) == 1


class _Scanner:
    """A place in a text that moves to the right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while True:
            self._take(_BLANK)
            if self._at == len(self._text):
                return [*found, Token("end", "", self._at)]
            found.append(self._token())

    def _token(self) -> Token:
        start, sign = self._at, self._text[self._at]
        if sign in "'\"":
            value = self._quoted()
            return Token("text", self._text[start : self._at], start, value=value)
        token = self._number() or self._name()
        if token is not None:
            return token
        operator = self._take(_OPERATOR)
        if not operator:
            raise self._error(
                f"unexpected {sign!r}", hint="quote names and texts that hold signs", at=start
            )
        word = _SAME.get(operator, operator)
        return Token("keyword" if word in KEYWORDS else "operator", word, start)

    def _number(self) -> Token | None:
        start = self._at
        date = self._take(_DATE)
        if date:
            return Token("text", date, start, value=date)
        found = _NUMBER.match(self._text, start)
        if found is None:
            return None
        if _WORD_GOES_ON.match(self._text, found.end()) and self._text[start] != ".":
            return None
        word = found.group()
        if len(word) > _MAX_NUMBER:
            raise self._error(f"number is longer than {_MAX_NUMBER} characters", at=start)
        self._at = found.end()
        return Token("number", word, start, value=self._figure(word, start))

    def _figure(self, word: str, start: int) -> int | float:
        if re.fullmatch(r"[0-9_]+", word):
            return int(word)
        value = float(word)
        if math.isinf(value):
            raise self._error(
                f"number '{word}' is out of range", hint="write inf for infinity", at=start
            )
        return value

    def _name(self) -> Token | None:
        start = self._at
        word = self._take(_WORD)
        if word:
            if word.lower() in KEYWORDS:
                return Token("keyword", word.lower(), start)
            pieces = word.split(".")
        elif self._text[start] == "`":
            pieces = [self._piece()]
        else:
            return None
        bare = not self._more_pieces(pieces) and bool(word)
        return Token("name", self._text[start : self._at], start, pieces=tuple(pieces), bare=bare)

    def _more_pieces(self, pieces: list[str]) -> bool:
        """Read what is glued to a name; return whether any of it was quoted."""
        quoted = False
        while True:
            two = self._text[self._at : self._at + 2]
            if two[:1] == "[":
                pieces.append(self._bracketed())
            elif two[:1] == "." and two[1:] in ("`", '"', "'"):
                self._at += 1
                pieces.append(self._piece())
            elif two[:1] == "." and _WORD.match(self._text, self._at + 1):
                self._at += 1
                pieces.extend(self._take(_WORD).split("."))
            else:
                return quoted
            quoted = True

    def _bracketed(self) -> str:
        start = self._at
        self._at += 1
        self._take(_BLANK)
        if self._text[self._at : self._at + 1] not in ("'", '"', "`"):
            raise self._error("expected a quoted name after '['", at=start)
        piece = self._piece()
        self._take(_BLANK)
        if self._text[self._at : self._at + 1] != "]":
            raise self._error("expected ']' after the quoted name", at=self._at)
        self._at += 1
        return piece

    def _piece(self) -> str:
        start = self._at
        piece = self._quoted()
        if not piece:
            raise self._error("a name cannot be empty", at=start)
        return piece

    def _quoted(self) -> str:
        start, quote = self._at, self._text[self._at]
        found = _QUOTED[quote].match(self._text, start)
        if found is None:
            raise self._error("quote is not closed", hint=f"add {quote} at the end", at=start)
        self._at = found.end()
        return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), found[1])

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()

    def _error(self, message: str, *, at: int, hint: str = "") -> ExpressionError:
        return ExpressionError(message, text=self._text, position=at, hint=hint)
