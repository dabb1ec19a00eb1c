"""Checks that a frame has the columns a model needs, with errors that explain how to get them."""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import state_of

_SOURCES = {
    "session_id": "hub.sessionize(df) adds it, as get_objectiv_dataframe does unless with_sessionized_data=False",
    "session_hit_number": "hub.sessionize(df) adds it, as get_objectiv_dataframe does unless with_sessionized_data=False",
}


def require(data: object, model: str, others: Iterable[str] = (), /, **dtypes: str) -> DataFrame:
    """Return ``data`` if it is a frame with the named columns of the given dtypes ("" for any).

    ``others`` are columns of any dtype that the user names. Raises InvalidType and ColumnNotFound.
    """
    if not isinstance(data, DataFrame):
        raise InvalidType(
            f"{model} takes an event frame, not {type(data).__name__}", hint="make one with ModelHub().events(...)"
        )
    state_of(data).rows(model)
    for name, dtype in (dict.fromkeys(others, "") | dtypes).items():
        if name not in data.data_columns:
            raise ColumnNotFound(
                f"{name} is not present in the frame, and {model} needs it",
                hint=_SOURCES.get(name) or near(name, data.data_columns),
            )
        if dtype and data.dtypes[name] != dtype:
            raise InvalidType(
                f"{model} needs {name} as {dtype}, not as {data.dtypes[name]}",
                hint=f"cast it: df[{name!r}] = df[{name!r}].astype({dtype!r})",
            )
    return data


def column_names(given: object) -> list[str]:
    """Return the column names that a user passed: None, one or several. Raises InvalidType for anything but names."""
    if given is None:
        return []
    names = [given] if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    for name in names:
        if not isinstance(name, str):
            raise InvalidType(
                f"columns are passed by name, not as {type(name).__name__}", hint="assign the series to a column first"
            )
    return names
