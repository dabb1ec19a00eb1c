"""Decision trees as CASE expressions, and forests as means of trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from objectiv_local.frame.authoring import Case, Column, Expr, call, case, joined, literal
from objectiv_local.ml.expressions import real, total
from objectiv_local.ml.scoring.answers import best
from objectiv_local.ml.scoring.family import Family
from objectiv_local.ml.scoring.rows import FLOAT32_LIMIT, Rows
from objectiv_local.ml.scoring.thresholds import for_doubles

#: Maximum nesting of CASE expressions, which engines limit; only trees with millions of leaves exceed it.
_MOST_DEPTH = 100

#: Minimum number of characters of a split.
SPLIT_SIZE = 40


class Splits:
    """The nodes of a tree: the feature, threshold and children of each, and the branch for rows with a missing value."""

    def __init__(self, left: Any, right: Any, feature: Any, threshold: Any, missing_left: Any, leaf: Any) -> None:
        self.left, self.right = left.tolist(), right.tolist()
        self.feature, self.threshold = feature.tolist(), threshold.tolist()
        self.missing_left, self.leaf = missing_left.tolist(), leaf.tolist()

    @staticmethod
    def of(tree: Any) -> Splits:
        """Return the nodes of a scikit-learn tree, with thresholds for doubles."""
        return Splits(
            tree.children_left,
            tree.children_right,
            tree.feature,
            for_doubles(tree.threshold),
            tree.missing_go_to_left.astype(bool),
            tree.children_left == -1,
        )

    def expression(self, x: list[Expr], leaves: Sequence[Expr], family: Family) -> Expr:
        """Return the tree, with an expression for each leaf. Raises NotSupported for one that is nested too deeply.

        The shallower child of a node comes first, and the other one continues the same list of conditions, so the SQL is
        nested at most as deep as a balanced tree.
        """
        order, stack = [], [0]
        while stack:
            node = stack.pop()
            order.append(node)
            if not self.leaf[node]:
                stack += [self.left[node], self.right[node]]
        made: dict[int, tuple[int, Expr]] = {}
        for node in reversed(order):
            if self.leaf[node]:
                made[node] = (0, leaves[node])
                continue
            left, right = made.pop(self.left[node]), made.pop(self.right[node])
            if left[1] == right[1]:
                made[node] = left
                continue
            left_first = left[0] <= right[0]
            first, rest = (left, right) if left_first else (right, left)
            depth = max(first[0] + 1, rest[0], 1)
            if depth > _MOST_DEPTH:
                raise family.refused(f"a tree nests more than {_MOST_DEPTH} conditions")
            made[node] = (depth, _chained(self._test(node, x, left_first), first[1], rest[1]))
        return made[0][1]

    def _test(self, node: int, x: list[Expr], to_left: bool) -> Expr:
        """Return whether a row goes to one side of a node; NULL counts as no."""
        value = x[self.feature[node]]
        test = call("le" if to_left else "gt", value, real(self.threshold[node]))
        return call("or", test, call("is_null", value)) if self.missing_left[node] == to_left else test


def _chained(condition: Expr, first: Expr, rest: Expr) -> Expr:
    if isinstance(rest, Case):
        return case([(condition, first), *rest.whens], rest.default)
    return case([(condition, first)], rest)


def too_large(x: Sequence[Expr]) -> Expr | None:
    """Return whether a feature is too large for a 32-bit float; None if none can be."""
    # A feature that is an integer or a decimal is a cast here, not a column, and is never that large.
    tests = [call("ge", call("abs", each), real(FLOAT32_LIMIT)) for each in x if isinstance(each, Column)]
    return joined("or", tests) if tests else None


class _Trees(Family):
    """Trees that support missing values, and reject infinite ones."""

    def trees(self) -> list[Any]:
        """Return scikit-learn's trees."""
        return [each.tree_ for each in getattr(self.model, "estimators_", [self.model])]

    def size(self, method: str) -> int:
        """Return a lower bound on the number of characters of the SQL."""
        several = (
            1
            if method == "predict" and not hasattr(self.model, "estimators_")
            else int(np.max(getattr(self.model, "n_classes_", 1)))
        )
        return SPLIT_SIZE * several * sum(int(tree.node_count) // 2 for tree in self.trees())

    def inputs(self, rows: Rows, names: Sequence[str]) -> list[Expr]:
        """Return the features, with NULL for missing values."""
        if self.model.n_outputs_ != 1:
            raise self.refused("it has several targets")
        return rows.known(names)

    def mean(self, x: list[Expr], target: int) -> Expr:
        """Return the mean over trees of one of the values of each leaf."""
        terms = []
        for tree in self.trees():
            leaves = [real(value) for value in tree.value[:, 0, target]]
            terms.append(Splits.of(tree).expression(x, leaves, self))
        found = total(terms)
        return _guarded(call("truediv", found, real(len(terms))) if len(terms) > 1 else found, x)


def _guarded(answer: Expr, x: Sequence[Expr]) -> Expr:
    refused = too_large(x)
    return answer if refused is None else case([(refused, literal(None, answer.type))], answer)


class Regression(_Trees):
    """Trees and forests that predict a number."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is a tree-based regressor."""
        return isinstance(model, DecisionTreeRegressor | RandomForestRegressor | ExtraTreesRegressor)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the mean of the trees."""
        return [self.mean(x, 0)]


class Classification(_Trees):
    """Trees and forests that predict a class."""

    @staticmethod
    def knows(model: Any) -> bool:
        """Return whether the model is a tree-based classifier."""
        return isinstance(model, DecisionTreeClassifier | RandomForestClassifier | ExtraTreesClassifier)

    def predict(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the class: that of the leaf, or the one with the maximum mean."""
        labels = self.labels()
        if not hasattr(self.model, "estimators_"):
            tree = self.model.tree_
            leaves = [labels[position] for position in np.argmax(tree.value[:, 0, : len(labels)], axis=1)]
            return [_guarded(Splits.of(tree).expression(x, leaves, self), x)]
        if len(labels) == 1:
            return [_guarded(labels[0], x)]
        return [best(rows.keep("probabilities", self._named(x)), labels)]

    def predict_proba(self, rows: Rows, x: list[Expr]) -> list[Expr]:
        """Return the probabilities of the classes."""
        return [expr for _, expr in self._named(x)]

    def _named(self, x: list[Expr]) -> list[tuple[str, Expr]]:
        return [(f"share_{number}", self.mean(x, number)) for number in range(len(self.model.classes_))]
