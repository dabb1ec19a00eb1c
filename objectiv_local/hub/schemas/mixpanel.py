"""Events of Mixpanel, as its raw export writes them: JSON lines with an event and its properties."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series, to_datetime
from objectiv_local.frame.authoring import call, case, expr_of, literal, series_of, state_of
from objectiv_local.hub.schemas.parts import as_json, first_of, member, path, present
from objectiv_local.hub.schemas.schema import Schema

#: Seconds up to the year 5138; the same number of milliseconds is a moment of 1973.
_MOST_SECONDS = 100_000_000_000


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    of = as_json(raw["properties"])
    number = expr_of(of.json["time"].astype("int64", errors="coerce"))
    # The export has seconds, or milliseconds if it was asked for them.
    milliseconds = case([(call("ge", number, literal(_MOST_SECONDS)), number)], call("mul", number, literal(1_000)))
    page_url = first_of(member(of, "$current_url"), member(of, "current_url_full"))
    return present(
        event_id=member(of, "$insert_id"),
        user_id=first_of(member(of, "$user_id"), member(of, "distinct_id")),
        moment=to_datetime(series_of(state_of(raw), milliseconds, "moment"), unit="ms"),
        event_type=raw["event"],
        location=first_of(member(of, "current_url_path"), path(page_url), member(of, "$screen_name")),
        page_url=page_url,
        referrer=member(of, "$referrer"),
        utm_source=member(of, "utm_source"),
        utm_medium=member(of, "utm_medium"),
        utm_campaign=member(of, "utm_campaign"),
        country=member(of, "mp_country_code"),
        device=member(of, "$device"),
        platform=member(of, "$os"),
    )


def _property(raw: DataFrame, name: str) -> Series | None:
    return member(raw["properties"], name)


MIXPANEL = Schema(
    name="mixpanel",
    described="Mixpanel's export has event and properties, with time and distinct_id in properties",
    columns=dict.fromkeys(("event", "properties"), ()),
    events=_events,
    of_property=_property,
)
