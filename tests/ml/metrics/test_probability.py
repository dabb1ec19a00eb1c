"""Probability losses in the database compared with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from frame.frames import on_every_engine
from ml.against import RELEASE
from ml.metrics.tables import TABLE, WEIGHTS, quietly, same, small, stored, weights
from sklearn import metrics as sk

from objectiv_local.errors import InvalidValue
from objectiv_local.ml import metrics


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    ("y", "p"), [("yes", "p"), ("one", "smooth"), ("sign", "p"), ("far", "p"), ("word", "smooth"), ("flag", "p")]
)
def test_losses_of_two_classes(engine, y, p, weight):
    df, truth, guess = stored(engine), TABLE[y].to_numpy(), TABLE[p].to_numpy()
    for normalize in (True, False):
        same(
            metrics.log_loss(df, y, p, normalize=normalize, sample_weight=weight),
            sk.log_loss(truth, guess, normalize=normalize, **weights(weight)),
        )
    for pos_label in (None, *np.unique(truth).tolist()):
        if pos_label is not None or y != "word":
            same(
                metrics.brier_score_loss(df, y, p, pos_label=pos_label, sample_weight=weight),
                sk.brier_score_loss(truth, guess, pos_label=pos_label, **weights(weight)),
            )


def brier(truth, matrix, labels, weight=None, divisor=1):
    """Return the mean over rows of the sum of squared differences of probabilities, as scikit-learn does since its release 1.7."""
    wanted = (np.asarray(truth)[:, None] == np.asarray(labels)[None, :]).astype("float64")
    found = (
        float(np.average(((np.asarray(matrix) - wanted) ** 2).sum(axis=1), weights=weights(weight).get("sample_weight")))
        / divisor
    )
    if RELEASE >= (1, 7):
        same(found, sk.brier_score_loss(truth, matrix, labels=labels, scale_by_half=divisor == 2, **weights(weight)))
    return found


@on_every_engine
@pytest.mark.parametrize("weight", WEIGHTS)
def test_losses_of_several_classes(engine, weight):
    df, columns = stored(engine), ["p_0", "p_1", "p_2"]
    matrix = TABLE[columns].to_numpy()
    same(metrics.log_loss(df, "third", columns, sample_weight=weight), sk.log_loss(TABLE.third, matrix, **weights(weight)))
    for half in ("auto", True, False):
        same(
            metrics.brier_score_loss(df, "third", columns, sample_weight=weight, scale_by_half=half),
            brier(TABLE.third, matrix, [0, 1, 2], weight, 2 if half is True else 1),
        )
    # A class of the model that does not occur, and string classes.
    same(
        metrics.log_loss(df, "word", columns, labels=["No", "what", "yes"], sample_weight=weight),
        sk.log_loss(TABLE.word, matrix, labels=["No", "what", "yes"], **weights(weight)),
    )
    same(
        metrics.brier_score_loss(df, "one", columns, labels=[0, 1, 2], sample_weight=weight),
        brier(TABLE.one, matrix, [0, 1, 2], weight),
    )


@on_every_engine
def test_certainty_is_clipped(engine):
    y, p = [1, 0, 1, 0], [1.0, 0.0, 0.0, 1e-20]
    df = small(engine, y=y, p=p, q=[1 - each for each in p])
    same(metrics.log_loss(df, "y", "p"), sk.log_loss(y, p))
    same(metrics.log_loss(df, "y", ["q", "p"]), sk.log_loss(y, np.array([[1 - each, each] for each in p])))
    same(metrics.brier_score_loss(df, "y", ["q", "p"]), brier(y, [[1 - each, each] for each in p], [0, 1], divisor=2))


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
