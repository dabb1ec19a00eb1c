"""Columns that a caller names: checks that they exist and have a suitable type."""

from __future__ import annotations

from collections.abc import Sequence

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import state_of


def listed(names: str | Sequence[str]) -> list[str]:
    """Return names as a list: a single name becomes a list of one."""
    return [names] if isinstance(names, str) else list(names)


def row_key(frame: DataFrame) -> list[str]:
    """Return the names of the columns that identify a row: the index, otherwise a known key of the frame, or none."""
    return frame.index_columns or list(state_of(frame).plan.key or ())


def checked_column(frame: DataFrame, name: object, what: str, *, data_only: bool = False) -> str:
    """Return the name of a data column or, unless ``data_only``, an index level of a frame. Raises ColumnNotFound."""
    known = frame.data_columns if data_only else [*frame.index_columns, *frame.data_columns]
    if not isinstance(name, str) or name not in known:
        raise ColumnNotFound(
            f"there is no {'data ' if data_only else ''}column {name!r}, given as {what}", hint=near(str(name), known)
        )
    return name


def check_comparable(frame: DataFrame, name: str, what: str) -> None:
    """Raise InvalidType for a column whose values can neither be compared nor sorted."""
    type_ = state_of(frame).plan.types[name]
    if type_.name == "json":
        raise InvalidType(
            f"the {what} {name!r} is {type_}, which cannot be compared",
            hint="read a member of it as a string, and assign that to a column",
        )


def check_instant(frame: DataFrame, name: str) -> None:
    """Raise InvalidType for a column that contains neither timestamps nor dates."""
    type_ = state_of(frame).plan.types[name]
    if type_.name not in ("timestamp", "date"):
        raise InvalidType(
            f"{name!r} is {type_}, but timestamps or dates are needed", hint=f"cast it: df[{name!r}].astype('timestamp')"
        )
