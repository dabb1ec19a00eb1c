"""Series: one module for each kind of type."""

from objectiv_local.frame.handles import make_series, series_class
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.series.datetime import SeriesDate, SeriesTime, SeriesTimedelta, SeriesTimestamp
from objectiv_local.frame.series.json import JsonAccessor, SeriesJson
from objectiv_local.frame.series.nested import SeriesDict, SeriesList
from objectiv_local.frame.series.numeric import SeriesBoolean, SeriesDecimal, SeriesFloat64, SeriesInt64, SeriesNumericInterval
from objectiv_local.frame.series.string import SeriesString
from objectiv_local.frame.series.uuid import SeriesUuid

__all__ = [
    "JsonAccessor",
    "Series",
    "SeriesBoolean",
    "SeriesDate",
    "SeriesDecimal",
    "SeriesDict",
    "SeriesFloat64",
    "SeriesInt64",
    "SeriesJson",
    "SeriesList",
    "SeriesNumericInterval",
    "SeriesString",
    "SeriesTime",
    "SeriesTimedelta",
    "SeriesTimestamp",
    "SeriesUuid",
    "make_series",
    "series_class",
]
