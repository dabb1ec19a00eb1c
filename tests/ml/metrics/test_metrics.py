"""Metrics in the database against scikit-learn's, on heavy ties, weights and degenerate cases."""

import math
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frame.frames import ENGINES, load, on_every_engine, opened
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from objectiv_local import DataFrame
from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue
from objectiv_local.ml import metrics

COUNT = 700
NAMES = np.array(["Éa", "a", "b", "ab", "日"])


def data(seed=0, count=COUNT):
    """Truths of each type, predictions of them, scores with heavy ties, and weights."""
    random = np.random.default_rng(seed)
    y = random.random(count) < 0.3
    classes = random.integers(0, 5, count)
    guess = np.where(random.random(count) < 0.6, classes, random.integers(0, 5, count))
    p = np.round(np.clip(0.3 * y + 0.7 * random.random(count), 0, 1), 2)
    three = random.dirichlet([1, 2, 3], count)
    number = 1e6 + random.normal(size=count)
    return pd.DataFrame({
        "yes": y, "one": y.astype("int64"), "sign": np.where(y, 1, -1), "far": np.where(y, 7, 3), "word": np.where(y, "yes", "No"),
        "flag": y.astype("float64"), "yes_p": p > 0.5, "one_p": (p > 0.5).astype("int64"), "word_p": np.where(p > 0.4, "yes", "No"),
        "p": p, "smooth": np.clip(p + random.random(count) / 1_000, 0, 1), "votes": random.integers(-3, 4, count),
        "class": classes, "class_p": guess, "name": NAMES[classes], "name_p": NAMES[guess], "third": classes % 3,
        "p_0": three[:, 0], "p_1": three[:, 1], "p_2": three[:, 2],
        "number": number, "number_p": number + np.round(random.normal(size=count), 1), "whole": random.integers(-9, 9, count),
        "w": random.random(count) * 3, "n": random.integers(0, 4, count), "w0": np.where(random.random(count) < 0.3, 0.0, random.random(count) * 3),
    })


TABLE = data()
_FRAMES: dict[str, DataFrame] = {}


def stored(engine):
    """Return the rows of TABLE as a frame of a table of the engine."""
    if engine not in _FRAMES:
        _FRAMES[engine] = DataFrame.from_arrow(opened(engine), pa.Table.from_pandas(TABLE, preserve_index=False), materialization="temp_table")
    return _FRAMES[engine]


def small(engine, **columns):
    return DataFrame.from_arrow(opened(engine), pa.table(columns))


def weights(name):
    return {} if name is None else {"sample_weight": TABLE[name].to_numpy()}


