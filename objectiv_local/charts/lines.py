"""Lines over periods or numbers, of which the incomplete parts are dashed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import (
    COLORS,
    COMPLETE,
    GREY,
    INCOMPLETE,
    NUMBERS,
    PERCENT,
    REST,
    Layout,
    colors,
    data,
    finished,
    number_axis,
    shapes,
    sparse,
    states,
    tip,
)
from objectiv_local.charts.values import count, kind_of, labels, number, percent, plain

#: Points of a line up to which each has a symbol; of more, some have.
MOST_SYMBOLS: Final = 31


@dataclass(frozen=True, slots=True)
class Line:
    """A named line. ``complete`` is whether each value is final; without it, all are."""

    name: str
    x: Sequence[Any]
    y: Sequence[Any]
    complete: Sequence[bool] | None = None

    def is_complete(self, place: int) -> bool:
        """Return whether a value is final."""
        return self.complete is None or bool(self.complete[place])


def line_chart(
    lines: Sequence[Line],
    layout: Layout,
    *,
    x_title: str,
    y_title: str,
    series_title: str = "",
    is_share: bool = False,
    grey: Sequence[str] = REST,
    from_zero: bool = True,
    note: str = "",
    palette: Sequence[str] | None = None,
    log: tuple[bool, bool] = (False, False),
) -> Any:
    """Return a chart of lines: a color and a symbol for each, and a legend where there are several.

    The part of a line between two points is dashed if one of them is incomplete. Symbols of incomplete points are hollow. The
    axis of values begins at zero unless ``from_zero`` is false; ``is_share`` shows values as percentages. ``log`` is whether
    each axis is logarithmic.
    """
    alt = altair()
    over = [value for line in lines for value in line.x]
    kind = kind_of(over)
    is_open = any(not line.is_complete(place) for line in lines for place in range(len(line.x)))
    names = [line.name for line in lines]
    several = len(lines) > 1
    x = alt.X("x", type=kind, title=x_title or None, **x_axis(alt, over, kind, log=log[0]))
    y = alt.Y(
        "y",
        type="quantitative",
        title=y_title or None,
        axis=alt.Axis(format=PERCENT) if is_share else number_axis(plain(value) for line in lines for value in line.y),
        scale=alt.Scale(type="log") if log[1] else alt.Scale(zero=from_zero),
    )
    hues = list(palette or colors(names, tuple(grey)))
    hue: dict[str, Any] = (
        {
            "color": alt.Color(
                "series", type="nominal", title=series_title or None, sort=names, scale=alt.Scale(domain=names, range=hues)
            )
        }
        if several
        else {}
    )
    drawn = {} if several else {"color": palette[0] if palette else COLORS[0]}
    dash = {"strokeDash": states(alt, alt.StrokeDash, [COMPLETE, INCOMPLETE], [[1, 0], [5, 4]])} if is_open else {}
    parts = (
        alt.Chart(data([row for line in lines for row in _parts(line, kind)]))
        .mark_line(strokeWidth=2, **drawn)
        .encode(x=x, y=y, detail=alt.Detail("part", type="nominal"), **hue, **dash)
    )
    symbols = (
        {
            "shape": alt.Shape(
                "series",
                type="nominal",
                title=series_title or None,
                sort=names,
                scale=alt.Scale(domain=names, range=shapes(len(names))),
            )
        }
        if several
        else {}
    )
    tooltip = [
        tip("when", x_title or "x"),
        *([tip("series", series_title or "series")] if several else []),
        tip("number", y_title or "y"),
        *([tip("state", "period")] if is_open else []),
    ]
    points = alt.Chart(data([row for line in lines for row in _points(line, kind, is_share=is_share)])).encode(
        x=x, y=y, tooltip=tooltip, opacity=alt.Opacity("shown", type="quantitative", legend=None, scale=None), **hue, **symbols
    )
    layers = [parts, points.transform_filter({"field": "state", "equal": COMPLETE}).mark_point(filled=True, size=45, **drawn)]
    if is_open:
        layers.append(
            points.transform_filter({"field": "state", "equal": INCOMPLETE}).mark_point(filled=False, size=45, **drawn)
        )
    return finished(alt.layer(*layers), layout, note=note)


def spread_chart(
    lines: Sequence[Line], main: Sequence[Line], layout: Layout, *, x_title: str, y_title: str, note: str = ""
) -> Any:
    """Return a chart of shares with many thin grey lines, and one line or a few that summarize them."""
    alt = altair()
    chart = line_chart(main, layout, x_title=x_title, y_title=y_title, is_share=True)
    kind = kind_of(value for line in main for value in line.x)
    rows = [
        row | {"series": line.name}
        for line in lines
        for row in _points(line, kind, is_share=True)
        if row["y"] is not None and row["state"] == COMPLETE
    ]
    x, y = (alt.X("x", type=kind, title=x_title), alt.Y("y", type="quantitative", title=y_title))
    thin = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=1, opacity=0.5, color=GREY)
        .encode(x=x, y=y, detail=alt.Detail("series", type="nominal"))
    )
    return finished(alt.layer(thin, *chart.layer), layout, note=note)


def x_axis(alt: Any, values: Sequence[Any], kind: str, *, log: bool = False) -> dict[str, Any]:
    """Return the scale, the ticks and the order of the values that a chart is over."""
    if kind == "ordinal":
        names = list(dict.fromkeys(labels(values)))
        return {"sort": names, "axis": alt.Axis(labelAngle=-40 if max(map(len, names), default=0) > 6 else 0)}
    if kind == "quantitative":
        # Between the third and the fourth week there is no tick.
        is_whole = not log and all(value is None or float(value).is_integer() for value in map(number, values))
        return {
            "scale": alt.Scale(type="log") if log else alt.Scale(zero=False, nice=False),
            "axis": alt.Axis(format=NUMBERS, **({"tickMinStep": 1} if is_whole else {})),
        }
    # Labels are those of UTC, and not of the reader's time zone, and stand at periods.
    moments = sorted({_moment(value) for value in values if plain(value) is not None})
    has_clock = any(moment.time() != datetime.time() for moment in moments)
    is_monthly = all(moment.day == 1 for moment in moments) and len(moments) > 1
    ticks = [str(plain(moment)) for moment in moments]
    return {
        "scale": alt.Scale(type="utc"),
        "axis": alt.Axis(
            values=[_milliseconds(tick) for tick in sparse(ticks, 4 if has_clock else 6)],
            format="%Y-%m-%d %H:%M" if has_clock else "%Y-%m" if is_monthly else "%Y-%m-%d",
        ),
    }


def _moment(value: Any) -> datetime.datetime:
    return value if isinstance(value, datetime.datetime) else datetime.datetime.combine(value, datetime.time())


def _milliseconds(moment: str) -> int:
    """Return the milliseconds since 1970 of a moment in ISO form, which ticks are given by."""
    return round(datetime.datetime.fromisoformat(moment).timestamp() * 1000)


def _at(value: Any, name: str, kind: str) -> Any:
    return name if kind == "ordinal" else plain(value)


def _parts(line: Line, kind: str) -> Iterator[dict[str, Any]]:
    """Return the points of each solid and each dashed part, which share the points between them."""
    names = labels(line.x)
    part, before = 0, ""
    last: dict[str, Any] = {}
    for place in range(len(line.x)):
        row = {"x": _at(line.x[place], names[place], kind), "y": number(line.y[place]), "series": line.name}
        if place:
            state = COMPLETE if line.is_complete(place - 1) and line.is_complete(place) else INCOMPLETE
            if state != before:
                part += 1
                yield {**last, "state": state, "part": f"{line.name} {part}"}
            yield {**row, "state": state, "part": f"{line.name} {part}"}
            before = state
        last = row


def _points(line: Line, kind: str, *, is_share: bool) -> Iterator[dict[str, Any]]:
    """Return each point once, and whether its symbol is shown: all of a few, some of many, and those without neighbors."""
    every = 1 + (len(line.x) - 1) // MOST_SYMBOLS
    values = [number(value) for value in line.y]
    for place, (at, name) in enumerate(zip(line.x, labels(line.x), strict=True)):
        if values[place] is None:
            continue
        around = [values[other] for other in (place - 1, place + 1) if 0 <= other < len(values)]
        shown = place % every == 0 or all(value is None for value in around)
        yield {
            "x": _at(at, name, kind),
            "y": values[place],
            "series": line.name,
            "when": name,
            "number": percent(values[place]) if is_share else count(values[place]),
            "shown": int(shown),
            "state": COMPLETE if line.is_complete(place) else INCOMPLETE,
        }
