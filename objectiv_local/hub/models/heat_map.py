"""The heat map of a retention matrix: its numbers, its colors, and which of its cells may still grow."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.authoring import pyplot
from objectiv_local.hub.events.moments import limit

if TYPE_CHECKING:
    import pandas

_DAY = datetime.timedelta(days=1)
#: Cells up to which each shows its number; of more, none could be read.
MOST_NUMBERS = 2_500

#: How far a cell is: its period has not begun, has not ended, or has ended, so that its number stays.
AHEAD, UNFINISHED, COMPLETE = range(3)


def progress(cohort: str, distance: int, time_period: str, as_of: datetime.datetime, time_zone: str, *, elapsed: bool) -> int:
    """Return how far a cell is at a moment in UTC: ``AHEAD``, ``UNFINISHED`` or ``COMPLETE``.

    A cell is complete if its period has ended for every member of the cohort. Elapsed days begin at the first hit of each
    member, so they end last for who was first seen at the end of the cohort's day.
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


#: The start of the period that is so many periods after another one.
_SHIFTS: dict[str, Callable[[datetime.date, int], datetime.date]] = {
    "daily": lambda start, count: start + count * _DAY,
    "weekly": lambda start, count: start + count * 7 * _DAY,
    "monthly": _months,
    "yearly": lambda start, count: datetime.date(start.year + count, 1, 1),
}


def heat_map(table: pandas.DataFrame, progress_of: Callable[[str, int], int], as_of: str, *,
             percentage: bool) -> Any:
    """Return a figure of matplotlib with a retention matrix. Raises InvalidValue for a matrix without rows.

    The first column, which every member is in, has no color. Cells whose period had not ended are hatched, and those whose
    period had not begun are empty.
    """
    # matplotlib brings numpy.
    import numpy as np

    if table.empty:
        raise InvalidValue("there is nothing to draw: no user was seen", hint="filter less")
    plt = pyplot()
    distances = [int(name.removeprefix("_")) for name in table.columns]
    values = table.astype("float64").to_numpy()
    states = np.array([[progress_of(str(cohort), distance) for distance in distances] for cohort in table.index])
    hidden = np.isnan(values) | (states == AHEAD)
    colored = np.ma.masked_array(values, hidden | (np.array(distances) == 0)[None, :])
    has_numbers = values.size <= MOST_NUMBERS
    width, height = (0.65, 0.4) if has_numbers else (0.16, 0.16)
    figure, axis = plt.subplots(figsize=(max(6, 2 + width * len(distances)), max(3, 1.5 + height * len(table))))
    top = float(colored.max()) if colored.count() else 1.0
    drawn = axis.imshow(colored, aspect="auto", cmap="Blues", vmin=0, vmax=top or 1.0)
    for row, column in zip(*np.nonzero(~hidden), strict=True) if has_numbers else ():
        value = values[row, column]
        is_dark = distances[column] != 0 and value > 0.6 * top
        axis.text(column, row, f"{value:.1f}" if percentage else f"{value:.0f}", ha="center", va="center", fontsize=8,
                  color="white" if is_dark else "black")
    for row, column in zip(*np.nonzero(states == UNFINISHED), strict=True):
        axis.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="///", edgecolor="#999999",
                                     linewidth=0, zorder=0.5))
    # Of many periods, some have a label.
    every = [1 if has_numbers else 1 + count // 30 for count in (len(distances), len(table))]
    axis.set_xticks(range(0, len(distances), every[0]), [str(distance) for distance in distances[::every[0]]])
    axis.set_yticks(range(0, len(table), every[1]), [str(cohort) for cohort in table.index[::every[1]]])
    axis.set(xlabel="periods since first seen", ylabel="first seen",
             title="share of users who come back, %" if percentage else "users who come back")
    if (states == UNFINISHED).any():
        axis.set_xlabel(f"periods since first seen; hatched: not over by {as_of}")
    if colored.count():
        figure.colorbar(drawn, ax=axis)
    figure.tight_layout()
    return figure
