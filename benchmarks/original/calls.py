"""The calls that read the same in the original release and in ours: both answer these cases with the very same code.

Standard library only, and Python 3.9, because it is imported in both environments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cases import CONVERSION, CONVERSION_LINK, FORMATS, INDEXES, SLICES, STACK_CONVERSION, TYPE_CONVERSION

Answer = Callable[[], Any]


def add_conversions(hub: Any, df: Any) -> None:
    """Register the conversions of the cases with the hub."""
    link = df.location_stack.json[CONVERSION_LINK:]
    hub.add_conversion_event(location_stack=link, event_type="PressEvent", name=CONVERSION)
    hub.add_conversion_event(location_stack=link, name=STACK_CONVERSION)
    hub.add_conversion_event(event_type="PressEvent", name=TYPE_CONVERSION)


def answers(hub: Any, df: Any, everything: Any) -> dict[str, Answer]:
    """Return, for each case, a function that builds the frame or series for it.

    ``df`` has the events of some days, ``everything`` those of all days.
    """
    return {
        "events_columns": lambda: df,
        "application_id": lambda: df.application.context.id,
        **{name: _time_agg(hub, df, format_) for name, format_ in FORMATS.items()},
        **_labels(hub, df),
        **_aggregates(hub, df, everything),
        **_features(hub, df),
        **_retention(hub, df),
        **_funnels(hub, df),
        **_paths(hub, df),
        **_stacks(df.location_stack),
        "array_contains": lambda: df.stack_event_types.json.array_contains("InteractiveEvent"),
    }


def identified(hub: Any, days: dict[str, Any]) -> dict[str, Answer]:
    """Return the answers about users who say who they are. Each makes an event frame of its own."""

    def frame(**options: Any) -> Any:
        return hub.get_objectiv_dataframe(**days, identity_resolution="email", **options)

    columns = ["user_id", "session_id", "session_hit_number"]
    return {
        "identified": lambda: frame()[columns],
        "identified_others_kept": lambda: frame(anonymize_unidentified_users=False)[columns],
        "identified_new_users": lambda: hub.map.is_new_user(frame(anonymize_unidentified_users=False)),
        "identified_unique_users": lambda: hub.agg.unique_users(frame()),
        "identified_unique_sessions": lambda: hub.agg.unique_sessions(frame()),
        "identified_session_duration": lambda: hub.agg.session_duration(frame()),
        "identified_frequency": lambda: hub.agg.frequency(frame()),
        "identified_retention": lambda: hub.agg.retention_matrix(frame(), "weekly", display=False),
        "identified_features": lambda: hub.agg.top_product_features(frame()),
    }


def with_application(df: Any) -> Any:
    """Return a copy of the frame with a column for the id of the application."""
    frame = df.copy()
    frame["application_id"] = frame.application.context.id
    return frame


def _time_agg(hub: Any, df: Any, format_: str | None) -> Answer:
    return lambda: hub.time_agg(df, format_)


def _labels(hub: Any, df: Any) -> dict[str, Answer]:
    label = hub.map
    return {
        "is_new_user": lambda: label.is_new_user(df),
        "is_new_user_month": lambda: label.is_new_user(df, "%Y-%m"),
        "is_first_session": lambda: label.is_first_session(df),
        "is_conversion_event": lambda: label.is_conversion_event(df, CONVERSION),
        "is_conversion_event_stack": lambda: label.is_conversion_event(df, STACK_CONVERSION),
        "is_conversion_event_type": lambda: label.is_conversion_event(df, TYPE_CONVERSION),
        "conversions_in_time": lambda: label.conversions_in_time(df, CONVERSION),
        "conversions_in_time_user": lambda: label.conversions_in_time(df, CONVERSION, partition="user_id"),
        "conversions_counter": lambda: label.conversions_counter(df, CONVERSION),
        "conversions_counter_user": lambda: label.conversions_counter(df, CONVERSION, partition="user_id"),
        "pre_conversion_hit_number": lambda: label.pre_conversion_hit_number(df, CONVERSION),
        "pre_conversion_hit_number_user": lambda: label.pre_conversion_hit_number(df, CONVERSION, partition="user_id"),
    }


def _aggregates(hub: Any, df: Any, everything: Any) -> dict[str, Answer]:
    agg = hub.agg

    def duration_list(**options: Any) -> Any:
        return agg.session_duration(with_application(df), groupby=["event_type", "application_id"], **options)

    return {
        "unique_users": lambda: agg.unique_users(df),
        "unique_users_total": lambda: agg.unique_users(df, groupby=None),
        "unique_users_list": lambda: agg.unique_users(with_application(df), groupby=["event_type", "application_id"]),
        "unique_sessions": lambda: agg.unique_sessions(df),
        "unique_sessions_total": lambda: agg.unique_sessions(df, groupby=None),
        "unique_sessions_event_type": lambda: agg.unique_sessions(df, groupby="event_type"),
        "unique_sessions_list": lambda: agg.unique_sessions(df, groupby=[hub.time_agg(df, "%Y-%m"), "event_type"]),
        "session_duration": lambda: agg.session_duration(df),
        "session_duration_all_dates": lambda: agg.session_duration(everything),
        "session_duration_month": lambda: agg.session_duration(df, groupby=hub.time_agg(df, "%Y-%m")),
        "session_duration_list": duration_list,
        "session_duration_list_sum_bounces": lambda: duration_list(exclude_bounces=False, method="sum"),
        "session_duration_time_and_type": lambda: agg.session_duration(df, groupby=[hub.time_agg(df), "event_type"]),
        "session_duration_user": lambda: agg.session_duration(df, groupby="user_id"),
        "session_duration_session": lambda: agg.session_duration(df, groupby="session_id"),
        "session_duration_session_bounces": lambda: agg.session_duration(df, groupby="session_id", exclude_bounces=False),
        "session_duration_time_and_session": lambda: agg.session_duration(df, groupby=[hub.time_agg(df), df.session_id]),
        "session_duration_type_and_session": lambda: agg.session_duration(
            df, groupby=["event_type", "session_id"], method="sum", exclude_bounces=False
        ),
        "frequency": lambda: agg.frequency(df),
    }


def _features(hub: Any, df: Any) -> dict[str, Answer]:
    agg = hub.agg

    def untied() -> Any:
        """Return the hits that are alone at their moment in their session."""
        frame = df.copy()
        at_once = frame.sort_values("moment").groupby(["session_id", "moment"]).window()
        frame["at_once"] = at_once["event_type"].count()
        frame = frame.materialize()
        return frame[frame.at_once == 1]

    def drop_off_slice(frame: Any, **options: Any) -> Any:
        return agg.drop_off_locations(_with_navigation(frame), location_stack="navigation", **options)

    return {
        "top_product_features": lambda: agg.top_product_features(df),
        "top_product_features_press": lambda: agg.top_product_features(df, event_type="PressEvent"),
        "top_product_features_all_events": lambda: agg.top_product_features(df, event_type="AbstractEvent"),
        "top_product_features_slice": lambda: agg.top_product_features(df, location_stack=df.location_stack.json[1:]),
        "top_product_features_before_conversion": lambda: agg.top_product_features_before_conversion(df, CONVERSION),
        "top_product_features_before_conversion_press": lambda: agg.top_product_features_before_conversion(
            df, CONVERSION, event_type="PressEvent"
        ),
        "top_product_features_before_conversion_slice": lambda: agg.top_product_features_before_conversion(
            df, CONVERSION, location_stack=df.location_stack.json[-2:]
        ),
        "drop_off_user": lambda: agg.drop_off_locations(df),
        "drop_off_user_percentage": lambda: agg.drop_off_locations(df, percentage=True),
        "drop_off_session": lambda: agg.drop_off_locations(df, groupby="session_id"),
        "drop_off_session_percentage": lambda: agg.drop_off_locations(df, groupby="session_id", percentage=True),
        "drop_off_slice": lambda: drop_off_slice(df),
        "drop_off_series": lambda: agg.drop_off_locations(df, location_stack=df.location_stack.json[1:]),
        "drop_off_user_untied": lambda: agg.drop_off_locations(untied()),
        "drop_off_session_untied": lambda: agg.drop_off_locations(untied(), groupby="session_id"),
        "drop_off_list_untied": lambda: agg.drop_off_locations(untied(), groupby=["user_id", "event_type"]),
        "drop_off_slice_untied": lambda: drop_off_slice(untied(), groupby="session_id", percentage=True),
    }


def _with_navigation(frame: Any) -> Any:
    frame = frame.copy()
    frame["navigation"] = frame.location_stack.ls.navigation_features
    return frame


def _retention(hub: Any, df: Any) -> dict[str, Answer]:
    def matrix(time_period: str, **options: Any) -> Answer:
        return lambda: hub.agg.retention_matrix(df, time_period=time_period, display=False, **options)

    dates = {"start_date": "2022-02-10", "end_date": "2022-03-10"}
    periods = ("daily", "weekly", "monthly", "yearly")
    return {
        **{f"retention_{period}": matrix(period) for period in periods},
        **{f"retention_{period}_percentage": matrix(period, percentage=True) for period in periods},
        "retention_event_type": matrix("weekly", event_type="PressEvent"),
        "retention_event_type_parent": matrix("weekly", event_type="InteractiveEvent"),
        "retention_start_date": matrix("daily", start_date=dates["start_date"]),
        "retention_end_date": matrix("monthly", end_date=dates["end_date"]),
        "retention_all_options": matrix("weekly", percentage=True, event_type="PressEvent", **dates),
    }


def _funnels(hub: Any, df: Any) -> dict[str, Answer]:
    def funnel(frame: Any, **options: Any) -> Any:
        return hub.agg.funnel_conversion(frame, **options)

    def column() -> Any:
        frame = df.copy()
        frame["feature"] = frame.location_stack.json[:2].ls.nice_name
        return frame

    return {
        "funnel": lambda: funnel(df),
        "funnel_slice": lambda: funnel(_with_navigation(df), location_stack="navigation"),
        "funnel_column": lambda: funnel(column(), location_stack="feature"),
        "funnel_series": lambda: funnel(df, location_stack=df.location_stack.json[1:]),
        "funnel_session": lambda: funnel(df, groupby="session_id"),
        "funnel_application": lambda: funnel(with_application(df), groupby="application_id"),
        "funnel_list": lambda: funnel(df, groupby=["event_type", "session_id"]),
    }


def _paths(hub: Any, df: Any) -> dict[str, Answer]:
    discovery = hub.get_funnel_discovery()

    def labelled() -> Any:
        """Return the frame with conversions, and a number for each hit that orders hits by session and hit number."""
        frame = df.copy()
        frame["is_conversion_event"] = hub.map.is_conversion_event(frame, CONVERSION)
        frame["hit"] = frame.session_id * 100_000 + frame.session_hit_number
        return frame

    def paths(steps: int, **options: Any) -> Answer:
        return lambda: discovery.get_navigation_paths(labelled(), steps=steps, **options)

    def column() -> Any:
        frame = df.copy()
        frame["feature"] = frame.location_stack.json[-1:].ls.nice_name
        return discovery.get_navigation_paths(frame, steps=3, by="session_id", location_stack="feature")

    def sankey(found: Answer, n_top_examples: int | None = None) -> Answer:
        return lambda: discovery.plot_sankey_diagram(found(), n_top_examples=n_top_examples, show=False)

    # Hits at one moment are put in order by name, which says nothing about conversions: those need `hit`.
    step = {"add_conversion_step_column": True, "sort_by": "hit"}
    converted = {"only_converted_paths": True, "sort_by": "hit"}
    return {
        "paths_2": paths(2),
        "paths_3": paths(3),
        "paths_4": paths(4, location_stack="location_stack"),
        "paths_by_none": paths(3, by=None),
        "paths_user_2": paths(2, by="user_id"),
        "paths_user_4": paths(4, by="user_id"),
        "paths_session_3": paths(3, by="session_id"),
        "paths_list_3": paths(3, by=["user_id", "session_id"]),
        "paths_column": column,
        "paths_series": paths(3, by="session_id", location_stack=df.location_stack),
        "paths_sort_by": paths(3, by="session_id", sort_by="session_hit_number"),
        "paths_sort_by_user": paths(4, by="user_id", sort_by="hit"),
        "paths_from_end": paths(3, by="user_id", start_from_end=True),
        "paths_from_end_none": paths(4, start_from_end=True),
        "paths_examples": paths(3, by="user_id", n_examples=2),
        "paths_examples_from_end": paths(3, by="session_id", n_examples=3, start_from_end=True),
        "paths_conversion_step": paths(4, by="user_id", **step),
        "paths_conversion_step_session": paths(2, by="session_id", **step),
        "paths_conversion_step_from_end": paths(4, by="user_id", start_from_end=True, **step),
        "paths_converted": paths(4, by="user_id", **converted),
        "paths_converted_step": paths(3, by="session_id", add_conversion_step_column=True, **converted),
        "paths_converted_examples": paths(4, by="user_id", n_examples=6, add_conversion_step_column=True, **converted),
        "paths_converted_from_end": paths(4, by="user_id", start_from_end=True, add_conversion_step_column=True, **converted),
        "sankey_2": sankey(paths(2)),
        "sankey_session_3": sankey(paths(3, by="session_id")),
        "sankey_top": sankey(paths(3, by="session_id"), 10),
        "sankey_from_end": sankey(paths(3, by="user_id", start_from_end=True)),
        "sankey_converted": sankey(paths(4, by="user_id", add_conversion_step_column=True, **converted)),
    }


def _stacks(stack: Any) -> dict[str, Answer]:
    def taken(bounds: slice | int) -> Answer:
        return lambda: stack.json[bounds]

    return {
        "nice_name": lambda: stack.ls.nice_name,
        "feature_stack": lambda: stack.ls.feature_stack,
        "navigation_features": lambda: stack.ls.navigation_features,
        "feature_of_slice": lambda: stack.json[1:].ls.nice_name,
        "get_from_link_href": lambda: stack.ls.get_from_context_with_type_series("LinkContext", "href"),
        "get_from_root_id": lambda: stack.ls.get_from_context_with_type_series("RootLocationContext", "id"),
        "get_from_navigation_types": lambda: stack.ls.get_from_context_with_type_series(
            "NavigationContext", "_types", dtype="json"
        ),
        **{name: taken(bounds) for name, bounds in SLICES.items()},
        **{name: taken(place) for name, place in INDEXES.items()},
        "get_array_length": lambda: stack.json.get_array_length(),
    }
