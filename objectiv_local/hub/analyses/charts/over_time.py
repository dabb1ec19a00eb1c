"""Charts over periods: trend, active users, lifecycle and stickiness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from objectiv_local.charts.bars import stacked_periods
from objectiv_local.charts.lines import Line, line_chart
from objectiv_local.charts.shares import Share, share_bars
from objectiv_local.charts.theme import COLORS, GREY
from objectiv_local.charts.values import labels
from objectiv_local.hub.analyses.charts.request import ChartRequest, by_group

#: Titles of the measures of a trend.
_MEASURES = {
    "users": "Users",
    "events": "Events",
    "sessions": "Sessions",
    "events_per_user": "Events per user",
    "first_time_users": "First-time users",
}


def _line(name: str, rows: list[dict[str, Any]], x: str, y: str) -> Line:
    return Line(name, [row[x] for row in rows], [row[y] for row in rows], [bool(row["complete"]) for row in rows])


def trend(request: ChartRequest) -> Any:
    """Return one line per group, and one for the previous periods."""
    rows = request.rows()
    measure = request.arguments.get("measure", "users")
    title = (
        _MEASURES[measure]
        if isinstance(measure, str) and measure in _MEASURES
        else (str(measure) if isinstance(measure, str) else " of ".join(map(str, measure)).capitalize())
    )
    group = request.group
    lines = [_line(label or title, own, "period", "value") for label, own in by_group(rows, group).items()]
    has_previous = "previous" in rows[0]
    if has_previous:
        lines += [
            Line(
                f"{label}, previous" if label else "previous periods",
                [row["period"] for row in own],
                [row["previous"] for row in own],
            )
            for label, own in by_group(rows, group).items()
        ]
        if group is None:
            lines[0] = _line("these periods", rows, "period", "value")
    return line_chart(
        lines,
        request.layout.titled(f"{title} by {request.by}" + (f" and {group}" if group else "")),
        x_title=request.by,
        y_title=title.lower(),
        series_title=group or "",
        grey=(*_rest(group), *(line.name for line in lines if line.complete is None)),
    )


def _rest(group: str | None) -> Sequence[str]:
    return ("(other)", "(none)") if group is not None else ()


def active_users(request: ChartRequest) -> Any:
    """Return the lines of daily, weekly and monthly active users."""
    rows = request.rows()
    month = request.arguments.get("month_days", 30)
    names = {"daily": "daily", "weekly": "weekly (7 days)", "monthly": f"monthly ({month} days)"}
    lines = [_line(name, rows, "day", column) for column, name in names.items()]
    return line_chart(
        lines,
        request.layout.titled("Active users"),
        x_title="day",
        y_title="users",
        series_title="active",
        note=_incomplete(rows, "dashed: the window extends beyond the data"),
    )


def share_of_active(request: ChartRequest) -> Any:
    """Return the line of daily active users as a share of monthly active users."""
    rows = request.rows()
    return line_chart(
        [_line("stickiness", rows, "day", "stickiness")],
        request.layout.titled("Daily active users as a share of monthly active users"),
        x_title="day",
        y_title="daily / monthly active users, %",
        is_share=True,
    )


def _incomplete(rows: list[dict[str, Any]], note: str) -> str:
    return "" if all(row["complete"] for row in rows) else note


def lifecycle(request: ChartRequest) -> Any:
    """Return stacked bars: active users above zero, dormant users below."""
    rows = request.rows()

    def of(name: str) -> list[Any]:
        return [row[name] for row in rows]

    return stacked_periods(
        labels(of("period")),
        [bool(row["complete"]) for row in rows],
        {name: of(name) for name in ("returning", "resurrecting", "new")},
        {"dormant": of("dormant")},
        request.layout.titled(f"Lifecycle of users by {request.by}"),
        x_title=request.by,
        y_title="users; dormant below zero",
        hatched=("resurrecting", "dormant"),
        palette=(COLORS[0], COLORS[4], COLORS[1], GREY),
    )


def stickiness(request: ChartRequest) -> Any:
    """Return bars of the share of users by the number of active parts, over all complete periods."""
    rows = request.rows()
    complete = [row for row in rows if row["complete"]]
    counted = complete or rows
    of, by = request.arguments.get("of", "week"), request.by
    users: dict[int, int] = {}
    for row in counted:
        users[row["active"]] = users.get(row["active"], 0) + row["users"]
    total = sum(users.values())
    if not total:
        raise request.nothing()
    shares = [Share(str(active), count / total, count) for active, count in sorted(users.items())]
    periods = len({row["period"] for row in counted})
    return share_bars(
        shares,
        request.layout.titled(f"Number of {by}s in a {of} on which users are active"),
        x_title=f"active {by}s of the {of}",
        y_title="share of active users, %",
        count_title="users",
        note=f"over {periods:,} {'complete' if complete else 'incomplete'} {of}{'s' if periods != 1 else ''}",
    )
