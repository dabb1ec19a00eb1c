"""For authors of models, schemas and transformers: the parts of a plan, and conversions between frames and plans.

Most models need nothing from here: they call methods of frames and series. Others need more control, such as one grouping of
several groupings, a join that keeps the order, or a hundred columns at once. They get the plan of a frame with
:func:`state_of` and :func:`expr_of`, combine expressions and steps, and return :func:`frame_of` or :func:`series_of`. ``hub``
and ``ml`` import nothing else of the layers below the frame.

====================  ==============================================================================================
what                  names
====================  ==============================================================================================
expressions           ``Expr``, ``Column``, ``literal``, ``call`` (an operation on one row), ``case``, ``cast``,
                      ``aggregation``, ``over`` (a window) with ``Ordering`` and ``WindowFrame``, ``ScalarQuery``,
                      ``InQuery``
changes to them        ``substitute``, ``transform``, ``walk``; ``Aggregation``, ``Call``, ``Case``, ``Cast``,
                      ``Literal`` and ``Variable`` to match on
serialization          ``encoded``, an expression as JSON; ``decoded``, an expression from JSON; ``columns_read``;
                      ``queried``, the bool series of a condition written as a string
several at once       ``joined`` with a binary operation; ``digest``, a hash of a row's values, and ``summed``, that of rows
steps                 ``Extend``, ``Select``, ``Filter``, ``Aggregate``, ``GroupingSets``, ``Join``, ``Union``,
                      ``Unnest``, ``Limit``, ``Pin``, ``Source``, ``Values``; ``Node`` is any of them
names                 ``unused_name``, ``new_name``, ``checked_name``
types                 ``common_type``; ``OPS``, the catalog of operations; ``strftime_pieces``, the codes of a format;
                      ``days_after_monday``, the position of a day in the week
series classes        ``series_class`` registers one for a labeled type; ``SeriesJson`` is the one for JSON
frames                ``stored_frame`` (over a stored table), ``grouping`` (the keys of a ``groupby``), ``unstacked``,
                      ``without_join`` (a series from another plan), ``on_rows_of`` (one from the same plan), ``origin_of``,
                      ``check_aligned``
notebooks             ``frame_html``, a frame with its first rows as HTML; ``box`` and ``names_and_values`` for other objects
loading               ``typed_table``, an Arrow table in the types of this package; ``INLINE_ROWS``, up to how many rows a
                      table is written into the statement itself
====================  ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.engines import Engine
from objectiv_local.frame.align import without_join
from objectiv_local.frame.arrow import typed_table
from objectiv_local.frame.clocks import days_after_monday
from objectiv_local.frame.digests import digest, joined, summed
from objectiv_local.frame.encoding import columns_read, decoded, encoded
from objectiv_local.frame.frame import DataFrame
from objectiv_local.frame.groupby import grouping
from objectiv_local.frame.io import INLINE_ROWS, from_stored
from objectiv_local.frame.materialize import rows_kept
from objectiv_local.frame.preview import box, frame_html, names_and_values
from objectiv_local.frame.query import condition as queried
from objectiv_local.frame.reshape import unstacked
from objectiv_local.frame.series import Series, SeriesJson, make_series, series_class
from objectiv_local.frame.state import State
from objectiv_local.frame.stored import origin_of
from objectiv_local.frame.unique import check_aligned
from objectiv_local.frame.values import checked_name
from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    InQuery,
    Literal,
    Ordering,
    ScalarQuery,
    Variable,
    WindowFrame,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
    substitute,
    transform,
    walk,
)
from objectiv_local.plan.naming import new_name, unused_name
from objectiv_local.plan.nodes import (
    Aggregate,
    Extend,
    Filter,
    GroupingSets,
    Join,
    JoinSide,
    Limit,
    NamedExprs,
    Node,
    Pin,
    Select,
    Source,
    Union,
    Unnest,
    Values,
)
from objectiv_local.plan.ops import OPS, common_type
from objectiv_local.plan.relation import StoredTable
from objectiv_local.plan.strftime import pieces as strftime_pieces

__all__ = [
    "INLINE_ROWS",
    "OPS",
    "Aggregate",
    "Aggregation",
    "Call",
    "Case",
    "Cast",
    "Column",
    "Expr",
    "Extend",
    "Filter",
    "GroupingSets",
    "InQuery",
    "Join",
    "JoinSide",
    "Limit",
    "Literal",
    "NamedExprs",
    "Node",
    "Ordering",
    "Pin",
    "ScalarQuery",
    "Select",
    "SeriesJson",
    "Source",
    "State",
    "StoredTable",
    "Union",
    "Unnest",
    "Values",
    "Variable",
    "WindowFrame",
    "aggregation",
    "box",
    "call",
    "case",
    "cast",
    "check_aligned",
    "checked_name",
    "columns_read",
    "common_type",
    "days_after_monday",
    "decoded",
    "digest",
    "encoded",
    "expr_of",
    "frame_html",
    "frame_of",
    "grouping",
    "joined",
    "literal",
    "names_and_values",
    "new_name",
    "on_rows_of",
    "origin_of",
    "over",
    "queried",
    "rows_kept",
    "series_class",
    "series_of",
    "state_of",
    "stored_frame",
    "strftime_pieces",
    "substitute",
    "summed",
    "transform",
    "typed_table",
    "unstacked",
    "unused_name",
    "walk",
    "without_join",
]


def state_of(data: DataFrame | Series) -> State:
    """Return the plan, index and order of a frame or series.

    >>> cities = DataFrame.from_schema({"city": "string", "area": "float64"}, dialect="duckdb", table_name="cities")
    >>> state = state_of(cities)
    >>> hectares = call("mul", state.column("area"), literal(100.0))
    >>> print(frame_of(state.extended([("hectares", hectares)]), ["city", "hectares"]).view_sql())
    SELECT city, area * 100.0::float8 AS hectares
    FROM cities
    """
    return data._state


def expr_of(series: Series) -> Expr:
    """Return the expression of a series over the rows of its plan."""
    return series._expr


def on_rows_of(data: DataFrame, series: Series) -> Series | None:
    """Return a series over the plan of a frame, with the steps that were added for it inlined; None if it has other steps.

    >>> clicks = DataFrame.from_schema({"at": "string"}, dialect="duckdb", table_name="clicks")
    >>> moment = clicks["at"].astype("timestamp").dt.tz_localize("Asia/Tokyo", ambiguous=False, nonexistent="NaT")
    >>> state_of(moment).plan is state_of(clicks).plan, state_of(on_rows_of(clicks, moment)).plan is state_of(clicks).plan
    (False, True)
    """
    plan, expr = series._state.plan, series._expr
    while plan is not data._state.plan:
        match plan:
            case Extend(child, columns):
                plan, expr = child, substitute(expr, dict(columns))
            case _:
                return None
    return make_series(data._state, expr, series._name)


def frame_of(state: State, columns: Sequence[str] = ()) -> DataFrame:
    """Return a frame with these columns of a plan; the index columns are added."""
    return DataFrame(state, columns)


def series_of(state: State, expr: Expr, name: str) -> Series:
    """Return an expression over the rows of a plan as a series, of the class for its type."""
    return make_series(state, expr, name)


def stored_frame(engine: Engine, stored: StoredTable, index: Sequence[str], columns: Sequence[str]) -> DataFrame:
    """Return a frame over columns of a stored table. Raises ColumnNotFound, and InvalidType for a column of a
    type that is not supported.
    """
    return from_stored(DataFrame, engine, stored, index, columns)
