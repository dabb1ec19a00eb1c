"""A made-up table of clicks, with columns that no product names so."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines

#: Every 8 events or so, a user pauses for days; otherwise for minutes.
_SQL = """
WITH rows AS (
  SELECT i, hash(i * 31 + 7) AS h, hash(i * 17 + 3) AS g, 'user-' || (hash(i * 13) % ({n} // 25 + 1)) AS uid
  FROM range({n}) AS t (i)
), paused AS (
  SELECT *, sum(CASE WHEN h % 8 = 0 THEN 86400 * (1 + g % 9) ELSE 30 + g % 900 END) OVER (PARTITION BY uid ORDER BY i) AS after
  FROM rows
)
SELECT
  i AS event_id, uid, TIMESTAMP '2024-01-01' + to_seconds((after % 7776000)::bigint) AS ts,
  ['view', 'view', 'view', 'click', 'click', 'buy'][1 + (h // 8 % 6)::int] AS action,
  '/page/' || (g // 8 % 40) AS page, ['mobile', 'desktop', 'tablet'][1 + (h // 64 % 3)::int] AS device,
  ['free', 'pro'][1 + (g // 64 % 2)::int] AS plan, round((h // 1024 % 100000) / 100, 2) AS amount
FROM paused
"""


def prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    """Return where that many clicks are, in Parquet, CSV and Postgres."""
    data: dict[str, Any] = {
        "threads": options.threads,
        "parquet": str(folder / "clicks.parquet"),
        "csv": str(folder / "clicks.csv"),
        "retentioneering": options.retentioneering,
    }
    with engines.duckdb_connection(data) as connection:
        connection.execute(f"COPY ({_SQL.format(n=size)}) TO '{data['parquet']}'")
        connection.execute(f"COPY (FROM '{data['parquet']}') TO '{data['csv']}' (header)")
        # What an analyst knows: the columns of a matrix of weeks.
        data["weeks"] = connection.execute(f"""
            SELECT max(date_diff('week', first, last)) + 1
            FROM (SELECT min(ts) AS first, max(ts) AS last FROM '{data["parquet"]}' GROUP BY uid)""").fetchall()[0][0]
    if options.postgres:
        import pyarrow.parquet as pq

        from objectiv_local import DataFrame, connect

        data["postgres"] = engines.started(stack)
        DataFrame.from_arrow(
            connect(data["postgres"], read_only=False), pq.read_table(data["parquet"]), name="clicks", materialization="table"
        )
        engines.analyze(data["postgres"], "clicks")
    return data
