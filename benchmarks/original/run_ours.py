"""Answer the cases with ours, on a Parquet file of raw events or on a Postgres table of them.

    python benchmarks/original/run_ours.py --target data/sample.parquet --out answers
    python benchmarks/original/run_ours.py --target postgresql://localhost/events --out answers
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cases import CASES, CONVERSION, END_DATE, START_DATE, write_case, write_timings

from objectiv_local import DataFrame, ModelHub, Series, connect

Answer = Callable[[], DataFrame | Series]


def answers(target: str, table: str) -> dict[str, Answer]:
    """Return for each case a function that builds our frame or series for it, from the event frame as the original."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=target, table_name=table, start_date=START_DATE, end_date=END_DATE)
    everything = hub.get_objectiv_dataframe(db_url=target, table_name=table)

    hub.add_conversion_event(
        location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :],
        event_type="PressEvent",
        name=CONVERSION,
    )

    def events(frame: DataFrame) -> DataFrame:
        return frame[["session_id", "session_hit_number", "event_type"]]

    def new_users() -> DataFrame:
        return df[hub.map.is_new_user(df)]

    def converted() -> DataFrame:
        return df[hub.map.is_conversion_event(df, CONVERSION)]

    def presses_before_conversion() -> Series:
        converts = hub.map.conversions_counter(df, CONVERSION) >= 1
        not_yet = hub.map.conversions_in_time(df, CONVERSION) == 0
        presses = df[converts & not_yet & (df.event_type == "PressEvent")]
        return presses.groupby("session_id").event_type.count()

    def by_application() -> Series:
        return hub.agg.unique_users(df, groupby=df.application.context.id.rename("application_id"))

    def share_new_users() -> Series:
        return hub.agg.unique_users(new_users()) / hub.agg.unique_users(df)

    def duration(**arguments: Any) -> Series:
        return hub.agg.session_duration(new_users(), **arguments)

    return {
        "events": lambda: events(df),
        "events_all_dates": lambda: events(everything),
        "is_new_user": lambda: hub.map.is_new_user(df),
        "is_new_user_month": lambda: hub.map.is_new_user(df, "%Y-%m"),
        "is_first_session": lambda: hub.map.is_first_session(df),
        "is_conversion_event": lambda: hub.map.is_conversion_event(df, CONVERSION),
        "conversions_in_time": lambda: hub.map.conversions_in_time(df, CONVERSION),
        "conversions_counter": lambda: hub.map.conversions_counter(df, CONVERSION),
        "unique_users": lambda: hub.agg.unique_users(df),
        "unique_users_converted": lambda: hub.agg.unique_users(converted()),
        "unique_sessions": lambda: hub.agg.unique_sessions(df),
        "session_duration_new_users": duration,
        "session_duration_new_users_sum": lambda: duration(method="sum"),
        "session_duration_new_users_bounces": lambda: duration(exclude_bounces=False),
        "session_duration_new_users_sum_bounces": lambda: duration(method="sum", exclude_bounces=False),
        "session_duration_new_users_total": lambda: duration(groupby=None),
        "share_new_users": share_new_users,
        "presses_before_conversion": presses_before_conversion,
        "unique_users_total": lambda: hub.agg.unique_users(df, groupby=None),
        "unique_users_application": by_application,
    }


def rows(name: str, fetched: Any) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a fetched pandas frame or series, its index first where the case has a key."""
    table = fetched.reset_index() if CASES[name].keys else fetched.to_frame()
    # Values of pandas' own types become Python's: its duration counts nanoseconds, and its NA has no truth.
    return table.astype(object).itertuples(index=False, name=None)


def run(target: str, table: str, directory: Path) -> None:
    """Fetch every answer, and write it and the seconds that it took."""
    directory.mkdir(parents=True, exist_ok=True)
    cases = answers(target, table)
    if set(cases) != set(CASES):
        raise ValueError(f"answers and cases differ: {sorted(set(cases) ^ set(CASES))}")
    seconds = {}
    for name, build in cases.items():
        start = time.perf_counter()
        fetched = build().to_pandas()
        seconds[name] = round(time.perf_counter() - start, 4)
        count = write_case(directory, name, rows(name, fetched))
        print(f"{name:40} {count:>10,} rows {seconds[name]:>9.2f} s", flush=True)
    versions = {"objectiv_local": version("objectiv_local"), "python": platform.python_version()}
    write_timings(directory, seconds, **versions, target=connect(target).description)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, help="a Parquet file of events, or the Postgres that holds them")
    parser.add_argument("--table", default="data")
    parser.add_argument("--out", type=Path, required=True, help="directory for the answers")
    arguments = parser.parse_args()
    run(arguments.target, arguments.table, arguments.out)


if __name__ == "__main__":
    main()
