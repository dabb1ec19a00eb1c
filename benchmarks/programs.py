"""The questions as programs of the model hub."""

from __future__ import annotations

import objectiv_local as ol
from objectiv_local import DataFrame, Series


def event_frame(target: object) -> tuple[ol.ModelHub, DataFrame]:
    """Return a hub and a frame of all events, connected."""
    hub = ol.ModelHub(time_aggregation="%Y-%m-%d")
    return hub, hub.get_objectiv_dataframe(db_url=target)


def programs(hub: ol.ModelHub, df: DataFrame) -> dict[str, Series]:
    """Return the programs by question, as in :mod:`benchmarks.hand_sql`."""
    df = df.copy()
    df["is_new_user"] = hub.map.is_new_user(df)
    new = df[df.is_new_user]
    return {
        "daily users": hub.agg.unique_users(df),
        "session duration of new users": hub.agg.session_duration(new),
        "share of new users": hub.agg.unique_users(new) / hub.agg.unique_users(df),
    }
