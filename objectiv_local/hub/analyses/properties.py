"""Properties of events: the type, fill rate, number of distinct values and an example of each column."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Expr, Extend, aggregation, call, cast, frame_of, literal
from objectiv_local.hub.analyses.base.analysis import Analysis, analysis, rule_of
from objectiv_local.hub.analyses.base.scope import scope_of
from objectiv_local.hub.analyses.base.unpivoting import unpivoted
from objectiv_local.hub.checks import column_names
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.settings import Settings
from objectiv_local.types import INT64, STRING

_PROPERTY = "property"


@analysis
def properties(
    settings: Settings,
    events: DataFrame,
    columns: str | list[str] | None = None,
    where: object = None,
    *,
    start: object = None,
    end: object = None,
    as_of: object = None,
) -> Analysis:
    """Return a description of each column of the events: index ``property``; columns ``dtype``, ``filled``, ``fill``,
    ``distinct``, ``example``.

    ``filled`` is the number of events with a value, and ``fill`` is that number divided by the number of all events, missing if
    there are no events. ``distinct`` is the number of distinct values, and ``example`` is the smallest value, as a string. Both
    are missing for JSON, lists and structs, because engines write equal values of these types in more than one way. Rows are
    sorted by column name.

    ``columns`` are the columns to describe, by default all, including the index. To describe a key of a JSON column, assign it
    to a column first: ``events["plan"] = events.properties["plan"].astype("string")``. ``where`` filters events, as in
    ``trend``: for instance, ``where="purchase"`` describes the properties of purchases.

    Raises ColumnNotFound, and InvalidValue for a column that is named twice.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.properties(hub.events(), ["event_type", "location"]).columns
    ['dtype', 'filled', 'fill', 'distinct', 'example']
    """
    scope = scope_of(
        settings,
        events,
        "properties",
        unit=None,
        start=start,
        end=end,
        as_of=as_of,
        columns=[name for name in column_names(columns) if name not in getattr(events, "index_columns", ())],
    )
    data = scope.data
    names = column_names(columns) or [*data.index_columns, *data.data_columns]
    if len(set(names)) < len(names):
        raise InvalidValue("columns of properties names a column twice", hint="name each column once")
    test = None if where is None else condition(where, data, "where of properties")
    every = data.reset_index()
    rows = scope.rows({name: every[name] for name in names}, None if test is None else test.holds, with_unit=False)
    counts: list[tuple[str, Expr]] = [("events", aggregation("size"))]
    for place, name in enumerate(names):
        column = rows.column(name)
        counts.append((f"filled_{place}", aggregation("count", column)))
        if column.type.plain.name != "json":
            counts += [(f"distinct_{place}", aggregation("nunique", column)), (f"example_{place}", aggregation("min", column))]
    row = Aggregate(rows, (), tuple(counts), "counted")
    filled = {name: row.column(f"filled_{place}") for place, name in enumerate(names)}
    plain = {name: place for place, name in enumerate(names) if f"distinct_{place}" in row.types}
    distinct: dict[str, Expr] = {name: row.column(f"distinct_{place}") for name, place in plain.items()}
    example: dict[str, Expr] = {name: cast(row.column(f"example_{place}"), STRING) for name, place in plain.items()}
    plan = unpivoted(
        row,
        _PROPERTY,
        {name: {"dtype": literal(_dtype(data, name))} for name in names},
        {
            "filled": filled,
            "distinct": distinct or {names[0]: literal(None, INT64)},
            "example": example or {names[0]: literal(None, STRING)},
        },
        "properties",
        shared=["events"],
    )
    plan = Extend(plan, (("fill", call("ratio", plan.column("filled"), plan.column("events"))),), "properties")
    frame = frame_of(scope.state_over(plan, [_PROPERTY]), ["dtype", "filled", "fill", "distinct", "example"])
    rule = "The type, fill rate, number of distinct values, and an example of each column of the events."
    return Analysis("properties", frame, scope, rule_of(rule, test), None)


def _dtype(data: DataFrame, name: str) -> str:
    return str(data.index_dtypes[name] if name in data.index_columns else data.dtypes[name])
