"""The rows of the everyday programs: a file of typed columns, and a small table of cities."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines
from objectiv_local import DataFrame

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


def prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    """Return where the rows are. They are the same ones for each number of them."""
    data: dict[str, Any] = {
        "threads": options.threads,
        "rows": str(folder / "rows.parquet"),
        "cities": str(folder / "cities.parquet"),
    }
    with engines.duckdb_connection(data) as connection:
        connection.execute(f"COPY ({GENERATE.format(rows=size)}) TO '{data['rows']}' (FORMAT parquet)")
        connection.execute(f"COPY ({CITIES.format(numbers='range(200)')}) TO '{data['cities']}' (FORMAT parquet)")
    data["snapshot"] = str(folder / "snapshot")
    DataFrame.from_parquet(data["rows"], key="id").snapshot(data["snapshot"])
    if options.postgres:
        data["postgres"] = engines.started(stack)
        load_postgres(Path(data["rows"]), data["postgres"])
    return data


def load_postgres(path: Path, url: str) -> None:
    """Load the rows into Postgres, with a primary key as production has it."""
    import duckdb
    import psycopg
    import pyarrow as pa
    from pyarrow import csv

    types = "id bigint PRIMARY KEY, user_id bigint, day date, moment timestamp, city text, amount float8, n bigint, note text"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE data ({types})")
        numbers = "generate_series(0, 199)"
        connection.execute(f"CREATE TABLE cities AS {CITIES.format(numbers=numbers)}")
        with connection.cursor() as cursor, cursor.copy("COPY data FROM STDIN (FORMAT csv)") as copy:
            reader = duckdb.connect().sql(f"SELECT {COLUMNS} FROM '{path}'").to_arrow_reader(100_000)
            for batch in reader:
                buffer = pa.BufferOutputStream()
                csv.write_csv(batch, buffer, csv.WriteOptions(include_header=False))
                copy.write(memoryview(buffer.getvalue()))
        connection.execute("ANALYZE data")
        connection.execute("ANALYZE cities")
