"""Features of a product, by the locations that users act on: the most used ones, and where users drop off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.checks import require
from objectiv_local.hub.series import LocationStack, SeriesGlobalContext, SeriesLocationStack

if TYPE_CHECKING:
    from objectiv_local.hub.modelhub import ModelHub

KEYS = ["application", "feature_nice_name", "event_type"]


def location_series(data: DataFrame, location_stack: Series | str | None, model: str) -> Series:
    """Return the stacks, or names, that a model is asked to look at: those of the frame, a column of it, or a series."""
    stack: object = "location_stack" if location_stack is None else location_stack
    if isinstance(stack, str):
        require(data, model, **{stack: ""})
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


def top_product_features(data: DataFrame, location_stack: Series | str | None, event_type: str, column: str) -> DataFrame:
    """Return the number of users of each feature; see Aggregate.top_product_features."""
    data = require(data, "top_product_features", user_id="", event_type="string", stack_event_types="json")
    data, location_stack = _held(data, location_stack)
    df = data[data.stack_event_types.json.array_contains(event_type)]
    names = location_names(df, location_stack, "top_product_features")
    df = df.assign(application=_application(df), feature_nice_name=names).dropna(subset=KEYS)
    counted: DataFrame = df.groupby(KEYS).user_id.nunique().rename(column).to_frame()
    return counted.sort_values([column, *KEYS], [False, True, True, True])


def _held(data: DataFrame, location_stack: Series | str | None) -> tuple[DataFrame, str | None]:
    """Return the frame with a series of it as a column, and its name: rows are left out next, and it goes with them."""
    if not isinstance(location_stack, Series):
        return data, location_stack
    return data.assign(feature_stack_asked_for=location_stack), "feature_stack_asked_for"


def _application(data: DataFrame) -> Series:
    if "application" not in data.data_columns:
        raise ColumnNotFound("application is not present in the frame, and top_product_features needs it",
                             hint="make the frame with ModelHub(global_contexts=['application'])")
    application = data["application"]
    if not isinstance(application, SeriesGlobalContext):
        raise InvalidType(f"application has to be a global context, not {application.dtype}",
                          hint="make the frame with ModelHub(global_contexts=['application'])")
    return application.context.id


def before_conversion(hub: ModelHub, data: DataFrame, name: str, location_stack: Series | str | None,
                      event_type: str) -> DataFrame:
    """Return the features used before a conversion; see Aggregate.top_product_features_before_conversion."""
    data = require(data, "top_product_features_before_conversion", session_id="int64", moment="timestamp")
    so_far = hub.map.conversions_in_time(data, name)
    in_all = hub.map.conversions_counter(data, name)
    data, location_stack = _held(data, location_stack)
    return top_product_features(data[(in_all > 0) & (so_far == 0)], location_stack, event_type, "unique_users")


def drop_off_locations(data: DataFrame, location_stack: Series | str | None, groupby: str | list[str], *,
                       percentage: bool) -> DataFrame:
    """Return the last locations; see Aggregate.drop_off_locations."""
    keys = [groupby] if isinstance(groupby, str) else list(groupby)
    data = require(data, "drop_off_locations", moment="timestamp", **dict.fromkeys(keys, ""))
    if "location" in keys:
        raise InvalidValue("a group cannot be named 'location', as the result is", hint="rename the column")
    df = data.assign(location=location_names(data, location_stack, "drop_off_locations"))
    last = df[df.location.notnull()].sort_values("moment").groupby(keys).location.last().to_frame()
    counts: DataFrame = last.value_counts("location", normalize=percentage).to_frame()
    if percentage:
        counts = counts.assign(percentage=counts["value_counts"] * 100)[["percentage"]]
    column = counts.data_columns[0]
    return counts.sort_values([column, "location"], [False, True])
