"""Sets of Parquet files: the files that are read, and their combined columns."""

from __future__ import annotations

import datetime
import decimal
import logging
import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame
from objectiv_local.engines import connect
from objectiv_local.engines.duckdb import files
from objectiv_local.errors import DataInvalid, InvalidValue, TableNotFound


def write(path: Path, **columns: object) -> Path:
    """Write a Parquet file of the columns, and return where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def rows(target: object) -> list[dict[str, object]]:
    """Return the rows of a target, by the order of its first column."""
    df = DataFrame.from_table(target, "data")
    return df.sort_values(df.data_columns[0]).to_arrow().to_pylist()


@pytest.fixture
def notices(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return what was logged."""
    caplog.set_level(logging.WARNING, "objectiv_local")
    return caplog


# ---- which files


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("r[1].parquet", "r1.parquet"),
        ("s*.parquet", "sx.parquet"),
        ("t?.parquet", "tx.parquet"),
        ("[!x].parquet", "y.parquet"),
        ("**.parquet", "z.parquet"),
        ("a]b[.parquet", "a.parquet"),
        ("back\\slash.parquet", "backslash.parquet"),
    ],
)
def test_a_file_is_meant_by_its_very_name(tmp_path: Path, name: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / name, x=[1])
    write(tmp_path / other, x=[2])
    monkeypatch.chdir(tmp_path)
    for target in (tmp_path / name, str(tmp_path / name), name, f"file://{tmp_path}/{name}", f"FILE:{tmp_path}/{name}"):
        assert rows(target) == [{"x": 1}]
    assert rows(other) == [{"x": 2}]


def test_a_directory_is_meant_by_its_very_name(tmp_path: Path) -> None:
    write(tmp_path / "d[1]" / "in [x].parquet", x=[1])
    write(tmp_path / "d1" / "in x.parquet", x=[2])
    assert rows(tmp_path / "d[1]") == [{"x": 1}]
    assert rows(str(tmp_path / "d[[]1]" / "*.parquet")) == [{"x": 1}]
    assert rows(str(tmp_path / "d[1]" / "*.parquet")) == [{"x": 2}]


