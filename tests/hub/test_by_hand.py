"""Every model compared with the same model in plain Python, on edge cases of events: see by_hand.py for the definitions."""

from __future__ import annotations

import datetime
import json
import random

import pandas as pd
import pytest
from frame.frames import plain
from hub import by_hand
from hub.tables import PLACES, event, stored

from objectiv_local import ModelHub

pytestmark = pytest.mark.usefixtures("unparsed")

ENGINES = ("arrow", PLACES[-2])
HOME, DOCS = ({"_type": "RootLocationContext", "id": name} for name in ("home", "docs"))
TOP, LOGO = {"_type": "NavigationContext", "id": "top"}, {"_type": "LinkContext", "id": "logo", "href": "/a"}
BUY, MEDIA = {"_type": "PressableContext", "id": "buy"}, {"_type": "MediaPlayerContext", "id": "intro"}
STACKS = [
    [],
    [HOME],
    [HOME, TOP, LOGO],
    [HOME, TOP, LOGO],
    [HOME, TOP, BUY],
    [HOME, BUY, MEDIA],
    [DOCS, LOGO],
    [DOCS, TOP, MEDIA],
]
TYPES = {
    "PressEvent": ["AbstractEvent", "InteractiveEvent", "PressEvent"],
    "VisibleEvent": ["AbstractEvent", "VisibleEvent"],
    "InteractiveEvent": ["AbstractEvent", "InteractiveEvent"],
    "MediaEvent": ["AbstractEvent", "MediaEvent"],
}
#: Pauses around the gap of sessions and around whole days, weeks, months and years, and no pause.
PAUSES = [
    datetime.timedelta(**each)
    for each in (
        {},
        {},
        {},
        {"seconds": 40},
        {"minutes": 20},
        {"seconds": 1800},
        {"seconds": 1800, "microseconds": 1},
        {"hours": 23},
        {"hours": 24},
        {"hours": 24, "microseconds": -1},
        {"days": 6, "hours": 23},
        {"days": 7},
        {"days": 20},
    )
]
START = datetime.datetime(2021, 12, 30, 23, 50)
BOUGHT = {"stack": {"id": "buy"}, "type_": "PressEvent"}
IDENTITY = {"_type": "IdentityContext", "id": "email"}


#: Pauses of a busy day: several sessions per user, and hits of many users at the same moment.
SHORT = [datetime.timedelta(seconds=seconds) for seconds in (0, 0, 1, 40, 1200, 1800, 2000, 9000)]


def drawn(seed, count=70, users=5, pauses=PAUSES):
    """Return raw events; the last user is missing. Ties between hits are frequent, and ids do not increase with time."""
    draw = random.Random(seed)
    moments = {who: START + draw.choice(pauses) for who in range(users)}
    events = []
    for number in range(count):
        who = draw.randrange(users)
        moments[who] += draw.choice(pauses)
        type_ = draw.choice(list(TYPES))
        contexts = [
            {"_type": "ApplicationContext", "id": name} for name in draw.choice((["shop"], ["shop"], ["app", "shop"], []))
        ]
        contexts.append({"_type": "HttpContext", "id": "http", "user_agent": draw.choice(("Fox", "Cat"))})
        if who < 2 and draw.random() < 0.4:
            # Of several contexts in one event the first one counts, and contexts of another kind do not.
            contexts += [
                IDENTITY | {"value": value} for value in draw.choice((["joe"], ["ann"], ["joe", "ann"], ["ann", "joe"]))
            ]
            contexts.insert(draw.randrange(2), IDENTITY | {"id": "crm", "value": "7"})
        made = event(
            (number * 53) % 997, who, moments[who].isoformat(sep=" "), type_=type_, stack=draw.choice(STACKS), contexts=contexts
        )
        made["value"] = json.dumps(json.loads(made["value"]) | {"_types": TYPES[type_]})
        events.append(made | {"cookie_id": None} if who == users - 1 else made)
    return events


#: Two users: a session over midnight, one several days later, and moments at the edges of dates.
EDGES = [
    event(number, who, moment, type_="PressEvent", stack=stack, contexts=[{"_type": "ApplicationContext", "id": "shop"}])
    for number, (who, moment, stack) in enumerate(
        [
            (1, "2022-01-31 23:59:59.999999", [HOME, BUY]),
            (1, "2022-02-01 00:00:00", [HOME]),
            (1, "2022-02-01 00:10:00", [HOME, TOP]),
            (1, "2022-02-07 00:00:00", [HOME, LOGO]),
            (1, "2022-02-28 23:59:59.999999", [HOME]),
            (2, "2022-02-01 00:00:00", [HOME]),
            (2, "2022-02-01 23:59:59.999999", [HOME, LOGO]),
            (2, "2022-02-02 00:00:00", [HOME, BUY]),
            (2, "2022-03-01 00:00:00", [HOME]),
            (3, "2022-03-01 00:00:00", [HOME]),
            (3, "2022-03-01 00:00:00", [HOME, BUY]),
        ]
    )
]
TABLES = {"edges": EDGES, "dense": drawn(7, pauses=SHORT), **{f"drawn {seed}": drawn(seed) for seed in range(2)}}


