"""Charts of analyses: what is drawn is what the frame has, and what may still change looks different."""

from __future__ import annotations

import datetime
import sys
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from charts.drawn import axis_titles, layers, marks, rendered, title, values
from frame.frames import on_every_engine
from hub.analyses.every import ASKED, HOUR, HUB, STEPS
from hub.analyses.fixture import fixture, loaded, rows, rows_of

from objectiv_local.charts import side_by_side, svg
from objectiv_local.charts.theme import COMPLETE, INCOMPLETE, JOINER
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.hub.analyses.charts.drawing import CHARTS


@pytest.fixture(scope="module")
def events():
    return fixture("duckdb")


MORE = {
    "properties": HUB.properties,
    "quality": HUB.quality,
    "transitions": lambda events: HUB.paths(events, by="user_id").transitions(),
    "ltv": lambda events: HUB.rfm(events, "amount", where="buy").ltv("week", [1, 7]),
    "funnel by day": lambda events: HUB.funnel(events, STEPS, HOUR, by="day"),
    "experiment": lambda events: HUB.experiment(
        events, ["view", "cart"], lambda data: data.user_id.isin(["a", "b", "c"]).astype("string"), "buy", control="true"
    ),
}
KINDS = [(name, kind) for name, kinds in CHARTS.items() for kind in kinds]


def asked_of(name, events):
    return ({**ASKED, **MORE}.get(name) or ASKED[name.replace("_", " ")])(events)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_every_chart_is_drawn_without_warnings(name, kind, events, capfd):
    chart = asked_of("funnel by day" if (name, kind) == ("funnel", "line") else name, events).plot(kind)
    if kind == "sankey":
        assert chart.to_dict()["data"][0]["type"] == "sankey"
        return
    assert "<text" in rendered(chart, capfd)
    assert len(svg(chart)) < 60_000
    assert title(chart)[0]
    # Every tooltip is text: a browser shows moments of data in the time zone of the reader.
    for layer in layers(chart):
        assert {each["type"] for each in layer["encoding"].get("tooltip", ())} <= {"nominal"}


@pytest.mark.parametrize("asked", [name for name in ASKED if name != "cohort"])
def test_every_analysis_has_a_chart(asked, events, capfd):
    rendered(ASKED[asked](events).plot(), capfd)


# ---- periods


def test_periods_that_may_still_grow_are_dashed(events):
    chart = HUB.trend(events).plot()
    line = next(each for each in layers(chart) if each["mark"] == "line")
    assert values(line["rows"], "y", "state") == [
        (2, COMPLETE),
        (3, COMPLETE),
        (2, COMPLETE),
        (1, COMPLETE),
        (0, COMPLETE),
        (0, COMPLETE),
        (0, COMPLETE),
        (0, INCOMPLETE),
        (1, INCOMPLETE),
    ]
    assert values(line["rows"], "x")[0] == "2024-01-01T00:00:00Z"
    dash = line["encoding"]["strokeDash"]["scale"]
    assert dash == {"domain": [COMPLETE, INCOMPLETE], "range": [[1, 0], [5, 4]]}
    assert line["encoding"]["x"]["scale"] == {"type": "utc"}
    assert line["encoding"]["y"]["scale"] == {"zero": True}
    known, open_ = (each for each in layers(chart) if each["mark"] == "point")
    assert (known["look"]["filled"], open_["look"]["filled"]) == (True, False)
    assert values(known["rows"], "when", "number")[:2] == [("2024-01-01", "2"), ("2024-01-02", "3")]
    assert values(open_["rows"], "when", "number") == [("2024-01-08", "1")]
    assert title(chart) == ("Users by day", "")
    assert axis_titles(chart) == ("day", "users")


def test_complete_periods_have_no_legend(events):
    chart = HUB.trend(events, end="2024-01-04").plot()
    assert all("strokeDash" not in each["encoding"] for each in layers(chart))
    assert [each["mark"] for each in layers(chart)] == ["line", "point"]


