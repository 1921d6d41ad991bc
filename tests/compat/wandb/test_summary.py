"""The summary: latest values, values by hand, definitions of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compat.wandb.faces import Face

__all__: list[str] = []


def shown(run: Any) -> dict[str, Any]:
    """Return the summary without what begins with an underscore."""
    return {key: value for key, value in dict(run.summary).items() if key[:1] != "_"}


class TestLatest:
    def test_latest_value_of_each_key(self, face: Face) -> None:
        """Each key has the value that was logged last."""
        run = face.init()
        run.log({"a": 1, "b": "x"})
        run.log({"a": 2})

        assert {"a": 2, "b": "x"} == shown(run)

    def test_nested_are_merged(self, face: Face) -> None:
        """Nested keys keep what other rows set beside them."""
        run = face.init()
        run.log({"b": {"c": 1}})
        run.log({"b": {"d": 2}})

        assert {"c": 1, "d": 2} == dict(run.summary["b"])

    def test_step_and_times(self, face: Face) -> None:
        """The step and the times of the latest row are there too."""
        run = face.init()
        run.log({"a": 1})
        run.log({"a": 1})

        assert 1 == run.summary["_step"]
        assert run.summary["_timestamp"] > 1.7e9
        assert 0 <= run.summary["_runtime"] < 100

    def test_none_takes_the_key_away(self, ours: Face) -> None:
        """A None that is logged takes its key out of the summary."""
        run = ours.init()
        run.log({"a": 1, "b": 1})
        run.log({"a": None})

        assert {"b": 1} == shown(run)

    def test_nan_stays(self, face: Face) -> None:
        """NaN is a value."""
        run = face.init()
        run.log({"a": float("nan")})
        found = run.summary["a"]

        assert str(found).lower() == "nan"


class TestByHand:
    def test_set_and_get(self, face: Face) -> None:
        """Values are set by item, by attribute and several at once."""
        run = face.init()
        run.summary["a"] = 1
        run.summary.b = 2
        run.summary.update({"c": 3, "d": {"x": 1}})

        assert (1, 2, 3, 1) == (
            run.summary.a, run.summary["b"], run.summary.get("c"), run.summary["d"]["x"],
        )  # fmt: skip

    def test_value_by_hand_stands(self, ours: Face) -> None:
        """A value set by hand is not replaced by what is logged; there it is.

        Seen to fail when hand-set and logged values are one dictionary.
        """
        run = ours.init()
        run.log({"acc": 0.7})
        run.summary["acc"] = 0.9
        run.log({"acc": 0.8})

        assert 0.9 == run.summary["acc"]

    def test_native_summary_agrees(self, ours: Face) -> None:
        """The store says the same, and keeps the last value beside it."""
        import vcs_track

        run = ours.init()
        run.summary["acc"] = 0.9
        run.log({"acc": 0.8})
        run.finish()
        view = vcs_track.open().run(run.id)

        assert {"acc": 0.9} == view.summary
        assert 0.8 == view.series("acc").stats["last"]

    def test_deleted_value_follows_again(self, ours: Face) -> None:
        """``del`` takes the value away, and what is logged then is shown again."""
        run = ours.init()
        run.summary["acc"] = 0.9
        del run.summary["acc"]
        gone = "acc" in run.summary
        run.log({"acc": 0.8})
        run.finish()
        import vcs_track

        assert not gone
        assert 0.8 == run.summary["acc"]
        assert {"acc": 0.8} == vcs_track.open().run(run.id).summary

    @pytest.mark.parametrize("way", ["setting", "variable"])
    def test_follows_when_asked(
        self, ours: Face, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A setting and a variable give the rule of wandb: the last word counts."""
        if way == "variable":
            monkeypatch.setenv("VCS_TRACK_WANDB_SUMMARY", "last")
        run = ours.init(settings={"summary_follows_log": True} if way == "setting" else None)
        run.log({"acc": 0.7})
        run.summary["acc"] = 0.9
        by_hand = run.summary["acc"]
        run.log({"acc": 0.8})
        run.finish()
        import vcs_track

        assert 0.9 == by_hand
        assert 0.8 == run.summary["acc"]
        assert {"acc": 0.8} == vcs_track.open().run(run.id).summary

    def test_nested_assignment(self, face: Face) -> None:
        """Values below a key can be set, by item and by attribute."""
        run = face.init()
        run.summary["d"] = {"b": {"c": 1}}
        run.summary["d"]["b"]["c"] = 5
        run.summary.d.e = 7
        found = run.summary["d"]

        assert 5 == found["b"]["c"]
        assert 7 == found["e"]

    def test_update_replaces_nested(self, face: Face) -> None:
        """A dictionary replaces the value of its key."""
        run = face.init()
        run.log({"d": {"x": 1}})
        run.summary.update({"d": {"y": 2}})

        assert {"y": 2} == dict(run.summary["d"])

    def test_missing(self, face: Face) -> None:
        """A missing key is a KeyError, as an attribute too."""
        run = face.init()

        with pytest.raises(KeyError):
            _ = run.summary["nope"]
        with pytest.raises(KeyError):
            _ = run.summary.nope
        assert run.summary.get("nope") is None

    def test_missing_attribute_is_an_attribute_error_too(self, ours: Face) -> None:
        """``hasattr`` works; there it raises."""
        assert not hasattr(ours.init().summary, "nope")

    def test_as_a_dictionary(self, ours: Face) -> None:
        """``in``, ``len``, iteration and ``items`` work; there they raise."""
        run = ours.init()
        run.summary.update({"a": 1, "b": {"c": 2}})
        summary = run.summary

        assert "a" in summary
        assert "z" not in summary
        assert 2 == len(summary)
        assert ["a", "b"] == list(summary)
        assert [("a", 1), ("b", {"c": 2})] == list(summary.items())
        assert {"a": 1, "b": {"c": 2}} == summary._json_dict

    def test_large_array_is_summed_up(self, face: Face) -> None:
        """Of a large array the summary keeps some numbers."""
        run = face.init()
        run.summary["a"] = np.arange(100.0)
        found = run.summary["a"]

        assert (0.0, 99.0, 49.5) == (found["min"], found["max"], found["mean"])

    def test_bad_value_changes_nothing(self, ours: Face) -> None:
        """Of an update with a value that cannot be kept nothing happens."""
        run = ours.init()

        with pytest.raises(TypeError, match="not JSON serializable"):
            run.summary.update({"a": 1, "b": object()})
        assert {} == dict(run.summary)


