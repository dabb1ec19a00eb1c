"""The locations that a model is asked to look at: those of the frame, a column of it, or a series."""

from __future__ import annotations

from objectiv_local.errors import InvalidType
from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.checks import require
from objectiv_local.hub.series import LocationStack, SeriesLocationStack


def location_series(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the stacks, or names, that a model is asked to look at: those of the frame, a column of it, or a series."""
    stack: object = "location_stack" if location_stack is None else location_stack
    if isinstance(stack, str):
        require(data, model, [stack])
        stack = data[stack]
    if not isinstance(stack, Series):
        raise InvalidType(f"location_stack of {model} is a series or the name of a column, not {type(stack).__name__}",
                          hint="for instance df.location_stack.json[{'id': 'top'}:]")
    return stack


def location_names(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the names of location stacks: those of the frame, a column of it, or a series of stacks or of names."""
    stack = location_series(data, location_stack, model)
    if stack.dtype == "string":
        return stack
    if not isinstance(stack, SeriesLocationStack):
        raise InvalidType(f"location_stack of {model} is a series of location stacks or of text, not of {stack.dtype}",
                          hint="cast it: df.stack.astype('objectiv_location_stack')")
    return LocationStack(stack).nice_name
