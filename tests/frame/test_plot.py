"""Charts of frames and series: what is drawn, options, and what the database counts."""

from __future__ import annotations

import datetime
import decimal

import pytest
from charts.drawn import axis_titles, layers, marks, rendered, title, values
from frame.frames import load, on_every_engine

from objectiv_local.charts import svg
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidType, InvalidValue, NotSupported

DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def df():
    return load("duckdb", {"day": [3, 1, 2], "v": [30, 10, 20], "w": [1.0, 2.0, 3.0], "s": ["a", "b", "c"]}).sort_index()


def points(chart):
    """Return the points of each line, by its name."""
    found = {}
    for row in layers(chart)[0]["rows"]:
        found.setdefault(row["series"], []).append((row["x"], row["y"]))
    return found


def test_lines(df, capfd):
    assert points(df.plot()) == {
        "day": [(0, 3), (1, 1), (2, 2)],
        "v": [(0, 30), (1, 10), (2, 20)],
        "w": [(0, 1.0), (1, 2.0), (2, 3.0)],
    }
    chart = df.plot(x="day", y="v", title="views")
    assert sorted(points(chart)["v"]) == [(1, 10), (2, 20), (3, 30)]
    assert title(chart)[0] == "views"
    assert axis_titles(chart) == ("day", "v")
    assert list(points(df.plot("day", ["w", "v"]))) == ["w", "v"]
    assert points(df.v.plot()) == {"v": [(0, 30), (1, 10), (2, 20)]}
    assert points(df.plot.line(x="s", y="v")) == {"v": [("a", 30), ("b", 10), ("c", 20)]}
    assert axis_titles(df.plot.line("day", "v", xlabel="Days", ylabel="")) == ("Days", None)
    for chart in (df.plot(), df.plot.line("s", "v"), df.v.plot()):
        rendered(chart, capfd)


@pytest.mark.parametrize(("weeks", "step"), [([0, 1, 2, None], 1), ([0.0, 3.0], 1), ([0, 0.5, 2], None)])
def test_ticks_of_whole_numbers_are_whole(weeks, step):
    drawn = load("duckdb", {"week": weeks, "share": [0.1] * len(weeks)}).plot(x="week", y="share")
    assert layers(drawn)[0]["encoding"]["x"]["axis"].get("tickMinStep") == step


def test_bars(df, capfd):
    bars = layers(df.plot.bar("s", "v"))[0]
    assert values(bars["rows"], "label", "value") == [("a", 30), ("b", 10), ("c", 20)]
    assert bars["encoding"]["x"]["sort"] is None
    assert "color" not in bars["encoding"]
    beside = layers(df.plot.bar("s", ["v", "w"]))[0]
    assert (beside["encoding"]["xOffset"]["field"], beside["encoding"]["y"]["stack"]) == ("name", None)
    stacked = layers(df.plot.bar("s", ["v", "w"], stacked=True))[0]
    assert "xOffset" not in stacked["encoding"]
    assert stacked["encoding"]["y"]["stack"] == "zero"
    lying = layers(df.plot.barh("s", ["v", "w"]))[0]
    assert (lying["encoding"]["y"]["field"], lying["encoding"]["x"]["field"], lying["encoding"]["yOffset"]["field"]) == (
        "label",
        "value",
        "name",
    )
    assert axis_titles(df.plot.barh("s", "v")) == ("v", "s")
    assert axis_titles(df.plot.barh("s", "v", xlabel="Views", ylabel="Site")) == ("Views", "Site")
    for chart in (df.plot.bar("s", "v"), df.plot.bar("s", ["v", "w"], stacked=True), df.plot.barh("s", ["v", "w"])):
        rendered(chart, capfd)


def test_rows_of_one_label_have_a_bar_each():
    chart = load("duckdb", {"s": ["a", "b", "a"], "v": [1, 2, 3]}).sort_index().plot.bar("s", "v")
    assert values(marks(chart, "bar"), "label", "value") == [("a", 1), ("b", 2), ("a (2)", 3)]


def test_labels_of_several_levels():
    df = load("duckdb", {"a": ["x", "x", "y"], "b": [1, 2, 1], "v": [1, 2, 3]}).set_index(["a", "b"]).sort_index()
    chart = df.plot.bar()
    assert values(marks(chart, "bar"), "label", "value") == [("x, 1", 1), ("x, 2", 2), ("y, 1", 3)]
    assert axis_titles(chart) == ("a, b", "v")


