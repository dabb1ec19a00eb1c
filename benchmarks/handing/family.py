"""Ways from a file of 8 typed columns to a frame in memory."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.measuring import Contender, Family, Question
from benchmarks.workloads.data import prepare

_COLUMNS = """event_id, user_id, day, moment, event_type, application.id AS application_id, path.id AS path_id,
  location_stack[1].id AS root_id"""
_HERE = "benchmarks.handing.ways"
BEST = "DuckDB, ids cast to text, through Arrow"


def _prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    options.postgres = options.original = None
    data = prepare(folder, size, options, stack)
    data["rows"] = str(folder / "rows.parquet")
    with engines.duckdb_connection(data) as connection:
        connection.execute(f"COPY (SELECT {_COLUMNS} FROM '{data['typed']}') TO '{data['rows']}' (COMPRESSION zstd)")
    return data


def family(options: Any) -> Family:
    """Return the family."""
    contenders = (
        Contender(BEST, f"{_HERE}:cast"),
        Contender("objectiv_local", f"{_HERE}:ours", BEST),
        Contender("DuckDB, ids as UUID, its own way", f"{_HERE}:native", BEST),
        Contender("the reader of the frame's library", f"{_HERE}:reader", BEST),
    )
    questions = {name: Question(name) for name in ("to pandas", "to Polars", "to Arrow")}
    return Family("Handing 8 columns over", questions, contenders, _prepare, (1_000_000,))
