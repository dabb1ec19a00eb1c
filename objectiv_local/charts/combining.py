"""Combining several charts into one."""

from __future__ import annotations

from typing import Any

from objectiv_local.arguments import checked
from objectiv_local.charts.library import altair, check_chart
from objectiv_local.charts.theme import themed
from objectiv_local.errors import InvalidValue


@checked
def side_by_side(*charts: Any, columns: int = 2) -> Any:
    """Return one chart that shows several charts side by side, with ``columns`` charts per row.

    Altair's own operators reject charts that have a theme, like those of this package. Each chart keeps its colors and scales.

    Raises InvalidType for anything but altair charts, such as plotly figures, and InvalidValue without charts and for
    ``columns`` below 1.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> both = side_by_side(hub.trend(hub.events()).plot(width=300), hub.event_types(hub.events()).plot(width=300))
    >>> len(both.to_dict()["concat"])
    2
    """
    alt = altair()
    for chart in charts:
        check_chart(chart, "side_by_side")
    if not charts:
        raise InvalidValue("side_by_side needs at least one chart", hint="side_by_side(one.plot(), other.plot())")
    if columns < 1:
        raise InvalidValue(f"columns of side_by_side is {columns}, and has to be at least 1", hint="for instance columns=2")
    parts = []
    for chart in charts:
        part = chart.copy(deep=False)
        part.config = alt.Undefined
        parts.append(part)
    return themed(
        alt.concat(*parts, columns=columns).resolve_scale(
            color="independent", shape="independent", opacity="independent", strokeDash="independent"
        )
    )
