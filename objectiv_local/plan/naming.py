"""Unused names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def unused_name(name: str, taken: Iterable[str]) -> str:
    """Return ``name``, or ``name`` with a numeric suffix if it is taken."""
    names = taken if isinstance(taken, set | frozenset | dict) else set(taken)
    number, candidate = 1, name
    while candidate in names:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def new_name(name: str, taken: set[str]) -> str:
    """Return ``name``, or ``name`` with a numeric suffix if it is taken, and add it to ``taken``."""
    found = unused_name(name, taken)
    taken.add(found)
    return found


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, each once, in their order.

    >>> repeated(["a", "b", "a", "c", "b", "a"])
    ['a', 'b']
    """
    return [name for name, count in Counter(names).items() if count > 1]
