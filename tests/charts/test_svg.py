"""Static SVG: deterministic, small, without anything that a page has to fetch or run."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree

import pytest

from objectiv_local.charts import svg
from objectiv_local.charts.bars import Bar, ranked_bars, stacked_periods
from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.theme import INK, Layout
from objectiv_local.errors import NotSupported

TEXT = "{http://www.w3.org/2000/svg}text"


def bars(*names, title="Bars"):
    return ranked_bars(
        [Bar(name, place + 1, f"{place + 1} of 9") for place, name in enumerate(names)],
        Layout(title),
        x_title="users",
        note="a note",
    )


def periods():
    return stacked_periods(
        ["2024-01-01", "2024-01-02"],
        [True, False],
        {"new": [1, 2]},
        {"gone": [3, 4]},
        Layout("Lifecycle"),
        x_title="day",
        y_title="users",
        hatched=["gone", "new"],
    )


def test_text_title_and_no_script():
    text = svg(bars("a", "b"))
    root = ElementTree.fromstring(text)
    shown = [each.text for each in root.iter(TEXT)]
    assert {"a", "b", "1 of 9", "2 of 9", "users", "Bars", "a note"} <= set(shown)
    assert (root.get("role"), root.get("aria-label")) == ("img", "Bars. a note")
    assert root[0].text == "Bars. a note"
    assert "script" not in text
    assert not re.search(r"(href|src)=", text)
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]


def test_text_has_the_color_of_the_page():
    text = svg(bars("a"))
    assert INK not in text
    assert {each.get("fill") for each in ElementTree.fromstring(text).iter(TEXT)} == {"currentColor"}
    assert 'fill="white"' not in text
    # A label that looks like that color stays as it is.
    assert f">{INK}</text>" in svg(bars(INK))
    cells = [Cell("r", "c", "nine", 9), Cell("r", "d", "one", 1), Cell("r", "e", "none")]
    inks = {
        each.text: each.get("fill")
        for each in ElementTree.fromstring(
            svg(heat_map(cells, ["r"], ["c", "d", "e"], Layout(""), row_title="", column_title="", scale_title="n"))
        ).iter(TEXT)
    }
    # Cells have the same colors on every page, so the text in them does not change either.
    assert (inks["nine"], inks["one"], inks["none"]) == ("#FFFFFF", "#000000", "currentColor")


def test_stripes_are_seen_on_every_cell():
    cells = [
        Cell("r", "c", "nine", 9, is_complete=False),
        Cell("r", "d", "one", 1, is_complete=False),
        Cell("r", "e", "none", is_complete=False),
    ]
    text = svg(heat_map(cells, ["r"], ["c", "d", "e"], Layout(""), row_title="", column_title="", scale_title="n"))
    colors = {
        each.get("id"): {stop.get("stop-color") for stop in each}
        for each in ElementTree.fromstring(text).iter()
        if each.tag.endswith("linearGradient") and len(each) > 2
    }
    filled = re.findall(r'fill="url\(#([^)]+)\)" opacity', text)
    # Black on the dark cell, whose text is white, and grey on the light one and on the page.
    assert [any(color.startswith("#000") for color in colors[name]) for name in filled] == [True, False, False]


def test_the_same_chart_gives_the_same_text():
    assert svg(periods()) == svg(periods())


def test_charts_of_one_page_share_no_names():
    other = stacked_periods(
        ["2024-01-01"], [True], {"new": [1]}, {"gone": [3]}, Layout("Other"), x_title="day", y_title="users", hatched=["gone"]
    )
    ids = [re.findall(r' id="([^"]+)"', svg(chart)) for chart in (periods(), other)]
    assert all(ids)
    assert not set(ids[0]) & set(ids[1])
    text = svg(periods())
    assert set(re.findall(r"url\(#([^)]+)\)", text)) == set(re.findall(r' id="([^"]+)"', text))


def test_stripes_are_defined_once():
    many = stacked_periods(
        [f"2024-01-{day:02}" for day in range(1, 31)],
        [True] * 30,
        {"new": range(1, 31)},
        {},
        Layout(""),
        x_title="day",
        y_title="users",
        hatched=["new"],
    )
    assert svg(many).count("<linearGradient") == 1


def test_text_of_others_is_escaped():
    text = svg(bars('<script>alert("x")</script>', "a & b", "ü 漢字"))
    assert "<script" not in text
    assert {'<script>alert("x")</script>', "a & b", "ü 漢字"} <= {each.text for each in ElementTree.fromstring(text).iter(TEXT)}
    assert "<script" not in svg(bars("a", title="<script>"))


def test_size():
    assert len(svg(bars(*"abcdefghij"))) < 12_000


def test_vl_convert_is_needed(monkeypatch):
    chart = bars("a")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(NotSupported, match=r"vl-convert-python is not installed"):
        svg(chart)


def test_text_in_cells_can_be_read_on_every_blue():
    def light(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    names = [f"c{place}" for place in range(101)]
    cells = [Cell("r", name, f"n{place}", place) for place, name in enumerate(names)]
    text = svg(heat_map(cells, ["r"], names, Layout(""), row_title="", column_title="", scale_title="n", most=100))
    inks = {each.text: each.get("fill") for each in ElementTree.fromstring(text).iter(TEXT)}
    for place in range(101):
        mixed = [round(a + (b - a) * place / 100) for a, b in zip((0xEA, 0xF2, 0xF8), (0x00, 0x50, 0x7F), strict=True)]
        low, high = sorted((light("#{:02x}{:02x}{:02x}".format(*mixed)), light(inks[f"n{place}"])))
        assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG's level AA
    assert "rgb(211, 226, 236)" in text  # a tenth of the way
