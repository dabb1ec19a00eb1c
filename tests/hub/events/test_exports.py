"""Exports as products actually write them, and tables with missing, empty or unusual columns."""

from __future__ import annotations

import datetime
import decimal
import json
import logging
from typing import Any

import postgres_server
import psycopg
import pyarrow as pa
import pytest
from hub.events import stream
from hub.events.test_table import ENGINES, HUB, at, frame, rows

from objectiv_local import DataFrame, connect, to_datetime
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType, InvalidValue

NOON = at("03-01 12:00")
THREE = {"user_id": ["a", "b", "c"], "moment": [NOON] * 3, "event_type": ["x"] * 3}


def only(**columns: list[Any]) -> dict[str, list[Any]]:
    """Return a table of three events with additional columns."""
    return THREE | columns


@pytest.mark.parametrize("engine", ENGINES)
def test_snowplow_with_all_of_its_columns(engine):
    """The atomic table also has the columns of Objectiv's layout, except for the location stacks."""
    columns = {
        name: [None] * 2 for name in ("se_action", "se_category", "network_userid", "user_id", "page_urlpath", "page_url")
    }
    table = {name: pa.array(values, pa.string()) for name, values in columns.items()} | {
        "event_id": ["1", "2"],
        "collector_tstamp": [NOON, NOON],
        "derived_tstamp": pa.array([None, at("03-01 11:00")]),
        "true_tstamp": pa.array([None, None], pa.timestamp("us")),
        "event_name": ["page_view", "page_ping"],
        "domain_userid": ["d", None],
        "domain_sessionid": ["s", None],
    }
    for arguments in ({}, {"schema": "snowplow"}):
        events = HUB.events(frame(engine, table), **arguments)
        assert rows(events, "moment", "user_id", "event_type", "session_id") == [
            ("1", NOON, "d", "page_view", "s"),
            ("2", at("03-01 11:00"), None, "page_ping", None),
        ]


@pytest.mark.parametrize("engine", ENGINES)
def test_mixpanel_with_times_in_every_format(engine):
    times = [1709294400, 1709294400000, 1709294400.25, "1709294400", None, "soon", 1e17]
    objects = [json.dumps({"time": time, "distinct_id": "d", "$insert_id": str(number)}) for number, time in enumerate(times)]
    events = HUB.events(frame(engine, {"event": ["x"] * 7, "properties": objects}))
    assert rows(events, "moment") == [("0", NOON), ("1", NOON), ("2", NOON + datetime.timedelta(milliseconds=250)), ("3", NOON)]


def test_rows_without_a_moment_are_logged(caplog):
    objects = [
        json.dumps({"time": 1709294400 if number else None, "distinct_id": "d", "$insert_id": str(number)})
        for number in range(3)
    ]
    with caplog.at_level(logging.WARNING):
        HUB.events(frame("duckdb", {"event": ["x"] * 3, "properties": objects}))
    assert "1 of 3 rows of data have no moment" in caplog.text
    with pytest.raises(DataInvalid, match=r"none of the 2 rows of .* has a moment"):
        HUB.events(frame("duckdb", {"event": ["x"] * 2, "properties": ['{"a": 1}'] * 2}))


def test_event_and_properties_with_other_columns_are_not_mixpanel():
    events = HUB.events(
        frame("duckdb", only(event=["x"] * 3, properties=['{"plan": "pro"}'] * 3)), properties=["properties.plan"]
    )
    assert [row[1:] for row in rows(events, "user_id", "plan")] == [("a", "pro"), ("b", "pro"), ("c", "pro")]


