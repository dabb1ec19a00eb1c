"""Identity rules compared with plain Python: each rule, ids of every type, ties, and shared devices."""

from __future__ import annotations

import datetime
import logging
import random
import uuid
from collections import defaultdict

import duckdb
import postgres_server
import psycopg
import pyarrow as pa
import pytest
from frame.frames import on_every_engine, opened, plain
from hub.every_model import MODELS

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.hub.identity_graph import connected

RULES = ("last_known", "first_known", "forward_only", "graph")
START = datetime.datetime(2024, 1, 1)
HUB = ModelHub()


def as_uuid(number):
    return str(uuid.UUID(int=number * 7919 % 10_007 << 64))


#: The types of devices and users, the format of their ids, and the type that they are resolved to. For strings and whole
#: numbers, some device ids are also user ids.
IDS = {
    "strings": ("string", "string", str, str, "string"),
    "numbers": ("int64", "int64", int, int, "string"),
    "uuids": ("uuid", "uuid", lambda number: as_uuid(number + 5000), as_uuid, "uuid"),
    "uuids and numbers": ("uuid", "int64", as_uuid, int, "string"),
    "numbers and strings": ("int64", "string", int, str, "string"),
}
on_ids = pytest.mark.parametrize("kind", IDS)


def drawn(kind, seed=4, count=150):
    """Return events of devices, some shared by several users, and of users with many devices; some lack either or both."""
    draw, (_, _, device, user, _) = random.Random(seed), IDS[kind]
    events, moment = [], START
    for number in range(count):
        moment += datetime.timedelta(seconds=draw.choice((0, 0, 60)))
        which = draw.randrange(30)
        # Devices up to 11 belong to four users; the others have at most one user, some of them none.
        who = draw.randrange(4) if which < 12 else 40 + which // 4 if which < 24 else None
        events.append(
            {
                "event_id": number * 377 % 997,
                "device_id": None if draw.random() < 0.05 else device(which),
                "user_id": None if who is None or draw.random() < 0.7 else user(who),
                "moment": None if draw.random() < 0.05 else moment,
                "page": draw.choice("abc"),
            }
        )
    draw.shuffle(events)
    return events


def frame(engine, kind, events):
    device, user, *_ = IDS[kind]
    types = {"string": pa.string(), "uuid": pa.string(), "int64": pa.int64()}
    table = pa.Table.from_pylist(
        events,
        schema=pa.schema(
            [
                ("event_id", pa.int64()),
                ("device_id", types[device]),
                ("user_id", types[user]),
                ("moment", pa.timestamp("us")),
                ("page", pa.string()),
            ]
        ),
    )
    df = DataFrame.from_arrow(engine, table, "event_id")
    for name, type_ in (("device_id", device), ("user_id", user)):
        df[name] = df[name].astype(type_)
    return df


def text(value):
    return None if value is None else str(value)


def in_order(events):
    return sorted(events, key=lambda each: (each["moment"] is not None, each["moment"] or START, each["event_id"]))


def turns(events):
    """Return the successive users of each device, with the moment and event at which each begins."""
    found = defaultdict(list)
    for each in in_order(events):
        device, user = text(each["device_id"]), text(each["user_id"])
        if None not in (device, user, each["moment"]) and (not found[device] or found[device][-1][0] != user):
            found[device].append((user, each["moment"], each["event_id"]))
    return {device: own for device, own in found.items() if own}


def components(events):
    """Return the sets of ids that events connect, by extending each until nothing is added."""
    pairs = {
        (("device", text(each["device_id"])), ("user", text(each["user_id"])))
        for each in events
        if None not in (each["device_id"], each["user_id"])
    }
    found = []
    left = {end for pair in pairs for end in pair}
    while left:
        own, size = {left.pop()}, 0
        while len(own) > size:
            size = len(own)
            for pair in pairs:
                if own & set(pair):
                    own |= set(pair)
        left -= own
        found.append(own)
    return found


def smallest(ids, kind):
    users = [value for which, value in ids if which == "user"]
    return min(users, key=int) if IDS[kind][1] == "int64" else min(users)


