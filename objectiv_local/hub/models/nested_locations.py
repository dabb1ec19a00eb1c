"""How locations are nested."""

from __future__ import annotations

from typing import Any

from objectiv_local.errors import InvalidType
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Limit,
    Node,
    Ordering,
    ScalarQuery,
    Unnest,
    aggregation,
    call,
    frame_of,
    literal,
    over,
    state_of,
)
from objectiv_local.hub.checks import require
from objectiv_local.hub.locations import location_series
from objectiv_local.hub.models.sankey import check_most, diagram, flows
from objectiv_local.hub.series import SeriesLocationStack
from objectiv_local.types import STRING


def visualize_location_stack(
    data: DataFrame,
    root_location: str | None = None,
    location_stack: Series | str | None = None,
    n_top_examples: int | None = 40,
    return_df: bool = False,
    show: bool = True,
    *,
    return_figure: bool = False,
) -> DataFrame | Any:
    """Draw how locations are nested, as a Sankey diagram, for the events within one root location.

    ``root_location`` is the id of the first RootLocationContext in the ``location_stack`` of an event; by default the one with
    the most events. The locations are those of the argument ``location_stack``, a series of stacks or the name of a column. The
    ``n_top_examples`` most frequent pairs are drawn. With ``return_df``, all pairs are returned: ``source``, the outer
    location; ``target``, the location directly inside it; both as ``<_type>: <id>``; and ``value``, the number of events, in
    descending order. With ``show=False``, nothing is drawn. With ``return_figure``, the plotly figure is returned and not
    shown.

    Reads location_stack, which only Objectiv events have.
    """
    check_most(n_top_examples)
    data = require(data, "visualize_location_stack", location_stack="")
    stack = location_series(data, location_stack, "visualize_location_stack")
    if not isinstance(stack, SeriesLocationStack) or not isinstance(data["location_stack"], SeriesLocationStack):
        raise InvalidType(
            "location_stack of visualize_location_stack has to be a series of location stacks, or the name of such a column"
        )
    df = data.assign(__stack=stack)
    state = state_of(df)
    roots = call("json_filter", state.column("location_stack"), literal({"_type": "RootLocationContext"}))
    first = call("json_get_text", call("json_index", roots, literal(0)), literal("id"))
    plan: Node = Extend(state.plan, (("__root", first),), "stacks")
    keys = [plan.column(name) for name in plan.key or ()]
    if not keys:
        # Rows without a known key, such as those of appended frames, get row numbers as their key.
        number = over(aggregation("row_number"), [], (Ordering(plan.column("__root")),))
        plan = Extend(plan, (("__row", number),), "numbered_events")
        keys = [plan.column("__row")]
    root: Expr = literal(root_location, STRING) if root_location is not None else _most_common(plan)
    plan = Filter(plan, call("eq", plan.column("__root"), root), "stacks")
    plan = Unnest(plan, plan.column("__stack"), "__location", "__position", "locations")
    title = [call("json_get_text", plan.column("__location"), literal(key)) for key in ("_type", "id")]
    plan = Extend(plan, (("source", call("concat", call("concat", title[0], literal(": ")), title[1])),), "locations")
    inner = over(
        aggregation("lead", plan.column("source"), literal(1), literal(None, STRING)),
        keys,
        (Ordering(plan.column("__position")),),
    )
    plan = Extend(plan, (("target", inner),), "nested_locations")
    pairs = flows([frame_of(state.with_plan(plan, ()), ["source", "target"])])
    if return_figure or show:
        figure = diagram(pairs, n_top_examples, "Locations and the locations inside them, by events")
        if return_figure:
            return figure
        figure.show()
    return pairs if return_df else None


def _most_common(plan: Node) -> ScalarQuery:
    """Return the root location with the most events; ties are broken by name."""
    counted = Aggregate(
        Filter(plan, call("not_null", plan.column("__root"))),
        (("root", plan.column("__root")),),
        (("events", aggregation("size")),),
        "roots",
    )
    order = (Ordering(counted.column("events"), ascending=False), Ordering(counted.column("root")))
    return ScalarQuery(Limit(counted, order, 1, 0, "most_common_root"), "root")
