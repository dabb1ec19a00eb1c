"""Random questions of product analytics: events with sessions, labeled by windows, filtered, grouped and joined.

The programs of ``programs.py`` cover every operation; these cover the passes. Labels are used as filters, keys and values in
every combination, steps are shared, names are reused, and most groups are small, so that a pass that moves a step too far
changes a result.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from fuzz.programs import rounded
from fuzz.values import ZONES

from objectiv_local.frame.state import State
from objectiv_local.hub.sessions import with_sessions
from objectiv_local.plan.expr import (
    Aggregation,
    Column,
    Expr,
    InQuery,
    Ordering,
    ScalarQuery,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
)
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    Limit,
    NamedExprs,
    Node,
    Pin,
    Select,
    Sort,
    Union,
    Unnest,
    Values,
)
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, Type

COLUMNS: tuple[tuple[str, Type], ...] = (
    ("event_id", INT64),
    ("user_id", STRING),
    ("moment", TIMESTAMP),
    ("k", INT64),
    ("s", STRING),
    ("b", BOOL),
    ("x", FLOAT64),
    ("stack", JSON),
)
#: Names that labels and results take; some are those of columns.
NAMES = ("a", "l", "day", "condition", "k", "s", "b", "user_id", "count_k", "min_session_id", "moment_day")
#: Two days of one week, the last day of a year and the first of the next, a leap day.
MOMENTS = tuple(
    map(
        datetime.datetime.fromisoformat,
        (
            "2020-12-30 10:00:00",
            "2020-12-30 10:10:00",
            "2020-12-30 23:50:00",
            "2020-12-31 00:05:00",
            "2020-12-31 12:00:00",
            "2020-12-31 23:59:59.999999",
            "2021-01-01 00:00:00",
            "2021-01-01 00:00:00.000001",
            "2020-02-29 08:00:00",
        ),
    )
)
#: The key "n" has a number only if "t" says so, and it is not read as a number otherwise.
STACKS = tuple(
    map(
        json.dumps,
        (
            [{"_type": "RootLocationContext", "id": "home"}],
            [{"_type": "RootLocationContext", "id": "home"}, {"_type": "LinkContext", "id": "logo"}],
            [{"_type": "LinkContext", "id": "logo"}],
            [],
            {"t": "number", "n": "1"},
            {"t": "number", "n": "2"},
            {"t": "word", "n": "x"},
            {"t": None},
            {"t": 1},
            {"id": "home"},
            None,
        ),
    )
)
POOLS: dict[Type, tuple[object, ...]] = {
    BOOL: (True, False),
    INT64: (0, 1, 2, 3),
    FLOAT64: (0.0, 0.25, 1.5, -2.5),
    STRING: ("u", "v", "w", ""),
    DATE: (datetime.date(2020, 12, 30), datetime.date(2020, 12, 31)),
    TIMESTAMP: MOMENTS,
    TIMEDELTA: (datetime.timedelta(), datetime.timedelta(minutes=10)),
    JSON: STACKS,
}
FORMATS = ("%Y-%m-%d", "%Y-%m", "%Y%j", "%H", "%Y-%m-%d %H", "%G-%V", "%d", "%a %d %b", "%y-%m-%d")
PERIODS = ("year", "quarter", "month", "week", "day", "hour", "second")
PARTS = ("year", "month", "day", "dayofweek", "hour", "minute")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

T = TypeVar("T")


def pick(draw: Random, items: Sequence[T]) -> T:
    return items[int(draw.random() * len(items))]


def chance(draw: Random, percent: int) -> bool:
    return draw.random() * 100 < percent


def question(seed: int, start: Callable[[Random], Node] | None = None) -> Node:
    """Return a program: events with a few labels and filters, and most often a question about them."""
    draw = Random(seed)
    node = (start or events)(draw)
    for _ in range(draw.randint(1, 5)):
        node = pick(draw, STEPS)(draw, node)
    if chance(draw, 90):
        node = pick(draw, (grouped, grouped, grouped, grouped, two_questions, counted_within))(draw, node)
        for _ in range(draw.randint(0, 2)):
            node = pick(draw, (labeled, filtered, grouped, selected, limited))(draw, node)
    if chance(draw, 10):
        return Sort(node, (order_by(draw, node),))
    return node


def rows_left(seed: int, start: Callable[[Random], Node] | None = None) -> Node:
    """Return a program that shows events with their JSON: labels, filters and limits, and no question at the end."""
    draw = Random(seed)
    node = (start or events)(draw)
    for _ in range(draw.randint(1, 6)):
        node = pick(draw, (labeled,) * 3 + (described,) * 2 + (filtered, limited, pinned, selected))(draw, node)
    if chance(draw, 80):
        node = pick(draw, (filtered, limited))(draw, node)
    for _ in range(draw.randint(0, 2)):
        node = pick(draw, (labeled, described, selected, grouped, united, joined_back))(draw, node)
    return Sort(node, (order_by(draw, node),)) if chance(draw, 20) else node


def events(draw: Random) -> Node:
    """Return up to nine events of few users at few moments, most often in sessions."""
    rows = [(literal(number), *(value(draw, type_) for _, type_ in COLUMNS[1:])) for number in range(draw.randint(0, 9))]
    if rows and chance(draw, 10):
        rows.append(rows[0])
        return Values(COLUMNS, tuple(rows), None, "data")
    node: Node = Values(COLUMNS, tuple(rows), ("event_id",) if chance(draw, 80) else None, "data")
    if chance(draw, 70):
        node = with_sessions(State(node, None, "duckdb", ("event_id",)), pick(draw, (0, 900, 1800, 86400))).plan
    return node


def question_of_text(seed: int) -> Node:
    """Return a question about events with a number that is stored as text, sometimes spelled in two ways: their count."""
    draw = Random(seed)
    if chance(draw, 50):
        return question(seed, events_with_text)
    node = events_with_text(draw)
    for _ in range(draw.randint(0, 2)):
        node = pick(draw, (labeled, selected, filtered))(draw, node)
    keys = [(column.name, column) for column in columns(node, STRING, BOOL, INT64) if chance(draw, 25)]
    numbers = [column for column in columns(node, INT64) if column.name == "k"] or columns(node, INT64)
    if not numbers:
        return node
    return Aggregate(node, tuple(keys), ((unused_name("n", dict(keys)), aggregation("nunique", numbers[0])),), "numbers")


def events_with_text(draw: Random) -> Node:
    """Return up to nine events whose ``k`` is read from text, most often in sessions."""
    rows = [
        (
            literal(number),
            *(value(draw, type_) for _, type_ in COLUMNS[1:]),
            literal(pick(draw, ("1", "01", "2", "3", None)), STRING),
        )
        for number in range(draw.randint(0, 9))
    ]
    node: Node = Values((*COLUMNS, ("code", STRING)), tuple(rows), ("event_id",), "data")
    node = Extend(node, (("k", cast(node.column("code"), INT64)),), "read")
    if chance(draw, 50):
        node = with_sessions(State(node, None, "duckdb", ("event_id",)), pick(draw, (0, 900, 1800))).plan
    return node


def value(draw: Random, type_: Type) -> Expr:
    return literal(None if chance(draw, 15) else pick(draw, POOLS[type_]), type_)


# ---- expressions


def columns(node: Node, *types: Type) -> list[Column]:
    return [node.column(name) for name, type_ in node.types.items() if type_ in types]


def scalar(draw: Random, node: Node, type_: Type) -> Expr:
    """Return a row-wise expression of ``type_``."""
    found = columns(node, type_)
    if found and chance(draw, 60):
        return pick(draw, found)
    if type_ == BOOL:
        return condition(draw, node)
    moments = columns(node, TIMESTAMP)
    if moments and chance(draw, 60):
        moment = pick(draw, moments)
        if chance(draw, 30):
            moment = call(pick(draw, ("at_zone", "from_zone")), moment, literal(pick(draw, ZONES)))
        if type_ == STRING:
            return call("strftime", moment, literal(pick(draw, FORMATS)))
        if type_ == INT64:
            return call("date_part", literal(pick(draw, PARTS)), moment)
        if type_ == DATE:
            return cast(moment, DATE)
        if type_ == TIMESTAMP:
            return call("date_trunc", literal(pick(draw, PERIODS)), moment)
    stacks = columns(node, JSON)
    if stacks and type_ == STRING:
        stack = pick(draw, stacks)
        return pick(
            draw,
            (
                call("json_path_name", stack, *map(literal, ("_type", "id", "Context", ":", " in ", ">"))),
                call("json_get_text", stack, literal("t")),
                call("json_get_text", call("json_index", stack, literal(0)), literal("id")),
            ),
        )
    if stacks and type_ == INT64:
        stack = pick(draw, stacks)
        # The number is read under a condition, without which reading it is an error.
        is_number = call("eq", call("json_get_text", stack, literal("t")), literal("number"))
        return pick(
            draw, (call("json_length", stack), case([(is_number, cast(call("json_get_text", stack, literal("n")), INT64))]))
        )
    if found and type_ == INT64:
        return call(pick(draw, ("add", "sub")), pick(draw, found), literal(pick(draw, POOLS[INT64])))
    if type_ == STRING and columns(node, INT64):
        return cast(pick(draw, columns(node, INT64)), STRING)
    return value(draw, type_)


def condition(draw: Random, node: Node, depth: int = 2) -> Expr:
    """Return a condition on one row, with windows in it now and then."""
    if depth and chance(draw, 25):
        if chance(draw, 30):
            return call("not", condition(draw, node, depth - 1))
        return call(pick(draw, ("and", "or")), condition(draw, node, depth - 1), condition(draw, node, depth - 1))
    flags = columns(node, BOOL)
    if flags and chance(draw, 30):
        return pick(draw, flags)
    stacks = columns(node, JSON)
    if stacks and chance(draw, 15):
        stack = pick(draw, stacks)
        if chance(draw, 30):
            text = literal(json.dumps(pick(draw, ("word", "1"))), JSON)
            test = call("json_equal", call("json_get", stack, literal("t")), text)
            return call("coalesce", test, literal(pick(draw, (False, True)))) if chance(draw, 50) else test
        return call("json_has", stack, literal({"_type": pick(draw, ("LinkContext", "RootLocationContext"))}))
    type_ = pick(draw, (INT64, INT64, STRING, TIMESTAMP))
    if chance(draw, 15) and columns(node, type_):
        return call(pick(draw, ("is_null", "not_null")), pick(draw, columns(node, type_)))
    left = pick(draw, columns(node, type_)) if columns(node, type_) else scalar(draw, node, type_)
    others = [column for column in columns(node, type_) if column is not left]
    right = pick(draw, others) if others and chance(draw, 50) else value(draw, type_)
    return call(pick(draw, COMPARISONS), left, right)


def partition(draw: Random, node: Node) -> list[Expr]:
    """Return the partition of a window."""
    found: list[Expr] = [
        node.column(name) for name in ("user_id", "session_id") if node.types.get(name, JSON) != JSON and chance(draw, 40)
    ]
    if chance(draw, 40):
        found.append(scalar(draw, node, pick(draw, (STRING, INT64, BOOL, DATE, TIMESTAMP))))
    return found


def order_by(draw: Random, node: Node) -> Ordering:
    type_ = pick(draw, [type_ for type_ in (INT64, STRING, TIMESTAMP, FLOAT64) if columns(node, type_)] or [INT64])
    found = columns(node, type_)
    return Ordering(pick(draw, found) if found else literal(1), chance(draw, 50), chance(draw, 50))


def argument(draw: Random, node: Node, op: str) -> tuple[Expr, ...]:
    """Return the arguments of an aggregate, most often a column."""
    if op == "size":
        return ()
    types: Sequence[Type] = (INT64, STRING, TIMESTAMP, BOOL, DATE, FLOAT64)
    if op in ("any", "all"):
        types = (BOOL,)
    elif op in ("sum", "sum_or_null", "mean", "var"):
        types = (INT64, FLOAT64)
    elif op == "count":
        types = (INT64, STRING, JSON)
    elif op == "quantile":
        types = (FLOAT64, INT64)
    else:
        ids = [node.column(name) for name in ("session_id", "user_id") if node.types.get(name, JSON) != JSON]
        if ids and chance(draw, 60):
            return (pick(draw, ids),)
    found = scalar(draw, node, pick(draw, types))
    extra = {"var": (literal(1),), "quantile": (literal(0.5),)}
    return (found, *extra.get(op, ()))


def aggregate(draw: Random, node: Node) -> Aggregation:
    """Return an aggregate of rows, sometimes of a part of them."""
    op = pick(
        draw,
        (
            "nunique",
            "nunique",
            "nunique",
            "min",
            "max",
            "sum",
            "sum_or_null",
            "count",
            "size",
            "any",
            "all",
            "mean",
            "var",
            "quantile",
            "first",
            "mode",
        ),
    )
    order = (order_by(draw, node),) if op == "first" else ()
    args = (scalar(draw, node, STRING),) if op == "mode" else argument(draw, node, op)
    where = None
    if chance(draw, 25):
        where = labeling(draw, node, BOOL) if chance(draw, 30) else condition(draw, node)
    return aggregation(op, *args, order=order, where=where)


def window(draw: Random, node: Node) -> Expr:
    """Return a window: mostly an aggregate of a whole partition, as labels are."""
    keys = partition(draw, node)
    if chance(draw, 70):
        op = pick(draw, ("min", "min", "max", "sum", "sum_or_null", "count", "size", "any", "all", "mean"))
        where = condition(draw, node) if chance(draw, 15) else None
        function = aggregation(op, *argument(draw, node, op), where=where)
        if chance(draw, 80):
            return over(function, keys)
        frame = pick(draw, (None, WindowFrame("ROWS", None, 0), WindowFrame("ROWS", 0, None), WindowFrame("ROWS", -1, 1)))
        return over(function, keys, [order_by(draw, node)], frame)
    op = pick(draw, ("row_number", "rank", "dense_rank", "lag", "lead", "first_value", "ntile"))
    arg = scalar(draw, node, pick(draw, (INT64, STRING, TIMESTAMP)))
    args: dict[str, tuple[Expr, ...]] = {
        "lag": (arg, literal(1), literal(None, arg.type)),
        "lead": (arg, literal(1), literal(None, arg.type)),
        "first_value": (arg,),
        "ntile": (literal(2),),
    }
    return over(aggregation(op, *args.get(op, ())), keys, [order_by(draw, node)])


def labeling(draw: Random, node: Node, type_: Type | None = None) -> Expr:
    """Return an expression over a window: the window itself, or a condition on it."""
    found = window(draw, node)
    if type_ != BOOL and chance(draw, 50):
        return found
    if found.type == BOOL:
        return call("not", found) if chance(draw, 30) else found
    same = columns(node, found.type)
    if same and chance(draw, 60):
        return call(pick(draw, COMPARISONS), found, pick(draw, same))
    if chance(draw, 30):
        other = over(aggregation("min", pick(draw, same)), partition(draw, node)) if same else found
        return call(pick(draw, ("eq", "lt")), found, other)
    if chance(draw, 20):
        return call("is_null", found)
    return call(pick(draw, COMPARISONS), found, value(draw, found.type))


# ---- steps


def labeled(draw: Random, node: Node) -> Node:
    """Add one or two columns, most of them labels, some in place of a column."""
    free = [name for name in NAMES if name not in node.types]
    found: dict[str, Expr] = {}
    for _ in range(draw.randint(1, 2)):
        name = pick(draw, free if free and chance(draw, 85) else NAMES)
        type_ = pick(draw, (INT64, STRING, BOOL, TIMESTAMP))
        found[name] = labeling(draw, node) if chance(draw, 70) else scalar(draw, node, type_)
    return Extend(node, tuple(found.items()), "labels", (), chance(draw, 3))


def described(draw: Random, node: Node) -> Node:
    """Add or replace columns that are computed from JSON or of one row."""
    stacks = columns(node, JSON)
    names = [*NAMES, "stack", "part", "name"]
    found: dict[str, Expr] = {}
    for _ in range(draw.randint(1, 2)):
        if stacks and chance(draw, 60):
            found[pick(draw, names)] = call("json_index", pick(draw, stacks), literal(pick(draw, (0, -1))))
        else:
            found[pick(draw, names)] = scalar(draw, node, pick(draw, (STRING, INT64, BOOL)))
    return Extend(node, tuple(found.items()), "described")


def filtered(draw: Random, node: Node) -> Node:
    """Keep the rows of a condition, of a label, or of a window."""
    way = draw.randint(0, 99)
    if way < 30:
        return Filter(node, labeling(draw, node, BOOL))
    if way < 36:
        return Filter(node, queried(draw, node))
    return Filter(node, condition(draw, node))


def queried(draw: Random, node: Node) -> Expr:
    """Return a condition that reads other rows: all of these, or a part."""
    other = Filter(node, condition(draw, node)) if chance(draw, 50) else node
    same = columns(node, INT64, STRING)
    if not same:
        return literal(True)
    column = pick(draw, same)
    if chance(draw, 50):
        return InQuery(column, other, column.name)
    return call("eq", column, ScalarQuery(Aggregate(other, (), (("answer", aggregation("max", column)),)), "answer"))


def selected(draw: Random, node: Node) -> Node:
    """Keep most columns, one of them under another name."""
    kept: dict[str, Expr] = {name: node.column(name) for name in node.types if chance(draw, 85)} or {
        name: node.column(name) for name in node.types
    }
    if chance(draw, 40):
        name = pick(draw, list(kept))
        new = pick(draw, NAMES)
        if new not in kept:
            kept[new] = kept.pop(name)
    return Select(node, tuple(kept.items()))


def limited(draw: Random, node: Node) -> Node:
    return Limit(node, (order_by(draw, node),), pick(draw, (1, 3, 5)), pick(draw, (0, 0, 1)))


def pinned(draw: Random, node: Node) -> Node:
    return Pin(node)


def united(draw: Random, node: Node) -> Node:
    """Append a part of the rows to all of them."""
    part: Node = Filter(node, condition(draw, node))
    if chance(draw, 30):
        # As in frames that are appended one by one.
        part = Select(
            Union((part, Filter(node, condition(draw, node))), tuple(node.types)),
            tuple((name, node.column(name)) for name in node.types),
        )
    return Union((node, part), tuple(node.types))


def joined_back(draw: Random, node: Node) -> Node:
    """Add an aggregate of the group of each row by a join, as a frame does when it aligns on its index."""
    found = columns(node, STRING, INT64)
    if not found:
        return node
    own = pick(draw, found)
    rows = filtered(draw, node) if chance(draw, 40) else node
    groups = Aggregate(rows, ((own.name, own),), (("of_group", aggregate(draw, rows)),))
    if groups.aggregates[0][1].op in ("var", "quantile"):
        return node
    kept = tuple((name, "left", (name, name)) for name in node.types if name != "of_group")
    name = pick(draw, [name for name in (*NAMES, "of_group") if name not in dict.fromkeys(each for each, _, _ in kept)])
    return Join(
        node,
        groups,
        pick(draw, ("left", "left", "inner")),
        ((own.name, own.name),),
        (*kept, (name, "right", ("of_group", "of_group"))),
        chance(draw, 70),
        "",
        node.key,
    )


def unnested(draw: Random, node: Node) -> Node:
    """Make a row of each element of a stack."""
    stacks = columns(node, JSON)
    return Unnest(node, pick(draw, stacks), "item", "position") if stacks else node


def key(draw: Random, node: Node) -> Expr:
    """Return what rows are grouped by: a column, a period, a condition, or a window."""
    way = draw.randint(0, 99)
    if way < 25:
        return labeling(draw, node)
    if way < 50 and columns(node, INT64, STRING, BOOL):
        return pick(draw, columns(node, INT64, STRING, BOOL))
    if way < 65:
        return condition(draw, node)
    return scalar(draw, node, pick(draw, (STRING, INT64, DATE, TIMESTAMP)))


def keys_of(draw: Random, node: Node) -> NamedExprs:
    names = draw.sample(NAMES, len(NAMES))
    found = []
    for _ in range(draw.randint(0, 2)):
        expr = key(draw, node)
        if expr.type != JSON:
            own = expr.name if isinstance(expr, Column) and expr.name not in dict(found) else None
            found.append((own or next(name for name in names if name not in dict(found)), expr))
    return tuple(found)


def aggregates_of(draw: Random, node: Node, keys: NamedExprs) -> NamedExprs:
    taken = dict(keys)
    found = []
    for number in range(draw.randint(1, 2)):
        expr = aggregate(draw, node)
        name = pick(draw, ("n", "sessions", "value", "user_id"))
        found.append((name if name not in taken else f"value_{number}", expr))
        taken[found[-1][0]] = expr
    return tuple(found)


def grouped(draw: Random, node: Node) -> Node:
    keys = keys_of(draw, node)
    calls = aggregates_of(draw, node, keys)
    if len(keys) == 2 and chance(draw, 15) and keys[0][1] is not keys[1][1]:
        sets = pick(draw, (((0, 1), (0,), ()), ((0,), (1,)), ((1,), ())))
        return rounded(GroupingSets(node, keys, sets, calls, "level"), calls)
    return rounded(Aggregate(node, keys, calls, "answer"), calls)


def counted_within(draw: Random, node: Node) -> Node:
    """Count users and their sessions."""
    if any(node.types.get(name, JSON) == JSON for name in ("user_id", "session_id")):
        return grouped(draw, node)
    where = condition(draw, node) if chance(draw, 10) else None
    calls = (
        ("users", aggregation("nunique", node.column("user_id"), where=where)),
        ("sessions", aggregation("nunique", node.column("session_id"))),
    )
    return Aggregate(node, keys_of(draw, node), calls if chance(draw, 80) else calls[::-1], "answer")


def two_questions(draw: Random, node: Node) -> Node:
    """Combine two questions about the same rows, usually one about a part of them, side by side."""
    keys = keys_of(draw, node)
    while not keys:
        keys = keys_of(draw, node)
    sides = []
    for _ in range(2):
        rows = filtered(draw, node) if chance(draw, 50) else node
        rows = filtered(draw, rows) if chance(draw, 15) else rows
        own = keys if chance(draw, 90) else keys_of(draw, node) or keys
        calls = aggregates_of(draw, rows, own)
        side = rounded(Aggregate(rows, own, calls), calls)
        if chance(draw, 25):
            numbers = columns(side, INT64)
            if numbers:
                side = Extend(side, (("twice", call("add", pick(draw, numbers), literal(1))),))
        sides.append((side, own))
    (left, left_keys), (right, right_keys) = sides
    pairs = [(a, b) for (a, x), (b, y) in zip(left_keys, right_keys, strict=False) if x.type == y.type]
    if not pairs or (chance(draw, 10) and len(pairs) > 1):
        pairs = pairs[:1]
    how = pick(draw, ("left", "outer", "inner")) if pairs else "inner"
    out: list[tuple[str, str, tuple[str, str]]] = []
    taken: set[str] = set()
    for a, b in pairs:
        if chance(draw, 85):
            out.append((a, pick(draw, ("both", "both", "both", "left", "right")), (a, b)))
            taken.add(a)
    for side, one in (("left", left), ("right", right)):
        for name in one.types:
            new = f"{name}_{side}"
            if new not in taken and chance(draw, 85):
                out.append((new, side, (name, name)))
                taken.add(new)
    if not out:
        out = [("first", "left", (next(iter(left.types)),) * 2)]
    return Join(left, right, how, tuple(pairs), tuple(out), chance(draw, 85))


Step = Callable[[Random, Node], Node]
STEPS: tuple[Step, ...] = (labeled,) * 5 + (filtered,) * 4 + (selected, limited, pinned, united, joined_back, unnested)
