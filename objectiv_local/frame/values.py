"""Python values next to series: as constants, and as names of columns."""

from __future__ import annotations

import datetime
import decimal
import json
import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import check_text
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.handles import is_frame
from objectiv_local.plan.expr import Expr, InQuery, Literal, call, cast, literal
from objectiv_local.plan.nodes import Values
from objectiv_local.plan.ops import castable, common_type
from objectiv_local.types import BOOL, DATE, STRING, TIMESTAMP, UUID, Interval, Type, python_value

if TYPE_CHECKING:
    import numpy
    import pandas

    from objectiv_local.frame.frame import DataFrame


def to_numpy(values: pandas.Series[Any]) -> numpy.ndarray[Any, Any]:
    """Return the values with numpy's own dtypes; missing integers and bools make floats and objects, as in pandas."""
    import numpy as np

    kind = str(values.dtype)
    if kind == "Int64":
        return values.to_numpy(dtype="float64", na_value=np.nan) if values.isna().any() else values.to_numpy("int64")
    if kind == "boolean":
        return values.astype(object).where(values.notna(), None).to_numpy() if values.isna().any() else values.to_numpy("bool")
    if kind in ("str", "string"):
        return values.astype(object).where(values.notna(), None).to_numpy()
    return values.to_numpy()


def comparable(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Return two operands of a comparison; text is read as a uuid beside one."""
    if {left.type, right.type} == {UUID, STRING}:
        return cast(left, UUID), cast(right, UUID)
    return left, right


def is_value(value: object) -> bool:
    """Return whether ``value`` is one that a constant can hold."""
    plain = python_value(value)
    return plain is None or isinstance(
        plain,
        bool | int | float | decimal.Decimal | str | datetime.date | datetime.time | datetime.timedelta | uuid.UUID | Interval,
    )


def is_listed(value: object) -> bool:
    """Return whether ``value`` holds several values in order: a list, a tuple, a range, an array or a pandas Index."""
    return isinstance(value, list | tuple | range) or (
        type(value).__module__.partition(".")[0] in ("numpy", "pandas")
        and hasattr(value, "tolist")
        and hasattr(value, "shape")
        and not hasattr(value, "to_frame")
        and len(value.shape) == 1
    )


def value_per_column(frame: DataFrame, value: Any, count: int) -> list[Any]:
    """Return the value for each of ``count`` columns: the columns of a frame, the values of a list, or one value for all.

    Raises InvalidValue if their number differs, and InvalidType for a dict or set, which have no defined order of values.
    """
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns"):
        value = type(frame).from_pandas(frame._state.connected(), value)
    if isinstance(value, dict | set):
        raise InvalidType(
            f"several columns cannot be set to a {type(value).__name__}",
            hint="give a list with one value for each column, or one value for all",
        )
    if is_frame(value):
        given = list(value.data.values())
    elif is_listed(value):
        given = list(value)
    else:
        return [value] * count
    if len(given) != count:
        raise InvalidValue(f"{count} columns cannot be set to {len(given)} values", hint="give one value for each column")
    return given


def looked_up_as(own: Type, theirs: Type, name: str, other: str) -> Type:
    """Return the common type in which the values of one series are looked up in another."""
    type_ = common_type([own, theirs])
    if type_ is None and (STRING in (own, theirs) or theirs == BOOL) and castable(theirs, own):
        type_ = own
    if type_ is None:
        raise InvalidType(
            f"{name!r}, which is {own}, cannot be looked up in {other!r}, which is {theirs}",
            hint="cast one of them with astype",
        )
    return type_


def checked_name(name: object) -> str:
    """Return the name of a column. Raises InvalidType for what cannot be one."""
    if not isinstance(name, str) or not name or "\x00" in name:
        raise InvalidType(f"a column name has to be a text that is not empty, not {name!r}")
    check_text(name, lambda: "the column name")
    return name


def parsed_literal(value: str, type_: Type, where: str) -> Literal:
    """Return text as a constant of a type that can be written as text. Raises InvalidValue for text that is not one."""
    forms = {
        "date": "YYYY-MM-DD",
        "time": "HH:MM:SS",
        "timestamp": "YYYY-MM-DD HH:MM:SS",
        "uuid": "36 characters of a uuid",
        "timedelta": "a number and a unit, as in '2 hours', or as a datetime.timedelta",
    }
    try:
        if type_.name == "date":
            try:
                return literal(datetime.date.fromisoformat(value))
            except ValueError:
                return literal(datetime.datetime.fromisoformat(value))
        if type_.name == "time":
            return literal(datetime.time.fromisoformat(value))
        if type_.name == "timestamp":
            return literal(datetime.datetime.fromisoformat(value))
        if type_.name == "uuid":
            return literal(uuid.UUID(value))
        if type_.name == "timedelta":
            return literal(_duration(value))
    except ValueError:
        pass
    raise InvalidValue(f"{value!r} is not a {type_.name} ({where})", hint=f"write it as {forms[type_.name]}")


def _duration(text: str) -> datetime.timedelta:
    """Return a duration parsed by pandas. Raises ValueError for other strings, and for fractions of a microsecond."""
    import pandas as pd

    found = pd.Timedelta(text)
    # pandas would read a bare number as nanoseconds.
    if pd.isna(found) or found.nanoseconds or re.fullmatch(r"[\s0-9.+-]*", text):
        raise ValueError(text)
    return found.to_pytimedelta()


def constant(value: object, type_: Type) -> Literal:
    """Return a Python value as a constant of a type.

    Strings are parsed as a date, time, timestamp, timedelta or uuid if that is the type. A datetime is converted to its date,
    a date to the start of the day, and an integer to a float or a decimal. JSON may be any JSON value; a string stays one.

    Raises InvalidType for a value of another type, and InvalidValue for a string that cannot be parsed.
    """
    value = python_value(value)
    if value is None:
        return literal(None, type_)
    if type_.name == "json":
        kinds = {"list": list, "dict": dict}.get(type_.reading, dict | list | str | bool | int | float)
        if not isinstance(value, kinds):
            raise InvalidType(
                f"{value!r} is not a constant of type {type_}", hint="JSON values are dict, list, str, bool, int and float"
            )
        return literal(value if isinstance(value, dict | list) else json.dumps(value), type_)
    if isinstance(value, str) and type_.name in ("date", "time", "timestamp", "timedelta", "uuid"):
        value = python_value(parsed_literal(value, type_, f"a constant of {type_}").value)
    if type_ == DATE and isinstance(value, datetime.datetime):
        value = value.date()
    elif type_ == TIMESTAMP and isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    try:
        return literal(value, type_)
    except InvalidType:
        raise InvalidType(
            f"{value!r} is not a constant of type {type_}", hint="give a value of that dtype, or cast the series with astype"
        ) from None


#: Values of a list that are compared one by one; more of them are looked up.
MOST_TESTS = 30


def among(value: Expr, items: Iterable[Expr]) -> Expr:
    """Return whether a value is one of some constants; false for a missing one. Raises InvalidType for other types."""
    constants = list(items)
    for item in {item.type: item for item in constants}.values():
        call("eq", value, item)  # raises for a type that cannot be compared
    if len(constants) > MOST_TESTS:
        type_ = common_type([value.type, *(item.type for item in constants)]) or value.type
        rows = tuple((cast(item, type_),) for item in constants)
        return InQuery(cast(value, type_), Values((("value", type_),), rows, None, "values"), "value")
    found: Expr = literal(False)
    for position, item in enumerate(constants):
        test = call("eq", value, item)
        found = test if position == 0 else call("or", found, test)
    return call("coalesce", found, literal(False))
