"""Every public call of the scikit-learn bridge, found by inspection, with arguments for which it works."""

from __future__ import annotations

import datetime
import inspect
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
from names.public_calls import PublicCall, Scope
from sklearn.base import BaseEstimator

from objectiv_local import DataFrame, ml
from objectiv_local.ml import metrics

DAYS = [datetime.datetime(2022, 1, day) for day in range(1, 9)]


def rows() -> DataFrame:
    values = {
        "user_id": [1, 1, 2, 2, 3, 3, 4, 4],
        "moment": DAYS,
        "page": list("abcabcab"),
        "x": [1.0, 2.5, 3, 4.5, 5, 6.5, 7, 8],
        "z": [2.0, 1, 4, 3, 6, 5, 9, 7],
        "n": [1, 0, 1, 0, 1, 1, 0, 0],
        "p": [0.9, 0.2, 0.7, 0.4, 0.8, 0.6, 0.1, 0.3],
    }
    return DataFrame.from_pandas(duckdb.connect(), pd.DataFrame(values).rename_axis("k")).sort_index()


#: The objects of the examples, as expressions over each other.
MADE = {
    "df": "rows()",
    "other": "DataFrame.from_pandas(df.engine, pd.DataFrame({'v': [1, 2], 'w': [0.5, 1.5]}))",
    "numbers": "df[['x', 'z']]",
    "spine": "df[['user_id', 'moment']].drop_duplicates('user_id').rename(columns={'moment': 'cutoff'})",
    "features": "ml.Features(df).add('hits', 'count')",
    "label": "ml.Label('back', horizon=datetime.timedelta(days=2))",
    "counts": "ml.SequenceCounts(location='page')",
}
FITTED = "fit(numbers, df.n)"
OBJECTS = {
    "Features": "features",
    "SequenceCounts": "counts.fit(df)",
    "HashKFold": "ml.HashKFold(2)",
    **{
        name: f"ml.{name}().fit(numbers)"
        for name in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "SimpleImputer", "KMeans")
    },
    **{name: f"ml.{name}().fit(df[['page']])" for name in ("OneHotEncoder", "OrdinalEncoder")},
    "KBinsDiscretizer": "ml.KBinsDiscretizer(2, encode='ordinal').fit(numbers)",
    "TargetEncoder": "ml.TargetEncoder(cv=2).fit(df[['page']], df.n)",
    "Compose": "ml.Compose([('x', ml.StandardScaler(), ['x', 'z'])]).fit(numbers)",
    **{name: f"ml.{name}().fit(numbers, df.n)" for name in ("LinearRegression", "Ridge", "LogisticRegression")},
}
#: What an estimator is fitted to, whose parameters are checked then.
DATA = {
    "OneHotEncoder": "df[['page']]",
    "OrdinalEncoder": "df[['page']]",
    "TargetEncoder": "df[['page']], df.n",
    **dict.fromkeys(("LinearRegression", "Ridge", "LogisticRegression"), "numbers, df.n"),
}
REQUIRED = {
    "frame": "df",
    "events": "df",
    "y": "'n'",
    "p": "'n'",
    "key": "'user_id'",
    "X": "numbers",
    "estimator": "ml.KMeans()",
    "model": "ml.LinearRegression().fit(numbers, df.n)",
    "obj": "features",
    "given": "ml.spec(features)",
    "name": "'some'",
    "agg": "'count'",
    "label": "label",
    "spine": "spine",
    "transformers": "[('x', ml.StandardScaler(), ['x', 'z'])]",
}
CALLS: dict[str, dict[str, str]] = {
    "ml.fit_batches": {"estimator": "MiniBatchKMeans(2, n_init=1, random_state=0)", "frame": "numbers"},
    "ml.xy": {"frame": "numbers"},
    "ml.batches": {"frame": "numbers"},
    "ml.from_spec": {"events": "df"},
    "ml.location_counts": {"location": "'page'"},
    "ml.split": {"test_size": "0.5"},
    "ml.folds": {"n_splits": "2"},
    "ml.Label": {"horizon": "datetime.timedelta(days=2)"},
    "ml.SequenceCounts": {"location": "'page'"},
    "ml.TargetEncoder": {"cv": "2"},
    "ml.KMeans": {"n_clusters": "2"},
    "ml.KBinsDiscretizer": {"n_bins": "2", "encode": "'ordinal'"},
    **{
        f"metrics.{name}": {"p": "'p'"}
        for name in ("roc_auc_score", "average_precision_score", "log_loss", "brier_score_loss", "calibration_table")
    },
    **{f"SequenceCounts.{name}": {"X": "df"} for name in ("fit", "transform", "fit_transform", "triples", "entities")},
    **{
        f"{name}.{method}": {"X": "df[['page']]", "y": "df.n"}
        for name in ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")
        for method in ("fit", "transform", "fit_transform")
    },
    **{
        f"{name}.{method}": {"y": "df.n"}
        for name in ("LinearRegression", "Ridge", "LogisticRegression")
        for method in ("fit", "score")
    },
    **{
        f"{name}.inverse_transform": {"X": f"ml.{name}().fit(df[['page']]).transform(df[['page']])"}
        for name in ("OneHotEncoder", "OrdinalEncoder")
    },
    "KBinsDiscretizer.inverse_transform": {"X": "ml.KBinsDiscretizer(2, encode='ordinal').fit(numbers).transform(numbers)"},
    **{
        f"{name}.from_sklearn": {"estimator": f"{made}.to_sklearn()"}
        for name, made in OBJECTS.items()
        if name not in ("Features", "SequenceCounts", "HashKFold")
    },
    "HashKFold.split": {"X": "[[1], [2], [3], [4]]", "groups": "['a', 'b', 'c', 'd', 'e'][:4]"},
    "Features.add": {"self": "ml.Features(df)"},
}


