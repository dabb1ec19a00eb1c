"""Combining series of different frames: the decision list, in one place.

1. The same plan: a plain expression.
2. One plan is the other with columns added, or both add columns to the same rows: moved onto one plan, no join. Where
   only the rows of the left side are asked for, the left side may also have been filtered since.
3. One value: a scalar query.
4. Both indexed by the same types: aligned on the index, all rows of both sides for arithmetic, those of the left side
   for ``df[name] = series``.
5. Anything else is an error that says which ``merge`` to write.
"""

from __future__ import annotations

from typing import Literal as OneOf

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.state import State, is_single_row
from objectiv_local.plan.expr import Column, Expr, ScalarQuery, check_compared, substitute
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Extend, Filter, Join, JoinSide, Limit, Node, Select

Keep = OneOf["both", "left"]


def aligned(left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep,
            name: str = "") -> tuple[State, list[Expr], Expr]:
    """Return a state in which ``exprs`` of ``left`` and ``other`` of ``right`` stand side by side, and both there.

    With ``keep="left"`` the rows are those of ``left``; with ``"both"``, those of either. ``name`` is that of ``other``,
    for messages.
    """
    _same_connection(left, right, name)
    if left.plan is right.plan:
        return left, exprs, other
    if not other.columns and not other.has_window:
        return left, exprs, other
    moved = _moved(left.plan, right.plan, other, keep)
    if moved is not None:
        plan, expr = moved
        return left.on(plan), exprs, expr
    if keep == "both" and exprs:
        # The other way round: the left side's rows are the start of the right side's.
        back = _moved_all(right.plan, left.plan, exprs)
        if back is not None:
            return right.on(back[0]), back[1], other
    if is_single_row(right.plan):
        return left, exprs, scalar(right, other)
    if keep == "both" and is_single_row(left.plan):
        return right, [scalar(left, expr) for expr in exprs], other
    return _joined(left, exprs, right, other, keep, name)


def _same_connection(left: State, right: State, name: str) -> None:
    if left.engine is not right.engine or left.dialect != right.dialect:
        def place(state: State) -> str:
            return state.engine.description if state.engine is not None else "a frame without connection"

        raise InvalidValue(f"series {name!r} is on another connection: {place(right)}, not {place(left)}",
                           hint="fetch one side with to_pandas() and load it with DataFrame.from_pandas on the other "
                                "connection")


def scalar(state: State, expr: Expr) -> Expr:
    """Return the one value of a series of one row as an expression for rows of other plans."""
    if isinstance(expr, Column):
        return ScalarQuery(state.plan, expr.name)
    name = unused_name("value", state.plan.types)
    return ScalarQuery(Extend(state.plan, ((name, expr),)), name)


def _chain(plan: Node, steps: tuple[type[Node], ...]) -> list[Node]:
    """Return the plan and the nodes below it down to the first that is not one of ``steps``, that one included."""
    out = [plan]
    while isinstance(plan, steps):
        plan = plan.inputs()[0]
        out.append(plan)
    return out


def _moved(plan: Node, other_plan: Node, expr: Expr, keep: Keep) -> tuple[Node, Expr] | None:
    """Return a plan with the rows of ``plan`` that has ``expr`` of ``other_plan``, and ``expr`` there; None without join."""
    allowed: tuple[type[Node], ...] = (Extend, Filter, Limit) if keep == "left" else (Extend,)
    own = _chain(plan, allowed)
    theirs = _chain(other_plan, (Extend,))
    common = next((node for node in theirs if node in own), None)
    if common is None:
        return None
    added = theirs[: theirs.index(common)]
    above = own[: own.index(common)]
    if not added and _unchanged(above, expr.columns) and (
            not expr.has_window or all(isinstance(node, Extend) for node in above)):
        return plan, expr
    return _grafted(common, added, above, expr)


