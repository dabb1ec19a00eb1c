"""Logical types of columns and expressions, each with its Arrow type.

A logical type is the meaning of a value, independent of the engine. Within a plan, durations are integers in microseconds, and
become durations in results; UUID and JSON values are transferred as strings.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from objectiv_local.arguments import check_text, in_words
from objectiv_local.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Type:
    """A logical type. ``label`` marks a special use of it, such as lists, which are JSON.

    ``scale`` is the number of decimal places of a decimal, which has at most 38 digits in total. ``element`` is the type of the
    elements of a list, and ``fields`` the names and types of the members of a struct.
    """

    name: str
    label: str = ""
    scale: int = 0
    element: Type | None = field(default=None, repr=False)
    fields: tuple[tuple[str, Type], ...] | None = field(default=None, repr=False)

    @property
    def dtype(self) -> str:
        """The name of the dtype, as shown to users and accepted from them."""
        return self.label or (f"decimal(38,{self.scale})" if self.name == "decimal" else self.name)

    @property
    def reading(self) -> str:
        """The special use of the type: its label, ``list`` or ``dict``; empty if there is none."""
        return "list" if self.element is not None else "dict" if self.fields is not None else self.label

    @property
    def plain(self) -> Type:
        """The type without its label."""
        return Type(self.name, scale=self.scale) if self.label else self

    def __str__(self) -> str:
        return self.dtype


BOOL = Type("bool")
INT64 = Type("int64")
FLOAT64 = Type("float64")
STRING = Type("string")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
TIMEDELTA = Type("timedelta")
UUID = Type("uuid")
JSON = Type("json")
TIME = Type("time")
DECIMAL = Type("decimal")
INTERVAL = Type("numeric_interval")
#: Identifies a row of a stored table within one statement. Programs have no such values: they are compared only for
#: equality, in joins that the compiler adds.
ROW_ID = Type("row_id")

#: The type that some engine functions take or return in place of int64. Programs have no such values.
INT32 = Type("int32")

#: The types of the catalog; decimals are one type there, whatever their scale.
TYPES = (BOOL, INT64, FLOAT64, DECIMAL, STRING, DATE, TIME, TIMESTAMP, TIMEDELTA, UUID, JSON, INTERVAL)
NUMERIC = (INT64, FLOAT64, DECIMAL)

#: The total number of digits of a decimal.
DECIMAL_DIGITS = 38

_ALIASES: dict[str, Type] = {
    "boolean": BOOL,
    "integer": INT64,
    "int": INT64,
    "int32": INT64,
    "bigint": INT64,
    "i8": INT64,
    "float": FLOAT64,
    "double": FLOAT64,
    "f8": FLOAT64,
    "double precision": FLOAT64,
    "text": STRING,
    "str": STRING,
    "datetime64": TIMESTAMP,
    "datetime64[ns]": TIMESTAMP,
    "interval": TIMEDELTA,
    "numrange": INTERVAL,
    "pandas.interval": INTERVAL,
    "json_postgres": JSON,
    "jsonb": JSON,
    **{type_.name: type_ for type_ in TYPES},
}

# Labels of JSON that a higher layer gives a meaning to; operations keep the label, so a slice of a labeled value has
# the same label.
_LABELS: dict[str, Type] = {}

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def register_label(base: Type, label: str) -> Type:
    """Register and return a type that is stored as ``base`` and shown to users as ``label``."""
    type_ = Type(base.name, label)
    _LABELS[label] = type_
    return type_


def type_from_dtype(dtype: object) -> Type:
    """Return the type with the given name or alias.

    Raises :class:`InvalidValue` for an unknown name.
    """
    if isinstance(dtype, Type):
        return dtype
    builtin = (
        {
            bool: BOOL,
            int: INT64,
            float: FLOAT64,
            str: STRING,
            datetime.date: DATE,
            datetime.time: TIME,
            datetime.datetime: TIMESTAMP,
            datetime.timedelta: TIMEDELTA,
            uuid.UUID: UUID,
            dict: JSON,
            list: JSON,
        }.get(dtype)
        if isinstance(dtype, type)
        else None
    )
    if builtin is not None:
        return builtin
    if not isinstance(dtype, str):
        dtype = _array_dtype(dtype)
    if isinstance(dtype, str):
        found = _ALIASES.get(dtype.lower()) or _LABELS.get(dtype) or _parametrised(dtype)
        if found is not None and found != DECIMAL:
            return found
        if found == DECIMAL and "(" not in dtype:
            raise InvalidValue("the dtype decimal needs a number of decimal places", hint="for cents, write 'decimal(38, 2)'")
        if found is not None:
            return found
    raise InvalidValue(
        f"dtype {in_words(dtype)} is not known",
        hint="use one of " + ", ".join([type_.name for type_ in TYPES] + sorted(_LABELS)),
    )


def _array_dtype(dtype: object) -> object:
    """Return the dtype name of a numpy or pandas type such as ``numpy.int64`` or ``numpy.dtype('int64')``, or the argument."""
    owner = dtype if isinstance(dtype, type) else type(dtype)
    if owner.__module__.partition(".")[0] not in ("numpy", "pandas"):
        return dtype
    name = dtype.__name__ if isinstance(dtype, type) else str(dtype)
    name = "string" if name.startswith("<U") else name.partition("[")[0]
    return {
        "bool_": "bool",
        "boolean": "bool",
        "str_": "string",
        "Int64": "int64",
        "Float64": "float64",
        "float32": "float64",
        "datetime64": "timestamp",
        "timedelta64": "timedelta",
    }.get(name, name)


def aliases(type_: Type) -> tuple[str, ...]:
    """Return the aliases of a type."""
    return tuple(name for name, known in _ALIASES.items() if known.name == type_.name)


def value_types(type_: Type) -> tuple[type, ...]:
    """Return the Python types of constants of a type."""
    return {
        "bool": (bool,),
        "int64": (int,),
        "float64": (float, int),
        "decimal": (decimal.Decimal, int),
        "string": (str,),
        "date": (datetime.date,),
        "time": (datetime.time,),
        "timestamp": (datetime.datetime,),
        "timedelta": (datetime.timedelta,),
        "uuid": (uuid.UUID, str),
        "json": (dict, list),
        "numeric_interval": (Interval,),
    }[type_.name]


def decimal_type(scale: int) -> Type:
    """Return the type of decimals with ``scale`` decimal places. Raises :class:`InvalidType` beyond 38."""
    if not 0 <= scale <= DECIMAL_DIGITS:
        raise InvalidType(
            f"a decimal has 0 to {DECIMAL_DIGITS} decimal places, not {scale}",
            hint="use astype('decimal(38, 6)') or astype('float64') on one of the operands first",
        )
    return Type("decimal", scale=scale)


def list_type(element: Type) -> Type:
    """Return the type of lists of ``element``: JSON arrays whose elements all have that type."""
    return Type("json", f"list[{element.dtype}]", element=element)


def dict_type(fields: Mapping[str, Type]) -> Type:
    """Return the type of structs: JSON objects with a type for each member."""
    label = "dict[" + ", ".join(f"{json.dumps(name)}: {type_.dtype}" for name, type_ in fields.items()) + "]"
    return Type("json", label, fields=tuple(fields.items()))


def _dict_from_dtype(dtype: str) -> Type:
    """Return the struct type with this dtype. Raises ValueError for an invalid dtype."""
    rest, fields = dtype[len("dict[") : -1], {}
    while rest:
        name, end = json.JSONDecoder().raw_decode(rest)
        depth, stop = 0, len(rest)
        for position in range(end + 2, len(rest)):
            depth += {"[": 1, "]": -1}.get(rest[position], 0)
            if rest[position] == "," and depth == 0 and rest[position + 2 : position + 3] == '"':
                stop = position
                break
        fields[name] = type_from_dtype(rest[end + 2 : stop])
        rest = rest[stop + 2 :]
    return dict_type(fields)


def _parametrised(dtype: str) -> Type | None:
    """Return the type of a dtype with parameters in brackets, or None."""
    found = re.fullmatch(r"(?:decimal|numeric)\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", dtype.strip().lower())
    if found is not None:
        digits, scale = int(found[1]), int(found[2] or 0)
        if not scale <= digits <= DECIMAL_DIGITS:
            raise InvalidValue(f"dtype {dtype!r} has more than {DECIMAL_DIGITS} digits, or more decimal places than digits")
        return decimal_type(scale)
    if dtype.startswith("list[") and dtype.endswith("]"):
        try:
            return list_type(type_from_dtype(dtype[len("list[") : -1]))
        except RecursionError:
            return None
    if dtype.startswith("dict[") and dtype.endswith("]"):
        try:
            return _dict_from_dtype(dtype)
        except (ValueError, RecursionError):
            return None
    return None


def type_of_value(value: object) -> Type:
    """Return the type of a Python value as a literal.

    numpy scalars have the type of the equivalent Python value. Raises :class:`InvalidType` for unsupported values.
    """
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT64
    if isinstance(value, float):
        return FLOAT64
    if isinstance(value, str):
        return STRING
    if isinstance(value, datetime.datetime):
        return TIMESTAMP
    if isinstance(value, datetime.date):
        return DATE
    if isinstance(value, datetime.timedelta):
        return TIMEDELTA
    if isinstance(value, datetime.time):
        return TIME
    if isinstance(value, decimal.Decimal):
        return _decimal_of(value)
    if isinstance(value, Interval):
        return INTERVAL
    if isinstance(value, uuid.UUID):
        return UUID
    if isinstance(value, (dict, list)):
        return JSON
    kind = type(value).__name__
    raise InvalidType(
        f"a value of type {kind} cannot be a literal: {value!r}",
        hint="literals are bool, int, float, decimal.Decimal, str, datetime.date, datetime.time, "
        "datetime.datetime, datetime.timedelta, uuid.UUID, pandas.Interval, dict, list",
    )


def _decimal_of(value: decimal.Decimal) -> Type:
    if not value.is_finite():
        raise InvalidValue(f"the decimal {value} is not a number", hint="use a float")
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(-exponent, 0)
    if max(len(digits) + max(exponent, 0), scale) > DECIMAL_DIGITS:
        raise InvalidValue(f"the decimal {value} has more than {DECIMAL_DIGITS} digits", hint="use a float")
    return decimal_type(scale)


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of numbers. ``bounds`` says which ends are included: ``(]``, ``[)``, ``[]`` or ``()``."""

    lower: float
    upper: float
    bounds: str = "(]"