def test_areas(df, capfd):
    area = layers(df.plot.area("day", ["v", "w"]))[0]
    assert (area["mark"], area["encoding"]["y"]["stack"]) == ("area", "zero")
    assert layers(df.plot.area("day", ["v", "w"], stacked=False))[0]["encoding"]["y"]["stack"] is None
    rendered(df.plot.area("day", ["v", "w"]), capfd)
    rendered(df.plot.area("s", "v"), capfd)
    with pytest.raises(InvalidValue, match="'v' has values below zero"):
        df.assign(v=-df.v).plot.area("day", ["v", "w"])


def test_scatter(df, capfd):
    chart = df.plot.scatter("v", "w")
    assert values(marks(chart, "point"), "x", "y") == [(30, 1.0), (10, 2.0), (20, 3.0)]
    assert axis_titles(chart) == ("v", "w")
    rendered(chart, capfd)
    with pytest.raises(InvalidValue, match="of one column, not of v, w"):
        df.plot.scatter("day")


def test_values_that_json_lacks(capfd):
    nan, inf = float("nan"), float("inf")
    df = load("duckdb", {"at": [1, 2, 3, 4], "v": [nan, inf, None, 5.0], "big": [2**62, 1, 2, 3]}).sort_index()
    chart = df.plot("at", "v")
    assert points(chart)["v"] == [(1, None), (2, None), (3, None), (4, 5.0)]
    rendered(chart, capfd)
    assert values(marks(df.plot.bar("at", "v"), "bar"), "value") == [None, None, None, 5.0]
    assert values(marks(df.plot.bar("at", "big"), "bar"), "number")[0] == "4,611,686,018,427,387,904"


def test_moments_are_those_of_utc(capfd):
    moments = [datetime.datetime(2024, 3, 30, 23, 30) + number * DAY for number in range(3)]
    df = load("duckdb", {"t": moments, "d": [each.date() for each in moments], "v": [1, 2, 3]}).sort_index()
    assert points(df.plot("t", "v"))["v"][0] == ("2024-03-30T23:30:00.000Z", 1)
    drawn = rendered(df.plot("t", "v"), capfd)
    assert ">2024-03-30 23:30</text>" in drawn
    assert points(df.plot("d", "v"))["v"][0] == ("2024-03-30T00:00:00Z", 1)
    assert ">2024-03-30</text>" in rendered(df.plot("d", "v"), capfd)
    assert values(marks(df.plot.bar("t", "v"), "bar"), "label")[0] == "2024-03-30 23:30"


def test_names_of_columns_of_any_text(capfd):
    names = ["a.b", "c[0]", 'd"e', "f'g", "h\\i", "<b>", "datum"]
    df = load("duckdb", {name: [1, 2] for name in names}).sort_index()
    for chart in (df.plot(), df.plot.bar(), df.plot.barh(), df.plot.area(), df.plot.hist(bins=2)):
        assert "<b>" not in rendered(chart, capfd)
    assert points(df.plot(x="a.b", y="c[0]")) == {"c[0]": [(1, 1), (2, 2)]}
    assert list(points(df.plot())) == names


# ---- histograms


@on_every_engine
def test_the_database_counts_histograms(engine):
    df = load(engine, {"a": [1, 2, 2, 10, None], "b": [5.0, 6.0, 7.0, 8.0, 9.0], "s": ["x"] * 5})
    chart = df[["a"]].plot.hist(bins=2)
    assert values(marks(chart, "bar"), "low", "high", "count") == [(pytest.approx(0.991), 5.5, 3), (5.5, 10.0, 1)]
    assert axis_titles(chart) == ("a", "rows")
    both = df.plot.hist(bins=2)
    assert [values(each["rows"], "count") for each in layers(both)] == [[3, 1], [3, 2]]
    assert [each["encoding"]["x"]["title"] for each in layers(both)] == ["a", "b"]


@on_every_engine
def test_groups_are_drawn(engine):
    df = load(engine, {"v": list(range(100)), "w": [0.5] * 100})
    assert sorted(values(marks(df.groupby(df.v % 3).w.sum().to_frame().plot.bar(), "bar"), "value")) == [16.5, 16.5, 17.0]


def test_histograms_of_more_rows_than_a_chart_has(capfd):
    df = load("duckdb", {"v": range(20_000)})
    chart = df.v.plot.hist(bins=4, title="ages", ylabel="users", color="teal")
    assert values(marks(chart, "bar"), "count") == [5_000] * 4
    assert (title(chart)[0], axis_titles(chart)[1], layers(chart)[0]["look"]["color"]) == ("ages", "users", "teal")
    rendered(chart, capfd)
    with pytest.raises(InvalidValue, match="the frame has more than 10,000 rows, too many to draw"):
        df.plot()
    assert len(df[df.v < 10_000].plot.scatter("v", "v").to_dict()["datasets"]) == 1