#: Names that hold no call, and those with tests of wrong arguments of their own in tests/ml.
NOT_TRIED = {"metrics", "XY", "spec", "from_spec", "batches", "fit_batches", "Label", "SequenceCounts"}
#: scikit-learn's own classes: they take other data than frames as scikit-learn does, and keep any parameter until they are
#: fitted, as test_wrong_arguments does with each.
ESTIMATORS = set(OBJECTS) - {"Features", "SequenceCounts"}


class MlScope(Scope):
    """The objects that calls of the bridge are tried on, made when first asked for."""

    def __missing__(self, name: str) -> Any:
        self[name] = found = eval(MADE[name], globals(), self)
        return found

    def data(self, name: str) -> tuple[Any, ...]:
        """Return what an estimator is fitted to."""
        found: tuple[Any, ...] = eval(f"({DATA.get(name, 'numbers')},)", globals(), self)
        return found

    def needed(self, name: str) -> dict[str, Any]:
        """Return the parameters that an estimator needs."""
        given = CALLS.get(f"ml.{name}", {}) | ({"transformers": REQUIRED["transformers"]} if name == "Compose" else {})
        return {parameter: eval(value, globals(), self) for parameter, value in given.items()}


@dataclass(frozen=True)
class MlCall(PublicCall):
    """A public function or class of the bridge, or a method; an estimator is also fitted, which checks its parameters."""

    def arguments(self, scope: Scope) -> dict[str, Any]:
        own = CALLS.get(self.name, {})
        needed = [
            each
            for each in self.parameters
            if each.name in own or (each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD))
        ]
        return {each.name: self.made(own.get(each.name) or REQUIRED[each.name], scope) for each in needed}

    def made(self, expression: str, scope: Scope) -> Any:
        from sklearn.cluster import MiniBatchKMeans

        return eval(expression, globals() | {"MiniBatchKMeans": MiniBatchKMeans}, scope)

    def call(self, scope: Scope, arguments: dict[str, Any]) -> Any:
        named = {name: value for name, value in arguments.items() if name in inspect.signature(self.function).parameters}
        variadic = {each.name for each in self.parameters if each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL)}
        options = dict(zip(["nope"], [named.pop(name) for name in variadic & set(named)], strict=False))
        if self.owner:
            thing = self.made(CALLS.get(self.name, {}).get("self", OBJECTS[self.owner]), scope)
            return getattr(thing, self.name.rpartition(".")[2])(**named, **options)
        found = self.function(**named, **options)
        if inspect.isclass(self.function) and isinstance(found, BaseEstimator):
            name = self.name.rpartition(".")[2]
            data = self.made(f"({DATA.get(name, 'df' if name == 'SequenceCounts' else 'numbers')},)", scope)
            found.fit(*data)
        return found


def ml_calls() -> list[MlCall]:
    """Return every public call of the bridge."""
    found = [MlCall(f"metrics.{name}", "", getattr(metrics, name)) for name in metrics.__all__]
    for name in ml.__all__:
        value = getattr(ml, name)
        if name in NOT_TRIED or name in ESTIMATORS:
            continue
        found.append(MlCall(f"ml.{name}", "", value))
        if inspect.isclass(value):
            for method in dir(value):
                member = inspect.getattr_static(value, method)
                function = member.__func__ if isinstance(member, classmethod) else member
                if inspect.isfunction(function) and function.__module__.startswith("objectiv_local") and method[0] != "_":
                    found.append(MlCall(f"{name}.{method}", name, function))
    return found
