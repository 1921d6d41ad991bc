"""Sweeps: ``wandb.sweep`` and ``wandb.agent``, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.compat import wandb
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError, UnsupportedError
from vcs_track.compat.wandb.sweeping import choices

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

GRID = {"method": "grid", "parameters": {"lr": {"values": [0.1, 0.2]}, "n": {"values": [1, 2]}}}


@pytest.fixture(autouse=True)
def _repo(tmp_path: Path) -> None:
    vcs_track.init(tmp_path)


def test_grid() -> None:
    """Each choice is one run, with its values in the configuration and the id of the sweep."""
    sweep_id = wandb.sweep(GRID, project="p")

    def train() -> None:
        wandb.init()
        wandb.log({"loss": wandb.config.lr * wandb.config["n"]})

    wandb.agent(sweep_id, function=train, count=3)
    wandb.agent(f"e/p/{sweep_id}", function=train)
    runs = wandb.Api().runs("p", {"sweep": sweep_id, "state": "finished"})

    assert [(0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2)] == [
        (run.config["lr"], run.config["n"]) for run in runs
    ]


def test_random_is_repeatable() -> None:
    """The same seed gives the same choices, within their limits."""
    sweep: dict[str, Any] = {"method": "random", "parameters": {
        "a": {"min": 1, "max": 3}, "b": {"min": 0.0, "max": 1.0},
        "c": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
        "d": {"parameters": {"e": {"values": ["x", "y"]}}},
    }}  # fmt: skip
    first, again = choices(sweep, "s"), choices(sweep, "s")
    found = [next(first) for _ in range(50)]

    assert found == [next(again) for _ in range(50)]
    assert {1, 2, 3} == {one["a"] for one in found}
    assert all(0 <= one["b"] <= 1 and 1e-4 <= one["c"] <= 1 for one in found)
    assert {"x", "y"} == {one["d"]["e"] for one in found}


def test_failures_end_it() -> None:
    """Three failures within a minute end an agent; the runs have failed."""
    calls = []

    def train() -> None:
        calls.append(wandb.init(project="p"))
        raise OSError("no")

    wandb.agent(wandb.sweep(GRID), function=train)

    assert 3 == len(calls)
    assert {"failed"} == {run.state for run in wandb.Api().runs("p")}


def test_what_is_refused() -> None:
    """What cannot be chosen is told when the sweep is made."""
    with pytest.raises(UnsupportedError):
        wandb.sweep({"method": "bayes", "parameters": {"a": {"value": 1}}})
    bad: list[dict[str, Any]] = [{}, {"parameters": {"a": {}}}, {"parameters": {"a": 1}}]
    for wrong in bad:
        with pytest.raises(BadValueError):
            wandb.sweep({"method": "grid", **wrong})
    with pytest.raises(RunNotFoundError):
        wandb.agent("none", function=print)
