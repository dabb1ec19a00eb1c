"""Fingerprints: short strings that are equal if two frames have the same rows, on any engine."""

from __future__ import annotations

import hashlib
import json

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Extend, aggregation, digest, state_of, summed, unused_name
from objectiv_local.ml.fetching import fetched

#: The prefix of a fingerprint: the version of its computation.
_VERSION = "1"


@checked
def fingerprint(frame: DataFrame) -> str:
    """Return a string that is equal for frames with equal rows, in any order and on any engine. One query.

    Rows are equal if their index and data columns have the same names, types and values, in the same order of columns. NULL,
    NaN, and the empty string are three distinct values; 0.0 and -0.0 are the same. Duplicate rows are counted.

    The string contains the number of rows and a 128-bit digest of the names and types and of the sum of 60 bits of the MD5 of
    each row. It detects accidental differences; it does not protect against deliberate collisions.

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
        raise InvalidType(f"fingerprint needs a frame, not {type(frame).__name__}", hint="use series.to_frame()")
    names = [*frame.index_columns, *frame.data_columns]
    if not names:
        raise InvalidValue("the frame has no columns for a fingerprint")
    plan = state_of(frame).plan
    row_hash = unused_name("row_hash", plan.types)
    hashed = Extend(plan, ((row_hash, digest([(name, plan.column(name)) for name in names])),), "hashed")
    totals = Aggregate(hashed, (), (("rows", aggregation("size")), ("total", summed(hashed.column(row_hash)))), "fingerprint")
    row = fetched(state_of(frame), totals).to_pylist()[0]
    schema = [[name, plan.types[name].dtype] for name in names]
    content = json.dumps([_VERSION, schema, int(row["rows"]), int(row["total"])], ensure_ascii=True)
    return f"{_VERSION}:{row['rows']}:{hashlib.sha256(content.encode()).hexdigest()[:32]}"
