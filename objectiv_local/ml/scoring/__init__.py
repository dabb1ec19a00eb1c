"""Answers of a fitted model as columns of a frame: written as SQL, or computed here and joined to the rows."""

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
    """Return the frame with the answers of a fitted scikit-learn model as further columns. The result is lazy.

    ``method`` is that of the model; ``auto`` is ``predict``. Columns are found by the names that the model was fitted to, in
    whatever order they stand, and the others stay as they are; a model that was fitted without names needs ``features``, the
    columns in the order of the fit. Answers are named ``prediction``, ``probability_<class>``, and ``score`` or, for several
    classes, ``score_<class>``. ``output`` is another name, or what the names of several columns start with.

    With ``where="sql"`` the answers are expressions, for linear and logistic models, naive Bayes, k-means, trees, forests,
    gradient boosting, and pipelines of these; NotSupported says what has no SQL. With ``"local"``, rows go through the model
    here, batch by batch, whatever it is; its answers are loaded as a temporary table and joined by the index, which has to
    tell the rows apart. ``auto`` is SQL where there is one of at most ``max_sql`` characters.

    A row that the model would refuse has NULL for an answer: one with a NULL, NaN or infinite feature, unless the model
    handles it. A number beyond 1e100 counts as infinite, but for models that are one sum of features; where a term of such
    a sum is beyond the floats, or is not 0 and smaller than any, Postgres raises. Of equal scores the first class is the
    answer, as in scikit-learn.

    Raises scikit-learn's NotFittedError for a model that is not fitted, ColumnNotFound for features that the frame has not,
    InvalidType for features that are no numbers, and InvalidValue for a method that the model has not and for names of
    answers that are taken.

    >>> from objectiv_local import DataFrame
    >>> from sklearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> visits = DataFrame.from_schema({"user": "int64", "minutes": "int64"}, index="user", table_name="visits")
    >>> score(model, visits, features=["minutes"], output="expected").columns
    ['minutes', 'expected']
    """
    if not isinstance(frame, DataFrame):
        raise InvalidType(
            f"the rows to score are a frame, not {type(frame).__name__}",
            hint="load them with DataFrame.from_pandas, or call the model on them",
        )
    if where not in ("auto", "sql", "local"):
        raise InvalidValue(f"where is 'auto', 'sql' or 'local', not {where!r}")
    if isinstance(max_sql, bool) or not isinstance(max_sql, int) or max_sql < 0:
        raise InvalidValue(f"max_sql is a number of characters, not {max_sql!r}")
    task = Task.of(model, frame, method, features, output)
    reason: NotSupported | None = None
    if where != "local":
        # A frame without connection can only be compiled.
        choose = where == "auto" and frame.engine is not None
        try:
            return in_sql(task, max_sql if choose else None)
        except NotSupported as error:
            if not choose:
                raise
            reason = error
    return locally(task, reason)
