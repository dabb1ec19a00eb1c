"""Experiments: metrics per variant, compared with those of the control."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Node, Select, Union, frame_of, literal
from objectiv_local.hub.analyses.base.analysis import Definition, analysis
from objectiv_local.hub.analyses.base.event_values import label_of
from objectiv_local.hub.analyses.base.fetched import Fetched
from objectiv_local.hub.analyses.base.scope import MOMENT, Scope, scope_of
from objectiv_local.hub.analyses.base.statistics import scipy_stats
from objectiv_local.hub.analyses.base.words import in_time
from objectiv_local.hub.analyses.experiments.exposures import VARIANT, Exposures, Moments, moments_of, read_moments, with_flags
from objectiv_local.hub.analyses.experiments.inference import (
    Comparison,
    Group,
    adjusted,
    compared,
    detectable,
    holm,
    needed_users,
    sample_ratio_p,
)
from objectiv_local.hub.analyses.experiments.metrics import PROPORTION, RATIO, Metric, metrics_of
from objectiv_local.hub.conditions import condition
from objectiv_local.hub.settings import Settings

if TYPE_CHECKING:
    import pyarrow

#: p-value of the sample ratio test below which the split is reported as wrong.
ALARM: Final = 0.001
_FORTNIGHT: Final = datetime.timedelta(days=14)
_COLUMNS: Final = (
    "users",
    "mean",
    "difference",
    "difference_low",
    "difference_high",
    "lift",
    "ci_low",
    "ci_high",
    "p",
    "p_holm",
)


@analysis
def experiment(
    settings: Settings,
    events: DataFrame,
    exposure: object,
    variant: object,
    metric: object,
    covariate: object = None,
    *,
    control: str = "control",
    window: datetime.timedelta | None = None,
    covariate_window: datetime.timedelta = _FORTNIGHT,
    several: str = "exclude",
    include_open: bool = False,
    split: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    sequential: bool = False,
    planned_users: int = 5_000,
    start: object = None,
    end: object = None,
    as_of: object = None,
    unit: str | list[str] = "user_id",
) -> Experiment:
    """Return the metrics of each variant of an experiment, compared with the control: index ``variant`` and ``metric``.

    ``exposure`` selects the events that expose a user: an event type, a list of event types, a bool series of the frame, or a
    function of the frame. ``variant`` is the variant shown: a column, a series or a function of the frame. Exposures without a
    variant do not count. A user belongs to the variant of their first exposure, by moment and event id. Users who saw several
    variants are left out, unless ``several="first"``.

    ``metric`` is one of these, or a mapping from names to them:

    ===========================================  ===================================================================
    metric                                       compared as
    ===========================================  ===================================================================
    a condition, such as ``"buy"``               proportion: the share of users with a matching event
    ``("count", condition)``                     mean number of matching events per user
    ``("sum", column)``                          mean sum of a column per user; missing values count as 0
    ``("sum", column, condition)``               the same, over the events that match a condition
    ``("ratio", numerator, denominator)``        the sum of one metric over all users, divided by the sum of another
    ===========================================  ===================================================================

    Only events after the exposure count, by moment and event id: neither earlier conversions nor the exposure itself. With
    ``window``, only events within that time after the exposure count. Users whose window has not ended by the last moment of
    the data, or by ``as_of``, are left out, unless ``include_open``. ``start`` and ``end`` limit exposures.

    ==========================================  ====================================================================
    column                                      content
    ==========================================  ====================================================================
    ``users``                                   number of users
    ``mean``                                    the metric, adjusted for the covariate if there is one
    ``difference``                              the mean minus the mean of the control
    ``difference_low``, ``difference_high``     confidence interval of the difference
    ``lift``                                    the difference divided by the mean of the control
    ``ci_low``, ``ci_high``                     confidence interval of the lift, by the delta method
    ``p``                                       p-value under no difference, two-sided
    ``p_holm``                                  p-value with Holm's correction for all variants and metrics
    ==========================================  ====================================================================

    The confidence level of intervals is 1 - ``alpha``. Means are compared by Welch's t-test. Proportions are compared by the
    z-test, with a pooled variance for the p-value and separate variances for intervals. Ratios are compared by the z-test, with
    variances by the delta method. Comparisons are missing in the rows of the control, and if they cannot be computed (a single
    user, no variation, a control mean of 0).

    With ``covariate``, metrics are adjusted for what users did before the exposure (CUPED). A timedelta uses each metric itself
    over that time before the exposure; any other metric is measured in the ``covariate_window`` before it. Users without
    earlier events have a covariate of 0. One coefficient, pooled within variants, is used for all variants. Ratios cannot be
    adjusted. Proportions are then compared as means.

    With ``sequential``, intervals and p-values remain valid no matter when and how often they are checked (normal mixture).
    They are narrowest when two variants together have ``planned_users``.

    ``split`` maps variants to their planned shares, equal by default. The ``definition`` includes the p-value of the test that
    the split is as planned (sample ratio mismatch, chi-squared), which ``sample_ratio_p`` also returns. The test includes users
    whose window has not ended.

    Two queries run when the analysis is created. They return one row per variant, and no rows of users. The frame holds the
    result, and ``view_sql()`` returns the query of the sums.

    ``power()`` returns how many users are needed, and ``to_tea_tasting()`` the aggregates for the package tea-tasting.
    ``users(variant=...)`` returns the users of a variant, with the moment of their exposure.

    Raises InvalidValue for an experiment with a single variant, without the ``control``, or with variants missing from
    ``split``, and for an ``alpha`` that is not between 0 and 1; InvalidType and ColumnNotFound for invalid metrics and columns;
    NotSupported for a covariate of a ratio, and if scipy is not installed.

    Definitions: exposures and CUPED of PostHog; Deng et al. (2013); Fabijan et al. (2019) for the sample ratio; Howard et al.,
    arXiv 1810.08240, eq. 14, for sequential intervals.

    >>> import duckdb, pandas
    >>> import objectiv_local as ol
    >>> rows = [(f"{user}-{number}", f"u{user}", f"2024-03-0{1 + number} 10:00", kind, "new" if user % 2 else "control")
    ...         for user in range(40) for number, kind in enumerate(["visit", "buy" if user % 3 else "visit"])]
    >>> clicks = pandas.DataFrame(rows, columns=["event_id", "user_id", "moment", "event_type", "group"])
    >>> hub = ol.ModelHub()
    >>> events = hub.events(ol.DataFrame.from_pandas(duckdb.connect(), clicks))
    >>> found = hub.experiment(events, exposure="visit", variant="group", metric="buy")
    >>> found[["users", "mean", "lift"]].to_pandas().round(3).values.tolist()
    [[20, 0.65, nan], [20, 0.65, 0.0]]
    """
    scipy_stats()
    _check_numbers(alpha, planned_users, window, covariate_window, several)
    scope = scope_of(settings, events, "experiment", unit=unit, start=start, end=end, as_of=as_of)
    shown = condition(exposure, scope.data, "exposure of experiment", scope.unit)
    label = label_of(variant, scope.data, "variant of experiment", "for instance variant='group'")
    metrics = metrics_of(metric, scope.data, "metric of experiment", scope.unit)
    before = covariate if isinstance(covariate, datetime.timedelta) else covariate_window
    covariates = _covariates(covariate, metrics, scope.data, scope.unit)
    exposures = Exposures(scope, shown.holds, label, window, _positive(before, "covariate"))
    request = _Request(metrics, covariates)
    kept = exposures.kept(several=several == "first", include_open=include_open)
    units = exposures.totals(kept, request.after, request.before)
    summed = moments_of(with_flags(units, request.flags), request.columns, request.pairs)
    with scope.state.connected().snapshot():
        counts = _fetched(scope.state_over(exposures.counted()))
        found = _fetched(scope.state_over(summed))
    assigned = _assigned(counts, several=several == "first")
    weights = _split(assigned, split, control)
    moments = {str(row[VARIANT]): read_moments(row, request.columns, request.pairs) for row in found}
    names = sorted(weights) if weights else []
    groups = {each.name: request.groups(each, moments, names) for each in metrics}
    planned = planned_users if sequential else None
    table = _table(metrics, groups, names, control, request, alpha, planned)
    frame = DataFrame.from_arrow(scope.state.connected(), table, [VARIANT, "metric"], "experiment").sort_index()
    result = _Result(assigned, weights, moments, groups, control, alpha, request)
    lines = _rule(
        request,
        shown.title,
        str(label.name),
        window,
        before,
        several,
        sequential=sequential,
        alpha=alpha,
        planned=planned_users,
        include_open=include_open,
    )
    types = dict.fromkeys(
        (*shown.types, *(name for each in (*metrics, *covariates.values()) for total in each.totals for name in total.types))
    )
    notices = _notices(result, counts, several, include_open=include_open)
    definition = Definition(lines, tuple(types), notices=(lambda: notices,))
    return Experiment("experiment", frame, scope, definition, _members(kept, scope.unit, metrics), summed, result)


@dataclass(frozen=True, slots=True)
class _Request:
    """The metrics and covariates of an experiment, and the columns per unit that they are computed from."""

    metrics: tuple[Metric, ...]
    covariates: Mapping[str, Metric]

    @property
    def after(self) -> dict[str, Series]:
        return {
            f"metric_{number}_{place}": total.value
            for number, metric in enumerate(self.metrics)
            for place, total in enumerate(metric.totals)
        }

    @property
    def before(self) -> dict[str, Series]:
        return {
            f"covariate_{number}_0": self.covariates[metric.name].totals[0].value
            for number, metric in enumerate(self.metrics)
            if metric.name in self.covariates
        }

    @property
    def columns(self) -> list[str]:
        return [*self.after, *self.before]

    @property
    def flags(self) -> list[str]:
        """The columns whose values are 1 or 0."""
        return [
            *(f"metric_{number}_0" for number, metric in enumerate(self.metrics) if metric.kind == PROPORTION),
            *(
                f"covariate_{number}_0"
                for number, metric in enumerate(self.metrics)
                if metric.name in self.covariates and self.covariates[metric.name].kind == PROPORTION
            ),
        ]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The columns whose covariance is needed."""
        return [
            (f"metric_{number}_0", f"metric_{number}_1" if metric.kind == RATIO else f"covariate_{number}_0")
            for number, metric in enumerate(self.metrics)
            if metric.kind == RATIO or metric.name in self.covariates
        ]

    def kind(self, metric: Metric) -> str:
        """Return how a metric is compared."""
        return "mean" if metric.name in self.covariates else metric.kind

    def groups(self, metric: Metric, moments: Mapping[str, Moments], names: Sequence[str]) -> dict[str, Group]:
        """Return the statistics of the metric for each variant."""
        number = self.metrics.index(metric)
        own = f"metric_{number}_0"
        there = [moments[name] for name in names if name in moments]
        found: list[Group]
        if metric.name in self.covariates:
            other = f"covariate_{number}_0"
            found = adjusted([(each.group(own), each.group(other), each.covariances.get((own, other))) for each in there])
        elif metric.kind == RATIO:
            found = [_ratio(each, own, f"metric_{number}_1") for each in there]
        elif metric.kind == PROPORTION:
            found = [Group(each.users, each.means[own], each.means[own] * (1 - each.means[own])) for each in there]
        else:
            found = [each.group(own) for each in there]
        given = iter(found)
        return {name: next(given) if name in moments else Group(0, None, None) for name in names}


