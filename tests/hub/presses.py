"""Presses of three users on nested locations over a few weeks, few enough to check models by hand."""

from __future__ import annotations

from frame.frames import plain
from hub.tables import APP, HOME, event, event_id, stored

from objectiv_local import ModelHub

A, B, C = 1, 2, 3
TOP = {"_type": "NavigationContext", "id": "top"}
LOGO = {"_type": "LinkContext", "id": "logo", "href": "/"}
BUY = {"_type": "PressableContext", "id": "buy"}


def press(number, who, moment, stack, *, contexts=APP, type_="PressEvent"):
    made = event(number, who, moment, stack=stack, contexts=contexts, type_=type_)
    return made | {
        "value": made["value"].replace('["AbstractEvent", "PressEvent"]', '["AbstractEvent", "InteractiveEvent", "PressEvent"]')
    }


EVENTS = [
    press(1, A, "2022-01-31 23:00:00", [HOME, TOP, LOGO]),
    press(2, A, "2022-01-31 23:01:00", [HOME, TOP, LOGO]),
    press(3, A, "2022-01-31 23:02:00", [HOME, BUY]),  # the conversion
    press(4, A, "2022-01-31 23:03:00", [HOME, TOP, LOGO]),
    press(5, A, "2022-02-01 22:00:00", []),  # 23 hours later: the same elapsed day, the next one of the calendar
    press(6, B, "2022-02-01 10:00:00", [HOME, TOP, LOGO]),
    press(7, B, "2022-02-01 10:01:00", [HOME], type_="VisibleEvent"),
    press(8, B, "2022-03-01 10:00:00", [HOME, BUY]),
    press(9, C, "2022-02-07 10:00:00", [HOME, TOP, LOGO], contexts=[]),
]
NAME = "Link: logo located at Root Location: home => Navigation: top"
BOUGHT = "Pressable: buy located at Root Location: home"
HUB = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])


def frame(place, directory):
    """Return the event frame of the presses, stored at a place."""
    target, table = stored(place, EVENTS, directory)
    return HUB.get_objectiv_dataframe(db_url=target, table_name=table)


def hub_of(df):
    """Return a hub with a conversion: a press on what is named `buy`."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    hub.add_conversion_event(location_stack=df.location_stack.json[{"id": "buy"} :], event_type="PressEvent", name="bought")
    return hub


def of_events(series):
    """Return the values of a label, by event."""
    found = series.to_pandas()
    return plain(found.loc[event_id(number)] for number in range(1, len(EVENTS) + 1))
