"""Funnels: how many users get from step to step, and how long they take."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Filter, Node, Select, frame_of
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.calendar import PERIOD
from objectiv_local.hub.analyses.base.cells import between, period_in
from objectiv_local.hub.analyses.base.joins import crossed
from objectiv_local.hub.analyses.base.scope import scope_of
from objectiv_local.hub.analyses.funnels.request import COMPLETE, LABEL, request_for
from objectiv_local.hub.analyses.funnels.rules import rules_of
from objectiv_local.hub.analyses.funnels.units import DROPPED, PENDING, STEP, counted, step_rows, step_table, table
from objectiv_local.hub.settings import Settings


@analysis
def funnel(
    settings: Settings,
    events: DataFrame,
    steps: Sequence[object] | Mapping[str, object],
    window: datetime.timedelta | None = None,
    *,
    order: str | None = None,
    entry: str | None = None,
    ties: str | None = None,
    exclude: object = None,
    exclude_mode: str | None = None,
    hold: str | list[str] | None = None,
    breakdown: object = None,
    attribution: str | int = "first_step",
    top: int = 10,
    by: str | None = None,
    where: object = None,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
    rules: str | None = None,
) -> Analysis:
    """Return how many users reach each step: index ``step``, numbered from 1, after the breakdown and the period if given.

    =====================  ========================================================================================
    column                 value of a step
    =====================  ========================================================================================
    ``name``               name of the step: its event type, or its key if ``steps`` is a dict
    ``users``              users whose best attempt reached the step
    ``of_first``           share of the users who entered the funnel
    ``of_previous``        share of the users who reached the previous step; for the first step, of those who entered
    ``dropped``            users who got no further and whose time has run out
    ``pending``            users who got no further but have an attempt that is still open
    ``median_time``        median time from the first step to this one, as a timedelta
    ``mean_time``          mean of these times
    ``p90_time``           90th percentile of these times, linearly interpolated
    ``ci_low, ci_high``    95% Wilson score interval of ``of_first``
    =====================  ========================================================================================

    ``steps`` are conditions in order: event types, lists of event types, bool series of the frame, functions of the frame that
    return such a series, or frames of users. The keys of a dict name the steps. Each event fills one step, so a step that is
    listed twice needs two events.

    An *attempt* starts with an event of the first step. It reaches a later step at the earliest moment by which events have
    filled all steps up to it, if that is within ``window`` (14 days, inclusive) of the start. The best attempt of a user is the
    one that reaches the most steps, or the first of several that do. It determines the step at which a user is counted, and the
    times.

    ================  ========================================================================================================
    option            values, the default first
    ================  ========================================================================================================
    ``order``         ``"ordered"``: other events may lie between steps; ``"strict"``: no other event of the user may;
                      ``"any"``: steps come in any order, an attempt starts with any of them, and step k is the k-th step
                      that is reached
    ``entry``         ``"any"``: the best attempt counts; ``"first"``: the first attempt counts; ``"each"``: attempts are
                      counted instead of users, and attempts that start at the same moment count as one
    ``ties``          ``"permissive"``: events at the same moment come in any order; ``"strict"``: a later step needs a later
                      moment; has no effect with ``order="any"``
    ``exclude``       a condition for events that may not lie between the first and the last step, or a list of conditions and
                      of ``(condition, from_step, to_step)``; an event is between two steps if it is later than the one and
                      earlier than the other
    ``exclude_mode``  ``"truncate"``: an attempt ends at the step before an excluded event; ``"remove"``: it does not count
    ``hold``          columns that must have the same value in all events of an attempt; each combination of user and value
                      counts as a user of its own, and missing values match nothing
    ``rules``         the defaults of a product: ``"posthog"`` (``exclude_mode="remove"``), ``"mixpanel"`` (7 days,
                      ``entry="first"``) or ``"amplitude"`` (1 day); explicit arguments take precedence
    ================  ========================================================================================================

    ``where`` filters events; it is a condition, like the steps. Other events are ignored entirely: even with
    ``order="strict"`` they may lie between steps.

    ``start`` (inclusive) and ``end`` (exclusive) apply to the event that starts an attempt. Later steps may come after the end.

    ``by`` is a period of the local calendar. Each ``period`` is a separate funnel of the attempts that start in it, so a user
    may be in several periods. ``complete`` is true if the windows of all its attempts have ended by the last moment of the
    data.

    ``breakdown`` is a column, a series, a function of the frame, a frame of users, or a series of users that is indexed by the
    unit and has one value for each. Missing values are ``(none)``, and groups beyond the ``top`` largest are ``(other)``.
    ``attribution`` selects the event whose value is used: ``"first_step"`` or ``"last_step"`` of the best attempt, or a step by
    number (``(none)`` if it was not reached); ``"first_defined"`` or ``"last_defined"`` value of its steps; ``"all_steps"``,
    which requires the same value in all steps, like ``hold``; ``"user_first"`` or ``"user_last"``, the first or last value of
    any event of the user. If several events at the same moment match a step, the value is that of the first one, by event id,
    that has a value.

    ``unit`` is the column, or the list of columns, that identifies a user. Events without it are left out.

    ``users(step=2)`` returns the users who reached step 2; ``users(step=2, dropped=True)`` and ``users(step=2, pending=True)``
    return those of them who got no further.

    Reads moment and the unit, and event_type if a condition names event types. Raises InvalidValue for a window that is not
    positive, no steps or more than 50, unknown values of options and exclusions beyond the steps; InvalidType and
    ColumnNotFound for invalid conditions and columns; NotSupported for many steps that the same event may match, and for more
    than 20 steps with ``order="strict"`` and ``ties="permissive"``.

    Definitions: funnels of PostHog; funnels of Mixpanel (advanced); how Amplitude computes funnels. ``rules`` sets options, but
    the products differ in more ways: PostHog measures times from the latest start, and Mixpanel and Amplitude accept any order
    not only for events at the same moment, but for events within two seconds and one second of each other.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> found = hub.funnel(hub.events(), ["ApplicationLoadedEvent", "PressEvent", "SuccessEvent"])
    >>> found[["name", "users"]].to_pandas().values.tolist()
    [['ApplicationLoadedEvent', 1910], ['PressEvent', 1691], ['SuccessEvent', 197]]
    """
    scope = scope_of(settings, events, "funnel", unit=unit, start=start, end=end, as_of=as_of)
    switches = rules_of(rules, window, order=order, entry=entry, ties=ties, exclude_mode=exclude_mode)
    request = request_for(scope, steps, switches, exclude, hold, breakdown, attribution, top, by, where)
    found = request.units()
    names = [each.name for each in request.conditions]
    rows = step_rows(found, names)
    keys = request.keys
    grid = step_table(names)
    if by is not None:
        grid = crossed(request.periods(by), grid, "steps_by_period")
    if request.label is not None:
        own = Aggregate(found, ((LABEL, found.column(LABEL)),), (), "groups")
        grid = crossed(own, grid, "steps_by_group")
    plan = table(grid, counted(rows, keys), keys, () if by is None else (COMPLETE,))
    members: Node = Filter(rows, rows.column("came"), "members")
    columns = [name for name in plan.types if name not in (*keys, STEP)]
    index = [request.title if name == LABEL else name for name in (*keys, STEP)]
    if request.label is not None:
        plan, members = (_renamed(each, LABEL, request.title) for each in (plan, members))
    frame = frame_of(scope.state_over(plan, index), columns)
    types = tuple(
        name
        for each in (*request.conditions, *request.excluded, *((request.where,) if request.where is not None else ()))
        for name in each.types
    )
    cells = {**frame.index_dtypes, DROPPED: "bool", PENDING: "bool"}
    possible = {STEP: between(1, len(names))} | ({} if by is None else {PERIOD: period_in(scope, by)})
    return Analysis("funnel", frame, scope, Definition(request.rule(), types), members, cells, possible)


def _renamed(plan: Node, old: str, new: str) -> Node:
    return Select(plan, tuple((new if name == old else name, plan.column(name)) for name in plan.types), plan.step)
