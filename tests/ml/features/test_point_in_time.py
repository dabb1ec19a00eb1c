"""Features and labels at cutoffs: which events count, on every engine, compared with values by hand and a loop in Python."""

from __future__ import annotations

import datetime as dt
import random

import pandas as pd
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened, plain

from objectiv_local import DataFrame, ModelHub, sample
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml.features import Features, Label
from objectiv_local.ml.fingerprints import fingerprint

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
TICK = dt.timedelta(microseconds=1)
AT = dt.datetime(2022, 3, 1, 12)


def events(engine, rows, names=("user_id", "moment", "kind", "amount")):
    return load(engine, {name: [row[position] for row in rows] for position, name in enumerate(names)}).rename(
        index={"_index_row": "event"}
    )


def spine(engine, rows, names=("user_id", "cutoff")):
    return load(engine, {name: [row[position] for row in rows] for position, name in enumerate(names)})


def found(frame, *names):
    """Return rows of columns in the order of the index."""
    table = frame.sort_index().to_pandas()
    return [list(row) for row in zip(*(plain(table[name]) for name in names), strict=True)]


@on_every_engine
def test_bounds_are_half_open(engine):
    rows = [
        ("a", AT - WEEK - TICK, "x", 1),
        ("a", AT - WEEK, "x", 2),
        ("a", AT - TICK, "x", 4),
        ("a", AT, "x", 8),
        ("a", AT + WEEK - TICK, "x", 16),
        ("a", AT + WEEK, "x", 32),
        ("a", AT + WEEK + DAY, "x", 64),
    ]
    features = (
        Features(events(engine, rows))
        .add("all", "sum", "amount")
        .add("week", "sum", "amount", window=WEEK)
        .add("week_count", "count", window=WEEK)
        .label(Label("next", horizon=WEEK, agg="sum", column="amount"))
        .label(Label("after_a_day", horizon=WEEK, gap=DAY, agg="sum", column="amount"))
        .label(Label("next_count", horizon=WEEK, agg="count"))
        .label(Label("a_tick", horizon=TICK))
    )
    got = features.at(spine(engine, [("a", AT)]))
    # The event at cutoff - window is in the features, that at the cutoff in the label, that at cutoff + horizon in neither.
    assert found(got, *features.feature_names) == [[1 + 2 + 4, 2 + 4, 2]]
    assert found(got, *features.label_names) == [[8 + 16, 16 + 32, 2, True]]


@on_every_engine
def test_every_aggregate(engine):
    rows = [
        ("a", AT - 3 * DAY, "x", 5),
        ("a", AT - 3 * DAY, "y", 7),
        ("a", AT - 2 * DAY, None, None),
        ("a", AT - DAY, "x", 5),
        ("b", AT - DAY, "y", None),
        ("b", None, "y", 3),
        (None, AT - DAY, "y", 3),
    ]
    features = Features(events(engine, rows))
    for agg in ("count", "sum", "mean", "min", "max", "nunique", "first", "last"):
        features = features.add(f"{agg}_amount", agg, "amount")
    features = (
        features.add("first_kind", "first", "kind")
        .add("last_kind", "last", "kind")
        .add("count", "count")
        .add("any_y", "any", where=lambda df: df.kind == "y")
        .add("share_y", "share", where=lambda df: df.kind == "y")
        .add("since_last", "since_last")
        .add("since_y", "since_last", where=lambda df: df.kind == "y")
        .add("last_moment", "last", "moment")
    )
    got = features.at(spine(engine, [("a", AT), ("b", AT), ("nobody", AT)]))
    names = features.feature_names
    assert [dict(zip(names, row, strict=True)) for row in found(got, *names)] == [
        {
            "count_amount": 3,
            "sum_amount": 17,
            "mean_amount": 17 / 3,
            "min_amount": 5,
            "max_amount": 7,
            "nunique_amount": 2,
            "first_amount": 5,
            "last_amount": 5,
            "first_kind": "x",
            "last_kind": "x",
            "count": 4,
            "any_y": True,
            "share_y": 0.25,
            "since_last": 86400.0,
            "since_y": 3 * 86400.0,
            "last_moment": AT - DAY,
        },
        {
            "count_amount": 0,
            "sum_amount": 0,
            "mean_amount": None,
            "min_amount": None,
            "max_amount": None,
            "nunique_amount": 0,
            "first_amount": None,
            "last_amount": None,
            "first_kind": "y",
            "last_kind": "y",
            "count": 1,
            "any_y": True,
            "share_y": 1.0,
            "since_last": 86400.0,
            "since_y": 86400.0,
            "last_moment": AT - DAY,
        },
        {
            "count_amount": 0,
            "sum_amount": 0,
            "mean_amount": None,
            "min_amount": None,
            "max_amount": None,
            "nunique_amount": 0,
            "first_amount": None,
            "last_amount": None,
            "first_kind": None,
            "last_kind": None,
            "count": 0,
            "any_y": False,
            "share_y": None,
            "since_last": None,
            "since_y": None,
            "last_moment": None,
        },
    ]


