"""Labels: one value for each event, computed from the event and the others of its user or session.

A label is an expression over the rows of the frame it is computed from, so ``df['label'] = hub.map...(df)`` adds a
column and joins nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from objectiv_local.arguments import checked
from objectiv_local.errors import ColumnNotFound, NotSupported, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Ordering, WindowFrame, aggregation, call, case, literal, over
from objectiv_local.frame.series import JsonAccessor
from objectiv_local.hub.checks import require
from objectiv_local.hub.conversions import applied

if TYPE_CHECKING:
    from objectiv_local.hub.modelhub import ModelHub


@checked
class Map:
    """The labels of a model hub."""

    def __init__(self, hub: ModelHub) -> None:
        self._hub = hub

    def is_first_session(self, data: DataFrame) -> Series:
        """Return whether each hit is in the first session of its user within the frame."""
        data = require(data, "is_first_session", session_id="int64", user_id="")
        first = data.groupby("user_id").session_id.transform("min")
        return (first == data.session_id).rename("is_first_session")

    def is_new_user(self, data: DataFrame, time_aggregation: str | None = None) -> Series:
        """Return whether the first session of each hit's user falls in the same period as the hit.

        Periods are the texts that ``time_aggregation`` (a format of strftime; by default the hub's) makes of ``moment``.
        True for all hits of the user in that period, those of later sessions included. A first session that reaches
        over the end of a period marks both periods.
        """
        data = require(data, "is_new_user", session_id="int64", user_id="", moment="timestamp")
        period = self._hub.time_agg(data, time_aggregation)
        first_in_period = data.groupby([period, "user_id"]).session_id.transform("min")
        first = data.groupby("user_id").session_id.transform("min")
        return (first_in_period == first).rename("is_new_user")

    def is_conversion_event(self, data: DataFrame, name: str) -> Series:
        """Return whether each hit is the conversion ``name``, as registered with ``add_conversion_event``.

        With a location stack: whether it has elements. With an event type: whether the hit has exactly that type. With
        both: whether both hold. Raises ColumnNotFound (a KeyError) for a name that was not registered.
        """
        stack, event_type = self._conversion(name)
        data = require(data, "is_conversion_event", **({} if event_type is None else {"event_type": "string"}))
        if stack is None:
            return (data.event_type == event_type).rename("is_conversion_event")
        there = applied(stack, data, name)
        converts = JsonAccessor(there).get_array_length() > 0
        if event_type is not None:
            # In the state of the stack, which may have it in a step of its own.
            of_type = there._with(call("eq", there._state.column("event_type"), literal(event_type)))
            converts = of_type & converts
        return converts.rename("is_conversion_event")

    def conversions_in_time(self, data: DataFrame, name: str, partition: str = "session_id") -> Series:
        """Return the number of conversions ``name`` up to each hit in its session (or other ``partition``).

        The hit itself counts, and so do hits at the same moment.
        """
        data = require(data, "conversions_in_time", moment="timestamp", **{partition: ""})
        return self._conversions(data, name, partition, in_time=True).rename("conversions_in_time")

    def conversions_counter(self, data: DataFrame, name: str, partition: str = "session_id") -> Series:
        """Return the number of conversions ``name`` in the session (or other ``partition``) of each hit.

        The series is named ``converted``.
        """
        data = require(data, "conversions_counter", moment="timestamp", **{partition: ""})
        return self._conversions(data, name, partition, in_time=False).rename("converted")

    def conversion_count(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise an error that names the successor: ``conversions_in_time`` counts conversions up to each hit."""
        raise NotSupported("conversion_count is gone",
                           hint="use conversions_in_time, or conversions_counter for all of a session")

    def pre_conversion_hit_number(self, data: DataFrame, name: str, partition: str = "session_id") -> Series:
        """Return how many hits before the first conversion ``name`` of its session (or other ``partition``) each hit is.

        The hit just before the conversion is 1. The conversion itself, hits after it, and hits of a partition without a
        conversion have none. Hits are ordered by session and hit number.
        """
        data = require(data, "pre_conversion_hit_number", **({partition: ""} | dict.fromkeys(
            ("session_id", "session_hit_number"), "int64")))
        converted = self.is_conversion_event(data, name)
        state = converted._state
        key = state.column(partition)
        hits = (state.column("session_id"), state.column("session_hit_number"))
        so_far = over(aggregation("sum", converted._expr), [key], [Ordering(each) for each in hits],
                      WindowFrame("ROWS", None, 0))
        in_all = over(aggregation("sum", converted._expr), [key])
        before = call("and", call("eq", so_far, literal(0)), call("gt", in_all, literal(0)))
        backwards = [Ordering(each, ascending=False) for each in hits]
        number = over(aggregation("row_number"), [key, before], backwards)
        return converted._with(case([(before, number)])).rename("pre_conversion_hit_number")

    def _conversions(self, data: DataFrame, name: str, partition: str, *, in_time: bool) -> Series:
        converted = self.is_conversion_event(data, name)
        state = converted._state
        key = state.column(partition)
        order = (Ordering(state.column("moment")),) if in_time else ()
        total = over(aggregation("sum", converted._expr), [key], order, WindowFrame("RANGE", None, 0) if in_time else None)
        return converted._with(total)

    def _conversion(self, name: str) -> tuple[Series | None, str | None]:
        known = self._hub.conversion_events
        if name not in known:
            raise ColumnNotFound(f"there is no conversion event {name!r}",
                                 hint=near(str(name), known) if known else "register it with add_conversion_event")
        return known[name]
