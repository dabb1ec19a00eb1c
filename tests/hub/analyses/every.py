"""Every analysis over the six users, with the column that counts the users of a cell."""

from __future__ import annotations

import datetime

from objectiv_local import ModelHub, did

HUB = ModelHub()
STEPS = ["view", "cart", "buy"]
HOUR = datetime.timedelta(hours=1)

#: Analyses by name, as functions of an event frame.
ASKED = {
    "trend": lambda events: HUB.trend(events),
    "trend by country": lambda events: HUB.trend(events, by="week", breakdown="country", top=2),
    "new users": lambda events: HUB.trend(events, "first_time_users", where=["view", "cart"]),
    "active users": lambda events: HUB.active_users(events),
    "stickiness": lambda events: HUB.stickiness(events),
    "lifecycle": lambda events: HUB.lifecycle(events),
    "retention": lambda events: HUB.retention(events),
    "returning buyers": lambda events: HUB.retention(events, "view", "buy", mode="recurring", breakdown="country"),
    "funnel": lambda events: HUB.funnel(events, STEPS, HOUR),
    "funnel in any order": lambda events: HUB.funnel(events, STEPS, HOUR, order="any", breakdown="country"),
    "drivers": lambda events: HUB.drivers(events, "view", "buy", window=HOUR, least=1),
    "paths": lambda events: HUB.paths(HUB.sessionize(events), collapse=True),
    "sessions": lambda events: HUB.sessions(HUB.sessionize(events)),
    "attribution": lambda events: HUB.attribution(events, "buy", "event_type"),
    "attribution, linear": lambda events: HUB.attribution(events, "buy", "event_type", "linear"),
    "event types": lambda events: HUB.event_types(events),
    "cohort": lambda events: HUB.cohort(events, did("view", count=2)),
    "rfm": lambda events: HUB.rfm(events, "amount", where="buy"),
    "impact": lambda events: HUB.impact(events, "buy", feature="event_type", least=1),
}
#: The columns that count the users of a cell, with the rest of its key; others have one user per row, or count no users.
COUNTED = {
    "trend": {"value": {}},
    "trend by country": {"value": {}},
    "new users": {"value": {}},
    "active users": {name: {"window": name} for name in ("daily", "weekly", "monthly")},
    "stickiness": {"users": {}},
    "lifecycle": {name: {"state": name} for name in ("new", "returning", "resurrecting", "dormant", "active")},
    "retention": {"users": {}},
    "returning buyers": {"users": {}},
    "funnel": {"users": {}},
    "funnel in any order": {"users": {}},
    "drivers": {"users": {}, "converted": {"converted": True}},
    "paths": {"users": {}},
    "event types": {"users": {}},
}
