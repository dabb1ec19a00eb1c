"""Tables with a column of an unsupported type: the other columns are read, and the log names the missing one."""

from __future__ import annotations

import datetime
import decimal
import logging
from collections.abc import Iterator
from pathlib import Path

import duckdb
import postgres_server
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType

#: For each engine: a supported column with its value, and unsupported columns.
TYPES = {
    "postgres": (
        {
            "zoned timestamptz": ("2024-03-01 10:30+02", datetime.datetime(2024, 3, 1, 8, 30)),
            "mood odd.mood": ("ok", "ok"),
            "tags text[]": ("{a,b}", ["a", "b"]),
            "moods odd.mood[]": ("{sad,ok}", ["sad", "ok"]),
            "ip inet": ("10.0.0.1", "10.0.0.1"),
            "host inet": ("10.0.0.1/8", "10.0.0.1/8"),
            "ips inet[]": ("{10.0.0.1}", ["10.0.0.1"]),
            "mail odd.citext": ("A@b", "A@b"),
            "cash money": ("12.50", decimal.Decimal("12.5")),
            "pause interval": ("1 day 2 hours", datetime.timedelta(days=1, hours=2)),
            "many odd.positive": ("3", 3),
            "pair odd.pair": ("(1,x)", {"a": 1, "b": "x"}),
            "pairs odd.pair[]": ('{"(1,x)"}', [{"a": 1, "b": "x"}]),
            "flags bit(3)": ("101", "101"),
            "id_of oid": ("17", 17),
        },
        {
            "amount numeric": "1.5",
            "place point": "(1,2)",
            "raw bytea": "abc",
            "clock timetz": "10:30+02",
            "pauses interval[]": "{1 day}",
            "words tsvector": "a b",
            "span int4range": "[1,5)",
            "cashes money[]": "{1.5}",
            "counts numeric[]": "{1.5}",
        },
    ),
    "duckdb": (
        {
            "mood ENUM('sad', 'ok')": ("ok", "ok"),
            "moods ENUM('sad', 'ok')[]": ("[sad, ok]", ["sad", "ok"]),
            "huge HUGEINT": ("12345678901234567890", decimal.Decimal(12345678901234567890)),
            "big UBIGINT": ("18446744073709551615", decimal.Decimal(18446744073709551615)),
            "huges HUGEINT[]": ("[12345678901234567890]", [12345678901234567890]),
            "props MAP(VARCHAR, INTEGER)": ("{plan=1, b=NULL}", {"plan": 1, "b": None}),
            "zones MAP(VARCHAR, TIMESTAMPTZ)": ("{a='2024-03-01 10:30:00+02'}", {"a": "2024-03-01 08:30:00"}),
            "one UNION(n INTEGER, s VARCHAR)": ("x", {"s": "x"}),
            "nested INTEGER[][]": ("[[1,2],[3]]", [[1, 2], [3]]),
            "fixed INTEGER[2]": ("[1, 2]", [1, 2]),
            "deep STRUCT(m MAP(VARCHAR, INTEGER))": ("{'m': {k=1}}", {"m": {"k": 1}}),
            "bits BIT": ("101", "101"),
        },
        {
            "raw BLOB": "abc",
            "clock TIME WITH TIME ZONE": "10:30:00+02",
            "pauses INTERVAL[]": "[1 day]",
            "nanos TIME_NS": "10:30:00",
            "raws MAP(VARCHAR, BLOB)": "{a=b}",
            "inside STRUCT(a BLOB)": "{'a': b}",
        },
    ),
}


class Table:
    def __init__(self, name: str, target: object, run: object) -> None:
        self.read, self.odd = TYPES[name]
        self.target = target
        columns = ", ".join(["k int PRIMARY KEY", *self.read, *self.odd])
        values = ", ".join(
            "'" + value.replace("'", "''") + "'" for value in (*(text for text, _ in self.read.values()), *self.odd.values())
        )
        run(f"CREATE TABLE odd_columns ({columns})")
        run(f"INSERT INTO odd_columns VALUES (1, {values})")
        run("INSERT INTO odd_columns (k) VALUES (2)")
        self.names = [each.split()[0] for each in self.read]
        self.left = [each.split()[0] for each in self.odd]


@pytest.fixture(scope="module", params=["duckdb", *(f"postgres{version}" for version in postgres_server.default_versions())])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    if request.param == "duckdb":
        connection = duckdb.connect()
        yield Table("duckdb", connection, connection.execute)
        return
    url = postgres_server.session_url(int(request.param.removeprefix("postgres")))
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "DROP SCHEMA IF EXISTS odd CASCADE; CREATE SCHEMA odd; CREATE TYPE odd.mood AS ENUM ('sad', 'ok'); "
            "CREATE TYPE odd.pair AS (a int, b text); CREATE DOMAIN odd.positive AS int CHECK (VALUE > 0)"
        )
        # Simulates the extension of that name; the servers of the tests have no extensions.
        of = "LANGUAGE internal IMMUTABLE STRICT AS"
        admin.execute(
            "CREATE TYPE odd.citext; "
            f"CREATE FUNCTION odd.citextin(cstring) RETURNS odd.citext {of} 'textin'; "
            f"CREATE FUNCTION odd.citextout(odd.citext) RETURNS cstring {of} 'textout'; "
            "CREATE TYPE odd.citext (INPUT = odd.citextin, OUTPUT = odd.citextout, INTERNALLENGTH = VARIABLE, "
            "STORAGE = extended, CATEGORY = 'S'); CREATE CAST (odd.citext AS text) WITHOUT FUNCTION AS IMPLICIT"
        )
        admin.execute("SET search_path = public; DROP TABLE IF EXISTS odd_columns")
        try:
            yield Table("postgres", url, admin.execute)
        finally:
            admin.execute("DROP TABLE odd_columns; DROP SCHEMA odd CASCADE")


