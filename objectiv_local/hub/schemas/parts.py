"""What schemas are written with: columns that may be missing, members of JSON, and the first value that is there."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import call, case, expr_of, literal, series_of, state_of

#: The start of an address, its path, and what comes before a query.
_SCHEME, _PATH, _BEFORE_QUERY = "^[^:/?#]+://", r"^[^:/?#]+://[^/?#]*(/[^?#]*)", "^[^?#]*"


def column(raw: DataFrame, name: str) -> Series | None:
    """Return a column; None if the table does not have it."""
    return raw[name] if name in raw.data_columns else None


def first_of(*series: Series | None) -> Series | None:
    """Return the first value of each row that is not missing; None if none of the series exists.

    Series of several types are combined as text.
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


def as_json(series: Series) -> Series:
    """Return JSON that may be stored as text."""
    return series.astype("json") if series.dtype == "string" else series


def member(series: Series | None, *keys: str) -> Series | None:
    """Return the member under a path of keys as text; None if there is no such series."""
    if series is None:
        return None
    found = as_json(series)
    for key in keys[:-1]:
        found = found.json.get_value(key)
    text: Series = found.json.get_value(keys[-1], as_str=True)
    return text


def path(url: Series | None) -> Series | None:
    """Return the path of addresses, ``/`` if it is empty; None if there is no such series.

    What is no address is a path already, and ends before its query.
    """
    if url is None:
        return None
    text = expr_of(url)
    of_address = call("coalesce", call("re_extract", text, literal(_PATH), literal(1)), literal("/"))
    of_path = call("re_extract", text, literal(_BEFORE_QUERY), literal(0))
    is_address = call("re_contains", text, literal(_SCHEME))
    return series_of(state_of(url), case([(is_address, of_address)], of_path), url.name)


def joined(first: Series, second: Series) -> Series:
    """Return two ids as one text with a bar between them; missing if either is."""
    return first.astype("string") + "|" + second.astype("string")


def present(**columns: Series | None) -> dict[str, Series]:
    """Return the columns that exist."""
    return {name: series for name, series in columns.items() if series is not None}
