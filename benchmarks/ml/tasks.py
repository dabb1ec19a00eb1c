"""What is measured: streaming rows, fitting estimators, and scoring with fitted models; each by several contenders.

Ours is the package working in the database or batch by batch; "pull" fetches all rows with ``ml.xy`` and gives them to
scikit-learn. A task returns a flat list of numbers, which has to be the same for all of its contenders on all engines.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import cluster, ensemble, linear_model, naive_bayes, preprocessing, tree
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from benchmarks.ml.rows import FEATURES
from objectiv_local import DataFrame, ml
from objectiv_local.plan.expr import aggregation, cast
from objectiv_local.plan.nodes import Aggregate
from objectiv_local.types import FLOAT64

#: Rows that the models to score with are fitted to.
TRAINING_ROWS = 20_000

Contender = Callable[[DataFrame, Path], list[float]]


@dataclass(frozen=True)
class Task:
    """A task: its contenders by name, the reference first, and how far apart their answers may be, relatively."""

    title: str
    contenders: dict[str, Contender]
    tolerance: float = 1e-9


# ---- streaming


def _sums(matrix: Any, target: Any) -> Any:
    return np.concatenate([[len(target)], matrix.sum(axis=0), [target.sum()]])


def _stream(df: DataFrame, models: Path) -> list[float]:
    rows = ml.batches(df[[*FEATURES, "y"]], "y", container="numpy")
    return np.sum([_sums(X, y) for X, y in rows], axis=0).tolist()


def _pull(df: DataFrame, models: Path) -> list[float]:
    X, y = ml.xy(df[[*FEATURES, "y"]], "y", container="numpy", max_bytes=None)
    return _sums(X, y).tolist()


# ---- fitting


@dataclass(frozen=True)
class Fit:
    """An estimator, by its name in ``objectiv_local.ml`` and as scikit-learn's, and what is compared of it."""

    plain: Any
    attributes: tuple[str, ...]
    columns: tuple[str, ...] = tuple(FEATURES)
    target: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-8

    def task(self) -> Task:
        """Return the task."""
        title = f"fit {self.plain.__name__}"
        return Task(title, {"pull": self.pulled, "ours": self.ours}, self.tolerance)

    def ours(self, df: DataFrame, models: Path) -> list[float]:
        """Return what is fitted over a frame."""
        estimator = getattr(ml, self.plain.__name__)(**self.parameters)
        target = None if self.target is None else df[self.target]
        return self.fitted(estimator.fit(df[list(self.columns)], *([] if target is None else [target])))

    def pulled(self, df: DataFrame, models: Path) -> list[float]:
        """Return what scikit-learn fits to rows in memory."""
        names = [*self.columns, *([] if self.target is None else [self.target])]
        X, y = ml.xy(df[names], self.target, container="pandas", max_bytes=None)
        return self.fitted(self.plain(**self.parameters).fit(X, *([] if y is None else [y])))

    def fitted(self, estimator: Any) -> list[float]:
        """Return the attributes as numbers; text counts by its place and its length."""
        found: list[float] = []
        for name in self.attributes:
            found += _numbers(getattr(estimator, name))
        return found


def _numbers(value: Any) -> list[float]:
    if isinstance(value, list | tuple):
        return [number for each in value for number in _numbers(each)]
    array = np.asarray(value).ravel()
    if array.dtype.kind in "OUST":
        return [number for each in array for number in (_numbers(each) if isinstance(each, np.ndarray) else [_text(each)])]
    return array.astype("float64").tolist()


