"""Random conditions of the filter language."""

from __future__ import annotations

import operator
from typing import Any

from hypothesis import strategies as st

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
)

__all__ = ["LITERALS", "NAMES", "NUMBERS", "ORDERS", "SUMS", "conditions", "values"]

ORDERS: dict[str, Any] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
SUMS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}

# --- random trees -----------------------------------------------------------------------

QUOTED = st.text(min_size=1, max_size=5)
NAMES = st.one_of(
    st.sampled_from(["a", "b", "val/acc", "batch-size", "x.y", "größe"]).map(
        lambda text: Name(tuple(text.split(".")))
    ),
    st.lists(QUOTED, min_size=1, max_size=3).map(lambda pieces: Name(tuple(pieces), bare=False)),
)
NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False))
LITERALS = st.one_of(NUMBERS, st.booleans(), st.text(max_size=5)).map(Literal)


def values(
    names: st.SearchStrategy[Name], literals: st.SearchStrategy[Literal]
) -> st.SearchStrategy[Value]:
    """Return random values over some names and literals."""
    return st.recursive(
        st.one_of(names, literals),
        lambda inner: st.one_of(
            inner.filter(lambda v: not isinstance(v, Literal) or type(v.value) in (str, bool)).map(
                Negative
            ),
            st.builds(Arithmetic, st.sampled_from(list(SUMS)), inner, inner),
        ),
        max_leaves=3,
    )


def conditions(
    names: st.SearchStrategy[Name], given: st.SearchStrategy[Value]
) -> st.SearchStrategy[Condition]:
    """Return random conditions over some values."""
    tests = st.one_of(
        st.builds(Truth, names),
        st.builds(Constant, st.booleans()),
        st.builds(Compare, st.sampled_from(["=", "!=", *ORDERS]), given, given),
        st.builds(In, given, st.lists(given, max_size=3).map(tuple)),
        st.builds(Contains, given, given),
        st.builds(Is, given, st.sampled_from(["null", "nan", "true", "false"])),
        st.builds(
            Match, st.sampled_from(["like", "ilike", "glob"]), given, st.text("ab%*", max_size=3)
        ),
    )
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda items: And(tuple(items))),
            st.lists(inner, min_size=2, max_size=3).map(lambda items: Or(tuple(items))),
        ),
        max_leaves=5,
    )
