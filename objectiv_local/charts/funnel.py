"""Funnels as bars: how many users reach each step, and how many drop off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from objectiv_local.charts.library import altair
from objectiv_local.charts.theme import (
    COLORS,
    GREY,
    INK,
    PERCENT,
    REST,
    Layout,
    colors,
    data,
    finished,
    hatching,
    number_axis,
    tip,
    words,
)
from objectiv_local.charts.values import count, duration, percent

#: Maximum number of steps whose bars have room for the numbers above them.
_MOST_NUMBERED: Final = 10
REACHED, LOST = "reached the step", "dropped off after the previous step"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a funnel; shares are missing if nobody entered."""

    name: str
    users: int
    of_first: float | None = None
    of_previous: float | None = None
    low: float | None = None
    high: float | None = None
    median_time: float | None = None
    group: str = ""


def funnel_chart(steps: Sequence[Step], layout: Layout, *, y_title: str = "users", note: str = "") -> Any:
    """Return one bar per step; a hatched bar on top of it shows the users who dropped off after the previous step.

    The text above each bar is the share of users who entered and the number of users. Later steps also show the share of users
    of the previous step, and the median time since the first step.
    """
    alt = altair()
    rows: list[dict[str, Any]] = []
    names = _names(steps)
    for place, step in enumerate(steps):
        before = steps[place - 1].users if place else step.users
        more = [] if not place else [f"{percent(step.of_previous)} of previous"] if step.of_previous is not None else []
        if place and step.median_time is not None:
            more.append(f"after {duration(step.median_time)}")
        above = [percent(step.of_first), count(step.users), *more]
        if len(steps) > _MOST_NUMBERED:
            above = [percent(step.of_first, 0)]
        rows.append(
            {
                "step": names[place],
                "users": step.users,
                "before": before,
                "text": above,
                "top": max(before, step.users),
                **_details(step),
            }
        )
    x = alt.X("step", type="ordinal", sort=names, title=None, axis=_axis(alt, len(names), 140))
    top = max((step.users for step in steps), default=1) or 1
    y = alt.Y(
        "users",
        type="quantitative",
        title=y_title,
        axis=number_axis([top]),
        scale=alt.Scale(domain=[0, top * (1.3 if len(steps) <= _MOST_NUMBERED else 1.1)], nice=False),
    )
    base = alt.Chart(data(rows)).encode(x=x)
    tooltip = _tooltip(y_title)
    kinds = [{"step": names[0], "kind": kind} for kind in (REACHED, LOST)]
    legend = (
        alt.Chart(data(kinds))
        .mark_square(size=0, opacity=1)
        .encode(
            x=x,
            color=alt.Color(
                "kind", type="nominal", title=None, scale=alt.Scale(domain=[REACHED, LOST], range=[COLORS[0], f"{GREY}88"])
            ),
        )
    )
    layers = [
        base.mark_bar(color=COLORS[0], width={"band": 0.7}).encode(y=y, tooltip=tooltip),
        base.transform_filter("datum.before > datum.users")
        .mark_bar(color=GREY, opacity=0.25, width={"band": 0.7})
        .encode(y=y, y2=alt.Y2("before"), tooltip=tooltip),
        base.transform_filter("datum.before > datum.users")
        .mark_bar(fill=hatching(GREY), opacity=0.5, width={"band": 0.7})
        .encode(y=y, y2=alt.Y2("before")),
        base.mark_text(baseline="bottom", lineHeight=13, dy={"expr": "-4 - 13 * (datum.text.length - 1)"}).encode(
            y=alt.Y("top", type="quantitative"), text=words()
        ),
        *([legend] if any(row["before"] > row["users"] for row in rows) else []),
    ]
    return finished(alt.layer(*layers), layout, width=max(360, min(900, 150 * len(steps))), note=note)


def grouped_funnel(groups: Mapping[str, Sequence[Step]], layout: Layout, *, group_title: str, note: str = "") -> Any:
    """Return the share of entered users at each step, as one bar per group with the interval of the share."""
    alt = altair()
    labels = list(groups)
    names = _names(next(iter(groups.values())))
    width = max(360, min(1_000, (30 + 36 * len(labels)) * len(names)))
    rows = [
        {
            "step": names[place],
            "group": label,
            "share": step.of_first,
            "low": step.low,
            "high": step.high,
            "text": percent(step.of_first, 0),
            **_details(step),
        }
        for label, steps in groups.items()
        for place, step in enumerate(steps)
        if step.of_first is not None
    ]
    x = alt.X("step", type="ordinal", sort=names, title=None, axis=_axis(alt, len(names), width // len(names) - 10))
    offset = alt.XOffset("group", type="nominal", sort=labels)
    y = alt.Y(
        "share",
        type="quantitative",
        title="share of the users who entered, %",
        axis=alt.Axis(format=PERCENT),
        scale=alt.Scale(domain=[0, 1]),
    )
    base = alt.Chart(data(rows)).encode(x=x, xOffset=offset)
    layers = [
        base.mark_bar().encode(
            y=y,
            color=alt.Color(
                "group",
                type="nominal",
                title=group_title,
                sort=labels,
                scale=alt.Scale(domain=labels, range=colors(labels, REST)),
            ),
            tooltip=[tip("group", group_title), *_tooltip("users")],
        ),
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(color=INK, strokeWidth=1)
        .encode(y=alt.Y("low", type="quantitative"), y2=alt.Y2("high")),
    ]
    if len(labels) * len(names) <= 24:
        layers.append(
            base.mark_text(baseline="bottom", dy=-3, fontSize=10).encode(y=alt.Y("high", type="quantitative"), text=words())
        )
    return finished(alt.layer(*layers), layout, width=width, note=note)


def _axis(alt: Any, steps: int, room: int) -> Any:
    """Return the axis of steps: names are horizontal if each has ``room`` pixels, and slanted if there are many."""
    return alt.Axis(labelAngle=0, labelLimit=room, labelOverlap=False) if steps <= 5 else alt.Axis(labelAngle=-40)


def _names(steps: Sequence[Step]) -> list[str]:
    """Return the names of steps with their numbers, because several steps can have the same name."""
    return [f"{number}. {step.name}" for number, step in enumerate(steps, 1)]


def _details(step: Step) -> dict[str, str]:
    return {
        "number": count(step.users),
        "of_first": percent(step.of_first),
        "of_previous": percent(step.of_previous),
        "interval": f"{percent(step.low)} to {percent(step.high)}" if step.low is not None else "",
        "median": duration(step.median_time),
    }


def _tooltip(y_title: str) -> list[Any]:
    titles = {
        "step": "step",
        "number": y_title,
        "of_first": "of first",
        "interval": "95% interval",
        "of_previous": "of previous",
        "median": "median time",
    }
    return [tip(name, title) for name, title in titles.items()]
