"""The commands ``demo``, ``sample``, ``inspect`` and ``quality``: sample data, and the contents of a source."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from objectiv_local import connect
from objectiv_local import demo as demonstration
from objectiv_local.cli.events import READING, events_of, reads_events
from objectiv_local.cli.output import check_new, document, show, writes_rows
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.sample import generator


@click.command(short_help="Run a tour of the bundled sample events.")
def demo() -> int:
    """Run the notebook "model hub basics" over the bundled sample events."""
    return demonstration.main()


@click.command(short_help="Write synthetic events to a file.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--events", type=click.IntRange(1), default=generator.EVENTS, show_default=True, help="The number of events.")
@click.option("--seed", type=int, default=generator.SEED, show_default=True, help="Seed of the random numbers.")
@click.option("--start", default=generator.START, show_default=True, metavar="DAY", help="The first day.")
@click.option("--days", type=click.IntRange(1), default=generator.DAYS, show_default=True, help="The number of days.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
def sample(path: Path, events: int, seed: int, start: str, days: int, overwrite: bool) -> None:
    """Write synthetic product-analytics events to a Parquet file."""
    if path.suffix.lower() != ".parquet":
        raise InvalidValue(f"{str(path)!r} is not the name of a Parquet file", hint="give a name that ends in .parquet")
    check_new(path, overwrite=overwrite)
    try:
        written = generator.generate(path, events=events, seed=seed, start=start, days=days, overwrite=overwrite)
    except OSError as error:
        raise InvalidValue(f"{str(path)!r} cannot be written: {error.strerror}", hint="choose another location") from None
    click.echo(f"{events:,} events written to {written} ({written.stat().st_size:,} bytes)", err=True)


@click.command(short_help="Show the contents of a source: columns, users, event types.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@reads_events
def inspect(source: str, as_json: bool, **options: Any) -> None:
    """Show the contents of a source: its tables, and for one of them how it is read as events, the number of events and users,
    the first and the last moment, and the most frequent event types.
    """
    about = contents(source, options)
    if as_json:
        document(about)
        return
    for name, value in about.items():
        if isinstance(value, dict):
            click.echo(f"{name.replace('_', ' ')}:")
            width = max(map(len, value), default=0)
            for key, each in value.items():
                click.echo(f"  {key:{width}}  {f'{each:,}' if isinstance(each, int) else each}")
        else:
            shown = ", ".join(value) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else value
            click.echo(f"{name.replace('_', ' ')}: {shown}")


def contents(source: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of a source, with one of its tables read as events according to the options."""
    engine = connect(source)
    tables = engine.tables() if engine.default_table is None else [engine.default_table]
    about: dict[str, Any] = {"source": engine.description, "tables": tables}
    if len(tables) > 1 and options["table_name"] is None:
        about["note"] = "choose one with --table NAME"
    else:
        try:
            about |= _events(source, options)
        except (ColumnNotFound, InvalidType, InvalidValue) as error:
            if any(options[name] for name in READING):
                raise  # the options describe how to read it, so it has to be readable as events
            about["not_events"] = error.what
            about["columns"] = dict(engine.table(options["table_name"] or tables[0]).columns) if tables else {}
    return about


def _events(source: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of a table of events."""
    hub, events, _ = events_of(source, dict(options))
    counts = hub.event_types(events)
    rows = counts.frame.sort_values("events", ascending=False).to_pandas()
    total, users = len(events), int(events.user_id.nunique().value)
    moments = [events.moment.min().value, events.moment.max().value]
    return {
        "read_as": "; ".join(repr(events).splitlines()[len(events.dtypes) + 2 :]) or "events",
        "events": total,
        "users": users,
        "moments": {
            name: moment.isoformat(sep=" ") if isinstance(moment, datetime.datetime) else None
            for name, moment in zip(("first", "last"), moments, strict=True)
        },
        "columns": {**events.index_dtypes, **events.dtypes},
        "event_types": {name: int(count) for name, count in rows["events"].head(10).items()},
    }


@click.command(short_help="Check the quality of events; exit with 1 if a check fails.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 if a check of at least this severity fails.",
)
@writes_rows
@reads_events
def quality(source: str, fail_on: str, **options: Any) -> int:
    """Check the events of a source: missing and repeated ids, impossible moments, days without events, and more. The exit
    code is 1 if a check failed, for use in continuous integration.
    """
    hub, events, options = events_of(source, options)
    checks = hub.quality(events)
    show(checks, about={"checks": "quality"}, **options)
    wanted = {"error": ["error"], "warning": ["error", "warning"], "never": []}[fail_on]
    failed = [row["check"] for row in checks.frame.to_arrow().to_pylist() if row["failed"] and row["severity"] in wanted]
    if failed:
        click.echo(f"failed: {', '.join(failed)}", err=True)
    return 1 if failed else 0
