"""What frames and series share: a plan, the engine that holds its rows, the names of the index and an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from objectiv_local.dialects import Statement, compile_plan, dialect_named
from objectiv_local.errors import InvalidValue
from objectiv_local.frame.translate import translated
from objectiv_local.plan.expr import Column, Expr, Ordering, Variable, transform
from objectiv_local.plan.naming import unused_name
from objectiv_local.plan.nodes import Aggregate, Extend, Filter, Limit, Node, Pin, Select, Sort, Source
from objectiv_local.plan.variables import with_values

if TYPE_CHECKING:
    from objectiv_local.engines.base import Engine


@dataclass(frozen=True, slots=True)
class State:
    """A plan with what pandas adds to it. ``engine`` is None for a frame that is only ever compiled.

    ``variables`` are those that the plan uses and those that it may come to use, one for each dtype and name.
    """

    plan: Node
    engine: Engine | None
    dialect: str
    index: tuple[str, ...]
    order: tuple[Ordering, ...] = ()
    variables: tuple[Variable, ...] = ()
    # Names for steps of it are no part of a program: two frames over one table are equal.
    savepoints: Any = field(default=None, compare=False)

    def onto(self, plan: Node, index: tuple[str, ...], order: tuple[Ordering, ...] = ()) -> State:
        """Return the state of other rows that were made of these: another plan with an index and an order of its own."""
        return replace(self, plan=plan, index=index, order=order)

    def on(self, plan: Node, order: tuple[Ordering, ...] | None = None) -> State:
        """Return this state over another plan."""
        return replace(self, plan=plan, order=self.order if order is None else order)

    def column(self, name: str) -> Column:
        """Return a column of the plan."""
        return self.plan.column(name)

    def connected(self) -> Engine:
        """Return the engine. Raises :class:`InvalidValue` for a frame without one."""
        if self.engine is None:
            raise InvalidValue("this frame has no connection, so it can be compiled but not run",
                               hint="make it with DataFrame.from_table(connect(...), ...) to fetch rows")
        return self.engine

    def extended(self, columns: Iterable[tuple[str, Expr]], step: str = "", *, once: bool = False) -> State:
        """Return this state with columns added, ``once`` if an engine is not to compute them wherever they are read.

        An order by a column that is replaced keeps its meaning.
        """
        columns = tuple(columns)
        replaced = {name for name, _ in columns if name in self.plan.types}
        kept: dict[str, Expr] = {}
        for key in self.order:
            for name in key.expr.columns & replaced:
                kept[name] = self.column(name)
        if not kept:
            return self.on(Extend(self.plan, columns, step, once=once))
        from objectiv_local.plan.expr import substitute

        aside = {name: unused_name(f"{name}_before", self.plan.types) for name in kept}
        plan = Extend(self.plan, (*columns, *((aside[name], expr) for name, expr in kept.items())), step,
                      once=once)
        renamed: dict[str, Expr] = {name: Column(aside[name], expr.type) for name, expr in kept.items()}
        order = tuple(Ordering(substitute(key.expr, renamed), key.ascending, key.nulls_last) for key in self.order)
        return self.on(plan, order)

    def statement(self, columns: Iterable[str], limit: int | slice | None = None,
                  dialect: str | None = None) -> Statement:
        """Return the statement that fetches the given columns in the frame's order, perhaps for another dialect."""
        plan = self.plan
        count, offset = _range(limit)
        if count is not None or offset:
            plan = Limit(plan, self.order, count, offset)
        elif self.order:
            plan = Sort(plan, self.order)
        chosen = tuple((name, plan.column(name)) for name in columns)
        if dialect is not None and dialect != self.dialect:
            dialect_named(dialect)
            return compile_plan(translated(Select(plan, chosen), dialect), dialect)
        return compile_plan(Select(plan, chosen), self.dialect)


def _range(limit: int | slice | None) -> tuple[int | None, int]:
    if limit is None:
        return None, 0
    if isinstance(limit, slice):
        start, stop = limit.start or 0, limit.stop
        if limit.step not in (None, 1):
            raise InvalidValue("a slice of rows cannot have a step", hint="filter on window_row_number() % step")
        for number in (start, stop):
            if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
                raise InvalidValue(f"a slice of rows takes whole numbers from 0, not {number!r}",
                                   hint="sort descending and use head() for the last rows")
        return (None if stop is None else max(stop - start, 0)), start
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InvalidValue(f"a number of rows has to be a whole number from 0, not {limit!r}")
    return limit, 0


def limited(state: State, limit: int | slice) -> State:
    """Return the state of the rows that ``limit`` keeps."""
    count, offset = _range(limit)
    return state.on(Limit(state.plan, state.order, count, offset))


def is_single_row(plan: Node) -> bool:
    """Return whether the plan has at most one row, whatever the data: a total, a limit of one row, and steps over those."""
    while isinstance(plan, Extend | Select | Filter | Pin | Sort | Limit):
        if isinstance(plan, Limit) and plan.count == 1:
            return True
        plan = plan.child
    # The key of a single row has no columns; a temporary table of such a row keeps that.
    return plan.key == () and isinstance(plan, Aggregate | Source)


def with_one_value_each(left: State, right: State, exprs: Sequence[Expr] = ()) -> tuple[State, State, list[Expr]]:
    """Return two states that are about to meet with the variables of both, and expressions of the right one.

    Where both have a variable of the same dtype and name, it gets the value that the left one has, on both sides.
    """
    if left.variables == right.variables:
        return left, right, list(exprs)
    own = {(variable.type, variable.name): variable for variable in left.variables}
    variables = (*left.variables, *(each for each in right.variables if (each.type, each.name) not in own))
    changed = {each: own[each.type, each.name] for each in right.variables
               if own.get((each.type, each.name), each) is not each}
    right = revalued(right, changed)
    return (replace(left, variables=variables), replace(right, variables=variables),
            [transform(expr, _replacing(changed)) for expr in exprs] if changed else list(exprs))


def revalued(state: State, values: Mapping[Variable, Variable]) -> State:
    """Return the state with other values for some of its variables, everywhere that its plan and order use them."""
    if not values:
        return state
    order = tuple(Ordering(transform(key.expr, _replacing(values)), key.ascending, key.nulls_last) for key in state.order)
    variables = tuple(values.get(variable, variable) for variable in state.variables)
    return replace(state, plan=with_values(state.plan, values), order=order, variables=variables)


def _replacing(values: Mapping[Variable, Variable]) -> Callable[[Expr], Expr | None]:
    return lambda part: values.get(part) if isinstance(part, Variable) else None
