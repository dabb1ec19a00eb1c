"""Funnels: how many users get from step to step, and how long it takes them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    Node,
    Select,
    aggregation,
    call,
    cast,
    frame_of,
    literal,
    state_of,
)
from objectiv_local.hub.analyses.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.attempts import Exclusion, Steps, attempts, flag
from objectiv_local.hub.analyses.breakdown import breakdown_of, with_top
from objectiv_local.hub.analyses.calendar import PERIOD, checked_period, period_of, periods
from objectiv_local.hub.analyses.funnel_breakdown import labeled
from objectiv_local.hub.analyses.funnel_rules import Rules, attribution_of, exclusions_of, rules_of, steps_of
from objectiv_local.hub.analyses.funnel_units import (
    DROPPED,
    PENDING,
    STEP,
    counted,
    merged,
    step_rows,
    step_table,
    table,
    units,
    with_reached,
)
from objectiv_local.hub.analyses.joins import crossed
from objectiv_local.hub.analyses.overlaps import Needed, overlaps
from objectiv_local.hub.analyses.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.checks import column_names
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings
from objectiv_local.types import TIMESTAMP

_COMPLETE = "complete"
#: What a breakdown may not be called: columns of the result and of its users.
_TAKEN = (PERIOD, STEP, "name", "users", "of_first", "of_previous", DROPPED, PENDING, "median_time", "mean_time", "p90_time",
          "ci_low", "ci_high", _COMPLETE, MOMENT, "entered_at", "came", "reached", "entered", "stayed", "time")
#: Names of columns that the computation uses itself.
_OWN = re.compile(
    r"((step|excluded|value|at)_\d+|moment(_\d+.*)?|next_\d+|is_\d+(_or_\d+)*|(event|filled|excluded)_\d+_.*|next_excluded_\d+"
    r"|step|name|users|period|complete|time|came|stayed|best|last|last_entered|furthest|stopped|reached|dropped|pending"
    r"|is_excluded|breakdown|entered|entered_users|previous|events)")
_LABEL = "breakdown"


@analysis
def funnel(settings: Settings, events: DataFrame, steps: Sequence[object] | Mapping[str, object],
           window: datetime.timedelta | None = None, *, order: str | None = None, entry: str | None = None,
           ties: str | None = None, exclude: object = None, exclude_mode: str | None = None,
           hold: str | list[str] | None = None, breakdown: object = None, attribution: str | int = "first_step",
           top: int = 10, by: str | None = None, start: object = None, end: object = None, as_of: object = None,
           unit: str | list[str] = "user_id", rules: str | None = None) -> Analysis:
    """Return how many users reach each step: index ``step``, from 1, with the breakdown and the period before it.

    =====================  ========================================================================================
    column                 value of a step
    =====================  ========================================================================================
    ``name``               the name of the step: its event type, or its key where ``steps`` is a dict
    ``users``              users whose best attempt came to the step
    ``of_first``           these as a share of the users who entered
    ``of_previous``        these as a share of the users of the previous step; of the first step, of those who entered
    ``dropped``            users who came no further and have no time left to
    ``pending``            users who came no further, and have an attempt that is still open
    ``median_time``        median time from the first step to this one, as a timedelta
    ``mean_time``          mean of these times
    ``p90_time``           90th percentile of these times, linearly interpolated
    ``ci_low, ci_high``    95 % Wilson score interval of ``of_first``
    =====================  ========================================================================================

    ``steps`` are conditions in their order: event types, lists of these, bool series of the frame, functions of the frame that
    return one, or frames of users. A dict names them. One event fills one step, so a step that is given twice needs two events.

    An *attempt* starts with an event of the first step. It reaches a later step at the earliest moment at which events have
    filled all steps up to it, if that is within ``window`` (14 days, its end included) of the start. The best attempt of a user
    is the one that reaches most steps, and of several the first one. It decides at which step a user is counted, and the times.

    ================  ========================================================================================================
    switch            values, the default first
    ================  ========================================================================================================
    ``order``         ``"ordered"``: other events may lie between steps; ``"strict"``: no other event of the user may;
                      ``"any"``: steps come in any order, an attempt starts with any of them, and step k is the k-th of those
                      that are reached
    ``entry``         ``"any"``: the best attempt counts; ``"first"``: the first attempt; ``"each"``: attempts are counted in
                      place of users, those that start at one moment as one
    ``ties``          ``"permissive"``: events at one moment come in any order; ``"strict"``: a later step needs a later moment;
                      it makes no difference for ``order="any"``
    ``exclude``       a condition of events that may not lie between the first and the last step, or a list of conditions and of
                      ``(condition, from_step, to_step)``; an event is between two steps if it is later than one and earlier
                      than the next one
    ``exclude_mode``  ``"truncate"``: an attempt ends at the step before an excluded event; ``"remove"``: it does not count
    ``hold``          columns whose values are the same for all events of an attempt; each user and value counts as a user of
                      its own, and missing values match nothing
    ``rules``         the defaults of a product: ``"posthog"`` (``exclude_mode="remove"``), ``"mixpanel"`` (7 days,
                      ``entry="first"``) or ``"amplitude"`` (1 day); switches that are given win
    ================  ========================================================================================================

    ``start`` (inclusive) and ``end`` (exclusive) are for the event that starts an attempt. Later steps may come after the end.

    ``by`` is a period of the local calendar. Each ``period`` is a funnel of its own, of the attempts that start in it, so a
    user may be in several. ``complete`` is true if the window of all of its attempts is over as of the last moment of the data.

    ``breakdown`` is a column, a series, a function of the frame or a frame of users; missing is ``(none)``, and beyond the
    ``top`` groups with most users it is ``(other)``. ``attribution`` says which event has the value: that of the
    ``"first_step"`` of the best attempt, its ``"last_step"``, or a step by number (``(none)`` where it was not reached);
    ``"first_defined"`` or ``"last_defined"`` of its steps; ``"all_steps"``, where all steps have to have one value, as with
    ``hold``; ``"user_first"`` or ``"user_last"``, the first or last value of any event of the user. Of events at one moment
    that fit a step, it is the first one by event id that has a value.

    ``unit`` is the column, or the columns together, of what counts as a user. Events without it are left out.

    ``users(step=2)`` are the users who came to step 2, and ``users(step=2, dropped=True)`` and ``users(step=2, pending=True)``
    those who came no further.

    Reads moment and the unit, and event_type where a condition names event types. Raises InvalidValue for a window that is not
    positive, no steps or more than 50, unknown values of switches and exclusions beyond the steps; InvalidType and
    ColumnNotFound for conditions and columns that do not fit; NotSupported for many steps that one event may satisfy together.

    Definitions: funnels of PostHog; funnels of Mixpanel (advanced); how Amplitude computes funnels. ``rules`` set switches, and
    products differ in more: PostHog takes times from the latest start, Mixpanel and Amplitude let events within two seconds and
    one second of each other come in any order, and not only those at one moment.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.funnel(hub.events(), ["ApplicationLoadedEvent", "PressEvent", "SuccessEvent"])
    >>> found[["name", "users"]].to_pandas().values.tolist()
    [['ApplicationLoadedEvent', 1910], ['PressEvent', 1691], ['SuccessEvent', 197]]
    """
    scope = scope_of(settings, events, "funnel", unit=unit, start=start, end=end, as_of=as_of)
    switches = rules_of(rules, window, order=order, entry=entry, ties=ties, exclude_mode=exclude_mode)
    asked = _asked(scope, steps, switches, exclude, hold, breakdown, attribution, top, by)
    found = asked.units()
    names = [each.name for each in asked.conditions]
    rows = step_rows(found, names)
    keys = asked.keys
    grid = step_table(names)
    if by is not None:
        grid = crossed(asked.periods(by), grid, "steps_by_period")
    if asked.label is not None:
        own = Aggregate(found, ((_LABEL, found.column(_LABEL)),), (), "groups")
        grid = crossed(own, grid, "steps_by_group")
    plan = table(grid, counted(rows, keys), keys, () if by is None else (_COMPLETE,))
    members: Node = Filter(rows, rows.column("came"), "members")
    columns = [name for name in plan.types if name not in (*keys, STEP)]
    index = [asked.title if name == _LABEL else name for name in (*keys, STEP)]
    if asked.label is not None:
        plan, members = (_renamed(each, _LABEL, asked.title) for each in (plan, members))
    frame = frame_of(scope.state_over(plan, index), columns)
    types = tuple(name for each in (*asked.conditions, *asked.excluded) for name in each.types)
    cells = {**frame.index_dtypes, DROPPED: "bool", PENDING: "bool"}
    return Funnel("funnel", frame, scope, Definition(asked.rule(), types), members, cells)


class Funnel(Analysis):
    """The result of a funnel, drawn as a bar for each step."""

    def _draw(self, frame: DataFrame, **options: Any) -> Any:
        chosen = {"y": "users", "kind": "bar"} | ({"x": "name"} if len(frame.index_columns) == 1 else {})
        return frame.plot(**chosen | options)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A funnel as it was asked for."""

    scope: Scope
    rules: Rules
    conditions: tuple[Condition, ...]
    excluded: tuple[Condition, ...]
    exclusions: tuple[Exclusion, ...]
    hold: tuple[str, ...]
    label: Series | None
    attribution: str | int
    top: int
    by: str | None

    @property
    def title(self) -> str:
        """The name of the breakdown in the result."""
        return "" if self.label is None else str(self.label.name)

    @property
    def keys(self) -> list[str]:
        """The levels of the index before the step."""
        return [*([PERIOD] if self.by is not None else []), *([_LABEL] if self.label is not None else [])]

    def rows(self) -> Node:
        """Return the events that attempts may have, with the conditions of steps and exclusions."""
        scope = self.scope
        columns: dict[str, Series] = {flag(k): each.holds for k, each in enumerate(self.conditions, 1)}
        columns |= {f"excluded_{number}": each.holds for number, each in enumerate(self.excluded, 1)}
        columns |= {name: scope.data[name] for name in self.hold if name not in scope.unit}
        columns |= {} if self.label is None else {_LABEL: self.label}
        plan = scope.rows(columns, ranged=False)
        for name in self.hold:
            plan = Filter(plan, call("not_null", plan.column(name)), "events")
        return plan

    def steps(self) -> Steps:
        """Return the rule by which events fill steps."""
        scope = self.scope
        needed: Needed = "all" if self.rules.order == "any" else "single" if self.rules.ties == "strict" else "connected"
        same = overlaps([each.holds for each in self.conditions], state_of(scope.data).plan, needed)
        together = (_LABEL,) if self.label is not None and self.attribution == "all_steps" else ()
        unit = tuple(dict.fromkeys((*scope.unit, *self.hold, *together)))
        return Steps(unit, len(self.conditions), self.rules.order, self.rules.ties, same, self.exclusions, scope.end)


    def units(self) -> Node:
        """Return the best attempt of each unit, within each period, with the value of the breakdown."""
        scope, steps = self.scope, self.steps()
        every = self.rows()
        rows = every
        if scope.start is not None:
            rows = Filter(rows, call("ge", rows.column(MOMENT), literal(scope.start)), "events")
        if scope.end is not None:
            rows = Filter(rows, call("lt", rows.column(MOMENT), _later(scope.end, self.rules.window)), "events")
        plan = with_reached(attempts(rows, steps), steps, self.rules)
        if self.by is not None:
            plan = Extend(plan, ((PERIOD, period_of(scope, plan, plan.column("entered"), self.by)),), "attempts_by_period")
        plan = units(plan, steps, self.rules, scope.last_moment(), () if self.by is None else (PERIOD,))
        if self.label is None:
            return plan
        if self.attribution != "all_steps":
            plan = labeled(plan, every, rows, steps, _LABEL, self.attribution, scope)
            return with_top(plan, _LABEL, aggregation("size"), self.top)
        # A unit may be in several of the groups that are put together.
        plan = with_top(plan, _LABEL, aggregation("size"), self.top)
        return merged(plan, steps, self.rules, (*steps.unit, *([PERIOD] if self.by is not None else [])))

    def periods(self, by: str) -> Node:
        """Return the periods in which attempts start, and whether the windows of all of them are over."""
        scope = self.scope
        plan = periods(scope, by)
        over = call("from_zone", cast(plan.column("next_period"), TIMESTAMP), literal(scope.settings.time_zone))
        whole = call("le", call("add", over, literal(self.rules.window)), scope.last_moment())
        whole = call("and", plan.column("is_complete"), whole)
        return Select(plan, ((PERIOD, plan.column(PERIOD)), (_COMPLETE, whole)), "periods")

    def rule(self) -> tuple[str, ...]:
        """Return the rule in words."""
        rules, unit = self.rules, " and ".join((*self.scope.unit, *self.hold))
        names = {"ordered": " then ", "strict": " then, with no other event between, ", "any": ", in any order, "}[rules.order]
        lines = [names.join(each.name for each in self.conditions) + f", within {rules.window} of the start, its end included."]
        lines.append({
            "any": f"Each {unit} counts once, by the attempt that reaches most steps, and of several by the first one.",
            "first": f"Each {unit} counts once, by the first attempt.",
            "each": f"Each attempt of a {unit} counts; those that start at one moment are one."}[rules.entry])
        if rules.order != "any":
            lines.append({"permissive": "Events at one moment come in any order; each fills one step.",
                          "strict": "Later steps need later moments."}[rules.ties])
        for each in self.exclusions:
            name = self.excluded[int(each.flag.removeprefix("excluded_")) - 1].name
            lines.append(f"An attempt {'ends' if rules.exclude_mode == 'truncate' else 'does not count'} if {name} is between "
                         f"steps {each.from_step} and {each.to_step}.")
        if self.scope.start is not None or self.scope.end is not None:
            lines.append("The range is that of the first step; later steps may follow after it.")
        if self.label is not None:
            lines.append(f"{self.title} is that of {self.attribution}; (other) is all but the {self.top} largest groups.")
        if self.by is not None:
            lines.append(f"Each {self.by} is a funnel of the attempts that start in it.")
        return tuple(lines)