def quietly(metric, *args, **options):
    """Return the answer of a metric and the categories of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return metric(*args, **options), {each.category for each in caught}


def same(found, expected, rel=1e-12):
    assert type(found) is float
    assert found == pytest.approx(expected, rel=rel, abs=1e-15, nan_ok=True)


WEIGHTS = (None, "n", "w0")

# ---- classes


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("y", "p"), [("yes", "yes_p"), ("one", "one_p"), ("yes", "one_p"), ("flag", "one_p"), ("word", "word_p"),
                                      ("class", "class_p"), ("name", "name_p")])
def test_classes_are_measured_as_by_scikit_learn(engine, y, p, weight):
    df, (truth, guess) = stored(engine), (TABLE[each].to_numpy() for each in (y, p))
    if truth.dtype != guess.dtype:
        truth, guess = truth.astype("float64"), guess.astype("float64")
    for normalize in (None, "true", "pred", "all") if y == "class" else (None,):
        found = metrics.confusion_matrix(df, y, p, sample_weight=weight, normalize=normalize)
        expected = sk.confusion_matrix(truth, guess, normalize=normalize, **weights(weight))
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    same(metrics.accuracy_score(df, y, p, sample_weight=weight), sk.accuracy_score(truth, guess, **weights(weight)))
    same(metrics.accuracy_score(df, y, p, sample_weight=weight, normalize=False),
         sk.accuracy_score(truth, guess, normalize=False, **weights(weight)))
    binary = len(np.unique(truth)) == 2
    pos_label = "yes" if y == "word" else 1
    for name in ("precision_score", "recall_score", "f1_score"):
        for average in ("binary",) if binary else ("macro", "micro", "weighted"):
            options = {"average": average} | ({"pos_label": pos_label} if average == "binary" else {})
            same(getattr(metrics, name)(df, y, p, sample_weight=weight, **options),
                 getattr(sk, name)(truth, guess, **options, **weights(weight)))
    np.testing.assert_allclose(metrics.precision_score(df, y, p, sample_weight=weight, average=None),
                               sk.precision_score(truth, guess, average=None, **weights(weight)), rtol=1e-12)
    assert metrics.unique_labels(df, y, p).tolist() == np.unique([truth, guess]).tolist()


@on_every_engine
def test_labels_choose_and_order_the_classes(engine):
    df = stored(engine)
    labels = ["b", "日", "a"]
    assert metrics.confusion_matrix(df, "name", "name_p", labels=labels).tolist() == sk.confusion_matrix(
        TABLE.name, TABLE.name_p, labels=labels).tolist()
    same(metrics.f1_score(df, "class", "class_p", labels=[3, 1], average="micro"),
         sk.f1_score(TABLE["class"], TABLE.class_p, labels=[3, 1], average="micro"))
    assert metrics.unique_labels(df, "name").tolist() == ["a", "ab", "b", "Éa", "日"]


@on_every_engine
def test_series_are_taken_like_columns(engine):
    df = stored(engine)
    same(metrics.accuracy_score(df, df.one == 1, df.p > 0.5, sample_weight=df.n * 2),
         sk.accuracy_score(TABLE.yes, TABLE.p > 0.5, sample_weight=TABLE.n))


@on_every_engine
def test_classes_that_never_occur(engine):
    df = small(engine, y=[1, 1, 2], p=[1, 1, 1], all_p=[2, 2, 2])
    with pytest.warns(UndefinedMetricWarning, match="Precision is ill-defined"):
        assert metrics.precision_score(df, "y", "p", average=None).tolist() == [2 / 3, 0]
    assert metrics.precision_score(df, "y", "all_p", zero_division=1.0) == 1.0
    with pytest.warns(UserWarning, match="single label"):
        assert metrics.confusion_matrix(df, "p", "p").tolist() == [[3]]
    with pytest.raises(InvalidValue, match="pos_label=5 is not a valid label"):
        metrics.recall_score(df, "y", "p", pos_label=5)
    with pytest.raises(InvalidValue, match="multiclass"):
        metrics.recall_score(small(engine, y=[1, 2, 3], p=[1, 2, 3]), "y", "p")
    with pytest.raises(InvalidValue, match="'labels'"):
        metrics.confusion_matrix(df, "y", "p", labels=[])


@on_every_engine
def test_many_classes_give_no_warning_of_their_number(engine):
    df = small(engine, y=list(range(40)) * 3, p=list(range(40)) * 3)
    assert metrics.accuracy_score(df, "y", "p") == 1.0  # warnings are errors here


# ---- order by score


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("y", "score"), [("yes", "p"), ("word", "p"), ("far", "votes"), ("flag", "yes_p"), ("one", "smooth")])
def test_areas_are_those_of_scikit_learn(engine, y, score, weight):
    df, truth, scores = stored(engine), TABLE[y].to_numpy(), TABLE[score].to_numpy().astype("float64")
    same(metrics.roc_auc_score(df, y, score, sample_weight=weight), sk.roc_auc_score(truth, scores, **weights(weight)))
    for pos_label in np.unique(truth).tolist():
        same(metrics.average_precision_score(df, y, score, pos_label=pos_label, sample_weight=weight),
             sk.average_precision_score(truth, scores, pos_label=pos_label, **weights(weight)))


def test_an_area_without_weights_is_exact():
    pairs = [(a, b) for a in TABLE.p[TABLE.yes] for b in TABLE.p[~TABLE.yes]]
    exact = sum(2 * (a > b) + (a == b) for a, b in pairs) / (2 * len(pairs))
    assert {metrics.roc_auc_score(stored(engine), "yes", "p") for engine in ENGINES} == {exact}


@on_every_engine
def test_areas_of_all_ties_of_zeros_and_of_perfect_orders(engine):
    df = small(engine, y=[True, False, True, False], tie=[0.5] * 4, zero=[0.0, -0.0, 0.0, -0.0], best=[2.0, 1.0, 3.0, 0.0],
               worst=[0.0, 3.0, 1.0, 2.0], huge=[1e308, -1e308, 5e-324, 0.0])
    assert [metrics.roc_auc_score(df, "y", each) for each in ("tie", "zero", "best", "worst", "huge")] == [0.5, 0.5, 1, 0, 1]
    assert [metrics.average_precision_score(df, "y", each) for each in ("tie", "zero", "best")] == [0.5, 0.5, 1]
    truth = [True, False, True, False]
    same(metrics.average_precision_score(df, "y", "worst"), sk.average_precision_score(truth, [0.0, 3.0, 1.0, 2.0]))


@on_every_engine
def test_weights_of_whole_numbers_that_overflow_as_products(engine):
    heavy = [10**12, 3 * 10**12, 2 * 10**12, 10**12]
    df = small(engine, y=[1, 0, 1, 0], p=[0.3, 0.2, 0.1, 0.1], w=heavy)
    same(metrics.roc_auc_score(df, "y", "p", sample_weight="w"),
         sk.roc_auc_score([1, 0, 1, 0], [0.3, 0.2, 0.1, 0.1], sample_weight=heavy))


@on_every_engine
@pytest.mark.parametrize("y", [[True, True], [1, 1], ["a", "a"], [0, 0], [False, False]])
def test_areas_of_one_class(engine, y):
    df = small(engine, y=y, p=[0.1, 0.2], w=[1.0, 2.0])
    expected, _ = quietly(sk.roc_auc_score, y, [0.1, 0.2])
    with pytest.warns(UndefinedMetricWarning, match="Only one class"):
        assert math.isnan(metrics.roc_auc_score(df, "y", "p"))
    assert math.isnan(expected)
    pos_label = 1 if y[0] != "a" else "a"
    found, caught = quietly(metrics.average_precision_score, df, "y", "p", pos_label=pos_label, sample_weight="w")
    expected, theirs = quietly(sk.average_precision_score, y, [0.1, 0.2], pos_label=pos_label, sample_weight=[1.0, 2.0])
    same(found, expected)
    assert bool(caught) == bool(theirs)


@on_every_engine
def test_a_class_without_weight_is_no_class(engine):
    df = small(engine, y=[1, 0, 1], p=[0.1, 0.2, 0.3], w=[0.0, 1.0, 0.0])
    with pytest.warns(UndefinedMetricWarning):
        assert math.isnan(metrics.roc_auc_score(df, "y", "p", sample_weight="w"))
    with pytest.warns(UndefinedMetricWarning):
        assert metrics.average_precision_score(df, "y", "p", sample_weight="w") == 0.0


# ---- probabilities


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("y", "p"), [("yes", "p"), ("one", "smooth"), ("sign", "p"), ("far", "p"), ("word", "smooth"), ("flag", "p")])
def test_losses_of_two_classes(engine, y, p, weight):
    df, truth, guess = stored(engine), TABLE[y].to_numpy(), TABLE[p].to_numpy()
    for normalize in (True, False):
        same(metrics.log_loss(df, y, p, normalize=normalize, sample_weight=weight),
             sk.log_loss(truth, guess, normalize=normalize, **weights(weight)))
    for pos_label in (None, *np.unique(truth).tolist()):
        if pos_label is not None or y != "word":
            same(metrics.brier_score_loss(df, y, p, pos_label=pos_label, sample_weight=weight),
                 sk.brier_score_loss(truth, guess, pos_label=pos_label, **weights(weight)))


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
def test_losses_of_several_classes(engine, weight):
    df, columns = stored(engine), ["p_0", "p_1", "p_2"]
    matrix = TABLE[columns].to_numpy()
    same(metrics.log_loss(df, "third", columns, sample_weight=weight), sk.log_loss(TABLE.third, matrix, **weights(weight)))
    for half in ("auto", True, False):
        same(metrics.brier_score_loss(df, "third", columns, sample_weight=weight, scale_by_half=half),
             sk.brier_score_loss(TABLE.third, matrix, scale_by_half=half, **weights(weight)))
    # A class of the model that does not occur, and classes of text.
    same(metrics.log_loss(df, "word", columns, labels=["No", "what", "yes"], sample_weight=weight),
         sk.log_loss(TABLE.word, matrix, labels=["No", "what", "yes"], **weights(weight)))
    same(metrics.brier_score_loss(df, "one", columns, labels=[0, 1, 2], sample_weight=weight),
         sk.brier_score_loss(TABLE.one, matrix, labels=[0, 1, 2], **weights(weight)))


@on_every_engine
def test_certainty_is_clipped(engine):
    y, p = [1, 0, 1, 0], [1.0, 0.0, 0.0, 1e-20]
    df = small(engine, y=y, p=p, q=[1 - each for each in p])
    same(metrics.log_loss(df, "y", "p"), sk.log_loss(y, p))
    same(metrics.log_loss(df, "y", ["q", "p"]), sk.log_loss(y, np.array([[1 - each, each] for each in p])))
    same(metrics.brier_score_loss(df, "y", ["q", "p"]), sk.brier_score_loss(y, np.array([[1 - each, each] for each in p])))


@on_every_engine
def test_losses_of_one_class_and_of_wrong_sums(engine):
    df = small(engine, y=[2, 2], p=[0.5, 0.25], q=[0.5, 0.5])
    same(metrics.brier_score_loss(df, "y", "p"), sk.brier_score_loss([2, 2], [0.5, 0.25]))
    same(metrics.log_loss(df, "y", "p", labels=[1, 2]), sk.log_loss([2, 2], [0.5, 0.25], labels=[1, 2]))
    with pytest.raises(InvalidValue, match="only one class, 2"):
        metrics.log_loss(df, "y", "p")
    with pytest.warns(UserWarning, match="do not sum to one"):
        found = metrics.log_loss(df, "y", ["q", "p"], labels=[1, 2])
    expected, _ = quietly(sk.log_loss, [2, 2], [[0.5, 0.5], [0.5, 0.25]], labels=[1, 2])
    same(found, expected)
    with pytest.warns(UserWarning, match="ordered lexicographically"):
        found = metrics.log_loss(df, "y", "p", labels=[2, 1])
    same(found, -np.log([0.5, 0.25]).mean())
    with pytest.raises(InvalidValue, match="not among the labels"):
        metrics.log_loss(df, "y", "p", labels=[0, 1])
    with pytest.raises(InvalidValue, match=r"3 classes.*2 probabilities"):
        metrics.log_loss(df, "y", "p", labels=[0, 1, 2])
    with pytest.raises(InvalidValue, match="at least two"):
        metrics.log_loss(df, "y", "p", labels=[2])


# ---- calibration


@on_every_engine
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("n_bins", [1, 5, 50])
@pytest.mark.parametrize("p", ["p", "smooth"])
def test_a_calibration_table_is_the_calibration_curve(engine, strategy, n_bins, p):
    options = {"n_bins": n_bins, "strategy": strategy}
    for y, pos_label in (("yes", None), ("word", "yes")):
        found = metrics.calibration_table(stored(engine), y, p, pos_label=pos_label, **options).to_pandas()
        happened, predicted = calibration_curve(TABLE[y], TABLE[p], pos_label=pos_label, **options)
        assert found.index.name == "bin"
        assert list(found.columns) == ["count", "mean_predicted", "fraction_of_positives"]
        assert found["count"].sum() == COUNT
        np.testing.assert_allclose(found.fraction_of_positives, happened, rtol=1e-12)
        np.testing.assert_allclose(found.mean_predicted, predicted, rtol=1e-12)
    edges = np.linspace(0, 1, n_bins + 1) if strategy == "uniform" else np.percentile(TABLE[p], np.linspace(0, 1, n_bins + 1) * 100)
    bins = np.searchsorted(edges[1:-1], TABLE[p])
    assert found.index.tolist() == np.unique(bins).tolist()
    assert found["count"].tolist() == np.bincount(bins)[np.unique(bins)].tolist()


@on_every_engine
def test_a_calibration_table_with_weights_and_of_few_rows(engine):
    df = small(engine, y=[1, 0, 1, 0], p=[0.1, 0.2, 0.9, 1.0], w=[1.0, 3.0, 0.0, 0.0])
    found = metrics.calibration_table(df, "y", "p", sample_weight="w", n_bins=2).to_pandas()
    assert found["count"].tolist() == [2, 2]
    assert found.mean_predicted.tolist() == pytest.approx([0.7 / 4, math.nan], nan_ok=True)
    assert found.fraction_of_positives.tolist() == pytest.approx([0.25, math.nan], nan_ok=True)
    one = metrics.calibration_table(small(engine, y=[True], p=[0.3]), "y", "p", strategy="quantile").to_pandas()
    assert one.reset_index().to_numpy().tolist() == [[0, 1, 0.3, 1.0]]


# ---- numbers


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(("y", "p"), [("number", "number_p"), ("whole", "votes"), ("whole", "number"), ("one", "p"), ("yes", "p")])
def test_errors_of_numbers(engine, y, p, weight):
    df, truth, guess = stored(engine), TABLE[y].to_numpy().astype("float64"), TABLE[p].to_numpy().astype("float64")
    for name in ("mean_squared_error", "root_mean_squared_error", "mean_absolute_error"):
        same(getattr(metrics, name)(df, y, p, sample_weight=weight), getattr(sk, name)(truth, guess, **weights(weight)))
    # The offset of a million leaves ten digits of the spread in the numbers themselves, in both programs.
    same(metrics.r2_score(df, y, p, sample_weight=weight), sk.r2_score(truth, guess, **weights(weight)), rel=1e-10)


@on_every_engine
def test_r2_of_one_value_and_of_one_row(engine):
    df = small(engine, y=[0.1] * 7, same=[0.1] * 7, off=[0.2] * 7)
    assert metrics.r2_score(df, "y", "same") == sk.r2_score([1.0] * 7, [1.0] * 7) == 1.0
    assert metrics.r2_score(df, "y", "off") == sk.r2_score([1.0] * 7, [2.0] * 7) == 0.0
    assert math.isnan(metrics.r2_score(df, "y", "same", force_finite=False))
    assert metrics.r2_score(df, "y", "off", force_finite=False) == -math.inf
    with pytest.warns(UndefinedMetricWarning, match="less than two samples"):
        assert math.isnan(metrics.r2_score(small(engine, y=[1.0], p=[1.0]), "y", "p"))
    # Of the rows that count, one value only.
    df = small(engine, y=[0.1, 0.1, 9.0], p=[0.2, 0.1, 3.0], w=[1.0, 2.0, 0.0])
    assert metrics.r2_score(df, "y", "p", sample_weight="w") == 0.0


@on_every_engine
def test_numbers_whose_squares_are_no_floats_are_refused(engine):
    df = small(engine, y=[1e200, 0.0], p=[-1e308, 0.0], fine=[1e139, 0.0])
    for metric in (metrics.mean_squared_error, metrics.mean_absolute_error, metrics.r2_score):
        with pytest.raises(InvalidValue, match="beyond 1e\\+140 in 1 rows"):
            metric(df, "y", "p")
    assert metrics.mean_squared_error(df, "fine", "fine") == 0.0
    for metric in (metrics.log_loss, metrics.brier_score_loss, metrics.calibration_table):
        with pytest.raises(InvalidValue, match="below 0 or above 1 in 1 rows"):
            metric(small(engine, y=[0, 1], p=[1e200, 0.0]), "y", "p")


@on_every_engine
def test_decimals_are_numbers_and_classes(engine):
    df = small(engine, y=[1, 2, 2], p=[1, 2, 1], half=[1, 3, 4])
    df["y"], df["p"] = df.y.astype("decimal(38,2)"), df.p.astype("decimal(38,2)")
    df["half"] = df.half.astype("decimal(38,1)") * df.p
    assert metrics.accuracy_score(df, "y", "p") == 2 / 3
    assert metrics.mean_absolute_error(df, "y", "half") == pytest.approx((0 + 4 + 2) / 3)


# ---- what is refused

ALL = {
    "confusion_matrix": ("one", "one_p"), "accuracy_score": ("one", "one_p"), "precision_score": ("one", "one_p"),
    "recall_score": ("one", "one_p"), "f1_score": ("one", "one_p"), "roc_auc_score": ("one", "p"), "log_loss": ("one", "p"),
    "average_precision_score": ("one", "p"), "brier_score_loss": ("one", "p"), "calibration_table": ("one", "p"),
    "mean_squared_error": ("number", "number_p"), "root_mean_squared_error": ("number", "number_p"), "r2_score": ("number", "number_p"),
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
    for metric in (metrics.mean_squared_error, metrics.r2_score, metrics.roc_auc_score, metrics.average_precision_score,
                   metrics.log_loss, metrics.brier_score_loss, metrics.calibration_table):
        with pytest.raises(InvalidValue, match=r"missing: p \('nan'\) in 2 rows"):
            metric(df, "y", "nan")
        with pytest.raises(InvalidValue, match=r"infinite: p \('inf'\) in 2 rows"):
            metric(df, "y", "inf")
        with pytest.raises(InvalidValue, match=r"infinite: sample_weight \('inf'\) in 2 rows"):
            metric(df, "y", "y", sample_weight="inf")
    with pytest.raises(InvalidValue, match=r"missing: y \('nan'\) in 2 rows"):
        metrics.accuracy_score(df, "nan", "y")


@on_every_engine
@pytest.mark.parametrize(("metric", "words"), [
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
    (lambda df: metrics.accuracy_score(df, "number", "one"), "classes are no fractions"),
    (lambda df: metrics.roc_auc_score(df.assign(y=df.one + 0.25), "y", "p"), "classes are no fractions"),
    (lambda df: metrics.calibration_table(df, "one", "p", n_bins=0), "n_bins"),
    (lambda df: metrics.calibration_table(df, "one", "p", strategy="other"), "strategy"),
    (lambda df: metrics.log_loss(df, "one", []), "no columns"),
])
def test_wrong_values(engine, metric, words):
    with pytest.raises(InvalidValue, match=words):
        metric(stored(engine))


@pytest.mark.parametrize(("metric", "error", "words"), [
    (lambda df: metrics.accuracy_score(df, "wrong", "p"), ColumnNotFound, "'wrong'"),
    (lambda df: metrics.accuracy_score(df, "word", "one"), InvalidType, "is string, and"),
    (lambda df: metrics.accuracy_score(df, "word", [1, 2]), InvalidType, "p of accuracy_score has to be a string or a Series, not"),
    (lambda df: metrics.accuracy_score(df.to_pandas(), "word", "word"), InvalidType, "frame of accuracy_score has to be a DataFrame, not a pandas.DataFrame"),
    (lambda df: metrics.roc_auc_score(df, "one", "word"), InvalidType, "a number is needed"),
    (lambda df: metrics.roc_auc_score(df, "one", "p", sample_weight="word"), InvalidType, "a number is needed"),
    (lambda df: metrics.roc_auc_score(df, df.one.to_pandas(), "p"), InvalidType, "y of roc_auc_score has to be a string or a Series, not a pandas.Series"),
    (lambda df: metrics.r2_score(df, "word", "p"), InvalidType, "a number is needed"),
    (lambda df: metrics.calibration_table(df, "one", "p", n_bins=2.5), InvalidType, "n_bins"),
])
def test_wrong_columns(metric, error, words):
    with pytest.raises(error, match=words):
        metric(stored("duckdb"))


@on_every_engine
def test_squares_that_are_too_small_for_a_float_are_nothing(engine):
    # Naive Bayes gives such probabilities, and an engine may raise where their square is no float.
    frame = load(engine, {"y": [0, 1, 0, 1], "p": [1e-200, 1.0, 0.5, 0.75]})
    assert metrics.brier_score_loss(frame, "y", "p") == (0.5**2 + 0.25**2) / 4
    assert metrics.mean_squared_error(frame, "y", "p") == (0.5**2 + 0.25**2) / 4
    assert metrics.r2_score(frame, "y", "p") == 1 - (0.5**2 + 0.25**2)
