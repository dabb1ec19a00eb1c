"""Charts with too much to show: what is left out, and the note about it."""

from __future__ import annotations

import pytest
from charts.drawn import layers, marks, rendered, title, values

from objectiv_local.charts import side_by_side, svg
from objectiv_local.charts.bars import Bar, ranked_bars
from objectiv_local.charts.forest import Estimate, forest_plot
from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.histogram import Bin, duration_histogram
from objectiv_local.charts.lines import Line, line_chart
from objectiv_local.charts.sankey import Flow, grouped_flows, step_diagram
from objectiv_local.charts.theme import COLORS, COMPLETE, INCOMPLETE, Layout, colors, shapes, sparse
from objectiv_local.errors import InvalidType, InvalidValue


def test_the_largest_bars_are_drawn(capfd):
    chart = ranked_bars([Bar(f"n{number:02}", number % 40) for number in range(80)], Layout(), x_title="users")
    shown = values(marks(chart, "bar"), "name")
    assert (len(shown), shown[:3]) == (30, ["n39", "n79", "n38"])
    assert title(chart)[1] == "the 30 largest of 80"
    rendered(chart, capfd)


def test_bars_below_zero_have_a_zero_line(capfd):
    chart = ranked_bars([Bar("a", 2), Bar("b", -3), Bar("c", None)], Layout(), x_title="x")
    assert values(marks(chart, "bar"), "name") == ["a", "b"]
    assert [row["at"] for row in marks(chart, "rule")] == [0]
    low, high = layers(chart)[0]["encoding"]["x"]["scale"]["domain"]
    assert low < -3 < 2 < high
    rendered(chart, capfd)


def test_texts_of_bars_end_before_the_legend():
    bars = [Bar("a", 1, "1,234 of 5,000, warning"), Bar("b", 0.5, "7", is_faint=True)]
    for width in (150, 640):
        chart = ranked_bars(bars, Layout(width=width), x_title="x", faint="no", strong="yes")
        _, end = layers(chart)[0]["encoding"]["x"]["scale"]["domain"]
        # In a wide font, a character takes some 7 pixels.
        assert (end - 1) * width / end >= min(7 * len(bars[0].text), 0.4 * width)
    assert layers(ranked_bars([Bar("a", 1, "7")], Layout(), x_title="x"))[0]["encoding"]["x"]["scale"]["domain"] == [0, 1.18]


def test_bars_that_are_all_zero(capfd):
    rendered(ranked_bars([Bar("a", 0), Bar("b", 0)], Layout(), x_title="x"), capfd)


def test_estimates_without_a_value_are_counted(capfd):
    estimates = [
        Estimate("a", 0.5, 0.1, 0.9, "0.5"),
        Estimate("b", None, None, None, ""),
        Estimate("c", -0.1, None, None, "-0.1"),
        Estimate("d", -0.5, -0.9, -0.1, "-0.5"),
        Estimate("e", -0.6, -1.3, 0.1, "-0.6"),
    ]
    chart = forest_plot(estimates, Layout(), x_title="lift")
    assert title(chart)[1] == "1 without a value"
    assert values(marks(chart, "point"), "name", "state") == [
        ("a", "interval excludes 0"),
        ("c", "interval includes 0"),
        ("d", "interval excludes 0"),
        ("e", "interval includes 0"),
    ]
    assert values(layers(chart)[1]["rows"], "name") == ["a", "d", "e"]
    rendered(chart, capfd)


def test_many_cells_have_no_numbers(capfd):
    names = [str(number) for number in range(51)]
    chart = heat_map(
        [Cell(row, column, "1", 1) for row in names for column in names],
        names,
        names,
        Layout(),
        row_title="r",
        column_title="c",
        scale_title="n",
    )
    assert [each["mark"] for each in layers(chart)] == ["rect"]
    rendered(chart, capfd)


def test_a_heat_map_of_zeros(capfd):
    rendered(heat_map([Cell("a", "b", "0", 0)], ["a"], ["b"], Layout(), row_title="", column_title="", scale_title="n"), capfd)


def test_each_part_of_a_line_is_solid_or_dashed():
    line = Line("a", [1, 2, 3, 4, 5], [1, 1, 1, 1, 1], [False, True, True, True, False])
    parts = {}
    for row in layers(line_chart([line], Layout(), x_title="x", y_title="y"))[0]["rows"]:
        parts.setdefault((row["part"], row["state"]), []).append(row["x"])
    assert list(parts.values()) == [[1, 2], [2, 3, 4], [4, 5]]
    assert [state for _, state in parts] == [INCOMPLETE, COMPLETE, INCOMPLETE]


