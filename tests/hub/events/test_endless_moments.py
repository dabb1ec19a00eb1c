"""Moments that are infinite, or in years that Python's datetime does not support."""

from __future__ import annotations

import datetime
import logging

import postgres_server
import psycopg
import pytest

from objectiv_local import ModelHub, connect

HUB = ModelHub()
ROWS = [
    ("a", "u1", "2024-01-01 10:00", "view"),
    ("b", "u1", "infinity", "buy"),
    ("c", "u2", "2024-01-02 10:00", "view"),
    ("d", "u2", "-infinity", "buy"),
    ("e", "u3", "12024-01-01 10:00", "buy"),
    ("f", "u3", "9999-12-31 23:00", "view"),
]
COLUMNS = "(event_id text {key}, user_id text, moment {type}, event_type text)"


def stored(engine, rows, *, key="", type_="timestamp"):
    """Return a connection to a table of these rows."""
    values = ", ".join("(" + ", ".join(f"'{each}'" for each in row) + ")" for row in rows)
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()
        connection.execute(f"CREATE TABLE endless {COLUMNS.format(key=key, type=type_)}")
        connection.execute(f"INSERT INTO endless VALUES {values}")
        return connect(connection)
    url = postgres_server.session_url(int(engine.removeprefix("postgres")))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS endless")
        connection.execute(f"CREATE TABLE endless {COLUMNS.format(key=key, type=type_)}")
        connection.execute(f"INSERT INTO endless VALUES {values}")
    return connect(url)


@pytest.mark.parametrize(
    ("engine", "key", "type_"),
    [
        ("duckdb", "", "timestamp"),
        ("duckdb", "PRIMARY KEY", "timestamptz"),
        *(
            (f"postgres{version}", key, type_)
            for version in postgres_server.default_versions()
            for key, type_ in (("", "timestamptz"), ("PRIMARY KEY", "timestamp"))
        ),
    ],
)
def test_endless_moments_are_left_out_with_a_warning(engine, key, type_, caplog):
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        events = HUB.events(stored(engine, ROWS, key=key, type_=type_), table_name="endless")
    # The table has 6 rows, of which b, d and e are moments that datetime does not support.
    assert caplog.messages == [
        "3 of 6 rows of endless have a moment that is infinite or outside the years 1 to 9999, and are left out"
    ]
    assert sorted(events.to_pandas().index) == ["a", "c", "f"]
    found = HUB.trend(events, end="2025-01-01").to_arrow().to_pylist()
    assert (
        found
        == [
            {"period": datetime.date(2024, 1, number), "value": 1 if number in (1, 2) else 0, "complete": True}
            for number in range(1, 32)
        ]
        + found[31:]
    )
    assert HUB.sessions(events)["hits"].to_pandas().tolist() == [1, 1, 1]


def test_a_range_leaves_out_endless_moments_without_a_warning(caplog):
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        events = HUB.events(stored("duckdb", ROWS), table_name="endless", start="2024-01-01", end="2025-01-01")
    assert caplog.messages == []
    assert sorted(events.to_pandas().index) == ["a", "c"]


def test_with_a_start_endless_moments_after_it_are_left_out_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING, "objectiv_local"):
        events = HUB.events(stored("duckdb", ROWS), table_name="endless", start="2024-01-01")
    assert "2 of 5 rows" in caplog.text
    assert sorted(events.to_pandas().index) == ["a", "c", "f"]
