"""One connection to each engine for all specs and generated programs."""

from __future__ import annotations

from functools import cache

import postgres_server
from spec.engines import Reference, Sql

VERSIONS = postgres_server.default_versions()
NAMES = ("reference", "duckdb", *(f"postgres{version}" for version in VERSIONS))


@cache
def opened(name: str, *, read_only: bool = True) -> Reference | Sql:
    """Return the engine with this name; ``postgres`` is the first version."""
    if name == "reference":
        return Reference()
    from objectiv_local.engines import connect

    if name == "duckdb":
        import duckdb

        return Sql(name, "duckdb", connect(duckdb.connect(), read_only=read_only))
    version = int(name.removeprefix("postgres") or VERSIONS[0])
    return Sql(name, "postgres", connect(postgres_server.session_url(version), read_only=read_only))
