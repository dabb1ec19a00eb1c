"""The locations that a model uses: those of the frame, a column, or a series."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Source, State, origin_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.series import LOCATION_STACK, LocationStack, SeriesLocationStack

#: The columns that can have the locations of events, in order of preference.
COLUMNS = ("location_stack", "location")


def has_stacks(state: State) -> bool:
    """Return whether the rows of a frame come from rows with a location stack, even if the column has been dropped."""
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
    """Return the location stacks or names that a model uses: those of the frame, of a column, or a series.

    By default, these are the location stacks of the frame or, without stacks, its column ``location``. Raises ColumnNotFound
    for a frame that has neither.
    """
    stack: object = location_stack
    if stack is None:
        stack = next((name for name in COLUMNS if name in data.data_columns), None)
        if stack is None:
            raise ColumnNotFound(
                f"{model} needs location_stack or location, and the frame has neither column",
                hint="pass the column with the locations of events, for instance location_stack='page_url'; "
                + near("location", data.data_columns),
            )
    if isinstance(stack, str):
        require(data, model, [stack])
        stack = data[stack]
    if not isinstance(stack, Series):
        raise InvalidType(
            f"location_stack of {model} has to be a series or a column name, not {type(stack).__name__}",
            hint="for instance df.location_stack.json[{'id': 'top'}:]",
        )
    return stack


def location_names(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the names of location stacks: those of the frame, of a column, or of a series of stacks or names."""
    stack = location_series(data, location_stack, model)
    if stack.dtype == "string":
        return stack
    if not isinstance(stack, SeriesLocationStack):
        raise InvalidType(
            f"location_stack of {model} has to be a series of location stacks or strings, not {stack.dtype}",
            hint=f"cast it: df[{stack.name!r}].astype('string'), or to 'objectiv_location_stack' if it is JSON",
        )
    return LocationStack(stack).nice_name
