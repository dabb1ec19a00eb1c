"""Analyses written as specs and recreated, and files of named metrics."""

from __future__ import annotations

import datetime
import json

import pytest
from frame.frames import ENGINES
from hub.analyses.fixture import case_id, fixture, rows

from objectiv_local import ModelHub
from objectiv_local.errors import ColumnNotFound, DataInvalid, InvalidType, InvalidValue, NotSupported, ObjectivError

HUB = ModelHub(time_zone="Asia/Tokyo", week_start="sunday")
#: Analyses of the fixture, with every kind of argument.
ASKED = {
    "defaults": lambda events: HUB.trend(events),
    "type": lambda events: HUB.trend(events, ("sum", "amount"), "week", "buy", breakdown="country", top=2),
    "types": lambda events: HUB.trend(
        events, "events", where=["buy", "cart"], start="2024-01-02", end=datetime.date(2024, 1, 5)
    ),
    "series": lambda events: HUB.trend(events, where=events.amount > 50, breakdown=(events.amount % 20).rename("rest")),
    "function": lambda events: HUB.stickiness(events, where=lambda rows: (rows.event_type == "view") & rows.country.notnull()),
    "moment": lambda events: HUB.lifecycle(events, as_of=datetime.datetime(2024, 1, 6, 12)),
    "quality": lambda events: HUB.quality(events, busy=2),
    "properties": lambda events: HUB.properties(events, ["country"]),
    "active users": lambda events: HUB.active_users(events, month_days=28),
    "event types": lambda events: HUB.event_types(events, where=events.amount.isin([10, 20])),
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_spec_recreates_the_analysis_on_every_engine(asked):
    spec = json.loads(json.dumps(ASKED[asked](fixture("duckdb")).spec()))
    expected = rows(ASKED[asked](fixture("duckdb")))
    assert expected
    for engine in ENGINES:
        # The time zone and week start of the spec take precedence over those of the hub.
        assert rows(ModelHub().from_spec(spec, fixture(engine))) == expected
    again = ModelHub().from_spec(json.dumps(spec), fixture("duckdb"))
    assert again.spec() == spec


def test_the_content_of_a_spec():
    spec = HUB.trend(fixture("duckdb"), by="week", where=lambda events: events.amount > 50).spec()
    assert spec == {
        "version": 1,
        "analysis": "trend",
        "time_zone": "Asia/Tokyo",
        "week_start": "sunday",
        "arguments": {
            "by": "week",
            "where": {
                "name": "amount",
                "expression": {"op": "gt", "args": [{"column": "amount", "type": "int64"}, {"literal": 50, "type": "int64"}]},
            },
        },
    }


def test_conditions_without_a_spec():
    events = fixture("duckdb")
    with pytest.raises(NotSupported, match=r"where of trend.* reads other rows"):
        HUB.trend(events, where=lambda rows: rows.amount == rows.groupby("user_id").amount.transform("max")).spec()
    with pytest.raises(NotSupported, match="frame of users"):
        HUB.trend(events, where=HUB.trend(events).users()).spec()


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("{", InvalidValue, "is not JSON"),
        ("[]", InvalidValue, "needs a string 'analysis'"),
        ({}, InvalidValue, "needs a string 'analysis'"),
        ({"analysis": "trends"}, InvalidValue, "(?s)unknown analysis 'trends'.*trend"),
        ({"analysis": "trend", "version": 2}, InvalidValue, "version 2, and this release reads version 1"),
        ({"analysis": "trend", "by": "week"}, InvalidValue, "(?s)unknown key 'by'.*arguments"),
        ({"analysis": "trend", "arguments": ["week"]}, InvalidValue, "have to be a mapping"),
        ({"analysis": "trend", "arguments": {"buy": "week"}}, InvalidValue, "(?s)'buy', which trend does not take.*by"),
        ({"analysis": "trend", "arguments": {"by": "weeks"}}, InvalidValue, "is not a period"),
        ({"analysis": "trend", "arguments": {"by": 7}}, InvalidType, "by of trend"),
        ({"analysis": "trend", "arguments": {"events": 7}}, InvalidValue, "does not take"),
        ({"analysis": "trend", "arguments": {"where": {"quary": "x"}}}, InvalidValue, "(?s)where of trend in the spec.*query"),
        ({"analysis": "trend", "arguments": {"where": {"query": "price > 3"}}}, ColumnNotFound, "price"),
        ({"analysis": "trend", "arguments": {"where": {"query": 3}}}, InvalidType, "query of where of trend"),
        ({"analysis": "trend", "arguments": {"where": {"query": "amount > 3", "and": 1}}}, InvalidValue, "has an unknown form"),
        ({"analysis": "trend", "arguments": {"where": {"expression": {"op": "system"}}}}, ObjectivError, "operation 'system'"),
        (
            {"analysis": "trend", "arguments": {"start": {"date": "2024"}}},
            InvalidValue,
            "start of trend in the spec is not a valid date",
        ),
        ({"analysis": "trend", "time_zone": "Mars"}, InvalidValue, "Mars"),
        ({"analysis": "trend", "time_zone": 3}, InvalidValue, "strings"),
        ({"analysis": "trend", "week_start": "today"}, InvalidValue, "today"),
    ],
    ids=case_id,
)
def test_invalid_specs(spec, error, words):
    with pytest.raises(error, match=words):
        HUB.from_spec(spec, fixture("duckdb"))


