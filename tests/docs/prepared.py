"""What the programs of the docs read: the files that they name in a directory, and the tables of their Postgres address."""

from __future__ import annotations

import gzip
import json
import shutil
from functools import cache
from pathlib import Path

import duckdb
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from hub.events import stream

from objectiv_local import DataFrame, connect, sample

#: The address that the docs name, and its tables.
ADDRESS = "postgresql://analyst@db.example.com/shop"


def files(directory: Path) -> None:
    """Write every file that a page reads."""
    events = stream.stream()
    stream.as_csv(events, directory / "clicks.csv")
    stream.lines(directory / "posthog.jsonl.gz", stream.posthog(events))
    _text(directory / "mixpanel.jsonl", stream.mixpanel(events))
    (directory / "amplitude").mkdir()
    half = len(events) // 2
    for name, part in (("2024-03-04_0", events[:half]), ("2024-03-04_1", events[half:])):
        with gzip.open(directory / "amplitude" / f"{name}.json.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(each) + "\n" for each in stream.amplitude(part))
    (directory / "ga4").mkdir()
    stream.ga4(events, directory / "ga4" / "events_20240304.parquet")
    pq.write_table(stream.segment(events), directory / "tracks.parquet")
    pq.write_table(stream.snowplow(events), directory / "snowplow.parquet")
    pq.write_table(pa.Table.from_pylist(stream.objectiv(events)), directory / "objectiv.parquet")
    shutil.copy(sample.path(), directory / "events.parquet")
    _text(directory / "shop.jsonl", [SHOP])
    _text(directory / "matomo.jsonl", [VISIT])
    _text(directory / "orders.jsonl", ORDERS)
    (directory / "models").mkdir()
    with duckdb.connect(str(directory / "shop.duckdb")) as connection:
        connection.execute("CREATE SCHEMA web")
        connection.execute("CREATE SCHEMA analytics")
        connection.execute(f"CREATE TABLE web.clicks AS FROM '{directory / 'clicks.csv'}'")


def _text(path: Path, objects: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), "utf-8")


SHOP = {
    "id": 1,
    "visitor": "a",
    "at": "2024-03-01T10:00:00Z",
    "name": "view",
    "url": "https://shop.example/cart?x",
    "data": {"geo": {"country": "NL"}},
}
VISIT = {
    "idVisit": 7,
    "visitorId": "a",
    "actionDetails": [
        {"type": "action", "url": "https://shop.example/", "timestamp": 1709287200},
        {"type": "search", "url": "https://shop.example/s", "timestamp": 1709287260},
    ],
}
ORDERS = [
    {"id": 1, "customer": "ann", "placed": "2024-03-01T10:00:00Z", "amount": 30.0},
    {"id": 2, "customer": "bob", "placed": "2024-03-02T10:00:00Z", "amount": 20.0},
    {"id": 3, "customer": "ann", "placed": "2024-03-09T10:00:00Z", "amount": 50.0},
]


@cache
def postgres() -> str:
    """Return the address of a database of its own with the tables of the docs."""
    url = postgres_server.session_url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS docs_of_shop")
        connection.execute("CREATE DATABASE docs_of_shop")
    url = _database(url, "docs_of_shop")
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("web", "analytics", "atomic"):
            connection.execute(f"CREATE SCHEMA {name}")
        connection.execute("CREATE TABLE orders (id int PRIMARY KEY, city text, placed timestamp, amount numeric(10, 2))")
        # 24 hours of January have 8 orders of each city; the other 76 are of February.
        connection.execute(
            "INSERT INTO orders SELECT i, 'city ' || i % 3, TIMESTAMP '2022-01-31' + i * INTERVAL '1 hour', i "
            "FROM generate_series(1, 100) AS t (i)"
        )
    events = stream.stream()
    engine = connect(url, read_only=False)
    clicks = pa.Table.from_pylist(
        [{"uid": each.user, "ts": each.moment, "action": each.type, "page": each.page, "plan": each.plan} for each in events]
    )
    tables = {
        "web.clicks": clicks,
        "web.tracks": stream.segment(events),
        "atomic.events": stream.snowplow(events),
        "data": pq.read_table(sample.path()),
    }
    for name, table in tables.items():
        DataFrame.from_arrow(engine, table, materialization="temp_table").database_create_table(name)
    engine.close()
    return url


def _database(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        old = connection.info.dbname
    assert f"/{old}" in url
    head, _, rest = url.rpartition(f"/{old}")
    return f"{head}/{name}{rest}"
