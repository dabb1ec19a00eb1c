"""Pending groups: what a frame or series keeps between ``groupby`` and the next aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from objectiv_local.plan.expr import Expr

if TYPE_CHECKING:
    from objectiv_local.frame.state import State

Keys = tuple[tuple[str, Expr], ...]
#: For each grouping set, the positions of its keys.
Sets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """The group keys, as expressions over the rows, and the grouping sets if there are several.

    ``totals`` are columns that were set to an aggregate of the groups. If all columns of a frame are totals, it is an
    aggregated frame, with one row per group.
    """

    keys: Keys
    sets: Sets | None = None
    totals: tuple[tuple[str, State, Expr], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys, which become the index of an aggregate."""
        return tuple(name for name, _ in self.keys)

    @property
    def exprs(self) -> list[Expr]:
        """The keys without their names."""
        return [expr for _, expr in self.keys]

    @property
    def title(self) -> str:
        """The keys, for messages."""
        return ", ".join(map(repr, self.names)) or "all rows"

    def moved(self, exprs: Sequence[Expr]) -> Groups:
        """Return the groups with other expressions for the keys, in their order."""
        return replace(self, keys=tuple(zip(self.names, exprs, strict=True)))

    def renamed(self, names: Sequence[str]) -> Groups:
        """Return the groups with other names for the keys, in their order."""
        return replace(self, keys=tuple(zip(names, self.exprs, strict=True)))

    def total(self, name: str) -> tuple[State, Expr] | None:
        """Return the column that was set to an aggregate, or None."""
        return next(((state, expr) for each, state, expr in self.totals if each == name), None)

    def with_total(self, name: str, state: State, expr: Expr) -> Groups:
        """Return the groups with a column set to an aggregate."""
        return replace(self, totals=(*self.without_total(name).totals, (name, state, expr)))

    def without_total(self, name: str) -> Groups:
        """Return the groups without the aggregate that is named ``name``."""
        return replace(self, totals=tuple(each for each in self.totals if each[0] != name))
