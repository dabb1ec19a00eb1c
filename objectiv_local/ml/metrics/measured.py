"""What is measured: the truth, the predictions and the weights of the same rows, and what is wrong with them."""

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

#: A class, as users give it.
ClassLabel = bool | float | str

#: The types of columns that can be classes.
LABELS = ("bool", "int64", "string", "float64", "decimal")


@dataclass(frozen=True)
class Measured:
    """Rows with the columns ``y``, ``p`` (or ``p0``, ``p1`` ... for several) and, if there are weights, ``w``.

    ``titles`` are what messages call these columns.
    """

    state: State
    titles: dict[str, str]

    @property
    def plan(self) -> Node:
        """The rows."""
        return self.state.plan

    @property
    def predictions(self) -> list[Expr]:
        """The columns of the prediction."""
        return [self.plan.column(name) for name in self.titles if name.startswith("p")]

    @property
    def y(self) -> Expr:
        """The truth."""
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
        """Return the sum of the weights, which without weights is the number of rows."""
        return aggregation("size", where=where) if self.weight is None else aggregation("sum", self.weight, where=where)

    def checks(self) -> NamedExprs:
        """Return the aggregates that tell what is wrong, for :meth:`check`."""
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
        """Raise InvalidValue for what the values of :meth:`checks` tell."""
        if not found["rows"]:
            raise InvalidValue("there are no rows to measure")
        for word in ("missing", "infinite", "negative"):
            wrong = [
                f"{title} in {found[f'{word}_{name}']} rows"
                for name, title in self.titles.items()
                if found.get(f"{word}_{name}")
            ]
            if wrong:
                raise InvalidValue(f"{word}: {', '.join(wrong)}", hint="leave these rows out, or fill the column")
        if not found["weight"]:
            raise InvalidValue("the weights are all 0", hint="leave sample_weight out to weigh all rows alike")

    def fetch(self, plan: Node) -> list[dict[str, Any]]:
        """Return the rows of a plan made of these."""
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

    Raises ColumnNotFound, and InvalidType for columns that are neither.
    """
    if not isinstance(frame, DataFrame):
        raise InvalidType(
            f"metrics are of a frame, not of {type(frame).__name__}",
            hint="pass the frame first, then columns: accuracy_score(df, 'y', 'predicted')",
        )
    several = isinstance(p, Sequence) and not isinstance(p, str)
    if several and not p:
        raise InvalidValue("p has no columns", hint="name the column of the prediction, or one for each class")
    given: dict[str, str | Series] = {"y": y}
    if p is not None:
        given |= {f"p{number}": each for number, each in enumerate(p)} if several else {"p": p}  # type: ignore[dict-item]
    if sample_weight is not None:
        given["w"] = sample_weight
    columns, titles = {}, {}
    for name, column in given.items():
        if not isinstance(column, str | Series):
            raise InvalidType(f"{_parameter(name)} is the name of a column or a series, not {type(column).__name__}")
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
            f"column {name!r} is {column.type}, and classes are bools, whole numbers or text", hint="cast it with astype"
        )
    if column.type.name in ("float64", "decimal"):
        return not_nan(cast(column, FLOAT64))
    return column


def is_label(column: Expr, label: object) -> Expr:
    """Return whether a column of labels is the given one, as Python compares them: 1 is true, and no text is a number."""
    if column.type.name == "string":
        return call("eq", column, literal(label)) if isinstance(label, str) else literal(False)
    if isinstance(label, str) or label is None or not float(label).is_integer():  # type: ignore[arg-type]
        return literal(False)
    if column.type == BOOL:
        return column if label == 1 else call("not", column) if label == 0 else literal(False)
    whole = literal(int(label))  # type: ignore[call-overload]
    return call("eq", column, cast(whole, column.type))


def whole_labels(labels: Sequence[Any], title: str) -> None:
    """Raise InvalidValue if labels are floats that are no whole numbers."""
    for label in labels:
        if isinstance(label, float) and not label.is_integer():
            raise InvalidValue(
                f"{title} has the value {label!r}, and classes are no fractions",
                hint="for numbers, use r2_score or mean_squared_error; for classes, cut or round it",
            )


def positive_label(labels: Sequence[Any], pos_label: object, title: str, *, else_greater: bool = False) -> Any:
    """Return the label that counts as positive: 1 of -1, 0 and 1 unless one is given. ``labels`` are those that occur.

    Raises InvalidValue where there are more than two, where the given one is not among two, and where none can be told.
    """
    whole_labels(labels, title)
    if len(labels) > 2:
        raise InvalidValue(
            f"{title} has {len(labels)} classes or more, and two are needed",
            hint="compare it with one class first: df.assign(y=df.y == 'this')",
        )
    if pos_label is None:
        if not any(isinstance(label, str) for label in labels) and set(labels) in ({0, 1}, {-1, 1}, {0}, {1}, {-1}):
            return 1
        if else_greater and not any(isinstance(label, str) for label in labels):
            return max(labels)
        raise InvalidValue(
            f"{title} has the classes {sorted(labels)}, and it is not clear which one is positive", hint="pass pos_label"
        )
    if len(labels) == 2 and pos_label not in labels:
        raise InvalidValue(f"pos_label={pos_label!r} is not a class of {title}, which has {sorted(labels)}")
    return pos_label
