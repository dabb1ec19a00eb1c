"""Run the workloads with the original release on a Postgres table ``data`` of raw events, and write answers and seconds.

Runs in an environment of its own; see benchmarks/original/run_original.py for how to make it:

    ENV/bin/python benchmarks/models/run_original.py --url postgresql://localhost/events --out original.json --runs 3
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answers import answer, server_cpu

# The original asks its version server for news on import, unless told not to.
os.environ.setdefault("OBJECTIV_VERSION_CHECK_DISABLE", "1")

STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]
CONVERSION = "quickstart"


def programs(url: str) -> tuple[Any, dict[str, Callable[[], Any]]]:
    """Return the engine, and for each workload a function that builds the original's frame and fetches it to pandas."""
    from modelhub import ModelHub

    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=url, table_name="data")
    stack = df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"}:]
    hub.add_conversion_event(location_stack=stack, event_type="PressEvent", name=CONVERSION)

    def users_and_sessions() -> Any:
        users = hub.agg.unique_users(df).to_pandas().to_frame()
        users["unique_sessions"] = hub.agg.unique_sessions(df).to_pandas()
        return users

    def session_duration() -> Any:
        frame = df.copy()
        frame["is_new"] = hub.map.is_new_user(frame)
        return hub.agg.session_duration(frame[frame.is_new]).to_pandas().to_frame()

    def new_and_converted_users() -> Any:
        # Labels are made of `df`, the frame that the conversion was made of: on any other, each label of a conversion
        # joins all events of both frames. The four answers are queries of their own, since a frame of them all would
        # join four times what they are made of.
        frame = df.copy()
        converts, conversions = hub.map.is_conversion_event(df, CONVERSION), hub.map.conversions_in_time(df, CONVERSION)
        is_new, is_new_in_month = hub.map.is_new_user(df), hub.map.is_new_user(df, "%Y-%m")
        frame["converts"] = converts
        frame["conversions"] = conversions
        frame["is_new"] = is_new
        frame["is_new_in_month"] = is_new_in_month
        users = hub.agg.unique_users(df)
        result = users.to_pandas().to_frame()
        result["share_new"] = (hub.agg.unique_users(frame[frame.is_new]) / users).to_pandas()
        result["converted"] = hub.agg.unique_users(frame[frame.converts]).to_pandas()
        with_two = frame[frame.is_new_in_month & (frame.conversions == 2)]
        result["new_with_two"] = hub.agg.unique_users(with_two).to_pandas()
        return result

    def paths() -> Any:
        found = hub.get_funnel_discovery().get_navigation_paths(df, steps=3, by="user_id", location_stack="location_stack")
        counted = found.value_counts().to_frame().reset_index()
        most = counted.sort_values(["value_counts", *STEPS], ascending=[False, True, True, True])[:20]
        return most.to_pandas().set_index(STEPS)

    def user_by_root() -> Any:
        frame = df.copy()
        frame["root"] = frame.location_stack.json[0].json.get_value("id", as_str=True)
        frame = frame[frame.root.notnull()].materialize()
        return frame.groupby(["user_id", "root"]).moment.count().unstack("root").to_pandas()

    return df.engine, {
        "W0": lambda: df[["session_id", "session_hit_number"]].to_pandas(),
        "W1": users_and_sessions,
        "W2": session_duration,
        "W3": new_and_converted_users,
        "W4": lambda: hub.agg.top_product_features(df).to_pandas(),
        "W5": lambda: hub.agg.retention_matrix(df, display=False).to_pandas(),
        "W6": paths,
        "W7": user_by_root,
    }


def run(url: str, workloads: list[str], runs: int) -> dict[str, Any]:
    """Return for each workload its answer and its least wall and CPU seconds; or its error."""
    engine, known = programs(url)
    with engine.connect() as connection:
        backend = connection.execute("SELECT pg_backend_pid()").scalar()

        def cpu() -> float:
            return time.process_time() + float(server_cpu(backend))

        results: dict[str, Any] = {}
        for name in workloads:
            wall, spent = float("inf"), float("inf")
            table: Any = None
            try:
                for _ in range(runs):
                    start, start_cpu = time.perf_counter(), cpu()
                    table = known[name]()
                    wall = min(wall, time.perf_counter() - start)
                    spent = min(spent, cpu() - start_cpu)
            except Exception as error:  # the others are still worth having
                results[name] = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
                continue
            found = answer([*table.index.names, *table.columns], table.reset_index().astype(object).itertuples(index=False))
            results[name] = {"wall": wall, "cpu": spent, "columns": found.columns, "rows": found.rows}
            print(f"{name} {wall:.2f} s", file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--workloads", nargs="+", required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    options.out.write_text(json.dumps(run(options.url, options.workloads, options.runs)), encoding="utf-8")


if __name__ == "__main__":
    main()
