"""Visits of three users over two days, few enough to check labels and aggregates by hand."""

from __future__ import annotations

import pandas as pd
from hub.tables import event, event_id, stored

from objectiv_local import ModelHub

A, B, C = 1, 2, 3
LINK = [{"_type": "RootLocationContext", "id": "home"}, {"_type": "LinkContext", "id": "Quickstart Guide"}]
OTHER = [{"_type": "RootLocationContext", "id": "home"}, {"_type": "LinkContext", "id": "Blog"}]
APP = [{"_type": "ApplicationContext", "id": "website"}, {"_type": "ApplicationContext", "id": "second"}]
EVENTS = [
    event(1, A, "2022-02-01 10:00:00", stack=OTHER, contexts=APP),
    event(2, A, "2022-02-01 10:05:00", stack=LINK, contexts=APP),
    event(3, A, "2022-02-01 10:05:00", type_="VisibleEvent", stack=LINK),  # ties with the conversion
    event(4, A, "2022-02-01 10:06:00", stack=LINK),
    event(5, A, "2022-02-01 15:00:00", stack=OTHER),  # a later session on the first day
    event(6, A, "2022-02-02 09:00:00", stack=OTHER),
    event(7, A, "2022-02-02 09:10:00", stack=OTHER),
    event(8, B, "2022-02-01 23:50:00", stack=OTHER),  # a first session over midnight
    event(9, B, "2022-02-02 00:10:00", stack=OTHER),
    event(10, C, "2022-02-02 12:00:00", contexts=[{"_type": "ApplicationContext", "id": "app"}]),  # a bounce
]
HUB = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])


def frame(place, directory):
    """Return the event frame of the visits, stored at a place."""
    target, table = stored(place, EVENTS, directory)
    return HUB.get_objectiv_dataframe(db_url=target, table_name=table)


def hub_of(df):
    """Return a hub with a conversion: a press on the link to the guide."""
    hub = ModelHub(time_aggregation="%Y-%m-%d", global_contexts=["application"])
    hub.add_conversion_event(
        location_stack=df.location_stack.json[{"id": "Quickstart Guide", "_type": "LinkContext"} :],
        event_type="PressEvent",
        name="quickstart",
    )
    return hub


def of_events(series):
    """Return the values of a label, by event."""
    found = series.to_pandas()
    return [found.loc[event_id(number)] for number in range(1, len(EVENTS) + 1)]


def check(series, expected):
    """Check the values of an aggregate and their groups, in order."""
    found = series.to_pandas()
    index = pd.Index(list(expected), name=found.index.name, dtype=found.index.dtype)
    wanted = pd.Series(list(expected.values()), index=index, name=found.name)
    pd.testing.assert_series_equal(found, wanted, check_dtype=False, check_index_type=False)
