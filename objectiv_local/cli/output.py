"""Output of results, to the terminal or to a file."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from objectiv_local.errors import InvalidValue, near

F = TypeVar("F", bound=Callable[..., Any])

#: Methods that write a file, by its extension.
_WRITERS = {".parquet": "to_parquet", ".csv": "to_csv", ".jsonl": "to_json", ".json": "to_json"}
WIDTH = 200


def writes_rows(function: F) -> F:
    """Add the options of commands that print rows."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace the --output file if it exists."),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write all rows to a .parquet, .csv or .jsonl file.",
        ),
        click.option("--csv", "as_csv", is_flag=True, help="Print all rows as CSV."),
        click.option("--json", "as_json", is_flag=True, help="Print all rows as one JSON document."),
        click.option(
            "-n", "--rows", type=click.IntRange(1), default=40, show_default=True, help="The maximum number of rows to show."
        ),
    ):
        function = option(function)
    return function


def show(
    frame: Any, *, rows: int, as_json: bool, as_csv: bool, output: Path | None, overwrite: bool, about: dict[str, Any]
) -> None:
    """Print the rows of a frame or an analysis in order, or write them to a file.

    ``about`` is added to the JSON document.
    """
    if output is not None:
        write(frame, output, overwrite=overwrite)
        click.echo(f"written: {output}", err=True)
    elif as_csv:
        sys.stdout.write(_text(frame, "to_csv"))
    elif as_json:
        document({**about, "rows": as_json_rows(frame)})
    else:
        found = frame.to_pandas(limit=rows + 1)
        click.echo(found.head(rows).to_string(line_width=WIDTH, na_rep="") if len(found) else "no rows")
        if len(found) > rows:
            click.echo(f"... more rows available: show more with -n {rows * 5}, or all with --csv or --output FILE", err=True)


def write(frame: Any, path: Path, *, overwrite: bool) -> None:
    """Write a frame to a file. Raises InvalidValue if the file exists or has an unknown extension."""
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InvalidValue(f"{str(path)!r} has no known file extension", hint=near(path.suffix, _WRITERS))
    check_new(path, overwrite=overwrite)
    getattr(frame, writer)(path)


def check_new(path: Path, *, overwrite: bool) -> None:
    """Raise InvalidValue for a file that exists, unless it may be replaced."""
    if os.path.exists(path) and not overwrite:  # noqa: PTH110 - pathlib raises for a name that is too long
        raise InvalidValue(f"{str(path)!r} exists", hint="add --overwrite to replace it")


def document(content: Any) -> None:
    """Print a JSON document."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def as_json_rows(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON values."""
    return [json.loads(line) for line in _text(frame, "to_json").split("\n") if line]


def _text(frame: Any, writer: str) -> str:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rows"
        getattr(frame, writer)(path)
        return path.read_text("utf-8")
