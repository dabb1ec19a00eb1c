"""Ten everyday programs on a million rows: ours, SQL by hand on the same engine, polars and pandas; with equal answers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl

from objectiv_local import DataFrame, connect

COLUMNS = "id, user_id, day, moment, city, amount, n, note"
GENERATE = """
SELECT i AS id, (hash(i * 7 + 1) % 20000)::bigint AS user_id, (DATE '2022-01-01' + (hash(i) % 180)::int) AS day,
       TIMESTAMP '2022-01-01' + to_microseconds((hash(i * 3) % 15552000000000)::bigint) AS moment,
       'city_' || (hash(i * 5) % 200) AS city, ((hash(i * 11) % 100000) / 100.0)::double AS amount,
       (hash(i * 13) % 1000)::bigint AS n,
       'note ' || (hash(i * 17) % 5000) || CASE WHEN i % 50 = 0 THEN ' urgent' ELSE '' END AS note
FROM range({rows}) AS t (i)
"""
CITIES = "SELECT 'city_' || i AS city, 'country_' || (i % 12) AS country FROM {numbers} AS t (i)"

HAND = {
    "filter and count": "SELECT count(*) FROM data WHERE amount > 500 AND n < 200",
    "sum and mean by city": "SELECT city, sum(amount), avg(amount) FROM data GROUP BY city",
    "sum by day": "SELECT day, sum(n)::bigint FROM data GROUP BY day",
    "top three of each city": """SELECT id, city FROM (
        SELECT id, city, row_number() OVER (PARTITION BY city ORDER BY amount DESC NULLS LAST, id) AS r FROM data) AS t
        WHERE r <= 3""",
    "merge and group": "SELECT country, sum(amount) FROM data JOIN cities USING (city) GROUP BY country",
    "ratio of groups": "SELECT city, (count(*) FILTER (WHERE n > 500))::float8 / count(*) FROM data GROUP BY city",
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


def ours(df: DataFrame, cities: DataFrame) -> dict[str, Callable[[], Any]]:
    """Return the programs as frames."""
    def top() -> Any:
        ranked = df.copy()
        ranked["r"] = ranked.amount.window_row_number(
            ranked.sort_values(["amount", "id"], [False, True]).groupby("city").window())
        return ranked[ranked.r <= 3][["id", "city"]]

    def gaps() -> Any:
        since = df.copy()
        window = since.sort_values(["moment", "id"]).groupby("user_id").window()
        since["gap"] = since.moment - since.moment.window_lag(window=window)
        return since.groupby("user_id").gap.sum(min_count=1)

    return {
        "filter and count": lambda: df[(df.amount > 500) & (df.n < 200)].groupby(None).size().to_frame(),
        "sum and mean by city": lambda: df.groupby("city")[["amount"]].agg(["sum", "mean"]),
        "sum by day": lambda: df.groupby("day").n.sum(),
        "top three of each city": top,
        "merge and group": lambda: df.merge(cities, on="city").groupby("country").amount.sum(),
        "ratio of groups": lambda: df[df.n > 500].groupby("city").n.count() / df.groupby("city").n.count(),
        "users by city": lambda: df.groupby("city").user_id.nunique(),
        "time since the last": gaps,
        "text that contains": lambda: df[df.note.str.contains("urgent")].groupby("day").note.count(),
        "median and spread by city": lambda: df.groupby("city")[["amount"]].agg(["median", "std"]),
    }


def of_polars(path: str, cities: pl.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return the programs in polars, over the file."""
    df = pl.scan_parquet(path)
    gap = pl.col("moment").diff().over("user_id")
    return {
        "filter and count": lambda: df.filter((pl.col("amount") > 500) & (pl.col("n") < 200)).select(pl.len()).collect(),
        "sum and mean by city": lambda: df.group_by("city").agg(s=pl.sum("amount"), m=pl.mean("amount")).collect(),
        "sum by day": lambda: df.group_by("day").agg(pl.sum("n")).collect(),
        "top three of each city": lambda: df.sort(["amount", "id"], descending=[True, False]).group_by(
            "city").head(3).select("id", "city").collect(),
        "merge and group": lambda: df.join(cities.lazy(), on="city").group_by("country").agg(pl.sum("amount")).collect(),
        "ratio of groups": lambda: df.group_by("city").agg((pl.col("n") > 500).sum() / pl.len()).collect(),
        "users by city": lambda: df.group_by("city").agg(pl.n_unique("user_id")).collect(),
        "time since the last": lambda: df.sort(["moment", "id"]).with_columns(gap=gap).group_by("user_id").agg(
            pl.sum("gap")).collect(),
        "text that contains": lambda: df.filter(pl.col("note").str.contains("urgent", literal=True)).group_by("day").agg(
            pl.len()).collect(),
        "median and spread by city": lambda: df.group_by("city").agg(m=pl.median("amount"), s=pl.std("amount")).collect(),
    }


