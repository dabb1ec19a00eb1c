"""Navigation paths: consecutive locations of users, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from objectiv_local.errors import ColumnNotFound, InvalidValue
from objectiv_local.frame import DataFrame, Series
from objectiv_local.frame.authoring import (
    Column,
    Expr,
    Extend,
    Filter,
    Limit,
    Node,
    Ordering,
    Select,
    State,
    aggregation,
    call,
    case,
    frame_of,
    literal,
    over,
    state_of,
)
from objectiv_local.hub.checks import column_names, require
from objectiv_local.hub.hits import by_event, drop_ungrouped
from objectiv_local.hub.locations import location_names
from objectiv_local.types import BOOL, STRING

#: The column with the number of the converting step.
CONVERSION_STEP = "_first_conversion_step_number"
#: A hidden column of path rows: the number of hits in the group before the hit that a path belongs to.
OFFSET = "__offset"
_MOST_STEPS = 100


def get_navigation_paths(
    data: DataFrame,
    steps: int,
    by: str | Sequence[str] | None = None,
    location_stack: Series | str | None = None,
    add_conversion_step_column: bool = False,
    only_converted_paths: bool = False,
    start_from_end: bool = False,
    n_examples: int | None = None,
    sort_by: str | Sequence[str] | None = None,
) -> DataFrame:
    """Return the paths of ``steps`` consecutive locations that start at each hit, in columns ``<column>_step_<i>``.

    Hits are ordered by ``sort_by`` (by default ``moment``), then by the name of their location, then by event_id. Paths stay
    within groups of ``by``, which become the index; without ``by``, all hits form one sequence. When grouping by user_id or
    session_id, hits without a value are left out. Locations are the nice names of location stacks, or the values of the column
    ``location`` in frames without stacks; ``location_stack`` names another column, or is a series of stacks or of names.

    Paths shorter than ``steps`` are padded with missing values; a path with only one step is left out, unless it is the first
    path of its group. With ``start_from_end``, paths end at each hit and are padded at the start; the path of a group's first
    hit is left out. ``n_examples`` keeps the paths of the first ``n_examples`` hits of each group.

    With ``add_conversion_step_column``, ``_first_conversion_step_number`` is the first step whose hit converts; the frame needs
    the bool column ``is_conversion_event``. ``only_converted_paths`` keeps the paths that convert after their first step, and
    removes the steps after the conversion.

    Reads the locations, moment or the columns of ``sort_by``, and the columns of ``by``. Raises InvalidValue for a number of
    steps that is not from 1 to 100.
    """
    for name, value in (("steps", steps), ("n_examples", n_examples)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise InvalidValue(f"{name} has to be a whole number of at least 1, not {value!r}")
    if steps > _MOST_STEPS:
        raise InvalidValue(f"a path of {steps} steps is too long", hint=f"paths have at most {_MOST_STEPS} steps")
    keys = column_names(by)
    sorting = column_names(sort_by) or ["moment"]
    data = require(data, "get_navigation_paths", [*keys, *sorting])
    converts = add_conversion_step_column or only_converted_paths
    if converts and data.dtypes.get("is_conversion_event") != "bool":
        raise ColumnNotFound(
            "paths to a conversion need the bool column is_conversion_event, which the frame does not have",
            hint="df['is_conversion_event'] = hub.map.is_conversion_event(df, name)",
        )
    location = location_names(data, location_stack, "get_navigation_paths")
    title = location.name
    state = drop_ungrouped(state_of(data.assign(__location=location)), keys)
    labels = [f"{title}_step_{number}" for number in range(1, steps + 1)]
    order = tuple(Ordering(state.column(name)) for name in (*sorting, "__location")) + by_event(state)
    path = _Path(state, tuple(state.column(key) for key in keys), order, steps, start_from_end)
    columns = [*zip(labels, path.steps_of("__location"), strict=True), (OFFSET, path.offset())]
    if converts:
        columns += zip(_converting(steps), path.steps_of("is_conversion_event"), strict=True)
    plan: Node = Extend(state.plan, tuple(columns), "paths")
    plan = Filter(plan, _is_shown(plan, labels, start_from_end, n_examples), "paths")
    shown = list(labels)
    if converts:
        plan = _converted(plan, labels, only_converted_paths)
        if add_conversion_step_column:
            shown.append(CONVERSION_STEP)
    chosen = tuple((name, plan.column(name)) for name in (*keys, *shown, *([OFFSET] if OFFSET not in keys else [])))
    plan = Select(plan, chosen, "paths")
    ordering = tuple(Ordering(plan.column(name)) for name in (*keys, OFFSET))
    return frame_of(state.with_rows(plan, tuple(keys), ordering), shown)


def path_columns(plan: Node) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the columns that paths are grouped by and the columns of their steps, if a plan has the rows of paths.

    The group columns and the offset together identify the hit of each path. None for a plan that no longer has these columns.
    """
    changed: set[str] = set()
    node = plan
    while isinstance(node, Extend | Filter | Limit):
        changed |= {name for name, _ in node.columns} if isinstance(node, Extend) else set()
        node = node.child
    if not isinstance(node, Select) or node.step != "paths" or OFFSET not in node.types:
        return None
    made = node.child
    while isinstance(made, Extend | Filter) and OFFSET not in (dict(made.columns) if isinstance(made, Extend) else ()):
        made = made.child
    computed = dict(made.columns) if isinstance(made, Extend) else {}
    others = [name for name in node.types if name not in (OFFSET, CONVERSION_STEP)]
    keys = tuple(name for name in others if name not in computed)
    steps = tuple(name for name in others if name in computed)
    return (keys, steps) if OFFSET in computed and changed.isdisjoint((*keys, OFFSET)) else None


