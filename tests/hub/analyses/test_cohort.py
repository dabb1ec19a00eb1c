"""Cohorts: users known by hand, and a comparison with plain Python over lists of events."""

from __future__ import annotations

import datetime
import json

import pytest
from frame.frames import ENGINES
from hub.analyses.drawn import known, streams
from hub.analyses.fixture import case_id, fixture, loaded, rows, rows_of, with_nobody
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import objectiv_local as ol
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported
from objectiv_local.hub.analyses.cohort_rules import All, Among, Did, Either, InOrder, Not, Was

on_every_engine = pytest.mark.parametrize("engine", ENGINES)
HUB = ol.ModelHub()
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def at(moment):
    return datetime.datetime.fromisoformat(f"2024-01-{moment}")


def members(events, *rules, **options):
    return dict(rows(HUB.cohort(events, *rules, **options)))


@on_every_engine
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ol.did("buy"), {"a": "01 10:20", "b": "02 01:30", "c": "02 09:50", "e": "03 10:03", "f": "04 08:00"}),
        (ol.did("view", 2), {"a": "02 09:00", "b": "08 12:00", "c": "02 09:30"}),
        (ol.did(count=4), {"a": "02 09:00", "b": "08 12:00", "c": "02 09:50", "e": "03 10:03"}),
        (ol.did_not("buy"), {"d": "03 12:00"}),
        (ol.did_not("view", 2), {"d": "03 12:00", "e": "03 10:00", "f": "04 08:00"}),
        (ol.did(["error", "cart"], where={"country": "DE"}), {"e": "03 10:01"}),
        (ol.did("buy", where={"country": [None, "BE"]}), {"c": "02 09:50", "f": "04 08:00"}),
        # Five days before the last moment is the 3rd, at 12:00: the moment itself counts.
        (ol.did("view", within=5 * DAY), {"b": "08 12:00", "d": "03 12:00", "f": "04 08:02"}),
        (ol.did("view", between=("2024-01-02", "2024-01-03")), {"a": "02 09:00", "c": "02 08:00"}),
        (ol.did("cart", between=("2024-01-02 00:05", "2024-01-02 09:40")), {"b": "02 00:05"}),
        (ol.did("buy", between=(None, "2024-01-02")), {"a": "01 10:20"}),
        # The purchase of b is 100 minutes after the first event, that of a 20, and that of f is the first event.
        (ol.did("buy", first=100 * HOUR / 60), {"a": "01 10:20", "e": "03 10:03", "f": "04 08:00"}),
        (
            ol.did("buy", first=100 * HOUR / 60 + DAY / 86_400),
            {"a": "01 10:20", "b": "02 01:30", "e": "03 10:03", "f": "04 08:00"},
        ),
        (ol.was("country", "BE", "DE"), {"c": "02 09:50", "d": "03 12:00", "e": "03 10:03"}),
        (ol.among(["f", "z"]), {"f": "04 08:00"}),
        (ol.did_in_order("view", "cart", "buy"), {"a": "01 10:20", "b": "02 01:30", "c": "02 09:50", "e": "03 10:03"}),
        # For c, the second view leaves the most time.
        (ol.did_in_order("view", "cart", "buy", within=HOUR / 3), {"a": "01 10:20", "c": "02 09:50", "e": "03 10:03"}),
        (ol.did_in_order("cart", "cart"), {}),
        (ol.did("view", 2) & ol.did("buy"), {"a": "02 09:00", "b": "08 12:00", "c": "02 09:50"}),
        (ol.did("view", 2) | ol.did("error"), {"a": "02 09:00", "b": "08 12:00", "c": "02 09:30", "e": "03 10:01"}),
        (~(ol.did("view", 2) | ol.did("error")), {"d": "03 12:00", "f": "04 08:00"}),
        (ol.did("buy") & ~ol.did("view", 2) & ol.did("cart"), {"e": "03 10:03", "f": "04 08:01"}),
    ],
    ids=case_id,
)
def test_rules(engine, rule, expected):
    assert members(with_nobody(engine), rule) == {user: at(moment) for user, moment in expected.items()}