def resolved(events, rule, kind, max_ids=10):
    """Return the user of each event."""
    known, all_users = turns(events), {text(each["user_id"]) for each in events}
    person = {each: smallest(ids, kind) for ids in components(events) if len(ids) <= max_ids for each in ids}
    found = {}
    for each in events:
        device, user = text(each["device_id"]), text(each["user_id"])
        own = known.get(device, [])
        if rule == "forward_only":
            now = (each["moment"], each["event_id"])
            own = [turn for turn in own if each["moment"] is not None and turn[1:] <= now]
        if rule == "graph":
            who = person.get(("user", user)) or user or person.get(("device", device))
        else:
            who = user or (own and own[0 if rule == "first_known" else -1][0])
        if not who:
            who = f"device:{device}" if device in all_users and device and IDS[kind][4] == "string" else device
        found[each["event_id"]] = who
    return found


def mapped(events, rule, kind, max_ids=10):
    """Return the rows of the map, without the rule."""
    rows = []
    if rule == "graph":
        for ids in components(events):
            rows += [(*each, None if len(ids) > max_ids else smallest(ids, kind), None, None) for each in ids]
    else:
        for device, own in turns(events).items():
            ends = [*(start for _, start, _ in own[1:]), None]
            spans = [("device", device, user, start, end) for (user, start, _), end in zip(own, ends, strict=True)]
            rows += (
                spans
                if rule == "forward_only"
                else [
                    (*spans[0 if rule == "first_known" else -1][:2], spans[0 if rule == "first_known" else -1][2], None, None)
                ]
            )
    return sorted(rows, key=lambda row: (*row[:2], row[3] or START))


def users_of(df):
    found = df.user_id.to_pandas().astype(object)
    return {key: text(value) for key, value in zip(found.index, plain(found), strict=True)}


def rows_of(found):
    table = found.to_pandas().astype(object)
    return [
        tuple(text(value) if place < 3 else value for place, value in enumerate(plain(row)))
        for row in table.drop(columns=["rule"]).values.tolist()
    ]


@on_every_engine
@on_ids
@pytest.mark.parametrize("rule", RULES)
def test_rules(engine, kind, rule):
    events = drawn(kind)
    df = frame(opened(engine), kind, events)
    found = HUB.resolve_identity(df, rule=rule)
    wanted = resolved(events, rule, kind)
    assert users_of(found) == wanted
    assert found.dtypes["user_id"] == IDS[kind][4]
    # Nothing else changes.
    assert found.columns == df.columns
    assert found.index_columns == df.index_columns
    others = ["device_id", "moment", "page"]
    assert found[others].sort_index().to_pandas().equals(df[others].sort_index().to_pandas())
    as_map = HUB.identity_map(df, rule=rule)
    assert as_map.columns == ["kind", "raw_id", "user_id", "rule", "from", "to"]
    assert as_map.dtypes == {
        "kind": "string",
        "raw_id": IDS[kind][4],
        "user_id": IDS[kind][4],
        "rule": "string",
        "from": "timestamp",
        "to": "timestamp",
    }
    assert rows_of(as_map) == mapped(events, rule, kind)
    assert set(plain(as_map.rule.to_pandas())) == {rule}


def test_generated_events_cover_every_case():
    events = drawn("strings")
    answers = [resolved(events, rule, "strings") for rule in RULES]
    assert all(one != other for place, one in enumerate(answers) for other in answers[:place])
    assert any(value and value.startswith("device:") for value in answers[0].values())
    assert None in answers[0].values()
    sizes = [len(ids) for ids in components(events)]
    assert max(sizes) > 10 > min(sizes) > 1
    assert any(len(own) > 2 for own in turns(events).values())


@on_every_engine
@pytest.mark.parametrize("max_ids", [2, 3, 1000])
def test_large_components_are_not_merged(engine, max_ids, caplog):
    events = drawn("numbers")
    df = frame(opened(engine), "numbers", events)
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        assert users_of(HUB.resolve_identity(df, rule="graph", max_ids=max_ids)) == resolved(
            events, "graph", "numbers", max_ids
        )
    left = [len(ids) for ids in components(events) if len(ids) > max_ids]
    said = f"{len(left)} components of the identity graph have more than {max_ids} ids each ({sum(left)} ids in total)"
    assert (said in caplog.text) == bool(left)
    assert rows_of(HUB.identity_map(df, rule="graph", max_ids=max_ids)) == mapped(events, "graph", "numbers", max_ids)


