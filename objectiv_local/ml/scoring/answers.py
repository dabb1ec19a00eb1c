"""From scores to predictions: classes and probabilities. NULL stays NULL, and nothing overflows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from objectiv_local.frame.authoring import Expr, call, case, joined
from objectiv_local.ml.expressions import real, total
from objectiv_local.ml.scoring.rows import Rows

#: Exponents are limited to this, because an engine raises an error if an exponential overflows or underflows. The exponential
#: is 1e-304 there, so a probability changes by less than the precision of any other.
EXPONENT = 700.0


def kept_scores(rows: Rows, scores: Sequence[Expr]) -> list[Expr]:
    """Return scores as columns of a step: ``score``, or ``score_0``, ``score_1`` ... for several."""
    return rows.keep(
        "scores", [("score" if len(scores) == 1 else f"score_{number}", each) for number, each in enumerate(scores)]
    )


def best(scores: Sequence[Expr], answers: Sequence[Expr], comparison: str = "ge") -> Expr:
    """Return the answer with the maximum score, the first one in case of a tie; with ``le``, the minimum score."""
    whens = [
        (joined("and", [call(comparison, score, other) for other in scores[position + 1 :]]), answer)
        for position, (score, answer) in enumerate(zip(scores[:-1], answers[:-1], strict=True))
    ]
    # The last condition is false for missing scores.
    return case([*whens, (call("not_null", scores[-1]), answers[-1])])


def finite(score: Expr, value: Expr | None = None) -> Expr:
    """Return a score, or ``value`` instead, if the score is finite; otherwise NULL."""
    return case([(call("lt", call("abs", score), real(math.inf)), score if value is None else value)])


def above(score: Expr, threshold: float, yes: Expr, no: Expr, comparison: str = "gt") -> Expr:
    """Return ``yes`` if a score is above the threshold, ``no`` if not, and NULL if it is not finite."""
    return finite(score, case([(call(comparison, score, real(threshold)), yes)], no))


def clamped(score: Expr) -> Expr:
    """Return a score, limited to numbers whose exponential is finite; NULL if it is not finite."""
    return case(
        [
            (call("le", call("abs", score), real(EXPONENT)), score),
            (
                call("lt", call("abs", score), real(math.inf)),
                case([(call("gt", score, real(0)), real(EXPONENT))], real(-EXPONENT)),
            ),
        ]
    )


def logistic(rows: Rows, scores: Sequence[Expr], names: Sequence[str]) -> list[Expr]:
    """Return the logistic function of scores."""
    margins = rows.keep("margins", [(f"margin{name}", clamped(score)) for name, score in zip(names, scores, strict=True)])
    odds = rows.keep(
        "odds",
        [
            (f"odds{name}", call("add", real(1), call("exp", call("neg", margin))))
            for name, margin in zip(names, margins, strict=True)
        ],
    )
    return [call("truediv", real(1), each) for each in odds]


def shares(rows: Rows, parts: Sequence[Expr], name: str) -> list[Expr]:
    """Return positive numbers divided by their sum, which is at least about 1e-304."""
    (whole,) = rows.keep("sums", [(name, total(parts))])
    return [call("truediv", part, whole) for part in parts]


def softmax(rows: Rows, scores: Sequence[Expr]) -> list[Expr]:
    """Return the exponentials of scores divided by their sum."""
    (most,) = rows.keep("best", [("best_score", best(scores, scores))])
    gaps = [call("sub", score, most) for score in scores]
    gaps = rows.keep(
        "gaps",
        [
            (f"gap_{number}", case([(call("lt", gap, real(-EXPONENT)), real(-EXPONENT))], gap))
            for number, gap in enumerate(gaps)
        ],
    )
    parts = rows.keep("exponentials", [(f"weight_{number}", call("exp", gap)) for number, gap in enumerate(gaps)])
    return shares(rows, parts, "all_weights")
