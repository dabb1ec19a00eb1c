"""Turns one row with the values of several things, such as checks, into one row per thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from objectiv_local.frame.authoring import Expr, Node, Select, Values, call, case, literal
from objectiv_local.hub.analyses.base.joins import crossed
from objectiv_local.types import STRING


def unpivoted(
    row: Node,
    name: str,
    things: Mapping[str, Mapping[str, Expr]],
    columns: Mapping[str, Mapping[str, Expr]],
    step: str,
    shared: Sequence[str] = (),
) -> Node:
    """Return one row per thing: ``name``, its constants, and its columns, which are expressions over one row.

    ``things`` has the constants of each thing, and ``columns`` the value of each column for each thing. ``shared`` are columns
    of the row that are repeated for every thing.
    """
    constants = next(iter(things.values()))
    schema = ((name, STRING), *((each, value.type) for each, value in constants.items()))
    rows = tuple((literal(each), *values.values()) for each, values in things.items())
    plan = crossed(Values(schema, rows, (name,), step), row, step)
    label = plan.column(name)
    kept = [*constants, *(each for each in row.types if each in shared)]
    found = {
        column: case([(call("eq", label, literal(each)), value) for each, value in values.items()])
        for column, values in columns.items()
    }
    return Select(plan, ((name, label), *((each, plan.column(each)) for each in kept), *found.items()), step)
