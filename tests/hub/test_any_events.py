"""Every model except nested locations on events of any product, compared with plain Python: ids of every type that do not
increase with time, overlapping sessions, events at the same moment, and events without a user.
"""

from __future__ import annotations

import ast
import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from frame.frames import ENGINES, on_every_engine, opened, plain
from hub import any_events as by_hand
from hub import by_hand as of_objectiv

from objectiv_local import DataFrame, ModelHub
from objectiv_local import hub as hub_package

pytestmark = pytest.mark.usefixtures("unparsed")

#: The types of ids; and text, with sessions computed by the hub.
KINDS = (*by_hand.IDS, "sessionized", "event frame")
PERIOD = "%Y-%m-%d"
BUYS = {"converts": lambda each: each["event_type"] == "buy"}
on_all = pytest.mark.parametrize(("engine", "kind"), [(engine, kind) for engine in ENGINES for kind in KINDS])


def drawn(kind):
    """Return events with ids of a kind."""
    return by_hand.drawn(kind) if kind in by_hand.IDS else by_hand.numbered(by_hand.drawn("text"))


@cache
def frame(engine, kind):
    """Return the frame of the same events."""
    if kind not in by_hand.IDS:
        df = frame(engine, "text").drop(columns=["session_id", "session_hit_number"])
        return ModelHub().sessionize(df) if kind == "sessionized" else ModelHub().events(df.reset_index())
    df = DataFrame.from_arrow(opened(engine), by_hand.table(by_hand.drawn(kind), kind), "event_id")
    if kind == "uuid":
        df = df.reset_index()
        for name in ("event_id", "user_id", "session_id"):
            df[name] = df[name].astype("uuid")
        df = df.set_index("event_id")
    return df


def hub_of():
    hub = ModelHub(time_aggregation=PERIOD)
    hub.add_conversion_event(event_type="buy", name="bought")
    return hub


def cell(value):
    return round(value, 9) if isinstance(value, float) else getattr(value, "to_pytimedelta", lambda: value)()


def rows(found):
    """Return the rows of a result, with its groups first."""
    table = found.to_pandas()
    table = table.to_frame() if table.ndim == 1 else table
    table = table.reset_index() if any(table.index.names) else table
    return [tuple(map(cell, plain(row))) for row in table.astype(object).values.tolist()]


def labels(found):
    table = found.to_pandas().astype(object)
    return {key: cell(value) for key, value in zip(table.index.astype(object), plain(table), strict=True)}


LABELS = {
    "is_first_session": (lambda hub, df: hub.map.is_first_session(df), by_hand.is_first_session),
    "is_new_user": (lambda hub, df: hub.map.is_new_user(df), lambda events: by_hand.is_new_user(events, PERIOD)),
    "is_new_user_month": (
        lambda hub, df: hub.map.is_new_user(df, "%Y-%m"),
        lambda events: by_hand.is_new_user(events, "%Y-%m"),
    ),
    "is_conversion_event": (
        lambda hub, df: hub.map.is_conversion_event(df, "bought"),
        lambda events: {each["event_id"]: each["event_type"] == "buy" for each in events},
    ),
    **{
        f"conversions_in_time_{key}": (
            lambda hub, df, key=key: hub.map.conversions_in_time(df, "bought", partition=key),
            lambda events, key=key: by_hand.conversions(events, key=key, in_time=True, **BUYS),
        )
        for key in ("session_id", "user_id", "country")
    },
    **{
        f"conversions_counter_{key}": (
            lambda hub, df, key=key: hub.map.conversions_counter(df, "bought", partition=key),
            lambda events, key=key: by_hand.conversions(events, key=key, in_time=False, **BUYS),
        )
        for key in ("session_id", "user_id", "country")
    },
    **{
        f"pre_conversion_hit_number_{key}": (
            lambda hub, df, key=key: hub.map.pre_conversion_hit_number(df, "bought", partition=key),
            lambda events, key=key: by_hand.pre_conversion_hit_number(events, key=key, **BUYS),
        )
        for key in ("session_id", "user_id", "country")
    },
}


def paths(hub, df, steps, by, **options):
    return hub.get_funnel_discovery().get_navigation_paths(df, steps, by=by, **options)


def converted(hub, df, steps, by):
    df = df.assign(is_conversion_event=hub.map.is_conversion_event(df, "bought"))
    return paths(hub, df, steps, by, only_converted_paths=True)


def retention(events, period, **options):
    hits = [
        of_objectiv.Hit(each["event_id"], each["day"], each["moment"], each["user_id"], each["event_type"], [], [], [])
        for each in events
    ]
    return of_objectiv.retention(hits, period, **options)[1]


def by_day(events):
    """Return events with their day as the hub formats it."""
    return [{**each, "day": f"{each['moment']:{PERIOD}}"} for each in events]