@pytest.mark.parametrize("engine", ENGINES)
def test_segment_tables_of_other_kinds(engine):
    columns = {
        "id": ["1", "2"],
        "anonymous_id": ["p", "q"],
        "user_id": ["", "u"],
        "timestamp": [NOON] * 2,
        "received_at": [NOON] * 2,
    }
    with pytest.raises(InvalidValue, match="the schema finds no event_type"):
        HUB.events(frame(engine, columns | {"name": ["Ann", "Bob"]}))
    assert rows(HUB.events(frame(engine, columns), event_type=lambda _: "screen"), "user_id", "event_type", "device_id") == [
        ("1", "p", "screen", "p"),
        ("2", "u", "screen", "q"),
    ], "an empty text is no user"
    pages = HUB.events(frame(engine, columns | {"url": ["https://a.b", "https://a.b/c?x=https://d.e/f"]}))
    assert rows(pages, "event_type", "location") == [("1", "page", "/"), ("2", "page", "/c")]
    sessions = HUB.events(frame(engine, columns | {"event": ["x", None], "context_session_id": [1709294400] * 2}))
    assert rows(sessions, "event_type", "session_id", "session_hit_number") == [
        ("1", "x", "p|1709294400", 1),
        ("2", None, "q|1709294400", 1),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_names_in_upper_case(engine):
    columns = {
        "ID": ["1"],
        "ANONYMOUS_ID": ["p"],
        "USER_ID": [None],
        "TIMESTAMP": [NOON],
        "RECEIVED_AT": [NOON],
        "EVENT": ["x"],
        "PLAN": ["pro"],
    }
    given = frame(
        engine, {name: pa.array(values, pa.string()) if values == [None] else values for name, values in columns.items()}
    )
    for arguments in ({}, {"schema": "segment"}):
        events = HUB.events(given, **arguments)
        assert rows(events, "user_id", "event_type", "plan") == [("1", "p", "x", "pro")]


def test_ga4_without_known_users_and_with_numbers_as_text(tmp_path):
    """JSON written by BigQuery omits missing values, and has integers as text."""
    lines = [
        {
            "event_timestamp": "1709294400000000",
            "event_name": "page_view",
            "user_pseudo_id": "p",
            "event_params": [
                {"key": "ga_session_id", "value": {"int_value": "77"}},
                {"key": "page_location", "value": {"string_value": "/c?x"}},
            ],
        }
    ]
    path = tmp_path / "ga4.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    events = HUB.events(path)
    assert rows(events, "moment", "user_id", "session_id", "location") == [
        ("p|1709294400000000|page_view|1", NOON, "p", "p|77", "/c")
    ]
    with pytest.raises(InvalidType, match="has no keys"):
        HUB.events(stream.ga4(stream.stream(), tmp_path / "ga4.parquet"), properties=["event_params.plan"])


class TestNamesOfRoles:
    """A column whose name equals a role is used for it."""

    @pytest.mark.parametrize(
        ("column", "values"),
        [
            ("user_id", [1.0, None, 2.0]),
            ("session_id", [1.0, None, 2.0]),
            ("event_id", [1.0, None, 2.0]),
            ("moment", [True] * 3),
        ],
    )
    def test_and_wrong_if_its_type_is(self, column, values):
        with pytest.raises(InvalidType, match=f"{column} of .* is (float64|bool)"):
            HUB.events(frame("duckdb", only(client_id=["p"] * 3, date=[NOON.date()] * 3) | {column: values}))

    def test_event_types_may_be_codes(self):
        events = HUB.events(frame("duckdb", only(activity=["y"] * 3) | {"event_type": [1, 2, 2]}))
        assert [row[1] for row in rows(events, "event_type")] == ["1", "2", "2"]

    def test_the_hint_names_no_column_that_is_something_else(self):
        columns = {"uid": [1.5], "at": [NOON], "event": ["x"]}
        with pytest.raises(InvalidValue, match="recognized as user_id") as caught:
            HUB.events(frame("duckdb", columns))
        assert "user_id='event'" not in str(caught.value) or "at" in columns

    def test_what_is_part_of_an_id_is_still_a_user(self):
        given = frame("duckdb", only(visit=[1, 1, 2]))
        assert rows(HUB.events(given, session_id=["user_id", "visit"]), "session_id")[0][1] == "a|1"
        assert rows(HUB.events(given, location="event_type"), "location")[0][1] == "x"

    def test_dates_beside_times_are_not_the_moment(self):
        columns = {"user_id": ["a"], "event": ["x"], "date": [NOON.date()], "time": [datetime.time(12)]}
        with pytest.raises(InvalidValue, match=r"several columns of .* could be moment: date, time"):
            HUB.events(frame("duckdb", columns))


@pytest.mark.parametrize("engine", ENGINES)
def test_guessed_session_ids_that_users_share(engine):
    columns = {"user_id": ["a", "b", "b"], "moment": [NOON] * 3, "event": ["x"] * 3, "session": [1, 1, 2]}
    events = HUB.events(frame(engine, columns))
    assert sorted(row[1] for row in rows(events, "session_id")) == ["a|1", "b|1", "b|2"]
    assert "several users share a session" in repr(events)
    own = HUB.events(frame(engine, columns | {"session": [1, 2, 3]}))
    assert sorted(row[1] for row in rows(own, "session_id")) == [1, 2, 3]


@pytest.mark.parametrize("engine", ENGINES)
def test_devices_of_a_plain_table(engine):
    given = frame(engine, only(device_id=["p", "q", "q"]) | {"user_id": ["a", None, ""]})
    assert sorted(row[1:] for row in rows(HUB.events(given), "user_id", "device_id")) == [("a", "p"), ("q", "q"), ("q", "q")]
    # A named column takes precedence.
    named = HUB.events(given, user_id="user_id")
    assert sorted(str(row[1]) for row in rows(named, "user_id")) == ["None", "None", "a"]


@pytest.mark.parametrize("engine", ENGINES)
def test_events_without_an_id_are_not_duplicates(engine, caplog):
    given = frame(engine, only(event_id=pa.array(["1", None, None]), n=[1, 2, 3]))
    with caplog.at_level(logging.WARNING):
        events = HUB.events(given, dedup=True)
    assert sorted(row[1] for row in rows(events, "n")) == [1, 2, 3]
    assert "2 of 3 events of" in caplog.text
    assert "dedup=True" not in caplog.text


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_rows_without_ids(engine):
    columns = {name: [*values, values[0]] for name, values in only(n=[1, 2, 3]).items()}
    assert len(HUB.events(frame(engine, columns)).to_pandas()) == 4
    assert sorted(row[1] for row in rows(HUB.events(frame(engine, columns), dedup=True), "n")) == [1, 2, 3]
    objects = ['{"a": 1}', '{"a": "1"}', '"1"', "1", None, "null"]
    with_json = frame(engine, {"user_id": ["a"] * 12, "moment": [NOON] * 12, "event_type": ["x"] * 12, "j": objects * 2})
    with_json = with_json.assign(j=with_json.j.astype("json"))
    assert len(HUB.events(with_json, dedup=True).to_pandas()) == 6


def test_a_key_of_another_column_does_not_make_event_ids_unique(caplog):
    import duckdb

    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (id int PRIMARY KEY, event_id text, user_id text, moment timestamp, event_type text)")
    connection.execute("INSERT INTO t VALUES (1, 'e', 'a', '2024-03-01', 'x'), (2, 'e', 'b', '2024-03-01', 'x')")
    with caplog.at_level(logging.WARNING):
        events = HUB.events(connection, table_name="t")
    assert "1 of 2 events" in caplog.text
    other = HUB.events(connection, table_name="t")[["user_id"]]
    with pytest.raises(InvalidValue):
        events.merge(other, left_index=True, right_index=True).assign(z=other.user_id).to_pandas()


def test_repeated_objectiv_events_are_logged(caplog):
    table = pa.Table.from_pylist(stream.objectiv(stream.stream())[:5] * 2)
    with caplog.at_level(logging.WARNING):
        HUB.events(table)
    assert "5 of 10 events" in caplog.text


@pytest.mark.parametrize("engine", ENGINES)
def test_sessions_of_identical_rows(engine):
    moments = [
        NOON,
        NOON,
        NOON + datetime.timedelta(minutes=5),
        NOON + datetime.timedelta(days=1),
        NOON + datetime.timedelta(days=1),
    ]
    columns = {"user_id": ["a"] * 5, "moment": moments, "event_type": ["x"] * 5, "event_id": ["1", "1", "2", "3", "3"]}
    expected = [(NOON, 1, 1), (NOON, 1, 2), (moments[2], 1, 3), (moments[3], 2, 1), (moments[3], 2, 2)]
    named = HUB.events(frame(engine, columns))
    assert sorted(row[1:] for row in rows(named, "moment", "session_id", "session_hit_number")) == expected
    del columns["event_id"]
    for found in (HUB.events(frame(engine, columns)), HUB.sessionize(frame(engine, columns))):
        table = (
            found[["moment", "session_id", "session_hit_number"]]
            .to_arrow()
            .select(["moment", "session_id", "session_hit_number"])
            .to_pylist()
        )
        assert sorted(tuple(row.values()) for row in table) == expected


@pytest.mark.parametrize("number", [202403011200, 2024030112, 20240301])
def test_digits_of_a_date_are_not_seconds_since_1970(number):
    with pytest.raises(DataInvalid, match="digits of a date"):
        HUB.events(frame("duckdb", only() | {"moment": [number] * 3}))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.b/c/d?x#y", "/c/d"),
        ("https://a.b", "/"),
        ("https://a.b?x", "/"),
        ("/c?u=https://d.e/f", "/c"),
        ("/c#d", "/c"),
        ("android-app://com.shop/home", "/home"),
        ("", ""),
        ("c", "c"),
        (None, None),
        ("https://a.b:80/c", "/c"),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_path_of_a_url(engine, url, path):
    given = frame(engine, only(url=pa.array([url] * 3, pa.string())))
    events = HUB.events(given)
    assert rows(events, "location", "url")[0][1:] == (path, url)


def test_ambiguous_and_unknown_properties():
    given = frame("duckdb", only(p=['{"plan": {"name": "pro"}}'] * 3, q=['{"plan": "x"}'] * 3, s=[{"k": "v"}] * 3))
    with pytest.raises(InvalidValue, match="two columns 'plan'"):
        HUB.events(given, properties=["p.plan", "q.plan"])
    assert rows(HUB.events(given, properties=["p.plan.name"]), "name")[0][1] == "pro"
    with pytest.raises(ColumnNotFound, match="has no 'kk'"):
        HUB.events(given, properties=["s.kk"])


def test_invalid_moments():
    import pandas as pd

    with pytest.raises(InvalidValue, match="start is not a day or a moment"):
        HUB.events(frame("duckdb", THREE), start=pd.NaT)
    assert len(HUB.events(frame("duckdb", THREE), start=pd.Timestamp("2024-03-01 00:00:00.000000001")).to_pandas()) == 3


def test_a_csv_file_with_carriage_returns_as_line_ends(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"user_id,moment,event\ra,2024-03-01,x\r")
    with pytest.raises(DataInvalid):
        HUB.events(path)


def test_a_gzip_file_that_was_changed(tmp_path):
    import gzip

    packed = bytearray(gzip.compress(b"user_id,moment,event\n" + b"a,2024-03-01,x\n" * 2000))
    packed[-6] ^= 0xFF
    path = tmp_path / "a.csv.gz"
    path.write_bytes(packed)
    with pytest.raises(DataInvalid, match="cannot be read"):
        connect(path)


def test_frames_that_are_only_compiled():
    schema = {"user_id": "string", "moment": "timestamp", "event_type": "string", "event_id": "string"}
    events = HUB.events(DataFrame.from_schema(schema, dialect="postgres", table_name="hits"))
    assert "FROM hits" in events.view_sql()


@pytest.mark.parametrize("version", postgres_server.default_versions())
@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_postgres_table_of_another_schema_with_columns_of_odd_types(version, kind, caplog):
    url = postgres_server.session_url(version)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS web")
        connection.execute("DROP TABLE IF EXISTS web.clicks CASCADE")
        connection.execute(
            "CREATE TABLE web.clicks (uid text, ts timestamptz, action text, ip inet, amount numeric, blob bytea)"
        )
        connection.execute("INSERT INTO web.clicks VALUES ('a', '2024-03-01T12:00+02', 'x', '1.2.3.4', 1.50, '')")
        connection.execute("CREATE VIEW web.seen AS SELECT * FROM web.clicks")
    name = "web.clicks" if kind == "table" else "web.seen"
    with caplog.at_level(logging.WARNING):
        events = HUB.events(url, table_name=name, dtypes={"amount": "decimal(18, 2)"})
    assert "left out 'blob' (bytea)" in caplog.text
    assert rows(events, "moment", "user_id", "ip", "amount") == [
        ("a|1709287200000000|x|1", at("03-01 10:00"), "a", "1.2.3.4", decimal.Decimal("1.50"))
    ]
    assert f"events of {name}" in repr(events)


@pytest.mark.parametrize("engine", ENGINES)
def test_dtypes_apply_to_stored_columns(engine):
    given = frame(engine, THREE)
    with pytest.raises(InvalidValue, match="this source is a frame"):
        HUB.events(given, dtypes={"user_id": "string"})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("rule", "users"),
    [
        (None, ["p", "a", "p", "b", "q", "q"]),
        ("last_known", ["b", "a", "b", "b", "q", "q"]),
        ("first_known", ["a", "a", "a", "b", "q", "q"]),
        ("forward_only", ["p", "a", "a", "b", "q", "q"]),
        ("graph", ["a", "a", "a", "a", "q", "q"]),
    ],
)
def test_identity(engine, rule, users):
    """One device is used by a and then by b, another one by no known user."""
    columns = {
        "id": list("123456"),
        "anonymous_id": list("ppppqq"),
        "user_id": [None, "a", None, "b", None, ""],
        "timestamp": [NOON + datetime.timedelta(minutes=10 * number) for number in range(6)],
        "received_at": [NOON] * 6,
        "event": ["x"] * 6,
    }
    given = frame(engine, columns)
    events = HUB.events(given, identity=rule)
    found = rows(events, "user_id", "session_id")
    assert [row[1] for row in found] == users
    # Sessions belong to the resolved users.
    numbers = {user: number for number, user in enumerate(dict.fromkeys(users), 1)}
    assert [row[2] for row in found] == [numbers[user] for user in users]
    # A user who is known before or after the range is known within it.
    part = HUB.events(
        given, identity=rule, start=NOON + datetime.timedelta(minutes=15), end=NOON + datetime.timedelta(minutes=25)
    )
    assert [row[1] for row in rows(part, "user_id")] == users[2:3]


