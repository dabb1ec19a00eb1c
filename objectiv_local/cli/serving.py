"""The tools of the command ``mcp``. Each one corresponds to another command."""

from __future__ import annotations

import inspect
import json
import re
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

import objectiv_local
from objectiv_local import DataFrame, connect, from_model
from objectiv_local.cli.analyses import parameters_of
from objectiv_local.cli.data import contents
from objectiv_local.cli.describing import description_of
from objectiv_local.cli.events import events_of
from objectiv_local.cli.output import as_json_rows
from objectiv_local.cli.reports import condition
from objectiv_local.engines.secrets import hide
from objectiv_local.engines.waiting import Unanswered
from objectiv_local.errors import InvalidValue, NotSupported, ObjectivError, TableNotFound, near
from objectiv_local.hub.analyses.base.specs import ANALYSES

P = ParamSpec("P")
T = TypeVar("T")

#: Maximum number of characters of the rows of an answer, as JSON.
_MOST_CHARACTERS = 400_000

_INSTRUCTIONS = """\
Product analytics on one source of events, {source}. Begin with inspect, to see the columns and the event types, and with \
list_analyses. An analysis is run from a spec, such as {{"analysis": "trend", "arguments": {{"by": "week", "where": "buy"}}}}; \
describe_analysis explains its arguments. A condition is an event type, a list of event types, or {{"query": "amount > 100"}} \
over columns of the events. A duration is {{"days": 7}}, {{"hours": 2}}, {{"minutes": 30}} or {{"seconds": 10}}. A tuple is \
{{"tuple": ["sum", "amount"]}}. Report the definition of a result along with its numbers."""

Spec = Annotated[dict[str, Any], Field(description='{"analysis": "trend", "arguments": {"by": "week"}}')]
Rows = Annotated[int, Field(description="The maximum number of rows.", ge=1)]
Dialect = Annotated[
    str | None, Field(description="The engine to write SQL for, such as postgres; by default the engine of the source.")
]
Name = Annotated[str, Field(description="The name of an analysis, from list_analyses.")]
File = Annotated[str, Field(description="The name of a new file in the directory of reports, such as march.html.")]
Period = Annotated[str | None, Field(description="hour, day, week, month, quarter or year; chosen by default.")]
Conditions = Annotated[list[Any] | None, Field(description="The steps of the funnel, as in the spec of a funnel.")]
Select = Annotated[str, Field(description="One SELECT statement in the SQL of the source.")]


class _Served:
    """A source with the limits of its answers. Answers one request at a time."""

    def __init__(self, source: str, options: dict[str, Any], rows: int, seconds: float) -> None:
        self.source = source
        self.options = options
        self.rows = rows
        self._seconds = seconds
        self.one = threading.Lock()

    def within(self, action: Callable[[], T], engine: Any) -> T:
        """Return the result of an action. Raises InvalidValue if it takes longer than an answer may take."""
        briefly = getattr(engine, "briefly", None)
        if briefly is None:
            return action()
        try:
            answer: T = briefly(action, self._seconds)
        except Unanswered as reason:
            raise InvalidValue(
                f"the query was canceled: {reason}", hint="ask for a shorter range, with start and end, or for fewer groups"
            ) from None
        return answer

    def events(self) -> tuple[Any, DataFrame]:
        """Return the hub and the event frame."""
        hub, events, _ = events_of(self.source, dict(self.options))
        return hub, events

    def answer(self, frame: DataFrame, most: int) -> dict[str, Any]:
        """Return the first rows of a frame, and whether there are more."""
        most = min(most, self.rows)
        rows = as_json_rows(frame[: most + 1])
        shown: list[dict[str, Any]] = []
        size = 0
        for row in rows[:most]:
            size += len(json.dumps(row, ensure_ascii=False))
            if shown and size > _MOST_CHARACTERS:
                break
            shown.append(row)
        return {"index": frame.index_columns, "rows": shown, "more_rows": len(shown) < len(rows)}


