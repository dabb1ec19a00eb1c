"""Aligning series of different frames: the list of cases, in order.

1. The same plan: a plain expression.
2. One plan is the other with columns added or selected, or both are derived from the same rows in that way: moved onto one
   plan, without a join. Where only the rows of the left side are kept, the left side may also have been filtered since.
3. One side has at most one row whatever the data (a total, a limit of one row, ``series[label]``): a scalar subquery.
4. Both have an index of the same types: aligned on the index, with all rows of both sides for arithmetic and those of the left
   side for ``df[name] = series``. A row must not match several: if no key proves that, a query checks it before the fetch.
5. Anything else is an error that suggests a ``merge``.

Only cases 1 to 3 apply to a grouped side: a join would change the rows of its groups.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal as OneOf

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.state import State, with_one_value_each
from objectiv_local.plan.expr import Column, Expr, Ordering, ScalarQuery, check_compared, substitute
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Extend, Filter, Join, JoinSide, Limit, NamedExprs, Node, Pin, Select, is_single_row

Keep = OneOf["both", "left"]


def aligned(
    left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep, name: str = ""
) -> tuple[State, list[Expr], Expr]:
    """Return a state with both ``exprs`` of ``left`` and ``other`` of ``right``, and the expressions over that state.

    With ``keep="left"`` the rows are those of ``left``; with ``"both"``, those of either side. If a variable has two values,
    the one of ``left`` is used. ``name`` is the name of ``other`` in messages.
    """
    _same_connection(left, right, name)
    left, right, (other,) = with_one_value_each(left, right, [other])
    if left.groups is not None or right.groups is not None:
        return _grouped(left, exprs, right, other, keep, name)
    return side_by_side(left, exprs, right, other, keep) or _joined(left, exprs, right, other, keep, name)


def _grouped(
    left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep, name: str
) -> tuple[State, list[Expr], Expr]:
    """The same for grouped sides: both in the same groups, or one grouped and the other a single value or ungrouped."""
    if left.groups is None:
        if keep == "both" and is_single_row(left.plan):
            return right, [scalar(left, expr) for expr in exprs], other
        assert right.groups is not None
        raise InvalidValue(
            f"series {name!r} is grouped by {right.groups.title}, but what it is combined with is not",
            hint=f"take the ungrouped series, df[{name!r}], or an aggregate of it",
        )
    keys = left.groups.exprs
    found = side_by_side(left.ungrouped(), [*exprs, *keys], right.ungrouped(), other, keep)
    same = found is not None and (right.groups is None or same_groups(left, right, keep))
    if found is None or not same:
        raise InvalidValue(
            f"series {name!r} has other rows, or other groups, than the frame grouped by {left.groups.title}",
            hint="combine the columns before groupby, or aggregate both",
        )
    state, moved, value = found
    return replace(state, groups=left.groups.moved(moved[len(exprs) :])), moved[: len(exprs)], value


def same_groups(left: State, right: State, keep: Keep) -> bool:
    """Return whether both sides have the same group keys, expressed over one plan."""
    assert left.groups is not None
    assert right.groups is not None
    if left.groups.names != right.groups.names or left.groups.sets != right.groups.sets:
        return False
    state, own = left.ungrouped(), left.groups.exprs
    for position, key in enumerate(right.groups.exprs):
        found = side_by_side(state, own, right.ungrouped(), key, keep)
        if found is None or found[1][position] != found[2]:
            return False
        state, own, _ = found
    return True


def side_by_side(
    left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep
) -> tuple[State, list[Expr], Expr] | None:
    """Return both sides on one plan if that needs no join, otherwise None."""
    if left.plan is right.plan:
        return left, exprs, other
    if not other.columns and not other.has_window:
        return left, exprs, other
    moved = without_join(left.plan, right.plan, other, keep)
    if moved is not None:
        plan, expr = moved
        return left.with_plan(plan), exprs, expr
    if keep == "both" and exprs:
        # The reverse: the right side is derived from the rows of the left side.
        back = _moved_all(right.plan, left.plan, exprs)
        if back is not None:
            return right.with_plan(back[0]), back[1], other
    if is_single_row(right.plan):
        return left, exprs, scalar(right, other)
    if keep == "both" and is_single_row(left.plan):
        return right, [scalar(left, expr) for expr in exprs], other
    return None


def _same_connection(left: State, right: State, name: str) -> None:
    if left.engine is not right.engine or left.dialect != right.dialect:

        def place(state: State) -> str:
            return state.engine.description if state.engine is not None else "a frame without connection"

        raise InvalidValue(
            f"series {name!r} is on another connection: {place(right)}, not {place(left)}",
            hint="fetch one side with to_pandas() and load it with DataFrame.from_pandas on the other connection",
        )


def scalar(state: State, expr: Expr) -> Expr:
    """Return the only value of a one-row series as an expression for rows of other plans."""
    if isinstance(expr, Column):
        return ScalarQuery(state.plan, expr.name)
    name = unused_name("value", state.plan.types)
    return ScalarQuery(Extend(state.plan, ((name, expr),)), name)


#: Steps that keep the rows of their input.
_SAME_ROWS: tuple[type[Node], ...] = (Extend, Select, Pin)


def _chain(plan: Node, steps: tuple[type[Node], ...]) -> list[Node]:
    """Return the plan and the nodes below it, down to and including the first that is not one of ``steps``."""
    out = [plan]
    while isinstance(plan, steps):
        plan = plan.inputs()[0]
        out.append(plan)
    return out


def without_join(plan: Node, other_plan: Node, expr: Expr, keep: Keep) -> tuple[Node, Expr] | None:
    """Return ``plan`` with what ``expr`` of ``other_plan`` needs, and ``expr`` over it.

    None if that needs a join, because the two plans do not have the same rows.
    """
    own = _chain(plan, (*_SAME_ROWS, Filter, Limit) if keep == "left" else _SAME_ROWS)
    theirs = _chain(other_plan, _SAME_ROWS)
    shared = set(own)
    common = next((node for node in theirs if node in shared), None)
    if common is None:
        return None
    added = theirs[: theirs.index(common)]
    above = own[: own.index(common)]
    while added:
        computed = dict(_computed(added[0]))
        if not isinstance(added[0], Extend) and all(isinstance(part, Column) for part in computed.values()):
            expr = substitute(expr, computed)
        elif not isinstance(added[0], Extend) or not expr.columns.isdisjoint(computed):
            break
        # Otherwise it reads a column that existed before the step.
        added = added[1:]
    if (
        not added
        and _unchanged(above, expr.columns)
        and (not expr.has_window or all(isinstance(node, _SAME_ROWS) for node in above))
    ):
        return plan, expr
    return _grafted(common, added, above, expr)


def _computed(node: Node) -> NamedExprs:
    """Return the columns that a step computes; a Pin computes none."""
    return node.columns if isinstance(node, Extend | Select) else ()


def _moved_all(plan: Node, other_plan: Node, exprs: list[Expr]) -> tuple[Node, list[Expr]] | None:
    out: list[Expr] = []
    for expr in exprs:
        moved = without_join(plan, other_plan, expr, "both")
        if moved is None:
            return None
        plan = moved[0]
        out.append(moved[1])
    return plan, out


def _unchanged(above: list[Node], columns: frozenset[str]) -> bool:
    """Return whether the named columns are unchanged, under the same names, after the steps ``above``."""
    for node in above:
        if isinstance(node, Select) and not columns <= node.types.keys():
            return False
        # A series may be older than many of the columns, so this runs very often.
        for name, expr in _computed(node):
            if name in columns and not (isinstance(expr, Column) and expr.name == name):
                return False
    return True


def _grafted(common: Node, added: list[Node], above: list[Node], expr: Expr) -> tuple[Node, Expr]:
    """Insert the steps ``added`` and ``expr`` right above ``common``, under unused names, with ``above`` on top."""
    # The inserted steps are invisible to users, so one of their names is changed only if another column has it.
    taken = set(common.types).union(*(node.types for node in above))
    renamed: dict[str, Expr] = {}
    plan = common
    for node in reversed(added):
        columns = []
        new: dict[str, Expr] = {}
        for name, part in _computed(node):
            here = substitute(part, renamed)
            if isinstance(here, Column):
                new[name] = here
                continue
            own = unused_name(name, taken)
            taken.add(own)
            columns.append((own, here))
            new[name] = Column(own, part.type)
        if columns:
            plan = Extend(plan, tuple(columns), node.step, once=isinstance(node, Extend) and node.once)
        renamed |= new
    name = unused_name("aligned", taken)
    plan = Extend(plan, ((name, substitute(expr, renamed)),))
    found = Column(name, expr.type)
    for node in reversed(above):
        if isinstance(node, Select):
            plan = Select(plan, (*node.columns, (name, found)), node.step)
        else:
            plan = node.with_inputs((plan,))
    return plan, found


def _joined(left: State, exprs: list[Expr], right: State, other: Expr, keep: Keep, name: str) -> tuple[State, list[Expr], Expr]:
    left_types = [left.plan.types[each].plain for each in left.index]
    right_types = [right.plan.types[each].plain for each in right.index]
    if not left.index or left_types != right_types:

        def shown(state: State) -> str:
            parts = [f"{each}: {state.plan.types[each]}" for each in state.index]
            return f"({', '.join(parts)})" if parts else "no index"

        raise InvalidValue(
            f"series {name!r} is of another frame, and the two have no index in common: {shown(left)} here, "
            f"{shown(right)} there",
            hint="merge the frames: left.merge(right, on=[...]), or give both the same index with set_index",
        )
    for type_ in left_types:
        check_compared(type_, "aligned by an index of")
    taken = set(left.plan.types)
    needed = (
        sorted(
            frozenset().union(*(expr.columns for expr in exprs))
            | frozenset(each for key in left.order for each in key.expr.columns)
        )
        if keep == "both"
        else list(left.plan.types)
    )
    value = unused_name(name or "value", taken)
    side = Select(right.plan, (*((each, right.column(each)) for each in right.index), (unused_name(value, right.index), other)))
    value_there = side.columns[-1][0]
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [
        (own, "both" if keep == "both" else "left", (own, there)) for own, there in zip(left.index, right.index, strict=True)
    ]
    columns += [(each, "left", (each, each)) for each in needed if each not in left.index]
    columns.append((value, "right", (value_there, value_there)))
    on = tuple(zip(left.index, right.index, strict=True))
    key = left.plan.key if keep == "left" else left.index if _is_key(left) and _is_key(right) else None
    joined = Join(
        left.plan,
        side,
        "outer" if keep == "both" else "left",
        on,
        tuple(columns),
        True,
        "aligned",
        key,
        single="right" if keep == "left" else "either",
    )
    # After an outer join, the order of the left side does not order the rows of the right side; the index does.
    state = left.with_plan(joined, () if keep == "both" else None)
    if keep == "both" and left.order:
        state = left.with_plan(joined, tuple(Ordering(joined.column(each)) for each in left.index))
    return state, exprs, Column(value, other.type)


def _is_key(state: State) -> bool:
    return state.plan.key is not None and set(state.plan.key) <= set(state.index)
