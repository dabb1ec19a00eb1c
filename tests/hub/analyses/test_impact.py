"""Impact of features: by hand, compared with plain Python, and on users whose features do or do not matter."""

from __future__ import annotations

import datetime
import math
import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from frame.frames import ENGINES, opened
from hub import visits
from hub.analyses.fixture import case_id, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from objectiv_local import DataFrame, ModelHub
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.hub.analyses.impacts.adjusting import _area, adjusted_scores, correlation_interval
from objectiv_local.hub.analyses.impacts.adopting import changes_of, difference_in_differences

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ModelHub()
BEGIN = datetime.datetime(2024, 3, 1)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def loaded(engine, events):
    """Return events of (user, hours since the start, event type, location)."""
    found = [
        {"event_id": f"e{number:05}", "user_id": user, "moment": BEGIN + hours * HOUR, "event_type": kind, "location": place}
        for number, (user, hours, kind, place) in enumerate(events)
    ]
    return DataFrame.from_arrow(
        opened(engine),
        pa.Table.from_pylist(
            found,
            schema=pa.schema(
                [
                    ("event_id", pa.string()),
                    ("user_id", pa.string()),
                    ("moment", pa.timestamp("us")),
                    ("event_type", pa.string()),
                    ("location", pa.string()),
                ]
            ),
        ),
        "event_id",
    )


def asked(events, level="association", **options):
    return HUB.impact(events, "buy", level, **{"least": 1} | options)


#: a converts after 2 hours and b after 4; c is observed for 2 hours and d for 4, and e, the third in turn, for 2 again.
EVENTS = [
    ("a", 0, "view", "home"),
    ("a", 1, "view", "shop"),
    ("a", 2, "buy", "pay"),
    ("a", 3, "view", "help"),
    ("b", 1, "view", "home"),
    ("b", 5, "buy", "pay"),
    ("c", 2, "view", "home"),
    ("c", 3, "view", "help"),
    ("c", 4, "view", "shop"),
    ("d", 3, "view", "help"),
    ("d", 6, "view", "shop"),
    ("d", 7, "view", "home"),
    ("e", 4, "view", "shop"),
    ("e", 9, "view", None),
    (None, 0, "view", "home"),
    (None, 0, "buy", "home"),
]


@on_every_engine
def test_association(engine):
    found = asked(loaded(engine, EVENTS))
    assert found.index_columns == ["location"]
    assert found.columns == [
        "exposed",
        "unexposed",
        "rate_exposed",
        "rate_unexposed",
        "score",
        "ci_low",
        "ci_high",
        "odds_ratio",
        "lift",
        "p",
    ]
    table = {row[0]: row[1:] for row in rows(found)}
    # home: a, b and c; d after four hours. help: c and d; a after the conversion. shop: a, d and e; c after two hours.
    assert {name: row[:4] for name, row in table.items()} == {
        "home": (3, 2, pytest.approx(2 / 3), 0.0),
        "help": (2, 3, 0.0, pytest.approx(2 / 3)),
        "shop": (3, 2, pytest.approx(1 / 3), 0.5),
    }
    # home: 2 of 3 exposed users and none of the 2 others converted.
    assert table["home"][4] == pytest.approx((2 * 2 - 1 * 0) / math.sqrt(3 * 2 * 2 * 3))
    assert table["home"][7:] == (
        pytest.approx(3 * 3 / (2 * 1)),
        pytest.approx((2 / 3) / (2 / 5)),
        pytest.approx(stats.fisher_exact([[2, 1], [0, 2]]).pvalue),
    )
    assert rows(found.users(location="home", converted=True)) == [("a", BEGIN), ("b", BEGIN + HOUR)]
    assert all(len(rows(found.users(location=name))) == row[0] for name, row in table.items())
    assert "2 of 5 users converted." in found.definition
    assert "This is an association, not proof" in found.definition