def python_value(value: object) -> object:
    """Return ``value`` as a plain Python value for a literal.

    numpy and pandas scalars become Python values; a missing value (None, NaT, pandas.NA) becomes None. A timestamp with a
    time zone becomes the same instant in UTC without one. Raises :class:`InvalidValue` for integers beyond 64 bits and
    strings with a NUL character or a surrogate.
    """
    kind = type(value)
    if value is None or kind.__name__ in ("NaTType", "NAType"):
        return None
    if kind.__module__.partition(".")[0] == "numpy":
        import numpy

        if isinstance(value, numpy.datetime64 | numpy.timedelta64):
            if numpy.isnat(value):
                return None
            unit = "datetime64[us]" if isinstance(value, numpy.datetime64) else "timedelta64[us]"
            value = value.astype(unit).item()
        elif isinstance(value, numpy.generic):
            value = value.item()
    elif kind.__name__ in ("Timestamp", "Timedelta") and hasattr(
        value, "to_pydatetime" if kind.__name__ == "Timestamp" else "to_pytimedelta"
    ):
        value = getattr(value, "to_pydatetime" if kind.__name__ == "Timestamp" else "to_pytimedelta")()
    elif kind.__name__ == "Interval" and hasattr(value, "closed_left"):
        bounds = ("[" if value.closed_left else "(") + ("]" if value.closed_right else ")")  # type: ignore[attr-defined]
        value = Interval(float(value.left), float(value.right), bounds)  # type: ignore[attr-defined]
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, int) and not isinstance(value, bool) and not INT64_MIN <= value <= INT64_MAX:
        raise InvalidValue(f"the integer {value} does not fit in 64 bits", hint="use a float")
    if isinstance(value, str) and "\x00" in value:
        raise InvalidValue("a string with a NUL character cannot be stored in Postgres", hint="remove the character")
    check_text(value, lambda: "the string")
    return value


def is_nan(value: object) -> bool:
    """Return whether ``value`` is the float NaN."""
    return isinstance(value, float) and math.isnan(value)


def arrow_type(type_: Type) -> pyarrow.DataType:
    """Return the Arrow type of results of ``type_``."""
    import pyarrow as pa

    if type_.name == "decimal":
        return pa.decimal128(DECIMAL_DIGITS, type_.scale)
    return {
        "time": pa.time64("us"),
        "numeric_interval": pa.struct([("lower", pa.float64()), ("upper", pa.float64()), ("bounds", pa.string())]),
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timedelta": pa.duration("us"),
        "uuid": pa.string(),
        "json": pa.string(),
    }[type_.name]
