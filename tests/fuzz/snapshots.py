"""Events as stored in a snapshot: their stacks in a dimension that is joined by an id, JSON keys as additional columns."""

from __future__ import annotations

from random import Random

from fuzz.questions import COLUMNS, STACKS, chance, pick, question, rows_left, value
from reference import evaluate

from objectiv_local.frame.state import State
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.plan.expr import Column, Expr, call, case, cast, literal
from objectiv_local.plan.nodes import Extend, Filter, Join, JoinSide, Node, Select, Union, Values
from objectiv_local.types import INT64, JSON

#: Columns of events that are stored with them.
OWN = tuple(column for column in COLUMNS if column[0] != "stack")
_STACK, _PROPERTIES = Column("stack", JSON), Column("properties", JSON)
_WORDS = tuple(map(literal, ("_type", "id", "Context", ":", " in ", ">")))


def _number(json: Column) -> Expr:
    is_number = call("eq", call("json_get_text", json, literal("t")), literal("number"))
    return case([(is_number, cast(call("json_get_text", json, literal("n")), INT64))])


#: JSON keys that tables store as columns, with these columns.
MEMBERS: tuple[tuple[Expr, str], ...] = (
    (call("json_get_text", _PROPERTIES, literal("t")), "properties_t"),
    (_number(_PROPERTIES), "properties_n"),
    (call("json_get_text", call("json_index", _PROPERTIES, literal(0)), literal("id")), "properties_id"),
    (call("json_path_name", _STACK, *_WORDS), "stack_name"),
    (call("json_get_text", _STACK, literal("t")), "stack_t"),
)


def snapshot_question(seed: int) -> Node:
    """Return a question of the events of a snapshot."""
    return question(seed, snapshot)


def snapshot_rows(seed: int) -> Node:
    """Return a program that shows events of a snapshot."""
    return rows_left(seed, snapshot)


def snapshot(draw: Random) -> Node:
    """Return up to nine events with stacks from a dimension, most often all of them with one, and most often in sessions."""
    node = events(draw)
    if chance(draw, 10):
        # Two snapshots, or one together with events that have not been exported yet.
        other = events(draw) if chance(draw, 50) else live(draw)
        node = Union((node, other), tuple(name for name in node.types if name in other.types))
    elif chance(draw, 10):
        node = met(draw, node)
    if chance(draw, 60):
        node = with_sessions(State(node, None, "duckdb", ("event_id",)), pick(draw, (0, 900, 1800))).plan
    return node


def events(draw: Random) -> Node:
    """Return events joined to the dimension of their stacks."""
    is_total = chance(draw, 70)
    ids = range(1, len(STACKS) + 1)
    rows = []
    for number in range(draw.randint(0, 9)):
        stack_id = literal(pick(draw, ids) if is_total else pick(draw, (None, 99, *ids)), INT64)
        rows.append((literal(number), *(value(draw, type_) for _, type_ in OWN[1:]), stack_id, value(draw, JSON)))
    left = with_members(Values((*OWN, ("stack_id", INT64), ("properties", JSON)), tuple(rows), ("event_id",), "facts"))
    right: Node = dimension()
    if not is_total and chance(draw, 50):
        right = Filter(right, literal(True))
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in left.types]
    columns.append(("stack", "right", ("stack", "stack")))
    joined = Join(
        left, right, "left", (("stack_id", "stack_id"),), tuple(columns), False, "events", ("event_id",), total=is_total
    )
    hidden = {name for name in joined.types if name not in dict(COLUMNS) and (name != "properties" and chance(draw, 80))}
    return Select(joined, tuple((name, joined.column(name)) for name in joined.types if name not in hidden), "events")


def dimension() -> Node:
    """Return all stacks by their ids."""
    rows = tuple((literal(number), literal(stack, JSON)) for number, stack in enumerate(STACKS, 1))
    return with_members(Values((("stack_id", INT64), ("stack", JSON)), rows, ("stack_id",), "stacks"))


def with_members(rows: Values) -> Values:
    """Return rows with a column for each member that tables have of their JSON columns."""
    members = [(expr, name) for expr, name in MEMBERS if rows.types.keys() >= expr.columns]
    found = evaluate(Extend(rows, tuple((name, expr) for expr, name in members)))
    types = [expr.type for expr, _ in members]
    more = [[literal(value, type_) for value, type_ in zip(row[len(rows.types) :], types, strict=True)] for row in found]
    columns = (*rows.columns, *((name, expr.type) for expr, name in members))
    return Values(columns, tuple((*row, *added) for row, added in zip(rows.rows, more, strict=True)), rows.key, rows.step)


def live(draw: Random) -> Node:
    """Return events with their stacks beside them."""
    rows = tuple(
        (literal(100 + number), *(value(draw, type_) for _, type_ in COLUMNS[1:])) for number in range(draw.randint(0, 3))
    )
    return Values(COLUMNS, rows, ("event_id",), "live")


def met(draw: Random, node: Node) -> Node:
    """Join two frames of snapshots, which then have two columns of stacks."""
    other = events(draw) if chance(draw, 50) else node
    renamed = Select(other, tuple((f"other_{name}", other.column(name)) for name in ("event_id", "user_id", "k", "stack")))
    how = pick(draw, ("inner", "left"))
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, "")) for name in node.types]
    # The number of the other event, because pairs that differ in JSON alone have no order.
    columns += [("other_event", "right", ("", "other_event_id")), ("other", "right", ("", "other_stack"))]
    joined = Join(node, renamed, how, (("user_id", "other_user_id"), ("k", "other_k")), tuple(columns))
    return Extend(joined, (("other", joined.column("other")),)) if chance(draw, 20) else joined
