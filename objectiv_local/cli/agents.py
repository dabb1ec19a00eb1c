"""The command ``mcp``: offers the other commands to agents that speak the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from objectiv_local.cli.events import reads_events
from objectiv_local.errors import NotSupported
from objectiv_local.preferences import options as preferences


@click.command(short_help="Serve a source to AI agents over standard input and output.")
@click.option(
    "--rows", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="The maximum number of rows of an answer."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 86_400),
    default=60,
    show_default=True,
    help="The number of seconds after which a query is canceled.",
)
@click.option("--allow-sql", is_flag=True, help="Also offer a tool that runs SELECT statements written by the agent.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIRECTORY",
    help="Also offer a tool that writes reports to this directory.",
)
@reads_events
def mcp(source: str, rows: int, seconds: float, allow_sql: bool, reports: Path | None, **options: Any) -> None:
    """Serve the events of SOURCE to an AI agent through the Model Context Protocol, over standard input and output.

    The agent can see the contents of the source, list the analyses, run an analysis from a spec, read its SQL and definition,
    and check the quality of the events. It cannot write anything except reports, if you allow them. Its answers are limited in
    rows and time.
    """
    try:
        from objectiv_local.cli.serving import served
    except ImportError:
        raise NotSupported("the package mcp is not installed", hint="pip install 'objectiv-local[mcp]'") from None
    preferences.progress = False
    served(source, options, rows=rows, seconds=seconds, allow_sql=allow_sql, reports=reports).run("stdio")