def day(hit):
    return (hit.moment.strftime("%Y-%m-%d"),)


def user(hit):
    return (hit.user,)


def session(hit):
    return (hit.session,)


def nobody(hit):
    return ()


def known(df):
    return df[df.user_id.notnull()]


def those_known(hits):
    return [hit for hit in hits if hit.user is not None]


def discovery(hub, df, *args, **options):
    df = df.copy()
    df["is_conversion_event"] = hub.map.is_conversion_event(df, "bought")
    return hub.get_funnel_discovery().get_navigation_paths(df, *args, **options)


def sankey(hub, paths):
    return hub.get_funnel_discovery().plot_sankey_diagram(paths, show=False)


def contexts(name):
    return lambda hub, df: getattr(df.global_contexts.gc, name)


#: Each label in the hub, and in plain Python.
LABELS = {
    "time_agg": (lambda hub, df: hub.time_agg(df), lambda hits: {hit.id: day(hit)[0] for hit in hits}),
    "session_id": (lambda hub, df: df.session_id, lambda hits: {hit.id: hit.session for hit in hits}),
    "session_hit_number": (lambda hub, df: df.session_hit_number, lambda hits: {hit.id: hit.number for hit in hits}),
    "is_first_session": (lambda hub, df: hub.map.is_first_session(df), by_hand.is_first_session),
    "is_new_user": (lambda hub, df: hub.map.is_new_user(df), lambda hits: by_hand.is_new_user(hits, "%Y-%m-%d")),
    "is_new_user month": (lambda hub, df: hub.map.is_new_user(df, "%Y-%m"), lambda hits: by_hand.is_new_user(hits, "%Y-%m")),
    **{
        f"is_conversion_event {name}": (
            lambda hub, df, name=name: hub.map.is_conversion_event(df, name),
            lambda hits, kind=kind: {hit.id: by_hand.converts(hit, **kind) for hit in hits},
        )
        for name, kind in {"bought": BOUGHT, "at buy": {"stack": {"id": "buy"}}, "presses": {"type_": "PressEvent"}}.items()
    },
    **{
        f"{model} {name}": (
            lambda hub, df, model=model, name=name: getattr(hub.map, model)(df, "bought", partition=name),
            lambda hits, model=model, key=key: getattr(by_hand, model)(hits, key, **BOUGHT),
        )
        for model in ("conversions_in_time", "conversions_counter", "pre_conversion_hit_number")
        for name, key in {"session_id": session, "user_id": user}.items()
    },
    "default partition": (
        lambda hub, df: hub.map.conversions_in_time(df, "presses") + hub.map.conversions_counter(df, "presses"),
        lambda hits: {
            id_: first + second
            for (id_, first), second in zip(
                by_hand.conversions_in_time(hits, session, type_="PressEvent").items(),
                by_hand.conversions_counter(hits, session, type_="PressEvent").values(),
                strict=True,
            )
        },
    ),
    "default partition before": (
        lambda hub, df: hub.map.pre_conversion_hit_number(df, "presses"),
        lambda hits: by_hand.pre_conversion_hit_number(hits, session, type_="PressEvent"),
    ),
    "nice_name": (
        lambda hub, df: df.location_stack.ls.nice_name,
        lambda hits: {hit.id: by_hand.nice_name(hit.stack) for hit in hits},
    ),
    "feature_stack": (
        lambda hub, df: df.location_stack.ls.feature_stack,
        lambda hits: {hit.id: [{key: each[key] for key in ("_type", "id")} for each in hit.stack] for hit in hits},
    ),
    "navigation_features": (
        lambda hub, df: df.location_stack.ls.navigation_features,
        lambda hits: {hit.id: by_hand.from_first(hit.stack, {"_type": "NavigationContext"}) for hit in hits},
    ),
    "href": (
        lambda hub, df: df.location_stack.ls.get_from_context_with_type_series("LinkContext", "href"),
        lambda hits: {hit.id: by_hand.member(hit.stack, {"_type": "LinkContext"}, "href") for hit in hits},
    ),
    "application": (lambda hub, df: df.application.context.id, lambda hits: {hit.id: by_hand.application(hit) for hit in hits}),
    "contexts application": (contexts("application"), lambda hits: {hit.id: by_hand.application(hit) for hit in hits}),
    "contexts user_agent": (
        contexts("user_agent"),
        lambda hits: {hit.id: by_hand.member(hit.contexts, {"_type": "HttpContext"}, "user_agent") for hit in hits},
    ),
}
PERIODS = ("daily", "weekly", "monthly", "yearly")
#: Each aggregate in the hub, and in plain Python. Rows are ordered.
TABLES_OF = {
    "unique_users": (lambda hub, df: hub.agg.unique_users(df), lambda hits: by_hand.unique(hits, day, lambda hit: hit.user)),
    "unique_users total": (
        lambda hub, df: hub.agg.unique_users(df, groupby=None),
        lambda hits: by_hand.unique(hits, nobody, lambda hit: hit.user),
    ),
    "unique_sessions": (
        lambda hub, df: hub.agg.unique_sessions(df, groupby=["event_type", hub.time_agg(df, "%Y-%m")]),
        lambda hits: by_hand.unique(hits, lambda hit: (hit.type, hit.moment.strftime("%Y-%m")), lambda hit: hit.session),
    ),
    "unique_sessions day": (
        lambda hub, df: hub.agg.unique_sessions(df),
        lambda hits: by_hand.unique(hits, day, lambda hit: hit.session),
    ),
    **{
        f"session_duration {method} {bounces}": (
            lambda hub, df, method=method, bounces=bounces: hub.agg.session_duration(
                df, exclude_bounces=not bounces, method=method
            ),
            lambda hits, method=method, bounces=bounces: by_hand.session_duration(
                hits, day, exclude_bounces=not bounces, method=method
            ),
        )
        for method in ("mean", "sum")
        for bounces in (False, True)
    },
    "session_duration total": (
        lambda hub, df: hub.agg.session_duration(df, groupby=None, method="sum"),
        lambda hits: by_hand.session_duration(hits, nobody, method="sum"),
    ),
    "session_duration default": (
        lambda hub, df: hub.agg.session_duration(df, groupby="event_type"),
        lambda hits: by_hand.session_duration(hits, lambda hit: (hit.type,)),
    ),
    "session_duration session": (
        lambda hub, df: hub.agg.session_duration(df, groupby="session_id"),
        lambda hits: by_hand.session_duration(hits, session),
    ),
    "session_duration day and session": (
        lambda hub, df: hub.agg.session_duration(df, groupby=[hub.time_agg(df), df.session_id], exclude_bounces=False),
        lambda hits: by_hand.session_duration(hits, lambda hit: (*day(hit), hit.session), exclude_bounces=False),
    ),
    "frequency": (lambda hub, df: hub.agg.frequency(df), by_hand.frequency),
    "top_product_features": (lambda hub, df: hub.agg.top_product_features(df), by_hand.features),
    "top_product_features slice": (
        lambda hub, df: hub.agg.top_product_features(df, df.location_stack.json[1:], "AbstractEvent"),
        lambda hits: by_hand.features(hits, lambda stack: stack[1:], "AbstractEvent"),
    ),
    "before_conversion": (
        lambda hub, df: hub.agg.top_product_features_before_conversion(df, "bought"),
        lambda hits: by_hand.features_before_conversion(hits, BOUGHT),
    ),
    "before_conversion slice": (
        lambda hub, df: hub.agg.top_product_features_before_conversion(
            df, "at buy", df.location_stack.json[-1:], "AbstractEvent"
        ),
        lambda hits: by_hand.features_before_conversion(
            hits, {"stack": {"id": "buy"}}, cut=lambda stack: stack[-1:], event_type="AbstractEvent"
        ),
    ),
    **{
        f"drop_off {name} {percentage}": (
            lambda hub, df, name=name, percentage=percentage: hub.agg.drop_off_locations(
                df, groupby=name, percentage=percentage
            ),
            lambda hits, key=key, percentage=percentage: by_hand.drop_off(hits, key, percentage=percentage),
        )
        for name, key in {"user_id": user, "session_id": session}.items()
        for percentage in (False, True)
    },
    "drop_off default": (lambda hub, df: hub.agg.drop_off_locations(df), lambda hits: by_hand.drop_off(hits, user)),
    "funnel": (lambda hub, df: hub.agg.funnel_conversion(known(df)), lambda hits: by_hand.funnel(those_known(hits))),
    "funnel session": (
        lambda hub, df: hub.agg.funnel_conversion(known(df), groupby="session_id"),
        lambda hits: by_hand.funnel(those_known(hits), session),
    ),
    "funnel type": (
        lambda hub, df: hub.agg.funnel_conversion(known(df), groupby=["event_type"]),
        lambda hits: by_hand.funnel(those_known(hits), lambda hit: (hit.type,)),
    ),
    "paths": (lambda hub, df: discovery(hub, df, 3), lambda hits: by_hand.paths(hits, 3)),
    "paths one step": (
        lambda hub, df: discovery(hub, known(df), 1, by="user_id"),
        lambda hits: by_hand.paths(those_known(hits), 1, user),
    ),
    "paths users": (
        lambda hub, df: discovery(hub, known(df), 2, by="user_id"),
        lambda hits: by_hand.paths(those_known(hits), 2, user),
    ),
    "paths sort": (
        lambda hub, df: discovery(hub, df, 3, by="session_id", sort_by="session_hit_number", n_examples=2),
        lambda hits: by_hand.paths(hits, 3, session, lambda hit: hit.number, n_examples=2),
    ),
    "paths from end": (
        lambda hub, df: discovery(hub, df, 3, by=["session_id"], start_from_end=True, n_examples=3),
        lambda hits: by_hand.paths(hits, 3, session, from_end=True, n_examples=3),
    ),
    "paths step": (
        lambda hub, df: discovery(hub, df, 3, by="session_id", add_conversion_step_column=True),
        lambda hits: by_hand.paths(hits, 3, session, conversion=BOUGHT, with_step=True),
    ),
    "paths converted": (
        lambda hub, df: discovery(hub, df, 4, by="session_id", only_converted_paths=True),
        lambda hits: by_hand.paths(hits, 4, session, conversion=BOUGHT, only_converted=True),
    ),
    "paths converted from end": (
        lambda hub, df: discovery(hub, df, 3, only_converted_paths=True, start_from_end=True, add_conversion_step_column=True),
        lambda hits: by_hand.paths(hits, 3, from_end=True, conversion=BOUGHT, only_converted=True, with_step=True),
    ),
    "flows": (
        lambda hub, df: sankey(hub, discovery(hub, df, 3, by="session_id")),
        lambda hits: by_hand.flows([path[1:] for path in by_hand.paths(hits, 3, session)]),
    ),
    "flows with step": (
        lambda hub, df: sankey(hub, discovery(hub, df, 2, add_conversion_step_column=True)),
        lambda hits: by_hand.flows(by_hand.paths(hits, 2)),
    ),
    "nested": (lambda hub, df: hub.visualize_location_stack(df, return_df=True, show=False), by_hand.nested),
    "nested root": (
        lambda hub, df: hub.visualize_location_stack(df, root_location="docs", return_df=True, show=False),
        lambda hits: by_hand.nested(hits, "docs"),
    ),
}
MOMENT = datetime.datetime(2022, 2, 1)
#: Options of the retention matrix in the hub, and in plain Python.
RETENTION = {
    **{period: ({"time_period": period}, {"period": period}) for period in PERIODS},
    "default": ({}, {"period": "monthly"}),
    "calendar": ({"time_period": "daily", "calendar_days": True}, {"period": "calendar"}),
    "percentage": ({"time_period": "weekly", "percentage": True}, {"period": "weekly", "percentage": True}),
    "filled": ({"time_period": "weekly", "fill_value": 0}, {"period": "weekly", "fill_value": 0}),
    "type": ({"event_type": "PressEvent"}, {"period": "monthly", "event_type": "PressEvent"}),
    "exactly": ({"event_type": "InteractiveEvent"}, {"period": "monthly", "event_type": "InteractiveEvent"}),
    "parents": (
        {"event_type": "InteractiveEvent", "parent_types": True},
        {"period": "monthly", "event_type": "InteractiveEvent", "parent_types": True},
    ),
    # Dates and moments of events, and a microsecond to either side.
    **{
        f"{side} {number}": ({"time_period": "daily", f"{side}_date": given}, {"period": "daily", side: moment})
        for side in ("start", "end")
        for number, (given, moment) in enumerate(
            (
                ("2022-02-01", MOMENT),
                (MOMENT.date(), MOMENT),
                ("2022-01-31 23:59:59.999999", MOMENT - by_hand.MICROSECOND),
                (MOMENT + by_hand.MICROSECOND, MOMENT + by_hand.MICROSECOND),
                (datetime.date(2022, 3, 1), datetime.datetime(2022, 3, 1)),
            )
        )
    },
    "both": (
        {"time_period": "daily", "start_date": "2022-02-01", "end_date": "2022-02-02", "event_type": "PressEvent"},
        {"period": "daily", "start": MOMENT, "end": datetime.datetime(2022, 2, 2), "event_type": "PressEvent"},
    ),
}


