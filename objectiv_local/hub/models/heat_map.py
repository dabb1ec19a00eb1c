"""The heat map of a retention matrix: its numbers, its colors, and the cells that may still grow."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from objectiv_local.charts.heat_map import Cell, heat_map
from objectiv_local.charts.theme import Layout
from objectiv_local.errors import InvalidValue
from objectiv_local.hub.events.moments import limit

if TYPE_CHECKING:
    import pandas

_DAY = datetime.timedelta(days=1)

#: State of a cell: its period has not begun, has not ended, or has ended, so that its number is final.
AHEAD, UNFINISHED, COMPLETE = range(3)


def progress(cohort: str, distance: int, time_period: str, as_of: datetime.datetime, time_zone: str, *, elapsed: bool) -> int:
    """Return the state of a cell at a moment in UTC: ``AHEAD``, ``UNFINISHED`` or ``COMPLETE``.

    A cell is complete if its period has ended for every member of the cohort. Elapsed days begin at the first hit of each
    member, so the last ones end for members first seen at the end of the cohort's day.
    """
    shift = _SHIFTS[time_period]
    start = datetime.date.fromisoformat(cohort + "-01" * (2 - cohort.count("-")))
    if elapsed:
        begins, ends = _utc(start, time_zone) + distance * _DAY, _utc(start + _DAY, time_zone) + (distance + 1) * _DAY
    else:
        begins, ends = (_utc(shift(start, distance + more), time_zone) for more in (0, 1))
    return AHEAD if begins > as_of else UNFINISHED if ends > as_of else COMPLETE


def _utc(day: datetime.date, time_zone: str) -> datetime.datetime:
    """Return the moment at which a day begins in a time zone."""
    found = limit(day, "day", time_zone)
    assert found is not None
    return found


def _months(start: datetime.date, count: int) -> datetime.date:
    months = start.year * 12 + start.month - 1 + count
    return datetime.date(months // 12, months % 12 + 1, 1)


#: Functions that return the start of the period a number of periods after another one.
_SHIFTS: dict[str, Callable[[datetime.date, int], datetime.date]] = {
    "daily": lambda start, count: start + count * _DAY,
    "weekly": lambda start, count: start + count * 7 * _DAY,
    "monthly": _months,
    "yearly": lambda start, count: datetime.date(start.year + count, 1, 1),
}


def matrix_chart(table: pandas.DataFrame, progress_of: Callable[[str, int], int], as_of: str, *, percentage: bool) -> Any:
    """Return the heat map of a retention matrix. Raises InvalidValue for a matrix without rows.

    The first column, which counts every member, has no color. Cells whose period had not ended are hatched, and cells whose
    period had not begun are empty.
    """
    if table.empty:
        raise InvalidValue("there is nothing to draw: the matrix has no users", hint="use a less strict filter")
    distances = [int(name.removeprefix("_")) for name in table.columns]
    cells = []
    is_open = False
    for cohort, values in zip(table.index, table.astype("float64").to_numpy().tolist(), strict=True):
        for distance, value in zip(distances, values, strict=True):
            state = progress_of(str(cohort), distance)
            is_open = is_open or state == UNFINISHED
            if state == AHEAD or math.isnan(value):
                if state == UNFINISHED:
                    cells.append(Cell(str(cohort), str(distance), "", is_complete=False))
                continue
            text = f"{value:.1f}" if percentage else f"{value:,.0f}"
            details = (("users, %" if percentage else "users", text),)
            cells.append(Cell(str(cohort), str(distance), text, value if distance else None, state == COMPLETE, details))
    title = "Share of users who come back, %" if percentage else "Users who come back"
    return heat_map(
        cells,
        [str(cohort) for cohort in table.index],
        [str(distance) for distance in distances],
        Layout(title),
        row_title="first seen",
        column_title="periods since first seen",
        scale_title="users, %" if percentage else "users",
        note=f"not complete by {as_of}" if is_open else "",
    )
