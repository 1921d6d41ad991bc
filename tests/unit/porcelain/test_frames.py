"""Rows as tables of other packages."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vcs_track.porcelain.frames import columns_of, kind_of, to_arrow, to_pandas, to_polars

__all__: list[str] = []

ROWS: list[dict[str, Any]] = [
    {"n": 1, "x": 0.5, "ok": True, "name": "a", "tags": ["u", "v"], "odd": 1, "num": 1},
    {"x": math.nan, "name": "b\ud800", "tags": [], "odd": "adam", "num": 0.5, "big": 2**70},
    {"n": -3, "ok": False, "odd": True, "late": "x", "far": [1, "a"], "big": 10**5000},
]


class TestKind:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([True, False], "truth"), ([1, 2], "integer"), ([0.5, None], "number"),
            ([1, 0.5], "number"), ([2**53 + 1, 0.5], "mixed"), ([2**63], "mixed"),
            (["a"], "text"), ([["a"], []], "texts"), ([["a", 1]], "mixed"), ([1, "1"], "mixed"),
            ([True, 1], "mixed"), ([], "mixed"), ([None], "mixed"), ([{}], "mixed"),
        ],
        ids=str,
    )  # fmt: skip
    def test_is_what_all_agree_on(self, values: list[Any], kind: str) -> None:
        """One type a column, and none where a value would have to change."""
        assert kind == kind_of(values)

    def test_columns_are_the_union(self) -> None:
        """Each row has a place in each column."""
        assert {"n": [1, None, -3]}.items() <= columns_of(ROWS).items()


@pytest.mark.compat
class TestFrames:
    def test_pandas(self) -> None:
        """Integers stay integers beside missing ones; mixed columns keep their values."""
        pytest.importorskip("pandas")
        frame = to_pandas(ROWS)

        assert {"n": "Int64", "x": "float64", "ok": "boolean", "odd": "object", "num": "float64"}.items() <= {
            name: str(kind) for name, kind in frame.dtypes.items()
        }.items()  # fmt: skip
        assert [1, "adam", True] == list(frame["odd"])
        assert (3, 0) == (len(frame), len(to_pandas([])))

    def test_polars(self) -> None:
        """One type a column; mixed ones are texts, and nothing makes it fail."""
        pl = pytest.importorskip("polars")
        frame = to_polars(ROWS)

        assert {"n": pl.Int64, "x": pl.Float64, "ok": pl.Boolean, "odd": pl.String,
                "tags": pl.List(pl.String), "num": pl.Float64}.items() <= dict(frame.schema).items()  # fmt: skip
        assert ["1", "adam", "true"] == list(frame["odd"])
        assert [1, None, -3] == list(frame["n"])
        assert (3, 0) == (len(frame), len(to_polars([])))

    def test_arrow(self) -> None:
        """One type a column; missing is null, and NaN is NaN."""
        pa = pytest.importorskip("pyarrow")
        table = to_arrow(ROWS)

        assert (pa.int64(), pa.float64(), pa.string()) == tuple(
            table.schema.field(name).type for name in ("n", "x", "odd")
        )
        assert [1, None, -3] == table["n"].to_pylist()
        assert [True, False] == [math.isnan(table["x"][1].as_py()), table["x"][2].is_valid]
        assert [None, str(2**70)] == table["big"].to_pylist()[:2]
        assert (3, 0) == (table.num_rows, to_arrow([]).num_rows)
