"""Properties of any events: sessions partition them, hits are numbered, and the order of rows does not matter."""

from __future__ import annotations

import datetime
import itertools
import json
import uuid
from collections import defaultdict

import duckdb
import postgres_server
import psycopg
import pytest
from frame.frames import plain
from hub.every_model import MODELS, made
from hub.tables import APP, HOME, event_id, user
from hypothesis import example, given, settings
from hypothesis import strategies as st
from servers import ENGINES

from objectiv_local import ModelHub, connect

BUY, LOGO = {"_type": "PressableContext", "id": "buy"}, {"_type": "LinkContext", "id": "logo"}
GAP = datetime.timedelta(seconds=1800)
START = datetime.datetime(2022, 1, 31, 23, 0)
#: Pauses around the gap, no pause, and pauses over the ends of days and months.
PAUSES = st.sampled_from((0, 1, 60, 1799.999999, 1800, 1800.000001, 3600, 86_400, 2_592_000)).map(
    lambda seconds: datetime.timedelta(seconds=seconds)
)
EVENTS = st.lists(
    st.tuples(st.sampled_from((1, 2, 3, None)), PAUSES, st.sampled_from(([], [HOME], [HOME, BUY], [HOME, LOGO]))),
    min_size=1,
    max_size=14,
)

pytestmark = pytest.mark.usefixtures("unparsed")
_tables = itertools.count()


def rows(drawn, order):
    """Return raw rows of drawn events, stored in an order; each user starts at the last moment of the previous one."""
    found, moment = [], START
    for number, (who, pause, stack) in enumerate(drawn):
        moment += pause
        value = {
            "_type": "PressEvent",
            "_types": ["AbstractEvent", "InteractiveEvent", "PressEvent"],
            "location_stack": stack,
            "global_contexts": APP,
        }
        # Ids do not increase with time, so that ties are broken by them and not by chance.
        found.append((uuid.UUID(event_id((number * 7) % 101)), moment.date(), moment, who and user(who), json.dumps(value)))
    return [found[place] for place in order]


def frame(engine, events):
    if engine == "duckdb":
        connection = duckdb.connect()
        connection.execute("CREATE TABLE events (event_id uuid, day date, moment timestamp, cookie_id uuid, value varchar)")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", events)
        target, table = connect(connection), "events"
    else:
        target, table = postgres_server.session_url(), f"drawn_{next(_tables)}"
        with psycopg.connect(target, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(f"CREATE TABLE {table} (event_id uuid, day date, moment timestamp, cookie_id uuid, value json)")
            cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s)", events)
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    return hub, hub.get_objectiv_dataframe(db_url=target, table_name=table)


TIED = [
    (1, datetime.timedelta(0), [HOME]),
    (1, datetime.timedelta(0), [HOME, BUY]),
    (2, datetime.timedelta(0), []),
    (None, GAP, []),
    (1, datetime.timedelta(0), [HOME]),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_sessions_partition_the_events(engine):
    @settings(max_examples=40 if engine == "duckdb" else 15)
    @given(EVENTS)
    @example(TIED)
    def run(drawn):
        events = rows(drawn, range(len(drawn)))
        _, df = frame(engine, events)
        found = df.to_pandas()[["user_id", "session_id", "session_hit_number", "moment"]].reset_index()
        assert len(found) == len(events)
        sessions = defaultdict(list)
        for event, who, session, hit, moment in found.sort_values("session_hit_number").itertuples(index=False):
            sessions[session].append((hit, moment.to_pydatetime(), str(event), plain([who])[0]))
        # Numbered from 1 by the moment and id of the first hit.
        assert sorted(sessions) == list(range(1, len(sessions) + 1))
        firsts = [sessions[number][0][1:3] for number in sorted(sessions)]
        assert firsts == sorted(firsts)
        ends = defaultdict(list)
        for hits in sessions.values():
            assert [hit for hit, *_ in hits] == list(range(1, len(hits) + 1))
            assert len({who for *_, who in hits}) == 1
            moments = [moment for _, moment, *_ in hits]
            assert [each[1:3] for each in hits] == sorted(each[1:3] for each in hits)
            assert all(after - before <= GAP for before, after in itertools.pairwise(moments))
            ends[hits[0][3]].append((moments[0], moments[-1]))
        for spans in ends.values():
            assert all(after[0] - before[1] > GAP for before, after in itertools.pairwise(sorted(spans)))

    run()


def answers(engine, events):
    """Return the results of all models."""
    hub, df = frame(engine, events)
    hub = made(hub, df)
    found = {}
    for name, model in MODELS.items():
        table = model(hub, df).to_pandas()
        table = table.to_frame() if table.ndim == 1 else table
        found[name] = (
            (table.sort_index() if "event_id" in table.index.names else table).reset_index().astype("str").to_numpy().tolist()
        )
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_of_rows_changes_nothing(engine):
    @settings(max_examples=4 if engine == "duckdb" else 2)
    @given(EVENTS.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(range(len(drawn))))))
    @example((TIED, [4, 2, 0, 3, 1]))
    def run(case):
        drawn, order = case
        assert answers(engine, rows(drawn, range(len(drawn)))) == answers(engine, rows(drawn, order))

    run()


@settings(max_examples=4)
@given(EVENTS)
@example(TIED)
def test_the_engines_agree(drawn):
    events = rows(drawn, range(len(drawn)))
    assert answers("duckdb", events) == answers("postgres", events)


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_without_a_user_count_for_no_user(engine):
    @settings(max_examples=12 if engine == "duckdb" else 4)
    @given(EVENTS)
    @example([(None, datetime.timedelta(0), [HOME, BUY])])
    def run(drawn):
        events = rows(drawn, range(len(drawn)))
        hub, everything = frame(engine, events)
        known = everything[everything.user_id.notnull()]
        users = len({each[3] for each in events} - {None})
        assert hub.agg.unique_users(everything, groupby=None).value == users
        per_day = [hub.agg.unique_users(df).to_pandas() for df in (everything, known)]
        # A day with unknown users only is included, with no users.
        assert per_day[0][per_day[0] > 0].to_dict() == per_day[1].to_dict()
        for model in (hub.agg.frequency, hub.agg.retention_matrix):
            assert model(everything).to_pandas().equals(model(known).to_pandas())

    run()