def _ratio(moments: Moments, numerator: str, denominator: str) -> Group:
    """Return the ratio of two means, with the variance of its linear approximation (delta method)."""
    below = moments.means[denominator]
    if below == 0:
        return Group(moments.users, None, None)
    ratio = moments.means[numerator] / below
    covariance = moments.covariances.get((numerator, denominator))
    if covariance is None:
        return Group(moments.users, ratio, None)
    spread = (moments.variances[numerator] - 2 * ratio * covariance + ratio**2 * moments.variances[denominator]) / below**2
    return Group(moments.users, ratio, max(spread, 0.0))


@dataclass(frozen=True, slots=True)
class _Result:
    """Rows that the queries of an experiment returned, and values computed from them."""

    assigned: Mapping[str, int]
    weights: Mapping[str, float]
    moments: Mapping[str, Moments]
    groups: Mapping[str, Mapping[str, Group]]
    control: str
    alpha: float
    request: _Request


@checked
class Experiment(Fetched):
    """The result of an experiment."""

    def __init__(
        self, name: str, frame: DataFrame, scope: Scope, definition: Definition, members: Node, counts: Node, result: _Result
    ) -> None:
        super().__init__(name, frame, scope, definition, members, counts)
        self._result = result

    @property
    def sample_ratio_p(self) -> float | None:
        """The p-value of the test that users are split among variants as planned; missing without users.

        Below 0.001, the results cannot be trusted: some users of a variant were not exposed, or not recorded.
        """
        return sample_ratio_p(self._result.assigned, self._result.weights)

    def power(self, lift: float = 0.05, power: float = 0.8) -> DataFrame:
        """Return how many users each variant needs to detect a ``lift`` with a probability of ``power``.

        The index is ``metric``. Columns: ``mean`` and ``std`` of the control; ``users_per_variant``, rounded up, for two groups
        of equal size; and ``detectable_lift``, the lift that the smallest variant can detect with this probability at its
        current size. Values are missing without a mean or variation. Tests are two-sided, for a fixed sample, and with the
        ``alpha`` of the experiment.

        Raises InvalidValue for a lift of 0 and for a power that is not between 0 and 1.
        """
        import pyarrow as pa

        if not math.isfinite(lift) or lift == 0:
            raise InvalidValue(f"lift has to be a number other than 0, not {lift!r}", hint="for instance lift=0.05")
        if not 0 < power < 1:
            raise InvalidValue(f"power has to be between 0 and 1, not {power!r}", hint="for instance power=0.8")
        rows = []
        for metric in self._result.request.metrics:
            groups = self._result.groups[metric.name]
            control = groups.get(self._result.control, Group(0, None, None))
            smallest = min((each.users for name, each in groups.items() if name != self._result.control), default=0)
            row: dict[str, object] = {
                "metric": metric.name,
                "mean": control.mean,
                "std": None,
                "users_per_variant": None,
                "detectable_lift": None,
            }
            if control.mean and control.variance:
                row["std"] = math.sqrt(control.variance)
                row["users_per_variant"] = needed_users(control.variance, lift * control.mean, self._result.alpha, power)
                if smallest:
                    error = math.sqrt(control.variance * (1 / control.users + 1 / smallest))
                    row["detectable_lift"] = detectable(error, self._result.alpha, power) / abs(control.mean)
            rows.append(row)
        table = pa.Table.from_pylist(
            rows,
            schema=pa.schema(
                [
                    ("metric", pa.string()),
                    ("mean", pa.float64()),
                    ("std", pa.float64()),
                    ("users_per_variant", pa.int64()),
                    ("detectable_lift", pa.float64()),
                ]
            ),
        )
        return DataFrame.from_arrow(self._scope.state.connected(), table, "metric", "power").sort_index()

    def to_tea_tasting(self) -> dict[str, Any]:
        """Return the aggregates of each variant in the form that the metrics of the package tea-tasting take.

        Columns have the names of the metrics; the parts of a ratio end in `` numerator`` and `` denominator``, and covariates
        in `` covariate``. Values are not adjusted for covariates, because tea-tasting does that itself.

        ``tt.Mean("orders", "orders covariate").analyze(found.to_tea_tasting(), control="control", treatment="new")``

        Raises NotSupported if tea-tasting is not installed.
        """
        try:
            from tea_tasting.aggr import Aggregates
        except ImportError:
            raise NotSupported("tea-tasting is not installed", hint="pip install tea-tasting") from None
        request = self._result.request
        names: dict[str, str] = {}
        for number, metric in enumerate(request.metrics):
            ends = (" numerator", " denominator") if metric.kind == RATIO else ("",)
            names |= {f"metric_{number}_{place}": metric.name + end for place, end in enumerate(ends)}
            names[f"covariate_{number}_0"] = f"{metric.name} covariate"

        def named(values: Mapping[str, float]) -> dict[str, float]:
            return {names[name]: value for name, value in values.items()}

        return {
            variant: Aggregates(
                count_=each.users,
                mean_=named(each.means),
                var_=named(each.variances),
                cov_={tuple(sorted((names[one], names[other]))): value for (one, other), value in each.covariances.items()},
            )
            for variant, each in self._result.moments.items()
        }


