"""Charts of cohorts: retention, and the lifetime value of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.lines import Line, line_chart, spread_chart
from objectiv_local.charts.values import count, label, percent
from objectiv_local.errors import NotSupported
from objectiv_local.hub.analyses.charts.request import ChartRequest, by_group

_USERS, _ALL = "users", "all"
#: Maximum number of cohorts in the curves of lifetime value: the last ones.
_MOST_CURVES: Final = 12


def _periods(request: ChartRequest) -> dict[int, str]:
    """Return labels of brackets by their first number of periods; empty without brackets."""
    brackets: Sequence[tuple[int, int]] = request.arguments.get("brackets") or ()
    return {first: str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in brackets}


def _since(request: ChartRequest) -> str:
    return f"{request.by}s since the start"


def retention(request: ChartRequest) -> Any:
    """Return the heat map of the rates of cohorts, with their sizes and the overall rates."""
    if request.group is not None:
        raise NotSupported(
            "the heat map of retention cannot show a breakdown", hint="plot(kind='curve') draws a line for each group"
        )
    rows = [row for row in request.rows() if row["rate"] is not None]
    if not rows:
        raise request.nothing()
    named = _periods(request)
    numbers = sorted({row["periods_since"] for row in rows})
    columns = [named.get(number, str(number)) for number in numbers]
    sizes = {label(row["cohort"]): row["cohort_users"] for row in rows}
    cells = [
        Cell(
            _ALL,
            named.get(number, str(number)),
            percent(rate, 0),
            rate,
            details=(("rate", percent(rate)), ("users", f"{count(users)} of {count(of)}")),
        )
        for number, (rate, users, of) in _mean(rows).items()
    ]
    cells += [Cell(cohort, _USERS, count(size)) for cohort, size in ((_ALL, sum(sizes.values())), *sizes.items())]
    cells += [
        Cell(
            label(row["cohort"]),
            named.get(row["periods_since"], str(row["periods_since"])),
            percent(row["rate"], 0),
            row["rate"],
            bool(row["complete"]),
            (("rate", percent(row["rate"])), ("users", f"{count(row['users'])} of {count(row['cohort_users'])}")),
        )
        for row in rows
    ]
    return heat_map(
        cells,
        [_ALL, *sizes],
        [_USERS, *columns],
        request.layout.titled(f"Retention of users by {request.by}"),
        row_title=f"{request.by} of the start",
        column_title=_since(request),
        scale_title="users who came back",
        most=1,
        is_share=True,
        note=f"{_ALL}: complete cells, weighted by users",
    )


def _mean(rows: list[dict[str, Any]]) -> dict[int, tuple[float, int, int]]:
    """Return the overall rate of the cohorts whose cell is complete, with their returning users and total users."""
    users: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for row in rows:
        if row["complete"] and row["cohort_users"]:
            number = row["periods_since"]
            users[number] = users.get(number, 0) + row["users"]
            sizes[number] = sizes.get(number, 0) + row["cohort_users"]
    return {number: (users[number] / size, users[number], size) for number, size in sorted(sizes.items())}


def retention_curve(request: ChartRequest) -> Any:
    """Return the overall rate over the periods since the start as a line: one per group, or with a thin line per cohort."""
    rows = [row for row in request.rows() if row["rate"] is not None]
    means = {group: _mean(own) for group, own in by_group(rows, request.group).items()}
    if not any(means.values()):
        raise request.nothing()
    lines = [Line(group or "all cohorts", list(mean), [rate for rate, _, _ in mean.values()]) for group, mean in means.items()]
    layout = request.layout.titled(f"Retention of users by {request.by}" + (f" and {request.group}" if request.group else ""))
    x_title, y_title = _since(request), "users who came back, %"
    note = "complete cells, weighted by users"
    if request.group is not None:
        return line_chart(lines, layout, x_title=x_title, y_title=y_title, series_title=request.group, is_share=True, note=note)
    cohorts = [
        Line(
            cohort, [row["periods_since"] for row in own], [row["rate"] for row in own], [bool(row["complete"]) for row in own]
        )
        for cohort, own in by_group(rows, "cohort").items()
    ]
    return spread_chart(
        cohorts, lines, layout, x_title=x_title, y_title=y_title, note=f"blue: all cohorts, {note}; grey: each cohort"
    )


def ltv(request: ChartRequest) -> Any:
    """Return the heat map of the value per user by cohort."""
    rows = request.rows()
    numbers = sorted({row["days"] for row in rows})
    sizes = {label(row["cohort"]): row["cohort_users"] for row in rows}
    cells = [Cell(cohort, _USERS, count(size)) for cohort, size in sizes.items()]
    cells += [
        Cell(
            label(row["cohort"]),
            str(row["days"]),
            count(row["ltv"]),
            None if row["ltv"] is None else float(row["ltv"]),
            bool(row["complete"]),
            (("value per user", count(row["ltv"])), ("total", count(row["total"])), ("users", count(row["cohort_users"]))),
        )
        for row in rows
    ]
    return heat_map(
        cells,
        list(sizes),
        [_USERS, *map(str, numbers)],
        request.layout.titled("Lifetime value per user"),
        row_title="cohort",
        column_title="days since the first order",
        scale_title="value per user",
    )


def ltv_curve(request: ChartRequest) -> Any:
    """Return the value per user over the days since the first order, as one line for each of the last cohorts."""
    groups = by_group(request.rows(), "cohort")
    shown = list(groups.items())[-_MOST_CURVES:]
    lines = [
        Line(
            cohort,
            [0, *(row["days"] for row in own)],
            [0, *(row["ltv"] for row in own)],
            [True, *(bool(row["complete"]) for row in own)],
        )
        for cohort, own in shown
    ]
    return line_chart(
        lines,
        request.layout.titled("Lifetime value per user"),
        x_title="days since the first order",
        y_title="value per user",
        series_title="cohort",
        note=f"the last {len(shown)} of {len(groups):,} cohorts" if len(shown) < len(groups) else "",
    )
