"""Every model of the hub, by name, as a function of the hub and an event frame."""

from __future__ import annotations

CONVERSION = "bought"


def made(hub, df):
    """Return the hub with the conversion that the models count: a press on the location named `buy`."""
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"} :], event_type="PressEvent", name=CONVERSION)
    return hub


def paths(hub, df, **options):
    return hub.get_funnel_discovery().get_navigation_paths(df, 2, **options)


def converting(hub, df):
    return df.assign(is_conversion_event=hub.map.is_conversion_event(df, CONVERSION))


MODELS = {
    "time_agg": lambda hub, df: hub.time_agg(df, "%Y-%m"),
    "is_first_session": lambda hub, df: hub.map.is_first_session(df),
    "is_new_user": lambda hub, df: hub.map.is_new_user(df),
    "is_conversion_event": lambda hub, df: hub.map.is_conversion_event(df, CONVERSION),
    "conversions_in_time": lambda hub, df: hub.map.conversions_in_time(df, CONVERSION),
    "conversions_counter": lambda hub, df: hub.map.conversions_counter(df, CONVERSION, partition="user_id"),
    "pre_conversion_hit_number": lambda hub, df: hub.map.pre_conversion_hit_number(df, CONVERSION),
    "unique_users": lambda hub, df: hub.agg.unique_users(df),
    "unique_users_total": lambda hub, df: hub.agg.unique_users(df, groupby=None),
    "unique_sessions": lambda hub, df: hub.agg.unique_sessions(df),
    "session_duration": lambda hub, df: hub.agg.session_duration(df, exclude_bounces=False),
    "session_duration_sum": lambda hub, df: hub.agg.session_duration(df, groupby=None, method="sum"),
    "frequency": lambda hub, df: hub.agg.frequency(df),
    "top_product_features": lambda hub, df: hub.agg.top_product_features(df),
    "top_product_features_before_conversion": lambda hub, df: hub.agg.top_product_features_before_conversion(df, CONVERSION),
    **{
        f"retention_matrix_{period}": lambda hub, df, period=period: hub.agg.retention_matrix(df, period)
        for period in ("daily", "weekly", "monthly", "yearly")
    },
    "retention_matrix_percentage": lambda hub, df: hub.agg.retention_matrix(df, percentage=True, fill_value=0),
    "drop_off_locations": lambda hub, df: hub.agg.drop_off_locations(df),
    "drop_off_locations_percentage": lambda hub, df: hub.agg.drop_off_locations(df, groupby="session_id", percentage=True),
    "funnel_conversion": lambda hub, df: hub.agg.funnel_conversion(df),
    "navigation_paths": lambda hub, df: paths(hub, df, by="user_id"),
    "navigation_paths_backwards": lambda hub, df: paths(hub, df, start_from_end=True, n_examples=3),
    "navigation_paths_converted": lambda hub, df: paths(
        hub, converting(hub, df), by="session_id", only_converted_paths=True, add_conversion_step_column=True
    ),
    "flows": lambda hub, df: hub.get_funnel_discovery().plot_sankey_diagram(paths(hub, df, by="user_id"), show=False),
    "visualize_location_stack": lambda hub, df: hub.visualize_location_stack(df, return_df=True, show=False),
    "nice_name": lambda hub, df: df.location_stack.ls.nice_name,
    "feature_stack": lambda hub, df: df.location_stack.ls.feature_stack,
    "navigation_features": lambda hub, df: df.location_stack.ls.navigation_features,
    "get_from_context_with_type_series": lambda hub, df: df.location_stack.ls.get_from_context_with_type_series(
        "LinkContext", "href"
    ),
}

#: Models whose columns depend on the data, so that building them runs a query.
ASK_FOR_COLUMNS = {name for name in MODELS if name.startswith("retention_matrix")}
