"""A one-line description of each argument of an analysis, for the help of its option and for agents."""

from __future__ import annotations

_CONDITION = "an event type, several event types, or a query"

#: Arguments with the same meaning in every analysis that has no entry of its own for them.
_SHARED = {
    "where": f"Only count these events: {_CONDITION}.",
    "start": "The first day or moment of the range.",
    "end": "The day or moment at which the range ends (exclusive).",
    "start_date": "The first day or moment of the range.",
    "end_date": "The day or moment at which the range ends (exclusive).",
    "as_of": "The last moment for which the data are known; by default the moment of the last event.",
    "unit": "The column, or several columns, that identify a user.",
    "by": "The period: hour, day, week, month, quarter or year.",
    "breakdown": "The column to group by.",
    "conversion": f"The events that convert: {_CONDITION}.",
}

_OWN = {
    "active_users": {"month_days": "The number of days in a month; Google Analytics uses 28."},
    "attribution": {
        "touch": "The column of touches, such as a channel or campaign.",
        "model": "How credit is divided: first, last, last_non_direct, linear, position, time_decay, participation, markov or "
        "shapley.",
        "window": "The maximum time between a touch and the conversion.",
        "value": "The column with the value of a conversion; by default, each is worth 1.",
        "half_life": "For time_decay: the time in which credit halves; a number is in days.",
        "weights": "For position: the weights of the first touch, the middle touches and the last touch.",
        "direct": "For last_non_direct: the touches that are direct.",
        "start": "The first day or moment of conversions; earlier touches count.",
        "end": "The day or moment at which conversions end (exclusive).",
    },
    "cohort": {"rules": f"The rules that users have to meet, all of them: each is {_CONDITION}, or a rule as in a spec."},
    "drivers": {
        "from_step": f"The first step: {_CONDITION}.",
        "to_step": f"The step that converts: {_CONDITION}.",
        "horizon": "Count events only up to this time after the first step.",
        "window": "The maximum time from the first step to the conversion; 14 days by default.",
        "by": "The column whose values are compared.",
        "at_entry": "Use the value at the first step instead of the values of later events.",
        "least": "The minimum number of exposed users of a value; by default 25, or 2% of the users if that is less.",
    },
    "experiment": {
        "exposure": f"The events that expose a user: {_CONDITION}.",
        "variant": "The column of the variant.",
        "metric": "The metric to compare: a condition, count,CONDITION or sum,COLUMN; other metrics are JSON.",
        "covariate": "Adjust metrics for what users did before the exposure: a duration, or a metric.",
        "control": "The variant that the others are compared with.",
        "window": "How long after the exposure events count; no limit by default.",
        "covariate_window": "How long before the exposure a covariate metric is measured.",
        "several": "How to handle users with several variants: exclude them, or use the first variant (first).",
        "include_open": "Include users whose window has not ended.",
        "split": "The planned shares of the variants, as JSON; equal by default.",
        "alpha": "1 minus the confidence level of intervals.",
        "sequential": "Use intervals and p-values that remain valid when checked repeatedly.",
        "planned_users": "The number of users of two variants at which sequential intervals are narrowest.",
        "start": "The first day or moment of exposures.",
        "end": "The day or moment at which exposures end (exclusive).",
    },
    "funnel": {
        "steps": "The steps in order, separated by commas: event types; other conditions as JSON.",
        "window": "The maximum time from the first step to the last one; 14 days by default.",
        "order": "ordered (other events may lie between steps), strict (no other events between steps) or any (any order).",
        "entry": "any (count the best attempt of a user), first (the first one) or each (count attempts instead of users).",
        "ties": "permissive (events at the same moment in any order) or strict (a later step needs a later moment).",
        "exclude": f"Events that may not lie between the steps: {_CONDITION}.",
        "exclude_mode": "truncate (an attempt ends at the step before an excluded event) or remove (it does not count).",
        "hold": "Columns that must have the same value in all events of an attempt.",
        "attribution": "The event that has the value of the breakdown: first_step, last_step or the number of a step.",
        "top": "The number of groups of the breakdown; other groups are combined as (other).",
        "by": "Compute one funnel per period in which attempts start: hour, day, week, month, quarter or year.",
        "rules": "The defaults of a product: posthog, mixpanel or amplitude.",
        "start": "The first day or moment of the range of first steps.",
        "end": "The day or moment at which the range of first steps ends (exclusive).",
    },
    "impact": {
        "level": "association, adjusted (for other features) or before_after (the first use).",
        "feature": "The column of features; by default the location stack, the location or the event type.",
        "least": "The minimum number of exposed users of a feature; by default 1% of the users.",
        "days": "For before_after: the number of days before and after the first use.",
        "top": "For before_after: the number of features to compare, those with the most adopters.",
        "alpha": "1 minus the confidence level of intervals.",
        "seed": "For adjusted: the random seed of the cross-validation.",
    },
    "lifecycle": {"first_seen": "When a user is new: first_event, first_any_event, range, or a column of timestamps."},
    "paths": {
        "label": "The column of the labels that make up a path.",
        "steps": "The maximum number of labels in a path.",
        "by": "The column that groups events into sequences, such as session_id.",
        "start": f"The event that paths begin with: {_CONDITION}.",
        "end": f"The event that paths end with: {_CONDITION}.",
        "collapse": "Count consecutive events with the same label as one event.",
        "top": "The number of labels at each place; other labels are combined as (other).",
    },
    "properties": {"columns": "The columns to describe; all by default."},
    "quality": {"busy": "The number of events of a user on one day above which the check busy_user fails."},
    "retention": {
        "start": f"The event that puts a user into a cohort: {_CONDITION}; any event by default.",
        "returning": f"The event that counts as coming back: {_CONDITION}; any event by default.",
        "mode": "first_time, first_time_filtered (the first start in the range) or recurring (each period with a start).",
        "clock": "calendar (calendar periods) or elapsed (time since the start).",
        "criterion": "When a user counts for a period: on, on_or_after, on_or_before or streak.",
        "brackets": "Periods to combine, as JSON with exclusive ends: [[0, 1], [1, 4]].",
        "measure": "users; or sum,COLUMN or mean,COLUMN over the returns.",
        "breakdown": "The column whose value at the start groups users.",
        "top": "The number of groups of the breakdown; other groups are combined as (other).",
        "periods": "The number of periods since the start.",
        "start_date": "The first day or moment of starts.",
        "end_date": "The day or moment at which the range of starts ends (exclusive); later returns count.",
    },
    "rfm": {
        "value": "The column with the value of an order.",
        "where": f"The events that are orders: {_CONDITION}; by default those with a value.",
        "scores": "The number of groups that each score divides users into.",
        "start": "The first day or moment of orders.",
        "end": "The day or moment at which orders end (exclusive).",
    },
    "sessions": {
        "label": "The column that entry and exit are taken from.",
        "gap": "The inactivity after which a session ends; 30 minutes by default.",
        "midnight_reset": "End sessions at midnight too.",
        "new_on": "A column that starts a new session when its value changes, such as the campaign.",
        "bounce": "The definition of a bounce: single_event, single_view or not_engaged.",
        "views": f"The events that are views: {_CONDITION}; any event by default.",
        "key_events": f"The events that make a session engaged: {_CONDITION}; none by default.",
        "engaged_after": "The duration from which a session counts as engaged.",
    },
    "stickiness": {
        "of": "The period: day, week, month, quarter or year.",
        "by": "The part of the period in which users are active: hour, day, week, month or quarter.",
    },
    "trend": {
        "measure": "users, events, sessions, events_per_user, first_time_users; or sum, mean, median, min, max or nunique of a "
        "column, as in sum,amount.",
        "top": "The number of groups of the breakdown; other groups are combined as (other).",
        "compare": "previous adds the value of the corresponding period in the preceding range.",
    },
}


def description_of(analysis: str, argument: str) -> str:
    """Return the description of an argument of an analysis; an empty string for an unknown argument."""
    return _OWN.get(analysis, {}).get(argument) or _SHARED.get(argument, "")


def known() -> dict[str, set[str]]:
    """Return the arguments that have a description of their own, by analysis."""
    return {analysis: set(arguments) for analysis, arguments in _OWN.items()}