FROM_AGGREGATES = {
    "unique_users": (lambda hub, df: hub.agg.unique_users(df), lambda events: by_hand.unique(by_day(events), "user_id", "day")),
    "unique_users_country": (
        lambda hub, df: hub.agg.unique_users(df, groupby=["country", "event_type"]),
        lambda events: by_hand.unique(events, "user_id", "country", "event_type"),
    ),
    "unique_sessions": (
        lambda hub, df: hub.agg.unique_sessions(df, groupby="event_type"),
        lambda events: by_hand.unique(events, "session_id", "event_type"),
    ),
    "session_duration": (
        lambda hub, df: hub.agg.session_duration(df),
        lambda events: by_hand.session_duration(by_day(events), "day"),
    ),
    "session_duration_sum": (
        lambda hub, df: hub.agg.session_duration(df, groupby="country", exclude_bounces=False, method="sum"),
        lambda events: by_hand.session_duration(events, "country", exclude_bounces=False, method="sum"),
    ),
    "session_duration_session": (
        lambda hub, df: hub.agg.session_duration(df, groupby="session_id", exclude_bounces=False),
        lambda events: by_hand.session_duration(events, "session_id", exclude_bounces=False),
    ),
    "frequency": (lambda hub, df: hub.agg.frequency(df), by_hand.frequency),
    "top_product_features": (lambda hub, df: hub.agg.top_product_features(df), by_hand.features),
    "top_product_features_of_a_type": (
        lambda hub, df: hub.agg.top_product_features(df, event_type="click"),
        lambda events: by_hand.features(events, "click"),
    ),
    "features_before_conversion": (
        lambda hub, df: hub.agg.top_product_features_before_conversion(df, "bought"),
        lambda events: by_hand.features_before(events, **BUYS),
    ),
    **{
        f"retention_{period}": (
            lambda hub, df, period=period: hub.agg.retention_matrix(df, period),
            lambda events, period=period: retention(events, period),
        )
        for period in ("daily", "weekly", "monthly", "yearly")
    },
    "retention_of_a_type": (
        lambda hub, df: hub.agg.retention_matrix(df, "daily", event_type="view", calendar_days=True, percentage=True),
        lambda events: retention(events, "calendar", event_type="view", percentage=True),
    ),
    "drop_off": (lambda hub, df: hub.agg.drop_off_locations(df), lambda events: by_hand.drop_off(events, "user_id")),
    "drop_off_session": (
        lambda hub, df: hub.agg.drop_off_locations(df, groupby="session_id", percentage=True),
        lambda events: by_hand.drop_off(events, "session_id", percentage=True),
    ),
    "drop_off_country": (
        lambda hub, df: hub.agg.drop_off_locations(df, groupby=["user_id", "country"]),
        lambda events: by_hand.drop_off(events, "user_id", "country"),
    ),
    "funnel": (lambda hub, df: hub.agg.funnel_conversion(df), by_hand.funnel),
    "funnel_dropna": (
        lambda hub, df: hub.agg.funnel_conversion(df, dropna=True),
        lambda events: by_hand.funnel(events, dropna=True),
    ),
    "funnel_country": (
        lambda hub, df: hub.agg.funnel_conversion(df, groupby="country", dropna=True),
        lambda events: by_hand.funnel(events, dropna=True, key="country"),
    ),
    "paths_user": (lambda hub, df: paths(hub, df, 3, "user_id"), lambda events: by_hand.paths(events, 3, "user_id")),
    "paths_session": (
        lambda hub, df: paths(hub, df, 3, "session_id", n_examples=2),
        lambda events: by_hand.paths(events, 3, "session_id", n_examples=2),
    ),
    "paths_backwards": (
        lambda hub, df: paths(hub, df, 3, "user_id", start_from_end=True),
        lambda events: by_hand.paths(events, 3, "user_id", from_end=True),
    ),
    "paths_converted": (
        lambda hub, df: converted(hub, df, 3, "session_id"),
        lambda events: by_hand.paths(events, 3, "session_id", **BUYS),
    ),
    "flows": (
        lambda hub, df: hub.get_funnel_discovery().plot_sankey_diagram(paths(hub, df, 3, "user_id"), show=False),
        lambda events: by_hand.flows([row[1:] for row in by_hand.paths(events, 3, "user_id")]),
    ),
}


@on_all
def test_labels(engine, kind):
    events, df, hub = drawn(kind), frame(engine, kind), hub_of()
    for name, (model, truth) in LABELS.items():
        wanted = truth(events)
        assert len(set(wanted.values())) > 1, name
        assert labels(model(hub, df)) == wanted, name


@on_all
def test_aggregates(engine, kind):
    events, df, hub = drawn(kind), frame(engine, kind), hub_of()
    for name, (model, truth) in FROM_AGGREGATES.items():
        wanted = [tuple(map(cell, row)) for row in truth(events)]
        assert wanted, name
        assert rows(model(hub, df)) == wanted, name


@on_every_engine
def test_period_of_time(engine):
    hub, events = hub_of(), by_hand.drawn()
    assert labels(hub.time_agg(frame(engine, "text"))) == {each["event_id"]: str(each["day"]) for each in events}


@on_every_engine
def test_hits_at_the_same_moment_and_location_are_ordered_by_id(engine):
    # Ordered by all columns, the type would decide.
    hits = pa.table(
        {
            "event_type": ["buy", "view"],
            "user_id": ["u", "u"],
            "location": ["/", "/"],
            "moment": [datetime.datetime(2024, 1, 1)] * 2,
            "event_id": ["b", "a"],
        }
    )
    df = DataFrame.from_arrow(opened(engine), hits, "event_id")
    assert rows(converted(hub_of(), df, 2, "user_id")) == [("u", "/", "/")]


#: Files that know the layout of Objectiv's events, and models of nested locations.
OF_STACKS = {
    "analyses/taxonomy.py",
    "series.py",
    "locations.py",
    "events/objectiv.py",
    "events/reading.py",
    "models/nested_locations.py",
}


def test_no_other_file_reads_stacks_or_contexts():
    root = Path(hub_package.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if name.startswith("schemas/") or name in OF_STACKS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = node.value if isinstance(node, ast.Constant) else node.attr if isinstance(node, ast.Attribute) else None
            if named == "location_stack" or (named == "global_contexts" and isinstance(node, ast.Constant)):
                found.add(name)
    assert found == set()
