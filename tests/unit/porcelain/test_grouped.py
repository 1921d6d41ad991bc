"""Runs in groups, and their statistics."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import ExpressionError, InvalidTypeError, InvalidValueError
from vcs_track.porcelain.filter import parse, resolve
from vcs_track.porcelain.grouped import COLUMNS, Grouped
from vcs_track.porcelain.sample import describe

__all__: list[str] = []

KNOWN = {"hparams.model", "hparams.lr", "summary.acc", "id"}
VALUES = st.sampled_from([None, 1, 1.0, True, False, "1", "true", 0, -0.0, 2**60, "", [1], ["1"]])


def row(n: int, **values: Any) -> dict[str, Any]:
    """Return a run; ``lr`` and ``model`` are hyperparameters, ``acc`` is of the summary."""
    places = {"lr": "hparams.lr", "model": "hparams.model", "acc": "summary.acc"}
    found = {places[name]: value for name, value in values.items() if value is not None}
    return {"id": f"r{n}", **found}


class TestGroups:
    def test_order_is_that_of_the_set(self) -> None:
        """The group of the first run is the first, and runs keep their order."""
        rows = [row(n, model=model) for n, model in enumerate(["b", "a", "b", "c", "a"])]

        assert [("b", ["r0", "r2"]), ("a", ["r1", "r4"]), ("c", ["r3"])] == [
            (group.values["hparams.model"], group.ids) for group in Grouped(rows, ["model"], KNOWN)
        ]

    def test_missing_values_are_a_group(self) -> None:
        """Runs without the value stand together, and are not lost."""
        rows = [row(0, lr=1), row(1), row(2, lr=1), row(3)]

        assert [(1, 2), (None, 2)] == [
            (group.values["hparams.lr"], len(group)) for group in Grouped(rows, ["lr"], KNOWN)
        ]

    def test_not_a_number_is_one_group(self) -> None:
        """NaN differs from itself, and would be a group for each run."""
        rows = [row(0, lr=math.nan), row(1, lr=float("nan")), row(2)]

        assert [2, 1] == [len(group) for group in Grouped(rows, ["lr"], KNOWN)]

    @given(st.lists(VALUES, min_size=1, max_size=12))
    def test_values_are_told_apart_as_filters_do(self, values: list[Any]) -> None:
        """Each run is in one group, and a filter for a group's value finds just that group.

        Seen to fail when values are compared by Python's ``==``, which takes 1 for true.
        """
        rows = [row(n, lr=value) for n, value in enumerate(values)]
        groups = list(Grouped(rows, ["lr"], KNOWN))
        plain = [g for g in groups if isinstance(g.values["hparams.lr"], str | int | float)]

        assert sorted(each["id"] for each in rows) == sorted(i for g in groups for i in g.ids)
        for group in plain:
            value = group.values["hparams.lr"]
            if isinstance(value, str):
                continue  # a quoted number means the number too, as MLflow writes it
            where = resolve(parse(f"hparams.lr = {str(value).lower()}"), KNOWN)
            assert group.ids == [
                each["id"] for each in rows
                if not isinstance(each.get("hparams.lr"), list) and where.matches(each)
            ]  # fmt: skip

    def test_several_names(self) -> None:
        """Groups share all values; one text may hold several names."""
        rows = [row(0, model="a", lr=1), row(1, model="a", lr=2), row(2, model="a", lr=1)]
        one, two = Grouped(rows, ["model, lr"], KNOWN), Grouped(rows, ["model", "lr"], KNOWN)

        assert ["hparams.model", "hparams.lr"] == one.names == two.names
        assert [["r0", "r2"], ["r1"]] == [group.ids for group in one]
        assert "<Grouped 2 groups by hparams.model, hparams.lr>" == repr(one)

    @pytest.mark.parametrize(
        ("names", "error", "hint"),
        [(["mdel"], ExpressionError, "model"), (["-lr"], ExpressionError, "without it"),
         ([], InvalidValueError, "hyperparameter"), ([5], InvalidTypeError, ""),
         (["lr,"], ExpressionError, "")],
    )  # fmt: skip
    def test_wrong_names(self, names: list[Any], error: type[Exception], hint: str) -> None:
        """A name is checked as in filters, with near names."""
        with pytest.raises(error) as caught:
            Grouped([row(0, lr=1)], names, KNOWN)

        assert hint in getattr(caught.value, "hint", "")


class TestStats:
    @given(st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.floats(-9, 9)), max_size=12))
    def test_are_those_of_each_group(self, values: list[tuple[str, float | None]]) -> None:
        """Grouping first and describing then is the same as describing each by hand."""
        rows = [row(n, model=model, acc=acc) for n, (model, acc) in enumerate(values)]
        found = {
            one.group["hparams.model"]: one
            for one in Grouped(rows, ["model"], KNOWN).stats("summary.acc")
        }

        assert {model for model, _ in values} == set(found)
        for model, one in found.items():
            mine = [acc for its, acc in values if its == model and acc is not None]
            by_hand = describe(mine)
            assert (one.n, one.mean, one.std, one.low) == (
                by_hand.n, by_hand.mean, by_hand.std, by_hand.low
            )  # fmt: skip
            assert one.runs == sum(its == model for its, _ in values)

    def test_rows(self) -> None:
        """A row is flat: the group, what is described, how many runs, and the statistics."""
        rows = [row(0, model="a", acc=1.0), row(1, model="a", acc=3.0), row(2, model="a")]
        rows.append(row(3, model="a", acc=math.nan))
        (found,) = Grouped(rows, ["model"], KNOWN).stats("acc").to_dicts()

        assert ["hparams.model", *COLUMNS] == [*found]
        assert ("a", "summary.acc", 4, 2, 1, 2.0, 1.0, 3.0) == tuple(
            found[name]
            for name in ("hparams.model", "metric", "runs", "n", "nan", "mean", "min", "max")
        )

    def test_all_nan(self) -> None:
        """A group in which everything diverged has no mean, and says so."""
        (found,) = Grouped([row(0, acc=math.nan)], ["id"], KNOWN).stats("acc")

        assert (0, 1, None, None) == (found.n, found.nan, found.mean, found.half)

    @pytest.mark.parametrize("value", ["high", True, ["a"], [1]], ids=repr)
    def test_what_is_no_number(self, value: Any) -> None:
        """A text is not left out silently: the error names the run and the name."""
        with pytest.raises(
            ExpressionError, match=r"'summary\.acc' of run 'r1' is .*, not a number"
        ) as caught:
            Grouped([row(0, acc=1), row(1, acc=value)], ["model"], KNOWN).stats("acc")

        assert ("summary.acc", 0) == (caught.value.text, caught.value.position)

    def test_wrong_names(self) -> None:
        """What is described is named as in filters."""
        grouped = Grouped([row(0, acc=1)], ["model"], KNOWN)

        with pytest.raises(ExpressionError, match="unknown name 'accc'"):
            grouped.stats("accc")
        with pytest.raises(InvalidValueError):
            grouped.stats()

    def test_nothing(self) -> None:
        """No runs, no groups, and no error."""
        table = Grouped([], ["model"], KNOWN).stats("acc")

        assert (0, [], "<GroupTable 0 rows>") == (len(table), table.to_dicts(), repr(table))
