"""The result of an analysis: a frame, its definition, and the users of every cell."""

from __future__ import annotations

import datetime
import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from objectiv_local.arguments import checked, in_words
from objectiv_local.charts.theme import Layout
from objectiv_local.errors import AttributeNotFound, ColumnNotFound, InvalidValue, NotSupported, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Filter,
    Node,
    aggregation,
    call,
    frame_html,
    frame_of,
    literal,
    rows_kept,
    state_of,
    unstacked,
)
from objectiv_local.hub.analyses.base.breakdown import NONE
from objectiv_local.hub.analyses.base.cells import Check
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.analyses.base.specs import ANALYSES, spec_of
from objectiv_local.hub.analyses.charts.drawing import draw
from objectiv_local.hub.analyses.charts.request import ChartRequest
from objectiv_local.hub.conditions import Condition
from objectiv_local.hub.settings import Settings

P = ParamSpec("P")
R = TypeVar("R", bound="Analysis")

#: The column with the moment at which a user entered a cell: that of their first event that counts for it.
ENTERED_AT = "entered_at"
#: Maximum number of event types that are searched for a name similar to one that never occurs.
_MOST_TYPES = 10_000
#: Methods of frames that fetch their rows.
_FETCHING = ("to_pandas", "to_polars", "to_arrow", "to_batches", "to_parquet", "to_csv", "to_json", "head")
logger = logging.getLogger("objectiv_local")


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition of an analysis.

    ``rule`` is sentences that apply to any data. ``types`` are the event types that conditions name. ``unit_counts`` is whether
    events without a unit are counted, and ``notices`` are functions that return sentences about the data.
    """

    rule: tuple[str, ...]
    types: tuple[str, ...] = ()
    unit_counts: bool = False
    notices: tuple[Callable[[], Iterable[str]], ...] = field(default=())


def rule_of(rule: str, test: Condition | None = None) -> Definition:
    """Return the definition of an analysis that counts the events that match a condition."""
    if test is None:
        return Definition((rule,))
    return Definition((rule, f"Only events that match {test.title} are counted."), test.types)


@checked
class Analysis:
    """The result of an analysis.

    It has all methods of a frame, which work on ``frame``: ``to_pandas()``, ``head()``, ``view_sql()``, ``columns``,
    ``analysis["value"]`` and so on. Queries run only when rows are fetched. When rows of an analysis that names event types are
    fetched for the first time, one more query checks these types, and a warning is logged for types that never occur.
    """

    #: Whether there is a query that computes the rows, so that they can be computed again from changed events.
    _has_query = True

    def __init__(
        self,
        name: str,
        frame: DataFrame,
        scope: Scope,
        definition: Definition,
        members: Node | Callable[[Mapping[str, Any]], Node] | None,
        cells: Mapping[str, str] | None = None,
        possible: Mapping[str, Check] | None = None,
    ) -> None:
        """``members`` has the unit and the moment of each event that counts, and the cell that it counts for; or it is a
        function that returns them for a cell. ``cells`` maps the names that identify a cell to their dtypes, by default those
        of the index. ``possible`` has checks of their values.
        """
        self._name = name
        self._frame = frame
        self._scope = scope
        self._definition = definition
        self._members = members
        self._cells = dict(frame.index_dtypes if cells is None else cells)
        self._possible = dict(possible or {})
        self._arguments: Mapping[str, object] = {}
        self._is_warned = False

    @property
    def name(self) -> str:
        """The name of the analysis, such as ``trend``."""
        return self._name

    @property
    def frame(self) -> DataFrame:
        """The result as a frame, which is lazy and sorted by its index."""
        return self._frame.copy()

    @property
    def definition(self) -> str:
        """The definition in words, with counts of the events that were left out.

        Runs two queries, or three if a condition names event types. Without a connection, it is ``rule_text``.
        """
        lines = [self.rule_text]
        if state_of(self._scope.data).engine is not None:
            lines += [*_left_out(self._scope, self._definition), *_unknown_types(self._scope, self._definition.types)]
            for notice in self._definition.notices:
                lines += notice()
        return "\n".join(lines)

    @property
    def rule_text(self) -> str:
        """The definition in words, without counts. Runs no query."""
        return "\n".join([*self._definition.rule, *_common(self._scope)])

    def users(self, **cell: object) -> DataFrame:
        """Return the users that a cell counts, one row per user: indexed by the unit, with ``entered_at``.

        ``entered_at`` is the moment of the first event that put the user into the cell. A cell is identified by the index
        levels of the analysis, as in ``users(period="2024-03-01")``. A missing value is None (in a breakdown, ``(none)``). A
        level that is omitted can have any value. Every analysis accepts the result as a condition or as a breakdown.

        Raises InvalidValue for a name that is not in the index, and for a value that cannot be in the index, if that is known
        without a query: a day on which no period starts, a period outside the range, a step that the funnel does not have. For
        other values that do not occur, the result is empty. Raises NotSupported if the analysis does not count users.
        """
        if self._members is None:
            raise NotSupported(f"{self._name} does not count users", hint="use its frame")
        for name in cell:
            if name not in self._cells:
                raise InvalidValue(f"{self._name} has no index level {name!r}", hint=near(name, self._cells))
        wanted = {
            name: None if _is_missing(value) else as_value(value, self._cells[name], f"{name} of users")
            for name, value in cell.items()
        }
        for name, check in self._possible.items():
            if wanted.get(name) is not None:
                check(wanted[name], name)
        if callable(self._members):
            plan = self._members(wanted)
        else:
            plan = self._members
            for name, value in wanted.items():
                column = plan.column(name)
                same = call("is_null", column) if value is None else call("eq", column, literal(value, column.type))
                if value is None and column.type.name == "string":
                    same = call("or", same, call("eq", column, literal(NONE)))
                plan = Filter(plan, same, "cell")
        unit = self._scope.unit
        plan = Aggregate(
            plan,
            tuple((name, plan.column(name)) for name in unit),
            ((ENTERED_AT, aggregation("min", plan.column(MOMENT))),),
            "users",
        )
        return frame_of(self._scope.state_over(plan, unit), [ENTERED_AT])

    def matrix(self, column: str | None = None) -> DataFrame:
        """Return a column as a wide table: one row per label of the first index levels, one column per label of the last one.

        By default, it is the first column of the analysis. One query fetches the labels.

        Raises InvalidValue for an analysis with a single index level, which is already a table, and ColumnNotFound.
        """
        frame = self._frame
        column = frame.data_columns[0] if column is None else column
        if column not in frame.data_columns:
            raise ColumnNotFound(f"{self._name} has no column {column!r}", hint=near(column, frame.data_columns))
        *rows, last = frame.index_columns
        if not rows:
            raise InvalidValue(f"{self._name} has a single index level, {last!r}, and is already a table", hint="use its frame")
        return self._wide(frame, column, last)

    def _wide(self, frame: DataFrame, column: str, last: str) -> DataFrame:
        return unstacked(frame[[column]], last, None, "max", lambda value, _: str(value))

    def spec(self) -> dict[str, Any]:
        """Return the arguments of the analysis as a JSON-compatible dict; ``hub.from_spec`` recreates it on any engine.

        Conditions given as functions or series are written as expressions over columns of the events, and the events are not
        part of the spec. Raises NotSupported for conditions that read other rows, such as windows, and for frames of users.
        """
        return spec_of(self._name, self._scope.settings, self._scope.data, self._arguments)

    def to_dbt(
        self,
        path: str | os.PathLike[str],
        name: str,
        *,
        dialect: str | None = None,
        materialized: str = "view",
        table_name: str | Mapping[str, str] | None = None,
        refs: Sequence[str] = (),
        description: str | None = None,
        tests: bool = True,
        overwrite: bool = False,
    ) -> list[Path]:
        """Write the analysis as a dbt model and return the files that were written; see :meth:`DataFrame.to_dbt`.

        ``description`` is its definition by default. Raises NotSupported for an analysis that is computed from fetched counts.
        """
        self._require_query("a dbt model", "analysis.frame.to_dbt(...) writes the current numbers")
        return self._frame.to_dbt(
            path,
            name,
            dialect=dialect,
            materialized=materialized,
            table_name=table_name,
            refs=refs,
            description=self.rule_text if description is None else description,
            tests=tests,
            overwrite=overwrite,
        )

    def create_view(self, name: str, *, if_exists: str = "fail") -> DataFrame:
        """Create a database view that computes the analysis; see :meth:`DataFrame.create_view`.

        Raises NotSupported for an analysis that is computed from fetched counts.
        """
        self._require_query("a view", "database_create_table stores the current numbers")
        return self._frame.create_view(name, if_exists=if_exists)

    def _require_query(self, what: str, hint: str) -> None:
        if not self._has_query:
            raise NotSupported(
                f"{self._name} cannot be {what}: its numbers are computed from fetched counts, and no query "
                "can compute them again",
                hint=hint,
            )

    def plot(
        self, kind: str | None = None, *, width: int | None = None, height: int | None = None, title: str | None = None
    ) -> Any:
        """Return a chart of the analysis as an altair.Chart, or a plotly figure for ``kind="sankey"``.

        =================  ===========================================================================================
        analysis           kinds, the default first
        =================  ===========================================================================================
        ``trend``          ``"line"``
        ``active_users``   ``"line"``, and ``"stickiness"``, daily as a share of monthly active users
        ``lifecycle``      ``"bar"``, with dormant users below zero
        ``stickiness``     ``"bar"``, over all complete periods
        ``retention``      ``"heat_map"``, and ``"curve"``, which is the default with a breakdown
        ``funnel``         ``"bar"``, or ``"line"`` with ``by``; and ``"time"``, the time to convert
        ``paths``          ``"matrix"``, the share of paths with a label at each place, and ``"sankey"``
        ``transitions``    ``"matrix"``
        ``attribution``, ``drivers``, ``event_types``, ``properties`` and ``quality``: ``"bar"``
        ``impact`` and ``experiment``: ``"forest"``, estimates with their intervals
        ``sessions``       ``"histogram"`` of durations
        ``rfm``            ``"heat_map"`` of users by their recency and frequency scores
        ``ltv``            ``"heat_map"``, and ``"curve"``
        =================  ===========================================================================================

        Incomplete values are dashed in lines, hatched in heat maps and lighter in bars. ``width`` and ``height`` are in
        pixels, for the area between the axes. ``title=""`` omits the title. If there are many rows, such as sessions, the
        database counts them.

        Raises NotSupported for a cohort, which has no chart, and without the extra ``plot``; InvalidValue for an unknown kind,
        for an analysis without rows, and for more than 10,000 rows.

        >>> import objectiv_local as ol
        >>> hub = ol.ModelHub()
        >>> chart = hub.trend(hub.events(), by="week").plot(width=400)
        >>> chart.to_dict()["title"]["text"]
        'Users by week'
        """
        layout = Layout(title, width, height)
        self._warn()
        plan = self._members
        members = (
            None if plan is None or callable(plan) else (lambda names: frame_of(self._scope.state_over(plan), list(names)))
        )
        return draw(ChartRequest(self._name, self._frame, self._arguments, layout, members), kind)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeNotFound(f"{type(self).__name__} has no attribute {name!r}")
        if isinstance(getattr(type(self), name, None), property):
            return object.__getattribute__(self, name)  # the property failed: raise its error again
        frame = self.__dict__["_frame"]
        try:
            found = getattr(frame.copy(), name)
            return self._warning(found) if name in _FETCHING else found
        except AttributeNotFound:
            own = [each for each in dir(type(self)) if not each.startswith("_")]
            if get_close_matches(name, own, n=1):
                raise AttributeNotFound(f"{self._name} has no attribute {name!r}", hint=near(name, own)) from None
            raise

    def _warning(self, fetch: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method that fetches rows, wrapped so that its first call warns of event types that never occur."""

        @wraps(fetch)
        def fetched(*args: Any, **kwargs: Any) -> Any:
            self._warn()
            return fetch(*args, **kwargs)

        return fetched

    def _warn(self) -> None:
        if self._is_warned or not self._definition.types or state_of(self._scope.data).engine is None:
            return
        self._is_warned = True
        if not _all_occur(self._scope, self._definition.types):
            for each in _unknown_types(self._scope, self._definition.types):
                logger.warning("%s: %s", self._name, each)

    def __getitem__(self, key: Any) -> DataFrame | Series:
        found: DataFrame | Series = self._frame.copy()[key]
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in dir(self._frame) if not name.startswith("_"))})

    def _title(self) -> str:
        given = ", ".join(f"{name}={_shown(value)}" for name, value in self._arguments.items())
        return f"{self._name}({given})"

    def _repr_html_(self) -> str:
        return frame_html(self._frame, self._title(), [*self._definition.rule, *_common(self._scope)])

    def __repr__(self) -> str:
        return (
            f"<{self._title()}\nindex: {', '.join(self._frame.index_columns)}; columns: {', '.join(self._frame.data_columns)}>"
        )


