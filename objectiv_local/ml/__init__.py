"""The scikit-learn bridge: features computed by SQL, and fitted, split, scored and measured the same way on every engine.

>>> from objectiv_local import ml
>>> X, y = ml.xy(df, target="bought", container="pandas")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module

# Loaded on first use: importing the package loads no scikit-learn.
_HOMES = {
    "Compose": "preprocessing",
    "KBinsDiscretizer": "preprocessing",
    "MaxAbsScaler": "preprocessing",
    "MinMaxScaler": "preprocessing",
    "OneHotEncoder": "preprocessing",
    "OrdinalEncoder": "preprocessing",
    "RobustScaler": "preprocessing",
    "SimpleImputer": "preprocessing",
    "StandardScaler": "preprocessing",
    "TargetEncoder": "preprocessing",
    "HashKFold": "split",
    "LinearRegression": "fitting.linear",
    "Ridge": "fitting.linear",
    "XY": "extract",
    "batches": "extract",
    "folds": "split",
    "split": "split",
    "xy": "extract",
}

__all__ = ["XY", "batches", "xy"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'objectiv_local.ml' has no attribute {name!r}")
    try:
        module = import_module(f"objectiv_local.ml.{home}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "scipy", "numpy"):
            raise
        from objectiv_local.errors import NotSupported

        raise NotSupported("scikit-learn is not installed", hint="pip install 'objectiv-local[ml]'") from None
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
