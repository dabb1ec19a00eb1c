"""The command, its subcommands and its exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

import objectiv_local
from objectiv_local.cli.agents import mcp
from objectiv_local.cli.analyses import run, sql
from objectiv_local.cli.data import demo, inspect, quality, sample
from objectiv_local.cli.reports import report
from objectiv_local.cli.snapshots import info, refresh, snapshot, verify
from objectiv_local.errors import ObjectivError

#: Exit codes: a failed check, invalid input, an internal error, and Ctrl-C.
FAILED, WRONG, FAULT, INTERRUPTED = 1, 2, 70, 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 for success, 1 if a check failed, 2 for invalid input. A SOURCE is anything that "
    "objectiv_local.connect accepts: a file, a directory, a snapshot, a postgresql:// URL. Keep passwords "
    "in PGPASSWORD or in the password file of libpq.",
)
@click.version_option(objectiv_local.__version__, "-V", "--version", prog_name="objectiv-local")
@click.option("--traceback", is_flag=True, help="Show the Python traceback of an error.")
@click.pass_context
def group(context: click.Context, traceback: bool) -> None:
    """Product analytics on event data, in local files, in Postgres or on Spark."""
    context.obj = traceback


for _command in (demo, inspect, run, sql, report, quality, snapshot, refresh, verify, info, sample, mcp):
    group.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit."""
    sys.exit(code(sys.argv[1:] if arguments is None else arguments))


def code(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code. Messages go to standard error and never contain a password."""
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING, stream=sys.stderr, force=True)
    shown = "--traceback" in arguments
    try:
        result = group.main(list(arguments), prog_name="objectiv-local", standalone_mode=False)
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ObjectivError as error:
        if shown:
            raise
        click.echo(f"error: {error}", err=True)
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output closed the pipe, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if shown:
            raise
        click.echo(
            f"error: {type(error).__name__}: {error}\n"
            "This is a bug in objectiv_local; objectiv-local --traceback COMMAND shows where.",
            err=True,
        )
        return FAULT
    return result if isinstance(result, int) else 0
