"""Users of cells that do not exist: an error if that is known without a query, otherwise no users."""

from __future__ import annotations

import datetime

import pytest
from hub.analyses.fixture import fixture, rows

from objectiv_local import ModelHub
from objectiv_local.errors import InvalidValue

HUB = ModelHub()
HOUR = datetime.timedelta(hours=1)
STEPS = ["view", "cart", "buy"]


@pytest.mark.parametrize(
    ("asked", "cell", "words"),
    [
        # January 2, 2024 is a Tuesday.
        (
            lambda df: HUB.trend(df, by="week"),
            {"period": "2024-01-02"},
            "not the start of its week\nhint: the week starts at 2024-01-01",
        ),
        (lambda df: ModelHub(week_start="sunday").trend(df, by="week"), {"period": "2024-01-01"}, "starts at 2023-12-31"),
        (lambda df: HUB.trend(df, by="month"), {"period": "2024-01-02"}, "not the start of its month"),
        (lambda df: HUB.trend(df, by="hour"), {"period": "2024-01-02 10:30"}, "not the start of its hour"),
        (lambda df: HUB.trend(df, start="2024-01-03"), {"period": "2024-01-02"}, "before the range"),
        (lambda df: HUB.trend(df, end="2024-01-03"), {"period": "2024-01-03"}, "after the range"),
        (lambda df: HUB.trend(df, as_of="2024-01-03 12:00"), {"period": "2024-01-04"}, "after the range"),
        (lambda df: HUB.lifecycle(df, by="week"), {"period": "2024-01-02"}, "not the start of its week"),
        (lambda df: HUB.stickiness(df), {"period": "2024-01-02"}, "not the start of its week"),
        (lambda df: HUB.stickiness(df), {"active": 0}, "give a number from 1"),
        (lambda df: HUB.active_users(df, end="2024-01-03"), {"day": "2024-01-03"}, "after the range"),
        (
            lambda df: HUB.funnel(df, STEPS),
            {"step": 4},
            "step of users is 4, which is not a step of the analysis\nhint: give a number from 1 to 3",
        ),
        (lambda df: HUB.funnel(df, STEPS), {"step": 0}, "give a number from 1 to 3"),
        (lambda df: HUB.funnel(df, STEPS, by="week"), {"period": "2024-01-02", "step": 1}, "not the start of its week"),
        (lambda df: HUB.retention(df, by="week"), {"cohort": "2024-01-02"}, "not the start of its week"),
        (lambda df: HUB.retention(df, periods=3), {"periods_since": 3}, "give a number from 0 to 2"),
        (lambda df: HUB.retention(df), {"periods_since": -1}, "give a number from 0"),
        (lambda df: HUB.retention(df, brackets=[(0, 1), (1, 4)]), {"periods_since": 2}, "not a periods_since of the analysis"),
        (lambda df: HUB.paths(HUB.sessionize(df), steps=3), {"step": 3}, "give a number from 1 to 2"),
        (lambda df: HUB.rfm(df, "amount", scores=4), {"recency_score": 5}, "give a number from 1 to 4"),
        (lambda df: HUB.rfm(df, "amount").ltv(), {"cohort": "2024-01-02"}, "not the start of its month"),
    ],
)
def test_impossible_cells(asked, cell, words):
    found = asked(fixture("duckdb"))
    with pytest.raises(InvalidValue) as caught:
        found.users(**cell)
    assert words in str(caught.value)


def test_cells_that_do_not_occur_have_no_users():
    events = fixture("duckdb")
    assert rows(HUB.trend(events).users(period="2030-01-01")) == []
    assert rows(HUB.trend(events, breakdown="country").users(country="FR")) == []
    assert rows(HUB.trend(events, by="week", start="2024-01-03").users(period="2024-01-01")) != []
    assert rows(HUB.retention(events).users(cohort="2024-01-01", periods_since=100)) == []
