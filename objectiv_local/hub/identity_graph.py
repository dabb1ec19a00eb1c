"""Groups of ids that belong together: connected components of device-user pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

D = TypeVar("D", int, str)
U = TypeVar("U", int, str)


def connected(pairs: Iterable[tuple[D, U]]) -> tuple[dict[D, U], dict[U, U]]:
    """Return the person of each device and user: the smallest user id that is connected with it through pairs."""
    first: dict[D, U] = {}
    above: dict[U, U] = {}

    def person(user: U) -> U:
        top = user
        while above[top] != top:
            top = above[top]
        while above[user] != top:
            above[user], user = top, above[user]
        return top

    for device, user in pairs:
        above.setdefault(user, user)
        other = first.setdefault(device, user)
        if other != user:
            ends = person(other), person(user)
            above[max(ends)] = min(ends)
    return {device: person(user) for device, user in first.items()}, {user: person(user) for user in above}
