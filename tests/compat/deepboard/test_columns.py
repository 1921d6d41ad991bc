"""The rows on columns and results of DeepBoard's table of behaviour."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from compat.deepboard.faces import Face

__all__: list[str] = []

FIRST = {
    "run_id": (0, "Run ID", False), "experiment": (1, "Experiment", False),
    "tag": (2, "Tag", False), "config": (3, "Config", False),
    "config_hash": (None, "Config Hash", False), "cli": (None, "Cli", False),
    "command": (None, "Command", False), "comment": (4, "Comment", False),
    "start": (None, "Start", False), "status": (None, "Status", False),
    "commit_hash": (None, "Commit", False), "diff": (None, "Diff", False),
    "hidden": (None, "Hidden", False),
}  # fmt: skip


def filled(face: Face) -> Any:
    table, writer = face.started(comment="c")
    writer.add_hparams(lr=0.1)
    writer.write_result(acc=0.9)
    other = table.new_run("other")
    other.add_hparams(depth=3)
    other.write_result(acc=0.8)
    return table


def orders(table: Any) -> dict[str, int]:
    return {
        name: order for name, (order, _, _) in table.result_columns.items() if order is not None
    }


class TestColumns:
    def test_first(self, face: Face) -> None:
        """A new table has thirteen columns, of which five are shown."""
        assert FIRST == face.table().result_columns

    def test_new_ones_are_last(self, face: Face) -> None:
        """Each new name is shown behind all others; what it is first decides its kind."""
        table = filled(face)
        new = {name: c for name, c in table.result_columns.items() if name not in FIRST}

        assert {
            "lr": (5, "lr", True), "acc": (6, "acc", False), "depth": (7, "depth", True),
        } == new  # fmt: skip

    def test_order_and_alias(self, face: Face) -> None:
        """Places and headings are set by column; unknown columns are ignored."""
        table = filled(face)
        table.set_column_order({"run_id": 9, "comment": None, "nothing": 1})
        table.set_column_alias({"acc": "Accuracy", "nothing": "x"})
        found = table.get_results()

        assert (9, "Run ID", False) == table.result_columns["run_id"]
        assert ["experiment", "tag", "config", "lr", "acc", "depth", "run_id"] == found.col_ids
        assert "Accuracy" == found.col_names[4]

    def test_show_last(self, face: Face) -> None:
        """A column is shown at the end."""
        table = filled(face)
        table.show_column("status")

        assert "status" == table.get_results().col_ids[-1]

    def test_show_at(self, face: Face) -> None:
        """A column is shown at a place, and those there and behind it move on."""
        table = filled(face)
        table.show_column("status", 1)

        assert ["run_id", "status", "experiment", "tag"] == table.get_results().col_ids[:4]

    def test_show_unknown(self, face: Face) -> None:
        """An unknown column is a KeyError."""
        with pytest.raises(KeyError):
            face.table().show_column("nothing")

    def test_hide(self, face: Face) -> None:
        """A hidden column is not shown; an unknown one is ignored."""
        table = filled(face)
        table.hide_column("acc")
        table.hide_column("nothing")

        assert "acc" not in table.get_results().col_ids
        assert (None, "acc", False) == table.result_columns["acc"]

    def test_hide_keeps_the_order(self, ours: Face) -> None:
        """Those behind it move up by one; in the original places are taken twice then."""
        table = filled(ours)
        table.hide_column("tag")

        assert {
            "run_id": 0, "experiment": 1, "config": 2, "comment": 3, "lr": 4, "acc": 5, "depth": 6,
        } == orders(table)  # fmt: skip

    def test_layout_is_kept(self, ours: Face) -> None:
        """Another process sees the same columns."""
        table = filled(ours)
        table.show_column("status", 0)

        assert table.result_columns == ours.table().result_columns


class TestResults:
    def test_shape(self, face: Face) -> None:
        """Names, ids, kinds, colours and rows; None where a run has no value."""
        table = filled(face)
        table.load_run(2).set_color("ff0000")
        found = table.get_results()

        assert ("col_names", "col_ids", "is_hparam", "row_color", "data") == found._fields
        assert ["Run ID", "Experiment", "Tag", "Config", "Comment", "lr", "acc", "depth"] == (
            found.col_names
        )
        assert [False] * 5 + [True, False, True] == [bool(kind) for kind in found.is_hparam]
        assert [
            [1, "exp", "", None, "c", 0.1, 0.9, None], [2, "other", "", None, "", None, 0.8, 3],
        ] == [list(row) for row in found.data]  # fmt: skip
        assert [None, "ff0000"] == list(found.row_color)

    def test_start_is_a_time(self, face: Face) -> None:
        """The start is a datetime there, and a text among the raw facts."""
        table, _ = face.started()
        table.show_column("start", 0)

        assert isinstance(table.get_results().data[0][0], datetime)

    def test_of_one_run(self, ours: Face) -> None:
        """``get_results(run_id)`` has that run alone; the original fails with a syntax error."""
        table = filled(ours)

        assert [[2]] == [row[:1] for row in table.get_results(2).data]
        assert [[2]] == [row[:1] for row in table.get_results(run_id=2, show_hidden=True).data]

    def test_of_one_run_with_hidden_ones(self, face: Face) -> None:
        """With show_hidden it works in both."""
        table = filled(face)

        assert [2] == [row[0] for row in table.get_results(2, True).data]

    def test_hidden_runs(self, face: Face) -> None:
        """Hidden runs are left out unless asked for."""
        table = filled(face)
        table.hide_run(1)

        assert [2] == [row[0] for row in table.get_results().data]
        assert [1, 2] == sorted(row[0] for row in table.get_results(show_hidden=True).data)

    def test_a_name_may_stand_over_a_column(self, face: Face) -> None:
        """A hyperparameter or result named as a column stands there; the last one written wins."""
        table, writer = face.started()
        writer.add_hparams(experiment="mine", acc=1)
        writer.write_result(acc=2)
        row = table.get_results().data[0]

        assert ["mine", 2] == [row[1], row[-1]]

    def test_diff_and_hidden_tell_the_truth(self, ours: Face) -> None:
        """The columns diff and hidden show what they are called, not each other's values."""
        table = filled(ours)
        table.hide_run(1)
        for name in ("diff", "hidden"):
            table.show_column(name)
        found = table.get_results(show_hidden=True)

        assert [[None, 1], [None, 0]] == [row[-2:] for row in found.data]

    def test_debug_run_is_in_the_table(self, face: Face) -> None:
        """The debug run has its row."""
        table = filled(face)
        table.new_debug_run("d").write_result(acc=1)

        assert [-1, 1, 2] == sorted(row[0] for row in table.get_results().data)


@pytest.mark.skipif(find_spec("pandas") is None, reason="pandas is not installed")
class TestPandas:
    def test_frame(self, face: Face) -> None:
        """Headings are the columns, the numbers of the runs the index."""
        table = filled(face)
        table.set_column_alias({"acc": "Accuracy"})
        frame = table.to_pd()

        assert ("Run ID", [1, 2]) == (frame.index.name, list(frame.index))
        assert [0.9, 0.8] == list(frame["Accuracy"])

    def test_without_the_number(self, face: Face) -> None:
        """Where the number is not shown, rows are counted from 0; hidden runs on request."""
        table = filled(face)
        table.hide_column("run_id")
        table.hide_run(1)

        assert ([0], 2) == (list(table.to_pd().index), len(table.to_pd(get_hidden=True)))
