"""The events of the workloads: as they are recorded, with JSON, and as an expert would store them, in typed columns."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import engines

_PARSED = """from_json(value, '{"_type": "VARCHAR", "_types": ["VARCHAR"],
    "location_stack": [{"_type": "VARCHAR", "_types": ["VARCHAR"], "id": "VARCHAR"}],
    "global_contexts": [{"_type": "VARCHAR", "id": "VARCHAR", "user_agent": "VARCHAR", "referrer": "VARCHAR",
                         "source": "VARCHAR", "medium": "VARCHAR", "campaign": "VARCHAR"}]}')"""
#: The columns of each context that the typed file has, in structs.
_STRUCTS = {
    "application": ("id",),
    "path": ("id",),
    "locale": ("id",),
    "http": ("user_agent", "referrer"),
    "marketing": ("source", "medium", "campaign"),
}


def write_typed(data: dict[str, Any]) -> None:
    """Write a Parquet file of typed columns, sorted by moment: UUIDs, lists of structs, and a struct for each context."""
    structs = []
    for name, members in _STRUCTS.items():
        found = f"list_filter(v.global_contexts, lambda x: x._type = '{name.title()}Context')[1]"
        structs.append(
            f"CASE WHEN {found} IS NOT NULL THEN {{"
            + ", ".join(f"'{member}': {found}.{member}" for member in members)
            + f"}} END AS {name}"
        )
    columns = ",\n  ".join(structs)
    with engines.duckdb_connection(data) as connection:
        connection.execute(f"""
            COPY (
              SELECT event_id::uuid AS event_id, cookie_id::uuid AS user_id, day, moment, v._type AS event_type,
                v._types AS event_types, v.location_stack AS location_stack, {columns}
              FROM (SELECT * EXCLUDE value, {_PARSED} AS v FROM read_parquet('{data["raw"]}'))
              ORDER BY moment, event_id
            ) TO '{data["typed"]}' (FORMAT parquet, COMPRESSION zstd)""")


def prepare_raw(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    """Return where the events are as they are recorded, in a file and on Postgres."""
    from objectiv_local import sample

    raw = options.parquet or folder / "raw" / "events.parquet"
    if options.parquet is None:
        raw.parent.mkdir(exist_ok=True)
        sample.generate(raw, events=size, seed=7)
    data: dict[str, Any] = {"threads": options.threads, "raw": str(raw), "original": options.original}
    if options.spark:
        data["spark"], data["spark_process"] = engines.spark_started(stack, options.threads)
    if options.postgres or options.original:
        data["postgres"] = engines.started(stack)
        engines.load_events(raw, data["postgres"])
    return data


def prepare(folder: Path, size: int, options: Any, stack: ExitStack) -> dict[str, Any]:
    """Return where the events are in each layout, and what an analyst knows of them: roots and the number of months."""
    data = prepare_raw(folder, size, options, stack)
    data["typed"] = str(folder / "typed.parquet")
    write_typed(data)
    with engines.duckdb_connection(data) as connection:
        events = f"FROM read_parquet('{data['typed']}')"
        data["roots"] = [
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT location_stack[1].id AS root {events} WHERE root IS NOT NULL ORDER BY root"
            ).fetchall()
        ]
        data["months"] = connection.execute(f"SELECT date_diff('month', min(moment), max(moment)) + 1 {events}").fetchall()[0][
            0
        ]
    _write_snapshot(data, folder / "snapshot")
    return data


def _write_snapshot(data: dict[str, Any], folder: Path) -> None:
    """Write the events as a snapshot, where this version of the package has them."""
    import objectiv_local as ol

    if hasattr(ol.DataFrame, "snapshot"):
        ol.ModelHub(global_contexts=["application", "path"]).get_objectiv_dataframe(db_url=data["raw"]).snapshot(folder)
        data["snapshot"] = str(folder)
