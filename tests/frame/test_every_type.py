"""Whatever orders, groups, joins or tells rows apart, over a column of every type: one answer, however rows are stored."""

from __future__ import annotations

import datetime
import os
import random
import uuid
from collections.abc import Callable
from decimal import Decimal
from math import inf, nan

import pytest
from frame.frames import opened
from reference import Json, evaluate
from servers import CLUSTERS, VARIABLE
from spec.engines import Sql, same_rows
from spec.opened import DATABASES
from spec.specs import table

from objectiv_local import DataFrame, Series
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.savepoints import Savepoints
from objectiv_local.frame.state import State
from objectiv_local.plan.nodes import Node, Select, Sort
from objectiv_local.plan.passes import PASSES, rewritten
from objectiv_local.types import INT64, STRING, Interval, Type, type_from_dtype

at, day, clock, span = (
    datetime.datetime.fromisoformat,
    datetime.date.fromisoformat,
    datetime.time.fromisoformat,
    datetime.timedelta,
)

#: Distinct values of each type; None is one of them everywhere.
VALUES: dict[str, list[object]] = {
    "bool": [True, False],
    "int64": [3, -2, 10, 0],
    "float64": [1.5, -0.25, nan, inf, -inf, 0.0],
    "decimal(38,2)": [Decimal("1.50"), Decimal("-0.25"), Decimal("10.00")],
    "decimal(38,20)": [Decimal("1.5").quantize(Decimal(10) ** -20), Decimal("-0.25").quantize(Decimal(10) ** -20)],
    "string": ["b", "B", "a b", "", "é"],
    "date": [day("2020-02-29"), day("1969-12-31"), day("0001-01-01"), day("9999-12-31")],
    "time": [clock("13:07:09.012345"), clock("00:00"), clock("23:59:59.999999")],
    "timestamp": [at("2020-02-29 23:30:00.5"), at("1969-12-31 23:59:59.999999"), at("0001-01-01"), at("9999-12-31 23:59:59")],
    "timedelta": [span(days=1), span(microseconds=-1), span(hours=36), span(0)],
    "uuid": [uuid.UUID(int=1), uuid.UUID(int=2**127), uuid.UUID(int=2**128 - 1)],
    "numeric_interval": [Interval(0.0, 1.5), Interval(0.0, 1.5, "[)"), Interval(-1.0, 2.0, "[]")],
    "json": [Json({"a": 1}), Json([1, 2]), Json(None), Json("x")],
    "list[int64]": [Json([1, 2]), Json([]), Json([None])],
}


def frame(engine: str, dtype: str) -> DataFrame:
    """Return a frame without a key: ``g`` has ties, in which ``v`` alone tells the rows apart. Engines store other orders.

    JSON has no order, so a number does it there.
    """
    values = [(g, value) for g in ("a", "b") for value in [*VALUES[dtype], None]] + [("a", VALUES[dtype][0])]
    columns, rows = {"g": STRING, "v": type_from_dtype(dtype)}, list(values)
    if columns["v"].name == "json":
        columns["k"], rows = INT64, [(*row, k) for k, row in enumerate(values)]
    random.Random(f"{engine} {dtype}").shuffle(rows)
    connection = opened("duckdb" if engine == "reference" else engine)
    return DataFrame(State(table(columns, rows), connection, connection.dialect, (), savepoints=Savepoints()), list(columns))


def answer(engine: str, found: DataFrame | Series) -> tuple[list[Type], list[tuple[object, ...]], bool]:
    """Return the types and rows of a frame or series, and whether they have an order."""
    state = found._state
    if isinstance(found, Series):
        columns = {**{name: state.column(name) for name in state.index}, "": found._expr}
    else:
        columns = {name: state.column(name) for name in (*state.index, *found._columns)}
    plan: Node = Sort(state.plan, state.order) if state.order else state.plan
    plan = Select(plan, tuple(columns.items()))
    types = list(plan.types.values())
    if engine == "reference":
        plan = rewritten(plan, [each for each, _, required in PASSES if not required])
        return types, evaluate(plan), bool(state.order)
    return types, list(Sql(engine, state.dialect, state.engine).rows(plan)), bool(state.order)