@on_every_engine
def test_shorthands_for_rules(engine):
    events = fixture(engine)
    buyers = {"a", "b", "c", "e", "f"}
    assert members(events, "buy").keys() == buyers
    assert members(events, events.event_type == "buy").keys() == buyers
    assert members(events, lambda frame: frame.event_type == "buy").keys() == buyers
    returned = HUB.retention(events).users(cohort="2024-01-01", periods_since=1)
    assert members(events, returned) == {"a": at("02 09:00"), "b": at("02 00:05")}
    cohort = HUB.cohort(events, "buy", ol.did_not("error"))
    assert members(events, cohort, "view") == {
        "a": at("01 10:20"),
        "b": at("02 01:30"),
        "c": at("02 09:50"),
        "f": at("04 08:02"),
    }
    assert members(events, ~ol.among(cohort)) == {"d": at("03 12:00"), "e": at("03 10:00")}
    # Users of a frame without a moment enter with their first event, and each is one user.
    plain = events[events.event_type == "view"].reset_index().set_index("user_id")[["amount"]]
    assert members(events, plain)["c"] == at("02 08:00")


@on_every_engine
def test_cohorts_are_conditions_and_breakdowns(engine):
    events = fixture(engine)
    cohort = HUB.cohort(events, ol.did("view", 2))
    assert [row[1] for row in rows(HUB.trend(events, by="month", where=cohort))] == [3]
    assert [row[1:3] for row in rows(HUB.trend(events, by="month", breakdown=cohort))] == [("in", 3), ("not in", 3)]
    assert [row[:1] + row[3:5] for row in rows(HUB.retention(events, by="month", breakdown=cohort))] == [
        ("in", 3, 3),
        ("not in", 3, 3),
    ]
    assert rows(cohort.users()) == rows(cohort)
    assert rows(cohort.users(user_id="b")) == [("b", at("08 12:00"))]


@on_every_engine
def test_as_of(engine):
    assert members(fixture(engine), ol.did_not("buy"), as_of="2024-01-02 01:00") == {"b": at("01 23:50")}
    assert members(fixture(engine), ol.did("view", within=DAY), as_of="2024-01-02 23:50") == {
        "a": at("02 09:00"),
        "b": at("01 23:50"),
        "c": at("02 08:00"),
    }


@on_every_engine
def test_units_of_several_columns(engine):
    found = HUB.cohort(fixture(engine), ol.did(count=2), unit=["user_id", "event_type"])
    assert rows(found) == [("a", "view", at("02 09:00")), ("b", "view", at("08 12:00")), ("c", "view", at("02 09:30"))]
    assert rows(HUB.cohort(fixture(engine), ol.among(found), unit=["user_id", "event_type"])) == rows(found)


@on_every_engine
def test_users_that_are_uuids(engine):
    one, other = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2))
    events = loaded(
        engine,
        rows_of([(one, "2024-01-01 10:00", "view"), (other, "2024-01-02 10:00", "view"), (None, "2024-01-02 10:00", "view")]),
    )
    events["user_id"] = events.user_id.astype("uuid")
    for rule in (ol.among([one]), ol.was("user_id", one), ol.did(where={"user_id": one})):
        assert members(events, rule) == {one: at("01 10:00")}
        assert members(events, ~rule) == {other: at("02 10:00")}
    with pytest.raises(InvalidValue, match="not-an-id"):
        members(events, ol.among(["not-an-id"]))


@on_every_engine
def test_no_events(engine):
    none = loaded(engine, [])
    for rule in (ol.did("buy"), ol.did_not("buy"), ol.was("country", "NL"), ol.did_in_order("view", "buy")):
        assert members(none, rule) == {}
    assert "did you mean 'buy'?" in HUB.cohort(fixture(engine), ol.did("bye")).definition


def test_cohorts_are_saved_and_read(tmp_path):
    events = fixture("duckdb")
    rule = (
        (
            ol.did("view", 2, within=30 * DAY, where={"country": ["NL", None]})
            | ol.did(["buy"], between=("2024-01-02", None))
            | ol.did_in_order("view", "buy", within=HOUR)
        )
        & ~ol.was("country", "DE")
        & ol.among(["a", "b", "c"])
        & ol.did(first=DAY)
    )
    cohort = HUB.cohort(events, rule, "view", as_of="2024-01-08 12:00")
    cohort.save(tmp_path / "cohort.json")
    again = HUB.read_cohort(events, tmp_path / "cohort.json")
    assert repr(again.rule) == repr(cohort.rule)
    assert rows(again) == rows(cohort)
    assert len(rows(again)) == 3
    assert rows(HUB.from_spec(json.loads((tmp_path / "cohort.json").read_text()), events)) == rows(cohort)


