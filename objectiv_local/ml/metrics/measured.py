"""The data of metrics: the true values, predictions and weights of the same rows, and checks of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Aggregation,
    Expr,
    NamedExprs,
    Node,
    Select,
    State,
    aggregation,
    call,
    cast,
    literal,
    state_of,
)
from objectiv_local.ml.expressions import not_nan, number_of
from objectiv_local.ml.fetching import fetched
from objectiv_local.ml.targets import with_target
from objectiv_local.types import BOOL, FLOAT64, INT64

INFINITE = literal(math.inf)

#: A class label as users pass it.
ClassLabel = bool | float | str

#: The types of columns that can be class labels.
LABELS = ("bool", "int64", "string", "float64", "decimal")


@dataclass(frozen=True)
class Measured:
    """Rows with the columns ``y``, ``p`` (or ``p0``, ``p1`` ... for several) and, if there are weights, ``w``.

    ``titles`` are the names of these columns in messages.
    """

    state: State
    titles: dict[str, str]

    @property
    def plan(self) -> Node:
        """The rows."""
        return self.state.plan

    @property
    def predictions(self) -> list[Expr]:
        """The columns of the predictions."""
        return [self.plan.column(name) for name in self.titles if name.startswith("p")]

    @property
    def y(self) -> Expr:
        """The true values."""
        return self.plan.column("y")

    @property
    def weight(self) -> Expr | None:
        """The weight of each row."""
        return self.plan.column("w") if "w" in self.titles else None

    def sum(self, value: Expr, where: Expr | None = None) -> Aggregation:
        """Return the sum of a value times its weight."""
        weighted = value if self.weight is None else call("mul", cast(self.weight, FLOAT64), value)
        return aggregation("sum", weighted, where=where)

    def total(self, where: Expr | None = None) -> Aggregation:
        """Return the sum of the weights, or the number of rows without weights."""
        return aggregation("size", where=where) if self.weight is None else aggregation("sum", self.weight, where=where)

    def checks(self) -> NamedExprs:
        """Return the aggregates that :meth:`check` needs to find invalid data."""
        out: list[tuple[str, Expr]] = [("rows", aggregation("size")), ("weight", self.total())]
        for name in self.titles:
            column = self.plan.column(name)
            out.append((f"missing_{name}", aggregation("size", where=call("is_null", column))))
            if column.type == FLOAT64:
                out.append((f"infinite_{name}", aggregation("size", where=call("eq", call("abs", column), INFINITE))))
        if self.weight is not None:
            out.append(("negative_w", aggregation("size", where=call("lt", self.weight, cast(literal(0), self.weight.type)))))
        return tuple(out)

    def check(self, found: Mapping[str, Any]) -> None:
        """Raise InvalidValue for invalid data, given the values of :meth:`checks`."""
        if not found["rows"]:
            raise InvalidValue("there are no rows to measure")
        for word in ("missing", "infinite", "negative"):
            wrong = [
                f"{title} in {found[f'{word}_{name}']} rows"
                for name, title in self.titles.items()
                if found.get(f"{word}_{name}")
            ]
            if wrong:
                raise InvalidValue(f"{word}: {', '.join(wrong)}", hint="remove these rows, or fill the column")
        if not found["weight"]:
            raise InvalidValue("the weights are all 0", hint="omit sample_weight to weigh all rows equally")

    def fetch(self, plan: Node) -> list[dict[str, Any]]:
        """Return the rows of a plan over these rows."""
        rows: list[dict[str, Any]] = fetched(self.state, plan).to_pylist()
        return rows


def measured(
    frame: DataFrame,
    y: str | Series,
    p: str | Series | Sequence[str | Series] | None,
    sample_weight: str | Series | None,
    *,
    classes: str = "",
) -> Measured:
    """Return the columns to measure, side by side. ``classes`` names those of y and p that are labels; others are numbers.

    Raises ColumnNotFound, and InvalidType for columns of other types.
    """
    if not isinstance(frame, DataFrame):
        raise InvalidType(
            f"metrics need a frame, not {type(frame).__name__}",
            hint="pass the frame first, then columns: accuracy_score(df, 'y', 'predicted')",
        )
    several = isinstance(p, Sequence) and not isinstance(p, str)
    if several and not p:
        raise InvalidValue("p has no columns", hint="pass the column of the prediction, or one for each class")
    given: dict[str, str | Series] = {"y": y}
    if p is not None:
        given |= {f"p{number}": each for number, each in enumerate(p)} if several else {"p": p}  # type: ignore[dict-item]
    if sample_weight is not None:
        given["w"] = sample_weight
    columns, titles = {}, {}
    for name, column in given.items():
        if not isinstance(column, str | Series):
            raise InvalidType(f"{_parameter(name)} has to be the name of a column or a series, not {type(column).__name__}")
        frame, found = with_target(frame, column)
        assert found is not None
        columns[name] = found
        titles[name] = f"{_parameter(name)} ({found!r})"
    state, named = state_of(frame), []
    for name, found in columns.items():
        expr: Expr = state.column(found)
        if name[0] in classes:
            expr = _label(expr, found)
        elif name == "w" and expr.type in (BOOL, INT64):
            expr = cast(expr, INT64)
        else:
            expr = number_of(expr, found)
        named.append((name, expr))
    return Measured(state.with_rows(Select(state.plan, tuple(named), "measured"), ()), titles)


def _parameter(name: str) -> str:
    return "sample_weight" if name == "w" else name[0]


def _label(column: Expr, name: str) -> Expr:
    if column.type.name not in LABELS:
        raise InvalidType(
            f"column {name!r} is {column.type}, but classes have to be bools, whole numbers or strings",
            hint="cast it with astype",
        )
    if column.type.name in ("float64", "decimal"):
        return not_nan(cast(column, FLOAT64))
    return column


def is_label(column: Expr, label: object) -> Expr:
    """Return whether a column of labels equals the given one, compared as in Python: 1 is true, and no string is a number."""
    if column.type.name == "string":
        return call("eq", column, literal(label)) if isinstance(label, str) else literal(False)
    if isinstance(label, str) or label is None or not float(label).is_integer():  # type: ignore[arg-type]
        return literal(False)
    if column.type == BOOL:
        return column if label == 1 else call("not", column) if label == 0 else literal(False)
    whole = literal(int(label))  # type: ignore[call-overload]
    return call("eq", column, cast(whole, column.type))


def whole_labels(labels: Sequence[Any], title: str) -> None:
    """Raise InvalidValue if labels are floats that are not integers."""
    for label in labels:
        if isinstance(label, float) and not label.is_integer():
            raise InvalidValue(
                f"{title} has the value {label!r}, but classes have to be whole numbers",
                hint="for numbers, use r2_score or mean_squared_error; for classes, cut or round it",
            )


def positive_label(labels: Sequence[Any], pos_label: object, title: str, *, else_greater: bool = False) -> Any:
    """Return the positive label: 1 if the labels are among -1, 0 and 1, unless one is given. ``labels`` are those that occur.

    Raises InvalidValue for more than two labels, for a given one that is not among two, and if it cannot be determined.
    """
    whole_labels(labels, title)
    if len(labels) > 2:
        raise InvalidValue(
            f"{title} has {len(labels)} classes or more, but two are needed",
            hint="compare it with one class first: df.assign(y=df.y == 'this')",
        )
    if pos_label is None:
        if not any(isinstance(label, str) for label in labels) and set(labels) in ({0, 1}, {-1, 1}, {0}, {1}, {-1}):
            return 1
        if else_greater and not any(isinstance(label, str) for label in labels):
            return max(labels)
        raise InvalidValue(
            f"{title} has the classes {sorted(labels)}, but the positive one is not clear", hint="pass pos_label"
        )
    if len(labels) == 2 and pos_label not in labels:
        raise InvalidValue(f"pos_label={pos_label!r} is not a class of {title}, which has {sorted(labels)}")
    return pos_label
