"""Encoders: a number, or a column of 0 and 1, for each category of a feature."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn import preprocessing

from objectiv_local.errors import InvalidValue, NotSupported, caller_level
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, call, case, cast, joined, literal, state_of
from objectiv_local.ml.estimator import InvalidParameter, parameters_checked
from objectiv_local.ml.expressions import real
from objectiv_local.ml.preprocessing.categories import (
    category,
    category_constant,
    category_key,
    counted,
    is_missing,
    looked_up,
    plain,
    surrogate,
)
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, Invertible
from objectiv_local.types import FLOAT64, INT64, STRING

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

#: Values of an unknown category that an error names.
_SHOWN = 5


class _Counted:
    """An encoder of scikit-learn that is fitted to a table with each category once, and told how often they really occur."""

    categories_: list[Any]
    counts: tuple[int, list[dict[Any, int]]]

    def _fit_infrequent_category_mapping(self, n_samples: int, category_counts: Any, missing_indices: Any) -> None:
        # The one step of fitting that looks at how often a category occurs.
        rows, counts = self.counts
        category_counts = [
            np.array([found.get(category_key(value), 0) for value in values])
            for found, values in zip(counts, self.categories_, strict=True)
        ]
        super()._fit_infrequent_category_mapping(rows, category_counts, missing_indices)  # type: ignore[misc]


class _CountedOneHot(_Counted, preprocessing.OneHotEncoder):
    pass


class _CountedOrdinal(_Counted, preprocessing.OrdinalEncoder):
    pass


class Encoder(Invertible):
    """An encoder whose categories come from one query that counts them."""

    #: The class that learns from a table with each category once.
    _learner: ClassVar[type[_Counted]]

    handle_unknown: str
    categories_: list[Any]

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        rows = counted(frame, names)
        types = [state_of(frame).plan.types[name].name for name in names]
        counts = [{category_key(value): int(count) for value, count in found} for found in rows]
        learner = self._learner(**self.get_params(deep=False))  # type: ignore[attr-defined]
        learner.counts = (sum(counts[0].values()), counts)
        with parameters_checked():
            learner.fit(surrogate([[value for value, _ in found] for found in rows], names, types))  # type: ignore[attr-defined]
        del learner.counts
        self._learn_from(learner)

    def _check(self, frame: DataFrame) -> None:
        """Look for unknown categories, where they are to be told of."""
        if self.handle_unknown not in ("error", "warn") or frame.engine is None:
            return
        rows = counted(frame, frame.data_columns)
        for position, (name, found) in enumerate(zip(frame.data_columns, rows, strict=True)):
            known = {category_key(value) for value in self.categories_[position]}
            unknown = [plain(value) for value, _ in found if category_key(value) not in known]
            if not unknown:
                continue
            shown = sorted(unknown, key=str)[:_SHOWN]
            message = f"Found unknown categories {shown} in column {name!r} during transform" + (
                f", and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            )
            if self.handle_unknown == "error":
                raise InvalidValue(message, hint="handle_unknown says what to make of them")
            warnings.warn(
                f"{message}. They count as infrequent, or as none where there is no such category.",
                UserWarning,
                stacklevel=caller_level(),
            )

    def _groups(self) -> list[list[list[Any]]]:
        """Return for each feature its categories, grouped by the number they get: the infrequent ones share the last."""
        infrequent = getattr(self, "infrequent_categories_", None) or [None] * len(self.categories_)
        out = []
        for values, rare in zip(self.categories_, infrequent, strict=True):
            shared = set() if rare is None else {category_key(value) for value in rare}
            groups = [[value] for value in values if category_key(value) not in shared]
            out.append([*groups, list(rare)] if rare is not None else groups)
        return out

    def _number_type(self, values: Any) -> Any:
        """Return the type of encoded columns: floats, or whole numbers where ``dtype`` says so."""
        try:
            kind = np.dtype(values).kind if values is None or isinstance(values, str | type | np.dtype) else ""
        except (TypeError, ValueError):
            kind = ""
        if not kind:
            raise InvalidParameter(
                f"the 'dtype' parameter of {type(self).__name__} is no type: {values!r}",
                hint="use numpy.float64 or numpy.int64",
            )
        if kind not in "fiu":
            raise NotSupported(
                f"{type(self).__name__} makes numbers of a frame, not dtype {values!r}",
                hint="use numpy.float64 or numpy.int64, and astype on the result",
            )
        return FLOAT64 if kind == "f" else INT64


class OneHotEncoder(Encoder, preprocessing.OneHotEncoder):
    """A column of 0 and 1 for each category of each feature.

    Parameters and attributes (``categories_``, ``drop_idx_``, ``infrequent_categories_``) are scikit-learn's. Categories are
    those of one query, in scikit-learn's order: text by code point, a missing value (NULL or NaN) last, as ``<name>_nan``.
    Frames always come out dense; ``sparse_output`` is for data in memory. Unknown categories are handled as
    ``handle_unknown`` says; to raise or warn, ``transform`` runs a query that looks for them. A result of Postgres has no more
    than 1,664 columns; OrdinalEncoder and TargetEncoder make one of many categories.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"city": ["Snits", "Drylts", "Snits"]}))
    >>> OneHotEncoder().fit_transform(df).to_pandas().to_dict("list")
    {'city_Drylts': [0.0, 1.0, 0.0], 'city_Snits': [1.0, 0.0, 1.0]}
    """

    _learner = _CountedOneHot

    def _slots(self) -> list[list[tuple[int, list[Any]]]]:
        """Return for each feature the groups of categories that have a column, with their numbers."""
        out = []
        for position, groups in enumerate(self._groups()):
            dropped = None if self.drop_idx_ is None else self.drop_idx_[position]
            left_out = None if dropped is None else category_key(self.categories_[position][int(dropped)])
            out.append(
                [
                    (number, group)
                    for number, group in enumerate(groups)
                    if left_out is None or left_out not in {category_key(value) for value in group}
                ]
            )
        return out

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        type_ = self._number_type(self.dtype)
        labels = iter(self.get_feature_names_out(list(features)))
        infrequent = getattr(self, "infrequent_categories_", None) or [None] * len(features)
        rare_takes_unknown = self.handle_unknown in ("infrequent_if_exist", "warn")
        one, zero = cast(literal(1), type_), cast(literal(0), type_)
        out: FeatureExprs = {}
        for (name, expr), slots, groups, rare in zip(features.items(), self._slots(), self._groups(), infrequent, strict=True):
            value = category(expr, name)
            for number, group in slots:
                if rare is not None and number == len(groups) - 1:
                    test = self._is_infrequent(value, name, groups, unknown_too=rare_takes_unknown)
                else:
                    test = _is(value, name, group[0])
                out[str(next(labels))] = case([(test, one)], zero)
        return state, out

    def _is_infrequent(self, value: Expr, name: str, groups: list[list[Any]], *, unknown_too: bool) -> Expr:
        if not unknown_too:
            return joined("or", [_is(value, name, each) for each in groups[-1]])
        frequent = [_is(value, name, each) for group in groups[:-1] for each in group]
        # NULL is no category of its own here if it is not a frequent one, so a test that is not known has failed.
        return call("not", call("coalesce", joined("or", frequent), literal(False))) if frequent else literal(True)

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        columns = iter(features.values())
        out: FeatureExprs = {}
        for position, (slots, groups) in enumerate(zip(self._slots(), self._groups(), strict=True)):
            dropped = [group for number, group in enumerate(groups) if number not in {each for each, _ in slots}]
            whens = []
            shared = getattr(self, "infrequent_categories_", None) or [None] * len(self.categories_)
            text = shared[position] is not None
            for number, group in slots:
                shown = "infrequent_sklearn" if text and number == len(groups) - 1 else group[0]
                whens.append((call("eq", cast(next(columns), FLOAT64), real(1)), _shown(shown, text)))
            default = _shown(dropped[0][0], text) if dropped else None
            out[self._input_names()[position]] = _case(whens, default)
        return state, out

    def _input_names(self) -> list[str]:
        return [str(name) for name in self.feature_names_in_]


class OrdinalEncoder(Encoder, preprocessing.OrdinalEncoder):
    """A number from 0 for each category of a feature, in the order of the categories.

    Parameters and attributes (``categories_``, ``infrequent_categories_``) are scikit-learn's; see OneHotEncoder for the
    order of categories. A missing value becomes ``encoded_missing_value``, by default missing again. With
    ``handle_unknown='error'``, ``transform`` runs a query that looks for unknown categories.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"city": ["Snits", "Drylts", "Snits"]}))
    >>> OrdinalEncoder().fit_transform(df).to_pandas()["city"].tolist()
    [1.0, 0.0, 1.0]
    """

    _learner = _CountedOrdinal

    def _codes(self, position: int) -> dict[Any, tuple[float]]:
        return {value: (float(number),) for number, group in enumerate(self._present(position)) for value in group}

    def _present(self, position: int) -> list[list[Any]]:
        groups = [[value for value in group if not is_missing(value)] for group in self._groups()[position]]
        return [group for group in groups if group]

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        type_ = self._number_type(self.dtype)
        out: FeatureExprs = {}
        for position, (name, expr) in enumerate(features.items()):
            value = category(expr, name)
            has_hole = any(is_missing(each) for each in self.categories_[position])
            nothing: Expr = literal(None, FLOAT64)
            unknown = nothing
            if self.handle_unknown == "use_encoded_value" and not is_missing(self.unknown_value):
                unknown = real(self.unknown_value)
            missing = unknown
            if has_hole:
                missing = nothing if is_missing(self.encoded_missing_value) else real(self.encoded_missing_value)
            codes = self._codes(position)
            state, found = looked_up(state, value, name, codes, [missing], [unknown])
            out[name] = cast(found[0], type_)
        return state, out

    def _inverse(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        out: FeatureExprs = {}
        infrequent = getattr(self, "infrequent_categories_", None) or [None] * len(features)
        for position, (name, expr) in enumerate(features.items()):
            groups = self._present(position)
            text = infrequent[position] is not None
            whens = []
            for number, group in enumerate(groups):
                shared = text and number == len(groups) - 1
                whens.append(
                    (call("eq", cast(expr, FLOAT64), real(number)), _shown("infrequent_sklearn" if shared else group[0], text))
                )
            out[name] = _case(whens, None)
        return state, out


def _is(value: Expr, name: str, wanted: Any) -> Expr:
    return call("is_null", value) if is_missing(wanted) else call("eq", value, category_constant(wanted, value, name))


def _shown(value: Any, text: bool) -> Expr:
    if is_missing(value):
        return literal(None, STRING if text else FLOAT64)
    value = plain(value)
    return literal(str(value) if text else value)


def _case(whens: list[tuple[Expr, Expr]], default: Expr | None) -> Expr:
    """Return a case whose branches have the type of the first that is a value."""
    kind = next((value.type for _, value in whens if getattr(value, "value", None) is not None), STRING)
    typed = [(test, literal(None, kind) if getattr(value, "value", None) is None else value) for test, value in whens]
    if default is not None and getattr(default, "value", None) is None:
        default = literal(None, kind)
    return case(typed, default)