def test_the_axis_of_hours_has_clocks(events):
    chart = HUB.trend(events, by="hour", start="2024-01-02", end="2024-01-02 03:00").plot()
    line = next(each for each in layers(chart) if each["mark"] == "line")
    assert values(line["rows"], "x", "y") == [
        ("2024-01-02T00:00:00.000Z", 1),
        ("2024-01-02T01:00:00.000Z", 1),
        ("2024-01-02T02:00:00.000Z", 0),
    ]
    assert line["encoding"]["x"]["axis"]["format"] == "%Y-%m-%d %H:%M"


def test_ticks_are_the_same_in_every_time_zone(events, capfd):
    # January 1, 2024, 00:00 UTC is 1,704,067,200 seconds after 1970.
    chart = HUB.trend(events).plot()
    axis = layers(chart)[0]["encoding"]["x"]["axis"]
    assert axis["values"][0] == 1_704_067_200_000
    assert ">2024-01-01</text>" in rendered(chart, capfd)


def test_a_line_and_a_symbol_for_each_group(events):
    chart = HUB.trend(events, by="week", breakdown="country").plot()
    points = next(each for each in layers(chart) if each["mark"] == "point")
    assert points["encoding"]["color"]["scale"]["domain"] == ["BE", "DE", "NL", "(none)"]
    assert points["encoding"]["color"]["scale"]["range"][-1] == "#8C8C8C"
    assert len(set(points["encoding"]["shape"]["scale"]["range"])) == 4
    assert points["encoding"]["color"]["title"] == "country"
    assert [row["number"] for row in points["rows"] if row["series"] == "NL"] == ["2"]


def test_previous_periods_are_grey(events):
    chart = HUB.trend(events, start="2024-01-03", end="2024-01-05", compare="previous").plot()
    line = layers(chart)[0]
    assert values(line["rows"], "series", "y") == [
        ("these periods", 2),
        ("these periods", 1),
        ("previous periods", 2),
        ("previous periods", 3),
    ]
    assert line["encoding"]["color"]["scale"]["range"] == ["#0072B2", "#8C8C8C"]


def test_active_users(events):
    chart = HUB.active_users(events).plot()
    line = layers(chart)[0]
    daily = [row["y"] for row in line["rows"] if row["series"] == "daily"]
    assert daily[:4] == [2, 3, 2, 1]
    assert {row["series"] for row in line["rows"]} == {"daily", "weekly (7 days)", "monthly (30 days)"}
    # No window of 30 days is within eight days of data.
    assert {row["state"] for row in line["rows"]} == {INCOMPLETE}
    shares = layers(HUB.active_users(events).plot("stickiness"))[0]
    # Two of two users on the first day, three of three on the second one.
    assert values(shares["rows"], "y")[:2] == [1.0, 1.0]
    assert shares["encoding"]["y"]["axis"]["format"] == "%"


def test_dormant_users_are_below_zero(events):
    chart = HUB.lifecycle(events).plot()
    bars = next(each for each in layers(chart) if each["mark"] == "bar")
    of = {
        name: {row["period"]: row["to"] - row["from"] for row in bars["rows"] if row["name"] == name}
        for name in ("new", "returning", "resurrecting", "dormant")
    }
    assert of["dormant"] == {"2024-01-03": -3, "2024-01-04": -2, "2024-01-05": -1}
    # Bars above zero add up to the users of the day, without a gap between them.
    for day, active in {"2024-01-01": 2, "2024-01-02": 3, "2024-01-03": 2, "2024-01-04": 1, "2024-01-08": 1}.items():
        own = sorted((row["from"], row["to"]) for row in bars["rows"] if row["period"] == day and row["to"] > 0)
        assert own[0][0] == 0
        assert all(before[1] == after[0] for before, after in pairwise(own))
        assert own[-1][1] == active
    assert {row["period"] for row in bars["rows"] if row["state"] == INCOMPLETE} == {"2024-01-08"}
    assert bars["encoding"]["fillOpacity"]["scale"] == {"domain": [COMPLETE, INCOMPLETE], "range": [1, 0.45]}
    assert bars["encoding"]["stroke"]["field"] == "name"  # the outline keeps the color
    stripes = [each for each in layers(chart) if each["mark"] == "bar"][1]
    assert {row["name"] for row in stripes["rows"]} == {"resurrecting", "dormant"}
    assert stripes["look"]["fill"]["gradient"] == "linear"
    assert [row["at"] for row in marks(chart, "rule")] == [0]


