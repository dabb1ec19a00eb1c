"""Answer the cases with ours, on a Parquet file of raw events or on a Postgres table of them.

python benchmarks/original/run_ours.py --target data/sample.parquet --out answers
python benchmarks/original/run_ours.py --target postgresql://localhost/events --out answers
"""

from __future__ import annotations

import argparse
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import calls
from calls import Answer
from cases import CASES, CONVERSION, END_DATE, START_DATE, write_case, write_error, write_timings

from objectiv_local import DataFrame, ModelHub, Series, connect


def answers(target: str, table: str, start_date: str, end_date: str) -> dict[str, Answer]:
    """Return for each case a function that builds our frame or series for it, from the event frame as the original."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    days: dict[str, Any] = {"db_url": target, "table_name": table, "start_date": start_date, "end_date": end_date}
    df = hub.get_objectiv_dataframe(**days)
    everything = hub.get_objectiv_dataframe(db_url=target, table_name=table)
    calls.add_conversions(hub, df)

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
        **calls.answers(hub, df, everything),
        **calls.identified(hub, days),
        "drop_off_user_ties": lambda: hub.agg.drop_off_locations(df),
        "drop_off_session_ties": lambda: hub.agg.drop_off_locations(df, groupby="session_id"),
        "nested_locations": lambda: hub.visualize_location_stack(df, return_df=True, show=False),
        "nested_locations_home": lambda: hub.visualize_location_stack(df, root_location="home", return_df=True, show=False),
        "events": lambda: events(df),
        "events_all_dates": lambda: events(everything),
        "events_gap_600": lambda: events(hub.get_objectiv_dataframe(**days, session_gap_seconds=600)),
        "events_without_sessions": lambda: hub.get_objectiv_dataframe(**days, with_sessionized_data=False),
        "unique_users_converted": lambda: hub.agg.unique_users(converted()),
        "session_duration_new_users": duration,
        "session_duration_new_users_sum": lambda: duration(method="sum"),
        "session_duration_new_users_bounces": lambda: duration(exclude_bounces=False),
        "session_duration_new_users_sum_bounces": lambda: duration(method="sum", exclude_bounces=False),
        "session_duration_new_users_total": lambda: duration(groupby=None),
        "share_new_users": share_new_users,
        "presses_before_conversion": presses_before_conversion,
        "unique_users_application": by_application,
    }


def run(target: str, table: str, directory: Path, start_date: str, end_date: str) -> None:
    """Fetch every answer, and write it and the seconds that it took, or why there is none."""
    directory.mkdir(parents=True, exist_ok=True)
    cases = answers(target, table, start_date, end_date)
    if set(cases) != set(CASES):
        raise ValueError(f"answers and cases differ: {sorted(set(cases) ^ set(CASES))}")
    seconds = {}
    for name, build in cases.items():
        start = time.perf_counter()
        try:
            fetched = build().to_pandas()
            seconds[name] = round(time.perf_counter() - start, 4)
            count = write_case(directory, name, fetched)
        except Exception as error:
            print(f"{name:45} {write_error(directory, name, error)}", flush=True)
            continue
        print(f"{name:45} {count:>10,} rows {seconds[name]:>9.2f} s", flush=True)
    versions = {"objectiv_local": version("objectiv_local"), "python": platform.python_version()}
    write_timings(directory, seconds, **versions, target=connect(target).description)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, help="a Parquet file of events, or the Postgres that holds them")
    parser.add_argument("--table", default="data")
    parser.add_argument("--out", type=Path, required=True, help="directory for the answers")
    parser.add_argument("--start-date", default=START_DATE)
    parser.add_argument("--end-date", default=END_DATE)
    arguments = parser.parse_args()
    run(arguments.target, arguments.table, arguments.out, arguments.start_date, arguments.end_date)


if __name__ == "__main__":
    main()