@on_every_engine
def test_events_of_one_time_are_ordered_by_the_key(engine):
    rows = [("a", AT, "second", 9), ("a", AT, "first", 1), ("a", AT, "third", 12)]
    frame = events(engine, rows)
    ends = [("first", "kind"), ("last", "kind")]

    def at(features):
        for agg, column in ends:
            features = features.add(agg, agg, column)
        return found(features.at(spine(engine, [("a", AT + DAY)])), "first", "last")

    assert at(Features(frame)) == [["second", "third"]]
    assert at(Features(frame, key="amount")) == [["first", "third"]]
    # The key does not distinguish the events: first is the minimum value, last is the maximum.
    assert at(Features(frame, key="user_id")) == [["first", "third"]]
    counted = Features(frame, key="user_id").add("last", "last", "kind").add("n", "count").add("kinds", "nunique", "kind")
    assert found(counted.at(spine(engine, [("a", AT + DAY)])), "n", "kinds") == [[3, 3]]


@on_every_engine
def test_rows_of_the_spine_stay(engine):
    rows = [("a", AT - DAY, "x", 1), ("b", AT - DAY, "x", 1), ("b", AT - 2 * DAY, "x", 1), (None, AT - DAY, "x", 1)]
    given = [("b", AT, "u"), ("a", AT, "v"), ("b", AT, "w"), (None, AT, "x"), ("a", None, "y"), ("b", AT - DAY, "z")]
    base = spine(engine, given, ("user_id", "cutoff", "note")).sort_values("note", ascending=False)
    features = Features(events(engine, rows)).add("n", "count").label(Label("again", horizon=DAY, until=AT + DAY))
    got = features.at(base)
    assert got.index_columns == base.index_columns
    assert got.data_columns == ["user_id", "cutoff", "note", "n", "again"]
    # Ordered like the spine. Equal rows have equal features, and without an entity or a cutoff, features are missing.
    assert plain(got.to_pandas()["note"]) == ["z", "y", "x", "w", "v", "u"]
    assert plain(got.to_pandas()["n"]) == [1, None, None, 2, 1, 2]
    assert plain(got.to_pandas()["again"]) == [True, None, None, False, False, False]


