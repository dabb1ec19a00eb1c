"""Reports on small events that can be counted by hand; each report is a valid document."""

from __future__ import annotations

import datetime
import logging
import re
import sys
from itertools import pairwise

import duckdb
import psycopg
import pytest
from report.documents import document, tables

from objectiv_local import ModelHub, connect
from objectiv_local.dialects import names
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, TableNotFound
from objectiv_local.frame.authoring import Source, State, frame_of
from objectiv_local.plan.relation import Relation
from objectiv_local.report import parts
from objectiv_local.types import INT64

HUB = ModelHub(time_aggregation="%Y-%m-%d")
TITLES = ["Overview", "Users", "Sessions", "Retention", "Lifecycle", "Pages", "Funnel", "Conversions", "Data quality"]
MOST_BYTES = 500_000
COLUMNS = "event_id bigint, user_id varchar, moment timestamp, event_type varchar, location varchar"
#: Three days: a views twice and buys, comes back to view; b views on the second day.
EVENTS = [
    (1, "a", "2024-03-01 10:00:00", "view", "/home"),
    (2, "a", "2024-03-01 10:10:00", "view", "/shop"),
    (3, "a", "2024-03-01 10:20:00", "buy", "/shop"),
    (4, "b", "2024-03-02 09:00:00", "view", "/home"),
    (5, "a", "2024-03-03 12:00:00", "view", "/home"),
]
HOSTILE = [
    "<script>document.title = 'run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "' OR 1=1 --\"",
    "</table></section><h1>é 😀 \u202e مرحبا",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "javascript:alert(1)",
    "a\nb\tc\r",
]


def events_of(rows, columns=COLUMNS):
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE clicks ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO clicks VALUES ({', '.join('?' * len(rows[0]))})", rows)
    return HUB.events(connection, table_name="clicks")