def test_files_of_writers_and_formats_are_left_out_of_a_directory(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.parquet", x=[1])
    write(tmp_path / "_kind=new" / "b.parquet", x=[2])
    engine = connect(tmp_path)
    assert [row["x"] for row in rows(engine)] == [1, 2]
    assert engine.table("data").relation.parts == (f"{tmp_path}/**/*.parquet",)
    notices.clear()
    for name in (
        "_temporary/0/c.parquet",
        "_delta_log/00.checkpoint.parquet",
        ".hidden.parquet",
        "_tmp.parquet",
        ".cache/d.parquet",
    ):
        write(tmp_path / name, x=[3])
    assert [row["x"] for row in rows(tmp_path)] == [1, 2]
    assert "and 2 more, whose names or directories begin with a dot or an underscore" in notices.text


def test_case_of_the_suffix_and_links(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    top, outside = tmp_path / "top", tmp_path / "outside"
    write(top / "a.parquet", x=[1])
    write(top / "sub" / "B.PARQUET", x=[2])
    write(outside / "c.parquet", x=[3])
    (top / "loop").symlink_to(top, target_is_directory=True)
    (top / "again").symlink_to(top / "sub", target_is_directory=True)
    (top / "elsewhere").symlink_to(outside, target_is_directory=True)
    (top / "0.parquet").symlink_to("a.parquet")
    (top / "d.parquet").symlink_to(write(tmp_path / "one" / "d.parquet", x=[4]))
    assert [row["x"] for row in rows(top)] == [1, 2, 3, 4]
    assert f"skipped '{top}/0.parquet'" in notices.text
    assert [row["x"] for row in rows(str(top / "*.parquet"))] == [1, 1, 4]


def test_a_linked_directory_is_entered(tmp_path: Path) -> None:
    write(tmp_path / "top" / "a.parquet", x=[1])
    write(tmp_path / "outside" / "b.parquet", x=[2])
    (tmp_path / "top" / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert rows(tmp_path / "top") == [{"x": 1}, {"x": 2}]


def test_a_directory_that_changed_is_read_anew(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    engine = connect(tmp_path)
    write(tmp_path / "b.parquet", x=[2])
    assert connect(tmp_path) is engine
    assert [row["x"] for row in rows(tmp_path)] == [1, 2]
    write(tmp_path / "_tmp" / "c.parquet", x=[3])
    assert connect(tmp_path) is not engine
    assert [row["x"] for row in rows(tmp_path)] == [1, 2]


def test_what_is_no_directory_of_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(tmp_path.anchor)
    monkeypatch.chdir(root)
    for target in (root, str(root), "//", "/..", "."):
        with pytest.raises(InvalidValue, match=r"is the root of the file system\nhint: pass the directory of a table"):
            connect(target)
    for text in ("", "  "):
        with pytest.raises(InvalidValue, match=r"the string to connect to is empty\nhint: pass a Parquet, CSV, JSON Lines or "):
            connect(text)
    write(tmp_path / "_tmp" / "a.parquet", x=[1])
    with pytest.raises(TableNotFound, match=r"contains no Parquet, CSV, JSON Lines or Arrow file"):
        connect(tmp_path)
    for number in range(30):
        (tmp_path / str(number)).mkdir()
    monkeypatch.setattr(files, "_MOST_ENTRIES", 30)
    with pytest.raises(InvalidValue, match=r"contains more than 30 files and directories\nhint: .*pattern"):
        connect(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every directory")
def test_a_directory_that_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    closed = write(tmp_path / "closed" / "b.parquet", x=[2]).parent
    closed.chmod(0)
    try:
        with pytest.raises(DataInvalid, match="closed' cannot be read: Permission denied"):
            connect(tmp_path)
    finally:
        closed.chmod(0o700)


# ---- which columns


def test_columns_that_some_files_lack(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "1.parquet", a=[1], B=["x"])
    write(tmp_path / "2.parquet", c=[1.5], b=["y"], a=[2])
    write(tmp_path / "3.parquet", a=[3])
    expected = [{"a": 1, "B": "x", "c": None}, {"a": 2, "B": "y", "c": 1.5}, {"a": 3, "B": None, "c": None}]
    for target in (tmp_path, str(tmp_path / "*.parquet")):
        notices.clear()
        engine = connect(target)
        assert rows(engine) == expected
        assert "1 of 3 files, such as" in notices.text
        assert "3.parquet', have no column 'B': its values are missing in their rows" in notices.text
        assert "2 of 3 files" in notices.text
        notices.clear()
        rows(engine)
        assert not notices.text
    assert f"read_parquet('{tmp_path}/**/*.parquet', union_by_name = true)" in DataFrame.from_parquet(str(tmp_path)).view_sql()


def test_files_with_the_same_columns_need_no_union(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "1.parquet", a=[1], b=["x"])
    write(tmp_path / "2.parquet", b=["y"], a=[2])
    assert rows(tmp_path) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert f"FROM read_parquet('{tmp_path}/**/*.parquet')" in DataFrame.from_parquet(str(tmp_path)).view_sql()
    assert not notices.text


MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("one", "two", "expected", "told"),
    [
        ([1], [1.5], [1.0, 1.5], "BIGINT in .* and DOUBLE in .*: it is read as DOUBLE"),
        (pa.array([1], pa.int32()), [2**40], [1, 2**40], ""),
        (pa.array([0.5], pa.float32()), [0.1], [0.5, 0.1], ""),
        ([decimal.Decimal("1.5")], [decimal.Decimal("1.255")], [decimal.Decimal("1.500"), decimal.Decimal("1.255")], "DECIMAL"),
        ([1], [decimal.Decimal("1.5")], [decimal.Decimal("1.0"), decimal.Decimal("1.5")], "DECIMAL"),
        ([datetime.date(2020, 1, 2)], [MOMENT], [datetime.datetime(2020, 1, 2), MOMENT], "DATE in .* and TIMESTAMP in"),
        ([MOMENT], pa.array([MOMENT], pa.timestamp("ns", "UTC")), [MOMENT, MOMENT], ""),
        (pa.nulls(1), [5], [None, 5], ""),
        ([5], pa.nulls(1), [5, None], ""),
        ([{"a": 1}], [{"a": 2, "b": "x"}], ['{"a":1,"b":null}', '{"a":2,"b":"x"}'], "STRUCT"),
        ([[1]], [[1.5]], ["[1.0]", "[1.5]"], r"BIGINT\[\] in .* and DOUBLE\[\] in"),
    ],
)
def test_types_that_go_together(
    tmp_path: Path, notices: pytest.LogCaptureFixture, one: object, two: object, expected: list[object], told: str
) -> None:
    for first, second in ((one, two), (two, one)):
        write(tmp_path / "1.parquet", n=[1 if first is one else 2], x=first)
        write(tmp_path / "2.parquet", n=[2 if first is one else 1], x=second)
        notices.clear()
        assert [row["x"] for row in rows(connect(tmp_path, new=True))] == expected
        if told:
            assert "the column 'x' is " in notices.text
        else:
            assert not notices.text
    if told:
        connect(tmp_path, new=True).table("data")
        assert re.search(told, notices.text)


@pytest.mark.parametrize(
    ("one", "two", "types"),
    [
        ([1], ["a"], "BIGINT in .* and VARCHAR in"),
        ([datetime.date(2020, 1, 2)], ["2020-01-02"], "DATE in .* and VARCHAR in"),
        ([True], [2], "BIGINT in .* and BOOLEAN in"),
        ([1], [MOMENT], "BIGINT in .* and TIMESTAMP in"),
        ([2**60 + 1], pa.array([0.5], pa.float32()), "BIGINT in .* and FLOAT in"),
        ([[1]], [["a"]], r"BIGINT\[\] in .* and VARCHAR\[\] in"),
        ([{"a": 1}], [{"a": "x"}], "STRUCT"),
    ],
)
def test_types_that_do_not_go_together(tmp_path: Path, one: object, two: object, types: str) -> None:
    for first, second in ((one, two), (two, one)):
        write(tmp_path / "1.parquet", x=first)
        write(tmp_path / "2.parquet", x=second)
        with pytest.raises(DataInvalid, match=f"the column 'x' is {types}.*\nhint: write the files with the same type"):
            connect(tmp_path, new=True).table("data")


def test_names_that_differ_in_case_only(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    one = pa.table([pa.array([{"q": {"z": 0}, "r": 5}]), pa.array([1]), pa.array([2])], names=["s", "x", "X"]).select([1, 0, 2])
    pq.write_table(one, tmp_path / "1.parquet")
    assert list(rows(tmp_path)[0]) == ["x", "s", "X_1"]
    assert "include 'X' twice, or two names that differ only in case: one of them is read as 'X_1'" in notices.text
    pq.write_table(pa.table([pa.array([11]), pa.array([22])], names=["X", "x"]), tmp_path / "2.parquet")
    with pytest.raises(DataInvalid, match=r"'X' twice.* and other files have other columns"):
        connect(tmp_path, new=True).table("data")


# ---- folders that name a column


def test_folders_are_columns(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "year=2023" / "month=1" / "a.parquet", x=[1])
    write(tmp_path / "year=2024" / "month=2" / "b.parquet", x=[2], y=["only here"])
    assert rows(tmp_path) == [
        {"x": 1, "y": None, "month": 1, "year": 2023},
        {"x": 2, "y": "only here", "month": 2, "year": 2024},
    ]
    assert "have no column 'y'" in notices.text


def test_a_column_of_the_files_counts_more_than_the_name_of_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "Day=1" / "a.parquet", x=[1], day=["one"])
    write(tmp_path / "Day=b" / "b.parquet", x=[2], day=["two"])
    assert rows(tmp_path) == [{"x": 1, "day": "one"}, {"x": 2, "day": "two"}]
    assert rows(path) == [{"x": 1, "day": "one"}]


def test_folders_that_are_no_columns_are_told(tmp_path: Path, notices: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.parquet", x=[1])
    write(tmp_path / "k=2" / "b.parquet", x=[2])
    assert rows(tmp_path) == [{"x": 1}, {"x": 2}]
    assert "only some files are in folders named 'k': these are not columns" in notices.text
    write(tmp_path / "both" / "j=1" / "x=7" / "c.parquet", x=[3])
    assert rows(tmp_path / "both") == [{"x": 7, "j": 1}]
    assert "'x': read from the folder names, not from the files" in notices.text


# ---- values


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_nanoseconds_are_cut_off_as_for_rows_in_memory(tmp_path: Path, zone: str | None) -> None:
    moments = [1_577_923_199_999_999_999, 1_577_923_200_000_000_500, -1, -1000, -1001, 999, 1000, None]
    table = pa.table({"n": range(len(moments)), "t": pa.array(moments, pa.timestamp("ns", zone))})
    expected = [
        None if moment is None else datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=moment // 1000)
        for moment in moments
    ]
    pq.write_table(table, tmp_path / "t.parquet")
    for df in (
        DataFrame.from_parquet(str(tmp_path / "t.parquet")),
        DataFrame.from_table(connect(table), "data"),
        DataFrame.from_table(connect(pd.DataFrame({"n": table["n"], "t": table["t"].to_pandas()})), "data"),
    ):
        assert [row["t"] for row in df.sort_values("n").to_arrow().to_pylist()] == expected
