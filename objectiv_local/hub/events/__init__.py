"""Event frames: from any table of events by its schema, or with the columns and sessions of Objectiv's own."""

from __future__ import annotations

from objectiv_local.hub.events.frame import events
from objectiv_local.hub.events.objectiv import checked_contexts, get_objectiv_dataframe
from objectiv_local.hub.events.sessionize import sessionize

__all__ = ["checked_contexts", "events", "get_objectiv_dataframe", "sessionize"]
