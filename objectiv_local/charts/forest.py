"""Forest plots: a point with its confidence interval per name, and the line of no effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from objectiv_local.charts.bars import MOST_BARS, zero_line
from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import COLORS, GREY, NUMBERS, PERCENT, Layout, data, finished, tip

#: Legend of intervals that exclude 0, and of those that include it.
APART, ACROSS = "interval excludes 0", "interval includes 0"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A named estimate with the bounds of its interval, as numbers and as text."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    details: tuple[tuple[str, str], ...] = ()


def forest_plot(
    estimates: Sequence[Estimate],
    layout: Layout,
    *,
    x_title: str,
    y_title: str = "",
    is_share: bool = False,
    is_sorted: bool = True,
    note: str = "",
) -> Any:
    """Return points with intervals and a line at zero, the largest on top: at most 30, with a note if there are more.

    Points whose interval excludes zero are filled; the others are hollow. ``is_share`` shows values as percentages.
    """
    alt = altair()
    known = [each for each in estimates if each.value is not None]
    if is_sorted:
        known.sort(key=lambda each: (-(each.value or 0.0), each.name))
    shown = sorted(known, key=lambda each: -abs(each.value or 0.0))[:MOST_BARS]
    shown = [each for each in known if each in shown]
    without = len(estimates) - len(known)
    notes = [
        note,
        f"the {len(shown)} farthest from 0 of {len(known):,}" if len(shown) < len(known) else "",
        f"{without:,} without a value" if without else "",
    ]
    names = [each.name for each in shown]
    titles = list(dict.fromkeys(title for each in shown for title, _ in each.details))
    rows = [
        {
            "name": each.name,
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "text": each.text,
            "state": APART if _is_apart(each) else ACROSS,
            "solid": int(_is_apart(each)),
            **{f"detail_{titles.index(title)}": text for title, text in each.details},
        }
        for each in shown
    ]
    y = alt.Y("name", type="nominal", sort=names, title=y_title or None)
    axis = alt.Axis(format=PERCENT if is_share else NUMBERS)
    base = alt.Chart(data(rows)).encode(y=y)
    tooltip = [
        tip("name", y_title or "name"),
        tip("text", x_title),
        *(tip(f"detail_{place}", title) for place, title in enumerate(titles)),
    ]
    intervals = (
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(color=GREY, strokeWidth=2)
        .encode(x=alt.X("low", type="quantitative", title=x_title, axis=axis), x2=alt.X2("high"))
    )
    points = base.encode(
        x=alt.X("value", type="quantitative", title=x_title, axis=axis),
        tooltip=tooltip,
        shape=alt.Shape(
            "state",
            type="nominal",
            sort=[APART, ACROSS],
            title=None,
            scale=alt.Scale(domain=[APART, ACROSS], range=["circle", "diamond"]),
            legend=alt.Legend(symbolFillColor="transparent", symbolStrokeColor=COLORS[0]),
        ),
        fillOpacity=alt.FillOpacity("solid", type="quantitative", scale=None, legend=None),
    ).mark_point(size=70, opacity=1, strokeWidth=2, stroke=COLORS[0], fill=COLORS[0])
    return finished(
        alt.layer(zero_line(alt), intervals, points),
        layout,
        height=alt.Step(24),
        note="; ".join(each for each in notes if each),
    )


def _is_apart(each: Estimate) -> bool:
    """Return whether an interval excludes zero."""
    return each.low is not None and each.high is not None and (each.low > 0 or each.high < 0)
