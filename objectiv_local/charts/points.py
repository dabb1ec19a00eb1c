"""Scatter plots, and areas over periods or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from objectiv_local.charts.library import altair
from objectiv_local.charts.lines import Line, x_axis
from objectiv_local.charts.theme import COLORS, NUMBERS, Layout, colors, data, finished, tip
from objectiv_local.charts.values import count, kind_of, label, labels, number, plain


def scatter_plot(
    pairs: Sequence[tuple[Any, Any]],
    layout: Layout,
    *,
    x_title: str,
    y_title: str,
    color: str | None = None,
    log: tuple[bool, bool] = (False, False),
) -> Any:
    """Return one point per pair in which both values are present. ``log`` is whether each axis is logarithmic."""
    alt = altair()
    kind = kind_of(x for x, _ in pairs)
    rows = [
        {"x": plain(x), "y": number(y), "at": label(x), "number": count(y)}
        for x, y in pairs
        if plain(x) is not None and number(y) is not None
    ]
    chart = (
        alt.Chart(data(rows))
        .mark_point(filled=True, opacity=0.6, size=40, color=color or COLORS[0])
        .encode(
            x=alt.X("x", type=kind, title=x_title, **x_axis(alt, [x for x, _ in pairs], kind, log=log[0])),
            y=alt.Y(
                "y",
                type="quantitative",
                title=y_title,
                axis=alt.Axis(format=NUMBERS),
                scale=alt.Scale(type="log") if log[1] else alt.Scale(zero=False),
            ),
            tooltip=[tip("at", x_title), tip("number", y_title)],
        )
    )
    return finished(chart, layout)


def area_chart(
    lines: Sequence[Line], layout: Layout, *, x_title: str, y_title: str, is_stacked: bool, palette: Sequence[str] | None = None
) -> Any:
    """Return areas over periods or numbers, stacked or overlapping, with their lines on top."""
    alt = altair()
    kind = kind_of(value for line in lines for value in line.x)
    names = [line.name for line in lines]
    rows = [
        {
            "x": name if kind == "ordinal" else plain(x),
            "y": number(y),
            "series": line.name,
            "place": place,
            "at": name,
            "number": count(y),
        }
        for place, line in enumerate(lines)
        for x, y, name in zip(line.x, line.y, labels(line.x), strict=True)
    ]
    several = len(lines) > 1
    mark = {} if several else {"color": (palette or COLORS)[0]}
    hue = (
        {
            "color": alt.Color(
                "series",
                type="nominal",
                title=None,
                sort=names,
                scale=alt.Scale(domain=names, range=list(palette or colors(names))),
            )
        }
        if several
        else {}
    )
    order = {"order": alt.Order("place", type="quantitative")} if several else {}
    chart = (
        alt.Chart(data(rows))
        .mark_area(opacity=0.8 if is_stacked else 0.35, line=True, **mark)
        .encode(
            x=alt.X("x", type=kind, title=x_title or None, **x_axis(alt, [x for line in lines for x in line.x], kind)),
            y=alt.Y(
                "y",
                type="quantitative",
                title=y_title or None,
                stack="zero" if is_stacked else None,
                axis=alt.Axis(format=NUMBERS),
            ),
            tooltip=[
                tip("at", x_title or "x"),
                *([tip("series", "column")] if several else []),
                tip("number", y_title or "value"),
            ],
            **hue,
            **order,
        )
    )
    return finished(chart, layout)
