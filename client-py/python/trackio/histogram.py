"""Distributions."""

from __future__ import annotations

import sys

from trackio._stored_forms import as_array, is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy as np

_MOST_BINS = 512


class Histogram:
    """How many values there are in each of `num_bins` bins of equal width, 512 at most.

    Either `sequence` (numbers, an array or a tensor of any shape; what is not finite does not count) or
    `np_histogram`: counts of the shape (bins,) and edges of the shape (bins + 1,), as `numpy.histogram` gives.

    Attributes: `histogram` (counts) and `bins` (edges), arrays where NumPy is loaded and lists otherwise.

    Raises `ValueError` for neither or both. Source: the peer's `trackio.Histogram`.
    """

    TYPE = "trackio.histogram"

    def __init__(
        self,
        sequence: "np.ndarray | Sequence[float] | Sequence[int] | None" = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int = 64,
    ) -> None:
        if (sequence is None) == (np_histogram is None):
            raise ValueError("a histogram is made from either `sequence` or `np_histogram`")
        self.histogram: Any
        self.bins: Any
        numpy = sys.modules.get("numpy")
        if np_histogram is not None:
            self.histogram, self.bins = np_histogram
            if numpy is not None:
                self.histogram, self.bins = numpy.asarray(self.histogram), numpy.asarray(self.bins)
        elif numpy is not None or is_array(sequence):
            self.histogram, self.bins = _counted_by_numpy(sequence, min(num_bins, _MOST_BINS))
        else:
            assert sequence is not None
            self.histogram, self.bins = _counted(sequence, min(num_bins, _MOST_BINS))

    def _to_trackio(self, place: object) -> dict[str, Any]:
        return {"_type": self.TYPE, "bins": _as_list(self.bins), "values": _as_list(self.histogram)}


def _as_list(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _counted_by_numpy(sequence: Any, bins: int) -> tuple[Any, Any]:
    import numpy

    values = as_array(sequence).flatten()
    values = values[numpy.isfinite(values)]
    return numpy.histogram(values, bins=bins) if len(values) else (numpy.array([]), numpy.array([]))


def _counted(sequence: Any, bins: int) -> tuple[list[int], list[float]]:
    """Counts and edges as `numpy.histogram` gives them, to the bit, for programs without NumPy."""
    from math import isfinite

    if bins < 1:
        raise ValueError(f"`num_bins` is at least 1, not `{bins}`")
    values = [float(value) for value in _flat(sequence)]
    values = [value for value in values if isfinite(value)]
    if not values:
        return [], []
    lowest, highest = min(values), max(values)
    if lowest == highest:
        lowest, highest = lowest - 0.5, highest + 0.5
    width = highest - lowest
    edges = [lowest + bin * (width / bins) for bin in range(bins)] + [highest]
    counts = [0] * bins
    for value in values:
        bin = min(int((value - lowest) / width * bins), bins - 1)
        # Rounding may have put it beside its edges, which decide.
        if value < edges[bin]:
            bin -= 1
        elif bin < bins - 1 and value >= edges[bin + 1]:
            bin += 1
        counts[bin] += 1
    return counts, edges


def _flat(values: Any) -> Any:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value
