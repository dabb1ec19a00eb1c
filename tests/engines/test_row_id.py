"""Row ids of stored tables: the same results when JSON is read late, wherever the rows are stored."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame
from objectiv_local.dialects import compile_plan
from objectiv_local.engines import Engine, connect
from objectiv_local.engines.duckdb import parquet
from objectiv_local.plan.nodes import Source, topological
from objectiv_local.plan.relation import Relation

#: Two rows are equal, and others have equal ids: no column identifies rows.
EVENTS = [(number // 2, f"user {number % 3}", number if number > 1 else 0) for number in range(40)]
LATE = "read JSON late"


def table(first: int = 0, last: int = 40, **columns: list[object]) -> pa.Table:
    rows = EVENTS[first:last]
    return pa.table(
        {
            "id": [row[0] for row in rows],
            "user_id": [row[1] for row in rows],
            "n": [row[2] for row in rows],
            **columns,
            "value": [json.dumps({"n": row[2], "deep": [row[1], row[0]]}) for row in rows],
        }
    )


def check(engine: Engine, name: str, *, row_id: bool = True) -> None:
    """Assert that some rows of a table have the right JSON, and that it is read late if rows have an id."""
    df = DataFrame.from_table(engine, name, columns=["id", "user_id", "n", "value"], all_dtypes={"value": "json"})
    df["number"] = df.n.window_row_number(df.sort_values(["n", "id"]).groupby("user_id").window())
    df["deep"] = df.value.json["deep"]
    df = df[df.number >= 4].sort_values(["n", "id"])
    # Of three users with 14, 13 and 13 events.
    for frame, count in ((df[:7], 7), (df, 11 + 10 + 10)):
        plan = frame._state._chosen(frame.data_columns, None)
        assert any(source.row_id for source in topological(plan) if isinstance(source, Source)) is row_id
        late = compile_plan(plan, engine.dialect)
        assert ("of the rows that are left" in late.sql) is row_id
        rows = engine.arrow(late.sql, late.schema).to_pylist()
        plain = compile_plan(plan, engine.dialect, without=[LATE])
        assert rows == engine.arrow(plain.sql, plain.schema).to_pylist()
        assert [json.loads(row["value"])["n"] for row in rows] == [row["n"] for row in rows]
        assert [json.loads(row["deep"]) for row in rows] == [[row["user_id"], row["id"]] for row in rows]
        assert len(rows) == count


# ---- Parquet


def test_a_file_with_several_row_groups(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "events.parquet", row_group_size=7)
    check(connect(tmp_path / "events.parquet"), "data")


def test_files_with_rows_of_the_same_numbers(tmp_path: Path) -> None:
    pq.write_table(table(0, 20), tmp_path / "a.parquet")
    pq.write_table(table(20, 40), tmp_path / "b.parquet")
    check(connect(tmp_path), "data")
    check(connect(str(tmp_path / "*.parquet")), "data")


def test_files_with_other_columns_in_folders(tmp_path: Path) -> None:
    for year, part in ((2023, table(0, 20)), (2024, table(20, 40, extra=[1] * 20))):
        (tmp_path / f"year={year}").mkdir()
        pq.write_table(part, tmp_path / f"year={year}" / "a.parquet")
    check(connect(tmp_path), "data")


@pytest.mark.parametrize("name", ["file_row_number", "FILENAME"])
def test_a_column_with_the_name_of_one_of_duckdb(tmp_path: Path, name: str) -> None:
    pq.write_table(table(0, 20, **{name: [1] * 20}), tmp_path / "a.parquet")
    pq.write_table(table(20, 40, **{name: [1] * 20}), tmp_path / "b.parquet")
    check(connect(tmp_path), "data", row_id=False)


def test_files_that_may_be_read_twice() -> None:
    columns = (("x", "BIGINT"),)
    for parts in (("a.parquet", "a.parquet"), ("*.parquet", "a.parquet")):
        assert parquet._row_id(Relation("parquet", parts), columns) == ()
    assert len(parquet._row_id(Relation("parquet", ("a.parquet", "b.parquet")), columns)) == 2


# ---- tables of DuckDB


def test_tables_of_duckdb(tmp_path: Path) -> None:
    rows = table()
    with duckdb.connect() as own:
        own.register("rows", rows)
        own.execute("CREATE TABLE events AS FROM rows; CREATE TEMPORARY TABLE passing AS FROM rows")
        own.execute("CREATE VIEW seen AS FROM events; CREATE TABLE named AS SELECT *, 1 AS RowID FROM rows")
        engine = connect(own)
        for name in ("events", "passing"):
            check(engine, name)
        for name in ("seen", "named", "rows"):
            check(engine, name, row_id=False)
        kept = DataFrame.from_table(engine, "events").materialize(materialization="temp_table")
        check(engine, kept._state.plan.relation.parts[-1])


# ---- tables of Postgres


CREATE = "CREATE {} (id bigint, user_id text, n bigint, value json)"
INSERT = (
    "INSERT INTO {} SELECT i / 2, 'user ' || i % 3, CASE WHEN i > 1 THEN i ELSE 0 END, "
    "json_build_object('n', CASE WHEN i > 1 THEN i ELSE 0 END, 'deep', json_build_array('user ' || i % 3, i / 2)) "
    "FROM generate_series({}, {}) AS i"
)


@pytest.fixture
def postgres(postgres_url: str) -> Engine:
    with connect(postgres_url, read_only=False, new=True) as engine:
        engine.execute("DROP SCHEMA IF EXISTS row_id CASCADE")
        engine.execute("CREATE SCHEMA row_id")
        engine.execute("SET search_path = row_id")
        yield engine
        engine.execute("DROP SCHEMA row_id CASCADE")


def test_tables_of_postgres(postgres: Engine) -> None:
    postgres.execute(CREATE.format("TABLE events"))
    postgres.execute(INSERT.format("events", 0, 39))
    postgres.execute("CREATE VIEW seen AS SELECT * FROM events")
    postgres.execute("CREATE MATERIALIZED VIEW stored AS SELECT * FROM events")
    postgres.execute("CREATE TEMPORARY TABLE passing AS SELECT * FROM events")
    for name in ("events", "stored", "passing"):
        check(postgres, name)
    check(postgres, "seen", row_id=False)


def test_tables_in_parts(postgres: Engine) -> None:
    postgres.execute(CREATE.format("TABLE events") + " PARTITION BY RANGE (id)")
    postgres.execute("CREATE TABLE first PARTITION OF events FOR VALUES FROM (0) TO (10)")
    postgres.execute("CREATE TABLE rest PARTITION OF events FOR VALUES FROM (10) TO (100)")
    postgres.execute(INSERT.format("events", 0, 39))
    check(postgres, "events", row_id=False)


def test_a_table_that_gets_an_heir_after_it_was_opened(postgres: Engine) -> None:
    postgres.execute(CREATE.format("TABLE events"))
    postgres.execute(INSERT.format("events", 0, 19))
    postgres.execute(CREATE.format("TABLE more"))
    df = DataFrame.from_table(postgres, "events", index="id")
    df["number"] = df.n.window_row_number(df.sort_values(["n", "id"]).groupby("user_id").window())
    postgres.execute(INSERT.format("more", 20, 39))
    postgres.execute("ALTER TABLE more INHERIT events")
    rows = df[df.number >= 4].sort_values("n").to_arrow().to_pylist()
    assert [json.loads(row["value"])["n"] for row in rows] == [row["n"] for row in rows]
    assert len(rows) == 11 + 10 + 10