METRICS = """
weekly_buyers:
  description: Users who bought, by week
  analysis: trend
  arguments: {by: week, where: buy}
large:
  analysis: trend
  time_zone: Asia/Tokyo
  arguments: {measure: [sum, amount], by: month, where: {query: amount > 100 and country == 'DE'}}
"""


def test_metrics(tmp_path):
    path = tmp_path / "metrics.yml"
    path.write_text(METRICS, "utf-8")
    found = ModelHub().metrics(path)
    assert list(found) == ["weekly_buyers", "large"]
    assert repr(found) == "<2 metrics of metrics.yml>\n  weekly_buyers: trend, Users who bought, by week\n  large: trend"
    assert found.weekly_buyers.__doc__ == "Users who bought, by week"
    for engine in ENGINES:
        events = fixture(engine)
        assert [row[1] for row in rows(found["weekly_buyers"](events))] == [5, 0]
        assert [row[1] for row in rows(found.large(events))] == [140 + 150 + 160 + 170]
    as_json = tmp_path / "metrics.json"
    as_json.write_text(json.dumps({name: found.spec(name) for name in found}), "utf-8")
    assert rows(ModelHub().metrics(str(as_json)).large(fixture("duckdb"))) == rows(found.large(fixture("duckdb")))
    with pytest.raises(InvalidValue, match=r"(?s)no metric 'weekly'.*weekly_buyers"):
        found["weekly"]
    with pytest.raises(AttributeError, match="no metric 'weekly'"):
        found.weekly  # noqa: B018


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("a: [", DataInvalid, "is not YAML"),
        ("- trend", DataInvalid, "has to map names to specs"),
        ("", DataInvalid, "has to map names to specs"),
        ("1: {analysis: trend}", DataInvalid, "has to map names to specs"),
        ("users: trend", InvalidValue, "metric 'users' of metrics.yml needs a string 'analysis'"),
        (
            "users: {analysis: trend, arguments: {where: buy, b: week}}",
            InvalidValue,
            "metric 'users' of metrics.yml has the argument 'b'",
        ),
        ("users: !!python/object/apply:os.system ['true']", DataInvalid, "is not YAML"),
    ],
    ids=case_id,
)
def test_invalid_files(tmp_path, text, error, words):
    path = tmp_path / "metrics.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(error, match=words):
        HUB.metrics(path)


def test_named_steps_by_hand():
    spec = {"analysis": "funnel", "arguments": {"steps": {"saw": "view", "took": ["cart", "buy"]}, "window": {"hours": 1}}}
    assert [row[1] for row in rows(HUB.from_spec(spec, fixture("duckdb")))] == ["saw", "took"]
