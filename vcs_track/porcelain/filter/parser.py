"""Read the text of a filter into a syntax tree.

One loop climbs the precedence of operators, so the depth of the recursion is the depth
of the tree, and that is bounded. What may stand where is decided by two questions: is
this a value, is this a condition?
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, cast

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.lexer import Token, tokenize
from vcs_track.porcelain.filter.nodes import (
    CONDITIONS,
    And,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Contains,
    In,
    Is,
    Literal,
    Match,
    Name,
    Negative,
    Not,
    Or,
    Percent,
    Truth,
    position_of,
    walk,
)
from vcs_track.porcelain.filter.patterns import PatternError, matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.filter.nodes import (
        ArithmeticOp,
        CompareOp,
        IsTest,
        MatchKind,
        Node,
        Value,
    )

__all__ = ["MAX_DEPTH", "parse_tree"]

MAX_DEPTH = 100

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN = range(1, 8)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys((*_COMPARISONS, "~", "!~"), _COMPARE),
    **dict.fromkeys(["in", "not", "like", "ilike", "glob", "contains", "between", "is"], _COMPARE),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/%", _PRODUCT),
}
_KINDS: dict[str, MatchKind] = {"like": "like", "ilike": "ilike", "glob": "glob", "~": "regex"}
_CONSTANTS = {"true": True, "false": False, "inf": float("inf"), "null": None, "none": None}


def parse_tree(text: str, *, percents: bool = False) -> Condition:
    """Return the syntax tree of *text*, names and words as they were written.

    Args:
        text: A filter.
        percents: Read ``0.5%`` as a share, where nothing follows that it could be divided by.

    Raises:
        ExpressionError: If *text* is not in the language, or too long or too deep.
        InvalidTypeError: If *text* is not a text.
    """
    if not isinstance(text, str):
        raise InvalidTypeError(
            f"filter is a {type(text).__name__}, expected a text",
            hint="a dictionary of Mongo operators goes through from_mongo",
        )
    parser = _Parser(text, percents)
    tree = parser.whole()
    if max(depth for _, depth in walk(tree)) > MAX_DEPTH:
        parser.fail(f"filter is nested more than {MAX_DEPTH} levels deep", 0)
    return tree


class _Parser:
    """A place in a list of tokens that moves to the right."""

    def __init__(self, text: str, percents: bool = False) -> None:
        self._text = text
        self._percents = percents
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        if self._at_end():
            self.fail("filter is empty", 0, hint="try 'status = finished'")
        tree = self._condition(self._expression(_OR), 0)
        if not self._at_end():
            self._unexpected("'and', 'or' or the end")
        for node, _ in walk(tree):
            if node == Literal(None):
                self.fail("null is no value", position_of(node), hint="write 'NAME is null'")
        return tree

    def fail(self, message: str, position: int, *, hint: str = "") -> NoReturn:
        raise ExpressionError(message, text=self._text, position=position, hint=hint)

    # The cursor

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _at_end(self) -> bool:
        return self._next.kind == "end"

    def _take(self) -> Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _is(self, *words: str) -> bool:
        return self._next.kind in ("keyword", "operator") and self._next.word in words

    def _accept(self, *words: str) -> Token | None:
        return self._take() if self._is(*words) else None

    def _expect(self, word: str, *, after: str) -> None:
        if not self._accept(word):
            self._unexpected(f"'{word}' {after}")

    def _unexpected(self, expected: str) -> NoReturn:
        token = self._next
        found = "the filter ends" if token.kind == "end" else f"found {token.word!r}"
        hint = "quote a text or name that holds blanks or signs" if token.kind != "end" else ""
        self.fail(f"expected {expected}, {found}", token.position, hint=hint)

    # Expressions

    def _expression(self, level: int) -> Node:
        """Read operators that bind at least as tightly as *level*."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail(f"filter is nested more than {MAX_DEPTH} levels deep", self._next.position)
        start = self._next.position
        node = self._prefix()
        while (binding := self._binding()) >= level:
            node = self._infix(binding)(node, start)
        self._depth -= 1
        return node

    def _binding(self) -> int:
        token = self._next
        return _LEVELS.get(token.word, 0) if token.kind in ("keyword", "operator") else 0

    def _infix(self, binding: int) -> Callable[[Node, int], Node]:
        if binding in (_SUM, _PRODUCT):
            return self._arithmetic
        if binding == _COMPARE:
            return self._comparison if self._is(*_COMPARISONS) else self._test
        return self._all if binding == _AND else self._any

    def _prefix(self) -> Node:
        token = self._take()
        if token.kind == "name":
            return Name(token.pieces, token.bare, token.position)
        if token.kind in ("number", "text"):
            return self._literal(token)
        if token.kind == "keyword" and token.word in _CONSTANTS:
            return Literal(_CONSTANTS[token.word], token.position)
        if token.kind in ("keyword", "operator") and token.word in ("(", "not", "-", "+", "nan"):
            return self._special(token)
        self._at -= token.kind != "end"
        return self._unexpected("a name or a value")

    def _literal(self, token: Token) -> Literal:
        if self._percents and token.kind == "number" and self._is("%"):
            after = self._tokens[self._at + 1]
            if after.kind not in ("number", "text", "name") and after.word != "(":
                self._take()
                return Percent(cast("float", token.value) / 100, token.position)
        return Literal(token.value, token.position)

    def _special(self, token: Token) -> Node:
        if token.word == "(":
            node = self._expression(_OR)
            self._expect(")", after="to close the parenthesis")
            return node
        start = self._next.position
        if token.word == "not":
            return Not(self._condition(self._expression(_NOT), start))
        if token.word == "nan":
            self.fail("nan equals nothing", token.position, hint="write 'NAME is nan'")
        value = self._value(self._expression(_SIGN), start)
        if token.word == "+":
            return value
        if isinstance(value, Literal) and type(value.value) in (int, float):
            return replace(value, value=-cast("float", value.value), position=token.position)
        return Negative(value)

    # What may stand where

    def _condition(self, node: Node, position: int) -> Condition:
        if isinstance(node, CONDITIONS):
            return node
        if isinstance(node, Name):
            return Truth(node)
        if isinstance(node, Literal) and isinstance(node.value, bool):
            return Constant(node.value)
        return self.fail(
            "expected a condition, found a value", position, hint="compare it: 'summary.acc > 0.9'"
        )

    def _value(self, node: Node, position: int) -> Value:
        if isinstance(node, CONDITIONS):
            self.fail(
                "expected a value, found a condition",
                position,
                hint="join conditions with 'and' or 'or'",
            )
        return node

    def _operand(self, level: int = _SUM) -> Value:
        start = self._next.position
        return self._value(self._expression(level), start)

    # Operators

    def _all(self, left: Node, start: int) -> Node:
        return And(self._joined("and", _NOT, left, start))

    def _any(self, left: Node, start: int) -> Node:
        return Or(self._joined("or", _AND, left, start))

    def _joined(self, word: str, level: int, left: Node, start: int) -> tuple[Condition, ...]:
        items = [self._condition(left, start)]
        while self._accept(word):
            start = self._next.position
            items.append(self._condition(self._expression(level), start))
        return tuple(items)

    def _arithmetic(self, left: Node, start: int) -> Node:
        value = self._value(left, start)
        op = cast("ArithmeticOp", self._take().word)
        return Arithmetic(op, value, self._operand(_PRODUCT if op in "+-" else _SIGN))

    def _comparison(self, left: Node, start: int) -> Node:
        value = self._value(left, start)
        found: list[Condition] = []
        while token := self._accept(*_COMPARISONS):
            right = self._operand()
            found.append(self._compare(cast("CompareOp", token.word), value, right, token))
            value = right
        return found[0] if len(found) == 1 else And(tuple(found))

    def _compare(self, op: CompareOp, left: Value, right: Value, token: Token) -> Condition:
        if left == Literal(None):
            left, right = right, left
        if right != Literal(None):
            return Compare(op, left, right)
        if op == "=":
            return Is(left, "null")
        if op == "!=":
            return Not(Is(left, "null"))
        return self.fail(
            f"null has no order, found '{op}'", token.position, hint="write 'NAME is null'"
        )

    def _test(self, left: Node, start: int) -> Node:
        value = self._value(left, start)
        token = self._take()
        if token.word == "is":
            return self._is_test(value)
        if token.word == "!~":
            return Not(self._match("~", value))
        if token.word != "not":
            return self._tested(token, value)
        inner = self._accept("in", "like", "ilike", "glob", "contains", "between", "~")
        if inner is None:
            self._unexpected("'in', 'like', 'glob', 'contains' or 'between' after 'not'")
        return Not(self._tested(inner, value))

    def _tested(self, token: Token, value: Value) -> Condition:
        if token.word == "in":
            return self._in(value)
        if token.word == "contains":
            return Contains(value, self._operand())
        if token.word == "between":
            low = self._operand()
            self._expect("and", after="between the two limits")
            high = self._operand()
            return And((Compare(">=", value, low), Compare("<=", value, high)))
        return self._match(token.word, value)

    def _is_test(self, value: Value) -> Condition:
        negated = self._accept("not")
        token = self._accept("null", "none", "nan", "true", "false")
        if token is None and self._next.word.lower() == "undefined":
            token = self._take()  # as Guild says it; elsewhere it is a name
        if token is None:
            self._unexpected("null, nan, true or false after 'is'")
        word = token.word if token.word in ("nan", "true", "false") else "null"
        condition = Is(value, cast("IsTest", word))
        return Not(condition) if negated else condition

    def _in(self, value: Value) -> Condition:
        opening = self._accept("(", "[")
        if opening is None:
            return Contains(self._operand(), value)
        closing = ")" if opening.word == "(" else "]"
        items: list[Value] = []
        while not self._accept(closing):
            items.append(self._operand())
            if not self._is(closing):
                self._expect(",", after=f"or '{closing}' in the list")
        given = tuple(item for item in items if item != Literal(None))
        if len(given) == len(items):
            return In(value, given)
        missing = Is(value, "null")
        return Or((In(value, given), missing)) if given else missing

    def _match(self, word: str, value: Value) -> Condition:
        token = self._take()
        if token.kind not in ("text", "name") or not token.bare:
            self._at -= token.kind != "end"
            self._unexpected(f"a text in quotes after '{word}'")
        pattern = str(token.value) if token.kind == "text" else token.word
        kind = _KINDS[word]
        try:
            matcher(kind, pattern)
        except PatternError as error:
            self.fail(error.message, token.position, hint=error.hint)
        return Match(kind, value, pattern)