def known(df: DataFrame) -> list[object]:
    """Return the values of ``v``."""
    values = VALUES[df.dtypes["v"]]
    return [value.value if isinstance(value, Json) else value for value in values]


Program = Callable[[DataFrame], DataFrame | Series]

PROGRAMS: dict[str, Program] = {
    "first rows in an order with ties": lambda df: df.sort_values("g")[:3],
    "last rows": lambda df: df.sort_values("g", ascending=False)[4:],
    "a slice": lambda df: df.sort_values("g")[2:5],
    "sorted": lambda df: df.sort_values(["v", "g"]),
    "sorted descending": lambda df: df.sort_values(["v", "g"], ascending=False),
    "first rows by value": lambda df: df.sort_values("v")[:2],
    "number of a row": lambda df: df.assign(n=df.v.window_row_number(df.sort_values("g").window())),
    "rows so far": lambda df: df.assign(n=df.sort_values("g").v.cumcount()),
    "values so far": lambda df: df.assign(n=df.sort_values("g").v.cumsum()),
    "greatest so far": lambda df: df.assign(n=df.sort_values("g").v.cummax()),
    "the row before": lambda df: df.assign(n=df.sort_values("g").v.shift(1)),
    "the next row": lambda df: df.assign(n=df.sort_values("g").v.shift(-1)),
    "difference": lambda df: df.assign(n=df.sort_values("g").v.diff()),
    "filled forward": lambda df: df.assign(n=df.sort_values("g").v.ffill()),
    "rank": lambda df: df.assign(n=df.v.rank()),
    "first rank": lambda df: df.assign(n=df.v.rank(method="first")),
    "first of a group": lambda df: df.sort_values("g").groupby("g").v.first(),
    "last of a group": lambda df: df.sort_values("g", ascending=False).groupby("g").v.last(),
    "groups by value": lambda df: df.groupby("v").g.count(),
    "sizes of groups": lambda df: df.groupby(["v", "g"]).size(),
    "least and greatest": lambda df: df.groupby("g").agg(a=("v", "min"), b=("v", "max"), c=("v", "count"), d=("v", "nunique")),
    "most frequent": lambda df: df.groupby("g").v.mode(),
    "sum": lambda df: df.groupby("g").v.sum(),
    "mean": lambda df: df.groupby("g").v.mean(),
    "median": lambda df: df.groupby("g").v.median(),
    "quantiles": lambda df: df.v.quantile([0.1, 0.9]),
    "quantiles of groups": lambda df: df.groupby("g").v.quantile(0.25),
    "spread": lambda df: df.groupby("g").v.std(),
    "description": lambda df: df.describe(include="all"),
    "description of a series": lambda df: df.v.describe(),
    "values counted": lambda df: df.v.value_counts(),
    "rows counted": lambda df: df.value_counts(),
    "values once": lambda df: df.v.unique(),
    "rows once": lambda df: df.drop_duplicates(),
    "rows once by a column": lambda df: df.sort_values("g").drop_duplicates("g"),
    "the last of equal rows": lambda df: df.sort_values("g").drop_duplicates("g", keep="last"),
    "rows once by value": lambda df: df.drop_duplicates("v"),
    "among values": lambda df: df[df.v.isin(known(df)[:1])],
    "among a series": lambda df: df[df.v.isin(df[df.g == "a"].v)],
    "among a series with None": lambda df: df.assign(n=df.v.isin([known(df)[0], None])),
    "equal to itself": lambda df: df.assign(n=df.v == df.v),
    "less than itself": lambda df: df.assign(n=df.v < df.v),
    "between": lambda df: df[df.v.between(known(df)[1], known(df)[0])],
    "merged by value": lambda df: df.merge(
        df.groupby("v").g.count().to_frame().rename(columns={"g": "n"}).reset_index(), on="v"
    ),
    "merged left": lambda df: df.merge(df[df.g == "a"], on="v", how="left"),
    "merged outer": lambda df: df.merge(df[df.g == "a"].drop_duplicates(), on="v", how="outer"),
    "joined by index": lambda df: df.groupby("v").g.count() + df[df.g == "a"].groupby("v").g.count(),
    "appended": lambda df: df.append(df.rename(columns={})),
    "appended once": lambda df: df.append(df).drop_duplicates(),
    "by index": lambda df: df.set_index("v").sort_index(),
    "a row by index": lambda df: df.set_index("v").loc[known(df)[0]],
    "largest": lambda df: df.nlargest(2, "v"),
    "smallest": lambda df: df.nsmallest(2, "v"),
    "filled": lambda df: df.assign(n=df.v.fillna(known(df)[0])),
    "replaced": lambda df: df.assign(n=df.v.replace(known(df)[0], known(df)[1])),
    "where": lambda df: df.assign(n=df.v.where(df.g == "a")),
    "mapped": lambda df: df.assign(n=df.v.map({known(df)[0]: 1})),
    "clipped": lambda df: df.assign(n=df.v.clip(known(df)[1], known(df)[0])),
    "cut": lambda df: df.assign(n=df.v.cut(3)),
    "cut by quantiles": lambda df: df.assign(n=df.v.qcut(2)),
    "stacked": lambda df: df[["v"]].assign(w=df.v).stack(),
    "unstacked": lambda df: df.drop_duplicates().set_index(["v", "g"]).assign(n=1).n.unstack(),
    "unstacked by value": lambda df: df[df.v.notnull()].drop_duplicates().set_index(["g", "v"]).assign(n=1).n.unstack(),
    "dummies": lambda df: df.get_dummies("v"),
    "rolling least": lambda df: df.assign(n=df.sort_values("g").rolling(2).v.min()),
    "rollup": lambda df: df.assign(w=1).rollup(["v", "g"]).w.count(),
    "a share of a window": lambda df: df.assign(n=df.v.window_ntile(2, df.sort_values("g").window())),
    "scaled": lambda df: df[["v"]].minmax_scale(),
    "rounded": lambda df: df.round(1),
}


