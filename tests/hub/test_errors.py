"""Bad input: a clear error of the package that is also the builtin error that a caller expects."""

from __future__ import annotations

import logging

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub.tables import arrow, event, stored

from objectiv_local import ModelHub, ObjectivError, connect, sample
from objectiv_local.errors import (
    ColumnNotFound,
    ConnectionFailed,
    DataInvalid,
    InvalidType,
    InvalidValue,
    NotSupported,
    TableNotFound,
)

EVENTS = [event(1, 1, "2022-02-01 10:00:00"), event(2, 1, "2022-02-01 10:05:00")]


@pytest.fixture
def df():
    return ModelHub().get_objectiv_dataframe(db_url=connect(arrow(EVENTS)))


def frame(**arguments):
    return ModelHub().get_objectiv_dataframe(**{"db_url": connect(arrow(EVENTS)), **arguments})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start_date": "01-02-2022"}, "start_date is not a day in the form YYYY-MM-DD: '01-02-2022'"),
        ({"end_date": "2022-02-30"}, "end_date is not a day"),
        ({"start_date": 20220201}, "start_date is not a day"),
        ({"start_date": "2022-02-02", "end_date": "2022-02-01"}, "end_date 2022-02-01 is before start_date 2022-02-02"),
        ({"session_gap_seconds": -1}, "session_gap_seconds has to be 0 seconds or more, not -1"),
    ],
)
def test_arguments(arguments, words):
    with pytest.raises(InvalidValue, match=words) as caught:
        frame(**arguments)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(
        InvalidType, match=r"session_gap_seconds of ModelHub\.get_objectiv_dataframe has to be a number, not '1800'"
    ):
        frame(session_gap_seconds="1800")


@pytest.mark.parametrize(
    "contexts", ["application", ["Application"], [1], ["a b"], ["session_id"], ["user_hit_number"], ["user", "user"]]
)
def test_names_of_contexts(contexts):
    with pytest.raises(ObjectivError, match="context"):
        ModelHub(global_contexts=contexts)


@pytest.mark.parametrize(
    ("format_", "error"), [("", InvalidType), (None, InvalidType), ("%Q", NotSupported), ("%", InvalidValue)]
)
def test_time_aggregation(format_, error, df):
    with pytest.raises(error):
        ModelHub(time_aggregation=format_)
    if format_ is not None:
        with pytest.raises(error):
            ModelHub().map.is_new_user(df, time_aggregation=format_)


def test_tables(tmp_path):
    with pytest.raises(TableNotFound, match=r"missing\.parquet"):
        frame(db_url=str(tmp_path / "missing.parquet"))
    with pytest.raises(TableNotFound, match="no table 'evnts'"):
        frame(table_name="evnts")
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"event_id": ["1"], "when": [1]}), other)
    with pytest.raises(InvalidValue, match=r"no column day, moment, cookie_id, value; found event_id, when\n"):
        frame(db_url=str(other))
    wrong = arrow(EVENTS).set_column(2, "moment", pa.array([1, 2]))
    with pytest.raises(InvalidType, match=r"column moment of data is int64, not timestamp or string\nhint: cast it"):
        frame(db_url=connect(wrong))


@pytest.mark.parametrize("column", ["event_id", "cookie_id", "value"])
@pytest.mark.parametrize("place", ["arrow", "postgres text"])
def test_invalid_stored_values(column, place, tmp_path):
    target, table = stored(place, [{**EVENTS[0], column: "{no"}], tmp_path)
    df = ModelHub().get_objectiv_dataframe(db_url=target, table_name=table)
    with pytest.raises(DataInvalid, match="no"):
        df.to_pandas()


def test_unreachable_server_shows_no_password():
    with pytest.raises(ConnectionFailed) as caught:
        frame(db_url="postgresql://analyst:geheim@127.0.0.1:1/events")
    assert "geheim" not in str(caught.value) + repr(caught.value) + str(caught.value.__cause__)


