"""SQL by hand, on each layout."""

from __future__ import annotations

from typing import Any

from benchmarks import engines
from benchmarks.worker import Session
from benchmarks.workloads import duckdb_sql, postgres_sql


def _on_file(data: dict[str, Any], layout: str) -> Session:
    statements = duckdb_sql.statements(layout, f"read_parquet('{data[layout]}')", data["roots"], data["months"])
    return _with_pandas(engines.on_duckdb(data, statements))


def _with_pandas(session: Session) -> Session:
    session.actions["W8"] = engines.to_pandas(session.actions["W8"])
    return session


def raw(data: dict[str, Any]) -> Session:
    """Return SQL over the raw file."""
    return _on_file(data, "raw")


def typed(data: dict[str, Any]) -> Session:
    """Return SQL over typed columns."""
    return _on_file(data, "typed")


def postgres(data: dict[str, Any]) -> Session:
    """Return SQL on the raw table of Postgres."""
    return _with_pandas(engines.on_postgres(data, postgres_sql.statements(data["roots"], data["months"])))
