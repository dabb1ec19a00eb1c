"""K-means: the nearest center."""

from __future__ import annotations

from typing import Any

from sklearn.cluster import KMeans, MiniBatchKMeans

from objectiv_local.frame.authoring import Expr, call, case, joined
from objectiv_local.ml.expressions import constant, dot, real
from objectiv_local.ml.scoring.answers import best
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import Rows


class Centers(Family):
    """KMeans and MiniBatchKMeans.

    The squared distances to two centers differ by a linear function, which is 0 halfway between them. So for each center, the
    difference between its squared distance and that of the first one is compared: this is exact even far from 0 and from all
    centers, where the squares themselves are too large to distinguish.
    """

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is one of the two."""
        return isinstance(model, KMeans | MiniBatchKMeans)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the number of the nearest center, the first one in case of a tie."""
        centers = self.weights(self.model.cluster_centers_, "centers")
        numbers = [constant(number) for number in range(len(centers))]
        if len(centers) == 1:
            return [case([(joined("and", [call("not_null", each) for each in x]), numbers[0])])]
        further = []
        for number, center in enumerate(centers[1:], 1):
            steps = self.weights(2.0 * (centers[0] - center), "centers")
            halfway = centers[0] / 2 + center / 2
            gaps = [call("sub", value, real(place)) if place else value for value, place in zip(x, halfway, strict=True)]
            further.append((f"further_{number}", dot(gaps, steps)))
        kept = rows.keep("distances", further)
        return [best([real(0), *kept], numbers, "le")]