@on_every_engine
def test_censored_labels(engine):
    frame = events(engine, [("a", AT, "x", 1), ("b", AT + WEEK, "x", 1)])
    base = spine(engine, [("a", AT), ("a", AT + TICK), ("b", AT + WEEK), (None, AT)])

    def at(**options):
        return Features(frame).label(Label("seen", horizon=WEEK, **options)).at(base)

    # The data ends at AT + 7 days: an event within a horizon that has not ended does not make a positive label either.
    assert found(at(), "seen") == [[True], [None], [None], [None]]
    assert found(at(censored="drop"), "user_id", "cutoff", "seen") == [["a", AT, True]]
    assert found(at(until=AT + 2 * WEEK), "seen") == [[True], [False], [True], [None]]
    assert found(at(until=(AT + 2 * WEEK).date(), censored="drop"), "seen") == [[True], [False]]
    with pytest.raises(InvalidValue, match="not known for 3 of 4 rows"):
        at(censored="error")
    assert found(
        Features(frame).label(Label("seen", horizon=WEEK, censored="error")).at(base[base.cutoff == AT].dropna()), "seen"
    ) == [[True]]
    # Without events, no horizon is known.
    nothing = Features(frame[frame.amount > 5]).add("n", "count").label(Label("seen", horizon=WEEK))
    assert found(nothing.at(base), "n", "seen") == [[0, None], [0, None], [0, None], [None, None]]


@on_every_engine
def test_days_index_levels_and_clashing_names(engine):
    rows = [(1, dt.date(2022, 3, 1), "x", 1), (1, dt.date(2022, 3, 2), "x", 2), (2, dt.date(2022, 3, 1), "y", 4)]
    frame = load(
        engine,
        {
            "user": [row[0] for row in rows],
            "cutoff": [row[1] for row in rows],
            "n": [row[3] for row in rows],
            "id": ["e1", "e2", "e3"],
        },
    ).set_index("id")
    base = load(engine, {"user": [1.0, 2.0], "cutoff": [dt.date(2022, 3, 2)] * 2, "id": [7, 8]}).set_index(["user", "cutoff"])
    features = (
        Features(frame, "user", "cutoff")
        .add("total", "sum", "n")
        .add("last", "last", "n")
        .label(Label("more", horizon=DAY, agg="count", until=dt.date(2022, 3, 3)))
    )
    got = features.at(base)
    assert got.index_columns == ["user", "cutoff"]
    assert found(got, "total", "last", "more", "id") == [[1, 1, 1, 7], [4, 4, 0, 8]]


@on_every_engine
def test_conditions(engine):
    rows = [("a", AT - 3 * DAY, "x", 1), ("a", AT - 2 * DAY, "y", 6), ("a", AT - DAY, None, 3)]
    frame = events(engine, rows)
    wider = frame.assign(twice=frame.amount * 2)
    later = frame.amount.window_lag(window=frame.sort_values("moment").window())
    features = (
        Features(frame)
        .add("by_series", "count", where=frame.kind == "x")
        .add("not_x", "count", where=lambda df: df.kind != "x")
        .add("of_wider", "count", where=wider.twice > 5)
        .add("above_mean", "count", where=lambda df: df.amount > df.amount.mean())
        .add("by_window", "sum", "amount", where=later.notnull())
    )
    # A condition that is NULL does not match.
    assert found(features.at(spine(engine, [("a", AT)])), *features.feature_names) == [[1, 1, 2, 1, 9]]
    with pytest.raises(InvalidValue, match="not a series over the events"):
        Features(frame).add("n", "count", where=events(engine, rows[:1]).amount > 0)
    with pytest.raises(InvalidValue, match="not a series over the events"):
        Features(frame).add("n", "count", where=frame[frame.amount > 2].amount > 0)


def test_adding_makes_a_new_set():
    frame = events("duckdb", [("a", AT, "x", 1)])
    first = Features(frame).add("n", "count")
    second = first.add("m", "count").label(Label("l", horizon=WEEK))
    assert (first.feature_names, second.feature_names, second.label_names) == (["n"], ["n", "m"], ["l"])
    assert repr(second.add("w", "sum", "amount", window=WEEK)).splitlines() == [
        "Features of user_id by moment",
        "  n: count of all time",
        "  m: count of all time",
        "  l: any in the 7 days from 0 days after the cutoff",
        "  w: sum of amount in the 7 days before the cutoff",
    ]


