"""The heat map of retention: the cells that may still grow, for every moment that a hit could have, and what is drawn."""

from __future__ import annotations

import datetime
import itertools
import random
import zoneinfo

import pandas as pd
import pytest
from charts.drawn import layers, rendered, title
from hub import any_events
from hub.by_hand import COHORTS, DAY, DISTANCES
from hub.test_any_events import frame

from objectiv_local import ModelHub
from objectiv_local.errors import InvalidValue
from objectiv_local.hub.models.heat_map import AHEAD, COMPLETE, UNFINISHED, progress

MICROSECOND = datetime.timedelta(microseconds=1)
PERIODS = {"daily": "daily", "calendar": "daily", "weekly": "weekly", "monthly": "monthly", "yearly": "yearly"}
HUB = ModelHub()


def moments(first, last):
    """Return the moments at which periods begin and end from one day to another, and some between."""
    days = [first + number * DAY for number in range((last - first).days + 1)]
    hours = range(0, 24, 2 if len(days) < 10 else 12)
    return sorted(day + shift for day in days for shift in (*(hour * DAY / 24 for hour in hours), DAY - MICROSECOND))


def brute(kind, as_of, firsts, hits):
    """Return the cells that have hits until a moment, and the cells that may get some after it."""
    reached, open_ = set(), set()
    for first, hit in itertools.product(firsts, hits):
        if first <= hit:
            cell = COHORTS[kind](first), DISTANCES[kind](first, hit)
            (reached if hit <= as_of else open_).add(cell)
    return reached, open_


