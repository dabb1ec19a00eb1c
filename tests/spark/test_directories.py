"""Directories of Parquet files: no file, no column and no digit is lost, whichever file is read first."""

from __future__ import annotations

import datetime
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_server

from objectiv_local import DataFrame, connect
from objectiv_local.engines.spark.directories import folders, require_all, typed
from objectiv_local.errors import DataInvalid, TableNotFound


@pytest.fixture(scope="module")
def engine():
    with connect(spark_server.session_url(), new=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path):
    for each in (tmp_path, *tmp_path.parents):
        if "pytest" in str(each):
            each.chmod(0o755)

    def put(name, columns):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)

    return put


def read(engine, path):
    table = DataFrame.from_table(engine, str(path), index=[]).to_arrow()
    return sorted(table.to_pylist(), key=str)


def test_columns_are_those_of_all_files(engine, tmp_path, write):
    write("more/a.parquet", {"id": [1]})
    write("more/b.parquet", {"id": [2], "city": ["Bern"]})
    write("fewer/a.parquet", {"id": [1], "city": ["Bern"]})
    write("fewer/b.parquet", {"id": [2]})
    assert read(engine, tmp_path / "more") == [{"id": 1, "city": None}, {"id": 2, "city": "Bern"}]
    assert read(engine, tmp_path / "fewer") == [{"id": 1, "city": "Bern"}, {"id": 2, "city": None}]


@pytest.mark.parametrize("other", [pa.array([2], pa.int32()), pa.array(["x"]), pa.array([1.5])])
def test_files_with_other_types(engine, tmp_path, write, other):
    write("typed/a.parquet", {"id": pa.array([1], pa.int64())})
    write("typed/b.parquet", {"id": other})
    with pytest.raises(DataInvalid, match=r"(?s)schema.*hint: write the files with the same type"):
        read(engine, tmp_path / "typed")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["01", "02", "1"], ["01", "02", "1"]),
        (["1.50", "2"], ["1.50", "2"]),
        (["-5", "20"], [-5, 20]),
        (["2024-01-31", "__HIVE_DEFAULT_PARTITION__"], [datetime.date(2024, 1, 31), None]),
        (["2024-01-31", "7"], ["2024-01-31", "7"]),
        (["9223372036854775808", "1"], ["1", "9223372036854775808"]),
        (["a%2Fb", "x y"], ["a/b", "x y"]),
    ],
)
def test_values_of_folders(engine, tmp_path, write, values, expected):
    for value in values:
        write(f"parts/part={value}/a.parquet", {"id": [1]})
    frame = DataFrame.from_table(engine, str(tmp_path / "parts"), index=[])
    found = [row["part"] for row in read(engine, tmp_path / "parts")]
    assert sorted(found, key=str) == sorted(expected, key=str)
    one = expected[0]
    assert frame[frame.part == one].id.sum().value == 1


def test_files_beside_folders_are_not_left_out(engine, tmp_path, write):
    write("mixed/a.parquet", {"id": [1]})
    write("mixed/year=2024/b.parquet", {"id": [2]})
    with pytest.raises(DataInvalid, match="in folders with different names"):
        read(engine, tmp_path / "mixed")
    assert read(engine, tmp_path / "mixed" / "*") == [{"id": 1}, {"id": 2}]


def test_a_column_of_files_and_folders(engine, tmp_path, write, caplog):
    write("twice/year=2024/a.parquet", {"id": [1], "year": [1999]})
    with caplog.at_level(logging.WARNING):
        assert read(engine, tmp_path / "twice") == [{"id": 1, "year": 2024}]
    assert "'year': read from the folder names" in caplog.text
    # The directory of the path itself is not a column.
    assert read(engine, tmp_path / "twice" / "year=2024") == [{"id": 1, "year": 1999}]


def test_directories_that_have_no_files(engine, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with pytest.raises(TableNotFound, match=f"finds no parquet files in .*{name}"):
            read(engine, tmp_path / name)


def test_files_of_another_kind_are_named(engine, tmp_path, write):
    write("kinds/a.parquet", {"id": [1]})
    (tmp_path / "kinds" / "b.csv").write_text("id\n2\n")
    with pytest.raises(DataInvalid, match=r"b\.csv"):
        read(engine, tmp_path / "kinds")


def test_timestamps_in_nanoseconds_are_said_to_be_unreadable(engine, tmp_path, write):
    write("exact/a.parquet", {"moment": pa.array([1], pa.timestamp("ns"))})
    with pytest.raises(DataInvalid, match=r"(?s)NANOS.*hint: .*microseconds"):
        read(engine, tmp_path / "exact")


# ---- names of files alone


def test_folders_between_the_path_and_the_files():
    files = {"file:///data/a=1/b=x%2520y/f.parquet", "file:///data/a=2/b=z/f.parquet"}
    assert folders("/data", sorted(files)) == {"a": ["1", "2"], "b": ["x y", "z"]}
    assert folders("/data/a=1/", ["file:///data/a=1/b=z/f.parquet"]) == {"b": ["z"]}
    assert folders("/data/*", files) == {}
    require_all("/data", files, files)
    with pytest.raises(DataInvalid, match="different names"):
        require_all("/data", both := files | {"file:///data/a=3/f.parquet"}, both)


def test_types_of_folders():
    columns = (("id", "bigint"), ("a", "string"), ("b", "string"))
    assert typed(columns, {"a": ["1", "0"], "b": ["2024-01-01"]}) == (
        ("id", "bigint"),
        ("a", "string as bigint"),
        ("b", "string as date"),
    )
    assert typed(columns, {"a": ["1", "00"], "b": ["__HIVE_DEFAULT_PARTITION__"]}) == columns
