"""The kinds of charts of each analysis, by name; the first one is the default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from objectiv_local.errors import InvalidValue, NotSupported, near
from objectiv_local.hub.analyses.charts import cohorts, estimates, over_time, ranked, steps, users
from objectiv_local.hub.analyses.charts.request import ChartRequest

CHARTS: Final[dict[str, dict[str, Callable[[ChartRequest], Any]]]] = {
    "trend": {"line": over_time.trend},
    "active_users": {"line": over_time.active_users, "stickiness": over_time.share_of_active},
    "lifecycle": {"bar": over_time.lifecycle},
    "stickiness": {"bar": over_time.stickiness},
    "retention": {"heat_map": cohorts.retention, "curve": cohorts.retention_curve},
    "funnel": {"bar": steps.funnel, "time": steps.time_to_convert, "line": steps.conversion},
    "paths": {"matrix": steps.step_matrix, "sankey": steps.sankey},
    "transitions": {"matrix": steps.transitions},
    "drivers": {"bar": ranked.drivers},
    "attribution": {"bar": ranked.attribution},
    "event_types": {"bar": ranked.event_types},
    "properties": {"bar": ranked.properties},
    "quality": {"bar": ranked.quality},
    "impact": {"forest": estimates.impact},
    "experiment": {"forest": estimates.experiment},
    "sessions": {"histogram": users.sessions},
    "rfm": {"heat_map": users.rfm},
    "ltv": {"heat_map": cohorts.ltv, "curve": cohorts.ltv_curve},
}


def draw(request: ChartRequest, kind: str | None) -> Any:
    """Return a chart of an analysis; the default is its first kind, or curves for retention with a breakdown.

    Raises NotSupported for an analysis without a chart, and InvalidValue for a kind that it does not have.
    """
    charts = CHARTS.get(request.name)
    if charts is None:
        raise NotSupported(f"{request.name} has no chart", hint="draw its frame: .frame.plot(y=...)")
    if kind is None:
        kind = "curve" if request.name == "retention" and request.group is not None else next(iter(charts))
    if kind not in charts:
        raise InvalidValue(f"{request.name} has no chart of kind {kind!r}", hint=near(kind, charts))
    return charts[kind](request)
