"""How often one location follows another, as numbers and as a Sankey diagram."""

from __future__ import annotations

from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
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
    literal,
    over,
)
from objectiv_local.frame.reshape import concat
from objectiv_local.hub.checks import require
from objectiv_local.hub.features import location_series
from objectiv_local.hub.series import SeriesLocationStack
from objectiv_local.types import STRING

#: Letters of a location's name in a diagram.
MOST_LETTERS = 40


def check_most(n_top_examples: int | None) -> None:
    """Raise InvalidValue for a number of pairs that cannot be drawn."""
    if n_top_examples is not None and n_top_examples < 1:
        raise InvalidValue(f"n_top_examples has to be a whole number from 1, not {n_top_examples!r}")


def flows(pairs: list[DataFrame]) -> DataFrame:
    """Return how often each pair of locations occurs in frames of ``source`` and ``target``, the most frequent first."""
    rows = concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    counted = rows.dropna().groupby(["source", "target"]).size().rename("value").to_frame().reset_index()
    return counted.sort_values(["value", "source", "target"], [False, True, True])


def stack_flows(data: DataFrame, root_location: str | None, location_stack: Series | str | None) -> DataFrame:
    """Return how often each location stands in each other one; see ModelHub.visualize_location_stack."""
    data = require(data, "visualize_location_stack", user_id="", location_stack="")
    stack = location_series(data, location_stack, "visualize_location_stack")
    if not isinstance(stack, SeriesLocationStack) or not isinstance(data["location_stack"], SeriesLocationStack):
        raise InvalidType("location_stack of visualize_location_stack is a series of location stacks, or the name of a column")
    df = data.assign(__stack=stack)
    state = df._state
    roots = call("json_filter", state.column("location_stack"), literal({"_type": "RootLocationContext"}))
    first = call("json_get_text", call("json_index", roots, literal(0)), literal("id"))
    plan: Node = Extend(state.plan, (("__root", first),), "stacks")
    keys = [plan.column(name) for name in plan.key or ()]
    if not keys:
        # Rows without a known key, such as those of appended frames, are numbered.
        number = over(aggregation("row_number"), [], (Ordering(plan.column("__root")),))
        plan = Extend(plan, (("__row", number),), "numbered_events")
        keys = [plan.column("__row")]
    root: Expr = literal(root_location, STRING) if root_location is not None else _most_common(plan)
    plan = Filter(plan, call("eq", plan.column("__root"), root), "stacks")
    plan = Unnest(plan, plan.column("__stack"), "__location", "__position", "locations")
    title = [call("json_get_text", plan.column("__location"), literal(key)) for key in ("_type", "id")]
    plan = Extend(plan, (("source", call("concat", call("concat", title[0], literal(": ")), title[1])),), "locations")
    inner = over(aggregation("lead", plan.column("source"), literal(1), literal(None, STRING)), keys,
                 (Ordering(plan.column("__position")),))
    plan = Extend(plan, (("target", inner),), "nested_locations")
    return flows([DataFrame(state.with_plan(plan, ()), ["source", "target"])])


def _most_common(plan: Node) -> ScalarQuery:
    """Return the root location of most events; of several, the first by name."""
    counted = Aggregate(Filter(plan, call("not_null", plan.column("__root"))), (("root", plan.column("__root")),),
                        (("events", aggregation("size")),), "roots")
    order = (Ordering(counted.column("events"), ascending=False), Ordering(counted.column("root")))
    return ScalarQuery(Limit(counted, order, 1, 0, "most_common_root"), "root")


def diagram(flows: DataFrame, n_top_examples: int | None, title: str) -> Any:
    """Return the diagram of the most frequent pairs, a figure of plotly."""
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise NotSupported("plotly is not installed",
                           hint="pip install 'objectiv-local[plot]', or pass show=False for the numbers") from None
    table = flows.to_pandas(limit=n_top_examples)
    names = list(dict.fromkeys([*table.source, *table.target]))
    places = {name: number for number, name in enumerate(names)}
    links = {"source": [places[name] for name in table.source], "target": [places[name] for name in table.target],
             "value": [int(value) for value in table["value"]]}
    # Long names would run over each other; hovering shows them in full.
    labels = [name if len(name) <= MOST_LETTERS else name[:MOST_LETTERS - 1] + "…" for name in names]
    nodes = {"label": labels, "customdata": names, "hovertemplate": "%{customdata}<br>%{value}<extra></extra>", "pad": 18}
    figure = go.Figure(go.Sankey(node=nodes, link=links))
    figure.update_layout(title_text=title, font_size=11)
    return figure
