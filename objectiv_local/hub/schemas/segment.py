"""Events of Segment and RudderStack in a warehouse: the table tracks, the table of one event, or the table pages."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import literal, series_of, state_of
from objectiv_local.hub.schemas.parts import column, first_of, joined, path, present
from objectiv_local.hub.schemas.schema import Schema


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    page_url = first_of(column(raw, "context_page_url"), column(raw, "url"))
    session = column(raw, "context_session_id")
    return present(
        event_id=raw["id"],
        user_id=column(raw, "user_id"),
        device_id=raw["anonymous_id"],
        moment=raw["timestamp"],
        event_type=column(raw, "event") if "event" in raw.data_columns else _page(raw),
        location=first_of(
            column(raw, "context_page_path"), column(raw, "path"), path(page_url), column(raw, "context_screen_name")
        ),
        # RudderStack's session id is its start in seconds, which several devices can share.
        session_id=None if session is None else joined(raw["anonymous_id"], session),
        page_url=page_url,
        referrer=first_of(column(raw, "context_page_referrer"), column(raw, "referrer")),
        utm_source=column(raw, "context_campaign_source"),
        utm_medium=column(raw, "context_campaign_medium"),
        utm_campaign=column(raw, "context_campaign_name"),
        country=first_of(column(raw, "context_location_country"), column(raw, "context_country")),
        device=column(raw, "context_device_type"),
        platform=first_of(column(raw, "context_os_name"), column(raw, "context_device_platform")),
    )


def _page(raw: DataFrame) -> Series | None:
    """Return ``page`` for a table of pages, which has a URL or path; other tables need ``event_type=``."""
    if not {"url", "path"} & set(raw.data_columns):
        return None
    return series_of(state_of(raw), literal("page"), "event")


SEGMENT = Schema(
    name="segment",
    described="a table of Segment or RudderStack has id, anonymous_id, timestamp and received_at",
    columns=dict.fromkeys(("id", "anonymous_id", "timestamp", "received_at"), ()),
    events=_events,
)
