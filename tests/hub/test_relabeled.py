"""Labels of rows that were filtered by a label are computed from the remaining rows."""

from __future__ import annotations

import pandas as pd
import pytest

from objectiv_local import ModelHub, sample


@pytest.fixture(scope="module")
def hub():
    return ModelHub(time_aggregation="%Y-%m-%d")


@pytest.fixture(scope="module")
def df(hub):
    df = hub.get_objectiv_dataframe(db_url=sample.path())
    hub.add_conversion_event(event_type="PressEvent", name="press")
    return df


@pytest.fixture(scope="module")
def rows(df):
    """The events in pandas."""
    return df[["user_id", "session_id", "moment", "event_type"]].to_pandas()


def first(rows):
    return rows.groupby("user_id").session_id.transform("min") == rows.session_id


def new(rows):
    day = rows.moment.dt.strftime("%Y-%m-%d")
    in_day = rows.groupby([day, rows.user_id]).session_id.transform("min")
    return in_day == rows.groupby("user_id").session_id.transform("min")


def presses(rows):
    return (rows.event_type == "PressEvent").groupby(rows.session_id).transform("sum")


LABELS = {
    "is_first_session": (lambda hub, df: hub.map.is_first_session(df), first),
    "is_new_user": (lambda hub, df: hub.map.is_new_user(df), new),
    "conversions": (lambda hub, df: hub.map.conversions_counter(df, "press") > 1, lambda rows: presses(rows) > 1),
}


@pytest.mark.parametrize("key", LABELS)
@pytest.mark.parametrize("condition", LABELS)
@pytest.mark.parametrize("opposite", [False, True])
def test_groups_by_a_label_of_filtered_rows(hub, df, rows, condition, key, opposite):
    (ours, theirs), (our_key, their_key) = LABELS[condition], LABELS[key]
    left = df[~ours(hub, df)] if opposite else df[ours(hub, df)]
    expected = rows[~theirs(rows)] if opposite else rows[theirs(rows)]
    found = hub.agg.unique_users(left, groupby=our_key(hub, left)).to_pandas()
    wanted = expected.user_id.groupby(their_key(expected)).nunique()
    assert found.to_dict() == wanted.to_dict()


def test_groups_by_a_label_that_changes_after_filtering(hub, df):
    later = df[~hub.map.is_first_session(df)]
    users = hub.agg.unique_users(later, groupby=hub.map.is_first_session(later)).to_pandas()
    pd.testing.assert_series_equal(users.reset_index(drop=True), pd.Series([501, 984], dtype="Int64", name="unique_users"))
