"""Whether one set of runs beats another: what is said, and how sure."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vcs_track.errors import ExpressionError, InvalidValueError
from vcs_track.porcelain.comparison import Comparison, Difference, Side, compare, main_metric
from vcs_track.porcelain.sample import bootstrap, paired, welch

__all__: list[str] = []

OLD = [0.70, 0.72, 0.71, 0.69]
NEW = [0.80, 0.83, 0.81, 0.82]
ACC = "summary.acc"
SEED = "hparams.seed"


def side(name: str, values: list[Any], metric: str = ACC, **more: Any) -> Side:
    """Return runs with these values and the seeds 0, 1, 2, ..."""
    rows = [
        {"id": f"{name}{n}", "status": "finished", SEED: n, metric: value, **more}
        for n, value in enumerate(values)
    ]
    rows = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return Side(name, tuple(str(row["id"]) for row in rows), None, rows)


def only(found: Comparison) -> Difference:
    (one,) = found.differences
    return one


class TestVerdict:
    @pytest.mark.parametrize(
        ("metric", "better", "up", "down"),
        [
            ("summary.acc", None, "better", "worse"), ("summary.val/loss", None, "worse", "better"),
            ("summary.top1_error", None, "worse", "better"), ("summary.x", None, "higher", "lower"),
            ("summary.x", "higher", "better", "worse"), ("summary.acc", "lower", "worse", "better"),
        ],
    )  # fmt: skip
    def test_direction(self, metric: str, better: Any, up: str, down: str) -> None:
        """Which way is good comes from the name, or from who asks; else nobody says."""
        low, high = side("a", OLD, metric), side("b", NEW, metric)

        assert up == only(compare(low, high, [metric], better=better)).verdict
        assert down == only(compare(high, low, [metric], better=better)).verdict

    def test_no_difference(self) -> None:
        """Where p is not below 0.05 no difference is claimed, in either direction."""
        found = only(compare(side("a", [1, 2, 3]), side("b", [1.5, 2.5, 3.1]), [ACC]))

        assert "no difference shown" == found.verdict
        assert found.sentence.startswith("no difference shown: ")

    def test_sentence(self) -> None:
        """One sentence: who wins, by how much, how sure, from what."""
        found = only(compare(side("a", OLD), side("b", NEW), [ACC]))

        assert found.sentence == (
            "B is better: its summary.acc is higher by 0.11 (B - A: 95 % interval 0.08766 to "
            "0.1323, p < 0.0001, Welch's t test of 4 and 4 runs)"
        )
        assert found.sentence == str(compare(side("a", OLD), side("b", NEW), [ACC]))

    def test_numbers_are_those_of_the_test(self) -> None:
        """The difference, its test and its bootstrap are of the values given."""
        found = only(compare(side("a", OLD), side("b", NEW), [ACC]))

        assert (welch(OLD, NEW), bootstrap(OLD, NEW)) == (found.test, found.bootstrap)
        assert found.difference == pytest.approx(0.11)
        assert (None, 4, 4) == (found.pairs, found.a.n, found.b.n)


class TestPairs:
    def test_equal_seeds_are_pairs(self) -> None:
        """Runs of one seed belong together, whatever their order.

        Seen to fail when runs are paired by their place.
        """
        one, two = side("a", [1.0, 10.0, 100.0]), side("b", [1.19, 10.2, 100.21])
        turned = Side("b", tuple(reversed(two.ids)), None, list(reversed(two.rows)))
        found = only(compare(one, turned, [ACC], SEED))

        assert paired([1.0, 10.0, 100.0], [1.19, 10.2, 100.21]) == found.test
        assert (3, "better") == (found.pairs, found.verdict)
        assert "paired t test of 3 pairs" in found.sentence

    @pytest.mark.parametrize(
        ("seeds", "why"),
        [
            ([0, 1, 2, 4], "only A has hparams.seed = 3"),
            ([0, 1, 1, 3], "several runs of B have hparams.seed = 1"),
            ([0, 1, None, 3], "run 'b2' has no 'hparams.seed'"),
            ([0, 1, True, "3"], "only A has hparams.seed = 2, 3"),
        ],
    )
    def test_other_seeds_are_none(self, seeds: list[Any], why: str) -> None:
        """Without one run a seed on each side Welch's test stands in, and the reason is said."""
        two = side("b", NEW)
        rows = [{**row, SEED: seed} for row, seed in zip(two.rows, seeds, strict=True)]
        found = compare(side("a", OLD), Side("b", two.ids, None, rows), [ACC], SEED)

        assert f"runs are not paired: {why}" in found.warnings
        assert welch(OLD, NEW) == only(found).test

    def test_a_pair_without_a_number_is_left_out(self) -> None:
        """A run that diverged takes its partner along, and that is said."""
        found = compare(side("a", [1, 2, 3, 4]), side("b", [2, math.nan, 5, None]), [ACC], SEED)

        assert 2 == only(found).pairs
        assert paired([1, 3], [2, 5]) == only(found).test
        assert "1 of 4 runs of B have NaN as summary.acc" in found.warnings
        assert "1 of 4 runs of B have no summary.acc" in found.warnings


