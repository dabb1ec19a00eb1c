"""Programs of the pages of the original, with the lines of its readers: only the import and the connection change.

The connection is not in the programs at all, because both read it from the environment variable DSN. A Postgres database has
the raw events in the table ``data``, where the original looks for them.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import postgres_server
import psycopg
import pyarrow.parquet
import pytest
from hub import by_hand

from objectiv_local import sample

ROOT = Path(__file__).parents[2]
START, END = datetime.date(2022, 3, 1), datetime.date(2022, 3, 5)
PRESSED = {"stack": {"id": "Quickstart Guide", "_type": "LinkContext"}, "type_": "PressEvent"}

BASICS = """
from modelhub import ModelHub, display_sql_as_markdown

modelhub = ModelHub(time_aggregation='%Y-%m-%d', global_contexts=['application'])
df = modelhub.get_objectiv_dataframe(start_date='2022-03-01', end_date='2022-03-05')

last = df.sort_values(by='moment', ascending=False).head()

df['application_id'] = df.application.context.id
df['feature_nice_name'] = df.location_stack.ls.nice_name
df['is_new_user'] = modelhub.map.is_new_user(df)
df['is_new_user_month'] = modelhub.map.is_new_user(df, time_aggregation='%Y-%m')
df['is_first_session'] = modelhub.map.is_first_session(df)

users = modelhub.aggregate.unique_users(df)
by_day = users.sort_index(ascending=False).head(20)
new_users = modelhub.agg.unique_users(df[df.is_new_user])
share_of_new = (new_users / users).sort_index().head(20)
sessions = modelhub.aggregate.unique_sessions(df, groupby=['application_id']).sort_index().head()
of_month = modelhub.aggregate.session_duration(df[df.is_new_user_month], groupby=None).value

modelhub.add_conversion_event(location_stack=df.location_stack.json[{'id': 'Quickstart Guide', '_type': 'LinkContext'}:],
                              event_type='PressEvent',
                              name='quickstart_presses')
df['is_conversion_event'] = modelhub.map.is_conversion_event(df, 'quickstart_presses')
converted = modelhub.aggregate.unique_users(df[df.is_conversion_event]).sort_index().head(20)

df = df.materialize(materialization='temp_table')
df['conversion_hit'] = modelhub.map.conversions_in_time(df, name='quickstart_presses')
df['conversion'] = modelhub.map.conversions_counter(df, name='quickstart_presses')
before = df[(df.conversion >= 1) & (df.conversion_hit == 0) & (df.event_type == 'PressEvent')]
presses = before.groupby('session_id').session_hit_number.count().materialize()
distribution = presses.to_frame().session_hit_number.value_counts().to_frame().sort_index().head(30)
chart = presses.to_frame().plot.hist(bins=20)
top = modelhub.agg.top_product_features_before_conversion(df, name='quickstart_presses').head()

display_sql_as_markdown(users)
"""

DURATIONS = """
from modelhub import ModelHub

modelhub = ModelHub(time_aggregation='%Y-%m-%d')
df = modelhub.get_objectiv_dataframe(start_date='2022-03-01', end_date='2022-03-05')
df['is_new_user'] = modelhub.map.is_new_user(df)

