"""The workloads with the original release, on Postgres. Runs in the original's environment, which is of Python 3.9.

How to make that environment is said in benchmarks/original/run_original.py.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from benchmarks.usage import server_cpu
from benchmarks.worker import Session

# The original asks its version server for news on import, unless told not to.
os.environ.setdefault("OBJECTIV_VERSION_CHECK_DISABLE", "1")

STEPS = [f"location_stack_step_{number}" for number in (1, 2, 3)]
CONVERSION = "quickstart"


def postgres(data: dict[str, Any]) -> Session:
    """Return for each workload a function that builds the original's frame and fetches it to pandas."""
    from modelhub import ModelHub

    warnings.simplefilter("ignore")
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    df = hub.get_objectiv_dataframe(db_url=data["postgres"], table_name="data")
    stack = df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :]
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

    def eight_columns() -> Any:
        with_path = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application", "path"])
        frame = with_path.get_objectiv_dataframe(db_url=data["postgres"], table_name="data")
        frame["application_id"] = frame.application.context.id
        frame["path_id"] = frame.path.context.id
        frame["root_id"] = frame.location_stack.json[0].json.get_value("id", as_str=True)
        return frame[["user_id", "day", "moment", "event_type", "application_id", "path_id", "root_id"]].to_pandas()

    connection = df.engine.connect()  # stays open, so that its backend does
    backend = connection.execute("SELECT pg_backend_pid()").scalar()
    return Session(
        {
            "W0": lambda: df[["session_id", "session_hit_number"]].to_pandas(),
            "W1": users_and_sessions,
            "W2": session_duration,
            "W3": new_and_converted_users,
            "W4": lambda: hub.agg.top_product_features(df).to_pandas(),
            "W5": lambda: hub.agg.retention_matrix(df, display=False).to_pandas(),
            "W6": paths,
            "W7": user_by_root,
            "W8": eight_columns,
        },
        lambda: server_cpu(backend) if connection else 0.0,
    )
