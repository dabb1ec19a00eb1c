"""A Postgres role that may connect and select, and nothing else, is enough for every model and analysis.

The role may not even create temporary tables; docs/connections.md has its GRANT statements.
"""

from __future__ import annotations

import os

import postgres_server
import psycopg
import pytest
from hub.analyses.every import ASKED
from hub.analyses.fixture import EVENTS as CLICKS
from hub.analyses.fixture import rows_of, table
from hub.every_model import MODELS, made
from hub.tables import arrow
from hub.test_states import EVENTS

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import QueryFailed

DATABASE = ROLE = f"least_{os.getpid()}"
#: As in docs/connections.md, with a password or another authentication left to the server.
GRANTS = f"""
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {ROLE};
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE};
"""


@pytest.fixture(scope="module")
def engine():
    """A connection of the role to a database with two tables of events."""
    url = postgres_server.session_url()
    assert "postgres@/postgres" in url
    own = url.replace("@/postgres", f"@/{DATABASE}")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
        admin.execute(f"CREATE ROLE {ROLE} LOGIN")
        try:
            with connect(own, read_only=False, new=True) as writer:
                for name, rows in (("events", arrow(EVENTS)), ("clicks", table(rows_of(CLICKS)))):
                    DataFrame.from_arrow(writer, rows, [], materialization="table", name=name)
            with psycopg.connect(own, autocommit=True) as owner:
                owner.execute(GRANTS)
            with connect(own.replace("postgres@", f"{ROLE}@"), new=True) as reader:
                yield reader
        finally:
            with psycopg.connect(own, autocommit=True) as owner:
                owner.execute(f"DROP OWNED BY {ROLE}")
            admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            admin.execute(f"DROP ROLE {ROLE}")


def test_every_model(engine):
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    events = hub.get_objectiv_dataframe(db_url=engine, table_name="events")
    made(hub, events)
    found = {name: model(hub, events) for name, model in MODELS.items()}
    rows = {name: len(each.to_pandas() if hasattr(each, "to_pandas") else each) for name, each in found.items()}
    assert [name for name, number in rows.items() if number == 0] == ["top_product_features_before_conversion"]


def test_every_analysis(engine):
    events = DataFrame.from_table(engine, "clicks", "event_id")
    for name, asked in ASKED.items():
        assert asked(events).to_arrow().num_rows > 0, name


def test_what_needs_more_says_so(engine):
    frame = DataFrame.from_table(engine, "clicks", index=[])
    with pytest.raises(QueryFailed, match=r"permission denied to create temporary tables.*\nhint: .*TEMPORARY"):
        frame.materialize(materialization="temp_table").to_arrow()
    assert len(frame) == len(CLICKS)