class TestDefineMetric:
    @pytest.mark.parametrize(
        ("op", "expected"),
        [
            ("min", {"min": 1}),
            ("max", {"max": 3}),
            ("mean", {"mean": 2.0}),
            ("last", {"last": 2}),
            ("first", {"first": 3}),
            ("min,max", {"min": 1, "max": 3}),
        ],
    )
    def test_summary(self, face: Face, op: str, expected: dict[str, float]) -> None:
        """The summary shows what was asked for."""
        run = face.init()
        run.define_metric("a", summary=op)
        for value in (3, 1, 2):
            run.log({"a": value})
        found = dict(run.summary["a"])

        assert expected == found

    def test_copy_is_the_last_value(self, face: Face) -> None:
        """``copy`` is what there is without a definition."""
        run = face.init()
        run.define_metric("a", summary="copy")
        run.log({"a": 3})

        assert 3 == run.summary["a"]

    def test_none_hides(self, ours: Face) -> None:
        """``none`` leaves the key out."""
        run = ours.init()
        run.define_metric("a", summary="none")
        run.log({"a": 3, "b": 1})

        assert {"b": 1} == shown(run)

    def test_best(self, ours: Face) -> None:
        """``best`` is the largest or smallest value; gone in wandb today."""
        run = ours.init()
        run.define_metric("acc", summary="best", goal="maximize")
        run.define_metric("loss", summary="best", goal="minimize")
        for value in (1, 3, 2):
            run.log({"acc": value, "loss": value})

        assert {"acc": {"best": 3}, "loss": {"best": 1}} == shown(run)

    def test_all_values_count(self, face: Face) -> None:
        """Values that were logged before the definition count too."""
        run = face.init()
        for value in (5, 1, 3):
            run.log({"a": value})
        run.define_metric("a", summary="min")
        run.log({"a": 4})

        assert {"min": 1} == dict(run.summary["a"])

    def test_definitions_merge(self, face: Face) -> None:
        """A second definition adds to the first one."""
        run = face.init()
        run.define_metric("a", summary="min")
        run.define_metric("a", summary="max")
        run.log({"a": 1})
        run.log({"a": 3})

        assert {"min": 1, "max": 3} == dict(run.summary["a"])

    def test_overwrite(self, face: Face) -> None:
        """``overwrite`` forgets it."""
        run = face.init()
        run.define_metric("a", summary="min")
        run.define_metric("a", summary="max", overwrite=True)
        run.log({"a": 1})

        assert {"max": 1} == dict(run.summary["a"])

    def test_glob_and_exact(self, face: Face) -> None:
        """A pattern is for all keys that begin so; an exact definition comes before it."""
        run = face.init()
        run.define_metric("val/*", summary="min")
        run.define_metric("val/acc", summary="max")
        for value in (1, 2):
            run.log({"val/loss": value, "val/acc": value, "train": value})

        assert {"min": 1} == dict(run.summary["val/loss"])
        assert {"max": 2} == dict(run.summary["val/acc"])
        assert 2 == run.summary["train"]

    def test_nan_stays_in_minimum(self, face: Face) -> None:
        """A NaN makes the minimum NaN, as there."""
        run = face.init()
        run.define_metric("a", summary="min,last")
        for value in (1.0, float("nan"), 0.5):
            run.log({"a": value})
        found = dict(run.summary["a"])

        assert "nan" == str(found["min"]).lower()
        assert 0.5 == found["last"]

    def test_text_between(self, face: Face) -> None:
        """A text counts as the last value only."""
        run = face.init()
        run.define_metric("a", summary="min,last")
        run.log({"a": 2})
        run.log({"a": "x"})

        assert {"min": 2, "last": "x"} == dict(run.summary["a"])

    def test_nested_name(self, face: Face) -> None:
        """Dots in a name mean nesting."""
        run = face.init()
        run.define_metric("z.w", summary="max")
        for value in (3, 1):
            run.log({"z": {"w": value}})

        assert {"max": 3} == dict(run.summary["z"]["w"])

    @pytest.mark.parametrize(
        ("name", "given", "text"),
        [
            ("", {}, "non-empty name"),
            ("a*b", {}, "glob suffixes only"),
            ("a", {"hidden": 1}, "hidden type"),
            ("a", {"step_sync": "yes"}, "step_sync type"),
            ("a", {"summary": "median"}, "summary"),
        ],
    )
    def test_bad_definition(self, face: Face, name: str, given: dict[str, Any], text: str) -> None:
        """A definition that makes no sense is an Error."""
        run = face.init()

        with pytest.raises(face.wandb.Error, match=text):
            run.define_metric(name, **given)

    def test_returns_the_metric(self, face: Face) -> None:
        """The definition comes back."""
        metric = face.init().define_metric("a", step_metric="epoch", hidden=True)

        assert ("a", "epoch", True, True) == (
            metric.name, metric.step_metric, metric.step_sync, metric.hidden,
        )  # fmt: skip

    def test_stored_at_the_end(self, ours: Face) -> None:
        """The store's summary says what ours says."""
        import vcs_track

        run = ours.init()
        run.define_metric("loss", summary="min")
        for value in (2.0, 1.0, 3.0):
            run.log({"loss": value, "best": f"step-{value}"})
        run.finish()

        assert {"loss": {"min": 1.0}, "best": "step-3.0"} == vcs_track.open().run(run.id).summary


