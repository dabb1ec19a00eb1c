"""Data quality checks of events: missing and repeated ids, implausible moments, gaps, inconsistent names, missing contexts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from objectiv_local.arguments import checked
from objectiv_local.errors import DataInvalid, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    aggregation,
    call,
    cast,
    expr_of,
    frame_of,
    literal,
    over,
    series_of,
)
from objectiv_local.hub.analyses import taxonomy
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.calendar import PERIOD, period_of, periods
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.unpivoting import unpivoted
from objectiv_local.hub.settings import Settings
from objectiv_local.types import FLOAT64, STRING

ERROR, WARNING = "error", "warning"
SEVERITIES: Final = (ERROR, WARNING)
_CHECK = "check"
#: Events before this moment fail a check: their clock was probably wrong.
_ANCIENT = datetime.datetime(2000, 1, 1)
#: Number of events on one day above which a user may be a robot.
_BUSY = 1_000
_LONG = datetime.timedelta(hours=24)
#: Maximum distance of a day's number of events from the median of its weekday, in median absolute deviations.
_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True)
class _Check:
    """A check: its severity, and the columns with the number of failures, the number of rows checked, and an example."""

    severity: str
    failed: str
    of: str
    example: str


@checked
class Quality(Analysis):
    """The results of quality checks on events."""

    def raise_on(self, severity: str = ERROR) -> None:
        """Raise DataInvalid if a check of the given severity or a higher one failed; ``"warning"`` includes errors.

        The message lists each failed check, with an example. Runs a query.
        """
        if severity not in SEVERITIES:
            raise InvalidValue(f"severity has to be error or warning, not {severity!r}", hint=near(severity, SEVERITIES))
        severities = SEVERITIES[: SEVERITIES.index(severity) + 1]
        found = [row for row in self.frame.to_arrow().to_pylist() if row["failed"] and row["severity"] in severities]
        if found:
            lines = [
                f"{row['check']}: {row['failed']:,} of {row['of']:,}"
                + (f", such as {row['example']}" if row["example"] else "")
                for row in found
            ]
            raise DataInvalid(
                "checks of the events failed: " + "; ".join(lines), hint="hub.quality(events).to_pandas() shows all checks"
            )


@analysis
def quality(
    settings: Settings, events: DataFrame, *, start: object = None, end: object = None, as_of: object = None, busy: int = _BUSY
) -> Quality:
    """Return quality checks of the events: index ``check``; columns ``severity``, ``failed``, ``of``, ``example``.

    ``failed`` is the number of failures among the ``of`` rows checked. ``example`` is one of the failures as a string, missing
    if there are none.

    =========================  ========  ===========================================================================
    check                      severity  what fails
    =========================  ========  ===========================================================================
    ``missing_moment``         error     events without a moment, among all events; the other checks leave them out
    ``missing_event_id``       error     events without an event id
    ``repeated_event_id``      error     events with the id of an earlier event
    ``missing_event_type``     error     events whose event type is missing or empty
    ``ancient_moment``         error     events before the year 2000
    ``future_moment``          error     events after ``as_of``, if it is given
    ``missing_user``           warning   events without a user
    ``busy_user``              warning   users with more than ``busy`` events on one day, among all users
    ``shared_session``         warning   sessions with several users, among all sessions
    ``long_session``           warning   sessions longer than 24 hours, among all sessions
    ``similar_event_type``     warning   event types that equal another one except for case, blanks, dashes and underscores
    ``day_without_events``     warning   days without events between the first and the last day, among all days
    ``odd_day``                warning   complete days whose number of events differs from the median of their weekday by
                                         more than 3 median absolute deviations
    ``lacks_application``      error     Objectiv events without an ApplicationContext
    ``lacks_location``         error     Objectiv events whose location stack lacks a context that their type requires
    ``lacks_root_location``    error     Objectiv events whose location stack lacks a RootLocationContext
    ``repeated_location``      error     Objectiv events with two contexts of the same type and id in their location stack
    ``repeated_context``       error     Objectiv events with two global contexts of the same type and id
    =========================  ========  ===========================================================================

    ``hub.events`` drops events without a moment and logs a warning; only frames from elsewhere can have them. A check is left
    out if the frame lacks a column that it reads. Days are in the hub's time zone. Objectiv's global contexts are only checked
    in frames of ``ModelHub(global_contexts=["global_contexts"])``.

    ``raise_on("error")`` raises DataInvalid if a check of that severity failed, for use in scripts that load events.

    Reads moment, and the columns of the checks: event_id, user_id, event_type, session_id, location_stack,
    stack_event_types, global_contexts.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.quality(hub.events()).columns
    ['severity', 'failed', 'of', 'example']
    """
    if isinstance(busy, bool) or busy < 1:
        raise InvalidValue(f"busy is {busy}, and has to be at least 1", hint=f"for instance busy={_BUSY}")
    scope = scope_of(settings, events, "quality", unit=None, start=start, end=end, as_of=as_of)
    built = _Checks(scope, busy)
    facts, checks = built.facts(), built.checks
    columns: dict[str, dict[str, Expr]] = {
        "failed": {name: call("coalesce", facts.column(each.failed), literal(0)) for name, each in checks.items()},
        "of": {name: facts.column(each.of) for name, each in checks.items()},
        "example": {name: cast(facts.column(each.example), STRING) for name, each in checks.items()},
    }
    severities = {name: {"severity": literal(each.severity)} for name, each in checks.items()}
    plan = unpivoted(facts, _CHECK, severities, columns, "quality")
    frame = frame_of(scope.state_over(plan, [_CHECK]), ["severity", "failed", "of", "example"])
    return Quality("quality", frame, scope, Definition(("Checks of the events, and how many rows fail each check.",)), None)


class _Checks:
    """The checks whose columns the frame has, and the rows with their counts."""

    def __init__(self, scope: Scope, busy: int) -> None:
        self.scope = scope
        self.busy = busy
        self.checks: dict[str, _Check] = {}
        self._columns = {
            name
            for name in ("user_id", "event_type", "session_id", taxonomy.STACK, taxonomy.TYPES, taxonomy.CONTEXTS)
            if name in scope.data.data_columns
        }
        self._event = scope.event_key[0] if scope.event_key else None

    def facts(self) -> Node:
        """Return one row with the counts of all checks."""
        scope = self.scope
        failing = taxonomy.row_checks(scope.data)
        columns: dict[str, Series] = {name: scope.data[name] for name in sorted(self._columns)} | failing
        rows = self._all_known(columns)
        parts = [self._missing_moments(), self._of_events(rows, failing), *self._of_ids(rows)]
        if "user_id" in self._columns:
            parts.append(self._busy_users(rows))
        if "session_id" in self._columns:
            parts.append(self._sessions(rows))
        if "event_type" in self._columns:
            parts.append(self._similar_types(rows))
        parts.append(self._days(rows))
        parts += self._repeated_contexts(rows)
        found = parts[0]
        for part in parts[1:]:
            found = crossed(found, part, "facts")
        return found

    def _all_known(self, columns: dict[str, Series]) -> Node:
        """Return the events of the range including those after ``as_of``, which ``future_moment`` checks."""
        every = Scope(self.scope.settings, self.scope.name, self.scope.data, (), self.scope.start, self.scope.end, None)
        return every.rows(columns, with_unit=False)

    def _add(self, name: str, severity: str, of: str, failed: str | None = None) -> str:
        failed = failed or name
        self.checks[name] = _Check(severity, failed, of, f"{failed}_example")
        return failed

    def _example(self, rows: Node, where: Expr) -> Expr:
        column = rows.column(MOMENT if self._event is None else self._event)
        return aggregation("min", column, where=where)

    def _missing_moments(self) -> Node:
        plan = self.scope.state.plan
        missing = call("is_null", plan.column(MOMENT))
        name = self._add("missing_moment", ERROR, "all_events")
        return Aggregate(
            plan,
            (),
            (
                ("all_events", aggregation("size")),
                (name, aggregation("size", where=missing)),
                (f"{name}_example", self._example(plan, missing)),
            ),
            "all_events",
        )

    def _of_events(self, rows: Node, failing: dict[str, Series]) -> Node:
        """Return the counts of the checks that look at one event at a time."""
        moment = rows.column(MOMENT)
        tests = {"ancient_moment": (ERROR, call("lt", moment, literal(_ANCIENT)))}
        if self.scope.as_of is not None:
            tests["future_moment"] = (ERROR, call("gt", moment, literal(self.scope.as_of)))
        if "event_type" in self._columns:
            type_ = rows.column("event_type")
            empty = call("is_null", type_)
            if type_.type == STRING:
                empty = call("or", empty, call("eq", call("strip", type_, literal(" ")), literal("")))
            tests["missing_event_type"] = (ERROR, empty)
        if "user_id" in self._columns:
            tests["missing_user"] = (WARNING, call("is_null", rows.column("user_id")))
        tests |= {name: (ERROR, rows.column(name)) for name in failing}
        counts: list[tuple[str, Expr]] = [("events", aggregation("size"))]
        for name, (severity, test) in tests.items():
            self._add(name, severity, "events")
            counts += [(name, aggregation("size", where=test)), (f"{name}_example", self._example(rows, test))]
        return Aggregate(rows, (), tuple(counts), "events_checked")

    def _of_ids(self, rows: Node) -> list[Node]:
        if self._event != "event_id":
            return []
        event = rows.column("event_id")
        ids = Aggregate(
            rows,
            (("event_id", event),),
            (("times", aggregation("size")), (MOMENT, aggregation("min", rows.column(MOMENT)))),
            "ids",
        )
        known, times = call("not_null", ids.column("event_id")), ids.column("times")
        again = call("and", known, call("gt", times, literal(1)))
        repeated, missing = (self._add(name, ERROR, "events") for name in ("repeated_event_id", "missing_event_id"))
        counted = Aggregate(
            ids,
            (),
            (
                ("with_id", aggregation("sum", times, where=known)),
                ("ids", aggregation("size", where=known)),
                (f"{repeated}_example", aggregation("min", ids.column("event_id"), where=again)),
                (missing, aggregation("sum", times, where=call("not", known))),
                (f"{missing}_example", aggregation("min", ids.column(MOMENT), where=call("not", known))),
            ),
            "ids_checked",
        )
        return [Extend(counted, ((repeated, call("sub", counted.column("with_id"), counted.column("ids"))),), "ids_checked")]

    def _busy_users(self, rows: Node) -> Node:
        user = rows.column("user_id")
        there = Filter(rows, call("not_null", user), "with_user")
        days = Aggregate(
            there,
            (("user_id", user), (PERIOD, period_of(self.scope, there, there.column(MOMENT), "day"))),
            (("events", aggregation("size")),),
            "days_of_users",
        )
        users = Aggregate(
            days, (("user_id", days.column("user_id")),), (("most", aggregation("max", days.column("events"))),), "busiest_days"
        )
        test = call("gt", users.column("most"), literal(self.busy))
        name = self._add("busy_user", WARNING, "users")
        example = aggregation("min", users.column("user_id"), where=test)
        return Aggregate(
            users,
            (),
            (("users", aggregation("size")), (name, aggregation("size", where=test)), (f"{name}_example", example)),
            "users_checked",
        )

    def _sessions(self, rows: Node) -> Node:
        session, moment = rows.column("session_id"), rows.column(MOMENT)
        there = Filter(rows, call("not_null", session), "with_session")
        values = [("first_moment", aggregation("min", moment)), ("last_moment", aggregation("max", moment))]
        if "user_id" in self._columns:
            values += [
                ("first_user", aggregation("min", rows.column("user_id"))),
                ("last_user", aggregation("max", rows.column("user_id"))),
            ]
        plan = Aggregate(there, (("session_id", session),), tuple(values), "sessions")
        length = call("sub", plan.column("last_moment"), plan.column("first_moment"))
        tests = {"long_session": call("gt", length, literal(_LONG))}
        if "user_id" in self._columns:
            tests["shared_session"] = call("ne", plan.column("first_user"), plan.column("last_user"))
        counts: list[tuple[str, Expr]] = [("sessions", aggregation("size"))]
        for name, test in tests.items():
            self._add(name, WARNING, "sessions")
            counts += [
                (name, aggregation("size", where=test)),
                (f"{name}_example", aggregation("min", plan.column("session_id"), where=test)),
            ]
        return Aggregate(plan, (), tuple(counts), "sessions_checked")

    def _similar_types(self, rows: Node) -> Node:
        types = Aggregate(rows, (("event_type", rows.column("event_type")),), (), "types")
        type_ = types.column("event_type")
        text: Expr = type_ if type_.type == STRING else cast(type_, STRING)
        plain = call("lower", text)
        for part in (" ", "-", "_"):
            plain = call("replace", plain, literal(part), literal(""))
        plan = Extend(types, (("plain", plain),), "types")
        plan = Extend(plan, (("similar", over(aggregation("size"), [plan.column("plain")])),), "types")
        test = call("and", call("gt", plan.column("similar"), literal(1)), call("not_null", plan.column("event_type")))
        name = self._add("similar_event_type", WARNING, "types")
        return Aggregate(
            plan,
            (),
            (
                ("types", aggregation("count", plan.column("event_type"))),
                (name, aggregation("size", where=test)),
                (f"{name}_example", aggregation("min", plan.column("event_type"), where=test)),
            ),
            "types_checked",
        )

    def _days(self, rows: Node) -> Node:
        """Return days without events, and days with far more or fewer events than others of the same weekday."""
        scope = self.scope
        day = period_of(scope, rows, rows.column(MOMENT), "day")
        counted = Aggregate(rows, ((PERIOD, day),), (("events_of_day", aggregation("size")),), "events_of_days")
        plan = looked_up(periods(scope, "day"), counted, [PERIOD], "days")
        number = call("coalesce", plan.column("events_of_day"), literal(0))
        state = scope.state.with_rows(plan, ())
        weekday = series_of(state, plan.column(PERIOD), PERIOD).dt.dayofweek
        plan = Extend(plan, (("number", cast(number, FLOAT64)), ("weekday", expr_of(weekday))), "days")
        whole = plan.column("is_complete")
        middle = aggregation("quantile", plan.column("number"), literal(0.5), where=whole)
        by_weekday = Aggregate(plan, (("weekday", plan.column("weekday")),), (("middle", middle),), "medians")
        plan = looked_up(plan, by_weekday, ["weekday"], "days")
        plan = Extend(plan, (("distance", call("abs", call("sub", plan.column("number"), plan.column("middle")))),), "days")
        spread = Aggregate(
            plan,
            (("weekday", plan.column("weekday")),),
            (("deviation", aggregation("quantile", plan.column("distance"), literal(0.5), where=plan.column("is_complete"))),),
            "deviations",
        )
        plan = looked_up(plan, spread, ["weekday"], "days")
        empty = call("eq", plan.column("number"), literal(0.0))
        far = call("gt", plan.column("distance"), call("mul", literal(_DEVIATIONS), plan.column("deviation")))
        odd = call("and", plan.column("is_complete"), far)
        names = self._add("day_without_events", WARNING, "days"), self._add("odd_day", WARNING, "whole_days")
        return Aggregate(
            plan,
            (),
            (
                ("days", aggregation("size")),
                ("whole_days", aggregation("size", where=plan.column("is_complete"))),
                *((name, aggregation("size", where=test)) for name, test in zip(names, (empty, odd), strict=True)),
                *(
                    (f"{name}_example", aggregation("min", plan.column(PERIOD), where=test))
                    for name, test in zip(names, (empty, odd), strict=True)
                ),
            ),
            "days_checked",
        )

    def _repeated_contexts(self, rows: Node) -> list[Node]:
        found = []
        pairs: Sequence[tuple[str, str]] = (("repeated_location", taxonomy.STACK), ("repeated_context", taxonomy.CONTEXTS))
        for name, column in pairs:
            if column in self._columns and self._event is not None and rows.types[column].plain.name == "json":
                self._add(name, ERROR, "events", f"repeated_{column}")
                found.append(taxonomy.repeated(rows, column, self._event))
        return found
