"""One point, as DeepBoard gives it."""

from __future__ import annotations

__all__ = ["Scalar"]


class Scalar:
    """One number of a series.

    Attributes:
        run_id: Number of the run in its table.
        epoch: Epoch; 0 where none was given.
        step: Step.
        split: What stands before the first slash of the tag, or an empty text.
        label: The rest of the tag.
        value: The number.
        wall_time: Seconds since the run, or its repetition, began.
        run_rep: Repetition, from 0.

    Example:
        >>> from vcs_track.compat.deepboard import Scalar
        >>> print(Scalar(1, 0, 0, "Train", "loss", 1.0, 0.1, 0))
        Scalar(run_id=1, epoch=0, step=0, split=Train, label=loss, value=1.0, wall_time=0.1, run_rep=0)
    """

    __slots__ = ("epoch", "label", "run_id", "run_rep", "split", "step", "value", "wall_time")

    def __init__(
        self, run_id: int, epoch: float, step: int, split: str, label: str,
        value: float | None, wall_time: float, run_rep: int,
    ) -> None:  # fmt: skip
        self.run_id = run_id
        self.epoch = epoch
        self.step = step
        self.split = split
        self.label = label
        self.value = value
        self.wall_time = wall_time
        self.run_rep = run_rep

    def __str__(self) -> str:
        order = (
            "run_id", "epoch", "step", "split", "label", "value", "wall_time", "run_rep",
        )  # fmt: skip
        return f"Scalar({', '.join(f'{name}={getattr(self, name)}' for name in order)})"