def analysis(function: Callable[Concatenate[Settings, DataFrame, P], R]) -> Callable[Concatenate[Settings, DataFrame, P], R]:
    """Return an analysis that stores the arguments it was called with, for its repr and its spec."""
    own = signature(function)

    @wraps(function)
    def made(*args: Any, **kwargs: Any) -> R:
        found = function(*args, **kwargs)
        given = own.bind(*args, **kwargs).arguments
        vars(found)["_arguments"] = {name: value for name, value in given.items() if name not in ("settings", "events")}
        return found

    ANALYSES[function.__name__] = made
    return made


@contextmanager
def rows_kept_of(made: R) -> Iterator[R]:
    """Yield an analysis with its rows in a temporary table, so that they are computed once for its numbers and its chart."""
    with rows_kept(made.frame, f"{made.name}_rows") as frame:
        found = copy(made)
        vars(found)["_frame"] = frame
        yield found


def _common(scope: Scope) -> list[str]:
    """Return the sentences on time that apply to every analysis."""
    zone = scope.settings.time_zone
    moments = [f"from {scope.start}" if scope.start is not None else "", f"before {scope.end}" if scope.end is not None else ""]
    ranged = " and ".join(each for each in moments if each)
    return [
        f"Periods and days are in the time zone {zone}; weeks start on {scope.settings.week_start.capitalize()}.",
        *([f"The range is {ranged} UTC."] if ranged else []),
        *([f"As of {scope.as_of} UTC; later events are left out."] if scope.as_of is not None else []),
        f"Events at the same moment are ordered by {', '.join(scope.event_key) or 'nothing'}.",
    ]


