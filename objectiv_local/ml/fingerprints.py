"""A short text that says whether two frames hold the same rows, on whichever engine."""

from __future__ import annotations

import hashlib
import json

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Extend, aggregation, digest, state_of, summed, unused_name
from objectiv_local.ml.fetching import fetched

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
    row_hash = unused_name("row_hash", plan.types)
    hashed = Extend(plan, ((row_hash, digest([(name, plan.column(name)) for name in names])),), "hashed")
    totals = Aggregate(hashed, (), (("rows", aggregation("size")), ("total", summed(hashed.column(row_hash)))), "fingerprint")
    row = fetched(state_of(frame), totals).to_pylist()[0]
    schema = [[name, plan.types[name].dtype] for name in names]
    content = json.dumps([_VERSION, schema, int(row["rows"]), int(row["total"])], ensure_ascii=True)
    return f"{_VERSION}:{row['rows']}:{hashlib.sha256(content.encode()).hexdigest()[:32]}"
