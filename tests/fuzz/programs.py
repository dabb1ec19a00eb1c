"""Random programs: literal tables, and a few steps on top of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fuzz.expressions import (
    ORDERED_TYPES,
    PRODUCTIONS,
    Draw,
    Scope,
    aggregate,
    aggregated,
    applied,
    cast_from,
    chance,
    expression,
    is_exact,
    orders,
    pick,
    windowed,
)
from fuzz.values import ALL_TYPES, MONEY, NAMES, POOLS
from hypothesis import strategies as st

from objectiv_local.plan.expr import Aggregation, Column, Expr, aggregation, call, literal
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Node,
    Pin,
    Select,
    Sort,
    Union,
    Unnest,
    Values,
)
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.passes import PASSES
from objectiv_local.types import BOOL, FLOAT64, INT64, JSON, Type

OPTIONAL = [name for name, _, required in PASSES if not required]


@dataclass(frozen=True)
class Program:
    """A plan. ``ordered``: its rows have an order; ``without``: the optional passes that are turned off."""

    plan: Node
    ordered: bool
    without: frozenset[str]


@st.composite
def programs(draw: Draw) -> Program:
    """Return programs of one to four steps, over one to three tables."""
    scope = table(draw, "data")
    for _ in range(draw(st.integers(1, 4))):
        scope = pick(draw, STEPS)(draw, scope)
    without = draw(st.frozensets(st.sampled_from(OPTIONAL))) if chance(draw, 30) else frozenset()
    if chance(draw, 30):
        return Program(Sort(scope.node, orders(draw, scope, complete=True)), True, without)
    return Program(scope.node, False, without)


@st.composite
def programs_with(draw: Draw, part: object) -> Program:
    """Return programs that contain ``part``: an operation, a cast from one type to another, or a kind of step."""
    scope = table(draw, "data")
    if isinstance(part, type):
        scope = STEP_OF[part](draw, scope) if part in STEP_OF else scope
        return (
            Program(Sort(scope.node, orders(draw, scope, complete=True)), True, frozenset())
            if part is Sort
            else (Program(scope.node, False, frozenset()))
        )
    if isinstance(part, tuple):
        source, target = (MONEY if name == "decimal" else Type(name) for name in part)
        found: Expr = cast_from(draw, source, target, scope)
    else:
        production = pick(draw, [each for each in PRODUCTIONS if each.op.name == part])
        if production.op.kind == "aggregate":
            calls = (("a", aggregated(draw, production, replace(scope, windows=False))),)
            return Program(rounded(Aggregate(scope.node, (), calls), calls), False, frozenset())
        found = (windowed if production.op.kind == "window" else applied)(draw, production, scope)
    return Program(Extend(scope.node, (("a", found),)), False, frozenset())


def table(draw: Draw, step: str) -> Scope:
    """Return a literal table with a unique column, and up to five more of any type."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    types = [pick(draw, ALL_TYPES) for _ in names]
    columns: tuple[tuple[str, Type], ...] = (("k", INT64), *zip(names, types, strict=True))
    rows = draw(st.integers(0, 7))
    values = [(literal(k), *(value(draw, type_) for type_ in types)) for k in range(rows)]
    node = Values(columns, tuple(values), ("k",) if chance(draw, 80) else None, step)
    return Scope(node, ("k",), frozenset(name for name, type_ in columns if type_ == FLOAT64))


def value(draw: Draw, type_: Type) -> Expr:
    return literal(None if chance(draw, 20) else pick(draw, POOLS[type_]), type_)


def new_name(draw: Draw, taken: Sequence[str]) -> str:
    return pick(draw, [name for name in NAMES if name not in taken])


def computed(draw: Draw, scope: Scope) -> Expr:
    return expression(draw, pick(draw, ALL_TYPES), scope)


def extend(draw: Draw, scope: Scope) -> Scope:
    """Add columns, or replace columns that are not in the key, all computed from the original columns."""
    scope = with_queries(draw, scope)
    names = draw(
        st.lists(st.sampled_from([name for name in NAMES if name not in scope.key]), min_size=1, max_size=2, unique=True)
    )
    columns = tuple((name, computed(draw, scope)) for name in names)
    exact = scope.exact - set(names) | {name for name, expr in columns if expr.type == FLOAT64 and is_exact(expr, scope.exact)}
    return Scope(Extend(scope.node, columns), scope.key, frozenset(exact))


