"""Columns of every stored type: the types that they are read as, and every operation over them.

The expected result of an operation is that over a table whose columns are stored in the types that they are read as.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Iterator
from functools import cache

import pytest
import servers
from fuzz.expressions import PRODUCTIONS
from reference import Json
from spec.engines import Sql, same, same_rows

from objectiv_local import DataFrame
from objectiv_local.dialects import dialect_named
from objectiv_local.engines import connect
from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Column,
    Expr,
    InQuery,
    Literal,
    Ordering,
    Over,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
    walk,
)
from objectiv_local.plan.nodes import Aggregate, Filter, GroupingSets, Join, Limit, Node, Select, Sort, Union, Unnest
from objectiv_local.plan.ops import castable, casts
from objectiv_local.types import INT64, JSON, STRING, Interval, Type, decimal_type

#: The engines that run the statements of these tests unchanged; Spark has its own tests in tests/spark.
KINDS = tuple(name for name in servers.STARTED if name not in servers.CLUSTERS)

at, day, clock = datetime.datetime.fromisoformat, datetime.date.fromisoformat, datetime.time.fromisoformat
span, money = datetime.timedelta, decimal.Decimal

#: Per stored type: two values as text that the engine casts, and the type that they are read as. A third row is NULL.
SHARED = {
    "boolean": ("true", "false", True, False),
    "bigint": ("7", "-2", 7, -2),
    "integer": ("7", "-2", 7, -2),
    "smallint": ("7", "-2", 7, -2),
    "double precision": ("1.5", "-0.25", 1.5, -0.25),
    "real": ("1.5", "-0.25", 1.5, -0.25),
    "numeric(10, 2)": ("1.50", "-3.25", money("1.50"), money("-3.25")),
    "numeric(38, 2)": ("1.50", "-3.25", money("1.50"), money("-3.25")),
    "date": ("2020-02-29", "1969-12-31", day("2020-02-29"), day("1969-12-31")),
    "time": ("13:07:09.012345", "00:00", clock("13:07:09.012345"), clock("00:00")),
    "timestamp": ("2020-02-29 23:30:00.5", "1969-12-31 23:59:59", at("2020-02-29 23:30:00.5"), at("1969-12-31 23:59:59")),
    "timestamptz": (
        "2020-02-29 23:30:00.5-02",
        "1969-12-31 23:59:59+00",
        at("2020-03-01 01:30:00.5"),
        at("1969-12-31 23:59:59"),
    ),
    "interval": ("25 months 1 day 00:00:00.5", "-2 hours", span(days=2 * 365.25 + 30 + 1, seconds=0.5), span(hours=-2)),
    "uuid": (str(uuid.UUID(int=1)), str(uuid.UUID(int=2**127)), uuid.UUID(int=1), uuid.UUID(int=2**127)),
    "json": ('[{"id": "a", "schema": "b"}, 1]', '{"id": "b"}', Json([{"id": "a", "schema": "b"}, 1]), Json({"id": "b"})),
}
TEXTS = ("b a", "Ab", "b a", "Ab")
#: The same for lists: their elements are JSON, or text if JSON has no such type.
LISTS = {
    "integer[]": ("1,NULL", "", [1, None]),
    "varchar[]": ("b a,Ab", "", ["b a", "Ab"]),
    "boolean[]": ("true,NULL", "", [True, None]),
    "double precision[]": ("0.1,1e300", "", [0.1, 1e300]),
    "real[]": ("1.5,0.1", "", [1.5, 0.10000000149011612]),
    "date[]": ("2020-02-29,NULL", "", ["2020-02-29", None]),
    "time[]": ("13:07:09.012345,00:00", "", ["13:07:09.012345", "00:00:00"]),
    "timestamp[]": ("2020-02-29 23:30:00.5,2020-01-01,NULL", "", ["2020-02-29 23:30:00.5", "2020-01-01 00:00:00", None]),
    "timestamptz[]": ("2020-02-29 23:30:00.5-02,NULL", "", ["2020-03-01 01:30:00.5", None]),
    "uuid[]": (str(uuid.UUID(int=1)), "", [str(uuid.UUID(int=1))]),
}
OWN = {
    "postgres": {
        "text": TEXTS,
        "varchar(9)": TEXTS,
        "char(3)": TEXTS,
        "name": TEXTS,
        "jsonb": SHARED["json"],
        "inet": ("10.0.0.1", "10.0.0.0/8", "10.0.0.1", "10.0.0.0/8"),
        "cidr": ("10.0.0.0/8", "::1/128", "10.0.0.0/8", "::1/128"),
        "macaddr": ("08:00:2b:01:02:03", "00:00:00:00:00:01", "08:00:2b:01:02:03", "00:00:00:00:00:01"),
        "bit(3)": ("101", "011", "101", "011"),
        "varbit": ("1", "011", "1", "011"),
        '"char"': ("b", "A", "b", "A"),
        "oid": ("7", "2", 7, 2),
        "money": ("1.50", "-3.25", money("1.5000"), money("-3.2500")),
        "numrange": ("[0, 1.5)", "(,2]", Interval(0.0, 1.5, "[)"), Interval(-math.inf, 2.0, "(]")),
    },
    "duckdb": {
        "varchar": TEXTS,
        "ENUM('Ab', 'b a')": TEXTS,
        "tinyint": ("7", "-2", 7, -2),
        **dict.fromkeys(("utinyint", "usmallint", "uinteger"), ("7", "2", 7, 2)),
        "hugeint": ("7", "-2", money(7), money(-2)),
        **dict.fromkeys(("ubigint", "uhugeint"), ("7", "2", money(7), money(2))),
        "bit": ("101", "011", "101", "011"),
        "MAP(varchar, integer)": ("{id=1, b=NULL}", "{}", Json({"id": 1, "b": None}), Json({})),
        "UNION(id varchar, n integer)": ("a", "b", Json({"id": "a"}), Json({"id": "b"})),
        "integer[2]": ("[1, NULL]", "[3, 4]", Json([1, None]), Json([3, 4])),
        "ENUM('Ab', 'b a')[]": ("[b a, Ab]", "[]", Json(["b a", "Ab"]), Json([])),
        "timestamp_s": ("2020-02-29 23:30:00", "1969-12-31 23:59:59", at("2020-02-29 23:30:00"), at("1969-12-31 23:59:59")),
        "timestamp_ms": SHARED["timestamp"],
        "timestamp_ns": SHARED["timestamp"],
        "numeric(10, 2)[]": ("[1.50, 2]", "[]", Json([1.5, 2]), Json([])),
        "integer[][]": ("[[1], NULL]", "[]", Json([[1], None]), Json([])),
        "STRUCT(id varchar, n integer)": (
            "{'id': 'a', 'n': 1}",
            "{'id': 'b', 'n': 2}",
            Json({"id": "a", "n": 1}),
            Json({"id": "b", "n": 2}),
        ),
    },
}
#: The constants of operations that take some, in order.
CONSTANTS = {
    "round": (1,),
    "strip": ("b",),
    "lstrip": ("b",),
    "rstrip": ("a",),
    "split": (" ",),
    "re_contains": ("[a-z]",),
    "re_extract": ("[a-z]", 0),
    "re_replace": ("[a-z]", "-"),
    "re_count": ("[a-z]",),
    "json_index_text": (0,),
    "interval": ("[)",),
    "var": (1,),
    "std": (0,),
    "quantile": (0.5,),
    "quantile_disc": (0.5,),
    "ntile": (2,),
    "nth_value": (1,),
    "slice": (1, -1),
    "replace": ("b", "c"),
    "strftime": ("%Y-%m-%d %H:%M:%S.%f %U",),
    "json_get": ("id",),
    "json_get_text": ("id",),
    "json_index": (0,),
    "json_slice": (0, {"id": "a"}),
    "json_filter": ({"id": "a"},),
    "json_equal": ({"id": "b"},),
    "json_pick": (["id"],),
    "json_data": ("n", "id", "b"),
    "json_path_name": ("id", "n", "b", ": ", " in ", " > "),
    "at_zone": ("Europe/Amsterdam",),
    "from_zone": ("Europe/Amsterdam",),
    "json_has": ({"id": "a"},),
    "json_contains": (1,),
    "lag": (1, None),
    "lead": (1, None),
}


class Stored:
    """The two tables of an engine: ``node`` with the stored types, and ``read`` with the types that they are read as."""

    def __init__(self, kind: str) -> None:
        dialect = servers.engine_of(kind)
        connection = connect(servers.target(kind), new=True)
        listed = {name: _list(dialect, *values) for name, values in LISTS.items()}
        self.columns = SHARED | OWN[dialect] | listed
        rows = [
            ", ".join(
                [
                    f"{i} AS k",
                    *(
                        f"{'NULL' if i == 2 else _quoted(values[i])}::{type_} AS c{n}"
                        for n, (type_, values) in enumerate(self.columns.items())
                    ),
                ]
            )
            for i in range(3)
        ]
        stored = connection.create_table("stored_types", " UNION ALL ".join(f"SELECT {row}" for row in rows))
        frame = DataFrame.from_table(connection, stored.relation.parts[-1])
        assert list(frame.dtypes) == ["k", *(f"c{n}" for n in range(len(self.columns)))], "a stored type has no reading"
        self.engine = Sql(kind, dialect, connection)
        self.node = frame._state.plan
        self.read = frame.materialize(materialization="temp_table")._state.plan
        #: The columns whose stored type differs, with that type. A list is created by a call, whatever it contains.
        self.converted = {
            f"c{n}": type_
            for n, type_ in enumerate(self.columns)
            if (not type_.endswith("[]") or type_ == "timestamptz[]")
            and dialect_named(dialect).stored(frame._state.plan.columns[n + 1][2])[1] is not None
        }


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(dialect: str, one: str, other: str, value: list[object]) -> tuple[object, ...]:
    brackets = "[{}]" if dialect == "duckdb" else "{{{}}}"
    return brackets.format(one), brackets.format(other), Json(value), Json([])


@cache
def stored(kind: str) -> Stored:
    return Stored(kind)


def test_stored_values_are_read_the_same():
    for each in map(stored, KINDS):
        for plan in (each.node, each.read):
            rows = sorted(each.engine.rows(plan), key=lambda row: row[0])
            for n, (type_, (_, _, *expected)) in enumerate(each.columns.items(), 1):
                found = [row[n] for row in rows]
                assert all(map(same, found, [*expected, None])), (each.engine.name, type_, found)


def calls(data: Node, column: Column) -> Iterator[Expr]:
    """Yield every operation over the column, whole and as one of the arguments."""
    known = {column.type: column} | {type_: Column(name, type_) for name, type_ in reversed(data.types.items())}
    order = (Ordering(data.column("k")),)
    done = set()
    for production in PRODUCTIONS:
        op = production.op
        if op.parses:
            continue  # other text is an error
        places = [i for i, kind in enumerate(production.args) if kind is not None and like(kind, column.type)]
        for place in places or [0] * (not production.args):
            # With values of one other type; the choice has no effect on how the column is written.
            if (op, place) in done:
                continue
            done.add((op, place))
            constants = iter(CONSTANTS.get(op.name, ("minute",)))
            args = [
                constant(next(constants))
                if kind is None
                else column
                if i == place
                else next(other for type_, other in known.items() if like(kind, type_))
                for i, kind in enumerate(production.args)
            ]
            if op.name == "json_range":
                args = [call("mod", column, literal(5))]  # the numbers themselves would need more memory than there is
            if op.name in ("lag", "lead"):
                args = [column, literal(1), literal(None, column.type)]
            if op.kind == "scalar":
                yield call(op.name, *args)
                continue
            if op.kind == "aggregate":
                for where in (None, call("ge", data.column("k"), literal(0))):
                    yield aggregation(op.name, *args, order=order if op.ordered else (), where=where)
            if op.windowed:
                yield over(aggregation(op.name, *args), (), order)
    for _, target in casts():
        if target.name != column.type.name and castable(column.type, target) and column.type != STRING:
            yield cast(column, decimal_type(2) if target.name == "decimal" else target)
    yield case([(call("gt", data.column("k"), literal(0)), column)], None)
    if column.type.plain == JSON:
        return
    yield InQuery(column, Filter(data, call("not_null", column)), column.name)
    yield over(aggregation("size"), (column,), ())
    for ascending in (True, False):
        by_column = (Ordering(column, ascending), *order)
        yield over(aggregation("row_number"), (), by_column)
        yield aggregation("first", data.column("k"), order=by_column)


def constant(value: object) -> Literal:
    return literal(value, INT64 if value is None else None)


def like(kind: Type, type_: Type) -> bool:
    return kind.name == type_.name


def batches(data: Node, column: Column) -> Iterator[Node]:
    """Yield programs with many operations each, and then every other use of a column."""
    found = list(dict.fromkeys(calls(data, column)))
    # A JSON column that is read twice is a step of its own, which would hide where it is read first.
    size = 1 if column.type.plain == JSON else 40
    for made in (False, True):
        exprs = [expr for expr in found if isinstance(expr, Aggregation) is made]
        for start in range(0, len(exprs), size):
            named = tuple((f"a{i}", expr) for i, expr in enumerate(exprs[start : start + size]))
            yield Aggregate(data, (), named, "answers") if made else Select(data, (("k", data.column("k")), *named), "answers")
    if column.type.plain == JSON:
        yield Unnest(data, column, "item", "position", "elements")
        return
    shown = Select(data, (("k", data.column("k")), ("answer", column)), "shown")
    answer, k = shown.column("answer"), data.column("k")
    yield Aggregate(data, (("answer", column),), (("n", aggregation("size")),), "answers")
    yield GroupingSets(data, (("answer", column), ("k", k)), ((0, 1), (0,), ()), (("n", aggregation("size")),), "level", "sets")
    yield Filter(shown, call("eq", answer, answer), "equal")
    yield Union((shown, shown), ("answer",), "rows")
    for ascending in (True, False):
        yield Sort(shown, (Ordering(answer, ascending),), "sorted")
        yield Limit(shown, (Ordering(answer, ascending), Ordering(k)), 2, 0, "first")
        yield Join(
            data,
            data,
            "outer",
            ((column.name, column.name),),
            (("k", "left", ("k", "")), ("other", "right", ("", "k"))),
            ascending,
            "joined",
        )


@pytest.mark.parametrize("kind", KINDS[:2])
def test_every_operation_over_every_stored_type(kind):
    tables = stored(kind)
    ops: set[str] = set()
    for name, type_ in tables.converted.items():
        pairs = zip(*(batches(plan, plan.column(name)) for plan in (tables.node, tables.read)), strict=True)
        for over_stored, over_read in pairs:
            found, wanted = tables.engine.rows(over_stored), tables.engine.rows(over_read)
            assert same_rows(found, wanted), (type_, tables.engine.sql(over_stored), found, wanted)
            ops |= {part.op for expr in over_stored.exprs() for part in walk(expr) if isinstance(part, Call | Aggregation)}
            ops |= {part.call.op for expr in over_stored.exprs() for part in walk(expr) if isinstance(part, Over)}
    types = [tables.node.types[name] for name in tables.converted]
    assert ops >= {
        each.op.name
        for each in PRODUCTIONS
        if not each.op.parses
        if any(kind is not None and like(kind, type_) for kind in each.args for type_ in types)
    }
