"""The row-wise operations: one Python function each. NULL in gives NULL out, except in :data:`NULL_AWARE`."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

from reference.values import Json, checked, comparable, same_json


def midnight(moment: datetime.date) -> datetime.datetime:
    """Return a date as the moment at which it starts; a timestamp as it is."""
    if isinstance(moment, datetime.datetime):
        return moment
    return datetime.datetime.combine(moment, datetime.time())


def moments(*values: object) -> tuple[object, ...]:
    return tuple(midnight(value) if isinstance(value, datetime.date) else value for value in values)


# ---- arithmetic


def add(left, right):
    left, right = moments(left, right)
    return checked(left + right)


def sub(left, right):
    left, right = moments(left, right)
    return checked(left - right)


def mul(left, right):
    return checked(left * right)


def truediv(left, right):
    if isinstance(left, datetime.timedelta):
        left, right = left / datetime.timedelta(microseconds=1), right / datetime.timedelta(microseconds=1)
    left, right = float(left), float(right)
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def floordiv(left, right):
    return None if right == 0 else checked(left // right)


def mod(left, right):
    return None if right == 0 else left % right


# ---- logic with three values


def logical_and(left, right):
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def logical_or(left, right):
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


# ---- time


def date_trunc(unit, moment):
    day = midnight(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight(moment)
    return {
        "second": lambda: moment.replace(microsecond=0),
        "minute": lambda: moment.replace(second=0, microsecond=0),
        "hour": lambda: moment.replace(minute=0, second=0, microsecond=0),
        "day": lambda: day,
        "week": lambda: day - datetime.timedelta(days=day.weekday()),
        "month": lambda: day.replace(day=1),
        "quarter": lambda: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year": lambda: day.replace(month=1, day=1),
    }[unit]()


# ---- JSON


def json_get(document, key):
    value = document.value
    return Json(value[key]) if isinstance(value, dict) and key in value else None


def json_get_text(document, key):
    member = json_get(document, key)
    if member is None or member.value is None:
        return None
    return member.value if isinstance(member.value, str) else member.text()


def json_index(document, position):
    value = document.value
    if not isinstance(value, list) or not -len(value) <= position < len(value):
        return None
    return Json(value[position])


def elements(document) -> list[object]:
    """Return the elements of an array; none for NULL and for what is not an array."""
    return document.value if document is not None and isinstance(document.value, list) else []


def contains_object(element: object, wanted: object) -> bool:
    """Return whether ``element`` contains all members of ``wanted``; objects in it contain those of their own."""
    if not isinstance(wanted, dict):
        return same_json(element, wanted)
    return isinstance(element, dict) and all(
        key in element and contains_object(element[key], value) for key, value in wanted.items())


def json_slice(document, start, stop):
    found = elements(document)
    if isinstance(start, Json):
        start = next((i for i, element in enumerate(found) if contains_object(element, start.value)), len(found))
    if isinstance(stop, Json):
        stop = next((i + 1 for i, element in enumerate(found) if contains_object(element, stop.value)), 0)
    return Json(found[start:stop])


def json_filter(document, members):
    return Json([element for element in elements(document) if contains_object(element, members.value)])


def json_has(document, members):
    return any(contains_object(element, members.value) for element in elements(document))


def json_length(document):
    return len(document.value) if isinstance(document.value, list) else None


def json_contains(document, value):
    return any(same_json(element, value) for element in elements(document))


#: These are called with NULL too.
NULL_AWARE: dict[str, Callable[..., object]] = {
    "and": logical_and,
    "or": logical_or,
    "is_null": lambda value: value is None,
    "not_null": lambda value: value is not None,
    "coalesce": lambda first, second: second if first is None else first,
    "slice": lambda text, start, stop: None if text is None else text[start:stop],
    "json_slice": json_slice,
    "json_filter": json_filter,
    "json_has": json_has,
}

#: These give NULL if an argument is NULL.
STRICT: dict[str, Callable[..., object]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "truediv": truediv,
    "floordiv": floordiv,
    "mod": mod,
    "neg": lambda value: checked(-value),
    "abs": lambda value: checked(abs(value)),
    "eq": lambda left, right: comparable(left) == comparable(right),
    "ne": lambda left, right: comparable(left) != comparable(right),
    "lt": lambda left, right: comparable(left) < comparable(right),
    "le": lambda left, right: comparable(left) <= comparable(right),
    "gt": lambda left, right: comparable(left) > comparable(right),
    "ge": lambda left, right: comparable(left) >= comparable(right),
    "xor": lambda left, right: left is not right,
    "not": lambda value: not value,
    "lower": str.lower,
    "upper": str.upper,
    "length": len,
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "replace": str.replace,
    "concat": lambda left, right: left + right,
    "strftime": lambda moment, form: moment.strftime(form),
    "date_trunc": date_trunc,
    "total_seconds": datetime.timedelta.total_seconds,
    "json_get": json_get,
    "json_get_text": json_get_text,
    "json_index": json_index,
    "json_length": json_length,
    "json_contains": json_contains,
}


def scalar(op: str, args: list[object]) -> object:
    """Return the value of the row-wise operation ``op``."""
    if op in NULL_AWARE:
        return NULL_AWARE[op](*args)
    return None if any(arg is None for arg in args) else STRICT[op](*args)
