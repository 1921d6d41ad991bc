"""The configuration: where it comes from, and what may change."""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from compat.wandb.faces import Face

if TYPE_CHECKING:
    from collections.abc import Callable

__all__: list[str] = []


@dataclass
class Options:
    lr: float = 0.1
    depth: int = 3


class Plain:
    def __init__(self) -> None:
        self.lr = 0.1


class TestSources:
    @pytest.mark.parametrize(
        "config",
        [{"lr": 0.1}, argparse.Namespace(lr=0.1), Plain()],
        ids=["dict", "namespace", "object"],
    )
    def test_init_takes(self, face: Face, config: Any) -> None:
        """``init(config=)`` takes a dictionary, arguments of a parser, any object with some."""
        run = face.init(config=config)

        assert {"lr": 0.1} == dict(run.config)

    def test_dataclass(self, face: Face) -> None:
        """A dataclass is taken by its fields."""
        assert {"lr": 0.1, "depth": 3} == dict(face.init(config=Options()).config)

    @pytest.mark.parametrize("config", [[1], 3])
    def test_init_refuses(self, face: Face, config: Any) -> None:
        """Lists and numbers are a TypeError; no run is started."""
        with pytest.raises(TypeError, match="config must be a dict or have a __dict__"):
            face.init(config=config)
        assert face.wandb.run is None

    def test_file(self, face: Face) -> None:
        """A text is the path of a YAML file."""
        Path("c.yaml").write_text("wandb_version: 1\nlr:\n  desc: rate\n  value: 0.5\n")

        assert {"lr": 0.5} == dict(face.init(config="c.yaml").config)

    def test_flat_file(self, ours: Face) -> None:
        """A file of names and values works; there it is a TypeError."""
        Path("c.yaml").write_text("lr: 0.5\nlayers: [64, 10]\nopt: {name: sgd}\n")

        assert {"lr": 0.5, "layers": [64, 10], "opt": {"name": "sgd"}} == dict(
            ours.init(config="c.yaml").config
        )

    def test_missing_file(self, face: Face) -> None:
        """A file that is not there is an Error that names it."""
        with pytest.raises(face.wandb.Error, match=r"nope.yaml doesn't exist"):
            face.init(config="nope.yaml")

    def test_unknown_version(self, face: Face) -> None:
        """A file of another version is an Error."""
        Path("c.yaml").write_text("wandb_version: 7\nlr:\n  value: 0.5\n")

        with pytest.raises(face.wandb.Error, match=r"version"):
            face.init(config="c.yaml")

    def test_defaults_file(self, face: Face) -> None:
        """``config-defaults.yaml`` stands below what ``init`` is given."""
        Path("config-defaults.yaml").write_text("lr:\n  value: 0.7\nepochs:\n  value: 3\n")

        assert {"lr": 0.9, "epochs": 3} == dict(face.init(config={"lr": 0.9}).config)

    def test_paths(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """``WANDB_CONFIG_PATHS`` names files between the two; broken in wandb 0.31."""
        Path("config-defaults.yaml").write_text("a: 1\nb: 1\nc: 1\n")
        Path("x.yaml").write_text("b: 2\nc: 2\n")
        Path("y.yaml").write_text("c: 3\nd: 3\n")
        monkeypatch.setenv("WANDB_CONFIG_PATHS", "x.yaml,y.yaml")

        assert {"a": 1, "b": 2, "c": 3, "d": 4} == dict(ours.init(config={"d": 4}).config)

    def test_sweep_values_are_locked(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a sweep gives stands over everything, and does not change.

        There the file is read once a process.
        """
        Path("sweep.yaml").write_text("lr:\n  value: 0.3\n")
        monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
        monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", "sweep.yaml")
        run = ours.init(config={"lr": 0.9, "depth": 2})
        run.config.update({"lr": 0.5}, allow_val_change=True)

        assert {"lr": 0.3, "depth": 2} == dict(run.config)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"config_include_keys": ["a"]}, {"a": 1}),
            ({"config_exclude_keys": ["a"]}, {"b": 2}),
        ],
    )
    def test_filters(self, face: Face, given: dict[str, Any], expected: dict[str, int]) -> None:
        """Names can be chosen, or left out."""
        assert expected == dict(face.init(config={"a": 1, "b": 2}, **given).config)

    def test_both_filters(self, face: Face) -> None:
        """Both at once are a UsageError."""
        with pytest.raises(face.wandb.UsageError, match="at most only one of exclude or include"):
            face.init(config={"a": 1}, config_include_keys=["a"], config_exclude_keys=["b"])


class TestReading:
    def test_attribute_and_item(self, face: Face) -> None:
        """Values are attributes and items; ``get`` has a default."""
        config = face.init(config={"a": 1}).config

        assert 1 == config.a == config["a"] == config.get("a")
        assert config.get("b") is None
        assert 5 == config.get("b", 5)
        assert "a" in config
        assert "b" not in config

    def test_missing(self, face: Face) -> None:
        """A missing attribute is an AttributeError, a missing item a KeyError."""
        config = face.init().config

        with pytest.raises(AttributeError):
            _ = config.nope
        with pytest.raises(KeyError):
            _ = config["nope"]

    def test_as_dictionary(self, face: Face) -> None:
        """It can be unpacked, and turned into a dictionary."""
        config = face.init(config={"a": 1, "b": {"c": 2}}).config

        assert {"a": 1, "b": {"c": 2}} == dict(config)
        assert {"a": 1, "b": {"c": 2}} == dict(**config)
        assert ["a", "b"] == list(config.keys())
        assert [("a", 1), ("b", {"c": 2})] == list(config.items())

    def test_own_keys_are_hidden(self, ours: Face) -> None:
        """Iteration and length show what the user set, and nothing else."""
        config = ours.init(config={"a": 1}).config

        assert ["a"] == list(config)
        assert 1 == len(config)
        assert [1] == list(config.values())
        assert {"a": 1} == config.as_dict()

    def test_items_dictionary(self, face: Face) -> None:
        """``vars(config)["_items"]`` is what hyperparameter searches read."""
        config = face.init(config={"a": 1}).config

        assert 1 == vars(config)["_items"]["a"]

    def test_deep_copy(self, ours: Face) -> None:
        """A deep copy is a configuration of its own; there it never returns."""
        config = ours.init(config={"a": {"b": 1}}).config
        copied = copy.deepcopy(config)
        copied["a"]["b"] = 2

        assert 1 == config["a"]["b"]

    def test_static(self, face: Face) -> None:
        """``config_static`` can be read, and refuses to be written."""
        static = face.init(config={"a": 1}).config_static

        assert 1 == static.a == static["a"]
        with pytest.raises(AttributeError):
            static.a = 2


class TestChanging:
    @pytest.mark.parametrize(
        "change",
        [
            lambda c: setattr(c, "lr", 0.2),
            lambda c: c.__setitem__("lr", 0.2),
            lambda c: c.update({"depth": 5, "lr": 0.2}),
        ],
        ids=["attribute", "item", "update"],
    )
    def test_value_does_not_change(self, face: Face, change: Callable[[Any], None]) -> None:
        """Another value for a name is an Error, and nothing of the call happens.

        Seen to fail when values are set before all are looked at.
        """
        config = face.init(config={"lr": 0.1}).config

        with pytest.raises(
            face.wandb.Error, match=r'Attempted to change value of key "lr" from 0\.1 to 0\.2'
        ):
            change(config)
        assert {"lr": 0.1} == dict(config)

    def test_equal_value_is_fine(self, face: Face) -> None:
        """The same value again is no change."""
        config = face.init(config={"lr": 0.1, "l": [1, 2]}).config
        config.lr = 0.1
        config.l = (1, 2)

        assert {"lr": 0.1, "l": [1, 2]} == dict(config)

    def test_update_may_change(self, face: Face) -> None:
        """``allow_val_change`` lets values change; a nested dictionary replaces the old one."""
        config = face.init(config={"lr": 0.1, "o": {"a": 1, "b": 2}}).config
        config.update({"lr": 0.2, "o": {"c": 3}}, allow_val_change=True)

        assert {"lr": 0.2, "o": {"c": 3}} == dict(config)

    def test_run_may_change(self, ours: Face) -> None:
        """``init(allow_val_change=True)`` says it for the whole run; ignored by wandb 0.31."""
        config = ours.init(config={"lr": 0.1}, allow_val_change=True).config
        config.lr = 0.2

        assert 0.2 == config.lr

    def test_setdefaults(self, face: Face) -> None:
        """``setdefaults`` sets what is missing."""
        config = face.init(config={"a": 1}).config
        config.setdefaults({"a": 5, "b": 2})

        assert {"a": 1, "b": 2} == dict(config)

    def test_locked_values(self, face: Face) -> None:
        """A locked value is not changed by later calls."""
        config = face.init(config={"b": 1}).config
        config.update_locked({"a": 7}, "sweep")
        config.update({"a": 8, "c": 2}, allow_val_change=True)
        config.a = 9

        assert {"a": 7, "b": 1, "c": 2} == dict(config)

    def test_merge_locked(self, ours: Face) -> None:
        """Nested values are merged and locked, over those that are there."""
        config = ours.init(config={"a": 1, "o": {"x": 1, "y": 2}}).config
        config.merge_locked({"a": 2, "o": {"x": 5}}, "sweep")
        config.update({"o": {}}, allow_val_change=True)

        assert {"a": 2, "o": {"x": 5, "y": 2}} == dict(config)

    def test_dashes_are_stripped(self, face: Face) -> None:
        """Dashes at the ends of a name go, as they stand before options."""
        config = face.init().config
        config.update({"--lr": 0.1})

        assert {"lr": 0.1} == dict(config)

    def test_stored_at_once(self, ours: Face) -> None:
        """Each value is in the store when the call returns."""
        import vcs_track

        run = ours.init(config={"a": 1})
        run.config.b = {"c": [1, 2]}

        assert {"a": 1, "b": {"c": [1, 2]}} == vcs_track.open().run(run.id).hparams

    def test_changed_inside(self, ours: Face) -> None:
        """What a script changes inside of a nested value is stored at the end; there it is not.

        Seen to fail when nobody looks again.
        """
        import vcs_track

        run = ours.init(config={"a": {"b": 1}, "l": [1], "nan": float("nan")})
        run.config["a"]["b"] = 2
        run.config.l.append(2)
        run.finish()
        found = vcs_track.open().run(run.id).hparams

        assert ({"b": 2}, [1, 2]) == (found["a"], found["l"])


class TestValues:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (np.float64(0.5), 0.5),
            (np.arange(3), [0, 1, 2]),
            ((1, 2), [1, 2]),
            ({"a": (1,)}, {"a": [1]}),
            (None, None),
        ],
        ids=repr,
    )
    def test_plain(self, face: Face, value: Any, expected: Any) -> None:
        """Values become plain data."""
        assert expected == face.init(config={"a": value}).config["a"]

    def test_nan_stays(self, ours: Face) -> None:
        """NaN stays NaN; there it becomes None."""
        found = ours.init(config={"a": float("nan")}).config["a"]

        assert found != found

    def test_large_array_stays(self, ours: Face) -> None:
        """A large array is kept; there it becomes a shortened text."""
        found = ours.init(config={"a": np.arange(100)}).config["a"]

        assert list(range(100)) == found

    def test_address_is_left_out(self, ours: Face) -> None:
        """The text of an object has no address: equal configurations are equal."""
        first = ours.init(config={"a": object()}).config["a"]

        assert "<object object>" == first

    def test_media_are_refused(self, ours: Face) -> None:
        """A value for rows is no setting: a TypeError and a ValueError."""
        from vcs_track.compat.wandb.value import WBValue

        config = ours.init().config

        with pytest.raises(TypeError, match="WBValue objects cannot be added to the run config"):
            config.update({"a": WBValue()})
        with pytest.raises(ValueError, match="WBValue"):
            config["a"] = WBValue()

    def test_of_files(self, ours: Face) -> None:
        """Names of a file's values are as odd as they like, empty ones are refused."""
        config = ours.init().config

        with pytest.raises(ours.wandb.Error, match="cannot be the name"):
            config["--"] = 1
