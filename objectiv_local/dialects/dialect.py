"""What a dialect is: a table of operations, the names of types, and the clauses in which engines differ.

What stands here as a default holds on most engines. A dialect gives the differences.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from typing import cast as typed

from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.names import RESERVED, text_constant
from objectiv_local.dialects.sql.tree import Func, Name, Number, Ordered, Raw, Sql, Template, Windowed
from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Call, Cast, Expr, Literal, Ordering
from objectiv_local.plan.relation import Relation, Schema
from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL_DIGITS,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    Interval,
    Type,
)

#: Makes the SQL of an operation from that of its operands, and the expression they come from, for its types and constants.
Builder = Callable[[Sequence[Sql], Expr], Sql]
#: How a stored value becomes one of the plan: the SQL around the column, or None to read it as it is.
Reader = Callable[[Sql], Sql]

#: How the ends of an interval are kept beside it, as a number.
BOUNDS = ("(]", "[)", "[]", "()")

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


class Unnested(NamedTuple):
    """The elements of an array beside the row that holds it."""

    #: What follows the source of the rows in FROM.
    joined: Sql
    #: An element, and its place, counted from 0.
    value: Sql
    position: Sql


@dataclass(frozen=True)
class Dialect:
    """A way to write SQL.

    ``scalar`` and ``aggregate`` map operations to builders, ``casts`` pairs of type names to builders; ``unsupported`` gives a
    reason for each operation that is left out.
    """

    name: str
    scalar: Mapping[str, Builder]
    aggregate: Mapping[str, Builder]
    casts: Mapping[tuple[str, str], Builder]
    unsupported: Mapping[str, str] = field(default_factory=dict)

    # ---- types and names

    #: The names of the types, and of ``int32``, which is the type of some operands.
    types: Mapping[str, str] = field(default_factory=dict)
    #: The names that the engine's catalog gives to the types of stored columns.
    stored_types: Mapping[str, str] = field(default_factory=dict)
    #: How a column of a stored type is read; None for one that is not supported.
    stored: Callable[[str], tuple[Type, Reader | None] | None] = lambda name: None
    #: How a column that this package stored is read, by its stored type and its type: where JSON is stored as text, say.
    written: Mapping[tuple[str, str], Reader] = field(default_factory=dict)
    #: The mark around names that are not plain.
    quote: str = '"'
    #: The schema that holds temporary tables.
    temporary_schema: str = "temp"
    #: The collation clause that makes strings compare by code point, if that is not the engine's way.
    text_order: str = ""

    # ---- what an engine plans well

    #: Optional passes over plans whose result the engine does not run, or runs no faster.
    skips: frozenset[str] = frozenset()
    #: Whether models of dbt are written for it: tests build some.
    has_dbt_models: bool = False
    #: How many steps that read each other the engine plans within a second.
    most_steps: int = 200
    #: As many other steps take as long to plan as a join.
    join_steps: int = 8
    #: How often an engine that writes a step into each of those that read it may compute one, before its rows are kept in a
    #: temporary table; None for an engine that computes a step once.
    most_copies: int | None = None
    #: What ends a step that the engine is to compute by itself, if it writes steps into those that read them; otherwise None.
    fence: str | None = None
    #: What follows AS for a step whose rows the engine has to keep, if it may compute one side of a join again for each row of
    #: the other side; otherwise None.
    keeps: str | None = None
    #: What follows AS for a step that only reads columns of a table, if the engine would keep its rows where several steps read
    #: it, and reading the table again costs less; otherwise None.
    reads_again: str | None = None
    #: Aggregates that need the rows of a group sorted, which is what such an engine does again.
    sorts: frozenset[str] = frozenset()
    #: Whether an expression costs nothing where it is read, as a cast that every use of it leaves out.
    is_free: Callable[[Expr], bool] = lambda expr: False
    #: How many columns a SELECT may have.
    most_columns: int | None = None
    #: How many sub-selects of one total the engine plans well in one SELECT; where there are more, the total is joined.
    most_subselects: int | None = None
    #: Aggregates of which the engine refuses an operand with a sub-select.
    refuses_queries: frozenset[str] = frozenset()
    #: Operations that are written with an operand more than once.
    repeats: frozenset[str] = frozenset()
    #: The columns of one SELECT, where an engine computes some of them faster as one.
    together: Callable[[dict[str, Sql]], dict[str, Sql]] = dict
    #: The query of many rows of constants, where the engine reads them faster than VALUES; None where it does not.
    many_rows: Callable[[Schema, Sequence[tuple[Expr, ...]]], str | None] = lambda columns, rows: None

    # ---- clauses

    #: A set of files as it stands behind FROM. Raises NotSupported where the engine reads no files.
    files: Callable[[Relation], str] | None = None
    #: The function that turns a JSON array into rows.
    elements: Callable[[Sql], Sql] = lambda array: array
    #: How an array of numbers is written as text.
    array: str = "[{}]"
    #: Whether NULL comes last in an ascending order that does not say; None to say it in every order.
    nulls_last: bool | None = True
    #: Whether a key of an ORDER BY may be computed over a window.
    orders_by_windows: bool = True
    #: Whether a total, and groups of which HAVING keeps some, may be sorted by an aggregate that is not a column of the result.
    orders_by_aggregates: bool = True
    #: Whether a name within an expression of an ORDER BY means a column of the result before one of the source. A name that
    #: stands alone does so everywhere.
    orders_by_results: bool = False
    #: Whether the total among several groupings has a row where there are no rows to group.
    totals_nothing: bool = True
    #: How the number of a LIMIT is written in a statement with grouping sets.
    limit_of_sets: str = "{}"

    def type_name(self, type_: Type) -> str:
        """Return the engine's name of a type."""
        return decimal_name(type_) if type_.name == "decimal" else self.types[type_.name]

    def stored_name(self, type_: Type, *, written: bool = False) -> str:
        """Return the catalog's name of a type; ``written`` by this package, which stores durations as numbers."""
        if type_.name == "decimal":
            return self.stored_types["decimal"].format(DECIMAL_DIGITS, type_.scale)
        return self.stored_types["int64" if written and type_.name == "timedelta" else type_.name]

    def identifier(self, name: str) -> str:
        """Return ``name`` as an identifier: as it is where every engine reads it so, else in quotes.

        >>> from objectiv_local.dialects import dialect_named
        >>> duckdb = dialect_named("duckdb")
        >>> print(duckdb.identifier("moment"), duckdb.identifier("user"), duckdb.identifier("Visits 2024"))
        moment "user" "Visits 2024"
        """
        return name if _PLAIN_NAME.match(name) and name not in RESERVED else self.quoted(name)

    def quoted(self, *parts: str) -> str:
        """Return a name, perhaps qualified, as an identifier that is quoted whatever it is."""
        return ".".join(self.quote + part.replace(self.quote, 2 * self.quote) + self.quote for part in parts)

    def text(self, value: str) -> str:
        """Return a text constant: a backslash is itself, and a doubled quote is one."""
        return text_constant(value)

    def relation(self, relation: Relation) -> str:
        """Return a relation as it stands behind FROM. Raises NotSupported for files where the engine reads none."""
        if relation.kind == "table":
            return ".".join(map(self.identifier, relation.parts))
        if self.files is None:
            raise NotSupported(
                f"{self.name} cannot read files",
                hint="open the file with objectiv_local.connect(path), or load it into a table",
            )
        return self.files(relation)

    # ---- expressions

    def call(self, expr: Call | Aggregation, args: Sequence[Sql]) -> Sql:
        """Return the SQL of an operation."""
        table = self.scalar if isinstance(expr, Call) else self.aggregate
        if expr.op in self.unsupported:
            raise NotSupported(f"{expr.op} is not supported on {self.name}: {self.unsupported[expr.op]}")
        return table[expr.op](args, expr)

    def cast(self, expr: Cast, arg: Sql) -> Sql:
        """Return the SQL of a cast."""
        if expr.arg.type.plain == expr.type.plain:
            return arg
        builder = self.casts.get((expr.arg.type.name, expr.type.name))
        return builder((arg,), expr) if builder is not None else tree.cast(arg, expr.type)

    def aggregated(self, function: Func) -> Sql:
        """Return an aggregate whose order and filter are known, where the engine writes these in another way."""
        return function

    def windowed(self, function: Func, partition: tuple[Sql, ...], order: tuple[Ordered, ...], frame: str) -> Sql:
        """Return a function over a window, where the engine may not take a filter of it."""
        return Windowed(function, partition, order, frame)

    def ordered(self, key: Ordering, arg: Sql) -> Ordered:
        """Return a key of an ORDER BY with its direction and the place of NULL."""
        direction = "" if key.ascending else " DESC"
        # Descending, some engines put NULL at the other end, so it is always said.
        default = None if self.nulls_last is None or not key.ascending else self.nulls_last
        nulls = "" if key.nulls_last is default else " NULLS LAST" if key.nulls_last else " NULLS FIRST"
        collation = self.collation(key.expr)
        # Behind an operator, the words would belong to its right side alone.
        return Ordered(tree.collated(arg, collation) if collation else arg, direction + nulls)

    def collation(self, expr: Expr) -> str:
        """Return what makes text compare by code point."""
        return self.text_order if expr.type == STRING else ""

    def literal(self, expr: Literal) -> Sql:
        """Return a constant whose type shows."""
        value = expr.value
        if value is None:
            return tree.cast(Raw("NULL"), expr.type)
        if expr.type == STRING:
            return tree.text(str(value))
        if expr.type == BOOL:
            return Raw("TRUE" if value else "FALSE")
        if expr.type in (INT64, TIMEDELTA):
            return Number(microseconds(value) if expr.type == TIMEDELTA else typed("int", value))
        if expr.type == FLOAT64:
            return float_literal(typed("float", value))
        if expr.type.name == "decimal":
            return tree.cast(tree.text(f"{value:f}"), expr.type)
        if expr.type in (DATE, TIME, TIMESTAMP):
            return Raw(f"{expr.type.name.upper()} '{value}'")
        if expr.type == INTERVAL:
            interval = typed("Interval", value)
            ends = f"{_float_text(interval.lower)}, {_float_text(interval.upper)}, {BOUNDS.index(interval.bounds)}"
            return tree.cast(tree.text(self.array.format(ends)), expr.type)
        return tree.cast(tree.text(str(value)), expr.type)

    # ---- clauses that engines write in their own way

    def result(self, sql: Sql, type_: Type) -> Sql:
        """Return a column of the statement's result, where a value does not leave the engine in the form that it has inside."""
        return sql

    def unnested(self, array: Sql, alias: str) -> Unnested:
        """Return the elements of a JSON array beside the row that holds it; ``alias`` names them."""
        joined = Template(f"CROSS JOIN LATERAL {{}} WITH ORDINALITY AS {alias} (value, position)", (self.elements(array),))
        return Unnested(joined, Name("value", alias), tree.binary("-", Name("position", alias), tree.number(1)))

    def counted(self, count: Sql, alias: str) -> Unnested:
        """Return the numbers from 0 up to but not including one, beside the row that holds it; ``alias`` names them."""
        last = tree.binary("-", count, tree.number(1))
        joined = Template(f"CROSS JOIN LATERAL generate_series(0, {{}}) AS {alias} (position)", (last,))
        position = Name("position", alias)
        return Unnested(joined, tree.cast(tree.cast(position, STRING), JSON), position)

    def grouping_level(self, keys: Sequence[Sql], sets: Sequence[Iterable[int]]) -> Sql:
        """Return which of several groupings a row is of, as the place among ``sets``: each has the positions of its keys."""
        if not keys:
            return tree.cast(tree.number(0), INT64)
        masks = [sum(1 << place for place, i in enumerate(reversed(range(len(keys)))) if i not in set(each)) for each in sets]
        cases = " ".join(f"WHEN {mask} THEN {position}" for position, mask in enumerate(masks))
        shown = ", ".join(["{}"] * len(keys))
        return tree.cast(Template(f"(CASE grouping({shown}) {cases} END)", tuple(keys)), INT64)

    # ---- statements that write

    def create(self, kind: str, name: Sequence[str], query: str) -> str:
        """Return the statement that stores a query: ``kind`` is ``view``, ``or_replace_view``, ``table`` or
        ``temp_table``.
        """
        words = {
            "view": "CREATE VIEW",
            "or_replace_view": "CREATE OR REPLACE VIEW",
            "table": "CREATE TABLE",
            "temp_table": "CREATE TEMPORARY TABLE",
        }[kind]
        return f"{words} {self.quoted(*name)} AS\n{query}"

    def drop(self, kind: str, name: Sequence[str]) -> str:
        """Return the statement that drops what :meth:`create` made, if it is there."""
        if kind == "temp_table":
            # Qualified, because a permanent table may have the same name.
            return f"DROP TABLE IF EXISTS {self.temporary_schema}.{self.quoted(*name)}"
        return f"DROP {kind.upper()} IF EXISTS {self.quoted(*name)}"


def decimal_name(type_: Type) -> str:
    """Return the name of a decimal type."""
    return f"decimal({DECIMAL_DIGITS}, {type_.scale})"


def microseconds(value: object) -> int:
    """Return a datetime.timedelta as whole microseconds, exactly."""
    assert isinstance(value, datetime.timedelta)
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def float_literal(value: float) -> Sql:
    """Return a float constant. A bare 1.5 would be a decimal; long text is read to the same double."""
    shown = repr(float(value))
    if shown in ("inf", "-inf", "nan"):
        return tree.cast(tree.text(_float_text(float(value))), FLOAT64)
    if "e" in shown or len(shown) > 16 or shown.startswith("-"):
        return tree.cast(tree.text(shown), FLOAT64)
    return tree.cast(Raw(shown), FLOAT64)


def _float_text(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
