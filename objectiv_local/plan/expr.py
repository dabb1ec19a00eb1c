"""Expressions: what one column of a row, group or window is computed from.

An expression has a type from the moment it is made, so a wrong operand fails on the user's line and not in the
database. ``==`` compares expressions as values; the operators that users write live on Series.
"""

from __future__ import annotations

import decimal
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from objectiv_local.arguments import check_text
from objectiv_local.errors import InvalidType, InvalidValue
from objectiv_local.plan import ops
from objectiv_local.plan.interned import Value
from objectiv_local.types import BOOL, FLOAT64, INT64, JSON, STRING, Type, python_value, type_of_value

if TYPE_CHECKING:
    from objectiv_local.plan.nodes import Node

# Engines stop at 1,000 nested operations and Python's own stack is not endless; a chain this long is a mistake or
# belongs in steps.
MAX_DEPTH = 150


class Expr(Value):
    """An expression. ``columns`` are the names it reads, ``size`` its number of nodes."""

    __slots__ = ("columns", "depth", "has_query", "has_window", "size", "type")

    type: Type
    columns: frozenset[str]
    size: int
    depth: int
    has_window: bool
    has_query: bool

    def children(self) -> tuple[Expr, ...]:
        """Return the expressions that this one is made of."""
        return ()

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        """Return this expression over other children, in the order of :meth:`children`."""
        return self

    def _finish(self, type_: Type, *, has_window: bool = False, has_query: bool = False) -> None:
        children = self.children()
        columns: frozenset[str] = frozenset()
        size, depth = 1, 0
        for child in children:
            columns |= child.columns
            size += child.size
            depth = max(depth, child.depth)
            has_window = has_window or child.has_window
            has_query = has_query or child.has_query
        if depth >= MAX_DEPTH:
            raise InvalidValue(
                f"this expression nests more than {MAX_DEPTH} operations",
                hint="assign an intermediate result to a column: df['step'] = series, and go on from df['step']",
            )
        self._set(type=type_, columns=columns, size=size, depth=depth + 1, has_window=has_window, has_query=has_query)


class Column(Expr):
    """A column of the node that the expression is used on."""

    __slots__ = ("name",)
    __match_args__ = ("name", "type")
    name: str

    def __init__(self, name: str, type: Type) -> None:
        self._set(name=name, type=type, columns=frozenset((name,)), size=1, depth=1, has_window=False, has_query=False)


class Literal(Expr):
    """A constant; ``None`` is NULL. JSON is kept as its text."""

    __slots__ = ("value",)
    __match_args__ = ("value", "type")
    value: object

    def __init__(self, value: object, type: Type) -> None:
        self._set(value=value, type=type, columns=frozenset(), size=1, depth=1, has_window=False, has_query=False)

    def identity(self) -> tuple[object, ...]:
        # 1, 1.0 and True are equal in Python, and so are 0.0 and -0.0, while NaN is not equal to itself.
        return (repr(self.value), self.type)


class Call(Expr):
    """A row-wise operation of the catalogue on its arguments."""

    __slots__ = ("args", "op")
    __match_args__ = ("op", "args", "type")
    op: str
    args: tuple[Expr, ...]

    def __init__(self, op: str, args: tuple[Expr, ...], type: Type) -> None:
        self._set(op=op, args=args)
        self._finish(type)

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        return Call(self.op, children, self.type)


class Cast(Expr):
    """A value as another type."""

    __slots__ = ("arg",)
    __match_args__ = ("arg", "type")
    arg: Expr

    def __init__(self, arg: Expr, type: Type) -> None:
        self._set(arg=arg)
        self._finish(type)

    def children(self) -> tuple[Expr, ...]:
        return (self.arg,)

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        return Cast(children[0], self.type)


class Case(Expr):
    """The value of the first condition that is true, else ``default``."""

    __slots__ = ("default", "whens")
    __match_args__ = ("whens", "default", "type")
    whens: tuple[tuple[Expr, Expr], ...]
    default: Expr

    def __init__(self, whens: tuple[tuple[Expr, Expr], ...], default: Expr, type: Type) -> None:
        self._set(whens=whens, default=default)
        self._finish(type)

    def children(self) -> tuple[Expr, ...]:
        return (*(part for when in self.whens for part in when), self.default)

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        pairs = tuple(zip(children[:-1:2], children[1:-1:2], strict=True))
        return Case(pairs, children[-1], self.type)


def check_compared(type_: Type, use: str) -> None:
    """Raise :class:`InvalidType` for JSON, which each engine compares and orders by its own rules."""
    if not ops.is_ordered(type_):
        raise InvalidType(
            f"rows cannot be {use} {type_}", hint="use a member instead, as in series.json.get_value('id', as_str=True)"
        )


