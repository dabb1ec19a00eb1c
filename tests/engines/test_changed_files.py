"""Parquet files that change after a frame was created: new rows are read, other columns or types are an error."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame
from objectiv_local.engines import connect
from objectiv_local.errors import DataInvalid, TableNotFound

if TYPE_CHECKING:
    from collections.abc import Callable


def write(path: Path, **columns: object) -> Path:
    """Write a Parquet file of the columns, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def opened(target: object) -> DataFrame:
    """Return the frame of a target, on a separate connection."""
    return DataFrame.from_table(connect(target, new=True), "data")


def values(df: DataFrame, column: str = "x") -> list[object]:
    """Return the values of a column, in ascending order."""
    return df.sort_values(column).to_arrow().column(column).to_pylist()


# The name determines whether DuckDB uses the types of the old file or of the new one.
@pytest.mark.parametrize("name", ["0.parquet", "b.parquet"])
@pytest.mark.parametrize(
    ("before", "after", "types"),
    [
        (pa.array([1]), pa.array([4.7]), "int64 .BIGINT. .* float64 .DOUBLE in '{}'."),
        (pa.array([1.5]), pa.array(["2"]), None),
        (pa.array([True]), pa.array([7]), None),
        (pa.array([1.5]), pa.array([None], pa.string()), None),
        (pa.array(["2024-05-01"]), pa.array([1.5]), None),
    ],
)
def test_a_file_of_another_type_is_an_error(
    tmp_path: Path, name: str, before: pa.Array, after: pa.Array, types: str | None
) -> None:
    write(tmp_path / "a.parquet", x=before)
    df = opened(tmp_path)
    new = write(tmp_path / name, x=after)
    message = "the column 'x'" if types is None else rf"the column 'x' .* {types.format(new)}.*\nhint: open the files again"
    for fetch in (df.to_arrow, df.groupby("x").size().to_arrow, lambda: df[df.x.notnull()].to_pandas()):
        with pytest.raises(DataInvalid, match=message):
            fetch()