@on_every_engine
def test_features_and_support(engine):
    events = loaded(engine, EVENTS)
    assert [row[0] for row in rows(asked(events, least=3))] == ["home", "shop"]
    assert [row[0] for row in rows(asked(events, feature="event_type"))] == ["view"]
    assert [row[:2] for row in rows(asked(events, feature=lambda df: (df.location == "help").rename("helped")))] == [
        ("false", 4),
        ("true", 2),
    ]
    assert rows(asked(loaded(engine, []))) == []
    # Without a conversion, all events of users count, and there is no score.
    none = rows(asked(loaded(engine, [each for each in EVENTS if each[2] != "buy"])))
    assert [row[:4] for row in none] == [("help", 3, 2, 0.0), ("home", 4, 1, 0.0), ("shop", 4, 1, 0.0)]
    assert all(row[5:8] == (None, None, None) for row in none)


def test_location_stacks(tmp_path):
    df = visits.frame("parquet", tmp_path)
    found = HUB.impact(df, df.event_type == "VisibleEvent", least=1)
    assert found.index_columns == ["location_stack"]
    # The converting visitor saw the blog and then the guide; one of the two others also saw the blog.
    assert [row[:3] for row in rows(found)] == [
        ("Link: Blog located at Root Location: home", 2, 1),
        ("Link: Quickstart Guide located at Root Location: home", 1, 2),
    ]


def drawn(seed, count, places="abc", days=60):
    draw = random.Random(seed)
    return [
        (
            draw.choice([*"uvwxyz", None]),
            draw.randrange(days * 24) if draw.random() < 0.9 else 5,
            draw.choice(["view", "view", "view", "buy"]),
            draw.choice([*places, None]),
        )
        for _ in range(count)
    ]


def ordered(events):
    """Return the events of each user, as (moment, id, event type, location), in order."""
    users = defaultdict(list)
    for number, (user, hours, kind, place) in enumerate(events):
        if user is not None:
            users[user].append((BEGIN + hours * HOUR, f"e{number:05}", kind, place))
    return {user: sorted(own, key=lambda each: each[:2]) for user, own in sorted(users.items())}


def observed(events):
    """Return whether each user converts, and the locations used while observed."""
    users = ordered(events)
    first = {user: next((each for each in own if each[2] == "buy"), None) for user, own in users.items()}
    times = sorted((each[0] - users[user][0][0], user) for user, each in first.items() if each)
    others = sorted((own[0][0], user) for user, own in users.items() if first[user] is None)
    found = {}
    for user, own in users.items():
        if first[user]:
            used = {each[3] for each in own if each[:2] < first[user][:2]}
        elif times:
            number = others.index((own[0][0], user)) + 1
            until = own[0][0] + times[number % len(times)][0]
            used = {each[3] for each in own if each[0] < until}
        else:
            used = {each[3] for each in own}
        found[user] = first[user] is not None, used - {None}
    return found


def compare_association(engine, seed, count):
    events = drawn(seed, count)
    users = observed(events)
    table = {row[0]: row[1:] for row in rows(asked(loaded(engine, events)))}
    assert set(table) == {place for _, used in users.values() for place in used}
    for place, row in table.items():
        exposed = np.array([place in used for _, used in users.values()], dtype=float)
        converted = np.array([converts for converts, _ in users.values()], dtype=float)
        assert row[:2] == (exposed.sum(), len(users) - exposed.sum())
        assert row[2] == pytest.approx(converted[exposed == 1].mean())
        if 0 < exposed.sum() < len(users) and 0 < converted.sum() < len(users):
            assert row[3] == pytest.approx(converted[exposed == 0].mean())
            correlation = stats.pearsonr(exposed, converted)
            assert row[4] == pytest.approx(correlation.statistic)
            if len(users) > 3 and abs(row[4]) < 1 - 1e-9:
                assert row[5:7] == pytest.approx(tuple(correlation.confidence_interval()))
        else:
            assert row[4] is None


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), count=st.sampled_from([0, 3, 12, 60]))
def test_generated_associations(seed, count):
    compare_association("duckdb", seed, count)


