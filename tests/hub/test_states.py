"""Every model on every state of a frame, compared with the same model on rows that were materialized after every step.

The conversion is registered over the first state, as users do, and has to apply to all later states.
"""

from __future__ import annotations

import copy
import datetime
import random

import pandas as pd
import pytest
from hub.every_model import MODELS, converting, made, paths
from hub.tables import APP, HOME, PLACES, event, stored

from objectiv_local import ModelHub, sample

ENGINES = ("arrow", PLACES[-2])
BUY, LOGO, TOP = (
    {"_type": "PressableContext", "id": "buy"},
    {"_type": "LinkContext", "id": "logo", "href": "/"},
    {"_type": "NavigationContext", "id": "top"},
)

pytestmark = pytest.mark.usefixtures("unparsed")


def drawn_events(seed=5, count=60):
    """Return events of four users over three months: pauses around the gap, ties, and conversions among them."""
    draw = random.Random(seed)
    moments = {who: datetime.datetime(2022, 1, 30, 23, 0) for who in range(4)}
    events = []
    for number in range(count):
        who = draw.randrange(4)
        moments[who] += datetime.timedelta(seconds=draw.choice((0, 0, 60, 900, 1800, 1801, 40_000, 900_000)))
        stack = draw.choice(([], [HOME], [HOME, TOP, LOGO], [HOME, TOP, BUY], [HOME, LOGO]))
        events.append(
            event(
                (number * 37) % 101,
                who,
                str(moments[who]),
                stack=stack,
                contexts=draw.choice((APP, APP, [])),
                type_=draw.choice(("PressEvent", "PressEvent", "VisibleEvent", "InteractiveEvent")),
            )
        )
    return events


EVENTS = drawn_events()

#: Models that tests/hub/models.py leaves out.
MORE = {
    "is_new_user_month": lambda hub, df: hub.map.is_new_user(df, "%Y-%m"),
    "pre_conversion_hit_number_user": lambda hub, df: hub.map.pre_conversion_hit_number(df, "bought", partition="user_id"),
    "session_duration_session": lambda hub, df: hub.agg.session_duration(df, groupby="session_id"),
    "unique_sessions_application": lambda hub, df: hub.agg.unique_sessions(df, groupby=df.application.context.id),
    "retention_dates": lambda hub, df: hub.agg.retention_matrix(
        df, "daily", event_type="PressEvent", start_date="2022-01-31", end_date="2022-03-01", calendar_days=True
    ),
    "top_product_features_slice": lambda hub, df: hub.agg.top_product_features(df, df.location_stack.json[1:], "AbstractEvent"),
    "funnel_conversion_session": lambda hub, df: hub.agg.funnel_conversion(df, groupby=["session_id"]),
    "share_converted": lambda hub, df: (
        hub.agg.unique_users(df[hub.map.is_conversion_event(df, "bought")]) / hub.agg.unique_users(df)
    ),
    "before_conversion": lambda hub, df: (
        df[(hub.map.conversions_counter(df, "bought") > 0) & (hub.map.conversions_in_time(df, "bought") == 0)]
        .groupby("session_id")
        .size()
    ),
    "conversion_event_alone": lambda hub, df: paths(hub, converting(hub, df), by="user_id", add_conversion_step_column=True),
    "application": lambda hub, df: df.application.c.id,
}
EVERY = MODELS | MORE


def step(df, *, materialized):
    return df.materialize(materialization="temp_table") if materialized else df


def sampled(hub, df):
    return df.get_sample(filter=df.session_hit_number < 4)


def labelled(hub, df):
    df = df.copy()
    df["first"] = hub.map.is_first_session(df)
    df["new"] = hub.map.is_new_user(df)
    df["so_far"] = df.groupby("user_id").session_hit_number.transform("max")
    return df


def unsampled(hub, df):
    part = df.get_sample(sample_percentage=50)
    part["twice"] = part.session_id * 2
    return part.get_unsampled()


