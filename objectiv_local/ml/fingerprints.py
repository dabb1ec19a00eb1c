"""A short text that says whether two frames hold the same rows, on whichever engine."""

from __future__ import annotations

import hashlib
import json

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    aggregation,
    call,
    case,
    cast,
    literal,
    state_of,
    unused_name,
)
from objectiv_local.ml.expressions import joined
from objectiv_local.ml.fetching import fetched
from objectiv_local.types import STRING, decimal_type

#: What stands before a fingerprint: the way in which it is computed.
_VERSION = "1"


@checked
def fingerprint(frame: DataFrame) -> str:
    """Return a text that is equal for frames with equal rows, in whichever order and on whichever engine. One query.

    Rows are equal if their index and data columns have the same names, types and values, in the same order of columns. NULL,
    NaN, and the empty text are three values; 0.0 and -0.0 are one, as they are in comparisons. A row that occurs twice
    counts twice.

    The text has the number of rows, and 128 bits of a digest: of the names and types, and of the sum of 60 bits of the md5
    of each row. That tells frames apart that differ by accident; it is no protection against rows made to collide.

    Raises NotSupported for JSON, whose text differs between engines.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> con = duckdb.connect()
    >>> one = DataFrame.from_pandas(con, pandas.DataFrame({"a": [1, 2], "b": ["x", None]})).reset_index(drop=True)
    >>> other = DataFrame.from_pandas(con, pandas.DataFrame({"a": [2, 1], "b": [None, "x"]})).reset_index(drop=True)
    >>> fingerprint(one) == fingerprint(other)
    True
    >>> fingerprint(one).split(":")[:2]
    ['1', '2']
    """
    if not isinstance(frame, DataFrame):
        raise InvalidType(f"a fingerprint is that of a frame, not of {type(frame).__name__}", hint="use series.to_frame()")
    names = [*frame.index_columns, *frame.data_columns]
    if not names:
        raise InvalidValue("the frame has no columns to take a fingerprint of")
    plan = state_of(frame).plan
    digest = unused_name("row_hash", plan.types)
    text = joined("concat", [_part(plan.column(name), name) for name in names])
    hashed = Extend(plan, ((digest, call("hash", text)),), "hashed")
    # 60 bits of each row: 38 digits hold the sum of more rows than there can be.
    total = aggregation("sum", cast(hashed.column(digest), decimal_type(0)))
    summed = Aggregate(hashed, (), (("rows", aggregation("size")), ("total", total)), "fingerprint")
    row = fetched(state_of(frame), summed).to_pylist()[0]
    schema = [[name, plan.types[name].dtype] for name in names]
    content = json.dumps([_VERSION, schema, int(row["rows"]), int(row["total"])], ensure_ascii=True)
    return f"{_VERSION}:{row['rows']}:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _part(column: Expr, name: str) -> Expr:
    """Return a value as text that ends in ``|``, which no text in it has; NULL is ``%N``, which is no text of a value."""
    text = _text(column, name)
    if column.type.name == "string":
        # Written with % and |, two texts in two columns could read as two others: 'a|' and 'b', 'a' and '|b'.
        for letter, written in (("%", "%25"), ("|", "%7C")):
            text = call("replace", text, literal(letter), literal(written))
    return call("concat", call("coalesce", text, literal("%N")), literal("|"))


def _text(column: Expr, name: str) -> Expr:
    match column.type.name:
        case "float64":
            return case([(call("eq", column, literal(0.0)), literal("0.0"))], cast(column, STRING))
        case "timedelta":
            return cast(call("microseconds", column), STRING)
        case "numeric_interval":
            ends = [call("concat", _text(call(op, column), name), literal(" ")) for op in ("interval_lower", "interval_upper")]
            return call("concat", call("concat", *ends), call("interval_bounds", column))
        case "json":
            raise NotSupported(f"column {name!r} is {column.type}, and the text of JSON differs between engines",
                               hint=f"leave it out with drop(columns=[{name!r}]), or read its members as text or numbers")
    return cast(column, STRING)
