"""One program of ten questions has the same results, whichever product exported the events and wherever they are stored.

The expected results are computed from the synthetic stream in plain Python.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub.events import stream

from objectiv_local import DataFrame, ModelHub, connect

if TYPE_CHECKING:
    from hub.events.stream import Event

EVENTS = stream.stream()
HUB = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["http", "marketing", "plan"])
HUB.add_conversion_event(name="bought", event_type="buy")


def member(context: str, key: str) -> Callable[[DataFrame], Any]:
    return lambda rows: rows[context].json[0].json.get_value(key, as_str=True)


#: The columns of other products that correspond to Objectiv's contexts.
OBJECTIV = {
    "schema": "objectiv",
    "properties": {
        "device": member("http", "device"),
        "utm_source": member("marketing", "source"),
        "plan": member("plan", "id"),
    },
    "location": lambda rows: rows.location_stack.json[0].json.get_value("id", as_str=True),
}


def in_postgres(version: int, name: str, table: pa.Table) -> dict[str, Any]:
    url = postgres_server.session_url(version)
    engine = connect(url, read_only=False)
    DataFrame.from_arrow(engine, table, name=name, materialization="table", if_exists="replace")
    return {"source": url, "table_name": name}


def with_json(version: int, name: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Store the lines of an export with objects as jsonb."""
    url = postgres_server.session_url(version)
    columns = list(objects[0])
    types = {dict: "jsonb", int: "bigint"}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        declared = ", ".join(f'"{column}" {types.get(type(objects[0][column]), "text")}' for column in columns)
        connection.execute(f'CREATE TABLE "{name}" ({declared})')
        with connection.cursor() as cursor:
            cursor.executemany(
                f'INSERT INTO "{name}" VALUES ({", ".join(["%s"] * len(columns))})',
                [[json.dumps(value) if isinstance(value, dict) else value for value in each.values()] for each in objects],
            )
    return {"source": url, "table_name": name}


def objectiv_table() -> pa.Table:
    return pa.Table.from_pylist(stream.objectiv(EVENTS))


def parquet(path: Path, table: pa.Table) -> str:
    pq.write_table(table, path)
    return str(path)


#: All sources of the events, as the arguments of ``hub.events``.
SOURCES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "csv": lambda path: {"source": stream.as_csv(EVENTS, path / "clicks.csv")},
    "posthog": lambda path: {"source": stream.lines(path / "posthog.jsonl.gz", stream.posthog(EVENTS)), "properties": ["plan"]},
    "amplitude": lambda path: {"source": stream.lines(path / "a.jsonl.gz", stream.amplitude(EVENTS)), "properties": ["plan"]},
    "mixpanel": lambda path: {"source": stream.lines(path / "m.jsonl.gz", stream.mixpanel(EVENTS)), "properties": ["plan"]},
    "ga4": lambda path: {"source": stream.ga4(EVENTS, path / "ga4.parquet"), "properties": ["plan"]},
    "segment": lambda path: {"source": parquet(path / "tracks.parquet", stream.segment(EVENTS))},
    "snowplow": lambda path: {"source": parquet(path / "atomic.parquet", stream.snowplow(EVENTS))},
    "objectiv": lambda path: {"source": parquet(path / "data.parquet", objectiv_table()), **OBJECTIV},
}
for _version in postgres_server.default_versions():
    SOURCES |= {
        f"segment in postgres{_version}": lambda _, v=_version: in_postgres(v, "tracks", stream.segment(EVENTS)),
        f"snowplow in postgres{_version}": lambda _, v=_version: in_postgres(v, "atomic", stream.snowplow(EVENTS)),
        f"posthog in postgres{_version}": lambda _, v=_version: {
            **with_json(v, "posthog", stream.posthog(EVENTS)),
            "properties": ["plan"],
        },
        f"amplitude in postgres{_version}": lambda _, v=_version: {
            **with_json(v, "amplitude", stream.amplitude(EVENTS)),
            "properties": ["plan"],
        },
        f"mixpanel in postgres{_version}": lambda _, v=_version: {
            **with_json(v, "mixpanel", stream.mixpanel(EVENTS)),
            "properties": ["plan"],
        },
        f"objectiv in postgres{_version}": lambda _, v=_version: {
            **in_postgres(v, "objectiv_events", objectiv_table()),
            **OBJECTIV,
        },
    }


