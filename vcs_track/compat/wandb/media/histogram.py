"""Histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.media.sink import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Histogram"]


class Histogram(Value):
    """A histogram.

    Args:
        sequence: Numbers to count.
        np_histogram: Counts and edges, as ``numpy.histogram`` returns them; wins over
            *sequence*.
        num_bins: Bins for *sequence*, at most 512.

    Raises:
        BadTypeError: If *sequence* is missing, or not of numbers.
        BadValueError: If there are too many bins, one edge too few, or no finite range.

    Example:
        >>> from vcs_track.compat.wandb.media.histogram import Histogram
        >>> counted = Histogram(np_histogram=([3, 1], [0.0, 0.5, 1.0]))
        >>> counted.histogram, counted.bins
        ([3, 1], [0.0, 0.5, 1.0])
    """

    MAX_LENGTH: ClassVar[int] = 512

    def __init__(
        self,
        sequence: Sequence[Any] | None = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int = 64,
    ) -> None:
        if np_histogram is not None:
            if not hasattr(np_histogram, "__len__") or len(np_histogram) != 2:
                raise BadValueError(
                    "Expected np_histogram to be a tuple of (values, bin_edges) or sequence to "
                    "be specified"
                )
            counts, edges = map(_listed, np_histogram)
        else:
            counts, edges = _counted(sequence, num_bins)
        self.histogram: list[Any] = counts
        self.bins: list[Any] = edges
        if len(counts) > self.MAX_LENGTH:
            raise BadValueError(f"The maximum length of a histogram is {self.MAX_LENGTH}")
        if len(edges) != len(counts) + 1:
            raise BadValueError("len(bins) must be len(histogram) + 1")

    def _body(self) -> dict[str, Json]:
        return {"_type": "histogram", "values": self.histogram, "bins": self.bins}

    def _record(self, sink: Sink) -> dict[str, Json]:
        sink.histogram(self.histogram, self.bins)
        return self._body()

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        del read
        return cls(np_histogram=(record["values"], record["bins"]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return self._body() == other._body()

    def __hash__(self) -> int:
        return hash((tuple(self.histogram), tuple(self.bins)))


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _counted(sequence: Any, num_bins: int) -> tuple[list[Any], list[Any]]:
    if sequence is None or isinstance(sequence, str):
        raise BadTypeError(
            "a histogram needs numbers", hint="give a sequence, or np_histogram=(counts, edges)"
        )
    import numpy as np

    if hasattr(sequence, "detach"):
        sequence = sequence.detach().cpu().numpy()
    try:
        array = np.asarray(list(sequence) if not hasattr(sequence, "__array__") else sequence)
        if array.dtype.kind not in "biuf":
            raise _no_numbers(f"it is of {array.dtype}")
        counts, edges = np.histogram(array, bins=num_bins)
    except BadTypeError:
        raise
    except TypeError as error:
        raise _no_numbers(error) from None
    except ValueError as error:
        raise BadValueError(
            f"{error}", hint="leave out what is not finite, for example with numpy.isfinite"
        ) from None
    return counts.tolist(), edges.tolist()


def _no_numbers(why: object) -> BadTypeError:
    return BadTypeError(f"a histogram needs numbers: {why}")
