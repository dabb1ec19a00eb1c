"""Expressions over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectiv_local.plan import expr as e
from objectiv_local.plan.nodes import Node
from objectiv_local.plan.ops import OPS
from reference.aggregates import aggregate
from reference.casts import cast
from reference.scalars import scalar
from reference.values import comparable, row_identity, stored

#: A row: the value of each column.
Row = dict[str, object]
#: The single value of a plan.
Query = Callable[[Node, str], object]


class Rows:
    """The rows of a node, on which expressions have values."""

    def __init__(self, rows: Sequence[Row], query: Query, column: Callable[[Node, str], list[object]]) -> None:
        self.rows = rows
        self.query = query
        self.column = column
        self.windows: dict[e.Over, list[object]] = {}

    def values(self, expr: e.Expr) -> list[object]:
        """Return the value of ``expr`` on every row."""
        return [self.value(expr, i) for i in range(len(self.rows))]

    def value(self, expr: e.Expr, i: int) -> object:
        """Return the value of ``expr`` on row ``i``."""
        match expr:
            case e.Column(name):
                return self.rows[i][name]
            case e.Literal(value, type_):
                return stored(value, type_)
            case e.Call(op, args):
                return scalar(op, [self.value(arg, i) for arg in args])
            case e.Cast(arg, type_):
                return cast(self.value(arg, i), arg.type, type_)
            case e.Case(whens, default):
                chosen = next((value for condition, value in whens if self.value(condition, i) is True), default)
                return self.value(chosen, i)
            case e.ScalarQuery(plan, column):
                return self.query(plan, column)
            case e.InQuery(arg, plan, column):
                value = self.value(arg, i)
                return value is not None and comparable(value) in map(comparable, self.column(plan, column))
            case e.Over():
                if expr not in self.windows:
                    self.windows[expr] = self.window(expr)
                return self.windows[expr][i]
        raise TypeError(f"{type(expr).__name__} has no value on a row")

    def ordered(self, members: Sequence[int], order: Sequence[e.Ordering]) -> list[int]:
        """Return the rows ``members`` in ``order``; rows that tie keep their order."""
        result = list(members)
        for key in reversed(order):
            nulls = [i for i in result if self.value(key.expr, i) is None]
            others = [i for i in result if self.value(key.expr, i) is not None]
            others.sort(key=lambda i, expr=key.expr: comparable(self.value(expr, i)), reverse=not key.ascending)
            result = others + nulls if key.nulls_last else nulls + others
        return result

    def groups(self, members: Sequence[int], keys: Sequence[e.Expr]) -> list[list[int]]:
        """Return the rows ``members`` in groups of equal ``keys``."""
        found: dict[tuple[object, ...], list[int]] = {}
        for i in members:
            found.setdefault(row_identity(tuple(self.value(key, i) for key in keys)), []).append(i)
        return list(found.values())

    def aggregated(self, call: e.Aggregation, members: Sequence[int]) -> object:
        """Return the value of an aggregate on the rows ``members``."""
        kept = [i for i in members if call.where is None or self.value(call.where, i) is True]
        rows = [tuple(self.value(arg, i) for arg in call.args) for i in self.ordered(kept, call.order)]
        return aggregate(call.op, rows, call.type)

    def window(self, over: e.Over) -> list[object]:
        """Return the value of an operation over a window, on every row."""
        result: list[object] = [None] * len(self.rows)
        for partition in self.groups(range(len(self.rows)), over.partition):
            members = self.ordered(partition, over.order)
            for position, i in enumerate(members):
                result[i] = self.window_value(over, members, position)
        return result

    def window_value(self, over: e.Over, members: list[int], position: int) -> object:
        call = over.call
        if call.op == "row_number":
            return position + 1
        if call.op == "ntile":
            parts = self.value(call.args[0], members[position])
            size, rest = divmod(len(members), parts)
            large = rest * (size + 1)
            return position // (size + 1) + 1 if position < large else rest + (position - large) // size + 1
        if call.op in ("rank", "dense_rank", "percent_rank", "cume_dist"):
            places = [row_identity(tuple(self.value(key.expr, i) for key in over.order)) for i in members]
            first = places.index(places[position])
            if call.op == "dense_rank":
                return len(set(places[:first])) + 1
            if call.op == "percent_rank":
                return first / (len(members) - 1) if len(members) > 1 else 0.0
            return first + 1 if call.op == "rank" else (first + places.count(places[position])) / len(members)
        if call.op in ("lag", "lead"):
            value, distance, default = call.args
            steps = self.value(distance, members[position])
            there = position - steps if call.op == "lag" else position + steps
            if 0 <= there < len(members):
                return self.value(value, members[there])
            return self.value(default, members[position])
        frame = self.frame(over, members, position)
        if call.op in ("first_value", "last_value"):
            edge = 0 if call.op == "first_value" else -1
            return self.value(call.args[0], frame[edge]) if frame else None
        if call.op == "nth_value":
            number = self.value(call.args[1], members[position])
            return self.value(call.args[0], frame[number - 1]) if number <= len(frame) else None
        assert OPS[call.op].kind == "aggregate"
        return self.aggregated(call, frame)

    def frame(self, over: e.Over, members: list[int], position: int) -> list[int]:
        """Return the rows of the frame of the row at ``position`` of its partition."""
        frame = over.frame
        if frame is None:
            return members
        if frame.mode == "ROWS":
            start = 0 if frame.start is None else max(position + frame.start, 0)
            end = len(members) if frame.end is None else max(position + frame.end + 1, 0)
            return members[start:end]
        if frame.has_distance:
            return self.within(over, members, position)

        # Rows that tie with the current one belong to its frame.
        def place(i: int) -> tuple[object, ...]:
            return row_identity(tuple(self.value(key.expr, i) for key in over.order))

        ties = [there for there, i in enumerate(members) if place(i) == place(members[position])]
        start = 0 if frame.start is None else ties[0]
        end = len(members) if frame.end is None else ties[-1] + 1
        return members[start:end]

    def within(self, over: e.Over, members: list[int], position: int) -> list[int]:
        """Return the rows of a frame that starts or ends at a distance, in the order of one number."""
        frame, (key,) = over.frame, over.order
        own = self.value(key.expr, members[position])
        if own is None:
            raise NotImplementedError("a distance from NULL")
        sign = 1 if key.ascending else -1
        found = []
        for i in members:
            value = self.value(key.expr, i)
            if value is None:
                raise NotImplementedError("a distance from NULL")
            distance = sign * (value - own)
            if (frame.start is None or distance >= frame.start) and (frame.end is None or distance <= frame.end):
                found.append(i)
        return found
