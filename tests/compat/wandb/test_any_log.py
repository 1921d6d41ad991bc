"""Any sequence of calls of ``log``: both implementations, and the rule written down."""

from __future__ import annotations

import copy
from typing import Any

from compat.wandb.faces import Face
from hypothesis import HealthCheck, given, settings, strategies as st

__all__: list[str] = []

_KEYS = st.sampled_from(["a", "b", "a.b", "x/y"])
_LEAVES = st.one_of(
    st.integers(-5, 5), st.floats(allow_nan=False, width=32), st.booleans(), st.just("text"),
    st.none(), st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.dictionaries(_KEYS, inner, min_size=1, max_size=2), max_leaves=4
)
_CALLS = st.lists(
    st.tuples(
        st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=3),
        st.one_of(st.none(), st.integers(-1, 6)),
        st.sampled_from([None, None, True, False]),
    ),
    max_size=8,
)


def merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Merge as a row does."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def expected(calls: list[tuple[dict[str, Any], int | None, bool | None]]) -> list[dict[str, Any]]:
    """Return the rows that the rule gives."""
    rows: list[dict[str, Any]] = []
    step = 0
    pending: dict[str, Any] = {}

    def flush() -> None:
        if pending:
            rows.append({**pending, "_step": step})

    for data, at, commit in calls:
        if at is not None and at < step:
            continue
        if at is not None and at > step:
            flush()
            step, pending = at, {}
        merge(pending, data)
        if commit if commit is not None else at is None:
            flush()
            step, pending = step + 1, {}
    flush()
    return rows


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(calls=_CALLS)
def test_rows_follow_the_rule(face: Face, calls: list[Any]) -> None:
    """Whatever is logged in whatever order, the rows are those of the rule."""
    run = face.init()
    for data, step, commit in calls:
        run.log(data, step=step, commit=commit)
    run.finish()

    assert expected(calls) == face.rows(run)
