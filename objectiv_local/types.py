"""Logical types of columns and expressions, each with its Arrow type.

A logical type is what an expression means, whichever engine computes it. Durations are whole microseconds
inside a plan and become durations when a result leaves it; uuid and JSON values travel as text.
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
    """A logical type. ``label`` names a special reading of it, such as a list or a path of places, which are kinds of JSON.

    ``scale`` is the number of digits that a decimal has behind the point; it has at most 38 digits in all. ``element`` is the
    type of the elements of a list, and ``fields`` are those of the members of a struct.
    """

    name: str
    label: str = ""
    scale: int = 0
    element: Type | None = field(default=None, repr=False)
    fields: tuple[tuple[str, Type], ...] | None = field(default=None, repr=False)

    @property
    def dtype(self) -> str:
        """The name that a user sees and may give."""
        return self.label or (f"decimal(38,{self.scale})" if self.name == "decimal" else self.name)

    @property
    def reading(self) -> str:
        """The special reading of it: its label, ``list`` or ``dict``; empty if there is none."""
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
#: What identifies a row of a stored table within one statement. Programs have no such values: they are only compared for
#: equality, by joins that the compiler adds.
ROW_ID = Type("row_id")

#: What some functions of engines take, or make, in place of int64. Programs have no such values.
INT32 = Type("int32")

#: The types of the catalogue; decimals are one type there, whatever their scale.
TYPES = (BOOL, INT64, FLOAT64, DECIMAL, STRING, DATE, TIME, TIMESTAMP, TIMEDELTA, UUID, JSON, INTERVAL)
NUMERIC = (INT64, FLOAT64, DECIMAL)

#: The digits of a decimal, before and behind the point together.
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

# Labels of JSON that a layer above gives a meaning to; a result of one stays one (a slice of a path of
# places is a path of places).
_LABELS: dict[str, Type] = {}

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def register_label(base: Type, label: str) -> Type:
    """Return a type that stores as ``base`` and that users know as ``label``."""
    type_ = Type(base.name, label)
    _LABELS[label] = type_
    return type_


def type_from_dtype(dtype: object) -> Type:
    """Return the type with the given name or alias.

    Raises :class:`InvalidValue` for a name that is not known.
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
            raise InvalidValue("the dtype decimal needs its digits behind the point", hint="write 'decimal(38, 2)', for cents")
        if found is not None:
            return found
    raise InvalidValue(
        f"dtype {in_words(dtype)} is not known",
        hint="use one of " + ", ".join([type_.name for type_ in TYPES] + sorted(_LABELS)),
    )


def _array_dtype(dtype: object) -> object:
    """Return the dtype name of a numpy or pandas type such as ``numpy.int64`` or ``numpy.dtype('int64')``, if it is one."""
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
    """Return the names that stand for a type."""
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
    """Return the type of decimals with ``scale`` digits behind the point. Raises :class:`InvalidType` beyond 38."""
    if not 0 <= scale <= DECIMAL_DIGITS:
        raise InvalidType(
            f"a decimal has 0 to {DECIMAL_DIGITS} digits behind the point, not {scale}",
            hint="use astype('decimal(38, 6)') or astype('float64') on an operand first",
        )
    return Type("decimal", scale=scale)


def list_type(element: Type) -> Type:
    """Return the type of lists of ``element``: JSON arrays whose elements have one type."""
    return Type("json", f"list[{element.dtype}]", element=element)


def dict_type(fields: Mapping[str, Type]) -> Type:
    """Return the type of structs: JSON objects whose members have a type each."""
    label = "dict[" + ", ".join(f"{json.dumps(name)}: {type_.dtype}" for name, type_ in fields.items()) + "]"
    return Type("json", label, fields=tuple(fields.items()))


def _dict_from_dtype(dtype: str) -> Type:
    """Return the type of structs with this dtype. Raises ValueError if it is not written as one."""
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
    """Return the type of a dtype with something in brackets, or None."""
    found = re.fullmatch(r"(?:decimal|numeric)\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", dtype.strip().lower())
    if found is not None:
        digits, scale = int(found[1]), int(found[2] or 0)
        if not scale <= digits <= DECIMAL_DIGITS:
            raise InvalidValue(f"dtype {dtype!r} has more than {DECIMAL_DIGITS} digits, or more behind the point than in all")
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
    """Return the type that a Python value has as a literal.

    numpy scalars count as the Python values they hold. Raises :class:`InvalidType` for values without a type here.
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
    """An interval of numbers. ``bounds`` says which end belongs to it: ``(]``, ``[)``, ``[]`` or ``()``."""

    lower: float
    upper: float
    bounds: str = "(]"


def python_value(value: object) -> object:
    """Return ``value`` as the plain Python value that a literal holds.

    numpy and pandas scalars become Python's; a missing value (None, NaT, pandas.NA) becomes None. A timestamp with a
    time zone becomes the same instant in UTC without one. Raises :class:`InvalidValue` for integers beyond 64 bits
    and text with a NUL character or half of a surrogate pair.
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
        raise InvalidValue("text with a NUL character cannot be stored in Postgres", hint="remove the character")
    check_text(value, lambda: "the text")
    return value


def is_nan(value: object) -> bool:
    """Return whether ``value`` is the float NaN."""
    return isinstance(value, float) and math.isnan(value)


def arrow_type(type_: Type) -> pyarrow.DataType:
    """Return the Arrow type in which results of ``type_`` leave the package."""
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
