"""The table that the programs read."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines

ROWS = 100
#: The table: ``{rows}`` yields numbers ``i`` from 0.
DATA = """
SELECT i::bigint AS id, 'g' || (i % 5) AS g, (i * 7 % 50)::bigint AS x, (i * 3 % 20) / 2.0::float8 AS y,
       '{{"a": {{"a": [1, 2]}}}}'::json AS j
FROM {rows} AS t (i)
"""


def prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    """Return the size of the programs, and where the table is on Postgres."""
    data: dict[str, Any] = {"size": size, "limit": options.timeout}
    if options.postgres:
        import psycopg

        data["postgres"] = engines.started(stack)
        with psycopg.connect(data["postgres"], autocommit=True) as connection:
            connection.execute(f"CREATE TABLE data AS {DATA.format(rows=f'generate_series(0, {ROWS - 1})')}".encode())
    return data
