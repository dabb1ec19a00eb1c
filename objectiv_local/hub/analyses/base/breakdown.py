"""Breakdowns: the groups of an analysis, by a column, a series, or a frame of users."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    InQuery,
    Limit,
    Node,
    Ordering,
    Select,
    case,
    expr_of,
    literal,
    series_of,
    state_of,
)
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.conditions import computed, is_member, of_rows

NONE, OTHER = "(none)", "(other)"
#: Maximum number of groups that a breakdown keeps.
_MOST = 10_000
_EXAMPLE = "for instance breakdown='country', or breakdown=lambda events: events.amount > 100"


def breakdown_of(
    given: object, data: DataFrame, name: str, unit: tuple[str, ...], taken: tuple[str, ...]
) -> Series | UserValues:
    """Return the value that each event is grouped by, as a string series with the name of the result column.

    Missing values become ``(none)``. The breakdown is a column, a series of the frame, a function of the frame, a series of
    users (indexed by the unit), or a frame of users, which gives the groups ``in`` and ``not in`` of a column ``member``.
    Raises InvalidValue for a name in ``taken``, the other columns of the result, and for a series of users in which users may
    repeat.
    """
    what = f"breakdown of {name}"
    if callable(given) and not isinstance(given, Series | DataFrame) and not hasattr(given, "members"):
        given = computed(given, data, what, _EXAMPLE)
    members = getattr(given, "members", given)
    if isinstance(members, DataFrame):
        there = is_member(members, data, what, unit)
        return _labels(there, "in", "not in").rename("member")
    if isinstance(given, str):
        if given not in (*data.data_columns, *data.index_columns):
            raise ColumnNotFound(
                f"{what} is column {given!r}, which the frame does not have", hint=near(given, data.data_columns)
            )
        given = data.reset_index()[given]
    if not isinstance(given, Series):
        raise InvalidType(
            f"{what} has to be a column, a series, a function of the frame or a frame of users, not {type(given).__name__}",
            hint=_EXAMPLE,
        )
    if given.name in taken:
        raise InvalidValue(
            f"{what} is named {given.name!r}, which is also the name of another column of the result",
            hint=f"rename it: breakdown=events[{given.name!r}].rename('...')",
        )
    is_of_users = state_of(given).index == unit and data.index_columns != list(unit)
    placed = _of_users(given, data, what, unit) if is_of_users else of_rows(given, data, f"{what} is", _EXAMPLE)
    if placed.dtype in ("list", "dict"):
        raise InvalidType(f"{what} is {placed.dtype}, which cannot be grouped by", hint="select one of its elements")
    if placed.dtype == "timedelta":
        raise InvalidType(f"{what} is timedelta, which cannot be grouped by", hint="convert it: dt.total_seconds()")
    text: Series = placed if placed.dtype == "string" else placed.astype("string")
    if is_of_users:
        return UserValues(str(given.name), text, unit, NONE)
    return text.fillna(NONE).rename(given.name)


def _of_users(given: Series, data: DataFrame, what: str, unit: tuple[str, ...]) -> Series:
    """Return a series of users unchanged. Raises an error unless it has one value for each user of the events."""
    state = state_of(given)
    if state.engine is not state_of(data).engine:
        raise InvalidValue(
            f"{what} is a series of users from another connection than the events",
            hint="load the users into the database of the events",
        )
    for name in unit:
        own = state.plan.types[name]
        if own != state_of(data).plan.types[name]:
            raise InvalidType(
                f"{what} is a series of users whose {name} is {own}, but {name} of the events is {data.dtypes[name]}",
                hint="cast one of them with astype",
            )
    if state.groups is not None or state.plan.key is None or not {*state.plan.key} <= {*unit}:
        raise InvalidValue(
            f"{what} is a series of users in which a user may occur twice",
            hint=f"reduce it to one value per user: users.groupby({list(unit)!r})[...].max()",
        )
    return given


def groups_in_words(name: str, top: int) -> str:
    """Return the sentence on the groups of a breakdown."""
    return f"The {top} largest groups of {name} are shown; all others are combined as {OTHER}."


def checked_top(top: int) -> int:
    """Return the number of groups to keep. Raises InvalidValue if it is out of range."""
    if isinstance(top, bool) or not 1 <= top <= _MOST:
        raise InvalidValue(f"top is {top}, and has to be from 1 to {_MOST:,}", hint="for instance top=10")
    return top


def with_top(rows: Node, label: str, count: Expr, top: int, of: Node | None = None) -> Node:
    """Return rows in which only the ``top`` labels with the largest ``count``, an aggregate, are kept; others are ``(other)``.

    Labels are counted in these rows, or in ``of``. Ties are broken alphabetically.
    """
    of = rows if of is None else of
    total = "total" if label != "total" else "total_of_group"
    totals = Aggregate(of, ((label, of.column(label)),), ((total, count),), f"total_by_{label}")
    order = (Ordering(totals.column(total), ascending=False), Ordering(totals.column(label)))
    largest = Select(Limit(totals, order, top, 0), ((label, totals.column(label)),), f"top_{label}")
    value = rows.column(label)
    kept = case([(InQuery(value, largest, label), value)], literal(OTHER))
    return Select(rows, tuple((name, kept if name == label else rows.column(name)) for name in rows.types), "labeled")


def _labels(there: Series, yes: str, no: str) -> Series:
    return series_of(state_of(there), case([(expr_of(there), literal(yes))], literal(no)), there.name)
