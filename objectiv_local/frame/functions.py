"""The aggregates that a user can name: the operations of each, and how their values are combined.

An aggregate of the catalog needs no line here: its name is that of its operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from objectiv_local.errors import ColumnNotFound, InvalidType, InvalidValue, NotSupported, near
from objectiv_local.frame.state import State
from objectiv_local.plan.expr import Aggregation, Column, Expr, Ordering, aggregation, call, case, cast, literal
from objectiv_local.plan.naming import repeated
from objectiv_local.plan.ops import OPS
from objectiv_local.types import FLOAT64, INT64

#: Types of aggregates with ``numeric_only``; columns of other types are omitted.
NUMERIC = ("bool", "int64", "float64", "decimal")

#: Types with quantiles: their values can be interpolated.
INTERPOLATED = (*NUMERIC, "timedelta", "timestamp")
#: Types with an order but without interpolation; their median is the lower of the two middle values.
NOT_INTERPOLATED = ("string", "date", "time")

_OTHERS = "pass numeric_only=True, choose columns, as in df[['a', 'b']], or cast them with astype"

Combine = Callable[[Sequence[Expr]], Expr]
#: An aggregate as users pass it: a name, or a function of that name such as ``sum``.
Function = str | Callable[..., Any]


@dataclass(frozen=True)
class Reduction:
    """The operations of an aggregate, and how their values are combined; None for a single operation."""

    parts: tuple[Aggregation, ...]
    combine: Combine | None = None

    def where(self, condition: Expr) -> Reduction:
        """Return the aggregate over the rows where a condition is true."""
        return replace(
            self, parts=tuple(Aggregation(part.op, part.args, part.order, condition, part.type) for part in self.parts)
        )

    def over(self, window: Callable[[Aggregation], Expr]) -> Expr:
        """Return the aggregate over a window; ``window`` turns an operation into a window expression."""
        values = [window(part) for part in self.parts]
        return values[0] if self.combine is None else self.combine(values)


def checked_function(func: object) -> str:
    """Return the name of an aggregate that a user passes as a name or a function. Raises InvalidValue."""
    if not isinstance(func, str) and callable(func):
        func = getattr(func, "__name__", func)
    if func not in FUNCTIONS:
        raise InvalidValue(f"{func!r} is not an aggregate", hint=near(str(func), FUNCTIONS))
    return str(func)


def reduction(func: str, value: Expr, order: tuple[Ordering, ...] = (), **options: object) -> Reduction:
    """Return the aggregate ``func`` of ``value``, in the order of the rows where the order matters.

    Options are those of :data:`MADE`; ``skipna`` has to be true.
    """
    if options.pop("skipna", True) is not True:
        raise NotSupported(
            f"{func} with skipna=False is not supported",
            hint="missing values are always skipped; use isnull().any() to test for them",
        )
    made = MADE.get(func, Made(partial(_operation, func)))
    option = None if made.option is None else options.pop(made.option, None)
    if options:
        raise InvalidType(
            f"{func} has no option {next(iter(options))!r}",
            hint=None if made.option is None else f"its option is {made.option}",
        )
    return made.make(AggregateArguments(value, order, made.default if option is None else option))


@dataclass(frozen=True, slots=True)
class AggregateArguments:
    """The arguments of an aggregate: the values, the order of the rows, and the aggregate's option."""

    value: Expr
    order: tuple[Ordering, ...]
    option: object = None


def _operation(op: str, arguments: AggregateArguments) -> Reduction:
    return Reduction((aggregation(op, arguments.value, order=arguments.order if OPS[op].ordered else ()),))


def _json_array(arguments: AggregateArguments) -> Reduction:
    if all(key.expr is not arguments.value for key in arguments.order):
        arguments = replace(arguments, order=(*arguments.order, Ordering(arguments.value)))
    return _operation("to_json_array", arguments)


def _sum(arguments: AggregateArguments) -> Reduction:
    value, min_count = arguments.value, arguments.option
    if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 0:
        raise InvalidValue(
            f"min_count has to be a non-negative whole number, not {min_count!r}",
            hint="with 0, the sum of no values is 0; with 1, it is missing",
        )
    if min_count < 2:
        return Reduction((aggregation("sum_or_null" if min_count else "sum", value),))
    return Reduction(
        (aggregation("sum_or_null", value), aggregation("count", value)),
        lambda values: case([(call("ge", values[1], literal(min_count)), values[0])]),
    )


def _spread(op: str, arguments: AggregateArguments) -> Reduction:
    ddof = arguments.option
    if isinstance(ddof, bool) or not isinstance(ddof, int) or ddof not in (0, 1):
        raise InvalidValue(f"ddof has to be 0 or 1, not {ddof!r}", hint="use 1 for a sample, 0 for the whole population")
    return Reduction((aggregation(op, arguments.value, literal(ddof)),))


def _std_pop(arguments: AggregateArguments) -> Reduction:
    return Reduction((aggregation("std", arguments.value, literal(0)),))


def _sem(arguments: AggregateArguments) -> Reduction:
    return Reduction(
        (*_spread("std", arguments).parts, aggregation("count", arguments.value)),
        lambda values: call("truediv", values[0], call("sqrt", values[1])),
    )


