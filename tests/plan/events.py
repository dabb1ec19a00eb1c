"""A table of events for tests of passes, and the comparison of a plan before and after a pass."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

from reference import evaluate
from spec.engines import same_rows

from objectiv_local.frame.state import State
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.plan.explain import explain
from objectiv_local.plan.expr import Expr, Ordering, aggregation, call, cast, literal, over
from objectiv_local.plan.nodes import Node, Source, Values
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import complete_orders
from objectiv_local.types import DATE, INT64, JSON, STRING, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable

    from reference.engine import Sources

COLUMNS = (("event_id", INT64), ("user_id", STRING), ("moment", TIMESTAMP), ("k", INT64), ("stack", JSON))


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"2024-{text}")


HOME = [{"_type": "RootLocationContext", "id": "home"}]
LOGO = [*HOME, {"_type": "LinkContext", "id": "logo"}]
#: User u has two sessions on one day and one on the next; v has one that crosses midnight; one user is missing.
ROWS = (
    (1, "u", at("03-01 10:00"), 1, HOME),
    (2, "u", at("03-01 10:05"), 2, LOGO),
    (3, "v", at("03-01 10:06"), 1, HOME),
    (4, "u", at("03-01 12:00"), None, LOGO),
    (5, "v", at("03-01 23:50"), 3, {"t": "number", "n": "7"}),
    (6, "v", at("03-02 00:10"), 3, {"t": "word", "n": "x"}),
    (7, None, at("03-02 08:00"), 1, None),
    (8, "u", at("03-02 09:00"), 5, HOME),
    (9, "u", at("03-02 09:00"), 5, HOME),
)


def events(rows: tuple[tuple[object, ...], ...] = ROWS) -> Node:
    """Return the events, with their id as key."""
    values = tuple(
        tuple(
            literal(json.dumps(value) if type_ == JSON and value is not None else value, type_)
            for value, (_, type_) in zip(row, COLUMNS, strict=True)
        )
        for row in rows
    )
    return Values(COLUMNS, values, ("event_id",), "data")


DATA = Relation("table", ("data",))
#: The events as rows of a table with a row id.
STORED = {
    DATA: [
        {"rowid": number, **dict(zip((name for name, _ in COLUMNS), (*row[:-1], json.dumps(row[-1])), strict=True))}
        for number, row in enumerate(ROWS)
    ]
}


def stored_events(*, text: bool = False, row_id: bool = True) -> Node:
    """Return the events as a table, with the stacks as JSON or as text."""
    columns = tuple((name, name, "", STRING if text and name == "stack" else type_) for name, type_ in COLUMNS)
    return Source(DATA, columns, ("event_id",), 0, "data", (("rowid", "BIGINT"),) if row_id else ())


def sessions(rows: tuple[tuple[object, ...], ...] = ROWS) -> Node:
    """Return the events with sessions that end after half an hour."""
    return with_sessions(State(events(rows), None, "duckdb", ("event_id",)), 1800).plan


def day(node: Node) -> Expr:
    return call("strftime", node.column("moment"), literal("%Y-%m-%d"))


def date(node: Node) -> Expr:
    return cast(node.column("moment"), DATE)


def per_user(node: Node, op: str, *args: Expr) -> Expr:
    """Return an aggregate of all rows of the user of each row."""
    return over(aggregation(op, *args), [node.column("user_id")])


def numbered(node: Node) -> Expr:
    """Return the number of each row among those of its user."""
    return over(aggregation("row_number"), [node.column("user_id")], [Ordering(node.column("event_id"))])


def after(plan: Node, pass_: Callable[[Node], Node], sources: Sources = STORED) -> str:
    """Return the plan after a pass as text, having compared the answers before and after it."""
    plan = complete_orders(plan)
    changed = pass_(plan)
    before = evaluate(plan, sources)
    order = [list(changed.types).index(name) for name in plan.types]
    found = [tuple(row[i] for i in order) for row in evaluate(changed, sources)]
    assert same_rows(found, before), f"{explain(plan)}\n{before}\n\n{explain(changed)}\n{found}"
    return explain(changed)


def is_kept(plan: Node, pass_: Callable[[Node], Node]) -> bool:
    """Return whether a pass leaves the plan as it is."""
    plan = complete_orders(plan)
    return pass_(plan) is plan


def change(plan: Node, pass_: Callable[[Node], Node], sources: Sources = STORED) -> str:
    """Return the plan before and after a pass as text, having compared the answers."""
    return f"{explain(complete_orders(plan))}\nbecomes\n{after(plan, pass_, sources)}"
