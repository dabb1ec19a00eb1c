"""Values of users, which a breakdown looks up for the events of each user."""

from __future__ import annotations

from dataclasses import dataclass

from objectiv_local.frame import Series
from objectiv_local.frame.authoring import Expr, Node, Select, call, expr_of, literal, state_of
from objectiv_local.hub.analyses.base.joins import looked_up


@dataclass(frozen=True, slots=True)
class UserValues:
    """A string for each user: a series indexed by the unit, whose index is unique."""

    name: str
    values: Series
    unit: tuple[str, ...]
    #: The value for users who are not in the series, and for users whose value is missing.
    missing: str

    def added_to(self, plan: Node, name: str) -> Node:
        """Return rows that have the unit, with the value of their user added."""
        state = state_of(self.values)
        users = Select(
            state.plan,
            (*((each, state.plan.column(each)) for each in self.unit), (name, expr_of(self.values))),
            "values_of_users",
        )
        found = looked_up(plan, users, self.unit, "events_with_users")
        value: Expr = call("coalesce", found.column(name), literal(self.missing))
        return Select(found, tuple((each, value if each == name else found.column(each)) for each in found.types), found.step)
