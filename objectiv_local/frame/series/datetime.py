"""Series of dates, moments and durations, and what ``.dt`` offers."""

from __future__ import annotations

from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame.series.base import Series, series_class
from objectiv_local.frame.series.numeric import SeriesSummable
from objectiv_local.plan.expr import call, literal

DATE_PARTS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


@series_class("date", "timestamp")
class SeriesDateTime(Series):
    """Series of dates or moments. Moments have microseconds and no time zone; they are in UTC."""

    __slots__ = ()

    @property
    def dt(self) -> DateTimeOperation:
        """Operations on dates and moments."""
        return DateTimeOperation(self)


class DateTimeOperation:
    """Operations on dates and moments."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def strftime(self, format_str: str) -> Series:
        """Return the moment as text by Python's format codes, with English names.

        Raises NotSupported for codes without one meaning on every engine, when the frame is compiled.
        """
        from objectiv_local.dialects.strftime import pieces

        pieces(format_str)
        return self._series._call("strftime", format_str)

    def date_trunc(self, date_part: str) -> Series:
        """Return the start of the period: second, minute, hour, day, week (Monday), month, quarter or year.

        The result is a timestamp, also for dates.
        """
        if date_part not in DATE_PARTS:
            raise InvalidValue(f"{date_part!r} is not a part to truncate to", hint=near(str(date_part), DATE_PARTS))
        return self._series._with(call("date_trunc", literal(date_part), self._series._expr))


@series_class("timedelta")
class SeriesTimedelta(SeriesSummable):
    """Series of durations of whole microseconds."""

    __slots__ = ()

    @property
    def dt(self) -> TimedeltaOperation:
        """Operations on durations."""
        return TimedeltaOperation(self)


class TimedeltaOperation:
    """Operations on durations."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    @property
    def total_seconds(self) -> Series:
        """The duration in seconds, as a float. The series is named ``total_seconds``."""
        return self._series._call("total_seconds").rename("total_seconds")
