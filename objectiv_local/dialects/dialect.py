"""The definition of a dialect: a table of operations, the names of types, and the clauses in which engines differ.

The defaults here hold on most engines. A dialect defines the differences.
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

#: Returns the SQL of an operation, given the SQL of its operands, and the expression for its types and constants.
Builder = Callable[[Sequence[Sql], Expr], Sql]
#: Converts a stored value to one of the plan: the SQL around the column, or None to read it unchanged.
Reader = Callable[[Sql], Sql]

#: The bounds of an interval, by the number that represents them.
BOUNDS = ("(]", "[)", "[]", "()")

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


class Unnested(NamedTuple):
    """The elements of an array, joined to the row of the array."""

    #: The SQL that follows the source of the rows in FROM.
    joined: Sql
    #: An element, and its position, from 0.
    value: Sql
    position: Sql


@dataclass(frozen=True)
class Dialect:
    """The SQL of one engine.

    ``scalar`` and ``aggregate`` map operations to builders, and ``casts`` pairs of type names to builders; ``unsupported``
    has a reason for each operation that is not supported.
    """

    name: str
    scalar: Mapping[str, Builder]
    aggregate: Mapping[str, Builder]
    casts: Mapping[tuple[str, str], Builder]
    unsupported: Mapping[str, str] = field(default_factory=dict)

    # ---- types and names

    #: The names of the types, and of ``int32``, which some operands have.
    types: Mapping[str, str] = field(default_factory=dict)
    #: The names of the types of stored columns in the engine's catalog.
    stored_types: Mapping[str, str] = field(default_factory=dict)
    #: How a column of a stored type is read; None for an unsupported type.
    stored: Callable[[str], tuple[Type, Reader | None] | None] = lambda name: None
    #: How a column that this package stored is read, by its stored type and its type, for example if JSON is stored as text.
    written: Mapping[tuple[str, str], Reader] = field(default_factory=dict)
    #: The quote character for identifiers.
    quote: str = '"'
    #: The schema of temporary tables.
    temporary_schema: str = "temp"
    #: The collation clause that compares strings by code point, if that is not the engine's default.
    text_order: str = ""

    # ---- what an engine plans well

    #: Optional passes over plans whose result the engine cannot run, or does not run faster.
    skips: frozenset[str] = frozenset()
    #: Whether dbt models can be written for it.
    has_dbt_models: bool = False
    #: Number of steps that read each other that the engine plans within a second.
    most_steps: int = 200
    #: Number of other steps that take as long to plan as a join.
    join_steps: int = 8
    #: For an engine that inlines steps: how often it may compute a step before its rows are stored in a temporary table; None
    #: for an engine that computes a step once.
    most_copies: int | None = None
    #: The clause at the end of a step that must not be inlined, if the engine inlines steps; otherwise None.
    fence: str | None = None
    #: The keyword after AS for a step whose rows the engine has to materialize, if it may otherwise compute one side of a
    #: join again for each row of the other side; otherwise None.
    keeps: str | None = None
    #: The keyword after AS for a step that only reads columns of a table, if the engine would materialize its rows when
    #: several steps read it, although reading the table again costs less; otherwise None.
    reads_again: str | None = None
    #: Aggregates that sort the rows of a group, which an engine that inlines steps repeats.
    sorts: frozenset[str] = frozenset()
    #: Whether an expression costs nothing where it is read, such as a cast that all uses of it omit.
    is_free: Callable[[Expr], bool] = lambda expr: False
    #: Maximum number of columns of a SELECT.
    most_columns: int | None = None
    #: Number of sub-selects of one total that the engine plans well in one SELECT; beyond that, the total is joined.
    most_subselects: int | None = None
    #: Aggregates whose operand cannot contain a sub-select.
    refuses_queries: frozenset[str] = frozenset()
    #: Operations whose SQL repeats an operand.
    repeats: frozenset[str] = frozenset()
    #: Rewrites the columns of one SELECT, if the engine computes some of them faster together.
    together: Callable[[dict[str, Sql]], dict[str, Sql]] = dict
    #: The query for many rows of constants, if the engine reads it faster than VALUES; otherwise None.
    many_rows: Callable[[Schema, Sequence[tuple[Expr, ...]]], str | None] = lambda columns, rows: None

    # ---- clauses

    #: The SQL of a set of files in FROM. Raises NotSupported if the engine cannot read files.
    files: Callable[[Relation], str] | None = None
    #: The function that turns a JSON array into rows.
    elements: Callable[[Sql], Sql] = lambda array: array
    #: How an array of numbers is written as a string.
    array: str = "[{}]"
    #: Whether NULL is last in an ascending order by default; None to always write it.
    nulls_last: bool | None = True
    #: Whether a key of an ORDER BY can be computed over a window.
    orders_by_windows: bool = True
    #: Whether a total, or groups filtered by HAVING, can be sorted by an aggregate that is not a column of the result.
    orders_by_aggregates: bool = True
    #: Whether a name within an expression of an ORDER BY refers to a column of the result before a column of the source. A
    #: name on its own always does.
    orders_by_results: bool = False
    #: Whether HAVING can contain the level of a grouping set if its keys are not columns of the result.
    filters_by_level: bool = True
    #: Whether the total among several grouping sets has a row if there are no rows to group.
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
        """Return ``name`` as an identifier: unquoted if every engine reads it correctly, otherwise quoted.

        >>> from objectiv_local.dialects import dialect_named
        >>> duckdb = dialect_named("duckdb")
        >>> print(duckdb.identifier("moment"), duckdb.identifier("user"), duckdb.identifier("Visits 2024"))
        moment "user" "Visits 2024"
        """
        return name if _PLAIN_NAME.match(name) and name not in RESERVED else self.quoted(name)

    def quoted(self, *parts: str) -> str:
        """Return an optionally qualified name as an identifier that is always quoted."""
        return ".".join(self.quote + part.replace(self.quote, 2 * self.quote) + self.quote for part in parts)

    def text(self, value: str) -> str:
        """Return a string literal: a backslash is literal, and a quote is doubled."""
        return text_constant(value)

    def relation(self, relation: Relation) -> str:
        """Return the SQL of a relation in FROM. Raises NotSupported for files if the engine cannot read any."""
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
        """Return an aggregate with its order and filter, if the engine writes these in another way."""
        return function

    def windowed(self, function: Func, partition: tuple[Sql, ...], order: tuple[Ordered, ...], frame: str) -> Sql:
        """Return a function over a window, if the engine may not support its filter."""
        return Windowed(function, partition, order, frame)

    def ordered(self, key: Ordering, arg: Sql) -> Ordered:
        """Return a key of an ORDER BY with its direction and the position of NULL."""
        direction = "" if key.ascending else " DESC"
        # In descending order, engines differ in the position of NULL, so it is always written.
        default = None if self.nulls_last is None or not key.ascending else self.nulls_last
        nulls = "" if key.nulls_last is default else " NULLS LAST" if key.nulls_last else " NULLS FIRST"
        collation = self.collation(key.expr)
        # After an operator, the words would apply only to its right side.
        return Ordered(tree.collated(arg, collation) if collation else arg, direction + nulls)

    def collation(self, expr: Expr) -> str:
        """Return the clause that compares strings by code point."""
        return self.text_order if expr.type == STRING else ""

    def literal(self, expr: Literal) -> Sql:
        """Return a constant in a form that determines its type."""
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
        """Return a column of the statement's result, converted if the engine returns its internal values in another form."""
        return sql

    def unnested(self, array: Sql, alias: str) -> Unnested:
        """Return the elements of a JSON array, joined to its row; ``alias`` names them."""
        joined = Template(f"CROSS JOIN LATERAL {{}} WITH ORDINALITY AS {alias} (value, position)", (self.elements(array),))
        return Unnested(joined, Name("value", alias), tree.binary("-", Name("position", alias), tree.number(1)))

    def counted(self, count: Sql, alias: str) -> Unnested:
        """Return the numbers from 0 up to but not including ``count``, joined to its row; ``alias`` names them."""
        last = tree.binary("-", count, tree.number(1))
        joined = Template(f"CROSS JOIN LATERAL generate_series(0, {{}}) AS {alias} (position)", (last,))
        position = Name("position", alias)
        return Unnested(joined, tree.cast(tree.cast(position, STRING), JSON), position)

    def grouping_level(self, keys: Sequence[Sql], sets: Sequence[Iterable[int]]) -> Sql:
        """Return the position in ``sets`` of the grouping set of a row; each set has the positions of its keys."""
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
        """Return the statement that drops the object that :meth:`create` created, if it exists."""
        if kind == "temp_table":
            # Qualified, because a permanent table may have the same name.
            return f"DROP TABLE IF EXISTS {self.temporary_schema}.{self.quoted(*name)}"
        return f"DROP {kind.upper()} IF EXISTS {self.quoted(*name)}"


def decimal_name(type_: Type) -> str:
    """Return the name of a decimal type."""
    return f"decimal({DECIMAL_DIGITS}, {type_.scale})"


def microseconds(value: object) -> int:
    """Return a datetime.timedelta as an exact integer number of microseconds."""
    assert isinstance(value, datetime.timedelta)
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def float_literal(value: float) -> Sql:
    """Return a float constant. A bare 1.5 would be a decimal; a long literal is parsed to the same double."""
    shown = repr(float(value))
    if shown in ("inf", "-inf", "nan"):
        return tree.cast(tree.text(_float_text(float(value))), FLOAT64)
    if "e" in shown or len(shown) > 16 or shown.startswith("-"):
        return tree.cast(tree.text(shown), FLOAT64)
    return tree.cast(Raw(shown), FLOAT64)


def _float_text(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