def served(
    source: str, options: dict[str, Any], *, rows: int, seconds: float, allow_sql: bool = False, reports: Path | None = None
) -> MCPServer:
    """Return the server of a source; ``reports`` is the directory to write reports to, if that is allowed.

    Raises the errors of ``connect``, TableNotFound for a directory that does not exist, and NotSupported for SQL on a source
    that is not confined, where a query could read any file of this machine.
    """
    if reports is not None and not reports.is_dir():
        raise TableNotFound(f"the directory {str(reports)!r} for reports does not exist", hint="create it first")
    engine = connect(source)
    if allow_sql and not getattr(engine, "is_confined", False):
        raise NotSupported(
            f"--allow-sql is not possible for {engine.description}: a query could read any file of this machine",
            hint="copy the rows to a local file or a snapshot first",
        )
    served = _Served(source, options, rows, seconds)
    server = MCPServer(
        "objectiv-local",
        version=objectiv_local.__version__,
        log_level="WARNING",
        instructions=_INSTRUCTIONS.format(source=engine.description),
    )
    for tool in (*_tools(served), *([_query(served, engine)] if allow_sql else [])):
        server.add_tool(_with_errors(tool, served), annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    if reports is not None:
        writes = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
        server.add_tool(_with_errors(_report(served, reports), served), annotations=writes)
    return server


def _tools(served: _Served) -> list[Callable[..., Any]]:

    def inspect() -> dict[str, Any]:
        """The contents of the source: tables, columns with their types, the number of events and users, the first and the last
        moment, and the most frequent event types.
        """
        return served.within(lambda: contents(served.source, served.options), connect(served.source))

    def list_analyses() -> dict[str, Any]:
        """The analyses: what each one returns, and its arguments with their types and defaults."""
        return {
            name: {"returns": _first_sentence(name), "arguments": [_argument(name, each) for each in parameters_of(name)]}
            for name in sorted(ANALYSES)
        }

    def describe_analysis(name: Name) -> str:
        """The complete description of an analysis: its definition, its columns, and every argument."""
        if name not in ANALYSES:
            raise InvalidValue(f"unknown analysis {name!r}", hint=near(name, ANALYSES))
        return doc_of(name)

    def run_analysis(spec: Spec, rows: Rows = 100, definition: bool = True) -> dict[str, Any]:
        """The rows of an analysis, and its definition in words: which events count, and which were left out."""
        hub, events = served.events()

        def run() -> dict[str, Any]:
            analysis = hub.from_spec(spec, events)
            about = {"definition": analysis.definition.splitlines()} if definition else {}
            return {"spec": analysis.spec(), **about, **served.answer(analysis.frame, rows)}

        return served.within(run, events.engine)

    def analysis_sql(spec: Spec, dialect: Dialect = None) -> str:
        """The SQL of an analysis, without running it."""
        hub, events = served.events()
        return served.within(lambda: str(hub.from_spec(spec, events).view_sql(dialect=dialect)), events.engine)

    def check_quality() -> dict[str, Any]:
        """Quality checks of the events: missing and repeated ids, implausible moments, days without events, and more."""
        hub, events = served.events()
        return served.within(lambda: served.answer(hub.quality(events).frame, served.rows), events.engine)

    return [inspect, list_analyses, describe_analysis, run_analysis, analysis_sql, check_quality]


def _query(served: _Served, engine: Any) -> Callable[..., Any]:

    def query(sql: Select, rows: Rows = 100) -> dict[str, Any]:
        """The first rows of one SELECT statement, on a connection that cannot write."""
        return served.within(lambda: served.answer(from_model(engine, sql), rows), engine)

    return query


def _report(served: _Served, directory: Path) -> Callable[..., Any]:

    def write_report(
        name: File,
        title: str = "Product analytics",
        start: str | None = None,
        end: str | None = None,
        by: Period = None,
        steps: Conditions = None,
        conversion: Any = None,
    ) -> dict[str, Any]:
        """Write a report on the events as one HTML file: users, sessions, retention, lifecycle, features or pages, a funnel,
        conversions and data quality, with charts, numbers, definitions and SQL. Returns the path of the file.
        """
        if not re.fullmatch(r"[\w-][\w. -]*\.html", name):
            raise InvalidValue(f"{name!r} is not the name of an HTML file", hint="give a name such as 'march.html'")
        path = directory / name
        if path.exists():
            raise InvalidValue(f"the report {name!r} exists already", hint="give another name")
        hub, events = served.events()
        made = hub.report(
            events, title=title, start=start, end=end, by=by, funnel=condition(steps), conversion=condition(conversion)
        )
        made.save(path)
        return {"written": str(path.resolve()), "bytes": path.stat().st_size}

    return write_report


def _with_errors(tool: Callable[P, T], served: _Served) -> Callable[P, T]:
    """Return a tool that runs one call at a time and turns errors into messages for the agent, without secrets."""

    @wraps(tool)
    def answering(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with served.one:
                return tool(*args, **kwargs)
        except ObjectivError as error:
            message = str(error)
        except Exception as error:
            message = f"{type(error).__name__}: {error}\nThis is a bug in objectiv_local."
        raise ToolError(hide(served.source, message))

    return answering


def doc_of(name: str) -> str:
    """Return the docstring of an analysis."""
    return inspect.getdoc(ANALYSES[name]) or ""


def _first_sentence(name: str) -> str:
    return " ".join(doc_of(name).split("\n\n")[0].split()).removeprefix("Return ")


def _argument(analysis: str, parameter: inspect.Parameter) -> dict[str, Any]:
    required = parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_POSITIONAL
    about: dict[str, Any] = {
        "name": parameter.name,
        "is": description_of(analysis, parameter.name),
        "type": str(parameter.annotation),
        "required": required,
    }
    if parameter.default not in (inspect.Parameter.empty, None):
        about["default"] = json.loads(json.dumps(parameter.default, default=str))
    return about
