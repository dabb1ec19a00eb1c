"""Aggregates: counts and durations of users, sessions and features, by groups of events."""

from __future__ import annotations

from objectiv_local.arguments import checked
from objectiv_local.hub.methods import WithSettings, method
from objectiv_local.hub.models import drop_off, durations, frequency, funnel, product_features, retention, unique


@checked
class Aggregate(WithSettings):
    """The aggregate models of a hub.

    ``groupby`` is a column name, a series, or a list of them. If it is omitted, the hub's ``time_agg`` is used; with None, the
    result is a single value over all rows. Results are series ordered by group.
    """

    _place = "hub.agg"

    unique_users = method(unique.unique_users)
    unique_sessions = method(unique.unique_sessions)
    session_duration = method(durations.session_duration)
    frequency = method(frequency.frequency)
    top_product_features = method(product_features.top_product_features)
    top_product_features_before_conversion = method(product_features.top_product_features_before_conversion)
    retention_matrix = method(retention.retention_matrix)
    drop_off_locations = method(drop_off.drop_off_locations)
    funnel_conversion = method(funnel.funnel_conversion)