def test_what_is_refused():
    frame = events("duckdb", [("a", AT, "x", 1)])
    features = Features(frame)
    for wrong, error, text in (
        (
            lambda: Features("events"),
            InvalidType,
            r"(?s)events of Features has to be a DataFrame, not 'events'.*ModelHub..\.events",
        ),
        (lambda: Features(frame, "moment"), InvalidValue, "both the entity and the time"),
        (lambda: Features(frame, "nobody"), ColumnNotFound, "given as entity"),
        (lambda: Features(frame, time="kind"), InvalidType, "timestamps or dates"),
        (lambda: Features(frame, key="keys"), ColumnNotFound, "given as key"),
        (lambda: features.add("n", "average", "amount"), InvalidValue, "not an aggregate"),
        (lambda: features.add("n", "sum"), InvalidValue, "needs a column"),
        (lambda: features.add("n", "since_last", "amount"), InvalidValue, "cannot have a column"),
        (lambda: features.add("n", "share"), InvalidValue, "needs a condition"),
        (lambda: features.add("n", "sum", "kind"), InvalidType, "sum cannot be computed"),
        (lambda: features.add("n", "sum", "amounts"), ColumnNotFound, "column of 'n'"),
        (
            lambda: features.add("n", "count", window=7),
            InvalidType,
            "window of Features.add has to be a datetime.timedelta or None, not 7",
        ),
        (lambda: features.add("n", "count", window=-WEEK), InvalidValue, "positive"),
        (lambda: features.add("n", "count", window=dt.timedelta(0)), InvalidValue, "positive"),
        (lambda: features.add("n", "count", where=lambda df: df.kind), InvalidType, "bool series"),
        (lambda: features.add("n", "count", where="kind = 'x'"), InvalidType, "has to be a Series, a function or None"),
        (lambda: features.add("n", "count").add("n", "count"), InvalidValue, "already"),
        (lambda: features.add("n", "count").label(Label("n", horizon=WEEK)), InvalidValue, "already"),
        (lambda: features.label("n"), InvalidType, "has to be a Label"),
        (lambda: Features(frame.reset_index(drop=True)).add("n", "first", "kind"), InvalidValue, "key="),
        (lambda: Label("n"), InvalidValue, "no horizon"),
        (lambda: Label("n", horizon=-WEEK), InvalidValue, "positive"),
        (lambda: Label("n", horizon=WEEK, gap=-TICK), InvalidValue, "features would include label events"),
        (lambda: Label("n", horizon=WEEK, agg="mean"), InvalidValue, "aggregate"),
        (lambda: Label("n", horizon=WEEK, agg="sum"), InvalidValue, "sum needs a column"),
        (lambda: Label("n", horizon=WEEK, column="amount"), InvalidValue, "sum needs a column"),
        (lambda: Label("n", horizon=WEEK, censored="no"), InvalidValue, "'null', 'drop' or 'error'"),
        (lambda: Label("n", horizon=WEEK, until="today"), InvalidType, "has to be a datetime.datetime"),
    ):
        with pytest.raises(error, match=text):
            wrong()


def test_what_is_refused_of_a_spine():
    frame = events("duckdb", [("a", AT, "x", 1)])
    features = Features(frame).add("n", "count")
    base = spine("duckdb", [("a", AT)])
    for given, cutoff, error, text in (
        (
            base.to_pandas(),
            "cutoff",
            InvalidType,
            "(?s)spine of Features.at has to be a DataFrame, not a pandas.DataFrame.*from_pandas",
        ),
        (base, "moment", ColumnNotFound, "given as cutoff"),
        (base, "user_id", InvalidValue, "both the entity and the cutoff"),
        (base.assign(day="today"), "day", InvalidType, "timestamps or dates"),
        (base.rename(columns={"user_id": "user"}), "cutoff", ColumnNotFound, "the entity"),
        (base.rename(columns={"user_id": "n"}).assign(user_id="a"), "cutoff", InvalidValue, "already has a column 'n'"),
        (base.assign(user_id=7), "cutoff", InvalidType, "is int64 in the spine and string"),
        (spine(ENGINES[1], [("a", AT)]), "cutoff", InvalidValue, "different connections"),
    ):
        with pytest.raises(error, match=text):
            features.at(given, cutoff)
    with pytest.raises(InvalidValue, match="no features and no labels"):
        Features(frame).at(base)
    # The name of a dropped column of the spine can be used.
    assert found(features.at(base.assign(n=3).drop(columns=["n"])), "n") == [[0]]


