"""Raw tables of events for the tests of the hub, stored in every supported way."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from objectiv_local import connect
from objectiv_local.engines import Engine

VERSIONS = postgres_server.default_versions()
#: The ways in which the tests store events.
PLACES = ("parquet", "arrow", "duckdb file", *(f"postgres{version}" for version in VERSIONS), "postgres text")

Event = dict[str, Any]

HOME = {"_type": "RootLocationContext", "id": "home"}
APP = [{"_type": "ApplicationContext", "id": "shop"}]


def user(number: int) -> uuid.UUID:
    """Return the id of a user."""
    return uuid.UUID(int=number)


def event(
    number: int,
    who: int,
    moment: str,
    *,
    type_: str = "PressEvent",
    stack: list[dict[str, str]] | None = None,
    contexts: list[dict[str, str]] | None = None,
    day: str | None = None,
) -> Event:
    """Return an event. ``number`` is its id, ``moment`` such as ``2022-02-01 10:00:00``."""
    value = {
        "_type": type_,
        "_types": ["AbstractEvent", type_],
        "location_stack": stack or [],
        "global_contexts": contexts or [],
    }
    at = datetime.datetime.fromisoformat(moment)
    return {
        "event_id": str(uuid.UUID(int=1000 + number)),
        "day": datetime.date.fromisoformat(day or moment[:10]),
        "moment": at,
        "cookie_id": str(user(who)),
        "value": json.dumps(value),
    }


def event_id(number: int) -> str:
    """Return the id of an event as results show it."""
    return str(uuid.UUID(int=1000 + number))


def arrow(events: list[Event]) -> pa.Table:
    """Return events as an Arrow table with ids and JSON as text."""
    return pa.Table.from_pylist(
        events,
        schema=pa.schema(
            [
                ("event_id", pa.string()),
                ("day", pa.date32()),
                ("moment", pa.timestamp("us")),
                ("cookie_id", pa.string()),
                ("value", pa.string()),
            ]
        ),
    )


def stored(place: str, events: list[Event], directory: Path) -> tuple[Engine | str, str]:
    """Store events and return what to connect to, and the name of the table."""
    makers: dict[str, Callable[[], tuple[Engine | str, str]]] = {
        "parquet": lambda: (_parquet(events, directory), "data"),
        "arrow": lambda: (connect(arrow(events)), "data"),
        "duckdb file": lambda: (_duckdb_file(events, directory), "events"),
        "postgres text": lambda: _postgres(events, VERSIONS[0], "text", "text"),
    }
    if place in makers:
        return makers[place]()
    return _postgres(events, int(place.removeprefix("postgres")), "uuid", "json")


def _parquet(events: list[Event], directory: Path) -> str:
    path = directory / "events.parquet"
    pq.write_table(arrow(events), path)
    return str(path)


def _duckdb_file(events: list[Event], directory: Path) -> str:
    path = directory / "events.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.register("given", arrow(events))
        connection.execute(
            "CREATE TABLE events AS SELECT event_id::uuid AS event_id, day, moment, "
            "cookie_id::uuid AS cookie_id, value::json AS value FROM given"
        )
    return str(path)


_tables = iter(range(1_000_000))


def _postgres(events: list[Event], version: int, id_type: str, value_type: str) -> tuple[str, str]:
    url = postgres_server.session_url(version)
    name = f"events_{next(_tables)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(
            f"CREATE TABLE {name} (event_id {id_type} PRIMARY KEY, day date, moment timestamp, "
            f"cookie_id {id_type}, value {value_type})"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {name} VALUES (%(event_id)s, %(day)s, %(moment)s, %(cookie_id)s, %(value)s)", events
            )
    return url, name
