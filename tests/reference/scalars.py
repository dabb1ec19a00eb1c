"""The row-wise operations: one Python function each. NULL in gives NULL out, except in :data:`NULL_AWARE`."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import math
import re
from collections.abc import Callable

import numpy

from objectiv_local import zones
from objectiv_local.types import INT64_MAX, INT64_MIN, Interval
from reference.values import MICROSECOND, Failure, Json, checked, comparable, fitted, same_json


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
    return exact(left, right, lambda a, b: a + b)


def sub(left, right):
    left, right = moments(left, right)
    return exact(left, right, lambda a, b: a - b)


def mul(left, right):
    return exact(left, right, lambda a, b: a * b)


def exact(left, right, operation):
    """Return the result of an operation; for decimals with all digits, at most 38."""
    if not isinstance(left, decimal.Decimal):
        return checked(operation(left, right))
    with decimal.localcontext(prec=200):
        result = operation(left, right)
    return fitted(result, -result.as_tuple().exponent)


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
    return None if not right else checked(left // right)


def mod(left, right):
    return None if not right else left % right


def rounded(value, digits):
    if isinstance(value, decimal.Decimal):
        scale = -value.as_tuple().exponent
        return fitted(fitted(value.scaleb(digits), 0).scaleb(-digits), scale) if digits < scale else value
    if isinstance(value, int):
        return value if digits >= 0 else int(numpy.rint(value / 10.0**-digits) * 10.0**-digits)
    if digits > 0:
        return value if math.isnan(value) or abs(value) >= 2**52 else float(numpy.rint(value * 10.0**digits) / 10.0**digits)
    return float(numpy.rint(value / 10.0**-digits) * 10.0**-digits)


def of_floats(function):
    """Return a function of numpy for numbers."""

    def apply(*values):
        with numpy.errstate(all="ignore"):
            return float(function(*(numpy.float64(value) for value in values)))

    return apply


# ---- text


def found(pattern, text):
    return re.search(pattern, text, re.ASCII)


def re_replace(text, pattern, new):
    return re.sub(pattern, new, text, flags=re.ASCII)


def re_extract(text, pattern, group):
    match = found(pattern, text)
    return None if match is None else match[group]


# ---- parts of moments


def date_part(part, moment):
    if part == "week":
        return moment.isocalendar().week
    if part == "isoyear":
        return moment.isocalendar().year
    if part == "dayofweek":
        return moment.weekday()
    if part == "dayofyear":
        return moment.timetuple().tm_yday
    if part == "quarter":
        return (moment.month + 2) // 3
    return getattr(moment, part, 0)


def kind(document):
    value = document.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}[type(value)]


def json_index_text(document, position):
    element = json_index(document, position)
    if element is None or element.value is None:
        return None
    return element.value if isinstance(element.value, str) else element.text()


def json_text(document):
    return document.value if document.value is None or isinstance(document.value, str) else document.text()


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


def at_zone(moment, zone):
    try:
        return moment.replace(tzinfo=datetime.timezone.utc).astimezone(zones.zone(zone)).replace(tzinfo=None)
    except OverflowError as error:
        raise Failure(str(error)) from error


def from_zone(time, zone):
    # For a skipped time, Python's first offset is the smaller one; for a time that occurs twice, its second.
    offset = min(time.replace(tzinfo=zones.zone(zone), fold=fold).utcoffset() for fold in (0, 1))
    try:
        return time - offset
    except OverflowError as error:
        raise Failure(str(error)) from error


def failing(moment, why):
    raise Failure(f"{moment}{why}")


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
    """Return whether ``element`` contains all keys of ``wanted``; nested objects are compared in the same way."""
    if not isinstance(wanted, dict):
        return same_json(element, wanted)
    return isinstance(element, dict) and all(
        key in element and contains_object(element[key], value) for key, value in wanted.items()
    )


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


def json_integer(document):
    value = document.value
    if isinstance(value, float) and value == math.trunc(value if math.isfinite(value) else 0) and abs(value) < 1e15:
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and INT64_MIN <= value <= INT64_MAX else None


def json_length(document):
    return len(document.value) if isinstance(document.value, list) else None


def json_contains(document, value):
    value = value.value if isinstance(value, Json) else value
    return any(same_json(element, value) for element in elements(document))


def json_path_name(document, kind, name, dropped, between, before, separator):
    titles = []
    for element in elements(document):
        type_, own = (json_get_text(Json(element), key) for key in (kind, name))
        words = None if type_ is None else re.sub("([a-z])([A-Z])", r"\1 \2", type_)
        if words is not None and dropped:
            words = words.replace(dropped, "")
        titles.append(None if words is None or own is None else f"{words}{between}{own}")
    if not titles or titles[-1] is None:
        return None
    around = separator.join(title for title in titles[:-1] if title is not None)
    return titles[-1] + (f"{before}{around}" if around else "")


def json_pick(document, keys):
    return Json(
        [
            {
                key: element[key]
                for key in dict.fromkeys(keys.value)
                if isinstance(element, dict) and element.get(key) is not None
            }
            for element in elements(document)
        ]
    )


def json_data(document, key, where, part):
    def texts(element):
        return json_get_text(Json(element), where)

    return Json([element.get(key) for element in elements(document) if texts(element) is not None and part in texts(element)])


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
    "json_pick": json_pick,
    "json_data": json_data,
}


#: These give NULL if an argument is NULL.
def parse_moment(text: str) -> datetime.datetime:
    found = text.strip(" \t\n\r")
    hour = "([01][0-9]|2[0-3]):[0-5][0-9]"
    if not re.fullmatch(
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T]{hour}(:[0-5][0-9](\.[0-9]{{1,6}})?)?"
        r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?",
        found,
    ):
        raise Failure(f"{text!r} is not a moment")
    try:
        moment = datetime.datetime.fromisoformat(found)
    except ValueError as error:
        raise Failure(str(error)) from error
    return moment.replace(tzinfo=None) - (moment.utcoffset() or datetime.timedelta(0))


STRICT: dict[str, Callable[..., object]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "truediv": truediv,
    "ratio": lambda part, whole: None if whole == 0 else float(part) / float(whole),
    "floordiv": floordiv,
    "mod": mod,
    # Not with operators, which round a decimal to the precision of the context.
    "neg": lambda value: value.copy_negate() if isinstance(value, decimal.Decimal) else checked(-value),
    "abs": lambda value: value.copy_abs() if isinstance(value, decimal.Decimal) else checked(abs(value)),
    "round": rounded,
    "floor": lambda value: value if math.isnan(value) or math.isinf(value) else float(math.floor(value)),
    "ceil": lambda value: value if math.isnan(value) or math.isinf(value) else float(math.ceil(value)),
    "sqrt": of_floats(numpy.sqrt),
    "exp": of_floats(numpy.exp),
    "log": of_floats(numpy.log),
    "log10": of_floats(numpy.log10),
    "power": of_floats(numpy.power),
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "repeat": lambda text, times: text * times,
    "find": str.find,
    "split": lambda text, part: Json(text.split(part)),
    "json_range": lambda stop: Json(list(range(stop))),
    "re_contains": lambda text, pattern: found(pattern, text) is not None,
    "re_extract": re_extract,
    "re_replace": re_replace,
    "re_count": lambda text, pattern: len(re.findall(pattern, text, re.ASCII)),
    "hash": lambda text: int(hashlib.md5(text.encode()).hexdigest()[:15], 16),
    "date_part": date_part,
    "microseconds": lambda value: value // MICROSECOND,
    "from_microseconds": lambda value: checked(value * MICROSECOND),
    "json_type": kind,
    "json_path_name": json_path_name,
    "json_index_text": json_index_text,
    "interval": Interval,
    "interval_lower": lambda value: value.lower,
    "interval_upper": lambda value: value.upper,
    "interval_bounds": lambda value: value.bounds,
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
    "parse_timestamp": parse_moment,
    "strftime": lambda moment, form: moment.strftime(form),
    "date_trunc": date_trunc,
    "at_zone": at_zone,
    "from_zone": from_zone,
    "failing": failing,
    "total_seconds": datetime.timedelta.total_seconds,
    "json_get": json_get,
    "json_get_text": json_get_text,
    "json_text": json_text,
    "json_index": json_index,
    "json_integer": json_integer,
    "json_length": json_length,
    "json_contains": json_contains,
    "json_equal": lambda document, value: same_json(document.value, value.value),
}


def scalar(op: str, args: list[object]) -> object:
    """Return the value of the row-wise operation ``op``."""
    if op in NULL_AWARE:
        return NULL_AWARE[op](*args)
    return None if any(arg is None for arg in args) else STRICT[op](*args)
