"""Charts of estimates with intervals: impact and experiments."""

from __future__ import annotations

from typing import Any

from objectiv_local.charts.forest import Estimate, forest_plot
from objectiv_local.charts.values import count, label, number, percent
from objectiv_local.hub.analyses.charts.request import ChartRequest

_SCORES = {
    "association": "correlation with converting, phi",
    "adjusted": "coefficient of the logistic regression",
    "before_after": "change of conversions per user and day",
}


def _text(value: Any, low: Any, high: Any, *, is_share: bool = False) -> str:
    shown = [percent(each) if is_share else "" if number(each) is None else f"{each:.3f}" for each in (value, low, high)]
    return f"{shown[0]} ({shown[1]} to {shown[2]})" if shown[1] and shown[2] else shown[0]


def impact(request: ChartRequest) -> Any:
    """Return the score of each feature with its interval."""
    [feature] = request.frame.index_columns
    level = str(request.arguments.get("level", "association"))
    share = percent if level != "before_after" else count
    estimates = [
        Estimate(
            label(row[feature]),
            number(row["score"]),
            number(row["ci_low"]),
            number(row["ci_high"]),
            _text(row["score"], row["ci_low"], row["ci_high"]),
            (
                ("exposed users", count(row["exposed"])),
                ("rate of exposed", share(row["rate_exposed"])),
                ("rate of unexposed", share(row["rate_unexposed"])),
            ),
        )
        for row in request.rows()
    ]
    return forest_plot(
        estimates,
        request.layout.titled(f"Impact of features: {level.replace('_', ' and ')}"),
        x_title=_SCORES.get(level, "score"),
        y_title=feature,
        note=_level(request),
    )


def _level(request: ChartRequest) -> str:
    return f"lines: intervals of {percent(1 - request.arguments.get('alpha', 0.05), 0)}"


def experiment(request: ChartRequest) -> Any:
    """Return the lift of each variant over the control with its interval, one metric after another."""
    control = str(request.arguments.get("control", "control"))
    rows = sorted(
        (row for row in request.rows() if label(row["variant"]) != control),
        key=lambda row: (label(row["metric"]), label(row["variant"])),
    )
    metrics, variants = ({label(row[name]) for row in rows} for name in ("metric", "variant"))
    named = {
        (True, True): "{metric}: {variant}",
        (False, True): "{variant}",
        (True, False): "{metric}",
        (False, False): "{variant}",
    }[len(metrics) > 1, len(variants) > 1]
    means = {label(row["metric"]): row["mean"] for row in request.rows() if label(row["variant"]) == control}
    estimates = [
        Estimate(
            named.format(metric=label(row["metric"]), variant=label(row["variant"])),
            number(row["lift"]),
            number(row["ci_low"]),
            number(row["ci_high"]),
            _text(row["lift"], row["ci_low"], row["ci_high"], is_share=True),
            (
                ("users", count(row["users"])),
                ("mean", _mean(row["mean"])),
                (f"mean of {control}", _mean(means[label(row["metric"])])),
                ("p", "" if number(row["p"]) is None else f"{row['p']:.2g}"),
            ),
        )
        for row in rows
    ]
    one = f" of {next(iter(metrics))}" if len(metrics) == 1 else ""
    other = f" of {next(iter(variants))}" if len(variants) == 1 and not one else ""
    return forest_plot(
        estimates,
        request.layout.titled(f"Lift{one}{other} over {control}"),
        x_title=f"lift over {control}, %",
        is_share=True,
        is_sorted=False,
        note=_level(request),
    )


def _mean(value: Any) -> str:
    found = number(value)
    return "" if found is None else f"{found:.4g}"
