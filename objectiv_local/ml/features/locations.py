"""The number of events of each user at each location, with a column for each of the most frequent locations."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Column,
    Extend,
    Filter,
    Limit,
    Ordering,
    aggregation,
    call,
    checked_name,
    expr_of,
    frame_of,
    literal,
    state_of,
    unused_name,
)
from objectiv_local.hub.locations import location_names
from objectiv_local.ml.columns import check_comparable, checked_column
from objectiv_local.types import STRING

#: Default maximum number of locations that become columns.
MAX_FEATURES = 100


@checked
def location_counts(
    events: DataFrame,
    entity: str = "user_id",
    location: Series | str | None = None,
    *,
    max_features: int | None = MAX_FEATURES,
    locations: Sequence[str] | None = None,
) -> DataFrame:
    """Return the number of events of each entity at each location, as a frame with one row per entity, its index.

    ``location`` is a series of location stacks, whose names are used, or of strings, or the name of such a column; by default
    ``location_stack``. The columns are the ``max_features`` most frequent locations, None for all, in descending order of
    frequency and then by name. One query finds them; the frame itself is lazy. With ``locations``, such as the columns of an
    earlier result, these are the columns and no query is run.

    Every entity with an event has a row, even if it has none at these locations. Events without an entity, or with a missing or
    empty location, are not counted. Raises InvalidValue for a ``max_features`` that is not positive, and if there are no
    locations.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> events = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({
    ...     "user_id": [1, 1, 2, 3], "page": ["home", "home", "docs", None]}))
    >>> location_counts(events, location="page").sort_index().to_pandas().to_dict("list")
    {'home': [2, 0, 0], 'docs': [0, 1, 0]}
    """
    data, label = with_locations(events, entity, location, "location_counts")
    state = state_of(data)
    column = state.column(label)
    if locations is None:
        check_most(max_features)
        kept = Filter(state.plan, call("and", call("ne", column, literal("")), call("not_null", state.column(entity))))
        counted = Aggregate(kept, (("location", column),), (("events", aggregation("size")),), "locations")
        order = (Ordering(counted.column("events"), ascending=False), Ordering(counted.column("location")))
        found = frame_of(state.with_rows(Limit(counted, order, max_features), (), order), ["location"])
        locations = found.to_arrow().column("location").to_pylist()
    names = [checked_name(name) for name in locations]
    if not names:
        raise InvalidValue("there are no locations to count")
    if len(set(names)) != len(names):
        raise InvalidValue("a location is given twice")
    if entity in names:
        raise InvalidValue(f"a location is named {entity!r}, like the entity", hint="rename the column of the entity")
    known = Filter(state.plan, call("not_null", state.column(entity)))
    counts = tuple((name, aggregation("size", where=call("eq", column, literal(name)))) for name in names)
    plan = Aggregate(known, ((entity, state.column(entity)),), counts, "location_counts")
    return frame_of(state.with_rows(plan, (entity,)), names)


def check_most(max_features: object) -> None:
    """Raise InvalidValue for an invalid maximum number of features; None is no limit."""
    whole = isinstance(max_features, int) and not isinstance(max_features, bool) and max_features >= 1
    if max_features is not None and not whole:
        raise InvalidValue(f"max_features has to be a positive whole number or None, not {max_features!r}")


def with_locations(events: object, entity: str, location: Series | str | None, what: str) -> tuple[DataFrame, str]:
    """Return the events with the location name of each as a column, and the name of that column."""
    if not isinstance(events, DataFrame):
        raise InvalidType(f"{what} needs a frame of events, not {type(events).__name__}")
    checked_column(events, entity, "entity")
    check_comparable(events, entity, "entity")
    names = location_names(events, location, what)
    state, name = state_of(events), expr_of(names)
    same_rows = state_of(names).plan is state.plan
    if same_rows and isinstance(name, Column) and name.type == STRING:
        return events, name.name
    label = unused_name("location", state.plan.types)
    if same_rows:
        return frame_of(state.with_plan(Extend(state.plan, ((label, name),)), ()), events.data_columns), label
    return events.assign(**{label: names}), label
