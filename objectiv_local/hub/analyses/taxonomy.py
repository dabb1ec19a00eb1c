"""Checks of Objectiv events: contexts that an event type requires, and repeated contexts."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Node,
    Unnest,
    aggregation,
    call,
    expr_of,
    literal,
    series_of,
    state_of,
)

STACK, CONTEXTS, TYPES = "location_stack", "global_contexts", "stack_event_types"
#: The context that the location stack of an event type, and of its subtypes, has to contain.
_NEEDED = {
    "InteractiveEvent": "AbstractLocationContext",
    "PressEvent": "PressableContext",
    "InputChangeEvent": "InputContext",
    "VisibleEvent": "AbstractLocationContext",
    "HiddenEvent": "AbstractLocationContext",
    "MediaEvent": "MediaPlayerContext",
}


def row_checks(data: DataFrame) -> dict[str, Series]:
    """Return, for each check of single events, whether an event fails it; empty for frames without Objectiv's columns."""
    found: dict[str, Series] = {}
    state = state_of(data)
    columns = data.data_columns

    def check(name: str, expr: Expr) -> None:
        found[name] = series_of(state, call("coalesce", expr, literal(False)), name)

    if STACK in columns and TYPES in columns:
        stack, types = expr_of(data[STACK]), expr_of(data[TYPES])
        lacking: Expr = literal(False)
        for event, context in _NEEDED.items():
            is_of = call("coalesce", call("json_contains", types, literal(event)), literal(False))
            lacking = call("or", lacking, call("and", is_of, call("not", _has(stack, context))))
        check("lacks_location", lacking)
        located = call("gt", call("coalesce", call("json_length", stack), literal(0)), literal(0))
        root = call("json_has", stack, literal({"_type": "RootLocationContext"}))
        check("lacks_root_location", call("and", located, call("not", root)))
    if CONTEXTS in columns:
        application = call("json_has", expr_of(data[CONTEXTS]), literal({"_type": "ApplicationContext"}))
        check("lacks_application", call("not", application))
    return found


def _has(stack: Expr, context: str) -> Expr:
    """Return whether a stack has a context of a type or a subtype; contexts list all their types."""
    text = call("coalesce", call("json_text", stack), literal(""))
    return call("contains", text, literal(f'"{context}"'))


def repeated(rows: Node, column: str, event: str) -> Node:
    """Return one row: the number of events with two contexts of the same type and id in a column, and the smallest event id."""
    plan: Node = Unnest(rows, rows.column(column), "context", "place", "contexts")
    context = plan.column("context")
    keys = [
        ("event", plan.column(event)),
        *(
            (name, call("json_get_text", context, literal(key)))
            for name, key in (("context_type", "_type"), ("context_id", "id"))
        ),
    ]
    counted = Aggregate(plan, tuple(keys), (("times", aggregation("size")),), "contexts_of_events")
    twice = Filter(counted, call("gt", counted.column("times"), literal(1)), f"repeated_{column}")
    name, failing = f"repeated_{column}", twice.column("event")
    example = aggregation("min", failing)
    return Aggregate(twice, (), ((name, aggregation("nunique", failing)), (f"{name}_example", example)), name)
