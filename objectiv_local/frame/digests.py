"""Digests of rows: numbers for comparing rows in any order and on any engine."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Expr, aggregation, call, case, cast, literal
from objectiv_local.types import STRING, decimal_type


def digest(columns: Sequence[tuple[str, Expr]], *, json: bool = False) -> Expr:
    """Return 60 bits of the MD5 of one or more values of a row. Equal values have equal digests on every engine.

    NULL, NaN and the empty string are three distinct values; 0.0 and -0.0 are the same one. JSON is compared by its text, which
    differs between engines, so it raises NotSupported unless ``json`` is true.
    """
    return call("hash", joined("concat", [_part(column, name, json=json) for name, column in columns]))


def summed(column: Expr) -> Aggregation:
    """Return the sum of digests: 38 digits hold the sum for more rows than can exist."""
    return aggregation("sum", cast(column, decimal_type(0)))


def joined(op: str, parts: Sequence[Expr]) -> Expr:
    """Return one or more parts joined by a binary operation in a balanced tree, so that nesting stays shallow."""
    while len(parts) > 1:
        parts = [
            call(op, *parts[start : start + 2]) if start + 1 < len(parts) else parts[start] for start in range(0, len(parts), 2)
        ]
    return parts[0]


def _part(column: Expr, name: str, *, json: bool) -> Expr:
    """Return a value as a string that ends in ``|``, which it contains nowhere else; NULL is ``%N``, which no value becomes."""
    text = _text(column, name, json=json)
    if column.type.name in ("string", "json"):
        # Without escaping, different pairs of strings could read the same: 'a|' and 'b', 'a' and '|b'.
        for letter, written in (("%", "%25"), ("|", "%7C")):
            text = call("replace", text, literal(letter), literal(written))
    return call("concat", call("coalesce", text, literal("%N")), literal("|"))


def _text(column: Expr, name: str, *, json: bool) -> Expr:
    match column.type.name:
        case "float64":
            return case([(call("eq", column, literal(0.0)), literal("0.0"))], cast(column, STRING))
        case "timedelta":
            return cast(call("microseconds", column), STRING)
        case "numeric_interval":
            ends = [call("concat", cast(call(op, column), STRING), literal(" ")) for op in ("interval_lower", "interval_upper")]
            return call("concat", call("concat", *ends), call("interval_bounds", column))
        case "json":
            if not json:
                raise NotSupported(
                    f"column {name!r} is {column.type}, and the text of JSON differs between engines",
                    hint=f"remove it with drop(columns=[{name!r}]), or read its members as strings or numbers",
                )
            # The type distinguishes 5 from "5", and null from a missing value.
            text = call("coalesce", call("json_text", column), literal(""))
            return call("concat", call("concat", call("json_type", column), literal(":")), text)
    return cast(column, STRING)