def expected(rows, users, cutoffs, window, gap, horizon):
    """Return features by a loop: count, sum and last in the window, seconds since the last event, and the label."""
    end = max(moment for _, moment, _, _ in rows)
    out = []
    for user, cutoff in zip(users, cutoffs, strict=True):
        own = sorted((moment, number, kind, amount) for number, (each, moment, kind, amount) in enumerate(rows) if each == user)
        before = [row for row in own if row[0] < cutoff]
        inside = [row for row in before if row[0] >= cutoff - window]
        x = [row for row in inside if row[2] == "x"]
        after = [row for row in own if cutoff + gap <= row[0] < cutoff + gap + horizon and row[2] == "x"]
        out.append(
            [
                len(x),
                sum(row[3] for row in inside if row[3] is not None),
                next((row[2] for row in reversed(before) if row[2] is not None), None),
                len({row[3] for row in before} - {None}),
                (cutoff - before[-1][0]).total_seconds() if before else None,
                (len(after) > 0) if cutoff + gap + horizon <= end else None,
            ]
        )
    return out


@on_every_engine
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_against_a_loop(engine, seed):
    draw = random.Random(seed)
    # Moments on a coarse grid, so that many events lie on a bound and many tie.
    rows = [
        (draw.randrange(12), AT + draw.randrange(40) * DAY / 2, draw.choice(["x", "y", None]), draw.choice([None, 1, 2, 7]))
        for _ in range(400)
    ]
    users = [draw.randrange(14) for _ in range(60)]
    cutoffs = [AT + draw.randrange(-2, 44) * DAY / 2 for _ in range(60)]
    window, gap, horizon = (draw.randrange(1, 9) * DAY / 2 for _ in range(3))
    features = (
        Features(events(engine, rows))
        .add("x", "count", window=window, where=lambda df: df.kind == "x")
        .add("total", "sum", "amount", window=window)
        .add("last_kind", "last", "kind")
        .add("amounts", "nunique", "amount")
        .add("idle", "since_last")
        .label(Label("more", lambda df: df.kind == "x", horizon, gap=gap))
    )
    got = features.at(spine(engine, list(zip(users, cutoffs, strict=True))))
    assert found(got, *features.feature_names, "more") == expected(rows, users, cutoffs, window, gap, horizon)


def test_a_week_of_the_sample():
    """Which users convert within a week, predicted from the weeks before: the same counts as with pandas."""
    hub = ModelHub()
    df = hub.get_objectiv_dataframe(db_url=sample.path())
    weeks = pd.date_range("2022-01-17", periods=11, freq="7D")
    cutoffs = DataFrame.from_pandas(df.engine, pd.DataFrame({"cutoff": weeks})).reset_index(drop=True)
    users = df.groupby("user_id").moment.min().to_frame().reset_index()
    seen = users.merge(cutoffs, on=lambda left, right: left.moment < right.cutoff)[["user_id", "cutoff"]]
    features = (
        Features(df)
        .add("visits", "nunique", "session_id", window=4 * WEEK)
        .add("presses", "count", window=WEEK, where=lambda df: df.event_type == "PressEvent")
        .add("idle", "since_last")
        .label(Label("converts", lambda df: df.event_type == "SuccessEvent", WEEK))
    )
    got = features.at(seen).to_pandas()

    raw = df.to_pandas()
    assert len(got) == sum((raw.groupby("user_id").moment.min() < week).sum() for week in weeks)
    presses = successes = 0
    for week in weeks:
        before = raw[raw.moment < week]
        known = before.user_id.unique()
        presses += ((before.moment >= week - WEEK) & (before.event_type == "PressEvent")).sum()
        after = raw[(raw.moment >= week) & (raw.moment < week + WEEK) & (raw.event_type == "SuccessEvent")]
        if week + WEEK <= raw.moment.max():
            successes += after[after.user_id.isin(known)].user_id.nunique()
    assert presses > 1000
    assert successes > 10
    assert got.presses.sum() == presses
    assert got.converts.sum() == successes
    assert got.converts.isna().sum() == (got.cutoff + WEEK > raw.moment.max()).sum()
    assert (got.idle > 0).all()
    assert got.visits.max() > 1
    assert got.visits.min() == 0


