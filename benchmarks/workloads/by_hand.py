"""SQL by hand, on each layout."""

from __future__ import annotations

from typing import Any

from benchmarks import engines
from benchmarks.worker import Session
from benchmarks.workloads import sql


def _session(data: dict[str, Any], layout: str) -> Session:
    on_postgres = layout == "postgres"
    table = "data" if on_postgres else f"read_parquet('{data[layout]}')"
    run = engines.on_postgres if on_postgres else engines.on_duckdb
    session = run(data, sql.statements(layout, table, data["roots"], data["months"]))
    session.actions["W8"] = engines.to_pandas(session.actions["W8"])
    return session


def raw(data: dict[str, Any]) -> Session:
    """Return SQL over the raw file."""
    return _session(data, "raw")


def typed(data: dict[str, Any]) -> Session:
    """Return SQL over typed columns."""
    return _session(data, "typed")


def postgres(data: dict[str, Any]) -> Session:
    """Return SQL on the raw table of Postgres."""
    return _session(data, "postgres")
