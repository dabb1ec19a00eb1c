"""Events in the flat layout of Snowplow's pipelines."""

from __future__ import annotations

import datetime
import itertools
import json

import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frame.frames import plain

from objectiv_local import ModelHub
from objectiv_local.errors import DataInvalid, InvalidType, InvalidValue, NotSupported, QueryFailed
from objectiv_local.hub.schemas.schema import Table
from objectiv_local.hub.schemas.snowplow import SNOWPLOW

HOME = {"_type": "RootLocationContext", "id": "home"}
LOGO = {"_type": "LinkContext", "id": 'it\'s "é"'}
EVENT_TYPES = json.dumps(["AbstractEvent", "InteractiveEvent", "PressEvent"])


def at(text):
    return datetime.datetime.fromisoformat(text)


def described(name, data, *, context=True):
    kind = "io.objectiv.context" if context else "io.objectiv"
    return {"schema": f"iglu:{kind}/{name}/jsonschema/1-0-0", "data": data}


def row(number, moment, collected, *, network="n-1", visit="v-1", stack=(HOME,), contexts=()):
    data = [
        described("location_stack", {"location_stack": list(stack)}, context=False),
        *(described(name, value) for name, value in contexts),
    ]
    return {
        "event_id": f"e{number}",
        "collector_tstamp": at(collected),
        "network_userid": network,
        "domain_sessionid": visit,
        "se_action": "PressEvent",
        "se_category": EVENT_TYPES,
        "true_tstamp": at(moment),
        "contexts": json.dumps({"schema": "iglu:contexts", "data": data}),
    }


APP = [("ApplicationContext", {"id": "shop"}), ("CookieIdContext", {"id": "c", "cookie_id": "c-1"})]
ROWS = [
    row(1, "2022-02-01 23:50:00", "2022-02-01 23:50:01", contexts=APP),
    row(2, "2022-02-01 23:59:59", "2022-02-02 00:00:05", stack=[HOME, LOGO], contexts=APP),
    # Sent twice: the first one collected counts, although it is stored later here and has the later moment.
    row(3, "2022-02-02 00:07:00", "2022-02-02 00:09:09", network="other"),
    row(3, "2022-02-02 00:08:00", "2022-02-02 00:08:01", network="n-1"),
    # Without a network id, users are identified by their visit; without both they are unknown.
    row(4, "2022-02-02 09:00:00", "2022-02-02 09:00:00", network="", visit="v-2"),
    row(5, "2022-02-02 09:01:00", "2022-02-02 09:00:00", network=None, visit="v-2"),
    row(6, "2022-02-02 09:02:00", "2022-02-02 09:00:00", network="", visit=""),
]
TEXT = dict.fromkeys(("event_id", "network_userid", "domain_sessionid", "se_action", "se_category", "contexts"), pa.string())
SCHEMA = pa.schema([("collector_tstamp", pa.timestamp("us")), ("true_tstamp", pa.timestamp("us")), *TEXT.items()])
PLACES = (
    "parquet",
    "milliseconds",
    "columns",
    *(f"postgres{version}" for version in postgres_server.default_versions()),
    "postgres columns",
)
_tables = itertools.count()


def stored(place, directory):
    """Store the rows and return what to connect to, and the table."""
    rows = [dict(each) for each in ROWS]
    if place == "milliseconds":
        for each in rows:
            each["true_tstamp"] = round(each["true_tstamp"].replace(tzinfo=datetime.UTC).timestamp() * 1000)
    if "columns" in place:
        rows = [_apart(each) for each in rows]
    path = directory / "events.parquet"
    if not place.startswith("postgres"):
        schema = (
            None
            if place == "columns"
            else pa.schema(
                [
                    field if field.name != "true_tstamp" or place != "milliseconds" else pa.field("true_tstamp", pa.int64())
                    for field in SCHEMA
                ]
            )
        )
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        return str(path), None
    version = int(place.removeprefix("postgres")) if place[-1].isdigit() else postgres_server.default_versions()[0]
    url, name = postgres_server.session_url(version), f"flat_{next(_tables)}"
    kinds = {
        column: "timestamp" if column.endswith("tstamp") else "jsonb" if column.startswith("contexts_") else "text"
        for column in rows[0]
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in kinds.items())})")
        for each in rows:
            values = [json.dumps(value) if isinstance(value, list) else value for value in each.values()]
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(values))})", values)
    return url, name


def _apart(each):
    """Return a row with a column for each kind of context."""
    data = json.loads(each.pop("contexts"))["data"]
    by_name = {item["schema"].split("/")[1]: item["data"] for item in data}
    each["contexts_io_objectiv_location_stack_1_0_0"] = [
        {"location_stack": json.dumps(by_name["location_stack"]["location_stack"])}
    ]
    for name, type_ in (("application", "ApplicationContext"), ("cookie_id", "CookieIdContext")):
        each[f"contexts_io_objectiv_context_{name}_context_1_0_0"] = [by_name[type_]] if type_ in by_name else []
    return each


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return stored(request.param, tmp_path)


