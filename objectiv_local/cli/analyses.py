"""The commands ``run`` and ``sql``: a subcommand for each analysis, with an option for each of its arguments."""

from __future__ import annotations

import datetime
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import objectiv_local.hub.modelhub  # noqa: F401 - registers the analyses
from objectiv_local.cli.describing import description_of
from objectiv_local.cli.events import events_of, reads_events
from objectiv_local.cli.naming import in_options
from objectiv_local.cli.output import document, show, writes_rows
from objectiv_local.errors import InvalidValue
from objectiv_local.hub.analyses.base.specs import ANALYSES

_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(d|h|m|s|days?|hours?|minutes?|seconds?)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
#: Arguments that take a list of names, which can be separated by commas.
_LISTS = ("steps", "rules", "properties", "columns", "hold", "unit")
_ARGUMENTS = """\
In Python, help(ModelHub.{name}) shows the complete definition. A condition is an event type, several event types separated by
commas, or an equals sign and a query, such as '=amount > 100'. Durations are written as 14d, 2h, 30m or 10s. Other values are
JSON.
"""


@click.group(short_help="Run an analysis.", subcommand_metavar="ANALYSIS SOURCE [OPTIONS]")
def run() -> None:
    """Run an analysis and print its rows.

    "run list" lists the analyses. "run spec SPEC SOURCE" runs an analysis from a JSON file, or a metric from a YAML or JSON
    file of metrics.
    """


@click.group(short_help="Print the SQL of an analysis.", subcommand_metavar="ANALYSIS SOURCE [OPTIONS]")
def sql() -> None:
    """Print the SQL of an analysis for the engine of the source, or for another engine. The analysis is not run; only the
    columns of the source are read.
    """


def value_of(name: str, text: str, annotation: str) -> Any:
    """Return an argument of an analysis as written in a spec, from the text of an option."""
    duration = _DURATION.fullmatch(text)
    if "timedelta" in annotation and duration is not None:
        number = float(duration[1])
        return {_UNITS[duration[2][0]]: int(number) if number.is_integer() else number}
    if text[:1] in ("[", "{", '"'):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidValue(f"{name} is not valid JSON: {error}", hint="put the JSON in single quotes") from None
    if text.startswith("="):
        return {"query": text[1:].strip()}
    kinds = {each.strip() for each in annotation.split("|")}
    for kind, convert in (("int", int), ("float", float)):
        if kind in kinds:
            try:
                return convert(text)
            except ValueError:
                if "str" not in kinds:
                    raise InvalidValue(f"{name} has to be a number, not {text!r}") from None
    if "timedelta" in annotation and "str" not in kinds:
        raise InvalidValue(f"{name} has to be a duration, not {text!r}", hint="write it as 14d, 2h, 30m or 10s")
    if "," in text or name.removeprefix("--") in _LISTS:
        return [each.strip() for each in text.split(",")]
    return text


def parameters_of(name: str) -> list[inspect.Parameter]:
    """Return the arguments of an analysis."""
    return [each for each in inspect.signature(ANALYSES[name]).parameters.values() if each.name not in ("settings", "events")]


def _options(name: str) -> list[Callable[[Any], Any]]:
    """Return an option for each argument of an analysis."""
    found = []
    for each in parameters_of(name):
        annotation = str(each.annotation)
        required = each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_POSITIONAL
        option, key = option_of(each.name), f"argument_{each.name}"
        has_default = not (required or each.default in (None, inspect.Parameter.empty) or isinstance(each.default, bool))
        shown = description_of(name, each.name) + (f"  [default: {_typed(each.default)}]" if has_default else "")
        if annotation == "bool":
            found.append(click.option(f"{option}/--no-{option[2:]}", key, default=None, help=shown))
        else:
            found.append(click.option(option, key, required=required, metavar=_metavar(annotation), help=shown))
    return found


def _typed(value: object) -> str:
    """Return a default as a user would type it."""
    if isinstance(value, datetime.timedelta):
        seconds = int(value.total_seconds())
        return next(
            f"{seconds // size}{unit}"
            for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
            if seconds % size == 0
        )
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def option_of(argument: str) -> str:
    """Return the option for an argument of an analysis, with a prefix if a general option has the same name."""
    prefix = "--of-" if argument in ("event_type", "location", "time_zone") else "--"
    return prefix + argument.replace("_", "-")


def _metavar(annotation: str) -> str:
    """Return the placeholder for a value in the help."""
    if "timedelta" in annotation:
        return "DURATION"
    kinds = {each.strip() for each in annotation.split("|")}
    return "NUMBER" if kinds & {"int", "float"} else "NAME" if kinds <= {"str", "None", "list[str]"} else "VALUE"


