"""Product features, identified by the locations that users interact with, and the number of users of each."""

from __future__ import annotations

from objectiv_local.errors import ColumnNotFound, InvalidType
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import state_of
from objectiv_local.hub.checks import require
from objectiv_local.hub.locations import has_stacks, location_names
from objectiv_local.hub.models.conversions import conversions_counter, conversions_in_time
from objectiv_local.hub.series import SeriesGlobalContext
from objectiv_local.hub.settings import Settings

#: The parent type of the events that count, and the column with the parent types of each event.
INTERACTIVE, TYPES = "InteractiveEvent", "stack_event_types"


def top_product_features(
    data: DataFrame, location_stack: Series | str | None = None, event_type: str | None = None
) -> DataFrame:
    """Return the number of users of each feature in a column ``user_id_nunique``, most used features first.

    A feature is an application, the nice name of ``location_stack`` (by default the whole stack; or a slice of it, or the name
    of a column) and an event type: the index is application, feature_nice_name, event_type. Hits count if ``event_type`` (by
    default InteractiveEvent) is their own type or a parent type. The frame needs the application context.

    In frames without location stacks, the locations are the values of the column ``location``, and the application is the
    string column ``application``; without such a column, the index is feature_nice_name and event_type. If events have no
    parent types, hits count if ``event_type`` is their own type; by default, all hits count.

    Reads user_id, event_type, the locations, and application and stack_event_types as above.
    """
    return _features(data, location_stack, event_type, "user_id_nunique")


def top_product_features_before_conversion(
    settings: Settings, data: DataFrame, name: str, location_stack: Series | str | None = None, event_type: str | None = None
) -> DataFrame:
    """Return the number of users of each feature in the hits before the first conversion ``name`` of their session.

    Same as ``top_product_features``, but only for sessions with a conversion, and with the column ``unique_users``. Also reads
    session_id, moment and the columns of the conversion.
    """
    data = require(data, "top_product_features_before_conversion", session_id="", moment="timestamp")
    so_far = conversions_in_time(settings, data, name)
    in_all = conversions_counter(settings, data, name)
    data, location_stack = _held(data, location_stack)
    return _features(data[(in_all > 0) & (so_far == 0)], location_stack, event_type, "unique_users")


def _features(data: DataFrame, location_stack: Series | str | None, event_type: str | None, column: str) -> DataFrame:
    has_types = has_stacks(state_of(require(data, "top_product_features"))) or TYPES in data.data_columns
    data = require(data, "top_product_features", user_id="", event_type="string", **({TYPES: "json"} if has_types else {}))
    data, location_stack = _held(data, location_stack)
    if has_types:
        df = data[data[TYPES].json.array_contains(INTERACTIVE if event_type is None else event_type)]
    else:
        df = data if event_type is None else data[data.event_type == event_type]
    named = {"feature_nice_name": location_names(df, location_stack, "top_product_features")}
    if has_stacks(state_of(df)) or "application" in df.data_columns:
        named = {"application": _application(df), **named}
    keys = [*named, "event_type"]
    df = df.assign(**named).dropna(subset=keys)
    counted: DataFrame = df.groupby(keys).user_id.nunique().rename(column).to_frame()
    return counted.sort_values([column, *keys], [False, *([True] * len(keys))])


def _held(data: DataFrame, location_stack: Series | str | None) -> tuple[DataFrame, str | None]:
    """Return the frame with a given series added as a column, and the name of that column: filters then apply to both."""
    if not isinstance(location_stack, Series):
        return data, location_stack
    return data.assign(feature_stack_asked_for=location_stack), "feature_stack_asked_for"


def _application(data: DataFrame) -> Series:
    if "application" not in data.data_columns:
        raise ColumnNotFound(
            "top_product_features needs application, which the frame does not have",
            hint="make the frame with ModelHub(global_contexts=['application'])",
        )
    application: Series = data["application"]
    if application.dtype == "string":
        return application
    if not isinstance(application, SeriesGlobalContext):
        raise InvalidType(
            f"application has to be a global context or a string, not {application.dtype}",
            hint="make the frame with ModelHub(global_contexts=['application'])",
        )
    return application.context.id
