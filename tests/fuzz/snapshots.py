"""Events as a snapshot has them: their stacks in a dimension that is joined by an id, members of JSON in columns beside it."""

from __future__ import annotations

from random import Random

from fuzz.questions import COLUMNS, STACKS, chance, pick, question, rows_left, value

from objectiv_local.frame.state import State
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.plan.expr import literal
from objectiv_local.plan.nodes import Extend, Filter, Join, JoinSide, Node, Select, Union, Values
from objectiv_local.types import INT64, JSON

#: Columns of events that lie with them.
OWN = tuple(column for column in COLUMNS if column[0] != "stack")


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
        # Two snapshots, or one with events that were not exported yet.
        other = events(draw) if chance(draw, 50) else live(draw)
        node = Union((node, other), tuple(node.types))
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
        rows.append((literal(number), *(value(draw, type_) for _, type_ in OWN[1:]), stack_id))
    left: Node = Values((*OWN, ("stack_id", INT64)), tuple(rows), ("event_id",), "facts")
    right: Node = dimension()
    if not is_total and chance(draw, 50):
        right = Filter(right, literal(True))
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, name)) for name in left.types]
    columns.append(("stack", "right", ("stack", "stack")))
    joined = Join(left, right, "left", (("stack_id", "stack_id"),), tuple(columns), False, "events", ("event_id",),
                  total=is_total)
    return Select(joined, tuple((name, joined.column(name)) for name, _ in COLUMNS), "events")


def dimension() -> Node:
    """Return all stacks by their ids."""
    rows = tuple((literal(number), literal(stack, JSON)) for number, stack in enumerate(STACKS, 1))
    return Values((("stack_id", INT64), ("stack", JSON)), rows, ("stack_id",), "stacks")


def live(draw: Random) -> Node:
    """Return events with their stacks beside them."""
    rows = tuple((literal(100 + number), *(value(draw, type_) for _, type_ in COLUMNS[1:]))
                 for number in range(draw.randint(0, 3)))
    return Values(COLUMNS, rows, ("event_id",), "live")


def met(draw: Random, node: Node) -> Node:
    """Join two frames of snapshots, whose stacks are two columns then."""
    other = events(draw) if chance(draw, 50) else node
    renamed = Select(other, tuple((f"other_{name}", other.column(name)) for name in ("user_id", "k", "stack")))
    how = pick(draw, ("inner", "left"))
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(name, "left", (name, "")) for name in node.types]
    columns.append(("other", "right", ("", "other_stack")))
    joined = Join(node, renamed, how, (("user_id", "other_user_id"), ("k", "other_k")), tuple(columns))
    return Extend(joined, (("other", joined.column("other")),)) if chance(draw, 20) else joined
