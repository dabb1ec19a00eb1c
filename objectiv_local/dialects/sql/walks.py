"""Traversals of SQL trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from objectiv_local.dialects.sql.tree import (
    Binary,
    CaseWhen,
    Cast,
    Fixed,
    Func,
    Name,
    Number,
    Postfix,
    Prefix,
    Raw,
    Sql,
    Subselect,
    Template,
    Text,
    Windowed,
)


def operands(node: Sql) -> tuple[Sql, ...]:
    """Return the nodes directly below ``node``, without those of a window's clauses."""
    match node:
        case Func(_, args, _, order, where):
            return (*args, *(key.expr for key in order), *(() if where is None else (where,)))
        case Template(_, args):
            return args
        case Binary(_, left, right):
            return (left, right)
        case Prefix(_, arg) | Postfix(arg) | Cast(arg) | Fixed(arg):
            return (arg,)
        case CaseWhen(whens, default):
            pairs = tuple(part for when in whens for part in when)
            return pairs if default is None else (*pairs, default)
        case Subselect(value, source, where):
            return (value, source) if where is None else (value, source, where)
        case Windowed(function):
            return (function,)
    return ()


def parts(node: Sql) -> Iterator[Sql]:
    """Yield ``node`` and every node below it, including those of windows."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(operands(current))
        if isinstance(current, Windowed):
            stack.extend((*current.partition, *(key.expr for key in current.order)))


def with_operands(node: Sql, change: Callable[[Sql], Sql]) -> Sql:
    """Return ``node`` with the nodes directly below it changed, without those of an ORDER BY or a window."""
    match node:
        case Func(name, args, distinct, order, where, within):
            return Func(name, tuple(map(change, args)), distinct, order, None if where is None else change(where), within)
        case Template(pattern, args, strength):
            return Template(pattern, tuple(map(change, args)), strength)
        case Binary(operator, left, right, strength, associative):
            return Binary(operator, change(left), change(right), strength, associative)
        case Prefix(operator, arg, strength):
            return Prefix(operator, change(arg), strength)
        case Postfix(arg, text, strength):
            return Postfix(change(arg), text, strength)
        case Cast(arg, type_):
            return Cast(change(arg), type_)
        case CaseWhen(whens, default):
            pairs = tuple((change(condition), change(value)) for condition, value in whens)
            return CaseWhen(pairs, None if default is None else change(default))
    return node


def on_function(sql: Sql, change: Callable[[Func], Sql]) -> Sql:
    """Return ``sql`` with its aggregates changed, for a FILTER or a window; other functions around them are templates."""
    match sql:
        case Func():
            return change(sql)
        case Raw() | Name() | Text() | Number() | Fixed():
            return sql
        case Binary() | CaseWhen() | Postfix() | Cast() | Template():
            return with_operands(sql, lambda part: on_function(part, change))
    raise AssertionError(sql)
