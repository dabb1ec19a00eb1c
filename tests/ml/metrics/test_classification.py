"""Classification metrics in the database compared with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.metrics.tables import TABLE, WEIGHTS, same, small, stored, weights
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from objectiv_local.errors import InvalidValue
from objectiv_local.ml import metrics


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    ("y", "p"),
    [
        ("yes", "yes_p"),
        ("one", "one_p"),
        ("yes", "one_p"),
        ("flag", "one_p"),
        ("word", "word_p"),
        ("class", "class_p"),
        ("name", "name_p"),
    ],
)
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
    same(
        metrics.accuracy_score(df, y, p, sample_weight=weight, normalize=False),
        sk.accuracy_score(truth, guess, normalize=False, **weights(weight)),
    )
    binary = len(np.unique(truth)) == 2
    pos_label = "yes" if y == "word" else 1
    for name in ("precision_score", "recall_score", "f1_score"):
        for average in ("binary",) if binary else ("macro", "micro", "weighted"):
            options = {"average": average} | ({"pos_label": pos_label} if average == "binary" else {})
            same(
                getattr(metrics, name)(df, y, p, sample_weight=weight, **options),
                getattr(sk, name)(truth, guess, **options, **weights(weight)),
            )
    np.testing.assert_allclose(
        metrics.precision_score(df, y, p, sample_weight=weight, average=None),
        sk.precision_score(truth, guess, average=None, **weights(weight)),
        rtol=1e-12,
    )
    assert metrics.unique_labels(df, y, p).tolist() == np.unique([truth, guess]).tolist()


@on_every_engine
def test_labels_choose_and_order_the_classes(engine):
    df = stored(engine)
    labels = ["b", "日", "a"]
    assert (
        metrics.confusion_matrix(df, "name", "name_p", labels=labels).tolist()
        == sk.confusion_matrix(TABLE.name, TABLE.name_p, labels=labels).tolist()
    )
    same(
        metrics.f1_score(df, "class", "class_p", labels=[3, 1], average="micro"),
        sk.f1_score(TABLE["class"], TABLE.class_p, labels=[3, 1], average="micro"),
    )
    assert metrics.unique_labels(df, "name").tolist() == ["a", "ab", "b", "Éa", "日"]


@on_every_engine
def test_series_are_taken_like_columns(engine):
    df = stored(engine)
    same(
        metrics.accuracy_score(df, df.one == 1, df.p > 0.5, sample_weight=df.n * 2),
        sk.accuracy_score(TABLE.yes, TABLE.p > 0.5, sample_weight=TABLE.n),
    )


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
