"""Events of Mixpanel, as its raw export writes them: JSON lines with an event and its properties."""

from __future__ import annotations

from objectiv_local.frame import DataFrame, Series, to_datetime
from objectiv_local.frame.authoring import call, case, expr_of, literal, series_of, state_of
from objectiv_local.hub.schemas.parts import as_json, first_of, member, path, present, unless
from objectiv_local.hub.schemas.schema import Schema, Table

_DEVICE = "$device:"
#: Seconds up to the year 5138; the same number of milliseconds is a moment of 1973.
_MOST_SECONDS = 100_000_000_000.0


def _events(raw: DataFrame, _properties: tuple[str, ...]) -> dict[str, Series]:
    of = as_json(raw["properties"])
    time = member(of, "time")
    assert time is not None
    number = expr_of(time.astype("float64", errors="coerce"))
    # The export has seconds by default, and milliseconds on request.
    microseconds = case(
        [(call("ge", number, literal(_MOST_SECONDS)), call("mul", number, literal(1e3)))], call("mul", number, literal(1e6))
    )
    # Before login, distinct_id is the device id, with or without this prefix.
    distinct, device = member(of, "distinct_id"), member(of, "$device_id")
    assert distinct is not None
    page_url = first_of(member(of, "$current_url"), member(of, "current_url_full"))
    return present(
        event_id=member(of, "$insert_id"),
        user_id=first_of(member(of, "$user_id"), unless(distinct.where(~distinct.str.startswith(_DEVICE)), device)),
        device_id=first_of(device, distinct.where(distinct.str.startswith(_DEVICE)).str.removeprefix(_DEVICE)),
        moment=to_datetime(series_of(state_of(raw), microseconds, "moment"), unit="us", errors="coerce"),
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


def _is_alone(table: Table) -> bool:
    """Return whether a table has exactly the columns of the export; other products also have ``event`` and ``properties``."""
    return set(table.columns) == {"event", "properties"}


def _property(raw: DataFrame, name: str) -> Series | None:
    return member(raw["properties"], name)


MIXPANEL = Schema(
    name="mixpanel",
    described="Mixpanel's export has event and properties, with time and distinct_id in properties",
    columns=dict.fromkeys(("event", "properties"), ()),
    sure=_is_alone,
    json=("properties",),
    events=_events,
    of_property=_property,
)
