"""The arguments of a funnel, checked: its steps and options, and the units that it counts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import Series
from objectiv_local.frame.authoring import Expr, Extend, Filter, Node, Select, aggregation, call, literal, state_of
from objectiv_local.hub.analyses.base.breakdown import breakdown_of, checked_top, with_top
from objectiv_local.hub.analyses.base.calendar import PERIOD, checked_period, moment_of, period_of, periods
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.analyses.base.words import in_time
from objectiv_local.hub.analyses.funnels.attempts import ENTERED, Exclusion, Steps, attempts, flag
from objectiv_local.hub.analyses.funnels.breakdown import labeled
from objectiv_local.hub.analyses.funnels.overlaps import Needed, overlaps
from objectiv_local.hub.analyses.funnels.rules import MOST_IN_A_ROW, Rules, attribution_of, exclusions_of, steps_of
from objectiv_local.hub.analyses.funnels.units import DROPPED, PENDING, STEP, merged, units, with_reached
from objectiv_local.hub.checks import column_names
from objectiv_local.hub.conditions import Condition, condition

COMPLETE = "complete"
#: Names that a breakdown cannot have: columns of the result and of its users.
_TAKEN = (
    PERIOD,
    STEP,
    "name",
    "users",
    "of_first",
    "of_previous",
    DROPPED,
    PENDING,
    "median_time",
    "mean_time",
    "p90_time",
    "ci_low",
    "ci_high",
    COMPLETE,
    MOMENT,
    "entered_at",
    "came",
    "reached",
    "entered",
    "stayed",
    "time",
)
#: Names of columns that the computation itself uses.
_OWN = re.compile(
    r"((step|excluded|value|at)_\d+|moment(_\d+.*)?|next_\d+|is_\d+(_or_\d+)*|(event|filled|excluded)_\d+_.*|next_excluded_\d+"
    r"|first_step_there|at_moment|step|name|users|period|complete|time|came|stayed|best|last|last_entered|furthest|stopped|reached|dropped|pending"
    r"|is_excluded|breakdown|entered|entered_users|previous|events)"
)
LABEL = "breakdown"
#: Those of them that are columns of events.
_OF_EVENTS = re.compile(rf"(step|excluded)_\d+|{LABEL}")


@dataclass(frozen=True, slots=True)
class FunnelRequest:
    """The checked arguments of a funnel."""

    scope: Scope
    rules: Rules
    conditions: tuple[Condition, ...]
    excluded: tuple[Condition, ...]
    exclusions: tuple[Exclusion, ...]
    hold: tuple[str, ...]
    label: Series | UserValues | None
    attribution: str | int
    top: int
    by: str | None
    where: Condition | None

    @property
    def title(self) -> str:
        """The name of the breakdown in the result."""
        return "" if self.label is None else str(self.label.name)

    @property
    def keys(self) -> list[str]:
        """The index levels before the step."""
        return [*([PERIOD] if self.by is not None else []), *([LABEL] if self.label is not None else [])]

    def rows(self) -> Node:
        """Return the events that can be part of attempts, with the conditions of steps and exclusions."""
        scope = self.scope
        columns: dict[str, Series | UserValues] = {flag(k): each.holds for k, each in enumerate(self.conditions, 1)}
        columns |= {f"excluded_{number}": each.holds for number, each in enumerate(self.excluded, 1)}
        columns |= {name: scope.data[name] for name in self.hold if name not in scope.unit}
        columns |= {} if self.label is None else {LABEL: self.label}
        plan = scope.rows(columns, None if self.where is None else self.where.holds, ranged=False)
        for name in self.hold:
            plan = Filter(plan, call("not_null", plan.column(name)), "events")
        return plan

    def steps(self) -> Steps:
        """Return the rule for how events fill steps."""
        scope = self.scope
        needed: Needed = "all" if self.rules.order == "any" else "single" if self.rules.ties == "strict" else "connected"
        same = overlaps([each.holds for each in self.conditions], state_of(scope.data).plan, needed)
        together = (LABEL,) if self.label is not None and self.attribution == "all_steps" else ()
        unit = tuple(dict.fromkeys((*scope.unit, *self.hold, *together)))
        return Steps(unit, len(self.conditions), self.rules.order, self.rules.ties, same, self.exclusions, scope.end)

    def units(self) -> Node:
        """Return the best attempt of each unit, per period if there are periods, with the value of the breakdown."""
        scope, steps = self.scope, self.steps()
        every = self.rows()
        rows = every
        if scope.start is not None:
            rows = Filter(rows, call("ge", rows.column(MOMENT), literal(scope.start)), "events")
        if scope.end is not None:
            rows = Filter(rows, call("lt", rows.column(MOMENT), _later(scope.end, self.rules.window)), "events")
        plan = with_reached(attempts(rows, steps), steps, self.rules)
        if self.by is not None:
            plan = Extend(plan, ((PERIOD, period_of(scope, plan, plan.column(ENTERED), self.by)),), "attempts_by_period")
        plan = units(plan, steps, self.rules, scope.last_moment(), () if self.by is None else (PERIOD,))
        if self.label is None:
            return plan
        if self.attribution != "all_steps":
            plan = labeled(plan, every, rows, steps, LABEL, self.attribution, scope)
            return with_top(plan, LABEL, aggregation("size"), self.top)
        # A unit can be in several of the groups that are combined as (other).
        plan = with_top(plan, LABEL, aggregation("size"), self.top)
        return merged(plan, steps, self.rules, (*steps.unit, *([PERIOD] if self.by is not None else [])))

    def periods(self, by: str) -> Node:
        """Return the periods in which attempts start, and whether the windows of all their attempts have ended."""
        scope = self.scope
        plan = periods(scope, by)
        over = moment_of(scope, plan.column("next_period"), by)
        whole = call("le", call("add", over, literal(self.rules.window)), scope.last_moment())
        whole = call("and", plan.column("is_complete"), whole)
        return Select(plan, ((PERIOD, plan.column(PERIOD)), (COMPLETE, whole)), "periods")

    def rule(self) -> tuple[str, ...]:
        """Return the definition in words."""
        rules, unit = self.rules, " and ".join((*self.scope.unit, *self.hold))
        names = {"ordered": " then ", "strict": " then, with no other event between, ", "any": ", in any order, "}[rules.order]
        shown = names.join(each.name for each in self.conditions)
        lines = [f"{shown}, at most {in_time(rules.window)} after the start."]
        lines.append(
            {
                "any": f"Each {unit} counts once, by the attempt that reaches the most steps, or the first of these.",
                "first": f"Each {unit} counts once, by the first attempt.",
                "each": f"Each attempt of a {unit} counts; attempts that start at the same moment count as one.",
            }[rules.entry]
        )
        if rules.order != "any":
            lines.append(
                {
                    "permissive": "Events at the same moment come in any order; each event fills one step.",
                    "strict": "Later steps need later moments.",
                }[rules.ties]
            )
        if self.where is not None:
            lines.append(f"Only events that match {self.where.title} are counted.")
        for each in self.exclusions:
            name = self.excluded[int(each.flag.removeprefix("excluded_")) - 1].name
            lines.append(
                f"An attempt {'ends' if rules.exclude_mode == 'truncate' else 'does not count'} if {name} is between "
                f"steps {each.from_step} and {each.to_step}."
            )
        if self.scope.start is not None or self.scope.end is not None:
            lines.append("The range applies to the first step; later steps may follow after its end.")
        if self.label is not None:
            lines.append(
                f"Groups are by {self.title} ({self.attribution}); all but the {self.top} largest are combined as (other)."
            )
        if self.by is not None:
            lines.append(f"Each {self.by} is a separate funnel of the attempts that start in it.")
        return tuple(lines)


def request_for(
    scope: Scope,
    steps: Sequence[object] | Mapping[str, object],
    rules: Rules,
    exclude: object,
    hold: str | list[str] | None,
    breakdown: object,
    attribution: str | int,
    top: int,
    by: str | None,
    where: object = None,
) -> FunnelRequest:
    """Return the checked arguments. Raises an error for those that do not match the frame or each other."""
    data, unit = scope.data, scope.unit
    if by is not None:
        checked_period(by)
    conditions = []
    for number, (name, each) in enumerate(steps_of(steps), 1):
        what = f"step {number} of {scope.name}"
        made = condition(each, data, what, unit, name)
        conditions.append(replace(made, name=f"step {number}") if made.name == what else made)
    if len(conditions) > MOST_IN_A_ROW and rules.order == "strict" and rules.ties == "permissive":
        raise NotSupported(
            f"a funnel with order='strict' and ties='permissive' can have at most {MOST_IN_A_ROW} steps, not {len(conditions)}",
            hint="use ties='strict', which allows more steps",
        )
    given = exclusions_of(exclude, len(conditions))
    if given and rules.order != "ordered":
        raise InvalidValue(
            f"exclude of funnel needs order='ordered', not order={rules.order!r}",
            hint="leave exclude out: with order='strict', no other event may lie between steps anyway"
            if rules.order == "strict"
            else "leave exclude out",
        )
    excluded = tuple(condition(each, data, "exclude of funnel", unit) for each, _, _ in given)
    exclusions = tuple(Exclusion(f"excluded_{number}", first, last) for number, (_, first, last) in enumerate(given, 1))
    held = tuple(column_names(hold))
    for name in held:
        if name not in data.data_columns:
            data[name]  # raises ColumnNotFound with the nearest name
        if data.dtypes[name] in ("json", "list", "dict"):
            raise InvalidType(
                f"hold of funnel is column {name!r} of type {data.dtypes[name]}", hint="select one of its elements"
            )
    taken = [name for name in (*unit, *held) if _OWN.fullmatch(name) or name in (MOMENT, *scope.event_key)]
    taken += [name for name in scope.event_key if _OF_EVENTS.fullmatch(name)]
    if taken:
        raise InvalidValue(
            f"column {taken[0]!r} has a name that funnel uses for a column of its own",
            hint=f"rename it: events.rename(columns={{{taken[0]!r}: ...}})",
        )
    label = None
    if breakdown is not None:
        label = breakdown_of(breakdown, data, "funnel", unit, (*unit, *held, *_TAKEN))
    kept = None if where is None else condition(where, data, "where of funnel", unit)
    return FunnelRequest(
        scope,
        rules,
        tuple(conditions),
        excluded,
        exclusions,
        held,
        label,
        attribution_of(attribution, len(conditions)),
        checked_top(top),
        by,
        kept,
    )


def _later(moment: datetime.datetime, window: datetime.timedelta) -> Expr:
    try:
        return literal(moment + window)
    except OverflowError:
        return literal(datetime.datetime.max)
