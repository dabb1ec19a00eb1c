"""Bars: of named things from the largest to the smallest, of columns beside or on each other, and over periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import (
    COLORS,
    COMPLETE,
    GREY,
    INCOMPLETE,
    LIGHTER,
    NUMBERS,
    PERCENT,
    WIDTH,
    Layout,
    colors,
    data,
    finished,
    hatching,
    number_axis,
    sparse,
    states,
    tip,
    words,
)
from objectiv_local.charts.values import count, number

#: Bars of a chart of named things: the largest ones.
MOST_BARS: Final = 30
#: Labels up to which horizontal bars have a fixed height; more of them share that of the chart.
_MOST_ROWS: Final = 80
#: The share of the axis that is left free for the text at the end of a bar: at least the one, and at most the other.
_ROOM, _MOST_ROOM = 0.18, 0.8
#: Pixels that a character at the end of a bar takes in a wide font.
_CHARACTER: Final = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """A named bar, with the text at its end and more lines of its tooltip."""

    name: str
    value: float | int | None
    text: str = ""
    details: tuple[tuple[str, str], ...] = ()
    is_faint: bool = False


def ranked_bars(
    bars: Sequence[Bar],
    layout: Layout,
    *,
    x_title: str,
    y_title: str = "",
    is_share: bool = False,
    most: float | None = None,
    faint: str = "",
    strong: str = "",
    note: str = "",
) -> Any:
    """Return horizontal bars, the largest on top: at most 30, with a note where there are more.

    ``is_share`` shows values as percentages, and ``most`` is the end of the axis. Faint bars are lighter, and the legend names
    them ``faint`` and the others ``strong``.
    """
    alt = altair()
    known = sorted((bar for bar in bars if bar.value is not None), key=lambda bar: (-_value(bar), bar.name))
    shown = known[:MOST_BARS]
    notes = [note, f"the {len(shown)} largest of {len(known):,}" if len(shown) < len(known) else ""]
    names = [bar.name for bar in shown]
    titles = list(dict.fromkeys(title for bar in shown for title, _ in bar.details))
    rows = [
        {
            "name": bar.name,
            "value": bar.value,
            "text": bar.text,
            "state": faint if bar.is_faint else strong,
            **{f"detail_{titles.index(title)}": text for title, text in bar.details},
        }
        for bar in shown
    ]
    ends = [0.0 if most is None else most, *(_value(bar) for bar in shown)]
    low, high = min(0.0, *ends), max(ends)
    # Room for the text at the ends of bars.
    text = _CHARACTER * max((len(bar.text) for bar in shown), default=0)
    width = layout.width or WIDTH
    room = (high - low) * min(max(_ROOM, text / max(1, width - text)), _MOST_ROOM)
    scale = alt.Scale(domain=[low - room if low < 0 else 0.0, high + room if high > low else 1.0], nice=False)
    base = alt.Chart(data(rows)).encode(
        y=alt.Y("name", type="nominal", sort=names, title=y_title or None),
        x=alt.X(
            "value",
            type="quantitative",
            title=x_title,
            scale=scale,
            axis=alt.Axis(format=PERCENT if is_share else NUMBERS, tickCount=8),
        ),
    )
    has_faint = any(bar.is_faint for bar in shown)
    opacity = {"fillOpacity": states(alt, alt.FillOpacity, [strong, faint], [1, LIGHTER])} if has_faint else {}
    outline = {"stroke": COLORS[0], "strokeWidth": 1} if has_faint else {}
    tooltip = [
        tip("name", y_title or "name"),
        tip("text", x_title),
        *(tip(f"detail_{place}", title) for place, title in enumerate(titles)),
    ]
    layers = [
        base.mark_bar(color=COLORS[0], height={"band": 0.75}, **outline).encode(tooltip=tooltip, **opacity),
        base.transform_filter("datum.value >= 0").mark_text(align="left", dx=4).encode(text=words()),
    ]
    if low < 0:
        layers += [
            base.transform_filter("datum.value < 0").mark_text(align="right", dx=-4).encode(text=words()),
            zero_line(alt),
        ]
    elif high == 0:
        layers.append(zero_line(alt))
    return finished(alt.layer(*layers), layout, height=alt.Step(22), note="; ".join(each for each in notes if each))


def _value(bar: Bar) -> float:
    return 0.0 if bar.value is None else float(bar.value)


def zero_line(alt: Any, value: float = 0, channel: str = "x") -> Any:
    """Return a line across the chart at a value."""
    return (
        alt.Chart(data([{"at": value}]))
        .mark_rule(color=GREY, strokeWidth=1.5)
        .encode(**{channel: getattr(alt, channel.upper())("at", type="quantitative")})
    )


@dataclass(frozen=True, slots=True)
class Columns:
    """Named values at each label, such as the columns of a frame by its index."""

    labels: Sequence[str]
    values: Mapping[str, Sequence[Any]]


def column_bars(
    columns: Columns,
    layout: Layout,
    *,
    label_title: str = "",
    value_title: str = "",
    is_stacked: bool = False,
    is_horizontal: bool = False,
    palette: Sequence[str] | None = None,
) -> Any:
    """Return bars of columns at each label: beside each other, or stacked."""
    alt = altair()
    names = list(columns.values)
    several = len(names) > 1
    labels = _unlike(columns.labels)
    rows = [
        {"label": at, "name": name, "value": number(value), "number": count(value)}
        for name, values in columns.values.items()
        for at, value in zip(labels, values, strict=True)
    ]
    band, length = ("y", "x") if is_horizontal else ("x", "y")
    channel = {"x": alt.X, "y": alt.Y}
    encodings: dict[str, Any] = {
        band: channel[band](
            "label", type="nominal", sort=None, title=label_title or None, **_ticks(alt, labels, is_horizontal=is_horizontal)
        ),
        length: channel[length](
            "value",
            type="quantitative",
            title=value_title or None,
            axis=alt.Axis(format=NUMBERS),
            **({"stack": "zero" if is_stacked else None} if several else {}),
        ),
        "tooltip": [
            tip("label", label_title or "label"),
            *([tip("name", "column")] if several else []),
            tip("number", value_title or "value"),
        ],
    }
    if several:
        encodings["color"] = alt.Color(
            "name", type="nominal", title=None, sort=names, scale=alt.Scale(domain=names, range=list(palette or colors(names)))
        )
        if is_stacked:
            encodings["order"] = alt.Order("place", type="quantitative")
            rows = [row | {"place": names.index(str(row["name"]))} for row in rows]
        else:
            encodings[f"{band}Offset"] = {"x": alt.XOffset, "y": alt.YOffset}[band]("name", type="nominal", sort=names)
    mark = (
        alt.Chart(data(rows))
        .mark_bar(
            **({} if several else {"color": palette[0] if palette else COLORS[0]}),
            **({"stroke": "white", "strokeWidth": 0.5} if is_stacked else {}),
        )
        .encode(**encodings)
    )
    groups = len(names) if several and not is_stacked else 1
    if not is_horizontal:
        return finished(mark, layout)
    step = alt.Step(22) if groups == 1 else alt.Step(14, **{"for": "offset"})
    return finished(mark, layout, height=step if len(labels) <= _MOST_ROWS else _MOST_ROWS * 10)


def _ticks(alt: Any, labels: Sequence[str], *, is_horizontal: bool) -> dict[str, Any]:
    """Return the axis of labels below bars: slanted where they need the room, and not each of many."""
    if is_horizontal:
        return {}
    is_narrow = sum(map(len, labels)) * 7 < WIDTH
    shown = list(labels) if is_narrow else sparse(labels, 24)
    return {"axis": alt.Axis(labelAngle=0 if is_narrow else -40, values=shown, labelOverlap=False)}


def _unlike(labels: Sequence[str]) -> list[str]:
    """Return labels of which none is like another, so that no bar lies on another one."""
    seen: dict[str, int] = {}
    found = []
    for each in labels:
        seen[each] = seen.get(each, 0) + 1
        found.append(each if seen[each] == 1 else f"{each} ({seen[each]})")
    return found


def stacked_periods(
    periods: Sequence[str],
    complete: Sequence[bool],
    above: Mapping[str, Sequence[Any]],
    below: Mapping[str, Sequence[Any]],
    layout: Layout,
    *,
    x_title: str,
    y_title: str,
    hatched: Sequence[str] = (),
    palette: Sequence[str] = COLORS,
    note: str = "",
) -> Any:
    """Return stacked bars over periods: some series above zero, others below. Incomplete periods are lighter.

    ``hatched`` series have stripes, so that neighbors differ by more than their color.
    """
    alt = altair()
    names = [*above, *below]
    rows: list[dict[str, Any]] = []
    ends: list[float | int] = []
    for place, period in enumerate(periods):
        for sign, group in ((1, above), (-1, below)):
            base: float | int = 0
            for name, values in group.items():
                value = number(values[place])
                if not value:
                    continue
                rows.append(
                    {
                        "period": period,
                        "name": name,
                        "from": sign * base,
                        "to": sign * (base + value),
                        "number": count(value),
                        "state": COMPLETE if complete[place] else INCOMPLETE,
                    }
                )
                base += value
                ends.append(sign * base)
    every = [{"period": period} for period in periods]
    x = alt.X(
        "period", type="ordinal", title=x_title, sort=list(periods), axis=alt.Axis(labelAngle=0, values=sparse(periods, 6))
    )
    y = alt.Y("from", type="quantitative", title=y_title, axis=number_axis(ends))
    scale = alt.Scale(domain=names, range=[palette[place] for place in range(len(names))])
    opacity = {}
    if not all(complete):
        opacity = {
            "fillOpacity": states(alt, alt.FillOpacity, [COMPLETE, INCOMPLETE], [1, LIGHTER]),
            "stroke": alt.Stroke("name", type="nominal", sort=names, scale=scale, legend=None),
        }
    chart = alt.Chart(data(rows))
    bars = chart.mark_bar(strokeWidth=1).encode(
        x=x,
        y=y,
        y2=alt.Y2("to"),
        **opacity,
        color=alt.Color("name", type="nominal", title=None, sort=names, scale=scale),
        tooltip=[
            tip("period", x_title),
            tip("name", "state"),
            tip("number", y_title),
            *([tip("state", "period is")] if opacity else []),
        ],
    )
    layers = [alt.Chart(data(every)).mark_point(opacity=0, size=0).encode(x=x), bars]
    if hatched:
        layers.append(
            chart.transform_filter({"field": "name", "oneOf": list(hatched)})
            .mark_bar(fill=hatching("#FFFFFF"), opacity=0.55)
            .encode(x=x, y=y, y2=alt.Y2("to"))
        )
    layers.append(zero_line(alt, channel="y"))
    # A few bars need not fill the chart.
    return finished(alt.layer(*layers), layout, width=min(WIDTH, max(160, 90 * len(periods))), note=note)