# ---- checks


def _check_numbers(
    alpha: float, planned_users: int, window: datetime.timedelta | None, covariate_window: datetime.timedelta, several: str
) -> None:
    if not 0 < alpha < 1:
        raise InvalidValue(f"alpha of experiment has to be between 0 and 1, not {alpha!r}", hint="for instance alpha=0.05")
    if isinstance(planned_users, bool) or planned_users < 1:
        raise InvalidValue(f"planned_users of experiment has to be a whole number of at least 1, not {planned_users!r}")
    if window is not None:
        _positive(window, "window")
    _positive(covariate_window, "covariate_window")
    if several not in ("exclude", "first"):
        raise InvalidValue(
            f"several of experiment has to be 'exclude' or 'first', not {several!r}", hint=near(several, ("exclude", "first"))
        )


def _positive(value: datetime.timedelta, name: str) -> datetime.timedelta:
    if value <= datetime.timedelta(0):
        raise InvalidValue(f"{name} of experiment has to be positive, not {value}", hint="for instance timedelta(days=14)")
    return value


def _covariates(given: object, metrics: Iterable[Metric], data: DataFrame, unit: tuple[str, ...]) -> dict[str, Metric]:
    """Return the covariate of each metric, by the name of the metric."""
    if given is None:
        return {}
    metrics = list(metrics)
    ratios = [each.name for each in metrics if each.kind == RATIO]
    if ratios:
        raise NotSupported(f"metric {ratios[0]!r} is a ratio, which a covariate cannot adjust", hint="leave out one of them")
    if isinstance(given, datetime.timedelta):
        return {each.name: each for each in metrics}
    if isinstance(given, Mapping):
        raise InvalidType(
            "covariate of experiment has to be one metric for all metrics, or a timedelta",
            hint="for instance covariate=timedelta(days=14), which measures each metric in the 14 days before the exposure",
        )
    found = metrics_of(given, data, "covariate of experiment", unit)[0]
    if found.kind == RATIO:
        raise NotSupported("covariate of experiment cannot be a ratio", hint="give ('sum', column) or ('count', condition)")
    return {each.name: found for each in metrics}