class Ordering(Value):
    """One key of an order. NULL comes last in both directions unless said otherwise."""

    __slots__ = ("ascending", "expr", "nulls_last")
    __match_args__ = ("expr", "ascending", "nulls_last")
    expr: Expr
    ascending: bool
    nulls_last: bool

    def __init__(self, expr: Expr, ascending: bool = True, nulls_last: bool = True) -> None:
        check_compared(expr.type, "sorted by")
        self._set(expr=expr, ascending=ascending, nulls_last=nulls_last)


def _reordered(order: tuple[Ordering, ...], exprs: Iterable[Expr]) -> tuple[Ordering, ...]:
    return tuple(Ordering(expr, old.ascending, old.nulls_last) for old, expr in zip(order, exprs, strict=True))


class Aggregation(Expr):
    """An aggregate or window operation of the catalogue: over a group, or over a window inside :class:`Over`.

    ``order`` is the order of the rows for operations whose answer depends on it; ``where`` keeps the rows to count.
    """

    __slots__ = ("args", "op", "order", "where")
    __match_args__ = ("op", "args", "order", "where", "type")
    op: str
    args: tuple[Expr, ...]
    order: tuple[Ordering, ...]
    where: Expr | None

    def __init__(self, op: str, args: tuple[Expr, ...], order: tuple[Ordering, ...], where: Expr | None, type: Type) -> None:
        self._set(op=op, args=args, order=order, where=where)
        self._finish(type)

    def children(self) -> tuple[Expr, ...]:
        tail = () if self.where is None else (self.where,)
        return (*self.args, *(key.expr for key in self.order), *tail)

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        n, m = len(self.args), len(self.args) + len(self.order)
        where = children[m] if self.where is not None else None
        return Aggregation(self.op, children[:n], _reordered(self.order, children[n:m]), where, self.type)


class WindowFrame(Value):
    """The rows of a window around the current one. ``None`` is unbounded, 0 the current row, negative is before it.

    Of ``RANGE``, numbers are distances in the order, which then is by one whole number.
    """

    __slots__ = ("end", "mode", "start")
    __match_args__ = ("mode", "start", "end")
    mode: OneOf["ROWS", "RANGE"]
    start: int | None
    end: int | None

    def __init__(self, mode: OneOf["ROWS", "RANGE"], start: int | None = None, end: int | None = 0) -> None:
        self._set(mode=mode, start=start, end=end)

    @property
    def has_distance(self) -> bool:
        """Whether it starts or ends at a distance in the order."""
        return self.mode == "RANGE" and bool({self.start, self.end} - {None, 0})


class Over(Expr):
    """An aggregate or window operation over the rows of a window."""

    __slots__ = ("call", "frame", "order", "partition")
    __match_args__ = ("call", "partition", "order", "frame")
    call: Aggregation
    partition: tuple[Expr, ...]
    order: tuple[Ordering, ...]
    frame: WindowFrame | None

    def __init__(
        self, call: Aggregation, partition: tuple[Expr, ...], order: tuple[Ordering, ...], frame: WindowFrame | None
    ) -> None:
        self._set(call=call, partition=partition, order=order, frame=frame)
        self._finish(call.type, has_window=True)

    def children(self) -> tuple[Expr, ...]:
        return (*self.call.children(), *self.partition, *(key.expr for key in self.order))

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        n = len(self.call.children())
        m = n + len(self.partition)
        call = self.call.rebuilt(children[:n])
        assert isinstance(call, Aggregation)
        return Over(call, children[n:m], _reordered(self.order, children[m:]), self.frame)


class Query(Expr):
    """An expression that reads the rows of a plan of its own."""

    __slots__ = ("column", "plan")
    plan: Node
    column: str

    def on(self, plan: Node) -> Query:
        """Return the same expression over another plan."""
        raise NotImplementedError


class ScalarQuery(Query):
    """The single value of a plan that has one row."""

    __slots__ = ()
    __match_args__ = ("plan", "column")

    def __init__(self, plan: Node, column: str) -> None:
        self._set(plan=plan, column=column)
        self._finish(plan.types[column], has_query=True)

    def on(self, plan: Node) -> Query:
        return ScalarQuery(plan, self.column)


class InQuery(Query):
    """Whether a value is among those of a column of a plan. NULL is not."""

    __slots__ = ("arg",)
    __match_args__ = ("arg", "plan", "column")
    arg: Expr

    def __init__(self, arg: Expr, plan: Node, column: str) -> None:
        check_compared(arg.type, "looked up by")
        self._set(arg=arg, plan=plan, column=column)
        self._finish(BOOL, has_query=True)

    def children(self) -> tuple[Expr, ...]:
        return (self.arg,)

    def rebuilt(self, children: tuple[Expr, ...]) -> Expr:
        return InQuery(children[0], self.plan, self.column)

    def on(self, plan: Node) -> Query:
        return InQuery(self.arg, plan, self.column)


