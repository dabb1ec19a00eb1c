"""Breakdowns by a series of users: one value for each, looked up by the unit."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened
from hub.analyses.fixture import day, fixture, rows, with_nobody

from objectiv_local import DataFrame, ModelHub, connect
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
STEPS = ["view", "cart", "buy"]
#: d has no plan, e and f are not there; x has no events.
PLANS = pa.table({"user_id": ["a", "b", "c", "d", "x"], "plan": ["pro", "free", "pro", None, "pro"], "size": [1, 2, 3, 4, 5]})


def plans(connection):
    users = DataFrame.from_arrow(connection, PLANS, name="plans_of_users", materialization="temp_table")
    return users.groupby("user_id").agg(plan=("plan", "max"), size=("size", "max"))


@on_every_engine
def test_each_event_has_the_value_of_its_user(engine):
    events, users = with_nobody(engine), plans(opened(engine))
    found = HUB.trend(events, by="week", breakdown=users.plan)
    assert found.index_columns == ["period", "plan"]
    assert [row[:3] for row in rows(found)] == [
        (day(1), "(none)", 3),
        (day(1), "free", 1),
        (day(1), "pro", 2),
        (day(8), "(none)", 0),
        (day(8), "free", 1),
        (day(8), "pro", 0),
    ]
    assert [row[0] for row in rows(found.users(period=day(1), plan=None))] == ["d", "e", "f"]
    # a has 4 events and c 4, b has 4, and d, e and f have 9; and one is of nobody.
    assert [row[1:3] for row in rows(HUB.trend(events, "events", by="month", breakdown=users.plan))] == [
        ("(none)", 10),
        ("free", 4),
        ("pro", 8),
    ]
    # All come to the end but d, who does not buy, and f, who views last.
    assert [row[0::2] for row in rows(HUB.funnel(events, STEPS, breakdown=users.plan)[["name", "users"]])] == [
        (group, name) for group, names in (("(none)", STEPS), ("free", STEPS), ("pro", STEPS)) for name in names
    ]
    assert [row[2] for row in rows(HUB.funnel(events, STEPS, breakdown=users.plan)[["users"]])] == [3, 2, 1, 1, 1, 1, 2, 2, 2]
    assert [row[:5] for row in rows(HUB.retention(events, by="week", breakdown=users.plan))] == [
        ("(none)", day(1), 0, 3, 3),
        ("(none)", day(1), 1, 3, 0),
        ("(none)", day(8), 0, 0, 0),
        ("free", day(1), 0, 1, 1),
        ("free", day(1), 1, 1, 1),
        ("free", day(8), 0, 0, 0),
        ("pro", day(1), 0, 2, 2),
        ("pro", day(1), 1, 2, 0),
        ("pro", day(8), 0, 0, 0),
    ]
    # Other values become strings, and what is computed of them is one, too.
    assert [row[1:3] for row in rows(HUB.trend(events, by="year", breakdown=(users["size"] > 2).rename("large")))] == [
        ("(none)", 2),
        ("false", 2),
        ("true", 2),
    ]


@on_every_engine
@pytest.mark.parametrize("attribution", ["first_step", "last_step", "all_steps", "user_first", "last_defined", 2])
def test_the_value_is_the_same_at_every_step(engine, attribution):
    found = HUB.funnel(fixture(engine), STEPS, breakdown=plans(opened(engine)).plan, attribution=attribution)
    expected = [3, 2, 1, 1, 1, 1, 2, 2, 2]
    if attribution == 2:  # f does not come to step 2, and has no plan anyway
        assert [row[:1] for row in rows(found)] == [("(none)",)] * 3 + [("free",)] * 3 + [("pro",)] * 3
    assert [row[2] for row in rows(found[["users"]])] == expected


def test_series_that_are_not_one_value_a_user():
    events = fixture("duckdb")
    twice = DataFrame.from_arrow(opened("duckdb"), PLANS, "user_id")
    with pytest.raises(InvalidValue, match=r"a user may be there twice\nhint: make it one value a user: users.groupby"):
        HUB.trend(events, breakdown=twice.plan)
    elsewhere = plans(connect(duckdb.connect()))
    with pytest.raises(InvalidValue, match="another connection"):
        HUB.trend(events, breakdown=elsewhere.plan)
    numbers = DataFrame.from_arrow(opened("duckdb"), pa.table({"user_id": [1], "plan": ["pro"]})).groupby("user_id").max()
    with pytest.raises(InvalidType, match="user_id is int64"):
        HUB.trend(events, breakdown=numbers[numbers.data_columns[0]])
    with pytest.raises(NotSupported, match="cannot be part of a spec"):
        HUB.trend(events, breakdown=plans(opened("duckdb")).plan).spec()
    with pytest.raises(InvalidValue, match="as another column of the result is"):
        HUB.trend(events, breakdown=plans(opened("duckdb")).plan.rename("value"))