def _text(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float(int.from_bytes(str(value).encode()[-6:], "big"))


TEXT = ("city", "shop")
FITS = (
    Fit(preprocessing.StandardScaler, ("scale_", "var_")),
    Fit(preprocessing.MinMaxScaler, ("data_min_", "data_max_")),
    Fit(preprocessing.MaxAbsScaler, ("max_abs_",)),
    Fit(preprocessing.RobustScaler, ("center_", "scale_")),
    Fit(SimpleImputer, ("statistics_",), (*FEATURES, "gap"), parameters={"strategy": "median"}),
    Fit(preprocessing.OneHotEncoder, ("categories_",), TEXT),
    Fit(preprocessing.OrdinalEncoder, ("categories_",), TEXT),
    Fit(
        preprocessing.KBinsDiscretizer,
        ("bin_edges_",),
        parameters={"n_bins": 5, "subsample": None, "quantile_method": "linear", "encode": "ordinal"},
    ),
    Fit(preprocessing.TargetEncoder, ("encodings_", "target_mean_"), TEXT, "label", {"target_type": "binary"}),
    Fit(linear_model.LinearRegression, ("coef_", "intercept_"), target="y", tolerance=1e-6),
    # Without the columns whose scale is far from the others', on which scikit-learn's solver stops before it converges.
    Fit(
        linear_model.LogisticRegression,
        ("coef_", "intercept_"),
        tuple(FEATURES[1:7]) + tuple(FEATURES[11:]),
        "label",
        {"tol": 1e-8, "max_iter": 1_000},
        1e-3,
    ),
)


# ---- scoring

MODELS: dict[str, Callable[[], Any]] = {
    "LinearRegression": lambda: make_pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression()),
    "LogisticRegression": lambda: make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    "GaussianNB": naive_bayes.GaussianNB,
    "KMeans": lambda: make_pipeline(preprocessing.StandardScaler(), cluster.KMeans(8, n_init=1, random_state=0)),
    "DecisionTreeClassifier": lambda: tree.DecisionTreeClassifier(max_depth=10, random_state=0),
    "GradientBoostingClassifier": lambda: ensemble.GradientBoostingClassifier(max_depth=3, random_state=0),
    "HistGradientBoostingClassifier": lambda: ensemble.HistGradientBoostingClassifier(random_state=0),
    "RandomForestClassifier": lambda: ensemble.RandomForestClassifier(50, max_depth=8, random_state=0, n_jobs=1),
}
REGRESSIONS = ("LinearRegression",)


def prepare(df: DataFrame, models: Path) -> None:
    """Fit the models to some of the rows, and store them."""
    some = df[df.index["id"] < TRAINING_ROWS] if "id" in df.index_columns else df
    table = some.to_pandas()
    for name, make in MODELS.items():
        model = make().fit(table[FEATURES], table["y" if name in REGRESSIONS else "label"])
        (models / f"{name}.pickle").write_bytes(pickle.dumps(model))


def _model(models: Path, name: str) -> Any:
    return pickle.loads((models / f"{name}.pickle").read_bytes())


def _scored(df: DataFrame, models: Path, name: str, where: str) -> DataFrame:
    found: DataFrame = ml.score(_model(models, name), df[FEATURES], where=where, output="answer")
    return found


def _mean(name: str, where: str) -> Contender:
    def contender(df: DataFrame, models: Path) -> list[float]:
        scored = _scored(df, models, name, where)
        column = cast(scored._state.column("answer"), FLOAT64)
        total = Aggregate(scored._state.plan, (), (("mean", aggregation("mean", column)), ("rows", aggregation("size"))))
        row = DataFrame(scored._state.with_rows(total, ()), ["mean", "rows"]).to_arrow().to_pylist()[0]
        return [row["rows"], row["mean"]]

    return contender


def _rows(name: str, where: str) -> Contender:
    def contender(df: DataFrame, models: Path) -> list[float]:
        return _checksums(*(column.to_numpy() for column in _scored(df, models, name, where)[["answer"]].to_arrow().columns))

    return contender


def _pulled(name: str, *, mean: bool) -> Contender:
    def contender(df: DataFrame, models: Path) -> list[float]:
        rows = ml.xy(df[FEATURES], container="pandas", max_bytes=None)
        answers = _model(models, name).predict(rows.X)
        return [len(answers), float(answers.mean())] if mean else _checksums(rows.index.to_numpy(), answers)

    return contender


def _checksums(index: Any, answers: Any) -> list[float]:
    """Return the number of rows, and sums that tell which row has which answer."""
    return [len(answers), float(answers.sum()), float((answers * (index % 1_009)).sum())]


def _scorings() -> dict[str, Task]:
    out = {}
    for name in MODELS:
        out[f"mean {name}"] = Task(
            f"mean score, {name}", {"pull": _pulled(name, mean=True), "sql": _mean(name, "sql"), "local": _mean(name, "local")}
        )
        out[f"rows {name}"] = Task(
            f"scored rows, {name}",
            {"pull": _pulled(name, mean=False), "sql": _rows(name, "sql"), "local": _rows(name, "local")},
        )
    return out


TASKS: dict[str, Task] = {
    "stream": Task("read 21 columns", {"pull": _pull, "batches": _stream}),
    **{f"fit {each.plain.__name__}": each.task() for each in FITS},
    **_scorings(),
}