def test_stickiness(events):
    # In the week of January 1: a and b were active on two days, c, d, e and f on one.
    chart = HUB.stickiness(events).plot()
    bars = marks(chart, "bar")
    assert values(bars, "name", "count", "text")[:3] == [("1", "4", "66.7%"), ("2", "2", "33.3%"), ("3", "0", "0.0%")]
    assert title(chart) == ("How many days of a week users are active", "over 1 complete week")


# ---- cohorts


def cells(chart):
    """Return the texts of a heat map by row and column, and the cells that are hatched."""
    [text] = [each for each in layers(chart) if each["mark"] == "text"]
    rects = [each for each in layers(chart) if each["mark"] == "rect"]
    hatched = {(row["row"], row["column"]) for each in rects[1:] for row in each["rows"]}
    return {(row["row"], row["column"]): row["text"] for row in text["rows"]}, hatched


def test_cohorts(events):
    chart = HUB.retention(events, by="day").plot()
    texts, hatched = cells(chart)
    # Of the two users of the first day, both came the next day, and one a week later, which was not over.
    assert [texts["2024-01-01", column] for column in ("users", "0", "1", "2", "7")] == ["2", "100%", "100%", "0%", "50%*"]
    assert ("2024-01-01", "7") in hatched
    assert ("2024-01-01", "1") not in hatched
    assert hatched == {cell for cell, text in texts.items() if text.endswith("*")}
    # One day later: two of two, none of one (c), none of two (d, e) and none of one (f).
    assert texts["all", "1"] == "33%"
    assert texts["all", "users"] == "6"
    [rect, *_] = [each for each in layers(chart) if each["mark"] == "rect"]
    assert rect["encoding"]["color"]["scale"]["domain"] == [0, 1]
    assert rect["encoding"]["y"]["sort"] == ["all", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    # Sizes are no rates, and have no color.
    assert all(row["column"] != "users" for row in rect["rows"])


def test_the_rates_of_all_cohorts_are_their_mean(events):
    found = HUB.retention(events, by="day")
    texts, _ = cells(found.plot())
    for since, _, _, _, rate in rows(found.mean()):
        assert texts["all", str(since)] == f"{rate:.0%}"
    curve = next(
        each for each in layers(found.plot("curve")) if each["encoding"].get("strokeDash") is None and each["mark"] == "point"
    )
    assert values(curve["rows"], "x", "y") == [(since, pytest.approx(rate)) for since, _, _, _, rate in rows(found.mean())]


def test_brackets_and_breakdowns_of_retention(events):
    chart = HUB.retention(events, by="day", brackets=[(0, 1), (1, 4)]).plot()
    assert layers(chart)[0]["encoding"]["x"]["sort"] == ["users", "0", "1-3"]
    grouped = HUB.retention(events, breakdown="country")
    line = layers(grouped.plot())[0]
    assert list(dict.fromkeys(row["series"] for row in line["rows"])) == ["BE", "DE", "NL", "(none)"]
    with pytest.raises(NotSupported, match="without a breakdown"):
        grouped.plot("heat_map")


def test_lifetime_value(events):
    # Orders of a (20), b (60), c (110), e (170) and f (180), all in the first week.
    found = MORE["ltv"](events)
    texts, hatched = cells(found.plot())
    assert texts == {("2024-01-01", "users"): "5", ("2024-01-01", "1"): "108", ("2024-01-01", "7"): "108*"}
    assert hatched == {("2024-01-01", "7")}
    line = layers(found.plot("curve"))[0]
    assert values(line["rows"], "x", "y")[0] == (0, 0)
    assert {value for at, value in values(line["rows"], "x", "y") if at} == {108.0}


# ---- steps


def test_steps_of_a_funnel(events):
    chart = HUB.funnel(events, STEPS, HOUR).plot()
    users, lost, _ = (each for each in layers(chart) if each["mark"] == "bar")
    assert values(users["rows"], "step", "users") == [("1. view", 6), ("2. cart", 5), ("3. buy", 3)]
    # Who left is between the users of the step and those of the one before.
    assert values(lost["rows"], "step", "users", "before") == [("2. cart", 5, 6), ("3. buy", 3, 5)]
    texts = values(marks(chart, "text"), "text")
    assert [text[:2] for text in texts] == [["100.0%", "6"], ["83.3%", "5"], ["50.0%", "3"]]
    assert texts[2][2] == "60.0% of previous"
    assert users["encoding"]["x"]["sort"] == ["1. view", "2. cart", "3. buy"]
    assert users["encoding"]["y"]["scale"]["domain"][0] == 0


def test_a_step_that_occurs_twice_has_two_bars(events):
    chart = HUB.funnel(events, ["view", "view"], HOUR * 48).plot()
    assert len({row["step"] for row in marks(chart, "bar")}) == 2


def test_groups_of_a_funnel(events):
    chart = HUB.funnel(events, STEPS, HOUR, breakdown="country").plot()
    bars = next(each for each in layers(chart) if each["mark"] == "bar")
    shares = {(row["group"], row["step"]): row["share"] for row in bars["rows"]}
    # Of NL, a bought within an hour, b did not.
    assert (shares["NL", "1. view"], shares["NL", "3. buy"]) == (1.0, 0.5)
    assert bars["encoding"]["xOffset"]["field"] == "group"
    assert bars["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_a_funnel_over_time(events):
    chart = HUB.funnel(events, STEPS, HOUR, by="day").plot()
    line = layers(chart)[0]
    # On January 1, one of two bought; on January 3, e of d and e.
    by_day = dict(values(line["rows"], "x", "y"))
    assert (by_day["2024-01-01T00:00:00Z"], by_day["2024-01-03T00:00:00Z"]) == (0.5, 0.5)
    with pytest.raises(NotSupported, match="without periods"):
        HUB.funnel(events, STEPS, HOUR).plot("line")


def test_time_to_convert(events):
    chart = HUB.funnel(events, STEPS, HOUR).plot("time")
    # a took 20 minutes, c took 20 from its second view, e three.
    taken = {row["between"]: row["count"] for row in marks(chart, "bar") if row["count"]}
    assert sum(taken.values()) == 3
    assert taken["2 min to 5 min"] == 1
    assert taken["20 min to 30 min"] == 2
    assert [row["text"] for row in marks(chart, "rule")] == ["median 20 min", "90% 20 min"]
    with pytest.raises(NotSupported, match="takes no time"):
        HUB.funnel(events, ["view"]).plot("time")


def test_step_matrix(events):
    chart = HUB.paths(events, by="user_id", steps=3).plot()
    texts, _ = cells(chart)
    # a, b, c and e begin with a view, d with a cart, f with a purchase.
    assert [texts[name, "1"] for name in ("view", "cart", "buy")] == ["67%", "17%", "17%"]
    # d has two events, so its path is over at the third place.
    assert texts["(exit)", "3"] == "17%"
    wide = HUB.paths(events, by="user_id", steps=3).matrix().to_pandas()
    for (name, place), text in texts.items():
        assert text == f"{wide.loc[name, place]:.0%}"


def test_step_matrix_from_the_end(events):
    found = HUB.paths(events, by="user_id", steps=4, end="buy")
    texts, _ = cells(found.plot())
    wide = found.matrix().to_pandas()
    for (name, place), text in texts.items():
        assert text == f"{wide.loc[name, place]:.0%}"
    assert texts["buy", "1"] == "100%"


def test_diagram_of_paths(events):
    figure = HUB.paths(events, by="user_id", steps=3).plot("sankey", title="Ways", width=500)
    [sankey] = figure.to_dict()["data"]
    names, link = sankey["node"]["customdata"], sankey["link"]
    flows = {
        (names[source], names[target]): value
        for source, target, value in list(zip(link["source"], link["target"], link["value"], strict=True))
        if sankey["node"]["x"][source] < 0.1
    }
    # First two events: a, b view and cart, c view and view, e view and error, d cart and view, f buy and cart.
    assert flows == {("view", "cart"): 2, ("view", "view"): 1, ("view", "error"): 1, ("cart", "view"): 1, ("buy", "cart"): 1}
    assert (figure.layout.title.text, figure.layout.width) == ("Ways", 500)


def test_transitions(events):
    texts, _ = cells(MORE["transitions"](events).plot())
    # Of 3 purchases with something after them: a and b view again, f puts into the cart; c and e end.
    assert (texts["buy", "view"], texts["buy", "cart"], texts["buy", "(exit)"]) == ("40%", "20%", "40%")
    with pytest.raises(NotSupported, match="more than two labels"):
        HUB.paths(events, by="user_id").transitions(3).plot()


# ---- named things and estimates


def test_event_types(events):
    chart = HUB.event_types(events).plot()
    assert values(marks(chart, "bar"), "name", "value", "text") == [
        ("view", 9, "9 (42.9%)"),
        ("cart", 6, "6 (28.6%)"),
        ("buy", 5, "5 (23.8%)"),
        ("error", 1, "1 (4.8%)"),
    ]


def test_attribution(events):
    found = HUB.attribution(events, "buy", "event_type")
    credited = {row["event_type"]: row["credit"] for row in found.to_arrow().to_pylist()}
    assert dict(values(marks(found.plot(), "bar"), "name", "value")) == credited
    assert title(found.plot())[0] == "Attribution by event_type, model last"


def test_properties_and_quality(events):
    assert dict(values(marks(HUB.properties(events).plot(), "bar"), "name", "value"))["country"] == pytest.approx(18 / 21)
    chart = HUB.quality(events).plot()
    bars = next(each for each in layers(chart) if each["mark"] == "bar")
    severity = {row["check"]: row["severity"] for row in HUB.quality(events).to_arrow().to_pylist()}
    assert dict(values(bars["rows"], "name", "state")) == {name: severity[name] for name in values(bars["rows"], "name")}


def test_drivers_that_may_be_chance_are_lighter(events):
    chart = ASKED["drivers"](events).plot()
    bars = next(each for each in layers(chart) if each["mark"] == "bar")
    q = {row["event_type"]: row["q"] for row in ASKED["drivers"](events).to_arrow().to_pylist()}
    assert bars["rows"]
    for row in bars["rows"]:
        assert row["state"] == ("q below 0.05" if q[row["name"]] < 0.05 else "q of 0.05 or more")


def test_estimates_have_intervals_and_a_zero_line(events):
    found = ASKED["impact"](events)
    chart = found.plot()
    wanted = {row["event_type"]: row for row in found.to_arrow().to_pylist() if row["score"] is not None}
    zero, intervals = (each for each in layers(chart) if each["mark"] == "rule")
    assert values(zero["rows"], "at") == [0]
    points = marks(chart, "point")
    assert {row["name"]: (row["value"], row["low"], row["high"]) for row in points} == {
        name: (row["score"], row["ci_low"], row["ci_high"]) for name, row in wanted.items()
    }
    assert intervals["encoding"]["x"]["field"] == "low"
    assert intervals["encoding"]["x2"]["field"] == "high"
    for row in points:
        across = row["low"] is None or row["low"] <= 0 <= row["high"]
        assert row["state"] == ("interval with 0" if across else "interval without 0")


def test_lift_of_variants():
    kinds = {"c": "control", "n": "new", "m": "newer"}
    found = [
        (f"{group}{number}", f"2024-01-0{1 + day} 10:00", kind)
        for group in kinds
        for number in range(20)
        for day, kind in enumerate(["view", "buy" if number < {"c": 5, "n": 10, "m": 15}[group] else "view"])
    ]
    events = loaded("duckdb", rows_of(found))
    events["variant"] = events.user_id.str[:1].map(kinds)
    asked = HUB.experiment(events, "view", "variant", {"bought": "buy", "looked": ("count", "view")})
    chart = asked.plot()
    points = {row["name"]: row for row in marks(chart, "point")}
    # 25 %, 50 % and 75 % bought; the control is not drawn.
    assert points["bought: new"]["value"] == pytest.approx(1.0)
    assert points["bought: newer"]["value"] == pytest.approx(2.0)
    assert set(points) == {f"{metric}: {variant}" for metric in ("bought", "looked") for variant in ("new", "newer")}
    assert points["bought: newer"]["text"].startswith("200.0% (")
    assert title(chart) == ("Lift over control", "lines: intervals of 95%")
    one = HUB.experiment(events, "view", "variant", "buy").plot()
    assert [row["name"] for row in marks(one, "point")] == ["new", "newer"]


# ---- many rows


def test_sessions_are_counted_by_the_database(events):
    found = ASKED["sessions"](events)
    chart = found.plot()
    seconds = [row[4].total_seconds() for row in rows(found)]
    assert sum(row["count"] for row in marks(chart, "bar")) == len(seconds)
    for row in marks(chart, "bar"):
        if row["between"] == "less than 1 s":
            assert row["count"] == sum(each < 1 for each in seconds)
        if row["between"] == "10 min to 20 min":
            assert row["count"] == sum(600 <= each < 1200 for each in seconds)
    assert title(chart)[1].startswith(f"{len(seconds)} sessions")


def test_more_sessions_than_a_chart_has_rows_are_drawn():
    start = datetime.datetime(2024, 1, 1)
    many = [(f"u{number}", (start + number * datetime.timedelta(minutes=1)).isoformat(), "view") for number in range(10_050)]
    chart = HUB.sessions(HUB.sessionize(loaded("duckdb", rows_of(many)))).plot()
    assert values(marks(chart, "bar"), "between", "count") == [("less than 1 s", 10_050)]


@on_every_engine
def test_what_the_database_counts_is_the_same_on_every_engine(engine):
    events = fixture(engine)
    # One order each: f bought last on January 4, e on the 3rd, b and c on the 2nd, a on the 1st.
    texts, _ = cells(ASKED["rfm"](events).plot())
    by_recency = {}
    for (recency, _), text in texts.items():
        by_recency[recency] = by_recency.get(recency, 0) + int(text)
    assert sum(by_recency.values()) == 5
    assert (by_recency["5"], by_recency["1"]) == (1, 1)
    taken = values(marks(HUB.funnel(events, STEPS, HOUR).plot("time"), "bar"), "between", "count")
    assert [each for each in taken if each[1]] == [("2 min to 5 min", 1), ("20 min to 30 min", 2)]


# ---- what is asked for


def test_title_and_size(events):
    spec = HUB.trend(events).plot(width=300, height=120, title="Visitors").to_dict()
    assert (spec["width"], spec["height"], spec["title"]["text"]) == (300, 120, "Visitors")
    assert "title" not in HUB.trend(events).plot(title="").to_dict()


def test_ids_of_any_text(capfd):
    names = [
        '<script>alert("x")</script>',
        "a.b[0]['c']",
        "ü 漢字 \U0001f600",
        "tab\tnew\nline\x01",
        "",
        "(other)",
        "#1F2937",
        "__proto__",
    ]
    events = loaded("duckdb", rows_of([(f"u{place}", "2024-01-01 10:00", name) for place, name in enumerate(names)]))
    chart = HUB.event_types(events).plot()
    assert {row["name"].replace(JOINER, "") for row in marks(chart, "bar")} == {
        '<script>alert("x")</script>',
        "a.b[0]['c']",
        "ü 漢字 \U0001f600",
        r"tab\tnew\nline\x01",
        "(empty)",
        "(other)",
        "#1F2937",
        "__proto__",
    }
    rendered(chart, capfd)
    shown = {each.text for each in ElementTree.fromstring(svg(chart)).iter("{http://www.w3.org/2000/svg}text")}
    assert {'<script>alert("x")</script>', "ü 漢字 \U0001f600", "#1F2937"} <= shown
    assert "<script" not in svg(chart)
    for each in (
        HUB.trend(events, breakdown="event_type", top=20),
        HUB.paths(events, by="user_id"),
        HUB.funnel(events, names[:4]),
        HUB.funnel(events, names[:1], breakdown="event_type"),
    ):
        rendered(each.plot(), capfd)
    assert "<script" not in str(HUB.paths(events, by="user_id").plot("sankey").to_dict())


def test_no_text_ends_the_script_of_a_page():
    # Altair writes a chart into a script of HTML as it is, in notebooks too.
    name = "</script><script>alert(1)</script><!--"
    odd = loaded("duckdb", rows_of([("a", "2024-01-01 10:00", name), ("b", "2024-01-01 11:00", "x")]))
    plain = loaded("duckdb", rows_of([("a", "2024-01-01 10:00", "y"), ("b", "2024-01-01 11:00", "x")]))
    for draw in (
        lambda events: HUB.event_types(events).plot(title=events.event_type.max().value),
        lambda events: HUB.trend(events, breakdown="event_type").plot(),
        lambda events: HUB.paths(events, by="user_id").plot(),
        lambda events: side_by_side(HUB.event_types(events).plot()),
        lambda events: HUB.trend(events.rename(columns={"country": name}), breakdown=name).plot(),
        lambda events: events.assign(**{name: 1})[[name, "amount"]].plot.hist(bins=2),
    ):
        assert tags(draw(odd)) == tags(draw(plain))


def tags(chart):
    """Return how many tags of scripts, and comments, are in the page of a chart."""
    page = chart.to_html().lower()
    return [page.count(each) for each in ("<script", "</script", "<!--")]


def test_errors(events):
    with pytest.raises(InvalidType, match=r"kind of Analysis\.plot has to be a string or None"):
        HUB.trend(events).plot(5)
    with pytest.raises(InvalidValue, match=r"trend has no chart of kind 'lines'\nhint: did you mean 'line'"):
        HUB.trend(events).plot("lines")
    with pytest.raises(InvalidValue, match="width of a chart is 0 pixels"):
        HUB.trend(events).plot(width=0)
    with pytest.raises(InvalidValue, match="nothing to draw"):
        HUB.trend(loaded("duckdb", [])).plot()
    with pytest.raises(InvalidValue, match="nothing to draw"):
        HUB.sessions(HUB.sessionize(loaded("duckdb", []))).plot()
    with pytest.raises(InvalidValue, match="too many to draw"):
        HUB.trend(events, by="hour", start="2010-01-01").plot()
    with pytest.raises(NotSupported, match="cohort has no chart"):
        HUB.cohort(events, "buy").plot()


def test_altair_is_needed(events, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(NotSupported, match=r"altair is not installed.*\nhint: pip install 'objectiv-local\[plot\]'"):
        HUB.trend(events).plot()
