"""Charts of analyses with many rows, which the database counts: sessions, and scores of users."""

from __future__ import annotations

import datetime
from typing import Any

from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.histogram import DURATIONS, Bin, duration_histogram
from objectiv_local.charts.theme import Layout
from objectiv_local.charts.values import count, number
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import Aggregate, aggregation, call, expr_of, frame_of, literal, state_of
from objectiv_local.hub.analyses.charts.request import ChartRequest


def sessions(request: ChartRequest) -> Any:
    """Return the histogram of the durations of sessions."""
    return durations(request.frame["duration"], request, request.layout.titled("Duration of sessions"), "duration", "sessions")


def durations(series: Series, request: ChartRequest, layout: Layout, x_title: str, y_title: str) -> Any:
    """Return the histogram of durations in bins of growing width, with the median and 90th percentile. Runs one query."""
    state, value = state_of(series), expr_of(series)
    below = tuple(
        (f"below_{place}", aggregation("size", where=call("lt", value, literal(datetime.timedelta(seconds=end)))))
        for place, end in enumerate(DURATIONS)
    )
    plan = Aggregate(
        state.plan,
        (),
        (
            *below,
            ("every", aggregation("count", value)),
            ("longest", aggregation("max", value)),
            ("median", aggregation("quantile", value, literal(0.5))),
            ("p90", aggregation("quantile", value, literal(0.9))),
        ),
        "durations",
    )
    [found] = frame_of(state.with_rows(plan, (), ()), list(plan.types)).to_arrow().to_pylist()
    if not found["every"]:
        raise request.nothing()
    last = max(float(DURATIONS[-1]), number(found["longest"]) or 0.0) + 1
    totals = [found[name] for name, _ in below] + [found["every"]]
    ends = [0.0, *DURATIONS, last]
    counts = [
        Bin(ends[place], ends[place + 1], total - (totals[place - 1] if place else 0)) for place, total in enumerate(totals)
    ]
    filled = [place for place, each in enumerate(counts) if each.count]
    marks = [
        (name, value)
        for name, value in (("median", number(found["median"])), ("90%", number(found["p90"])))
        if value is not None
    ]
    return duration_histogram(
        counts[filled[0] : filled[-1] + 1],
        marks,
        layout,
        x_title=x_title,
        y_title=y_title,
        note=f"{count(found['every'])} {y_title}; bins get wider for longer durations",
    )


def rfm(request: ChartRequest) -> Any:
    """Return the number of users by recency score and frequency score."""
    frame = request.frame.groupby(["recency_score", "frequency_score"]).agg(
        users=("recency", "count"), monetary=("monetary", "mean")
    )
    rows = request.rows(frame)
    scores = [str(score) for score in range(1, int(request.arguments.get("scores", 5)) + 1)]
    cells = [
        Cell(
            str(row["recency_score"]),
            str(row["frequency_score"]),
            count(row["users"]),
            row["users"],
            details=(("users", count(row["users"])), ("mean order value", count(row["monetary"]))),
        )
        for row in rows
    ]
    return heat_map(
        cells,
        scores[::-1],
        scores,
        request.layout.titled("Users by recency and frequency of their orders"),
        row_title="recency score",
        column_title="frequency score",
        scale_title="users",
        note="highest scores: the most recent last order, the most orders",
    )