def test_a_file_of_a_wider_type_can_be_opened_again(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    df = DataFrame.from_table(str(tmp_path), "data")
    write(tmp_path / "b.parquet", x=[4.7])
    with pytest.raises(DataInvalid, match=r"the column 'x'"):
        df.to_arrow()
    again = DataFrame.from_table(str(tmp_path), "data")
    assert again.dtypes == {"x": "float64"}
    assert values(again) == [1.0, 4.7]
    with pytest.raises(DataInvalid, match=r"the column 'x'"):
        df.to_arrow()
    (tmp_path / "b.parquet").unlink()
    assert values(df) == [1]
    with pytest.raises(DataInvalid, match=r"the column 'x'"):
        again.to_arrow()


@pytest.mark.parametrize("name", ["0.parquet", "b.parquet"])
def test_files_of_the_same_types_are_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a.parquet", x=pa.array([1], pa.int32()))
    df = opened(tmp_path)
    write(tmp_path / name, x=pa.array([2**40]))
    assert values(df) == [1, 2**40]
    assert values(df.assign(x=df.x * 2**20)) == [2**20, 2**60]
    write(tmp_path / "c.parquet", x=pa.array([3], pa.int16()), y=[1])
    write(tmp_path / "d.parquet", x=pa.nulls(1))
    assert values(df) == [1, 3, 2**40, None]


def test_a_file_is_rewritten_with_narrower_integers(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", x=[1])
    df = opened(file)
    write(file, x=pa.array([2**30], pa.int32()))
    assert values(df.assign(x=df.x * df.x)) == [2**60]


@pytest.mark.parametrize("name", ["0.parquet", "b.parquet"])
def test_a_file_without_a_column_has_missing_values(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a.parquet", x=[1], y=[2])
    df = opened(tmp_path)
    write(tmp_path / name, y=[5])
    assert df.sort_values("y").to_arrow().to_pylist() == [{"x": 1, "y": 2}, {"x": None, "y": 5}]
    write(tmp_path / "a.parquet", y=[3])
    with pytest.raises(DataInvalid, match=r"no longer have a column 'x'.*\nhint: open the files again"):
        df.to_arrow()


@pytest.mark.parametrize("target", ["a.parquet", "*.parquet", "."])
def test_files_that_are_rewritten_or_removed(tmp_path: Path, target: str) -> None:
    file = write(tmp_path / "a.parquet", x=[1])
    df = opened(str(tmp_path / target))
    assert values(df) == [1]
    write(file, x=[2])
    assert values(df) == [2]
    write(file, x=["2"])
    with pytest.raises(DataInvalid, match=r"the column 'x' .* int64 .* string"):
        df.to_arrow()
    file.unlink()
    with pytest.raises(TableNotFound):
        df.to_arrow()
    file.write_bytes(b"no Parquet")
    with pytest.raises(DataInvalid, match="not a Parquet file"):
        df.to_arrow()
    write(file, x=[3, 4])
    assert values(df) == [3, 4]


def test_files_of_an_unfinished_write_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    df = opened(tmp_path)
    write(tmp_path / "_temporary" / "b.parquet", x=[2])
    assert values(df) == [1]
    write(tmp_path / "c.parquet", x=[3])
    assert values(df) == [1, 3]
    (tmp_path / "_temporary" / "b.parquet").rename(tmp_path / "b.parquet")
    assert values(df) == [1, 2, 3]


def test_types_of_folders(tmp_path: Path) -> None:
    write(tmp_path / "year=2023" / "a.parquet", x=[1])
    df = opened(tmp_path)
    write(tmp_path / "year=2024" / "a.parquet", x=[2])
    assert values(df, "year") == [2023, 2024]
    write(tmp_path / "year=unknown" / "a.parquet", x=[3])
    with pytest.raises(DataInvalid, match=r"the column 'year' .* int64 .* string \(VARCHAR\)"):
        df[df.year > 9].to_arrow()


def test_columns_that_are_read_as_another_type(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=pa.array([1], pa.uint64()), y=[1])
    df = DataFrame.from_table(connect(tmp_path, new=True), "data", all_dtypes={"x": "decimal(38, 2)", "y": "string"})
    write(tmp_path / "b.parquet", x=pa.array([2**63], pa.uint64()), y=[2])
    assert df.sort_values("y").to_arrow().column("y").to_pylist() == ["1", "2"]
    write(tmp_path / "c.parquet", x=pa.array([2], pa.uint64()), y=[2.5])
    with pytest.raises(DataInvalid, match="the column 'y'"):
        df.to_arrow()


WAYS: dict[str, Callable[[DataFrame], object]] = {
    "batches": lambda df: list(df.to_batches()),
    "value": lambda df: df.x.sum().value,
    "temporary table": lambda df: df.materialize(materialization="temp_table"),
    "sample": lambda df: df.get_sample(sample_percentage=50),
    "aligned": lambda df: df.x + df.set_index("x").materialize().reset_index().x.max(),
    "head": lambda df: df.head(1),
    "bins": lambda df: df.x.cut(2),
    "query in an expression": lambda df: df[df.x < df[:1].x].to_arrow(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_read_rows_is_checked(tmp_path: Path, way: str) -> None:
    write(tmp_path / "a.parquet", x=[1, 2])
    df = opened(tmp_path)
    fetched = WAYS[way](df)
    if isinstance(fetched, DataFrame) or hasattr(fetched, "to_arrow"):
        fetched.to_arrow()  # type: ignore[union-attr]
    write(tmp_path / "b.parquet", x=[4.7])
    with pytest.raises(DataInvalid, match=r"the column 'x'"):
        WAYS[way](df).to_arrow()  # type: ignore[attr-defined]


def test_a_temporary_table_keeps_its_rows_and_a_new_one_has_the_new_rows(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    df = opened(tmp_path)
    kept = df.materialize(materialization="temp_table")
    write(tmp_path / "b.parquet", x=[2])
    assert values(df.materialize(materialization="temp_table")) == [1, 2]
    write(tmp_path / "c.parquet", x=["3"])
    assert values(kept) == [1]


def test_files_that_change_within_a_snapshot(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    engine = connect(tmp_path, new=True)
    df = DataFrame.from_table(engine, "data")
    with engine.snapshot():
        assert values(df) == [1]
        write(tmp_path / "b.parquet", x=[2])
        with pytest.raises(DataInvalid, match=r"changed while .*\nhint: run the query again"):
            df.to_arrow()
    with engine.snapshot():
        assert values(df) == [1, 2]


def test_files_that_did_not_change_cost_little(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "sub" / f"{number}.parquet", x=[number])
    df = opened(tmp_path)
    state = df._state
    state.running(["x"]).close()
    with_files, without = float("inf"), float("inf")
    for _ in range(200):
        start = time.process_time()
        state.running(["x"]).close()
        middle = time.process_time()
        state.statement(["x"])
        with_files, without = min(with_files, middle - start), min(without, time.process_time() - middle)
    assert with_files - without < 0.001


def test_json_that_is_read_late_is_that_of_its_own_file(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", u=[1, 1, 2], value=['{"n": 1}', '{"n": 2}', '{"n": 3}'], n=[1, 2, 3])
    # With a second file that is left out, the files are listed one by one.
    write(tmp_path / "_temporary" / "a.parquet", u=[0])
    df = DataFrame.from_table(connect(tmp_path, new=True), "data", columns=["u", "value", "n"], all_dtypes={"value": "json"})
    df["number"] = df.n.window_row_number(df.sort_values("n").groupby("u").window())
    few = df[df.number == 1].sort_values("n")
    assert [row["value"] for row in few.to_arrow().to_pylist()] == ['{"n":1}', '{"n":3}']
    write(tmp_path / "b.parquet", u=[3, 2, 4], value=['{"n": 4}', '{"n": 5}', '{"n": 6}'], n=[4, 5, 6])
    assert "read_parquet" in few.view_sql()
    assert [row["value"] for row in few.to_arrow().to_pylist()] == ['{"n":1}', '{"n":3}', '{"n":4}', '{"n":6}']
