"""Logical types of columns and expressions, each with its Arrow type.

A logical type is what an expression means, whichever engine computes it. Durations are whole microseconds
inside a plan and become durations when a result leaves it; uuid and JSON values travel as text.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Type:
    """A logical type. ``label`` names a special reading of it, such as a location stack, which is a kind of JSON."""

    name: str
    label: str = ""

    @property
    def dtype(self) -> str:
        """The name that a user sees and may give."""
        return self.label or self.name

    @property
    def plain(self) -> Type:
        """The type without its label."""
        return Type(self.name)

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

TYPES = (BOOL, INT64, FLOAT64, STRING, DATE, TIMESTAMP, TIMEDELTA, UUID, JSON)
NUMERIC = (INT64, FLOAT64)

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
    **{type_.name: type_ for type_ in TYPES},
}

# Labels of JSON that a layer above gives a meaning to; a result of one stays one (a slice of a location stack
# is a location stack).
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
    builtin = {bool: BOOL, int: INT64, float: FLOAT64, str: STRING}.get(dtype) if isinstance(dtype, type) else None
    if builtin is not None:
        return builtin
    if isinstance(dtype, str):
        found = _ALIASES.get(dtype.lower()) or _LABELS.get(dtype)
        if found is not None:
            return found
    raise InvalidValue(
        f"dtype {dtype!r} is not known",
        hint="use one of " + ", ".join([type_.name for type_ in TYPES] + sorted(_LABELS)),
    )


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
    if isinstance(value, uuid.UUID):
        return UUID
    if isinstance(value, (dict, list)):
        return JSON
    kind = type(value).__name__
    hint = "use float(value) or a float column" if isinstance(value, decimal.Decimal) else (
        "literals are bool, int, float, str, datetime.date, datetime.datetime, datetime.timedelta, uuid.UUID, dict, list")
    raise InvalidType(f"a value of type {kind} cannot be a literal: {value!r}", hint=hint)


def python_value(value: object) -> object:
    """Return ``value`` as the plain Python value that a literal holds.

    numpy and pandas scalars become Python's; a missing value (None, NaT, pandas.NA) becomes None. A timestamp with a
    time zone becomes the same instant in UTC without one. Raises :class:`InvalidValue` for integers beyond 64 bits
    and text with a NUL character.
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
    elif kind.__name__ in ("Timestamp", "Timedelta") and hasattr(value, "to_pydatetime" if kind.__name__ == "Timestamp"
                                                                 else "to_pytimedelta"):
        value = getattr(value, "to_pydatetime" if kind.__name__ == "Timestamp" else "to_pytimedelta")()
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, int) and not isinstance(value, bool) and not INT64_MIN <= value <= INT64_MAX:
        raise InvalidValue(f"the integer {value} does not fit in 64 bits", hint="use a float")
    if isinstance(value, str) and "\x00" in value:
        raise InvalidValue("text with a NUL character cannot be stored in Postgres", hint="remove the character")
    return value


def is_nan(value: object) -> bool:
    """Return whether ``value`` is the float NaN."""
    return isinstance(value, float) and math.isnan(value)


def arrow_type(type_: Type) -> pyarrow.DataType:
    """Return the Arrow type in which results of ``type_`` leave the package."""
    import pyarrow as pa

    return {
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
