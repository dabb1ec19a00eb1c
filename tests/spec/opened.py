"""One connection to each engine for all specs and generated programs."""

from __future__ import annotations

from functools import cache

import servers
from spec.engines import Reference, Sql

NAMES = ("reference", *servers.STARTED)
#: One of each kind of engine, of any version.
DATABASES = servers.ENGINES


@cache
def opened(name: str, *, read_only: bool = True) -> Reference | Sql:
    """Return the engine with this name; ``postgres`` is any version of it."""
    if name == "reference":
        return Reference()
    from objectiv_local.engines import connect

    return Sql(name, servers.engine_of(name), connect(servers.target(name), read_only=read_only))
