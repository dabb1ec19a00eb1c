"""``report``: the analyses of events as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from objectiv_local.cli.analyses import value_of
from objectiv_local.cli.events import events_of, reads_events
from objectiv_local.cli.output import check_new
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import queried
from objectiv_local.frame.export import file_at


@click.command(short_help="Write an HTML report of events.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    metavar="FILE",
    help="The file to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@click.option("--title", default="Product analytics", show_default=True, metavar="TEXT", help="The heading of the report.")
@click.option(
    "--start",
    "range_start",
    metavar="MOMENT",
    help="Report from this day or moment on. Earlier events are read, too: they decide who is new.",
)
@click.option("--end", "range_end", metavar="MOMENT", help="Report before this day or moment.")
@click.option("--by", metavar="PERIOD", help="The period: hour, day, week, month, quarter or year. Chosen by default.")
@click.option("--funnel", metavar="STEPS", help="The steps of the funnel: event types separated by commas, or JSON.")
@click.option(
    "--conversion",
    metavar="CONDITION",
    help="What counts as a conversion: an event type, or an equals sign and a "
    "query, such as '=amount > 100'. By default, the last step.",
)
@reads_events
def report(
    source: str,
    output: Path,
    overwrite: bool,
    title: str,
    range_start: str | None,
    range_end: str | None,
    by: str | None,
    funnel: str | None,
    conversion: str | None,
    **options: Any,
) -> None:
    """Write a report of the events of SOURCE: one HTML file with users, sessions, retention, lifecycle, features or pages, a
    funnel, conversions and the quality of the data. It opens offline and needs no script.
    """
    # Before all is computed.
    file_at(output)
    check_new(output, overwrite=overwrite)
    hub, events, _ = events_of(source, options)
    steps = None if funnel is None else condition(value_of("steps", funnel, "Sequence"))
    converted = None if conversion is None else condition(value_of("conversion", conversion, "object"))
    made = hub.report(events, title=title, start=range_start, end=range_end, by=by, funnel=steps, conversion=converted)
    made.save(output, overwrite=overwrite)
    click.echo(f"written: {output}", err=True)


def condition(given: Any) -> Any:
    """Return a condition, or the steps of a funnel, as they were given in JSON: a query is a function of the events."""
    if isinstance(given, list):
        return [condition(each) for each in given]
    if not isinstance(given, dict):
        return given
    if set(given) == {"query"} and isinstance(given["query"], str):
        return _Query(given["query"])
    return {name: condition(each) for name, each in given.items()}


class _Query:
    """A condition that a query holds for an event."""

    def __init__(self, query: str) -> None:
        self.query = query

    def __call__(self, events: DataFrame) -> Series:
        return queried(events, self.query)
