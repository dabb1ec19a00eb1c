"""Target encoding: the mean of the target for each category, shrunk toward the overall mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn import preprocessing

from objectiv_local.errors import InvalidType, InvalidValue, NotSupported, TooLarge
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Aggregate, Expr, aggregation, call, case, frame_of, literal, state_of
from objectiv_local.ml.columns import row_key
from objectiv_local.ml.estimator import InvalidParameter, parameters_checked
from objectiv_local.ml.expressions import constant, number_of, real
from objectiv_local.ml.fetching import fetched, one_row
from objectiv_local.ml.key import key_number
from objectiv_local.ml.preprocessing.categories import category, counted, is_missing, looked_up, plain, surrogate
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, FrameTransformer
from objectiv_local.ml.splits import HashKFold
from objectiv_local.ml.statistics.summary import LARGEST_BY_OPERATION
from objectiv_local.ml.targets import MAX_CLASSES, required_target, values_of

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State


#: Maximum number of folds of cross-fitting: each is a branch of a CASE in the SQL of each column.
MOST_FOLDS = 1000


@dataclass(frozen=True)
class TargetMoments:
    """The number, the mean and the sum of squared deviations of some values of the target."""

    count: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def __add__(self, other: TargetMoments) -> TargetMoments:
        """Return the moments of both; after Chan, Golub and LeVeque, "Updating formulae ..." (1979)."""
        count = self.count + other.count
        if not self.count or not other.count:
            return other if not self.count else self
        apart = other.mean - self.mean
        return TargetMoments(
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + apart * apart * self.count * other.count / count,
        )


class _CrossFitted(FrameTransformer):
    """The methods of TargetEncoder that read rows. A separate class, so that ``set_output`` does not wrap frames."""

    def fit(self, X: Any, y: Any) -> Self:  # type: ignore[override]
        """Fit to a frame and a target by queries, or to data in memory as scikit-learn does."""
        return self._fit_to(X, y)

    def fit_transform(self, X: Any, y: Any, **params: Any) -> Any:  # type: ignore[override]
        """Fit, and return each row encoded by the other folds."""
        return super().fit_transform(X, y, **params)


class TargetEncoder(_CrossFitted, preprocessing.TargetEncoder):
    """Encode each category as the mean of the target, shrunk toward the overall mean by ``smooth``.

    Parameters and attributes (``encodings_``, ``categories_``, ``target_mean_``, ``classes_``) are scikit-learn's, and so is
    smoothing, an empirical Bayes estimate for ``smooth='auto'``. NULL and NaN form a category; unknown categories get the
    overall mean. For a frame, ``y`` is the name of a column or a series over the same rows.

    ``fit_transform`` is cross-fitted: each row is encoded by the other folds, so that its own target does not leak into it. The
    folds of a frame are those of ``HashKFold`` by its index, with ``cv`` as the number of folds or as a ``HashKFold``: the same
    rows on every engine. ``fit`` takes four queries, ``fit_transform`` six, and more for several classes.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> users = pandas.DataFrame({"city": ["a", "a", "b", "b"], "paid": [1.5, 2.5, 7.0, 9.0]})
    >>> df = DataFrame.from_pandas(duckdb.connect(), users)
    >>> encoder = TargetEncoder(smooth=0.0).fit(df, "paid")
    >>> encoder.transform(df[["city"]]).to_pandas()["city"].tolist()
    [2.0, 2.0, 8.0, 8.0]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **preprocessing.TargetEncoder._parameter_constraints,
        "cv": [*preprocessing.TargetEncoder._parameter_constraints["cv"], HashKFold],
    }

    encodings_: Any
    target_mean_: Any
    classes_: Any
    categories_: Any
    target_type_: str

    def _fit_expressions(self, frame: DataFrame, y: Any, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        size, seed = self._folds()
        self._fit_to(frame, y)
        whole, names, target = required_target(frame, y, type(self).__name__)
        fold = (("fold", _fold(whole, size, seed)),)
        targets = self._targets(whole, target)
        parts = [_moments(whole, names, each, fold) for each in targets]
        totals = [_moments(whole, [], each, fold)[0] for each in targets]
        return self._cross_fitted(state, {name: features[name] for name in names}, size, seed, parts, totals)

    def _folds(self) -> tuple[int, int]:
        if isinstance(self.cv, HashKFold):
            return self.cv.n_splits, self.cv.seed
        if isinstance(self.cv, bool) or not isinstance(self.cv, int | np.integer):
            raise NotSupported(f"cv={self.cv!r} cannot split a frame", hint="pass a number of folds, or ml.HashKFold(...)")
        if self.cv > MOST_FOLDS:
            raise InvalidParameter(
                f"the 'cv' parameter of TargetEncoder has to be at most {MOST_FOLDS:,} folds, not {self.cv!r}",
                hint="each fold adds a branch to the SQL of each column",
            )
        return int(self.cv), 0

    def _fit_frame(self, frame: DataFrame, y: Any) -> None:
        frame, names, target = required_target(frame, y, type(self).__name__)
        self._names(frame[names], fitting=True)
        self._learn(frame, names, target)
        self._check_names_out()

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        labels = self._labels(frame, y)
        targets = _indicators(frame, y, labels)
        found = [_moments(frame, names, each) for each in targets]
        totals = [_moments(frame, [], each)[0][None] for each in targets]
        values = [[np.nan if value is None else value for value in column] for column in found[0]]
        types = [state_of(frame).plan.types[name].name for name in names]
        stand_in = [[*column, *([column[0]] * max(0, len(labels or [0.5, 1.5]) - len(column)))] for column in values]
        table = surrogate(stand_in, names, types)
        repeated = [(labels or [0.5, 1.25])[row % len(labels or [0.5, 1.25])] for row in range(len(table))]
        # scikit-learn sets its attributes, apart from the means, from a table with every category and every class.
        y = np.array(repeated, dtype=object if isinstance(repeated[0], str) else None)
        with parameters_checked():
            self._learn_from(self._unfitted().set_params(cv=2).fit(table, y))
        self.target_mean_ = np.array([total.mean for total in totals]) if len(totals) > 1 else np.float64(totals[0].mean)
        self.encodings_ = self._encodings(found, totals)

    def _encodings(self, found: list[list[dict[Any, TargetMoments]]], totals: list[TargetMoments]) -> list[Any]:
        """Return an array for each feature and class, with the encodings of the categories."""
        return [
            np.array(
                [
                    _encoded(found[place][position].get(_known(value), TargetMoments()), totals[place], self.smooth)
                    for value in values
                ]
            )
            for position, values in enumerate(self.categories_)
            for place in range(len(totals))
        ]

    def _labels(self, frame: DataFrame, target: str) -> list[Any] | None:
        """Return the sorted classes of the target, or None for a number."""
        column = state_of(frame).column(target)
        missing = call("is_null", number_of(column, target) if column.type.name != "string" else column)
        aggregates: dict[str, Expr] = {"missing": aggregation("sum", case([(missing, literal(1))], literal(0)))}
        if column.type.name in ("float64", "decimal"):
            value = number_of(column, target)
            aggregates["size"] = aggregation("max", call("abs", value))
            aggregates["fractions"] = aggregation("any", call("ne", value, call("floor", value)))
        row = one_row(frame, aggregates)
        if row["missing"]:
            raise InvalidValue(
                f"the target {target!r} is missing in {row['missing']} rows",
                hint=f"drop them first: df.dropna(subset=[{target!r}])",
            )
        if row.get("size") is not None and row["size"] > LARGEST_BY_OPERATION["var"]:
            raise InvalidValue(
                f"Input y contains infinity or a value too large: the target {target!r} is beyond "
                f"{LARGEST_BY_OPERATION['var']:g}",
                hint="drop such rows, or divide the target by a constant",
            )
        if self.target_type == "continuous" or (self.target_type == "auto" and row.get("fractions")):
            if column.type.name == "string":
                raise InvalidType(f"the target {target!r} is a string, not a number", hint="use target_type='auto'")
            return None
        labels, _ = values_of(frame, target)
        if len(labels) > MAX_CLASSES:
            raise TooLarge(
                f"the target {target!r} has more than {MAX_CLASSES} classes",
                hint="for a regression target, use target_type='continuous'",
            )
        labels = sorted(float(each) if column.type.name == "decimal" else each for each in labels)
        if len(labels) < 2 or (self.target_type == "binary" and len(labels) != 2):
            raise InvalidValue(
                f"the target {target!r} has {len(labels)} classes: {labels[:5]}",
                hint="it needs two classes, or several with target_type='multiclass'",
            )
        return labels

    def _targets(self, frame: DataFrame, target: str) -> list[Expr]:
        labels = None if self.target_type_ == "continuous" else [plain(each) for each in self.classes_]
        return _indicators(frame, target, labels)

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        size = 1 if self.target_type_ != "multiclass" else len(self.classes_)
        labels = iter(self.get_feature_names_out(list(features)))
        means = np.atleast_1d(self.target_mean_)
        out: FeatureExprs = {}
        for position, (name, expr) in enumerate(features.items()):
            arrays = self.encodings_[position * size : (position + 1) * size]
            numbers = {value: [float(array[row]) for array in arrays] for row, value in enumerate(self.categories_[position])}
            state, found = _encoding(state, expr, name, numbers, [float(mean) for mean in means])
            for each in found:
                out[str(next(labels))] = each
        return state, out

    def _cross_fitted(
        self,
        state: State,
        features: FeatureExprs,
        size: int,
        seed: int,
        parts: list[list[dict[Any, TargetMoments]]],
        totals: list[dict[Any, TargetMoments]],
    ) -> tuple[State, FeatureExprs]:
        """Return each row encoded by the folds that do not contain it."""
        fold, out = _fold(frame_of(state, []), size, seed), FeatureExprs()
        labels = iter(self.get_feature_names_out())
        others = [
            [_sum(total for (which,), total in each.items() if which != number) for each in totals] for number in range(size)
        ]
        for position, (name, expr) in enumerate(features.items()):
            by_category = [_by_category(part[position]) for part in parts]
            numbers: dict[Any, list[float]] = {}
            for value in self.categories_[position]:
                rest = [
                    [_sum(each for which, each in part.get(_known(value), ()) if which != number) for part in by_category]
                    for number in range(size)
                ]
                numbers[value] = [
                    _encoded(moments, total, self.smooth)
                    for number in range(size)
                    for moments, total in zip(rest[number], others[number], strict=True)
                ]
            default = [total.mean for number in range(size) for total in others[number]]
            state, found = _encoding(state, expr, name, numbers, default)
            for place in range(len(totals)):
                whens = [(call("eq", fold, literal(number)), found[number * len(totals) + place]) for number in range(size)]
                out[str(next(labels))] = case(whens)
        return state, out


def _encoding(
    state: State, expr: Expr, name: str, numbers: dict[Any, list[float]], default: list[float]
) -> tuple[State, list[Expr]]:
    unknown = [real(value) for value in default]
    missing = next((list(map(real, row)) for value, row in numbers.items() if is_missing(value)), unknown)
    return looked_up(state, category(expr, name), name, numbers, missing, unknown)


def _indicators(frame: DataFrame, target: str, labels: list[Any] | None) -> list[Expr]:
    """Return the target as numbers: itself, an indicator of the second of two classes, or indicators of all classes."""
    column: Expr = state_of(frame).column(target)
    if labels is None:
        return [number_of(column, target)]
    if column.type.name == "decimal":
        column = number_of(column, target)
    wanted = labels[1:] if len(labels) == 2 else labels
    return [case([(call("eq", column, constant(label)), real(1))], real(0)) for label in wanted]


def _moments(
    frame: DataFrame, names: list[str], target: Expr, extra: tuple[tuple[str, Expr], ...] = ()
) -> list[dict[Any, TargetMoments]]:
    """Return the moments of the target for each category of each feature; without features, for all rows.

    With ``extra`` keys, the result has the keys (category, *keys), or (*keys,) for all rows.
    """
    aggregates = [
        ("n", aggregation("size")),
        ("mean", aggregation("mean", target)),
        ("var", aggregation("var", target, literal(0))),
    ]
    if not names:
        state = state_of(frame)
        rows = fetched(state, Aggregate(state.plan, extra, tuple(aggregates))).to_pylist()
        return [
            {
                (tuple(row[name] for name, _ in extra) if extra else None): _moments_from(row["n"], row["mean"], row["var"])
                for row in rows
            }
        ]
    found = counted(frame, names, extra, aggregates)
    return [
        {
            (_known(value) if not extra else (_known(value), *rest[: len(extra)])): _moments_from(*rest[len(extra) :])
            for value, *rest in column
        }
        for column in found
    ]


def _moments_from(count: Any, mean: Any, var: Any) -> TargetMoments:
    return TargetMoments(float(count), float(mean), float(var) * float(count)) if count else TargetMoments()


def _sum(parts: Any) -> TargetMoments:
    total = TargetMoments()
    for part in parts:
        total = total + part
    return total


def _known(value: Any) -> Any:
    """Return a category as a Python value, None for the missing category."""
    return None if is_missing(value) else plain(value)


def _by_category(found: dict[Any, TargetMoments]) -> dict[Any, list[tuple[int, TargetMoments]]]:
    """Return for each category its folds with their moments, because there may be too many to search all for each."""
    out: dict[Any, list[tuple[int, TargetMoments]]] = {}
    for (key, fold), each in found.items():
        out.setdefault(key, []).append((fold, each))
    return out


def _encoded(part: TargetMoments, total: TargetMoments, smooth: Any) -> float:
    """Return the encoding of a category by scikit-learn's rule, from Micci-Barreca (2001)."""
    if smooth == "auto":
        variance = total.squares / total.count if total.count else 0.0
        if not part.count:
            return total.mean
        # The weight of the category's mean increases with its number of rows, and decreases with their variance.
        weight = variance * part.count + part.squares / part.count
        share = variance * part.count / weight if weight else 0.0
        return share * part.mean + (1 - share) * total.mean
    count = part.count + float(smooth)
    return (part.mean * part.count + float(smooth) * total.mean) / count if count else total.mean


def _fold(frame: DataFrame, size: int, seed: int) -> Expr:
    key = row_key(frame)
    if not key:
        raise InvalidValue(
            "cross-fitting needs an index for its folds, and the frame has none",
            hint="df.set_index(...) with columns that identify a row",
        )
    return call("mod", key_number(frame, key, seed), literal(size))
