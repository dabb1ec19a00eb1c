"""Checks of every metric: rows that cannot be measured, invalid columns and invalid values."""

import math

import pytest
from frame.frames import on_every_engine
from ml.metrics.tables import TABLE, small, stored

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml import metrics


@on_every_engine
def test_decimals_are_numbers_and_classes(engine):
    df = small(engine, y=[1, 2, 2], p=[1, 2, 1], half=[1, 3, 4])
    df["y"], df["p"] = df.y.astype("decimal(38,2)"), df.p.astype("decimal(38,2)")
    df["half"] = df.half.astype("decimal(38,1)") * df.p
    assert metrics.accuracy_score(df, "y", "p") == 2 / 3
    assert metrics.mean_absolute_error(df, "y", "half") == pytest.approx((0 + 4 + 2) / 3)


ALL = {
    "confusion_matrix": ("one", "one_p"),
    "accuracy_score": ("one", "one_p"),
    "precision_score": ("one", "one_p"),
    "recall_score": ("one", "one_p"),
    "f1_score": ("one", "one_p"),
    "roc_auc_score": ("one", "p"),
    "log_loss": ("one", "p"),
    "average_precision_score": ("one", "p"),
    "brier_score_loss": ("one", "p"),
    "calibration_table": ("one", "p"),
    "mean_squared_error": ("number", "number_p"),
    "root_mean_squared_error": ("number", "number_p"),
    "r2_score": ("number", "number_p"),
    "mean_absolute_error": ("number", "number_p"),
}


def test_all_metrics_are_tried():
    assert set(ALL) | {"unique_labels"} == set(metrics.__all__)


@on_every_engine
@pytest.mark.parametrize("name", ALL)
def test_rows_that_cannot_be_measured_are_counted(engine, name):
    metric, (y, p) = getattr(metrics, name), ALL[name]
    some = stored(engine)
    with pytest.raises(InvalidValue, match="no rows"):
        metric(some[some.n > 99], y, p)
    gone = int((TABLE["class"] == 1).sum())
    for parameter, column, arguments in (("y", y, ("gone", p)), ("p", p, (y, "gone")), ("sample_weight", "w", (y, p))):
        frame = some.assign(gone=some[column].where(some["class"] != 1))
        options = {"sample_weight": "gone"} if parameter == "sample_weight" else {}
        with pytest.raises(InvalidValue, match=rf"missing: {parameter} \('gone'\) in {gone} rows"):
            metric(frame, *arguments, **options)
    with pytest.raises(InvalidValue, match=r"negative: sample_weight \('sign'\) in"):
        metric(some, y, p, sample_weight="sign")
    frame = some.assign(none=0)
    with pytest.raises(InvalidValue, match="weights are all 0"):
        metric(frame, y, p, sample_weight="none")


@on_every_engine
def test_nan_is_missing_and_infinite_numbers_are_refused(engine):
    df = small(engine, y=[1.0, 0.0, 1.0], nan=[0.5, math.nan, None], inf=[0.5, math.inf, -math.inf])
    for metric in (
        metrics.mean_squared_error,
        metrics.r2_score,
        metrics.roc_auc_score,
        metrics.average_precision_score,
        metrics.log_loss,
        metrics.brier_score_loss,
        metrics.calibration_table,
    ):
        with pytest.raises(InvalidValue, match=r"missing: p \('nan'\) in 2 rows"):
            metric(df, "y", "nan")
        with pytest.raises(InvalidValue, match=r"infinite: p \('inf'\) in 2 rows"):
            metric(df, "y", "inf")
        with pytest.raises(InvalidValue, match=r"infinite: sample_weight \('inf'\) in 2 rows"):
            metric(df, "y", "y", sample_weight="inf")
    with pytest.raises(InvalidValue, match=r"missing: y \('nan'\) in 2 rows"):
        metrics.accuracy_score(df, "nan", "y")


@on_every_engine
@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (lambda df: metrics.log_loss(df, "one", "number"), "below 0 or above 1 in 700 rows"),
        (lambda df: metrics.brier_score_loss(df, "one", "number"), "below 0 or above 1 in 700 rows"),
        (lambda df: metrics.calibration_table(df, "one", "number"), "below 0 or above 1 in 700 rows"),
        (lambda df: metrics.roc_auc_score(df, "class", "p"), "more than two classes"),
        (lambda df: metrics.average_precision_score(df, "class", "p"), "more than two classes"),
        (lambda df: metrics.calibration_table(df, "name", "p"), "5 classes"),
        (lambda df: metrics.brier_score_loss(df, "class", "p"), "5 classes"),
        (lambda df: metrics.log_loss(df, "class", "p"), "5 classes.*2 probabilities"),
        (lambda df: metrics.average_precision_score(df, "word", "p"), "pos_label=1 is not a class"),
        (lambda df: metrics.brier_score_loss(df, "word", "p"), "pass pos_label"),
        (lambda df: metrics.brier_score_loss(df, "word", "p", pos_label="Yes"), "pos_label='Yes' is not a class"),
        (lambda df: metrics.calibration_table(df, "word", "p"), "pass pos_label"),
        (lambda df: metrics.calibration_table(df, "far", "p"), "pass pos_label"),
        (lambda df: metrics.accuracy_score(df, "number", "one"), "classes have to be whole numbers"),
        (lambda df: metrics.roc_auc_score(df.assign(y=df.one + 0.25), "y", "p"), "classes have to be whole numbers"),
        (lambda df: metrics.calibration_table(df, "one", "p", n_bins=0), "n_bins"),
        (lambda df: metrics.calibration_table(df, "one", "p", strategy="other"), "strategy"),
        (lambda df: metrics.log_loss(df, "one", []), "no columns"),
    ],
)
def test_wrong_values(engine, metric, words):
    with pytest.raises(InvalidValue, match=words):
        metric(stored(engine))


@pytest.mark.parametrize(
    ("metric", "error", "words"),
    [
        (lambda df: metrics.accuracy_score(df, "wrong", "p"), ColumnNotFound, "'wrong'"),
        (lambda df: metrics.accuracy_score(df, "word", "one"), InvalidType, "is string, and"),
        (
            lambda df: metrics.accuracy_score(df, "word", [1, 2]),
            InvalidType,
            "p of accuracy_score has to be a string or a Series, not",
        ),
        (
            lambda df: metrics.accuracy_score(df.to_pandas(), "word", "word"),
            InvalidType,
            "frame of accuracy_score has to be a DataFrame, not a pandas.DataFrame",
        ),
        (lambda df: metrics.roc_auc_score(df, "one", "word"), InvalidType, "a number is needed"),
        (lambda df: metrics.roc_auc_score(df, "one", "p", sample_weight="word"), InvalidType, "a number is needed"),
        (
            lambda df: metrics.roc_auc_score(df, df.one.to_pandas(), "p"),
            InvalidType,
            "y of roc_auc_score has to be a string or a Series, not a pandas.Series",
        ),
        (lambda df: metrics.r2_score(df, "word", "p"), InvalidType, "a number is needed"),
        (lambda df: metrics.calibration_table(df, "one", "p", n_bins=2.5), InvalidType, "n_bins"),
    ],
)
def test_wrong_columns(metric, error, words):
    with pytest.raises(error, match=words):
        metric(stored("duckdb"))
