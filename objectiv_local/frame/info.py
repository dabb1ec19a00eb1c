"""Printed summary of a frame: its columns with their types and numbers of values."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType
from objectiv_local.frame.handles import make_frame
from objectiv_local.plan.expr import aggregation
from objectiv_local.plan.nodes import Aggregate

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


def info(self: DataFrame, buf: Any = None, show_counts: bool = False) -> None:
    """Print the index levels and the columns with their dtypes, to standard output or the text file ``buf``. Runs no query.

    With ``show_counts``, also print the number of rows and of non-missing values per column, which runs a query.

    >>> import objectiv_local as ol
    >>> ol.DataFrame.from_schema({"day": "date", "visits": "int64"}, index="day", dialect="postgres").info()
    <DataFrame, 1 column, not sorted; not connected, postgres>
    Index: day (date)
     #  Column  Dtype
    --  ------  -----
     0  visits  int64
    """
    state = self._state.rows("info")
    if buf is not None and not hasattr(buf, "write"):
        raise InvalidType(f"buf of DataFrame.info has to be a text file, not {in_words(buf)}", hint="as in io.StringIO()")
    where = state.engine.description if state.engine is not None else f"not connected, {state.dialect}"
    columns = f"{len(self.columns)} column{'' if len(self.columns) == 1 else 's'}"
    levels = ", ".join(f"{name} ({dtype})" for name, dtype in self.index_dtypes.items()) or "none"
    lines = [f"<DataFrame, {columns}, {'sorted' if state.order else 'not sorted'}; {where}>", f"Index: {levels}"]
    table = [["#", *map(str, range(len(self.columns)))], ["Column", *self.columns]]
    if show_counts:
        counts = _counts(self)
        lines.append(f"Rows: {counts[0]}")
        table.append(["Non-Null Count", *map(str, counts[1:])])
    table.append(["Dtype", *self.dtypes.values()])
    widths = [max(map(len, column)) for column in table]
    ruled = [[column[0], "-" * len(column[0]) if number else "--", *column[1:]] for number, column in enumerate(table)]
    for cells in zip(*ruled, strict=True):
        padded = [f"{cell:<{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)]
        lines.append("  ".join([f"{cells[0]:>2}", *padded]).rstrip())
    print("\n".join(lines), file=sys.stdout if buf is None else buf)


def _counts(frame: DataFrame) -> list[int]:
    """Return the number of rows and of non-missing values of each column. Runs a query."""
    aggregates = [("rows", aggregation("size"))]
    aggregates += [
        (f"count_{number}", aggregation("count", frame._state.column(name))) for number, name in enumerate(frame.columns)
    ]
    plan = Aggregate(frame._state.plan, (), tuple(aggregates))
    found = make_frame(frame._state.with_rows(plan, ()), [name for name, _ in aggregates]).to_arrow().to_pylist()[0]
    return [found[name] for name, _ in aggregates]