class TestNothingToTest:
    @pytest.mark.parametrize(
        ("a", "b", "why"),
        [
            ([1], [1, 2], "A has 1 run with a number"), ([1, 2], [None, 2], "B has 1 run with"),
            ([1, 2], [math.nan, math.nan], "B has 0 runs with"),
            ([1, 1], [1, 1], "do not vary and are the same"),
            ([1, 1], [2, 2], "B - A is 1 in all runs, without any spread"),
            ([1, 2], [math.inf, 2], "a value is infinite"),
        ],
    )  # fmt: skip
    def test_nothing_is_claimed(self, a: list[Any], b: list[Any], why: str) -> None:
        """Where no test can be made there is no p, no winner, and a reason."""
        found = only(compare(side("a", a), side("b", b), [ACC]))

        assert ("not tested", None, None) == (found.verdict, found.test, found.bootstrap)
        assert why in found.sentence

    def test_one_pair(self) -> None:
        """One pair is no sample."""
        found = only(compare(side("a", [1]), side("b", [2]), [ACC], SEED))

        assert "summary.acc is not tested: there is 1 pair, a test needs 2" == found.sentence

    def test_a_text(self) -> None:
        """A text where a number should be is an error, not a run left out."""
        with pytest.raises(ExpressionError, match="not a number"):
            compare(side("a", [1, 2]), side("b", [1, "x"]), [ACC])

    def test_a_run_on_both_sides(self) -> None:
        """A run cannot beat itself."""
        with pytest.raises(InvalidValueError, match="run 'a0' is on both sides"):
            compare(side("a", [1, 2]), side("a", [1, 2]), [ACC])


class TestWarnings:
    def test_none_without_reason(self) -> None:
        """A fair comparison has no warnings."""
        assert () == compare(side("a", OLD), side("b", NEW), [ACC], SEED).warnings

    def test_few_runs(self) -> None:
        """Two runs are hardly a sample."""
        found = compare(side("a", [1, 2]), side("b", NEW[:2]), [ACC], SEED)

        assert "A has 2 runs: an interval of fewer than 3 says little" in found.warnings

    def test_unfinished_runs(self) -> None:
        """A run that goes on, or failed, is no result yet."""
        found = compare(side("a", OLD), side("b", NEW, status="running"), [ACC], SEED)

        assert (
            "4 of 4 runs of B did not finish: b0 (running), b1 (running), b2 (running), b3 (running)",
        ) == found.warnings

    def test_hyperparameters_inside_a_side(self) -> None:
        """Runs that are no repetitions of one another make a doubtful mean, said once."""
        one, two = side("a", OLD), side("b", NEW)
        rows = [{**row, "hparams.lr": n} for n, row in enumerate(two.rows)]
        asked = Side("a", one.ids, frozenset({"hparams.model"}), one.rows)
        found = compare(asked, Side("b", two.ids, None, rows), [ACC], SEED)

        assert ("the runs of B differ among themselves in hparams.lr",) == found.warnings

    def test_seeds_without_over(self) -> None:
        """Who forgets to name the seed is told how."""
        found = compare(side("a", OLD), side("b", NEW), [ACC])

        assert all("hparams.seed (if they are repetitions" in one for one in found.warnings)
        assert 2 == len(found.warnings)

    @pytest.mark.parametrize(
        ("named", "more", "warned"),
        [
            (None, {}, []), (None, {"hparams.lr": 1}, ["A and B differ in hparams.lr, hparams.model"]),
            (frozenset({"hparams.model"}), {}, []),
            (frozenset({"hparams.model"}), {"hparams.lr": 1}, ["A and B also differ in hparams.lr"]),
        ],
    )  # fmt: skip
    def test_hyperparameters_between_sides(
        self, named: frozenset[str] | None, more: dict[str, Any], warned: list[str]
    ) -> None:
        """What differs apart from what is compared may be the reason instead."""
        one = side("a", OLD, **{"hparams.model": "cnn"})
        two = side("b", NEW, **{"hparams.model": "mlp", **more})
        found = compare(Side("a", one.ids, named, one.rows), two, [ACC], SEED)

        assert warned == [*found.warnings]


class TestData:
    def test_plain(self) -> None:
        """Each number is a plain row with the runs of both sides."""
        (row,) = compare(side("a", OLD), side("b", NEW), [ACC], SEED).to_dicts()

        assert {
            "metric": ACC,
            "verdict": "better",
            "pairs": 4,
            "over": SEED,
            "warnings": [],
        }.items() <= row.items()
        assert ("a", ["a0", "a1", "a2", "a3"], 4) == (
            row["a"]["text"], row["a"]["runs"], row["a"]["n"]
        )  # fmt: skip
        assert {"t", "df", "p", "low", "high", "method"} == set(row["test"])
        assert {"low", "high", "resamples"} == set(row["bootstrap"])

    def test_without_a_test(self) -> None:
        """What cannot be tested has null where numbers would be."""
        (row,) = compare(side("a", [1]), side("b", [None]), [ACC]).to_dicts()

        assert (None, None, None) == (row["test"], row["bootstrap"], row["difference"])


class TestMainMetric:
    def test_held_out_comes_first(self) -> None:
        """What was measured on held-out data is compared, not the training loss."""
        row = {"id": "x", "summary.train/loss": 1, "summary.val/acc": 2, "summary.lr": 3}

        assert "summary.val/acc" == main_metric([row], [row])

    def test_must_be_a_number_of_both(self) -> None:
        """What one side has not cannot be compared."""
        with pytest.raises(InvalidValueError, match="no number is in the summaries of both sides"):
            main_metric([{"summary.a": 1}], [{"summary.b": 1, "summary.a": "x"}])
