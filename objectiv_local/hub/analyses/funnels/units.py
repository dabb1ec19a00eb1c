"""Turns attempts at a funnel into units with the step that each reached, and these into the table of steps."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import reduce

from objectiv_local.frame.authoring import (
    Aggregate,
    Expr,
    Extend,
    Filter,
    NamedExprs,
    Node,
    Select,
    Values,
    aggregation,
    call,
    case,
    cast,
    literal,
    over,
)
from objectiv_local.hub.analyses.base.joins import crossed, looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT
from objectiv_local.hub.analyses.funnels.attempts import ENTERED, Steps, hit_of, moment_of
from objectiv_local.hub.analyses.funnels.rules import Rules
from objectiv_local.types import FLOAT64, INT64, STRING

STEP, NAME, REACHED, DROPPED, PENDING, TIME = "step", "name", "reached", "dropped", "pending", "time"
_LAST, _EXCLUDED = "last_entered", "is_excluded"
_CONFIDENCE = 0.95


def with_reached(plan: Node, steps: Steps, rules: Rules) -> Node:
    """Return attempts with the step that each reached, and whether an excluded event kept it from the next step."""
    until = call("add", plan.column(ENTERED), literal(rules.window))
    inside = {k: call("le", plan.column(moment_of(k)), until) for k in range(2, steps.count + 1)}
    hit = {
        k: [
            call("coalesce", call("lt", plan.column(hit_of(number, k)), plan.column(moment_of(k + 1))), literal(False))
            for number, each in enumerate(steps.exclusions, 1)
            if each.from_step <= k < each.to_step
        ]
        for k in range(1, steps.count)
    }
    if not steps.exclusions:
        reached = case([(inside[k], literal(k)) for k in range(steps.count, 1, -1)], literal(1)) if inside else literal(1)
        return Extend(plan, ((REACHED, reached),), "reached")
    furthest = case([(inside[k], literal(k)) for k in range(steps.count, 1, -1)], literal(1))
    stopped = [(reduce(lambda a, b: call("or", a, b), tests), literal(k)) for k, tests in hit.items() if tests]
    plan = Extend(plan, (("furthest", furthest), ("stopped", case(stopped, literal(steps.count)))), "stopped")
    is_stopped = call("lt", plan.column("stopped"), plan.column("furthest"))
    return Extend(
        plan,
        ((REACHED, case([(is_stopped, plan.column("stopped"))], plan.column("furthest"))), (_EXCLUDED, is_stopped)),
        "reached",
    )


def units(plan: Node, steps: Steps, rules: Rules, known: Expr, more: Sequence[str] = ()) -> Node:
    """Return one row per unit (with ``entry="each"``, per attempt): its best attempt, and whether an attempt is pending.

    The best attempt is the first of those that reach the most steps. ``more`` are columns of attempts that split units further,
    and ``known`` is the moment up to which events are known.
    """
    keys = (*steps.unit, *more)
    if rules.entry == "first":
        first = over(aggregation("min", plan.column(ENTERED)), [plan.column(name) for name in keys])
        plan = Filter(plan, call("eq", plan.column(ENTERED), first), "first_attempts")
    still = call("not", plan.column(_EXCLUDED)) if steps.exclusions else None
    if still is not None and rules.exclude_mode == "remove":
        plan, still = Filter(plan, still, "attempts_left"), None
    moments = [moment_of(k) for k in range(1, steps.count + 1)]
    by = (*keys, ENTERED if rules.entry == "each" else REACHED)
    own = ENTERED if by[-1] == REACHED else REACHED
    # Later attempts never reach a step earlier, so the minimums are those of the first attempt.
    aggregates: NamedExprs = (
        *(
            (name, aggregation("max" if name == REACHED else "min", plan.column(name)))
            for name in dict.fromkeys((own, *moments[1:]))
        ),
        (_LAST, aggregation("max", plan.column(ENTERED), where=still)),
    )
    plan = Aggregate(plan, tuple((name, plan.column(name)) for name in by), aggregates, "best_attempts")
    if rules.entry != "each":
        unit = [plan.column(name) for name in keys]
        plan = Extend(
            plan,
            tuple(
                (name, over(aggregation("max", plan.column(source)), unit))
                for name, source in (("best", REACHED), ("last", _LAST))
            ),
            "units",
        )
        plan = Filter(plan, call("eq", plan.column(REACHED), plan.column("best")), "units", left_key=keys)
        last = plan.column("last")
    else:
        last = plan.column(_LAST)
    is_open = call("gt", call("add", last, literal(rules.window)), known)
    pending = call("and", call("lt", plan.column(REACHED), literal(steps.count)), call("coalesce", is_open, literal(False)))
    # Computed once, because it may look up the last moment of the data.
    plan = Extend(plan, ((PENDING, pending),), "units", once=True)
    return Select(plan, tuple((name, plan.column(name)) for name in (*keys, REACHED, *moments, PENDING)), "units")


def merged(plan: Node, steps: Steps, rules: Rules, keys: Sequence[str]) -> Node:
    """Return the best of several attempts of a unit within ``keys``, as rows like those of :func:`units`."""
    if rules.entry == "each":
        return plan
    best = over(aggregation("max", plan.column(REACHED)), [plan.column(name) for name in keys])
    plan = Extend(plan, (("best", best),), "merged")
    plan = Filter(plan, call("eq", plan.column(REACHED), plan.column("best")), "merged")
    moments = [moment_of(k) for k in range(1, steps.count + 1)]
    return Aggregate(
        plan,
        tuple((name, plan.column(name)) for name in (*keys, REACHED)),
        (
            *((name, aggregation("min", plan.column(name))) for name in moments),
            (PENDING, aggregation("any", plan.column(PENDING))),
        ),
        "merged",
    )


def step_rows(plan: Node, names: Sequence[str]) -> Node:
    """Return one row per unit and step: whether the unit ``came`` there, the moment, and the time since the first step."""
    rows = crossed(plan, step_table(names), "unit_steps")
    count = len(names)
    step, reached = rows.column(STEP), rows.column(REACHED)
    came = call("le", step, reached)
    moment = case([(call("and", came, call("eq", step, literal(k))), rows.column(moment_of(k))) for k in range(1, count + 1)])
    there = call("and", call("eq", step, reached), call("lt", step, literal(count)))
    rows = Extend(rows, (("came", came), (MOMENT, moment), ("stayed", there)), "unit_steps")
    return Extend(
        rows,
        (
            (TIME, call("sub", rows.column(MOMENT), rows.column(ENTERED))),
            (DROPPED, call("and", rows.column("stayed"), call("not", rows.column(PENDING)))),
            (PENDING, call("and", rows.column("stayed"), rows.column(PENDING))),
        ),
        "unit_steps",
    )


def step_table(names: Sequence[str]) -> Node:
    """Return the steps with their names."""
    rows = tuple((literal(number), literal(name)) for number, name in enumerate(names, 1))
    return Values(((STEP, INT64), (NAME, STRING)), rows, (STEP,), "steps")


def counted(rows: Node, keys: Sequence[str]) -> Node:
    """Return the counts and times of each step within groups of ``keys``."""
    came = rows.column("came")
    before = call("ge", rows.column(REACHED), call("sub", rows.column(STEP), literal(1)))
    time = rows.column(TIME)
    aggregates: NamedExprs = (
        ("entered_users", aggregation("size")),
        ("users", aggregation("size", where=came)),
        ("previous", aggregation("size", where=before)),
        (DROPPED, aggregation("size", where=rows.column(DROPPED))),
        (PENDING, aggregation("size", where=rows.column(PENDING))),
        ("median_time", aggregation("quantile", time, literal(0.5))),
        ("mean_time", aggregation("mean", time)),
        ("p90_time", aggregation("quantile", time, literal(0.9))),
    )
    return Aggregate(rows, tuple((name, rows.column(name)) for name in (*keys, STEP)), aggregates, "steps_counted")


def table(grid: Node, found: Node, keys: Sequence[str], more: Sequence[str] = ()) -> Node:
    """Return the counts of all steps of a grid, 0 if there are none, with rates and their intervals."""
    plan = looked_up(grid, found, (*keys, STEP), "funnel")
    zero = literal(0)
    plan = Extend(
        plan,
        tuple(
            (name, call("coalesce", plan.column(name), zero))
            for name in ("users", "entered_users", "previous", DROPPED, PENDING)
        ),
        "funnel",
    )
    users, entered = plan.column("users"), plan.column("entered_users")
    plan = Extend(
        plan, (("of_first", _ratio(users, entered)), ("of_previous", _ratio(users, plan.column("previous")))), "rates"
    )
    low, high = wilson(plan.column("of_first"), cast(entered, FLOAT64))
    plan = Extend(plan, (("ci_low", low), ("ci_high", high)), "intervals")
    columns = (
        *keys,
        STEP,
        NAME,
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
        *more,
    )
    return Select(plan, tuple((name, plan.column(name)) for name in columns), "funnel")


def wilson(share: Expr, count: Expr) -> tuple[Expr, Expr]:
    """Return the bounds of the 95% Wilson score interval of a share of a count, both floats; NULL for a count of 0."""
    z = statistics.NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2)
    square = literal(z * z)
    whole = call("add", count, square)
    middle = call("truediv", call("add", call("mul", share, count), literal(z * z / 2)), whole)
    spread = call("add", call("mul", call("mul", share, call("sub", literal(1.0), share)), count), literal(z * z / 4))
    half = call("truediv", call("mul", literal(z), call("sqrt", spread)), whole)
    there = call("gt", count, literal(0.0))
    # For shares of 0 and 1, that bound is exact; rounding would miss it.
    low = case([(call("eq", share, literal(0.0)), literal(0.0)), (there, call("sub", middle, half))])
    high = case([(call("eq", share, literal(1.0)), literal(1.0)), (there, call("add", middle, half))])
    return low, high


def _ratio(part: Expr, whole: Expr) -> Expr:
    return case([(call("gt", whole, literal(0)), call("truediv", cast(part, FLOAT64), cast(whole, FLOAT64)))])
