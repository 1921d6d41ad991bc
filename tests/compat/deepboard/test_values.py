"""The rows on hyperparameters, results and labels of DeepBoard's table of behaviour."""

from __future__ import annotations

import math
import sqlite3
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from compat.deepboard.faces import Face

__all__: list[str] = []


class TestHparams:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (1, 1), (0.5, 0.5), ("x", "x"), (None, None), (b"\0\1", b"\0\1"), (True, 1),
            (math.inf, math.inf), (date(2025, 1, 2), "2025-01-02"),
        ],
    )  # fmt: skip
    def test_types(self, face: Face, given: Any, kept: Any) -> None:
        """Numbers, texts, bytes and None come back; a truth value equals 1; a date is text."""
        _, writer = face.started()
        writer.add_hparams(p=given)

        assert {"p": kept} == writer.get_hparams()

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_datetime(self, face: Face) -> None:
        """A time is text in the ISO form."""
        _, writer = face.started()
        writer.add_hparams(p=datetime(2025, 1, 2, 3, 4, 5))  # noqa: DTZ001

        assert {"p": "2025-01-02T03:04:05"} == writer.get_hparams()

    def test_numpy_values_stay_numbers(self, ours: Face) -> None:
        """Numbers of numpy stay numbers; the original gives back their bytes."""
        _, writer = ours.started()
        writer.add_hparams(i=np.int64(3), f=np.float32(0.5), b=np.bool_(True))

        assert {"i": 3, "f": 0.5, "b": True} == writer.get_hparams()

    def test_nan(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """NaN stays NaN, and reads as None with the switch, as in the original."""
        _, writer = ours.started()
        writer.add_hparams(p=math.nan)
        stays = math.isnan(writer.get_hparams()["p"])
        monkeypatch.setattr(ours.LogWriter, "nan_as_none", True)

        assert (True, {"p": None}) == (stays, writer.get_hparams())

    def test_dictionary_wins(self, face: Face) -> None:
        """A name in both is taken from the dictionary; a later call replaces an earlier."""
        _, writer = face.started()
        writer.add_hparams({"a": 1}, a=2, b=3)
        writer.add_hparams(b=4)

        assert {"a": 1, "b": 4} == writer.get_hparams()

    @pytest.mark.parametrize("bad", [[1], {"x": 1}, (1,), {1}, Decimal(1)])
    def test_refuses_all_or_nothing(self, face: Face, bad: Any) -> None:
        """A value without a cell is a ProgrammingError, and nothing of the call is kept."""
        _, writer = face.started()
        with pytest.raises((sqlite3.ProgrammingError, sqlite3.InterfaceError)):
            writer.add_hparams(a=1, b=bad)

        assert {} == writer.get_hparams()

    @pytest.mark.parametrize("name", ["a/b", "", " x ", "line\nbreak", "50%", "%41"])
    def test_any_name(self, face: Face, name: str) -> None:
        """Any text names a hyperparameter or a result, and a column."""
        table, writer = face.started()
        writer.add_hparams({name: 1})
        writer.write_result(**{f"{name}!": 2})

        assert {name: 1} == writer.get_hparams()
        assert [name, f"{name}!"] == table.get_results().col_ids[-2:]
        assert [1, 2] == table.get_results().data[0][-2:]


class TestWriteResult:
    def test_ends_the_run(self, face: Face) -> None:
        """The results are in the table, the status is finished, and points are refused."""
        table, writer = face.started()
        writer.write_result(acc=0.9, name="x")

        assert ("finished", False) == (writer.status, writer.enabled)
        with pytest.raises(RuntimeError):
            writer.add_scalar("x", 1.0)
        assert [0.9, "x"] == table.get_results().data[0][-2:]

    def test_takes_keywords_only(self, face: Face) -> None:
        """Results are named."""
        _, writer = face.started()

        with pytest.raises(TypeError):
            writer.write_result({"acc": 0.9})

    def test_nothing_is_left_in_a_buffer(self, face: Face) -> None:
        """All that was logged before is there afterwards."""
        table, writer = face.started()
        for value in range(3):
            writer.add_scalar("x", value)
        writer.add_text("t")
        writer.write_result()
        loaded = table.load_run(1)

        assert (3, ["t"]) == (len(loaded["x"]), [i["fragment"] for i in loaded.get_text()])

    @pytest.mark.parametrize("loaded", [False, True])
    def test_read_only_afterwards(self, ours: Face, loaded: bool) -> None:
        """Nothing can be added after it, nor to a loaded run, as its documentation says.

        The original refuses points only. Seen to fail without _writable in add_hparams.
        """
        table, writer = ours.started()
        if loaded:
            writer = table.load_run(1)
        else:
            writer.write_result()

        for add in (
            lambda: writer.add_scalar("x", 1.0),
            lambda: writer.add_text("t"),
            lambda: writer.add_fragment("t"),
            lambda: writer.add_image(b""),
            lambda: writer.add_hparams(a=1),
            writer.new_repetition,
            writer.detect_and_log_figures,
        ):
            with pytest.raises(RuntimeError):
                add()
        assert ({}, []) == (writer.get_hparams(), writer.get_text())

    def test_may_be_written_again(self, face: Face) -> None:
        """Results can be added and corrected later, on a loaded run too."""
        table, writer = face.started()
        writer.write_result(acc=0.5)
        writer.write_result(acc=0.6)
        table.load_run(1).write_result(f1=0.7)

        assert [0.6, 0.7] == table.get_results().data[0][-2:]


class TestLabels:
    def test_defaults(self, face: Face) -> None:
        """A new run has an empty tag and note, no colour, and is running."""
        table, writer = face.started()
        raw = table.get_experiment_raw(1)

        assert ("", None, "running") == (writer.tag, writer.color, writer.status)
        assert ("", "", None) == (raw["note"], raw["tag"], raw["color"])

    @pytest.mark.parametrize("ended", [False, True])
    def test_set(self, face: Face, ended: bool) -> None:
        """Note, tag and colour can be set at any time, and the latest stands."""
        table, writer = face.started(tag="first")
        if ended:
            writer.write_result()
        for note, tag, color in (("a", "b", "#00ff00"), ("n", "t", "#ff0000")):
            writer.set_note(note)
            writer.set_tag(tag)
            writer.set_color(color)
        raw = table.get_experiment_raw(1)

        assert ("t", "ff0000") == (writer.tag, writer.color)
        assert ("n", "t", "ff0000") == (raw["note"], raw["tag"], raw["color"])

    def test_of_a_loaded_run(self, face: Face) -> None:
        """A loaded run takes labels too."""
        table, writer = face.started()
        writer.write_result()
        table.load_run(1).set_note("n")
        table.load_run(1).set_tag("t")

        assert ("n", "t") == (table.get_experiment_raw(1)["note"], writer.tag)

    def test_tag_none(self, face: Face) -> None:
        """No tag reads as an empty one."""
        _, writer = face.started(tag="x")
        writer.set_tag(None)

        assert "" == writer.tag

    @pytest.mark.parametrize("call", ["set_note", "set_tag"])
    def test_list_is_refused(self, face: Face, call: str) -> None:
        """A list is a ProgrammingError."""
        _, writer = face.started()

        with pytest.raises((sqlite3.ProgrammingError, sqlite3.InterfaceError)):
            getattr(writer, call)(["a"])

    @pytest.mark.parametrize(
        ("given", "kept"),
        [("#ff0000", "ff0000"), ("FF0000", "FF0000"), ("red", "red"), ("zzzzzz", "zzzzzz")],
    )
    def test_color_is_not_checked_much(self, face: Face, given: str, kept: str) -> None:
        """One leading # goes; short words are taken as they are."""
        _, writer = face.started()
        writer.set_color(given)

        assert kept.lower() == writer.color.lower()

    def test_color_too_long(self, face: Face) -> None:
        """More than seven signs are a ValueError, a number a TypeError."""
        _, writer = face.started()

        with pytest.raises(ValueError, match="olo"):
            writer.set_color("#ff00000")
        with pytest.raises(TypeError):
            writer.set_color(5)

    def test_active(self, face: Face) -> None:
        """The table lists the tags and colours in use, each once."""
        table = face.table()
        for n, (tag, color) in enumerate((("a", "111111"), ("a", "222222"), ("", "111111"))):
            writer = table.new_run("exp", tag=tag, comment=str(n))
            writer.set_color(color)

        assert ["a"] == list(table.active_tags)
        assert ["111111", "222222"] == sorted(table.active_colors)


class TestStatus:
    def test_unknown_word(self, face: Face) -> None:
        """Three words are known, and any other is a ValueError."""
        _, writer = face.started()

        with pytest.raises(ValueError, match="tatus"):
            writer.set_status("done")

    def test_does_not_end_the_run(self, face: Face) -> None:
        """Points can still be logged after it."""
        _, writer = face.started()
        writer.set_status("failed")
        writer.add_scalar("x", 1.0, flush=True)

        assert ("failed", True, 1) == (writer.status, writer.enabled, len(writer["x"]))

    @pytest.mark.parametrize("status", ["running", "finished", "failed"])
    def test_after_the_end(self, face: Face, status: str) -> None:
        """Any of the three can be set on a run that has ended."""
        table, writer = face.started()
        writer.write_result()
        table.load_run(1).set_status(status)

        assert [status, status] == [writer.status, table.get_experiment_raw(1)["status"]]
        table.load_run(1).set_status("finished")
        assert "finished" == writer.status


class TestLoaded:
    def test_unknown_number(self, face: Face) -> None:
        """A number that is not there reads as empty, takes labels, and fails when asked of them."""
        table = face.table()
        loaded = table.load_run(77)
        loaded.set_note("n")
        loaded.set_tag("t")

        assert ([], [], {}, []) == (
            loaded.get_scalar("x"), loaded.scalars, loaded.get_hparams(), loaded.get_text(),
        )  # fmt: skip
        for name in ("status", "tag", "color"):
            with pytest.raises(RuntimeError):
                getattr(loaded, name)

    def test_refuses_points(self, face: Face) -> None:
        """A loaded run is not enabled, and takes no points, also while it goes on."""
        table, _writer = face.started()
        loaded = table.load_run(1)

        assert loaded.enabled is False
        with pytest.raises(RuntimeError):
            loaded.add_scalar("x", 1.0)


class TestDisabled:
    def test_takes_everything(self, face: Face) -> None:
        """A disabled writer has the number -2, and takes every call, before any check."""
        table, writer = face.started(disable=True)
        writer.add_scalar("x", 1.0)
        writer.add_text(None)
        writer.add_image(None)
        writer.add_hparams(a=[1])
        writer.set_status("nonsense")
        writer.set_color("far too long")
        writer.write_result(a=1)
        writer.new_repetition()

        assert (-2, True) == (writer.run_id, writer.enabled)
        assert ([], []) == (table.runs, writer.get_scalar("x"))
        for name in ("status", "tag", "color"):
            with pytest.raises(RuntimeError):
                getattr(writer, name)
