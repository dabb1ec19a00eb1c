"""Building blocks for schemas: optional columns, keys of JSON, URL paths, and the first value that is not missing."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, case, expr_of, literal, series_of, state_of

#: Patterns for the scheme and the path of a URL, and for a path without its query.
_SCHEME, _PATH, _BEFORE_QUERY = "^[^:/?#]+://", r"^[^:/?#]+://[^/?#]*(/[^?#]*)", "^[^?#]*"


def column(raw: DataFrame, name: str) -> Series | None:
    """Return a column; None if the table does not have it."""
    return raw[name] if name in raw.data_columns else None


def first_of(*series: Series | None) -> Series | None:
    """Return for each row the first value that is not missing; None if no series is given.

    Series of different types are converted to strings.
    """
    found = [each for each in series if each is not None]
    if not found:
        return None
    if len({each.dtype for each in found}) > 1:
        found = [each.astype("string") for each in found]
    result = found[0]
    for other in found[1:]:
        result = result.fillna(other)
    return result


def unless(series: Series, other: Series | None) -> Series:
    """Return the values that differ from those of another series; all values if there is no other series."""
    if other is None:
        return series
    kept: Series = series.where(other.isnull() | (series != other))
    return kept


def as_json(series: Series) -> Series:
    """Return the series as JSON, parsed if it is stored as strings."""
    return series.astype("json") if series.dtype == "string" else series


def member(series: Series | None, *keys: str) -> Series | None:
    """Return the value under a path of keys, as a string; None if there is no series."""
    if series is None:
        return None
    found = as_json(series)
    for key in keys[:-1]:
        found = found.json.get_value(key)
    text: Series = found.json.get_value(keys[-1], as_str=True)
    return text


def path(url: Series | None) -> Series | None:
    """Return the path of URLs, ``/`` if it is empty; None if there is no series.

    A value without a scheme is taken as a path, without query and fragment.
    """
    if url is None:
        return None
    text = expr_of(url)
    of_address = call("coalesce", call("re_extract", text, literal(_PATH), literal(1)), literal("/"))
    of_path = call("re_extract", text, literal(_BEFORE_QUERY), literal(0))
    is_address = call("re_contains", text, literal(_SCHEME))
    return series_of(state_of(url), case([(is_address, of_address)], of_path), url.name)


def joined(first: Series, second: Series) -> Series:
    """Return two ids as one string, separated by ``|``; missing if either is missing."""
    return first.astype("string") + "|" + second.astype("string")


def present(**columns: Series | None) -> dict[str, Series]:
    """Return the given columns without those that are None."""
    return {name: series for name, series in columns.items() if series is not None}
