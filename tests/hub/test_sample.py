"""The main program on the bundled sample: with only the connection changed, it returns equal frames on every engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import postgres_server
import pytest

from objectiv_local import ModelHub, sample

ROOT = Path(__file__).parents[2]
VERSIONS = postgres_server.default_versions()


def program(target, **arguments):
    """Return every result of the program as a pandas object."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=target, **arguments)
    df["is_new_user"] = hub.map.is_new_user(df)
    df["is_new_user_month"] = hub.map.is_new_user(df, time_aggregation="%Y-%m")
    df["is_first_session"] = hub.map.is_first_session(df)
    hub.add_conversion_event(
        location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :],
        event_type="PressEvent",
        name="quickstart",
    )
    df["is_conversion"] = hub.map.is_conversion_event(df, "quickstart")
    df["so_far"] = hub.map.conversions_in_time(df, "quickstart")
    df["conversions"] = hub.map.conversions_counter(df, "quickstart")
    df["application_id"] = df.application.context.id
    new = df[df.is_new_user]
    before = df[(df.conversions > 0) & (df.so_far == 0) & (df.event_type == "PressEvent")]
    return {
        "events": df.sort_index().to_pandas(),
        "converted users": hub.agg.unique_users(df[df.is_conversion]).to_pandas(),
        "users of converted users": hub.agg.unique_users(df[df.conversions > 0]).to_pandas(),
        "duration": hub.agg.session_duration(new).to_pandas(),
        "total duration": hub.agg.session_duration(new, method="sum", exclude_bounces=False).to_pandas(),
        "share": (hub.agg.unique_users(new) / hub.agg.unique_users(df)).to_pandas(),
        "presses": before.groupby("session_id").event_type.count().to_pandas(),
        "sessions by application": hub.agg.unique_sessions(df, groupby=["application_id", "event_type"]).to_pandas(),
        "users": hub.agg.unique_users(df, groupby=None).to_pandas(),
    }


@pytest.fixture(scope="module")
def on_duckdb():
    return program(sample.path())


@pytest.fixture(scope="module", params=VERSIONS)
def on_postgres(request):
    sys.path.insert(0, str(ROOT / "benchmarks" / "original"))
    try:
        from load_postgres import load
    finally:
        sys.path.pop(0)
    url = postgres_server.session_url(request.param)
    load(sample.path(), url, "sample_events", replace=True)
    return program(url, table_name="sample_events")


def test_results_are_equal_on_both_engines(on_duckdb, on_postgres):
    assert on_duckdb.keys() == on_postgres.keys()
    for name, expected in on_duckdb.items():
        compare = pd.testing.assert_frame_equal if isinstance(expected, pd.DataFrame) else pd.testing.assert_series_equal
        compare(on_postgres[name], expected, obj=name)


def test_results_equal_those_of_pandas(on_duckdb):
    """Sessions, labels and counts computed by pandas, from the columns of the raw table alone."""
    raw = pd.read_parquet(sample.path()).sort_values(["cookie_id", "moment", "event_id"])
    same_user = raw.cookie_id == raw.cookie_id.shift()
    raw["start"] = ~(same_user & (raw.moment - raw.moment.shift() <= pd.Timedelta(seconds=1800)))
    raw["session"] = raw.start.cumsum()
    starts = raw[raw.start].sort_values(["moment", "event_id"])
    raw["session"] = raw.session.map(dict(zip(starts.session, range(1, len(starts) + 1), strict=True)))
    raw["hit"] = raw.groupby("session").cumcount() + 1
    raw["period"] = raw.moment.dt.strftime("%Y-%m-%d")
    first = raw.groupby("cookie_id").session.transform("min")
    raw["new"] = raw.groupby(["cookie_id", "period"]).session.transform("min") == first

    events = on_duckdb["events"]
    raw = raw.set_index("event_id").sort_index()
    assert list(events.index) == list(raw.index)
    assert events.session_id.tolist() == raw.session.tolist()
    assert events.session_hit_number.tolist() == raw.hit.tolist()
    assert events.is_new_user.tolist() == raw.new.tolist()

    share = raw[raw.new].groupby("period").cookie_id.nunique() / raw.groupby("period").cookie_id.nunique()
    pd.testing.assert_series_equal(on_duckdb["share"], share, check_names=False, check_index_type=False)
    new = raw[raw.new].groupby(["period", "session"]).moment.agg(lambda moments: moments.max() - moments.min())
    duration = new[new > pd.Timedelta(0)].groupby("period").mean().dt.round("us")
    off = (on_duckdb["duration"] - duration).abs()
    assert off.max() <= pd.Timedelta(microseconds=1)  # pandas truncates, and the library rounds
