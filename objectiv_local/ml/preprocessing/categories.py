"""The categories of features: their values, counts, and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from objectiv_local.errors import InvalidType, TooLarge
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    INLINE_ROWS,
    Aggregate,
    Column,
    Expr,
    Extend,
    GroupingSets,
    Join,
    JoinSide,
    Limit,
    Node,
    Values,
    aggregation,
    call,
    case,
    cast,
    literal,
    state_of,
    unused_name,
)
from objectiv_local.ml.expressions import constant, real
from objectiv_local.ml.fetching import fetched
from objectiv_local.ml.preprocessing.transformer import feature_exprs
from objectiv_local.ml.statistics.summary import check_sizes, no_rows
from objectiv_local.types import FLOAT64, arrow_type, is_nan

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

#: The types of features that can have categories.
TYPES = ("bool", "int64", "float64", "decimal", "string")

#: Maximum number of categories that are fetched for all features together.
MOST_CATEGORIES = 1_000_000

#: Number of categories up to which a number is found by a CASE; beyond that, by a join.
MOST_CASES = 40

#: A category and the number of rows that have it; NaN is the missing category.
Counts = dict[Any, int]


def category(column: Expr, name: str) -> Expr:
    """Return a feature in the type for comparison with its categories: a decimal becomes a float."""
    if column.type.name not in TYPES:
        raise InvalidType(
            f"column {name!r} is {column.type}, which cannot have categories", hint="cast it with astype('string'), or drop it"
        )
    return cast(column, FLOAT64) if column.type.name == "decimal" else column


def counted(
    frame: DataFrame, names: Sequence[str], extra: Sequence[tuple[str, Expr]] = (), aggregates: Sequence[tuple[str, Expr]] = ()
) -> list[list[tuple[Any, ...]]]:
    """Return, for each feature, a row for each of its values: the value, the ``extra`` keys, and the aggregates.

    One query with a grouping set per feature. Raises TooLarge for more than a million rows.
    """
    state = state_of(frame)
    features = feature_exprs(frame)
    keys = [(f"c{position}", category(features[name], name)) for position, name in enumerate(names)]
    first = len(keys)
    # Keys are separate columns, because a grouping cannot have the same expression as two keys.
    taken, columns_of = dict(state.plan.types), []
    for name, expr in [*keys, *extra]:
        columns_of.append((unused_name(name, taken), expr))
        taken[columns_of[-1][0]] = expr.type
    held = Extend(state.plan, tuple(columns_of))
    named = tuple((name, held.column(column)) for (name, _), (column, _) in zip([*keys, *extra], columns_of, strict=True))
    more = tuple(range(first, first + len(extra)))
    made = list(aggregates) or [("n", aggregation("size"))]
    grouped: Node
    if len(keys) == 1:
        grouped = Extend(Aggregate(held, named, tuple(made)), (("feature", literal(0)),))
    else:
        grouped = GroupingSets(held, named, tuple((place, *more) for place in range(first)), tuple(made), "feature")
    limited = Limit(grouped, (), MOST_CATEGORIES + 1)
    columns = [name for name, _ in named] + [name for name, _ in made] + ["feature"]
    table = fetched(state, limited)
    if table.num_rows > MOST_CATEGORIES:
        raise TooLarge(
            f"the features {', '.join(names)} have more than {MOST_CATEGORIES:,} categories",
            hint="drop columns whose values are unique, such as an id",
        )
    out: list[list[tuple[Any, ...]]] = [[] for _ in names]
    rest = [name for name, _ in extra] + [name for name, _ in made]
    values = {name: table.column(name).to_pylist() for name in columns}
    for place in range(first):
        # 0.0 and -0.0 are one category, and engines differ in which of them represents a group.
        values[f"c{place}"] = [0.0 if isinstance(value, float) and value == 0 else value for value in values[f"c{place}"]]
    for row, place in enumerate(values["feature"]):
        value = values[f"c{place}"][row]
        out[place].append((np.nan if value is None else value, *(values[name][row] for name in rest)))
    return out


def surrogate(counts: Sequence[Sequence[Any]], names: Sequence[str], types: Sequence[str]) -> Any:
    """Return a small pandas frame in which each feature has each of its categories, padded with the first one."""
    import pandas as pd

    length = max((len(values) for values in counts), default=0)
    if not length:
        raise no_rows(len(names), "an encoder")
    columns = {}
    for name, values, type_ in zip(names, counts, types, strict=True):
        sizes = [abs(value) for value in values if isinstance(value, float) and not is_nan(value)]
        check_sizes({name: max(sizes, default=None)}, "an encoder")
        filled = [*values, *([values[0]] * (length - len(values)))]
        has_hole = any(is_nan(value) for value in values)
        dtype = {
            "bool": "object" if has_hole else "bool",
            "int64": "float64" if has_hole else "int64",
            "float64": "float64",
            "decimal": "float64",
            "string": "object",
        }[type_]
        columns[name] = pd.Series(filled, dtype=dtype)
    return pd.DataFrame(columns)


def plain(value: Any) -> Any:
    """Return a category as a Python value."""
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value: Any) -> bool:
    """Return whether a category is the missing one."""
    return value is None or is_nan(plain(value))


def category_key(value: Any) -> Any:
    """Return a category as a key: all missing values have the same key, and 1 differs from True."""
    return ("missing",) if is_missing(value) else (type(plain(value)) is bool, plain(value))


def category_constant(value: Any, column: Expr, name: str) -> Expr:
    """Return a category as a constant for comparison with a feature. Raises InvalidType if they have no common type."""
    made = constant(plain(value))
    wanted = {"bool": ("bool",), "string": ("string",)}.get(column.type.name, ("int64", "float64", "bool"))
    if made.type.name not in wanted:
        raise InvalidType(
            f"column {name!r} is {column.type}, but its fitted category is {plain(value)!r}",
            hint="transform columns of the fitted types, or cast them with astype",
        )
    if column.type.name == "bool" or made.type.name != "bool":
        return cast(made, FLOAT64) if column.type == FLOAT64 else made
    return literal(int(plain(value)))


def looked_up(
    state: State,
    column: Expr,
    name: str,
    numbers: Mapping[Any, Sequence[float]],
    missing: Sequence[Expr],
    unknown: Sequence[Expr],
) -> tuple[State, list[Expr]]:
    """Return expressions for the numbers of a category: by a CASE, or by a join with a table if there are many categories.

    ``missing`` is for NULL and ``unknown`` for any other value without numbers.
    """
    known = {plain(value): row for value, row in numbers.items() if not is_missing(value)}
    if len(known) <= MOST_CASES:
        tests = [(call("eq", column, category_constant(value, column, name)), row) for value, row in known.items()]
        return state, [
            case(
                [(call("is_null", column), missing[place]), *((test, real(row[place])) for test, row in tests)], unknown[place]
            )
            for place in range(len(missing))
        ]
    state, codes = _joined(state, column, name, known, len(missing))
    return state, [
        case([(call("is_null", column), missing[place]), (call("not_null", code), code)], unknown[place])
        for place, code in enumerate(codes)
    ]


def _joined(state: State, column: Expr, name: str, known: Mapping[Any, Sequence[float]], size: int) -> tuple[State, list[Expr]]:
    taken = dict(state.plan.types)
    key = unused_name("category", taken)
    taken[key] = column.type
    labels = []
    for place in range(size):
        labels.append(unused_name(f"{name}_code" + (f"_{place}" if size > 1 else ""), taken))
        taken[labels[-1]] = FLOAT64
    table = _table(state, column, name, known, size)
    left = Extend(state.plan, ((key, column),))
    columns: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in state.plan.types]
    columns += [(label, "right", (f"code_{place}", f"code_{place}")) for place, label in enumerate(labels)]
    joined = Join(left, table, "left", ((key, "category"),), tuple(columns), False, "", state.plan.key)
    return state.with_plan(joined), [Column(label, FLOAT64) for label in labels]


def _table(state: State, column: Expr, name: str, known: Mapping[Any, Sequence[float]], size: int) -> Node:
    """Return the plan of a table of categories and their numbers: in the statement itself, or loaded if there are many."""
    schema = (("category", column.type), *((f"code_{place}", FLOAT64) for place in range(size)))
    rows = [(category_constant(value, column, name), *map(real, row)) for value, row in known.items()]
    if len(rows) <= INLINE_ROWS or state.engine is None:
        return Values(schema, tuple(rows), ("category",), "categories")
    import pyarrow as pa

    values = {"category": list(known)} | {
        f"code_{place}": [float(row[place]) for row in known.values()] for place in range(size)
    }
    arrays = {label: pa.array(values[label], type=arrow_type(type_)) for label, type_ in schema}
    loaded = DataFrame.from_arrow(state.engine, pa.table(arrays), name="categories", materialization="temp_table")
    return state_of(loaded).plan
