"""Properties of the whole language, over random trees, rows and texts."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import cast

from contract.trees import LITERALS, NAMES, ORDERS, SUMS, conditions, values
from hypothesis import given, settings, strategies as st

from vcs_track.errors import ExpressionError
from vcs_track.porcelain.filter import order_by, parse, resolve, to_text
from vcs_track.porcelain.filter.expression import Filter
from vcs_track.porcelain.filter.nodes import (
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
    Truth,
    Value,
    walk,
)


class TestRoundTrip:
    @given(conditions(NAMES, values(NAMES, LITERALS)))
    def test_printed_tree_is_read_back(self, tree: Condition) -> None:
        """Text and tree say the same, types and all."""
        assert repr(tree) == repr(parse(to_text(tree)).tree)


# --- a second evaluator, as plain as can be ---------------------------------------------

FALSE, UNKNOWN, TRUE = 0.0, 0.5, 1.0
VOID = object()


def plain_value(node: Value, row: dict[str, object]) -> object:
    """Return a value, VOID for what is missing or NaN or cannot be calculated."""
    if isinstance(node, Name | Literal):
        found = row.get(node.path) if isinstance(node, Name) else node.value
        return VOID if found is None or found != found else found
    assert isinstance(node, Negative | Arithmetic)
    parts = (node.value,) if isinstance(node, Negative) else (node.left, node.right)
    numbers = [plain_value(part, row) for part in parts]
    if any(type(number) not in (int, float) for number in numbers):
        return VOID
    try:
        result = (
            SUMS[node.op](*numbers) if isinstance(node, Arithmetic) else -cast("int", numbers[0])
        )
    except (ArithmeticError, ValueError):
        return VOID
    return VOID if math.isnan(result) else result


def family(value: object) -> str:
    """Return the type that a value compares with."""
    return "number" if type(value) in (int, float) else type(value).__name__


def plain_equal(left: object, right: object) -> float:
    """Say whether two values are equal."""
    if left is VOID or right is VOID:
        return UNKNOWN
    if isinstance(left, tuple) != isinstance(right, tuple):
        items, one = (left, right) if isinstance(left, tuple) else (right, left)
        return max(
            (plain_equal(item, one) for item in cast("tuple[object]", items)), default=FALSE
        )
    return float(family(left) == family(right) and left == right)


def plain_test(node: Condition, row: dict[str, object]) -> float:
    """Return 0, 1/2 or 1: and is the least of these, or the greatest."""
    match node:
        case And(items):
            return min(plain_test(item, row) for item in items)
        case Or(items):
            return max(plain_test(item, row) for item in items)
        case Not(item):
            return TRUE - plain_test(item, row)
        case Constant(value):
            return float(value)
        case Truth(name):
            found = plain_value(name, row)
            return UNKNOWN if found is VOID else float(bool(found))
        case Is(Name(pieces), test):
            raw = row.get(".".join(pieces))
            words = {"null": raw is None, "nan": raw != raw, "true": raw is True}
            return float(words.get(test, raw is False))
    return plain_comparison(node, row)


def plain_comparison(node: Condition, row: dict[str, object]) -> float:
    """Return 0, 1/2 or 1 for a test of values."""
    match node:
        case In(value, items):
            found = plain_value(value, row)
            answers = [plain_equal(found, plain_value(item, row)) for item in items]
            return UNKNOWN if found is VOID else max(answers, default=FALSE)
        case Contains(container, item):
            return plain_contains(plain_value(container, row), plain_value(item, row))
        case Compare(op, left, right):
            first, second = plain_value(left, row), plain_value(right, row)
            if op in ("=", "!="):
                same = plain_equal(first, second)
                return same if op == "=" else TRUE - same
            if VOID in (first, second):
                return UNKNOWN
            comparable = family(first) == family(second) and family(first) in ("number", "str")
            return float(comparable and ORDERS[op](first, second))
    raise AssertionError(node)


def plain_contains(found: object, part: object) -> float:
    """Say whether a text has a part or a list an item."""
    if VOID in (found, part):
        return UNKNOWN
    if isinstance(found, str):
        return float(isinstance(part, str) and part in found)
    return plain_equal(found, part) if isinstance(found, tuple) else FALSE


SOME = ["hparams.a", "hparams.b", "hparams.c"]
FEW_NAMES = st.sampled_from(SOME).map(lambda path: Name(tuple(path.split("."))))
FEW = st.sampled_from([0, 1, 2, 1.0, 0.5, -1, "a", "ab", "b", True, False, float("inf")])
ROW_VALUES = st.one_of(FEW, st.sampled_from([None, float("nan"), (1, "a"), (), ("b", 0.5, True)]))
ROWS = st.dictionaries(st.sampled_from(SOME), ROW_VALUES)
FEW_VALUES = values(FEW_NAMES, FEW.map(lambda value: Literal(cast("float", value))))


def is_plain(tree: Condition) -> bool:
    """Leave out what the plain evaluator does not say: patterns, and what sums are."""
    tests = [node for node, _ in walk(tree) if isinstance(node, Is | Match)]
    return all(isinstance(node, Is) and isinstance(node.value, Name) for node in tests)


class TestEvaluation:
    @settings(max_examples=300)
    @given(
        conditions(
            FEW_NAMES,
            FEW_VALUES,
        ).filter(is_plain),
        ROWS,
    )
    def test_equals_the_plain_evaluator(self, tree: Condition, row: dict[str, object]) -> None:
        """Every tree has the answer that its definition gives."""
        if (
            "Is(value=Arith" in repr(tree)
            or "Is(value=Neg" in repr(tree)
            or "Is(value=Lit" in repr(tree)
        ):
            return

        assert (plain_test(tree, row) == TRUE) == Filter("", tree, resolved=True).matches(row)


# --- anything at all --------------------------------------------------------------------

VOCABULARY = """
and or not in like glob ~ !~ contains is null between nan inf true ( ) [ ] ,
= != < <= - + * / % a b x.y val/acc summary.acc metrics.acc.max created tags
'a' "b" `c` 1 .5 1e3 2026-01-31 'yesterday' hparams[ . ; # é 5x
"""
WORDS = VOCABULARY.split()
GARBAGE = st.one_of(
    st.text(max_size=30), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
)
KNOWN = {"hparams.a", "hparams.x.y", "summary.acc", "summary.val/acc", "metrics.acc.max"}


class TestGarbage:
    @settings(max_examples=400)
    @given(GARBAGE, ROWS)
    def test_only_expression_errors_come_out(self, text: str, row: dict[str, object]) -> None:
        """Any text is either a filter that answers or an error that points into the text."""
        try:
            answer = resolve(parse(text), KNOWN).matches(row, now=0.0)
        except ExpressionError as error:
            answer = error.text == text and 0 <= error.position <= len(text)

            assert answer

        assert isinstance(answer, bool)

    @given(GARBAGE)
    def test_any_order_is_read_or_refused(self, text: str) -> None:
        """The same for orders."""
        with suppress(ExpressionError):
            assert order_by(text, KNOWN).terms

    @settings(max_examples=300)
    @given(st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join))
    def test_what_is_accepted_can_be_printed(self, text: str) -> None:
        """A filter that somebody wrote has a text of its own, with the same tree."""
        with suppress(ExpressionError):
            tree = parse(text).tree

            assert repr(tree) == repr(parse(to_text(tree)).tree)
