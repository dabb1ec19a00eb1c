"""Predictions of a fitted model as columns of a frame: written as SQL, or computed locally and joined to the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import Literal as OneOf

from objectiv_local.arguments import checked
from objectiv_local.errors import InvalidType, InvalidValue, NotSupported
from objectiv_local.frame import DataFrame
from objectiv_local.ml.scoring.local import locally
from objectiv_local.ml.scoring.sql import in_sql
from objectiv_local.ml.scoring.task import Task

__all__ = ["score"]

Method = OneOf["auto", "predict", "predict_proba", "decision_function"]
Where = OneOf["auto", "sql", "local"]


@checked
def score(
    model: Any,
    frame: DataFrame,
    *,
    method: Method = "auto",
    features: Sequence[str] | None = None,
    output: str | None = None,
    where: Where = "auto",
    max_sql: int = 100_000,
) -> DataFrame:
    """Return the frame with the predictions of a fitted scikit-learn model as additional columns. The result is lazy.

    ``method`` is a method of the model; ``auto`` is ``predict``. Features are found by the names to which the model was
    fitted, in any order, and other columns are kept; a model that was fitted without names needs ``features``, the columns in
    the order of the fit. Predictions are named ``prediction``, ``probability_<class>``, and ``score`` or, for several
    classes, ``score_<class>``. ``output`` is another name, or the prefix for several columns.

    With ``where="sql"``, predictions are expressions, for linear and logistic models, naive Bayes, k-means, trees, forests,
    gradient boosting, and pipelines of these; for anything else, NotSupported has the reason. With ``"local"``, rows are
    scored by the model in this process, in batches; the predictions are loaded as a temporary table and joined on the index,
    which has to be unique. ``auto`` uses SQL if it has at most ``max_sql`` characters, otherwise local scoring.

    The prediction is NULL for a row that the model would reject: one with a NULL, NaN or infinite feature, unless the model
    supports it. Absolute values beyond 1e100 count as infinite, except in models with a single sum of features; if a term of
    such a sum overflows or underflows, Postgres raises an error. If scores tie, the first class is predicted, as in
    scikit-learn.

    Raises scikit-learn's NotFittedError for an unfitted model, ColumnNotFound for missing features, InvalidType for
    non-numeric features, and InvalidValue for a method that the model does not have and for predictions with the name of an
    existing column.

    >>> from objectiv_local import DataFrame
    >>> from sklearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> visits = DataFrame.from_schema({"user": "int64", "minutes": "int64"}, index="user", table_name="visits")
    >>> score(model, visits, features=["minutes"], output="expected").columns
    ['minutes', 'expected']
    """
    if not isinstance(frame, DataFrame):
        raise InvalidType(
            f"the rows to score have to be a frame, not {type(frame).__name__}",
            hint="load them with DataFrame.from_pandas, or call the model on them",
        )
    if where not in ("auto", "sql", "local"):
        raise InvalidValue(f"where has to be 'auto', 'sql' or 'local', not {where!r}")
    if isinstance(max_sql, bool) or not isinstance(max_sql, int) or max_sql < 0:
        raise InvalidValue(f"max_sql has to be a non-negative whole number, not {max_sql!r}")
    task = Task.of(model, frame, method, features, output)
    reason: NotSupported | None = None
    if where != "local":
        # A frame without a connection can only be compiled.
        choose = where == "auto" and frame.engine is not None
        try:
            return in_sql(task, max_sql if choose else None)
        except NotSupported as error:
            if not choose:
                raise
            reason = error
    return locally(task, reason)