#: Each state as the steps from the raw frame. ``frames`` are the raw frames, of all days and of some.
STATES = {
    "raw": [],
    "step": [lambda hub, df: df.materialize()],
    "temporary table": [lambda hub, df: df.materialize(materialization="temp_table")],
    "filtered": [lambda hub, df: df[df.event_type != "VisibleEvent"]],
    "filtered by a label": [lambda hub, df: df[hub.map.is_new_user(df, "%Y-%m-%d")]],
    "labelled": [labelled],
    "labelled and filtered": [labelled, lambda hub, df: df[df.so_far > 2], lambda hub, df: df.materialize()],
    "sorted": [lambda hub, df: df.sort_values(["moment", "event_type"], ascending=[False, True])],
    "some rows": [lambda hub, df: df.sort_values("session_id")[:30]],
    "chosen columns": [
        lambda hub, df: df[[name for name in df.data_columns if name != "day"]],
        lambda hub, df: df.materialize(),
    ],
    "sampled": [sampled],
    "unsampled": [unsampled],
    "appended": [lambda hub, df: df.append(df[df.event_type == "PressEvent"])],
    "merged": [lambda hub, df: df.merge(df.groupby("user_id").session_id.nunique().to_frame().reset_index(), on="user_id")],
    "aligned": [lambda hub, df: df.assign(other=df.materialize(materialization="temp_table").session_id)],
    "other dates": ["dated"],
    "other dates, appended": ["dated", lambda hub, df: df.append(df), lambda hub, df: df[df.session_hit_number > 1]],
    "another frame of all days": ["again"],
}


class Frames:
    """The raw frames over one stored table, and the hub with the conversion."""

    def __init__(self, place, directory):
        self.target, self.table = stored(place, EVENTS, directory)
        self.hub, self.raw = self.frame()
        made(self.hub, self.raw)

    def frame(self, **days):
        hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
        return hub, hub.get_objectiv_dataframe(db_url=self.target, table_name=self.table, **days)

    def state(self, name, *, materialized):
        df = step(self.raw, materialized=materialized)
        for change in STATES[name]:
            if change == "dated":
                df = self.frame(start_date="2022-01-31", end_date="2022-03-05")[1]
            elif change == "again":
                df = self.frame(session_gap_seconds=1000)[1]
            else:
                df = change(self.hub, df)
            df = step(df, materialized=materialized)
        return df


@pytest.fixture(scope="module", params=ENGINES)
def frames(request, tmp_path_factory):
    return Frames(request.param, tmp_path_factory.mktemp("states"))


def rows(found):
    """Return the rows of a result (sorted by all columns if it is unordered), and its dtypes."""
    table = found.to_pandas()
    table = table.to_frame() if isinstance(table, pd.Series) else table
    kinds = table.dtypes.astype(str).tolist()
    table = table.reset_index() if any(table.index.names) else table
    return kinds, list(table.columns), sorted(map(str, table.to_numpy().tolist()))


@pytest.mark.parametrize("state", STATES)
def test_models_return_the_same_on_materialized_rows(frames, state):
    df, truth = frames.state(state, materialized=False), frames.state(state, materialized=True)
    # The expected result uses nothing of the first frame: rows in a new table, over which the conversion is registered again.
    hub = made(ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"]), truth)
    assert len(df) == len(truth) > 10
    wrong = [name for name, model in EVERY.items() if rows(model(frames.hub, df)) != rows(model(hub, truth))]
    assert wrong == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_hub_is_copied_with_its_conversions(copied):
    hub = ModelHub()
    df = hub.get_objectiv_dataframe(db_url=sample.path())
    hub.add_conversion_event(name="press", event_type="PressEvent")
    hub.kept = df.moment
    other = copied(hub)
    assert other.map.is_conversion_event(df, "press").view_sql() == hub.map.is_conversion_event(df, "press").view_sql()
    assert copied(hub.agg).unique_users(df).view_sql() == hub.agg.unique_users(df).view_sql()