ENGINES = (*DATABASES, "reference")


def engines(number: int, dtype: str) -> list[str]:
    """Return the engines of a program. A cluster runs a fifth of the programs with each type, a different fifth with the next."""
    is_far = (number + list(VALUES).index(dtype)) % 5 == 0 or os.environ.get(VARIABLE)
    return [engine for engine in ENGINES if engine not in CLUSTERS or is_far]


@pytest.mark.parametrize("dtype", VALUES)
def test_one_answer(dtype, unparsed):
    for number, (name, program) in enumerate(PROGRAMS.items()):
        if name == "mapped" and type_from_dtype(dtype).name == "json":
            continue  # a dict has no lists and dicts for keys
        tried = engines(number, dtype)
        found = [outcome(engine, dtype, program) for engine in tried]
        types, rows, ordered = found[-1]
        for engine, each in zip(tried, found, strict=True):
            assert each[0] == types, (name, engine, found)
            assert same_rows(each[1], rows, ordered=ordered), (name, engine, each[1], rows)


def outcome(engine: str, dtype: str, program: Program) -> tuple[object, list[tuple[object, ...]], bool]:
    """Return the answer of a program, or the class of the error that is raised while it is built."""
    try:
        made = program(frame(engine, dtype))
    except ObjectivError as error:
        return type(error), [], False
    return answer(engine, made)


def test_a_decimal_can_do_what_an_integer_can():
    for name, program in PROGRAMS.items():
        assert program(frame("duckdb", "int64")) is not None
        assert program(frame("duckdb", "decimal(38,2)")) is not None, name
