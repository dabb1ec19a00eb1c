"""Events of PostHog, as its batch exports write them: Parquet, or JSON lines with objects."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.schemas.parts import as_json, column, first_of, member, path, present, unless
from objectiv_local.hub.schemas.schema import Schema


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    of = as_json(raw["properties"])
    page_url = member(of, "$current_url")
    device = member(of, "$device_id")
    return present(
        event_id=raw["uuid"],
        # PostHog resolves the person at ingestion. Without person_id, distinct_id is the user, unless it equals the device id:
        # that is an event before login.
        user_id=column(raw, "person_id") if "person_id" in raw.data_columns else unless(raw["distinct_id"], device),
        device_id=device,
        moment=raw["timestamp"],
        event_type=raw["event"],
        location=first_of(member(of, "$pathname"), path(page_url), member(of, "$screen_name")),
        session_id=member(of, "$session_id"),
        page_url=page_url,
        referrer=member(of, "$referrer"),
        utm_source=member(of, "utm_source"),
        utm_medium=member(of, "utm_medium"),
        utm_campaign=member(of, "utm_campaign"),
        country=member(of, "$geoip_country_code"),
        device=member(of, "$device_type"),
        platform=member(of, "$os"),
    )


def _property(raw: DataFrame, name: str) -> Series | None:
    return member(raw["properties"], name)


POSTHOG = Schema(
    name="posthog",
    described="PostHog's export has uuid, event, distinct_id, timestamp and properties",
    columns=dict.fromkeys(("uuid", "event", "distinct_id", "timestamp", "properties"), ()),
    json=("properties", "person_properties"),
    events=_events,
    of_property=_property,
)
