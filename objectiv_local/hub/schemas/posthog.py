"""Events of PostHog, as its batch exports write them: Parquet, or JSON lines with objects."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.schemas.parts import as_json, column, first_of, member, path, present
from objectiv_local.hub.schemas.schema import Schema


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    of = as_json(raw["properties"])
    page_url = member(of, "$current_url")
    return present(
        event_id=raw["uuid"],
        # The person was resolved when the event came in; without persons in the export, it is who sent the event.
        user_id=first_of(column(raw, "person_id"), raw["distinct_id"]),
        device_id=member(of, "$device_id"),
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
    events=_events,
    of_property=_property,
)