def _asked(scope: Scope, steps: Sequence[object] | Mapping[str, object], rules: Rules, exclude: object,
           hold: str | list[str] | None, breakdown: object, attribution: str | int, top: int, by: str | None) -> _Asked:
    """Return what was asked for. Raises for what does not fit the frame, or each other."""
    data, unit = scope.data, scope.unit
    if by is not None:
        checked_period(by)
    conditions = []
    for number, (name, each) in enumerate(steps_of(steps), 1):
        what = f"step {number} of funnel"
        made = condition(each, data, what, unit, name)
        conditions.append(replace(made, name=f"step {number}") if made.name == what else made)
    given = exclusions_of(exclude, len(conditions))
    if given and rules.order != "ordered":
        raise InvalidValue(f"exclude of funnel goes with order='ordered', and order is {rules.order!r}",
                           hint="with order='strict' no other event is allowed between steps anyway" if rules.order == "strict"
                           else "leave exclude out")
    excluded = tuple(condition(each, data, "exclude of funnel", unit) for each, _, _ in given)
    exclusions = tuple(Exclusion(f"excluded_{number}", first, last) for number, (_, first, last) in enumerate(given, 1))
    held = tuple(column_names(hold))
    for name in held:
        if name not in data.data_columns:
            data[name]  # raises ColumnNotFound with the nearest name
        if data.dtypes[name] in ("json", "list", "dict"):
            raise InvalidType(f"hold of funnel is column {name!r}, which is {data.dtypes[name]}", hint="take a member of it")
    taken = [name for name in (*unit, *held) if _OWN.fullmatch(name) or name in (MOMENT, *scope.event_key)]
    if taken:
        raise InvalidValue(f"column {taken[0]!r} has a name that a funnel uses itself",
                           hint=f"rename it: events.rename(columns={{{taken[0]!r}: ...}})")
    label = None
    if breakdown is not None:
        label = breakdown_of(breakdown, data, "funnel", unit, (*unit, *held, *_TAKEN))
    return _Asked(scope, rules, tuple(conditions), excluded, exclusions, held, label,
                  attribution_of(attribution, len(conditions)), top, by)


def _renamed(plan: Node, old: str, new: str) -> Node:
    return Select(plan, tuple((new if name == old else name, plan.column(name)) for name in plan.types), plan.step)


def _later(moment: datetime.datetime, window: datetime.timedelta) -> Expr:
    try:
        return literal(moment + window)
    except OverflowError:
        return literal(datetime.datetime.max)
