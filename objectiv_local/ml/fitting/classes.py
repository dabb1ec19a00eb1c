"""The classes of a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame
from objectiv_local.frame.authoring import state_of
from objectiv_local.ml.targets import MAX_CLASSES, values_of


def classes_of(frame: DataFrame, target: str, who: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the sorted classes of a target, and the number of rows of each. Runs one query.

    Raises InvalidValue, with scikit-learn's message, for no rows, missing values, fractions and too many values.
    """
    column = state_of(frame).column(target)
    if column.type.name not in ("bool", "int64", "float64", "decimal", "string"):
        raise InvalidType(
            f"the target {target!r} is {column.type}: neither a bool, a number nor a string",
            hint="use a comparison, or cast it with astype",
        )
    labels, rows = values_of(frame, target)
    known = {label: count for label, count in zip(labels, rows, strict=True) if label is not None and label == label}  # noqa: PLR0124
    if not labels:
        raise InvalidValue(f"Found array with 0 sample(s) while a minimum of 1 is required by {who}.")
    if len(known) < len(labels):
        raise InvalidValue(
            f"Input y contains NaN: the target {target!r} is missing in {sum(rows) - sum(known.values())} rows",
            hint=f"drop them first: df.dropna(subset=[{target!r}])",
        )
    if len(known) > MAX_CLASSES or (column.type.name in ("float64", "decimal") and any(label % 1 for label in known)):
        raise InvalidValue(
            "Unknown label type: continuous. Maybe you are trying to fit a classifier, which expects discrete "
            "classes on a regression target with continuous values.",
            hint=f"the target {target!r} has fractions, or more than {MAX_CLASSES} values",
        )
    # 0.0 and -0.0 are one class, and engines differ in which of them represents a group.
    known = {label + 0.0 if isinstance(label, float) else label: count for label, count in known.items()}
    order = sorted(known)
    classes = np.array(order, dtype={"string": object, "decimal": float}.get(column.type.name))
    return classes, np.array([known[label] for label in order], dtype=np.int64)
