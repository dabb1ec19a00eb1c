"""Frames and analyses as views of the database."""

from __future__ import annotations

import datetime

import duckdb
import pandas as pd
import pytest
import servers
from frame.frames import on_every_engine

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import InvalidValue, NotSupported, QueryFailed, ReadOnly

TABLE = "CREATE TABLE bi_views.clicks (event_id bigint, user_id varchar, moment timestamp, event_type varchar)"
ROWS = (
    "INSERT INTO bi_views.clicks VALUES (1, 'a', TIMESTAMP '2024-03-01 10:00:00', 'view'), "
    "(2, 'a', TIMESTAMP '2024-03-01 11:00:00', 'view'), (3, 'b', TIMESTAMP '2024-03-02 09:00:00', 'buy')"
)


@pytest.fixture
def writable(engine):
    made = connect(duckdb.connect() if engine == "duckdb" else servers.target(engine), read_only=False)
    for statement in ("DROP SCHEMA IF EXISTS bi_views CASCADE", "CREATE SCHEMA bi_views", TABLE, ROWS):
        made.execute(statement.replace("varchar", "string") if engine == "spark" else statement)
    yield made
    made.execute("DROP SCHEMA bi_views CASCADE")


@on_every_engine
def test_a_view_of_an_analysis_follows_the_events(engine, writable):
    hub = ModelHub()
    trend = hub.trend(hub.events(writable, table_name="bi_views.clicks"))
    view = trend.create_view("bi_views.daily")
    assert view.to_arrow().to_pylist() == [
        {"period": datetime.date(2024, 3, 1), "value": 1, "complete": True},
        {"period": datetime.date(2024, 3, 2), "value": 1, "complete": False},
    ]
    assert view.index_columns == ["period"]
    writable.execute("INSERT INTO bi_views.clicks VALUES (4, 'c', TIMESTAMP '2024-03-02 10:00:00', 'view')")
    assert DataFrame.from_table(writable, "bi_views.daily").value.sum().value == 3


@on_every_engine
def test_an_existing_view_is_replaced_when_asked(engine, writable):
    df = DataFrame.from_table(writable, "bi_views.clicks", index="event_id")[["user_id"]]
    df.create_view("bi_views.some")
    with pytest.raises((InvalidValue, QueryFailed), match="some"):
        df[df.user_id == "b"].create_view("bi_views.some")
    assert len(DataFrame.from_table(writable, "bi_views.some")) == 3
    if engine == "spark":
        # It has no transaction in which to look at the new view.
        with pytest.raises(NotSupported):
            df.create_view("bi_views.some", if_exists="replace")
        return
    view = df[df.user_id == "b"].create_view("bi_views.some", if_exists="replace")
    assert view.to_arrow().to_pylist() == [{"event_id": 3, "user_id": "b"}]
    with pytest.raises(InvalidValue, match="cannot read itself"):
        view.create_view('"bi_views".some', if_exists="replace")
    # Through another view, too.
    upon = view.create_view("bi_views.upon")
    with pytest.raises(QueryFailed, match="recursi"):
        upon.create_view("bi_views.some", if_exists="replace")
    assert len(DataFrame.from_table(writable, "bi_views.some")) == 1


@on_every_engine
def test_invalid_views(engine, writable):
    df = DataFrame.from_table(writable, "bi_views.clicks", index="event_id")
    with pytest.raises(InvalidValue, match="rows of a temporary table"):
        df.materialize(materialization="temp_table").create_view("bi_views.x")
    with pytest.raises(InvalidValue, match="would be named"):
        df.assign(USER_ID="a").create_view("bi_views.x")
    with pytest.raises(InvalidValue, match="if_exists has to be 'fail' or 'replace'"):
        df.create_view("bi_views.x", if_exists="append")
    with pytest.raises(InvalidValue, match="create it first: CREATE SCHEMA"):
        df.create_view("bi_nowhere.x")
    with pytest.raises(InvalidValue, match="needs rows"):
        df.groupby("user_id").create_view("bi_views.x")
    repeated = df.reset_index().set_index("user_id")
    with pytest.raises(InvalidValue, match="labels are not unique"):
        df.set_index("user_id").assign(again=repeated[repeated.event_id > 0].event_id).create_view("bi_views.x")
    small = DataFrame.from_pandas(writable, pd.DataFrame({"a": [datetime.timedelta(hours=1), None]}))
    assert small.create_view("bi_views.x").a.sum().value == datetime.timedelta(hours=1)


def test_a_read_only_connection_creates_no_view():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE hits AS SELECT 1 AS n")
    with pytest.raises(ReadOnly):
        DataFrame.from_table(connection, "hits").create_view("x")
