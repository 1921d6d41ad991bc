"""Rows: steps, merging, commits, keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compat.wandb.faces import Face

__all__: list[str] = []


def logged(face: Face, *calls: tuple[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that these calls of ``log`` make."""
    run = face.init()
    for data, given in calls:
        run.log(data, **given)
    run.finish()
    return face.rows(run)


class TestSteps:
    def test_count_from_zero(self, face: Face) -> None:
        """Without steps each call is a row, counted from 0."""
        rows = logged(face, ({"a": 1}, {}), ({"a": 2}, {}))

        assert [{"a": 1, "_step": 0}, {"a": 2, "_step": 1}] == rows

    def test_step_is_that_of_the_next_row(self, face: Face) -> None:
        """``run.step`` is the step of the next commit."""
        run = face.init()
        steps = [run.step]
        run.log({"a": 1})
        steps.append(run.step)
        run.log({"a": 1}, step=10)
        steps.append(run.step)

        assert [0, 1, 10] == steps

    def test_same_step_is_one_row(self, face: Face) -> None:
        """Two calls at one step fill one row."""
        rows = logged(face, ({"a": 1}, {"step": 10}), ({"b": 2}, {"step": 10}))

        assert [{"a": 1, "b": 2, "_step": 10}] == rows

    def test_last_of_a_key_wins(self, face: Face) -> None:
        """Within a row the later value of a key stands."""
        rows = logged(face, ({"a": 1, "b": 1}, {"step": 1}), ({"a": 2}, {"step": 1}))

        assert [{"a": 2, "b": 1, "_step": 1}] == rows

    def test_gaps_are_allowed(self, face: Face) -> None:
        """Steps may leave some out."""
        rows = logged(face, ({"a": 1}, {"step": 3}), ({"a": 2}, {"step": 70}))

        assert [3, 70] == [row["_step"] for row in rows]

    def test_lower_step_is_dropped(self, face: Face) -> None:
        """A call at a step that is gone is dropped whole.

        Seen to fail when the comparison is left out.
        """
        rows = logged(face, ({"a": 1}, {"step": 5}), ({"b": 2}, {"step": 3}))

        assert [{"a": 1, "_step": 5}] == rows

    def test_lower_step_warns_in_both_words(
        self, ours: Face, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The warning has the words of both eras."""
        run = ours.init(settings={"silent": False})
        run.log({"a": 1}, step=5)
        run.log({"b": 2}, step=3)
        said = capsys.readouterr().err

        assert "Step must only increase in log calls.  Step" not in said
        assert "Step must only increase in log calls." in said
        assert "Tried to log to step 3 that is less than the current step 5" in said

    def test_negative_step_is_dropped(self, face: Face) -> None:
        """A step below 0 is lower than the first."""
        assert [{"b": 1, "_step": 0}] == logged(face, ({"a": 1}, {"step": -1}), ({"b": 1}, {}))

    def test_row_that_was_committed_is_closed(self, face: Face) -> None:
        """After a commit at a step the step is gone."""
        rows = logged(
            face, ({"a": 1}, {"step": 10, "commit": True}), ({"b": 2}, {"step": 10})
        )  # fmt: skip

        assert [{"a": 1, "_step": 10}] == rows

    def test_step_then_none(self, face: Face) -> None:
        """After a call with a step, one without completes that row."""
        rows = logged(face, ({"a": 1}, {"step": 20, "commit": False}), ({"b": 2}, {}))

        assert [{"a": 1, "b": 2, "_step": 20}] == rows

    def test_numpy_step(self, face: Face) -> None:
        """A step may be an integer of numpy."""
        assert [{"a": 1, "_step": 4}] == logged(face, ({"a": 1}, {"step": np.int64(4)}))

    @pytest.mark.parametrize("step", ["3", True, 30.5, [1]])
    def test_step_of_another_type(self, ours: Face, step: Any) -> None:
        """Any other step is a TypeError and a ValueError, and changes nothing."""
        run = ours.init()

        with pytest.raises(TypeError, match="step"):
            run.log({"a": 1}, step=step)
        with pytest.raises(ValueError, match="step"):
            run.log({"a": 1}, step=step)
        assert 0 == run.step

    def test_whole_float_is_a_step(self, ours: Face) -> None:
        """30.0 is the step 30, as in 0.10."""
        assert [{"a": 1, "_step": 30}] == logged(ours, ({"a": 1}, {"step": 30.0}))

    def test_sync_is_ignored(self, ours: Face) -> None:
        """The argument ``sync`` of 0.10 has no effect."""
        assert [{"a": 1, "_step": 0}] == logged(ours, ({"a": 1}, {"sync": False}))


class TestCommit:
    def test_uncommitted_call_joins_the_next(self, face: Face) -> None:
        """``commit=False`` and the next call are one row."""
        assert [{"a": 1, "b": 2, "_step": 0}] == logged(
            face, ({"a": 1}, {"commit": False}), ({"b": 2}, {})
        )

    def test_finish_commits(self, face: Face) -> None:
        """What was not committed is not lost at the end."""
        assert [{"a": 1, "_step": 0}] == logged(face, ({"a": 1}, {"commit": False}))

    def test_uncommitted_is_not_in_the_summary(self, face: Face) -> None:
        """The summary has what is committed."""
        run = face.init()
        run.log({"a": 1}, commit=False)
        before = "a" in dict(run.summary)
        run.log({})

        assert not before
        assert 1 == run.summary["a"]

    def test_empty_row_counts_and_is_none(self, ours: Face) -> None:
        """``log({})`` takes a step and leaves no row; today there it leaves an empty one."""
        rows = logged(ours, ({}, {}), ({"a": 1}, {}))

        assert [{"a": 1, "_step": 1}] == rows

    def test_empty_row_with_a_step(self, face: Face) -> None:
        """``log({}, step=5)`` goes to the step."""
        run = face.init()
        run.log({}, step=5)

        assert 5 == run.step


class TestMerging:
    def test_nested_are_merged_deep(self, face: Face) -> None:
        """Nested dictionaries of one step are merged."""
        rows = logged(
            face,
            ({"d": {"x": 1, "z": {"q": 0}}}, {"step": 1}),
            ({"d": {"y": 2, "z": {"r": 5}}}, {"step": 1}),
        )

        assert [{"d": {"x": 1, "y": 2, "z": {"q": 0, "r": 5}}, "_step": 1}] == rows

    @pytest.mark.parametrize(("first", "second"), [(1, {"x": 2}), ({"x": 2}, 1)])
    def test_later_form_replaces(self, face: Face, first: Any, second: Any) -> None:
        """A number and a dictionary under one key: the later one stands."""
        rows = logged(face, ({"d": first}, {"step": 1}), ({"d": second}, {"step": 1}))

        assert [{"d": second, "_step": 1}] == rows

    def test_callers_dictionary_stays(self, face: Face) -> None:
        """The caller's dictionary is not changed, and later changes of it do not count."""
        run = face.init()
        data = {"a": 1, "d": {"x": 1}, "_step": 9}
        kept = {"a": 1, "d": {"x": 1}, "_step": 9}
        run.log(data, step=3)
        after = dict(data)
        data["a"] = 5
        data["d"]["x"] = 7  # type: ignore[index]
        run.finish()

        assert kept["a"] == after["a"]
        assert [{"a": 1, "d": {"x": 1}, "_step": 3}] == face.rows(run)


class TestKeys:
    def test_dot_and_nesting_are_two(self, face: Face) -> None:
        """The key ``a.b`` and the key ``b`` in ``a`` are two, also in one row.

        Seen to fail when the names of series are joined parts and nothing else.
        """
        rows = logged(face, ({"a": {"b": 2}, "a.b": 3}, {}))

        assert [{"a": {"b": 2}, "a.b": 3, "_step": 0}] == rows

    @pytest.mark.parametrize("key", ["x/", "/x", "a//b", " x ", "a\nb", "ü", "x" * 400, " "])
    def test_any_text_is_a_key(self, face: Face, key: str) -> None:
        """Keys that the store has no name for come back as they were."""
        assert [{key: 1, "_step": 0}] == logged(face, ({key: 1}, {}))

    def test_keys_that_look_alike_stay_apart(self, ours: Face) -> None:
        """Two keys with one printable form are two series."""
        rows = logged(ours, ({"a\nb": 1, "a\tb": 2}, {}))

        assert [{"a\nb": 1, "a\tb": 2, "_step": 0}] == rows

    @pytest.mark.parametrize("key", [1, None, ("a",)])
    def test_key_that_is_no_text(self, face: Face, key: Any) -> None:
        """At the top only texts are keys; nothing is logged then."""
        run = face.init()
        run.log({"a": 1})

        with pytest.raises((TypeError, ValueError), match="must be strings"):
            run.log({"b": 1, key: 2})
        run.finish()
        assert [{"a": 1, "_step": 0}] == face.rows(run)

    def test_nested_keys_become_text(self, face: Face) -> None:
        """Keys in nested dictionaries become texts."""
        assert [{"a": {"1": 2}, "_step": 0}] == logged(face, ({"a": {1: 2}}, {}))

    @pytest.mark.parametrize("data", [[1], 3, "a", None])
    def test_no_dictionary(self, face: Face, data: Any) -> None:
        """Anything but a dictionary is refused."""
        run = face.init()

        with pytest.raises((TypeError, ValueError), match="dictionary"):
            run.log(data)

    def test_refusals_are_of_both_eras(self, ours: Face) -> None:
        """What cannot be logged is a ValueError, a TypeError and an Error at once."""
        run = ours.init()

        with pytest.raises(ValueError) as found:  # noqa: PT011 -- its types are looked at below
            run.log([1])
        assert isinstance(found.value, TypeError)
        assert isinstance(found.value, ours.wandb.Error)

    def test_own_columns(self, face: Face) -> None:
        """``_step`` and ``_runtime`` are not the caller's; a ``_timestamp`` is."""
        run = face.init()
        run.log({"a": 1, "_step": 77, "_runtime": 3e9, "_timestamp": 1.5e9})
        run.finish()

        assert [{"a": 1, "_step": 0}] == face.rows(run)
        if face.name == "ours":
            import vcs_track
            from vcs_track.compat.wandb.history import rows

            assert 1.5e9 == rows(vcs_track.open().run(run.id))[0].wall

    def test_times(self, ours: Face) -> None:
        """Each row has its time, and how long the run had been going on."""
        import vcs_track
        from vcs_track.compat.wandb.history import rows

        run = ours.init()
        run.log({"a": 1})
        run.log({"s": "x"})
        run.finish()
        found = rows(vcs_track.open().run(run.id))

        assert all(run.start_time <= row.wall < run.start_time + 60 for row in found)
        assert all(0 <= row.runtime < 60 for row in found)
