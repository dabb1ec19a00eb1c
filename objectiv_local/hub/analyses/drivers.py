"""Drivers of a conversion: what users who convert do more or less often than users who do not."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from objectiv_local.arguments import in_words
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Extend,
    Filter,
    Join,
    JoinSide,
    Node,
    Select,
    aggregation,
    call,
    case,
    frame_of,
    literal,
    state_of,
)
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.breakdown import NONE, breakdown_of
from objectiv_local.hub.analyses.base.fetched import Fetched
from objectiv_local.hub.analyses.base.joins import looked_up
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.statistics import scipy_stats
from objectiv_local.hub.analyses.base.user_values import UserValues
from objectiv_local.hub.analyses.base.words import in_time
from objectiv_local.hub.analyses.funnels.attempts import ENTERED, flag, moment_of
from objectiv_local.hub.analyses.funnels.request import FunnelRequest, request_for
from objectiv_local.hub.analyses.funnels.rules import rules_of
from objectiv_local.hub.analyses.funnels.units import PENDING, REACHED
from objectiv_local.hub.settings import Settings

if TYPE_CHECKING:
    import pyarrow

CONVERTED, EXPOSED = "converted", "exposed_users"
_LABEL, _LEFT = "label", "left"
_COLUMNS = ("users", CONVERTED, "rate", "rate_without", "odds_ratio", "phi", "lift", "p", "q")
#: Minimum number of exposed users for a value to be included, or this share of all users if that is less.
_LEAST, _SHARE = 25, 0.02
#: Ratio of the larger outcome to the smaller one above which scores are unreliable.
_SKEWED = 10


@analysis
def drivers(
    settings: Settings,
    events: DataFrame,
    from_step: object,
    to_step: object,
    horizon: datetime.timedelta | None = None,
    *,
    window: datetime.timedelta | None = None,
    by: object = "event_type",
    at_entry: bool = False,
    least: int | None = None,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Analysis:
    """Return how a conversion correlates with what users did before: index ``event_type``, or a property of events.

    A user who gets from ``from_step`` to ``to_step`` within ``window`` (14 days, inclusive) has *converted*; this uses the best
    attempt of :meth:`funnel`. A user who did not convert and whose window has ended has *dropped*; pending users are left out.
    A user is *exposed* to a value if an event with that value follows the first step, and precedes the conversion (for users
    who dropped: the end of the window). Events of the two steps themselves do not count as exposure.

    ==================  ==========================================================================================
    column              for each event type or property value
    ==================  ==========================================================================================
    ``users``           number of exposed users
    ``converted``       number of exposed users who converted
    ``rate``            share of the exposed users who converted
    ``rate_without``    share of the other users who converted
    ``odds_ratio``      odds of converting with the exposure, divided by the odds without it; one user is added to each of
                        the four groups, so that it is always defined
    ``phi``             correlation of exposure and conversion, from -1 to 1; missing if all or no users are exposed, or
                        if all or no users converted
    ``lift``            ``rate`` divided by the share of all users who converted
    ``p``               p-value of Fisher's exact test, two-sided
    ``q``               p-value adjusted for the number of values (Benjamini-Hochberg)
    ==================  ==========================================================================================

    Users who drop are observed for the whole window, but users who convert only until they convert. Frequent events therefore
    look as if they prevent conversion. With ``horizon``, only events up to that long after the first step count.

    ``by`` is the column, the series or the function of the frame whose values are compared, as strings; missing values are
    left out. With ``at_entry``, the value is taken from the event of the first step instead of from later events.

    Values with fewer than ``least`` exposed users are left out: by default 25, or 2% of the users if that is less.

    ``users(event_type=..., converted=True)`` returns the exposed users who converted.

    One query fetches the counts when the analysis is created, because scipy computes the tests; ``view_sql()`` returns that
    query.

    Reads moment, the unit and the column of ``by``. Needs scipy (extra ``ml``). Raises InvalidValue for a horizon or a window
    that is not positive, and for a horizon longer than the window.

    Definitions: conversion drivers of Amplitude; Signal of Mixpanel; correlation analysis of PostHog.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.drivers(hub.events(), "PressEvent", "SuccessEvent")
    >>> found[["users", "converted"]].to_pandas().loc["InputChangeEvent"].tolist()
    [341, 101]
    """
    scope = scope_of(settings, events, "drivers", unit=unit, start=start, end=end, as_of=as_of)
    taken = [name for name in scope.unit if name in (_LABEL, _LEFT)]
    if taken:
        raise InvalidValue(
            f"unit of drivers has a column {taken[0]!r}, which is also a column of the analysis itself",
            hint=f"rename it: events.rename(columns={{{taken[0]!r}: ...}})",
        )
    rules = rules_of(None, window, "drivers")
    limit = _horizon(horizon, rules.window)
    if least is not None and least < 1:
        raise InvalidValue(f"least of drivers is {least}, and has to be at least 1", hint="for instance least=25")
    label = breakdown_of(by, scope.data, "drivers", scope.unit, (*_COLUMNS, *scope.unit, MOMENT, ENTERED, REACHED))
    request = request_for(scope, [from_step, to_step], rules, None, None, None, "first_step", 10, None)
    exposed = _Exposed(scope, request, label, limit, at_entry)
    users, rows = exposed.users(), exposed.rows()
    frame, counts = _scored(scope, users, rows, str(label.name), least)
    title = str(label.name)
    members = Select(rows, tuple((title if name == _LABEL else name, rows.column(name)) for name in rows.types), "members")
    types = tuple(name for each in request.conditions for name in each.types)
    definition = Definition(_rule(request, label, limit, least, at_entry=at_entry), types, notices=(lambda: _notices(counts),))
    return Fetched("drivers", frame, scope, definition, members, state_of(counts).plan, {title: "string", CONVERTED: "bool"})


@dataclass(frozen=True, slots=True)
class _Exposed:
    """Users with an outcome, and the values that each of them was exposed to."""

    scope: Scope
    request: FunnelRequest
    label: Series | UserValues
    horizon: datetime.timedelta | None
    at_entry: bool

    def users(self) -> Node:
        """Return the users who converted or dropped, with the start and end of the time in which they were exposed."""
        plan = self.request.units()
        plan = Filter(plan, call("not", plan.column(PENDING)), "users")
        converted = call("eq", plan.column(REACHED), literal(2))
        until = call("add", plan.column(ENTERED), literal(self.request.rules.window))
        return Select(
            plan,
            (
                *((name, plan.column(name)) for name in self.scope.unit),
                (ENTERED, plan.column(ENTERED)),
                (CONVERTED, converted),
                (_LEFT, case([(converted, plan.column(moment_of(2)))], until)),
            ),
            "users",
        )

    def rows(self) -> Node:
        """Return one row per user and value, with the moment of the first event that exposes the user to it."""
        scope = self.scope
        columns: dict[str, Series | UserValues] = {_LABEL: self.label}
        columns |= {flag(k): each.holds for k, each in enumerate(self.request.conditions, 1)}
        events = scope.rows(columns, ranged=False)
        is_step = call("or", events.column(flag(1)), events.column(flag(2)))
        kept = events.column(flag(1)) if self.at_entry else call("not", is_step)
        events = Filter(Filter(events, kept, "exposures"), call("ne", events.column(_LABEL), literal(NONE)), "exposures")
        users = self.users()
        kept_columns = ((name, events.column(name)) for name in (*scope.unit, MOMENT, _LABEL))
        plan = looked_up(Select(events, tuple(kept_columns), "exposures"), users, scope.unit, "exposures", how="inner")
        moment, entered, left = plan.column(MOMENT), plan.column(ENTERED), plan.column(_LEFT)
        if self.at_entry:
            tests = [call("eq", moment, entered)]
        else:
            before = case([(plan.column(CONVERTED), call("lt", moment, left))], call("le", moment, left))
            tests = [call("gt", moment, entered), before]
            if self.horizon is not None:
                tests.append(call("le", moment, call("add", entered, literal(self.horizon))))
        for test in tests:
            plan = Filter(plan, test, "exposures")
        keys = (*scope.unit, _LABEL, CONVERTED)
        return Aggregate(
            plan,
            tuple((name, plan.column(name)) for name in keys),
            ((MOMENT, aggregation("min", plan.column(MOMENT))),),
            "exposed_users",
        )


def _scored(scope: Scope, users: Node, rows: Node, name: str, least: int | None) -> tuple[DataFrame, DataFrame]:
    """Return the scores of values, and the counts that they are computed from. Runs one query."""
    converted = rows.column(CONVERTED)
    found = Aggregate(
        rows,
        ((_LABEL, rows.column(_LABEL)),),
        ((EXPOSED, aggregation("size")), ("exposed_converted", aggregation("size", where=converted))),
        "exposed",
    )
    whole = Aggregate(
        users,
        (),
        (("all_users", aggregation("size")), ("all_converted", aggregation("size", where=users.column(CONVERTED)))),
        "outcomes",
    )
    pairs: list[tuple[str, JoinSide, tuple[str, str]]] = [(each, "left", (each, each)) for each in whole.types]
    pairs += [(each, "right", (each, each)) for each in found.types]
    # The totals of all users stay in the result even if nobody is exposed to anything.
    left, right = (Extend(each, (("every", literal(1)),), each.step) for each in (whole, found))
    counted = Join(left, right, "left", (("every", "every"),), tuple(pairs), step="counts")
    counts = frame_of(scope.state_over(counted, [_LABEL]), ["all_users", "all_converted", EXPOSED, "exposed_converted"])
    given = counts.to_arrow().to_pylist()
    table = _table([row for row in given if row[_LABEL] is not None], name, least)
    return DataFrame.from_arrow(scope.state.connected(), table, name, "drivers").sort_index(), counts


def _table(given: Sequence[Mapping[str, Any]], name: str, least: int | None) -> pyarrow.Table:
    import pyarrow

    found: list[dict[str, object]] = []
    stats = scipy_stats()
    for row in given:
        every, converting, exposed, both = (row[each] for each in ("all_users", "all_converted", EXPOSED, "exposed_converted"))
        if exposed < (math.ceil(min(_LEAST, _SHARE * every)) if least is None else least):
            continue
        a, b = both, exposed - both
        c, d = converting - both, every - exposed - converting + both
        spread = (a + b) * (c + d) * (a + c) * (b + d)
        found.append(
            {
                name: row[_LABEL],
                "users": exposed,
                CONVERTED: both,
                "rate": a / exposed,
                "rate_without": c / (c + d) if c + d else None,
                "odds_ratio": (a + 1) * (d + 1) / ((b + 1) * (c + 1)),
                "phi": (a * d - b * c) / math.sqrt(spread) if spread else None,
                "lift": (a / exposed) / (converting / every) if converting else None,
                "p": float(stats.fisher_exact([[a, b], [c, d]]).pvalue),
            }
        )
    adjusted = stats.false_discovery_control([row["p"] for row in found]) if found else []
    for row, q in zip(found, adjusted, strict=True):
        row["q"] = float(q)
    kinds = {name: pyarrow.string(), "users": pyarrow.int64(), CONVERTED: pyarrow.int64()}
    return pyarrow.table(
        {each: pyarrow.array([row[each] for row in found], kinds.get(each, pyarrow.float64())) for each in (name, *_COLUMNS)}
    )


def _horizon(horizon: object, window: datetime.timedelta) -> datetime.timedelta | None:
    if horizon is None:
        return None
    if not isinstance(horizon, datetime.timedelta):
        raise InvalidType(
            f"horizon of drivers has to be a timedelta, not {in_words(horizon)}", hint="for instance timedelta(days=1)"
        )
    if not datetime.timedelta(0) < horizon <= window:
        raise InvalidValue(
            f"horizon of drivers is {horizon}, and has to be positive and at most the window of {window}",
            hint="for instance timedelta(days=1)",
        )
    return horizon


def _rule(
    request: FunnelRequest, label: Series | UserValues, horizon: datetime.timedelta | None, least: int | None, *, at_entry: bool
) -> tuple[str, ...]:
    """Return the definition in words."""
    first, last = (each.name for each in request.conditions)
    unit = " and ".join(request.scope.unit)
    until = "" if horizon is None else f", and within {in_time(horizon)} of the first step"
    fewer = "25 exposed users, or 2% of all users if that is less," if least is None else f"{least} exposed users"
    window = in_time(request.rules.window)
    outcome = (
        f"Each {unit} who got from {first} to {last} within {window} converted; one who did not, and whose window has ended, "
        "dropped; others are left out."
    )
    exposed = (
        f"Users are exposed to the {label.name} that they had at {first}."
        if at_entry
        else f"Users are exposed to each {label.name} of events that follow {first} and precede {last} or, if they dropped, "
        f"the end of the window{until}."
    )
    return outcome, exposed, f"Values with fewer than {fewer} are left out."


def _notices(counts: DataFrame) -> list[str]:
    """Return a notice on the outcomes, with a warning if they are too unequal for reliable scores. Runs one query."""
    row = counts.to_arrow(1).to_pylist()[0]
    converted, dropped = row["all_converted"], row["all_users"] - row["all_converted"]
    lines = [f"{converted:,} converted and {dropped:,} dropped."]
    if max(converted, dropped) > _SKEWED * min(converted, dropped):
        lines.append(f"The outcomes are more unequal than {_SKEWED} to 1: scores are unreliable.")
    return lines
