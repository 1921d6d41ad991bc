"""Images of a training: what a model was given, and what it made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from vcs_track.compat.wandb.errors import UnsupportedError
from vcs_track.compat.wandb.media.image import Image
from vcs_track.compat.wandb.term import termwarn

__all__ = ["Examples"]

_MOST: Final = 100
_IMAGE: Final = ("image", "images")
_CHANNELS: Final = (1, 3, 4)


class Examples:
    """Some of the data that a model is checked with.

    Args:
        data: Inputs and true outputs, or None.
        generator: Gives them anew for each epoch, or None.
        labels: Names of the classes.
        count: How many images are shown.
        given: What an input is: ``image``, ``auto`` or another word.
        made: What an output is: ``image``, ``label``, or None to guess.

    Raises:
        UnsupportedError: If one of them is a mask.
    """

    def __init__(
        self, data: Any, generator: Any, labels: Sequence[Any], count: int,
        given: str | None, made: str | None,
    ) -> None:  # fmt: skip
        if "segmentation_mask" in (given, made):
            raise UnsupportedError(
                "WandbCallback draws no segmentation_mask",
                hint="log wandb.Image(..., masks=...) in a WandbEvalCallback",
            )
        if isinstance(data, Iterator):
            data, generator = None, data
        self._data, self._generator = data, generator
        self._labels, self._count = list(labels), min(count, _MOST)
        self._given, self._made = given, made

    def guess(self, model: Any) -> None:
        """Take what is not said from the shapes of *model*."""
        if self._given == "auto" and len(model.inputs or ()) == 1:
            self._given = _kind(model.inputs[0].shape)
        if self._given and self._made is None and len(model.outputs or ()) == 1:
            self._made = _kind(model.outputs[0].shape)

    def of(self, model: Any) -> list[Image]:
        """Return images for the next epoch, none where there are none to be shown."""
        shown_in, shown_out = self._given in _IMAGE, self._made in _IMAGE
        if not (shown_in or shown_out):
            return []
        data = self._data if self._generator is None else next(self._generator)
        if data is None:
            termwarn(
                "No validation_data set, pass WandbCallback(validation_data=(inputs, outputs)) "
                "to see images.",
                repeat=False,
            )
            return []
        inputs, truth = data[0][: self._count], data[1][: self._count]
        outputs = model.predict(inputs, verbose=0)
        if not shown_in:
            return _woven(outputs, truth)
        if shown_out:
            return _woven(inputs, outputs, truth)
        captions = self._captions(outputs) if self._made == "label" else [None] * len(inputs)
        return [Image(one, caption=text) for one, text in zip(inputs, captions, strict=True)]

    def _captions(self, outputs: Any) -> list[str]:
        if outputs.shape[-1] > 1:
            return [self._label(int(row.argmax())) for row in outputs]
        if len(self._labels) == 2:
            return [str(self._labels[int(row.item() > 0.5)]) for row in outputs]
        return [str(row.item()) for row in outputs]

    def _label(self, number: int) -> str:
        return str(self._labels[number] if number < len(self._labels) else number)


def _woven(*columns: Any) -> list[Image]:
    """Return the images of each sample one after the other."""
    return [Image(one) for one in chain.from_iterable(zip(*columns, strict=True))]


def _kind(shape: Any) -> str | None:
    """Return what data of a shape is, whose first side counts the samples."""
    sides = list(shape)[1:]
    if len(sides) <= 1:
        return "label"
    return "image" if len(sides) == 2 or (len(sides) == 3 and sides[2] in _CHANNELS) else None
