"""Fixtures of tests of frames."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest
import servers
from frame.frames import GROUPED

from objectiv_local import DataFrame, connect


@pytest.fixture
def pandas():
    return pd.DataFrame(GROUPED)


@pytest.fixture
def orders() -> DataFrame:
    rows = pd.DataFrame({"city": ["Oslo", None, "Rome"], "amount": [2.5, 40.0, None], "n": [1, 2, 3]})
    return DataFrame.from_pandas(connect(duckdb.connect()), rows).sort_values("n")


@pytest.fixture
def writable(engine):
    """Return a connection for writing to a database with the schema ``reports``, empty."""
    made = connect(duckdb.connect() if engine == "duckdb" else servers.target(engine), read_only=False)
    made.execute("DROP SCHEMA IF EXISTS reports CASCADE")
    for name in ("DROP TABLE IF EXISTS daily", 'DROP TABLE IF EXISTS "reports.daily"', "CREATE SCHEMA reports"):
        made.execute(name)
    yield made
    made.execute("DROP SCHEMA reports CASCADE")
    made.execute('DROP TABLE IF EXISTS "reports.daily"')
    made.execute("DROP TABLE IF EXISTS daily")
