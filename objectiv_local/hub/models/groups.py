"""The groups that events are aggregated by; by default the periods of the hub."""

from __future__ import annotations

from typing import Final

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, NamedExprs, Ordering, State, grouping, series_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.models.periods import time_agg
from objectiv_local.hub.settings import Settings


class _NotSet:
    def __repr__(self) -> str:
        return "not_set"


#: The default of ``groupby``. It is not None, because None means one group of all rows.
not_set: Final = _NotSet()


def grouped_by(settings: Settings, data: DataFrame, groupby: object, model: str) -> tuple[State, NamedExprs]:
    """Return the rows of a frame and the keys of its groups. Raises an error if a key has the name of the result, ``model``."""
    if isinstance(groupby, DataFrame) and groupby.group_by is not None:
        raise InvalidType(
            f"groupby of {model} takes names and series, not a grouped frame",
            hint="pass the columns to group by, as in groupby=['name']",
        )
    by: object = groupby
    if groupby is not_set:
        require(data, model, moment="timestamp")
        by = time_agg(settings, data)
    state, keys = grouping(data, by)
    for name, _ in keys:
        if name == model:
            raise InvalidValue(f"a group cannot be named {name!r}, the name of the result", hint="rename the series")
    return state, keys


def of_groups(state: State, plan: Aggregate, name: str) -> Series:
    """Return a column of aggregated rows as a series, indexed and ordered by the keys."""
    index = tuple(key for key, _ in plan.keys)
    order = tuple(Ordering(plan.column(key)) for key in index)
    return series_of(state.with_rows(plan, index, order), plan.column(name), name)