def hostile_events():
    start = datetime.datetime(2024, 3, 1)
    return events_of(
        [
            (
                number,
                HOSTILE[number % 8],
                start + datetime.timedelta(hours=7 * number),
                HOSTILE[number // 8 % 8],
                HOSTILE[(number + number // 8) % 8],
            )
            for number in range(64)
        ]
    )


MADE = {
    "sample": lambda: HUB.report(HUB.events()),
    "small": lambda: HUB.report(events_of(EVENTS)),
    "hostile": lambda: HUB.report(hostile_events(), title=HOSTILE[0]),
    "empty": lambda: HUB.report(events_of([])),
    "one": lambda: HUB.report(events_of(EVENTS[:1])),
    "no users": lambda: HUB.report(events_of([(1, None, "2024-03-01", "view", None), (2, None, "2024-03-02", None, None)])),
    "bare": lambda: HUB.report(HUB.events(events_of(EVENTS).engine, table_name="clicks")[["moment", "user_id"]]),
}


@pytest.fixture(scope="module")
def made():
    """Return a function that returns a report by name, generated once."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = MADE[name]()
        return known[name]

    return of


@pytest.mark.parametrize("name", MADE)
def test_a_report_is_one_valid_document(made, name):
    report = made(name)
    assert len(report.html.encode()) < MOST_BYTES
    root = document(report.html)
    [html] = root.all("html")
    assert html.attributes["lang"] == "en"
    # Nothing runs and nothing is fetched: no script, no handler, and no external reference.
    tags = {each.tag for each in root.all()}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "foreignobject", "image", "use"}
    for each in root.all():
        for key, value in each.attributes.items():
            assert not key.startswith("on"), (each.tag, key)
            if key in ("href", "src", "xlink:href", "action", "poster", "srcset"):
                assert value.startswith("#") or value == "data:,", value
            assert "url(" not in (value or "").replace("url(#", ""), value
    [css] = root.all("style")
    assert "url(" not in css.text
    assert "@import" not in css.text
    [policy] = [each.attributes["content"] for each in root.all("meta") if each.attributes.get("http-equiv")]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    # References within the document have a target, and ids are unique.
    ids = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    led = [each.attributes["href"][1:] for each in root.all("a")]
    assert {*led, *(each.attributes["aria-labelledby"] for each in root.all("section"))} <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", report.html)) <= set(ids)


@pytest.mark.parametrize("name", MADE)
def test_a_screen_reader_can_follow(made, name):
    root = document(made(name).html)
    assert root.all("body")[0].all()[0].attributes["href"] == "#main"
    assert [len(root.all(each)) for each in ("h1", "main", "header", "nav")] == [1, 1, 1, 1]
    levels = [int(each.tag[1]) for each in root.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 2 for before, after in pairwise(levels))
    places = "Features" if name == "sample" else "Pages"
    assert [each.text for each in root.all("h2")][:9] == [*TITLES[:5], places, *TITLES[6:]]
    for table in root.all("table"):
        assert table.all("caption")[0].text
        rows = table.all("tr")
        assert {cell.attributes["scope"] for cell in rows[0].all("th")} == {"col"}
        for row in rows[1:]:
            assert len(row.all("th", "td")) == len(rows[0].all("th"))
            assert {cell.attributes["scope"] for cell in row.all("th")} == {"row"}
        assert table.parent.attributes["tabindex"] == "0"
    for svg in root.all("svg"):
        assert svg.attributes["role"] == "img"
        assert svg.attributes["aria-label"]
        assert svg.all("title")[0].text
        # The text takes the color of the page, light or dark.
        assert "currentColor" in {each.attributes.get("fill") for each in svg.all("text")}


def test_the_numbers_of_a_small_stream(made):
    report = made("small")
    found = tables(document(report.html))
    assert found["Totals"] == [
        ["measure", "value"],
        ["Events", "5"],
        ["Users", "2"],
        ["Sessions", "3"],
        ["Events per user", "2.5"],
        ["Events per session", "1.67"],
    ]
    assert found["Users by day"] == [
        ["period", "users", "complete"],
        ["2024-03-01", "1", "yes"],
        ["2024-03-02", "1", "yes"],
        ["2024-03-03", "1", "no"],
    ]
    assert [row[:2] for row in found["New users by day"][1:]] == [["2024-03-01", "1"], ["2024-03-02", "1"], ["2024-03-03", "0"]]
    assert found["Event types, most frequent first"][1:] == [
        ["view", "4", "80%", "2", "2", "2024-03-01 10:00:00", "2024-03-03 12:00:00"],
        ["buy", "1", "20%", "1", "1", "2024-03-01 10:20:00", "2024-03-01 10:20:00"],
    ]
    assert found["Sessions by the day in which they start"][1] == ["2024-03-01", "1", "1", "3", "20 min", "20 min", "0%", "yes"]
    assert found["Share of each cohort that was active after so many days; * may still grow"] == [
        ["cohort", "users", "day 0", "day 1", "day 2"],
        ["2024-03-01", "1", "100%", "0%", "100% *"],
        ["2024-03-02", "1", "100%", "0% *", ""],
    ]
    assert found["The pages with the most users, at most 30"] == [
        ["location", "users", "events"],
        ["/home", "2", "3"],
        ["/shop", "1", "2"],
    ]
    # Default steps: view has two users and buy one. b is not dropped, because its 14 days have not ended.
    assert [row[:5] for row in found["Funnel"]] == [
        ["step", "name", "users", "of first", "of previous"],
        ["1", "view", "2", "100%", "100%"],
        ["2", "buy", "1", "50%", "50%"],
    ]
    assert found["Users who converted in each day"] == [
        ["period", "users", "converted", "conversion rate", "complete"],
        ["2024-03-01", "1", "1", "100%", "yes"],
        ["2024-03-02", "1", "0", "0%", "yes"],
        ["2024-03-03", "1", "0", "0%", "no"],
    ]
    assert ["day_without_events", "warning", "0", "3", "\N{EN DASH}"] in found["Data quality"]
    parted = {part.title: part for section in report.sections for part in section.parts}
    trend = HUB.trend(events_of(EVENTS))
    assert parted["Users by day"].sql == {name: trend.view_sql(dialect=name) for name in names()}
    assert parted["Users by day"].rule == ["The number of distinct user_id with an event in each day."]
    assert all(part.chart for title, part in parted.items() if title != "Totals")
    assert "Periods and days are in the time zone UTC; weeks start on Monday." in report.html


def test_a_range_with_steps_and_a_conversion():
    report = HUB.report(
        events_of(EVENTS),
        start="2024-03-02",
        end="2024-03-04",
        by="week",
        title="Week & <b>",
        funnel={"looks": "view", "comes back": "view"},
        conversion=lambda events: events.location == "/home",
    )
    found = tables(document(report.html))
    assert [row[1] for row in found["Totals"][1:4]] == ["2", "2", "2"]
    # a had events before the range, and is not new.
    assert found["New users by week"][1:] == [["2024-02-26", "1", "no"]]
    assert [row[1:3] for row in found["Funnel"][1:]] == [["looks", "2"], ["comes back", "0"]]
    assert found["Users who converted in each week"][1:] == [["2024-02-26", "2", "2", "100%", "no"]]
    assert "<h1>Week &amp; &lt;b&gt;</h1>" in report.html
    assert "The range is from 2024-03-02 00:00:00 and before 2024-03-04 00:00:00 UTC." in report.html


def test_conditions_may_read_any_column():
    rows = [(*row, 2.0 if row[3] == "buy" else 0.5) for row in EVENTS]
    found = HUB.report(
        events_of(rows, COLUMNS + ", amount float8"),
        funnel=[["view", "buy"], lambda events: events.amount > 1],
        conversion=["buy", "nothing"],
    )
    shown = tables(document(found.html))
    assert [row[2] for row in shown["Funnel"][1:]] == ["2", "1"]
    assert [row[2] for row in shown["Users who converted in each day"][1:]] == ["1", "0", "0"]


def test_a_series_is_a_condition_on_the_original_events():
    events = events_of(EVENTS)
    found = HUB.report(events, conversion=events.event_type == "buy")
    assert tables(document(found.html))["Users who converted in each day"][1] == ["2024-03-01", "1", "1", "100%", "yes"]


def test_sections_without_numbers_say_so(made):
    for name in ("empty", "bare", "no users"):
        for section in made(name).sections:
            problems = [*section.problems, *(problem for part in section.parts for problem in part.problems)]
            shown = [part for part in section.parts if part.has_numbers]
            assert problems or shown, (name, section.title)
            assert "Error" not in "".join(problems), problems
    assert "There are no events." in made("empty").html
    assert "The events have no locations" in made("bare").html


def test_a_part_that_fails_leaves_the_rest(monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("no such chart")

    monkeypatch.setattr(parts, "svg", broken)
    report = HUB.report(events_of(EVENTS))
    assert '<p class="problem">The chart: ZeroDivisionError: no such chart</p>' in report.html
    assert len(tables(document(report.html))) > 10
    assert "the report has no 'Event types': no such chart" in caplog.text


@pytest.fixture(scope="module")
def shop(postgres_url):
    """Return the URL of a database with the events, and that of a user who cannot create a temporary table there."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in (
            "DROP DATABASE IF EXISTS shop_report",
            "DROP ROLE IF EXISTS report_reader",
            "CREATE DATABASE shop_report",
            "REVOKE TEMPORARY ON DATABASE shop_report FROM PUBLIC",
            "CREATE ROLE report_reader LOGIN PASSWORD 'x'",
        ):
            connection.execute(statement)
    url = postgres_url.replace("/postgres?", "/shop_report?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE clicks ({COLUMNS})")
        connection.execute("GRANT SELECT ON clicks TO report_reader")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO clicks VALUES (%s, %s, %s, %s, %s)", EVENTS)
    yield url, url.replace("postgres@", "report_reader:x@")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE shop_report WITH (FORCE)")
        connection.execute("DROP ROLE report_reader")


@pytest.mark.parametrize("may_store", [True, False])
def test_both_engines_say_the_same(shop, made, may_store, caplog):
    caplog.set_level(logging.DEBUG, "objectiv_local")
    with connect(shop[0 if may_store else 1]) as source:
        there = HUB.report(HUB.events(source, table_name="clicks"))
        assert ("events_of_report are not stored" in caplog.text) == (not may_store)
        assert source.tables() == ["clicks"]
        assert not may_store or not source.temporary
    here = made("small")
    for one, other in zip(there.sections, here.sections, strict=True):
        for mine, yours in zip(one.parts, other.parts, strict=True):
            assert (mine.tables, mine.rule, mine.problems) == (yours.tables, yours.rule, yours.problems)
            assert mine.chart == yours.chart


def test_a_second_report_has_the_current_events():
    events = events_of(EVENTS)
    before = HUB.report(events)
    # Through another connection, as others do.
    events.engine._connection.execute("INSERT INTO clicks VALUES (6, 'c', '2024-03-03 13:00', 'view', '/home')")
    after = HUB.report(events)
    assert [tables(document(each.html))["Totals"][2] for each in (before, after)] == [["Users", "2"], ["Users", "3"]]


def test_saving(tmp_path, made):
    report = made("small")
    target = tmp_path / "report.html"
    assert report.save(target) == target
    assert target.read_text("utf-8") == report.html
    with pytest.raises(InvalidValue, match=r"report.html' exists"):
        report.save(target)
    target.write_text("mine", "utf-8")
    report.save(str(target), overwrite=True)
    assert target.read_text("utf-8") == report.html
    for path, error in ((tmp_path, InvalidValue), (tmp_path / "none" / "a.html", TableNotFound), ("a\0b", InvalidValue)):
        with pytest.raises(error):
            report.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert repr(report) == f"<Report 'Product analytics': 9 sections, {len(report.html.encode()):,} bytes>"


def test_invalid_arguments_of_report(monkeypatch):
    events = events_of(EVENTS)
    with pytest.raises(InvalidValue, match="by"):
        HUB.report(events, by="fortnight")
    with pytest.raises(InvalidValue, match="is not after start"):
        HUB.report(events, start="2024-03-02", end="2024-03-01")
    with pytest.raises(ColumnNotFound, match="user_id"):
        HUB.report(events[["moment"]])
    with pytest.raises(InvalidType):
        HUB.report("clicks.csv")
    with pytest.raises(InvalidType, match=r"funnel of ModelHub.report has to be a list"):
        HUB.report(events, funnel="view")
    with pytest.raises(InvalidValue, match="step"):
        HUB.report(events, funnel=[])
    with pytest.raises(ColumnNotFound, match="nothing"):
        HUB.report(events, conversion=lambda events: events["nothing"] == 1)
    with pytest.raises(InvalidValue, match="title of report is empty"):
        HUB.report(events, title=" ")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(NotSupported, match=r"objectiv-local\[report\]"):
        HUB.report(events)


def test_a_step_that_never_occurs_is_reported_in_its_section():
    found = HUB.report(events_of(EVENTS), funnel=["view", "byu"])
    assert "No event has the type &#39;byu&#39;; did you mean &#39;buy&#39;?" in found.html


def test_urls_of_files_are_shown_without_secrets():
    address = "https://me:hunter2@example.com/o'clock.parquet?signature=abcdef"
    source = Source(Relation("parquet", (address,)), (("a", "a", "BIGINT", INT64),), None, 0, "data")
    events = frame_of(State(source, None, "duckdb", ()), ["a"])
    sql = events.view_sql()
    assert "hunter2" in sql
    shown = parts.without_secrets_of(sql, events)
    assert "example.com/o''clock.parquet" in shown
    assert not re.search("hunter2|abcdef", shown)
