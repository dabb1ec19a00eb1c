"""Attribution: the touches that conversions are credited to."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Final

from objectiv_local.errors import InvalidType, InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregate,
    Node,
    Select,
    aggregation,
    call,
    case,
    expr_of,
    frame_of,
    literal,
    over,
    series_of,
    state_of,
    unused_name,
)
from objectiv_local.hub.analyses.attributions.credits import CONVERTS, DIRECT, TOUCH, WORTH, Journeys, totals
from objectiv_local.hub.analyses.attributions.markov import removal_effects, transitions
from objectiv_local.hub.analyses.base.analysis import Analysis, Definition, analysis
from objectiv_local.hub.analyses.base.event_values import label_of, number_of
from objectiv_local.hub.analyses.base.fetched import Fetched
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.words import in_time
from objectiv_local.hub.conditions import Condition, condition
from objectiv_local.hub.settings import Settings

MODELS: Final = ("first", "last", "last_non_direct", "linear", "position", "time_decay", "participation", "markov", "shapley")
#: Models in which one touch gets all the credit of a conversion; in the others, several touches share it.
_TAKING: Final = ("first", "last", "last_non_direct")
_CREDIT, _CONVERSIONS, _SHARE = "credit", "conversions", "share"
#: Maximum number of half-lives in a window: the weight of an older touch is too small for a float.
_MOST_HALF_LIVES: Final = 500
_TOUCH: Final = "for instance touch='utm_source'"
_VALUE: Final = "for instance value='amount'"
_RULES: Final = {
    "first": "The first of these touches gets all the credit of a conversion.",
    "last": "The last of these touches gets all the credit of a conversion.",
    "last_non_direct": "The last of these touches that is not {direct} gets all the credit of a conversion; if every touch is, "
    "the last one does.",
    "linear": "These touches share a conversion equally.",
    "position": "The first of these touches gets {first:.0%} of a conversion, the last one {last:.0%}, and the others share "
    "the rest. Two touches share a conversion in proportion to their weights, and a single touch gets all of it.",
    "time_decay": "These touches share a conversion by weight; the weight halves with each {half_life} before the conversion.",
    "participation": "Each distinct touch among these gets full credit, so the sum of credits can exceed the value of all "
    "conversions.",
    "markov": "Touches are credited in proportion to the share of converting paths that would be lost without them, in a "
    "Markov chain of order 1. Consecutive touches that lead to no conversion are the paths that do not convert.",
    "shapley": "The distinct touches among these share a conversion equally. This is the Shapley value of the game in which a "
    "coalition is worth the conversions that only have touches in the coalition.",
}


@analysis
def attribution(
    settings: Settings,
    events: DataFrame,
    conversion: object,
    touch: object,
    model: str = "last",
    *,
    window: datetime.timedelta = datetime.timedelta(days=30),
    value: object = None,
    half_life: float | datetime.timedelta = 7,
    weights: Sequence[float] = (0.4, 0.2, 0.4),
    direct: str | Sequence[str] = ("direct", DIRECT),
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Analysis:
    """Return the credit of each touch for conversions: index the touch; columns ``credit``, ``conversions`` and ``share``.

    ``conversion`` selects the converting events: an event type, a list of event types, a bool series of the frame, or a
    function of the frame. ``touch`` is a column, a series or a function of the frame, such as a channel or campaign. Events
    with a value for it are touches, and the result has the values as strings. The touches of a conversion are the earlier
    touches of the same user, ordered by moment and event id, that are at most ``window`` old. A touch may count for several
    conversions. A converting event is never a touch of its own conversion.

    ==================  ===========================================================================================
    model               credit of a conversion
    ==================  ===========================================================================================
    first               all to the first touch
    last                all to the last touch
    last_non_direct     all to the last touch that is not ``direct`` (case-insensitive), or to the last touch if all are direct
    linear              equal parts to all touches
    position            ``weights`` to the first touch, the touches in the middle together, and the last touch; two touches
                        share the credit in proportion to their weights, so 40/20/40 gives 50/50 and 20/20/60 gives 25/75
    time_decay          parts that halve with each ``half_life`` (days, or a timedelta) between the touch and the conversion
    participation       full credit to each distinct touch, so the sum of credits can exceed the value of all conversions
    markov              parts in proportion to removal effects: the share of conversions that would be lost in a Markov chain
                        of order 1 if paths ended when they reach the touch
    shapley             equal parts to all distinct touches
    ==================  ===========================================================================================

    ``value`` is the value of a conversion: a numeric column, series or function of the frame; missing values and NaN count as
    0. By default, each conversion is worth 1. ``credit`` is in the units of ``value``. Except with participation, the credits
    of a conversion add up to its value. ``conversions`` is the number of conversions that a touch is credited for; a conversion
    that several touches share counts for each of them. ``share`` is the touch's share of all credit, missing if there is none.

    Conversions without a touch are credited to ``(direct)``. Touches without a conversion have no row, except with markov,
    which also credits touches that lead to touches that convert elsewhere; their ``conversions`` are 0.

    With markov, the touches of a conversion are a converting path. Consecutive touches that count for no conversion, each
    within ``window`` of the one before, are a path that does not convert. The total value of the conversions with touches is
    distributed by removal effect. Three queries run when the analysis is created, and its frame holds the result;
    ``view_sql()`` returns the query of the transitions. Every other model is one lazy query.

    ``start`` and ``end`` limit conversions; touches before ``start`` count.

    Events without a user are left out. Ties: events at the same moment are ordered by event id. ``users(<touch>=...)`` returns
    the users of the conversions that ``conversions`` counts, with the moment of the first of these conversions.

    Raises InvalidValue for an unknown model, a ``window`` or ``half_life`` that is not positive, a half-life of less than a
    500th of the window, and negative ``weights``; InvalidType and ColumnNotFound for invalid columns.

    Definitions: attribution in computed properties of Mixpanel (window, decay of 7 days), the attribution package of
    Snowplow, Shapley values as in Zhao et al. (2018), removal effects as in Anderl et al. (2016).

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> events = hub.events()
    >>> presses = events.location.where(events.event_type == "PressEvent")
    >>> hub.attribution(events, conversion="SuccessEvent", touch=presses, model="linear").columns
    ['credit', 'conversions', 'share']
    """
    if model not in MODELS:
        raise InvalidValue(f"model of attribution cannot be {model!r}", hint=near(model, MODELS))
    window = _positive(window, "window")
    scope = scope_of(settings, events, "attribution", unit=unit, start=start, end=end, as_of=as_of)
    test = condition(conversion, scope.data, "conversion of attribution", scope.unit)
    label = label_of(touch, scope.data, "touch of attribution", _TOUCH)
    if label.name in (_CREDIT, _CONVERSIONS, _SHARE):
        raise InvalidValue(
            f"touch of attribution is named {label.name!r}, which is also the name of another column of the result",
            hint=f"rename it: touch=events[{label.name!r}].rename('...')",
        )
    journeys = _journeys(scope, test, label, value, window)
    parts = _weights(weights)
    decay = half_life if isinstance(half_life, datetime.timedelta) else _days(half_life)
    decay = _positive(decay, "half_life")
    if model == "time_decay" and window / decay > _MOST_HALF_LIVES:
        raise InvalidValue(
            f"half_life of attribution is {in_time(decay)}, and the window of {in_time(window)} is more than "
            f"{_MOST_HALF_LIVES} half-lives, so the oldest touches would have no weight",
            hint="give a longer half_life or a shorter window",
        )
    others = (direct,) if isinstance(direct, str) else tuple(direct)
    members: Node
    if model in _TAKING:
        credited = journeys.first() if model == "first" else journeys.last(others if model == "last_non_direct" else ())
        members = credited
    else:
        members = journeys.taking_part()
        credited = {
            "linear": journeys.linear,
            "position": lambda: journeys.position(*parts),
            "time_decay": lambda: journeys.time_decay(decay),
            "shapley": journeys.shapley,
        }.get(model, journeys.participation)()
    name = str(label.name)
    counted = totals(credited, [TOUCH])
    frame = _by_removal(scope, journeys, counted, name) if model == "markov" else _result(scope, counted, name)
    first, _, last = parts
    rule = _RULES[model].format(direct=" or ".join(others), first=first, last=last, half_life=in_time(decay))
    same = " and ".join(scope.unit)
    whom = f"Touches of the same {same} in the {in_time(window)} before a conversion get credit, or {DIRECT} if there are none."
    lines = (f"Touches are events with a value of {name}; conversions are events that match {test.title}.", whom, rule)
    definition, users = Definition(lines, test.types), _members(scope, members, journeys, name)
    if model == "markov":
        return Fetched("attribution", frame, scope, definition, users, transitions(journeys))
    return Analysis("attribution", frame, scope, definition, users)


def _positive(value: datetime.timedelta, name: str) -> datetime.timedelta:
    if value <= datetime.timedelta(0):
        raise InvalidValue(f"{name} of attribution has to be positive, not {value}", hint="for instance timedelta(days=30)")
    return value


def _days(number: float) -> datetime.timedelta:
    try:
        return datetime.timedelta(days=number)
    except (OverflowError, ValueError):
        raise InvalidValue(f"half_life of attribution is {number!r} days", hint="for instance half_life=7") from None


def _weights(given: Sequence[float]) -> tuple[float, float, float]:
    numbers = list(given)
    if len(numbers) != 3 or any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers):
        raise InvalidType(
            f"weights of attribution have to be three numbers, not {given!r}", hint="for instance weights=(0.4, 0.2, 0.4)"
        )
    if not all(math.isfinite(each) and each >= 0 for each in numbers) or not sum(numbers):
        raise InvalidValue(
            f"weights of attribution have to be 0 or more, and not all 0, not {given!r}",
            hint="give the weights of the first touch, the middle touches and the last touch: weights=(0.4, 0.2, 0.4)",
        )
    first, middle, last = (each / sum(numbers) for each in numbers)
    return first, middle, last


def _journeys(scope: Scope, test: Condition, label: Series, value: object, window: datetime.timedelta) -> Journeys:
    """Return the conversions and touches of the units, in columns whose names do not clash with the unit."""
    converts = expr_of(test.holds)
    state = state_of(test.holds)
    moment = state.column(MOMENT)
    if scope.start is not None:
        converts = call("and", converts, call("ge", moment, literal(scope.start)))
    if scope.end is not None:
        converts = call("and", converts, call("lt", moment, literal(scope.end)))
    taken = [*scope.data.all_series, MOMENT]
    given = {
        unused_name("is_conversion", taken): series_of(state, converts, "is_conversion"),
        unused_name("touch", taken): label,
    }
    names = list(given)
    if value is not None:
        names.append(unused_name("worth", taken))
        given[names[-1]] = number_of(value, scope.data, "value of attribution", _VALUE)
    rows = scope.rows(given, ranged=False)
    units = tuple(unused_name(name, _NAMES) for name in scope.unit)
    keys = tuple(unused_name(name, (*_NAMES, *units)) for name in scope.event_key)
    order = (MOMENT, *(name for name in scope.event_key if name not in (MOMENT, *scope.unit)))
    columns = dict(zip(scope.unit, units, strict=True)) | {MOMENT: MOMENT}
    columns |= {name: key for name, key in zip(scope.event_key, keys, strict=True) if name in order}
    worth = rows.column(names[2]) if value is not None else literal(1.0)
    plan = Select(
        rows,
        (
            *((new, rows.column(old)) for old, new in columns.items()),
            (CONVERTS, rows.column(names[0])),
            (TOUCH, rows.column(names[1])),
            (WORTH, worth),
        ),
        "events",
    )
    return Journeys(plan, units, tuple(columns[name] for name in order), window)


#: Names of the columns that the steps of a model add.
_NAMES: Final = (
    MOMENT,
    CONVERTS,
    TOUCH,
    WORTH,
    "change",
    "place",
    "open",
    "converted",
    "touched",
    "expired",
    "block",
    "last_touch",
    "last_moment",
    "last_number",
    "indirect",
    "indirect_touch",
    "indirect_moment",
    "indirect_number",
    "row_before",
    "expired_before",
    "first_touch",
    "part",
    "first_part",
    "last_part",
    "as_first",
    "as_last",
    "weight",
    "touched_weight",
    "unexpired_weight",
    "from_block",
    "from_next_block",
    "open_label",
    "labels",
    "total",
    "credit",
    "conversions",
    "next_conversion",
    "number",
    "previous_touch",
    "previous_moment",
    "next_touch",
    "next_moment",
    "is_lost",
    "is_near_previous",
    "is_near_next",
    "goes_on_from",
    "goes_on_to",
    "passed",
    "converted_until",
    "next_converted",
    "part_so_far",
    "last_block",
    "last_part_so_far",
    "last_converted",
)


def _result(scope: Scope, counted: Node, name: str) -> DataFrame:
    credit = counted.column(_CREDIT)
    every = over(aggregation("sum", credit))
    share = case([(call("ne", every, literal(0.0)), call("truediv", credit, every))])
    plan = Select(
        counted,
        ((name, counted.column(TOUCH)), (_CREDIT, credit), (_CONVERSIONS, counted.column(_CONVERSIONS)), (_SHARE, share)),
        "attribution",
    )
    return frame_of(scope.state_over(plan, [name]), [_CREDIT, _CONVERSIONS, _SHARE])


def _members(scope: Scope, members: Node, journeys: Journeys, name: str) -> Node:
    """Return the moments of conversions by unit and touch, under the original names of the unit columns."""
    if name in (*scope.unit, MOMENT):
        raise InvalidValue(f"touch of attribution is named {name!r}, which is also a column of the unit", hint="rename it")
    return Select(
        members,
        (
            *((unit, members.column(own)) for unit, own in zip(scope.unit, journeys.unit, strict=True)),
            (MOMENT, members.column(MOMENT)),
            (name, members.column(TOUCH)),
        ),
        "members",
    )


def _by_removal(scope: Scope, journeys: Journeys, counted: Node, name: str) -> DataFrame:
    """Return the result of the markov model. Three queries, which all see the same rows."""
    import pyarrow

    engine = scope.state.connected()
    paths, rows = transitions(journeys), journeys.stream()
    converts = journeys.converts(rows)
    worth = Aggregate(
        rows,
        (),
        (
            ("shared", aggregation("sum", case([(converts, rows.column(WORTH))], literal(0.0)))),
            ("alone", aggregation("sum", case([(converts, literal(0.0))], rows.column(WORTH)))),
        ),
        "worth",
    )
    with engine.snapshot():
        found, conversions, whole = (
            frame_of(scope.state_over(plan), list(plan.types)).to_arrow().to_pylist() for plan in (paths, counted, worth)
        )
    effects = removal_effects((row["source"], row["target"], row["converting"], row["lost"]) for row in found)
    alone, shared = whole[0]["alone"], whole[0]["shared"]
    total = math.fsum(effects.values())
    given = {label: shared * effect / total if total else 0.0 for label, effect in effects.items()}
    given[DIRECT] = given.get(DIRECT, 0.0) + alone
    every = math.fsum(given.values())
    numbers = {row[TOUCH]: row[_CONVERSIONS] for row in conversions}
    # A touch that occurs only in lost paths still has an effect if touches that convert elsewhere follow it.
    names = sorted({*numbers, *(label for label, effect in effects.items() if effect > 0)})
    table = pyarrow.table(
        {
            name: pyarrow.array(names, pyarrow.string()),
            _CREDIT: pyarrow.array([given[each] for each in names], pyarrow.float64()),
            _CONVERSIONS: pyarrow.array([numbers.get(each, 0) for each in names], pyarrow.int64()),
            _SHARE: pyarrow.array([given[each] / every if every else None for each in names], pyarrow.float64()),
        }
    )
    return DataFrame.from_arrow(engine, table, name, "attribution").sort_index()
