"""Lloyd's algorithm over rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Reads the rows once, in batches; other data in the batches is ignored.
Read = Callable[[], Iterable[tuple[Array, Any]]]

#: Centers that move by less than this fraction of the variance have converged: sums of floats are not exactly reproducible.
_STILL = 1e-26


def moved(read: Read, centers: Array, shift: Array, variance: float, tol: float, max_iter: int) -> tuple[Array, float, int]:
    """Return the converged centers, the sum of squared distances, and the number of iterations.

    ``centers`` are relative to ``shift``, and so are those returned. Iterations end when the sum of squared moves is at most
    ``tol`` times the mean variance of features, or after ``max_iter``. Reads the rows once per iteration and once more.
    """
    iteration, distance = 0, np.inf
    while iteration < max_iter and distance > max(tol, _STILL * centers.size) * variance:
        step = _Step(centers)
        for X, _ in read():
            step.add(X - shift)
        after = step.means()
        distance = float(((after - centers) ** 2).sum())
        centers = after
        iteration += 1
    return centers, inertia(read, centers, shift), iteration


def inertia(read: Read, centers: Array, shift: Array) -> float:
    """Return the sum of squared distances of rows to their nearest center; centers are relative to ``shift``."""
    found = 0.0
    for X, _ in read():
        rows = X - shift
        found += float(_squares(rows, centers[_nearest(rows, centers)]).sum())
    return found


def _nearest(rows: Array, centers: Array) -> np.ndarray[Any, np.dtype[np.intp]]:
    # The square of the row is the same for all centers.
    found: np.ndarray[Any, np.dtype[np.intp]] = np.argmin((centers**2).sum(axis=1) - 2 * rows @ centers.T, axis=1)
    return found


def _squares(rows: Array, places: Array) -> Array:
    squares: Array = ((rows - places) ** 2).sum(axis=1)
    return squares


@dataclass
class _Step:
    """One iteration: the sums and counts of rows by nearest center, and the rows farthest from theirs."""

    centers: Array
    sums: Array = field(init=False)
    counts: Array = field(init=False)
    far: list[tuple[float, tuple[float, ...], int]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.sums = np.zeros(self.centers.shape)
        self.counts = np.zeros(len(self.centers))

    def add(self, rows: Array) -> None:
        """Add rows."""
        labels = _nearest(rows, self.centers)
        size = len(self.centers)
        self.counts += np.bincount(labels, minlength=size)
        for position in range(rows.shape[1]):
            self.sums[:, position] += np.bincount(labels, weights=rows[:, position], minlength=size)
        away = _squares(rows, self.centers[labels])
        farthest = np.argpartition(-away, min(size, len(away)) - 1)[:size]
        self.far += [(float(away[each]), tuple(rows[each].tolist()), int(labels[each])) for each in farthest]
        self.far = sorted(self.far, reverse=True)[:size]

    def means(self) -> Array:
        """Return the means of clusters. One without rows gets the row farthest from its center, as in scikit-learn."""
        empty = np.flatnonzero(self.counts == 0)
        if len(empty) and self.far[0][0] > 0:
            for cluster, (_, row, label) in zip(empty, self.far, strict=False):
                self.sums[cluster], self.counts[cluster] = row, 1
                self.sums[label] -= row
                self.counts[label] -= 1
        with np.errstate(invalid="ignore"):
            found: Array = self.sums / self.counts[:, None]
        # If it still has no rows, there are fewer distinct rows than clusters: it gets the center of the largest cluster.
        found[self.counts == 0] = found[np.argmax(self.counts)]
        return found
