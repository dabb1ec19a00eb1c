"""Series, one file for each kind of value."""

from __future__ import annotations

from objectiv_local.frame.series.base import Series, make_series, series_class
from objectiv_local.frame.series.datetime import SeriesDateTime, SeriesTimedelta
from objectiv_local.frame.series.json import JsonAccessor, SeriesJson
from objectiv_local.frame.series.numeric import SeriesBoolean, SeriesNumeric
from objectiv_local.frame.series.string import SeriesString

__all__ = ["JsonAccessor", "Series", "SeriesBoolean", "SeriesDateTime", "SeriesJson", "SeriesNumeric", "SeriesString",
           "SeriesTimedelta", "make_series", "series_class"]
