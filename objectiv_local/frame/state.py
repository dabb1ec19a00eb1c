"""The state shared by frames and series: a plan, the engine with its rows, the names of the index, and an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from objectiv_local.dialects import Statement, compile_plan, dialect_named
from objectiv_local.engines.base import lost_table
from objectiv_local.errors import InvalidValue
from objectiv_local.frame.files import over_current_files
from objectiv_local.frame.groups import Groups
from objectiv_local.frame.running import Running
from objectiv_local.frame.translate import translated
from objectiv_local.frame.unique import check_aligned
from objectiv_local.frame.zones import in_zones_of
from objectiv_local.plan.expr import Column, Expr, Ordering, Variable, substitute, transform
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Extend, Limit, Node, Select, Sort, Source, topological
from objectiv_local.plan.variables import with_values
from objectiv_local.types import INT64_MAX, Type

if TYPE_CHECKING:
    from objectiv_local.engines.base import Engine


#: Maximum nesting of operations before they become a separate step; an expression allows 150, and one method adds a few.
MOST_NESTED = 120


@dataclass(frozen=True, slots=True)
class State:
    """A plan with the properties that pandas adds to it. ``engine`` is None for a frame that is only compiled.

    ``variables`` has the variables that the plan uses or may use later, one for each dtype and name. With ``groups``, the plan
    has the rows that the next aggregate groups; ``index`` is still the index of the rows.
    """

    plan: Node
    engine: Engine | None
    dialect: str
    index: tuple[str, ...]
    order: tuple[Ordering, ...] = ()
    variables: tuple[Variable, ...] = ()
    # Savepoints are not part of a program: two frames over one table are equal.
    savepoints: Any = field(default=None, compare=False)
    groups: Groups | None = None
    # Information about the source of the rows; not part of a program either.
    notes: tuple[str, ...] = field(default=(), compare=False)

    def rows(self, what: str) -> State:
        """Return this state if it is not grouped. Raises InvalidValue with a message that ``what`` needs rows."""
        if self.groups is not None:
            raise InvalidValue(
                f"{what} needs rows, but the frame is grouped by {self.groups.title} and not aggregated",
                hint="aggregate first, as in .sum() or .agg(...), or group afterwards",
            )
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the group keys; empty without groups."""
        return () if self.groups is None else self.groups.names

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the index; for groups, of the index of their aggregates."""
        return self.index if self.groups is None else self.groups.names

    def type_of(self, name: str) -> Type:
        """Return the type of a column, a key or an aggregate of the groups."""
        total = None if self.groups is None else self.groups.total(name)
        return self.value(name).type if total is None else total[1].type

    def renamed(self, labels: Sequence[str], columns: Mapping[str, str]) -> State:
        """Return the state with other names for the index (or the keys) and for columns."""
        groups = self.groups
        changed = [
            (new, self.column(old))
            for old, new in columns.items()
            if old != new and (groups is None or groups.total(old) is None)
        ]
        if groups is None:
            changed = [*((new, self.column(old)) for old, new in zip(self.index, labels, strict=True) if old != new), *changed]
            return replace(self.extended(changed), index=tuple(labels)) if changed else self
        totals = tuple((columns.get(name, name), state, expr) for name, state, expr in groups.totals)
        state = self.extended(changed) if changed else self
        assert state.groups is not None
        return replace(state, groups=replace(state.groups.renamed(labels), totals=totals))

    def ungrouped(self) -> State:
        """Return the state of the same rows without groups."""
        return self if self.groups is None else replace(self, groups=None)

    def with_rows(self, plan: Node, index: tuple[str, ...], order: tuple[Ordering, ...] = ()) -> State:
        """Return the state of rows derived from these: another plan with its own index and order.

        Raises InvalidValue for pending groups, which would be lost.
        """
        return replace(self.rows("this operation"), plan=plan, index=index, order=order, notes=())

    def with_note(self, note: str) -> State:
        """Return the state with a note about its rows, which the repr of frames shows."""
        return replace(self, notes=(*self.notes, note))

    def with_plan(self, plan: Node, order: tuple[Ordering, ...] | None = None) -> State:
        """Return this state over another plan."""
        return replace(self, plan=plan, order=self.order if order is None else order)

    def column(self, name: str) -> Column:
        """Return a column of the plan."""
        return self.plan.column(name)

    def value(self, name: str) -> Expr:
        """Return the expression that is aggregated as ``name``: a key of the groups, or a column of the plan."""
        if self.groups is not None:
            if self.groups.total(name) is not None:
                raise InvalidValue(
                    f"column {name!r} is already an aggregate",
                    hint=f"choose other columns to aggregate, or fetch it: groups[[{name!r}]]",
                )
            key = dict(self.groups.keys).get(name)
            if key is not None:
                return key
        return self.plan.column(name)

    def connected(self) -> Engine:
        """Return the engine.

        Raises :class:`InvalidValue` for a frame without one, and :class:`ConnectionFailed` for a frame that reads a temporary
        table that no longer exists.
        """
        if self.engine is None:
            raise InvalidValue(
                "this frame has no connection: it can be compiled, but not run",
                hint="to fetch rows, create it with DataFrame.from_table(connect(...), ...)",
            )
        gone = self.engine.gone
        if gone:
            # Checked here instead of by the engine: another table may have taken the name since.
            for node in topological(self.plan):
                if isinstance(node, Source) and node.relation.temporary and node.relation.parts[-1] in gone:
                    raise lost_table(node.relation.parts[-1], self.engine.description)
        return self.engine

    def extended(self, columns: Iterable[tuple[str, Expr]], step: str = "", *, once: bool = False) -> State:
        """Return this state with columns added, computed only ``once`` instead of wherever an engine reads them.

        If a column is replaced, an order or groups by it keep their meaning.
        """
        columns = tuple(columns)
        replaced = {name for name, _ in columns if name in self.plan.types}
        keys = [] if self.groups is None else self.groups.exprs
        kept = {
            name: self.column(name)
            for expr in (*(key.expr for key in self.order), *keys)
            for name in sorted(expr.columns & replaced)
        }
        groups = self.groups
        for name, _ in columns:
            groups = None if groups is None else groups.without_total(name)
        if not kept:
            return replace(self.with_plan(Extend(self.plan, columns, step, once=once)), groups=groups)
        aside = {name: unused_name(f"{name}_before", self.plan.types) for name in kept}
        plan = Extend(self.plan, (*columns, *((aside[name], expr) for name, expr in kept.items())), step, once=once)
        renamed: dict[str, Expr] = {name: Column(aside[name], expr.type) for name, expr in kept.items()}
        order = tuple(Ordering(substitute(key.expr, renamed), key.ascending, key.nulls_last) for key in self.order)
        groups = None if groups is None else groups.moved([substitute(key, renamed) for key in keys])
        return replace(self.with_plan(plan, order), groups=groups)

    def shallow(self, expr: Expr) -> tuple[State, Expr]:
        """Return an expression, moved to a column of a hidden step if it has very many operations, and the state with it."""
        return (self, expr) if expr.depth <= MOST_NESTED else self.as_column(expr)

    def as_column(self, expr: Expr) -> tuple[State, Expr]:
        """Return an expression as a column, of a hidden step unless it is a column already, and the state with it."""
        if isinstance(expr, Column):
            return self, expr
        step = unused_name("step", self.plan.types)
        state = self.extended([(step, expr)])
        return state, state.column(step)

    def statement(
        self, columns: Iterable[str], limit: int | slice | None = None, dialect: str | None = None, engine: Engine | None = None
    ) -> Statement:
        """Return the statement that fetches columns in the frame's order, optionally for another dialect or engine.

        Statements that are run come from :meth:`running` instead. Raises InvalidValue for grouped columns without an aggregate.
        """
        plan = self._chosen(columns, limit)
        if dialect is None or dialect == self.dialect:
            engine = engine or self.engine
        else:
            dialect_named(dialect)
            plan = translated(plan, self.dialect, dialect)
        if engine is not None and not engine.closed:
            plan = in_zones_of(plan, engine)
        return compile_plan(plan, dialect or self.dialect)

    def running(self, columns: Iterable[str], limit: int | slice | None = None) -> Running:
        """Return the statement to run now, over the current files, after checking that index alignments do not multiply rows.

        Runs a counting query for each index that no key proves unique. Raises :class:`InvalidValue` for several matches, and
        :class:`DataInvalid` if files no longer have the columns of the frame.
        """
        engine = self.connected()
        plan = over_current_files(self._chosen(columns, limit), engine)
        check_aligned(plan, engine)
        return Running(plan, engine)

    def _chosen(self, columns: Iterable[str], limit: int | slice | None) -> Node:
        plan = self.rows("fetching").plan
        count, offset = _range(limit)
        if count is not None or offset:
            plan = Limit(plan, self.order, count, offset)
        elif self.order:
            plan = Sort(plan, self.order)
        return Select(plan, tuple((name, plan.column(name)) for name in columns))


def _range(limit: int | slice | None) -> tuple[int | None, int]:
    if limit is None:
        return None, 0
    if isinstance(limit, slice):
        start, stop = limit.start or 0, limit.stop
        if limit.step not in (None, 1):
            raise InvalidValue("a slice of rows cannot have a step", hint="filter on window_row_number() % step")
        for number in (start, stop):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= INT64_MAX):
                raise InvalidValue(
                    f"the bounds of a slice of rows have to be non-negative whole numbers, not {number!r}",
                    hint="for the last rows, use tail()",
                )
        return (None if stop is None else max(stop - start, 0)), start
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= INT64_MAX:
        raise InvalidValue(f"the number of rows has to be a non-negative whole number, not {limit!r}")
    return limit, 0


def limited(state: State, limit: int | slice) -> State:
    """Return the state with only the rows that ``limit`` selects."""
    count, offset = _range(limit)
    state = state.rows("a slice")
    return state.with_plan(Limit(state.plan, state.order, count, offset))


def with_one_value_each(left: State, right: State, exprs: Sequence[Expr] = ()) -> tuple[State, State, list[Expr]]:
    """Return two states about to be combined, each with the variables of both, and expressions of the right one.

    If both have a variable of the same dtype and name, the value of the left one is used on both sides.
    """
    if left.variables == right.variables:
        return left, right, list(exprs)
    own = {(variable.type, variable.name): variable for variable in left.variables}
    variables = (*left.variables, *(each for each in right.variables if (each.type, each.name) not in own))
    changed = {each: own[each.type, each.name] for each in right.variables if own.get((each.type, each.name), each) is not each}
    right = revalued(right, changed)
    return (
        replace(left, variables=variables),
        replace(right, variables=variables),
        [transform(expr, _replacing(changed)) for expr in exprs] if changed else list(exprs),
    )


def revalued(state: State, values: Mapping[Variable, Variable]) -> State:
    """Return the state with other values for some of its variables, wherever its plan and order use them."""
    if not values:
        return state
    order = tuple(Ordering(transform(key.expr, _replacing(values)), key.ascending, key.nulls_last) for key in state.order)
    variables = tuple(values.get(variable, variable) for variable in state.variables)
    groups = (
        None if state.groups is None else state.groups.moved([transform(key, _replacing(values)) for key in state.groups.exprs])
    )
    if groups is not None:
        groups = replace(
            groups,
            totals=tuple(
                (name, revalued(total, values), transform(expr, _replacing(values))) for name, total, expr in groups.totals
            ),
        )
    return replace(state, plan=with_values(state.plan, values), order=order, variables=variables, groups=groups)


def _replacing(values: Mapping[Variable, Variable]) -> Callable[[Expr], Expr | None]:
    return lambda part: values.get(part) if isinstance(part, Variable) else None
