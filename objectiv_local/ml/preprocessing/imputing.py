"""Imputing: replacing missing values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.impute import SimpleImputer as Plain

from objectiv_local.errors import InvalidType, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import Expr, aggregation, call, case, literal
from objectiv_local.ml.expressions import NUMBERS, as_float, constant, real, with_columns
from objectiv_local.ml.preprocessing.transformer import FeatureExprs, FrameTransformer, feature_exprs
from objectiv_local.ml.statistics.quantiles import quantiles
from objectiv_local.ml.statistics.summary import LARGEST_BY_OPERATION, check_sizes, finite_row, no_rows, too_large
from objectiv_local.types import is_nan

if TYPE_CHECKING:
    from objectiv_local.frame.authoring import State

_OPERATIONS = {"mean": "mean", "most_frequent": "mode"}


class SimpleImputer(FrameTransformer, Plain):
    """Replace missing values with the mean, the median, the most frequent value or a constant.

    Parameters and attributes (``statistics_``, ``indicator_``) are scikit-learn's. NULL and NaN are missing values unless
    ``missing_values`` is another value; NULL then remains NULL. Of equally frequent values, the minimum is used. String
    columns support the strategies ``most_frequent`` and ``constant``. Numbers become floats. With ``add_indicator`` there is
    a column of 0 and 1 for each feature that had missing values. Fitting a frame takes one query, or two for medians.

    >>> import duckdb, pandas
    >>> from objectiv_local import DataFrame
    >>> df = DataFrame.from_pandas(duckdb.connect(), pandas.DataFrame({"minutes": [7.5, None, 2.5]}))
    >>> SimpleImputer(add_indicator=True).fit_transform(df).to_pandas().to_dict("list")
    {'minutes': [7.5, 5.0, 2.5], 'missingindicator_minutes': [0.0, 1.0, 0.0]}
    """

    def _learn(self, frame: DataFrame, names: list[str], y: Any) -> None:
        if callable(self.strategy):
            raise NotSupported(
                "SimpleImputer does not support a function as strategy for a frame",
                hint="use 'mean', 'median', 'most_frequent' or 'constant'",
            )
        import pandas as pd

        columns_in, kept_values = feature_exprs(frame), dict[str, Expr]()
        aggregates: dict[str, Expr] = {"rows": aggregation("size")}
        numbers: dict[str, Expr] = {}
        for position, name in enumerate(names):
            value, missing = self._value(columns_in[name], name)
            if value.type.name == "string" and self.strategy in ("mean", "median"):
                raise InvalidType(
                    f"Cannot use {self.strategy} strategy with non-numeric data: column {name!r} is a string column",
                    hint="use strategy='most_frequent'",
                )
            aggregates[f"missing_{position}"] = aggregation("sum", case([(missing, literal(1))], literal(0)))
            kept = case([(call("not", missing), value)])
            if value.type.name != "string":
                numbers[name] = kept
                aggregates[f"size_{position}"] = aggregation("max", call("abs", kept))
            aggregates[f"value_{position}"] = aggregation(_OPERATIONS.get(self.strategy, "min"), kept)
            kept_values[name] = kept
        found = finite_row(frame, aggregates, numbers, "SimpleImputer")
        if not found["rows"]:
            raise no_rows(len(names), "SimpleImputer")
        sizes = {name: found[f"size_{position}"] for position, name in enumerate(names) if name in numbers}
        check_sizes(sizes, "SimpleImputer")
        values = [found[f"value_{position}"] for position in range(len(names))]
        limit = LARGEST_BY_OPERATION.get(self.strategy, math.inf)
        lost = [
            name
            for name, value in zip(names, values, strict=True)
            if name in numbers and value is not None and not (math.isfinite(value) and sizes[name] <= limit)
        ]
        if lost:
            raise too_large(lost, "SimpleImputer")
        if self.strategy == "median":
            counts = {name: found["rows"] - found[f"missing_{position}"] for position, name in enumerate(names)}
            medians = quantiles(with_columns(frame, kept_values), counts, {name: [("median", 0.5)] for name in names})
            values = [medians[name, "median", 0.5] if counts[name] else None for name in names]
        hole = np.nan if self._takes_null() else self.missing_values
        columns = {}
        for position, (name, value) in enumerate(zip(names, values, strict=True)):
            known = hole if value is None else value
            columns[name] = [known, hole if found[f"missing_{position}"] else known]
        kinds = {value.type.name for value, _ in (self._value(columns_in[name], name) for name in names)}
        # Two rows, with a missing value in each column that has one, result in the same statistics and indicators.
        self._learn_from_table(pd.DataFrame(columns, dtype="float64" if kinds == {"float64"} else object))

    def _takes_null(self) -> bool:
        return self.missing_values is None or is_nan(self.missing_values) or type(self.missing_values).__name__ == "NAType"

    def _value(self, column: Expr, name: str) -> tuple[Expr, Expr]:
        """Return a feature, and whether it is missing."""
        if column.type.name not in (*NUMBERS, "string"):
            raise InvalidType(
                f"column {name!r} is {column.type}, but SimpleImputer needs numbers or strings",
                hint="cast it with astype, or drop it",
            )
        value = column if column.type.name == "string" else as_float(column, name)
        if self._takes_null():
            return value, call("is_null", value)
        if isinstance(self.missing_values, str) != (value.type.name == "string"):
            return value, literal(False)
        wanted = constant(self.missing_values) if isinstance(self.missing_values, str) else real(self.missing_values)
        return value, call("coalesce", call("eq", value, wanted), literal(False))

    def _expressions(self, state: State, features: FeatureExprs) -> tuple[State, FeatureExprs]:
        names = list(features)
        out: FeatureExprs = {}
        tests: list[Expr] = []
        for name, statistic in zip(names, self.statistics_, strict=True):
            value, missing = self._value(features[name], name)
            tests.append(missing)
            if is_nan(statistic) and not self.keep_empty_features:
                continue  # a feature with only missing values
            text = value.type.name == "string"
            if is_nan(statistic) or statistic is None:
                out[name] = value
            elif isinstance(statistic, str) != text:
                raise InvalidType(
                    f"fill_value {statistic!r} does not fit column {name!r}, which is {value.type}",
                    hint="use separate imputers for strings and numbers",
                )
            else:
                filling = constant(statistic) if text else real(statistic)
                out[name] = call("coalesce", value, filling) if self._takes_null() else case([(missing, filling)], value)
        labels = [str(name) for name in self.get_feature_names_out(names)][len(out) :]
        if self.indicator_ is not None:
            for label, position in zip(labels, self.indicator_.features_, strict=True):
                out[label] = case([(tests[int(position)], real(1))], real(0))
        return state, out
