"""The settings of a hub: what models need to know in addition to the events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from objectiv_local.errors import ColumnNotFound, near
from objectiv_local.frame import DataFrame, Series

#: A condition on events: a function of an event frame that returns a bool series of it.
Condition = Callable[[DataFrame], Series]
#: A conversion: a location stack, an event type or both; or a condition.
Conversion = tuple[Series | None, str | None] | Condition


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a hub was created with, and the conversions registered since.

    A model that depends on them has ``settings`` as its first parameter; as a method of a hub it gets those of the hub.
    """

    #: The strftime format that turns moments into periods.
    time_aggregation: str = "%Y-%m-%d %H:%M:%S.%f"
    #: The names of the global contexts that event frames get as columns.
    global_contexts: tuple[str, ...] = ()
    #: The time zone of days, weeks, months and years.
    time_zone: str = "UTC"
    #: The day on which weeks start.
    week_start: str = "monday"
    #: The registered conversions, by name.
    conversions: dict[str, Conversion] = field(default_factory=dict)

    def clocks(self, moment: Series) -> Series:
        """Return moments as local times of the time zone."""
        shown: Series = moment.dt.tz_convert(self.time_zone)
        return shown

    def week(self, time: Series) -> Series:
        """Return the start of the week that a time falls in."""
        start: Series = time.dt.date_trunc("week", self.week_start)
        return start

    def conversion(self, name: str) -> Conversion:
        """Return the conversion registered as ``name``. Raises ColumnNotFound."""
        if name not in self.conversions:
            raise ColumnNotFound(
                f"unknown conversion event {name!r}",
                hint=near(str(name), self.conversions) if self.conversions else "register it with add_conversion_event",
            )
        return self.conversions[name]
