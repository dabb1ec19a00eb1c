"""The locations that a model is asked to look at: those of the frame, a column of it, or a series."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Source, State, origin_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.series import LOCATION_STACK, LocationStack, SeriesLocationStack

#: The columns that have the locations of events, in the order of preference.
COLUMNS = ("location_stack", "location")


def has_stacks(state: State) -> bool:
    """Return whether the rows of a frame come from rows with a location stack, also where that was dropped since."""
    seen, found = set(), [state.plan]
    while found:
        node = found.pop()
        if node in seen:
            continue
        seen.add(node)
        if LOCATION_STACK in node.types.values():
            return True
        found += node.inputs()
        origin = origin_of(node, state.engine) if isinstance(node, Source) else None
        found += [] if origin is None else [origin]
    return False


def location_series(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the stacks, or names, that a model is asked to look at: those of the frame, a column of it, or a series.

    Without a choice, those are the location stacks of the frame, or its column ``location``. Raises ColumnNotFound for a frame
    that has neither.
    """
    stack: object = location_stack
    if stack is None:
        stack = next((name for name in COLUMNS if name in data.data_columns), None)
        if stack is None:
            raise ColumnNotFound(
                f"location_stack is not present in the frame, and {model} needs it, or a column location",
                hint="name the column with the places where events happen, such as location_stack='page_url'; "
                + near("location", data.data_columns),
            )
    if isinstance(stack, str):
        require(data, model, [stack])
        stack = data[stack]
    if not isinstance(stack, Series):
        raise InvalidType(
            f"location_stack of {model} is a series or the name of a column, not {type(stack).__name__}",
            hint="for instance df.location_stack.json[{'id': 'top'}:]",
        )
    return stack


def location_names(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the names of location stacks: those of the frame, a column of it, or a series of stacks or of names."""
    stack = location_series(data, location_stack, model)
    if stack.dtype == "string":
        return stack
    if not isinstance(stack, SeriesLocationStack):
        raise InvalidType(
            f"location_stack of {model} is a series of location stacks or of text, not of {stack.dtype}",
            hint=f"cast it: df[{stack.name!r}].astype('string'), or to 'objectiv_location_stack' if it is JSON",
        )
    return LocationStack(stack).nice_name
