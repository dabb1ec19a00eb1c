"""Ids that belong together: connected components of pairs of ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

#: An id of a device or of a user: which of the two, and its value.
Id = tuple[str, int | str]

DEVICE, USER = "device", "user"


@dataclass(frozen=True, slots=True)
class Person:
    """Ids that belong to one person: the devices and users that events connect, and the id that stands for all of them.

    ``user`` is the smallest id of the users; None if there are too many ids for them to be of one person.
    """

    ids: tuple[Id, ...]
    user: int | str | None


def persons(pairs: Iterable[tuple[int | str, int | str]], max_ids: int) -> list[Person]:
    """Return the connected components of pairs of a device and a user, in the order of their ids.

    Those with more than ``max_ids`` ids have no user: a device or a login that many people share connects strangers.
    """
    parents: dict[Id, Id] = {}

    def root(node: Id) -> Id:
        top = node
        while parents[top] != top:
            top = parents[top]
        while parents[node] != top:
            parents[node], node = top, parents[node]
        return top

    for device, user in pairs:
        ends = [(DEVICE, device), (USER, user)]
        for end in ends:
            parents.setdefault(end, end)
        first, second = root(ends[0]), root(ends[1])
        if first != second:
            parents[first] = second
    groups: dict[Id, list[Id]] = defaultdict(list)
    for node in parents:
        groups[root(node)].append(node)
    found = []
    for ids in groups.values():
        ids.sort()
        found.append(Person(tuple(ids), None if len(ids) > max_ids else min(value for kind, value in ids if kind == USER)))
    return sorted(found, key=lambda person: person.ids)
