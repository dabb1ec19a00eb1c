"""The options of commands that read events, and the event frame that they create."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from objectiv_local import DataFrame, ModelHub
from objectiv_local.cli.naming import in_options

F = TypeVar("F", bound=Callable[..., Any])

_EVENT_OPTIONS = (
    click.option("--table", "table_name", metavar="NAME", help="The table to read, if the source has several."),
    click.option(
        "--schema",
        metavar="NAME",
        help="The schema: objectiv, snowplow, ga4, posthog, segment, amplitude, mixpanel, "
        "or table for any other layout. Recognized by default.",
    ),
    click.option("--user-id", metavar="COLUMN", help="The column of users, or two columns: DEVICE,USER."),
    click.option("--moment", metavar="COLUMN", help="The column of timestamps."),
    click.option("--event-type", metavar="COLUMN", help="The column of event types."),
    click.option("--event-id", metavar="COLUMN", help="The column of event ids."),
    click.option("--session-id", metavar="COLUMN", help="The column of session ids; sessions are computed by default."),
    click.option("--location", metavar="COLUMN", help="The column of pages or screens."),
    click.option("--from", "start", metavar="MOMENT", help="Only read events from this day or moment on."),
    click.option("--until", "end", metavar="MOMENT", help="Only read events before this day or moment."),
    click.option(
        "--identity",
        metavar="RULE",
        help="How to resolve the users of devices: last_known, first_known, forward_only or graph.",
    ),
    click.option("--dedup", is_flag=True, help="Keep one event per event id."),
    click.option("--time-zone", default="UTC", show_default=True, metavar="ZONE", help="The time zone of days and weeks."),
    click.option("--week-start", default="monday", show_default=True, metavar="DAY", help="The day on which weeks start."),
)
_NAMES = (
    "table_name",
    "schema",
    "user_id",
    "moment",
    "event_type",
    "event_id",
    "session_id",
    "location",
    "start",
    "end",
    "identity",
    "dedup",
    "time_zone",
    "week_start",
)
_OPTIONS = {name: f"--{name.replace('_', '-')}" for name in _NAMES} | {
    "table_name": "--table",
    "start": "--from",
    "end": "--until",
}
#: The options that define how a table is read.
READING = ("schema", "user_id", "moment", "event_type", "event_id", "session_id", "location")


def reads_events(function: F) -> F:
    """Add the argument SOURCE and the options of events to a command."""
    for option in reversed(_EVENT_OPTIONS):
        function = option(function)
    return click.argument("source", shell_complete=_files)(function)


def _files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return a completion that makes the shell complete file names."""
    return [CompletionItem(incomplete, type="file")]


def events_of(source: str, options: dict[str, Any]) -> tuple[Any, DataFrame, dict[str, Any]]:
    """Return the hub, the event frame and the remaining options."""
    given = {name: options.pop(name) for name in _NAMES}
    with in_options(_OPTIONS):
        hub = ModelHub(time_aggregation="%Y-%m-%d", time_zone=given.pop("time_zone"), week_start=given.pop("week_start"))
    if given["user_id"] is not None and "," in given["user_id"]:
        given["user_id"] = tuple(each.strip() for each in given["user_id"].split(","))
    with in_options(_OPTIONS, "events"):
        events = hub.events(source, **given)
    return hub, events, options