def test_conversions(df):
    hub = ModelHub()
    with pytest.raises(ColumnNotFound, match=r"unknown conversion event 'x'\nhint: register it with add_conversion_event"):
        hub.map.is_conversion_event(df, "x")
    hub.add_conversion_event(event_type="PressEvent", name="presses")
    with pytest.raises(KeyError, match="did you mean 'presses'"):
        hub.map.conversions_in_time(df, "preses")
    for arguments in ({}, {"location_stack": df.event_type}, {"event_type": 1}, {"event_type": "a", "name": 1}):
        with pytest.raises(ObjectivError):
            hub.add_conversion_event(**arguments)
    assert list(hub.conversion_events) == ["presses"]


def test_models_on_frames_without_their_columns(df):
    hub = ModelHub()
    with pytest.raises(KeyError, match="user_id is not present"):
        hub.agg.unique_users(df[["moment"]])
    with pytest.raises(
        TypeError, match=r"(?s)data of Aggregate.unique_users has to be a DataFrame, not a dict.*ModelHub..\.events"
    ):
        hub.agg.unique_users({})
    for options, column in (({}, "event_type"), ({"parent_types": True}, "stack_event_types")):
        with pytest.raises(KeyError, match=f"{column} is not present in the frame, and retention_matrix needs it"):
            hub.agg.retention_matrix(df.drop(columns=[column]), event_type="PressEvent", **options)
    with pytest.raises(KeyError, match="drop_off_locations needs location_stack or location, and the frame has neither column"):
        hub.agg.drop_off_locations(df[["user_id", "moment", "event_type"]])
    with pytest.raises(KeyError, match=r"session_id is not present(.|\n)*hub.sessionize"):
        hub.agg.frequency(df[["user_id"]])
    hub.add_conversion_event(event_type="PressEvent", name="press")
    with pytest.raises(KeyError, match="pre_conversion_hit_number orders hits by moment, and the frame has no column moment"):
        hub.map.pre_conversion_hit_number(df[["user_id", "event_type"]].materialize(), "press", partition="user_id")
    df["moment"] = "one"
    with pytest.raises(TypeError, match="needs moment as timestamp, not as string"):
        hub.agg.drop_off_locations(df)


def test_columns_may_have_any_name(df):
    hub = ModelHub()
    hub.add_conversion_event(event_type="PressEvent", name="presses")
    for name in ("model", "data", "others"):
        named = df.assign(**{name: df.session_id})
        assert hub.agg.drop_off_locations(named, groupby=name).view_sql().count(name) > 0
        assert len(hub.get_funnel_discovery().get_navigation_paths(named, 2, by=name)) == 1
        assert list(hub.map.conversions_in_time(named, "presses", partition=name).sort_index().to_pandas()) == [1, 2]
    # A column that a model reads itself may also be named as a group.
    assert list(hub.map.conversions_in_time(df, "presses", partition="moment").sort_index().to_pandas()) == [1, 1]


def test_aggregates(df):
    hub = ModelHub()
    with pytest.raises(KeyError, match="counts user_id and cannot group by it"):
        hub.agg.unique_users(df, groupby=["day", "user_id"])
    with pytest.raises(ValueError, match="method has to be 'mean' or 'sum', not 'median'"):
        hub.agg.session_duration(df, method="median")
    with pytest.raises(KeyError, match=r"no column 'dy'.*\nhint: did you mean 'day'"):
        hub.agg.unique_users(df, groupby="dy")
    with pytest.raises(TypeError, match="not a grouped frame"):
        hub.agg.unique_users(df, groupby=df.groupby("day"))


def test_groupby_of_the_caller_is_not_changed(df):
    by = ["day"]
    ModelHub().agg.session_duration(df, groupby=by)
    assert by == ["day"]


def test_the_sample_is_the_default_source_and_logged(monkeypatch, caplog):
    monkeypatch.delenv("DSN", raising=False)
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        df = ModelHub().get_objectiv_dataframe(end_date="2022-01-10")
    assert "bundled sample" in caplog.text
    counted = duckdb.sql(f"SELECT count(*) FROM '{sample.path()}' WHERE day <= '2022-01-10'").fetchall()
    assert [(df.groupby(None).size().value,)] == counted


def test_dsn(monkeypatch, tmp_path):
    path = tmp_path / "events.parquet"
    pq.write_table(arrow(EVENTS), path)
    monkeypatch.setenv("DSN", str(path))
    assert ModelHub().get_objectiv_dataframe().groupby(None).size().value == 2
