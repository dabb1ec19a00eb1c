"""Spark SQL: the differences from the standard table, and the clauses that Spark writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from objectiv_local.dialects.dialect import BOUNDS, Builder, Dialect, Unnested, float_literal
from objectiv_local.dialects.spark import aggregates, json, numbers, text, time
from objectiv_local.dialects.spark.stored import STORED_TYPES, TYPES, stored
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Func, Name, Ordered, Raw, Sql, Template
from objectiv_local.dialects.standard.table import STANDARD_AGGREGATE, STANDARD_SCALAR
from objectiv_local.plan.expr import Literal, Ordering
from objectiv_local.types import INT64, JSON, TIMESTAMP, UUID, Interval, Type


@dataclass(frozen=True)
class SparkDialect(Dialect):
    """Spark SQL in a session with the engine's settings."""

    def text(self, value: str) -> str:
        return text.constant_text(value)

    def literal(self, expr: Literal) -> Sql:
        value = expr.value
        if value is None:
            return tree.cast(Raw("NULL"), expr.type)
        if isinstance(value, Interval):
            ends = (float_literal(value.lower), float_literal(value.upper), float_literal(BOUNDS.index(value.bounds)))
            return tree.func("array", *ends)
        if expr.type == TIMESTAMP:
            return Raw(f"TIMESTAMP_NTZ '{value}'")
        if expr.type == UUID:
            return tree.text(str(value).lower())
        if expr.type.plain == JSON:
            return tree.func("parse_json", tree.text(str(value)))
        return super().literal(expr)

    def ordered(self, key: Ordering, arg: Sql) -> Ordered:
        # NULL is first in ascending order, unlike on the other engines.
        return Ordered(arg, ("" if key.ascending else " DESC") + (" NULLS LAST" if key.nulls_last else " NULLS FIRST"))

    def aggregated(self, function: Func) -> Sql:
        return aggregates.ordered(function)

    def windowed(self, function: Func, partition: tuple[Sql, ...], order: tuple[Ordered, ...], frame: str) -> Sql:
        return aggregates.windowed(function, partition, order, frame)

    def result(self, sql: Sql, type_: Type) -> Sql:
        return tree.func("to_json", sql) if type_.plain == JSON else sql

    def unnested(self, array: Sql, alias: str) -> Unnested:
        joined = Template(f"CROSS JOIN LATERAL posexplode({{}}) AS {alias} (position, value)", (json.elements(array),))
        return Unnested(joined, Name("value", alias), tree.cast(Name("position", alias), INT64))

    def counted(self, count: Sql, alias: str) -> Unnested:
        joined = Template(f"CROSS JOIN LATERAL {{}} AS {alias} (position, value)", (json.exploded_numbers(count),))
        position = tree.cast(Name("position", alias), INT64)
        return Unnested(joined, tree.cast(position, JSON), position)

    def grouping_level(self, keys: Sequence[Sql], sets: Sequence[Iterable[int]]) -> Sql:
        if not keys:
            return tree.cast(tree.number(0), INT64)
        # The engine's grouping function accepts only one key.
        weights = [1 << place for place in reversed(range(len(keys)))]
        masks = [sum(weight for i, weight in enumerate(weights) if i not in set(each)) for each in sets]
        cases = " ".join(f"WHEN {mask} THEN {position}" for position, mask in enumerate(masks))
        shown = " + ".join("grouping({})" + (f" * {weight}" if weight > 1 else "") for weight in weights)
        return tree.cast(Template(f"(CASE {shown} {cases} END)", tuple(keys)), INT64)

    def create(self, kind: str, name: Sequence[str], query: str) -> str:
        if kind == "temp_table":
            # There are no temporary tables, so this is a view, which is computed at each use. CACHE TABLE would store its
            # rows, but the engine then uses them in every query of every session that has the same steps, even if files have
            # changed since; where rows have to be stored, SparkEngine adds a step that no other query has.
            return f"CREATE TEMPORARY VIEW {self.quoted(*name)} AS\n{query}"
        return super().create(kind, name, query)

    def drop(self, kind: str, name: Sequence[str]) -> str:
        if kind == "temp_table":
            return f"DROP VIEW IF EXISTS {self.quoted(*name)}"
        return super().drop(kind, name)


SCALAR: dict[str, Builder] = STANDARD_SCALAR | numbers.SCALAR | text.SCALAR | time.SCALAR | json.SCALAR

DIALECT = SparkDialect(
    name="spark",
    scalar=SCALAR,
    aggregate=STANDARD_AGGREGATE | aggregates.AGGREGATE,
    casts=numbers.CASTS | text.CASTS | time.CASTS | json.CASTS,
    types=TYPES,
    stored_types=STORED_TYPES,
    stored=stored,
    written={("string", "json"): json.parsed},
    quote="`",
    nulls_last=None,
    totals_nothing=False,
    orders_by_windows=False,
    orders_by_aggregates=False,
    filters_by_level=False,
    orders_by_results=True,
    # JSON cannot be compared, so there are no distinct values of it.
    skips=frozenset({"distinct once"}),
    most_steps=16,
    join_steps=4,
    most_copies=4,
    repeats=numbers.REPEATS | text.REPEATS | time.REPEATS | json.REPEATS,
)