def _spec(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that corresponds to options."""
    arguments = {}
    for each in parameters_of(name):
        given = options.pop(f"argument_{each.name}", None)
        if given is not None:
            kind = str(each.annotation)
            arguments[each.name] = given if isinstance(given, bool) else value_of(option_of(each.name), given, kind)
    return {"analysis": name, "arguments": arguments}


def _arguments(name: str) -> dict[str, str]:
    return {each.name: option_of(each.name) for each in parameters_of(name)}


def _register(name: str) -> None:
    doc = inspect.getdoc(ANALYSES[name]) or ""
    first = doc.split("\n\n")[0].replace("\n", " ")
    first = re.sub(r"``|:meth:|:class:", "", first).removeprefix("Return ")
    first = first[:1].upper() + first[1:]
    shared = {"short_help": first, "help": f"{first}\n\n{_ARGUMENTS.format(name=name)}"}

    def run_one(source: str, definition: bool, **options: Any) -> None:
        spec = _spec(name, options)
        hub, events, options = events_of(source, options)
        with in_options(_arguments(name), name):
            analysis = hub.from_spec(spec, events)
        _show(analysis, definition=definition, **options)

    def sql_one(source: str, dialect: str | None, **options: Any) -> None:
        spec = _spec(name, options)
        hub, events, _ = events_of(source, options)
        with in_options(_arguments(name), name):
            analysis = hub.from_spec(spec, events)
        click.echo(analysis.view_sql(dialect=dialect))

    command, statement = writes_rows(_defines(reads_events(run_one))), _writes_sql(reads_events(sql_one))
    for option in reversed(_options(name)):
        command, statement = option(command), option(statement)
    title = name.replace("_", "-")
    run.command(title, **shared)(command)
    sql.command(title, **shared)(statement)


def _defines(function: Callable[..., None]) -> Callable[..., None]:
    return click.option("--definition", is_flag=True, help="Also print the definition of the result in words.")(function)


def _writes_sql(function: Callable[..., None]) -> Callable[..., None]:
    option = click.option(
        "--dialect", metavar="NAME", help="The engine to write SQL for, such as postgres; by default the engine of the source."
    )
    return option(function)


def _show(analysis: Any, *, definition: bool, as_json: bool, **options: Any) -> None:
    about: dict[str, Any] = {"spec": analysis.spec()}
    if definition and as_json:
        about["definition"] = analysis.definition
    elif definition:
        click.echo(f"{analysis.definition}\n")
    show(analysis, as_json=as_json, about=about, **options)


def _written_down(path: Path, metric: str | None) -> dict[str, Any] | None:
    """Return the spec in a JSON file; None for a file of metrics."""
    if metric is not None or path.suffix.lower() != ".json":
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidValue(
            f"{str(path)!r} cannot be read: {error}", hint="give a JSON file with the spec of an analysis, as from spec()"
        ) from None
    return found if isinstance(found, dict) and "analysis" in found else None


def _from_file(path: Path, metric: str | None, source: str, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    spec = _written_down(path, metric)
    hub, events, options = events_of(source, options)
    if spec is not None:
        return hub.from_spec(spec, events), options
    metrics = hub.metrics(path)
    if metric is None:
        raise InvalidValue(f"{str(path)!r} has several metrics: {', '.join(metrics)}", hint="choose one with --metric NAME")
    return metrics[metric](events), options


@run.command("spec", short_help="Run an analysis from a file.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--metric", metavar="NAME", help="The metric to run, if SPEC is a file of metrics.")
@_defines
@writes_rows
@reads_events
def run_spec(spec: Path, metric: str | None, source: str, definition: bool, **options: Any) -> None:
    """Run the analysis in SPEC: a JSON file with the spec of an analysis, or a file of metrics."""
    analysis, options = _from_file(spec, metric, source, options)
    _show(analysis, definition=definition, **options)


@sql.command("spec", short_help="Print the SQL of an analysis from a file.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--metric", metavar="NAME", help="The metric to run, if SPEC is a file of metrics.")
@_writes_sql
@reads_events
def sql_spec(spec: Path, metric: str | None, source: str, dialect: str | None, **options: Any) -> None:
    """Print the SQL of the analysis in SPEC."""
    analysis, _ = _from_file(spec, metric, source, options)
    click.echo(analysis.view_sql(dialect=dialect))


@run.command("list", short_help="List the analyses.")
@click.option("--json", "as_json", is_flag=True, help="Print the analyses and their arguments as JSON.")
def list_analyses(as_json: bool) -> None:
    """List the analyses."""
    if as_json:
        document({name: [each.name for each in parameters_of(name)] for name in sorted(ANALYSES)})
        return
    for name in sorted(ANALYSES):
        click.echo(f"{name.replace('_', '-'):14} {run.commands[name.replace('_', '-')].get_short_help_str(100)}")


for _name in ANALYSES:
    _register(_name)