def test_identity_needs_devices():
    with pytest.raises(InvalidValue, match="identity needs devices"):
        HUB.events(frame("duckdb", THREE), identity="last_known")
    with pytest.raises(InvalidValue, match="rule"):
        HUB.events(frame("duckdb", only(device_id=["p"] * 3)), identity="latest")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_named_column_overrides_the_schema(engine):
    columns = {
        "id": ["1", "2"],
        "anonymous_id": ["p", "q"],
        "user_id": [None, "u"],
        "timestamp": [NOON] * 2,
        "received_at": [NOON] * 2,
        "event": ["x"] * 2,
    }
    given = frame(engine, columns)
    assert [row[1] for row in rows(HUB.events(given), "user_id")] == ["p", "u"]
    assert [row[1] for row in rows(HUB.events(given, user_id="user_id"), "user_id")] == [None, "u"]


@pytest.mark.parametrize("engine", ENGINES)
def test_amplitude_sessions_belong_to_devices_and_may_be_missing(engine):
    columns = {
        "uuid": list("1234"),
        "user_id": [None, "u", None, None],
        "device_id": ["p", "p", "q", "q"],
        "event_time": ["2024-03-01 12:00:00.000000", "2024-03-01 12:00:01.000000"] * 2,
        "event_type": ["x"] * 4,
        "session_id": [1709294400000, -1, 1709294400000, 1709294400000],
        "event_properties": ['{"[Amplitude] Page URL": "https://a.b/c?x"}', "{}", None, '{"plan": "pro"}'],
    }
    events = HUB.events(frame(engine, columns), properties=["plan"])
    assert rows(events, "user_id", "session_id", "session_hit_number", "location", "plan") == [
        ("1", "p", "p|1709294400000", 1, "/c", None),
        ("2", "u", None, None, None, None),
        ("3", "q", "q|1709294400000", 1, None, None),
        ("4", "q", "q|1709294400000", 2, None, "pro"),
    ]