def _split(assigned: Mapping[str, int], split: Mapping[str, float] | None, control: str) -> dict[str, float]:
    """Return the planned share of each variant; empty if there are no users.

    Raises InvalidValue for variants that do not match the data.
    """
    if split is not None:
        for name, weight in split.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
                raise InvalidValue(f"split of experiment has to have a positive number for {name!r}, not {weight!r}")
        for name in assigned:
            if name not in split:
                raise InvalidValue(f"variant {name!r} is in the data but not in split", hint="give the share of each variant")
    weights = dict(split) if split is not None else dict.fromkeys(assigned, 1.0)
    if not assigned:
        return weights
    if len(weights) < 2:
        raise InvalidValue(
            f"an experiment needs two variants or more, and all {sum(assigned.values()):,} users have {next(iter(assigned))!r}",
            hint="check the exposures, or name both variants in split",
        )
    if control not in weights:
        raise InvalidValue(f"no user is in the control {control!r}", hint=f"pass control as {' or '.join(sorted(weights))}")
    return weights


def _assigned(counts: Iterable[Mapping[str, Any]], *, several: bool) -> dict[str, int]:
    """Return the number of users of each variant, including those whose window has not ended."""
    found: dict[str, int] = {}
    for row in counts:
        if several or not row["in_several"]:
            found[row[VARIANT]] = found.get(row[VARIANT], 0) + row["units"]
    return dict(sorted(found.items()))


