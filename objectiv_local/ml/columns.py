"""Columns that a caller names: whether the frame has them, and whether they can be what they are given as."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame


def checked_column(frame: DataFrame, name: object, what: str) -> str:
    """Return the name of a data column or index level of a frame. Raises ColumnNotFound."""
    known = [*frame.index_columns, *frame.data_columns]
    if not isinstance(name, str) or name not in known:
        raise ColumnNotFound(f"there is no column {name!r}, given as {what}", hint=near(str(name), known))
    return name


def check_comparable(frame: DataFrame, name: str, what: str) -> None:
    """Raise InvalidType for a column whose values are neither equal nor in an order."""
    if frame._state.plan.types[name].name == "json":
        raise InvalidType(f"the {what} {name!r} is {frame._state.plan.types[name]}, which cannot be compared",
                          hint="read a member of it as text, and assign that to a column")


def check_instant(frame: DataFrame, name: str) -> None:
    """Raise InvalidType for a column that holds neither moments nor days."""
    type_ = frame._state.plan.types[name]
    if type_.name not in ("timestamp", "date"):
        raise InvalidType(f"{name!r} is {type_}, and moments or days are needed",
                          hint=f"cast it: df[{name!r}].astype('timestamp')")
