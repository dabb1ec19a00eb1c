"""Random numbers that depend only on a seed, a purpose and a number.

Uses SplitMix64 over a counter. The draws for a number are the same regardless of the order and the batches in which a stream is
generated, on every platform and with every version of numpy, whose own generators do not guarantee this. All arithmetic is on
integers modulo 2**64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)


def _mix(bits: Bits) -> Bits:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


class Draws:
    """The draws of one seed. Each method takes a purpose and the numbers to draw for."""

    def __init__(self, seed: int) -> None:
        self._seed = np.array([seed], dtype=np.uint64)
        self._keys: dict[str, Bits] = {}

    def bits(self, purpose: str, numbers: Integers) -> Bits:
        """Return 64 random bits for each number."""
        if purpose not in self._keys:
            self._keys[purpose] = self._key(purpose)
        return _mix(_mix(numbers.astype(np.uint64) * _STEP + self._keys[purpose]))

    def _key(self, purpose: str) -> Bits:
        key = self._seed
        for byte in purpose.encode():
            key = _mix(key * _STEP + np.uint64(byte + 1))
        return key

    def below(self, purpose: str, numbers: Integers, limit: int | Integers) -> Integers:
        """Return an integer from 0 (inclusive) to ``limit`` (exclusive, at most 2**31) for each number."""
        high = self.bits(purpose, numbers) >> np.uint64(32)
        return ((high * np.asarray(limit, dtype=np.uint64)) >> np.uint64(32)).astype(np.int64)

    def chance(self, purpose: str, numbers: Integers, percent: int | Integers) -> npt.NDArray[np.bool_]:
        """Return true with a probability of ``percent`` %, for each number."""
        return self.below(purpose, numbers, 100) < percent

    def choice(self, purpose: str, numbers: Integers, weights: Integers) -> Integers:
        """Return a position in ``weights`` for each number, with a probability proportional to its weight."""
        edges = np.cumsum(weights)
        return np.searchsorted(edges, self.below(purpose, numbers, int(edges[-1])), side="right").astype(np.int64)

    def fraction(self, purpose: str, numbers: Integers) -> npt.NDArray[np.float64]:
        """Return a float from 0 (inclusive) to 1 (exclusive) for each number."""
        return (self.bits(purpose, numbers) >> np.uint64(11)).astype(np.float64) * 2.0**-53
