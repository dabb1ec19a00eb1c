"""Events of Amplitude, as its export API writes them: JSON lines."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series
from objectiv_local.hub.schemas.parts import column, first_of, joined, member, path, present
from objectiv_local.hub.schemas.schema import Schema

#: Amplitude's session id for events outside any session.
_NO_SESSION = "-1"


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    properties, person = column(raw, "event_properties"), column(raw, "user_properties")
    session = raw["session_id"].astype("string")
    page_url = first_of(member(properties, "[Amplitude] Page URL"), member(properties, "page_url"))
    return present(
        event_id=first_of(column(raw, "uuid"), column(raw, "$insert_id")),
        user_id=raw["user_id"],
        device_id=raw["device_id"],
        moment=raw["event_time"],
        event_type=raw["event_type"],
        location=first_of(
            member(properties, "[Amplitude] Page Path"), path(page_url), member(properties, "[Amplitude] Screen Name")
        ),
        # The session id is its start in milliseconds, which several devices can share.
        session_id=joined(raw["device_id"], session.where(session != _NO_SESSION)),
        page_url=page_url,
        referrer=first_of(member(properties, "referrer"), member(person, "referrer")),
        utm_source=first_of(member(properties, "utm_source"), member(person, "utm_source")),
        utm_medium=first_of(member(properties, "utm_medium"), member(person, "utm_medium")),
        utm_campaign=first_of(member(properties, "utm_campaign"), member(person, "utm_campaign")),
        country=column(raw, "country"),
        device=column(raw, "device_family"),
        platform=column(raw, "platform"),
    )


def _property(raw: DataFrame, name: str) -> Series | None:
    return member(column(raw, "event_properties"), name)


AMPLITUDE = Schema(
    name="amplitude",
    described="Amplitude's export has user_id, device_id, event_time, event_type and session_id",
    columns=dict.fromkeys(("user_id", "device_id", "event_time", "event_type", "session_id"), ()),
    json=("event_properties", "user_properties", "group_properties", "groups"),
    events=_events,
    of_property=_property,
)
