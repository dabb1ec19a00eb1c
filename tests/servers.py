"""The engines under test: every registered engine, in each available version.

A new engine needs one entry in ``_STARTED``; specs, generated programs and the tests of engines find it there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import duckdb
import postgres_server
import spark_server

from objectiv_local.registry import names

#: For each engine, the names of its versions, and functions that return a target to connect to, new or shared by the session.
_STARTED: dict[str, dict[str, Callable[[], object]]] = {
    "duckdb": {"duckdb": duckdb.connect},
    "postgres": {
        f"postgres{version}": partial(postgres_server.session_url, version) for version in postgres_server.default_versions()
    },
    "spark": {"spark": spark_server.session_url},
}

#: The engines, without versions.
ENGINES = names()
#: Each version of an engine, such as ``postgres16``, with a function that returns a target to connect to.
STARTED = {name: start for engine in ENGINES for name, start in _STARTED[engine].items()}
#: Engines whose server is a cluster, where any query takes a second. Specs, generated programs and tests/spark run there. The
#: other tests, which run thousands of queries, only do if this variable is set.
CLUSTERS = ("spark",)
VARIABLE = "OBJECTIV_TEST_EVERYWHERE"
#: The engines of the tests of frames, models and analyses.
NEAR = tuple(name for name in STARTED if name not in CLUSTERS or os.environ.get(VARIABLE))


def engine_of(name: str) -> str:
    """Return the engine of ``postgres16``."""
    return next(engine for engine in ENGINES if name in _STARTED[engine] or name == engine)


def target(name: str) -> object:
    """Return a target to connect to for ``postgres16``, or for ``postgres``, which means any version."""
    return STARTED[name]() if name in STARTED else next(iter(_STARTED[name].values()))()
