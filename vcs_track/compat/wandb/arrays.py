"""Large arrays: kept whole, shown as a histogram."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import LogDataError

if TYPE_CHECKING:
    from vcs_track.porcelain.run import Run

__all__ = ["Large", "summarised"]


class Large:
    """An array that is too large for a row.

    Args:
        value: The array.
        bins: Of its histogram.

    Raises:
        LogDataError: If it has no histogram.
    """

    def __init__(self, value: Any, bins: int) -> None:
        import numpy as np

        try:
            self._array = np.asarray(value.float() if "bfloat16" in str(value.dtype) else value)
            finite = self._array[np.isfinite(self._array)]
            counts, edges = np.histogram(finite, bins=bins)
        except (TypeError, ValueError) as error:
            raise LogDataError(f"an array of {value.dtype} has no histogram") from error
        self._record = {"values": counts.tolist(), "bins": edges.tolist()}

    def keep(self, run: Run, key: str, step: int) -> dict[str, Any]:
        """Store the whole array in *run*; return its histogram for the row."""
        import numpy as np

        file = io.BytesIO()
        np.save(file, self._array, allow_pickle=False)
        name = (
            f"media/array/{''.join(c if c.isprintable() else '_' for c in key)[:150]}_{step}.npy"
        )
        data = file.getvalue()
        run.add_item("file", data, mime="application/x-npy", step=step, name=name)
        return {
            "_type": "histogram", **self._record,
            "path": name, "size": len(data),
        }  # fmt: skip


def summarised(value: Any) -> dict[str, Any]:
    """Return what a summary says of a large array."""
    import numpy as np

    found = np.asarray(value)
    percent = {f"{p}%": float(np.percentile(found, p)) for p in (10, 25, 75, 90)}
    return {
        "_type": type(value).__module__.split(".")[0] + ".ndarray",
        "min": float(found.min()), "max": float(found.max()), "mean": float(found.mean()),
        "var": float(found.var()), "size": found.size, **percent,
    }  # fmt: skip