def test_the_sample_has_the_same_features_on_every_engine():
    source = (
        ModelHub().get_objectiv_dataframe(db_url=sample.path())[["user_id", "moment", "event_type", "session_id"]].to_arrow()
    )
    weeks = pd.DataFrame({"cutoff": pd.date_range("2022-01-17", periods=11, freq="7D")})
    found = set()
    for engine in ENGINES:
        df = DataFrame.from_arrow(opened(engine), source, index="event_id", materialization="temp_table")
        cutoffs = DataFrame.from_pandas(df.engine, weeks).reset_index(drop=True)
        users = df.groupby("user_id").moment.min().to_frame().reset_index()[["user_id"]]
        features = (
            Features(df)
            .add("visits", "nunique", "session_id", window=4 * WEEK)
            .add("last_type", "last", "event_type")
            .add("first_type", "first", "event_type", window=WEEK)
            .add("idle", "since_last")
            .add("presses", "share", where=lambda df: df.event_type == "PressEvent")
            .label(Label("converts", lambda df: df.event_type == "SuccessEvent", WEEK, gap=DAY))
        )
        found.add(fingerprint(features.at(users.merge(cutoffs, how="cross"))))
    assert len(found) == 1
    users = pd.Series(source.column("user_id").to_pylist()).nunique()
    assert found.pop().startswith(f"1:{users * len(weeks)}:")


@on_every_engine
def test_one_join_reads_the_events(engine):
    frame = events(engine, [("a", AT, "x", 1)])
    sql = (
        Features(frame)
        .add("n", "count")
        .add("m", "sum", "amount", window=WEEK)
        .label(Label("l", horizon=WEEK, until=AT))
        .at(spine(engine, [("a", AT)]))
        .view_sql()
    )
    assert sql.count("LEFT JOIN") == 2
    assert sql.count("FILTER") == 3


@on_every_engine
def test_windows_that_end_at_no_moment_are_refused(engine):
    frame = events(engine, [("a", AT - DAY, "x", 1)])
    for longest in (dt.timedelta.max, dt.timedelta(days=1_000_001)):
        with pytest.raises(InvalidValue, match="window of 'x' is longer than 1000000 days"):
            Features(frame).add("x", "count", window=longest)
        with pytest.raises(InvalidValue, match="horizon of 'x' is longer than 1000000 days"):
            Label("x", horizon=longest)
    # The longest window and horizon reach from the last moment and from the first to the limits of engines.
    features = (
        Features(frame)
        .add("x", "count", window=dt.timedelta(days=1_000_000))
        .label(
            Label("y", horizon=dt.timedelta(days=1_000_000), gap=dt.timedelta(days=1_000_000), until=dt.datetime(9999, 12, 31))
        )
    )
    rows = [("a", AT), ("a", dt.datetime(1, 1, 1)), ("a", dt.datetime(9999, 12, 31))]
    # The horizon of the first and the second row ends before the year 9999, so they are known to have no event in it.
    assert found(features.at(spine(engine, rows)), "x", "y") == [[1, False], [0, False], [0, None]]
