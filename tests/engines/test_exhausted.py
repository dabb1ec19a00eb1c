"""Memory, disk space and files that give out in the middle of a query: an error that names it, and a connection that works."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objectiv_local import DataFrame, connect
from objectiv_local.errors import DataInvalid, QueryFailed


@pytest.mark.parametrize(
    ("rows", "settings"), [(1_000_000, {"max_temp_directory_size": "5MB"}), (300_000, {"temp_directory": ""})]
)
def test_out_of_memory_and_disk(rows, settings, tmp_path):
    given = {"memory_limit": "20MB", "threads": 1, "temp_directory": str(tmp_path / "spill")} | settings
    with duckdb.connect(config=given) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT md5(range::varchar) AS s, range AS k FROM range({rows})")
        df = DataFrame.from_table(connect(connection), "t", index=[])
        sums = df.groupby("s").agg(k=("k", "sum"))
        for run in (lambda: sums.to_arrow(), lambda: sums.to_pandas(), lambda: list(sums.to_batches())):
            with pytest.raises(QueryFailed, match=r"ran out of memory or disk space .*\nhint: select fewer columns") as raised:
                run()
            # None of DuckDB's own advice, which is about its settings.
            assert str(raised.value).count("\n") == 1
            assert df.k.sum().value == rows * (rows - 1) // 2


def damaged(path: Path, content: bytes, start: int, stop: int) -> str:
    """Write a file with some of its bytes flipped."""
    flipped = bytes(byte ^ 0x55 for byte in content[start:stop])
    path.write_bytes(content[:start] + flipped + content[stop:])
    return str(path)


def test_damaged_files_are_errors(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"a": range(50_000), "s": [f"{value:.12f}" for value in rng.random(50_000)]}), path)
    content = path.read_bytes()
    half, size = len(content) // 2, len(content)
    frame = DataFrame.from_table(str(path), "data", index=[])
    assert frame.a.sum().value == 50_000 * 49_999 // 2

    for start, stop in ((half, half + 5_000), (size - 500, size - 100)):
        with pytest.raises(DataInvalid, match=r"(?s)a Parquet file is damaged.*\nhint: copy or write the file again"):
            DataFrame.from_table(damaged(tmp_path / f"{start}.parquet", content, start, stop), "data", index=[]).to_arrow()
    for name, length in (("half", half), ("tail", size - 4), ("empty", 0)):
        (tmp_path / f"{name}.parquet").write_bytes(content[:length])
        with pytest.raises(DataInvalid, match="not a Parquet file"):
            DataFrame.from_table(str(tmp_path / f"{name}.parquet"), "data", index=[])

    # A file that is damaged after it was opened, between two batches and between two queries.
    rows = frame.to_batches(1_000)
    assert next(iter(rows)).num_rows == 1_000
    path.write_bytes(content[:half])
    with pytest.raises(DataInvalid, match="not a Parquet file"):
        frame.to_arrow()
