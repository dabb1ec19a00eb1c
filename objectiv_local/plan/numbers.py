"""Numbers over all rows become numbers within a group if only their order within the group matters.

A session is numbered over all users, which requires sorting all session starts. Most questions only compare the numbers of
one user's sessions, or group by them; the number of the session within its user is sufficient for those, and is available at
no cost from the windows that find the sessions. A step declares in ``local`` which of its columns can be replaced in this
way.
"""

from __future__ import annotations

from objectiv_local.plan.expr import Aggregation, Call, Column, Expr, Over, transform
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Node, Select, Sort, topological
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.rewrite import map_exprs, rebuild


class _Needed(Exception):
    """An expression needs the number over all rows."""


def number_locally(root: Node) -> Node:
    """Return the plan with numbers within groups wherever the result is the same as with numbers over all rows."""
    for node in topological(root):
        if isinstance(node, Extend) and node.local:
            try:
                return number_locally(_Rewrite(root, node).done())
            except _Needed:
                continue
    return root


#: The columns of a node with numbers within a group, each with the column of the group (None if that was dropped).
_Numbers = dict[str, str | None]


class _Rewrite:
    def __init__(self, root: Node, start: Extend) -> None:
        self.root = root
        self.start = start
        self.name, per, self.expr = start.local[0]
        self.numbers: dict[Node, _Numbers] = {start: {self.name: per}}
        self.group_type = start.types[per]
        self.more_keys: dict[Node, str] = {}

    def done(self) -> Node:
        for node in topological(self.root):
            if node is not self.start:
                found = {name: per for child in node.inputs() for name, per in self.numbers.get(child, {}).items()}
                if found:
                    self.numbers[node] = self._after(node, found)
        if self.numbers.get(self.root):
            raise _Needed
        return rebuild(self.root, self._change)

    def _after(self, node: Node, numbers: _Numbers) -> _Numbers:
        """Check how ``node`` uses numbers and return those among its own columns."""
        match node:
            case Filter() | Limit() | Sort():
                for expr in node.exprs():
                    self._check(expr, numbers)
                return numbers
            case Extend(_, columns) | Select(_, columns):
                out: _Numbers = {}
                replaced = {name for name, _ in columns}
                if isinstance(node, Extend):
                    if any(per in replaced for per in numbers.values()):
                        raise _Needed
                    out = {name: per for name, per in numbers.items() if name not in replaced}
                kept = {expr.name: name for name, expr in columns if isinstance(expr, Column)}
                for name, expr in columns:
                    number = self._number(expr, numbers)
                    if number is None:
                        self._check(expr, numbers)
                    else:
                        out[name] = numbers[number] if isinstance(node, Extend) else kept.get(numbers[number] or "")
                return out
            case Aggregate(_, keys, aggregates):
                return self._after_aggregate(node, dict(keys), dict(aggregates), numbers)
            case Join():
                raise _Needed
        raise _Needed

    def _after_aggregate(self, node: Node, keys: dict[str, Expr], aggregates: dict[str, Expr], numbers: _Numbers) -> _Numbers:
        key_of = {expr.name: name for name, expr in keys.items() if isinstance(expr, Column)}
        out: _Numbers = {}
        for name, expr in keys.items():
            if isinstance(expr, Column) and expr.name in numbers:
                per = numbers[expr.name]
                if per is None or (per not in key_of and per in node.types):
                    raise _Needed
                if per not in key_of:
                    # The number over all rows identified the groups; now the group column and the number within the group do.
                    self.more_keys[node] = per
                    key_of[per] = per
                out[name] = key_of[per]
            else:
                self._check(expr, numbers)
        for name, expr in aggregates.items():
            assert isinstance(expr, Aggregation)
            number = expr.args[0].name if expr.args and isinstance(expr.args[0], Column) else None
            if number in numbers:
                within = numbers[number] in key_of
                if OPS[expr.op].extreme and within:
                    out[name] = key_of[numbers[number] or ""]
                elif not (OPS[expr.op].null_only or (expr.op == "nunique" and within)):
                    raise _Needed
                rest = expr.children()[1:]
            else:
                rest = expr.children()
            for child in rest:
                self._check(child, numbers)
        return out

    def _number(self, expr: Expr, numbers: _Numbers) -> str | None:
        """Return the number that ``expr`` is: the column itself, or the minimum or maximum of its group."""
        if isinstance(expr, Column):
            return expr.name if expr.name in numbers else None
        if isinstance(expr, Over) and OPS[expr.call.op].extreme and isinstance(expr.call.args[0], Column):
            name = expr.call.args[0].name
            if name in numbers and expr.call.where is None:
                per = numbers[name]
                if per is None or per not in {part.name for part in expr.partition if isinstance(part, Column)}:
                    raise _Needed
                for child in (*expr.partition, *(key.expr for key in expr.order)):
                    # Within a group, both numbers partition and order the rows in the same way.
                    if not (isinstance(child, Column) and child.name == name):
                        self._check(child, numbers)
                return name
        return None

    def _check(self, expr: Expr, numbers: _Numbers) -> None:
        """Raise if the result of ``expr`` depends on whether numbers are within groups or over all rows."""
        if expr.columns.isdisjoint(numbers):
            return
        if isinstance(expr, Column):
            raise _Needed
        if isinstance(expr, Call) and OPS[expr.op].compares:
            found = [self._number(arg, numbers) for arg in expr.args]
            if None not in found and numbers[found[0] or ""] == numbers[found[1] or ""] is not None:
                return
        if isinstance(expr, Call) and OPS[expr.op].null_only:
            for child in expr.args:
                if self._number(child, numbers) is None:
                    self._check(child, numbers)
            return
        if isinstance(expr, Over):
            for part in expr.partition:
                if isinstance(part, Column) and part.name in numbers:
                    if numbers[part.name] is None:
                        raise _Needed
                else:
                    self._check(part, numbers)
            for child in (*expr.call.children(), *(key.expr for key in expr.order)):
                self._check(child, numbers)
            return
        for child in expr.children():
            self._check(child, numbers)

    def _change(self, old: Node, node: Node) -> Node:
        if old is self.start and isinstance(node, Extend):
            columns = tuple((name, self.expr if name == self.name else expr) for name, expr in node.columns)
            return Extend(node.child, columns, node.step, node.local[1:], node.once)
        groups = {
            name: Column(per, self.group_type)
            for child in old.inputs()
            for name, per in self.numbers.get(child, {}).items()
            if per is not None
        }
        if not groups:
            return node
        node = map_exprs(node, lambda expr: transform(expr, lambda part: _partitioned(part, groups)))
        per = self.more_keys.get(old)
        if per is not None and isinstance(node, Aggregate):
            return Aggregate(node.child, ((per, node.child.column(per)), *node.keys), node.aggregates, node.step)
        return node


def _partitioned(part: Expr, groups: dict[str, Column]) -> Expr | None:
    """Return a window partitioned by a number as one that is also partitioned by its group."""
    if not isinstance(part, Over):
        return None
    # Nested windows first: parts of a replaced expression are not visited.
    inner = part.rebuilt(tuple(transform(child, lambda each: _partitioned(each, groups)) for child in part.children()))
    assert isinstance(inner, Over)
    part = inner
    added = [groups[each.name] for each in part.partition if isinstance(each, Column) and each.name in groups]
    missing = [group for group in dict.fromkeys(added) if group not in part.partition]
    return Over(part.call, (*missing, *part.partition), part.order, part.frame)
