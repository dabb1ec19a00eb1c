"""Some of the analyses in retentioneering, which is installed in an environment of its own because it is no dependency."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from benchmarks.worker import Session

os.environ.setdefault("RETENTIONEERING_NO_TRACK", "1")
STEPS = ["view", "click", "buy"]


def parquet(data: dict[str, Any]) -> Session:
    """Return the analyses over the file."""
    from retentioneering import Eventstream

    def stream() -> Any:
        # Ties are in the order of rows there.
        clicks = pd.read_parquet(data["parquet"], columns=["uid", "ts", "action", "event_id"])
        ordered = clicks.sort_values(["uid", "ts", "event_id"]).drop(columns="event_id")
        return Eventstream(ordered, schema={"path_cols": ["uid"], "event_col": "action", "timestamp_col": "ts"})

    def transitions() -> pd.DataFrame:
        matrix = stream().transition_graph_data(edge_weight="count")
        found = [
            (source, target, int(count))
            for source, row in matrix.iterrows()
            for target, count in row.items()
            if source in STEPS and target in STEPS and count
        ]
        return pd.DataFrame(found, columns=["source", "target", "count"])

    def funnel() -> pd.DataFrame:
        steps = stream().funnel_data(steps=STEPS)["steps"]
        return pd.DataFrame({"step": range(1, len(steps) + 1), "users": [int(step["unique_paths"]) for step in steps]})

    def sessions() -> pd.DataFrame:
        return pd.DataFrame({"sessions": [int(stream().split_sessions(timeout="30m").to_dataframe()["session_id"].nunique())]})

    return Session({"transitions of users": transitions, "funnel of users": funnel, "number of sessions": sessions})