def _quantile(arguments: AggregateArguments) -> Reduction:
    value, q = arguments.value, arguments.option
    if isinstance(q, bool) or not isinstance(q, int | float) or not 0 <= q <= 1:
        raise InvalidValue(f"q has to be a number from 0 to 1, not {q!r}")
    if value.type.name == "bool":
        value = cast(value, INT64)
    return Reduction((aggregation("quantile", value, literal(float(q))),))


def _median(arguments: AggregateArguments) -> Reduction:
    if arguments.value.type.name in NOT_INTERPOLATED:
        return Reduction((aggregation("quantile_disc", arguments.value, literal(0.5)),))
    return _quantile(replace(arguments, option=0.5))


@dataclass(frozen=True, slots=True)
class Made:
    """How an aggregate is built from operations, and its option; ``default`` applies if the option is not given, or None."""

    make: Callable[[AggregateArguments], Reduction]
    option: str | None = None
    default: object = None


#: Aggregates that consist of more than one operation, or that have an option.
MADE: dict[str, Made] = {
    "size": Made(lambda _: Reduction((aggregation("size"),))),
    "sum": Made(_sum, "min_count", 0),
    "var": Made(partial(_spread, "var"), "ddof", 1),
    "std": Made(partial(_spread, "std"), "ddof", 1),
    "std_pop": Made(_std_pop),
    "sem": Made(_sem, "ddof", 1),
    "median": Made(_median),
    "quantile": Made(_quantile, "q", 0.5),
    "to_json_array": Made(_json_array),
}
#: The aggregates that users can name: these, and all others in the catalog.
FUNCTIONS = tuple(dict.fromkeys((*(op.name for op in OPS.values() if op.kind == "aggregate" and not op.internal), *MADE)))


@dataclass(frozen=True)
class Named:
    """Aggregates with the names of their result columns."""

    columns: tuple[tuple[str, Reduction], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the results."""
        return tuple(name for name, _ in self.columns)

    def aggregates(self) -> tuple[tuple[str, Aggregation], ...]:
        """Return the operations to compute, with their names."""
        out: list[tuple[str, Aggregation]] = []
        for name, made in self.columns:
            out += [(_part(name, position), part) for position, part in enumerate(made.parts)]
        return tuple(out)

    def combined(self) -> tuple[tuple[str, Expr], ...]:
        """Return the columns that are computed from several operations."""
        return tuple(
            (name, made.combine([Column(_part(name, position), part.type) for position, part in enumerate(made.parts)]))
            for name, made in self.columns
            if made.combine is not None
        )


def _part(name: str, position: int) -> str:
    return name if position == 0 else f"{name}_{position + 1}_of_all"


def named(
    state: State,
    columns: Sequence[str],
    func: object,
    *,
    numeric_only: bool = False,
    label: str | None = None,
    **options: object,
) -> Named:
    """Return aggregates of columns, named ``<column>_<func>``: one or several for each column, or those in a mapping.

    With ``numeric_only``, non-numeric columns are omitted, unless a mapping names them.
    """
    if isinstance(func, Mapping):
        pairs = []
        for column, names in func.items():
            if column not in columns:
                raise ColumnNotFound(f"there is no column {column!r} to aggregate", hint=near(str(column), columns))
            pairs += [(column, name) for name in (names if isinstance(names, list | tuple) else [names])]
    else:
        names = list(func) if isinstance(func, list | tuple) else [func]
        kept = [name for name in columns if not numeric_only or state.type_of(name).name in NUMERIC]
        pairs = [(column, name) for column in kept for name in names]
    if not pairs:
        raise InvalidValue("there is no column left to aggregate", hint="use size() for the number of rows")
    out: list[tuple[str, Reduction]] = []
    for column, name in pairs:
        checked = checked_function(name)
        try:
            made = reduction(checked, state.value(column), state.order, **options)
        except InvalidType as error:
            every = not isinstance(func, Mapping) and "computed from" in error.what
            raise InvalidType(f"column {column!r}: {error.what}", hint=_OTHERS if every else error.hint) from None
        out.append((f"{column}_{label or checked}", made))
    return unique(out)


def unique(columns: Sequence[tuple[str, Reduction]]) -> Named:
    """Return named aggregates. Raises InvalidValue for a duplicate name."""
    twice = repeated(name for name, _ in columns)
    if twice:
        raise InvalidValue(f"the result would have two columns named {twice[0]!r}", hint="use distinct names")
    return Named(tuple(columns))


def keyword_aggregates(state: State, columns: Sequence[str], given: Mapping[str, object]) -> Named:
    """Return the aggregates of ``agg(total=('amount', 'sum'))``: a column and an aggregate for each new name."""
    out = []
    for name, pair in given.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise InvalidType(
                f"{name}= has to be a pair of a column and an aggregate, not {pair!r}",
                hint=f"as in agg({name}=('amount', 'sum'))",
            )
        column, func = pair
        if column not in columns:
            raise ColumnNotFound(f"there is no column {column!r} to aggregate", hint=near(str(column), columns))
        out.append((name, reduction(checked_function(func), state.value(column), state.order)))
    return unique(out)


def as_float(expr: Expr) -> Expr:
    """Return a number as a float."""
    return cast(cast(expr, INT64) if expr.type.name == "bool" else expr, FLOAT64)
