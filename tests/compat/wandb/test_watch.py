"""Gradients and parameters of models."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
from compat.wandb.faces import Face

__all__: list[str] = []

torch: Any = pytest.importorskip("torch", exc_type=ImportError) if find_spec("torch") else None
needs_torch = [
    pytest.mark.compat,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(torch is None, reason="torch is not installed"),
]


@pytest.mark.skipif(torch is not None, reason="torch is in use")
def test_without_torch(ours: Face) -> None:
    """Without torch it is an Error that says so."""
    run = ours.init()

    with pytest.raises(ours.wandb.Error, match="only works with pytorch"):
        run.watch(object())


class TestWatch:
    pytestmark = needs_torch

    @pytest.mark.parametrize(
        ("log", "expected"),
        [
            ("gradients", {"gradients/weight", "gradients/bias"}),
            ("parameters", {"parameters/weight", "parameters/bias"}),
            (
                "all",
                {"gradients/weight", "gradients/bias", "parameters/weight", "parameters/bias"},
            ),
            (None, set()),
        ],
    )
    def test_what_is_logged(self, face: Face, log: str | None, expected: set[str]) -> None:
        """Each kind is logged in the row of its pass, as histograms of 64 bins."""
        run = face.init()
        model = torch.nn.Linear(3, 2)
        run.watch(model, log=log, log_freq=1, idx=0)
        loss = model(torch.arange(12.0).reshape(4, 3)).sum()
        loss.backward()
        run.log({"loss": float(loss)})
        run.finish()
        (row,) = face.rows(run)
        found = {
            f"{key}/{name}" if isinstance(value, dict) and "_type" not in value else key
            for key, value in row.items()
            for name in (value if isinstance(value, dict) and "_type" not in value else [""])
        }

        assert {"loss", "_step", *expected} == found
        sizes = {key.rpartition("/")[2]: len(row[key]["values"]) for key in expected}
        # The gradients of the offset are all the same, and there is one bin then.
        assert sizes.get("weight", 64) == 64
        assert sizes.get("bias", 1) in (1, 64)

    def test_frequency(self, ours: Face) -> None:
        """They are logged every so many passes."""
        run = ours.init()
        model = torch.nn.Linear(3, 2)
        run.watch(model, log="all", log_freq=2)
        for step in range(4):
            model(torch.ones(1, 3)).sum().backward()
            run.log({"step": step})
        run.finish()

        assert [2, 6, 2, 6] == [len(row) for row in ours.rows(run)]

    def test_unwatch(self, face: Face) -> None:
        """After ``unwatch`` nothing is logged."""
        run = face.init()
        model = torch.nn.Linear(3, 2)
        run.watch(model, log_freq=1)
        run.unwatch(model)
        model(torch.ones(1, 3)).sum().backward()
        run.log({"a": 1})
        run.finish()

        assert [{"a": 1, "_step": 0}] == face.rows(run)

    def test_ended_run(self, ours: Face) -> None:
        """A model whose run has ended trains on."""
        model = torch.nn.Linear(3, 2)
        with ours.init() as run:
            run.watch(model, log="all", log_freq=1)
        model(torch.ones(1, 3)).sum().backward()

        assert model.weight.grad is not None

    def test_bad_word(self, face: Face) -> None:
        """Another kind is a ValueError."""
        run = face.init()

        with pytest.raises(ValueError, match="log must be one of"):
            run.watch(torch.nn.Linear(1, 1), log="weights")

    def test_no_model(self, face: Face) -> None:
        """What is no model is a TypeError."""
        run = face.init()

        with pytest.raises(TypeError, match="Expected a pytorch model"):
            run.watch("model")


class TestTensors:
    pytestmark = needs_torch

    def test_in_rows(self, face: Face) -> None:
        """Tensors are numbers and lists, wherever their gradients are."""
        run = face.init()
        run.log(
            {
                "a": torch.tensor(0.5, requires_grad=True),
                "b": torch.tensor([1, 2]),
                "c": torch.tensor(0.5, dtype=torch.bfloat16),
                "d": torch.tensor(True),
            }
        )
        run.finish()

        assert [{"a": 0.5, "b": [1, 2], "c": 0.5, "d": True, "_step": 0}] == face.rows(run)

    @pytest.mark.parametrize("name", ["float32", "bfloat16", "int64"])
    def test_large(self, ours: Face, name: str) -> None:
        """Large ones are histograms, in any type."""
        run = ours.init()
        run.log({"a": torch.arange(100).to(getattr(torch, name))})
        run.finish()

        assert 100 == sum(ours.rows(run)[0]["a"]["values"])