def frames(engine, name, directory):
    """Return the hub with its conversions, and a function that creates event frames of a table."""
    target, table = stored(engine, TABLES[name], directory)
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application", "global_contexts"])

    def frame(**options):
        return hub.get_objectiv_dataframe(db_url=target, table_name=table, **options)

    df = frame()
    for conversion, arguments in {
        "bought": {"location_stack": df.location_stack.json[{"id": "buy"} :], "event_type": "PressEvent"},
        "at buy": {"location_stack": df.location_stack.json[{"id": "buy"} :]},
        "presses": {"event_type": "PressEvent"},
    }.items():
        hub.add_conversion_event(name=conversion, **arguments)
    return hub, frame


@pytest.fixture(scope="module", params=[(engine, name) for engine in ENGINES for name in TABLES], ids=" ".join)
def made(request, tmp_path_factory):
    engine, name = request.param
    return (*frames(engine, name, tmp_path_factory.mktemp("by_hand")), TABLES[name])


def close(value):
    if isinstance(value, bool) or not isinstance(value, float):
        return value
    return pytest.approx(value, rel=1e-12)


def by_event(series):
    found = series.to_pandas()
    return dict(zip(found.index, plain(found), strict=True))


def rows(found):
    """Return the rows of a result as tuples of plain values, index first."""
    table = found.to_pandas()
    table = table.to_frame() if isinstance(table, pd.Series) else table
    table = table.reset_index() if any(table.index.names) else table
    return [tuple(plain(row)) for row in zip(*(table[name] for name in table.columns), strict=True)]