def test_histograms_of_nothing():
    df = load("duckdb", {"v": [1.0, 2.0]})
    with pytest.raises(InvalidValue, match="'v' has no values to draw"):
        df[df.v > 5].plot.hist()
    with pytest.raises(InvalidValue, match="a histogram has more than 10,000 rows"):
        df.plot.hist(bins=10_001)


# ---- options and errors


def test_size_and_colors(df):
    spec = df.plot(x="day", y="v", width=300, height=100).to_dict()
    assert (spec["width"], spec["height"]) == (300, 100)
    line = layers(df.plot("day", ["v", "w"], color=["#112233", "teal"]))[0]
    assert line["encoding"]["color"]["scale"]["range"] == ["#112233", "teal"]
    assert layers(df.plot("day", "v", color="teal"))[0]["look"]["color"] == "teal"
    assert layers(df.plot.bar("s", "v", color=["teal"]))[0]["look"]["color"] == "teal"
    assert {each["encoding"]["x"]["scale"]["type"] for each in layers(df.plot("v", "w", logx=True))} == {"log"}
    assert layers(df.plot("v", "w", logy=True))[0]["encoding"]["y"]["scale"]["type"] == "log"


def test_wrong_options(df):
    for draw, error, message in [
        (
            lambda: df.plot(figsize=(3, 2)),
            InvalidValue,
            r"plot.line has no option 'figsize'\nhint: give width= and height= in pixels",
        ),
        (lambda: df.plot.bar(ax=None), InvalidValue, r"no option 'ax'\nhint: objectiv_local.charts.side_by_side"),
        (lambda: df.plot.bar(titel="x"), InvalidValue, "did you mean 'title'"),
        (lambda: df.plot.bar(logy=True), InvalidValue, "plot.bar has no option 'logy'"),
        (lambda: df.plot(title=5), InvalidType, "title of plot.line has to be a string, not 5"),
        (lambda: df.plot(width=2.5), InvalidType, "width of plot.line has to be a whole number, not 2.5"),
        (lambda: df.plot(width=-1), InvalidValue, "width of a chart is -1 pixels"),
        (lambda: df.plot.bar(stacked="yes"), InvalidType, "stacked of plot.bar has to be True or False"),
        (lambda: df.plot(y="v", color="#12"), InvalidValue, "color '#12' of a chart is not known"),
        (lambda: df.plot(y=["v", "w"], color="red"), InvalidValue, "1 colors were given for 2 columns"),
        (
            lambda: df.assign(v=df.v - 10).plot("day", "v", logy=True),
            InvalidValue,
            "'v' has 0, which is not on a logarithmic axis",
        ),
        (lambda: df.plot(kind="pie"), NotSupported, r"kind 'pie' is not supported\n.*to_pandas\(\).plot.pie"),
        (lambda: df.plot(kind="nope"), NotSupported, "known names are 'line', 'bar', 'barh', 'area', 'scatter', 'hist'"),
        (lambda: df.plot.pie(), AttributeNotFound, r"to_pandas\(\).plot.pie"),
        (lambda: df.plot(x="nope"), ColumnNotFound, "nope"),
        (lambda: df.plot(y="nope"), ColumnNotFound, "nope"),
        (lambda: df.plot(y="s"), InvalidType, "'s' cannot be drawn: it is string, not a number"),
        (lambda: df.plot(x="s", y="_index_row"), ColumnNotFound, "it is a level of the index"),
        (lambda: df.plot(x="v", y="w", kind="hist"), InvalidValue, "has no x"),
        (lambda: df.plot.hist(by="s"), NotSupported, "by="),
        (lambda: df[["s"]].plot.bar(), InvalidType, "no numeric column to draw"),
        (lambda: df[["s"]].plot.hist(), InvalidType, "no numeric column to draw"),
        (lambda: df[df.v > 100].plot.barh(), InvalidValue, "no rows, and so there is nothing to draw"),
    ]:
        with pytest.raises(error, match=message):
            draw()


@on_every_engine
def test_decimals_are_drawn(engine):
    df = load(engine, {"t": [1, 2], "amount": [decimal.Decimal("9.50"), decimal.Decimal("12.25")], "name": ["a", "b"]})
    df = df.sort_values("t")
    assert points(df.plot(x="t", y=["amount"])) == {"amount": [(1, 9.5), (2, 12.25)]}
    assert list(points(df.plot(x="t"))) == ["amount"]
    assert values(marks(df.amount.plot.bar(), "bar"), "value", "number") == [(9.5, "9.5"), (12.25, "12.25")]


def test_a_chart_of_a_frame_as_svg(df):
    assert svg(df.plot("day", "v")).startswith("<svg ")
