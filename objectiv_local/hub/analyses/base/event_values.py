"""Arguments with a value for each event: a column, a series of the frame, or a function of it."""

from __future__ import annotations

from objectiv_local.arguments import in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, case, cast, expr_of, literal, series_of, state_of
from objectiv_local.hub.conditions import computed, of_rows
from objectiv_local.types import FLOAT64, INT64


def column_of(given: object, data: DataFrame, what: str, example: str) -> Series:
    """Return a value for each event: a column by name, a series of the frame, or the result of a function of the frame.

    ``what`` names the argument in errors. Raises ColumnNotFound, InvalidType for anything else, and InvalidValue for a series
    of other rows.
    """
    if callable(given) and not isinstance(given, Series | DataFrame):
        given = computed(given, data, what, example)
    if isinstance(given, str):
        if given not in (*data.data_columns, *data.index_columns):
            raise ColumnNotFound(
                f"{what} is column {given!r}, which the frame does not have",
                hint=near(given, [*data.data_columns, *data.index_columns]),
            )
        found: Series = data.all_series[given]
        return found
    if not isinstance(given, Series):
        raise InvalidType(
            f"{what} has to be a column, a series or a function of the frame, not {in_words(given)}", hint=example
        )
    return of_rows(given, data, f"{what} is", example)


def label_of(given: object, data: DataFrame, what: str, example: str) -> Series:
    """Return a string for each event, missing if its value is. Raises InvalidType for types that cannot be labels."""
    found = column_of(given, data, what, example)
    if found.dtype in ("json", "list", "dict"):
        raise InvalidType(f"{what} is {found.dtype}, which cannot be grouped by", hint="select one of its elements")
    if found.dtype == "timedelta":
        raise InvalidType(f"{what} is timedelta, which cannot be grouped by", hint="convert it: dt.total_seconds()")
    text: Series = found if found.dtype == "string" else found.astype("string").rename(found.name)
    return text


def number_of(given: object, data: DataFrame, what: str, example: str) -> Series:
    """Return a float for each event, 0 if its value is missing or NaN; true counts as 1.

    Raises InvalidType for values that are not numeric.
    """
    found = column_of(given, data, what, example)
    if found.dtype not in ("bool", "int64", "float64") and not found.dtype.startswith("decimal"):
        raise InvalidType(f"{what} is {found.dtype}, and has to be a number", hint="cast it with astype('float64')")
    expr = expr_of(found)
    number = cast(cast(expr, INT64) if expr.type.name == "bool" else expr, FLOAT64)
    if expr.type.name == "float64":
        number = case([(call("eq", number, literal(float("nan"))), literal(0.0))], number)
    return series_of(state_of(found), call("coalesce", number, literal(0.0)), found.name)
