"""Conversions: conditions and location stacks, registered once and applied to any event frame.

A condition is a function of the frame that it is applied to. A stack is registered for one state of an event frame and stored
as an expression over columns. If both frames come from the same rows, a column is identified by the expression that computes it
from those rows; otherwise it is identified by its name.
"""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Column,
    Expr,
    Extend,
    Filter,
    Limit,
    Node,
    Pin,
    Select,
    Source,
    State,
    expr_of,
    origin_of,
    series_of,
    state_of,
    substitute,
    transform,
    without_join,
)

#: Maximum size of an expression that is compared. Columns of events are never computed from larger ones.
_MOST_PARTS = 1_000


def applied(stack: Series, data: DataFrame, name: str) -> Series:
    """Return the location stack of the conversion ``name`` for the rows of ``data``, any event frame.

    Raises ColumnNotFound if the frame lacks a column that the stack is computed from, InvalidType if that column has another
    type, and InvalidValue if the stack reads other rows (a window or a subquery) and the frame is made of different rows.
    type, and InvalidValue if the stack reads other rows (a window or a subquery) and the frame does not have the same rows.
    """
    state, given, registered = state_of(data), state_of(stack), expr_of(stack)
    looks_around = registered.has_window or registered.has_query
    expr = None if looks_around and state.plan is not given.plan else _expressed(stack, data, name)
    if expr is not None:
        return series_of(state, expr, stack.name)
    # If the frame has the same rows, columns that have been replaced can still be read from an earlier step.
    found = without_join(state.plan, given.plan, registered, "left") if given.engine is state.engine else None
    if found is not None:
        return series_of(state.with_plan(found[0]), found[1], stack.name)
    hint = f"register it again with a location stack of this frame: hub.add_conversion_event(..., name={name!r})"
    if looks_around:
        raise InvalidValue(
            f"the location stack of conversion {name!r} reads other rows than its own, and this frame does not "
            "have the rows that it was registered for",
            hint=hint,
        )
    read = ", ".join(sorted(registered.columns))
    raise ColumnNotFound(
        f"the location stack of conversion {name!r} is computed from {read} as it was when the conversion was "
        "registered, and this frame no longer has that column",
        hint=f"keep that column as it was, or {hint}",
    )


def _expressed(stack: Series, data: DataFrame, name: str) -> Expr | None:
    """Return the stack as an expression over the columns of ``data``; None if a column that it reads is missing."""
    given, state, expr = state_of(stack), state_of(data), expr_of(stack)
    if given.plan is state.plan:
        return expr
    theirs, mine = _lineage(given), _lineage(state)
    shared = [node for node in theirs if node in mine]
    if not shared:
        own = given.plan
        columns = {column: state.column(column) for column in (*data.index_columns, *data.data_columns)}
        named: dict[Expr, Column] = {own.column(column): found for column, found in columns.items() if column in own.types}
        return _placed(expr, named, name)
    for node in shared:
        # If a column was dropped, the columns that it was computed from may still exist.
        meant = _computed(theirs[: theirs.index(node)], node)
        # Of equal columns, the one that was added first is used.
        places = {
            computed: state.column(column) for column, computed in reversed(_computed(mine[: mine.index(node)], node).items())
        }
        if expr.columns <= meant.keys():
            found = _placed(substitute(expr, meant), places, name)
            if found is not None:
                return found
    return None


def _placed(expr: Expr, places: dict[Expr, Column], name: str) -> Expr | None:
    """Return an expression with parts replaced by columns; None if a column that it reads has no replacement."""
    lost = False

    def placed(part: Expr) -> Expr | None:
        nonlocal lost
        place = places.get(part) if part.columns else None
        if place is not None and place.type.plain != part.type.plain:
            raise InvalidType(
                f"conversion {name!r} needs {place.name} as {part.type}, not as {place.type}",
                hint=f"cast it: df[{place.name!r}] = df[{place.name!r}].astype({part.type.dtype!r})",
            )
        lost = lost or (place is None and isinstance(part, Column))
        return place

    found = transform(expr, placed)
    return None if lost else found


def _lineage(state: State) -> list[Node]:
    """Return the plan and the steps that its rows come from, one by one, down to the first that is not a simple step."""
    node = state.plan
    out = [node]
    while True:
        if isinstance(node, Extend | Select | Filter | Limit | Pin):
            node = node.child
        elif isinstance(node, Source) and (found := origin_of(node, state.engine)) is not None:
            node = found
        else:
            return out
        out.append(node)


def _computed(steps: list[Node], shared: Node) -> dict[str, Expr]:
    """Return the columns of the first of ``steps`` as expressions over ``shared``, the input of the last step.

    Columns that read other rows than their own (windows) are left out, because their values change when rows are dropped.
    """
    found: dict[str, Expr] = {name: Column(name, type_) for name, type_ in shared.types.items()}
    for node in reversed(steps):
        if not isinstance(node, Extend | Select):
            continue
        new = {} if isinstance(node, Select) else dict(found)
        for name, expr in node.columns:
            new.pop(name, None)
            if not expr.has_window and expr.columns <= found.keys():
                whole = substitute(expr, found)
                if whole.size <= _MOST_PARTS:
                    new[name] = whole
        found = new
    return found
