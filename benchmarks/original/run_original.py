"""Answer the cases with the original release, on a Postgres table of raw events.

Runs in an environment of its own, because the original needs Python 3.9 and old pandas:

    python3.9 -m venv ENV
    ENV/bin/pip install objectiv-modelhub==0.0.28 'pandas<1.5' 'numpy<1.24' 'pyarrow<8' 'scikit-learn<1.3' \
        'sqlparse<0.5' psycopg2-binary
    ENV/bin/python benchmarks/original/run_original.py --url postgresql://localhost/events --out answers
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path
from typing import Any

import calls
from calls import Answer
from cases import CASES, CONVERSION, END_DATE, START_DATE, write_case, write_error, write_timings

# The original asks its version server for news on import, unless told not to.
os.environ.setdefault("OBJECTIV_VERSION_CHECK_DISABLE", "1")


def answers(url: str, table: str, start_date: str, end_date: str) -> tuple[Any, dict[str, Answer]]:
    """Return the engine and, for each case, a function that builds the original's frame or series for it.

    Building is part of what is timed, so each function starts from the event frame. `get_objectiv_dataframe` reads
    the table's columns from the database; that happens once for each of the two shared frames, outside the timed part.
    """
    from modelhub import ModelHub

    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    days = {"db_url": url, "table_name": table, "start_date": start_date, "end_date": end_date}
    df = hub.get_objectiv_dataframe(**days)
    everything = hub.get_objectiv_dataframe(db_url=url, table_name=table)

    # Quirk: the conversion's location stack stays tied to the frame it is taken from. On any other frame, even this
    # one after another label was joined to it, each conversion label costs a FULL OUTER JOIN of the two frames over
    # all their events. So each answer below starts from `df` and labels conversions before anything else.
    calls.add_conversions(hub, df)

    def events(frame: Any) -> Any:
        return frame[["session_id", "session_hit_number", "event_type"]].sort_index()

    # Quirk: assigning changes the frame in place, and `copy` is needed to keep `df` the frame of the conversion.
    # Quirk: every label but `is_conversion_event` comes back on a base node of its own, so assigning it is a
    # LEFT JOIN on event_id. The labels are materialized by the hub itself: filters on them need no `materialize()`.
    def new_users() -> Any:
        frame = df.copy()
        frame["is_new_user"] = hub.map.is_new_user(frame)
        return frame[frame.is_new_user]

    def converted() -> Any:
        frame = df.copy()
        frame["is_conversion_event"] = hub.map.is_conversion_event(frame, CONVERSION)
        return frame[frame.is_conversion_event]

    def presses_before_conversion() -> Any:
        # Quirk: both labels are computed from `df`, not from the growing frame (see the location stack above).
        # Quirk: the series of `conversions_counter` is called `converted`; the column's name is ours to choose.
        frame = df.copy()
        in_time = hub.map.conversions_in_time(df, CONVERSION)
        counter = hub.map.conversions_counter(df, CONVERSION)
        frame["conversions_in_time"] = in_time
        frame["conversions_counter"] = counter
        before = (frame.conversions_counter >= 1) & (frame.conversions_in_time == 0)
        presses = frame[before & (frame.event_type == "PressEvent")]
        return presses.groupby("session_id").event_type.count()

    def by_application() -> Any:
        # Quirk: grouping by the series itself answers the same under the name `application`, which is the name of
        # the context's column, so the column gets a name of its own first.
        return hub.agg.unique_users(calls.with_application(df), groupby="application_id")

    def share_new_users() -> Any:
        # Two frames of their own, so an outer join on the day: a day without new users is NULL and not 0.
        frame = df.copy()
        frame["is_new_user"] = hub.map.is_new_user(frame)
        return hub.agg.unique_users(frame[frame.is_new_user]) / hub.agg.unique_users(frame)

    def duration(**arguments: Any) -> Any:
        return hub.agg.session_duration(new_users(), **arguments)

    def nested_locations(**options: Any) -> Any:
        frame = hub.visualize_location_stack(df, return_df=True, show=False, **options)
        # Quirk: types and ids stand in the quotes of JSON.
        for column in ("source", "target"):
            frame[column] = frame[column].str.replace('"', "")
        return frame

    def last_located(key: str) -> Any:
        """Return the last hit with a location of each group, of hits at one moment the one with the last hit number."""
        frame = df.copy()
        frame["hit"] = frame.session_id * 100_000 + frame.session_hit_number
        frame["name"] = frame.location_stack.ls.nice_name
        frame = frame[frame.name.notnull()]
        backwards = frame.sort_values("hit", ascending=False).groupby(key).window()
        frame["place"] = backwards["event_type"].count()
        frame = frame.materialize()
        return frame[frame.place == 1]

    return df.engine, {
        **calls.answers(hub, df, everything),
        # Quirk: resolving identities adds a context to the hub's own list, so it gets a hub of its own.
        **calls.identified(ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"]), days),
        "drop_off_user_ties": lambda: hub.agg.drop_off_locations(last_located("user_id")),
        "drop_off_session_ties": lambda: hub.agg.drop_off_locations(last_located("session_id"), groupby="session_id"),
        "nested_locations": nested_locations,
        "nested_locations_home": lambda: nested_locations(root_location="home"),
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


def run(url: str, table: str, directory: Path, start_date: str, end_date: str) -> None:
    """Fetch every answer, and write it and the seconds that it took, or why there is none."""
    import modelhub

    directory.mkdir(parents=True, exist_ok=True)
    engine, cases = answers(url, table, start_date, end_date)
    if set(cases) != set(CASES):
        raise ValueError(f"answers and cases differ: {sorted(set(cases) ^ set(CASES))}")
    with engine.connect() as connection:
        settings = {name: connection.execute(f"SHOW {name}").scalar() for name in ("server_version", "jit")}
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
    versions = {"modelhub": modelhub.__version__, "python": platform.python_version()}
    write_timings(directory, seconds, **versions, **settings)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the Postgres that holds the events")
    parser.add_argument("--table", default="data")
    parser.add_argument("--out", type=Path, required=True, help="directory for the answers")
    parser.add_argument(
        "--jit", choices=("on", "off"), help="compile queries in Postgres or not (default: as the server is set)"
    )
    parser.add_argument("--start-date", default=START_DATE)
    parser.add_argument("--end-date", default=END_DATE)
    arguments = parser.parse_args()
    if arguments.jit:
        # The original has no setting for its sessions, so it goes through the client library's environment.
        os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c jit={arguments.jit}".strip()
    run(arguments.url, arguments.table, arguments.out, arguments.start_date, arguments.end_date)


if __name__ == "__main__":
    main()
