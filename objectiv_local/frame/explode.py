"""One row for each element of lists and JSON arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType
from objectiv_local.frame.handles import make_frame
from objectiv_local.frame.series.nested import typed
from objectiv_local.plan.expr import Ordering, call, case, literal
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Unnest
from objectiv_local.types import JSON

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def explode(self: DataFrame, column: str, ignore_index: bool = False) -> DataFrame:
    """Return one row for each element of the lists or JSON arrays in a column, with the other columns repeated.

    The index is repeated, or removed with ``ignore_index``. A missing value or an empty array becomes one row with a missing
    value, and a value that is not an array remains one row. Elements of lists have their own type; those of JSON arrays are
    JSON. The elements of a row stay in their order.

    Raises InvalidType for a column that is neither a list nor JSON.

    Differs from pandas: only one column at a time; JSON objects are not exploded.
    """
    state = self._state.rows("explode")
    series = self._column(column)
    type_ = series._expr.type
    if type_.element is None and type_.plain != JSON:
        raise InvalidType(
            f"column {column!r}, which is {type_}, has no elements", hint="split strings first: df['x'] = df.x.str.split(',')"
        )
    if type_.fields is not None:
        raise InvalidType(
            f"column {column!r} is a struct, which has no elements", hint="select a member: df.x.elements['name']"
        )
    taken = {*state.plan.types}
    item = unused_name(f"{column}_element", taken)
    position = unused_name(f"{column}_offset", {*taken, item})
    value, length = series._expr, call("json_length", series._expr)
    # An array with one null represents the absence of elements.
    array = case([(call("gt", length, literal(0)), value)], literal("[null]", JSON))
    plan = Unnest(state.plan, array, item, position)
    element = plan.column(item)
    if type_.element is not None:
        found = typed(call("json_text", element), element, type_.element)
    else:
        found = case([(call("not_null", length), typed(call("json_text", element), element, JSON))], value)
    # The elements of a row stay together, even if rows tie in the order of the frame.
    rows = [name for name in (state.plan.key or state.index) if plan.types[name].name != "json"]
    order = tuple(Ordering(plan.column(name)) for name in (*rows, position)) if state.order or rows else ()
    exploded = replace(state, plan=plan, order=(*state.order, *order)).extended([(column, found)])
    made = make_frame(exploded, self._columns)
    return made.reset_index(drop=True) if ignore_index else made
