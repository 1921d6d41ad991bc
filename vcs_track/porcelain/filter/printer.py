"""Write a syntax tree as text that is read back as the same tree."""

from __future__ import annotations

from vcs_track.porcelain.filter.lexer import is_word
from vcs_track.porcelain.filter.nodes import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Contains,
    In,
    Is,
    Literal,
    Match,
    Moment,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Truth,
)

__all__ = ["spell", "to_text"]

_PRODUCT = ("*", "/", "%")


def to_text(node: Node) -> str:
    """Return *node* as text in the filter language.

    Example:
        >>> from vcs_track.porcelain.filter import parse
        >>> from vcs_track.porcelain.filter.printer import to_text
        >>> to_text(parse("0<lr<=1 && !dirty").tree)
        '(0 < lr and lr <= 1) and not dirty'
    """
    match node:
        case And(items):
            return " and ".join(_grouped(item, And, Or) for item in items)
        case Or(items):
            return " or ".join(_grouped(item, And, Or) for item in items)
        case Not(item):
            return f"not {_grouped(item, And, Or)}"
        case Constant(value):
            return "true" if value else "false"
        case Truth(name):
            return to_text(name)
    return _test_text(node)


def _test_text(node: Node) -> str:
    match node:
        case Compare(op, left, right):
            return f"{to_text(left)} {op} {to_text(right)}"
        case In(value, items):
            return f"{to_text(value)} in ({', '.join(to_text(item) for item in items)})"
        case Contains(container, item):
            return f"{to_text(container)} contains {to_text(item)}"
        case Match(kind, value, pattern):
            sign = "~" if kind == "regex" else kind
            return f"{to_text(value)} {sign} {_quote(pattern, chr(39))}"
        case Is(value, test):
            return f"{to_text(value)} is {test}"
    return _value_text(node)


def _value_text(node: Node) -> str:
    match node:
        case Name():
            return _name_text(node)
        case Literal(str(value)) | Moment(value):
            return _quote(value, "'")
        case Literal(None):
            return "null"
        case Literal(value):
            return str(value).lower()
        case Negative(value):
            return f"-{_grouped(value, Arithmetic, Negative)}"
        case Arithmetic(op, left, right):
            return _arithmetic_text(op, left, right)
    raise AssertionError(node)


def _arithmetic_text(op: str, left: Node, right: Node) -> str:
    before, after = to_text(left), to_text(right)
    if isinstance(left, Arithmetic) and op in _PRODUCT and left.op not in _PRODUCT:
        before = f"({before})"
    if isinstance(right, Arithmetic) and (op in _PRODUCT or right.op not in _PRODUCT):
        after = f"({after})"
    return f"{before} {op} {after}"


def _grouped(node: Node, *kinds: type) -> str:
    text = to_text(node)
    return f"({text})" if isinstance(node, kinds) else text


def _name_text(name: Name) -> str:
    if name.bare and is_word(name.path):
        return name.path
    *front, last = name.pieces
    # One quoted piece is enough to say that this is a name; the others are kept readable.
    if front and is_word(".".join(front)):
        return ".".join([*front, _quote(last, "`")])
    return ".".join(_quote(piece, "`") for piece in name.pieces)


def spell(path: str) -> str:
    """Return a canonical name as one types it, quoted only where it must be.

    Example:
        >>> from vcs_track.porcelain.filter.printer import spell
        >>> spell("summary.val/acc"), spell("summary.top 5")
        ('summary.val/acc', 'summary["top 5"]')
    """
    head, dot, rest = path.partition(".")
    if is_word(path):
        return path
    return f"{head}[{_quote(rest, chr(34))}]" if dot and is_word(head) else _quote(path, "`")


def _quote(text: str, quote: str) -> str:
    text = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    for sign, letter in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(sign, letter)
    return f"{quote}{text}{quote}"