def test_a_column_of_an_odd_type_is_read_or_left_out_and_named(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        df = DataFrame.from_table(table.target, "odd_columns", index="k")
    assert df.data_columns == table.names
    assert len(caplog.records) == 1
    message = caplog.records[0].getMessage()
    assert message.startswith("odd_columns: left out ")
    for name in table.left:
        assert f"'{name}' (" in message
    for name in table.names:
        assert f"'{name}' (" not in message
    found = df.sort_index().to_pandas()
    for name, (_, wanted) in zip(table.names, table.read.values(), strict=True):
        assert found[name][1] == wanted, name
        assert found[name][[2]].isna().all(), name
    # the key is known, and rows can be counted
    assert len(df) == 2
    assert df.groupby(table.names[0]).size().to_pandas().tolist() == [1, 1]


def test_a_column_that_is_asked_for_raises(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for name in table.left:
            with pytest.raises(InvalidType, match=rf"column '{name}' of odd_columns has the type .* which is not supported"):
                DataFrame.from_table(table.target, "odd_columns", columns=["k", name])
            with pytest.raises(InvalidType, match=rf"column '{name}'"):
                DataFrame.from_table(table.target, "odd_columns", index=name, columns=["k"])
        assert DataFrame.from_table(table.target, "odd_columns", columns=["k"]).data_columns == ["k"]
        with pytest.raises(ColumnNotFound):
            DataFrame.from_table(table.target, "odd_columns", columns=["nope"])
    assert not caplog.records, "nothing is left out that nobody asked for"


def test_types_that_are_given_are_used(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    name = table.left[-1]
    with caplog.at_level(logging.WARNING):
        df = DataFrame.from_table(table.target, "odd_columns", "k", all_dtypes={name: "string", table.names[0]: "string"})
    assert df.dtypes == {name: "string", table.names[0]: "string"}
    assert not caplog.records
    first = df.sort_index().to_pandas()[name].tolist()[0]
    assert isinstance(first, str)
    assert first
    number = {"amount": "decimal(38, 2)"} if "amount" in table.left else {"big": "decimal(38, 2)"}
    column = next(iter(number))
    kept = DataFrame.from_table(table.target, "odd_columns", "k", all_dtypes=number).sort_index().to_pandas()[column]
    assert kept.tolist()[0] == decimal.Decimal("1.50" if column == "amount" else 18446744073709551615)


def test_models_are_read_in_the_same_way(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        df = DataFrame.from_model(table.target, "SELECT * FROM odd_columns", index="k")
    assert df.data_columns == table.names
    assert f"'{table.left[0]}' (" in caplog.text
    whole = DataFrame.from_table(table.target, "odd_columns", index="k")
    assert df.dtypes == whole.dtypes
    assert df.sort_index().to_arrow() == whole.sort_index().to_arrow()


def test_a_table_of_nothing_else_raises() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE blobs AS SELECT 'ab'::BLOB AS a")
    with pytest.raises(InvalidType, match=r"no column of blobs has a supported type: 'a' \(BLOB\)\n.*dtypes"):
        DataFrame.from_table(connection, "blobs")


def test_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(
        pa.table(
            {
                "k": [1, 2],
                "raw": pa.array([b"a", None]),
                "props": pa.array([[("plan", "x")], None], pa.map_(pa.string(), pa.string())),
                "big": pa.array([2**64 - 1, None], pa.uint64()),
                "none": pa.nulls(2),
            }
        ),
        path,
    )
    with caplog.at_level(logging.WARNING):
        df = DataFrame.from_parquet(path)
    assert df.data_columns == ["k", "props", "big", "none"]
    assert "'raw' (BLOB)" in caplog.text
    assert df.to_arrow()["big"].to_pylist() == [decimal.Decimal(2**64 - 1), None]
    assert df.props.json.get_value("plan", as_str=True).to_pandas().tolist()[0] == "x"


def test_a_number_of_39_digits_is_an_error() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE huge AS SELECT 170141183460469231731687303715884105727::HUGEINT AS n")
    with pytest.raises(DataInvalid):
        DataFrame.from_table(connect(connection), "huge").to_pandas()


def test_dtypes_change_single_columns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from objectiv_local import DataFrame
    from objectiv_local.errors import ColumnNotFound

    pq.write_table(pa.table({"n": ["1", "2"], "x": [1.5, 2.5], "b": [b"a", b"b"]}), tmp_path / "a.parquet")
    df = DataFrame.from_parquet(str(tmp_path / "a.parquet"), dtypes={"n": "int64", "x": "decimal(18, 2)"})
    assert df.dtypes == {"n": "int64", "x": "decimal(38,2)"}
    assert df.n.sum().value == 3
    kept = DataFrame.from_table(str(tmp_path / "a.parquet"), "data", columns=["x"], dtypes={"n": "int64"})
    assert kept.dtypes == {"x": "float64"}
    with pytest.raises(ColumnNotFound, match="no column 'nope'"):
        DataFrame.from_table(str(tmp_path / "a.parquet"), "data", dtypes={"nope": "int64"})