@on_every_engine
def test_generated_associations_everywhere(engine):
    compare_association(engine, 4, 60)


def test_the_interval_of_a_correlation():
    assert correlation_interval(0.5, 28, 1.96) == pytest.approx(
        (math.tanh(math.atanh(0.5) - 0.392), math.tanh(math.atanh(0.5) + 0.392))
    )
    assert correlation_interval(0.5, 3, 1.96) == (None, None)
    assert correlation_interval(-1.0, 30, 1.96) == (None, None)


# ---- adjusted


def confounded(count=600):
    """Return users of a tool that makes them convert; most of them also use its menu, and so do some others."""
    draw, events = random.Random(5), []
    for number in range(count):
        user = f"u{number:04}"
        uses = draw.random() < 0.4
        menu = draw.random() < (0.9 if uses else 0.15)
        events += [(user, number, "view", "all")]
        events += [(user, number, "view", "tool")] * uses + [(user, number, "view", "menu")] * menu
        events += [(user, number + 1, "buy" if draw.random() < (0.6 if uses else 0.2) else "view", None)]
    return events


@on_every_engine
def test_adjusted(engine):
    events = confounded()
    df = loaded(engine, events)
    plain, found = ({row[0]: row[1:] for row in rows(asked(df, level))} for level in ("association", "adjusted"))
    assert list(found) == ["all", "menu", "tool"]
    assert all(found[name][:4] == plain[name][:4] for name in found)
    # The menu correlates with conversions, but only because of the tool.
    assert plain["menu"][5] > 0
    assert found["menu"][5] < 0 < found["menu"][6]
    assert found["tool"][5] > 0
    assert found["all"][4] == 0
    # If all users instead of none use the tool, conversion increases by 40 percentage points.
    assert found["tool"][8] == pytest.approx(0.4, abs=0.1)
    assert found["tool"][9] > 0.05 > abs(found["menu"][9])
    definition = asked(df, "adjusted").definition
    assert "The area under the ROC curve on held-out users is 0." in definition


def test_the_area_equals_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    outcome, scores = draw.random(200) < 0.3, draw.integers(0, 20, 200)
    assert _area(outcome, scores) == pytest.approx(roc_auc_score(outcome, scores))


def test_adjusted_scores_equal_those_of_scikit_learn():
    users = observed(confounded())
    names = ["menu", "tool"]
    used = np.array([[float(name in places) for name in names] for _, places in users.values()])
    y = np.array([converts for converts, _ in users.values()])
    scaled = used / used.std(axis=0)
    model = LogisticRegression(tol=1e-8, max_iter=1_000).fit(scaled, y)
    found, area = adjusted_scores(list(y), [tuple(map(int, each)) for each in np.argwhere(used)], 2, 0.05, 0)
    assert [each.coefficient for each in found] == pytest.approx(model.coef_[0], abs=1e-4)
    assert 0.6 < area < 0.8
    for number, each in enumerate(found):
        on, off = scaled.copy(), scaled.copy()
        on[:, number], off[:, number] = 1 / used.std(axis=0)[number], 0
        effect = (model.predict_proba(on)[:, 1] - model.predict_proba(off)[:, 1]).mean()
        assert each.marginal_effect == pytest.approx(effect, abs=1e-3)
    # The width of intervals matches the spread of coefficients of resampled users.
    draw = np.random.default_rng(1)
    coefficients = [
        LogisticRegression(solver="newton-cholesky").fit(scaled[sample], y[sample]).coef_[0]
        for sample in (draw.integers(0, len(y), len(y)) for _ in range(200))
    ]
    widths = [(each.high - each.low) / (2 * stats.norm.isf(0.025)) for each in found]
    assert widths == pytest.approx(np.std(coefficients, axis=0), rel=0.2)


