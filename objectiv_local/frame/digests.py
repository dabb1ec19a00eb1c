"""Digests of rows: numbers by which rows are compared, in whichever order and on whichever engine."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.errors import NotSupported
from objectiv_local.plan.expr import Aggregation, Expr, aggregation, call, case, cast, literal
from objectiv_local.types import STRING, decimal_type


def digest(columns: Sequence[tuple[str, Expr]], *, json: bool = False) -> Expr:
    """Return 60 bits of the md5 of one or more values of a row. Equal values have equal digests on every engine.

    NULL, NaN and the empty string are three values; 0.0 and -0.0 are one. JSON is compared by its text, which differs between
    engines, and raises NotSupported unless ``json`` allows it.
    """
    return call("hash", joined("concat", [_part(column, name, json=json) for name, column in columns]))


def summed(column: Expr) -> Aggregation:
    """Return the sum of digests: 38 digits hold that of more rows than there can be."""
    return aggregation("sum", cast(column, decimal_type(0)))


def joined(op: str, parts: Sequence[Expr]) -> Expr:
    """Return one or more parts joined by an operation of two, in pairs and pairs of pairs, so that many do not nest deep."""
    while len(parts) > 1:
        parts = [
            call(op, *parts[start : start + 2]) if start + 1 < len(parts) else parts[start] for start in range(0, len(parts), 2)
        ]
    return parts[0]


def _part(column: Expr, name: str, *, json: bool) -> Expr:
    """Return a value as text that ends in ``|``, which no text in it has; NULL is ``%N``, which is no text of a value."""
    text = _text(column, name, json=json)
    if column.type.name in ("string", "json"):
        # Written with % and |, two texts in two columns could read as two others: 'a|' and 'b', 'a' and '|b'.
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
                    hint=f"leave it out with drop(columns=[{name!r}]), or read its members as text or numbers",
                )
            # The type tells 5 from "5", and null from a missing value.
            text = call("coalesce", call("json_text", column), literal(""))
            return call("concat", call("concat", call("json_type", column), literal(":")), text)
    return cast(column, STRING)