def test_json_stored_as_strings_in_parquet(tmp_path):
    import pyarrow.parquet as pq

    objects = [each | {"properties": json.dumps(each["properties"])} for each in stream.posthog(stream.stream())]
    path = tmp_path / "posthog.parquet"
    pq.write_table(pa.Table.from_pylist(objects), path)
    events = HUB.events(path)
    assert events.dtypes["properties"] == "json"
    pro = events[events.properties["plan"] == "pro"]
    assert len(pro.to_pandas()) == sum(each.plan == "pro" for each in stream.stream()) > 20


def test_members_of_structs(tmp_path):
    events = HUB.events(stream.ga4(stream.stream(), tmp_path / "ga4.parquet"))
    kinds = events.raw_device["category"].to_pandas().value_counts().to_dict()
    assert kinds == {kind: sum(each.device == kind for each in stream.stream()) for kind in ("mobile", "desktop")}
    with pytest.raises(ColumnNotFound, match="no member 'kind'"):
        events.raw_device["kind"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("device", "prefix"), [(True, "$device:"), (True, ""), (False, "$device:")])
def test_identity_of_mixpanel(engine, device, prefix):
    """Before a login, distinct_id is the device: with a prefix in newer projects, without one in older ones."""
    people = [f"{prefix}D", "alice", f"{prefix}D"]
    objects = [
        json.dumps(
            {"time": 1709294400 + number, "distinct_id": who, "$insert_id": str(number)}
            | ({"$device_id": "D"} if device else {})
        )
        for number, who in enumerate(people)
    ]
    given = frame(engine, {"event": ["x"] * 3, "properties": objects})
    assert [row[1] for row in rows(HUB.events(given), "user_id")] == ["D", "alice", "D"]
    if device:
        assert [row[1] for row in rows(HUB.events(given, identity="last_known"), "user_id")] == ["alice"] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_of_posthog_without_persons(engine):
    objects = [
        {
            "uuid": str(number),
            "event": "x",
            "distinct_id": who,
            "timestamp": f"2024-03-01T12:00:0{number}Z",
            "properties": json.dumps({"$device_id": "D"}),
        }
        for number, who in enumerate(["D", "alice", "D"])
    ]
    given = frame(engine, {name: [each[name] for each in objects] for name in objects[0]})
    assert [row[1] for row in rows(HUB.events(given), "user_id")] == ["D", "alice", "D"]
    assert [row[1] for row in rows(HUB.events(given, identity="last_known"), "user_id")] == ["alice"] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_users_replaced_by_devices_cannot_be_resolved(engine):
    columns = {
        "id": ["1", "2"],
        "anonymous_id": ["p", "p"],
        "user_id": pa.array([None, "u"]),
        "timestamp": [NOON] * 2,
        "received_at": [NOON] * 2,
        "event": ["x"] * 2,
    }
    events = HUB.events(frame(engine, columns))
    for resolve in (HUB.resolve_identity, HUB.identity_map):
        with pytest.raises(InvalidValue, match="users can no longer be resolved") as caught:
            resolve(events)
        assert "identity='last_known'" in str(caught.value)
        with pytest.raises(InvalidValue, match="users can no longer be resolved"):
            resolve(events[events.event_type == "x"])
    resolved = HUB.events(frame(engine, columns), identity="last_known")
    assert HUB.identity_map(resolved)[["raw_id", "user_id"]].to_pandas().to_numpy().tolist() == [["p", "u"]]


