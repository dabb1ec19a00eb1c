"""Engines that run SQL for contenders, with the same settings for all: DuckDB, and Postgres 16 and Spark on this machine."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.usage import process_cpu, server_cpu
from benchmarks.worker import Session

if TYPE_CHECKING:
    from objectiv_local import DataFrame, Series

ROOT = Path(__file__).parents[1]
POSTGRES = 16
#: Of every session on the benchmark's server, so that all contenders have the same.
SETTINGS = {
    "jit": "off",
    "work_mem": "256MB",
    "max_parallel_workers_per_gather": "0",
    "TimeZone": "UTC",
    # A query ends when its process is ended for taking too long.
    "client_connection_check_interval": "1s",
}
NEEDS_POSTGRES = (("postgres", "not asked for: --postgres"),)
NEEDS_SPARK = (("spark", "not asked for: --spark"),)


def duckdb_connection(data: dict[str, Any], **config: Any) -> Any:
    """Return a new connection with as many threads as all contenders have."""
    import duckdb

    return duckdb.connect(config={"threads": data["threads"], **config})


def on_duckdb(data: dict[str, Any], statements: Mapping[str, str], views: Mapping[str, str] | None = None) -> Session:
    """Return a session that runs statements on DuckDB, with views of files, and takes their results as Arrow."""
    connection = duckdb_connection(data)
    for name, path in (views or {}).items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")

    def action(sql: str) -> Callable[[], Any]:
        return lambda: connection.sql(sql).to_arrow_table()

    return Session({name: action(sql) for name, sql in statements.items()})


def on_postgres(data: dict[str, Any], statements: Mapping[str, str]) -> Session:
    """Return a session that runs statements on Postgres and takes their results as Arrow through ADBC, the fastest way."""
    from adbc_driver_postgresql import dbapi

    connection = dbapi.connect(data["postgres"], autocommit=True)

    def action(sql: str) -> Callable[[], Any]:
        def run() -> Any:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetch_arrow_table()

        return run

    return Session({name: action(sql) for name, sql in statements.items()}, postgres_cpu(data["postgres"]))


def on_spark(data: dict[str, Any], statements: Mapping[str, str]) -> Session:
    """Return a session that runs statements on Spark and takes their results as Arrow."""
    session = spark_session(data["spark"])

    def action(sql: str) -> Callable[[], Any]:
        return lambda: session.sql(sql).toArrow()

    return Session({name: action(sql) for name, sql in statements.items()}, lambda: process_cpu(data["spark_process"]))


def spark_session(address: str) -> Any:
    """Return a session of Spark with the settings that this library sets."""
    from pyspark.sql import SparkSession

    from objectiv_local.engines.spark.connection import SETTINGS as PINNED

    session = SparkSession.builder.remote(address).getOrCreate()
    for name, value in (PINNED | {"spark.sql.ansi.doubleQuotedIdentifiers": "true"}).items():
        session.conf.set(name, value)
    return session


def postgres_cpu(url: str) -> Callable[[], float]:
    """Return a function that returns the CPU seconds that the server has spent so far."""
    import psycopg

    side = psycopg.connect(url, autocommit=True)
    return lambda: server_cpu(side.info.backend_pid)


def called(data: dict[str, Any], programs: Mapping[str, Callable[[], DataFrame | Series]], *, on: str) -> Session:
    """Return a session of whole calls of this library: building, compiling, and running, with results as Arrow."""

    def action(program: Callable[[], DataFrame | Series]) -> Callable[[], Any]:
        return lambda: as_frame(program()).to_arrow()

    return Session({name: action(program) for name, program in programs.items()}, *server(data, on))


class _Compiled(dict[str, Callable[[], Any]]):
    """Actions that run the statements of programs, each compiled when it is asked for, before it is timed."""

    def __init__(self, programs: Mapping[str, Callable[[], DataFrame | Series]], run: Callable[[str], Session]) -> None:
        super().__init__()
        self._programs, self._run = programs, run

    def __missing__(self, name: str) -> Callable[[], Any]:
        return self._run(self._programs[name]().view_sql()).actions[""]


def compiled(
    data: dict[str, Any],
    programs: Mapping[str, Callable[[], DataFrame | Series]],
    *,
    on: str,
    views: Mapping[str, str] | None = None,
) -> Session:
    """Return a session of the statements of programs alone, run as those by hand are."""

    def run(sql: str) -> Session:
        if on == "spark":
            return on_spark(data, {"": sql})
        return on_postgres(data, {"": sql}) if on == "postgres" else on_duckdb(data, {"": sql}, views)

    return Session(_Compiled(programs, run), *server(data, on))


def server(data: dict[str, Any], on: str) -> list[Callable[[], float]]:
    """Return what tells the CPU seconds of the server, where one works for this process."""
    if on == "spark":
        return [lambda: process_cpu(data["spark_process"])]
    return [postgres_cpu(data["postgres"])] if on == "postgres" else []


def as_frame(result: DataFrame | Series) -> DataFrame:
    """Return a series as a frame."""
    return result if hasattr(result, "data_columns") else result.to_frame()


def to_pandas(action: Callable[[], Any]) -> Callable[[], Any]:
    """Return the action, with its result as a frame of pandas."""
    return lambda: action().to_pandas()


def load_events(parquet: Path, url: str) -> None:
    """Load a file of raw events into a table ``data``, of the shape that Objectiv's collector writes."""
    sys.path.append(str(ROOT / "benchmarks" / "original"))
    try:
        from load_postgres import load
    finally:
        sys.path.pop()
    load(Path(parquet), url)


def analyze(url: str, table: str) -> None:
    """Let Postgres count what a table has."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ANALYZE {table}".encode())


def started(stack: ExitStack) -> str:
    """Return the address of a new Postgres server, which the stack stops."""
    import psycopg

    sys.path.append(str(ROOT / "tests"))
    try:
        from postgres_server import start
    finally:
        sys.path.pop()
    server = start(POSTGRES)
    stack.callback(server.stop)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'".encode())
    url: str = server.url
    return url


def spark_started(stack: ExitStack, threads: int) -> tuple[str, int]:
    """Return the address of a new Spark server, which ends with this process, and the number of its process."""
    sys.path.append(str(ROOT / "tests"))
    try:
        import spark_server
    finally:
        sys.path.pop()
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    watcher = spark_server.start(directory, os.getpid(), master=f"local[{threads}]")
    stack.callback(watcher.wait)
    stack.callback(watcher.terminate)
    server = int(Path(f"/proc/{watcher.pid}/task/{watcher.pid}/children").read_text(encoding="ascii").split()[0])
    return (directory / "address").read_text(), server