def test_symbols_of_long_lines():
    found = marks(line_chart([Line("a", list(range(100)), [1.0] * 100)], Layout(), x_title="x", y_title="y"), "point")
    assert (len(found), sum(row["shown"] for row in found)) == (100, 25)
    # A value between missing ones has no line, so it gets a symbol.
    lone = marks(
        line_chart(
            [Line("a", list(range(100)), [1.0 if number == 50 else None for number in range(100)])],
            Layout(),
            x_title="x",
            y_title="y",
        ),
        "point",
    )
    assert values(lone, "x", "shown") == [(50, 1)]


def test_one_point_is_drawn(capfd):
    drawn = rendered(line_chart([Line("a", [1], [5])], Layout(), x_title="x", y_title="y"), capfd)
    assert drawn.count('aria-roledescription="point"') == 1


def test_colors_and_symbols_of_many_series_are_distinct_together():
    names = [f"n{number}" for number in range(20)]
    assert len(set(zip(colors(names), shapes(20), strict=True))) == 20
    assert colors(["(other)", "a", "(none)", "b"]) == ["#8C8C8C", COLORS[0], "#8C8C8C", COLORS[1]]


def test_charts_side_by_side(capfd):
    one = line_chart([Line("a", [1, 2], [5, 6])], Layout("One"), x_title="x", y_title="y")
    other = ranked_bars([Bar("b", 2)], Layout("Other"), x_title="users")
    both = side_by_side(one, other)
    drawn = rendered(both, capfd)
    assert "One" in drawn
    assert "Other" in drawn
    assert both.to_dict()["config"] == one.to_dict()["config"]
    assert "config" in one.to_dict(), "the charts themselves stay as they are"
    assert "<svg" in svg(both)
    for wrong, error in (
        (lambda: side_by_side(), InvalidValue),
        (lambda: side_by_side(one, columns=0), InvalidValue),
        (lambda: side_by_side(one, step_diagram([Flow(1, "a", "b", 2)], "")), InvalidType),
    ):
        with pytest.raises(error, match=r"side_by_side"):
            wrong()


def test_ticks():
    assert sparse(list("abc"), 8) == ["a", "b", "c"]
    assert sparse([str(number) for number in range(17)], 8) == ["0", "3", "6", "9", "12", "15"]


def test_lines_of_a_duration_histogram_are_at_their_value():
    bins = [Bin(0, 1, 2), Bin(1, 60, 3), Bin(60, 180, 1)]
    chart = duration_histogram(bins, [("median", 120), ("90%", 1)], Layout(), x_title="time", y_title="users")
    assert values(marks(chart, "rule"), "place", "text") == [(2.5, "median 2 min"), (1.0, "90% 1 s")]
    assert values(marks(chart, "bar"), "between") == ["less than 1 s", "1 s to 1 min", "1 min to 3 min"]
    assert values(marks(chart, "text"), "place", "text") == [(1.0, "90% 1 s"), (2.5, "median 2 min")]


def test_lines_that_are_too_close_for_two_texts_share_one(capfd):
    bins = [Bin(0, 1, 2), Bin(1, 60, 3)]
    chart = duration_histogram(bins, [("median", 0), ("90%", 0.01)], Layout(), x_title="time", y_title="users")
    assert values(marks(chart, "rule"), "place") == [0, 0.01]
    assert values(marks(chart, "text"), "place", "text") == [(0, "median 0 s, 90% 0.01 s")]
    rendered(chart, capfd)


def test_small_flows_of_a_step_are_combined():
    flows = [Flow(1, "start", f"n{number}", 20 - number) for number in range(10)] + [Flow(2, "n9", "(exit)", 11)]
    found = grouped_flows(flows)
    assert found[:3] == [Flow(1, "start", "(other)", 23), Flow(1, "start", "n0", 20), Flow(1, "start", "n1", 19)]
    # n8 and n9 are beyond the eight largest of their step.
    assert [flow for flow in found if "(other)" in flow] == [Flow(1, "start", "(other)", 23), Flow(2, "(other)", "(exit)", 11)]
    assert sum(flow.value for flow in found) == sum(flow.value for flow in flows)
