"""``snapshot``, ``refresh``, ``verify`` and ``info``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from objectiv_local import snapshot as snapshots
from objectiv_local.cli.events import events_of, reads_events
from objectiv_local.cli.output import document
from objectiv_local.errors import DataInvalid

_checks = click.option(
    "--check",
    type=click.Choice(["rows", "keys", "values"]),
    default="keys",
    show_default=True,
    help="What counts as a change of a month: its number of rows (rows); also ids, moments, users and "
    "types of events (keys); any column (values).",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
_path = click.argument("path", type=click.Path(path_type=Path))


@click.command(short_help="Copy events to local Parquet files, or update the copy.")
@reads_events
@_path
@_checks
@click.option("--overwrite", "--replace", "replace", is_flag=True, help="Replace the snapshot, whatever it holds.")
@_as_json
def snapshot(path: Path, source: str, check: str, replace: bool, as_json: bool, **options: Any) -> None:
    """Write the events of SOURCE as a snapshot to the directory PATH, or refresh the snapshot there."""
    _, events, _ = events_of(source, options)
    events.snapshot(path, check=check, replace=replace)
    _show(snapshots.info(path), as_json=as_json)


@click.command(short_help="Bring a snapshot up to date with its source.")
@_path
@click.option("--source", metavar="SOURCE", help="Where the rows are now, such as an address with its password.")
@_checks
@_as_json
def refresh(path: Path, source: str | None, check: str, as_json: bool) -> None:
    """Bring the snapshot in the directory PATH up to date with its source."""
    snapshots.refresh(path, source, check=check)
    _show(snapshots.info(path), as_json=as_json)


@click.command(short_help="Check a snapshot; fails if it is damaged.")
@_path
@_as_json
def verify(path: Path, as_json: bool) -> int:
    """Check the files and rows of the snapshot in the directory PATH. The exit code is 1 if it is damaged."""
    try:
        found = snapshots.verify(path)
    except DataInvalid as error:
        click.echo(f"error: {error}", err=True)
        return 1
    _show(found, as_json=as_json)
    return 0


@click.command(short_help="Show what a snapshot holds.")
@_path
@_as_json
def info(path: Path, as_json: bool) -> None:
    """Show what the snapshot in the directory PATH holds, and its source."""
    _show(snapshots.info(path), as_json=as_json)


def _show(found: snapshots.Info, *, as_json: bool) -> None:
    if as_json:
        document(
            {
                "path": str(found.path),
                "rows": found.rows,
                "bytes": found.bytes,
                "months": found.months,
                "columns": found.columns,
                "source": found.source,
                "published": found.published,
                "version": found.version,
            }
        )
    else:
        click.echo(str(found))
