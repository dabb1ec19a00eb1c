"""The workloads, as programs of the model hub. All begin at the frame of raw events.

- W0 every event with its session and hit number
- W1 users and sessions per day
- W2 mean duration of the sessions of new users per day
- W3 users, share of new ones, users who convert, and users new in the month with two conversions so far, per day
- W4 features by their names
- W5 monthly retention
- W6 the 20 most frequent paths of 3 steps
- W7 hits by user and root location, as a matrix
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import objectiv_local as ol
from objectiv_local import DataFrame, Series

CONVERSION = "quickstart"
STACK = "location_stack"
TOP = 20


@dataclass(frozen=True)
class Workload:
    """One workload: what it is called, and its columns that name a row. ``tolerance`` is in units of the values."""

    title: str
    keys: tuple[str, ...]
    tolerance: float = 1e-9


STEPS = tuple(f"{STACK}_step_{number}" for number in (1, 2, 3))

WORKLOADS = {
    "W0": Workload("sessions and hit numbers", ("event_id",)),
    "W1": Workload("users and sessions per day", ("time_aggregation",)),
    # The mean is rounded to a microsecond, and sums of floats depend on their order.
    "W2": Workload("session duration of new users", ("time_aggregation",), tolerance=1),
    "W3": Workload("new and converted users", ("time_aggregation",)),
    "W4": Workload("top product features", ("application", "feature_nice_name", "event_type")),
    "W5": Workload("monthly retention", ("first_cohort",)),
    "W6": Workload("paths of 3 steps", STEPS),
    "W7": Workload("user by root location", ("user_id",)),
}


class Programs:
    """The workloads over one target: a Parquet file or the address of a Postgres."""

    def __init__(self, target: object) -> None:
        self.hub = hub = ol.ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
        self.df = df = hub.get_objectiv_dataframe(db_url=target)
        stack = df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"}:]
        hub.add_conversion_event(location_stack=stack, event_type="PressEvent", name=CONVERSION)

    def programs(self) -> dict[str, Callable[[], DataFrame | Series]]:
        """Return for each workload a function that builds its frame. Those that need the values of a level ask for them."""
        return {
            "W0": lambda: self.df[["session_id", "session_hit_number"]],
            "W1": self.users_and_sessions,
            "W2": lambda: self.hub.agg.session_duration(self.df[self.hub.map.is_new_user(self.df)]),
            "W3": self.new_and_converted_users,
            "W4": lambda: self.hub.agg.top_product_features(self.df),
            "W5": lambda: self.hub.agg.retention_matrix(self.df),
            "W6": self.paths,
            "W7": self.user_by_root,
        }

    def users_and_sessions(self) -> DataFrame:
        result = self.hub.agg.unique_users(self.df).to_frame()
        result["unique_sessions"] = self.hub.agg.unique_sessions(self.df)
        return result

    def new_and_converted_users(self) -> DataFrame:
        hub, df = self.hub, self.df.copy()
        df["is_new"] = hub.map.is_new_user(df)
        df["is_new_in_month"] = hub.map.is_new_user(df, "%Y-%m")
        df["converts"] = hub.map.is_conversion_event(df, CONVERSION)
        df["conversions"] = hub.map.conversions_in_time(df, CONVERSION)
        result = hub.agg.unique_users(df).to_frame()
        result["share_new"] = hub.agg.unique_users(df[df.is_new]) / result.unique_users
        result["converted"] = hub.agg.unique_users(df[df.converts])
        result["new_with_two"] = hub.agg.unique_users(df[df.is_new_in_month & (df.conversions == 2)])
        return result

    def paths(self) -> DataFrame:
        found = self.hub.get_funnel_discovery().get_navigation_paths(self.df, steps=3, by="user_id")
        counted = found.value_counts().to_frame()
        most: DataFrame = counted.sort_values(["value_counts", *STEPS], ascending=[False, True, True, True])[:TOP]
        return most

    def user_by_root(self) -> DataFrame:
        df = self.df.copy()
        df["root"] = df.location_stack.json[0].json.get_value("id", as_str=True)
        matrix: DataFrame = df[df.root.notnull()].groupby(["user_id", "root"]).moment.count().unstack("root")
        return matrix