class TestStepMetric:
    def test_step_is_inserted(self, face: Face) -> None:
        """A row that lacks the step of its keys gets the last one that was logged."""
        run = face.init()
        run.define_metric("ep")
        run.define_metric("v", step_metric="ep")
        run.log({"ep": 4})
        run.log({"v": 1})
        run.finish()

        assert [{"ep": 4, "_step": 0}, {"v": 1, "ep": 4, "_step": 1}] == face.rows(run)

    def test_never_seen_is_zero(self, face: Face) -> None:
        """Before the first one it is 0."""
        run = face.init()
        run.define_metric("v", step_metric="ep")
        run.log({"v": 1})
        run.finish()

        assert [{"v": 1, "ep": 0, "_step": 0}] == face.rows(run)

    def test_not_synced(self, face: Face) -> None:
        """``step_sync=False`` inserts nothing."""
        run = face.init()
        run.define_metric("v", step_metric="ep", step_sync=False)
        run.log({"ep": 4})
        run.log({"v": 1})
        run.finish()

        assert [{"ep": 4, "_step": 0}, {"v": 1, "_step": 1}] == face.rows(run)

    def test_all_keys_by_one_step(self, face: Face) -> None:
        """As Trainer and Lightning say it: ``*`` is counted by a step that is logged with it."""
        run = face.init()
        run.define_metric("train/global_step")
        run.define_metric("*", step_metric="train/global_step", step_sync=True)
        run.log({"train/loss": 0.5, "train/global_step": 10})
        run.log({"eval/loss": 0.4})
        run.log({"train/loss": 0.3, "train/global_step": 20})
        run.finish()

        assert [
            {"train/loss": 0.5, "train/global_step": 10, "_step": 0},
            {"eval/loss": 0.4, "train/global_step": 10, "_step": 1},
            {"train/loss": 0.3, "train/global_step": 20, "_step": 2},
        ] == face.rows(run)
