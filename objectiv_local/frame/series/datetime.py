"""Series of dates, times, timestamps and durations, and their ``.dt`` accessor."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame.clocks import days_after_monday, localized, shown, week_of
from objectiv_local.frame.habits import Accessor
from objectiv_local.frame.handles import make_series, series_class
from objectiv_local.frame.series.base import Series
from objectiv_local.plan.expr import Expr, call, cast, literal
from objectiv_local.plan.strftime import pieces
from objectiv_local.types import DATE, FLOAT64, INT64, TIME, TIMESTAMP

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame

DATE_PARTS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_DAY = 86_400_000_000


class SeriesMoment(Series):
    """Series of dates, times or timestamps."""

    __slots__ = ()

    @property
    def dt(self) -> DateTimeOperation:
        """Accessor for operations on dates, times and timestamps."""
        return DateTimeOperation(self)


@series_class("date")
class SeriesDate(SeriesMoment):
    """Series of dates. A date plus a duration is a timestamp; the difference of two dates is a duration."""

    __slots__ = ()


@series_class("time")
class SeriesTime(SeriesMoment):
    """Series of times of day with microsecond precision. They can be compared, and have parts."""

    __slots__ = ()


@series_class("timestamp")
@checked
class SeriesTimestamp(SeriesMoment):
    """Series of timestamps in UTC, with microsecond precision and without a time zone."""

    __slots__ = ()

    @classmethod
    def from_total_seconds(cls, total_seconds: Series) -> Series:
        """Return the timestamps that many seconds after the start of 1970, to the microsecond."""
        return total_seconds._with(call("add", literal(datetime.datetime(1970, 1, 1)), _from_seconds(total_seconds._expr)))


@checked
class DateTimeOperation(Accessor):
    """Operations on dates, times and timestamps. Missing values stay missing."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def strftime(self, format_str: str) -> Series:
        """Return timestamps as strings in the format of Python's codes, with English names.

        Raises NotSupported for codes whose output differs between engines.
        """
        pieces(format_str)
        return self._series._call("strftime", format_str)

    def date_trunc(self, date_part: str, week_start: str = "monday") -> Series:
        """Return the start of the period: second, minute, hour, day, week, month, quarter or year.

        Weeks start on ``week_start``, a day of the week. The result is a timestamp, also for dates. Periods are in UTC; call
        ``tz_convert`` first for those of a time zone.
        """
        if date_part not in DATE_PARTS:
            raise InvalidValue(f"{date_part!r} is not a period for date_trunc", hint=near(str(date_part), DATE_PARTS))
        days_after_monday(week_start)
        if date_part == "week":
            return self._series._with(week_of(self._series._expr, week_start))
        return self._series._with(call("date_trunc", literal(date_part), self._series._expr))

    def tz_convert(self, tz: str) -> Series:
        """Return the local time in a time zone for timestamps in UTC, such as 12:00 in Amsterdam for 10:00 in July.

        ``tz`` is a name of tzdata, such as ``'Europe/Amsterdam'``. The result is a timestamp without a time zone: use it to
        group, truncate, format or take parts, and keep the UTC timestamps for durations. In pandas, whose timestamps have a
        time zone, it is ``s.dt.tz_localize('UTC').dt.tz_convert(tz).dt.tz_localize(None)``.

        The result follows the installed release of tzdata on every engine: if an engine has other rules, the SQL that a
        connection runs corrects them. Timestamps before 1800 have the offset of January 1, 1800, which is local mean time.
        Missing values stay missing.

        Raises InvalidType for dates and times of day, and InvalidValue for an unknown zone. Fetching raises NotSupported for a
        zone that the engine does not have, and QueryFailed or DataInvalid for timestamps in years for which the engine follows
        another rule; upgrade tzdata or the engine to resolve this.

        >>> from objectiv_local import DataFrame
        >>> df = DataFrame.from_schema({"moment": "timestamp"}, dialect="duckdb", table_name="clicks")
        >>> print(df.moment.dt.tz_convert("Europe/Amsterdam").dt.date_trunc("day").view_sql())
        SELECT date_trunc('day', (moment AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Amsterdam') AS moment
        FROM clicks
        """
        if self._series.dtype != "timestamp":
            raise InvalidType(
                f"a {self._series.dtype} cannot be converted to a time zone",
                hint="tz_convert needs timestamps; tz_localize also accepts dates",
            )
        return self._series._with(shown(self._series._expr, tz))

    def tz_localize(self, tz: str, ambiguous: bool | str = "raise", nonexistent: datetime.timedelta | str = "raise") -> Series:
        """Return the timestamps in UTC of local times in a time zone; a date is midnight.

        The opposite of ``tz_convert``, for the same zones. In pandas, it is
        ``s.dt.tz_localize(tz, ambiguous, nonexistent).dt.tz_convert('UTC').dt.tz_localize(None)``.

        Where clocks are set back, some local times occur twice: with ``ambiguous='raise'``, fetching such a time is an error;
        with ``'NaT'`` it is missing; with True it is the first and with False the second occurrence. Where clocks are set
        forward, some local times do not exist: with ``nonexistent='raise'``, such a time is an error; with ``'NaT'`` it is
        missing; a duration is added to it, which has to result in an existing time. Missing values stay missing.

        Differs from pandas: ``ambiguous`` cannot be 'infer' or an array, and ``nonexistent`` cannot be 'shift_forward' or
        'shift_backward'.

        Raises InvalidType for times of day, InvalidValue for an unknown zone, and NotSupported. Fetching raises QueryFailed or
        DataInvalid for ambiguous or nonexistent times, and NotSupported for a zone that the engine does not have.

        >>> from objectiv_local import DataFrame
        >>> df = DataFrame.from_schema({"t": "timestamp"}, dialect="duckdb", table_name="shops")
        >>> print(df.t.dt.tz_localize("Asia/Tokyo", ambiguous=False, nonexistent="NaT").view_sql())
        SELECT
          CASE
            WHEN (t AT TIME ZONE 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo' = t THEN t AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE 'UTC'
          END AS t
        FROM shops
        """
        if self._series.dtype == "time":
            raise InvalidType("a time of day cannot be localized", hint="tz_localize needs timestamps or dates")
        time = cast(self._series._expr, TIMESTAMP) if self._series.dtype == "date" else self._series._expr
        state, time = self._series._state.as_column(time)
        return make_series(state, localized(time, tz, ambiguous, nonexistent), self._series._name)

    def _part(self, name: str) -> Series:
        if self._series.dtype == "time" and name not in ("hour", "minute", "second", "microsecond"):
            raise InvalidType(f"a time has no {name}", hint="it has hour, minute, second and microsecond")
        return self._series._with(call("date_part", literal(name), self._series._expr), name)

    @property
    def year(self) -> Series:
        """The year."""
        return self._part("year")

    @property
    def quarter(self) -> Series:
        """The quarter of the year, 1 to 4."""
        return self._part("quarter")

    @property
    def month(self) -> Series:
        """The month, 1 to 12."""
        return self._part("month")

    @property
    def week(self) -> Series:
        """The ISO 8601 week number, 1 to 53."""
        return self._part("week")

    @property
    def isoyear(self) -> Series:
        """The year of the ISO 8601 week."""
        return self._part("isoyear")

    @property
    def day(self) -> Series:
        """The day of the month."""
        return self._part("day")

    @property
    def dayofyear(self) -> Series:
        """The day of the year, from 1."""
        return self._part("dayofyear")

    @property
    def dayofweek(self) -> Series:
        """The day of the week, from 0 for Monday."""
        return self._part("dayofweek")

    weekday = dayofweek
    day_of_week = dayofweek
    day_of_year = dayofyear

    @property
    def hour(self) -> Series:
        """The hour, 0 to 23."""
        return self._part("hour")

    @property
    def minute(self) -> Series:
        """The minute."""
        return self._part("minute")

    @property
    def second(self) -> Series:
        """The second, without its fraction."""
        return self._part("second")

    @property
    def microsecond(self) -> Series:
        """The microsecond within the second."""
        return self._part("microsecond")

    @property
    def date(self) -> Series:
        """The date."""
        return self._series._with(cast(self._series._expr, DATE))

    @property
    def time(self) -> Series:
        """The time of day."""
        return self._series._with(cast(self._series._expr, TIME))

    def normalize(self) -> Series:
        """Return the start of the day, as a timestamp."""
        return self.date_trunc("day")

    def day_name(self) -> Series:
        """Return the English name of the day of the week."""
        return self.strftime("%A")

    def month_name(self) -> Series:
        """Return the English name of the month."""
        return self.strftime("%B")


