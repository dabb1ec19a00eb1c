"""The rows of the benchmark: 20 numbers of the kinds that are hard to sum, a target, a label, text, and a gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

FEATURES = [f"x{number}" for number in range(20)]
CHUNK = 100_000
CITIES = np.array([f"city {number:02}" for number in range(50)])
SHOPS = np.array([f"shop {number:04}" for number in range(1_000)])


def generate(path: Path, rows: int) -> None:
    """Write the rows to a Parquet file. The same ones every time."""
    random = np.random.default_rng(20)
    weights = random.normal(size=len(FEATURES))
    writer = None
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        columns = {name: random.normal(size=count) for name in FEATURES}
        columns["x0"] += 1e6
        for name in ("x1", "x2", "x3"):
            columns[name] = random.poisson(4, count).astype("float64")
        for name in ("x4", "x5", "x6"):
            columns[name] = random.exponential(2.0, count)
        for name in ("x7", "x8", "x9", "x10"):
            columns[name] = np.round(random.uniform(-50, 50, count), 2)
        score = sum(
            weight * (columns[name] - (1e6 if name == "x0" else 0)) / (30 if name in ("x7", "x8", "x9", "x10") else 1)
            for name, weight in zip(FEATURES, weights, strict=True)
        )
        gap = np.where(random.random(count) < 0.05, np.nan, random.normal(size=count))
        table = pa.table(
            {
                "id": np.arange(start, start + count),
                **columns,
                "y": score + random.normal(size=count),
                "label": (random.random(count) < 1 / (1 + np.exp(-score / 2))).astype("int64"),
                "city": CITIES[np.minimum(random.geometric(0.08, count) - 1, 49)],
                "shop": SHOPS[random.integers(0, 1_000, count)],
                "gap": pa.array(gap, mask=np.isnan(gap)),
            }
        )
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def load_postgres(path: Path, url: str) -> None:
    """Copy the rows into a table ``data``."""
    file = pyarrow.parquet.ParquetFile(path)
    kinds = {pa.int64(): "bigint", pa.float64(): "double precision", pa.string(): "text"}
    columns = ", ".join(f"{field.name} {kinds[field.type]}" for field in file.schema_arrow)
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE data ({columns}, PRIMARY KEY (id))".encode())
        with connection.cursor() as cursor, cursor.copy(b"COPY data FROM STDIN (FORMAT csv)") as copy:
            for batch in file.iter_batches(CHUNK):
                sink = pa.BufferOutputStream()
                pyarrow.csv.write_csv(batch, sink, pyarrow.csv.WriteOptions(include_header=False))
                copy.write(sink.getvalue().to_pybytes())
        connection.execute(b"ANALYZE data")