@on_every_engine
def test_number_of_ids_per_person(engine):
    events = drawn("strings")
    merged = HUB.identity_map(frame(opened(engine), "strings", events), rule="graph", max_ids=100)
    found = merged.groupby("user_id").agg(ids=("raw_id", "count")).to_pandas().ids.to_dict()
    assert found == {smallest(ids, "strings"): len(ids) for ids in components(events)}


@on_every_engine
def test_ties_are_broken_by_event_id(engine):
    events = [
        {"event_id": number, "device_id": "d", "user_id": user, "moment": START, "page": "a"}
        for number, user in ((3, "ann"), (1, "zoe"), (2, None))
    ]
    df = frame(opened(engine), "strings", events)
    wanted = {"last_known": "ann", "first_known": "zoe", "forward_only": "zoe", "graph": "ann"}
    for rule, user in wanted.items():
        assert users_of(HUB.resolve_identity(df, rule=rule))[2] == user
    assert rows_of(HUB.identity_map(df, rule="forward_only")) == [
        ("device", "d", "zoe", START, START),
        ("device", "d", "ann", START, None),
    ]


@on_every_engine
def test_events_without_a_moment_do_not_identify_users(engine):
    events = [
        {"event_id": 1, "device_id": "d", "user_id": "ann", "moment": None, "page": "a"},
        {"event_id": 2, "device_id": "d", "user_id": None, "moment": START, "page": "a"},
        {"event_id": 3, "device_id": None, "user_id": "zoe", "moment": START, "page": "a"},
        {"event_id": 4, "device_id": None, "user_id": None, "moment": START, "page": "a"},
    ]
    df = frame(opened(engine), "strings", events)
    for rule in RULES:
        alone = "ann" if rule == "graph" else "d"
        assert users_of(HUB.resolve_identity(df, rule=rule)) == {1: "ann", 2: alone, 3: "zoe", 4: None}
        assert len(HUB.identity_map(df, rule=rule)) == (2 if rule == "graph" else 0)


@on_every_engine
def test_other_columns_and_no_events(engine):
    events = drawn("strings")
    df = frame(opened(engine), "strings", events).rename(columns={"device_id": "browser", "user_id": "login"})
    found = HUB.resolve_identity(df, device="browser", user="login")
    assert found.columns == ["browser", "login", "moment", "page", "user_id"]
    assert users_of(found) == resolved(events, "last_known", "strings")
    for rule in RULES:
        assert len(HUB.resolve_identity(df[df.page == "none"], "browser", "login", rule)) == 0
        assert len(HUB.identity_map(df[df.page == "none"], "browser", "login", rule)) == 0
    # With graph, moments are not needed.
    assert users_of(HUB.resolve_identity(df.drop(columns=["moment"]).materialize(), "browser", "login", "graph")) == resolved(
        events, "graph", "strings"
    )


@on_every_engine
@pytest.mark.parametrize("rule", RULES)
def test_sessions_and_models_of_resolved_users(engine, rule):
    events = [each for each in drawn("strings") if each["moment"] is not None]
    df = frame(opened(engine), "strings", events).assign(location="/", event_type="view")
    df = HUB.sessionize(HUB.resolve_identity(df, rule=rule))
    wanted = resolved(events, rule, "strings")
    assert HUB.agg.unique_users(df, groupby=None).value == len(set(wanted.values()) - {None})
    assert MODELS["frequency"](HUB, df).sum() == len(set(wanted.values()) - {None})
    assert HUB.agg.unique_sessions(df, groupby=None).value == len(set(wanted.values()) - {None})
    # Filters and sorts of the frame are kept.
    kept = HUB.resolve_identity(
        df[df.page == "a"].drop(columns=["session_id", "session_hit_number"]).sort_values("moment", ascending=False), rule=rule
    )
    moments = plain(kept.moment.to_pandas())
    assert moments == sorted(moments, reverse=True)


