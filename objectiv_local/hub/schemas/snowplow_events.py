"""Snowplow's canonical events: the atomic table, or a derived one with its columns."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.schemas.parts import column, first_of, path, present
from objectiv_local.hub.schemas.schema import Schema


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    page_url = column(raw, "page_url")
    # The derived moment is corrected for the clock of the device.
    moment = (
        raw["collector_tstamp"]
        if "derived_tstamp" not in raw.data_columns
        else raw["derived_tstamp"].fillna(raw["collector_tstamp"])
    )
    return present(
        event_id=raw["event_id"],
        user_id=column(raw, "user_id"),
        device_id=first_of(raw["domain_userid"], column(raw, "network_userid")),
        moment=moment,
        event_type=raw["event_name"],
        location=first_of(column(raw, "page_urlpath"), path(page_url)),
        session_id=column(raw, "domain_sessionid"),
        page_url=page_url,
        referrer=column(raw, "page_referrer"),
        utm_source=column(raw, "mkt_source"),
        utm_medium=column(raw, "mkt_medium"),
        utm_campaign=column(raw, "mkt_campaign"),
        country=column(raw, "geo_country"),
        device=column(raw, "dvce_type"),
        platform=first_of(column(raw, "os_family"), column(raw, "platform")),
    )


SNOWPLOW_EVENTS = Schema(
    name="snowplow",
    described="Snowplow's canonical events have event_id, collector_tstamp, event_name and domain_userid",
    columns=dict.fromkeys(("event_id", "collector_tstamp", "event_name", "domain_userid"), ()),
    events=_events,
)