def _left_out(scope: Scope, definition: Definition) -> list[str]:
    """Return how many events were left out, and why. Runs two queries."""
    plan = scope.state.plan
    known = scope.rows(ranged=True, with_unit=False)
    lacking: Expr = literal(False)
    for name in scope.unit:
        lacking = call("or", lacking, call("is_null", known.column(name)))
    every: dict[str, Any] = {}
    for rows, counts in (
        (
            plan,
            (
                ("events", aggregation("size")),
                ("without_moment", aggregation("size", where=call("is_null", plan.column(MOMENT)))),
                ("last_moment", aggregation("max", plan.column(MOMENT))),
            ),
        ),
        (known, (("in_range", aggregation("size")), ("without_unit", aggregation("size", where=lacking)))),
    ):
        counted = Aggregate(rows, (), counts, "counts")
        every |= frame_of(scope.state_over(counted), list(counted.types)).to_arrow().to_pylist()[0]
    lines = []
    if scope.as_of is None:
        last = every["last_moment"]
        lines.append("There are no events." if last is None else f"As of {last} UTC, the last moment of the data.")
    lines.append(f"{every['in_range']:,} of {every['events']:,} events are in the range.")
    if every["without_moment"]:
        lines.append(f"{every['without_moment']:,} events without a moment are left out.")
    if every["without_unit"]:
        what = "count for no user" if definition.unit_counts else "are left out"
        lines.append(f"{every['without_unit']:,} of them have no {' or '.join(scope.unit)}, and {what}.")
    return lines


