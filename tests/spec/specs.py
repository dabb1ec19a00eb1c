"""How to write a spec: a small literal table, an expression or a plan, and the result that every engine returns.

A row of :func:`rowwise` is the values of the columns followed by the expected value of the expression. Expected values are
written by hand, or come from pandas or Python; never from an engine of the library.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reference import Json

from objectiv_local.frame import Series
from objectiv_local.frame.handles import make_series
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Aggregation, Column, Expr, call, literal
from objectiv_local.plan.nodes import Aggregate, Extend, Node, Select, Values
from objectiv_local.types import INT64, Type

#: Columns with their types.
Columns = dict[str, Type]

nan, inf = math.nan, math.inf
at = datetime.datetime.fromisoformat
day = datetime.date.fromisoformat
span = datetime.timedelta


def op(name: str) -> Callable[..., Expr]:
    """Return the row-wise operation ``name`` as a function of its arguments."""
    return lambda *args: call(name, *args)


def method(called: Callable[[Series], Series]) -> Callable[[Column], Expr]:
    """Return a method of a series as a function of the column."""

    def expr(column: Column) -> Expr:
        rows = Values(((column.name, column.type),), (), None, "data")
        return called(make_series(State(rows, None, "duckdb", ()), column, column.name))._expr

    return expr


@dataclass(frozen=True)
class Fails:
    """The result of a plan without a result: every engine raises an error."""


@dataclass(frozen=True)
class Spec:
    """A plan and its result. ``ordered``: the result is ordered; otherwise rows are compared as a set."""

    name: str
    plan: Node
    expected: tuple[tuple[object, ...], ...] | Fails
    types: tuple[Type, ...]
    ordered: bool = False

    def __str__(self) -> str:
        return self.name


def table(
    columns: Columns, rows: Iterable[tuple[object, ...]], *, key: tuple[str, ...] | None = None, step: str = "data"
) -> Values:
    """Return a literal table."""
    made = tuple(tuple(constant(value, type_) for value, type_ in zip(row, columns.values(), strict=True)) for row in rows)
    return Values(tuple(columns.items()), made, key, step)


def constant(value: object, type_: Type) -> Expr:
    """Return ``value`` as a literal of ``type_``; JSON may be given as text."""
    return literal(value.text() if isinstance(value, Json) else value, type_)


def numbered(columns: Columns, rows: Sequence[tuple[object, ...]]) -> Values:
    """Return a literal table with the number of each row in a first column ``k``."""
    return table({"k": INT64} | columns, [(k, *row) for k, row in enumerate(rows)], key=("k",))


def rowwise(name: str, columns: Columns, expr: Callable[..., Expr], type_: Type, rows: Sequence[tuple[object, ...]]) -> Spec:
    """Return the spec of an expression, including window operations. ``expr`` is called with the columns.

    Each row ends in the expected value.
    """
    data = numbered(columns, [row[:-1] for row in rows])
    answer = expr(*(Column(column, kind) for column, kind in columns.items()))
    plan = Select(data, (("k", data.column("k")), ("answer", answer)), "answers")
    return Spec(name, plan, tuple((k, row[-1]) for k, row in enumerate(rows)), (INT64, type_))


def fails(name: str, columns: Columns, expr: Callable[..., Expr], row: tuple[object, ...]) -> Spec:
    """Return the spec of an expression that has no value on a row."""
    data = numbered(columns, [row])
    answer = expr(*(Column(column, kind) for column, kind in columns.items()))
    return Spec(name, Select(data, (("answer", answer),), "answers"), Fails(), (answer.type,))


def grouped(
    name: str,
    columns: Columns,
    call: Callable[..., Aggregation],
    type_: Type,
    groups: Sequence[tuple[Sequence[object], object]],
) -> Spec:
    """Return the spec of an aggregate by group: the rows of each group with the expected value.

    A row is a tuple, or a plain value if there is a single column. ``k`` is the position of a row, for orders.
    """
    rows = [(g, *(row if isinstance(row, tuple) else (row,))) for g, (members, _) in enumerate(groups) for row in members]
    data = numbered({"g": INT64} | columns, rows)
    answer = call(*(Column(column, kind) for column, kind in columns.items()))
    plan = Aggregate(data, (("g", data.column("g")),), (("answer", answer),), "answers")
    return Spec(name, plan, tuple((g, expected) for g, (_, expected) in enumerate(groups)), (INT64, type_))


def overall(
    name: str,
    columns: Columns,
    call: Callable[..., Aggregation],
    type_: Type,
    rows: Sequence[tuple[object, ...]],
    expected: object,
) -> Spec:
    """Return the spec of an aggregate over a whole table."""
    data = numbered(columns, rows)
    answer = call(*(Column(column, kind) for column, kind in columns.items()))
    return Spec(name, Aggregate(data, (), (("answer", answer),), "answers"), ((expected,),), (type_,))


def answers(
    name: str, plan: Node, types: tuple[Type, ...], expected: Sequence[tuple[object, ...]], *, ordered: bool = False
) -> Spec:
    """Return the spec of a plan."""
    return Spec(name, plan, tuple(expected), types, ordered)


def extended(data: Node, **columns: Expr) -> Extend:
    """Return ``data`` with more columns."""
    return Extend(data, tuple(columns.items()), "extended")