def select(draw: Draw, scope: Scope) -> Scope:
    """Keep the key and some columns, some under new names, in any order; and compute one."""
    taken: list[str] = []
    columns: list[tuple[str, Expr]] = []
    exact: set[str] = set()
    key: dict[str, str] = {}
    for name, type_ in scope.node.types.items():
        if name in scope.key or chance(draw, 60):
            new = new_name(draw, taken) if chance(draw, 30) or name in taken else name
            taken.append(new)
            columns.append((new, Column(name, type_)))
            if name in scope.exact:
                exact.add(new)
            if name in scope.key:
                key[name] = new
    if chance(draw, 50) or not columns:
        columns.append((new_name(draw, taken), computed(draw, scope)))
    columns = list(draw(st.permutations(columns)))
    return Scope(Select(scope.node, tuple(columns)), tuple(key[name] for name in scope.key), frozenset(exact))


def filter_(draw: Draw, scope: Scope) -> Scope:
    predicate = expression(draw, BOOL, with_queries(draw, scope))
    return replace(scope, node=Filter(scope.node, predicate), others=())


def group(draw: Draw, scope: Scope) -> Scope:
    """Group by up to two keys, and compute up to three aggregates."""
    inner = replace(scope, windows=False)
    names = list(draw(st.lists(st.sampled_from(NAMES), min_size=5, max_size=5, unique=True)))
    keys: list[tuple[str, Expr]] = []
    exact: set[str] = set()
    for _ in range(draw(st.integers(0, 2))):
        type_ = pick(draw, ORDERED_TYPES)
        columns = scope.columns(type_)
        expr = pick(draw, columns) if columns and chance(draw, 70) else expression(draw, type_, replace(inner, depth=2))
        keys.append((names.pop(), expr))
        if type_ == FLOAT64 and is_exact(expr, scope.exact):
            exact.add(keys[-1][0])
    calls = tuple((names.pop(), aggregate(draw, pick(draw, ALL_TYPES), inner)) for _ in range(draw(st.integers(1, 3))))
    own = tuple(name for name, _ in keys)
    if chance(draw, 25) and len({plain_key(expr, scope.node) for _, expr in keys}) == len(keys):
        sets = draw(st.lists(st.sampled_from([(0, 1), (0,), (1,), ()]), min_size=1, max_size=3, unique=True))
        sets = tuple(dict.fromkeys(tuple(i for i in each if i < len(keys)) for each in sets))
        level = fresh(draw, "level", [*own, *(name for name, _ in calls)])
        return Scope(rounded(GroupingSets(scope.node, tuple(keys), sets, calls, level), calls), (*own, level), frozenset(exact))
    return Scope(rounded(Aggregate(scope.node, tuple(keys), calls), calls), own, frozenset(exact))


def plain_key(expr: Expr, node: Node) -> object:
    """Return the expression that a key comes from, below steps that rename a column; constants are all the same."""
    while isinstance(expr, Column):
        while not isinstance(node, Extend | Select) and node.inputs() and not isinstance(node, Aggregate | Union | Join):
            node = node.inputs()[0]
        if not isinstance(node, Extend | Select):
            break
        below = dict(node.columns).get(expr.name)
        if below is None and isinstance(node, Select):
            break
        node = node.child
        expr = below if below is not None else expr
    return expr if expr.columns else None


def rounded(node: Node, calls: Sequence[tuple[str, Aggregation]]) -> Node:
    """Return the groups, with aggregates rounded if their last digit differs between libraries."""
    columns = tuple(
        (name, call("round", node.column(name), literal(6)))
        for name, expr in calls
        if (OPS[expr.op].approximate or expr.op == "quantile") and expr.type == FLOAT64
    )
    return Extend(node, columns) if columns else node


def union(draw: Draw, scope: Scope) -> Scope:
    """Append the same rows, or some of them. The result has no key."""
    other = filter_(draw, scope) if chance(draw, 70) else scope
    names = [name for name in scope.node.types if name in scope.key or chance(draw, 80)]
    node = Union((scope.node, other.node), tuple(draw(st.permutations(names))))
    return unkeyed(draw, node, scope.exact & set(names))


def unkeyed(draw: Draw, node: Node, exact: frozenset[str]) -> Scope:
    """Return rows that may repeat as groups of equal rows."""
    names = [name for name, type_ in node.types.items() if type_ != JSON]
    grouped = Aggregate(
        node, tuple((name, node.column(name)) for name in names), ((fresh(draw, "size", names), aggregation("size")),)
    )
    return Scope(grouped, tuple(names), exact & set(names))


