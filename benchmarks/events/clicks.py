"""A made-up table of clicks, with columns that no product names so."""

from __future__ import annotations

from pathlib import Path

import duckdb

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


def write(path: Path, events: int, options: str = "") -> None:
    """Write that many clicks to a file, by DuckDB's COPY."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({_SQL.format(n=events)}) TO '{path}' {options}")