def test_conditions_are_saved_as_expressions(tmp_path):
    events = fixture("duckdb")
    inner = HUB.cohort(events, ol.did(events.amount > 90))
    cohort = HUB.cohort(events, inner, ol.did_in_order(lambda frame: frame.event_type == "view", "buy"))
    cohort.save(tmp_path / "cohort.json")
    assert rows(HUB.read_cohort(events, tmp_path / "cohort.json")) == rows(cohort)
    assert [user for user, _ in rows(cohort)] == ["c", "e"]
    # The spec of a trend contains its cohort.
    trend = HUB.trend(events, where=cohort, by="month")
    assert rows(HUB.from_spec(json.dumps(trend.spec()), events)) == rows(trend)
    with pytest.raises(NotSupported):
        HUB.cohort(events, HUB.trend(events).users()).save(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "needs a string 'analysis'"),
        ({"version": 2, "analysis": "cohort"}, "has version 2"),
        ({"analysis": "trend"}, "another analysis, not a cohort"),
        ({"analysis": "cohort"}, "at least one rule"),
        ({"analysis": "cohort", "arguments": {"rules": "buy"}}, "rules of the spec has to be a list"),
        ([None], "a rule of cohort cannot be"),
        ([{"rule": None}], "one key, not None"),
        ([{"rule": {"do": {}}}], "known names are 'did'"),
        ([{"rule": {"did": {"evnt": "buy"}}}], "did you mean 'event'"),
        ([{"rule": {"did": {"within": -1}}}], "within of did"),
        ([{"rule": {"did": {"count": "2"}}}], "count of did"),
        ([{"rule": {"did": {"event": 5}}}], "event of did is 5"),
        ([{"rule": {"did": []}}], "did has to be an object"),
        ([{"rule": {"all": []}}], "cannot be read"),
        ([{"rule": {"not": 3}}], "one key, not 3"),
        ([{"rule": {"was": {"column": "country"}}}], "at least one value"),
        ([{"rule": {"was": {"values": ["NL"]}}}], "column of was"),
        ([{"rule": {"was": {"column": "country", "values": "NL"}}}], "a list"),
        ([{"rule": {"did": {"between": ["2024-01-01"]}}}], "between of did"),
        ([{"rule": {"among": {"spec": 3}}}], "needs a string 'analysis'"),
    ],
    ids=case_id,
)
def test_cohorts_that_cannot_be_read(text, words, tmp_path):
    if isinstance(text, list):
        text = {"analysis": "cohort", "arguments": {"rules": text}}
    (tmp_path / "cohort.json").write_text(text if isinstance(text, str) else json.dumps(text))
    with pytest.raises((InvalidValue, InvalidType), match=words):
        HUB.read_cohort(fixture("duckdb"), tmp_path / "cohort.json")


def test_missing_files():
    with pytest.raises(InvalidValue, match=r"nowhere\.json' cannot be read: No such file"):
        HUB.read_cohort(fixture("duckdb"), "nowhere.json")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda events: HUB.cohort(events), InvalidValue, "at least one rule"),
        (lambda events: HUB.cohort(events, 3), InvalidType, "a rule of cohort cannot be"),
        (lambda events: HUB.cohort(events, ol.did(events.amount)), InvalidType, "an event of cohort"),
        (lambda events: HUB.cohort(events, ol.did("buy", where={"land": "NL"})), ColumnNotFound, "(?s)'land'"),
        (lambda events: HUB.cohort(events, ol.did("buy", where={"country": 3})), InvalidType, "compares column 'country'"),
        (lambda events: HUB.cohort(events, ol.was("amount", "3")), InvalidType, "compares column 'amount'"),
        (lambda events: HUB.cohort(events, ol.among([3])), InvalidType, "compares column 'user_id'"),
        (
            lambda events: HUB.cohort(events, ol.among(HUB.trend(events))),
            InvalidType,
            "among takes users whose user_id is string",
        ),
        (
            lambda events: HUB.cohort(events, ol.among(events.reset_index().set_index(["user_id", "country"]))),
            InvalidValue,
            "indexed by",
        ),
        (
            lambda events: HUB.cohort(events, ol.among(fixture(ENGINES[-1]).groupby("user_id").amount.sum().to_frame())),
            InvalidValue,
            "another connection",
        ),
        (lambda events: HUB.cohort(events, ol.did(between=("2024-01-02", "2024-01-02"))), InvalidValue, "between of did"),
        (lambda events: ol.did(3), InvalidType, "event of did is 3"),
        (lambda events: ol.did([]), InvalidType, "event of did"),
        (lambda events: ol.did_in_order("a", 3), InvalidType, "event 2 of did_in_order"),
        (lambda events: ol.did(count=0), InvalidValue, "count of did"),
        (lambda events: ol.did(within=-DAY), InvalidValue, "within of did"),
        (lambda events: ol.did(where={"country": []}), InvalidValue, "no values"),
        (lambda events: ol.did(where={"country": {}}), InvalidType, "where of did"),
        (lambda events: ol.did_in_order(), InvalidValue, "from 1 to 20"),
        (lambda events: ol.did_in_order("a", "b", within=0 * DAY), InvalidValue, "has to be positive"),
        (lambda events: ol.was("country"), InvalidValue, "at least one value"),
        (lambda events: ol.was("country", None), InvalidValue, "no missing values"),
        (
            lambda events: HUB.cohort(events, "buy").save("/nowhere/at/all.json"),
            InvalidValue,
            "cannot be written: No such file",
        ),
        (lambda events: ol.among("a"), InvalidType, "users of among"),
        (lambda events: ol.among([]), InvalidValue, "at least one"),
        (lambda events: ol.did("a") & "b", InvalidType, "has to be a Rule"),
    ],
    ids=case_id,
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make(fixture("duckdb"))


