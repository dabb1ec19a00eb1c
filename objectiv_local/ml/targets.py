"""The target of a frame: a column of it, or a series over the same rows, and its values."""

from __future__ import annotations

from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import Aggregate, Limit, aggregation, expr_of, state_of, unused_name
from objectiv_local.ml.columns import checked_column
from objectiv_local.ml.fetching import fetched

#: Maximum number of distinct values of a target that count as classes; more indicate a number, or a mistake.
MAX_CLASSES = 1000


def with_target(frame: DataFrame, target: str | Series | None) -> tuple[DataFrame, str | None]:
    """Return the frame with the target as a data column, and the name of that column.

    Raises ColumnNotFound, and InvalidType for a target that is neither a name nor a series.
    """
    if target is None:
        return frame, None
    if isinstance(target, str):
        return frame, checked_column(frame, target, "target", data_only=True)
    if not isinstance(target, Series):
        raise InvalidType(
            f"the target has to be the name of a column or a series over the same rows, not {type(target).__name__}",
            hint="load values in memory with DataFrame.from_pandas, and merge them",
        )
    state = state_of(frame)
    if (
        target.name in frame.data_columns
        and state_of(target).plan is state.plan
        and (expr_of(target) == state.column(target.name))
    ):
        return frame, target.name
    name = unused_name(target.name if target.name not in frame.data_columns else f"{target.name}_target", {**state.plan.types})
    return frame.assign(**{name: target}), name


def required_target(frame: DataFrame, target: Any, who: str) -> tuple[DataFrame, list[str], str]:
    """Return the frame with the target as a data column, the names of its other data columns, and the name of the target.

    Raises InvalidValue, with the name ``who`` of an estimator, without a target, and the errors of :func:`with_target`.
    """
    if target is None:
        raise InvalidValue(
            f"{who} requires y to be passed, but the target y is None",
            hint="pass the name of a column, or a series over the same rows",
        )
    wide, name = with_target(frame, target)
    assert name is not None
    return wide, [each for each in frame.data_columns if each != name], name


def values_of(frame: DataFrame, target: str) -> tuple[list[Any], list[int]]:
    """Return the distinct values of a target, None for NULL, unordered, and the number of rows of each. One query.

    If there are more values than the maximum number of classes, return one more than that.
    """
    state = state_of(frame)
    counted = Aggregate(state.plan, ((target, state.column(target)),), ((unused_name("rows", {target}), aggregation("size")),))
    labels, rows = (values.to_pylist() for values in fetched(state, Limit(counted, (), MAX_CLASSES + 1)).columns)
    return labels, rows
