"""Aggregate first: rows are grouped before anything else is computed from them, if the result is the same.

A question such as "how many new users per day" labels every row with window functions and then groups the rows. If the labels
are aggregates over whole partitions, they can be computed from partial results of smaller groups: rows are grouped by
everything that the question reads, and windows, filters and the question's own groups are then computed over those few
groups. The same step turns ``count(distinct x)`` into a count of groups, which is faster on the engines.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectiv_local.plan.expr import (
    Aggregation,
    Call,
    Column,
    Expr,
    Literal,
    Over,
    Query,
    cast,
    never_raises,
    substitute,
    transform,
    walk,
)
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Node, topological
from objectiv_local.plan.ops import OPS
from objectiv_local.plan.rewrite import rebuild
from objectiv_local.types import BOOL, DATE, INT64, STRING, TIMESTAMP, UUID

#: Types of columns by which rows may be grouped in addition to the keys of the question.
FEW_VALUES = (BOOL, INT64, STRING, DATE, UUID)


def _adds_up(expr: Aggregation) -> bool:
    """Return whether the results for parts of a group combine exactly to that of the group: counts, minima and maxima.

    A sum may overflow for a part but not for the group, and sums of floats depend on the order.
    """
    operation = OPS[expr.op]
    return operation.combined_by is not None and (operation.extreme or operation.null_only or not expr.args)


class _Unfit(Exception):
    """The question cannot be computed from groups."""


def aggregate_early(root: Node) -> Node:
    """Return the plan with rows grouped before labels are computed and distinct values counted."""
    shared = _shared_labels(root)
    return rebuild(root, lambda old, node: _early(node, shared.get(old, False)) or node)


def _shared_labels(root: Node) -> dict[Node, bool]:
    """Return the aggregates whose labels other steps also read, so that they are computed for every row anyway."""
    uses: dict[Node, int] = {}
    nodes = topological(root)
    for node in nodes:
        for child in node.inputs():
            uses[child] = uses.get(child, 0) + 1
    out: dict[Node, bool] = {}
    for node in nodes:
        if isinstance(node, Aggregate):
            current, shared = node.child, False
            while isinstance(current, Extend | Filter):
                shared = shared or uses[current] > 1
                if isinstance(current, Extend) and not _is_label_step(current):
                    break
                current = current.child
            out[node] = shared
    return out


def windows_before_labels(root: Node) -> Node:
    """Return the plan with windows that need every row moved below labels, so that rows can be grouped in between."""
    uses: dict[Node, int] = {}
    for node in topological(root):
        for child in node.inputs():
            uses[child] = uses.get(child, 0) + 1

    def change(old: Node, node: Node) -> Node:
        if not isinstance(node, Extend) or _is_label_step(node):
            return node
        crossed: list[Extend] = []
        below, shared = node.child, old.inputs()[0]
        while isinstance(below, Extend) and uses.get(shared, 2) == 1 and _may_cross(node, below):
            crossed.append(below)
            below, shared = below.child, shared.inputs()[0] if shared.inputs() else shared
        if not any(expr.has_window for step in crossed for _, expr in step.columns):
            return node
        moved: Node = Extend(below, node.columns, node.step, node.local, node.once)
        for step in reversed(crossed):
            moved = Extend(moved, step.columns, step.step, step.local, step.once)
        return moved

    return rebuild(root, change)


def _may_cross(upper: Extend, lower: Extend) -> bool:
    """Return whether two steps, the lower of which adds labels, result in the same columns in reverse order."""
    own, below = {name for name, _ in upper.columns}, {name for name, _ in lower.columns}
    read = set().union(*(expr.columns for _, expr in lower.columns))
    return (
        not lower.local
        and _is_label_step(lower)
        and own.isdisjoint(below | read)
        and all(expr.columns.isdisjoint(below) for _, expr in upper.columns)
    )


def _early(node: Node, shared: bool) -> Node | None:
    if not isinstance(node, Aggregate):
        return None
    try:
        return _Question(node, shared).answered()
    except _Unfit:
        return None


def _is_label(expr: Expr) -> bool:
    """Return whether every window in ``expr`` is an aggregate over whole partitions that partial results can be combined to."""
    overs = [part for part in walk(expr) if isinstance(part, Over)]
    return all(
        not over.order
        and over.frame is None
        and OPS[over.call.op].combined_by is not None
        and over.call.where is None
        and not any(child.has_window for child in over.children())
        for over in overs
    )


def _reuses_names(rows: Node, steps: Iterable[Extend | Filter]) -> bool:
    """Return whether a label and a column have the same name."""
    taken = set(rows.types)
    labels: set[str] = set()
    for step in steps:
        if isinstance(step, Extend):
            own = {name for name, expr in step.columns if expr.has_window or not expr.columns.isdisjoint(labels)}
            if not own.isdisjoint(taken) or not labels.isdisjoint(name for name, _ in step.columns):
                return True
            labels |= own
            taken |= {name for name, _ in step.columns}
    return False


def _is_label_step(step: Extend) -> bool:
    return not step.once and all(_is_label(expr) for _, expr in step.columns)


class _Question:
    """An aggregate with the labels and filters below it."""

    def __init__(self, node: Aggregate, shared: bool) -> None:
        self.node = node
        steps: list[Extend | Filter] = []
        current = node.child
        while (isinstance(current, Filter) and not current.predicate.has_window) or (
            isinstance(current, Extend) and _is_label_step(current)
        ):
            steps.append(current)
            current = current.child
        steps.reverse()
        # Steps before the first label are still computed per row.
        first = next(
            (
                position
                for position, step in enumerate(steps)
                if isinstance(step, Extend) and any(expr.has_window for _, expr in step.columns)
            ),
            len(steps),
        )
        self.has_labels = first < len(steps)
        self.rows: Node = steps[first - 1] if first else current
        self.steps = steps[first:]
        counted = {expr.args[0] for _, expr in node.aggregates if isinstance(expr, Aggregation) and expr.op == "nunique"}
        self.counts_one = len(counted) == 1 and all(
            isinstance(expr, Aggregation) and (expr.op == "nunique" or _adds_up(expr)) for _, expr in node.aggregates
        )
        if (self.has_labels and shared) or not (self.has_labels or self.counts_one):
            raise _Unfit
        if any(expr.has_window for expr in node.exprs()) or _reuses_names(self.rows, self.steps):
            # A window here is over the filtered rows, but the groups are not filtered.
            raise _Unfit
        self.plain: dict[str, Expr] = {}
        self.labels: set[str] = set()
        self.keys: dict[Expr, str] = {}
        self.days: dict[Expr, Expr] = {}
        self.partials: dict[Aggregation, str] = {}
        self.taken = set(node.types) | {name for step in steps for name in step.types}

    def answered(self) -> Node:
        """Return the aggregate over groups."""
        node = self.node
        self._collect_keys()
        steps = [self._moved_step(step) for step in self.steps]
        keys = tuple((name, self._moved(expr)) for name, expr in node.keys)
        aggregates = [(name, self._combined(expr)) for name, expr in node.aggregates]
        if not self.keys:
            raise _Unfit
        if self.rows.key is not None and set(self.rows.key) <= {expr.name for expr in self.keys if isinstance(expr, Column)}:
            raise _Unfit
        plan: Node = Aggregate(
            self.rows,
            tuple((name, expr) for expr, name in self.keys.items()),
            tuple((name, partial) for partial, name in self.partials.items()),
            self._title(),
        )
        for step in steps:
            if isinstance(step, Extend):
                plan = Extend(plan, step.columns, step.step) if step.columns else plan
            else:
                plan = Filter(plan, step.predicate, step.step)
        # With one group for each key and value, counting the groups counts the values.
        days = set(self.days.values())
        grouped = {
            part.name for part in (_day_column(expr) if expr in days else expr for _, expr in keys) if isinstance(part, Column)
        }
        rest = set(self.keys.values()) - grouped
        aggregates = [(name, _counted(expr, rest)) for name, expr in aggregates]
        return Aggregate(plan, keys, tuple(aggregates), node.step)

    def _title(self) -> str:
        return "by_" + "_".join(self.keys.values())

    def _collect_keys(self) -> None:
        labels: set[str] = set()
        plain: dict[str, Expr] = {}
        wanted: list[tuple[str, Expr]] = []
        partitions: list[tuple[str, Expr]] = []
        for step in self.steps:
            if not isinstance(step, Extend):
                continue
            new: dict[str, Expr] = {}
            for name, expr in step.columns:
                own = substitute(expr, plain)
                if expr.has_window or not own.columns.isdisjoint(labels):
                    labels.add(name)
                    partitions += [("", part) for over in walk(own) if isinstance(over, Over) for part in over.partition]
                else:
                    new[name] = own
            plain |= new
        wanted += [(name, substitute(expr, plain)) for name, expr in self.node.keys]
        wanted += [
            ("", substitute(expr.args[0], plain))
            for _, expr in self.node.aggregates
            if isinstance(expr, Aggregation) and expr.op == "nunique"
        ]
        for name, expr in (*wanted, *partitions):
            if expr.columns and expr.columns.isdisjoint(labels):
                day = day_of(expr) or self._day_of_period(expr)
                if day is None:
                    self._key(expr, name)
                elif isinstance(expr, Call):
                    # The string of a date is computed from the few remaining dates instead of every row.
                    group = self._key(day, f"{min(day.columns)}_day")
                    self.days[expr] = Call("strftime", (group, expr.args[1]), expr.type)

    def _day_of_period(self, expr: Expr) -> Expr | None:
        """Return the day of a longer period, if rows are grouped by that day anyway."""
        codes = _codes(expr)
        if codes is None or not codes <= _DAY_CODES or not isinstance(expr, Call) or expr.args[0].type != TIMESTAMP:
            return None
        day = cast(expr.args[0], DATE)
        return day if day in self.keys else None

    def _key(self, expr: Expr, name: str = "") -> Column:
        """Return the column of groups for ``expr``."""
        if expr not in self.keys:
            if expr.type.name == "json" or any(isinstance(part, Query) for part in walk(expr)):
                raise _Unfit
            self.keys[expr] = self._name(
                expr.name if isinstance(expr, Column) else name or "period", keep=isinstance(expr, Column) or bool(name)
            )
        return Column(self.keys[expr], expr.type)

    def _name(self, name: str, *, keep: bool = False) -> str:
        used = set(self.keys.values()) | set(self.partials.values())
        if keep and name not in used and name not in self.labels:
            return name
        number, candidate = 1, name
        while candidate in self.taken or candidate in used:
            number += 1
            candidate = f"{name}_{number}"
        return candidate

    def _moved_step(self, step: Extend | Filter) -> Extend | Filter:
        if isinstance(step, Filter):
            return Filter(step.child, self._moved(step.predicate), step.step)
        columns: list[tuple[str, Expr]] = []
        plain: dict[str, Expr] = {}
        for name, expr in step.columns:
            own = substitute(expr, self.plain)
            if expr.has_window or not own.columns.isdisjoint(self.labels):
                if name in self.keys.values():
                    raise _Unfit
                columns.append((name, self._moved(expr)))
            else:
                plain[name] = own
        self.labels |= {name for name, _ in columns}
        self.plain |= plain
        return Extend(step.child, tuple(columns), step.step)

    def _moved(self, expr: Expr) -> Expr:
        """Return an expression over rows and labels as one over groups and labels."""

        def change(part: Expr) -> Expr | None:
            if part in self.days:
                return self.days[part]
            if part in self.keys:
                return Column(self.keys[part], part.type)
            if isinstance(part, Over):
                return self._moved_window(part)
            if part.columns and part.columns.isdisjoint(self.labels):
                if _is_period(part):
                    return self._key(part, _period_name(part))
                # A condition on a row splits the groups in two, whatever it reads.
                if part.type == BOOL and isinstance(part, Call) and never_raises(part):
                    return self._key(part, next((name for name, own in self.plain.items() if own is part), "condition"))
            if isinstance(part, Column) and part.name not in self.labels:
                if part.type not in FEW_VALUES:
                    raise _Unfit
                return self._key(part)
            return None

        return transform(substitute(expr, {name: own for name, own in self.plain.items() if name not in self.labels}), change)

    def _moved_window(self, over: Over) -> Over:
        call = over.call
        if not self._labels_in(call.args):
            partial = self._partial(call)
        else:
            raise _Unfit
        combined = Aggregation(_of_some(_combining(call)), (partial,), (), None, call.type)
        return Over(combined, tuple(_day_column(self._moved(part)) for part in over.partition), (), None)

    def _labels_in(self, exprs: Iterable[Expr]) -> bool:
        return any(not expr.columns.isdisjoint(self.labels) for expr in exprs)

    def _partial(self, call: Aggregation) -> Column:
        """Return the column with an aggregate of each group."""
        if OPS[call.op].extreme and call.args[0] in self.keys:
            return Column(self.keys[call.args[0]], call.type)
        if call not in self.partials:
            source = call.args[0].name if call.args and isinstance(call.args[0], Column) else "rows"
            self.partials[call] = self._name(f"{call.op}_{source}")
        return Column(self.partials[call], call.type)

    def _combined(self, expr: Expr) -> Aggregation:
        """Return an aggregate of rows as an aggregate of groups."""
        assert isinstance(expr, Aggregation)
        operation = OPS[expr.op]
        if operation.combined_by is None and expr.op != "nunique":
            raise _Unfit
        plain = {name: own for name, own in self.plain.items() if name not in self.labels}
        args = tuple(substitute(arg, plain) for arg in expr.args)
        where: Expr | None = None
        if expr.where is not None:
            condition = substitute(expr.where, plain)
            if self.counts_one and not self.has_labels:
                # A value counts if one of its rows does.
                where = self._partial(Aggregation("any", (condition,), (), None, BOOL))
            else:
                where = self._moved(condition)
        if expr.op == "nunique" or self._labels_in(args) or (operation.idempotent and args and args[0] in self.keys):
            if not operation.idempotent:
                raise _Unfit
            return Aggregation(expr.op, tuple(self._moved(arg) for arg in args), (), where, expr.type)
        if where is not None and not self.has_labels:
            raise _Unfit
        partial = self._partial(Aggregation(expr.op, args, (), None, expr.type))
        op = _combining(expr)
        return Aggregation(_of_some(op) if self.node.keys and where is None else op, (partial,), (), where, expr.type)


#: Parts of a timestamp that many timestamps have in common.
_PERIODS = ("year", "isoyear", "quarter", "month", "week", "day", "dayofyear", "dayofweek")


def _is_period(expr: Expr) -> bool:
    """Return whether ``expr`` is a period of a timestamp, by which rows can be grouped instead of the timestamp."""
    return (
        isinstance(expr, Call)
        and OPS[expr.op].of_period
        and isinstance(expr.args[0], Literal)
        and expr.args[0].value in _PERIODS
        and isinstance(expr.args[1], Column)
    )


def _period_name(expr: Expr) -> str:
    assert isinstance(expr, Call)
    assert isinstance(expr.args[0], Literal)
    return f"{min(expr.columns)}_{expr.args[0].value}"


#: Codes of strftime that depend only on the date, and sets of codes that identify the date.
_DAY_CODES = frozenset("ABCGUVWYabdegjmuwy")
_WHOLE_DAYS = (frozenset("Ymd"), frozenset("Yj"), frozenset("YBd"), frozenset("Ybd"), frozenset("GVu"))


def day_of(expr: Expr) -> Expr | None:
    """Return the date of a timestamp that is formatted to a string that identifies the date."""
    codes = _codes(expr)
    if codes is None or not codes <= _DAY_CODES or not any(whole <= codes for whole in _WHOLE_DAYS):
        return None
    assert isinstance(expr, Call)
    moment = expr.args[0]
    return cast(moment, DATE) if moment.type == TIMESTAMP else None


def _codes(expr: Expr) -> set[str] | None:
    """Return the codes of the format with which ``expr`` formats a timestamp."""
    if not isinstance(expr, Call) or expr.op != "strftime" or not isinstance(expr.args[1], Literal):
        return None
    format_ = str(expr.args[1].value)
    return {format_[position + 1] for position in range(len(format_) - 1) if format_[position] == "%"}


def _day_column(expr: Expr) -> Expr:
    """Return the date from which a string is formatted, if the string identifies the date."""
    codes = _codes(expr)
    if (
        isinstance(expr, Call)
        and isinstance(expr.args[0], Column)
        and codes is not None
        and any(whole <= codes for whole in _WHOLE_DAYS)
    ):
        return expr.args[0]
    return expr


def _combining(call: Aggregation) -> str:
    """Return the aggregate that combines the results for parts of a group."""
    combined_by = OPS[call.op].combined_by
    if combined_by is None:
        raise _Unfit
    return combined_by


def _of_some(op: str) -> str:
    """Return the operation for partial sums of at least one group, which are never NULL, so neither is their sum."""
    return "sum_or_null" if op == "sum" else op


def _counted(expr: Aggregation, rest: set[str]) -> Aggregation:
    if expr.op == "nunique" and isinstance(expr.args[0], Column) and rest == {expr.args[0].name}:
        return Aggregation("count", expr.args, (), expr.where, expr.type)
    return expr
