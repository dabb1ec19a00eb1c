"""K-means: the nearest center."""

from __future__ import annotations

from typing import Any

from sklearn.cluster import KMeans, MiniBatchKMeans

from objectiv_local.ml.expressions import constant, real, total
from objectiv_local.ml.scoring.answers import best
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import Rows
from objectiv_local.plan.expr import Expr, call


class Centers(Family):
    """KMeans and MiniBatchKMeans.

    Distances are sums of squared differences. scikit-learn multiplies them out, which is less exact far from 0, so a row
    next to the border of two clusters may be in the other one there.
    """

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the two."""
        return isinstance(model, KMeans | MiniBatchKMeans)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the number of the nearest center, the first one of those that are as near."""
        distances = []
        for number, center in enumerate(self.weights(self.model.cluster_centers_, "centers")):
            gaps = [call("sub", value, real(place)) if place else value for value, place in zip(x, center, strict=True)]
            distances.append((f"distance_{number}", total([call("mul", gap, gap) for gap in gaps])))
        kept = rows.keep("distances", distances)
        return [best(kept, [constant(number) for number in range(len(kept))], "le")]
