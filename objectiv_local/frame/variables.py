"""Variables: constants with a name, whose value can be set again without writing the program again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from objectiv_local.errors import ColumnNotFound, InvalidType, near
from objectiv_local.frame.series.base import Series, make_series
from objectiv_local.frame.series.values import checked_name
from objectiv_local.plan.expr import Expr, Literal, Variable, cast, literal, transform
from objectiv_local.plan.nodes import topological
from objectiv_local.plan.variables import variables as used_in
from objectiv_local.plan.variables import with_values
from objectiv_local.types import type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame



class DefinedVariable(NamedTuple):
    """A variable, its type and value, and the step of the program that uses it, counted from 1; None if none does."""

    name: str
    dtype: str
    value: object
    step: int | None


def known(frame: DataFrame) -> dict[tuple[str, str], Variable]:
    """Return the variables of a frame, used or not, by dtype and name."""
    found = (*frame._state.variables, *used_in(frame._state.plan))
    return {(variable.type.dtype, variable.name): variable for variable in found}


def create_variable(self: DataFrame, name: str, value: object, *, dtype: str | None = None) -> tuple[DataFrame, Series]:
    """Return a copy that knows a variable, and the variable as a series to compute with.

    >>> import objectiv_local as ol
    >>> df = ol.DataFrame.from_schema({"visits": "int64"})
    >>> df, least = df.create_variable("least", 10)
    >>> often = df[df.visits >= least]
    >>> print(often.set_variable("least", 20).view_sql())
    SELECT visits
    FROM data
    WHERE visits >= 20
    """
    variable = _variable(name, value, dtype)
    state = replace(self._state, variables=(*self._state.variables, variable))
    from objectiv_local.frame.frame import DataFrame

    frame = DataFrame(state, self._columns)
    return frame, make_series(state, variable, name)


def _variable(name: str, value: object, dtype: str | None) -> Variable:
    found: Expr = literal(value)
    if dtype is not None:
        found = cast(found, type_from_dtype(dtype))
    if not isinstance(found, Literal):
        raise InvalidType(f"{value!r} is no constant of dtype {dtype!r}", hint="give a value of that dtype")
    return Variable(checked_name(name), found.value, found.type)


def set_variable(self: DataFrame, name: str, value: object, *, dtype: str | None = None) -> DataFrame:
    """Return a copy with another value for a variable, everywhere that the program uses it.

    A variable is told by its name and dtype. Raises ColumnNotFound for one that the frame does not know.
    """
    self._state.rows("set_variable")
    new = _variable(name, value, dtype)
    old = known(self).get((new.type.dtype, name))
    if old is None:
        names = [f"{each} ({kind})" for kind, each in known(self)]
        raise ColumnNotFound(f"the frame has no variable {name!r} of dtype {new.type.dtype}", hint=near(name, names))
    return with_variable(self, old, new)


def with_variable(frame: DataFrame, old: Variable, new: Variable) -> DataFrame:
    """Return a copy of a frame with one variable in place of another."""
    from objectiv_local.frame.frame import DataFrame
    from objectiv_local.plan.expr import Ordering

    def changed(part: Expr) -> Expr | None:
        return new if part is old else None

    order = tuple(Ordering(transform(key.expr, changed), key.ascending, key.nulls_last) for key in frame._state.order)
    others = tuple(variable for variable in frame._state.variables if variable is not old)
    plan = with_values(frame._state.plan, {old: new})
    return DataFrame(replace(frame._state, plan=plan, order=order, variables=(*others, new)), frame._columns)


def get_all_variable_usage(self: DataFrame) -> list[DefinedVariable]:
    """Return every use of a variable, with the step of the program that has it; see ``explain`` for the steps."""
    from objectiv_local.plan.expr import walk

    out = []
    used = set()
    for number, node in enumerate(topological(self._state.plan), 1):
        for expr in node.exprs():
            for part in walk(expr):
                if isinstance(part, Variable):
                    used.add(part)
                    out.append(DefinedVariable(part.name, part.type.dtype, part.value, number))
    unused = [variable for variable in self._state.variables if variable not in used]
    return [*out, *(DefinedVariable(each.name, each.type.dtype, each.value, None) for each in unused)]