def path_column(plan: Node, name: str) -> str | None:
    """Return the name that a column had when the paths were computed; None if the column was computed later."""
    while isinstance(plan, Extend | Filter | Limit):
        if isinstance(plan, Extend) and name in (columns := dict(plan.columns)):
            expr = columns[name]
            if not isinstance(expr, Column):
                return None
            name = expr.name
        plan = plan.child
    return name


@dataclass(frozen=True, slots=True)
class _Path:
    """Paths of a number of steps that start or end at each row."""

    state: State
    partition: tuple[Expr, ...]
    order: tuple[Ordering, ...]
    steps: int
    from_end: bool

    def steps_of(self, name: str) -> list[Expr]:
        """Return the values of a column at each step."""
        column = self.state.column(name)
        distances = [self.steps - 1 - step if self.from_end else step for step in range(self.steps)]
        return [
            column
            if distance == 0
            else over(
                aggregation("lag" if self.from_end else "lead", column, literal(distance), literal(None, column.type)),
                self.partition,
                self.order,
            )
            for distance in distances
        ]

    def offset(self) -> Expr:
        """Return the number of rows before each row."""
        return call("sub", over(aggregation("row_number"), self.partition, self.order), literal(1))


def _is_shown(plan: Node, labels: list[str], from_end: bool, n_examples: int | None) -> Expr:
    """Return whether a path is kept: it has more than one step, or belongs to the first row."""
    offset = plan.column(OFFSET)
    if from_end:
        shown = call("gt", offset, literal(0))
    elif len(labels) > 1:
        shown = call("or", call("not_null", plan.column(labels[1])), call("eq", offset, literal(0)))
    else:
        shown = literal(True)
    return shown if n_examples is None else call("and", shown, call("lt", offset, literal(n_examples)))


def _converting(steps: int) -> list[str]:
    """Return the columns with whether each step converts."""
    return [f"__converts_{number}" for number in range(1, steps + 1)]


def _converted(plan: Node, labels: list[str], only: bool) -> Node:
    """Return paths with the first converting step; with ``only``, those that convert after their first step, cut off there."""
    numbers = [literal(number) for number in range(1, len(labels) + 1)]
    whens = [(Column(name, BOOL), number) for name, number in zip(_converting(len(labels)), numbers, strict=True)]
    plan = Extend(plan, ((CONVERSION_STEP, case(whens)),), "paths")
    if not only:
        return plan
    reached = plan.column(CONVERSION_STEP)
    plan = Filter(plan, call("gt", reached, literal(1)), "paths")
    return Extend(
        plan,
        tuple(
            (label, case([(call("le", number, reached), Column(label, STRING))]))
            for label, number in zip(labels, numbers, strict=True)
        ),
        "paths",
    )
