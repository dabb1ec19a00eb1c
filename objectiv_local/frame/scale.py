"""Scaling of numbers: standardizing, or mapping to a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.errors import InvalidValue
from objectiv_local.frame.functions import NUMERIC

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.frame.series.base import Series


def scaled(series: Series, *, with_mean: bool = True, with_std: bool = True) -> Series:
    """Return the values minus their mean, divided by their population standard deviation; a constant is not divided."""
    series._state.rows("scale")
    out = series.astype("float64")
    spread = out.std_pop()
    if with_mean:
        out = out - out.mean()
    return out / spread.mask(spread == 0.0, 1.0) if with_std else out


def minmax_scaled(series: Series, feature_range: tuple[float, float] = (0, 1)) -> Series:
    """Return the values mapped linearly to a range; a constant becomes its lower end."""
    series._state.rows("minmax_scale")
    low, high = float(feature_range[0]), float(feature_range[1])
    if not low < high:
        raise InvalidValue(f"feature_range has to be in ascending order, not {feature_range!r}")
    values = series.astype("float64")
    least, most = values.min(), values.max()
    width = most - least
    return (values - least) / width.mask(width == 0.0, 1.0) * (high - low) + low


def scale(self: DataFrame, with_mean: bool = True, with_std: bool = True) -> DataFrame:
    """Return a copy with numeric columns standardized: minus the mean, divided by the population standard deviation."""
    return self.assign(**{name: scaled(self[name], with_mean=with_mean, with_std=with_std) for name in _numbers(self)})


def minmax_scale(self: DataFrame, feature_range: tuple[float, float] = (0, 1)) -> DataFrame:
    """Return a copy with numeric columns mapped linearly to a range; other columns are unchanged."""
    return self.assign(**{name: minmax_scaled(self[name], feature_range) for name in _numbers(self)})


def _numbers(frame: DataFrame) -> list[str]:
    return [
        name for name in frame.data_columns if frame._state.plan.types[name].name in NUMERIC and frame.dtypes[name] != "bool"
    ]
