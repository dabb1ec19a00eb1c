"""Event tables shipped with other packages, opened in one call and compared with pandas."""

from __future__ import annotations

import datetime
import importlib.metadata
from pathlib import Path

import pandas as pd
import pytest

from objectiv_local import ModelHub

HUB = ModelHub(time_aggregation="%Y-%m-%d")


def shipped(package: str, path: str) -> Path:
    """Return a file of a package, without importing the package."""
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"pip install --no-deps {package}, which ships the file")
    return Path(str(found.locate_file(path)))


def test_clicks_of_retentioneering():
    path = shipped("retentioneering", "retentioneering/datasets/ecom.csv.gz")
    events = HUB.events(path)
    raw = pd.read_csv(path, parse_dates=["timestamp"])
    assert len(events.to_pandas()) == len(raw) > 10_000
    days = raw.timestamp.dt.strftime("%Y-%m-%d")
    assert HUB.agg.unique_users(events).to_pandas().to_dict() == raw.groupby(days).user_id.nunique().to_dict()
    sessions = HUB.agg.unique_sessions(events, groupby="platform").to_pandas().to_dict()
    assert sessions == raw.groupby("platform").session_id.nunique().to_dict()
    hits = events.session_hit_number.to_pandas().value_counts().to_dict()
    assert hits == (raw.groupby("session_id").cumcount() + 1).value_counts().to_dict()
    frequency = raw.groupby("user_id").session_id.nunique().value_counts().to_dict()
    assert HUB.agg.frequency(events).to_pandas().to_dict() == frequency


def test_purchases_of_lifetimes():
    path = shipped("Lifetimes", "lifetimes/datasets/example_transactions.csv")
    # All rows are purchases, so the file has no column for the event type.
    events = HUB.events(path, user_id="id", event_type=lambda rows: "purchase")
    raw = pd.read_csv(path, parse_dates=["date"])
    assert events.event_type.unique().to_pandas().tolist() == ["purchase"]
    first = raw.groupby("id").date.min()
    new = events[HUB.map.is_new_user(events)]
    assert HUB.agg.unique_users(new).to_pandas().to_dict() == first.dt.strftime("%Y-%m-%d").value_counts().to_dict()
    gap = datetime.timedelta(minutes=30)
    moments = raw.sort_values(["id", "date"])
    starts = moments.groupby("id").date.diff().isna() | (moments.groupby("id").date.diff() > gap)
    assert HUB.agg.unique_sessions(events, groupby=None).value == starts.sum()