@pytest.mark.parametrize("kind", PERIODS)
def test_progress_of_cells(kind):
    start = datetime.datetime(2023, 12, 25)
    days = {"daily": 5, "calendar": 5, "weekly": 28, "monthly": 92, "yearly": 800}[kind]
    draw = random.Random(3)
    every = moments(start, start + days * DAY)
    every = (
        every
        if len(every) < 100
        else sorted({*draw.sample(every, 80), *(each for each in every if each.day == 1), *every[-3:]})
    )
    # Within the last microsecond of a period, no moment remains.
    for as_of in draw.sample([each for each in every[len(every) // 4 : len(every) // 2] if not each.microsecond], 3):
        firsts = [each for each in every if each <= as_of]
        reached, open_ = brute(kind, as_of, firsts, every)
        for cohort, distance in reached | open_:
            found = progress(cohort, distance, PERIODS[kind], as_of, "UTC", elapsed=kind == "daily")
            wanted = AHEAD if (cohort, distance) not in reached else UNFINISHED if (cohort, distance) in open_ else COMPLETE
            assert (cohort, distance, found) == (cohort, distance, wanted), as_of


def test_a_period_that_ends_at_the_last_moment_is_complete():
    midnight = datetime.datetime(2024, 1, 3)
    for elapsed, distance in ((False, 1), (True, 0)):
        assert progress("2024-01-01", distance, "daily", midnight, "UTC", elapsed=elapsed) == COMPLETE
        assert progress("2024-01-01", distance, "daily", midnight - MICROSECOND, "UTC", elapsed=elapsed) == UNFINISHED
        assert progress("2024-01-01", distance + 1, "daily", midnight, "UTC", elapsed=elapsed) == UNFINISHED
    assert progress("2024-01-01", 3, "daily", midnight, "UTC", elapsed=False) == AHEAD
    # A year of the time zone begins an hour before that of UTC.
    assert progress("2023", 0, "yearly", datetime.datetime(2023, 12, 31, 23), "Europe/Amsterdam", elapsed=False) == COMPLETE
    assert progress("2023", 0, "yearly", datetime.datetime(2023, 12, 31, 23), "UTC", elapsed=False) == UNFINISHED


def drawn(chart):
    """Return the numbers of a chart by row and column, the colored cells, the hatched ones, and the domain of the scale."""
    every = layers(chart)
    numbers = {
        (row["row"], int(row["column"])): row["text"].rstrip("*")
        for each in every
        if each["mark"] == "text"
        for row in each["rows"]
        if row["text"] != "*"
    }
    rects = [each for each in every if each["mark"] == "rect"]
    colored = {(row["row"], int(row["column"])): row["value"] for row in rects[0]["rows"]}
    hatched = {(row["row"], int(row["column"])) for each in rects[1:] for row in each["rows"]}
    assert all(each["look"]["fill"]["gradient"] == "linear" for each in rects[1:])
    return numbers, colored, hatched, rects[0]["encoding"]["color"]["scale"]["domain"]


@pytest.mark.parametrize("options", [{}, {"percentage": True}, {"fill_value": 0}, {"end_date": "2024-02-10"}])
@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
def test_what_is_drawn(period, options, capfd):
    df, events = frame("duckdb", "text"), any_events.drawn()
    figure = HUB.agg.retention_matrix(df, period, calendar_days=True, return_figure=True, **options)
    rendered(figure, capfd)
    numbers, colored, hatched, limits = drawn(figure)
    as_of = max(each["moment"] for each in events)
    if "end_date" in options:
        as_of = datetime.datetime(2024, 2, 10)
        assert as_of < max(each["moment"] for each in events)
    table = HUB.agg.retention_matrix(df, period, calendar_days=True, **options).to_pandas()
    cells = {
        (cohort, int(name[1:])): (progress(cohort, int(name[1:]), period, as_of, "UTC", elapsed=False), table.loc[cohort, name])
        for cohort in table.index
        for name in table.columns
    }
    shown = {cell: float(value) for cell, (state, value) in cells.items() if state != AHEAD and not pd.isna(value)}
    assert numbers == {cell: f"{value:.1f}" if "percentage" in options else f"{value:,.0f}" for cell, value in shown.items()}
    assert colored == {cell: value for cell, value in shown.items() if cell[1] > 0}
    assert limits == [0, max(colored.values())]
    assert hatched == {cell for cell, (state, _) in cells.items() if state == UNFINISHED} != set()
    assert f"not complete by {as_of:%Y-%m-%d %H:%M}" in title(figure)[1]


def test_a_matrix_with_one_column_and_one_without_rows():
    df = frame("duckdb", "text")
    figure = HUB.agg.retention_matrix(df, "yearly", return_figure=True)
    numbers, colored, hatched, _ = drawn(figure)
    [cohort] = df.moment.dt.strftime("%Y").unique().to_numpy()
    assert list(numbers) == [(cohort, 0)]
    assert colored == {}
    assert hatched == {(cohort, 0)}
    with pytest.raises(InvalidValue, match="nothing to draw: the matrix has no users"):
        HUB.agg.retention_matrix(df, event_type="none", return_figure=True)


def test_many_cells_have_no_numbers(monkeypatch):
    monkeypatch.setattr("objectiv_local.charts.heat_map.MOST_NUMBERS", 3)
    numbers, colored, _, _ = drawn(HUB.agg.retention_matrix(frame("duckdb", "text"), "daily", return_figure=True))
    assert numbers == {}
    assert len(colored) > 3


def test_weeks_of_a_time_zone():
    zone, utc = zoneinfo.ZoneInfo("America/New_York"), datetime.UTC
    hub = ModelHub(time_zone="America/New_York", week_start="sunday")
    df, events = frame("duckdb", "text"), any_events.drawn()
    as_of = max(each["moment"] for each in events).replace(tzinfo=utc)
    figure = hub.agg.retention_matrix(df, "weekly", return_figure=True)
    table = hub.agg.retention_matrix(df, "weekly").to_pandas()
    hatched = set()
    for cohort, name in itertools.product(table.index, table.columns):
        start = datetime.datetime.fromisoformat(cohort)
        assert start.isoweekday() == 7
        begins, ends = ((start + (int(name[1:]) + more) * 7 * DAY).replace(tzinfo=zone).astimezone(utc) for more in (0, 1))
        if begins <= as_of < ends:
            hatched.add((cohort, int(name[1:])))
    assert drawn(figure)[2] == hatched != set()
    assert f"not complete by {as_of:%Y-%m-%d %H:%M} UTC" in title(figure)[1]