class Variable(Expr):
    """A constant with a name, whose value can be set again. It is a :class:`Literal` before a plan is compiled."""

    __slots__ = ("name", "value")
    __match_args__ = ("name", "value", "type")
    name: str
    value: object

    def __init__(self, name: str, value: object, type: Type) -> None:
        self._set(name=name, value=value, type=type, columns=frozenset(), size=1, depth=1, has_window=False, has_query=False)

    def identity(self) -> tuple[object, ...]:
        return (self.name, repr(self.value), self.type)


# ---- making expressions


def literal(value: object, type_: Type | None = None) -> Literal:
    """Return ``value`` as a constant of ``type_``, or of the type that the value itself has.

    >>> literal(3)
    Literal(3, Type(name='int64', label='', scale=0))
    """
    value = python_value(value)
    if value is None:
        if type_ is None:
            raise InvalidType("None has no type of its own", hint="use isnull() or notnull() to test for missing values")
        return Literal(None, type_)
    if isinstance(value, (dict, list)):
        type_ = type_ or JSON
        try:
            value = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidValue(
                f"{value!r} cannot be written as JSON: {error}", hint="JSON has dict, list, str, bool, None and finite numbers"
            ) from None
    if type_ is not None and type_.name == "json" and isinstance(value, str):
        _check_json(value)
    own = type_of_value(value) if type_ is None or type_.name != "json" else type_
    if type_ is None or own == type_:
        return Literal(value, own)
    if own == INT64 and type_ == FLOAT64:
        return Literal(float(value), FLOAT64)  # type: ignore[arg-type]
    if type_.name == "decimal" and own.name in ("int64", "decimal") and own.scale <= type_.scale:
        return Literal(decimal.Decimal(value), type_)  # type: ignore[arg-type]
    raise InvalidType(f"{value!r} is {own}, not {type_}")


def _check_json(text: str) -> None:
    """Raise InvalidValue for JSON with strings that no text of a database can hold, escaped or not."""
    check_text(text, lambda: "the JSON")
    if "\\u" not in text:
        return
    try:
        plain = json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return  # the engine says what is wrong with it
    check_text(plain, lambda: "the JSON")
    if "\\u0000" in plain.replace("\\\\", ""):
        raise InvalidValue("JSON with a NUL character cannot be stored in Postgres", hint="remove the character")


def call(op: str, *args: Expr) -> Expr:
    """Return the row-wise operation ``op`` on ``args``, with arguments widened to one type where it asks for that."""
    result, wanted = ops.result_type(ops.OPS[op], "scalar", args)
    return Call(op, _widened(args, wanted), result)


def aggregation(op: str, *args: Expr, order: tuple[Ordering, ...] = (), where: Expr | None = None) -> Aggregation:
    """Return the aggregate or window operation ``op``, to be used in an aggregation or inside :func:`over`."""
    result, wanted = ops.result_type(ops.OPS[op], "aggregate", args)
    return Aggregation(op, _widened(args, wanted), order, where, result)


def over(
    function: Aggregation, partition: Iterable[Expr] = (), order: Iterable[Ordering] = (), frame: WindowFrame | None = None
) -> Over:
    """Return ``function`` over a window.

    Without ``frame``, the window of an aggregate is the whole partition if there is no order, else the rows up to and
    including the current one and its ties.
    """
    partition, order = tuple(partition), tuple(order)
    operation = ops.OPS[function.op]
    for key in partition:
        check_compared(key.type, "partitioned by")
    if not operation.windowed:
        raise InvalidType(f"{function.op} cannot be computed over a window", hint="aggregate by group and merge the result")
    if operation.ordered and not order:
        raise InvalidValue(f"{function.op} over a window needs an order", hint="sort the frame first: df.sort_values(...)")
    if operation.framed and frame is None and order:
        frame = WindowFrame("RANGE", None, 0)
    if frame is not None and frame.has_distance and (len(order) != 1 or order[0].expr.type.name not in ("int64", "timedelta")):
        raise InvalidType(
            "a window with a range of distances is ordered by one whole number",
            hint="order by an integer, or by the time since a moment",
        )
    return Over(function, partition, order, frame if operation.framed else None)