def _moved_all(plan: Node, other_plan: Node, exprs: list[Expr]) -> tuple[Node, list[Expr]] | None:
    out: list[Expr] = []
    for expr in exprs:
        moved = _moved(plan, other_plan, expr, "both")
        if moved is None:
            return None
        plan = moved[0]
        out.append(moved[1])
    return plan, out


def _unchanged(above: list[Node], columns: frozenset[str]) -> bool:
    replaced = {name for node in above if isinstance(node, Extend) for name, _ in node.columns}
    return replaced.isdisjoint(columns)


def _grafted(common: Node, added: list[Node], above: list[Node], expr: Expr) -> tuple[Node, Expr]:
    """Put the steps ``added`` and ``expr`` right above ``common``, under names of their own, and ``above`` on top."""
    # The steps that are put in are seen by nobody, so a name of theirs is changed only where it is that of another column.
    taken = set(common.types).union(*(node.types for node in above))
    renamed: dict[str, Expr] = {}
    plan = common
    for node in reversed(added):
        assert isinstance(node, Extend)
        columns = []
        new: dict[str, Expr] = {}
        for name, part in node.columns:
            own = unused_name(name, taken)
            taken.add(own)
            columns.append((own, substitute(part, renamed)))
            new[name] = Column(own, part.type)
        plan = Extend(plan, tuple(columns), node.step, once=node.once)
        renamed |= new
    name = unused_name("aligned", taken)
    plan = Extend(plan, ((name, substitute(expr, renamed)),))
    for node in reversed(above):
        plan = node.with_inputs((plan,))
    return plan, Column(name, expr.type)


def _joined(left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep,
            name: str) -> tuple[State, list[Expr], Expr]:
    left_types = [left.plan.types[each].plain for each in left.index]
    right_types = [right.plan.types[each].plain for each in right.index]
    if not left.index or left_types != right_types:
        def shown(state: State) -> str:
            parts = [f"{each}: {state.plan.types[each]}" for each in state.index]
            return f"({', '.join(parts)})" if parts else "no index"

        raise InvalidValue(
            f"series {name!r} is of another frame, and the two have no index in common: {shown(left)} here, "
            f"{shown(right)} there",
            hint="merge the frames: left.merge(right, on=[...]), or give both the same index with set_index")
    for type_ in left_types:
        check_compared(type_, "aligned by an index of")
    taken = set(left.plan.types)
    needed = sorted(frozenset().union(*(expr.columns for expr in exprs)) | frozenset(
        each for key in left.order for each in key.expr.columns)) if keep == "both" else list(left.plan.types)
    value = unused_name(name or "value", taken)
    side = Select(right.plan, (*((each, right.column(each)) for each in right.index),
                               (unused_name(value, right.index), other)))
    value_there = side.columns[-1][0]
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [
        (own, "both" if keep == "both" else "left", (own, there))
        for own, there in zip(left.index, right.index, strict=True)]
    columns += [(each, "left", (each, each)) for each in needed if each not in left.index]
    columns.append((value, "right", (value_there, value_there)))
    on = tuple(zip(left.index, right.index, strict=True))
    unique = right.plan.key is not None and set(right.plan.key) <= set(right.index)
    key = left.index if keep == "both" and unique and _is_key(left) else left.plan.key if unique else None
    joined = Join(left.plan, side, "outer" if keep == "both" else "left", on, tuple(columns), True,
                  "aligned", key if key is not None and set(key) <= {each for each, _, _ in columns} else None)
    # After an outer join the order of the left side says nothing about the rows of the right one; the index does.
    state = left.on(joined, () if keep == "both" else None)
    if keep == "both" and left.order:
        from objectiv_local.plan.expr import Ordering

        state = left.on(joined, tuple(Ordering(joined.column(each)) for each in left.index))
    return state, exprs, Column(value, other.type)


def _is_key(state: State) -> bool:
    return state.plan.key is not None and set(state.plan.key) <= set(state.index)
