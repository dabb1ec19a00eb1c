"""Targets that statements run on: DuckDB with a Parquet file, and Postgres; and how long a run takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg

from benchmarks.models import duckdb_sql, postgres_sql
from benchmarks.models.answers import Answer, answer, server_cpu

THREADS = 2
#: Of every session on the benchmark's server, so that all contenders have the same.
SETTINGS = {"jit": "off", "work_mem": "256MB", "max_parallel_workers_per_gather": "0", "TimeZone": "UTC"}


@dataclass(frozen=True)
class Seconds:
    """Wall and CPU seconds; the CPU is that of the client and of the server."""

    wall: float = math.inf
    cpu: float = math.inf

    def least(self, other: Seconds) -> Seconds:
        """Return the least of both."""
        return Seconds(min(self.wall, other.wall), min(self.cpu, other.cpu))

    def over(self, other: Seconds) -> str:
        """Return the ratio to others as text: wall, and CPU in brackets."""
        return f"{self.wall / other.wall:5.2f} ({self.cpu / max(other.cpu, 0.01):5.2f})"

    def __str__(self) -> str:
        return f"{self.wall:8.3f} ({self.cpu:7.3f})"


def timed(action: Callable[[], object], cpu: Callable[[], float]) -> Seconds:
    """Return how long an action takes."""
    start, start_cpu = time.perf_counter(), cpu()
    action()
    return Seconds(time.perf_counter() - start, cpu() - start_cpu)


class DuckDB:
    """DuckDB over a Parquet file."""

    name = "DuckDB over Parquet"

    def __init__(self, parquet: Path) -> None:
        self.target: str = str(parquet)
        self._connection = duckdb.connect(config={"threads": THREADS})

    def hand_sql(self, workload: str, columns: list[str]) -> str:
        """Return the SQL of a workload by hand."""
        return duckdb_sql.statement(workload, f"read_parquet('{self.target}')", columns)

    def run(self, sql: str) -> None:
        """Run a statement and take its result as Arrow."""
        self._connection.sql(sql).to_arrow_table()

    def cpu(self) -> float:
        """Return the CPU seconds spent so far."""
        return time.process_time()

    def answer(self, sql: str) -> Answer:
        """Return the answer of a statement."""
        found = self._connection.sql(sql)
        return answer(found.columns, found.fetchall())


class Postgres:
    """Postgres with the events in a table ``data``."""

    name = "Postgres"

    def __init__(self, url: str) -> None:
        self.target = url
        with psycopg.connect(url, autocommit=True) as connection:
            for name, value in SETTINGS.items():
                connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'".encode())
        self._connection = psycopg.connect(url, autocommit=True)

    def hand_sql(self, workload: str, columns: list[str]) -> str:
        """Return the SQL of a workload by hand."""
        return postgres_sql.statement(workload, columns)

    def run(self, sql: str) -> None:
        """Run a statement and receive its rows, unread: making Python's objects of them would take as long as the query."""
        with self._connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT".encode()) as copy:
            for _ in copy:
                pass

    def cpu(self) -> float:
        """Return the CPU seconds spent so far, by this process and the server."""
        return time.process_time() + server_cpu(self._connection.info.backend_pid)

    def answer(self, sql: str) -> Answer:
        """Return the answer of a statement."""
        cursor = self._connection.execute(sql.encode())
        return answer([column.name for column in cursor.description or ()], cursor)