def _all_occur(scope: Scope, types: Iterable[str]) -> bool:
    """Return whether there are events of all these types. Runs one query."""
    data, wanted = scope.data, list(dict.fromkeys(types))
    found = data[data.event_type.isin(wanted)].event_type.nunique().value
    return bool(found == len(wanted))


def _unknown_types(scope: Scope, types: Iterable[str]) -> list[str]:
    """Return a sentence for each event type that never occurs, with the most similar type. Runs at most one query."""
    types = list(dict.fromkeys(types))
    if not types:
        return []
    plan = scope.state.plan
    named = Aggregate(plan, (("event_type", plan.column("event_type")),), (), "event_types")
    known = frame_of(scope.state_over(named), ["event_type"]).to_arrow(_MOST_TYPES).column(0).to_pylist()
    found = []
    for each in types:
        if each not in known:
            nearest = get_close_matches(each, [other for other in known if other is not None], n=1)
            found.append(f"No event has the type {each!r}" + (f"; did you mean {nearest[0]!r}?" if nearest else "."))
    return found


def as_value(value: object, kind: str, what: str) -> object:
    """Return the value of a cell in the type of its column. Raises InvalidValue for a value of another type."""
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()  # numpy
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime(warn=False)
    if kind in ("date", "timestamp"):
        moment = _as_moment(value)
        if moment is not None and moment.tzinfo is not None:
            raise InvalidValue(f"{what} has a time zone: {value!r}", hint="give the local time in the time zone of the hub")
        if moment is None or (kind == "date" and moment.time() != datetime.time()):
            raise InvalidValue(f"{what} has to be a {kind}, not {value!r}", hint="for instance '2024-03-01'")
        return moment.date() if kind == "date" else moment
    wanted: Any = {"int64": int, "string": str, "bool": bool, "float64": int | float}.get(kind, object)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        raise InvalidValue(f"{what} has to be {kind}, not {in_words(value)}", hint="give a label of the index of the analysis")
    return value


def _is_missing(value: object) -> bool:
    """Return whether a value is None, or the missing value of pandas: NaN, NaT or NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and math.isnan(value))


def _as_moment(value: object) -> datetime.datetime | None:
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    try:
        return datetime.datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _shown(value: object) -> str:
    if isinstance(value, Series):
        return f"<series {value.name}>"
    if isinstance(value, DataFrame | Analysis):
        return "<users>"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__ if value.__name__.isidentifier() else "<function>"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return repr(value)
