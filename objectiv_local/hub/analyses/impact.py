"""Impact of features on a conversion: association, adjusted for other features, and before and after the first use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from objectiv_local.errors import InvalidValue, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, Filter, Node, Select, aggregation, frame_of
from objectiv_local.hub.analyses.base.analysis import Definition, analysis
from objectiv_local.hub.analyses.base.event_values import label_of
from objectiv_local.hub.analyses.base.fetched import Fetched
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.statistics import scipy_stats
from objectiv_local.hub.analyses.impacts.adjusting import Adjusted, adjusted_scores, correlation_interval
from objectiv_local.hub.analyses.impacts.adopting import ADOPTED, Adoption, changes_of, difference_in_differences
from objectiv_local.hub.analyses.impacts.observed import CONVERTED, FEATURE, USER, Observed
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.locations import COLUMNS, location_names
from objectiv_local.hub.series import SeriesLocationStack
from objectiv_local.hub.settings import Settings

if TYPE_CHECKING:
    import pyarrow

LEVELS: Final = ("association", "adjusted", "before_after")
_SHARED: Final = ("exposed", "unexposed", "rate_exposed", "rate_unexposed", "score", "ci_low", "ci_high")
_MORE: Final = {
    "association": ("odds_ratio", "lift", "p"),
    "adjusted": ("std", "marginal_effect", "importance"),
    "before_after": ("before_exposed", "before_unexposed", "counterfactual", "p"),
}
#: Minimum share of all users that have to be exposed to a feature for it to be in the result.
_SHARE: Final = 0.01
_MOST_DAYS: Final = 3_650
#: Maximum value of ``top``, because all users are joined with each of the top features.
_MOST_FEATURES: Final = 200
_NOT_PROOF: Final = "This is an association, not proof: users who use a feature may differ in other ways."
_FEATURE: Final = "for instance feature='event_type'"


@analysis
def impact(
    settings: Settings,
    events: DataFrame,
    conversion: object,
    level: str = "association",
    *,
    feature: object = None,
    least: int | None = None,
    days: int = 15,
    top: int = 20,
    alpha: float = 0.05,
    seed: int = 0,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Fetched:
    """Return how the use of features correlates with a conversion: index the feature.

    ``conversion`` selects the converting events: an event type, a list of event types, a bool series of the frame, or a
    function of the frame. ``feature`` is a column, a series or a function of the frame; location stacks are replaced by their
    names. By default it is the location stack, the location or the event type: the first of these that the frame has.

    ========================================  ======================================================================
    column                                    content
    ========================================  ======================================================================
    ``exposed``, ``unexposed``                users who used the feature, and users who did not
    ``rate_exposed``, ``rate_unexposed``      share of these users who converted; with ``before_after``, conversions
                                              per user and day after the first use
    ``score``                                 see below
    ``ci_low``, ``ci_high``                   confidence interval of the score, with level 1 - ``alpha``
    ========================================  ======================================================================

    With ``level="association"`` and ``"adjusted"``, users are observed until their first conversion. For users who do not
    convert, the observation ends after a conversion time borrowed from a user who did: in the order of their first events, they
    cycle through the times from first event to conversion, in ascending order. The conversion itself and events after the
    observation do not count as use. Features with fewer than ``least`` exposed users are left out: by default 1% of the users.

    ``association``: the score is phi, the correlation of exposure and conversion, with an interval by Fisher's transformation.
    Additional columns: ``odds_ratio`` (with one user added to each of the four groups), ``lift`` (``rate_exposed`` divided by
    the rate of all users), and ``p`` of Fisher's exact test.

    ``adjusted``: the score is the coefficient of the feature in a logistic regression on all features (used or not, scaled to
    a standard deviation of 1, with scikit-learn's default penalty). Additional columns: ``std``, the standard deviation of the
    coefficient over the folds of a repeated cross-validation; ``marginal_effect``, the predicted conversion rate if all users
    use the feature minus the rate if none do; ``importance``, the decrease of the area under the ROC curve on held-out users
    when the feature is shuffled. The ``definition`` includes that area. ``seed`` determines the folds.

    ``before_after``: users who adopt a feature are compared over ``days`` before and after their first use with users who never
    use it. The latter are assigned adoption days: in the order of their first events, they cycle through the days on which
    users adopted the feature. Only users first seen before the compared days, and whose days have ended by the last moment of
    the data, count. The score is the difference in differences: the change of conversions per user and day among adopters,
    minus the change among the others. Additional columns: ``before_exposed`` and ``before_unexposed``, the rates before;
    ``counterfactual``, the rate of adopters after, had it changed by the same factor as the rate of the others; and ``p``,
    two-sided. The ``top`` features with the most adopters are compared; ``least`` is not used.

    None of the levels proves that a feature causes conversions.

    The counts (with ``adjusted``, one row per user and feature) are fetched when the analysis is created; ``view_sql()``
    returns that query. ``users(<feature>=..., converted=True)`` returns the exposed users who converted, with the moment of
    their first use; with ``before_after``, ``users(<feature>=...)`` returns the adopters.

    Needs scipy, and scikit-learn for ``adjusted``. Raises InvalidValue for an unknown level, and with ``adjusted`` for fewer
    than three users who convert or who do not; InvalidType and ColumnNotFound for invalid columns.

    Definitions: Signal and Impact of Mixpanel, Impact Analysis of Amplitude, the feature importance of Objectiv.

    >>> import objectiv_local as ol
    >>> hub = ol.ModelHub()
    >>> hub.impact(hub.events(), conversion="SuccessEvent", feature="event_type").columns[:5]
    ['exposed', 'unexposed', 'rate_exposed', 'rate_unexposed', 'score']
    """
    _check(level, least, days, top, alpha, seed)
    scope = scope_of(settings, events, "impact", unit=unit, start=start, end=end, as_of=as_of)
    test = condition(conversion, scope.data, "conversion of impact", scope.unit)
    label = _feature(feature, scope.data)
    name = str(label.name)
    if name in (*_SHARED, *_MORE[level], CONVERTED, MOMENT, *scope.unit):
        raise InvalidValue(
            f"feature of impact is named {name!r}, which is also the name of another column",
            hint=f"rename it: feature=events[{name!r}].rename('...')",
        )
    observed = Observed(scope, test.holds, label)
    quantile = float(scipy_stats().norm.isf(alpha / 2))
    make: Callable[[], _Found] = {
        "association": lambda: _association(observed, least, quantile),
        "adjusted": lambda: _adjusted(observed, least, alpha, seed),
        "before_after": lambda: _before_after(Adoption(observed, days, top), quantile),
    }[level]
    found = make()
    columns = (*_SHARED, *_MORE[level])
    frame = DataFrame.from_arrow(scope.state.connected(), _table(found.rows, name, columns), name, "impact").sort_index()
    members = Select(
        found.members,
        tuple((name if each == FEATURE else each, found.members.column(each)) for each in found.members.types),
        "members",
    )
    rule = (f"Conversions are events that match {test.title}; features are values of {name}.", *found.rule, _NOT_PROOF)
    cells = {name: "string"} if level == "before_after" else {name: "string", CONVERTED: "bool"}
    definition = Definition(rule, test.types, notices=(lambda: found.notices,))
    return Fetched("impact", frame, scope, definition, members, found.counts, cells)


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a result by feature, the plan of its members, and parts of the definition."""

    rows: Mapping[str, Mapping[str, object]]
    members: Node
    counts: Node
    rule: tuple[str, ...]
    notices: tuple[str, ...] = ()


def _check(level: str, least: int | None, days: int, top: int, alpha: float, seed: int) -> None:
    if level not in LEVELS:
        raise InvalidValue(f"level of impact cannot be {level!r}", hint=near(level, LEVELS))
    if least is not None and (isinstance(least, bool) or least < 1):
        raise InvalidValue(f"least of impact has to be a whole number of at least 1, not {least!r}")
    for name, number, most in (("days", days, _MOST_DAYS), ("top", top, _MOST_FEATURES)):
        if isinstance(number, bool) or not 1 <= number <= most:
            raise InvalidValue(f"{name} of impact has to be a whole number from 1 to {most:,}, not {number!r}")
    if isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise InvalidValue(f"seed of impact has to be a whole number from 0 to {2**32 - 1}, not {seed!r}")
    if not 0 < alpha < 1:
        raise InvalidValue(f"alpha of impact has to be between 0 and 1, not {alpha!r}", hint="for instance alpha=0.05")


def _feature(given: object, data: DataFrame) -> Series:
    """Return the feature of each event as a string, missing if it has none."""
    if given is None:
        there = [name for name in COLUMNS if name in data.data_columns]
        given = there[0] if there else "event_type"
    if isinstance(given, str) and given in data.data_columns:
        given = data[given]
    if isinstance(given, SeriesLocationStack):
        names: Series = location_names(data, given, "impact")
        return names
    return label_of(given, data, "feature of impact", _FEATURE)


def _table(rows: Mapping[str, Mapping[str, object]], name: str, columns: Iterable[str]) -> pyarrow.Table:
    import pyarrow as pa

    kinds = {"exposed": pa.int64(), "unexposed": pa.int64()}
    found = {name: pa.array(list(rows), pa.string())}
    found |= {each: pa.array([row.get(each) for row in rows.values()], kinds.get(each, pa.float64())) for each in columns}
    return pa.table(found)


def _fetched(scope: Scope, plan: Node) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame_of(scope.state_over(plan), list(plan.types)).to_arrow().to_pylist()
    return rows


# ---- users who convert and users who do not


def _exposed(used: Node) -> Node:
    """Return the number of exposed users of each feature, and how many of them converted."""
    return Aggregate(
        used,
        ((FEATURE, used.column(FEATURE)),),
        (("exposed", aggregation("size")), ("both", aggregation("size", where=used.column(CONVERTED)))),
        "exposed",
    )


def _counted(observed: Observed, users: Node, exposed: Node) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Return the number of users and of users who converted, overall and exposed to each feature. Runs two queries."""
    converted = users.column(CONVERTED)
    whole = Aggregate(
        users, (), (("users", aggregation("size")), ("converted", aggregation("size", where=converted))), "outcomes"
    )
    every = _fetched(observed.scope, whole)[0]
    return every, {row[FEATURE]: (row["exposed"], row["both"]) for row in _fetched(observed.scope, exposed)}


def _shared(every: Mapping[str, int], exposed: int, both: int) -> dict[str, object]:
    others, alone = every["users"] - exposed, every["converted"] - both
    return {
        "exposed": exposed,
        "unexposed": others,
        "rate_exposed": both / exposed,
        "rate_unexposed": alone / others if others else None,
    }


def _supported(counts: Mapping[str, tuple[int, int]], users: int, least: int | None) -> list[str]:
    fewest = math.ceil(_SHARE * users) if least is None else least
    return sorted(name for name, (exposed, _) in counts.items() if exposed >= fewest)


def _rule_of_support(least: int | None) -> tuple[str, ...]:
    return (
        "Users are observed until they convert; the others for as long as a converting user was, assigned in turn.",
        f"Features used by fewer than {'1% of the users' if least is None else f'{least} users'} are left out.",
    )


def _association(observed: Observed, least: int | None, quantile: float) -> _Found:
    stats = scipy_stats()
    users = observed.users()
    used = observed.used(users)
    exposures = _exposed(used)
    with observed.scope.state.connected().snapshot():
        every, counts = _counted(observed, users, exposures)
    rows: dict[str, dict[str, object]] = {}
    for name in _supported(counts, every["users"], least):
        exposed, both = counts[name]
        a, b, c = both, exposed - both, every["converted"] - both
        d = every["users"] - exposed - c
        spread = (a + b) * (c + d) * (a + c) * (b + d)
        row = _shared(every, exposed, both) | {
            "odds_ratio": (a + 1) * (d + 1) / ((b + 1) * (c + 1)),
            "lift": (a / exposed) / (every["converted"] / every["users"]) if every["converted"] else None,
            "p": float(stats.fisher_exact([[a, b], [c, d]]).pvalue),
        }
        if spread:
            phi = (a * d - b * c) / math.sqrt(spread)
            low, high = correlation_interval(phi, every["users"], quantile)
            row |= {"score": phi, "ci_low": low, "ci_high": high}
        rows[name] = row
    rule = ("The score is phi, the correlation of exposure and conversion.", *_rule_of_support(least))
    return _Found(rows, used, exposures, rule, (f"{every['converted']:,} of {every['users']:,} users converted.",))


def _adjusted(observed: Observed, least: int | None, alpha: float, seed: int) -> _Found:
    scope = observed.scope
    users = observed.users()
    used = observed.used(users)
    pairs = Select(used, ((USER, used.column(USER)), (FEATURE, used.column(FEATURE))), "uses")
    outcomes = Select(users, ((USER, users.column(USER)), (CONVERTED, users.column(CONVERTED))), "outcomes")
    with scope.state.connected().snapshot():
        every, counts = _counted(observed, users, _exposed(used))
        names = _supported(counts, every["users"], least)
        places = {name: place for place, name in enumerate(names)}
        converted = {row[USER]: row[CONVERTED] for row in _fetched(scope, outcomes)} if names else {}
        uses = _fetched(scope, pairs) if names else []
    scores: list[Adjusted] = []
    area = None
    if names:
        outcome = [converted[number] for number in range(1, every["users"] + 1)]
        found = sorted((row[USER] - 1, places[row[FEATURE]]) for row in uses if row[FEATURE] in places)
        scores, area = adjusted_scores(outcome, found, len(names), alpha, seed)
    rows = {
        name: _shared(every, *counts[name])
        | {
            "score": each.coefficient,
            "ci_low": each.low,
            "ci_high": each.high,
            "std": each.spread,
            "marginal_effect": each.marginal_effect,
            "importance": each.importance,
        }
        for name, each in zip(names, scores, strict=True)
    }
    notices = (
        f"{every['converted']:,} of {every['users']:,} users converted.",
        *(() if area is None else (f"The area under the ROC curve on held-out users is {area:.3f}.",)),
    )
    rule = ("The score is a coefficient of a logistic regression of the conversion on all features.", *_rule_of_support(least))
    return _Found(rows, used, pairs, rule, notices)


# ---- before and after


def _before_after(adoption: Adoption, quantile: float) -> _Found:
    compared = adoption.compared()
    counts = adoption.counted(compared)
    groups = {(row[FEATURE], row[ADOPTED]): changes_of(row, adoption.days) for row in _fetched(adoption.observed.scope, counts)}
    rows: dict[str, dict[str, object]] = {}
    for name in sorted({feature for feature, adopted in groups if adopted}):
        adopters, others = groups[name, True], groups.get((name, False))
        row: dict[str, object] = {
            "exposed": adopters.units,
            "unexposed": 0,
            "rate_exposed": adopters.after,
            "before_exposed": adopters.before,
        }
        if others is not None:
            score, low, high, z = difference_in_differences(adopters, others, quantile)
            row |= {
                "unexposed": others.units,
                "rate_unexposed": others.after,
                "before_unexposed": others.before,
                "score": score,
                "ci_low": low,
                "ci_high": high,
                "counterfactual": others.after * adopters.before / others.before if others.before else None,
                "p": None if z is None else float(2 * scipy_stats().norm.sf(abs(z))),
            }
        rows[name] = row
    members = Filter(compared, compared.column(ADOPTED), "adopters")
    members_of = Select(
        members,
        (
            *((name, members.column(name)) for name in adoption.observed.scope.unit),
            (MOMENT, members.column("day_0")),
            (FEATURE, members.column(FEATURE)),
        ),
        "adopters",
    )
    return _Found(
        rows,
        members_of,
        counts,
        (
            f"Conversions per user and day are compared between the {adoption.days} days before and after the first use.",
            "Users who never use a feature are assigned the adoption days of its users, in turn.",
            "The score is the difference between the changes of both groups.",
            f"The {adoption.top} features with the most adopters are compared.",
        ),
    )
