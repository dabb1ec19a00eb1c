"""Histograms of bins that the database has counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import (
    COLORS,
    GREY,
    HEIGHT,
    INK,
    NUMBERS,
    WIDTH,
    Layout,
    data,
    finished,
    number_axis,
    themed,
    tip,
    words,
)
from objectiv_local.charts.values import count, duration

#: Ends of duration bins in seconds, on a logarithmic scale.
DURATIONS: Final = (
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1_200,
    1_800,
    3_600,
    7_200,
    14_400,
    28_800,
    57_600,
    86_400,
    172_800,
    345_600,
    604_800,
    1_209_600,
    2_592_000,
    7_776_000,
    31_536_000,
)
#: Width in pixels of a character above a named line, in a wide font.
_CHARACTER: Final = 7


@dataclass(frozen=True, slots=True)
class Bin:
    """An interval, and the number of values in it."""

    low: float
    high: float
    count: int


def histogram(bins: Sequence[Bin], layout: Layout, *, x_title: str, y_title: str, color: str | None = None) -> Any:
    """Return a histogram: a bar from the lower to the upper end of each bin, with the height of its count."""
    return finished(_bars(bins, x_title, y_title, color), layout)


def histograms(columns: Mapping[str, Sequence[Bin]], layout: Layout, *, y_title: str, palette: Sequence[str]) -> Any:
    """Return the histograms of several columns side by side, each with its own bins."""
    alt = altair()
    charts = [
        _bars(bins, name, y_title, palette[place % len(palette)]).properties(
            width=layout.width or WIDTH // 2, height=layout.height or HEIGHT
        )
        for place, (name, bins) in enumerate(columns.items())
    ]
    chart = alt.hconcat(*charts)
    return themed(chart.properties(title=layout.title) if layout.title else chart)


def _bars(bins: Sequence[Bin], x_title: str, y_title: str, color: str | None) -> Any:
    alt = altair()
    rows = [
        {
            "low": each.low,
            "high": each.high,
            "count": each.count,
            "between": f"{count(each.low)} to {count(each.high)}",
            "number": count(each.count),
        }
        for each in bins
    ]
    return (
        alt.Chart(data(rows))
        .mark_bar(color=color or COLORS[0], stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "low",
                type="quantitative",
                bin="binned",
                title=x_title or None,
                axis=alt.Axis(format=NUMBERS),
                scale=alt.Scale(zero=False),
            ),
            x2=alt.X2("high"),
            y=alt.Y("count", type="quantitative", title=y_title, axis=number_axis(each.count for each in bins)),
            tooltip=[tip("between", x_title or "values"), tip("number", y_title)],
        )
    )


def duration_histogram(
    bins: Sequence[Bin], marks: Sequence[tuple[str, float]], layout: Layout, *, x_title: str, y_title: str, note: str = ""
) -> Any:
    """Return a histogram of durations in seconds, in growing bins drawn equally wide, with lines such as the median."""
    alt = altair()
    ends = [duration(each.high) for each in bins]
    rows = [
        {
            "place": place,
            "next": place + 1,
            "count": each.count,
            "number": count(each.count),
            "between": f"less than {ends[place]}" if not each.low else f"{duration(each.low)} to {ends[place]}",
        }
        for place, each in enumerate(bins)
    ]
    names = [duration(each.low) or "0" for each in bins] + ends[-1:]
    expr = "[" + ", ".join(f"'{name}'" for name in names) + "][datum.value]"
    x = alt.X(
        "place",
        type="quantitative",
        bin="binned",
        title=x_title,
        scale=alt.Scale(domain=[0, len(bins)], nice=False),
        axis=alt.Axis(values=list(range(len(bins) + 1)), labelExpr=expr, grid=False, labelOverlap=True),
    )
    bars = (
        alt.Chart(data(rows))
        .mark_bar(color=COLORS[0], stroke="white", strokeWidth=0.5)
        .encode(
            x=x,
            x2=alt.X2("next"),
            tooltip=[tip("between", x_title), tip("number", y_title)],
            y=alt.Y("count", type="quantitative", title=y_title, axis=number_axis(each.count for each in bins)),
        )
    )
    layers = [bars]
    found = [{"place": _place(bins, value), "text": f"{name} {duration(value)}"} for name, value in marks]
    if found:
        at = alt.X("place", type="quantitative")
        texts = _with_room(found, (layout.width or WIDTH) / len(bins))
        layers += [
            alt.Chart(data(found)).mark_rule(color=GREY, strokeWidth=2, strokeDash=[5, 4]).encode(x=at),
            alt.Chart(data(texts))
            .mark_text(align="left", baseline="bottom", dx=3, color=INK)
            .encode(x=at, text=words(), y=alt.value(-2)),
        ]
    return finished(alt.layer(*layers), layout, note=note)


def _with_room(marks: Sequence[dict[str, Any]], bin_width: float) -> list[dict[str, Any]]:
    """Return the texts above lines from left to right, with one text for lines that are too close together."""
    texts: list[dict[str, Any]] = []
    for each in sorted(marks, key=lambda mark: mark["place"]):
        before = texts[-1] if texts else None
        if before and (each["place"] - before["place"]) * bin_width < _CHARACTER * (len(before["text"]) + 1):
            before["text"] += f", {each['text']}"
        else:
            texts.append(dict(each))
    return texts


def _place(bins: Sequence[Bin], value: float) -> float:
    """Return the position of a value on an axis on which all bins have the same width."""
    for place, each in enumerate(bins):
        if value <= each.high:
            return place + max(0.0, value - each.low) / (each.high - each.low)
    return float(len(bins))
