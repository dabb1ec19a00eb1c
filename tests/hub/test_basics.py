"""The original notebook on the basics of the model hub, as its readers write it, to the last cell on every engine.

Each result is checked by hand: see by_hand.py.
"""

from __future__ import annotations

import datetime
from collections import Counter

import pandas as pd
import pyarrow.parquet
import pytest
from frame.frames import plain
from hub import by_hand
from hub.tables import PLACES, stored

from objectiv_local import ModelHub, display_sql_as_markdown, sample

DAYS = (datetime.date(2022, 2, 1), datetime.date(2022, 2, 4))
FIRST, LAST = DAYS[0], datetime.date(2022, 2, 3)
LINK = {"id": "Quickstart Guide", "_type": "LinkContext"}
PRESSED = {"stack": LINK, "type_": "PressEvent"}


@pytest.fixture(scope="module")
def events():
    """Return the raw events of the sample on some days."""
    table = pyarrow.parquet.read_table(sample.path(), filters=[("day", ">=", DAYS[0]), ("day", "<=", DAYS[1])])
    return table.select(["event_id", "day", "moment", "cookie_id", "value"]).to_pylist()


@pytest.fixture(scope="module", params=["parquet", *(place for place in PLACES if place[-1:].isdigit())])
def target(request, events, tmp_path_factory):
    url, table = stored(request.param, events, tmp_path_factory.mktemp("basics"))
    return {"db_url": url, "table_name": table}


@pytest.fixture(scope="module")
def hits(events):
    return by_hand.sessionized(events, FIRST, LAST)


def session(hit):
    return (hit.session,)


def day(hit):
    return (str(hit.moment.date()),)


def by_event(series):
    found = series.to_pandas()
    return dict(zip(found.index, plain(found), strict=True))


def rows(found):
    table = found.to_pandas()
    table = (table.to_frame() if isinstance(table, pd.Series) else table).reset_index()
    return [tuple(plain(row)) for row in zip(*(table[name] for name in table.columns), strict=True)]


def test_the_page(target, hits, events, capsys):
    modelhub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = modelhub.get_objectiv_dataframe(**target, start_date="2022-02-01", end_date="2022-02-03")
    assert len(df) == len(hits)
    assert df.sort_values(by="moment", ascending=False).head().moment.max() == max(hit.moment for hit in hits)

    # Columns of contexts and locations.
    df["application_id"] = df.application.context.id
    df["feature_nice_name"] = df.location_stack.ls.nice_name
    assert by_event(df.feature_nice_name) == {hit.id: by_hand.nice_name(hit.stack) for hit in hits}

    # Map: labels of hits.
    df["is_new_user"] = modelhub.map.is_new_user(df)
    df["is_new_user_month"] = modelhub.map.is_new_user(df, time_aggregation="%Y-%m")
    assert by_event(df.is_new_user) == by_hand.is_new_user(hits, "%Y-%m-%d")

    # Aggregates, of all and of new users.
    marked = by_hand.is_new_user(hits, "%Y-%m-%d")
    new = [hit for hit in hits if marked[hit.id]]
    users = modelhub.aggregate.unique_users(df)
    assert rows(users) == by_hand.unique(hits, day, lambda hit: hit.user)
    new_users = modelhub.aggregate.unique_users(df[df.is_new_user])
    assert rows(new_users / users) == [
        (when, pytest.approx(count / of))
        for (when, count), (_, of) in zip(
            by_hand.unique(new, day, lambda hit: hit.user), by_hand.unique(hits, day, lambda hit: hit.user), strict=True
        )
    ]
    assert rows(modelhub.aggregate.unique_sessions(df, groupby=["application_id", modelhub.time_agg(df)])) == by_hand.unique(
        hits, lambda hit: (by_hand.application(hit), *day(hit)), lambda hit: hit.session
    )
    assert rows(modelhub.aggregate.session_duration(df[df.is_new_user])) == by_hand.session_duration(new, day)
    assert rows(modelhub.aggregate.session_duration(df, groupby=df.session_id)) == by_hand.session_duration(hits, session)

    # A conversion, registered before the rows are materialized in a temporary table.
    modelhub.add_conversion_event(
        location_stack=df.location_stack.json[LINK:], event_type="PressEvent", name="quickstart_presses"
    )
    df["is_conversion_event"] = modelhub.map.is_conversion_event(df, "quickstart_presses")
    converted = [hit for hit in hits if by_hand.converts(hit, **PRESSED)]
    assert rows(modelhub.aggregate.unique_users(df[df.is_conversion_event])) == by_hand.unique(
        converted, day, lambda hit: hit.user
    )
    df = df.materialize(materialization="temp_table")
    so_far = by_hand.conversions_in_time(hits, session, **PRESSED)
    in_all = by_hand.conversions_counter(hits, session, **PRESSED)
    df["conversions_in_time"] = modelhub.map.conversions_in_time(df, "quickstart_presses")
    df["conversions"] = modelhub.map.conversions_counter(df, name="quickstart_presses")
    df["before_conversion"] = modelhub.map.pre_conversion_hit_number(df, "quickstart_presses")
    assert by_event(df.conversions_in_time) == so_far
    assert by_event(df.conversions) == in_all
    assert by_event(df.before_conversion) == by_hand.pre_conversion_hit_number(hits, session, **PRESSED)
    assert by_event(modelhub.map.is_conversion_event(df, "quickstart_presses")) == by_event(df.is_conversion_event)

    # Presses before the conversion in converting sessions.
    pressed = df[(df.conversions >= 1) & (df.conversions_in_time == 0) & (df.event_type == "PressEvent")]
    presses = pressed.groupby("session_id").session_hit_number.count().to_frame()
    before = [hit for hit in hits if in_all[hit.id] >= 1 and so_far[hit.id] == 0]
    counted = Counter(hit.session for hit in before if hit.type == "PressEvent")
    assert rows(presses) == sorted(counted.items())
    distribution = presses.groupby("session_hit_number").size()
    assert rows(distribution) == sorted(Counter(counted.values()).items())
    top = modelhub.agg.top_product_features_before_conversion(df, name="quickstart_presses")
    assert rows(top) == by_hand.features(before)
    assert len(top.head()) == min(5, len(by_hand.features(before))) > 0

    # A sample of the rows, all rows again, and rows of other days: the conversion applies to each.
    part = df.get_sample(sample_percentage=40)
    kept = set(part.to_pandas().index)
    assert 0 < len(kept) < len(hits)
    of_part = [hit for hit in hits if hit.id in kept]
    assert by_event(modelhub.map.conversions_counter(part, "quickstart_presses")) == by_hand.conversions_counter(
        of_part, session, **PRESSED
    )
    part["again"] = modelhub.map.conversions_counter(part, "quickstart_presses")
    assert by_event(part.get_unsampled().again) == in_all
    later = modelhub.get_objectiv_dataframe(**target, start_date="2022-02-02")
    of_later = by_hand.sessionized(events, datetime.date(2022, 2, 2))
    assert by_event(modelhub.map.conversions_in_time(later, "quickstart_presses")) == by_hand.conversions_in_time(
        of_later, session, **PRESSED
    )
    twice = df.append(df)
    assert sorted(plain(modelhub.map.is_conversion_event(twice, "quickstart_presses").to_pandas())) == sorted(
        [by_hand.converts(hit, **PRESSED) for hit in hits] * 2
    )

    display_sql_as_markdown(top)
    assert "SELECT" in capsys.readouterr().out
