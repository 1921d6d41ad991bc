"""Tests of ``vcs_track.porcelain.diff.matrix``."""

from __future__ import annotations

import math
from typing import Any

import pytest
from unit.porcelain.diff.made import Counting, series_run, view

from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.porcelain.diff import Course, Matrix, matrix_of


def matrix(*hparams: dict[str, Any], **how: Any) -> Matrix:
    """Return the table of runs with these hyperparameters."""
    objects = Counting()
    return matrix_of([view(str(n), objects, hparams=h) for n, h in enumerate(hparams)], **how)


class TestMatrix:
    def test_a_row_for_what_varies(self) -> None:
        """What all runs have alike has no row, and nested names are dotted."""
        found = matrix(
            {"a": {"b": 1}, "same": 1}, {"a": {"b": 1}, "same": 1}, {"a": {"b": 2}, "same": 1}
        )

        assert [("hparam", "a.b", (1, 1, 2))] == [(r.kind, r.name, r.values) for r in found]

    def test_absent_is_not_none(self) -> None:
        """A value of None and no value at all are told apart."""
        (row,) = matrix({"a": None}, {})

        assert ((None, None), (True, False)) == (row.values, row.there)

    @pytest.mark.parametrize("values", [(1, 1.0), (1, True), (1, "1"), (0, None)])
    def test_types_are_told_apart(self, values: tuple[Any, Any]) -> None:
        """1, 1.0, True and "1" vary."""
        assert [values] == [row.values for row in matrix(*({"a": v} for v in values))]

    def test_nan_equals_itself(self) -> None:
        """NaN in all runs does not vary."""
        assert not matrix({"a": math.nan}, {"a": math.nan}, {"a": math.nan})

    def test_series_by_their_points(self) -> None:
        """A series is shown by its numbers, and varies where its points do."""
        objects = Counting()
        points = [(0, 1.0, 0, None), (1, 2.0, 0, None)]
        other = [(0, 2.0, 0, None), (1, 2.0, 0, None)]
        runs = [
            series_run(str(n), objects, {"x": x, "y": points})
            for n, x in enumerate([points, other])
        ]
        (row,) = matrix_of(runs)

        assert ("series", "x") == (row.kind, row.name)
        assert row.values[0] == Course(2, 2.0, 1.0, 2.0, 1.5, 0, 1)

    def test_tolerance_and_kinds(self) -> None:
        """Numbers near the first do not vary; kinds and tags are chosen as in a diff."""
        objects = Counting()
        runs = [view(str(n), objects, summary={"acc": n / 100, "val/x": n}, hparams={"n": n})
                for n in range(3)]  # fmt: skip

        assert ["acc", "val/x"] == [r.name for r in matrix_of(runs, only="summary")]
        assert ["val/x"] == [r.name for r in matrix_of(runs, only="summary", tol={"acc": 0.05})]
        assert ["val/x"] == [r.name for r in matrix_of(runs, only="summary", tags="val/*")]
        assert ["n"] == [r.name for r in matrix_of(runs, only=["hparams"])]

    def test_equal_documents_are_not_read(self) -> None:
        """What the ids say is not read, for many runs as for two."""
        objects = Counting()
        runs = [view(str(n), objects, hparams={"a": 1}, env={"host": "h"}) for n in range(5)]

        assert not matrix_of(runs)
        assert [] == objects.reads

    @pytest.mark.parametrize("n", [0, 1])
    def test_needs_two(self, n: int) -> None:
        """Fewer than two runs are refused."""
        with pytest.raises(InvalidValueError, match="a matrix needs two runs"):
            matrix(*[{}] * n)

    def test_is_plain_data(self) -> None:
        """``to_dict`` is what JSON can hold."""
        found = matrix({"a": 1}, {"a": "x"}).to_dict()

        assert found == canonical.loads(canonical.dumps(found))
        assert found["runs"] == [{"id": "0", "name": "0"}, {"id": "1", "name": "1"}]
