"""The everyday programs as SQL by hand."""

from __future__ import annotations

from typing import Any

from benchmarks import engines
from benchmarks.worker import Session

HAND = {
    "filter and count": "SELECT count(*) FROM data WHERE amount > 500 AND n < 200",
    "sum and mean by city": "SELECT city, sum(amount), avg(amount) FROM data GROUP BY city",
    "sum by day": "SELECT day, sum(n)::bigint FROM data GROUP BY day",
    "top three of each city": """SELECT id, city FROM (
        SELECT id, city, row_number() OVER (PARTITION BY city ORDER BY amount DESC NULLS LAST, id) AS r FROM data) AS t
        WHERE r <= 3""",
    "merge and group": "SELECT country, sum(amount) FROM data JOIN cities USING (city) GROUP BY country",
    "ratio of groups": "SELECT city, nullif(count(*) FILTER (WHERE n > 500), 0)::float8 / count(*) FROM data GROUP BY city",
    "users by city": "SELECT city, count(DISTINCT user_id) FROM data GROUP BY city",
    "time since the last": """SELECT user_id, sum(gap)::bigint FROM (
        SELECT user_id, {epoch} AS gap FROM (
            SELECT user_id, moment, lag(moment) OVER (PARTITION BY user_id ORDER BY moment, id) AS before FROM data) AS t) AS u
        GROUP BY user_id""",
    "text that contains": "SELECT day, count(*) FROM data WHERE strpos(note, 'urgent') > 0 GROUP BY day",
    "median and spread by city": """SELECT city, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), stddev_samp(amount)
        FROM data GROUP BY city""",
}
EPOCH = {"duckdb": "epoch_us(moment - before)", "postgres": "(extract(epoch FROM moment - before) * 1000000)::bigint"}


def parquet(data: dict[str, Any]) -> Session:
    """Return SQL over the file."""
    return engines.on_duckdb(data, _statements("duckdb"), {"data": data["rows"], "cities": data["cities"]})


def postgres(data: dict[str, Any]) -> Session:
    """Return SQL on Postgres."""
    return engines.on_postgres(data, _statements("postgres"))


def _statements(dialect: str) -> dict[str, str]:
    return {name: sql.replace("{epoch}", EPOCH[dialect]) for name, sql in HAND.items()}
