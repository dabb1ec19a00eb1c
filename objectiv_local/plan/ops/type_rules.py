"""Type rules: which types have an order, which have a common type, and which casts exist."""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.types import (
    BOOL,
    DATE,
    DECIMAL,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    STRING,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    UUID,
    Type,
    decimal_type,
)

#: Types whose values have an order.
ORDERED_TYPES = (BOOL, INT64, FLOAT64, DECIMAL, STRING, DATE, TIME, TIMESTAMP, TIMEDELTA, UUID, INTERVAL)
#: The names of the types of numbers.
NUMBERS = frozenset(("int64", "float64", "decimal"))

_ORDERED = frozenset(type_.name for type_ in ORDERED_TYPES)


def is_ordered(type_: Type) -> bool:
    """Return whether values of a type have an order, regardless of its scale or label. JSON has none."""
    return type_.name in _ORDERED


def common_type(types: Iterable[Type]) -> Type | None:
    """Return the common type of ``types``, or None."""
    found: Type | None = None
    for type_ in types:
        if found is None or found == type_:
            found = type_
        elif found.name in NUMBERS and type_.name in NUMBERS:
            both = {found.name, type_.name}
            found = FLOAT64 if "float64" in both else decimal_type(max(found.scale, type_.scale))
        elif {found, type_} == {DATE, TIMESTAMP}:
            found = TIMESTAMP
        elif found.plain == type_.plain == JSON:
            found = JSON
        else:
            return None
    return found


_CASTS: dict[Type, tuple[Type, ...]] = {
    BOOL: (INT64, FLOAT64, STRING),
    INT64: (FLOAT64, DECIMAL, STRING, BOOL),
    FLOAT64: (INT64, DECIMAL, STRING),
    DECIMAL: (INT64, FLOAT64, DECIMAL, STRING),
    STRING: (INT64, FLOAT64, DECIMAL, BOOL, DATE, TIME, TIMESTAMP, UUID, JSON),
    DATE: (TIMESTAMP, STRING),
    TIME: (STRING,),
    TIMESTAMP: (DATE, TIME, STRING),
    TIMEDELTA: (),
    UUID: (STRING,),
    # The text of JSON differs between engines (spaces, order of keys); members of it can be read as strings.
    JSON: (),
    INTERVAL: (),
}


def castable(source: Type, target: Type) -> bool:
    """Return whether a value of ``source`` can be cast to ``target``."""
    return source.plain == target.plain or target.name in {type_.name for type_ in _CASTS[Type(source.name)]}


def casts() -> Iterable[tuple[Type, Type]]:
    """Return every pair of types of which the first can be cast to the second."""
    return [(source, target) for source, targets in _CASTS.items() for target in targets]