@series_class("timedelta")
@checked
class SeriesTimedelta(Series):
    """Series of durations with microsecond precision. Quotients, and products with floats, are rounded to microseconds."""

    __slots__ = ()

    @property
    def dt(self) -> TimedeltaOperation:
        """Accessor for operations on durations."""
        return TimedeltaOperation(self)

    @classmethod
    def from_total_seconds(cls, total_seconds: Series) -> Series:
        """Return durations of that many seconds, to the microsecond."""
        return total_seconds._with(_from_seconds(total_seconds._expr))

    def __mul__(self, other: object) -> Series:
        return self._scaled("mul", other)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Series:
        is_duration = other.dtype == "timedelta" if isinstance(other, Series) else isinstance(other, datetime.timedelta)
        return self._binary("truediv", other) if is_duration else self._scaled("truediv", other)

    def _scaled(self, op: str, other: object) -> Series:
        if op == "mul" and (isinstance(other, int) or (isinstance(other, Series) and other.dtype == "int64")):
            return self._binary(op, other)
        micros = self._with(cast(call("microseconds", self._expr), FLOAT64))
        found = micros._binary(op, other)
        return found._with(_whole_microseconds(found._expr))


@checked
class TimedeltaOperation(Accessor):
    """Operations on durations."""

    __slots__ = ("_series",)

    def __init__(self, series: Series) -> None:
        self._series = series

    def _micros(self) -> Expr:
        return call("microseconds", self._series._expr)

    def _of_day(self, unit: int, most: int, name: str) -> Series:
        """Return the number of units in the duration after removing larger units; ``most`` of them make up the next one."""
        units = call("floordiv", self._micros(), literal(unit)) if unit > 1 else self._micros()
        return self._series._with(call("mod", units, literal(most)), name)

    @property
    def total_seconds(self) -> Series:
        """The duration in seconds, as a float. The series is named ``total_seconds``."""
        return self._series._call("total_seconds").rename("total_seconds")

    @property
    def days(self) -> Series:
        """The whole days, rounded down as in pandas."""
        return self._series._with(call("floordiv", self._micros(), literal(_DAY)), "days")

    @property
    def seconds(self) -> Series:
        """The whole seconds within the day, from 0."""
        return self._of_day(1_000_000, 86_400, "seconds")

    @property
    def microseconds(self) -> Series:
        """The microseconds within the second, from 0."""
        return self._of_day(1, 1_000_000, "microseconds")

    @property
    def components(self) -> DataFrame:
        """A frame with the days, hours, minutes, seconds, milliseconds and microseconds of each duration."""
        parts = {
            "days": self.days,
            "hours": self._of_day(3_600_000_000, 24, "hours"),
            "minutes": self._of_day(60_000_000, 60, "minutes"),
            "seconds": self._of_day(1_000_000, 60, "seconds"),
            "milliseconds": self._of_day(1_000, 1_000, "milliseconds"),
            "microseconds": self._of_day(1, 1_000, "microseconds"),
        }
        frame: DataFrame = self._series.to_frame().assign(**parts)[list(parts)]
        return frame


def _from_seconds(expr: Expr) -> Expr:
    if expr.type == INT64:
        return call("from_microseconds", call("mul", expr, literal(1_000_000)))
    return _whole_microseconds(call("mul", cast(expr, FLOAT64), literal(1_000_000.0)))


def _whole_microseconds(expr: Expr) -> Expr:
    """Return a number of microseconds as a duration, rounded half to even."""
    return call("from_microseconds", cast(call("round", expr, literal(0)), INT64))