durations = modelhub.aggregate.session_duration(df).sort_index().head(20)
durations_of_new = modelhub.aggregate.session_duration(df[df.is_new_user]).sort_index().head(20)
by_session = modelhub.aggregate.session_duration(df, groupby='session_id', exclude_bounces=False)
quarters = by_session.materialize().dt.total_seconds.quantile(q=[0.25, 0.5, 0.75]).head()
total = modelhub.aggregate.session_duration(df, groupby=None, method='sum').value
"""


def answers(program):
    names: dict[str, object] = {}
    exec(program.replace("from modelhub import", "from objectiv_local import"), names)
    return {name: value for name, value in names.items() if isinstance(value, pd.DataFrame | pd.Series | datetime.timedelta)}


@pytest.fixture(scope="module")
def hits():
    table = pyarrow.parquet.read_table(sample.path(), filters=[("day", ">=", START), ("day", "<=", END)])
    return by_hand.sessionized(table.to_pylist(), START, END)


@pytest.fixture(scope="module")
def database():
    """Return the address of a database of its own, with the events in the table that the original reads."""
    url = postgres_server.session_url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS pages")
        connection.execute("CREATE DATABASE pages")
    sys.path.insert(0, str(ROOT / "benchmarks" / "original"))
    try:
        from load_postgres import load
    finally:
        sys.path.pop(0)
    address = urlsplit(url)._replace(path="/pages").geturl()
    load(sample.path(), address)
    return address


@pytest.fixture(params=["file", "postgres"])
def place(request, monkeypatch):
    address = str(sample.path()) if request.param == "file" else request.getfixturevalue("database")
    monkeypatch.setenv("DSN", address)
    return request.param


def day(hit):
    return (str(hit.moment.date()),)


def rows(found):
    return [(each,) if not isinstance(each, tuple) else each for each in found.items()]


def test_open_model_hub_basics(place, hits, capsys):
    found = answers(BASICS)
    assert found["last"].moment.tolist() == sorted((hit.moment for hit in hits), reverse=True)[:5]
    users = by_hand.unique(hits, day, lambda hit: hit.user)
    assert rows(found["by_day"]) == users[::-1]
    marked = by_hand.is_new_user(hits, "%Y-%m-%d")
    new = dict(by_hand.unique([hit for hit in hits if marked[hit.id]], day, lambda hit: hit.user))
    assert found["share_of_new"].to_dict() == {when: pytest.approx(new[when] / count) for when, count in users}
    assert [(None if pd.isna(name) else name, count) for name, count in rows(found["sessions"])] == by_hand.unique(
        hits, lambda hit: (by_hand.application(hit),), lambda hit: hit.session
    )
    in_month = by_hand.is_new_user(hits, "%Y-%m")
    [(of_month,)] = by_hand.session_duration([hit for hit in hits if in_month[hit.id]], lambda _: ())
    assert found["of_month"] == of_month
    converting = [hit for hit in hits if by_hand.converts(hit, **PRESSED)]
    assert rows(found["converted"]) == by_hand.unique(converting, day, lambda hit: hit.user)

    so_far = by_hand.conversions_in_time(hits, lambda hit: (hit.session,), **PRESSED)
    in_all = by_hand.conversions_counter(hits, lambda hit: (hit.session,), **PRESSED)
    before = [hit for hit in hits if in_all[hit.id] >= 1 and so_far[hit.id] == 0]
    presses = by_hand.groups([hit for hit in before if hit.type == "PressEvent"], lambda hit: hit.session)
    lengths = [len(each) for each in presses.values()]
    assert found["distribution"]["value_counts"].to_dict() == {length: lengths.count(length) for length in sorted(set(lengths))}
    assert [(*label, count) for label, count in found["top"].unique_users.items()] == by_hand.features(before)[:5]
    assert "SELECT" in capsys.readouterr().out


def test_session_durations_of_the_release_page(place, hits):
    found = answers(DURATIONS)
    marked = by_hand.is_new_user(hits, "%Y-%m-%d")
    assert rows(found["durations"]) == by_hand.session_duration(hits, day)
    assert rows(found["durations_of_new"]) == by_hand.session_duration([hit for hit in hits if marked[hit.id]], day)
    each = [
        wait.total_seconds() for _, wait in by_hand.session_duration(hits, lambda hit: (hit.session,), exclude_bounces=False)
    ]
    assert found["quarters"].tolist() == pytest.approx(pd.Series(each).quantile([0.25, 0.5, 0.75]).tolist(), abs=1e-6)
    assert found["total"].total_seconds() == pytest.approx(sum(each))