def checked_labels(hub, df, hits):
    for name, (here, by) in LABELS.items():
        assert by_event(here(hub, df)) == by(hits), name


def checked_tables(hub, df, hits):
    for name, (here, by) in TABLES_OF.items():
        expected = by(hits)
        if name.startswith("funnel"):
            expected = [(*row[:-3], *(round(float(rate), 3) for rate in row[-3:])) for row in expected]
        assert rows(here(hub, df)) == [tuple(map(close, row)) for row in expected], name


def checked_retention(hub, df, hits):
    for name, (options, by) in RETENTION.items():
        columns, expected = by_hand.retention(hits, **by)
        matrix = hub.agg.retention_matrix(df, **options)
        assert matrix.columns == columns, name
        assert rows(matrix) == [tuple(map(close, row)) for row in expected], name


def checked_frames(hub, frame, events):
    """Check the event frames of days, gaps and identities."""
    days = [datetime.date(2022, 1, 31), datetime.date(2022, 2, 1), datetime.date(2022, 2, 28)]
    for start, end in ((None, days[1]), (days[1], None), (days[0], days[1]), (days[1], days[1]), (days[1], days[2])):
        df = frame(start_date=start and str(start), end_date=end)
        hits = by_hand.sessionized(events, start, end)
        assert by_event(df.session_id) == {hit.id: hit.session for hit in hits}, (start, end)
        assert by_event(hub.map.conversions_in_time(df, "bought")) == by_hand.conversions_in_time(hits, session, **BOUGHT)
    for seconds in (0, 60, 1200, 86_400):
        hits = by_hand.sessionized(events, gap=datetime.timedelta(seconds=seconds))
        df = frame(session_gap_seconds=seconds)
        assert by_event(df.session_id) == {hit.id: hit.session for hit in hits}, seconds
        assert by_event(df.session_hit_number) == {hit.id: hit.number for hit in hits}, seconds
    for anonymous in (False, True):
        df = frame(identity_resolution="email", anonymize_unidentified_users=anonymous)
        hits = by_hand.identified(events, "email", anonymous=anonymous)
        assert by_event(df.user_id) == {hit.id: hit.user for hit in hits}, anonymous
        assert by_event(df.session_id) == {hit.id: hit.session for hit in hits}, anonymous
        assert by_event(hub.map.is_first_session(df)) == by_hand.is_first_session(hits), anonymous


def test_labels(made):
    hub, frame, events = made
    checked_labels(hub, frame(), by_hand.sessionized(events))


def test_tables(made):
    hub, frame, events = made
    checked_tables(hub, frame(), by_hand.sessionized(events))


def test_retention(made):
    hub, frame, events = made
    checked_retention(hub, frame(), by_hand.sessionized(events))


def test_frames(made):
    checked_frames(*made)
