"""Load a Parquet file of raw events into a Postgres table of the shape that the original release reads.

For example `python benchmarks/original/load_postgres.py data/sample.parquet postgresql://localhost/events`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

CHUNK_BYTES = 1 << 20


def load(parquet: Path, url: str, table: str = "data", *, replace: bool = False) -> int:
    """Create the table with the events of the Parquet file, index and analyze it; return the number of events.

    A table of that name is an error of the database, unless it is to be replaced.
    """
    name = sql.Identifier(table)
    with tempfile.TemporaryDirectory() as scratch, psycopg.connect(url) as connection:
        events = Path(scratch) / "events.csv"
        _write_csv(parquet, events)
        if replace:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        connection.execute(
            sql.SQL(
                "CREATE TABLE {} (event_id uuid PRIMARY KEY, day date NOT NULL, moment timestamp NOT NULL,"
                " cookie_id uuid NOT NULL, value json NOT NULL)"
            ).format(name)
        )
        with connection.cursor() as cursor:
            copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(name)
            with cursor.copy(copy) as stream, events.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    stream.write(chunk)
            count = cursor.rowcount
        connection.execute(sql.SQL("CREATE INDEX ON {} (day)").format(name))
        connection.execute(sql.SQL("ANALYZE {}").format(name))
    return count


def _write_csv(parquet: Path, csv: Path) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        events = connection.read_parquet(str(parquet))
        columns = "event_id, day::date AS day, moment::timestamp AS moment, cookie_id, value"
        events.project(columns).write_csv(str(csv), header=False)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parquet", type=Path)
    parser.add_argument("url")
    parser.add_argument("--table", default="data")
    parser.add_argument("--replace", action="store_true", help="drop a table of that name first")
    arguments = parser.parse_args()
    count = load(arguments.parquet, arguments.url, arguments.table, replace=arguments.replace)
    print(f"{count:,} events in {arguments.table}")


if __name__ == "__main__":
    main()
