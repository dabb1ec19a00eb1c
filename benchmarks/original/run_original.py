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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cases import CASES, CONVERSION, END_DATE, START_DATE, write_case, write_timings

# The original asks its version server for news on import, unless told not to.
os.environ.setdefault("OBJECTIV_VERSION_CHECK_DISABLE", "1")

Answer = Callable[[], Any]


def answers(url: str, table: str) -> tuple[Any, dict[str, Answer]]:
    """Return the engine and, for each case, a function that builds the original's frame or series for it.

    Building is part of what is timed, so each function starts from the event frame. `get_objectiv_dataframe` reads
    the table's columns from the database; that happens once for each of the two frames, outside the timed part.
    """
    from modelhub import ModelHub

    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    source = {"db_url": url, "table_name": table}
    df = hub.get_objectiv_dataframe(start_date=START_DATE, end_date=END_DATE, **source)
    everything = hub.get_objectiv_dataframe(**source)

    # Quirk: the conversion's location stack stays tied to the frame it is taken from. On any other frame, even this
    # one after another label was joined to it, each conversion label costs a FULL OUTER JOIN of the two frames over
    # all their events. So each answer below starts from `df` and labels conversions before anything else.
    hub.add_conversion_event(
        location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :],
        event_type="PressEvent",
        name=CONVERSION,
    )

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
        frame = df.copy()
        frame["application_id"] = frame.application.context.id
        return hub.agg.unique_users(frame, groupby="application_id")

    def share_new_users() -> Any:
        # Two frames of their own, so an outer join on the day: a day without new users is NULL and not 0.
        frame = df.copy()
        frame["is_new_user"] = hub.map.is_new_user(frame)
        return hub.agg.unique_users(frame[frame.is_new_user]) / hub.agg.unique_users(frame)

    def duration(**arguments: Any) -> Any:
        return hub.agg.session_duration(new_users(), **arguments)

    return df.engine, {
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


def rows(name: str, fetched: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a fetched pandas frame or series, its index first where the case has a key."""
    # An answer over all data has no index in the original; pandas then numbers its one row.
    table = fetched.reset_index() if CASES[name].keys else fetched.to_frame()
    return list(table.itertuples(index=False, name=None))


def run(url: str, table: str, directory: Path) -> None:
    """Fetch every answer, and write it and the seconds that it took."""
    import modelhub

    directory.mkdir(parents=True, exist_ok=True)
    engine, cases = answers(url, table)
    if set(cases) != set(CASES):
        raise ValueError(f"answers and cases differ: {sorted(set(cases) ^ set(CASES))}")
    with engine.connect() as connection:
        settings = {name: connection.execute(f"SHOW {name}").scalar() for name in ("server_version", "jit")}
    seconds = {}
    for name, build in cases.items():
        start = time.perf_counter()
        fetched = build().to_pandas()
        seconds[name] = round(time.perf_counter() - start, 4)
        count = write_case(directory, name, rows(name, fetched))
        print(f"{name:40} {count:>10,} rows {seconds[name]:>9.2f} s", flush=True)
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
    arguments = parser.parse_args()
    if arguments.jit:
        # The original has no setting for its sessions, so it goes through the client library's environment.
        os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c jit={arguments.jit}".strip()
    run(arguments.url, arguments.table, arguments.out)


if __name__ == "__main__":
    main()
