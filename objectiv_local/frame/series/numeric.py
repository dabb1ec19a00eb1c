"""Series of numbers, bools and intervals of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from objectiv_local.arguments import checked
from objectiv_local.dialects.dialect import BOUNDS
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame.align import aligned
from objectiv_local.frame.cut import cut, qcut
from objectiv_local.frame.handles import make_series, series_class
from objectiv_local.frame.scale import minmax_scaled, scaled
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.values import checked_name
from objectiv_local.plan.expr import Cast, Expr, Literal, call, case, cast, literal
from objectiv_local.types import FLOAT64, INTERVAL, STRING

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.plot import Plot


@checked
class SeriesNumeric(Series):
    """Series of integers, floats or decimals.

    Division is true division, also for integers; ``//`` and ``%`` round toward negative infinity and are missing if the
    divisor is 0; a float division by zero is inf, -inf or NaN. ``**`` returns floats.
    """

    __slots__ = ()

    def exp(self) -> Series:
        """Return the exponential as a float; inf beyond the largest float."""
        return self._call("exp")

    def log(self) -> Series:
        """Return the natural logarithm as a float; -inf for 0 and NaN for negative numbers."""
        return self._call("log")

    def log10(self) -> Series:
        """Return the base-10 logarithm as a float; -inf for 0 and NaN for negative numbers."""
        return self._call("log10")

    def sqrt(self) -> Series:
        """Return the square root as a float; NaN for negative numbers."""
        return self._call("sqrt")

    def floor(self) -> Series:
        """Return the largest whole number that is not greater than the value, as a float."""
        return self._with(call("floor", cast(self._expr, FLOAT64)))

    def ceil(self) -> Series:
        """Return the smallest whole number that is not less than the value, as a float."""
        return self._with(call("ceil", cast(self._expr, FLOAT64)))

    def cut(self, bins: int | Sequence[float], right: bool = True) -> Series:
        """Return the interval of each value, of equal width or between a list of edges; see the function ``cut``."""
        return cut(self, bins, right=right)

    def qcut(self, q: int | Sequence[float]) -> Series:
        """Return the interval between two quantiles that contains each value; see the function ``qcut``."""
        return qcut(self, q)

    def scale(self, with_mean: bool = True, with_std: bool = True) -> Series:
        """Return the values minus their mean, divided by their population standard deviation. A constant becomes 0."""
        return scaled(self, with_mean=with_mean, with_std=with_std)

    def minmax_scale(self, feature_range: tuple[float, float] = (0, 1)) -> Series:
        """Return the values scaled linearly so that their minimum and maximum are those of ``feature_range``."""
        return minmax_scaled(self, feature_range)

    @property
    def plot(self) -> Plot:
        """Charts of the values; see DataFrame.plot."""
        frame: DataFrame = self.to_frame()
        return frame.plot


@series_class("int64")
class SeriesInt64(SeriesNumeric):
    """Series of 64-bit integers. A result out of range is an error."""

    __slots__ = ()

    def __index__(self) -> int:
        """Return the value of a one-row series, as for ``range``. Runs the query."""
        return int(self)


@series_class("float64")
class SeriesFloat64(SeriesNumeric):
    """Series of floats. NaN is a value, equal to itself and greater than every number."""

    __slots__ = ()


@series_class("decimal")
class SeriesDecimal(SeriesNumeric):
    """Series of decimals: up to 38 digits, with a fixed number of decimal places.

    Sums and products are exact, with as many decimal places as they need; more than 38 digits are an error. An operation on a
    decimal and a float returns a float, and so do quotients, means and similar functions.
    """

    __slots__ = ()


@series_class("bool")
class SeriesBoolean(Series):
    """Series of bools. The sum is the number of true values, and the mean is their proportion."""

    __slots__ = ()


@series_class("numeric_interval")
@checked
class SeriesNumericInterval(Series):
    """Series of intervals of numbers, as returned by ``cut`` and ``qcut``; ``pandas.Interval`` when fetched."""

    __slots__ = ()

    @classmethod
    def from_value(cls, base: DataFrame | Series, value: object, name: str = "new_series", dtype: object = None) -> Series:
        """Return an interval for each row of ``base``: a ``pandas.Interval``, or a mapping of its parts.

        The mapping has ``lower`` and ``upper``, numbers or numeric series, and ``bounds``: ``(]``, ``[)``, ``[]`` or ``()``,
        or a series of these. Series of other frames are aligned as in an assignment. If a part is missing or NaN, the
        interval is missing. Raises InvalidType or InvalidValue for constants that do not form a valid interval; for series,
        fetching rows is an error.
        """
        if not isinstance(value, Mapping):
            return super().from_value(base, value, name, dtype)
        cls._constant_type(None, dtype)
        if set(value) != {"lower", "upper", "bounds"}:
            raise InvalidValue(
                f"an interval has lower, upper and bounds, not {sorted(map(str, value))}",
                hint="as in {'lower': 0, 'upper': df.x, 'bounds': '(]'}",
            )
        state = base._state
        parts: list[Expr] = []
        for part in ("lower", "upper", "bounds"):
            given = value[part]
            if isinstance(given, Series):
                state, parts, expr = aligned(state, parts, given._state, given._expr, "left", given.name)
            else:
                expr = literal(given, STRING if given is None else None)
            if part == "bounds" and expr.type != STRING:
                raise InvalidType(
                    f"the bounds of an interval have to be a string, not {expr.type}", hint="use one of " + ", ".join(BOUNDS)
                )
            if part != "bounds" and expr.type.name not in ("int64", "float64", "decimal"):
                raise InvalidType(
                    f"the {part} end of an interval has to be a number, not {_shown(given)}",
                    hint="cast it with astype('float64')",
                )
            parts.append(expr)
        return make_series(state, _interval(*parts), checked_name(name))

    @property
    def lower(self) -> Series:
        """The lower ends."""
        return self._call("interval_lower").rename("lower")

    @property
    def upper(self) -> Series:
        """The upper ends."""
        return self._call("interval_upper").rename("upper")

    @property
    def bounds(self) -> Series:
        """Which ends are included: ``(]``, ``[)``, ``[]`` or ``()``."""
        return self._call("interval_bounds").rename("bounds")

    @property
    def levels(self) -> dict[str, Series]:
        """The lower ends, the upper ends and the bounds, by name."""
        return {"lower": self.lower, "upper": self.upper, "bounds": self.bounds}

    def flatten(self) -> DataFrame:
        """Return a frame of the levels in columns ``_<name>_lower``, ``_<name>_upper`` and ``_<name>_bounds``."""
        frame = self.to_frame()
        for level, series in self.levels.items():
            frame[f"_{self._name}_{level}"] = series
        made: DataFrame = frame[[f"_{self._name}_{level}" for level in self.levels]]
        return made


def _shown(value: object) -> str:
    return value.dtype if isinstance(value, Series) else repr(value)


def _interval(lower: Expr, upper: Expr, bounds: Expr) -> Expr:
    """Return the interval with these parts; NULL if one is NULL or NaN. The query fails for invalid parts."""
    lower, upper = cast(lower, FLOAT64), cast(upper, FLOAT64)
    _check(lower, upper, bounds)
    nan = literal(float("nan"))
    missing = call("is_null", bounds)
    for end in (lower, upper):
        missing = call("or", missing, call("or", call("is_null", end), call("eq", end, nan)))
    ordered = call("le", lower, upper)
    shown: Expr = literal("not an interval: ")
    for part in (
        call("slice", bounds, literal(0), literal(1)),
        cast(lower, STRING),
        literal(", "),
        cast(upper, STRING),
        call("slice", bounds, literal(1), literal(9)),
    ):
        shown = call("concat", shown, part)
    # A string with this prefix cannot be cast to a number, so the engine raises an error that quotes it.
    refused = call("interval", cast(shown, FLOAT64), upper, literal("[]"))
    known = [str(bounds.value)] if isinstance(bounds, Literal) else BOUNDS
    kinds = [
        (call("and", ordered, call("eq", bounds, literal(each))), call("interval", lower, upper, literal(each)))
        for each in known
    ]
    return case([(missing, literal(None, INTERVAL)), *kinds], refused)


def _check(lower: Expr, upper: Expr, bounds: Expr) -> None:
    """Raise InvalidValue for constants that do not form a valid interval."""
    low, high = (end.arg if isinstance(end, Cast) else end for end in (lower, upper))
    if isinstance(bounds, Literal) and bounds.value is not None and bounds.value not in BOUNDS:
        raise InvalidValue(f"the bounds of an interval cannot be {bounds.value!r}", hint="use one of " + ", ".join(BOUNDS))
    if isinstance(low, Literal) and isinstance(high, Literal) and float(str(low.value)) > float(str(high.value)):
        raise InvalidValue(f"an interval cannot go from {low.value} to {high.value}", hint="the lower end has to come first")
