"""Events of Google Analytics 4, as in its export to BigQuery."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series, to_datetime
from objectiv_local.frame.authoring import call, expr_of, literal, series_of, state_of
from objectiv_local.hub.schemas.parts import as_json, column, first_of, joined, member, path, present
from objectiv_local.hub.schemas.schema import Schema

#: The fields of a parameter's value; one of them is set.
_FIELDS = ("string_value", "int_value", "float_value", "double_value")


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    page_url = _string(raw, "page_location")
    source, device = column(raw, "collected_traffic_source"), column(raw, "device")
    session = member(_first(raw, "ga_session_id"), "value", "int_value")
    assert session is not None
    return present(
        user_id=column(raw, "user_id"),
        device_id=raw["user_pseudo_id"],
        # In JSON exports, BigQuery writes integers as strings.
        moment=to_datetime(raw["event_timestamp"].astype("int64"), unit="us"),
        event_type=raw["event_name"],
        location=first_of(path(page_url), _string(raw, "firebase_screen"), _string(raw, "firebase_screen_class")),
        # ga_session_id is only unique per user_pseudo_id.
        session_id=joined(raw["user_pseudo_id"], session),
        page_url=page_url,
        referrer=_string(raw, "page_referrer"),
        # The source of the event; traffic_source is the first-touch source of the user.
        utm_source=member(source, "manual_source"),
        utm_medium=member(source, "manual_medium"),
        utm_campaign=member(source, "manual_campaign_name"),
        country=member(column(raw, "geo"), "country"),
        device=member(device, "category"),
        platform=first_of(member(device, "operating_system"), column(raw, "platform")),
    )


def _first(raw: DataFrame, name: str) -> Series:
    """Return the first parameter with a name."""
    parameters = as_json(raw["event_params"])
    of_name = call("json_filter", expr_of(parameters), literal({"key": name}))
    return series_of(state_of(raw), call("json_index", of_name, literal(0)), name)


def _string(raw: DataFrame, name: str) -> Series | None:
    return member(_first(raw, name), "value", "string_value")


def _property(raw: DataFrame, name: str) -> Series | None:
    parameter = _first(raw, name)
    return first_of(*(member(parameter, "value", field) for field in _FIELDS))


GA4 = Schema(
    name="ga4",
    described="GA4's export has event_timestamp, event_name, user_pseudo_id and event_params",
    columns=dict.fromkeys(("event_timestamp", "event_name", "user_pseudo_id", "event_params"), ()),
    events=_events,
    of_property=_property,
)
