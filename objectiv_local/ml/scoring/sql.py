"""Predictions as expressions over the rows of a frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from objectiv_local.errors import NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import frame_of
from objectiv_local.ml.scoring import bayes, boosting, clusters, linear, trees
from objectiv_local.ml.scoring.family import OUT, Family
from objectiv_local.ml.scoring.pipeline import transformed
from objectiv_local.ml.scoring.rows import Rows
from objectiv_local.ml.scoring.task import METHODS, Task

FAMILIES: tuple[type[Family], ...] = (
    linear.Classification,
    linear.Regression,
    linear.Generalized,
    bayes.Gaussian,
    bayes.Counting,
    clusters.Centers,
    trees.Classification,
    trees.Regression,
    boosting.Boosting,
    boosting.Histogram,
)


def in_sql(task: Task, max_sql: int | None) -> DataFrame:
    """Return the frame with the predictions as expressions. Raises NotSupported, also for SQL longer than ``max_sql``."""
    frame, features, model = transformed(task)
    family = family_of(model)
    if max_sql is not None and family.size(task.method) > max_sql:
        raise _too_long(task.model, max_sql)
    if len(features) != getattr(model, "n_features_in_", len(features)):
        raise NotSupported(
            f"the steps before {type(model).__name__} return {len(features)} columns in SQL, but it was fitted to "
            f"{model.n_features_in_}",
            hint=OUT,
        )
    rows = Rows(frame)
    x = family.inputs(rows, features)
    answers = getattr(family, task.method)(rows, x)
    names = task.names(None if task.method != "predict_proba" and len(answers) == 1 else len(answers))
    # Hidden columns that the predictions read may have the names of the predictions.
    kept = rows.keep("answers", list(zip(names, answers, strict=True))) if rows.taken & set(names) else answers
    state = rows.state.extended(zip(names, kept, strict=True), "answers")
    scored = frame_of(state, [*frame.data_columns, *names])
    if max_sql is not None and len(frame_of(replace(state, order=()), names).view_sql()) > max_sql:
        raise _too_long(task.model, max_sql)
    return scored


def _too_long(model: Any, max_sql: int) -> NotSupported:
    return NotSupported(
        f"the SQL of this {type(model).__name__} has more than {max_sql} characters", hint='raise max_sql, or pass where="sql"'
    )


def family_of(model: Any) -> Family:
    """Return the expressions of a model. Raises NotSupported for unsupported models, and for user-defined methods."""
    name = type(model).__name__
    for family in FAMILIES:
        if family.knows(model):
            changed = [each for each in METHODS if _changed(type(model), each)]
            if changed:
                raise NotSupported(f"{name} has no SQL: it has its own {changed[0]}", hint=OUT)
            return family(model)
    raise NotSupported(f"{name} has no SQL", hint=OUT)


def _changed(kind: type, method: str) -> bool:
    """Return whether a method is defined in a class of neither scikit-learn nor this package."""
    home = next((each for each in kind.__mro__ if method in vars(each)), None)
    return home is not None and not home.__module__.startswith(("sklearn.", "objectiv_local."))
