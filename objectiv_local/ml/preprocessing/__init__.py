"""Transformers: scikit-learn's own, which here also accept frames, fitted by queries and applied as expressions."""

from objectiv_local.ml.preprocessing.binning import KBinsDiscretizer
from objectiv_local.ml.preprocessing.compose import Compose, over_frames
from objectiv_local.ml.preprocessing.encoding import OneHotEncoder, OrdinalEncoder
from objectiv_local.ml.preprocessing.imputing import SimpleImputer
from objectiv_local.ml.preprocessing.scaling import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from objectiv_local.ml.preprocessing.target import TargetEncoder

__all__ = [
    "Compose",
    "KBinsDiscretizer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
    "over_frames",
]
