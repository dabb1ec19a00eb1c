"""Use stored columns: values that are stored in a table are not computed again.

A table may have the members of a JSON column in separate columns with their own types (:class:`Source`, ``stored``). An
expression equal to such a member is replaced by its column wherever it is used, as far down as its own columns are passed
unchanged, and the JSON need not be read.

Expressions are equal if their normalized forms are the same: simplified by ``simplify``, in which the string of a member is
``json_get_text(...)`` however it was written, and without the labels of types and casts that only change these. A test that a
JSON member equals a string that is not the text of any other JSON value, as in ``properties['plan'] == 'pro'``, is computed
from the string of the member if a condition need only be true for the same rows: for JSON null, the string is NULL.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    Literal,
    Ordering,
    Over,
    call,
    literal,
    transform,
)
from objectiv_local.plan.naming import new_name
from objectiv_local.plan.nodes import Filter, GroupingSets, NamedExprs, Node, Source, topological
from objectiv_local.plan.origins import Of, Origin, Origins, Rows
from objectiv_local.plan.simplify import simplified


def use_stored(root: Node) -> Node:
    """Return the plan with expressions replaced by the stored columns with their values."""
    if not any(isinstance(node, Source) and node.stored for node in topological(root)):
        return root
    return _Stored(root).done()


class _Stored(Origin):
    """Expressions over the columns of a table whose values another of its columns has."""

    def __init__(self, root: Node) -> None:
        super().__init__(root)
        self.columns = {
            node: {_form(expr): name for expr, name in node.stored}
            for node in self.nodes
            if isinstance(node, Source) and node.stored
        }

    @cached_property
    def uses(self) -> Counter[str]:
        """For the names of such columns, the number of steps that have a column of that name."""
        names = {name for node in self.columns for _, name in node.stored}
        return Counter(name for node in self.nodes for name in names & node.types.keys())

    def starts(self, node: Node) -> Iterable[str]:
        if not isinstance(node, Source):
            return ()
        return {name for expr, stored in node.stored for name in (*expr.columns, stored)}

    def takes(self, place: Node, expr: Expr) -> bool:
        return self._holder(place, expr) is not None

    def _holder(self, place: Node, expr: Expr) -> str | None:
        """Return the column of a table with the values of ``expr``."""
        return self.columns[place].get(_form(expr)) if isinstance(place, Source) else None

    def here(self, below: Origins, origin: Of) -> str | None:
        rows, expr = origin
        stored = self._stored(rows, expr)
        return stored if stored is not None and below.get(stored) == (rows, Column(stored, expr.type)) else None

    def name(self, origin: Of) -> str:
        stored = self._stored(*origin)
        if stored is None:
            return super().name(origin)
        if self.uses[stored] == 1 and stored not in self.names.values():
            return stored
        return new_name(stored, self.taken)

    def _stored(self, rows: Rows, expr: Expr) -> str | None:
        while rows.below is not None:
            rows = rows.below
        return self._holder(rows.place, expr)

    def at(self, place: Node, node: Node, columns: NamedExprs) -> Node:
        assert isinstance(node, Source)
        known = {name: (physical, stored) for name, physical, stored, _ in node.columns}
        more = []
        for name, expr in columns:
            holder = self._holder(place, expr)
            assert holder is not None
            if name != holder or node.types[holder] != expr.type:
                more.append((name, *known[holder], expr.type))
        added = {name for name, *_ in more}
        kept = tuple(column for column in node.columns if column[0] not in added)
        return node.over(node.relation, (*kept, *more), node.key, node.row_id)

    def replaced_in(self, node: Node, below: Origins) -> dict[Expr, Expr]:
        found = super().replaced_in(node, below)
        if not below:
            return found
        is_condition = isinstance(node, Filter)
        tested = {
            expr: changed
            for expr in node.exprs()
            if (changed := _tested(expr, found, lambda test: self._test(test, node, below), is_condition=is_condition)) != expr
        }
        if not isinstance(node, GroupingSets) or len({tested.get(expr, expr) for _, expr in node.keys}) == len(node.keys):
            found |= tested
        return found

    def _test(self, test: Expr, node: Node, below: Origins) -> Expr | None:
        """Return the test of a column that is true where JSON equals a string, and NULL or false elsewhere."""
        match test:
            case Call("json_equal", (Call("json_get", (value, key)), Literal(text))) if _is_text(
                str(text)
            ) and not test.columns.isdisjoint(below):
                member = call("json_get_text", value, key)
                origin = self.resolved(member, below)
                if origin is not None and self.lands(*origin):
                    return call("eq", Column(self.wanted(node, below, origin), member.type), literal(json.loads(str(text))))
        return None


def _form(expr: Expr) -> Expr:
    """Return the normalized form of ``expr``, which is the same for equal expressions."""

    def plain(part: Expr) -> Expr | None:
        match part:
            case Cast(arg, type_) if arg.type.plain == type_.plain:
                return transform(arg, plain)
            case Column(name, type_) if type_.plain != type_:
                return Column(name, type_.plain)
            case Call(op, args, type_) if type_.plain != type_:
                return Call(op, tuple(transform(arg, plain) for arg in args), type_.plain)
        return None

    return simplified(transform(expr, plain))


def _tested(expr: Expr, replaced: Mapping[Expr, Expr], change: Callable[[Expr], Expr | None], *, is_condition: bool) -> Expr:
    """Return ``expr`` with parts ``replaced`` everywhere, and tests replaced where they may be NULL instead of false.

    A test that is a condition may also be a value elsewhere in ``expr``, as in ``x = 'a' OR NOT x = 'a'``, and is kept there.
    """

    def value(part: Expr) -> Expr:
        return transform(part, in_value)

    def in_value(part: Expr) -> Expr | None:
        if part in replaced:
            return replaced[part]
        match part:
            case Call("coalesce", (test, Literal(False) as no), type_):
                return Call("coalesce", (condition(test), no), type_)
            case Case(whens, default, type_):
                return Case(tuple((condition(test), value(then)) for test, then in whens), value(default), type_)
            case Aggregation():
                return aggregate(part)
            case Over(called, partition, order, frame):
                return Over(aggregate(called), tuple(map(value, partition)), ordered(order), frame)
        return None

    def aggregate(part: Aggregation) -> Aggregation:
        where = None if part.where is None else condition(part.where)
        return Aggregation(part.op, tuple(map(value, part.args)), ordered(part.order), where, part.type)

    def ordered(order: tuple[Ordering, ...]) -> tuple[Ordering, ...]:
        return tuple(Ordering(value(key.expr), key.ascending, key.nulls_last) for key in order)

    def condition(part: Expr) -> Expr:
        if part in replaced:
            return replaced[part]
        if isinstance(part, Call) and part.op in ("and", "or"):
            return Call(part.op, tuple(map(condition, part.args)), part.type)
        changed = change(part)
        return value(part) if changed is None else changed

    return condition(expr) if is_condition else value(expr)


def _is_text(value: str) -> bool:
    """Return whether a JSON value is a string that is not the text of another value, unlike ``"5"``."""
    text = json.loads(value)
    if not isinstance(text, str):
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False
