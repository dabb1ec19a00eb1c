"""Grouping rows by keys and aggregating the groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.align import aligned, same_groups, side_by_side
from objectiv_local.frame.functions import Named, Reduction
from objectiv_local.frame.groups import Groups, Keys, Sets
from objectiv_local.frame.handles import is_series, make_series
from objectiv_local.frame.state import State, with_one_value_each
from objectiv_local.plan.expr import Expr, Ordering
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, GroupingSets, Node

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


def grouped(frame: DataFrame, by: object, kind: str = "groupby") -> State:
    """Return the state of a grouped frame. See :func:`groupings`."""
    state, keys, sets = groupings(frame, by, kind)
    # A window function in a key is computed over the current rows, before any later filter.
    windows = {name: unused_name(name, state.plan.types) for name, expr in keys if expr.has_window}
    if windows:
        state = state.extended([(windows[name], expr) for name, expr in keys if name in windows])
        keys = tuple((name, state.column(windows[name]) if name in windows else expr) for name, expr in keys)
    return replace(state, groups=Groups(keys, sets))


def aggregated(state: State, aggregates: Named, step: str = "") -> State:
    """Return a state with aggregates as columns: one row per group, or one row in total without groups.

    The group keys become the index, and rows are sorted by them.
    """
    groups = state.groups or Groups(())
    clash = set(aggregates.names) & set(groups.names)
    if clash:
        raise InvalidValue(f"the result would have two columns named {min(clash)!r}", hint="rename the key")
    plan: Node
    if groups.sets is None:
        plan = Aggregate(state.plan, groups.keys, aggregates.aggregates(), step)
    else:
        level = unused_name("grouping", [*groups.names, *(name for name, _ in aggregates.aggregates())])
        plan = GroupingSets(state.plan, groups.keys, groups.sets, aggregates.aggregates(), level, step)
    combined = aggregates.combined()
    if combined:
        plan = Extend(plan, combined, step)
    order = tuple(Ordering(plan.column(name)) for name in groups.names if plan.types[name].name != "json")
    if groups.sets is not None:
        order = (*order, Ordering(plan.column(level)))
    return state.ungrouped().with_rows(plan, groups.names, order)


def aggregated_series(state: State, made: Reduction, name: str) -> Series:
    """Return one aggregate of the groups, or of all rows, as a series."""
    name = unused_name(name, state.keys)
    found = aggregated(state, Named(((name, made),)), "" if state.groups is None else name)
    return make_series(found, found.column(name), name)


def partition_of(state: State, what: str) -> tuple[Expr, ...]:
    """Return the keys by which a window is partitioned. Raises NotSupported for grouping sets."""
    if state.groups is None:
        return ()
    if state.groups.sets is not None:
        raise NotSupported(f"{what} over grouping sets is not supported", hint="group by a single set of keys")
    return tuple(state.groups.exprs)


def with_total(state: State, name: str, series: Series) -> State | None:
    """Return the grouped state with a column set to an aggregate; None if ``series`` is not an aggregate of the same groups."""
    if state.groups is None or series._state.groups is not None:
        return None
    plan = series._state.plan
    while isinstance(plan, Extend):
        plan = plan.child
    if not isinstance(plan, Aggregate | GroupingSets):
        return None
    sets = plan.sets if isinstance(plan, GroupingSets) else None
    if not same_groups(state, replace(state, plan=plan.child, groups=Groups(plan.keys, sets)), "both"):
        return None
    return replace(state, groups=state.groups.with_total(name, series._state, series._expr))


def filtered_before(state: State, condition: Series) -> State | None:
    """Return the aggregates of only the rows where a condition is true, or None if it is not over those rows."""
    steps: list[Extend] = []
    plan = state.plan
    while isinstance(plan, Extend):
        steps.append(plan)
        plan = plan.child
    if not isinstance(plan, Aggregate | GroupingSets):
        return None
    state, rows, (test,) = with_one_value_each(state, condition._state.ungrouped(), [condition._expr])
    if side_by_side(state, [], rows, test, "left") is not None:
        return None
    found = side_by_side(replace(state, plan=plan.child), [], rows, test, "left")
    if found is None:
        return None
    if any(expr.has_window or expr.has_query for step in (plan, *steps) for expr in step.exprs()):
        raise InvalidValue(
            "rows cannot be filtered before aggregating, because a column was computed from all of them",
            hint="filter the rows first: df[condition].groupby(...)",
        )
    node = plan.with_inputs((Filter(found[0].plan, found[2]),))
    for step in reversed(steps):
        node = step.with_inputs((node,))
    return state.with_plan(node)


def settled(state: State, columns: tuple[str, ...]) -> State:
    """Return the aggregated state if every column is an aggregate of the groups, otherwise the state unchanged."""
    groups = state.groups
    if groups is None or not columns or any(groups.total(name) is None for name in columns):
        return state
    found: State | None = None
    exprs: list[Expr] = []
    for name in columns:
        total, expr = groups.total(name) or (state, exprs[0])
        if found is None:
            found, exprs = total, [expr]
        else:
            found, exprs, expr = aligned(found, exprs, total, expr, "left", name)
            exprs.append(expr)
    assert found is not None
    return found.extended(zip(columns, exprs, strict=True))


def groupings(frame: DataFrame, by: object, kind: str) -> tuple[State, Keys, Sets | None]:
    """Return the state, the keys, and the grouping sets if there are several.

    A tuple is a list of grouping sets, each a name, a series or a list of them; a list that contains lists or tuples produces
    every combination of their items. ``kind`` is ``groupby``, ``cube`` or ``rollup``.
    """
    if kind != "groupby":
        state, keys = grouping(frame, by)
        places = range(len(keys))
        if kind == "rollup":
            return state, keys, tuple(tuple(places[:size]) for size in range(len(keys), -1, -1))
        chosen = [tuple(i for i in places if mask & (1 << (len(keys) - 1 - i))) for mask in range(2 ** len(keys) - 1, -1, -1)]
        return state, keys, tuple(sorted(chosen, key=lambda each: -len(each)))
    if isinstance(by, tuple):
        sets = [_items(each) for each in by]
    elif isinstance(by, list) and any(isinstance(each, list | tuple) for each in by):
        choices = [[_items(one) for one in each] if isinstance(each, tuple) else [_items(each)] for each in by]
        sets = [[item for part in combination for item in part] for combination in product(*choices)]
    else:
        state, keys = grouping(frame, by)
        return state, keys, None
    items: list[object] = []
    places_of: list[tuple[int, ...]] = []
    for each in sets:
        positions = []
        for item in each:
            found = next(
                (
                    i
                    for i, known in enumerate(items)
                    if known is item or (isinstance(item, str) and isinstance(known, str) and known == item)
                ),
                None,
            )
            if found is None:
                found = len(items)
                items.append(item)
            positions.append(found)
        places_of.append(tuple(dict.fromkeys(positions)))
    state, keys = grouping(frame, items)
    return state, keys, tuple(dict.fromkeys(places_of)) if len(places_of) != 1 else None


def _items(each: object) -> list[object]:
    if isinstance(each, tuple):
        raise InvalidValue("a grouping within a grouping set has to be a name, a series or a list of them, not a tuple")
    return list(each) if isinstance(each, list) else [each]


def grouping(frame: DataFrame, by: object) -> tuple[State, Keys]:
    """Return the state and the named keys of ``by``: a name, a series, or a list of them; None groups all rows."""
    state = frame._state
    items: Iterable[object] = [] if by is None else by if isinstance(by, list | tuple) else [by]
    keys: list[tuple[str, Expr]] = []
    for item in items:
        if isinstance(item, str):
            if item not in frame.data_columns and item not in state.index:
                raise ColumnNotFound(
                    f"there is no column {item!r} to group by", hint=near(item, [*frame.data_columns, *state.index])
                )
            name = item
            expr: Expr = state.column(item)
        elif is_series(item):
            state, exprs, expr = aligned(state, [key for _, key in keys], item._state, item._expr, "left", item.name)
            keys = [(old, new) for (old, _), new in zip(keys, exprs, strict=True)]
            name = item.name
        else:
            raise InvalidType(f"rows are grouped by names and series, not by {type(item).__name__}")
        if expr.type.name == "json":
            raise InvalidType(
                f"cannot group by {name!r}, which is {expr.type}",
                hint="group by its text, as in series.json['id'].astype('string')",
            )
        if name in dict(keys):
            raise InvalidValue(f"the key {name!r} is given twice", hint="rename one of the series")
        keys.append((name, expr))
    return state, tuple(keys)