def unnest(draw: Draw, scope: Scope) -> Scope:
    array = expression(draw, JSON, replace(scope, windows=False, depth=1))
    free = [name for name in (*NAMES, "item", "at") if name not in scope.key]
    item, position = draw(st.lists(st.sampled_from(free), min_size=2, max_size=2, unique=True))
    node = Unnest(scope.node, array, item, position)
    return Scope(node, (*scope.key, position), scope.exact - {item, position})


def pin(draw: Draw, scope: Scope) -> Scope:
    return replace(scope, node=Pin(scope.node, pick(draw, ("", "pinned"))), others=())


def join(draw: Draw, scope: Scope) -> Scope:
    """Join another table, on keys of one type; the keys of both sides stay."""
    right = table(draw, "other")
    for _ in range(draw(st.integers(0, 1))):
        right = pick(draw, (extend, filter_, group, limit))(draw, right)
    pairs = [
        (a, b)
        for a, left_type in scope.node.types.items()
        for b, right_type in right.node.types.items()
        if left_type == right_type and left_type in ORDERED_TYPES
    ]
    conditional = chance(draw, 30) or not pairs
    least = 0 if conditional else 1
    on = tuple(draw(st.lists(st.sampled_from(pairs), min_size=least, max_size=2, unique=True)) if pairs else ())
    how = pick(draw, ("inner", "left") if conditional else ("inner", "left", "outer"))
    taken: list[str] = []
    columns: list[tuple[str, str, tuple[str, str]]] = []
    keys: list[str] = []
    exact: set[str] = set()
    for side, one in (("left", scope), ("right", right)):
        for name in one.node.types:
            if name not in one.key and not chance(draw, 70):
                continue
            new = name if name not in taken and chance(draw, 50) else fresh(draw, name, taken)
            taken.append(new)
            columns.append((new, side, (name, name)))
            if name in one.key:
                keys.append(new)
            if name in one.exact:
                exact.add(new)
    for a, b in on:
        if chance(draw, 50):
            new = fresh(draw, a, taken)
            taken.append(new)
            columns.append((new, "both", (a, b)))
    key = tuple(keys) if chance(draw, 60) else None
    matched = draw(st.booleans())
    node = Join(scope.node, right.node, how, on, tuple(columns), matched, "joined", key)
    if conditional and chance(draw, 70):
        condition = expression(draw, BOOL, Scope(node, (), frozenset(), windows=False, depth=2))
        node = Join(scope.node, right.node, how, on, tuple(columns), matched, "joined", key, condition)
    return Scope(node, tuple(keys), frozenset(exact))


def fresh(draw: Draw, name: str, taken: Sequence[str]) -> str:
    """Return a name that is not taken, even if all candidates are."""
    free = [other for other in NAMES if other not in taken]
    return pick(draw, free) if free else f"{name}_{len(taken)}"


def limit(draw: Draw, scope: Scope) -> Scope:
    order = orders(draw, scope, complete=True)
    count = pick(draw, (None, 0, 1, 2, 3, 5))
    offset = pick(draw, (0, 0, 1, 2))
    return replace(scope, node=Limit(scope.node, order, count, offset), others=())


def with_queries(draw: Draw, scope: Scope) -> Scope:
    """Return ``scope``, sometimes with plans for scalar queries: the rows themselves, or another table."""
    if not chance(draw, 20):
        return scope
    return replace(scope, others=(scope.node, table(draw, "aside").node))


def grouping_sets(draw: Draw, scope: Scope) -> Scope:
    """Group by one column and by nothing."""
    node = GroupingSets(scope.node, (("k", scope.node.column("k")),), ((0,), ()), (("a", aggregation("size")),), "level")
    return Scope(node, ("k", "level"), frozenset())


#: A step of each kind. Literal rows are the start of every program.
STEP_OF: dict[type[Node], Callable[[Draw, Scope], Scope]] = {
    Extend: extend,
    Select: select,
    Filter: filter_,
    Join: join,
    Limit: limit,
    Union: union,
    Unnest: unnest,
    Pin: pin,
    GroupingSets: grouping_sets,
    Aggregate: lambda draw, scope: unkeyed(draw, scope.node, scope.exact),
}
STEPS = (extend, extend, extend, select, filter_, filter_, group, group, join, limit, union, unnest, pin)
