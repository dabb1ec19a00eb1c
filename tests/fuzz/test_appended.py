"""Selections of a step that is joined with itself, appended, ordered and limited: the pattern for which DuckDB's optimizer
returns wrong results (tests/engines/test_faults.py). Rows are literals, in a table, or in a Parquet file.

``OBJECTIV_FUZZ_EXAMPLES=3000`` runs that many programs of each kind, new ones each time.
"""

from __future__ import annotations

import os
from random import Random, SystemRandom

import duckdb
import pytest
from reference import evaluate
from spec.engines import Sql, same_rows

from objectiv_local.dialects import compile_plan
from objectiv_local.engines import connect
from objectiv_local.plan.expr import Column, Expr, Ordering, call, literal
from objectiv_local.plan.nodes import Filter, Join, Limit, Node, Select, Source, Union, Values, topological
from objectiv_local.plan.relation import Relation
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import INT64

EXAMPLES = int(os.environ.get("OBJECTIV_FUZZ_EXAMPLES", "0"))
#: Columns of the rows, and of their pairs: of both rows of a pair the number and a value.
COLUMNS = ("i", "k", "x")
PAIRS = (
    ("i", "left", ("i", "i")),
    ("j", "right", ("i", "i")),
    ("k", "left", ("k", "k")),
    ("x", "left", ("x", "x")),
    ("y", "right", ("x", "x")),
)


def appended(seed: int) -> Limit:
    """Return a program. It is ordered by all columns, so that the result is unique."""
    draw = Random(seed)
    rows = tuple(
        (literal(number), literal(draw.randrange(4)), literal(draw.choice([None, 1, 2, 3]), INT64))
        for number in range(draw.randint(3, 30))
    )
    values = Values(tuple((name, INT64) for name in COLUMNS), rows, ("i",), "data")
    on = draw.choice(((("k", "k"),), (("k", "x"),), (("i", "i"),), (("x", "x"),)))
    pairs: Node = Join(values, values, draw.choice(("inner", "left")), on, PAIRS, step="pairs")  # type: ignore[arg-type]
    if draw.random() < 0.5:
        pairs = Filter(pairs, call("gt", pairs.column("k"), literal(0)))
    parts = tuple(selection(draw, pairs) for _ in range(draw.randint(2, 4)))
    union = Union(parts, COLUMNS, "appended")
    names = draw.sample(COLUMNS, 3)
    order = tuple(Ordering(union.column(name), draw.random() < 0.5, draw.random() < 0.5) for name in names)
    return Limit(union, order, draw.randint(1, 30), draw.choice((0, 0, 2)))


def selection(draw: Random, pairs: Node) -> Node:
    """Return some of the pairs with one row's number, and one row's value."""
    if draw.random() < 0.4:
        value: Expr = pairs.column(draw.choice("xy"))
        pairs = Filter(pairs, draw.choice((call("gt", value, literal(1)), call("not_null", value))))
    names = {"i": draw.choice("ij"), "k": "k", "x": draw.choice("xy")}
    return Select(pairs, tuple((name, Column(names[name], INT64)) for name in COLUMNS))


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("kind", ["inline", "table", "parquet"])
def test_appended_selections_that_are_limited(kind, threads, tmp_path):
    connection = duckdb.connect(config={"threads": threads})
    engine = Sql("duckdb", "duckdb", connect(connection))
    path = tmp_path / "rows.parquet"
    relation = Relation("table", ("stored",)) if kind == "table" else Relation("parquet", (str(path),))

    def stored(old: Node, node: Node) -> Node:
        if not isinstance(node, Values):
            return node
        return Source(relation, tuple((name, name, "BIGINT", INT64) for name in COLUMNS), ("i",), 0, "stored")

    first = SystemRandom().randrange(10**12) if EXAMPLES else 0
    for number in range(first, first + (EXAMPLES or 40)):
        plan = appended(number)
        expected = evaluate(plan)
        if kind != "inline":
            written = next(node for node in topological(plan) if isinstance(node, Values))
            rows = compile_plan(written, "duckdb").sql
            connection.execute(
                f"CREATE OR REPLACE TABLE stored AS {rows}"
                if kind == "table"
                else f"COPY ({rows}) TO '{path}' (FORMAT parquet)"
            )
        found = engine.rows(plan if kind == "inline" else rebuild(plan, stored))
        assert same_rows(found, expected, ordered=True), f"program {number}: {list(found)}, not {list(expected)}"
