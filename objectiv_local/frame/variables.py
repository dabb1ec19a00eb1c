"""Variables: named constants whose value can be changed without rewriting the program."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from objectiv_local.errors import ColumnNotFound, near
from objectiv_local.frame.handles import make_frame, make_series
from objectiv_local.frame.series.base import Series
from objectiv_local.frame.state import revalued
from objectiv_local.frame.values import checked_name, constant
from objectiv_local.plan.expr import Variable, literal
from objectiv_local.plan.nodes import topological
from objectiv_local.plan.variables import uses
from objectiv_local.plan.variables import variables as used_in
from objectiv_local.types import type_from_dtype

if TYPE_CHECKING:
    from objectiv_local.frame.frame import DataFrame


class DefinedVariable(NamedTuple):
    """A variable with its type and value, and the number, from 1, of the step that uses it; None if unused."""

    name: str
    dtype: str
    value: object
    step: int | None


def known(frame: DataFrame) -> dict[tuple[str, str], Variable]:
    """Return the variables of a frame, used or not, by dtype and name."""
    found = (*frame._state.variables, *used_in(frame._state.plan))
    return {(variable.type.dtype, variable.name): variable for variable in found}


def create_variable(self: DataFrame, name: str, value: object, *, dtype: object = None) -> tuple[DataFrame, Series]:
    """Return a copy with a variable, and the variable as a series for use in expressions.

    A variable is identified by its name and dtype, and has one value per frame. Creating a variable that the frame already
    has changes its value everywhere; if frames with different values for it are combined, the value of the left one is used for
    both.

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
    old = known(self).get((variable.type.dtype, name))
    frame = (
        with_variable(self, old, variable)
        if old is not None
        else make_frame(replace(self._state, variables=(*self._state.variables, variable)), self._columns)
    )
    return frame, make_series(frame._state, variable, name)


def _variable(name: str, value: object, dtype: object) -> Variable:
    found = literal(value) if dtype is None else constant(value, type_from_dtype(dtype))
    return Variable(checked_name(name), found.value, found.type)


def set_variable(self: DataFrame, name: str, value: object, *, dtype: object = None) -> DataFrame:
    """Return a copy with another value for a variable, wherever the frame uses it.

    A variable is identified by its name and dtype. Raises ColumnNotFound for an unknown variable. Rows in a temporary table, a
    sample or a written table no longer depend on the variables with which they were computed.
    """
    new = _variable(name, value, dtype)
    old = known(self).get((new.type.dtype, name))
    if old is None:
        names = [f"{each} ({kind})" for kind, each in known(self)]
        raise ColumnNotFound(f"the frame has no variable {name!r} of dtype {new.type.dtype}", hint=near(name, names))
    return with_variable(self, old, new)


def with_variable(frame: DataFrame, old: Variable, new: Variable) -> DataFrame:
    """Return a copy of a frame with one variable replaced by another."""
    return make_frame(revalued(frame._state, {old: new}), frame._columns)


def get_all_variable_usage(self: DataFrame) -> list[DefinedVariable]:
    """Return every use of a variable, with the step of the program that uses it; see ``explain`` for the steps."""
    steps = [(part, number) for number, node in enumerate(topological(self._state.plan), 1) for part in uses(node)]
    out = [DefinedVariable(part.name, part.type.dtype, part.value, number) for part, number in steps]
    used = {part for part, _ in steps}
    unused = [variable for variable in self._state.variables if variable not in used]
    return [*out, *(DefinedVariable(each.name, each.type.dtype, each.value, None) for each in unused)]
