"""The catalogue of operations: the one place where the meaning of an operation is fixed.

Type checks, the function reference, the generated tests and the completeness check of each dialect read it. An
operation is declared by its name, its signatures and one or two sentences of exact meaning.

A signature reads ``argument types -> result type``. ``number`` is int64, float64 or decimal, ``T`` any type with an
order, ``V`` any type that can be compared for equality, ``any`` any type; equal letters stand for equal types, int64
widening to decimal, both to float64, and date to timestamp. ``decimal`` takes int64 too. ``=1`` as a result is the type
of the first argument with its label. An argument with ``!`` has to be a constant, one with ``?`` may be the constant
NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from objectiv_local.errors import InvalidType
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
    TYPES,
    UUID,
    Type,
    decimal_type,
)

if TYPE_CHECKING:
    from objectiv_local.plan.expr import Expr

Kind = Literal["scalar", "aggregate", "window"]

ORDERED_TYPES = (BOOL, INT64, FLOAT64, DECIMAL, STRING, DATE, TIME, TIMESTAMP, TIMEDELTA, UUID, INTERVAL)
_CLASSES: dict[str, frozenset[str]] = {
    "number": frozenset(("int64", "float64", "decimal")),
    "decimal": frozenset(("int64", "decimal")),
    "T": frozenset(type_.name for type_ in ORDERED_TYPES),
    "V": frozenset(type_.name for type_ in ORDERED_TYPES),
    "any": frozenset(type_.name for type_ in TYPES),
}


@dataclass(frozen=True, slots=True)
class Op:
    """An operation: its kind, its signatures and its meaning.

    ``ordered``: the answer depends on the order of the rows; ``ties``: rows that are equal in it have equal answers.
    ``framed``: over a window, it looks at the rows of the
    frame rather than at the partition. ``windowed``: it can be computed over a window.
    """

    name: str
    kind: Kind
    signatures: tuple[str, ...]
    meaning: str
    ordered: bool = False
    framed: bool = False
    windowed: bool = False
    ties: bool = False


OPS: dict[str, Op] = {}


def _scalar(name: str, *signatures: str, meaning: str) -> None:
    OPS[name] = Op(name, "scalar", signatures, meaning)


def _aggregate(name: str, *signatures: str, meaning: str, ordered: bool = False, windowed: bool = True) -> None:
    OPS[name] = Op(name, "aggregate", signatures, meaning, ordered=ordered, framed=True, windowed=windowed)


def _window(name: str, *signatures: str, meaning: str, framed: bool = False, ties: bool = False) -> None:
    OPS[name] = Op(name, "window", signatures, meaning, ordered=True, framed=framed, windowed=True, ties=ties)


# ---- arithmetic
_scalar("add", "int64 int64 -> int64", "decimal decimal -> decimal", "number number -> float64",
        "timestamp timedelta -> timestamp",
        "timedelta timestamp -> timestamp", "date timedelta -> timestamp", "timedelta date -> timestamp",
        "timedelta timedelta -> timedelta",
        meaning="The sum. An integer sum beyond 64 bits, or a decimal one beyond 38 digits, is an error.")
_scalar("sub", "int64 int64 -> int64", "decimal decimal -> decimal", "number number -> float64",
        "timestamp timestamp -> timedelta", "date date -> timedelta", "timestamp date -> timedelta",
        "date timestamp -> timedelta",
        "timestamp timedelta -> timestamp", "date timedelta -> timestamp", "timedelta timedelta -> timedelta",
        meaning="The difference. Two instants give a duration of whole microseconds.")
_scalar("mul", "int64 int64 -> int64", "decimal decimal -> decimal", "number number -> float64", "timedelta int64 -> timedelta",
        "int64 timedelta -> timedelta",
        meaning="The product. An integer product beyond 64 bits is an error. A decimal has the digits behind the point of "
                "both operands; more than 38 digits in all are an error.")
_scalar("truediv", "number number -> float64", "timedelta timedelta -> float64",
        meaning="The quotient as a float, also of integers. Division by zero gives inf, -inf or NaN as IEEE 754 says.")
_scalar("floordiv", "int64 int64 -> int64", "timedelta timedelta -> int64", "number number -> float64",
        meaning="The quotient rounded towards minus infinity. NULL where the divisor is zero.")
_scalar("mod", "int64 int64 -> int64", "timedelta timedelta -> timedelta", "number number -> float64",
        meaning="The remainder of the floor division; it has the sign of the divisor. NULL where the divisor is zero.")
_scalar("neg", "int64 -> int64", "float64 -> float64", "decimal -> =1", "timedelta -> timedelta",
        meaning="The value with the other sign.")
_scalar("abs", "int64 -> int64", "float64 -> float64", "decimal -> =1", "timedelta -> timedelta",
        meaning="The value without its sign.")
_scalar("round", "int64 int64! -> int64", "float64 int64! -> float64", "decimal int64! -> =1",
        meaning="The value rounded to a number of digits behind the point, or in front of it if negative: a half to the "
                "even neighbour, of decimals away from zero. A float is scaled by a power of ten, rounded and scaled back, "
                "as numpy does; one of 2**52 or more is a whole number already.")
_scalar("floor", "float64 -> float64", meaning="The greatest whole number that is at most the value.")
_scalar("ceil", "float64 -> float64", meaning="The least whole number that is at least the value.")
_scalar("sqrt", "number -> float64", meaning="The square root; NaN of a negative number.")
_scalar("exp", "number -> float64", meaning="The exponential. Beyond the largest float it is inf.")
_scalar("log", "number -> float64", meaning="The natural logarithm; -inf of 0 and NaN of a negative number.")
_scalar("log10", "number -> float64", meaning="The logarithm to base 10; -inf of 0 and NaN of a negative number.")
_scalar("power", "number number -> float64",
        meaning="The first value to the power of the second, as a float: inf beyond the largest float, NaN for a root of a "
                "negative number, and inf for a negative power of 0.")

# ---- comparison and logic
for _name, _words in (("eq", "equal"), ("ne", "different")):
    _scalar(_name, "V V -> bool",
            meaning=f"Whether the values are {_words}; NULL if either is NULL. NaN equals NaN.")
for _name, _words in (("lt", "less than"), ("le", "at most"), ("gt", "greater than"), ("ge", "at least")):
    _scalar(_name, "T T -> bool",
            meaning=f"Whether the first value is {_words} the second; NULL if either is NULL. Text compares by code "
                    "point, false is less than true, NaN is greater than every number.")
_scalar("and", "bool bool -> bool", meaning="Both are true. False if one is false, NULL if that is not known.")
_scalar("or", "bool bool -> bool", meaning="One is true. True if one is true, NULL if that is not known.")
_scalar("xor", "bool bool -> bool", meaning="Exactly one is true; NULL if either is NULL.")
_scalar("not", "bool -> bool", meaning="The opposite; NULL stays NULL.")
_scalar("is_null", "any -> bool", meaning="Whether the value is NULL. NaN is a value.")
_scalar("not_null", "any -> bool", meaning="Whether the value is not NULL. NaN is a value.")
_scalar("coalesce", "V V -> V", "json json -> =1", meaning="The first value, or the second where the first is NULL.")

# ---- text
_scalar("lower", "string -> string", meaning="The text in lower case.")
_scalar("upper", "string -> string", meaning="The text in upper case.")
_scalar("length", "string -> int64", meaning="The number of code points.")
_scalar("slice", "string int64!? int64!? -> string",
        meaning="The code points from start up to but not including stop, as Python slices: negative positions count "
                "from the end, and positions beyond the text are cut to it.")
_scalar("contains", "string string -> bool", meaning="Whether the second text occurs in the first, letter by letter.")
_scalar("startswith", "string string -> bool", meaning="Whether the first text starts with the second.")
_scalar("endswith", "string string -> bool", meaning="Whether the first text ends with the second.")
_scalar("replace", "string string! string! -> string",
        meaning="The text with every occurrence of the second replaced by the third, letter by letter.")
_scalar("concat", "string string -> string", meaning="The two texts together; NULL if either is NULL.")
_scalar("strip", "string string! -> string", meaning="The text without the letters of the second at both ends.")
_scalar("lstrip", "string string! -> string", meaning="The text without the letters of the second at its start.")
_scalar("rstrip", "string string! -> string", meaning="The text without the letters of the second at its end.")
_scalar("repeat", "string int64 -> string", meaning="The text a number of times; the empty text for 0 and less.")
_scalar("find", "string string -> int64",
        meaning="The position of the second text in the first, from 0; -1 if it is not there.")
_scalar("split", "string string! -> json", meaning="The parts of the text between occurrences of the second, as a JSON array.")
_scalar("re_contains", "string string! -> bool",
        meaning="Whether a regular expression matches somewhere. Patterns are of the set that has one meaning everywhere.")
_scalar("re_extract", "string string! int64! -> string",
        meaning="What a group of a regular expression matched first, 0 being the whole match; NULL if nothing matches or "
                "the group took no part.")
_scalar("re_replace", "string string! string! -> string",
        meaning=r"The text with every match of a regular expression replaced; \1 to \9 in the replacement are groups.")
_scalar("re_count", "string string! -> int64", meaning="The number of matches of a regular expression that do not overlap.")
_scalar("hash", "string -> int64", meaning="The first 60 bits of the md5 of the text in UTF-8, as a number from 0.")

# ---- time
_scalar("strftime", "timestamp string! -> string", "date string! -> string",
        meaning="The moment as text by a format of Python's codes, with English names.")
_scalar("date_trunc", "string! timestamp -> timestamp", "string! date -> timestamp",
        meaning="The start of the second, minute, hour, day, week (Monday), month, quarter or year.")
_scalar("total_seconds", "timedelta -> float64", meaning="The duration in seconds.")
_scalar("microseconds", "timedelta -> int64", meaning="The duration in microseconds.")
_scalar("from_microseconds", "int64 -> timedelta", meaning="The duration of a number of microseconds.")
_scalar("date_part", "string! timestamp -> int64", "string! date -> int64", "string! time -> int64",
        meaning="A part of a moment as a number: year, quarter, month, week (ISO), isoyear, day, dayofyear, dayofweek "
                "(Monday is 0), hour, minute, second, microsecond (within the second). A time has the last four.")

# ---- JSON
_scalar("json_get", "json string! -> json", meaning="The member of an object under a key; NULL if there is none.")
_scalar("json_get_text", "json string! -> string",
        meaning="The member of an object under a key as text, without quotes; NULL if there is none or if it is null.")
_scalar("json_index", "json int64! -> json",
        meaning="The element of an array at a position, counted from the end if negative; NULL if there is none.")
_scalar("json_slice", "json any!? any!? -> =1",
        meaning="The elements of an array from start to stop. A bound is a position, as in Python, or an object: the "
                "first element that contains all its members. A stop position is excluded, a stop object included. An "
                "object that is not found, NULL and what is not an array give an empty array.")
_scalar("json_filter", "json json! -> =1",
        meaning="The elements of an array that contain all members of an object; an empty array for NULL and for what "
                "is not an array.")
_scalar("json_has", "json json! -> bool",
        meaning="Whether an array has an element that contains all members of an object; false for NULL and for what "
                "is not an array.")
_scalar("json_length", "json -> int64", meaning="The number of elements of an array; NULL for what is not an array.")
_scalar("json_contains", "json any! -> bool",
        meaning="Whether an array has a string, number, bool or null (given as JSON) as an element; NULL for NULL, "
                "false for other JSON values.")
_scalar("json_equal", "json json! -> bool",
        meaning="Whether a JSON value equals a constant: objects with the same members in any order, arrays with the same "
                "elements in the same order, numbers of the same value; NULL for NULL.")

_scalar("json_index_text", "json int64! -> string",
        meaning="The element of an array at a position as text, without quotes; NULL if there is none or if it is null.")
_scalar("json_type", "json -> string",
        meaning="The type of a JSON value: object, array, string, number, boolean or null; NULL for NULL.")
_scalar("json_integer", "json -> int64",
        meaning="The value of a JSON number that is whole and fits in 64 bits; NULL for anything else. A number with a "
                "fraction or an exponent, such as 1e2, is read as a float and has to have at most 15 digits.")

_scalar("json_path_name", "json -> string",
        meaning="The name of a path of objects from the outermost to the innermost: the _type of each in words, without "
                "Context, and its id, as in 'Link: logo located at Root Location: home => Navigation: top'. An object without "
                "one of them is left out; NULL where that is the innermost, for an empty array and for what is no array.")
_scalar("json_path_features", "json -> =1",
        meaning="The elements of an array with their members _type and id only, those that are not null; an empty array "
                "for NULL and for what is not an array.")

_scalar("json_data", "json string! -> json",
        meaning="The members data of those objects of an array whose member schema, as text, contains a text; an empty array "
                "for NULL and for what is not an array.")

# ---- intervals of numbers
_scalar("interval", "float64 float64 string! -> numeric_interval",
        meaning="The interval from the first number to the second, of which the ends belong to it that the third says: "
                "(], [), [] or (). NULL if either is NULL.")
_scalar("interval_lower", "numeric_interval -> float64", meaning="The lower end of an interval.")
_scalar("interval_upper", "numeric_interval -> float64", meaning="The upper end of an interval.")
_scalar("interval_bounds", "numeric_interval -> string", meaning="Which ends belong to an interval: (], [), [] or ().")

# ---- aggregates
_aggregate("size", "-> int64", meaning="The number of rows.")
_aggregate("count", "any -> int64", meaning="The number of values that are not NULL.")
_aggregate("nunique", "V -> int64", windowed=False, meaning="The number of different values; NULL does not count.")
_aggregate("sum", "int64 -> int64", "float64 -> float64", "decimal -> =1", "bool -> int64", "timedelta -> timedelta",
           meaning="The sum of the values; 0 if there are none. An integer sum beyond 64 bits is an error.")
_aggregate("sum_or_null", "int64 -> int64", "float64 -> float64", "decimal -> =1", "bool -> int64", "timedelta -> timedelta",
           meaning="The sum of the values; NULL if there are none. An integer sum beyond 64 bits is an error.")
_aggregate("mean", "int64 -> float64", "float64 -> float64", "decimal -> float64", "bool -> float64",
           "timedelta -> timedelta",
           meaning="The mean of the values that are not NULL; NULL if there are none. A mean duration is rounded to a "
                   "microsecond, a half to the even one.")
for _name, _words in (("var", "variance"), ("std", "standard deviation")):
    _aggregate(_name, "number int64! -> float64",
               meaning=f"The {_words} of the values that are not NULL, as floats; the constant is taken from the count of "
                       "the divisor (ddof). NULL if the divisor is not positive.")
_aggregate("quantile", "number float64! -> float64", "timedelta float64! -> timedelta", "timestamp float64! -> timestamp",
           windowed=False,
           meaning="The value below which a share of the values lies, linearly interpolated between the two nearest; NULL "
                   "if there are none. A duration or moment between two is cut to a microsecond.")
_aggregate("quantile_disc", "float64 float64! -> float64", "string float64! -> string", "date float64! -> date",
           "time float64! -> time", windowed=False,
           meaning="The least value for which it and the values below it are at least a share of all values; NULL if there are "
                   "none.")
_aggregate("mode", "T -> T", windowed=False,
           meaning="The most frequent value, the least one of those that are equally frequent; NULL if there is none.")
_aggregate("to_json_array", "string -> json", ordered=True, windowed=False,
           meaning="The texts as a JSON array in the order of the rows, NULL as null; an empty array if there are none.")
for _name, _words in (("min", "least"), ("max", "greatest")):
    _aggregate(_name, "T -> T", meaning=f"The {_words} value that is not NULL; NULL if there is none. The order is that "
                                        "of the comparisons.")
_aggregate("any", "bool -> bool", meaning="Whether a value is true; false if there are none.")
_aggregate("all", "bool -> bool", meaning="Whether no value is false; true if there are none.")
_aggregate("first", "any -> =1", ordered=True, windowed=False,
           meaning="The first value that is not NULL in the order of the rows; NULL if there is none.")
_aggregate("last", "any -> =1", ordered=True, windowed=False,
           meaning="The last value that is not NULL in the order of the rows; NULL if there is none.")

# ---- windows
_window("row_number", "-> int64", meaning="The number of the row in its partition, from 1.")
_window("lag", "any int64! any!? -> =1", meaning="The value a number of rows before, or a constant where there is no such row.")
_window("lead", "any int64! any!? -> =1", meaning="The value a number of rows after, or a constant where there is no such row.")
_window("rank", "-> int64", ties=True,
        meaning="One more than the number of rows of the partition that come before, ties not counted.")
_window("dense_rank", "-> int64", ties=True,
        meaning="One more than the number of different places in the order that come before.")
_window("percent_rank", "-> float64", ties=True,
        meaning="The rank less one, as a share of the rows less one; 0 for a single row.")
_window("cume_dist", "-> float64", ties=True,
        meaning="The share of the rows of the partition that come before or tie.")
_window("ntile", "int64! -> int64",
        meaning="The number, from 1, of the part of the partition that the row is in, when the rows are split in their "
                "order into so many parts of equal size, the first ones taking what is left over.")
_window("nth_value", "any int64! -> =1", framed=True,
        meaning="The value of a row of the frame by its number from 1, NULL included; NULL if the frame is shorter.")
_window("first_value", "any -> =1", framed=True, meaning="The value of the first row of the frame, NULL included.")
_window("last_value", "any -> =1", framed=True, meaning="The value of the last row of the frame, NULL included.")


# ---- type rules


def is_ordered(type_: Type) -> bool:
    """Return whether values of a type have an order, regardless of its scale or label. JSON has none."""
    return type_.name in _CLASSES["T"]


def common_type(types: Iterable[Type]) -> Type | None:
    """Return the type that values of ``types`` can share, or None."""
    found: Type | None = None
    for type_ in types:
        if found is None or found == type_:
            found = type_
        elif found.name in _CLASSES["number"] and type_.name in _CLASSES["number"]:
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
    # The text of JSON differs between engines (spaces, order of keys); members of it can be read as text.
    JSON: (),
    INTERVAL: (),
}


def castable(source: Type, target: Type) -> bool:
    """Return whether a value of ``source`` can be cast to ``target``."""
    return source.plain == target.plain or target.name in {type_.name for type_ in _CASTS[Type(source.name)]}


def casts() -> Iterable[tuple[Type, Type]]:
    """Return every pair of types of which the first can be cast to the second."""
    return [(source, target) for source, targets in _CASTS.items() for target in targets]


def result_type(name: str, kind: str, args: Sequence[Expr]) -> tuple[Type, tuple[Type, ...]]:
    """Return the type of operation ``name`` on ``args`` and the types that it takes them as.

    Raises :class:`InvalidType` when no signature fits.
    """
    op = OPS[name]
    if (op.kind == "scalar") != (kind == "scalar"):
        raise InvalidType(f"{name} is {op.kind}, not {kind}")
    constant = tuple(_constancy(arg) for arg in args)
    found = _resolve(name, tuple(arg.type for arg in args), constant)
    if found is None:
        given = ", ".join(str(arg.type) for arg in args) or "nothing"
        accepted = "; ".join(text.partition("->")[0].replace("!", "").replace("?", "").strip() for text in op.signatures)
        raise InvalidType(f"{name} cannot be computed from ({given})",
                          hint=f"it takes {accepted}; cast with astype where that is what you mean")
    return found


def _constancy(arg: Expr) -> str:
    """Return which constant an argument is: ``"!"`` for a value, ``"?"`` for NULL, and nothing for no constant."""
    if arg.columns or arg.size > 1 or not hasattr(arg, "value"):
        return ""
    return "?" if arg.value is None else "!"


@lru_cache(maxsize=4096)
def _resolve(name: str, types: tuple[Type, ...], constant: tuple[str, ...]) -> tuple[Type, tuple[Type, ...]] | None:
    for signature in OPS[name].signatures:
        found = _match(name, signature, types, constant)
        if found is not None:
            return found
    return None


def _match(name: str, signature: str, types: tuple[Type, ...],
           constant: tuple[str, ...]) -> tuple[Type, tuple[Type, ...]] | None:
    left, _, result = (part.strip() for part in signature.partition("->"))
    wanted = left.split()
    if len(types) != len(wanted):
        return None
    bound: dict[str, list[Type]] = {}
    for word, type_, is_constant in zip(wanted, types, constant, strict=True):
        kind = word.rstrip("!?")
        if "!" in word and (not is_constant or (is_constant == "?" and "?" not in word)):
            return None
        accepted = _CLASSES.get(kind) or frozenset((kind,))
        if type_.name not in accepted:
            return None
        bound.setdefault(kind, []).append(type_)
    shared = {kind: common_type(found) for kind, found in bound.items() if kind in "TV"}
    if None in shared.values() or (bound.get("decimal") and all(type_ == INT64 for type_ in bound["decimal"])):
        return None
    if result == "decimal":
        scales = [type_.scale for type_ in types]
        final = decimal_type(sum(scales) if name == "mul" else max(scales))
    else:
        final = types[0] if result == "=1" else (shared.get(result) or Type(result))

    def taken(kind: str, type_: Type) -> Type:
        if kind in shared:
            return shared[kind] or type_
        if kind == "number" and (final == FLOAT64 or type_.name == "decimal"):
            return FLOAT64
        return decimal_type(0) if kind == "decimal" and type_ == INT64 else type_

    return final, tuple(taken(word.rstrip("!?"), type_) for word, type_ in zip(wanted, types, strict=True))