@on_every_engine
def test_adjusted_of_few_users(engine):
    with pytest.raises(InvalidValue, match=r"needs at least 3 users who convert and 3 who do not, and there are 2 and 3"):
        asked(loaded(engine, EVENTS), "adjusted")
    assert rows(asked(loaded(engine, []), "adjusted")) == []


# ---- before and after


@on_every_engine
def test_before_and_after(engine):
    # a adopts the tool at 48 hours and b at 72; c and d never do.
    events = loaded(
        engine,
        [
            ("a", 0, "view", "home"),
            ("a", 30, "buy", None),
            ("a", 48, "view", "tool"),
            ("a", 50, "buy", None),
            ("a", 60, "buy", None),
            ("a", 97, "buy", None),  # two days and an hour after
            ("b", 2, "view", "home"),
            ("b", 71, "buy", None),
            ("b", 72, "buy", "tool"),
            ("b", 80, "buy", None),
            ("b", 90, "view", "tool"),
            ("c", 0, "view", "home"),
            ("c", 72, "buy", None),
            ("c", 73, "buy", None),
            ("d", 0, "view", "home"),
            ("d", 30, "buy", None),
            ("e", 40, "view", "home"),
            ("e", 41, "buy", None),
            ("f", 1, "view", "tool"),  # adopts it on the first day
            ("g", 0, "view", "home"),
            ("g", 150, "view", "tool"),  # adopts it on the last days
            ("h", 196, "view", "home"),
        ],
    )
    found = HUB.impact(events, "buy", "before_after", days=2, end=BEGIN + 140 * HOUR)
    assert found.columns == [
        "exposed",
        "unexposed",
        "rate_exposed",
        "rate_unexposed",
        "score",
        "ci_low",
        "ci_high",
        "before_exposed",
        "before_unexposed",
        "counterfactual",
        "p",
    ]
    # In the order of their first events, c is the second user and d the third, so they are assigned the first and the second of
    # two days. e and h were first seen less than two days before theirs.
    table = {row[0]: row[1:] for row in rows(found)}
    # a: 1 before, 2 after; b: 1 before, 1 after (without its first use); c: 0 before, 2 after; d: 1 before.
    changes = {True: [1, 0], False: [2, -1]}
    assert table["tool"][:4] == (2, 2, 3 / 4, 2 / 4)
    score = (sum(changes[True]) - sum(changes[False])) / 2 / 2
    error = math.sqrt(sum(np.var(each, ddof=1) / 2 for each in changes.values())) / 2
    assert table["tool"][4:7] == pytest.approx((score, score - 1.959964 * error, score + 1.959964 * error))
    assert table["tool"][7:10] == (2 / 4, 1 / 4, pytest.approx(2 / 4 * (2 / 4) / (1 / 4)))
    assert table["tool"][10] == pytest.approx(2 * stats.norm.sf(abs(score / error)))
    assert rows(found.users(location="tool")) == [("a", BEGIN + 48 * HOUR), ("b", BEGIN + 72 * HOUR)]


