"""Tables that change, on every engine, to take snapshots of."""

from __future__ import annotations

import datetime
import json
import random
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import servers

from objectiv_local import DataFrame, ModelHub

ENGINES = servers.NEAR
HUB = ModelHub()
COLUMNS = ("id", "user", "at", "kind", "props")
SCHEMA = pa.schema(
    [("id", pa.string()), ("user", pa.string()), ("at", pa.timestamp("us")), ("kind", pa.string()), ("props", pa.string())]
)


def event(number, user="a", at="2024-01-05 10:00", kind="view", **props):
    """Return a row of the table."""
    return {
        "id": f"e{number:04}",
        "user": user,
        "at": datetime.datetime.fromisoformat(at),
        "kind": kind,
        "props": json.dumps(props),
    }


def stream(seed, count=80):
    """Return events of four months, with returning users, ties, and some events without a user."""
    draw = random.Random(seed)
    start = datetime.datetime(2023, 11, 20)
    moments = [start + datetime.timedelta(minutes=draw.choice((5, 25, 45)) * draw.randrange(3000)) for _ in range(count // 2)]
    return [
        {
            "id": f"e{number:04}",
            "user": draw.choice(["a", "b", "c", "d", None]),
            "at": draw.choice(moments),
            "kind": draw.choice(["view", "cart", "buy"]),
            "props": json.dumps({"plan": draw.choice(["free", "pro"]), "n": draw.randrange(3)}),
        }
        for number in range(count)
    ]


class Table:
    """A table of events on an engine, whose rows can be replaced."""

    def __init__(self, engine, directory, rows):
        self.engine = engine
        self.directory = Path(directory)
        self.name = f"events_{abs(hash(str(directory))) % 10**12}"
        self.write(rows)

    def write(self, rows):
        """Replace the rows of the table."""
        self.rows = list(rows)
        if self.engine == "duckdb":
            partial = self.directory / ".part"
            pq.write_table(pa.Table.from_pylist(self.rows, schema=SCHEMA), partial)
            partial.replace(self.directory / "events.parquet")
            return
        with psycopg.connect(self.target, autocommit=True) as connection, connection.transaction():
            connection.execute(
                f'CREATE TABLE IF NOT EXISTS {self.name} (id text primary key, "user" text, at timestamp, '
                f"kind text, props jsonb)"
            )
            connection.execute(f"DELETE FROM {self.name}")
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {self.name} VALUES (%s, %s, %s, %s, %s)",
                    [tuple(row[name] for name in COLUMNS) for row in self.rows],
                )

    @property
    def target(self):
        """The source to connect to."""
        return str(self.directory / "events.parquet") if self.engine == "duckdb" else servers.target(self.engine)

    def events(self, connection=None, **options):
        """Return the event frame of the table."""
        table = {} if self.engine == "duckdb" else {"table_name": self.name}
        return HUB.events(
            connection or self.target,
            user_id="user",
            moment="at",
            event_type="kind",
            event_id="id",
            schema="table",
            **table,
            **options,
        )


def content(frame):
    """Return the rows of a frame by its index, with JSON as Python values."""
    table = frame.to_arrow()
    names = [name for name in table.column_names if frame._state.plan.types[name].name == "json"]
    rows = [
        {name: json.loads(value) if name in names and value is not None else value for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return table.schema, sorted(rows, key=lambda row: str([row[name] for name in frame.index_columns or frame.data_columns]))


def parquet_rows(directory):
    """Return the number of rows that another program finds in the files of the current version."""
    version = json.loads((Path(directory) / "manifest.json").read_text())["version"]
    return duckdb.sql(f"SELECT count(*) FROM read_parquet('{directory}/{version}/rows/**/*.parquet')").fetchall()[0][0]


def frame_of(engine, columns):
    """Return a frame over columns on an engine, indexed by row number."""
    from frame.frames import load

    found: DataFrame = load(engine, columns)
    return found
