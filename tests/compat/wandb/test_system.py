"""Samples of the machine: taken where a setting asks for them, beside the rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face

from vcs_track.porcelain.interest import by_interest
from vcs_track.porcelain.load import Load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []

_QUICK = {"x_stats_sampling_interval": 0.1}


def logged(
    ours: Face, settings: Mapping[str, Any], *rows: dict[str, Any], wanted: int = 2
) -> RunView:
    """Return what the store has of a run that went on for some samples."""
    import vcs_track

    run = ours.init(id="r", settings=dict(settings))
    for row in rows:
        run.log(row)
    until = time.monotonic() + 20
    while settings and settings.get("x_disable_stats") is not True and _samples(run) < wanted:
        assert time.monotonic() < until
        time.sleep(0.05)
    run.finish()
    return vcs_track.open().run("r")


def _samples(run: Any) -> int:
    found = run._native.view()
    name = "system/proc.cpu.threads"  # which no test logs itself
    return len(found.series(name)) if name in found.series_tags else 0


class TestSampler:
    def test_off_by_default(self, ours: Face) -> None:
        """Nobody asks: nothing is measured."""
        assert [] == [*logged(ours, {}, {"a": 1}).series_tags[1:]]

    @pytest.mark.parametrize(
        "settings",
        [_QUICK, {**_QUICK, "_disable_stats": False}, {**_QUICK, "x_disable_stats": "false"}],
    )
    def test_asked_for(self, ours: Face, settings: dict[str, Any]) -> None:
        """An interval, or a switch, asks: series ``system/...`` have a point a sample."""
        found = logged(ours, settings)

        assert {"system/cpu", "system/memory_percent", "system/network.sent"} <= {
            *found.series_tags
        }
        assert 2 <= len(found.series("system/cpu"))
        assert [0, 1] == found.series("system/cpu").step[:2]

    def test_switched_off(self, ours: Face) -> None:
        """The switch that says no is heard before the interval."""
        assert [] == logged(ours, {**_QUICK, "x_disable_stats": True}).series_tags

    def test_variable(self, ours: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """Variables ask too, and the switch alone means every 15 seconds."""
        monkeypatch.setenv("WANDB__DISABLE_STATS", "false")
        settings = ours.init().settings

        assert settings.x_disable_stats is False
        assert settings["_disable_stats"] is False

    @pytest.mark.parametrize("interval", [0, -1, "often", float("nan"), float("inf")])
    def test_bad_interval(self, face: Face, interval: Any) -> None:
        """An interval that is none is refused."""
        if face.name == "real" and interval == float("inf"):
            pytest.skip("it waits for ever")
        if face.name == "real" and interval != interval:
            pytest.skip("it does not look")

        with pytest.raises((ValueError, face.wandb.Error)):
            face.wandb.Settings(x_stats_sampling_interval=interval)


class TestReading:
    def test_rows_are_free_of_it(self, ours: Face) -> None:
        """Rows, keys, steps and summary are those of the script alone.

        Seen to fail when the samples are series like others.
        """
        logged(ours, _QUICK, {"a": 1}, {"a": 2})
        run = ours.wandb.Api().run("p/r")
        rows = run.history(pandas=False)

        assert [{"a": 1, "_step": 0}, {"a": 2, "_step": 1}] == [
            {key: row[key] for key in row if key not in ("_timestamp", "_runtime")} for row in rows
        ]
        assert 1 == run.lastHistoryStep
        assert {"a", "_step", "_timestamp", "_runtime"} == {*run.summary}

    def test_stream(self, ours: Face) -> None:
        """``history(stream="system")`` has the samples, ``system_metrics`` the last one."""
        logged(ours, _QUICK, {"a": 1})
        run = ours.wandb.Api().run("p/r")
        rows = run.history(stream="system", pandas=False)

        assert 2 <= len(rows)
        assert {"system.cpu", "system.proc.memory.rssMB", "_runtime", "_timestamp"} <= {*rows[0]}
        assert 0 <= rows[0]["_runtime"] < rows[1]["_runtime"] < 10
        assert rows[-1]["system.cpu"] == run.system_metrics["system.cpu"]
        assert {"system.cpu", "_runtime", "_timestamp"} == {
            *run.history(stream="system", keys=["system.cpu"], pandas=False)[0]
        }

    def test_key_of_the_same_name(self, ours: Face) -> None:
        """A key that the script calls so is another series, and stays in the rows."""
        logged(ours, _QUICK, {"system/cpu": 7})
        run = ours.wandb.Api().run("p/r")

        assert 7 == run.history(pandas=False)[0]["system/cpu"]
        assert 7 != run.history(stream="system", pandas=False)[0]["system.cpu"]
        assert 7 == run.summary["system/cpu"]

    def test_resumed(self, ours: Face) -> None:
        """A run that goes on goes on with its series."""
        logged(ours, _QUICK)
        found = logged(ours, {**_QUICK, "resume": "must"}, wanted=4)

        assert 1 == sum(tag.startswith("system/cpu") for tag in found.series_tags)
        assert 4 <= len(found.series("system/cpu"))

    def test_files_keep_their_step(self, ours: Face) -> None:
        """A sample is no step of the training: what has no step of its own gets none of it."""
        run = ours.init(id="r", settings=dict(_QUICK))
        run.log({"a": 1}, step=40, commit=True)
        while _samples(run) < 2:
            time.sleep(0.05)
        last = run._native.step
        run.finish()

        assert 40 == last


class TestLoad:
    def test_counts_from_the_first_sample(self) -> None:
        """What the kernel counts since its start begins with nothing."""
        first = Load().sample()

        assert {0.0} == {
            value for key, value in first.items() if key.endswith((".in", ".out", "sent", "recv"))
        }

    def test_busy_process(self) -> None:
        """A process that works shows in ``cpu``, one that sleeps does not."""
        load = Load()
        time.sleep(0.3)
        idle = load.sample()["cpu"]
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
        busy = load.sample()["cpu"]

        assert idle < busy

    def test_tells_least(self) -> None:
        """Where numbers are shown by interest, these come last."""
        assert ["val/loss", "lr", "system/cpu"] == by_interest(["system/cpu", "lr", "val/loss"])
