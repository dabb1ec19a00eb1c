"""The scikit-learn bridge: features computed by SQL, and fitted, split, scored and measured the same way on every engine.

>>> from objectiv_local import ml
>>> X, y = ml.xy(df, target="bought", container="pandas")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module

from objectiv_local.errors import NotSupported

# Loaded on first use: importing the package loads no scikit-learn.
_HOMES = {
    "xy": "extract",
    "batches": "extract",
    "XY": "extract",
    "split": "splits",
    "folds": "splits",
    "HashKFold": "splits",
    "StandardScaler": "preprocessing",
    "MinMaxScaler": "preprocessing",
    "MaxAbsScaler": "preprocessing",
    "RobustScaler": "preprocessing",
    "SimpleImputer": "preprocessing",
    "OneHotEncoder": "preprocessing",
    "OrdinalEncoder": "preprocessing",
    "KBinsDiscretizer": "preprocessing",
    "TargetEncoder": "preprocessing",
    "Compose": "preprocessing",
    "LinearRegression": "fitting.linear",
    "Ridge": "fitting.linear",
    "LogisticRegression": "fitting.logistic",
    "KMeans": "fitting.cluster",
    "fit_batches": "fitting.partial",
    "score": "scoring",
    "Features": "features",
    "Label": "features",
    "location_counts": "features.locations",
    "SequenceCounts": "features.sequences",
    "spec": "specs",
    "from_spec": "specs",
    "fingerprint": "fingerprints",
}

__all__ = [
    "XY",
    "Compose",
    "Features",
    "HashKFold",
    "KBinsDiscretizer",
    "KMeans",
    "Label",
    "LinearRegression",
    "LogisticRegression",
    "MaxAbsScaler",
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "Ridge",
    "RobustScaler",
    "SequenceCounts",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
    "batches",
    "fingerprint",
    "fit_batches",
    "folds",
    "from_spec",
    "location_counts",
    "metrics",
    "score",
    "spec",
    "split",
    "xy",
]


def __getattr__(name: str) -> object:
    home = "metrics" if name == "metrics" else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'objectiv_local.ml' has no attribute {name!r}")
    try:
        import_module("sklearn")
        module = import_module(f"objectiv_local.ml.{home}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "scipy", "numpy"):
            raise
        raise NotSupported("scikit-learn is not installed", hint="pip install 'objectiv-local[ml]'") from None
    value: object = module if name == home else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
