"""Rows that are read repeatedly: streamed each time, or kept in memory if they are few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from objectiv_local.frame import DataFrame
from objectiv_local.ml.extract import batches

#: Maximum number of bytes of rows that are fetched once and kept.
KEPT_BYTES = 256 * 1024**2


class RowStream:
    """The features of a frame, and an integer column as the target if there is one, in batches of arrays."""

    def __init__(self, frame: DataFrame, names: Sequence[str], target: str | None, rows: int) -> None:
        self.frame, self.names, self.target = frame, list(names), target
        self.keeps = rows * (len(names) + 1) * 8 <= KEPT_BYTES
        self.kept: list[tuple[Any, Any]] | None = None

    def read(self) -> Iterator[tuple[Any, Any]]:
        """Return the batches, whose arrays must not be changed."""
        if self.kept is not None:
            yield from self.kept
            return
        fetched = []
        for batch in self._fetched():
            if self.keeps:
                fetched.append(batch)
            yield batch
        if self.keeps:
            self.kept = fetched

    def _fetched(self) -> Iterator[tuple[Any, Any]]:
        if self.names:
            for X, y in batches(self.frame, self.target, features=self.names, index=[], container="numpy"):
                yield X, y
        elif self.target is not None:
            # Only an intercept is left, but batches need features.
            for X, _ in batches(self.frame, features=[self.target], index=[], container="numpy"):
                yield np.zeros((len(X), 0)), X[:, 0].astype(np.int64)
