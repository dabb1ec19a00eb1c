"""Thresholds of trees that compare 32-bit floats, converted to thresholds for the 64-bit floats of the engines."""

from __future__ import annotations

from typing import Any

import numpy as np


def for_doubles(thresholds: Any) -> Any:
    """Return, for each threshold, the largest double that rounds to a 32-bit float not greater than the threshold.

    scikit-learn's trees test ``float32(x) <= threshold``. Rounding preserves the order of numbers, so this is equivalent to
    testing that ``x`` is at most the returned number, without a cast.

    >>> float(for_doubles([0.5])[0]), bool(np.float32(0.5000000298023224) <= 0.5)
    (0.5000000298023224, True)
    """
    thresholds = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):
        below = thresholds.astype(np.float32)
    # The largest 32-bit float that is not greater than the threshold.
    below = np.where(below.astype(np.float64) > thresholds, np.nextafter(below, np.float32(-np.inf)), below)
    with np.errstate(over="ignore"):
        above = np.nextafter(below, np.float32(np.inf))
    # Halfway to the next one; beyond the largest one, as if there were another.
    ends = np.where(np.isinf(above), 2.0**128, above.astype(np.float64))
    middle = below.astype(np.float64) / 2 + ends / 2
    # A number halfway between rounds to the neighbor whose last bit is 0.
    odd = (below.view(np.uint32) & 1).astype(bool)
    return np.where(np.isinf(below), below, np.where(odd, np.nextafter(middle, -np.inf), middle))