def many(count):
    return [
        {"event_id": number, "device_id": f"d{number}", "user_id": f"u{number // 2}", "moment": START, "page": "a"}
        for number in range(count)
    ]


def test_read_only_connections_store_nothing(tmp_path):
    events = many(3000)
    path = tmp_path / "events.duckdb"
    columns = "event_id, device_id, user_id, moment, page"
    with duckdb.connect(str(path)) as connection:
        connection.register("given", pa.Table.from_pylist(events))
        connection.execute("CREATE TABLE hits AS SELECT * FROM given")
    url = postgres_server.session_url()
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS identity_hits")
        cursor.execute("CREATE TABLE identity_hits (event_id int8, device_id text, user_id text, moment timestamp, page text)")
        cursor.executemany(
            f"INSERT INTO identity_hits ({columns}) VALUES (%(event_id)s, %(device_id)s, %(user_id)s, %(moment)s, %(page)s)",
            events,
        )
    for target, name in ((str(path), "hits"), (url, "identity_hits")):
        with connect(target, read_only=True, new=True) as engine:
            before = set(engine.tables())
            df = DataFrame.from_table(engine, name, "event_id")
            found = HUB.resolve_identity(df, rule="graph")
            assert found.user_id.nunique().value == 1500
            assert len(HUB.identity_map(df, rule="graph")) == 4500
        with connect(target, read_only=True, new=True) as engine:
            assert set(engine.tables()) == before


def test_components_by_hand():
    pairs = [(1, 10), (2, 10), (2, 11), (3, 12), (4, 13), (4, 13)]
    assert connected(pairs) == ({1: 10, 2: 10, 3: 12, 4: 13}, {10: 10, 11: 10, 12: 12, 13: 13})
    assert connected([(2, 11), *pairs[:2], (2, 9)]) == ({1: 9, 2: 9}, {9: 9, 10: 9, 11: 9})
    assert connected([]) == ({}, {})
    # A long chain is one component, regardless of the order of its pairs.
    chain = [(number, number + shift) for number in range(20_000) for shift in (0, 1)]
    random.Random(1).shuffle(chain)
    assert set(connected(chain)[0].values()) == set(connected(chain)[1].values()) == {0}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"rule": "last"}, InvalidValue, "unknown rule of identity resolution: 'last'"),
        ({"rule": "grap"}, InvalidValue, "did you mean 'graph'"),
        ({"device": "browser"}, ColumnNotFound, "browser is not present"),
        ({"user": "moment"}, InvalidType, "moment is timestamp, and ids have to be strings, uuids or whole numbers"),
        ({"device": "user_id"}, InvalidValue, "device and user are the same column, 'user_id'"),
        ({"max_ids": 1}, InvalidValue, "max_ids has to be a whole number of at least 2, not 1"),
        ({"max_ids": 2.5}, InvalidType, "max_ids of .* has to be a whole number"),
    ],
)
@pytest.mark.parametrize("call", [HUB.resolve_identity, HUB.identity_map])
def test_invalid_arguments(call, given, error, words):
    df = frame(opened("duckdb"), "strings", drawn("strings", count=3))
    with pytest.raises(error, match=words):
        call(df, **given)


def test_frames_that_cannot_be_resolved():
    df = frame(opened("duckdb"), "strings", drawn("strings", count=3))
    with pytest.raises(InvalidValue, match=r"a column user_id in addition to 'page'(.|\n)*drop or rename"):
        HUB.resolve_identity(df, user="page")
    with pytest.raises(ColumnNotFound, match="moment is not present in the frame, and resolve_identity needs it"):
        HUB.resolve_identity(df[["device_id", "user_id"]])
    unconnected = DataFrame.from_schema({"device_id": "string", "user_id": "string", "moment": "timestamp"}, table_name="hits")
    with pytest.raises(InvalidValue, match="no connection"):
        HUB.resolve_identity(unconnected, rule="graph")
    assert "forward" not in HUB.resolve_identity(unconnected, rule="forward_only").view_sql()
