"""The catalogue of operations: the one place where the meaning of an operation is fixed.

Type checks, the function reference, the generated tests and the completeness check of each dialect read it. An
operation is declared by its name, its signatures and one or two sentences of exact meaning.

A signature reads ``argument types -> result type``. ``number`` is int64 or float64, ``T`` any type with an order,
``V`` any type that can be compared for equality, ``any`` any type; equal letters stand for equal types, int64 widening
to float64 and date to timestamp. ``=1`` as a result is the type of the first argument with its label. An argument
with ``!`` has to be a constant, one with ``?`` may be the constant NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from objectiv_local.errors import InvalidType
from objectiv_local.types import BOOL, DATE, FLOAT64, INT64, JSON, STRING, TIMEDELTA, TIMESTAMP, TYPES, UUID, Type

if TYPE_CHECKING:
    from objectiv_local.plan.expr import Expr

Kind = Literal["scalar", "aggregate", "window"]

ORDERED_TYPES = (BOOL, INT64, FLOAT64, STRING, DATE, TIMESTAMP, TIMEDELTA, UUID)
_CLASSES: dict[str, tuple[Type, ...]] = {
    "number": (INT64, FLOAT64),
    "T": ORDERED_TYPES,
    "V": ORDERED_TYPES,
    "any": TYPES,
}


@dataclass(frozen=True, slots=True)
class Op:
    """An operation: its kind, its signatures and its meaning.

    ``ordered``: the answer depends on the order of the rows. ``framed``: over a window, it looks at the rows of the
    frame rather than at the partition. ``windowed``: it can be computed over a window.
    """

    name: str
    kind: Kind
    signatures: tuple[str, ...]
    meaning: str
    ordered: bool = False
    framed: bool = False
    windowed: bool = False


OPS: dict[str, Op] = {}


def _scalar(name: str, *signatures: str, meaning: str) -> None:
    OPS[name] = Op(name, "scalar", signatures, meaning)


def _aggregate(name: str, *signatures: str, meaning: str, ordered: bool = False, windowed: bool = True) -> None:
    OPS[name] = Op(name, "aggregate", signatures, meaning, ordered=ordered, framed=True, windowed=windowed)


def _window(name: str, *signatures: str, meaning: str, framed: bool = False) -> None:
    OPS[name] = Op(name, "window", signatures, meaning, ordered=True, framed=framed, windowed=True)


# ---- arithmetic
_scalar("add", "int64 int64 -> int64", "number number -> float64", "timestamp timedelta -> timestamp",
        "timedelta timestamp -> timestamp", "date timedelta -> timestamp", "timedelta date -> timestamp",
        "timedelta timedelta -> timedelta",
        meaning="The sum. An integer sum beyond 64 bits is an error.")
_scalar("sub", "int64 int64 -> int64", "number number -> float64", "timestamp timestamp -> timedelta",
        "date date -> timedelta", "timestamp date -> timedelta", "date timestamp -> timedelta",
        "timestamp timedelta -> timestamp", "date timedelta -> timestamp", "timedelta timedelta -> timedelta",
        meaning="The difference. Two instants give a duration of whole microseconds.")
_scalar("mul", "int64 int64 -> int64", "number number -> float64", "timedelta int64 -> timedelta",
        "int64 timedelta -> timedelta",
        meaning="The product. An integer product beyond 64 bits is an error.")
_scalar("truediv", "number number -> float64", "timedelta timedelta -> float64",
        meaning="The quotient as a float, also of integers. Division by zero gives inf, -inf or NaN as IEEE 754 says.")
_scalar("floordiv", "int64 int64 -> int64", "number number -> float64",
        meaning="The quotient rounded towards minus infinity. NULL where the divisor is zero.")
_scalar("mod", "int64 int64 -> int64", "number number -> float64",
        meaning="The remainder of the floor division; it has the sign of the divisor. NULL where the divisor is zero.")
_scalar("neg", "int64 -> int64", "float64 -> float64", "timedelta -> timedelta", meaning="The value with the other sign.")
_scalar("abs", "int64 -> int64", "float64 -> float64", "timedelta -> timedelta", meaning="The value without its sign.")

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

# ---- time
_scalar("strftime", "timestamp string! -> string", "date string! -> string",
        meaning="The moment as text by a format of Python's codes, with English names.")
_scalar("date_trunc", "string! timestamp -> timestamp", "string! date -> timestamp",
        meaning="The start of the second, minute, hour, day, week (Monday), month, quarter or year.")
_scalar("total_seconds", "timedelta -> float64", meaning="The duration in seconds.")

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
        meaning="Whether an array has a text, number or bool as an element; NULL for NULL, false for what is no array.")

# ---- aggregates
_aggregate("size", "-> int64", meaning="The number of rows.")
_aggregate("count", "any -> int64", meaning="The number of values that are not NULL.")
_aggregate("nunique", "V -> int64", windowed=False, meaning="The number of different values; NULL does not count.")
_aggregate("sum", "int64 -> int64", "float64 -> float64", "bool -> int64", "timedelta -> timedelta",
           meaning="The sum of the values; 0 if there are none. An integer sum beyond 64 bits is an error.")
_aggregate("sum_or_null", "int64 -> int64", "float64 -> float64", "bool -> int64", "timedelta -> timedelta",
           meaning="The sum of the values; NULL if there are none. An integer sum beyond 64 bits is an error.")
_aggregate("mean", "int64 -> float64", "float64 -> float64", "bool -> float64", "timedelta -> timedelta",
           meaning="The mean of the values that are not NULL; NULL if there are none. A mean duration is rounded to a "
                   "microsecond, a half to the even one.")
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
_window("first_value", "any -> =1", framed=True, meaning="The value of the first row of the frame, NULL included.")
_window("last_value", "any -> =1", framed=True, meaning="The value of the last row of the frame, NULL included.")


# ---- type rules


def common_type(types: Iterable[Type]) -> Type | None:
    """Return the type that values of ``types`` can share, or None."""
    found: Type | None = None
    for type_ in types:
        if found is None or found == type_:
            found = type_
        elif {found, type_} == {INT64, FLOAT64}:
            found = FLOAT64
        elif {found, type_} == {DATE, TIMESTAMP}:
            found = TIMESTAMP
        elif found.plain == type_.plain == JSON:
            found = JSON
        else:
            return None
    return found


_CASTS: dict[Type, tuple[Type, ...]] = {
    BOOL: (INT64, FLOAT64, STRING),
    INT64: (FLOAT64, STRING, BOOL),
    FLOAT64: (INT64, STRING),
    STRING: (INT64, FLOAT64, BOOL, DATE, TIMESTAMP, UUID, JSON),
    DATE: (TIMESTAMP, STRING),
    TIMESTAMP: (DATE, STRING),
    TIMEDELTA: (),
    UUID: (STRING,),
    # The text of JSON differs between engines (spaces, order of keys); members of it can be read as text.
    JSON: (),
}


def castable(source: Type, target: Type) -> bool:
    """Return whether a value of ``source`` can be cast to ``target``."""
    return source.plain == target.plain or target.plain in _CASTS[source.plain]


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
        found = _match(signature, types, constant)
        if found is not None:
            return found
    return None


def _match(signature: str, types: tuple[Type, ...], constant: tuple[str, ...]) -> tuple[Type, tuple[Type, ...]] | None:
    left, _, result = (part.strip() for part in signature.partition("->"))
    wanted = left.split()
    if len(types) != len(wanted):
        return None
    bound: dict[str, list[Type]] = {}
    for word, type_, is_constant in zip(wanted, types, constant, strict=True):
        kind = word.rstrip("!?")
        if "!" in word and (not is_constant or (is_constant == "?" and "?" not in word)):
            return None
        accepted = _CLASSES.get(kind) or (Type(kind),)
        if type_.plain not in accepted:
            return None
        bound.setdefault(kind, []).append(type_)
    shared = {kind: common_type(found) for kind, found in bound.items() if kind in "TV"}
    if None in shared.values():
        return None
    final = types[0] if result == "=1" else (shared.get(result) or Type(result))
    out = tuple(shared.get(word.rstrip("!?")) or (FLOAT64 if word == "number" and final == FLOAT64 else type_)
                for word, type_ in zip(wanted, types, strict=True))
    return final, out
