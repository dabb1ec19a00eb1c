"""One connection to each engine for all specs, and the known differences as strict expected failures."""

from __future__ import annotations

from functools import cache

import postgres_server
import pytest
from spec.differences import DIFFERENCES
from spec.engines import Reference, Sql

VERSIONS = postgres_server.default_versions()


@cache
def opened(name: str) -> Reference | Sql:
    if name == "reference":
        return Reference()
    from objectiv_local.engines import connect

    if name == "duckdb":
        import duckdb

        return Sql(name, "duckdb", connect(duckdb.connect()))
    version = int(name.removeprefix("postgres"))
    return Sql(name, "postgres", connect(postgres_server.session_url(version)))


@pytest.fixture(params=["reference", "duckdb", *(f"postgres{version}" for version in VERSIONS)])
def engine(request):
    """Return an engine; a spec runs on each."""
    spec = request.node.callspec.params["spec"]
    reason = DIFFERENCES.get((spec.name, request.param.rstrip("0123456789")))
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    return opened(request.param)
