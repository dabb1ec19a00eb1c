"""Answers in one form, as Parquet files, and how two of them differ.

An answer is a table of Arrow, pandas or Polars, or a list of numbers. Writing one needs PyArrow and Python 3.9 only, because
contenders with an interpreter of their own do it too.
"""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

#: Floats may differ by this, relatively, where a question allows no more: sums of floats depend on their order.
RELATIVE = 1e-9
EXAMPLES = 2


def write(answer: Any, path: str) -> None:
    """Write an answer to a Parquet file: ids as text, durations as microseconds, an index as columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = _as_arrow(answer)
    columns = [_plain(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)) for column in table.columns]
    pq.write_table(pa.table(dict(zip(map(str, table.column_names), columns))), path)  # noqa: B905 - Python 3.9


def _as_arrow(answer: Any) -> Any:
    import pyarrow as pa

    if isinstance(answer, pa.Table):
        return answer
    if isinstance(answer, list):
        if len(answer) == 1:
            return pa.table({"value": [float(answer[0])]})
        return pa.table({"place": list(range(len(answer))), "value": [float(number) for number in answer]})
    if hasattr(answer, "to_arrow"):  # Polars
        return answer.to_arrow()
    if hasattr(answer, "to_frame"):  # a series of pandas
        answer = answer.to_frame()
    if any(name is not None for name in answer.index.names):
        answer = answer.reset_index()
    columns = {}
    for name, column in answer.items():
        if column.dtype == object and any(isinstance(value, UUID) for value in column[:1]):
            column = column.map(str, na_action="ignore")  # noqa: PLW2901
        columns[str(name)] = pa.Array.from_pandas(column)
    return pa.table(columns)


def _plain(column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_duration(kind):
        return column.cast(pa.duration("us"), safe=False).cast(pa.int64())
    if pa.types.is_interval(kind):
        return pa.array(
            [
                None if value is None else value.days * 86_400_000_000 + value.nanoseconds // 1_000
                for value in column.to_pylist()
            ],
            pa.int64(),
        )
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if "binary" in str(kind):  # of a fixed size, large, or a view
        return pa.array([None if value is None else str(UUID(bytes=value)) for value in column.to_pylist()], pa.string())
    return column


def differences(one: str, other: str, keys: int, *, absolute: float = RELATIVE, relative: float = RELATIVE) -> list[str]:
    """Return how the answer in a file differs from the one in another: nothing if it does not.

    Rows are found by the first ``keys`` columns, columns by their names; by their places if the names are others. Numbers are
    compared as floats, within the tolerances of :func:`math.isclose`; everything else has to be equal. NaN counts as missing.
    """
    import duckdb

    with duckdb.connect(config={"threads": 2}) as connection:
        kinds = []
        for name, path in (("one", one), ("other", other)):
            described = connection.sql(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()
            kinds.append({row[0]: row[1] for row in described})
            shown = ", ".join(f"{_comparable(column, kind)} AS {_quoted(column)}" for column, kind in kinds[-1].items())
            connection.execute(f"CREATE TABLE {name} AS SELECT {shown}, TRUE AS present FROM read_parquet('{path}')")
        left, right = kinds
        if len(left) != len(right):
            return [f"columns {list(right)}, not {list(left)}"]
        if sorted(left) != sorted(right):
            for place, (name, new) in enumerate(zip(right, left, strict=True)):
                connection.execute(f"ALTER TABLE other RENAME {_quoted(name)} TO {_quoted(f'{place} {new}')}")
            for place, new in enumerate(left):
                connection.execute(f"ALTER TABLE other RENAME {_quoted(f'{place} {new}')} TO {_quoted(new)}")
            right = dict(zip(left, right.values(), strict=True))
        names = list(left)
        key = ", ".join(map(_quoted, names[:keys])) or "present"
        counts = [
            connection.execute(f"SELECT count(*), count(DISTINCT row({key})) FROM {name}").fetchall()[0]
            for name in ("one", "other")
        ]
        if len({*counts[0], *counts[1]}) != 1:
            return [f"{counts[1][0]:,} rows with {counts[1][1]:,} keys, not {counts[0][0]:,} with {counts[0][1]:,}"]
        matched = " AND ".join(f"a.{_quoted(name)} IS NOT DISTINCT FROM b.{_quoted(name)}" for name in names[:keys]) or "TRUE"
        equal = (
            " AND ".join(
                _equal(_quoted(name), absolute, relative, number=_is_number(left[name]) and _is_number(right[name]))
                for name in names[keys:]
            )
            or "TRUE"
        )
        found = connection.execute(
            f"SELECT a, b FROM one AS a FULL JOIN other AS b ON {matched} "
            f"WHERE a.present IS NULL OR b.present IS NULL OR NOT coalesce({equal}, FALSE)"
        ).fetchall()
    return (
        [
            f"{len(found):,} of {counts[0][0]:,} rows, such as "
            + "; ".join(f"{_shown(b)}, not {_shown(a)}" for a, b in found[:EXAMPLES])
        ]
        if found
        else []
    )


def _shown(row: Any) -> str:
    return "no row" if row is None else str(tuple(row.values())[:-1])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_number(kind: str) -> bool:
    return kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or kind.endswith(("INT", "INTEGER"))


def _comparable(name: str, kind: str) -> str:
    """Return an expression of a column: numbers as floats, the rest as text, a midnight as its day."""
    column = _quoted(name)
    if _is_number(kind):
        return f"CASE WHEN isnan({column}::double) THEN NULL ELSE {column}::double END"
    return f"regexp_replace({column}::varchar, ' 00:00:00$', '')"


def _equal(name: str, absolute: float, relative: float, *, number: bool) -> str:
    same = f"a.{name} IS NOT DISTINCT FROM b.{name}"
    close = f"abs(a.{name} - b.{name}) <= greatest({relative!r} * greatest(abs(a.{name}), abs(b.{name})), {absolute!r})"
    return f"({same} OR coalesce({close}, FALSE))" if number and not math.isinf(absolute) else f"({same})"