def compare_before_after(engine, seed, count, days=10, top=2):
    events = drawn(seed, count)
    users = ordered(events)
    last = max((each[0] for own in users.values() for each in own), default=None)
    last = max([BEGIN + hours * HOUR for _, hours, _, _ in events], default=last)
    span = days * DAY
    first_uses, adopters = defaultdict(dict), defaultdict(list)
    for user, own in users.items():
        for moment, _, _, place in own:
            if place is not None and user not in first_uses[place]:
                first_uses[place][user] = moment
                if moment - own[0][0] >= span and last - moment >= span:
                    adopters[place].append((moment, user))
    order = [user for _, user in sorted((own[0][0], user) for user, own in users.items())]
    chosen = sorted(adopters, key=lambda place: (-len(adopters[place]), place))[:top]
    table = {row[0]: row[1:] for row in rows(HUB.impact(loaded(engine, events), "buy", "before_after", days=days, top=top))}
    assert sorted(table) == sorted(chosen)
    for place in chosen:
        own_days = sorted(adopters[place])
        day_of = {user: moment for moment, user in own_days}
        others = {}
        for number, user in enumerate(order, 1):
            if user not in first_uses[place]:
                moment = own_days[number % len(own_days)][0]
                if moment - users[user][0][0] >= span:
                    others[user] = moment
        parts = []
        for group in (day_of, others):
            counts = [
                (
                    sum(each[2] == "buy" and day - span <= each[0] < day for each in users[user]),
                    sum(each[2] == "buy" and day < each[0] <= day + span for each in users[user]),
                )
                for user, day in group.items()
            ]
            parts.append(np.array(counts, dtype=float).reshape(-1, 2) / days)
        row = table[place]
        assert row[:2] == (len(day_of), len(others))
        assert (row[2], row[7]) == pytest.approx((parts[0][:, 1].mean(), parts[0][:, 0].mean()))
        if others:
            changes = [part[:, 1] - part[:, 0] for part in parts]
            assert row[4] == pytest.approx(changes[0].mean() - changes[1].mean())
            if row[5] is not None:
                error = math.sqrt(sum(each.var(ddof=1) / len(each) for each in changes))
                assert row[6] - row[5] == pytest.approx(2 * 1.959964 * error, rel=1e-5)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), count=st.sampled_from([0, 10, 60]))
def test_generated_changes(seed, count):
    compare_before_after("duckdb", seed, count)


@on_every_engine
def test_generated_changes_everywhere(engine):
    compare_before_after(engine, 4, 60)


def test_changes():
    found = changes_of({"units": 3, "pre": 3, "post": 9, "change": 6, "squares": 14}, 2)  # changes 1, 2 and 3
    assert (found.before, found.after, found.change, found.variance) == (0.5, 1.5, 1.0, 0.25)
    assert changes_of({"units": 1, "pre": 0, "post": 1, "change": 1, "squares": 1}, 2).variance is None
    other = changes_of({"units": 2, "pre": 0, "post": 0, "change": 0, "squares": 0}, 2)
    assert difference_in_differences(other, other, 1.96) == (0.0, None, None, None)
    score, low, high, z = difference_in_differences(found, other, 2.0)
    assert (score, low, high, z) == pytest.approx(
        (1.0, 1 - 2 * math.sqrt(0.25 / 3), 1 + 2 * math.sqrt(0.25 / 3), 1 / math.sqrt(0.25 / 3))
    )


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"level": "causal"}, InvalidValue, "level of impact cannot be 'causal'"),
        ({"conversion": 3}, InvalidType, "conversion of impact cannot be"),
        ({"feature": "place"}, ColumnNotFound, "feature of impact is column 'place'"),
        ({"feature": lambda df: df.location.rename("score")}, InvalidValue, "named 'score'"),
        ({"least": 0}, InvalidValue, "least of impact"),
        ({"days": 0}, InvalidValue, "days of impact"),
        ({"top": 0}, InvalidValue, "top of impact"),
        ({"seed": 2**32}, InvalidValue, "seed of impact"),
        ({"days": 3_651}, InvalidValue, "from 1 to 3,650"),
        ({"alpha": 1.0}, InvalidValue, "alpha of impact"),
        ({"unit": "visitor"}, ColumnNotFound, "visitor"),
    ],
    ids=case_id,
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        HUB.impact(loaded("duckdb", EVENTS), **{"conversion": "buy"} | options)


@pytest.mark.parametrize("level", ["association", "adjusted", "before_after"])
def test_view_sql_returns_the_query_of_the_counts(level):
    found = asked(loaded("duckdb", confounded(12)), level)
    assert "observed" in found.view_sql() or "first_uses" in found.view_sql()
    assert 'COLLATE "C"' in found.view_sql(dialect="postgres")