# ---- the result


def _fetched(state: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame_of(state, list(state.plan.types)).to_arrow().to_pylist()
    return rows


def _table(
    metrics: Sequence[Metric],
    groups: Mapping[str, Mapping[str, Group]],
    names: Sequence[str],
    control: str,
    request: _Request,
    alpha: float,
    planned: int | None,
) -> pyarrow.Table:
    import pyarrow as pa

    cells = [(variant, metric) for variant in names for metric in metrics]
    found: list[Comparison] = []
    for variant, metric in cells:
        own, base = groups[metric.name][variant], groups[metric.name][control]
        found.append(Comparison() if variant == control else compared(request.kind(metric), base, own, alpha, planned))
    corrected = holm([each.p for each in found])
    schema = pa.schema(
        [
            (VARIANT, pa.string()),
            ("metric", pa.string()),
            ("users", pa.int64()),
            *((name, pa.float64()) for name in _COLUMNS[1:]),
        ]
    )
    rows = [
        {
            VARIANT: variant,
            "metric": metric.name,
            "users": groups[metric.name][variant].users,
            "mean": groups[metric.name][variant].mean,
            **{name: getattr(each, name) for name in _COLUMNS[2:-1]},
            "p_holm": p,
        }
        for (variant, metric), each, p in zip(cells, found, corrected, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def _members(kept: Node, unit: tuple[str, ...], metrics: Iterable[Metric]) -> Node:
    """Return the units of each variant, once for each metric."""
    parts = [
        Select(
            kept,
            (
                *((name, kept.column(name)) for name in unit),
                (MOMENT, kept.column("exposed_at")),
                (VARIANT, kept.column(VARIANT)),
                ("metric", literal(each.name)),
            ),
        )
        for each in metrics
    ]
    return parts[0] if len(parts) == 1 else Union(tuple(parts), tuple(parts[0].types), "members")


def _rule(
    request: _Request,
    shown: str,
    label: str,
    window: datetime.timedelta | None,
    before: datetime.timedelta,
    several: str,
    *,
    sequential: bool,
    alpha: float,
    planned: int,
    include_open: bool,
) -> tuple[str, ...]:
    """Return the definition in words."""
    both = "are left out" if several == "exclude" else "count for the first one"
    lines = [
        f"The variant of a unit is {label} of its first event that matches {shown}; units that saw several variants {both}.",
        "Only events after this exposure count"
        + (
            "."
            if window is None
            else f", for {in_time(window)}; units still in this window are {'included' if include_open else 'left out'}."
        ),
    ]
    lines += [f"{metric.name}: {metric.rule}." for metric in request.metrics]
    for name, covariate in request.covariates.items():
        lines.append(f"{name} is adjusted for {covariate.rule}, in the {in_time(before)} before the exposure (CUPED).")
    level = f"{1 - alpha:.6g}"
    lines.append(
        f"The confidence level is {level}"
        + (f"; intervals are valid at any time and narrowest at {planned:,} units." if sequential else ", for a fixed sample.")
    )
    return tuple(lines)


def _notices(result: _Result, counts: Iterable[Mapping[str, Any]], several: str, *, include_open: bool) -> list[str]:
    """Return notices on the data: the split, and which units were left out."""
    counts = list(counts)
    found = [
        ", ".join(f"{name}: {count:,}" for name, count in result.assigned.items()) + " units."
        if result.assigned
        else "No unit was exposed."
    ]
    p = sample_ratio_p(result.assigned, result.weights)
    if p is not None:
        found.append(
            f"Sample ratio mismatch: p = {p:.4g}"
            + (": the split is not as planned, so the results cannot be trusted." if p < ALARM else ".")
        )
    both = sum(row["units"] for row in counts if row["in_several"])
    if both:
        found.append(f"{both:,} units saw several variants" + (", and are left out." if several == "exclude" else "."))
    still = sum(row["units"] for row in counts if row["is_open"] and (several == "first" or not row["in_several"]))
    if still:
        found.append(f"{still:,} units are still in their window" + ("." if include_open else ", and are left out."))
    return found
