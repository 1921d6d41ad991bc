"""Arrays as pixels of 8 bits.

Whole numbers are taken as they are. Floats follow the rule of wandb 0.10, which does what the
eye expects: 0 to 1 becomes 0 to 255, a range with negative numbers is stretched to that, and
what is beyond is cut.
"""

from __future__ import annotations

from typing import Any, Final

from vcs_track.compat.wandb.errors import BadValueError

__all__ = ["as_array", "is_array", "is_tensor", "pixels"]

_COLUMNS: Final = 8  # of the grid that a batch becomes
_GAP: Final = 2


def is_array(value: object) -> bool:
    """Return whether *value* is an array or a tensor of some package."""
    return hasattr(type(value), "shape") and hasattr(type(value), "dtype")


def is_tensor(value: object) -> bool:
    """Return whether *value* is a tensor of torch, whose channels come first."""
    return hasattr(value, "detach") and hasattr(value, "numpy")


def as_array(value: Any) -> Any:
    """Return *value* as an array of numpy."""
    import numpy as np

    if is_tensor(value):
        value = value.detach().cpu()
        value = (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    return np.asarray(value)


def pixels(value: Any, *, normalize: bool = True) -> Any:
    """Return an array as the pixels of an image, of 8 bits each.

    Args:
        value: An array, or a tensor of shape (C, H, W) or (N, C, H, W), which becomes a grid.
        normalize: Whether floats are brought to 0..255; else they are cut off as they are.

    Raises:
        BadValueError: If it has another shape, or is empty.
    """
    array = as_array(value)
    if is_tensor(value):
        array = _channels_last(array)
    shape = array.shape
    fits = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
    if not fits or 0 in shape:
        raise BadValueError(
            f"Un-supported shape for image conversion {list(shape)}",
            hint="use (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), and a list for several images",
        )
    return _as_bytes(array, normalize=normalize)


def _channels_last(array: Any) -> Any:
    if array.ndim == 4:
        array = _grid(array)
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        return array.transpose(1, 2, 0)
    return array


def _grid(batch: Any) -> Any:
    """Return images of shape (N, C, H, W) beside one another, as (C, H, W)."""
    import numpy as np

    count, channels, height, width = batch.shape
    columns = min(_COLUMNS, max(count, 1))
    rows = -(-count // columns)
    shape = (channels, rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP)
    grid = np.zeros(shape, batch.dtype)
    for n in range(count):
        top = n // columns * (height + _GAP) + _GAP
        left = n % columns * (width + _GAP) + _GAP
        grid[:, top : top + height, left : left + width] = batch[n]
    return grid


def _as_bytes(array: Any, *, normalize: bool) -> Any:
    import numpy as np

    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise BadValueError(
            f"an image cannot be made of an array of {array.dtype}", hint="use uint8 or floats"
        )
    floats = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=255.0, neginf=0.0)
    if normalize and array.dtype.kind == "f":
        low = floats.min()
        if low < 0:
            span = np.ptp(floats)
            floats = (floats - low) / (span if span else 1)
        if floats.max() <= 1:
            floats = floats * 255
    return floats.clip(0, 255).astype(np.uint8)
