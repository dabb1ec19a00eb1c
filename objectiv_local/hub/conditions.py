"""Conditions on events: functions of an event frame, series of it, event types, and frames of users."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from objectiv_local.arguments import in_words
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, ObjectivError
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, expr_of, literal, series_of, state_of, without_join
from objectiv_local.types import BOOL

_EXAMPLE = "for instance where=lambda events: events.event_type == 'buy'"
_SERIES = "for instance events.event_type == 'buy'"
_FUNCTION = "for instance lambda events: events.event_type == 'buy'"


def held(where: Callable[[DataFrame], Series], data: DataFrame, what: str, example: str = _EXAMPLE) -> Series:
    """Return whether a condition (a function of an event frame) holds for the rows of ``data``; false where it is missing.

    ``what`` names the condition in errors. Raises InvalidValue if the function fails or returns a series of other rows, and
    InvalidType if it does not return a bool series. Errors of this package that the function raises keep their class.
    """
    found = computed(where, data, what, example)
    if not isinstance(found, Series) or expr_of(found).type != BOOL:
        given = f"of {found.dtype}" if isinstance(found, Series) else type(found).__name__
        raise InvalidType(
            f"{what} has to return a bool series, not {'a series ' * isinstance(found, Series)}{given}", hint=example
        )
    placed = of_rows(found, data, f"{what} returns", example)
    return series_of(state_of(placed), call("coalesce", expr_of(placed), literal(False)), found.name)


def computed(function: Callable[[DataFrame], object], data: DataFrame, what: str, example: str) -> object:
    """Return the result of a user's function for an event frame. Raises InvalidValue if it fails."""
    try:
        # A copy, so that columns it assigns do not change the user's frame.
        return function(data.copy())
    except ObjectivError as error:
        raise type(error)(f"{what} fails for this frame: {error.what}", hint=error.hint) from error
    except Exception as error:
        raise InvalidValue(f"{what} fails for this frame: {type(error).__name__}: {error}", hint=example) from error


def of_rows(found: Series, data: DataFrame, what: str, example: str) -> Series:
    """Return a series as an expression over the rows of a frame.

    Raises InvalidValue for a series of other rows; ``what`` starts its message.
    """
    state, given = state_of(data), state_of(found)
    placed = None
    if given.groups is None and given.engine is state.engine:
        placed = without_join(state.plan, given.plan, expr_of(found), "both")
    if placed is None:
        raise InvalidValue(
            f"{what} a series of other rows than those of the event frame",
            hint="compute it from the event frame alone: no filters, no aggregation by groups (use transform) and no "
            f"other frames; {example}",
        )
    return series_of(state.with_plan(placed[0]), placed[1], found.name)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the rows of an event frame: its name, and a bool series that is never missing.

    ``types`` are the event types that it names.
    """

    name: str
    holds: Series
    types: tuple[str, ...] = ()
    #: Whether the name describes the condition, and not only the argument that it was passed as.
    is_named: bool = True

    @property
    def title(self) -> str:
        """The condition as part of a sentence."""
        return self.name if self.is_named else f"the condition passed as {self.name.partition(' of ')[0]}"


def condition(
    given: object, data: DataFrame, what: str, unit: Sequence[str] = ("user_id",), name: str | None = None
) -> Condition:
    """Return a user's condition for the rows of ``data``.

    A condition is an event type, several event types, a bool series of the frame, a function of the frame that returns such a
    series, or a frame of users that is indexed by the unit, such as a cohort. A frame of users matches all events of these
    users. ``what`` names the condition in errors.
    """
    if isinstance(given, str):
        return Condition(name or given, _typed(data, what).isin([given]), (given,))
    if isinstance(given, Series):
        if expr_of(given).type != BOOL:
            raise InvalidType(f"{what} has to be a bool series, not a series of {given.dtype}", hint=f"compare it; {_SERIES}")
        placed = of_rows(given, data, f"{what} is", _SERIES)
        # A comparison has the name of the column that it compares, which does not describe it.
        is_named = given.name not in (*data.data_columns, *data.index_columns) or data.all_series[given.name].dtype == "bool"
        holds = series_of(state_of(placed), call("coalesce", expr_of(placed), literal(False)), given.name)
        return Condition(name or (given.name if is_named else what), holds, is_named=bool(name) or is_named)
    members = getattr(given, "members", given)
    if isinstance(members, DataFrame):
        return Condition(name or "users", is_member(members, data, what, unit))
    if callable(given):
        own = getattr(given, "__name__", "")
        is_named = bool(name) or own.isidentifier()
        return Condition(name or (own if own.isidentifier() else what), held(given, data, what, _FUNCTION), is_named=is_named)
    if isinstance(given, Sequence | AbstractSet) and given and all(isinstance(each, str) for each in given):
        types = tuple(dict.fromkeys(sorted(given) if isinstance(given, AbstractSet) else given))
        return Condition(name or " or ".join(types), _typed(data, what).isin(types), types)
    raise InvalidType(
        f"{what} cannot be {in_words(given)}",
        hint="give an event type, a list of event types, a bool series of the frame, a function of the frame that "
        "returns such a series, or a frame of users",
    )


def not_a_day(given: object, what: str, instead: str) -> None:
    """Raise InvalidValue for a date passed as a condition, which would be taken for an event type."""
    if isinstance(given, datetime.date) or (isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", given)):
        raise InvalidValue(f"{what} has to be a condition on events, not the date {str(given)!r}", hint=f"pass it as {instead}")


def is_member(members: DataFrame, data: DataFrame, what: str, unit: Sequence[str]) -> Series:
    """Return whether the unit of each event is in the index of a frame of users; false for a missing unit.

    Raises InvalidValue for a frame with another index, and InvalidType if the ids have other types.
    """
    index = members.index_columns
    if len(index) != len(unit):
        raise InvalidValue(
            f"{what} is a frame indexed by {', '.join(index) or 'nothing'}, not by {', '.join(unit)}",
            hint="give a frame of users, such as a cohort or the result of users() of an analysis",
        )
    if index == data.index_columns and index != list(unit):
        raise InvalidValue(
            f"{what} is a frame indexed by {', '.join(index)}, like the events, and not by {', '.join(unit)}",
            hint="give a frame of users, such as a cohort, or the condition of the events itself",
        )
    if len(unit) > 1:
        raise NotSupported(
            f"{what} is a frame of units of several columns, and events can only be looked up by one column",
            hint=f"merge it first and leave the condition out: events.merge(users, on={list(unit)!r})",
        )
    kinds = {members.index_dtypes[index[0]], data.dtypes[unit[0]]}
    if "string" in kinds and not kinds <= {"string", "uuid"}:
        raise InvalidType(
            f"{what} is a frame of users whose {index[0]} is {members.index_dtypes[index[0]]}, and {unit[0]} of "
            f"the events is {data.dtypes[unit[0]]}",
            hint="give a frame of users, indexed by their ids",
        )
    found: Series = data[unit[0]].isin(members.reset_index()[index[0]])
    return found


def _typed(data: DataFrame, what: str) -> Series:
    if "event_type" not in data.data_columns:
        raise ColumnNotFound(
            f"{what} names an event type, but the frame has no column event_type",
            hint="give a bool series of the frame, or a function of it",
        )
    if data.dtypes["event_type"] != "string":
        raise InvalidType(
            f"{what} names an event type, but event_type is {data.dtypes['event_type']}, not string",
            hint="cast it: df['event_type'] = df.event_type.astype('string')",
        )
    found: Series = data.event_type
    return found
