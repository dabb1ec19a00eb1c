"""The engines that a spec runs on, and the comparison of their results."""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Iterable, Sequence

from reference import Failure, Json, evaluate
from reference.values import canonical
from spec.specs import Fails, Spec

from objectiv_local.dialects import Statement, compile_plan
from objectiv_local.errors import ObjectivError
from objectiv_local.frame.running import Running
from objectiv_local.frame.zones import in_zones_of
from objectiv_local.plan.nodes import Node
from objectiv_local.types import Interval, Type, arrow_type

#: The Python type of the values of each type in a result.
KINDS: dict[str, type] = {
    "bool": bool,
    "int64": int,
    "float64": float,
    "string": str,
    "date": datetime.date,
    "timestamp": datetime.datetime,
    "timedelta": datetime.timedelta,
    "uuid": uuid.UUID,
    "json": Json,
    "time": datetime.time,
    "decimal": decimal.Decimal,
    "numeric_interval": Interval,
}

Rows = Sequence[tuple[object, ...]]


class Reference:
    """The engine in memory."""

    name = "reference"

    def rows(self, plan: Node) -> Rows:
        rows = evaluate(plan)
        for row in rows:
            for value, type_ in zip(row, plan.types.values(), strict=True):
                assert value is None or type(value) is KINDS[type_.name], (value, type_)
        return rows

    def raises(self, plan: Node) -> bool:
        try:
            evaluate(plan)
        except Failure:
            return True
        return False

    def check(self, spec: Spec) -> None:
        check(self, spec)


class Sql:
    """An engine that runs the compiled statement of a plan."""

    def __init__(self, name: str, dialect: str, connection: object) -> None:
        self.name = name
        self.dialect = dialect
        self.connection = connection

    def sql(self, plan: Node, without: Iterable[str] = ()) -> str:
        return self.statement(plan, without).sql

    def rows(self, plan: Node, without: Iterable[str] = ()) -> Rows:
        """Return the rows of ``plan``, compiled without the named optional passes."""
        return self.fetched(plan, self.statement(plan, without))

    def statement(self, plan: Node, without: Iterable[str] = ()) -> Statement:
        return compile_plan(in_zones_of(plan, self.connection), self.dialect, without=without)

    def rows_in_parts(self, plan: Node) -> tuple[Rows, int]:
        """Return the rows of ``plan``, run like a long program, and the number of temporary tables that it used."""
        with Running(plan, self.connection) as run:
            count = len(run.tables)
            return self.fetched(plan, run.statement), count

    def fetched(self, plan: Node, statement: Statement) -> Rows:
        answer = self.connection.arrow(statement.sql, statement.schema)
        wanted = [(name, arrow_type(type_)) for name, type_ in plan.types.items()]
        found = [(field.name, field.type) for field in answer.schema]
        assert found == wanted, f"columns {found}, not {wanted}"
        columns = [
            [value_of(value, type_) for value in column.to_pylist()]
            for column, type_ in zip(answer.columns, plan.types.values(), strict=True)
        ]
        return list(zip(*columns, strict=True)) if columns else [()] * answer.num_rows

    def raises(self, plan: Node) -> bool:
        try:
            self.rows(plan)
        except ObjectivError:
            return True
        return False

    def check(self, spec: Spec) -> None:
        check(self, spec)


def value_of(value: object, type_: Type) -> object:
    """Return a value of an Arrow table in the representation of the reference engine."""
    if value is None:
        return None
    if type_.name == "json":
        return Json.parse(value)
    if type_.name == "numeric_interval":
        return Interval(**value)
    return uuid.UUID(value) if type_.name == "uuid" else value


def check(engine: Reference | Sql, spec: Spec) -> None:
    """Assert that ``engine`` returns the result of ``spec``."""
    assert tuple(spec.plan.types.values()) == spec.types
    if isinstance(spec.expected, Fails):
        assert engine.raises(spec.plan), "an error is expected"
        return
    found = engine.rows(spec.plan)
    assert same_rows(found, spec.expected, ordered=spec.ordered), difference(engine, spec, found)


def difference(engine: Reference | Sql, spec: Spec, found: Rows) -> str:
    shown = f"{spec.name}\nexpected: {list(spec.expected)}\n{engine.name}: {list(found)}"
    return shown if isinstance(engine, Reference) else f"{shown}\n{engine.sql(spec.plan)}"


def same_rows(left: Rows, right: Rows, *, ordered: bool = False) -> bool:
    """Return whether two results are equal, floats to nine digits; as sets of rows if they are unordered."""
    if len(left) != len(right):
        return False
    if not ordered:
        left, right = sorted(left, key=place), sorted(right, key=place)
    return all(same(a, b) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True))


def place(row: tuple[object, ...]) -> tuple[object, ...]:
    """Return a sort key of a row in which nearly equal floats come last, so that they do not decide."""
    exact = tuple("" if isinstance(value, float) else json_text(value) for value in row)
    rounded = tuple(f"{value + 0.0:.6e}" if isinstance(value, float) else "" for value in row)
    return exact, rounded


def json_text(value: object) -> str:
    if isinstance(value, Json):
        return "json " + canonical(value.value)
    return repr(value)


def same(left: object, right: object) -> bool:
    """Return whether two values are equal and of the same type; floats to nine digits, NaN and infinity exactly."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right or math.isclose(left, right, rel_tol=1e-9, abs_tol=0.0 if math.isinf(left) else 1e-300)
    if isinstance(left, Interval):
        return same(left.lower, right.lower) and same(left.upper, right.upper) and left.bounds == right.bounds
    if isinstance(left, decimal.Decimal):
        return left == right and left.as_tuple().exponent == right.as_tuple().exponent
    if isinstance(left, Json) and isinstance(right, Json):
        return canonical(left.value) == canonical(right.value)
    return left == right
