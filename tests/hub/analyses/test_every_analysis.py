"""Properties of every analysis: the users of each cell, and changes to the events that have no effect."""

from __future__ import annotations

import datetime
import random
from functools import cache

import pytest
from frame.frames import ENGINES
from hub.analyses import fixture as fixtures
from hub.analyses.every import ASKED, COUNTED
from hub.analyses.fixture import EVENTS, fixture, loaded, rows_of

from objectiv_local import DataFrame

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
on_every_analysis = pytest.mark.parametrize("asked", ASKED)
WEEK = datetime.timedelta(days=7)


def rows(analysis):
    """Return the rows of an analysis, with floats rounded to 9 digits, because engines add them up in any order."""
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in fixtures.rows(analysis)]


@cache
def found(asked):
    """Return the rows of an analysis over the six users."""
    return rows(ASKED[asked](fixture("duckdb")))


@on_every_analysis
def test_engines_agree(asked):
    tables = [ASKED[asked](fixture(engine)).to_arrow() for engine in ENGINES]
    assert all(table.schema == tables[0].schema for table in tables)
    for table in tables[1:]:
        for one, other in zip(table.to_pylist(), tables[0].to_pylist(), strict=True):
            assert (
                one == pytest.approx(other, rel=1e-12, nan_ok=False)
                if not any(isinstance(value, str | datetime.date | datetime.timedelta) for value in one.values())
                else plain(one) == plain(other)
            )


def plain(row):
    return [round(value, 9) if isinstance(value, float) else value for value in row.values()]


@on_every_engine
@pytest.mark.parametrize("asked", COUNTED)
def test_users_of_each_cell_match_its_count(engine, asked):
    analysis = ASKED[asked](fixture(engine))
    index = analysis.index_columns
    counts = 0
    for row in analysis.to_arrow().to_pylist():
        for column, more in COUNTED[asked].items():
            if row[column] is None:
                continue
            # Engines other than DuckDB are only asked for cells with users, because empty ones take as long.
            if row[column] or engine == "duckdb":
                users = analysis.users(**{name: row[name] for name in index}, **more).to_arrow()
                assert len(users) == row[column], (row, column)
                counts += row[column]
    assert counts


@on_every_analysis
def test_the_order_of_rows_does_not_matter(asked):
    shuffled = rows_of(EVENTS)
    random.Random(1).shuffle(shuffled)
    assert rows(ASKED[asked](loaded("duckdb", shuffled))) == found(asked)


@on_every_analysis
def test_a_week_later(asked):
    later = [each | {"moment": each["moment"] + WEEK} for each in rows_of(EVENTS)]
    assert rows(ASKED[asked](loaded("duckdb", later))) == [
        tuple(value + WEEK if isinstance(value, datetime.date) else value for value in row) for row in found(asked)
    ]


#: Counts of events, which include those without a user, and shares of them.
OF_EVENTS = {"event types"}


@pytest.mark.parametrize("asked", [name for name in ASKED if name not in OF_EVENTS])
def test_events_without_a_user_change_nothing(asked):
    nobody = [each | {"event_id": f"n{number}", "user_id": None} for number, each in enumerate(rows_of(EVENTS))]
    assert rows(ASKED[asked](loaded("duckdb", [*rows_of(EVENTS), *nobody]))) == found(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "trend",
        "trend by country",
        "active users",
        "stickiness",
        "lifecycle",
        "retention",
        "returning buyers",
        "funnel",
        "funnel in any order",
        "paths",
        "attribution",
    ],
)
def test_twice_the_users(asked):
    """Counts double, and rates are unchanged."""
    twins = [each | {"event_id": f"t{each['event_id']}", "user_id": f"twin {each['user_id']}"} for each in rows_of(EVENTS)]
    table = ASKED[asked](loaded("duckdb", [*rows_of(EVENTS), *twins])).to_arrow()
    once = ASKED[asked](fixture("duckdb")).to_arrow()
    index = set(ASKED[asked](fixture("duckdb")).index_columns)
    for name in once.column_names:
        values, others = table[name].to_pylist(), once[name].to_pylist()
        if name in index or name in ("complete", "name", "median_time", "mean_time"):
            assert values == others
        elif name in ("of_first", "of_previous", "rate", "share", "stickiness", "quick_ratio"):
            assert values == pytest.approx(others)
        # An interpolated percentile changes when values are repeated.
        elif name not in ("ci_low", "ci_high", "p90_time"):
            assert values == [None if value is None else 2 * value for value in others], name


@on_every_engine
@on_every_analysis
def test_no_events(engine, asked):
    analysis = ASKED[asked](loaded(engine, []))
    table = analysis.to_arrow()
    assert table.schema == ASKED[asked](fixture(engine)).to_arrow().schema
    assert (
        all(
            not value
            for row in table.to_pylist()
            for value in row.values()
            if isinstance(value, int | float) and not isinstance(value, bool)
        )
        or "funnel" in asked
    )
    assert "There are no events." in analysis.definition


#: Analyses that fetch counts, which scipy and scikit-learn process further.
IN_MEMORY = {"drivers", "impact"}


@pytest.mark.parametrize("asked", [name for name in ASKED if name not in IN_MEMORY])
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_no_query_runs_before_rows_are_fetched(asked, dialect):
    """A frame without a connection, which would raise an error."""
    events = DataFrame.from_schema(
        {
            "event_id": "string",
            "user_id": "string",
            "moment": "timestamp",
            "event_type": "string",
            "country": "string",
            "amount": "int64",
        },
        "event_id",
        dialect=dialect,
        table_name="events",
    )
    analysis = ASKED[asked](events)
    assert repr(analysis).startswith("<")
    assert "FROM events" in analysis.view_sql()
    assert analysis.definition
    assert "FROM events" in analysis.users().view_sql()