def of_pandas(df: pd.DataFrame, cities: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return the programs in pandas, over a frame in memory."""
    def gaps() -> Any:
        ordered = df.sort_values(["moment", "id"])
        return ordered.assign(gap=ordered.groupby("user_id").moment.diff()).groupby("user_id").gap.sum()

    return {
        "filter and count": lambda: ((df.amount > 500) & (df.n < 200)).sum(),
        "sum and mean by city": lambda: df.groupby("city").amount.agg(["sum", "mean"]),
        "sum by day": lambda: df.groupby("day").n.sum(),
        "top three of each city": lambda: df.sort_values(["amount", "id"], ascending=[False, True]).groupby("city").head(3),
        "merge and group": lambda: df.merge(cities, on="city").groupby("country").amount.sum(),
        "ratio of groups": lambda: df[df.n > 500].groupby("city").n.count() / df.groupby("city").n.count(),
        "users by city": lambda: df.groupby("city").user_id.nunique(),
        "time since the last": gaps,
        "text that contains": lambda: df[df.note.str.contains("urgent", regex=False)].groupby("day").note.count(),
        "median and spread by city": lambda: df.groupby("city").amount.agg(["median", "std"]),
    }


def least(action: Callable[[], Any], runs: int) -> tuple[float, float, Any]:
    """Return the least wall and CPU milliseconds, and the answer."""
    wall = cpu = float("inf")
    answer: Any = None
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        answer = action()
        wall, cpu = min(wall, (time.perf_counter() - start) * 1e3), min(cpu, (time.process_time() - used) * 1e3)
    return wall, cpu, answer


def same(ours_: Any, hand: Any) -> bool:
    """Return whether two Arrow tables have the same rows, floats to nine digits, durations as microseconds."""
    def plain(table: Any) -> list[tuple[Any, ...]]:
        columns = [column.cast("int64") if str(column.type) == "duration[us]" else column for column in table.columns]
        found = list(zip(*(column.to_pylist() for column in columns), strict=True))
        return sorted(found, key=lambda row: tuple(str(value) for value in row if not isinstance(value, float)))

    def equal(a: Any, b: Any) -> bool:
        return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b

    left, right = plain(ours_), plain(hand)
    if len(left) != len(right):
        return False
    return all(equal(a, b) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True))


def generate(path: Path, rows: int) -> None:
    """Write the rows, the same ones for each number of them."""
    duckdb.connect().execute(f"COPY ({GENERATE.format(rows=rows)}) TO '{path}' (FORMAT parquet)")


def rows(path: Path, runs: int, postgres: str | None = None) -> Iterator[str]:
    """Yield the lines of the report."""
    target: Any = duckdb.connect()
    target.execute(f"CREATE VIEW data AS SELECT {COLUMNS} FROM '{path}'")
    target.execute(f"CREATE TABLE cities AS {CITIES.format(numbers='range(200)')}")
    pandas = pd.read_parquet(path)
    small = pl.from_arrow(target.sql("FROM cities").to_arrow_table())
    assert isinstance(small, pl.DataFrame)
    others = {"polars": of_polars(str(path), small), "pandas": of_pandas(pandas, small.to_pandas())}
    engines: list[tuple[str, Any]] = [("duckdb", target)]
    if postgres is not None:
        engines.append(("postgres", postgres))
    for dialect, where in engines:
        engine = connect(where)
        df = DataFrame.from_table(engine, "data", key="id")
        programs = ours(df, DataFrame.from_table(engine, "cities"))
        yield f"everyday programs on {dialect}, least wall (CPU) ms of {runs}: ours, by hand, ratio; polars, pandas in memory"
        for name, program in programs.items():
            made = program()
            frame = made if isinstance(made, DataFrame) else made.to_frame()
            schema = frame._state.statement([*frame.index_columns, *frame.data_columns]).schema
            sql = HAND[name].replace("{epoch}", EPOCH[dialect])
            wall, cpu, answer = least(frame.to_arrow, runs)
            hand_wall, hand_cpu, hand = least(partial(engine.arrow, sql, schema), runs)
            shown = f"  {name:26} {wall:8.1f} ({cpu:7.1f}) {hand_wall:8.1f} ({hand_cpu:7.1f})  {wall / hand_wall:5.2f}"
            if dialect == "duckdb":
                for other in others.values():
                    other_wall, other_cpu, _ = least(other[name], runs)
                    shown += f"   {other_wall:8.1f} ({other_cpu:7.1f})"
            yield shown + ("" if same(answer, hand) else "   DIFFERENT ANSWERS")


def load_postgres(path: Path, url: str) -> None:
    """Load the rows into Postgres, with a primary key as production has it."""
    import psycopg

    types = "id bigint PRIMARY KEY, user_id bigint, day date, moment timestamp, city text, amount float8, n bigint, note text"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE data ({types})")
        numbers = "generate_series(0, 199)"
        connection.execute(f"CREATE TABLE cities AS {CITIES.format(numbers=numbers)}")
        with connection.cursor() as cursor, cursor.copy("COPY data FROM STDIN (FORMAT csv)") as copy:
            reader = duckdb.connect().sql(f"SELECT {COLUMNS} FROM '{path}'").to_arrow_reader(100_000)
            import pyarrow as pa
            from pyarrow import csv

            for batch in reader:
                buffer = pa.BufferOutputStream()
                csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
                copy.write(memoryview(buffer.getvalue()))
        connection.execute("ANALYZE data")
        connection.execute("ANALYZE cities")
