"""The engines under test: every engine that the registry names, in each version that is at hand.

An engine that is added gets one entry in ``_STARTED``; specs, generated programs and the tests of engines find it there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import duckdb
import postgres_server
import spark_server

from objectiv_local.registry import names

#: For each engine, the names of what is tested and what makes something to connect to, new or shared by the session.
_STARTED: dict[str, dict[str, Callable[[], object]]] = {
    "duckdb": {"duckdb": duckdb.connect},
    "postgres": {
        f"postgres{version}": partial(postgres_server.session_url, version) for version in postgres_server.default_versions()
    },
    "spark": {"spark": spark_server.session_url},
}

#: The engines, without versions.
ENGINES = names()
#: What is tested of each engine, such as ``postgres16``, to what makes something to connect to.
STARTED = {name: start for engine in ENGINES for name, start in _STARTED[engine].items()}
#: Engines whose server is a cluster, where any question takes a second. Specs, generated programs and tests/spark run there;
#: the other tests only where this variable is set, because they ask thousands of questions.
CLUSTERS = ("spark",)
VARIABLE = "OBJECTIV_TEST_EVERYWHERE"
#: What the tests of frames, models and analyses run on.
NEAR = tuple(name for name in STARTED if name not in CLUSTERS or os.environ.get(VARIABLE))


def engine_of(name: str) -> str:
    """Return the engine of ``postgres16``."""
    return next(engine for engine in ENGINES if name in _STARTED[engine] or name == engine)


def target(name: str) -> object:
    """Return what to connect to for ``postgres16``, or for ``postgres``, of which any version will do."""
    return STARTED[name]() if name in STARTED else next(iter(_STARTED[name].values()))()
