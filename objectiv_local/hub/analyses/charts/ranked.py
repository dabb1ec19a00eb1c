"""Charts with one bar per name: attribution, drivers, event types, properties and quality checks."""

from __future__ import annotations

from typing import Any, Final

from objectiv_local.charts.bars import Bar, ranked_bars
from objectiv_local.charts.values import count, label, number, percent
from objectiv_local.hub.analyses.charts.request import ChartRequest

#: Values with a q below this are drawn as significant.
_LEVEL: Final = 0.05


def attribution(request: ChartRequest) -> Any:
    """Return the credit of each touch, with its share."""
    [touch] = request.frame.index_columns
    bars = [
        Bar(
            label(row[touch]),
            number(row["credit"]),
            f"{count(row['credit'])} ({percent(row['share'])})",
            (("conversions", count(row["conversions"])),),
        )
        for row in request.rows()
    ]
    model = str(request.arguments.get("model", "last")).replace("_", " ")
    what = "credit" if request.arguments.get("value") is None else "credited value"
    return ranked_bars(bars, request.layout.titled(f"Attribution by {touch}, model {model}"), x_title=what, y_title=touch)


def drivers(request: ChartRequest) -> Any:
    """Return the correlation of each value with the conversion; values that are not significant are lighter."""
    [title] = request.frame.index_columns
    bars = [
        Bar(
            label(row[title]),
            number(row["phi"]),
            f"{row['phi']:.3f}" if number(row["phi"]) is not None else "",
            (
                ("converted with", percent(row["rate"])),
                ("converted without", percent(row["rate_without"])),
                ("users", count(row["users"])),
                ("odds ratio", count(row["odds_ratio"])),
                ("q", "" if row["q"] is None else f"{row['q']:.2g}"),
            ),
            is_faint=row["q"] is None or not row["q"] < _LEVEL,
        )
        for row in request.rows()
    ]
    return ranked_bars(
        bars,
        request.layout.titled("Correlation with conversion"),
        y_title=title,
        x_title="correlation with converting, phi",
        faint=f"q of {_LEVEL} or more",
        strong=f"q below {_LEVEL}",
    )


def event_types(request: ChartRequest) -> Any:
    """Return the number of events of each type, with their share."""
    bars = [
        Bar(
            label(row["event_type"]),
            row["events"],
            f"{count(row['events'])} ({percent(row['share'])})",
            (("users", count(row["users"])), ("events per user", count(row["events_per_user"]))),
        )
        for row in request.rows()
    ]
    return ranked_bars(bars, request.layout.titled("Events by type"), x_title="events", y_title="event type")


def properties(request: ChartRequest) -> Any:
    """Return the share of events that have each property."""
    bars = [
        Bar(
            label(row["property"]),
            number(row["fill"]),
            percent(row["fill"]),
            (("dtype", label(row["dtype"])), ("events", count(row["filled"])), ("distinct values", count(row["distinct"]))),
        )
        for row in request.rows()
    ]
    return ranked_bars(
        bars,
        request.layout.titled("Share of events that have a property"),
        x_title="share of events, %",
        y_title="property",
        is_share=True,
        most=1,
    )


def quality(request: ChartRequest) -> Any:
    """Return the share of rows that fail each check; warnings are lighter than errors."""
    bars = []
    for row in request.rows():
        share = None if row["failed"] is None else row["failed"] / row["of"] if row["of"] else 0.0
        text = f"{count(row['failed'])} of {count(row['of'])}, {row['severity']}"
        bars.append(Bar(label(row["check"]), share, text, (("failed", text),), row["severity"] != "error"))
    return ranked_bars(
        bars,
        request.layout.titled("Quality checks of the events"),
        x_title="failed, %",
        y_title="check",
        is_share=True,
        faint="warning",
        strong="error",
    )
