"""What each argument of an analysis is, in one line: the help of its option, and its description for agents."""

from __future__ import annotations

_CONDITION = "an event type, several of them, or a query"

#: Arguments that mean the same in every analysis that has no entry of its own for them.
_SHARED = {
    "where": f"Count only some events: {_CONDITION}.",
    "start": "The first day or moment of the range.",
    "end": "The day or moment at which the range ends; it is not included.",
    "start_date": "The first day or moment of the range.",
    "end_date": "The day or moment at which the range ends; it is not included.",
    "as_of": "The moment up to which the data are known; by default that of the last event.",
    "unit": "The column of what counts as a user, or several columns.",
    "by": "The period: hour, day, week, month, quarter or year.",
    "breakdown": "A column whose values are counted separately.",
    "conversion": f"The events that convert: {_CONDITION}.",
}

_OWN = {
    "active_users": {"month_days": "The number of days of a month; 28 is that of Google Analytics."},
    "attribution": {
        "touch": "The column of touches, such as a channel or campaign.",
        "model": "How credit is divided: first, last, last_non_direct, linear, position, time_decay, participation, markov or "
        "shapley.",
        "window": "The maximum time between a touch and the conversion.",
        "value": "The column of what a conversion is worth; 1 by default.",
        "half_life": "For time_decay: the time in which credit halves; a number is in days.",
        "weights": "For position: the weights of the first touch, those in the middle, and the last touch.",
        "direct": "For last_non_direct: the touches that are direct.",
        "start": "The first day or moment of conversions; touches before it count.",
        "end": "The day or moment at which conversions end; it is not included.",
    },
    "cohort": {"rules": f"The rules that users meet, all of them: each is {_CONDITION}, or a rule as spec() writes it."},
    "drivers": {
        "from_step": f"The first step: {_CONDITION}.",
        "to_step": f"The step that converts: {_CONDITION}.",
        "horizon": "Count events only up to this time after the first step.",
        "window": "The maximum time from the first step to the conversion; 14 days by default.",
        "by": "The column whose values are compared.",
        "at_entry": "Use the value of the first step, and not those of later events.",
        "least": "The minimum number of exposed users of a value; by default 25, or 2 % of the users if that is less.",
    },
    "experiment": {
        "exposure": f"The events that expose a user: {_CONDITION}.",
        "variant": "The column of the variant.",
        "metric": "What is compared: a condition, count,CONDITION or sum,COLUMN; other metrics are JSON.",
        "covariate": "Correct metrics by what users did before the exposure: a duration, or a metric.",
        "control": "The variant that the others are compared with.",
        "window": "How long events count after the exposure; without limit by default.",
        "covariate_window": "How long before the exposure a metric given as covariate counts.",
        "several": "What happens to users with several variants: exclude, or first for the first one.",
        "include_open": "Include users whose window is not over.",
        "split": "The planned shares of the variants, as JSON; equal by default.",
        "alpha": "1 minus the level of confidence intervals.",
        "sequential": "Intervals and p-values that hold however often one looks.",
        "planned_users": "The users of two variants for which sequential intervals are narrowest.",
        "start": "The first day or moment of exposures.",
        "end": "The day or moment at which exposures end; it is not included.",
    },
    "funnel": {
        "steps": "The steps in their order, separated by commas: event types; conditions as JSON.",
        "window": "The maximum time from the first step to the last one; 14 days by default.",
        "order": "ordered (other events may lie between steps), strict (none may) or any (steps in any order).",
        "entry": "any (the best attempt of a user counts), first (the first one) or each (attempts in place of users).",
        "ties": "permissive (events at one moment in any order) or strict (a later step needs a later moment).",
        "exclude": f"Events that may not lie between the steps: {_CONDITION}.",
        "exclude_mode": "truncate (an attempt ends at the step before an excluded event) or remove (it does not count).",
        "hold": "Columns whose values are the same in all events of an attempt.",
        "attribution": "The event that has the value of the breakdown: first_step, last_step or the number of a step.",
        "top": "The number of groups of the breakdown; the others are (other).",
        "by": "A funnel for each period in which attempts start: hour, day, week, month, quarter or year.",
        "rules": "The defaults of a product: posthog, mixpanel or amplitude.",
        "start": "The first day or moment at which attempts start.",
        "end": "The day or moment from which on no attempts start.",
    },
    "impact": {
        "level": "association, adjusted (for other features) or before_after (first use).",
        "feature": "The column of features; by default the location stack, the location or the event type.",
        "least": "The minimum number of exposed users of a feature; by default 1 % of the users.",
        "days": "For before_after: the number of days before and after the first use.",
        "top": "For before_after: the number of features with most adopters that are compared.",
        "alpha": "1 minus the level of confidence intervals.",
        "seed": "For adjusted: decides the folds of the cross-validation.",
    },
    "lifecycle": {"first_seen": "What makes a user new: first_event, first_any_event, or a column of moments."},
    "paths": {
        "label": "The column of the labels that paths are made of.",
        "steps": "The maximum number of labels of a path.",
        "by": "The column whose values have one path each, such as session_id.",
        "start": f"The event that paths begin with: {_CONDITION}.",
        "end": f"The event that paths end with: {_CONDITION}.",
        "collapse": "Repeats of a label right after each other are one event.",
        "top": "The number of labels of each place; the others are (other).",
    },
    "properties": {"columns": "The columns to look at; all by default."},
    "quality": {"busy": "The maximum number of events of a user on one day."},
    "retention": {
        "start": f"The event that puts a user into a cohort: {_CONDITION}; any event by default.",
        "returning": f"The event that counts as coming back: {_CONDITION}; any event by default.",
        "mode": "first_time, first_time_filtered (the first start in the range) or recurring (each period with a start).",
        "clock": "calendar (periods of the calendar) or elapsed (time since the start).",
        "criterion": "When a user counts for a period: on, on_or_after, on_or_before or streak.",
        "brackets": "Periods that are put together, as JSON: [[0, 1], [1, 4]], with the ends not included.",
        "measure": "users; or sum,COLUMN or mean,COLUMN of the returns.",
        "breakdown": "A column whose values at the start are counted separately.",
        "top": "The number of groups of the breakdown; the others are (other).",
        "periods": "The number of periods since the start.",
        "start_date": "The first day or moment of starts.",
        "end_date": "The day or moment from which on there are no starts; returns count up to the end of the data.",
    },
    "rfm": {
        "value": "The column of the value of an order.",
        "where": f"The events that are orders: {_CONDITION}; by default those with a value.",
        "scores": "The number of parts that scores divide users into.",
        "start": "The first day or moment of orders.",
        "end": "The day or moment at which orders end; it is not included.",
    },
    "sessions": {
        "label": "The column of the entry and the exit of a session.",
        "gap": "A longer pause ends a session; 30 minutes by default.",
        "midnight_reset": "A session also ends at midnight.",
        "new_on": "A column that starts a new session when its value changes, such as the campaign.",
        "bounce": "What a bounce is: single_event, single_view or not_engaged.",
        "views": f"The events that are views: {_CONDITION}; any event by default.",
        "key_events": f"The events that engage: {_CONDITION}; none by default.",
        "engaged_after": "The duration from which on a session is engaged.",
    },
    "stickiness": {
        "of": "The period whose active parts are counted: day, week, month, quarter or year.",
        "by": "The part: hour, day, week, month or quarter.",
    },
    "trend": {
        "measure": "users, events, sessions, events_per_user, first_time_users; or sum, mean, median, min, max or nunique of a "
        "column, as in sum,amount.",
        "top": "The number of groups of the breakdown; the others are (other).",
        "compare": "previous adds the value of the same period before.",
    },
}


def description_of(analysis: str, argument: str) -> str:
    """Return what an argument of an analysis is; an empty string for one that is not known."""
    return _OWN.get(analysis, {}).get(argument) or _SHARED.get(argument, "")


def known() -> dict[str, set[str]]:
    """Return the arguments that are described for each analysis on its own."""
    return {analysis: set(arguments) for analysis, arguments in _OWN.items()}
