"""The parts of a section: the chart of an analysis, its numbers, its definition and its SQL."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from objectiv_local.charts import svg
from objectiv_local.dialects import names
from objectiv_local.engines.secrets import without_secrets
from objectiv_local.errors import ConnectionFailed, ObjectivError
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Source, state_of
from objectiv_local.hub.analyses.base.analysis import Analysis, rows_kept_of
from objectiv_local.plan.nodes import topological as steps
from objectiv_local.report.tables import Table, table

#: Width of a chart in pixels between its axes: readable on a phone, and enlarged on wider screens.
WIDTH: Final = 440
#: Factor by which charts are enlarged on wide screens.
_SCALE: Final = 1.2
#: Maximum number of rows of a table: the last periods, or the largest groups.
MOST_ROWS: Final = 30
_SIZE: Final = re.compile(r'\b(width|height)="([0-9.]+)"')
logger = logging.getLogger("objectiv_local")


@dataclass(slots=True)
class Part:
    """The content that a section shows for one analysis. ``problems`` explains what could not be shown."""

    title: str
    chart: str = ""
    tables: list[Table] = field(default_factory=list)
    rule: list[str] = field(default_factory=list)
    sql: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    #: Whether the rule is the definition of an analysis, and not a text of the report.
    is_defined: bool = False

    @property
    def has_numbers(self) -> bool:
        """Whether there are rows to show."""
        return any(each.rows for each in self.tables)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page."""

    title: str
    lead: str
    parts: tuple[Part, ...]
    problems: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The anchor of the section for links in the page."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class PartRequest:
    """The request for a part.

    ``make`` returns the analysis or frame of an event frame. It is called for the original events, whose SQL is shown, and for
    the copy that the numbers are computed from. ``columns`` are the columns of the table, by default all.
    """

    title: str
    make: Callable[[DataFrame], Any]
    columns: Sequence[str] | None = None
    caption: str = ""
    draw: Callable[[Any], Any] | None = None
    numbers: Callable[[Any, str], list[Table]] | None = None
    #: The rule of a frame, which has no definition.
    rule: Sequence[str] = ()
    #: Which rows of a long table are kept: the first or the last ones.
    keeps: str = "last"
    #: Titles of columns that differ from their names.
    names: Mapping[str, str] = field(default_factory=dict)


def part_of(request: PartRequest, events: DataFrame, copy: DataFrame) -> Part:
    """Return a part. Errors are reported in it and the rest is shown; only a lost connection raises ConnectionFailed."""
    part = Part(request.title, rule=list(request.rule))
    made = _tried(part, "", lambda: request.make(copy))
    if made is None:
        return part
    if isinstance(made, Analysis):
        part.is_defined = True
        part.rule += _tried(part, "The definition: ", lambda: made.definition.split("\n")) or made.rule_text.split("\n")
        with rows_kept_of(made) as kept:
            _show(part, request, kept)
    else:
        _show(part, request, made)
    for name in names():
        found = _tried(part, f"SQL for {name}: ", partial(_sql, request, events, name))
        if found:
            part.sql[name] = without_secrets_of(found, events)
    return part


def _show(part: Part, request: PartRequest, made: Any) -> None:
    """Add the numbers and the chart of an analysis or a frame."""
    _tried(part, "The numbers: ", lambda: part.tables.extend((request.numbers or _numbers(request))(made, request.caption)))
    if part.has_numbers:
        if request.draw is not None or isinstance(made, Analysis):
            draw = request.draw or _drawn
            part.chart = _tried(part, "The chart: ", lambda: _enlarged(svg(draw(made)))) or ""
    elif not part.problems:
        part.problems.append("There is nothing to show, because no events count here.")


def without_secrets_of(sql: str, events: DataFrame) -> str:
    """Return SQL without the passwords and tokens in the URLs of files that it reads."""
    for node in steps(state_of(events).plan):
        if isinstance(node, Source):
            for address in node.relation.parts:
                if "://" in address:
                    sql = sql.replace(address.replace("'", "''"), without_secrets(address).replace("'", "''"))
    return sql


def section(title: str, lead: str, request: Sequence[PartRequest], events: DataFrame, copy: DataFrame) -> Section:
    """Return a section with its parts."""
    return Section(title, lead, tuple(part_of(each, events, copy) for each in request))


def take_shared_rules(sections: Sequence[Section]) -> list[str]:
    """Move the sentences that all definitions have in common out of these, and return them."""
    parts = [part for each in sections for part in each.parts if part.is_defined]
    if len(parts) < 2:
        return []
    shared = [line for line in parts[0].rule if all(line in part.rule for part in parts)]
    for part in parts:
        part.rule = [line for line in part.rule if line not in shared]
    return shared


def shown_rows(
    frame: DataFrame, caption: str, columns: Sequence[str] | None, keeps: str = "last", names: Mapping[str, str] | None = None
) -> Table:
    """Return the rows of a frame as a table; if there are many, only the last or first ones are kept."""
    index = frame.index_columns
    types: Mapping[str, str] = {**frame.index_dtypes, **frame.dtypes}
    chosen = {name: types[name] for name in (*index, *(frame.data_columns if columns is None else columns)) if name in types}
    rows = frame[[name for name in chosen if name not in index]].to_arrow().to_pylist()
    if len(rows) > MOST_ROWS:
        caption += f" (the {keeps} {MOST_ROWS} of {len(rows):,} rows)"
        rows = rows[-MOST_ROWS:] if keeps == "last" else rows[:MOST_ROWS]
    return table(caption, rows, chosen, len(index), names)


def _numbers(request: PartRequest) -> Callable[[Any, str], list[Table]]:
    def numbers(made: Any, caption: str) -> list[Table]:
        frame = made.frame if isinstance(made, Analysis) else made
        return [shown_rows(frame, caption or request.title, request.columns, request.keeps, request.names)]

    return numbers


def _sql(request: PartRequest, events: DataFrame, dialect: str) -> str:
    written: str = request.make(events).view_sql(dialect=dialect)
    return written


def _enlarged(drawn: str) -> str:
    """Return SVG with its width and height enlarged."""
    return _SIZE.sub(lambda found: f'{found[1]}="{float(found[2]) * _SCALE:.0f}"', drawn, count=2)


def _drawn(made: Any) -> Any:
    return made.plot(width=WIDTH)


def _tried(part: Part, what: str, call: Callable[[], Any]) -> Any:
    """Return the result of a call, or None if it raises an error, which is then noted in the part."""
    try:
        return call()
    except ConnectionFailed:
        raise
    except ObjectivError as error:
        problem = str(error)
    except Exception as error:
        logger.warning("the report has no %r: %s", part.title, error, exc_info=error)
        problem = f"{type(error).__name__}: {error}"
    problem = f"{what}{problem}"
    if problem not in part.problems:
        part.problems.append(problem)
    return None