@pytest.fixture(scope="module", params=SOURCES)
def events(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    return HUB.events(**SOURCES[request.param](tmp_path_factory.mktemp("events")))


def counted(series: Any) -> dict[Any, Any]:
    found = series.to_pandas()
    return {None if pd.isna(key) else key: value for key, value in zip(found.index.tolist(), found.tolist(), strict=True)}


def by(key: Callable[[Event], Any], value: Callable[[Event], Any]) -> dict[Any, int]:
    """Return the number of distinct values by a key."""
    found = defaultdict(set)
    for each in EVENTS:
        found[key(each)].add(value(each))
    return {each: len(values) for each, values in found.items()}


def day(event: Event) -> str:
    return str(event.moment.date())


def session(event: Event) -> tuple[str, datetime.datetime]:
    return event.user, event.session


def first_moments() -> dict[str, datetime.datetime]:
    found: dict[str, datetime.datetime] = {}
    for each in EVENTS:
        found.setdefault(each.user, each.moment)
    return found


def sessions() -> dict[tuple[str, datetime.datetime], list[Event]]:
    found = defaultdict(list)
    for each in EVENTS:
        found[session(each)].append(each)
    return found


def test_1_daily_users(events):
    assert counted(HUB.agg.unique_users(events)) == by(day, lambda each: each.user)


def test_2_weekly_retention(events):
    found = HUB.agg.retention_matrix(events, time_period="weekly", percentage=False, display=False).to_pandas()
    monday = {user: first.date() - datetime.timedelta(days=first.weekday()) for user, first in first_moments().items()}
    cells = defaultdict(set)
    for each in EVENTS:
        week = each.moment.date() - datetime.timedelta(days=each.moment.weekday())
        cells[str(monday[each.user]), (week - monday[each.user]).days // 7].add(each.user)
    assert {(row, int(column[1:])): value for row in found.index for column, value in found.loc[row].dropna().items()} == {
        key: len(users) for key, users in cells.items()
    }


def test_3_sessions_by_device(events):
    assert counted(HUB.agg.unique_sessions(events, groupby="device")) == by(lambda each: each.device, session)


def test_4_top_paths(events):
    paths = HUB.get_funnel_discovery().get_navigation_paths(events, steps=2, by="session_id", location_stack="location")
    names = paths.data_columns
    # A session of one hit is a path of one step.
    found = Counter(tuple(row) for row in paths.to_pandas()[names].dropna().itertuples(index=False))
    expected = Counter(pair for hits in sessions().values() for pair in pairwise(each.page for each in hits))
    assert found == expected


def test_5_new_users(events):
    new = events[HUB.map.is_new_user(events)]
    first = first_moments()
    assert counted(HUB.agg.unique_users(new)) == dict(Counter(str(at.date()) for at in first.values()))


def test_6_conversions(events):
    df = events.assign(converted=HUB.map.conversions_counter(events, "bought"))
    found = counted(HUB.agg.unique_sessions(df[df.converted > 0], groupby="utm_source"))
    converting = {key for key, hits in sessions().items() if any(each.type == "buy" for each in hits)}
    assert found == dict(Counter(sessions()[key][0].source for key in converting))


def test_7_drop_off(events):
    found = (
        HUB.agg.drop_off_locations(events, location_stack="location", groupby="session_id")
        .to_pandas()["value_counts"]
        .to_dict()
    )
    assert found == dict(Counter(hits[-1].page for hits in sessions().values()))


def test_8_durations(events):
    found = counted(HUB.agg.session_duration(events, groupby="session_id", exclude_bounces=False))
    expected = Counter(hits[-1].moment - hits[0].moment for hits in sessions().values())
    assert Counter(each.to_pytimedelta() for each in found.values()) == expected


def test_9_frequency(events):
    found = HUB.agg.frequency(events).to_pandas().to_dict()
    assert found == dict(Counter(by(lambda each: each.user, session).values()))


def test_10_breakdown(events):
    assert counted(HUB.agg.unique_users(events, groupby="plan")) == by(lambda each: each.plan, lambda each: each.user)
    assert events.groupby("event_type").size().to_pandas().to_dict() == dict(Counter(each.type for each in EVENTS))


def test_the_rows_are_those_of_the_stream(events):
    names = ["day", "moment", "user_id", "event_type", "location", "session_hit_number", "device", "utm_source", "plan"]
    found = sorted(
        tuple(row)
        for row in events[names]
        .to_arrow()
        .to_pandas(types_mapper=None)[names]
        .astype(object)
        .where(lambda cells: cells.notnull(), None)
        .itertuples(index=False)
    )
    numbers = {each: number for hits in sessions().values() for number, each in enumerate(hits, 1)}
    expected = sorted(
        (each.moment.date(), each.moment, each.user, each.type, each.page, numbers[each], each.device, each.source, each.plan)
        for each in EVENTS
    )
    assert [tuple(None if value is None else str(value) for value in row) for row in found] == [
        tuple(None if value is None else str(value) for value in row) for row in expected
    ]
