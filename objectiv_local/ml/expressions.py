"""Numbers in expressions: columns as floats, constants, and sums with shallow nesting and a fixed order on every engine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Expr, call, case, cast, frame_of, literal, series_of, state_of
from objectiv_local.types import FLOAT64, python_value

#: The types of columns that a model can use as numbers.
NUMBERS = ("bool", "int64", "float64", "decimal")

#: Number of terms in one chain of a sum. Engines limit the depth of nesting, which grouping the terms keeps low.
_TERMS = 16

NAN = literal(math.nan)


def number(frame: DataFrame, name: str) -> Expr:
    """Return a column as floats, with NULL for both NULL and NaN; a bool is 0 or 1.

    Raises ColumnNotFound, and InvalidType for a non-numeric column.
    """
    if name not in frame.data_columns:
        raise ColumnNotFound(f"there is no data column {name!r}", hint=near(name, frame.data_columns))
    return number_of(state_of(frame).column(name), name)


def number_of(column: Expr, name: str) -> Expr:
    """Return an expression as floats, with NULL for both NULL and NaN; see :func:`number`."""
    found = as_float(column, name)
    return not_nan(found) if column.type == FLOAT64 else found


def as_float(column: Expr, name: str) -> Expr:
    """Return an expression as floats; a bool is 0 or 1. Raises InvalidType for a non-numeric expression."""
    if column.type.name not in NUMBERS:
        raise InvalidType(
            f"column {name!r} is {column.type}, but a number is needed",
            hint="encode it with OneHotEncoder or OrdinalEncoder, cast it with astype, or drop it",
        )
    return cast(column, FLOAT64)


def not_nan(expr: Expr) -> Expr:
    """Return a float with NULL for NaN."""
    return case([(call("ne", expr, NAN), expr)])


def constant(value: object) -> Expr:
    """Return a Python or numpy value as a constant."""
    return literal(python_value(value))


def real(value: object) -> Expr:
    """Return a number as an exact float constant."""
    return literal(float(value))  # type: ignore[arg-type]


def total(terms: Sequence[Expr]) -> Expr:
    """Return the sum of terms in a fixed order: in groups of 16, and groups of those."""
    parts = list(terms) or [real(0)]
    while len(parts) > 1:
        parts = [_chain(parts[start : start + _TERMS]) for start in range(0, len(parts), _TERMS)]
    return parts[0]


def _chain(terms: Sequence[Expr]) -> Expr:
    found = terms[0]
    for term in terms[1:]:
        found = call("add", found, term)
    return found


def squared(value: Expr) -> Expr:
    """Return the square of a number, 0 if it is below 1e-300: some engines raise an error for a product that underflows."""
    return case([(call("lt", call("abs", value), real(1e-150)), real(0))], call("mul", value, value))


def dot(values: Sequence[Expr], weights: Iterable[object], intercept: object = 0.0) -> Expr:
    """Return the sum of an intercept and values times their weights. Weights of 0 are included, so that NULL stays NULL."""
    products = [call("mul", value, real(weight)) for value, weight in zip(values, weights, strict=True)]
    return total([*products, *([real(intercept)] if float(intercept) else [])])  # type: ignore[arg-type]


def with_columns(frame: DataFrame, columns: Mapping[str, Expr], step: str = "", *, only: bool = False) -> DataFrame:
    """Return the frame with columns added in one step; with ``only``, they are its only data columns."""
    state = state_of(frame).extended(tuple(columns.items()), step)
    kept = [] if only else [name for name in frame.data_columns if name not in columns]
    return frame_of(state, [*kept, *columns])


def column_of(frame: DataFrame, expr: Expr, name: str) -> Series:
    """Return an expression over a frame as a series."""
    return series_of(state_of(frame), expr, name)