def case(whens: Iterable[tuple[Expr, Expr]], default: Expr | None = None) -> Expr:
    """Return the value of the first condition that is true; NULL without ``default`` if none is."""
    pairs = tuple(whens)
    for condition, _ in pairs:
        if condition.type != BOOL:
            raise InvalidType(f"a condition has to be bool, not {condition.type}")
    values = [value for _, value in pairs] + ([default] if default is not None else [])
    common = ops.common_type([value.type for value in values])
    if common is None:
        kinds = ", ".join(dict.fromkeys(str(value.type) for value in values))
        raise InvalidType(f"the branches of a case have different types: {kinds}", hint="cast them with astype")
    default = literal(None, common) if default is None else cast(default, common)
    return Case(tuple((condition, cast(value, common)) for condition, value in pairs), default, common)


def cast(expr: Expr, type_: Type) -> Expr:
    """Return ``expr`` as ``type_``. A constant is converted here, so that the SQL shows a plain literal."""
    if expr.type == type_:
        return expr
    if isinstance(expr, Literal):
        if expr.value is None:
            return Literal(None, type_)
        if expr.type == INT64 and type_ == FLOAT64:
            return Literal(float(expr.value), FLOAT64)  # type: ignore[arg-type]
        if type_.name == "decimal" and expr.type.name in ("int64", "decimal") and expr.type.scale <= type_.scale:
            return Literal(decimal.Decimal(expr.value), type_)  # type: ignore[arg-type]
    if not ops.castable(expr.type, type_):
        raise InvalidType(f"{expr.type} cannot be cast to {type_}")
    return Cast(expr, type_)


def _widened(args: tuple[Expr, ...], wanted: tuple[Type, ...]) -> tuple[Expr, ...]:
    widen = {("int64", "float64"), ("int64", "decimal"), ("decimal", "decimal"), ("decimal", "float64"), ("date", "timestamp")}
    return tuple(
        cast(arg, type_)
        if (arg.type.name, type_.name) in widen
        else Literal(None, type_)
        if isinstance(arg, Literal) and arg.value is None
        else arg
        for arg, type_ in zip(args, wanted, strict=True)
    )


# ---- walking expressions


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield ``expr`` and every expression in it, outer ones first."""
    stack = [expr]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children()))


def transform(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """Return ``expr`` with every part replaced for which ``change`` returns something; its parts are not visited then."""
    done = change(expr)
    if done is not None:
        return done
    children = expr.children()
    if not children:
        return expr
    new = tuple(transform(child, change) for child in children)
    return expr if all(a is b for a, b in zip(new, children, strict=True)) else expr.rebuilt(new)


def substitute(expr: Expr, columns: dict[str, Expr]) -> Expr:
    """Return ``expr`` with the named columns replaced."""
    if expr.columns.isdisjoint(columns):
        return expr
    return transform(
        expr,
        lambda part: (
            columns.get(part.name) if isinstance(part, Column) else (part if part.columns.isdisjoint(columns) else None)
        ),
    )


def parses(expr: Expr) -> bool:
    """Return whether ``expr`` reads text as something else, which may raise."""
    return any(
        part.arg.type == STRING if isinstance(part, Cast) else isinstance(part, Call) and ops.OPS[part.op].parses
        for part in walk(expr)
    )


def never_raises(expr: Expr) -> bool:
    """Return whether ``expr``, of one row, has an answer for every row, also for those that a condition leaves out."""
    return all(
        isinstance(part, Column | Literal | Case)
        or (isinstance(part, Call) and ops.OPS[part.op].total)
        or (isinstance(part, Cast) and _always_casts(part))
        for part in walk(expr)
    )


def _always_casts(expr: Cast) -> bool:
    before, after = expr.arg.type, expr.type
    return (
        before.plain == after.plain
        or after == STRING
        or (before == BOOL and after in (INT64, FLOAT64))
        or (before == INT64 and after in (FLOAT64, BOOL))
    )


def is_null_for_nulls(expr: Expr) -> bool:
    """Return whether ``expr`` is NULL where all columns that it reads are, as they are in rows that met no other in a join."""
    match expr:
        case Column():
            return True
        case Literal(value):
            return value is None
        case Cast(arg):
            return is_null_for_nulls(arg)
        case Call(op, args):
            return not ops.OPS[op].answers_null and any(map(is_null_for_nulls, args))
        case Case(whens, default):
            return all(map(is_null_for_nulls, (default, *(value for _, value in whens))))
    return False


def queries(expr: Expr) -> Iterator[Query]:
    """Yield the parts of ``expr`` that read a plan of their own."""
    return (part for part in walk(expr) if isinstance(part, Query)) if expr.has_query else iter(())


def is_trivial(expr: Expr) -> bool:
    """Return whether writing ``expr`` twice costs nothing."""
    return isinstance(expr, (Column, Literal))
