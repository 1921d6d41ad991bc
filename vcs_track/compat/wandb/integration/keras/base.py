"""The classes of Keras that callbacks are made of."""

from __future__ import annotations

import sys
from typing import Any

from vcs_track.compat.wandb.integration.framework import Borrower, needed

__all__ = ["KerasCallback", "keras_in_use"]


def keras_in_use() -> Any:
    """Return the Keras of the program.

    That is Keras itself, its version 2, or what TensorFlow brings.

    Raises:
        MissingFrameworkError: If none is installed.
    """
    for name in ("keras", "tf_keras", "tensorflow"):
        found = sys.modules.get(name)
        if found is not None:
            return found.keras if name == "tensorflow" else found
    return needed("keras")


class KerasCallback(Borrower):
    """What is a callback of Keras once it is made.

    Attributes:
        model: The model, from the beginning of its training.
    """

    model: Any

    @staticmethod
    def _base() -> type:
        base: type = keras_in_use().callbacks.Callback
        return base