def met(rule, own, as_of):
    """Return the moment at which a user with these events met a rule; None if they did not."""
    first = own[0]["moment"]
    match rule:
        case All(parts):
            found = [met(part, own, as_of) for part in parts]
            return None if None in found else max(found)
        case Either(parts):
            return min((each for part in parts if (each := met(part, own, as_of)) is not None), default=None)
        case Not(part):
            return first if met(part, own, as_of) is None else None
        case Among(users):
            return first if own[0]["user_id"] in users else None
        case Was(column, values):
            known = [row for row in own if row[column] is not None]
            return known[-1]["moment"] if known and known[-1][column] in values else None
        case InOrder(events, within):
            best = None
            for begin in own:
                place = 0
                for row in own[own.index(begin) :]:
                    if row["event_type"] == events[place] and (within is None or row["moment"] - begin["moment"] <= within):
                        place += 1
                        if place == len(events):
                            best = min(best or row["moment"], row["moment"])
                            break
                    elif row is begin:
                        break
            return best
        case Did():
            counted = [
                row["moment"]
                for row in own
                if (rule.event is None or row["event_type"] == rule.event)
                and all(row[name] in values for name, values in rule.where)
                and (rule.within is None or row["moment"] >= as_of - rule.within)
                and (rule.first is None or row["moment"] < first + rule.first)
                and (rule.between is None or row["moment"] < datetime.datetime.fromisoformat(rule.between[1]))
            ]
            return counted[rule.count - 1] if len(counted) >= rule.count else None
    raise AssertionError(rule)


_EVENTS = st.sampled_from(["view", "cart", "buy"])
_SPANS = st.sampled_from([None, None, HOUR, DAY, 3 * DAY])
_LEAVES = st.one_of(
    st.builds(
        lambda event, count, within, first, where, between: ol.did(
            event, count, within=within, first=first, where=where, between=between
        ),
        st.sampled_from([None, "view", "cart", "buy"]),
        st.sampled_from([1, 1, 2, 3]),
        _SPANS,
        _SPANS,
        st.sampled_from([None, None, {"country": "NL"}, {"country": [None, "BE"], "amount": [0, 1, 2, 3, 4, 5]}]),
        st.sampled_from([None, None, (None, "2024-03-01"), (None, "2024-10-26")]),
    ),
    st.builds(
        lambda events, within: ol.did_in_order(*events, within=within), st.lists(_EVENTS, min_size=2, max_size=3), _SPANS
    ),
    st.sampled_from([ol.was("country", "NL"), ol.was("amount", 0, 1, 2, 3), ol.among(["a", "c"])]),
)
_RULES = st.recursive(
    _LEAVES,
    lambda part: st.one_of(
        st.builds(lambda one, other: one & other, part, part),
        st.builds(lambda one, other: one | other, part, part),
        st.builds(lambda one: ~one, part),
    ),
    max_leaves=4,
)


@on_every_engine
def test_members_match_plain_python(engine):
    @settings(
        max_examples=60 if engine == "duckdb" else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(events=streams(), rule=_RULES)
    def check(events, rule):
        as_of = max((row["moment"] for row in events), default=None)
        expected = {user: since for user, own in known(events).items() if (since := met(rule, own, as_of)) is not None}
        frame = loaded(engine, events)
        assert members(frame, rule) == expected
        spec = json.loads(json.dumps(HUB.cohort(frame, rule).spec()))
        assert repr(HUB.from_spec(spec, frame).rule) == repr(rule)

    check()
