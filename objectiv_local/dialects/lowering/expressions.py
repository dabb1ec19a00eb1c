"""Expressions as SQL over the columns of a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from objectiv_local.dialects.dialect import Dialect, Reader
from objectiv_local.dialects.lowering.block import Stored
from objectiv_local.dialects.lowering.scope import Scope
from objectiv_local.dialects.sql import tree
from objectiv_local.dialects.sql.tree import Func, Number, Sql, Template
from objectiv_local.dialects.sql.walks import on_function
from objectiv_local.plan.explain import frame_text
from objectiv_local.plan.expr import Aggregation, Call, Case, Cast, Column, Expr, InQuery, Literal, Ordering, Over, ScalarQuery
from objectiv_local.plan.relation import AS_DECLARED
from objectiv_local.types import STRING, Type

Inputs = Mapping[str, Sql]


def sql_of(scope: Scope, expr: Expr, inputs: Inputs) -> Sql:
    """Return ``expr`` as SQL; ``inputs`` is the SQL of each column that it may read."""
    match expr:
        case Column(name):
            return inputs[name]
        case Stored(name, stored):
            read = reader(scope.dialect, stored, expr.type)
            assert read is not None
            return read(inputs[name])
        case Literal():
            return scope.dialect.literal(expr)
        case Call(_, args):
            return scope.dialect.call(expr, [sql_of(scope, arg, inputs) for arg in args])
        case Cast(arg):
            return scope.dialect.cast(expr, sql_of(scope, arg, inputs))
        case Case():
            return _case(scope, expr, inputs)
        case Aggregation():
            return _aggregation(scope, expr, inputs)
        case Over():
            return _over(scope, expr, inputs)
        case ScalarQuery(plan, column):
            block = scope.total(plan)
            return Template("(SELECT {} FROM {})", (block.inputs[column], block.source))
        case InQuery():
            # IN is NULL for NULL; coalesce makes it false.
            return Template("coalesce({}, FALSE)", (condition(scope, expr, inputs),))
    raise AssertionError(expr)


def condition(scope: Scope, expr: Expr, inputs: Inputs) -> Sql:
    """Return ``expr`` as SQL for a WHERE, where NULL counts as false; engines join on a bare IN efficiently."""
    if not isinstance(expr, InQuery):
        return sql_of(scope, expr, inputs)
    block = scope.total(expr.plan)
    operands = (tree.operand(sql_of(scope, expr.arg, inputs)), block.inputs[expr.column], block.source)
    return Template("{} IN (SELECT {} FROM {})", operands, tree.LIKE)


def reader(dialect: Dialect, stored: str, type_: Type) -> Reader | None:
    """Return the conversion of a column of a stored type, or None if it is read unchanged."""
    if stored == AS_DECLARED:
        return lambda column: tree.cast(column, type_)
    found = dialect.stored(stored)
    if found is not None and found[0].name == type_.name:
        return found[1]
    # A column read as another type has the form in which this package stores it: an interval is an array of floats.
    return dialect.written.get((stored, type_.name))


def _case(scope: Scope, expr: Case, inputs: Inputs) -> Sql:
    pairs = [(sql_of(scope, test, inputs), sql_of(scope, value, inputs)) for test, value in expr.whens]
    default = expr.default
    other = None if isinstance(default, Literal) and default.value is None else sql_of(scope, default, inputs)
    # One typed constant determines the type of the others.
    values = [value for _, value in pairs] + ([other] if other is not None else [])
    typed = 1 if all(isinstance(value, Number) for value in values) else 0
    pairs = pairs[:typed] + [(test, tree.bare(value)) for test, value in pairs[typed:]]
    return tree.CaseWhen(tuple(pairs), None if other is None else tree.bare(other))


def _aggregation(scope: Scope, expr: Aggregation, inputs: Inputs) -> Sql:
    return on_function(_completed(scope, expr, inputs), scope.dialect.aggregated)


def _completed(scope: Scope, expr: Aggregation, inputs: Inputs) -> Sql:
    """Return an aggregate with its order and filter."""
    # A string literal has no type in Postgres, and a constant has no effect on the order.
    args = [
        tree.cast(sql_of(scope, arg, inputs), STRING)
        if isinstance(arg, Literal) and arg.type == STRING
        else sql_of(scope, arg, inputs)
        for arg in expr.args
    ]
    built = scope.dialect.call(expr, args)
    keys = [key for key in expr.order if not isinstance(key.expr, Literal)]
    order = tuple(
        scope.dialect.ordered(key, sql_of(scope, key.expr, inputs)) for key in (_reversed(keys) if expr.op == "last" else keys)
    )
    where = None if expr.where is None else sql_of(scope, expr.where, inputs)

    def complete(function: Func) -> Sql:
        both = (
            where if function.where is None else function.where if where is None else tree.binary("AND", where, function.where)
        )
        return replace(function, order=order or function.order, where=both)

    return on_function(built, complete) if order or where is not None else built


def _over(scope: Scope, expr: Over, inputs: Inputs) -> Sql:
    partition = tuple(sql_of(scope, part, inputs) for part in expr.partition)
    order = tuple(scope.dialect.ordered(key, sql_of(scope, key.expr, inputs)) for key in expr.order)
    whole = expr.frame is None or (not order and expr.frame.start is None and expr.frame.end is None)
    frame = "" if whole or expr.frame is None else frame_text(expr.frame)
    call = _completed(scope, expr.call, inputs)
    return on_function(call, lambda function: scope.dialect.windowed(function, partition, order, frame))


def _reversed(order: Iterable[Ordering]) -> tuple[Ordering, ...]:
    return tuple(Ordering(key.expr, not key.ascending, not key.nulls_last) for key in order)