@pytest.mark.parametrize("engine", ENGINES)
def test_generated_ids_do_not_depend_on_identity(engine):
    given = frame(engine, only(device_id=["p", "p", "q"]) | {"user_id": pa.array([None, "a", None])})
    plain = {row[0] for row in rows(HUB.events(given), "event_type")}
    assert {row[0] for row in rows(HUB.events(given, identity="last_known"), "event_type")} == plain
    assert plain == {"p|1709294400000000|x|1", "a|1709294400000000|x|1", "q|1709294400000000|x|1"}


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_without_a_moment_or_id_are_logged(engine, caplog):
    given = frame(engine, only() | {"moment": pa.array([NOON, None, None])})
    with caplog.at_level(logging.WARNING):
        assert len(HUB.events(given).to_pandas()) == 1
    assert "2 of 3 rows of" in caplog.text
    with pytest.raises(DataInvalid, match="none of the 3 rows"):
        HUB.events(frame(engine, only() | {"moment": pa.array([None] * 3, pa.timestamp("us"))}))


def test_segment_before_anybody_logged_in():
    columns = {
        "id": ["1"],
        "anonymous_id": ["p"],
        "timestamp": [NOON],
        "received_at": [NOON],
        "sent_at": [NOON],
        "event": ["x"],
    }
    events = HUB.events(frame("duckdb", columns))
    assert rows(events, "user_id", "event_type") == [("1", "p", "x")]
    assert "by the schema segment" in repr(events)
    assert "user_id from event" in repr(HUB.events(frame("duckdb", columns), user_id="event"))


def test_hints_for_ambiguous_columns_work():
    """Following the hint keeps the time of day and the device."""
    columns = {"user_id": ["a"], "event": ["x"], "date": [NOON.date()], "time": [datetime.time(12, 5)]}
    with pytest.raises(InvalidValue) as caught:
        HUB.events(frame("duckdb", columns))
    code = caught.value.hint.partition("moment=")[2]
    events = HUB.events(frame("duckdb", columns), moment=eval(code, {"to_datetime": to_datetime}))
    assert rows(events, "moment")[0][1] == at("03-01 12:05")
    columns = {"customer_id": ["a", None], "anonymous_id": ["p", "q"], "moment": [NOON] * 2, "event": ["x"] * 2}
    with pytest.raises(InvalidValue, match=r"user_id=\('anonymous_id', 'customer_id'\)"):
        HUB.events(frame("duckdb", columns))
