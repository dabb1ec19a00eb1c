"""What models ask of the frame they are given, and errors that say how to get it."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame

_SOURCES = {
    "session_id": "get_objectiv_dataframe adds it unless with_sessionized_data=False",
    "session_hit_number": "get_objectiv_dataframe adds it unless with_sessionized_data=False",
}


def require(data: object, model: str, **dtypes: str) -> DataFrame:
    """Return ``data`` if it is a frame with the named columns of the given dtypes ("" for any).

    Raises InvalidType and ColumnNotFound.
    """
    if not isinstance(data, DataFrame):
        raise InvalidType(f"{model} takes an event frame, not {type(data).__name__}",
                          hint="make one with ModelHub().get_objectiv_dataframe(...)")
    data._state.rows(model)
    for name, dtype in dtypes.items():
        if name not in data.data_columns:
            raise ColumnNotFound(f"{name} is not present in the frame, and {model} needs it",
                                 hint=_SOURCES.get(name) or near(name, data.data_columns))
        if dtype and data.dtypes[name] != dtype:
            raise InvalidType(f"{model} needs {name} as {dtype}, not as {data.dtypes[name]}",
                              hint=f"cast it: df[{name!r}] = df[{name!r}].astype({dtype!r})")
    return data