def frame(place, *, contexts=("application", "cookie_id"), **arguments):
    target, table = place
    return ModelHub(global_contexts=contexts).get_objectiv_dataframe(db_url=target, table_name=table, **arguments)


def test_events(place):
    df = frame(place)
    assert df.dtypes["user_id"] == "string"
    assert df.index_dtypes == {"event_id": "string"}
    table = df.sort_index().to_pandas()
    assert plain(table.index) == ["e1", "e2", "e3", "e4", "e5", "e6"]
    assert plain(table.user_id) == ["n-1", "n-1", "n-1", "v-2", "v-2", None]
    assert plain(table.day) == [datetime.date(2022, 2, 1)] * 2 + [datetime.date(2022, 2, 2)] * 4
    assert plain(table.moment)[2] == at("2022-02-02 00:08:00")
    assert plain(table.session_id) == [1, 1, 1, 2, 2, 3]
    assert plain(table.session_hit_number) == [1, 2, 3, 1, 2, 1]
    assert plain(table.event_type) == ["PressEvent"] * 6
    assert plain(table.stack_event_types)[0] == ["AbstractEvent", "InteractiveEvent", "PressEvent"]
    assert plain(table.location_stack)[:2] == [[HOME], [HOME, LOGO]]
    names = df.location_stack.ls.nice_name.to_pandas()
    assert names["e2"] == 'Link: it\'s "é" located at Root Location: home'
    assert plain(df.application.context.id.to_pandas()[["e1", "e3"]]) == ["shop", None]
    assert plain(df.cookie_id.context.cookie_id.to_pandas()[["e2", "e4"]]) == ["c-1", None]


def test_days_and_models(place):
    df = frame(place, start_date="2022-02-02", end_date="2022-02-02")
    assert len(df) == 4
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    assert hub.agg.unique_users(frame(place)).to_pandas().to_dict() == {"2022-02-01": 1, "2022-02-02": 2}
    top = hub.agg.top_product_features(frame(place)).to_pandas()
    assert plain(top.index) == [
        ("shop", 'Link: it\'s "é" located at Root Location: home', "PressEvent"),
        ("shop", "Root Location: home", "PressEvent"),
    ]


def _table(directory, drop=(), **more):
    rows = [{name: value for name, value in each.items() if name not in drop} | more for each in ROWS]
    path = directory / "events.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return str(path), None


def test_tables_without_events_are_refused(tmp_path):
    with pytest.raises(InvalidValue, match="it has no column se_action; found"):
        frame(_table(tmp_path, drop=["se_action"]))
    with pytest.raises(InvalidValue, match="no column of location stacks"):
        frame(_table(tmp_path, drop=["contexts"]))
    stacks = {f"contexts_io_objectiv_location_stack_1_0_{n}": [{"location_stack": "[]"}] for n in (0, 1)}
    with pytest.raises(InvalidValue, match="several columns of location stacks"):
        frame(_table(tmp_path, drop=["contexts"], **stacks))
    one = {
        "contexts_io_objectiv_location_stack_1_0_0": [{"location_stack": "[]"}],
        "contexts_io_objectiv_context_path_context_1_0_0": [{"id": "/"}],
    }
    with pytest.raises(InvalidValue, match="no column of the context 'application'; it has path"):
        frame(_table(tmp_path, drop=["contexts"], **one))
    with pytest.raises(NotSupported, match="no column with all of them"):
        frame(_table(tmp_path), contexts=["global_contexts"])
    with pytest.raises(InvalidType, match=r"column network_userid of .* is int64, not string or uuid"):
        frame(_table(tmp_path, network_userid=5))


def test_columns_keep_the_requested_order():
    # Statements are compared as text, by readers and by caches.
    kinds = ["marketing", "application", "path", "http", "cookie_id", "input_value", "session", "locale"]
    columns = [f"contexts_io_objectiv_context_{kind}_context_1_0_0" for kind in kinds]
    table = Table("events", ("contexts_io_objectiv_location_stack_1_0_0", *sorted(columns)))
    assert list(SNOWPLOW.more(table, tuple(kinds))) == ["contexts_io_objectiv_location_stack_1_0_0", *columns]


def test_malformed_contexts(tmp_path):
    df = frame(_table(tmp_path, contexts="{"))
    with pytest.raises((DataInvalid, QueryFailed), match=r"Malformed JSON|json"):
        df.to_pandas()
    for harmless in (
        "{}",
        "[]",
        "null",
        '{"data": 5}',
        '{"data": [5, {"schema": 1}]}',
        '{"data": [{"schema": "location_stack"}]}',
    ):
        table = frame(_table(tmp_path, contexts=harmless)).to_pandas()
        assert len(table) == 6
        assert table.location_stack.isna().all()
